//! The inventory itself: its tables, and which calls teach it.

use std::collections::{BTreeMap, BTreeSet};

use model::{AccountId, Addr, Entity, EntityId, Scope, Timestamp};
use serde::{Deserialize, Serialize};
use telemetry::{ApiCall, ApiRows};

use super::buckets::{AccountBlock, BucketFact};
use super::functions::FunctionFact;
use super::instances::Instance;
use super::json::body;
use super::learn_ec2::Ec2Call;
use super::learn_lambda::LambdaCall;
use super::learn_s3::S3Call;
use super::learn_sts::parsed;
use super::lineage::Lineage;
use super::network::{
    AddressRow, Elastic, Handle, ImageRow, InterfaceRow, NatGatewayFact, VpcEndpointFact, VpcRow,
};
use super::shared::Texts;
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
/// Most Lambda functions that are known at once.
pub(super) const FUNCTIONS_MAX: usize = 1 << 16;
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
    pub(super) functions: Table<History<FunctionFact>, FUNCTIONS_MAX>,
    pub(super) buckets: Table<History<BucketFact>, BUCKETS_MAX>,
    pub(super) account_blocks: BTreeMap<AccountId, History<AccountBlock>>,
    pub(super) sessions: Table<Lineage, SESSIONS_MAX>,
    pub(super) accounts: BTreeSet<AccountId>,
    pub(super) counts: LearnCounts,
    #[serde(skip)]
    pub(super) texts: Texts,
}

impl Inventory {
    /// The calls that teach facts; the parser keeps their request and response.
    pub const CALLS: &[&str] = &[
        "AcceptHandshake",
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
        "CreateBucket",
        "CreateFunction",
        "CreateNatGateway",
        "CreateNetworkInterface",
        "CreateTags",
        "CreateVpcEndpoint",
        "DeleteAccountPublicAccessBlock",
        "DeleteBucket",
        "DeleteBucketPolicy",
        "DeleteBucketPublicAccessBlock",
        "DeleteBucketTagging",
        "DeleteFunction",
        "DeleteNatGateway",
        "DeleteNetworkInterface",
        "DeletePublicAccessBlock",
        "DeleteTags",
        "DetachNetworkInterface",
        "DisassociateAddress",
        "DisassociateIamInstanceProfile",
        "GetFederationToken",
        "GetSessionToken",
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
        "UpdateFunctionConfiguration",
    ];

    /// Whether the call changes facts that settle flows, or whom findings about flows name: interfaces,
    /// addresses, functions. A batch is cut before such a call.
    pub fn teaches_network(event_name: &str) -> bool {
        matches!(
            event_name,
            "AllocateAddress"
                | "AssignIpv6Addresses"
                | "AssignPrivateIpAddresses"
                | "AssociateAddress"
                | "AssociateNatGatewayAddress"
                | "AttachNetworkInterface"
                | "CreateFunction"
                | "CreateNatGateway"
                | "CreateNetworkInterface"
                | "DeleteFunction"
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
                | "UpdateFunctionConfiguration"
        )
    }

    /// Learns from one successful call. JSON that does not fit is ignored and counted; failed calls and
    /// calls that teach nothing are ignored.
    pub fn learn(&mut self, call: &ApiCall, block: &ApiRows) {
        let name = call.event_name.of(&block.text);
        if !call.is_success() || Inventory::CALLS.binary_search(&name).is_err() {
            return;
        }
        self.add_account(call.account);
        match self.learn_by_service(call, block) {
            Some(()) => self.counts.learnt += 1,
            None => self.counts.unreadable += 1,
        }
    }

    /// Returns `None` when members that are needed are missing.
    fn learn_by_service(&mut self, call: &ApiCall, block: &ApiRows) -> Option<()> {
        let name = call.event_name.of(&block.text);
        let (account, region, time) = (call.account, call.region, call.time);
        match call.event_source.of(&block.text) {
            "sts.amazonaws.com" => self.learn_sts(call, &block.text),
            "ec2.amazonaws.com" => {
                let (request, response) =
                    (parsed(call.request, block), parsed(call.response, block));
                let (request, response) = (body(&request), body(&response));
                self.learn_ec2(&Ec2Call { name, account, region, time, request, response })
            }
            "s3.amazonaws.com" => {
                let request = &parsed(call.request, block);
                self.learn_s3(&S3Call { name, account, region, time, request })
            }
            "lambda.amazonaws.com" => {
                let (request, response) =
                    (&parsed(call.request, block), &parsed(call.response, block));
                self.learn_lambda(&LambdaCall { name, account, time, request, response })
            }
            "organizations.amazonaws.com" => {
                self.learn_organization(name, &parsed(call.response, block))
            }
            // A call of the same name of another service.
            _ => Some(()),
        }
    }

    pub(super) fn count_age(&mut self, is_kept: bool) {
        self.counts.too_old += u64::from(!is_kept);
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
            + self.functions.evicted()
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
