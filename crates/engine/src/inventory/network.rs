//! Facts about interfaces, elastic addresses, NAT gateways and VPC endpoints.

use std::ops::Deref;
use std::sync::Arc;

use findings::SecurityGroup;
use model::{AccountId, Addr, Timestamp};
use serde::{Deserialize, Serialize};

use super::table::Aged;
use super::timeline::{Fact, History, Text};

/// A private IPv4 address of an interface.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PrivateAddress {
    /// The address.
    pub address: Addr,
    /// Its private DNS name, empty when not known.
    pub dns: Text,
}

/// What is known of a network interface at one time. Texts are empty when not known.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct InterfaceFact {
    /// Its id, such as `eni-1235b8ca123456789`.
    pub id: Text,
    /// The account that owns it.
    pub account: AccountId,
    /// The instance it is attached to; empty while detached or when used by a service.
    pub instance: Text,
    /// Its VPC.
    pub vpc: Text,
    /// Its subnet.
    pub subnet: Text,
    /// Its description, by which services name themselves: `ELB app/…`, `AWS Lambda VPC ENI-…`.
    pub description: Text,
    /// Its type as EC2 reports it: `interface`, `nat_gateway`, `lambda`, …
    pub interface_type: Text,
    /// Public DNS name of its primary address.
    pub public_dns: Text,
    /// Private IPv4 addresses, the primary first, at most [`InterfaceFact::ADDRESSES_MAX`].
    pub private: Vec<PrivateAddress>,
    /// IPv6 addresses, at most [`InterfaceFact::ADDRESSES_MAX`].
    pub ipv6: Vec<Addr>,
    /// Public address that AWS gave for as long as the instance runs; elastic ones are apart.
    pub auto_public: Option<Addr>,
    /// Security groups.
    #[serde(with = "super::groups")]
    pub security_groups: Arc<[SecurityGroup]>,
    /// Whether it was deleted.
    pub deleted: bool,
}

impl InterfaceFact {
    /// Most addresses of a kind that are kept. The largest instance types allow 50 or 64 per interface
    /// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/AvailableIpPerENI.html>).
    pub const ADDRESSES_MAX: usize = 256;

    /// Whether the address is one of its private, IPv6 or automatic public ones.
    pub fn has_address(&self, address: Addr) -> bool {
        self.auto_public == Some(address)
            || self.private.iter().any(|kept| kept.address == address)
            || self.ipv6.contains(&address)
    }

    fn add_private(&mut self, more: &[PrivateAddress]) {
        for address in more {
            let is_kept = self.private.iter().any(|kept| kept.address == address.address);
            if !is_kept && self.private.len() < InterfaceFact::ADDRESSES_MAX {
                self.private.push(address.clone());
            }
        }
    }

    fn add_ipv6(&mut self, more: &[Addr]) {
        for address in more {
            if !self.ipv6.contains(address) && self.ipv6.len() < InterfaceFact::ADDRESSES_MAX {
                self.ipv6.push(*address);
            }
        }
    }
}

/// One piece of news about an interface.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) enum InterfaceChange {
    Identity {
        id: Text,
        account: AccountId,
    },
    Instance(Text),
    Vpc(Text),
    Subnet(Text),
    Description(Text),
    Type(Text),
    PublicDns(Text),
    Private(Arc<[PrivateAddress]>),
    AddPrivate(Arc<[PrivateAddress]>),
    Ipv6(Arc<[Addr]>),
    AddIpv6(Arc<[Addr]>),
    /// Private or IPv6 addresses.
    Remove(Arc<[Addr]>),
    AutoPublic(Option<Addr>),
    Groups(#[serde(with = "super::groups")] Arc<[SecurityGroup]>),
    Deleted,
}

impl Fact for InterfaceFact {
    type Change = InterfaceChange;

