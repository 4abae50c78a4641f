//! Facts from descriptions: the output of `aws … describe-*`, `list-*` and `get-*`.

use model::{AccountId, Region};
use serde_json::Value;

use super::facts::Inventory;
use super::json::{account, cut, get, text};
use super::timeline::Text;

/// Longest description that is read, in bytes.
pub const DESCRIPTION_MAX: usize = 256 << 20;

/// What a description taught.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DescribeSummary {
    /// Objects that were learnt.
    pub learnt: u64,
    /// Objects without the members that are needed.
    pub ignored: u64,
}

/// A description cannot be used. The message says which file, which member and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DescribeError {
    /// Not JSON.
    #[error("cannot read inventory {name}: not JSON; write it with `aws … --output json`")]
    Json {
        /// The file.
        name: String,
        /// What the JSON reader says.
        source: serde_json::Error,
    },
    /// Longer than [`DESCRIPTION_MAX`].
    #[error(
        "cannot read inventory {name}: {bytes} bytes are more than {DESCRIPTION_MAX}; split it"
    )]
    TooLarge {
        /// The file.
        name: String,
        /// Its length.
        bytes: usize,
    },
    /// No member that is known.
    #[error(
        "cannot read inventory {name}: no member of a known description ({found}); give the JSON output \
         of {KNOWN}"
    )]
    Unknown {
        /// The file.
        name: String,
        /// The members that were found, the first few.
        found: String,
    },
    /// A member that needs an account, a Region or a bucket which the file does not name.
    #[error(
        "cannot tell the {missing} of {member} in inventory {name}: wrap the output as \
         {{\"account\": \"111122223333\", \"region\": \"us-east-1\", \"bucket\": \"…\", \"{member}\": …}}"
    )]
    Missing {
        /// The file.
        name: String,
        /// The member.
        member: String,
        /// `account` or `bucket`.
        missing: &'static str,
    },
}

const KNOWN: &str = "`aws ec2 describe-instances`, `describe-network-interfaces`, `describe-addresses`, \
    `describe-nat-gateways`, `describe-vpc-endpoints`, `describe-subnets`, `describe-images`, \
    `aws lambda list-functions`, `get-function`, `aws s3api list-buckets`, `get-bucket-policy`, `get-bucket-policy-status`, \
    `get-public-access-block`, `get-bucket-acl`, `get-bucket-tagging` or \
    `aws organizations list-accounts`";

impl Inventory {
    /// Learns from the output of a description. `name` is the file's name for messages; the account and
    /// Region are used where the output itself names none.
    ///
    /// A described fact holds from the object's creation on (launch, attachment, creation date), else from
    /// always, until a later fact contradicts it.
    /// After an error, what the file said before the place of the error is learnt.
    pub fn add_description(
        &mut self,
        name: &str,
        json: &[u8],
        default_account: Option<AccountId>,
        default_region: Option<Region>,
    ) -> Result<DescribeSummary, DescribeError> {
        if json.len() > DESCRIPTION_MAX {
            return Err(DescribeError::TooLarge { name: name.to_owned(), bytes: json.len() });
        }
        let value: Value = serde_json::from_slice(json)
            .map_err(|source| DescribeError::Json { name: name.to_owned(), source })?;
        let place = Place {
            file: name,
            account: default_account.filter(|account| account.is_known()),
            region: default_region.unwrap_or_default(),
            bucket: None,
        };
        let mut summary = DescribeSummary::default();
        if !self.describe_document(&value, &place, DEPTH_MAX, &mut summary)? {
            return Err(DescribeError::Unknown { name: name.to_owned(), found: members(&value) });
        }
        Ok(summary)
    }

    /// Returns whether any member is one of a known description.
    fn describe_document(
        &mut self,
        value: &Value,
        outer: &Place<'_>,
        depth: usize,
        summary: &mut DescribeSummary,
    ) -> Result<bool, DescribeError> {
        let mut is_known = false;
        if depth == 0 {
            return Ok(false);
        }
        match value {
            Value::Array(documents) => {
                for document in documents {
                    is_known |= self.describe_document(document, outer, depth - 1, summary)?;
                }
            }
            Value::Object(members) => {
                let place = outer.narrowed(value);
                if let Some(account) = place.account {
                    self.add_account(account);
                }
                for (member, inner) in members {
                    let is_own = match self.describe_member(member, value, &place, summary)? {
                        true => true,
                        false if inner.is_object() || inner.is_array() => {
                            self.describe_document(inner, &place, depth - 1, summary)?
                        }
                        false => false,
                    };
                    is_known |= is_own;
                }
            }
            _ => {}
        }
        Ok(is_known)
    }

