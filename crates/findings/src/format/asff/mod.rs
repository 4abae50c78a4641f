//! AWS Security Finding Format, one finding a line, for Security Hub's `BatchImportFindings`.
//!
//! Members, casing and limits by
//! <https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html>. A finding is
//! imported as one of the account's own product:
//! `arn:<partition>:securityhub:<Region>:<account>:product/<account>/default`.

mod action;
mod resource;

use model::SeverityBand;
use serde_json::{Map, Value, json};

use crate::Finding;
use crate::explanation::cut;
use crate::format::json::line;

/// Limits of the format, in bytes of text: what is longer is cut, since an import would be refused.
const TITLE_MAX: usize = 256;
const DESCRIPTION_MAX: usize = 1024;
const RECOMMENDATION_MAX: usize = 512;
const VALUE_MAX: usize = 1024;
/// Most pairs of `ProductFields`.
const FIELDS_MAX: usize = 50;
/// Most `ThreatIntelIndicators`.
const INDICATORS_MAX: usize = 5;

/// Writes each finding on a line of its own.
pub fn asff<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> String {
    let mut out = String::new();
    for finding in findings {
        line(&mut out, &value(finding).to_string());
    }
    out
}

/// A finding as one element of `Findings`.
fn value(finding: &Finding) -> Value {
    let service = &finding.service;
    let account = finding.account_id.to_string();
    let region = finding.region.to_string();
    let partition = partition(finding);
    let types = json!([taxonomy(&finding.finding_type)]);
    let mut out = json!({
        "SchemaVersion": "2018-10-08",
        "Id": finding.arn,
        "ProductArn": format!(
            "arn:{partition}:securityhub:{region}:{account}:product/{account}/default"
        ),
        "ProductName": "Guardpost",
        "CompanyName": "Guardpost",
        "Region": region,
        "GeneratorId": finding.arn.split("/finding/").next().unwrap_or_default(),
        "AwsAccountId": account,
        "Types": types,
        "FirstObservedAt": service.event_first_seen.to_string(),
        "LastObservedAt": service.event_last_seen.to_string(),
        "CreatedAt": finding.created_at.to_string(),
        "UpdatedAt": finding.updated_at.to_string(),
        "Severity": severity(finding),
        "Title": cut_to(&finding.title, TITLE_MAX),
        "Description": cut_to(&finding.description, DESCRIPTION_MAX),
        "ProductFields": fields(finding),
        "Resources": resource::resources(finding, partition),
        "RecordState": if service.archived { "ARCHIVED" } else { "ACTIVE" },
        "Workflow": {"Status": "NEW"},
        "FindingProviderFields": {
            "Severity": {
                "Label": label(finding.band()),
                "Original": finding.severity.value().to_string(),
            },
            "Types": types,
        },
    });
    let more = [
        ("Action", action::action(finding)),
        ("ThreatIntelIndicators", indicators(finding)),
        ("Remediation", remediation(finding)),
    ];
    if let Value::Object(members) = &mut out {
        members.extend(more.into_iter().filter_map(|(name, it)| Some((name.to_owned(), it?))));
    }
    out
}

fn partition(finding: &Finding) -> &str {
    if finding.partition.is_empty() { "aws" } else { &finding.partition }
}

fn severity(finding: &Finding) -> Value {
    let value = finding.severity.value();
    json!({
        "Label": label(finding.band()),
        "Normalized": u32::from(value) * 10,
        "Original": value.to_string(),
    })
}

const fn label(band: SeverityBand) -> &'static str {
    match band {
        SeverityBand::Low => "LOW",
        SeverityBand::Medium => "MEDIUM",
        SeverityBand::High => "HIGH",
        SeverityBand::Critical => "CRITICAL",
    }
}

/// `namespace/category/classifier`, where the type's slash is a hyphen, as GuardDuty's own integration
/// writes it.
fn taxonomy(finding_type: &str) -> String {
    let purpose = finding_type.split(':').next().unwrap_or_default();
    let category = match purpose {
        "Backdoor" | "CryptoCurrency" | "Trojan" => "TTPs/Command and Control",
        "Behavior" => "Unusual Behaviors/VM",
        "CredentialAccess" => "TTPs/Credential Access",
        "DefenseEvasion" | "DefenseImpairment" | "Stealth" => "TTPs/Defense Evasion",
        "Recon" | "Discovery" => "TTPs/Discovery",
        "Execution" | "Object" => "TTPs/Execution",
        "Exfiltration" => "Effects/Data Exfiltration",
        "Impact" => "Effects/Resource Consumption",
        "InitialAccess" | "UnauthorizedAccess" => "TTPs/Initial Access",
        "LateralMovement" => "TTPs/Lateral Movement",
        "Persistence" => "TTPs/Persistence",
        "Policy" => "Software and Configuration Checks/AWS Security Best Practices",
        "PrivilegeEscalation" => "TTPs/Privilege Escalation",
        _ => "TTPs",
    };
    format!("{category}/{}", finding_type.replace('/', "-"))
}

