//! What the finding types of custom detection rules, `Tactic:Service/Technique`, share.

use engine::findings::{Data, FindingType};
use engine::model::Severity;

/// A type without texts.
pub(super) const BASE: FindingType = FindingType {
    name: "",
    severity: Severity::MEDIUM,
    title: "",
    about: "",
    detection: "",
    false_positives: "",
    response: "",
    techniques: &[],
    data: &[Data::CloudTrailManagement],
    aggregation: "credential of the caller",
    is_own: false,
};
