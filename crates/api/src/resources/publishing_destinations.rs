//! Where findings are exported to. Whether it works is for the exporter to find out and write into the status.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::tags;
use crate::context::{Context, Stored};
use crate::error::Refusal;
use crate::handler::{Route, Typed, route};
use crate::kinds;
use crate::wire::types::{
    CreatePublishingDestinationRequest, CreatePublishingDestinationResponse,
    DeletePublishingDestinationRequest, DeletePublishingDestinationResponse,
    DescribePublishingDestinationRequest, DescribePublishingDestinationResponse, Destination,
    DestinationProperties, DestinationType, ListPublishingDestinationsRequest,
    ListPublishingDestinationsResponse, PublishingStatus, UpdatePublishingDestinationRequest,
    UpdatePublishingDestinationResponse,
};

pub(crate) const OPERATIONS: &[Route] = &[
    route("CreatePublishingDestination", &Typed(create)),
    route("DescribePublishingDestination", &Typed(describe)),
    route("UpdatePublishingDestination", &Typed(update)),
    route("DeletePublishingDestination", &Typed(delete)),
    route("ListPublishingDestinations", &Typed(list)),
];

/// One for each type, and S3 is the only type.
const DESTINATIONS_MAX: usize = 1;

/// The stored document.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PublishingDestination {
    destination_type: DestinationType,
    destination_properties: DestinationProperties,
    status: PublishingStatus,
    /// Milliseconds since 1970; 0 when publishing did not fail.
    publishing_failure_start_timestamp: i64,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

fn create(
    context: &Context<'_>,
    request: CreatePublishingDestinationRequest,
) -> Result<CreatePublishingDestinationResponse, Refusal> {
    let detector = context.detector(&request.detector_id)?;
    let kind = kinds::PUBLISHING_DESTINATIONS;
    check(&request.destination_properties)?;
    let token = request.client_token.as_deref();
    let id = context.new_id(kind, "destination", token);
    if context.find::<PublishingDestination>(kind, &id)?.is_some() {
        return Ok(CreatePublishingDestinationResponse { destination_id: id });
    }
    if context.all::<PublishingDestination>(kind)?.len() >= DESTINATIONS_MAX {
        let reason = "a publishing destination of this type already exists for the current account";
        return Err(Refusal::bad("LimitExceededException", reason));
    }
    let destination = PublishingDestination {
        destination_type: request.destination_type,
        destination_properties: request.destination_properties,
        status: PublishingStatus::PendingVerification,
        publishing_failure_start_timestamp: 0,
        tags: tags::checked(request.tags)?,
    };
    context.create_under(&detector, kind, &id, &destination)?;
    Ok(CreatePublishingDestinationResponse { destination_id: id })
}

fn describe(
    context: &Context<'_>,
    request: DescribePublishingDestinationRequest,
) -> Result<DescribePublishingDestinationResponse, Refusal> {
    let destination = find(context, &request.detector_id, &request.destination_id)?.body;
    Ok(DescribePublishingDestinationResponse {
        destination_id: request.destination_id,
        destination_properties: destination.destination_properties,
        destination_type: destination.destination_type,
        publishing_failure_start_timestamp: destination.publishing_failure_start_timestamp,
        status: destination.status,
        tags: Some(destination.tags),
    })
}

fn update(
    context: &Context<'_>,
    request: UpdatePublishingDestinationRequest,
) -> Result<UpdatePublishingDestinationResponse, Refusal> {
    let mut stored = find(context, &request.detector_id, &request.destination_id)?;
    if let Some(properties) = request.destination_properties {
        let old = &mut stored.body.destination_properties;
        old.destination_arn = properties.destination_arn.or(old.destination_arn.take());
        old.kms_key_arn = properties.kms_key_arn.or(old.kms_key_arn.take());
        old.expected_bucket_owner =
            properties.expected_bucket_owner.or(old.expected_bucket_owner.take());
        check(old)?;
        stored.body.status = PublishingStatus::PendingVerification;
    }
    context.apply(&[stored.update()?])?;
    Ok(UpdatePublishingDestinationResponse {})
}

