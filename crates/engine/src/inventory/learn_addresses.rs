//! Facts from EC2's calls about elastic addresses, NAT gateways and VPC endpoints.

use model::{AccountId, Addr, Timestamp};
use serde_json::Value;

use super::facts::{Inventory, address_key, instance_key, interface_key, named_key};
use super::json::{account, address, get, list, member_text, pick, text};
use super::learn_ec2::Ec2Call;
use super::network::{ElasticChange, NatGatewayFact, VpcEndpointFact, VpcRow};
use super::timeline::Text;

/// What a response or description says of a NAT gateway.
pub(super) struct GatewayNews {
    pub(super) id: Text,
    pub(super) vpc: Text,
    pub(super) public: Vec<Addr>,
    pub(super) allocations: Vec<Text>,
}

impl Inventory {
    pub(super) fn learn_addresses(&mut self, call: &Ec2Call<'_>) -> Option<()> {
        match call.name {
            "AllocateAddress" => {
                let public = address(get(call.response, "publicIp"))?;
                let allocation = member_text(call.response, "allocationId").unwrap_or_default();
                self.learn_allocation(call.account, &allocation, public, call.created());
                Some(())
            }
            "AssociateAddress" => self.associate(call),
            "DisassociateAddress" => self.disassociate(call),
            "ReleaseAddress" => {
                let public = self.named_address(call)?;
                self.learn_elastic(call.account, public, call.time, ElasticChange::Nothing);
                Some(())
            }
            "CreateNatGateway" => {
                let news = Inventory::read_gateway(get(call.response, "natGateway"))?;
                self.take_gateway(call.account, news, call.created(), None);
                Some(())
            }
            "AssociateNatGatewayAddress" => {
                let id = member_text(call.request, "natGatewayId")?;
                let set = pick(call.request, &["allocationId", "allocationIds"]);
                let allocations = text(set).into_iter().chain(list(set).filter_map(text)).collect();
                let news =
                    GatewayNews { id, vpc: Text::default(), public: Vec::new(), allocations };
                self.take_gateway(call.account, news, call.time, None);
                Some(())
            }
            "DeleteNatGateway" => {
                let id = member_text(call.request, "natGatewayId")?;
                let row = self.gateways.row(named_key(call.account, &id));
                row.until = Some(call.time);
                Some(())
            }
            "CreateVpcEndpoint" => {
                let endpoint = get(call.response, "vpcEndpoint");
                self.take_endpoint(endpoint, call.account, call.created())
            }
            _ => None,
        }
    }

    /// The address that a request names by itself or by its allocation.
    fn named_address(&self, call: &Ec2Call<'_>) -> Option<Addr> {
        address(get(call.request, "publicIp")).or_else(|| {
            let allocation = member_text(call.request, "allocationId")?;
            self.handles.get(named_key(call.account, &allocation))?.address
        })
    }

    fn associate(&mut self, call: &Ec2Call<'_>) -> Option<()> {
        let public = self.named_address(call)?;
        let interface = member_text(call.request, "networkInterfaceId").unwrap_or_default();
        let instance = member_text(call.request, "instanceId").unwrap_or_default();
        if interface.is_empty() && instance.is_empty() {
            return None;
        }
        let target = ElasticChange::Target { interface, instance };
        self.learn_elastic(call.account, public, call.time, target);
        if let Some(association) = member_text(call.response, "associationId") {
            self.learn_association(call.account, &association, public, call.time);
        }
        Some(())
    }

    fn disassociate(&mut self, call: &Ec2Call<'_>) -> Option<()> {
        let public = match member_text(call.request, "associationId") {
            Some(association) => {
                let handle = self.handles.row(named_key(call.account, &association));
                handle.ended = Some(call.time);
                handle.latest = handle.latest.max(call.time);
                handle.address
            }
            None => Some(address(get(call.request, "publicIp"))?),
        };
        if let Some(public) = public {
            self.learn_elastic(call.account, public, call.time, ElasticChange::Nothing);
        }
        Some(())
    }

