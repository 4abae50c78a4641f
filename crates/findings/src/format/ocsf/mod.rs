//! Open Cybersecurity Schema Framework 1.3.0, class Detection Finding (2004), one finding a line.
//!
//! Attributes by <https://schema.ocsf.io/1.3.0/classes/detection_finding>, with the profile `cloud`. What has no
//! attribute of its own stands in `unmapped`, as the schema asks.

#[cfg(test)]
mod schema;

use model::SeverityBand;
use serde_json::{Map, Value, json};

use crate::format::json::line;
use crate::{
    Action, ConnectionDirection, EXPLANATION_KEY, EvidenceRecord, Explanation, Finding,
    PortDetails, RemoteIpDetails, Resource,
};

/// The version of the schema.
const VERSION: &str = "1.3.0";
/// Observable types: <https://schema.ocsf.io/1.3.0/objects/observable>.
const HOSTNAME: u8 = 1;
const IP_ADDRESS: u8 = 2;
const RESOURCE_UID: u8 = 10;

/// Writes each finding on a line of its own.
pub fn ocsf<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> String {
    let mut out = String::new();
    for finding in findings {
        line(&mut out, &value(finding).to_string());
    }
    out
}

fn value(finding: &Finding) -> Value {
    let service = &finding.service;
    let explanation = finding.explanation().unwrap_or_default();
    // A finding that was seen once was created; later occurrences update it.
    let (activity, activity_name) = if service.count <= 1 { (1, "Create") } else { (2, "Update") };
    let (severity, severity_name) = severity(finding.band());
    let (status, status_name) = if service.archived { (3, "Suppressed") } else { (1, "New") };
    let mut out = json!({
        "activity_id": activity,
        "activity_name": activity_name,
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2004,
        "class_name": "Detection Finding",
        "type_uid": 200_400 + activity,
        "type_name": format!("Detection Finding: {activity_name}"),
        "time": finding.updated_at.millis(),
        "start_time": service.event_first_seen.millis(),
        "end_time": service.event_last_seen.millis(),
        "count": service.count,
        "severity_id": severity,
        "severity": severity_name,
        "status_id": status,
        "status": status_name,
        "message": finding.title,
        "cloud": {
            "provider": "AWS",
            "region": finding.region.to_string(),
            "account": {"uid": finding.account_id.to_string()},
        },
        "metadata": {
            "version": VERSION,
            "uid": finding.id,
            "profiles": ["cloud"],
            "product": {
                "name": "Guardpost",
                "vendor_name": "Guardpost",
                "feature": {"name": service.feature_name.as_deref().unwrap_or("GuardDuty")},
            },
        },
        "finding_info": finding_info(finding, &explanation),
        "resources": resources(finding),
        "observables": observables(finding),
        "unmapped": unmapped(finding),
    });
    let evidences = evidences(finding, &explanation.evidence);
    if !evidences.is_empty() {
        out["evidences"] = Value::Array(evidences);
    }
    if !explanation.response.is_empty() {
        out["remediation"] = json!({"desc": explanation.response});
    }
    out
}

const fn severity(band: SeverityBand) -> (u8, &'static str) {
    match band {
        SeverityBand::Low => (2, "Low"),
        SeverityBand::Medium => (3, "Medium"),
        SeverityBand::High => (4, "High"),
        SeverityBand::Critical => (5, "Critical"),
    }
}

fn finding_info(finding: &Finding, explanation: &Explanation) -> Value {
    let mut out = json!({
        "uid": finding.arn,
        "title": finding.title,
        "desc": finding.description,
        "types": [finding.finding_type],
        "created_time": finding.created_at.millis(),
        "modified_time": finding.updated_at.millis(),
        "first_seen_time": finding.service.event_first_seen.millis(),
        "last_seen_time": finding.service.event_last_seen.millis(),
        "analytic": {
            "name": finding.finding_type,
            "uid": finding.service.detector_id,
            "type_id": 1,
            "type": "Rule",
        },
    });
    if let Some(feature) = &finding.service.feature_name {
        out["data_sources"] = json!([feature]);
    }
    let attacks: Vec<Value> =
        explanation.techniques.iter().map(|it| json!({"technique": {"uid": it}})).collect();
    if !attacks.is_empty() {
        out["attacks"] = Value::Array(attacks);
    }
    out
}

