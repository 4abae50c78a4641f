//! A merged draft as it is stored: everything but its type, which the next draft brings along.

use findings::ThreatIntelligenceDetail;
use findings::{Action, Draft, EvidenceRef, FindingType, Reason, Resource, ResourceRole};
use model::{AccountId, Region, Severity, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What is written.
#[derive(Serialize)]
pub(crate) struct DraftRef<'a> {
    account: AccountId,
    region: Region,
    key: &'a str,
    first: Timestamp,
    last: Timestamp,
    count: u64,
    severity: Severity,
    role: ResourceRole,
    title: &'a str,
    description: &'a str,
    resource: &'a Resource,
    action: &'a Action,
    additional: &'a Map<String, Value>,
    intel: &'a [ThreatIntelligenceDetail],
    evidence: &'a [EvidenceRef],
    reasons: &'a [Reason],
}

impl<'a> From<&'a Draft> for DraftRef<'a> {
    fn from(draft: &'a Draft) -> DraftRef<'a> {
        DraftRef {
            account: draft.account,
            region: draft.region,
            key: &draft.key,
            first: draft.first,
            last: draft.last,
            count: draft.count,
            severity: draft.severity,
            role: draft.role,
            title: &draft.title,
            description: &draft.description,
            resource: &draft.resource,
            action: &draft.action,
            additional: &draft.additional,
            intel: &draft.intel,
            evidence: &draft.evidence,
            reasons: &draft.reasons,
        }
    }
}

/// What is read.
#[derive(Deserialize)]
pub(crate) struct DraftRecord {
    account: AccountId,
    region: Region,
    key: String,
    first: Timestamp,
    last: Timestamp,
    count: u64,
    severity: Severity,
    role: ResourceRole,
    title: String,
    description: String,
    resource: Resource,
    action: Action,
    additional: Map<String, Value>,
    intel: Vec<ThreatIntelligenceDetail>,
    evidence: Vec<EvidenceRef>,
    reasons: Vec<Reason>,
}

impl DraftRecord {
    /// The draft, given its type.
    pub(crate) fn into_draft(self, finding_type: &'static FindingType) -> Draft {
        Draft {
            finding_type,
            account: self.account,
            region: self.region,
            key: self.key,
            first: self.first,
            last: self.last,
            count: self.count,
            severity: self.severity,
            role: self.role,
            title: self.title,
            description: self.description,
            resource: self.resource,
            action: self.action,
            additional: self.additional,
            intel: self.intel,
            evidence: self.evidence,
            reasons: self.reasons,
        }
    }
}
