//! Facts from EC2's calls about instances and interfaces.

use std::sync::Arc;
use std::time::Duration;

use model::{AccountId, Addr, Region, Timestamp};
use serde_json::Value;

use super::facts::{Inventory, address_key, instance_key, interface_key, named_key};
use super::instances::InstanceChange;
use super::json::{get, list, member_text, text};
use super::network::{ElasticChange, InterfaceChange, PrivateAddress};
use super::read_ec2::{
    InstanceNews, InterfaceNews, all_addresses, instance, interface, profile, read_groups,
    read_tags, settled,
};
use super::timeline::Text;

/// A launch this much later than the attachment of the first interface is another one.
const RESTART_MIN: Duration = Duration::from_mins(1);

/// One call with its JSON read.
pub(super) struct Ec2Call<'c> {
    pub(super) name: &'c str,
    pub(super) account: AccountId,
    pub(super) region: Region,
    pub(super) time: Timestamp,
    pub(super) request: &'c Value,
    pub(super) response: &'c Value,
}

impl Ec2Call<'_> {
    /// What is created holds from just before the call: records have whole seconds, and a second call or
    /// a description with the same time says what came after.
    pub(super) fn created(&self) -> Timestamp {
        just_before(self.time)
    }
}

pub(super) fn just_before(time: Timestamp) -> Timestamp {
    Timestamp::from_millis(time.millis().saturating_sub(1))
}

impl Inventory {
    /// Returns `None` when members that are needed are missing.
    pub(super) fn learn_ec2(&mut self, call: &Ec2Call<'_>) -> Option<()> {
        match call.name {
            "RunInstances" => self.run_instances(call),
            "StartInstances" | "StopInstances" | "TerminateInstances" => self.change_state(call),
            "CreateNetworkInterface" => {
                let news = interface(get(call.response, "networkInterface"))?;
                self.take_interface(call.account, news, call.created(), call.created());
                Some(())
            }
            "AttachNetworkInterface" => self.attach(call),
            "DetachNetworkInterface" => self.detach(call),
            "DeleteNetworkInterface" => {
                let id = member_text(call.request, "networkInterfaceId")?;
                self.learn_interface(call.account, &id, call.time, vec![InterfaceChange::Deleted]);
                Some(())
            }
            "AssignPrivateIpAddresses" | "AssignIpv6Addresses" => self.assign(call),
            "UnassignPrivateIpAddresses" | "UnassignIpv6Addresses" => {
                let id = member_text(call.request, "networkInterfaceId")?;
                let gone = all_addresses(call.request);
                let change = InterfaceChange::Remove(gone.into());
                self.learn_interface(call.account, &id, call.time, vec![change]);
                Some(())
            }
            "ModifyNetworkInterfaceAttribute" => {
                let id = member_text(call.request, "networkInterfaceId")?;
                self.learn_groups(call, &id);
                Some(())
            }
            "ModifyInstanceAttribute" => self.modify_instance(call),
            "CreateTags" | "DeleteTags" => self.change_tags(call),
            "AssociateIamInstanceProfile"
            | "ReplaceIamInstanceProfileAssociation"
            | "DisassociateIamInstanceProfile" => self.change_profile(call),
            _ => self.learn_addresses(call),
        }
    }

    fn run_instances(&mut self, call: &Ec2Call<'_>) -> Option<()> {
        let instances = get(call.response, "instancesSet");
        let mut learnt = None;
        for mut news in list(instances).filter_map(instance) {
            if !news.changes.iter().any(|c| matches!(c, InstanceChange::Tags(_))) {
                news.changes.push(InstanceChange::Tags(requested_tags(call.request)));
            }
            let times = news.interfaces.iter().filter_map(|i| i.attached).chain(news.launched);
            let from = just_before(times.fold(call.time, Timestamp::min));
            for interface in &mut news.interfaces {
                interface.attached = None;
            }
            self.take_instance(call.account, call.region, news, from);
            learnt = Some(());
        }
        learnt
    }

    /// Learns an instance and its interfaces, all from one time on, but automatic public addresses from
    /// the launch.
    pub(super) fn take_instance(
        &mut self,
        account: AccountId,
        region: Region,
        news: InstanceNews,
        from: Timestamp,
    ) {
        let launched = news.launched.unwrap_or(from).max(from);
        let mut changes = news.changes;
        if launched.since(from) > RESTART_MIN {
            // It was stopped and started since: the first launch is as old as its first attachment.
            changes.retain(|change| !matches!(change, InstanceChange::Launched(_)));
            changes.push(InstanceChange::Launched(from));
            let restart = vec![InstanceChange::Launched(launched)];
            self.learn_instance(account, region, &news.id, launched, restart);
        }
        for interface in news.interfaces {
            let attached = interface.attached.unwrap_or(from).max(from);
            self.take_interface(account, interface, attached.min(launched), launched);
        }
        self.learn_instance(account, region, &news.id, from, changes);
    }

