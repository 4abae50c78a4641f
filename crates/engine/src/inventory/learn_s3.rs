//! Facts from S3's calls about buckets.

use std::sync::Arc;

use model::{AccountId, Region, Timestamp};
use serde_json::Value;

use super::buckets::{AclGrant, BlockPublicAccess, BucketChange, GRANTS_MAX, POLICY_MAX};
use super::facts::{ACCOUNTS_MAX, Inventory, bucket_key};
use super::json::{account, cut, flag, get, list, member_text, text};
use super::learn_ec2::just_before;
use super::read_ec2::read_tags;
use super::timeline::Text;

/// Since when a bucket is made with Block Public Access on: the end of April 2023
/// (<https://aws.amazon.com/about-aws/whats-new/2023/04/amazon-s3-two-security-best-practices-buckets-default/>).
const BLOCKED_BY_DEFAULT_SINCE: Timestamp = Timestamp::from_secs(1_682_812_800);

/// One call with its JSON read.
pub(super) struct S3Call<'c> {
    pub(super) name: &'c str,
    pub(super) account: AccountId,
    pub(super) region: Region,
    pub(super) time: Timestamp,
    pub(super) request: &'c Value,
}

impl Inventory {
    /// Returns `None` when members that are needed are missing.
    pub(super) fn learn_s3(&mut self, call: &S3Call<'_>) -> Option<()> {
        let bucket = member_text(call.request, "bucketName");
        let change = match call.name {
            "CreateBucket" => {
                self.create_bucket(call, &bucket?);
                return Some(());
            }
            "DeleteBucket" => BucketChange::Deleted,
            "PutBucketPolicy" => {
                BucketChange::Policy(read_policy(get(call.request, "bucketPolicy"))?)
            }
            "DeleteBucketPolicy" => BucketChange::Policy(Text::default()),
            "PutBucketAcl" => BucketChange::Acl(requested_acl(call.request)?),
            "PutBucketTagging" => BucketChange::Tags(read_tags(get(
                get(get(call.request, "Tagging"), "TagSet"),
                "Tag",
            ))),
            "DeleteBucketTagging" => BucketChange::Tags(Arc::default()),
            // S3 and S3 Control log both names for both levels: a bucket's name tells them apart.
            "PutBucketPublicAccessBlock"
            | "PutPublicAccessBlock"
            | "PutAccountPublicAccessBlock" => {
                let block = read_block(get(call.request, "publicAccessBlockConfiguration"))?;
                match &bucket {
                    Some(_) => BucketChange::Block(block),
                    None => return self.learn_account_block(call, block),
                }
            }
            "DeleteBucketPublicAccessBlock"
            | "DeletePublicAccessBlock"
            | "DeleteAccountPublicAccessBlock" => match &bucket {
                Some(_) => BucketChange::Block(BlockPublicAccess::default()),
                None => return self.learn_account_block(call, BlockPublicAccess::default()),
            },
            _ => return None,
        };
        // The caller's account is not always the owner's, but the trail that has it is.
        self.learn_bucket(&bucket?, call.account, call.time, vec![change]);
        Some(())
    }

    fn create_bucket(&mut self, call: &S3Call<'_>, bucket: &Text) {
        let asked = get(get(call.request, "createBucketConfiguration"), "locationConstraint");
        let region = match text(asked).as_deref() {
            Some("EU") => Region::new("eu-west-1"),
            Some(name) => Region::new(name),
            None => call.region,
        };
        let block = if call.time >= BLOCKED_BY_DEFAULT_SINCE {
            BlockPublicAccess::ALL
        } else {
            BlockPublicAccess::default()
        };
        let mut changes =
            vec![BucketChange::Made { time: call.time, block }, BucketChange::Region(region)];
        changes.extend(requested_acl(call.request).map(BucketChange::Acl));
        self.learn_bucket(bucket, call.account, just_before(call.time), changes);
    }

    pub(super) fn learn_bucket(
        &mut self,
        name: &Text,
        owner: AccountId,
        from: Timestamp,
        mut changes: Vec<BucketChange>,
    ) {
        changes.insert(0, BucketChange::Identity { name: name.clone(), account: owner });
        let is_kept = self.buckets.row(bucket_key(name)).learn(from, changes);
        self.count_age(is_kept);
    }

