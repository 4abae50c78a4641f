//! What holds for every operation: errors, bounds, roles, accounts, races.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use store::{DocumentQuery, Owner};

use super::*;
use crate::kinds;
use crate::state::Limits;
use crate::testing::{ACCOUNT, REGION, Server};
use crate::wire::operations::OPERATIONS;

const NONE: &Value = &Value::Null;

#[test]
fn errors_have_the_services_form() {
    let server = Server::start();
    let id = "0".repeat(32);
    let answer = server.call("admin", "GET", &format!("/detector/{id}"), NONE);
    assert_eq!(answer.status, 400);
    assert_eq!(answer.header("x-amzn-errortype"), Some("BadRequestException"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-amzn-requestid").map(str::len), Some(36));
    let message =
        "The request is rejected because the input detectorId is not owned by the current account.";
    assert_eq!(answer.body, json!({ "__type": "NoSuchEntityException", "message": message }));

    let malformed = server.refused("GET", "/detector/not-one", NONE);
    assert_eq!(
        malformed,
        "The request is rejected because the parameter detectorId has an invalid value."
    );
    let request = server.signed("admin", "POST", "/detector", "{\"enable\": tru");
    let broken = server.send(&request);
    assert_eq!(
        broken.body["message"],
        "The request is rejected because the JSON could not be processed."
    );
    let missing = server.refused("POST", "/detector", &json!({}));
    assert_eq!(
        missing,
        "The request is rejected because the required query or path parameters are not specified."
    );
}

#[test]
fn unknown_and_unserved_operations_are_refused_differently() {
    let server = Server::start();
    let unknown = server.call("admin", "GET", "/nothing", NONE);
    assert_eq!(
        (unknown.status, unknown.header("x-amzn-errortype")),
        (404, Some("UnknownOperationException"))
    );
    let unserved = server.call("admin", "POST", "/malware-protection-plan", NONE);
    assert_eq!(unserved.status, 400);
    assert_eq!(unserved.body["__type"], "UnsupportedOperationException");
}

#[test]
fn without_a_right_signature_nothing_is_told() {
    let server = Server::start();
    let request = server.signed("admin", "GET", "/detector", "");
    let unsigned: String =
        request.split_inclusive("\r\n").filter(|it| !it.starts_with("authorization")).collect();
    for (request, status, name) in [
        (unsigned, 403, "MissingAuthenticationTokenException"),
        (request.replace("GET /detector", "GET /invitation"), 403, "InvalidSignatureException"),
        (request.replace("GET /detector", "GET /nothing"), 403, "InvalidSignatureException"),
        (server.signed("nobody", "GET", "/detector", ""), 403, "UnrecognizedClientException"),
        (request.replace("guardduty/aws4", "s3/aws4"), 403, "InvalidSignatureException"),
    ] {
        let answer = server.send(&request);
        assert_eq!((answer.status, answer.header("x-amzn-errortype")), (status, Some(name)));
        assert_eq!(answer.body["__type"], name);
    }
    assert_eq!(server.send(&request).status, 200);
}

#[test]
fn roles_are_kept() {
    let server = Server::start();
    let id = server.detector("admin");
    let target = format!("/detector/{id}");
    for (key, read, archive, change) in [
        ("admin", 200, 200, 200),
        ("analyst", 200, 200, 403),
        ("reader", 200, 403, 403),
        ("ingest", 403, 403, 403),
    ] {
        assert_eq!(server.call(key, "GET", &target, NONE).status, read, "{key}");
        let ids = json!({ "findingIds": [] });
        let archived = server.call(key, "POST", &format!("{target}/findings/archive"), &ids);
        assert_eq!(archived.status, archive, "{key}");
        let changed = server.call(key, "POST", &target, &json!({ "enable": true }));
        assert_eq!(changed.status, change, "{key}");
    }
}

#[test]
fn requests_are_bounded() {
    let limits =
        Limits { body_bytes: 1000, timeout: Duration::from_millis(300), ..Limits::default() };
    let server = Server::with(limits);
    let large = json!({ "enable": true, "tags": { "a": "x".repeat(2000) } });
    let answer = server.call("admin", "POST", "/detector", &large);
    assert_eq!(
        (answer.status, answer.header("x-amzn-errortype")),
        (413, Some("RequestTooLargeException"))
    );
    // A client that promises a body and sends none is not waited for.
    let request = server
        .signed("admin", "POST", "/detector", "")
        .replace("content-length: 0", "content-length: 9");
    assert_eq!(server.send(&request).status, 408);
    let deep = format!("{{\"a\":{}", "[".repeat(500));
    let answer = server.send(&server.signed("admin", "POST", "/detector", &deep));
    assert_eq!(answer.status, 400);
}

#[test]
fn keys_that_call_too_often_are_throttled() {
    let server = Server::with(Limits { per_second: 1, ..Limits::default() });
    let forged = server.signed("admin", "GET", "/detector", "").replace("/detector", "/invitation");
    for _ in 0..3 {
        assert_eq!(server.send(&forged).status, 403, "and takes nothing from the key");
    }
    for _ in 0..2 {
        assert_eq!(server.call("admin", "GET", "/detector", NONE).status, 200);
    }
    let answer = server.call("admin", "GET", "/detector", NONE);
    assert_eq!(
        (answer.status, answer.header("x-amzn-errortype")),
        (400, Some("ThrottlingException"))
    );
    assert_eq!(answer.body, json!({ "__type": "ThrottlingException", "message": "Rate exceeded" }));
    assert_eq!(server.call("reader", "GET", "/detector", NONE).status, 200);
    server.wait_days(1);
    assert_eq!(server.call("admin", "GET", "/detector", NONE).status, 200);
}

#[test]
fn concurrent_changes_of_one_resource_all_take_effect() {
    for server in Server::of_each_store() {
        let id = server.detector("admin");
        let names = ["EKS_AUDIT_LOGS", "RDS_LOGIN_EVENTS", "AI_PROTECTION", "AI_ANALYST"];
        std::thread::scope(|scope| {
            for name in names {
                let (server, id) = (&server, &id);
                scope.spawn(move || {
                    let features = json!({ "features": [{ "name": name, "status": "ENABLED" }] });
                    server.ok("POST", &format!("/detector/{id}"), &features);
                });
            }
        });
        let detector = server.ok("GET", &format!("/detector/{id}"), NONE);
        for name in names {
            let features = detector["features"].as_array().unwrap();
            let feature = features.iter().find(|it| it["name"] == name).unwrap();
            assert_eq!(feature["status"], "ENABLED", "{name}");
        }
    }
}

/// What an account has: everything whose identifier another one might guess or have been told.
fn furnish(server: &Server, key: &str) -> BTreeMap<&'static str, String> {
    let detector = server.detector(key);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let make = |path: &str, body: Value| {
        server.ok_of(key, "POST", &format!("/detector/{detector}/{path}"), &body)
    };
    let list = |name: &str| json!({ "name": name, "format": "TXT", "location": "s3://b/k", "activate": false });
    make("filter", json!({ "name": "mine", "findingCriteria": criteria() }));
    let destination = json!({
        "destinationType": "S3", "destinationProperties": { "destinationArn": "arn:aws:s3:::b" },
    });
    let rule = json!({ "ruleId": "rule-a", "mode": "LIVE" });
    let associated = server.ok_of(key, "POST", "/custom-detection-rule/association", &rule);
    make("findings/create", json!({}));
    let ids = make("findings", json!({}));
    BTreeMap::from([
        ("IpSetId", text(&make("ipset", list("a"))["ipSetId"])),
        ("ThreatIntelSetId", text(&make("threatintelset", list("b"))["threatIntelSetId"])),
        ("TrustedEntitySetId", text(&make("trustedentityset", list("c"))["trustedEntitySetId"])),
        ("ThreatEntitySetId", text(&make("threatentityset", list("d"))["threatEntitySetId"])),
        ("DestinationId", text(&make("publishingDestination", destination)["destinationId"])),
        ("FilterName", "mine".to_owned()),
        ("InvestigationId", "12ab".to_owned()),
        ("RuleId", "rule-a".to_owned()),
        ("AssociationId", text(&associated["ruleAssociation"]["associationId"])),
        (
            "ResourceArn",
            format!("arn%3Aaws%3Aguardduty%3A{REGION}%3A{ACCOUNT}%3Adetector%2F{detector}"),
        ),
        ("finding", text(&ids["findingIds"][0])),
        ("DetectorId", detector),
    ])
}

fn criteria() -> Value {
    json!({ "criterion": { "severity": { "gte": 1 } } })
}

/// All that an operation could need, so that it is refused for whose resource it is and nothing else.
fn body(finding: &str) -> Value {
    json!({
        "name": "mine2", "findingCriteria": criteria(), "format": "TXT", "location": "s3://b/k",
        "activate": true, "enable": true, "findingIds": [finding], "feedback": "USEFUL",
        "findingStatisticTypes": ["COUNT_BY_SEVERITY"], "destinationType": "S3",
        "destinationProperties": { "destinationArn": "arn:aws:s3:::b" }, "tags": { "a": "b" },
        "accountIds": [ACCOUNT], "administratorId": ACCOUNT, "masterId": ACCOUNT, "invitationId": "i",
        "adminAccountId": ACCOUNT, "investigationId": "12ab", "statisticsType": ["COUNT_BY_RESOURCE_TYPE"],
        "accountDetails": [{ "accountId": ACCOUNT, "email": "a@example.com" }],
    })
}

/// Every document of an owner, and every finding, as they are in the store.
fn everything(server: &Server) -> Vec<Value> {
    let account = model::AccountId::from_digits(ACCOUNT.as_bytes()).unwrap();
    let owner = Owner::new(account, Region::new(REGION));
    let mut all = Vec::new();
    let documents = [
        kinds::DETECTORS,
        kinds::MEMBERS,
        kinds::INVITATIONS,
        kinds::ADMINISTRATORS,
        kinds::ORGANIZATIONS,
        kinds::ORGANIZATION_ADMINS,
        kinds::RULE_ASSOCIATIONS,
        kinds::RULE_CONFIGURATIONS,
    ];
    for kind in documents.into_iter().chain(kinds::OF_DETECTOR) {
        let (kind, limit) = (kind.to_owned(), 1000);
        let query = DocumentQuery { owner: Some(owner), kind, limit, token: None };
        let page = server.store.list_documents(&query).unwrap();
        all.extend(page.items.into_iter().map(|it| json!([it.key.id, it.version, it.body])));
    }
    let query = store::FindingQuery {
        scope: store::Scope::of(owner),
        limit: 100,
        ..store::FindingQuery::default()
    };
    let ids = server.store.list_findings(&query).unwrap().items;
    let findings = server.store.get_findings(&query.scope, &ids).unwrap();
    all.extend(findings.iter().map(|it| serde_json::to_value(it).unwrap()));
    all
}

#[test]
fn no_operation_reaches_another_accounts_resources() {
    for server in Server::of_each_store() {
        let mine = furnish(&server, "admin");
        let theirs = server.detector("other");
        let before = everything(&server);
        let secret = mine["DetectorId"].clone();
        let mut tried = 0;
        for operation in
            OPERATIONS.iter().filter(|it| resources::routes().any(|r| r.name == it.name))
        {
            // Once with everything of the first account, once with its own detector around it.
            for detector in [&mine["DetectorId"], &theirs] {
                let mut target = operation.path.replace("{DetectorId}", detector);
                for (label, value) in &mine {
                    target = target.replace(&format!("{{{label}}}"), value);
                }
                if operation.name == "UntagResource" {
                    target.push_str("?tagKeys=a");
                }
                let is_own = detector == &theirs || !operation.path.contains("{DetectorId}");
                if is_own
                    && ["DELETE /detector", "POST /detector"].contains(&&*format!(
                        "{} {}",
                        operation.method,
                        operation.path.trim_end_matches("/{DetectorId}")
                    ))
                {
                    continue;
                }
                let reads = operation.method == "GET";
                let body = if reads { Value::Null } else { body(&mine["finding"]) };
                let answer = server.call("other", operation.method, &target, &body);
                let text = answer.body.to_string();
                let name = operation.name;
                if !is_own {
                    assert_eq!(answer.status, 400, "{name}: {answer:?}");
                    assert_eq!(answer.body["__type"], "NoSuchEntityException", "{name}");
                }
                let is_named = operation.path.matches('{').count() > 1
                    || operation.path.contains("ResourceArn");
                if is_named {
                    assert!([400, 404].contains(&answer.status), "{name}: {answer:?}");
                }
                assert!(
                    !text.contains(&secret) && !text.contains(&mine["IpSetId"]),
                    "{name}: {text}"
                );
                assert!(!text.contains(&mine["finding"]), "{name}: {text}");
                tried += 1;
            }
        }
        assert!(tried > 100, "{tried}");
        let mut after = everything(&server);
        // The one thing that reaches over is an invitation, which the first account may decline.
        after.retain(|it| it[2]["relationshipStatus"] != "Invited");
        assert_eq!(after, before);
        assert_eq!(server.ok_of("other", "GET", "/detector", NONE)["detectorIds"], json!([theirs]));
    }
}

/// Calls an operation without HTTP, as often as it takes to try many values.
fn attempt(
    server: &Server,
    operation: &Operation,
    path: &str,
    body: &Value,
) -> Result<Value, Refusal> {
    let account = model::AccountId::from_digits(ACCOUNT.as_bytes()).unwrap();
    let owner = Owner::new(account, Region::new(REGION));
    let now = server.state.clock.now();
    let context = Context { state: &server.state, owner, now };
    let (_, labels) = operation::find(operation.method, path).unwrap();
    let input = input::assemble(operation, &labels, "", body.to_string().as_bytes())?;
    let route = resources::routes().find(|it| it.name == operation.name).unwrap();
    route.handler.call(&context, input)
}

#[test]
fn no_value_of_a_request_is_a_fault_of_ours() {
    let values = [
        json!(1),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(u64::MAX),
        json!(true),
        json!(""),
        json!("x"),
        json!("é".repeat(400)),
        json!("../../etc"),
        json!([]),
        json!([null]),
        json!([[]]),
        json!(["x", 1, {}]),
        json!({}),
        json!({ "a": null }),
        json!({ "criterion": { "severity": { "gte": i64::MAX } } }),
        json!({ "criterion": { "id": { "equals": [] } } }),
        json!([{ "name": "S3_DATA_EVENTS" }, {}]),
        json!({ "attributeName": "x", "orderBy": "ASC" }),
    ];
    let server = Server::start();
    let mine = furnish(&server, "admin");
    let mut tried = 0;
    for operation in OPERATIONS.iter().filter(|it| resources::routes().any(|r| r.name == it.name)) {
        if operation.name == "DeleteDetector" {
            continue;
        }
        let mut path = operation.path.to_owned();
        for (label, value) in &mine {
            path = path.replace(&format!("{{{label}}}"), value);
        }
        for member in operation.members {
            for value in &values {
                let mut body = body(&mine["finding"]);
                body[member.name] = value.clone();
                if let Err(refusal) = attempt(&server, operation, &path, &body) {
                    let name = operation.name;
                    let refused = format!("{name} {} {value}: {refusal:?}", member.name);
                    assert_ne!(refusal.name, ErrorName::InternalServerError, "{refused}");
                    assert!(operation.errors.contains(&refusal.name), "{refused}");
                    assert!(refusal.message.len() < 1000, "{refused}");
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 4000, "{tried}");
}
