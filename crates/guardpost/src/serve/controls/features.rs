//! Detectors and features that clients have switched off, as types of findings that are not raised.

use std::collections::BTreeSet;
use std::sync::Arc;

use api::kinds;
use detectors::rules::CustomDetection;
use engine::model::AccountId;
use engine::{Disabled, Off};
use findings::{Data, FindingType};
use serde_json::Value;

use super::InForce;
use crate::catalog::served;

/// The feature of a detector that a type needs; none for those that every detector has.
fn feature(it: &FindingType) -> Option<&'static str> {
    if it.name == "Impact:IAMUser/AnomalousModelInvocation" {
        return Some("AI_PROTECTION");
    }
    match it.affected() {
        "S3" if it.data.contains(&Data::CloudTrailS3) => Some("S3_DATA_EVENTS"),
        "Lambda" if it.data.contains(&Data::VpcFlow) => Some("LAMBDA_NETWORK_LOGS"),
        _ => None,
    }
}

/// What a detector does not raise. One that was deleted says nothing and raises nothing.
fn off(detector: &Value) -> Off {
    if detector["status"] != "ENABLED" {
        return Off::All;
    }
    let features = detector["features"].as_array();
    let disabled: BTreeSet<&str> = features
        .into_iter()
        .flatten()
        .filter(|it| it["status"] == "DISABLED")
        .filter_map(|it| it["name"].as_str())
        .collect();
    let types = served().iter().map(|it| it.finding_type);
    let is_off = |it: &&FindingType| feature(it).is_some_and(|it| disabled.contains(it));
    Off::Types(types.filter(is_off).map(|it| it.name).collect())
}

impl InForce {
    /// What is switched off; `rules` are the custom detection rules of the configuration.
    pub(in crate::serve) fn disabled(&self, rules: &CustomDetection) -> Arc<Disabled> {
        let mut disabled = Disabled::default();
        for (key, body) in &self.documents {
            let region = key.owner.region;
            match &*key.kind {
                kinds::DETECTORS => disabled.add(key.owner.account, region, off(body)),
                // An administrator has stopped monitoring it.
                kinds::MEMBERS if body["standing"] == "Disabled" => {
                    let member = AccountId::from_digits(key.id.as_bytes());
                    if let Some(member) = member {
                        disabled.add(member, region, Off::All);
                    }
                }
                _ => {}
            }
        }
        Arc::new(disabled.with_rules(self.rule_modes(rules)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types_of(wanted: &str) -> Vec<&'static str> {
        let types = served().iter().map(|it| it.finding_type);
        types.filter(|it| feature(it) == Some(wanted)).map(|it| it.name).collect()
    }

    #[test]
    fn features_have_the_types_that_guardduty_gives_them() {
        let s3 = types_of("S3_DATA_EVENTS");
        assert!(s3.contains(&"Exfiltration:S3/MaliciousIPCaller"), "{s3:?}");
        assert!(s3.contains(&"Discovery:S3/AnomalousBehavior"), "{s3:?}");
        // These come from management events.
        assert!(
            !s3.iter().any(|it| it.starts_with("Policy:") || it.starts_with("Stealth:")),
            "{s3:?}"
        );
        let lambda = types_of("LAMBDA_NETWORK_LOGS");
        assert_eq!(lambda.len(), 7, "{lambda:?}");
        assert_eq!(types_of("AI_PROTECTION").len(), 1);
    }
}