    fn learn_account_block(&mut self, call: &S3Call<'_>, block: BlockPublicAccess) -> Option<()> {
        let owner = account(get(call.request, "accountId")).unwrap_or(call.account);
        self.take_account_block(owner, call.time, block)
    }

    /// Returns `None` when there are too many accounts.
    pub(super) fn take_account_block(
        &mut self,
        owner: AccountId,
        from: Timestamp,
        block: BlockPublicAccess,
    ) -> Option<()> {
        if self.account_blocks.len() >= ACCOUNTS_MAX && !self.account_blocks.contains_key(&owner) {
            return None;
        }
        let is_kept = self.account_blocks.entry(owner).or_default().learn(from, vec![block]);
        self.count_age(is_kept);
        Some(())
    }
}

/// A policy as text: CloudTrail writes an object, descriptions write text.
pub(super) fn read_policy(value: &Value) -> Option<Text> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Object(_) => value.to_string(),
        _ => return None,
    };
    (text.len() <= POLICY_MAX).then(|| text.into())
}

/// Block Public Access as a request asks for it; a setting that is absent is off. `None` where it is no object.
pub fn read_block(value: &Value) -> Option<BlockPublicAccess> {
    if !value.is_object() {
        return None;
    }
    let setting = |name: &str| flag(get(value, name)).unwrap_or(false);
    Some(BlockPublicAccess {
        block_public_acls: setting("blockPublicAcls"),
        ignore_public_acls: setting("ignorePublicAcls"),
        block_public_policy: setting("blockPublicPolicy"),
        restrict_public_buckets: setting("restrictPublicBuckets"),
    })
}

/// The grants that a `PutBucketAcl` or `CreateBucket` asks for: a whole list, a canned one, or headers. `None`
/// where it asks for none.
pub fn requested_acl(request: &Value) -> Option<Arc<[AclGrant]>> {
    let policy = get(request, "accessControlPolicy");
    if policy.is_object() {
        return Some(read_grants(get(get(policy, "accessControlList"), "grant")));
    }
    if let Some(canned) = member_text(request, "x-amz-acl") {
        return Some(canned_acl(&canned));
    }
    let headers = [
        ("x-amz-grant-read", "READ"),
        ("x-amz-grant-write", "WRITE"),
        ("x-amz-grant-read-acp", "READ_ACP"),
        ("x-amz-grant-write-acp", "WRITE_ACP"),
        ("x-amz-grant-full-control", "FULL_CONTROL"),
    ];
    let mut grants = Vec::new();
    for (header, permission) in headers {
        let Some(grantees) = member_text(request, header) else { continue };
        for grantee in grantees.split(',') {
            // `uri="…"`, `id="…"` or `emailAddress="…"`.
            let grantee = grantee.split_once('=').map_or(grantee, |(_, name)| name);
            let grantee = grantee.trim().trim_matches('"').into();
            grants.push(AclGrant { grantee, permission: permission.into() });
        }
    }
    grants.truncate(GRANTS_MAX);
    (!grants.is_empty()).then(|| grants.into())
}

/// Grants in S3's spelling, alike in CloudTrail and descriptions.
pub(super) fn read_grants(value: &Value) -> Arc<[AclGrant]> {
    list(value)
        .filter_map(|grant| {
            let grantee = get(grant, "grantee");
            let name =
                ["URI", "ID", "EmailAddress"].into_iter().find_map(|k| text(get(grantee, k)));
            Some(AclGrant { grantee: name?, permission: text(get(grant, "permission"))? })
        })
        .take(GRANTS_MAX)
        .collect()
}

/// Canned lists (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl>).
/// The owner's own grant is left out.
fn canned_acl(name: &str) -> Arc<[AclGrant]> {
    let (group, permissions): (_, &[&str]) = match name {
        "public-read" => ("AllUsers", &["READ"]),
        "public-read-write" => ("AllUsers", &["READ", "WRITE"]),
        "authenticated-read" => ("AuthenticatedUsers", &["READ"]),
        _ => return Arc::default(),
    };
    let grantee = cut(&format!("http://acs.amazonaws.com/groups/global/{group}"), 256);
    permissions
        .iter()
        .map(|permission| AclGrant { grantee: grantee.clone(), permission: (*permission).into() })
        .collect()
}