    fn apply(&mut self, change: &InterfaceChange) {
        match change {
            InterfaceChange::Identity { id, account } => {
                (self.id, self.account) = (id.clone(), *account);
            }
            InterfaceChange::Instance(id) => self.instance = id.clone(),
            InterfaceChange::Vpc(id) => self.vpc = id.clone(),
            InterfaceChange::Subnet(id) => self.subnet = id.clone(),
            InterfaceChange::Description(text) => self.description = text.clone(),
            InterfaceChange::Type(text) => self.interface_type = text.clone(),
            InterfaceChange::PublicDns(name) => self.public_dns = name.clone(),
            InterfaceChange::Private(addresses) => {
                self.private.clear();
                self.add_private(addresses);
            }
            InterfaceChange::AddPrivate(addresses) => self.add_private(addresses),
            InterfaceChange::Ipv6(addresses) => {
                self.ipv6.clear();
                self.add_ipv6(addresses);
            }
            InterfaceChange::AddIpv6(addresses) => self.add_ipv6(addresses),
            InterfaceChange::Remove(addresses) => {
                self.private.retain(|kept| !addresses.contains(&kept.address));
                self.ipv6.retain(|kept| !addresses.contains(kept));
            }
            InterfaceChange::AutoPublic(address) => {
                self.auto_public = *address;
                if address.is_none() {
                    self.public_dns = Text::default();
                }
            }
            InterfaceChange::Groups(groups) => self.security_groups = groups.clone(),
            InterfaceChange::Deleted => {
                self.deleted = true;
                self.instance = Text::default();
                self.auto_public = None;
                self.private.clear();
                self.ipv6.clear();
            }
        }
    }

    fn replaces(later: &InterfaceChange, earlier: &InterfaceChange) -> bool {
        use InterfaceChange::{AddIpv6, AddPrivate, Ipv6, Private, Remove};
        match (later, earlier) {
            (Private(_), AddPrivate(_)) | (Ipv6(_), AddIpv6(_)) => true,
            (AddPrivate(_) | AddIpv6(_) | Remove(_), _) => false,
            _ => std::mem::discriminant(later) == std::mem::discriminant(earlier),
        }
    }
}

/// An interface as of a time, with the elastic addresses that it had then.
#[derive(Clone, PartialEq, Debug)]
pub struct Interface<'i> {
    /// Everything but the elastic addresses.
    pub fact: &'i InterfaceFact,
    /// Public addresses, automatic and elastic, in order.
    pub public: Vec<Addr>,
}

impl Deref for Interface<'_> {
    type Target = InterfaceFact;

    fn deref(&self) -> &InterfaceFact {
        self.fact
    }
}

/// An interface through time.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct InterfaceRow {
    pub(super) history: History<InterfaceFact>,
    /// Elastic addresses that were associated with it at some time.
    pub(super) elastic: Vec<Addr>,
}

impl InterfaceRow {
    /// Most elastic addresses that are remembered of one interface.
    const ELASTIC_MAX: usize = 64;

    pub(super) fn link_elastic(&mut self, address: Addr) {
        if !self.elastic.contains(&address) {
            if self.elastic.len() >= InterfaceRow::ELASTIC_MAX {
                self.elastic.remove(0);
            }
            self.elastic.push(address);
        }
    }
}

impl Aged for InterfaceRow {
    fn age(&self) -> Timestamp {
        self.history.changed()
    }
}

/// Which interfaces had an address at some time.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct AddressRow {
    pub(super) interfaces: Vec<Text>,
    latest: Timestamp,
}

impl AddressRow {
    /// Most interfaces that are remembered of one address: the same private address occurs in many VPCs
    /// of an account and is given out again and again.
    const INTERFACES_MAX: usize = 64;

    pub(super) fn link(&mut self, interface: &Text, at: Timestamp) {
        self.latest = self.latest.max(at);
        if let Some(place) = self.interfaces.iter().position(|kept| kept == interface) {
            self.interfaces.remove(place);
        } else if self.interfaces.len() >= AddressRow::INTERFACES_MAX {
            self.interfaces.remove(0);
        }
        self.interfaces.push(interface.clone());
    }
}