/// One element for the action, then one for each record that supports the finding.
fn evidences(finding: &Finding, records: &[EvidenceRecord]) -> Vec<Value> {
    let action = finding.service.action.as_ref();
    let seen = action.and_then(|it| activity(it, &finding.resource));
    let records = records.iter().map(|it| {
        json!({"data": {
            "time": it.time.to_string(), "file": it.file, "offset": it.offset,
            "length": it.length, "sha256": it.sha256, "record": it.text,
        }})
    });
    seen.into_iter().chain(records).collect()
}

fn activity(action: &Action, resource: &Resource) -> Option<Value> {
    if let Some(it) = &action.aws_api_call_action {
        let mut api = json!({"operation": it.api, "service": {"name": it.service_name}});
        if let Some(error) = &it.error_code {
            api["response"] = json!({"error": error});
        }
        let mut out = json!({"api": api});
        if let Some(remote) = &it.remote_ip_details {
            out["src_endpoint"] = endpoint(remote, None);
        } else if let Some(domain) = &it.domain_details {
            out["src_endpoint"] = json!({"hostname": domain.domain});
        }
        if let Some(user) = user(resource) {
            out["actor"] = json!({"user": user});
        }
        return Some(out);
    }
    if let Some(it) = &action.dns_request_action {
        return Some(json!({"query": {"hostname": it.domain}}));
    }
    if let Some(it) = &action.network_connection_action {
        return Some(connection(it));
    }
    let probe = action.port_probe_action.as_ref()?.port_probe_details.first()?;
    Some(json!({
        "src_endpoint": endpoint(&probe.remote_ip_details, None),
        "dst_endpoint": {
            "port": probe.local_port_details.port,
            "svc_name": probe.local_port_details.port_name,
        },
        "connection_info": {"direction_id": 1, "direction": "Inbound"},
    }))
}

fn connection(it: &crate::NetworkConnectionAction) -> Value {
    let mut local = Map::new();
    let address = it.local_ip_details.as_ref();
    if let Some(ip) = address.and_then(|it| it.ip_address_v4.as_ref().or(it.ip_address_v6.as_ref()))
    {
        local.insert("ip".to_owned(), json!(ip));
    }
    if let Some(id) = &it.local_network_interface {
        local.insert("interface_uid".to_owned(), json!(id));
    }
    if let Some(port) = &it.local_port_details {
        local.insert("port".to_owned(), json!(port.port));
    }
    let remote = it.remote_ip_details.as_ref();
    let remote = remote.map(|at| endpoint(at, it.remote_port_details.as_ref()));
    let (direction, name) = match it.connection_direction {
        ConnectionDirection::Inbound => (1, "Inbound"),
        ConnectionDirection::Outbound => (2, "Outbound"),
        ConnectionDirection::Unknown => (0, "Unknown"),
    };
    let is_inbound = it.connection_direction == ConnectionDirection::Inbound;
    let (ours, theirs) = if is_inbound {
        ("dst_endpoint", "src_endpoint")
    } else {
        ("src_endpoint", "dst_endpoint")
    };
    let mut out = json!({"connection_info": {
        "direction_id": direction, "direction": name, "protocol_name": it.protocol.to_lowercase(),
    }});
    // An endpoint is named by more than its port.
    if local.contains_key("ip") || local.contains_key("interface_uid") {
        out[ours] = Value::Object(local);
    }
    if let Some(remote) = remote {
        out[theirs] = remote;
    }
    out
}

fn endpoint(it: &RemoteIpDetails, port: Option<&PortDetails>) -> Value {
    let mut out = Map::new();
    if let Some(ip) = it.ip_address_v4.as_ref().or(it.ip_address_v6.as_ref()) {
        out.insert("ip".to_owned(), json!(ip));
    }
    if let Some(port) = port {
        out.insert("port".to_owned(), json!(port.port));
    }
    let mut location = Map::new();
    if let Some(code) = it.country.as_ref().and_then(|it| it.country_code.as_ref()) {
        location.insert("country".to_owned(), json!(code));
    }
    if let Some(city) = it.city.as_ref().filter(|it| !it.city_name.is_empty()) {
        location.insert("city".to_owned(), json!(city.city_name));
    }
    // A place is named by country or city; coordinates alone are not one.
    if !location.is_empty() {
        if let Some(place) = &it.geo_location {
            location.insert("coordinates".to_owned(), json!([place.lon, place.lat]));
        }
        out.insert("location".to_owned(), Value::Object(location));
    }
    Value::Object(out)
}

