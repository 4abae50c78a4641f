//! Trusted and threat lists of addresses and of entities: four families with the same five operations.
//!
//! The content is not read here. A list begins as `ACTIVATING`; who loads it writes `ACTIVE` or `ERROR`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{members, tags};
use crate::context::{Context, Stored, to_value};
use crate::epoch::Epoch;
use crate::error::Refusal;
use crate::handler::{Handler, Route, route};
use crate::kinds;

pub(crate) const OPERATIONS: &[Route] = &[
    route("CreateIPSet", &Call(&IP_SETS, create)),
    route("GetIPSet", &Call(&IP_SETS, get)),
    route("UpdateIPSet", &Call(&IP_SETS, update)),
    route("DeleteIPSet", &Call(&IP_SETS, delete)),
    route("ListIPSets", &Call(&IP_SETS, list)),
    route("CreateThreatIntelSet", &Call(&THREAT_INTEL_SETS, create)),
    route("GetThreatIntelSet", &Call(&THREAT_INTEL_SETS, get)),
    route("UpdateThreatIntelSet", &Call(&THREAT_INTEL_SETS, update)),
    route("DeleteThreatIntelSet", &Call(&THREAT_INTEL_SETS, delete)),
    route("ListThreatIntelSets", &Call(&THREAT_INTEL_SETS, list)),
    route("CreateTrustedEntitySet", &Call(&TRUSTED_ENTITY_SETS, create)),
    route("GetTrustedEntitySet", &Call(&TRUSTED_ENTITY_SETS, get)),
    route("UpdateTrustedEntitySet", &Call(&TRUSTED_ENTITY_SETS, update)),
    route("DeleteTrustedEntitySet", &Call(&TRUSTED_ENTITY_SETS, delete)),
    route("ListTrustedEntitySets", &Call(&TRUSTED_ENTITY_SETS, list)),
    route("CreateThreatEntitySet", &Call(&THREAT_ENTITY_SETS, create)),
    route("GetThreatEntitySet", &Call(&THREAT_ENTITY_SETS, get)),
    route("UpdateThreatEntitySet", &Call(&THREAT_ENTITY_SETS, update)),
    route("DeleteThreatEntitySet", &Call(&THREAT_ENTITY_SETS, delete)),
    route("ListThreatEntitySets", &Call(&THREAT_ENTITY_SETS, list)),
];

/// What tells the four families apart. The numbers are GuardDuty's quotas
/// (<https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_limits.html>).
#[derive(Debug)]
struct Family {
    kind: &'static str,
    /// Member that names one, and member that lists several.
    id: &'static str,
    ids: &'static str,
    /// Most lists of an owner.
    max: usize,
    /// Whether answers carry times and what went wrong.
    is_dated: bool,
}

const IP_SETS: Family = family(kinds::IP_SETS, "ipSetId", "ipSetIds", 1, false);
const THREAT_INTEL_SETS: Family =
    family(kinds::THREAT_INTEL_SETS, "threatIntelSetId", "threatIntelSetIds", 6, false);
const TRUSTED_ENTITY_SETS: Family =
    family(kinds::TRUSTED_ENTITY_SETS, "trustedEntitySetId", "trustedEntitySetIds", 1, true);
const THREAT_ENTITY_SETS: Family =
    family(kinds::THREAT_ENTITY_SETS, "threatEntitySetId", "threatEntitySetIds", 6, true);

const fn family(
    kind: &'static str,
    id: &'static str,
    ids: &'static str,
    max: usize,
    is_dated: bool,
) -> Family {
    Family { kind, id, ids, max, is_dated }
}

/// An operation of a family. Requests of the families differ in the name of the identifier alone.
struct Call(&'static Family, fn(&Family, &Context<'_>, Request) -> Result<Value, Refusal>);

impl Handler for Call {
    fn call(&self, context: &Context<'_>, mut input: Map<String, Value>) -> Result<Value, Refusal> {
        let Call(family, function) = self;
        if let Some(id) = input.remove(family.id) {
            input.insert("id".to_owned(), id);
        }
        let request: Request =
            serde_json::from_value(Value::Object(input)).map_err(|_| Refusal::json())?;
        context.detector(&request.detector_id)?;
        function(family, context, request)
    }
}

/// The members that any of the operations has.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    detector_id: String,
    #[serde(default)]
    id: String,
    name: Option<String>,
    format: Option<String>,
    location: Option<String>,
    expected_bucket_owner: Option<String>,
    activate: Option<bool>,
    tags: Option<BTreeMap<String, String>>,
    client_token: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

/// The stored document.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EntityList {
    name: String,
    format: String,
    location: String,
    #[serde(default)]
    expected_bucket_owner: Option<String>,
    /// `ACTIVATING`, `ACTIVE`, `ERROR`, `INACTIVE`; who loads lists writes it.
    status: String,
    #[serde(default)]
    error_details: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    created_at: Epoch,
    updated_at: Epoch,
}

