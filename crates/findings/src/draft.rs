//! A finding to be: what a detector raises and the store merges.

use model::{AccountId, Origin, Region, Severity, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Action, FindingType, Resource};

/// Which side of the activity the resource is on (`service.resourceRole`).
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum ResourceRole {
    /// The remote party acts on our resource.
    #[default]
    Target,
    /// Our resource acts on the remote party.
    Actor,
}

/// A list that named the remote party (`service.evidence.threatIntelligenceDetails[]`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ThreatIntelligenceDetail {
    /// Name of the list.
    pub threat_list_name: String,
    /// What the list calls the threat.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub threat_names: Vec<String>,
    /// SHA-256 of the file concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threat_file_sha256: Option<String>,
}

/// A record that supports a finding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct EvidenceRef {
    /// Event time of the record.
    pub time: Timestamp,
    /// Where the record is.
    pub origin: Origin,
}

/// One reason for a finding: a value that was measured against what would have been usual or allowed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// What was measured, such as `distinct ports in 15 minutes`.
    pub what: String,
    /// What was seen.
    pub value: String,
    /// What it was compared with, such as a threshold by its setting's name; empty when there is none.
    pub threshold: String,
}

impl Reason {
    /// Makes a reason from anything that can be printed.
    #[expect(clippy::needless_pass_by_value, reason = "callers pass numbers and texts as they are")]
    pub fn new(what: &str, value: impl ToString, threshold: impl ToString) -> Reason {
        Reason { what: what.to_owned(), value: value.to_string(), threshold: threshold.to_string() }
    }
}

/// A finding to be: one or more occurrences of one security issue.
#[derive(Clone, PartialEq, Debug)]
pub struct Draft {
    /// The type.
    pub finding_type: &'static FindingType,
    /// The account that owns the resource.
    pub account: AccountId,
    /// The Region of the activity.
    pub region: Region,
    /// What makes it the same finding, beside account, Region, type and role: the primary resource, and
    /// for API callers the credential.
    pub key: String,
    /// Event time of the first occurrence.
    pub first: Timestamp,
    /// Event time of the latest occurrence.
    pub last: Timestamp,
    /// Number of occurrences.
    pub count: u64,
    /// Severity of the latest occurrence.
    pub severity: Severity,
    /// The side that the resource is on.
    pub role: ResourceRole,
    /// Title with the particulars filled in.
    pub title: String,
    /// Description with the particulars filled in.
    pub description: String,
    /// The resource concerned.
    pub resource: Resource,
    /// What was done.
    pub action: Action,
    /// Keys of `service.additionalInfo`.
    pub additional: Map<String, Value>,
    /// The lists that named the remote party.
    pub intel: Vec<ThreatIntelligenceDetail>,
    /// Records that support it, at most [`Draft::EVIDENCE_MAX`].
    pub evidence: Vec<EvidenceRef>,
    /// Why it was raised.
    pub reasons: Vec<Reason>,
}

impl Draft {
    /// Most records that are kept with one draft.
    pub const EVIDENCE_MAX: usize = 8;
    /// The key of [`Draft::additional`] that names the custom detection rule: a member of the finding.
    pub const CUSTOM_RULE: &'static str = "customDetectionRuleName";

    /// The key of [`Draft::additional`] that holds `service.detection`: a member of the finding.
    pub const DETECTION: &'static str = "detection";

    /// What the key begins with of a match that is only counted.
    const COUNTED: &'static str = "dry-run ";

    /// A match of a custom detection rule in dry run, which is only counted: without evidence and resource it
    /// corroborates nothing.
    pub fn counted(
        finding_type: &'static FindingType,
        account: AccountId,
        region: Region,
        rule: &str,
        time: Timestamp,
    ) -> Draft {
        Draft::new(finding_type, account, region, format!("{}{rule}", Draft::COUNTED), time)
    }

    /// The custom detection rule in dry run that it is a match of; none if it is a finding.
    pub fn counted_rule(&self) -> Option<&str> {
        self.key.strip_prefix(Draft::COUNTED)
    }

    /// A draft of one occurrence with the type's own severity and nothing else known.
    pub fn new(
        finding_type: &'static FindingType,
        account: AccountId,
        region: Region,
        key: impl Into<String>,
        time: Timestamp,
    ) -> Draft {
        Draft {
            finding_type,
            account,
            region,
            key: key.into(),
            first: time,
            last: time,
            count: 1,
            severity: finding_type.severity,
            role: ResourceRole::default(),
            title: String::new(),
            description: String::new(),
            resource: Resource::default(),
            action: Action::default(),
            additional: Map::new(),
            intel: Vec::new(),
            evidence: Vec::new(),
            reasons: Vec::new(),
        }
    }
}
