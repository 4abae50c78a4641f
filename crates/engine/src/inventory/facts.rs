//! The inventory itself: its tables, and which calls teach it.

use std::collections::{BTreeMap, BTreeSet};

use model::{AccountId, Addr, Entity, EntityId, Scope, Timestamp};
use serde::{Deserialize, Serialize};
use telemetry::{ApiCall, ApiRows};

use super::buckets::{AccountBlock, BucketFact};
use super::instances::Instance;
use super::lineage::Lineage;
use super::network::{
    AddressRow, Elastic, Handle, ImageRow, InterfaceRow, NatGatewayFact, SubnetRow,
    VpcEndpointFact, VpcRow,
};
use super::table::Table;
use super::timeline::History;

/// Most interfaces that are known at once.
pub(super) const INTERFACES_MAX: usize = 1 << 20;
/// Most instances that are known at once.
pub(super) const INSTANCES_MAX: usize = 1 << 20;
/// Most addresses whose holders are known at once.
pub(super) const ADDRESSES_MAX: usize = 1 << 21;
/// Most elastic addresses that are known at once.
pub(super) const ELASTIC_MAX: usize = 1 << 18;
/// Most attachments, associations and allocations that are known at once.
pub(super) const HANDLES_MAX: usize = 1 << 20;
/// Most NAT gateways, and VPCs that have them, that are known at once.
pub(super) const GATEWAYS_MAX: usize = 1 << 16;
/// Most VPC endpoints that are known at once.
pub(super) const ENDPOINTS_MAX: usize = 1 << 17;
/// Most images that are known at once.
pub(super) const IMAGES_MAX: usize = 1 << 17;
/// Most subnets that are known at once.
pub(super) const SUBNETS_MAX: usize = 1 << 17;
/// Most buckets that are known at once.
pub(super) const BUCKETS_MAX: usize = 1 << 18;
/// Most sessions that are known at once.
pub(super) const SESSIONS_MAX: usize = 1 << 21;
/// Most accounts of the organization that are known at once.
pub(super) const ACCOUNTS_MAX: usize = 1 << 16;

/// How often learning succeeded and why it did not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct LearnCounts {
    /// Calls that taught something.
    pub learnt: u64,
    /// Calls whose JSON is missing or does not have the members that are needed.
    pub unreadable: u64,
    /// Facts that lie before the history that is kept.
    pub too_old: u64,
    /// Facts that were evicted to make room.
    pub evicted: u64,
}

/// What is known about resources, by time.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Inventory {
    pub(super) interfaces: Table<InterfaceRow, INTERFACES_MAX>,
    pub(super) instances: Table<Instance, INSTANCES_MAX>,
    pub(super) addresses: Table<AddressRow, ADDRESSES_MAX>,
    pub(super) elastic: Table<Elastic, ELASTIC_MAX>,
    pub(super) handles: Table<Handle, HANDLES_MAX>,
    pub(super) gateways: Table<NatGatewayFact, GATEWAYS_MAX>,
    pub(super) vpcs: Table<VpcRow, GATEWAYS_MAX>,
    pub(super) endpoints: Table<VpcEndpointFact, ENDPOINTS_MAX>,
    pub(super) images: Table<ImageRow, IMAGES_MAX>,
    pub(super) subnets: Table<SubnetRow, SUBNETS_MAX>,
    pub(super) buckets: Table<History<BucketFact>, BUCKETS_MAX>,
    pub(super) account_blocks: BTreeMap<AccountId, History<AccountBlock>>,
    pub(super) sessions: Table<Lineage, SESSIONS_MAX>,
    pub(super) accounts: BTreeSet<AccountId>,
    pub(super) counts: LearnCounts,
}

