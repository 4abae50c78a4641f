//! Tags of detectors and of what belongs to them, by ARN.

use std::collections::BTreeMap;

use serde_json::Value;
use store::DocumentKey;

use crate::context::{Context, Stored};
use crate::error::Refusal;
use crate::handler::{Route, Typed, route};
use crate::kinds;
use crate::wire::types::{
    ListTagsForResourceRequest, ListTagsForResourceResponse, TagResourceRequest,
    TagResourceResponse, UntagResourceRequest, UntagResourceResponse,
};

pub(crate) const OPERATIONS: &[Route] = &[
    route("ListTagsForResource", &Typed(list)),
    route("TagResource", &Typed(tag)),
    route("UntagResource", &Typed(untag)),
];

/// Most tags of a resource (<https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>).
const TAGS_MAX: usize = 50;

/// Kinds of resources by the noun of their ARNs.
const NOUNS: [(&str, &str); 6] = [
    ("filter", kinds::FILTERS),
    ("ipset", kinds::IP_SETS),
    ("threatintelset", kinds::THREAT_INTEL_SETS),
    ("trustedentityset", kinds::TRUSTED_ENTITY_SETS),
    ("threatentityset", kinds::THREAT_ENTITY_SETS),
    ("publishingdestination", kinds::PUBLISHING_DESTINATIONS),
];

/// Tags of a request that makes something.
pub(crate) fn checked(
    tags: Option<BTreeMap<String, String>>,
) -> Result<BTreeMap<String, String>, Refusal> {
    let tags = tags.unwrap_or_default();
    if tags.len() > TAGS_MAX { Err(Refusal::parameter("tags")) } else { Ok(tags) }
}

fn list(
    context: &Context<'_>,
    request: ListTagsForResourceRequest,
) -> Result<ListTagsForResourceResponse, Refusal> {
    let stored = find(context, &request.resource_arn)?;
    Ok(ListTagsForResourceResponse { tags: Some(read(&stored.body)?) })
}

fn tag(context: &Context<'_>, request: TagResourceRequest) -> Result<TagResourceResponse, Refusal> {
    let stored = find(context, &request.resource_arn)?;
    let mut tags = read(&stored.body)?;
    tags.extend(request.tags);
    write(context, stored, &checked(Some(tags))?)?;
    Ok(TagResourceResponse {})
}

fn untag(
    context: &Context<'_>,
    request: UntagResourceRequest,
) -> Result<UntagResourceResponse, Refusal> {
    let stored = find(context, &request.resource_arn)?;
    let mut tags = read(&stored.body)?;
    for key in &request.tag_keys {
        tags.remove(key);
    }
    write(context, stored, &tags)?;
    Ok(UntagResourceResponse {})
}

/// The resource of an ARN, which must be the caller's.
fn find(context: &Context<'_>, arn: &str) -> Result<Stored<Value>, Refusal> {
    let gone = || Refusal::invalid("the input resourceArn is not owned by the current account");
    let key = resource(context, arn).ok_or_else(gone)?;
    context.find(&key.kind, &key.id)?.ok_or_else(gone)
}

/// `arn:aws:guardduty:REGION:ACCOUNT:detector/ID[/NOUN/ID]`; the form was checked.
fn resource(context: &Context<'_>, arn: &str) -> Option<DocumentKey> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let &[_, partition, _, region, account, path] = parts.as_slice() else { return None };
    let owner = context.owner;
    let is_ours = partition == owner.region.partition()
        && region == owner.region.as_str()
        && account == context.account();
    let path: Vec<&str> = path.split('/').collect();
    match path.as_slice() {
        ["detector", id] if is_ours => Some(context.key(kinds::DETECTORS, id)),
        ["detector", detector, noun, id] if is_ours => {
            context.detector(detector).ok()?;
            let mut nouns = NOUNS.iter();
            let (_, kind) = nouns.find(|(it, _)| it.eq_ignore_ascii_case(noun))?;
            Some(context.key(kind, id))
        }
        _ => None,
    }
}

fn read(body: &Value) -> Result<BTreeMap<String, String>, Refusal> {
    match body.get("tags") {
        None => Ok(BTreeMap::new()),
        Some(tags) => serde_json::from_value(tags.clone()).map_err(|_| Refusal::internal()),
    }
}

/// Tags change nothing that is detected, so the control journal does not hear of them.
fn write(
    context: &Context<'_>,
    mut stored: Stored<Value>,
    tags: &BTreeMap<String, String>,
) -> Result<(), Refusal> {
    let tags = serde_json::to_value(tags).map_err(|_| Refusal::internal())?;
    let body = stored.body.as_object_mut().ok_or_else(Refusal::internal)?;
    body.insert("tags".to_owned(), tags);
    context.apply_quietly(&[stored.update()?])
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{ACCOUNT, OTHER, REGION, Server};

    #[test]
    fn tags_are_added_and_removed_by_arn() {
        let server = Server::start();
        let detector = server.detector("admin");
        let criteria = json!({"criterion": {"severity": {"gte": 4}}});
        let filter = json!({"name": "mine", "findingCriteria": criteria, "tags": {"a": "1"}});
        server.ok("POST", &format!("/detector/{detector}/filter"), &filter);
        for (path, count) in [(detector.clone(), 0), (format!("{detector}%2Ffilter%2Fmine"), 1)] {
            let target =
                format!("/tags/arn%3Aaws%3Aguardduty%3A{REGION}%3A{ACCOUNT}%3Adetector%2F{path}");
            let tags = |server: &Server| server.ok("GET", &target, &Value::Null)["tags"].clone();
            assert_eq!(tags(&server).as_object().unwrap().len(), count);
            let added =
                server.call("admin", "POST", &target, &json!({"tags": {"b": "2", "c": "x y"}}));
            assert_eq!((added.status, &added.body), (204, &Value::Null));
            assert_eq!(tags(&server)["c"], "x y");
            let removed = server.call(
                "admin",
                "DELETE",
                &format!("{target}?tagKeys=a&tagKeys=c"),
                &Value::Null,
            );
            assert_eq!(removed.status, 204);
            assert_eq!(tags(&server), json!({"b": "2"}));
        }
        // Nothing is detected by tags.
        assert_eq!(server.controls().len(), 2);
    }

    #[test]
    fn arns_that_are_not_the_callers_are_refused() {
        let server = Server::start();
        let detector = server.detector("admin");
        for (region, account, path) in [
            ("us-east-1", ACCOUNT, detector.clone()),
            (REGION, OTHER, detector.clone()),
            (REGION, ACCOUNT, "0".repeat(32)),
            (REGION, ACCOUNT, format!("{detector}%2Ffilter%2Fnothing")),
            (REGION, ACCOUNT, format!("{detector}%2Fmembers%2F1")),
        ] {
            let target =
                format!("/tags/arn%3Aaws%3Aguardduty%3A{region}%3A{account}%3Adetector%2F{path}");
            assert_eq!(
                server.refused("GET", &target, &Value::Null),
                "The request is rejected because the input resourceArn is not owned by the current account."
            );
        }
        let target =
            format!("/tags/arn%3Aaws%3Aguardduty%3A{REGION}%3A{ACCOUNT}%3Adetector%2F{detector}");
        let reserved = json!({"tags": {"aws:team": "a"}});
        assert_eq!(
            server.refused("POST", &target, &reserved),
            "The request is rejected because the parameter tags has an invalid value."
        );
    }
}
