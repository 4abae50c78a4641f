//! Facts about buckets: owner, policy, access control list, public access blocks, tags.

use std::sync::Arc;

use findings::Tag;
use model::{AccountId, Region, Timestamp};
use serde::{Deserialize, Serialize};

use super::instances::add_tags;
use super::timeline::{Fact, Text};

/// Longest policy that is kept, in bytes. S3 allows 20 KB
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html>).
pub(super) const POLICY_MAX: usize = 32 * 1024;

/// Most grants that are kept: S3's own limit
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html>).
pub(super) const GRANTS_MAX: usize = 100;

/// One grant of an access control list.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct AclGrant {
    /// Group URI, canonical user id or mail address.
    pub grantee: Text,
    /// `READ`, `WRITE`, `READ_ACP`, `WRITE_ACP` or `FULL_CONTROL`.
    pub permission: Text,
}

/// Settings of Block Public Access.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct BlockPublicAccess {
    /// `BlockPublicAcls`.
    pub block_public_acls: bool,
    /// `IgnorePublicAcls`.
    pub ignore_public_acls: bool,
    /// `BlockPublicPolicy`.
    pub block_public_policy: bool,
    /// `RestrictPublicBuckets`.
    pub restrict_public_buckets: bool,
}

impl BlockPublicAccess {
    /// Everything blocked.
    pub const ALL: BlockPublicAccess = BlockPublicAccess {
        block_public_acls: true,
        ignore_public_acls: true,
        block_public_policy: true,
        restrict_public_buckets: true,
    };
}

/// What is known of a bucket at one time. `None` means not known.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct BucketFact {
    /// Its name.
    pub name: Text,
    /// The account that owns it.
    pub account: AccountId,
    /// Its Region.
    pub region: Region,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// Its policy as JSON text; empty when it has none.
    pub policy: Option<Text>,
    /// The grants of its access control list.
    pub acl: Option<Arc<[AclGrant]>>,
    /// Block Public Access of the bucket.
    pub block: Option<BlockPublicAccess>,
    /// Whether S3 itself calls the policy public (`get-bucket-policy-status`).
    pub policy_is_public: Option<bool>,
    /// Canonical id of the owner, empty when not known.
    pub owner: Text,
    /// Its tags in order of their keys.
    pub tags: Vec<Tag>,
    /// Whether it was deleted.
    pub deleted: bool,
}

/// One piece of news about a bucket.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) enum BucketChange {
    Identity {
        name: Text,
        account: AccountId,
    },
    /// The bucket was made by a call, with this block.
    Made {
        time: Timestamp,
        block: BlockPublicAccess,
    },
    /// The bucket was made at a time that a description tells.
    Created(Timestamp),
    Region(Region),
    /// A call changed the policy.
    Policy(Text),
    /// A description shows the policy; what S3 says of it comes apart.
    DescribedPolicy(Text),
    Acl(Arc<[AclGrant]>),
    Block(BlockPublicAccess),
    PolicyIsPublic(bool),
    Owner(Text),
    Tags(Arc<[Tag]>),
    Deleted,
}

impl BucketFact {
    /// A bucket that is known to exist is left as it is: in us-east-1 making it again succeeds and
    /// changes nothing but the list of grants
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>). Else nothing of an
    /// earlier bucket, or of a later description, holds for the fresh one.
    fn make(&mut self, time: Timestamp, block: BlockPublicAccess) {
        /// A description and a record of the same creation differ by less.
        const SAME_MILLIS: i64 = 60_000;
        let is_again = self
            .created
            .is_some_and(|created| time.millis().saturating_sub(created.millis()) > SAME_MILLIS);
        if is_again && !self.deleted {
            return;
        }
        *self = BucketFact {
            name: self.name.clone(),
            account: self.account,
            created: Some(time),
            policy: Some(Text::default()),
            acl: Some(Arc::default()),
            block: Some(block),
            ..BucketFact::default()
        };
    }
}

impl Fact for BucketFact {
    type Change = BucketChange;

    fn apply(&mut self, change: &BucketChange) {
        match change {
            BucketChange::Identity { name, account } => {
                self.name = name.clone();
                if account.is_known() {
                    self.account = *account;
                }
            }
            BucketChange::Made { time, block } => self.make(*time, *block),
            BucketChange::Created(time) => (self.created, self.deleted) = (Some(*time), false),
            BucketChange::Region(region) => self.region = *region,
            BucketChange::Policy(text) => {
                (self.policy, self.policy_is_public) = (Some(text.clone()), None);
            }
            BucketChange::DescribedPolicy(text) => self.policy = Some(text.clone()),
            BucketChange::Acl(grants) => self.acl = Some(grants.clone()),
            BucketChange::Block(block) => self.block = Some(*block),
            BucketChange::PolicyIsPublic(is_public) => self.policy_is_public = Some(*is_public),
            BucketChange::Owner(id) => self.owner = id.clone(),
            BucketChange::Tags(tags) => {
                self.tags.clear();
                add_tags(&mut self.tags, tags);
            }
            BucketChange::Deleted => self.deleted = true,
        }
    }

    fn replaces(later: &BucketChange, earlier: &BucketChange) -> bool {
        std::mem::discriminant(later) == std::mem::discriminant(earlier)
    }
}

/// Block Public Access of a whole account at one time.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct AccountBlock(pub(super) BlockPublicAccess);

impl Fact for AccountBlock {
    type Change = BlockPublicAccess;

    fn apply(&mut self, change: &BlockPublicAccess) {
        self.0 = *change;
    }

    fn replaces(_later: &BlockPublicAccess, _earlier: &BlockPublicAccess) -> bool {
        true
    }
}
