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