    pub(super) fn learn_allocation(
        &mut self,
        account: AccountId,
        allocation: &Text,
        public: Addr,
        from: Timestamp,
    ) {
        if !allocation.is_empty() {
            let handle = self.handles.row(named_key(account, allocation));
            handle.address = Some(public);
            handle.latest = handle.latest.max(from);
        }
    }

    /// Remembers what an association's id stands for; its end may have been learnt before.
    pub(super) fn learn_association(
        &mut self,
        account: AccountId,
        association: &Text,
        public: Addr,
        from: Timestamp,
    ) {
        if association.is_empty() {
            return;
        }
        let handle = self.handles.row(named_key(account, association));
        handle.address = Some(public);
        handle.latest = handle.latest.max(from);
        if let Some(ended) = handle.ended.filter(|ended| *ended >= from) {
            self.learn_elastic(account, public, ended, ElasticChange::Nothing);
        }
    }

    pub(super) fn learn_elastic(
        &mut self,
        account: AccountId,
        public: Addr,
        from: Timestamp,
        change: ElasticChange,
    ) {
        if let ElasticChange::Target { interface, instance } = &change {
            if !interface.is_empty() {
                self.interfaces.row(interface_key(account, interface)).link_elastic(public);
            }
            if !instance.is_empty() {
                self.instances.row(instance_key(account, instance)).link_elastic(public);
            }
        }
        let row = self.elastic.row(address_key(account, public));
        let is_kept = row.learn(from, vec![change]);
        self.count_age(is_kept);
    }

    pub(super) fn read_gateway(value: &Value) -> Option<GatewayNews> {
        let id = member_text(value, "natGatewayId")?;
        let vpc = member_text(value, "vpcId").unwrap_or_default();
        let mut news = GatewayNews { id, vpc, public: Vec::new(), allocations: Vec::new() };
        for held in list(pick(value, &["natGatewayAddressSet", "natGatewayAddresses"])) {
            match address(get(held, "publicIp")) {
                Some(public) => news.public.push(public),
                None => news.allocations.extend(member_text(held, "allocationId")),
            }
        }
        Some(news)
    }

    pub(super) fn take_gateway(
        &mut self,
        account: AccountId,
        news: GatewayNews,
        from: Timestamp,
        until: Option<Timestamp>,
    ) {
        let is_known = self.gateways.get(named_key(account, &news.id)).is_some();
        let row = self.gateways.row(named_key(account, &news.id));
        row.from = if is_known && !row.vpc.is_empty() { row.from.min(from) } else { from };
        row.until = until.or(row.until);
        if !news.vpc.is_empty() {
            row.vpc = news.vpc.clone();
        }
        for public in news.public {
            if !row.public.contains(&public) && row.public.len() < NatGatewayFact::ADDRESSES_MAX {
                row.public.push(public);
            }
        }
        for allocation in news.allocations {
            let is_kept = row.allocations.contains(&allocation);
            if !is_kept && row.allocations.len() < NatGatewayFact::ADDRESSES_MAX {
                row.allocations.push(allocation);
            }
        }
        if !news.vpc.is_empty() {
            let vpc = self.vpcs.row(named_key(account, &news.vpc));
            vpc.latest = vpc.latest.max(from);
            if !vpc.gateways.contains(&news.id) {
                if vpc.gateways.len() >= VpcRow::GATEWAYS_MAX {
                    vpc.gateways.remove(0);
                }
                vpc.gateways.push(news.id);
            }
        }
    }

    pub(super) fn take_endpoint(
        &mut self,
        value: &Value,
        owner: AccountId,
        from: Timestamp,
    ) -> Option<()> {
        let id = member_text(value, "vpcEndpointId")?;
        let row = self.endpoints.row(named_key(AccountId::UNKNOWN, &id));
        *row = VpcEndpointFact {
            account: account(get(value, "ownerId")).unwrap_or(owner),
            vpc: member_text(value, "vpcId").unwrap_or_default(),
            from,
        };
        Some(())
    }
}
