//! Facts from descriptions of buckets.

use model::{AccountId, Region, Timestamp};
use serde_json::Value;

use super::buckets::BucketChange;
use super::describe::{DescribeError, Place};
use super::facts::Inventory;
use super::json::{flag, get, list, member_text, text, time};
use super::learn_s3::{read_block, read_grants, read_policy};
use super::read_ec2::read_tags;
use super::timeline::Text;

impl Inventory {
    /// One bucket of `list-buckets`. Returns whether it has a name.
    pub(super) fn describe_bucket(
        &mut self,
        value: &Value,
        place: &Place<'_>,
    ) -> Result<bool, DescribeError> {
        let owner = place.known_account("Buckets")?;
        let Some(name) = member_text(value, "name") else { return Ok(false) };
        let created = time(get(value, "creationDate"));
        let mut changes: Vec<BucketChange> =
            created.map(BucketChange::Created).into_iter().collect();
        // The Region of the wrapper is the caller's: a list of buckets spans all Regions.
        changes.extend(
            member_text(value, "bucketRegion").map(|name| BucketChange::Region(Region::new(&name))),
        );
        self.learn_bucket(&name, owner, created.unwrap_or(Timestamp::MIN), changes);
        Ok(true)
    }

    /// `Owner` of `list-buckets` is the owner of all of them.
    pub(super) fn describe_bucket_owner(&mut self, whole: &Value) {
        let Some(owner) = member_text(get(whole, "owner"), "ID") else { return };
        for value in list(get(whole, "buckets")) {
            let Some(name) = member_text(value, "name") else { continue };
            let from = time(get(value, "creationDate")).unwrap_or(Timestamp::MIN);
            let change = vec![BucketChange::Owner(owner.clone())];
            self.learn_bucket(&name, AccountId::UNKNOWN, from, change);
        }
    }

    /// A member of a `get-bucket-*` output, which itself does not name the bucket. Returns `None` when
    /// the member is none of them, else whether it was learnt.
    pub(super) fn describe_bucket_part(
        &mut self,
        member: &str,
        whole: &Value,
        place: &Place<'_>,
    ) -> Result<Option<bool>, DescribeError> {
        let value = whole.get(member).unwrap_or(&Value::Null);
        let change = match member {
            // `Policy` is text here; an object of this name is another service's.
            "Policy" if value.is_string() => read_policy(value).map(BucketChange::DescribedPolicy),
            "PolicyStatus" => flag(get(value, "isPublic")).map(BucketChange::PolicyIsPublic),
            "PublicAccessBlockConfiguration" => {
                let block = read_block(value);
                if place.bucket.is_none() {
                    let owner = place.known_account(member)?;
                    let learnt =
                        block.and_then(|b| self.take_account_block(owner, Timestamp::MIN, b));
                    return Ok(Some(learnt.is_some()));
                }
                block.map(BucketChange::Block)
            }
            "Grants" => value.is_array().then(|| BucketChange::Acl(read_grants(value))),
            "TagSet" => value.is_array().then(|| BucketChange::Tags(read_tags(value))),
            "LocationConstraint" => {
                // Null means the first Region
                // (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html>).
                let name = text(value).unwrap_or_else(|| Text::from("us-east-1"));
                Some(BucketChange::Region(Region::new(&name)))
            }
            _ => return Ok(None),
        };
        let bucket = place.known_bucket(member)?;
        let Some(change) = change else { return Ok(Some(false)) };
        let mut changes = vec![change];
        if member == "Grants" {
            changes.extend(member_text(get(whole, "owner"), "ID").map(BucketChange::Owner));
        }
        let owner = place.account.unwrap_or_default();
        self.learn_bucket(&bucket, owner, Timestamp::MIN, changes);
        Ok(Some(true))
    }
}