    /// Learns an interface with its attachment and public addresses.
    pub(super) fn take_interface(
        &mut self,
        account: AccountId,
        news: InterfaceNews,
        from: Timestamp,
        public_from: Timestamp,
    ) {
        let InterfaceNews { id, changes, attachment, auto_public, elastic, .. } = news;
        self.learn_interface(account, &id, from, changes);
        if let Some(address) = auto_public {
            let change = vec![InterfaceChange::AutoPublic(Some(address))];
            self.learn_interface(account, &id, public_from, change);
        }
        if let Some(attachment) = attachment {
            self.learn_attachment(account, &attachment, &id, from);
        }
        for shown in elastic {
            self.learn_allocation(account, &shown.allocation, shown.address, from);
            let target = ElasticChange::Target { interface: id.clone(), instance: Text::default() };
            self.learn_elastic(account, shown.address, from, target);
            self.learn_association(account, &shown.id, shown.address, from);
        }
    }

    pub(super) fn learn_instance(
        &mut self,
        account: AccountId,
        region: Region,
        id: &Text,
        from: Timestamp,
        mut changes: Vec<InstanceChange>,
    ) {
        changes.insert(0, InstanceChange::Identity { id: id.clone(), account, region });
        let row = self.instances.row(instance_key(account, id));
        let is_kept = row.history.learn(from, changes);
        self.count_age(is_kept);
    }

    pub(super) fn learn_interface(
        &mut self,
        account: AccountId,
        id: &Text,
        from: Timestamp,
        mut changes: Vec<InterfaceChange>,
    ) {
        for change in &changes {
            match change {
                InterfaceChange::Instance(instance) if !instance.is_empty() => {
                    self.instances.row(instance_key(account, instance)).link_interface(id);
                }
                InterfaceChange::Private(addresses) | InterfaceChange::AddPrivate(addresses) => {
                    for kept in addresses.iter() {
                        self.link_address(account, kept.address, id, from);
                    }
                }
                InterfaceChange::Ipv6(addresses) | InterfaceChange::AddIpv6(addresses) => {
                    for address in addresses.iter() {
                        self.link_address(account, *address, id, from);
                    }
                }
                InterfaceChange::AutoPublic(Some(address)) => {
                    self.link_address(account, *address, id, from);
                }
                _ => {}
            }
        }
        changes.insert(0, InterfaceChange::Identity { id: id.clone(), account });
        let row = self.interfaces.row(interface_key(account, id));
        let is_kept = row.history.learn(from, changes);
        self.count_age(is_kept);
    }

    fn link_address(
        &mut self,
        account: AccountId,
        address: Addr,
        interface: &Text,
        from: Timestamp,
    ) {
        self.addresses.row(address_key(account, address)).link(interface, from);
    }

    fn change_state(&mut self, call: &Ec2Call<'_>) -> Option<()> {
        let answered = get(call.response, "instancesSet");
        let asked = get(call.request, "instancesSet");
        let states = if answered.is_null() { asked } else { answered };
        let mut learnt = None;
        for value in list(states) {
            let Some(id) = member_text(value, "instanceId") else { continue };
            let goal = match call.name {
                "StartInstances" => "running",
                "StopInstances" => "stopped",
                _ => "terminated",
            };
            let told = member_text(get(value, "currentState"), "name");
            let state = told.map_or_else(|| goal.into(), |state| settled(&state));
            let was = member_text(get(value, "previousState"), "name");
            let is_new = was.is_none_or(|was| settled(&was) != state);
            let mut changes = vec![InstanceChange::State(state.clone())];
            if &*state == "running" && is_new {
                changes.push(InstanceChange::Launched(call.time));
            }
            self.learn_instance(call.account, call.region, &id, call.time, changes);
            if &*state != "running" {
                self.release(call, &id, &*state == "terminated");
            }
            learnt = Some(());
        }
        learnt
    }

    /// A stopped instance loses its automatic public addresses, a terminated one its interfaces.
    fn release(&mut self, call: &Ec2Call<'_>, instance: &Text, is_terminated: bool) {
        let key = instance_key(call.account, instance);
        let Some(row) = self.instances.get(key) else { return };
        let (interfaces, elastic) = (row.interfaces.clone(), row.elastic.clone());
        for id in interfaces {
            let held = self.interfaces.get(interface_key(call.account, &id));
            let is_attached = held
                .and_then(|row| row.history.at(call.time))
                .is_some_and(|fact| fact.instance == *instance);
            if !is_attached {
                continue;
            }
            let mut changes = vec![InterfaceChange::AutoPublic(None)];
            if is_terminated {
                changes.push(InterfaceChange::Instance(Text::default()));
            }
            self.learn_interface(call.account, &id, call.time, changes);
        }
        if is_terminated {
            for address in elastic {
                self.learn_elastic(
                    call.account,
                    address,
                    call.time,
                    ElasticChange::Left { instance: instance.clone() },
                );
            }
        }
    }