fn create(family: &Family, context: &Context<'_>, request: Request) -> Result<Value, Refusal> {
    let detector = context.detector(&request.detector_id)?;
    refuse_member(context)?;
    let (Some(name), Some(format), Some(location)) =
        (request.name, request.format, request.location)
    else {
        return Err(Refusal::missing());
    };
    check_location(context, &location)?;
    let id = context.new_id(family.kind, &name, request.client_token.as_deref());
    if context.find::<EntityList>(family.kind, &id)?.is_some() {
        return Ok(json!({ family.id: id }));
    }
    let others = context.all::<EntityList>(family.kind)?;
    if others.len() >= family.max {
        let reason = "the maximum number of lists of this kind is reached for the current account";
        return Err(Refusal::bad("LimitExceededException", reason));
    }
    if others.iter().any(|it| it.body.name == name) {
        return Err(Refusal::parameter("name"));
    }
    let body = EntityList {
        name,
        format,
        location,
        expected_bucket_owner: request.expected_bucket_owner,
        status: status(request.activate.unwrap_or(false)),
        error_details: None,
        tags: tags::checked(request.tags)?,
        created_at: Epoch(context.now),
        updated_at: Epoch(context.now),
    };
    context.create_under(&detector, family.kind, &id, &body)?;
    Ok(json!({ family.id: id }))
}

fn get(family: &Family, context: &Context<'_>, request: Request) -> Result<Value, Refusal> {
    let list = find(family, context, &request.id)?.body;
    let mut value = to_value(&list)?;
    if let Some(members) = value.as_object_mut()
        && !family.is_dated
    {
        members.retain(|name, _| !["createdAt", "updatedAt", "errorDetails"].contains(&&**name));
    }
    Ok(value)
}

fn update(family: &Family, context: &Context<'_>, request: Request) -> Result<Value, Refusal> {
    refuse_member(context)?;
    let mut stored = find(family, context, &request.id)?;
    let list = &mut stored.body;
    let is_moved = request.location.as_ref().is_some_and(|it| *it != list.location);
    if let Some(location) = request.location {
        check_location(context, &location)?;
        list.location = location;
    }
    list.name = request.name.unwrap_or_else(|| list.name.clone());
    if request.expected_bucket_owner.is_some() {
        list.expected_bucket_owner = request.expected_bucket_owner;
    }
    // The content is read at activation: activating again, or a new place, reads it anew.
    let is_on = list.status != INACTIVE;
    match request.activate {
        Some(activate) => list.status = status(activate),
        None if is_moved && is_on => list.status = status(true),
        None => {}
    }
    list.error_details = None;
    list.updated_at = Epoch(context.now);
    context.apply(&[stored.update()?])?;
    Ok(json!({}))
}

fn delete(family: &Family, context: &Context<'_>, request: Request) -> Result<Value, Refusal> {
    refuse_member(context)?;
    let stored = find(family, context, &request.id)?;
    context.apply(&[stored.delete()])?;
    Ok(json!({}))
}

fn list(family: &Family, context: &Context<'_>, request: Request) -> Result<Value, Refusal> {
    let (found, next) =
        context.list::<EntityList>(family.kind, request.max_results, request.next_token)?;
    let ids: Vec<&str> = found.iter().map(Stored::id).collect();
    Ok(json!({ family.ids: ids, "nextToken": next }))
}

const INACTIVE: &str = "INACTIVE";

fn status(activate: bool) -> String {
    if activate { "ACTIVATING" } else { INACTIVE }.to_owned()
}

fn find(family: &Family, context: &Context<'_>, id: &str) -> Result<Stored<EntityList>, Refusal> {
    let found = context.find(family.kind, id)?;
    found.ok_or_else(|| {
        let reason = format!("an invalid {} is specified", family.id);
        Refusal::bad("NoSuchEntityException", &reason)
    })
}

/// `s3://bucket/key` or a URL over TLS; where the program allows it, one without TLS or `file:///path`.
fn check_location(context: &Context<'_>, location: &str) -> Result<(), Refusal> {
    let allowed = context.state.limits.locations;
    let schemes =
        [("s3://", true), ("https://", true), ("http://", allowed.http), ("file://", allowed.file)];
    let found = schemes.iter().find(|it| it.1 && location.starts_with(it.0));
    let place = found.and_then(|it| Some((it.0, location.strip_prefix(it.0)?.split_once('/')?)));
    match place {
        Some((scheme, (host, key)))
            if host.is_empty() == (scheme == "file://") && !key.is_empty() =>
        {
            Ok(())
        }
        _ => Err(Refusal::parameter("location")),
    }
}

