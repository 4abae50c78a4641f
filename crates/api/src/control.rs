//! What the engine must hear of: the body of an entry of the control journal.

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
}

impl Control {
    pub(crate) fn of(changes: &[Change]) -> Control {
        let document = |it: &Change| ControlDocument {
            owner: it.key.owner,
            kind: it.key.kind.clone(),
            id: it.key.id.clone(),
            body: it.body.clone(),
        };
        Control { documents: changes.iter().map(document).collect(), feedback: None }
    }
}