impl Inventory {
    /// The calls that teach facts; the parser keeps their request and response.
    pub const CALLS: &[&str] = &[
        "AllocateAddress",
        "AssignIpv6Addresses",
        "AssignPrivateIpAddresses",
        "AssociateAddress",
        "AssociateIamInstanceProfile",
        "AssociateNatGatewayAddress",
        "AssumeRole",
        "AssumeRoleWithSAML",
        "AssumeRoleWithWebIdentity",
        "AssumeRoot",
        "AttachNetworkInterface",
        "CreateAccount",
        "CreateAccountResult",
        "CreateBucket",
        "CreateNatGateway",
        "CreateNetworkInterface",
        "CreateTags",
        "CreateVpcEndpoint",
        "DeleteAccountPublicAccessBlock",
        "DeleteBucket",
        "DeleteBucketPolicy",
        "DeleteBucketPublicAccessBlock",
        "DeleteBucketTagging",
        "DeleteNatGateway",
        "DeleteNetworkInterface",
        "DeletePublicAccessBlock",
        "DeleteTags",
        "DetachNetworkInterface",
        "DisassociateAddress",
        "DisassociateIamInstanceProfile",
        "GetFederationToken",
        "GetSessionToken",
        "InviteAccountToOrganization",
        "ModifyInstanceAttribute",
        "ModifyNetworkInterfaceAttribute",
        "PutAccountPublicAccessBlock",
        "PutBucketAcl",
        "PutBucketPolicy",
        "PutBucketPublicAccessBlock",
        "PutBucketTagging",
        "PutPublicAccessBlock",
        "ReleaseAddress",
        "ReplaceIamInstanceProfileAssociation",
        "RunInstances",
        "StartInstances",
        "StopInstances",
        "TerminateInstances",
        "UnassignIpv6Addresses",
        "UnassignPrivateIpAddresses",
    ];

    /// Whether the call changes facts that settle flows: interfaces and addresses. A batch is cut before
    /// such a call.
    pub fn teaches_network(event_name: &str) -> bool {
        matches!(
            event_name,
            "AllocateAddress"
                | "AssignIpv6Addresses"
                | "AssignPrivateIpAddresses"
                | "AssociateAddress"
                | "AssociateNatGatewayAddress"
                | "AttachNetworkInterface"
                | "CreateNatGateway"
                | "CreateNetworkInterface"
                | "DeleteNatGateway"
                | "DeleteNetworkInterface"
                | "DetachNetworkInterface"
                | "DisassociateAddress"
                | "ReleaseAddress"
                | "RunInstances"
                | "StopInstances"
                | "TerminateInstances"
                | "UnassignIpv6Addresses"
                | "UnassignPrivateIpAddresses"
        )
    }

    /// Learns from one successful call. JSON that does not fit is ignored and counted; failed calls and
    /// calls that teach nothing are ignored.
    pub fn learn(&mut self, call: &ApiCall, block: &ApiRows) {
        if !call.is_success() {
            return;
        }
        let _ = block;
    }

    /// Forgets sessions that have ended by a time, which the engine's watermark gives. The table's bound
    /// holds without it.
    pub fn expire(&mut self, watermark: Timestamp) {
        let kept = watermark.millis().saturating_sub(Lineage::RETENTION_MILLIS);
        self.sessions.expire(Timestamp::from_millis(kept));
    }

    /// How learning went.
    pub fn counts(&self) -> LearnCounts {
        let evicted = self.interfaces.evicted()
            + self.instances.evicted()
            + self.addresses.evicted()
            + self.elastic.evicted()
            + self.handles.evicted()
            + self.gateways.evicted()
            + self.vpcs.evicted()
            + self.endpoints.evicted()
            + self.images.evicted()
            + self.subnets.evicted()
            + self.buckets.evicted()
            + self.sessions.evicted();
        LearnCounts { evicted, ..self.counts }
    }
}

pub(super) fn interface_key(account: AccountId, id: &str) -> EntityId {
    Entity::id_of(Scope::Interface, account, id.as_bytes())
}

pub(super) fn instance_key(account: AccountId, id: &str) -> EntityId {
    Entity::id_of(Scope::Host, account, id.as_bytes())
}

pub(super) fn address_key(account: AccountId, address: Addr) -> EntityId {
    Entity::id_of(Scope::Anchor, account, &address.bits().to_be_bytes())
}

/// A key of anything whose id is unique in all of AWS, or in its account.
pub(super) fn named_key(account: AccountId, id: &str) -> EntityId {
    Entity::id_of(Scope::Anchor, account, id.as_bytes())
}

pub(super) fn bucket_key(name: &str) -> EntityId {
    Entity::id_of(Scope::Bucket, AccountId::UNKNOWN, name.as_bytes())
}

pub(super) fn session_key(access_key: &str) -> EntityId {
    Entity::id_of(Scope::Session, AccountId::UNKNOWN, access_key.as_bytes())
}
