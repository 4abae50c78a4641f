//! What the engine must hear of: the body of an entry of the control journal.

use model::{AccountId, Region};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Change, Owner};

/// The body of an entry: what changed, all at once.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Control {
    /// Documents that were written or deleted.
    #[serde(default)]
    pub documents: Vec<ControlDocument>,
    /// Contents of lists that were read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contents: Vec<ControlContent>,
    /// What somebody thinks of findings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<ControlFeedback>,
}

/// A document that was written or deleted.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ControlDocument {
    /// Whose it is.
    pub owner: Owner,
    /// Its kind, see [`crate::kinds`].
    pub kind: String,
    /// Its identifier.
    pub id: String,
    /// What it says from then on; none when it was deleted.
    pub body: Option<Value>,
}

/// The content of a list, as it was read from its location.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ControlContent {
    /// Whose list it is.
    pub owner: Owner,
    /// The kind of the list, one of [`crate::kinds::LISTS`].
    pub kind: String,
    /// Its identifier.
    pub id: String,
    /// Where it was read: a list that has moved since waits for its new content.
    pub location: String,
    /// SHA-256 of what was read, which the store keeps; none if nothing could be read or used.
    pub hash: Option<String>,
}

/// What somebody thinks of findings.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ControlFeedback {
    /// Who asked.
    pub owner: Owner,
    /// The findings.
    pub finding_ids: Vec<String>,
    /// `USEFUL` or `NOT_USEFUL`.
    pub feedback: String,
    /// What detectors know the findings by; nothing of samples.
    #[serde(default)]
    pub judged: Vec<Judged>,
}

/// What detectors know a finding by, as it was when somebody judged it: it may be gone when it is replayed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Judged {
    /// The account of the finding: perhaps that of a member.
    pub account: AccountId,
    /// Its Region.
    pub region: Region,
    /// Its type.
    pub finding_type: String,
    /// The key of its drafts.
    pub key: String,
}

impl Control {
    pub(crate) fn of(changes: &[Change]) -> Control {
        let document = |it: &Change| ControlDocument {
            owner: it.key.owner,
            kind: it.key.kind.clone(),
            id: it.key.id.clone(),
            body: it.body.clone(),
        };
        Control { documents: changes.iter().map(document).collect(), ..Control::default() }
    }
}
