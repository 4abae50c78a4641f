//! Detector resources: one for each account and Region, on or off, with its features.

use std::collections::BTreeMap;

use findings::detector_id;
use serde::{Deserialize, Serialize};

use super::features::{self, Feature};
use super::{members, tags};
use crate::context::{Context, Stored};
use crate::epoch::Epoch;
use crate::error::Refusal;
use crate::handler::{Route, Typed, route};
use crate::kinds;
use crate::wire::types::{
    CreateDetectorRequest, CreateDetectorResponse, DeleteDetectorRequest, DeleteDetectorResponse,
    DetectorStatus, FindingPublishingFrequency, GetDetectorRequest, GetDetectorResponse,
    ListDetectorsRequest, ListDetectorsResponse, UnprocessedDataSourcesResult,
    UpdateDetectorRequest, UpdateDetectorResponse,
};

pub(crate) const OPERATIONS: &[Route] = &[
    route("CreateDetector", &Typed(create)),
    route("GetDetector", &Typed(get)),
    route("UpdateDetector", &Typed(update)),
    route("DeleteDetector", &Typed(delete)),
    route("ListDetectors", &Typed(list)),
];

/// The stored document.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DetectorResource {
    pub(crate) status: DetectorStatus,
    pub(crate) finding_publishing_frequency: FindingPublishingFrequency,
    pub(crate) features: Vec<Feature>,
    #[serde(default)]
    pub(crate) tags: BTreeMap<String, String>,
    #[serde(default)]
    client_token: Option<String>,
    /// ISO 8601, as this resource has it on the wire.
    created_at: String,
    updated_at: String,
}

impl DetectorResource {
    pub(crate) fn is_enabled(&self) -> bool {
        self.status == DetectorStatus::Enabled
    }
}

/// A detector that was just made and told nothing.
pub(crate) fn initial(context: &Context<'_>) -> DetectorResource {
    DetectorResource {
        status: DetectorStatus::Enabled,
        finding_publishing_frequency: FindingPublishingFrequency::SixHours,
        features: features::initial(Epoch(context.now)),
        tags: BTreeMap::new(),
        client_token: None,
        created_at: context.now.to_string(),
        updated_at: context.now.to_string(),
    }
}

fn create(
    context: &Context<'_>,
    request: CreateDetectorRequest,
) -> Result<CreateDetectorResponse, Refusal> {
    let id = detector_id(context.owner.account, &context.owner.region);
    let response = CreateDetectorResponse {
        detector_id: Some(id.clone()),
        unprocessed_data_sources: Some(UnprocessedDataSourcesResult::default()),
    };
    if let Some(stored) = context.find::<DetectorResource>(kinds::DETECTORS, &id)? {
        let token = request.client_token.filter(|it| !it.is_empty());
        if token.is_some() && stored.body.client_token == token {
            return Ok(response);
        }
        let reason = "a detector already exists for the current account";
        return Err(Refusal::bad("LimitExceededException", reason));
    }
    let mut resource = initial(context);
    resource.status = status(request.enable);
    let wanted = features::wanted(request.features, request.data_sources)?;
    features::change(&mut resource.features, wanted, Epoch(context.now))?;
    resource.finding_publishing_frequency =
        request.finding_publishing_frequency.unwrap_or(resource.finding_publishing_frequency);
    resource.tags = tags::checked(request.tags)?;
    resource.client_token = request.client_token;
    context.apply(&[context.create(kinds::DETECTORS, &id, &resource)?])?;
    Ok(response)
}

fn get(context: &Context<'_>, request: GetDetectorRequest) -> Result<GetDetectorResponse, Refusal> {
    let resource = context.detector(&request.detector_id)?.body;
    let (partition, account) = (context.owner.region.partition(), context.account());
    Ok(GetDetectorResponse {
        created_at: Some(resource.created_at),
        data_sources: Some(features::data_sources(&resource.features)),
        features: Some(resource.features),
        finding_publishing_frequency: Some(resource.finding_publishing_frequency),
        service_role: format!(
            "arn:{partition}:iam::{account}:role/aws-service-role/guardduty.amazonaws.com/\
             AWSServiceRoleForAmazonGuardDuty"
        ),
        status: resource.status,
        tags: Some(resource.tags),
        updated_at: Some(resource.updated_at),
    })
}

fn update(
    context: &Context<'_>,
    request: UpdateDetectorRequest,
) -> Result<UpdateDetectorResponse, Refusal> {
    let mut stored = context.detector(&request.detector_id)?;
    let resource = &mut stored.body;
    if let Some(enable) = request.enable {
        resource.status = status(enable);
    }
    if let Some(frequency) = request.finding_publishing_frequency {
        resource.finding_publishing_frequency = frequency;
    }
    let wanted = features::wanted(request.features, request.data_sources)?;
    features::change(&mut resource.features, wanted, Epoch(context.now))?;
    resource.updated_at = context.now.to_string();
    context.apply(&[stored.update()?])?;
    Ok(UpdateDetectorResponse {})
}

/// Deletes what belongs to the detector as well. Findings stay until they are past retention.
fn delete(
    context: &Context<'_>,
    request: DeleteDetectorRequest,
) -> Result<DeleteDetectorResponse, Refusal> {
    let stored = context.detector(&request.detector_id)?;
    if members::any_invited(context)? {
        return Err(Refusal::invalid(
            "the current account cannot delete detector while it has invited or associated members",
        ));
    }
    let mut changes = vec![stored.delete()];
    for kind in kinds::OF_DETECTOR {
        changes.extend(context.all::<serde_json::Value>(kind)?.iter().map(Stored::delete));
    }
    context.apply(&changes)?;
    Ok(DeleteDetectorResponse {})
}

