//! EC2's objects in both of their spellings: CloudTrail's and that of descriptions.

use std::sync::Arc;

use findings::{SecurityGroup, Tag};
use model::{Addr, Timestamp};
use serde_json::Value;

use super::instances::{InstanceChange, TAGS_MAX};
use super::json::{address, cut, get, list, member_text, pick, text, time};
use super::network::{InterfaceChange, PrivateAddress};
use super::timeline::Text;

/// Most security groups that are kept of one interface: AWS's own limit
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html>).
const GROUPS_MAX: usize = 16;

/// Longest value of a tag, in bytes: 256 letters of up to four bytes.
const TAG_MAX: usize = 1024;

/// Deepest nesting that is searched for addresses.
const DEPTH_MAX: usize = 6;

/// The change that a member's text makes, and the member.
type Member<'v, C> = (fn(Text) -> C, &'v Value);

/// An elastic address that a description shows on an interface.
pub(super) struct Association {
    pub(super) address: Addr,
    pub(super) allocation: Text,
    pub(super) id: Text,
}

/// What a description, or a response, says of an interface.
pub(super) struct InterfaceNews {
    pub(super) id: Text,
    pub(super) changes: Vec<InterfaceChange>,
    pub(super) attached: Option<Timestamp>,
    pub(super) attachment: Option<Text>,
    pub(super) auto_public: Option<Addr>,
    pub(super) elastic: Vec<Association>,
}

/// What a description, or a response, says of an instance.
pub(super) struct InstanceNews {
    pub(super) id: Text,
    pub(super) changes: Vec<InstanceChange>,
    pub(super) launched: Option<Timestamp>,
    pub(super) interfaces: Vec<InterfaceNews>,
}

/// An instance with its interfaces; nothing without an id.
pub(super) fn instance(value: &Value) -> Option<InstanceNews> {
    let id = member_text(value, "instanceId")?;
    let mut changes = Vec::new();
    let texts: [Member<'_, InstanceChange>; 5] = [
        (InstanceChange::Zone, get(get(value, "placement"), "availabilityZone")),
        (InstanceChange::Type, get(value, "instanceType")),
        (InstanceChange::Image, get(value, "imageId")),
        (InstanceChange::Platform, get(value, "platform")),
        (InstanceChange::Vpc, get(value, "vpcId")),
    ];
    changes.extend(texts.into_iter().filter_map(|(make, value)| Some(make(text(value)?))));
    let launched = time(get(value, "launchTime"));
    changes.extend(launched.map(InstanceChange::Launched));
    changes.extend(profile(get(value, "iamInstanceProfile")));
    let state = member_text(pick(value, &["instanceState", "state"]), "name");
    changes.extend(state.map(|state| InstanceChange::State(settled(&state))));
    let tags = pick(value, &["tagSet", "tags"]);
    if !tags.is_null() {
        changes.push(InstanceChange::Tags(read_tags(tags)));
    }
    let interfaces = list(pick(value, &["networkInterfaceSet", "networkInterfaces"]))
        .filter_map(interface)
        .map(|mut news| {
            news.changes.push(InterfaceChange::Instance(id.clone()));
            news
        })
        .collect();
    Some(InstanceNews { id, changes, launched, interfaces })
}

/// The state that a transition ends in: no record tells when it has ended.
pub(super) fn settled(state: &str) -> Text {
    match state {
        "pending" => "running",
        "stopping" => "stopped",
        "shutting-down" => "terminated",
        other => return other.into(),
    }
    .into()
}

/// An instance profile's ARN and id.
pub(super) fn profile(value: &Value) -> Option<InstanceChange> {
    let (arn, id) = (member_text(value, "arn"), member_text(value, "id"));
    (arn.is_some() || id.is_some()).then(|| InstanceChange::Profile {
        arn: arn.unwrap_or_default(),
        id: id.unwrap_or_default(),
    })
}