/// What the format has no member of its own for: `guardpost/service/count`, `guardpost/reason/1`, ….
fn fields(finding: &Finding) -> Map<String, Value> {
    let service = &finding.service;
    let role = service.resource_role.and_then(|it| serde_json::to_value(it).ok());
    let mut pairs = vec![
        ("guardpost/type".to_owned(), finding.finding_type.clone()),
        ("guardpost/service/count".to_owned(), service.count.to_string()),
        ("guardpost/service/detectorId".to_owned(), service.detector_id.clone()),
        (
            "guardpost/service/featureName".to_owned(),
            service.feature_name.clone().unwrap_or_default(),
        ),
        (
            "guardpost/service/resourceRole".to_owned(),
            role.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned(),
        ),
    ];
    if let Some(explanation) = finding.explanation() {
        for (at, it) in explanation.reasons.iter().enumerate() {
            let text = match it.threshold.as_str() {
                "" => format!("{}: {}", it.what, it.value),
                threshold => format!("{}: {} (compared with {threshold})", it.what, it.value),
            };
            pairs.push((format!("guardpost/reason/{}", at + 1), text));
        }
        for (at, it) in explanation.evidence.iter().enumerate() {
            let text = format!("{} offset {} sha256 {}", it.file, it.offset, it.sha256);
            pairs.push((format!("guardpost/evidence/{}", at + 1), text));
        }
        pairs.push(("guardpost/techniques".to_owned(), explanation.techniques.join(" ")));
    }
    let kept = pairs.into_iter().filter(|(_, text)| !text.is_empty()).take(FIELDS_MAX);
    kept.map(|(name, text)| (name, Value::String(cut_to(&text, VALUE_MAX)))).collect()
}

/// The lists that named the remote party.
fn indicators(finding: &Finding) -> Option<Value> {
    let evidence = finding.service.evidence.as_ref()?;
    let (kind, value) = action::indicator(finding)?;
    let seen = finding.service.event_last_seen.to_string();
    let details = evidence.threat_intelligence_details.iter().take(INDICATORS_MAX);
    let items: Vec<Value> = details
        .map(|it| {
            json!({
                "Type": kind, "Value": value, "LastObservedAt": seen,
                "Source": cut_to(&it.threat_list_name, 64),
            })
        })
        .collect();
    (!items.is_empty()).then_some(Value::Array(items))
}

fn remediation(finding: &Finding) -> Option<Value> {
    let response = finding.explanation()?.response;
    (!response.is_empty())
        .then(|| json!({"Recommendation": {"Text": cut_to(&response, RECOMMENDATION_MAX)}}))
}

/// Cuts so that the ellipsis is within `max` bytes too.
fn cut_to(text: &str, max: usize) -> String {
    if text.len() <= max { text.to_owned() } else { cut(text.to_owned(), max - '…'.len_utf8()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::format::check_golden;

    #[test]
    fn lines_are_as_recorded() {
        let samples = fixture::samples();
        check_golden("findings.asff.jsonl", &asff(samples.iter().map(|it| &it.finding)));
    }

    /// The members that Security Hub refuses an import without, and its limits.
    #[test]
    fn required_members_are_there_and_within_limits() {
        let required = [
            "AwsAccountId",
            "CreatedAt",
            "Description",
            "GeneratorId",
            "Id",
            "ProductArn",
            "Resources",
            "SchemaVersion",
            "Severity",
            "Title",
            "UpdatedAt",
            "Types",
        ];
        let mut samples = fixture::samples();
        samples[0].finding.title = "é".repeat(300);
        samples[0].finding.description = "é".repeat(3000);
        for sample in &samples {
            let value = value(&sample.finding);
            for name in required {
                assert!(!value[name].is_null(), "{name} is missing");
            }
            let length = |name: &str| value[name].as_str().unwrap().len();
            assert!(length("Title") <= TITLE_MAX && length("Description") <= DESCRIPTION_MAX);
            let fields = value["ProductFields"].as_object().unwrap();
            assert!(fields.len() <= FIELDS_MAX);
            assert!(fields.values().all(|it| it.as_str().unwrap().len() <= VALUE_MAX));
            assert!(!value["Resources"].as_array().unwrap().is_empty());
            for item in value["Resources"].as_array().unwrap() {
                assert!(item["Id"].is_string() && item["Type"].is_string());
            }
            let normalized = value["Severity"]["Normalized"].as_u64().unwrap();
            let of_label = match value["Severity"]["Label"].as_str().unwrap() {
                "LOW" => 1..=39,
                "MEDIUM" => 40..=69,
                "HIGH" => 70..=89,
                _ => 90..=100,
            };
            assert!(of_label.contains(&normalized));
        }
    }

    #[test]
    fn types_have_a_namespace() {
        assert_eq!(
            taxonomy("Backdoor:EC2/C&CActivity.B!DNS"),
            "TTPs/Command and Control/Backdoor:EC2-C&CActivity.B!DNS"
        );
        assert_eq!(
            taxonomy("Stealth:IAMUser/CloudTrailLoggingDisabled"),
            "TTPs/Defense Evasion/Stealth:IAMUser-CloudTrailLoggingDisabled"
        );
        assert_eq!(taxonomy("PenTest:S3/KaliLinux"), "TTPs/PenTest:S3-KaliLinux");
    }
}
