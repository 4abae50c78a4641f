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
    /// The custom detection rule that made it, see [`crate::Draft::CUSTOM_RULE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_detection_rule_name: Option<String>,
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: &Value) -> Finding {
        serde_json::from_value(value.clone()).unwrap()
    }

    /// A finding in the shape of an event, with what old and new findings have beside each other.
    fn recorded() -> Value {
        json!({
            "schemaVersion": "2.0", "accountId": "012345678901", "region": "us-west-2",
            "partition": "aws", "id": "8eb59ed2edb365934d69edec9ec08f6a",
            "arn": concat!(
                "arn:aws:guardduty:us-west-2:012345678901:detector/",
                "955624e422acc98f6cdb16ab4ab41d23/finding/8eb59ed2edb365934d69edec9ec08f6a",
            ),
            "type": "Behavior:EC2/NetworkPortUnusual",
            "resource": {
                "resourceType": "Instance",
                "instanceDetails": {
                    "instanceId": "i-99999999", "networkInterfaces": [], "tags": [],
                    "productCodes": [{"productCodeId": "p", "productCodeType": "marketplace"}],
                },
            },
            "service": {
                "serviceName": "guardduty", "detectorId": "955624e422acc98f6cdb16ab4ab41d23",
                "action": {
                    "actionType": "NETWORK_CONNECTION",
                    "networkConnectionAction": {
                        "connectionDirection": "OUTBOUND", "blocked": false, "protocol": "TCP",
                        "remoteIpDetails": {
                            "ipAddressV4": "198.51.100.0",
                            "geoLocation": {"lat": 0.0, "lon": 0.0},
                        },
                    },
                },
                "resourceRole": "ACTOR",
                "additionalInfo": {"value": "{\"sample\":true}", "type": "default", "sample": true},
                "eventFirstSeen": "2019-06-09T19:10:08.230Z",
                "eventLastSeen": "2019-06-09T19:10:23.308Z",
                "archived": false, "count": 2,
            },
            "severity": 5,
            "createdAt": "2019-06-09T19:10:08.230Z", "updatedAt": "2019-06-09T19:10:23.308Z",
            "title": "t", "description": "d",
        })
    }

    #[test]
    fn recorded_findings_survive_the_round_trip() {
        let value = recorded();
        let finding = read(&value);
        assert_eq!(serde_json::to_value(&finding).unwrap(), value);
        assert_eq!(
            finding.service.additional_info.keys(),
            *json!({"sample": true}).as_object().unwrap()
        );
    }

    #[test]
    fn attack_sequences_have_no_action() {
        let mut value = recorded();
        value["resource"] = json!({"resourceType": "AttackSequence"});
        let service = value["service"].as_object_mut().unwrap();
        service.remove("action");
        service.remove("resourceRole");
        service.insert("detection".to_owned(), json!({"sequence": {"uid": "u", "signals": []}}));
        assert_eq!(serde_json::to_value(read(&value)).unwrap(), value);
    }

    #[test]
    fn old_findings_without_value_keep_their_keys() {
        let mut value = recorded();
        value["service"]["additionalInfo"] = json!({"unusual": 22, "localPort": "34875"});
        let finding = read(&value);
        assert_eq!(serde_json::to_value(&finding).unwrap(), value);
        assert_eq!(finding.service.additional_info.keys()["unusual"], 22);
    }

    #[test]
    fn severities_are_whole_numbers_from_1_to_10() {
        let mut value = recorded();
        value["severity"] = json!(5.9);
        assert_eq!(serde_json::to_value(read(&value)).unwrap()["severity"], json!(5));
        for wrong in [json!(0), json!(11), json!(-3), json!("5"), json!(1e300)] {
            value["severity"] = wrong;
            assert!(serde_json::from_value::<Finding>(value.clone()).is_err());
        }
    }
}