/// An interface, as part of an instance or by itself.
pub(super) fn interface(value: &Value) -> Option<InterfaceNews> {
    let id = member_text(value, "networkInterfaceId")?;
    let mut changes = Vec::new();
    let association = get(value, "association");
    let texts: [Member<'_, InterfaceChange>; 5] = [
        (InterfaceChange::Vpc, get(value, "vpcId")),
        (InterfaceChange::Subnet, get(value, "subnetId")),
        (InterfaceChange::Description, get(value, "description")),
        (InterfaceChange::Type, get(value, "interfaceType")),
        (InterfaceChange::PublicDns, get(association, "publicDnsName")),
    ];
    changes.extend(texts.into_iter().filter_map(|(make, value)| Some(make(text(value)?))));
    let groups = pick(value, &["groupSet", "groups"]);
    if !groups.is_null() {
        changes.push(InterfaceChange::Groups(read_groups(groups)));
    }
    let private_set = pick(value, &["privateIpAddressesSet", "privateIpAddresses"]);
    let private = read_private(value, private_set);
    if !private.is_empty() {
        changes.push(InterfaceChange::Private(private.into()));
    }
    let mut ipv6 = Vec::new();
    addresses_in(pick(value, &["ipv6AddressesSet", "ipv6Addresses"]), DEPTH_MAX, &mut ipv6);
    if !ipv6.is_empty() {
        changes.push(InterfaceChange::Ipv6(ipv6.into()));
    }
    let attachment = get(value, "attachment");
    changes.extend(member_text(attachment, "instanceId").map(InterfaceChange::Instance));
    let mut news = InterfaceNews {
        id,
        changes,
        attached: time(get(attachment, "attachTime")),
        attachment: member_text(attachment, "attachmentId"),
        auto_public: None,
        elastic: Vec::new(),
    };
    read_association(association, &mut news);
    for address in list(private_set) {
        read_association(get(address, "association"), &mut news);
    }
    Some(news)
}

/// A public address is AWS's own for as long as the instance runs, or an elastic one of the account's.
fn read_association(value: &Value, news: &mut InterfaceNews) {
    let Some(public) = address(get(value, "publicIp")) else { return };
    let is_auto = member_text(value, "ipOwnerId").is_some_and(|owner| &*owner == "amazon");
    if is_auto {
        news.auto_public = Some(public);
    } else if news.elastic.iter().all(|known| known.address != public) {
        news.elastic.push(Association {
            address: public,
            allocation: member_text(value, "allocationId").unwrap_or_default(),
            id: member_text(value, "associationId").unwrap_or_default(),
        });
    }
}

fn read_private(interface: &Value, set: &Value) -> Vec<PrivateAddress> {
    let mut found: Vec<(bool, PrivateAddress)> = list(set)
        .filter_map(|value| {
            let address = address(get(value, "privateIpAddress"))?;
            let dns = member_text(value, "privateDnsName").unwrap_or_default();
            let is_primary = get(value, "primary").as_bool().unwrap_or(false);
            Some((!is_primary, PrivateAddress { address, dns }))
        })
        .collect();
    // The sort is stable: the primary first, the others in their order.
    found.sort_by_key(|(is_secondary, _)| *is_secondary);
    if found.is_empty()
        && let Some(address) = address(get(interface, "privateIpAddress"))
    {
        let dns = member_text(interface, "privateDnsName").unwrap_or_default();
        found.push((false, PrivateAddress { address, dns }));
    }
    found.into_iter().map(|(_, address)| address).collect()
}

/// Security groups: objects with id and name, or ids alone.
pub(super) fn read_groups(value: &Value) -> Arc<[SecurityGroup]> {
    list(value)
        .filter_map(|group| {
            let id = member_text(group, "groupId").or_else(|| text(group))?;
            let name = member_text(group, "groupName");
            Some(SecurityGroup {
                group_id: id.to_string(),
                group_name: name.map(|name| name.to_string()),
            })
        })
        .take(GROUPS_MAX)
        .collect()
}

/// Tags as `{key, value}` or `{Key, Value}`.
pub(super) fn read_tags(value: &Value) -> Arc<[Tag]> {
    list(value)
        .filter_map(|tag| {
            let key = get(tag, "key").as_str()?;
            let value = get(tag, "value").as_str().unwrap_or("");
            Some(Tag { key: cut(key, TAG_MAX).to_string(), value: cut(value, TAG_MAX).to_string() })
        })
        .take(TAGS_MAX)
        .collect()
}

/// Every address in a piece of JSON, however it is wrapped: the calls that assign addresses spell their
/// lists in many ways.
pub(super) fn all_addresses(value: &Value) -> Vec<Addr> {
    let mut found = Vec::new();
    addresses_in(value, DEPTH_MAX, &mut found);
    found
}

fn addresses_in(value: &Value, depth: usize, found: &mut Vec<Addr>) {
    if depth == 0 || found.len() >= super::network::InterfaceFact::ADDRESSES_MAX {
        return;
    }
    match value {
        Value::String(text) => found.extend(Addr::parse(text).filter(|a| !found.contains(a))),
        Value::Array(values) => {
            for value in values {
                addresses_in(value, depth - 1, found);
            }
        }
        Value::Object(members) => {
            for value in members.values() {
                addresses_in(value, depth - 1, found);
            }
        }
        _ => {}
    }
}