    fn attach(&mut self, call: &Ec2Call<'_>) -> Option<()> {
        let id = member_text(call.request, "networkInterfaceId")?;
        let instance = member_text(call.request, "instanceId")?;
        let change = vec![InterfaceChange::Instance(instance)];
        self.learn_interface(call.account, &id, call.time, change);
        let attachment = member_text(call.response, "attachmentId")?;
        self.learn_attachment(call.account, &attachment, &id, call.time);
        Some(())
    }

    fn detach(&mut self, call: &Ec2Call<'_>) -> Option<()> {
        let attachment = member_text(call.request, "attachmentId")?;
        let handle = self.handles.row(named_key(call.account, &attachment));
        handle.ended = Some(call.time);
        handle.latest = handle.latest.max(call.time);
        let interface = handle.interface.clone();
        if !interface.is_empty() {
            let change = vec![InterfaceChange::Instance(Text::default())];
            self.learn_interface(call.account, &interface, call.time, change);
        }
        Some(())
    }

    fn learn_attachment(&mut self, account: AccountId, id: &str, interface: &Text, at: Timestamp) {
        let handle = self.handles.row(named_key(account, id));
        handle.interface = interface.clone();
        handle.latest = handle.latest.max(at);
        if let Some(ended) = handle.ended.filter(|ended| *ended >= at) {
            let change = vec![InterfaceChange::Instance(Text::default())];
            self.learn_interface(account, interface, ended, change);
        }
    }

    fn assign(&mut self, call: &Ec2Call<'_>) -> Option<()> {
        let id = member_text(call.request, "networkInterfaceId")?;
        let mut addresses = all_addresses(call.response);
        if addresses.is_empty() {
            addresses = all_addresses(call.request);
        }
        let (private, ipv6): (Vec<_>, Vec<_>) =
            addresses.into_iter().partition(|a| a.v4().is_some());
        if private.is_empty() && ipv6.is_empty() {
            return None;
        }
        let private: Arc<[PrivateAddress]> = private
            .into_iter()
            .map(|address| PrivateAddress { address, dns: Text::default() })
            .collect();
        let changes =
            vec![InterfaceChange::AddPrivate(private), InterfaceChange::AddIpv6(ipv6.into())];
        self.learn_interface(call.account, &id, call.time, changes);
        Some(())
    }

    fn learn_groups(&mut self, call: &Ec2Call<'_>, interface: &Text) {
        let groups = read_groups(get(call.request, "groupSet"));
        // An interface has at least one group: none means that another attribute was changed.
        if !groups.is_empty() {
            let change = vec![InterfaceChange::Groups(groups)];
            self.learn_interface(call.account, interface, call.time, change);
        }
    }

    fn modify_instance(&mut self, call: &Ec2Call<'_>) -> Option<()> {
        let id = member_text(call.request, "instanceId")?;
        let kind = get(call.request, "instanceType");
        if let Some(kind) = member_text(kind, "value").or_else(|| text(kind)) {
            let change = vec![InstanceChange::Type(kind)];
            self.learn_instance(call.account, call.region, &id, call.time, change);
        }
        let row = self.instances.get(instance_key(call.account, &id));
        // The groups of an instance are those of its primary interface.
        if let Some(primary) = row.and_then(|row| row.interfaces.first().cloned()) {
            self.learn_groups(call, &primary);
        }
        Some(())
    }

    fn change_tags(&mut self, call: &Ec2Call<'_>) -> Option<()> {
        let resources = get(call.request, "resourcesSet");
        let tags = get(call.request, "tagSet");
        let change = match call.name {
            "CreateTags" => InstanceChange::AddTags(read_tags(tags)),
            _ if list(tags).next().is_none() => InstanceChange::Tags(Arc::default()),
            _ => InstanceChange::RemoveTags(
                list(tags)
                    .filter_map(|tag| Some((member_text(tag, "key")?, member_text(tag, "value"))))
                    .take(super::instances::TAGS_MAX)
                    .collect(),
            ),
        };
        let mut seen = None;
        for resource in list(resources) {
            let Some(id) = member_text(resource, "resourceId").or_else(|| text(resource)) else {
                continue;
            };
            seen = Some(());
            if id.starts_with("i-") {
                let changes = vec![change.clone()];
                self.learn_instance(call.account, call.region, &id, call.time, changes);
            }
        }
        seen
    }

    fn change_profile(&mut self, call: &Ec2Call<'_>) -> Option<()> {
        let association = get(call.response, "iamInstanceProfileAssociation");
        let id = member_text(association, "instanceId")?;
        let change = if call.name == "DisassociateIamInstanceProfile" {
            InstanceChange::Profile { arn: Text::default(), id: Text::default() }
        } else {
            profile(get(association, "iamInstanceProfile"))?
        };
        self.learn_instance(call.account, call.region, &id, call.time, vec![change]);
        Some(())
    }
}

fn requested_tags(request: &Value) -> Arc<[findings::Tag]> {
    list(get(request, "tagSpecificationSet"))
        .find(|spec| member_text(spec, "resourceType").is_some_and(|kind| &*kind == "instance"))
        .map(|spec| read_tags(get(spec, "tags")))
        .unwrap_or_default()
}