/// Lists of the administrator are for its members too.
fn refuse_member(context: &Context<'_>) -> Result<(), Refusal> {
    if members::administrator(context)?.is_some() {
        return Err(Refusal::invalid("member accounts cannot manage IPSets or ThreatIntelSets"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Server;

    const PATHS: [(&str, &Family); 4] = [
        ("ipset", &IP_SETS),
        ("threatintelset", &THREAT_INTEL_SETS),
        ("trustedentityset", &TRUSTED_ENTITY_SETS),
        ("threatentityset", &THREAT_ENTITY_SETS),
    ];

    fn body(name: &str, activate: bool) -> Value {
        let location = format!("s3://bucket/{name}.txt");
        json!({"name": name, "format": "TXT", "location": location, "activate": activate, "tags": {"a": "b"}})
    }

    #[test]
    fn a_list_of_every_family_lives_from_create_to_delete() {
        let server = Server::start();
        let detector = server.detector("admin");
        for (path, family) in PATHS {
            let target = format!("/detector/{detector}/{path}");
            let made = server.ok("POST", &target, &body("first", true));
            let one = format!("{target}/{}", made[family.id].as_str().unwrap());
            let list = server.ok("GET", &one, &Value::Null);
            assert_eq!(
                (&list["status"], &list["tags"]),
                (&json!("ACTIVATING"), &json!({"a": "b"}))
            );
            assert_eq!(list["createdAt"].is_number(), family.is_dated);
            server.ok("POST", &one, &json!({"activate": false, "name": "renamed"}));
            let list = server.ok("GET", &one, &Value::Null);
            assert_eq!((&list["status"], &list["name"]), (&json!("INACTIVE"), &json!("renamed")));
            // A new place of an inactive list is not read.
            server.ok("POST", &one, &json!({"location": "https://example.com/list.txt"}));
            assert_eq!(server.ok("GET", &one, &Value::Null)["status"], "INACTIVE");
            let listed = server.ok("GET", &target, &Value::Null);
            assert_eq!(listed[family.ids], json!([made[family.id]]));
            server.ok("DELETE", &one, &Value::Null);
            let expected =
                format!("The request is rejected because an invalid {} is specified.", family.id);
            assert_eq!(server.refused("GET", &one, &Value::Null), expected);
        }
        // Made, changed twice and deleted, four times, after the detector.
        assert_eq!(server.controls().len(), 1 + 4 * 4);
    }

    #[test]
    fn the_number_of_lists_is_bounded_and_names_are_unique() {
        let server = Server::start();
        let detector = server.detector("admin");
        for (path, family) in PATHS {
            let target = format!("/detector/{detector}/{path}");
            for n in 0..family.max {
                server.ok("POST", &target, &body(&format!("list-{n}"), true));
            }
            assert!(
                server.refused("POST", &target, &body("more", true)).contains("maximum number")
            );
        }
        let threats = format!("/detector/{detector}/threatintelset");
        let id = server.ok("GET", &threats, &Value::Null)["threatIntelSetIds"][0].clone();
        server.ok("DELETE", &format!("{threats}/{}", id.as_str().unwrap()), &Value::Null);
        let names: Vec<String> = (0..6).map(|it| format!("list-{it}")).collect();
        let refused = names
            .iter()
            .filter(|it| server.call("admin", "POST", &threats, &body(it, true)).status == 400);
        assert_eq!(refused.count(), 5);
    }

    #[test]
    fn lists_that_are_made_at_once_do_not_pass_the_bound() {
        for server in Server::of_each_store() {
            let target = format!("/detector/{}/ipset", server.detector("admin"));
            let made = std::thread::scope(|scope| {
                let make = |n: usize| {
                    let (server, target) = (&server, &target);
                    let body = body(&format!("list-{n}"), true);
                    scope.spawn(move || server.call("admin", "POST", target, &body).status)
                };
                let threads: Vec<_> = (0..8).map(make).collect();
                threads.into_iter().map(|it| it.join().unwrap()).filter(|it| *it == 200).count()
            });
            assert_eq!(made, 1);
        }
    }

    #[test]
    fn a_call_that_is_sent_twice_makes_one_list() {
        let server = Server::start();
        let target = format!("/detector/{}/ipset", server.detector("admin"));
        let mut body = body("once", true);
        body["clientToken"] = json!("token");
        let first = server.ok("POST", &target, &body);
        assert_eq!(server.ok("POST", &target, &body), first);
    }

    #[test]
    fn what_is_malformed_is_named() {
        let server = Server::start();
        let target = format!("/detector/{}/ipset", server.detector("admin"));
        for (parameter, value) in [
            ("location", json!("ftp://example.com/a")),
            ("location", json!("s3://bucket")),
            ("location", json!("file:///etc/passwd")),
            ("format", json!("PDF")),
            ("name", json!("")),
            ("expectedBucketOwner", json!("12")),
        ] {
            let mut body = body("list", true);
            body[parameter] = value;
            let expected = format!(
                "The request is rejected because the parameter {parameter} has an invalid value."
            );
            assert_eq!(server.refused("POST", &target, &body), expected);
        }
    }

    #[test]
    fn members_leave_lists_to_their_administrator() {
        let server = Server::start();
        let (mine, theirs) = (server.detector("admin"), server.detector("other"));
        members::tests::associate(&server, &mine, &theirs);
        let answer =
            server.call("other", "POST", &format!("/detector/{theirs}/ipset"), &body("a", true));
        assert_eq!(
            answer.body["message"],
            "The request is rejected because member accounts cannot manage IPSets or ThreatIntelSets."
        );
    }
}