    /// Returns whether the member is one of a known description.
    fn describe_member(
        &mut self,
        member: &str,
        whole: &Value,
        place: &Place<'_>,
        summary: &mut DescribeSummary,
    ) -> Result<bool, DescribeError> {
        let values = whole.get(member).unwrap_or(&Value::Null);
        let one: fn(&mut Inventory, &Value, &Place<'_>) -> Result<bool, DescribeError> =
            match member {
                "Reservations" => Inventory::describe_reservation,
                "NetworkInterfaces" => Inventory::describe_interface,
                "Addresses" => Inventory::describe_address,
                "NatGateways" => Inventory::describe_gateway,
                "VpcEndpoints" => Inventory::describe_endpoint,
                "Images" => |inventory, value, _| Ok(inventory.describe_image(value)),
                "Accounts" => |inventory, value, _| Ok(inventory.describe_account(value)),
                "Buckets" => Inventory::describe_bucket,
                "Functions" => Inventory::describe_function,
                // Known, but nothing that a look-up needs is in it.
                "Subnets" | "Vpcs" => |_, _, _| Ok(false),
                "Configuration" if get(values, "functionName").is_string() => {
                    summary.count(self.describe_one_function(values, whole, place)?);
                    return Ok(true);
                }
                _ => {
                    let Some(is_learnt) = self.describe_bucket_part(member, whole, place)? else {
                        return Ok(false);
                    };
                    summary.count(is_learnt);
                    return Ok(true);
                }
            };
        for value in values.as_array().map_or(&[][..], Vec::as_slice) {
            let is_learnt = one(self, value, place)?;
            summary.count(is_learnt);
        }
        if member == "Buckets" {
            self.describe_bucket_owner(whole);
        }
        Ok(true)
    }
}

impl DescribeSummary {
    fn count(&mut self, is_learnt: bool) {
        self.learnt += u64::from(is_learnt);
        self.ignored += u64::from(!is_learnt);
    }
}

/// Deepest nesting of wrappers.
const DEPTH_MAX: usize = 6;

/// Where a description belongs: what its wrappers, else the defaults, say.
#[derive(Clone)]
pub(super) struct Place<'f> {
    pub(super) file: &'f str,
    pub(super) account: Option<AccountId>,
    pub(super) region: Region,
    pub(super) bucket: Option<Text>,
}

impl Place<'_> {
    fn narrowed(&self, wrapper: &Value) -> Self {
        let member = |name| wrapper.get(name).unwrap_or(&Value::Null);
        let mut place = self.clone();
        place.account = account(member("account")).or(place.account);
        if let Some(region) = text(member("region")) {
            place.region = Region::new(&region);
        }
        place.bucket = text(member("bucket")).or(place.bucket);
        place
    }

    fn missing(&self, member: &str, missing: &'static str) -> DescribeError {
        DescribeError::Missing { name: self.file.to_owned(), member: member.to_owned(), missing }
    }

    /// The account that the object names, else the wrapper's.
    pub(super) fn account_of(
        &self,
        object: &Value,
        member: &str,
    ) -> Result<AccountId, DescribeError> {
        ["OwnerId", "NetworkInterfaceOwnerId"]
            .into_iter()
            .find_map(|name| account(get(object, name)))
            .or(self.account)
            .ok_or_else(|| self.missing(member, "account"))
    }

    pub(super) fn known_account(&self, member: &str) -> Result<AccountId, DescribeError> {
        self.account.ok_or_else(|| self.missing(member, "account"))
    }

    pub(super) fn known_bucket(&self, member: &str) -> Result<Text, DescribeError> {
        self.bucket.clone().ok_or_else(|| self.missing(member, "bucket"))
    }
}

/// The first few members of a document, for a message.
fn members(value: &Value) -> String {
    const SHOWN: usize = 5;
    let names: Vec<String> = match value {
        Value::Object(members) => members
            .keys()
            .take(SHOWN)
            .map(|name| cut(name, 64).escape_debug().to_string())
            .collect(),
        _ => Vec::new(),
    };
    if names.is_empty() {
        "it has no members".to_owned()
    } else {
        format!("found {}", names.join(", "))
    }
}