fn list(
    context: &Context<'_>,
    request: ListDetectorsRequest,
) -> Result<ListDetectorsResponse, Refusal> {
    let (found, next) = context.list::<DetectorResource>(
        kinds::DETECTORS,
        request.max_results,
        request.next_token,
    )?;
    let detector_ids = found.iter().map(|it| it.id().to_owned()).collect();
    Ok(ListDetectorsResponse { detector_ids, next_token: Some(next) })
}

fn status(enable: bool) -> DetectorStatus {
    if enable { DetectorStatus::Enabled } else { DetectorStatus::Disabled }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::kinds;
    use crate::testing::Server;

    #[test]
    fn a_detector_lives_from_create_to_delete() {
        let server = Server::start();
        assert_eq!(
            server.ok("GET", "/detector", &Value::Null),
            json!({"detectorIds": [], "nextToken": ""})
        );
        let tags = json!({"enable": false, "tags": {"team": "sec"}, "clientToken": "t"});
        let id = server.ok("POST", "/detector", &tags)["detectorId"].clone();
        // The same token is the same call, sent twice.
        assert_eq!(server.ok("POST", "/detector", &tags)["detectorId"], id);
        assert_eq!(
            server.refused("POST", "/detector", &json!({"enable": true})),
            "The request is rejected because a detector already exists for the current account."
        );
        let target = format!("/detector/{}", id.as_str().unwrap());
        let detector = server.ok("GET", &target, &Value::Null);
        assert_eq!(detector["status"], "DISABLED");
        assert_eq!(detector["findingPublishingFrequency"], "SIX_HOURS");
        assert_eq!(detector["tags"], json!({"team": "sec"}));
        assert!(detector["createdAt"].as_str().unwrap().starts_with("2026-03-01T12:00:00."));
        server.ok(
            "POST",
            &target,
            &json!({"enable": true, "findingPublishingFrequency": "ONE_HOUR"}),
        );
        let detector = server.ok("GET", &target, &Value::Null);
        assert_eq!(
            (&detector["status"], &detector["findingPublishingFrequency"]),
            (&json!("ENABLED"), &json!("ONE_HOUR"))
        );
        server.ok("DELETE", &target, &Value::Null);
        assert_eq!(server.ok("GET", "/detector", &Value::Null)["detectorIds"], json!([]));
        assert_eq!(server.call("admin", "GET", &target, &Value::Null).status, 400);
    }

    #[test]
    fn features_keep_their_order_and_their_times() {
        let server = Server::start();
        let target = format!("/detector/{}", server.detector("admin"));
        let features = |detector: &Value| detector["features"].as_array().unwrap().clone();
        let before = features(&server.ok("GET", &target, &Value::Null));
        let names: Vec<&str> = before.iter().map(|it| it["name"].as_str().unwrap()).collect();
        assert_eq!(names[..4], ["CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS", "S3_DATA_EVENTS"]);
        assert_eq!(names.len(), 12);
        let change = json!({"features": [
            {"name": "RUNTIME_MONITORING", "status": "ENABLED", "additionalConfiguration": [
                {"name": "EC2_AGENT_MANAGEMENT", "status": "ENABLED"},
            ]},
            {"name": "S3_DATA_EVENTS", "status": "ENABLED"},
        ]});
        server.ok("POST", &target, &change);
        let after = features(&server.ok("GET", &target, &Value::Null));
        for (old, new) in before.iter().zip(&after) {
            assert_eq!(old["name"], new["name"]);
            assert_eq!(old == new, old["name"] != "RUNTIME_MONITORING");
        }
        assert!(after[9]["updatedAt"].as_f64() > before[9]["updatedAt"].as_f64());
        assert_eq!(after[9]["additionalConfiguration"][2]["status"], "ENABLED");
        let unknown = json!({"features": [{"name": "FLOW_LOGS", "status": "DISABLED"}]});
        assert_eq!(
            server.refused("POST", &target, &unknown),
            "The request is rejected because the parameter features has an invalid value."
        );
    }

    #[test]
    fn deprecated_data_sources_are_features() {
        let server = Server::start();
        let target = format!("/detector/{}", server.detector("admin"));
        let sources = json!({"dataSources": {
            "s3Logs": {"enable": false}, "kubernetes": {"auditLogs": {"enable": true}},
        }});
        server.ok("POST", &target, &sources);
        let detector = server.ok("GET", &target, &Value::Null);
        assert_eq!(detector["dataSources"]["s3Logs"]["status"], "DISABLED");
        assert_eq!(detector["dataSources"]["kubernetes"]["auditLogs"]["status"], "ENABLED");
        assert_eq!(detector["features"][3]["status"], "DISABLED");
        let both = json!({"dataSources": {}, "features": []});
        assert!(server.refused("POST", &target, &both).contains("both dataSources and features"));
    }

    #[test]
    fn the_engine_hears_of_every_change() {
        let server = Server::start();
        let target = format!("/detector/{}", server.detector("admin"));
        server.ok(
            "POST",
            &target,
            &json!({"features": [{"name": "AI_ANALYST", "status": "ENABLED"}]}),
        );
        server.ok("DELETE", &target, &Value::Null);
        let controls = server.controls();
        let kinds: Vec<_> = controls.iter().map(|it| it.documents[0].kind.as_str()).collect();
        assert_eq!(kinds, [kinds::DETECTORS; 3]);
        assert_eq!(
            controls[1].documents[0].body.as_ref().unwrap()["features"][11]["status"],
            "ENABLED"
        );
        assert_eq!(controls[2].documents[0].body, None);
    }
}