impl Aged for AddressRow {
    fn age(&self) -> Timestamp {
        self.latest
    }
}

/// What an elastic address was associated with at one time. Texts are empty when not known or nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct ElasticFact {
    /// The interface.
    pub(super) interface: Text,
    /// The instance, where the call named it instead of an interface.
    pub(super) instance: Text,
}

/// One piece of news about an elastic address.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) enum ElasticChange {
    Target {
        interface: Text,
        instance: Text,
    },
    Nothing,
    /// The instance is gone: nothing, if the address was with it.
    Left {
        instance: Text,
    },
}

impl Fact for ElasticFact {
    type Change = ElasticChange;

    fn apply(&mut self, change: &ElasticChange) {
        match change {
            ElasticChange::Target { interface, instance } => {
                (self.interface, self.instance) = (interface.clone(), instance.clone());
            }
            ElasticChange::Left { instance } if self.instance != *instance => {}
            ElasticChange::Nothing | ElasticChange::Left { .. } => {
                (self.interface, self.instance) = (Text::default(), Text::default());
            }
        }
    }

    fn replaces(later: &ElasticChange, earlier: &ElasticChange) -> bool {
        !matches!((later, earlier), (ElasticChange::Left { .. }, _))
    }
}

/// An elastic address through time.
pub(super) type Elastic = History<ElasticFact>;

impl<F: Fact> Aged for History<F> {
    fn age(&self) -> Timestamp {
        self.changed()
    }
}

/// What an id of an attachment, association or allocation stands for. The end may be learnt before the
/// beginning.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Handle {
    /// Id of the interface of an attachment; empty when not known yet.
    pub(super) interface: Text,
    /// Address of an association or allocation.
    pub(super) address: Option<Addr>,
    pub(super) ended: Option<Timestamp>,
    pub(super) latest: Timestamp,
}

impl Aged for Handle {
    fn age(&self) -> Timestamp {
        self.latest
    }
}

/// A NAT gateway. Texts are empty when not known.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct NatGatewayFact {
    /// Its VPC.
    pub(super) vpc: Text,
    /// Its public addresses, in order.
    pub(super) public: Vec<Addr>,
    /// Allocations whose address is not known yet.
    pub(super) allocations: Vec<Text>,
    /// Since when it exists.
    pub(super) from: Timestamp,
    /// When it was deleted.
    pub(super) until: Option<Timestamp>,
}

impl NatGatewayFact {
    /// Most public addresses that are kept: AWS allows eight secondary ones beside the first
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html>).
    pub(super) const ADDRESSES_MAX: usize = 16;
}

impl Aged for NatGatewayFact {
    fn age(&self) -> Timestamp {
        self.until.unwrap_or(self.from)
    }
}

/// An image. Empty when not known.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct ImageRow {
    pub(super) description: Text,
    pub(super) created: Timestamp,
}

impl Aged for ImageRow {
    fn age(&self) -> Timestamp {
        self.created
    }
}

/// The NAT gateways of a VPC.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct VpcRow {
    pub(super) gateways: Vec<Text>,
    pub(super) latest: Timestamp,
}

impl VpcRow {
    /// Most NAT gateways that are remembered of one VPC.
    pub(super) const GATEWAYS_MAX: usize = 64;
}

impl Aged for VpcRow {
    fn age(&self) -> Timestamp {
        self.latest
    }
}

/// A VPC endpoint.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct VpcEndpointFact {
    /// The account that owns it.
    pub account: AccountId,
    /// Its VPC.
    pub vpc: Text,
    /// Since when it exists.
    pub from: Timestamp,
}

impl Aged for VpcEndpointFact {
    fn age(&self) -> Timestamp {
        self.from
    }
}
