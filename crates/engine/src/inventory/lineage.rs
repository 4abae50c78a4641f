//! Which session came from which credential.

use model::{AccountId, Addr, Timestamp};
use serde::{Deserialize, Serialize};

use super::table::Aged;
use super::timeline::Text;

/// What a session was made from.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Parent {
    /// Not told.
    #[default]
    Unknown,
    /// The principal id of a caller in another account, whose key the record leaves out.
    Principal(Text),
    /// A SAML or web identity: its user name or principal id.
    Federated(Text),
    /// An AWS service, such as `ec2.amazonaws.com`.
    Service(Text),
    /// A long-term key or another session, by access key id.
    Key(Text),
}

impl Parent {
    fn rank(&self) -> u8 {
        match self {
            Parent::Unknown => 0,
            Parent::Principal(_) => 1,
            Parent::Federated(_) | Parent::Service(_) => 2,
            Parent::Key(_) => 3,
        }
    }
}

/// How a session came about. Texts are empty when not known.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Lineage {
    /// Access key id of the session.
    pub access_key: Text,
    /// When it was issued.
    pub issued: Timestamp,
    /// The account that the session belongs to.
    pub account: AccountId,
    /// The call that issued it, such as `AssumeRole`.
    pub call: Text,
    /// ARN of the role.
    pub role: Text,
    /// Name of the session, or of the federated user.
    pub session_name: Text,
    /// What it was made from.
    pub parent: Parent,
    /// Address the request came from; unspecified when a service asked.
    pub source: Addr,
    /// `sourceIdentity`.
    pub source_identity: Text,
}

impl Lineage {
    /// How long a session is remembered after it was issued, in milliseconds: the longest that STS issues
    /// lasts 36 hours
    /// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html>), with 12 hours of
    /// slack for late records.
    pub const RETENTION_MILLIS: i64 = 48 * Timestamp::HOUR_MILLIS;

    /// Takes in a second record of the same session: the other account's side of a cross-account call
    /// knows less of the caller.
    pub(super) fn merge(&mut self, other: Lineage) {
        if self.access_key.is_empty() || other.parent.rank() > self.parent.rank() {
            let identity = std::mem::take(&mut self.source_identity);
            *self = other;
            if self.source_identity.is_empty() {
                self.source_identity = identity;
            }
        } else if self.source_identity.is_empty() {
            self.source_identity = other.source_identity;
        }
    }
}

impl Aged for Lineage {
    fn age(&self) -> Timestamp {
        self.issued
    }
}