fn user(resource: &Resource) -> Option<Value> {
    let key = resource.access_key_details.as_ref()?;
    let texts = [
        ("name", &key.user_name),
        ("type", &key.user_type),
        ("uid_alt", &key.principal_id),
        ("credential_uid", &key.access_key_id),
    ];
    let known = texts.into_iter().filter(|(_, text)| !text.is_empty());
    let user: Map<_, _> = known.map(|(name, text)| (name.to_owned(), json!(text))).collect();
    user.contains_key("name").then_some(Value::Object(user))
}

fn resources(finding: &Finding) -> Value {
    let resource = &finding.resource;
    let mut out = json!({
        "uid": resource.name(),
        "type": resource.resource_type,
        "region": finding.region.to_string(),
        "cloud_partition": if finding.partition.is_empty() { "aws" } else { &finding.partition },
        "data": resource,
    });
    let tags = resource.instance_details.as_ref().map(|it| it.tags.as_slice()).unwrap_or_default();
    if let Some(name) = tags.iter().find(|it| it.key == "Name") {
        out["name"] = json!(name.value);
    }
    if !tags.is_empty() {
        let labels = tags.iter().map(|it| format!("{}:{}", it.key, it.value));
        out["labels"] = json!(labels.collect::<Vec<_>>());
    }
    json!([out])
}

/// The values that analysts pivot on, each with the attribute that holds it.
fn observables(finding: &Finding) -> Value {
    let uid = finding.resource.name();
    let mut out = vec![json!({
        "name": "resources[].uid", "type_id": RESOURCE_UID, "type": "Resource UID", "value": uid,
    })];
    let Some(action) = &finding.service.action else { return Value::Array(out) };
    if let Some(it) = &action.dns_request_action {
        out.push(json!({
            "name": "evidences[].query.hostname", "type_id": HOSTNAME, "type": "Hostname",
            "value": it.domain,
        }));
    }
    let outbound = action
        .network_connection_action
        .as_ref()
        .is_some_and(|it| it.connection_direction != ConnectionDirection::Inbound);
    let side = if outbound { "dst_endpoint" } else { "src_endpoint" };
    let remote = action.remote_ip_details();
    if let Some(ip) = remote.and_then(|it| it.ip_address_v4.as_ref().or(it.ip_address_v6.as_ref()))
    {
        out.push(json!({
            "name": format!("evidences[].{side}.ip"), "type_id": IP_ADDRESS, "type": "IP Address",
            "value": ip,
        }));
    }
    Value::Array(out)
}

fn unmapped(finding: &Finding) -> Value {
    let service = &finding.service;
    // The explanation stands in attributes of its own.
    let mut additional = service.additional_info.keys();
    additional.remove(EXPLANATION_KEY);
    json!({
        "severity": finding.severity.value(),
        "schemaVersion": finding.schema_version,
        "service": {
            "detectorId": service.detector_id,
            "resourceRole": service.resource_role,
            "evidence": service.evidence,
            "additionalInfo": additional,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::schema::assert_valid;
    use super::*;
    use crate::fixture;
    use crate::format::check_golden;

    #[test]
    fn lines_are_as_recorded() {
        let samples = fixture::samples();
        check_golden("findings.ocsf.jsonl", &ocsf(samples.iter().map(|it| &it.finding)));
    }

    #[test]
    fn every_sample_is_valid() {
        for sample in fixture::samples() {
            let value = value(&sample.finding);
            assert_valid(&value, "detection_finding", &sample.finding.finding_type);
            let [class, activity, kind] =
                ["class_uid", "activity_id", "type_uid"].map(|it| value[it].as_u64().unwrap());
            assert_eq!(class * 100 + activity, kind);
        }
    }

    #[test]
    fn a_broken_document_is_not_valid() {
        let mut broken = value(&fixture::samples()[0].finding);
        broken["finding_info"].as_object_mut().unwrap().remove("uid");
        let is_refused =
            std::panic::catch_unwind(|| assert_valid(&broken, "detection_finding", "")).is_err();
        assert!(is_refused);
    }
}