fn delete(
    context: &Context<'_>,
    request: DeletePublishingDestinationRequest,
) -> Result<DeletePublishingDestinationResponse, Refusal> {
    let stored = find(context, &request.detector_id, &request.destination_id)?;
    context.apply(&[stored.delete()])?;
    Ok(DeletePublishingDestinationResponse {})
}

fn list(
    context: &Context<'_>,
    request: ListPublishingDestinationsRequest,
) -> Result<ListPublishingDestinationsResponse, Refusal> {
    context.detector(&request.detector_id)?;
    let kind = kinds::PUBLISHING_DESTINATIONS;
    let (found, next) =
        context.list::<PublishingDestination>(kind, request.max_results, request.next_token)?;
    let destination = |it: &Stored<PublishingDestination>| Destination {
        destination_id: it.id().to_owned(),
        destination_type: it.body.destination_type,
        status: it.body.status,
    };
    let destinations = found.iter().map(destination).collect();
    Ok(ListPublishingDestinationsResponse { destinations, next_token: Some(next) })
}

fn find(
    context: &Context<'_>,
    detector: &str,
    id: &str,
) -> Result<Stored<PublishingDestination>, Refusal> {
    context.detector(detector)?;
    let found = context.find(kinds::PUBLISHING_DESTINATIONS, id)?;
    found.ok_or_else(Refusal::no_such_resource)
}

/// The bucket, optionally with a prefix. A key is not asked for: not every object store has one.
fn check(properties: &DestinationProperties) -> Result<(), Refusal> {
    let arn = properties.destination_arn.as_deref().unwrap_or_default();
    let bucket = arn.strip_prefix("arn:").and_then(|it| it.split_once(":s3:::"));
    match bucket {
        Some((_, name)) if !name.is_empty() && !name.starts_with('/') => Ok(()),
        _ => Err(Refusal::parameter("destinationProperties")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::Server;

    #[test]
    fn a_destination_lives_from_create_to_delete() {
        let server = Server::start();
        let target = format!("/detector/{}/publishingDestination", server.detector("admin"));
        let properties = json!({"destinationArn": "arn:aws:s3:::bucket/prefix"});
        let body = json!({"destinationType": "S3", "destinationProperties": properties, "clientToken": "t"});
        let id = server.ok("POST", &target, &body)["destinationId"].as_str().unwrap().to_owned();
        assert_eq!(server.ok("POST", &target, &body)["destinationId"], id);
        let mut second = body;
        second["clientToken"] = json!("u");
        assert!(server.refused("POST", &target, &second).contains("already exists"));
        let one = format!("{target}/{id}");
        let found = server.ok("GET", &one, &Value::Null);
        assert_eq!(found["status"], "PENDING_VERIFICATION");
        assert_eq!(found["publishingFailureStartTimestamp"], 0);
        let change = json!({"destinationProperties": {"kmsKeyArn": "arn:aws:kms:eu-central-1:111122223333:key/a"}});
        server.ok("POST", &one, &change);
        let found = server.ok("GET", &one, &Value::Null);
        assert_eq!(found["destinationProperties"]["destinationArn"], "arn:aws:s3:::bucket/prefix");
        assert_eq!(
            found["destinationProperties"]["kmsKeyArn"],
            change["destinationProperties"]["kmsKeyArn"]
        );
        let listed = server.ok("GET", &target, &Value::Null);
        assert_eq!(listed["destinations"][0]["destinationId"], id);
        let wrong = json!({"destinationProperties": {"destinationArn": "s3://bucket"}});
        assert_eq!(
            server.refused("POST", &one, &wrong),
            "The request is rejected because the parameter destinationProperties has an invalid value."
        );
        server.ok("DELETE", &one, &Value::Null);
        assert_eq!(
            server.ok("GET", &target, &Value::Null),
            json!({"destinations": [], "nextToken": ""})
        );
    }
}
