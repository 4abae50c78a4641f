//! Look-ups as of a time.

use model::{AccountId, Addr, Timestamp};

use super::buckets::{BlockPublicAccess, BucketFact};
use super::facts::{
    Inventory, address_key, bucket_key, instance_key, interface_key, named_key, session_key,
};
use super::instances::InstanceFact;
use super::lineage::{Lineage, Parent};
use super::network::{Interface, InterfaceFact, VpcEndpointFact};
use super::timeline::Text;

/// Most steps that are followed from a session to what it came from.
const CHAIN_MAX: usize = 16;

impl Inventory {
    /// An interface as of a time; nothing once it was deleted.
    pub fn interface(&self, account: AccountId, id: &str, at: Timestamp) -> Option<Interface<'_>> {
        let row = self.interfaces.get(interface_key(account, id))?;
        let fact = self.interface_fact(account, id, at)?;
        let mut public: Vec<Addr> = fact.auto_public.into_iter().collect();
        public.extend(row.elastic.iter().filter(|a| self.is_held(account, **a, fact, at)));
        if let Some(instance) = self.instances.get(instance_key(account, &fact.instance)) {
            // An address given to an instance is its primary interface's.
            if instance.interfaces.first().is_some_and(|first| **first == *fact.id) {
                public.extend(instance.elastic.iter().filter(|a| {
                    self.elastic_target(account, **a, at).is_some_and(|(interface, instance)| {
                        interface.is_empty() && **instance == *fact.instance
                    })
                }));
            }
        }
        public.sort_unstable();
        public.dedup();
        Some(Interface { fact, public })
    }

    /// An interface as of a time, without its elastic addresses; nothing once it was deleted.
    pub(super) fn interface_fact(
        &self,
        account: AccountId,
        id: &str,
        at: Timestamp,
    ) -> Option<&InterfaceFact> {
        let row = self.interfaces.get(interface_key(account, id))?;
        row.history.at(at).filter(|fact| !fact.deleted)
    }

    fn is_held(
        &self,
        account: AccountId,
        address: Addr,
        by: &InterfaceFact,
        at: Timestamp,
    ) -> bool {
        self.elastic_target(account, address, at)
            .is_some_and(|(interface, _)| !interface.is_empty() && *interface == by.id)
    }

    /// What an elastic address was associated with: interface and instance, either of which may be empty.
    fn elastic_target(
        &self,
        account: AccountId,
        address: Addr,
        at: Timestamp,
    ) -> Option<(&Text, &Text)> {
        let fact = self.elastic.get(address_key(account, address))?.at(at)?;
        Some((&fact.interface, &fact.instance))
    }

    /// An instance as of a time. What was terminated stays known, as its state says.
    pub fn instance(&self, account: AccountId, id: &str, at: Timestamp) -> Option<&InstanceFact> {
        self.instances.get(instance_key(account, id))?.history.at(at)
    }

    /// The interfaces that were attached to an instance at a time, in the order of their attachment.
    pub fn interfaces_of_instance(
        &self,
        account: AccountId,
        id: &str,
        at: Timestamp,
    ) -> Vec<Interface<'_>> {
        let Some(row) = self.instances.get(instance_key(account, id)) else { return Vec::new() };
        row.interfaces
            .iter()
            .filter_map(|interface| self.interface(account, interface, at))
            .filter(|interface| *interface.instance == *id)
            .collect()
    }

    /// The instance that had an address at a time. An empty VPC matches any; matches
    /// in several VPCs give nothing. Within a VPC the latest holder counts: not every end is recorded.
    pub fn instance_of_address(
        &self,
        account: AccountId,
        vpc: &str,
        address: Addr,
        at: Timestamp,
    ) -> Option<&str> {
        let mut found: Option<(Timestamp, &InterfaceFact)> = None;
        for (since, fact) in self.holders(account, vpc, address, at) {
            match found {
                Some((_, other)) if other.vpc != fact.vpc => return None,
                Some((latest, _)) if latest >= since => {}
                _ => found = Some((since, fact)),
            }
        }
        if let Some((_, fact)) = found {
            return Some(&fact.instance);
        }
        let (interface, instance) = self.elastic_target(account, address, at)?;
        if !instance.is_empty() {
            return Some(instance);
        }
        let row = self.interfaces.get(interface_key(account, interface))?;
        let holder = row.history.at(at)?;
        (!holder.instance.is_empty()).then_some(&*holder.instance)
    }

    fn holders(
        &self,
        account: AccountId,
        vpc: &str,
        address: Addr,
        at: Timestamp,
    ) -> impl Iterator<Item = (Timestamp, &InterfaceFact)> {
        let ids =
            self.addresses.get(address_key(account, address)).map_or(&[][..], |r| &r.interfaces);
        ids.iter()
            .filter_map(move |id| {
                let row = self.interfaces.get(interface_key(account, id))?;
                row.history.since(at, |fact| fact.has_address(address))
            })
            .filter(move |(_, fact)| {
                !fact.instance.is_empty() && (vpc.is_empty() || *fact.vpc == *vpc)
            })
    }

    /// Every address that an instance had at some time between two, in order: private, IPv6, automatic
    /// public and elastic ones. The caller widens the time by the slack that it wants.
    pub fn addresses_of_instance(
        &self,
        account: AccountId,
        id: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Vec<Addr> {
        let Some(row) = self.instances.get(instance_key(account, id)) else { return Vec::new() };
        let mut addresses = Vec::new();
        let mut elastic: Vec<Addr> = row.elastic.clone();
        let mut own: Vec<&Text> = Vec::new();
        for interface_id in &row.interfaces {
            let Some(interface) = self.interfaces.get(interface_key(account, interface_id)) else {
                continue;
            };
            let before = addresses.len();
            for fact in interface.history.between(from, to).filter(|f| *f.instance == *id) {
                addresses.extend(fact.private.iter().map(|kept| kept.address));
                addresses.extend(fact.ipv6.iter().copied());
                addresses.extend(fact.auto_public);
            }
            if addresses.len() > before {
                own.push(interface_id);
                elastic.extend(interface.elastic.iter().copied());
            }
        }
        addresses.extend(elastic.into_iter().filter(|address| {
            self.elastic.get(address_key(account, *address)).is_some_and(|history| {
                history
                    .between(from, to)
                    .any(|fact| *fact.instance == *id || own.contains(&&fact.interface))
            })
        }));
        addresses.sort_unstable();
        addresses.dedup();
        addresses
    }

    /// The public addresses of a VPC's NAT gateways at a time, in order.
    pub fn egress_addresses(&self, account: AccountId, vpc: &str, at: Timestamp) -> Vec<Addr> {
        let Some(row) = self.vpcs.get(named_key(account, vpc)) else { return Vec::new() };
        let mut addresses = Vec::new();
        for id in &row.gateways {
            let Some(gateway) = self.gateways.get(named_key(account, id)) else { continue };
            if gateway.from <= at && gateway.until.is_none_or(|until| at < until) {
                addresses.extend(gateway.public.iter().copied());
                addresses.extend(gateway.allocations.iter().filter_map(|allocation| {
                    self.handles.get(named_key(account, allocation))?.address
                }));
            }
        }
        addresses.sort_unstable();
        addresses.dedup();
        addresses
    }

    /// Whether the account is known to be one of the organization.
    pub fn is_org_account(&self, account: AccountId) -> bool {
        self.accounts.contains(&account)
    }

    /// The accounts that are known to be of the organization, in order.
    pub fn org_accounts(&self) -> impl Iterator<Item = AccountId> {
        self.accounts.iter().copied()
    }

    /// A VPC endpoint: the account that owns it and its VPC.
    pub fn vpc_endpoint(&self, id: &str) -> Option<&VpcEndpointFact> {
        self.endpoints.get(named_key(AccountId::UNKNOWN, id))
    }

    /// What an image's owner says of it; empty or `None` when not known.
    pub fn image_description(&self, image: &str) -> Option<&str> {
        let row = self.images.get(named_key(AccountId::UNKNOWN, image))?;
        Some(&row.description)
    }

    /// A bucket as of a time. One that was deleted stays known, as its fact says.
    pub fn bucket(&self, name: &str, at: Timestamp) -> Option<&BucketFact> {
        self.buckets.get(bucket_key(name))?.at(at)
    }

    /// Block Public Access of an account as of a time; `None` when not known.
    pub fn account_block(&self, account: AccountId, at: Timestamp) -> Option<BlockPublicAccess> {
        self.account_blocks.get(&account)?.at(at).map(|block| block.0)
    }

    /// How a session came about.
    pub fn session(&self, access_key_id: &str) -> Option<&Lineage> {
        self.sessions.get(session_key(access_key_id))
    }

    /// The sessions from this one back to the first that is known, at most 16.
    pub fn session_chain(&self, access_key_id: &str) -> Vec<&Lineage> {
        let mut chain: Vec<&Lineage> = Vec::new();
        let mut next = self.session(access_key_id);
        while let Some(lineage) = next {
            // A forged log can make a circle.
            if chain.len() >= CHAIN_MAX
                || chain.iter().any(|seen| seen.access_key == lineage.access_key)
            {
                break;
            }
            chain.push(lineage);
            next = match &lineage.parent {
                Parent::Key(key) => self.session(key),
                _ => None,
            };
        }
        chain
    }
}
