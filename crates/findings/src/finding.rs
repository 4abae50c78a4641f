//! A finding as GuardDuty writes it: the JSON that `GetFindings`, exports and events carry.
//!
//! Members and casing by
//! <https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Finding.html>; the order of the
//! members is that of recorded findings.

use model::{AccountId, Region, Severity, SeverityBand, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::{Action, Resource, ResourceRole, ThreatIntelligenceDetail};

/// One finding. Only findings that a store holds were committed; [`crate::Draft`] is what comes before.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// `2.0`.
    pub schema_version: String,
    /// The account that owns the resource.
    pub account_id: AccountId,
    /// The Region of the activity.
    pub region: Region,
    /// `aws`, `aws-cn`, `aws-us-gov`, …
    #[serde(default)]
    pub partition: String,
    /// 32 hexadecimal digits, see [`crate::finding_id`].
    pub id: String,
    /// `arn:<partition>:guardduty:<region>:<account>:detector/<detectorId>/finding/<id>`.
    pub arn: String,
    /// The type string, see [`crate::FindingType::name`].
    #[serde(rename = "type")]
    pub finding_type: String,
    /// The resource concerned.
    pub resource: Resource,
    /// What was done, when and how often.
    pub service: Service,
    /// 1 to 10, a whole JSON number.
    #[serde(serialize_with = "write_severity", deserialize_with = "read_severity")]
    pub severity: Severity,
    /// Confidence; never set by Guardpost, kept when a finding is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// When the finding was committed first.
    #[serde(with = "iso")]
    pub created_at: Timestamp,
    /// When it was last changed by a commit.
    #[serde(with = "iso")]
    pub updated_at: Timestamp,
    /// One line with the particulars.
    #[serde(default)]
    pub title: String,
    /// A few sentences with the particulars.
    #[serde(default)]
    pub description: String,
    /// The attack sequence that uses this finding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub associated_attack_sequence_arn: Option<String>,
}

/// `service`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// `guardduty`: clients select findings by it.
    #[serde(default)]
    pub service_name: String,
    /// 32 lower-case alphanumerics, see [`crate::detector_id`].
    #[serde(default)]
    pub detector_id: String,
    /// What was done; absent for attack sequences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// The lists that named the remote party.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// The anomaly or sequence that was detected, in the shape of the interface model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detection: Option<Value>,
    /// The side that the resource is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_role: Option<ResourceRole>,
    /// Further particulars, and under the key `guardpost` the [`crate::Explanation`].
    #[serde(default)]
    pub additional_info: AdditionalInfo,
    /// The source of records that raised it, such as `FlowLogs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature_name: Option<String>,
    /// Event time of the first occurrence.
    #[serde(with = "iso")]
    pub event_first_seen: Timestamp,
    /// Event time of the latest occurrence.
    #[serde(with = "iso")]
    pub event_last_seen: Timestamp,
    /// Whether a person or a filter put it aside.
    #[serde(default)]
    pub archived: bool,
    /// Number of occurrences.
    #[serde(default)]
    pub count: u64,
    /// `USEFUL` or `NOT_USEFUL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_feedback: Option<String>,
}

/// `service.evidence`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// One element per list.
    #[serde(default)]
    pub threat_intelligence_details: Vec<ThreatIntelligenceDetail>,
}

/// `service.additionalInfo`: JSON text with a type beside it.
///
/// Events and exports of GuardDuty repeat the keys beside `value`, and old findings have only those;
/// they are kept in `expanded` when a finding is read.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct AdditionalInfo {
    /// A JSON object as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// `default`.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub info_type: Option<String>,
    /// Keys that stand beside the two.
    #[serde(flatten)]
    pub expanded: Map<String, Value>,
}

impl AdditionalInfo {
    /// Writes the keys as `value`.
    pub fn of(keys: &Map<String, Value>) -> AdditionalInfo {
        AdditionalInfo {
            value: Some(serde_json::to_string(keys).unwrap_or_else(|_| "{}".to_owned())),
            info_type: Some("default".to_owned()),
            expanded: Map::new(),
        }
    }

    /// The keys of `value`, else those beside it; empty when `value` is not a JSON object.
    pub fn keys(&self) -> Map<String, Value> {
        match &self.value {
            Some(text) => serde_json::from_str(text).unwrap_or_default(),
            None => self.expanded.clone(),
        }
    }
}

impl Finding {
    /// `schemaVersion` of every finding.
    pub const SCHEMA_VERSION: &'static str = "2.0";
    /// `service.serviceName` of every finding.
    pub const SERVICE_NAME: &'static str = "guardduty";

    /// The band of the severity.
    pub const fn band(&self) -> SeverityBand {
        self.severity.band()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn write_severity<S: Serializer>(severity: &Severity, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u8(severity.value())
}

/// The interface model says double: fractions are cut, as filters by whole numbers do.
fn read_severity<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Severity, D::Error> {
    let number = f64::deserialize(deserializer)?;
    let whole = if (1.0..=10.0).contains(&number) { number as u8 } else { 0 };
    Severity::new(whole)
        .ok_or_else(|| serde::de::Error::custom("severity is not a number from 1 to 10"))
}

/// Times as text, the form of findings: `2018-08-26T14:17:23.000Z`.
pub(crate) mod iso {
    use model::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
    pub(crate) fn serialize<S: Serializer>(
        time: &Timestamp,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(time)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Timestamp, D::Error> {
        Timestamp::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
