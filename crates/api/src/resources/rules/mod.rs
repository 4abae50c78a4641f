//! Custom detection rules: a library that clients look through, and where its rules are on.
//!
//! A rule is switched on by an account for itself (an association) or by the administrator of an organization
//! for its members (a configuration). `LIVE` makes findings, `DRY_RUN` counts for some days.

mod associations;
mod configurations;
mod library;

use std::time::Duration;

pub(crate) use associations::OPERATIONS as ASSOCIATIONS;
pub(crate) use configurations::OPERATIONS as CONFIGURATIONS;
pub(crate) use library::OPERATIONS as LIBRARY;
use model::Timestamp;

use crate::context::Context;
use crate::epoch::Epoch;
use crate::error::{ErrorName, Refusal};
use crate::state::DetectionRule;
use crate::wire::types::AssociationMode;

/// How long a dry run goes on (<https://docs.aws.amazon.com/guardduty/latest/ug/>, custom detection rules).
const DRY_RUN: Duration = Duration::from_hours(14 * 24);
/// Results on a page unless the caller asks for fewer.
const PAGE: i64 = 100;

/// The rule with this identifier.
fn rule(context: &Context<'_>, id: &str) -> Result<&'static DetectionRule, Refusal> {
    context.state.rules.iter().find(|it| it.id == id).ok_or_else(no_such_resource)
}

fn no_such_resource() -> Refusal {
    let message = "The request is rejected since no such resource found.";
    Refusal::new(ErrorName::ResourceNotFound, message)
}

/// Something of the kind is there already. No other request overtook this one: trying again does not help.
fn exists(reason: &str) -> Refusal {
    let message = format!("The request is rejected because {reason}.");
    Refusal { name: ErrorName::Conflict, kind: "EntityAlreadyExistsException", message }
}

/// When a rule that is switched on in a mode goes off by itself.
fn expiry(mode: AssociationMode, now: Timestamp) -> Option<Epoch> {
    (mode == AssociationMode::DryRun).then(|| Epoch(now + DRY_RUN))
}

fn is_expired(expires_at: Option<Epoch>, now: Timestamp) -> bool {
    expires_at.is_some_and(|it| it.0 <= now)
}

/// A page of items that are sorted by identifier, and the token of the next one, which is empty behind the last.
fn page<T>(
    items: Vec<T>,
    id: impl Fn(&T) -> &str,
    max_results: Option<i64>,
    token: Option<String>,
) -> (Vec<T>, String) {
    let most = max_results.unwrap_or(PAGE).clamp(1, PAGE) as usize;
    let after = token.unwrap_or_default();
    let rest: Vec<T> = items.into_iter().filter(|it| id(it) > after.as_str()).collect();
    let is_last = rest.len() <= most;
    let taken: Vec<T> = rest.into_iter().take(most).collect();
    let next = taken.last().filter(|_| !is_last).map_or(String::new(), |it| id(it).to_owned());
    (taken, next)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::kinds;
    use crate::testing::{ACCOUNT, OTHER, Server};

    const NONE: &Value = &Value::Null;
    const ON: &str = "/custom-detection-rule/association";
    const FOR_ALL: &str = "/custom-detection-rule/org-configuration";

    #[test]
    fn the_library_is_listed_filtered_and_read() {
        let server = Server::start();
        let list = |body: Value| server.ok("POST", "/custom-detection-rule/rule", &body);
        let all = list(json!({}));
        let ids = |it: &Value| -> Vec<String> {
            let rules = it["rules"].as_array().unwrap().iter();
            rules.map(|it| it["ruleId"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(
            (ids(&all), &all["nextToken"]),
            (vec!["rule-a".into(), "rule-b".into()], &json!(""))
        );
        let first = list(json!({"maxResults": 1}));
        assert_eq!(first["nextToken"], "rule-a");
        assert_eq!(ids(&list(json!({"maxResults": 1, "nextToken": "rule-a"}))), ["rule-b"]);
        for (filter, expected) in [
            (json!({"name": "severity", "values": ["HIGH"]}), vec!["rule-b"]),
            (json!({"name": "service", "values": ["ec2", "iam"]}), vec!["rule-a", "rule-b"]),
            (json!({"name": "name", "condition": "CONTAINS", "values": ["ulea"]}), vec!["rule-a"]),
            (json!({"name": "name", "values": ["ulea"]}), vec![]),
            (json!({"name": "dataSource", "values": ["RuntimeMonitoring"]}), vec![]),
        ] {
            assert_eq!(ids(&list(json!({"filters": [filter]}))), expected, "{filter}");
        }
        let rule = &server.ok("GET", "/custom-detection-rule/rule/rule-b", NONE)["rule"];
        assert_eq!((&rule["language"], &rule["schema"]), (&json!("SQL"), &json!("CloudTrail")));
        assert!(rule["definition"]["expression"].as_str().unwrap().starts_with("SELECT"));
        assert!(all["rules"][0].get("definition").is_none(), "{all}");
        let unknown = server.call("admin", "GET", "/custom-detection-rule/rule/rule-c", NONE);
        assert_eq!(
            (unknown.status, unknown.header("x-amzn-errortype")),
            (404, Some("ResourceNotFoundException"))
        );
    }

    #[test]
    fn an_account_switches_rules_on_and_off() {
        for server in Server::of_each_store() {
            let body = json!({"ruleId": "rule-a", "mode": "DRY_RUN", "tags": {"a": "b"}, "clientToken": "t"});
            let made = server.ok("POST", ON, &body)["ruleAssociation"].clone();
            assert_eq!((&made["accountId"], &made["mode"]), (&json!(ACCOUNT), &json!("DRY_RUN")));
            let [made_at, ends_at] =
                ["createdAt", "expiresAt"].map(|it| made[it].as_f64().unwrap());
            assert!((ends_at - made_at - 14.0 * 86_400.0).abs() < 1.0, "{made}");
            // The same token is the same call.
            assert_eq!(server.ok("POST", ON, &body)["ruleAssociation"], made);
            let again = json!({"ruleId": "rule-a", "mode": "LIVE"});
            let refused = server.call("admin", "POST", ON, &again);
            assert_eq!(
                (refused.status, refused.header("x-amzn-errortype")),
                (409, Some("ConflictException"))
            );
            let id = made["associationId"].as_str().unwrap();
            let one = format!("/custom-detection-rule/rule/rule-a/association/{id}");
            assert_eq!(server.ok("GET", &one, NONE)["tags"], json!({"a": "b"}));
            server.ok("PUT", &one, &json!({"mode": "LIVE"}));
            let got = server.ok("GET", &one, NONE)["ruleAssociation"].clone();
            assert_eq!((&got["mode"], got.get("expiresAt")), (&json!("LIVE"), None));
            for (query, count) in
                [("", 1), ("?mode=LIVE", 1), ("?mode=DRY_RUN", 0), ("?ruleId=rule-b", 0)]
            {
                let listed = server.ok("GET", &format!("{ON}{query}"), NONE);
                assert_eq!(listed["ruleAssociations"].as_array().unwrap().len(), count, "{query}");
            }
            let controls = server.controls();
            let document = &controls.last().unwrap().documents[0];
            assert_eq!(document.kind, kinds::RULE_ASSOCIATIONS);
            assert_eq!(document.body.as_ref().unwrap()["mode"], "LIVE");
            server.ok("DELETE", &one, NONE);
            for (method, body) in
                [("GET", NONE), ("DELETE", NONE), ("PUT", &json!({"mode": "LIVE"}))]
            {
                assert_eq!(server.call("admin", method, &one, body).status, 404, "{method}");
            }
        }
    }

    #[test]
    fn a_dry_run_ends_by_itself() {
        let server = Server::start();
        let body = json!({"ruleId": "rule-a", "mode": "DRY_RUN"});
        server.ok("POST", ON, &body);
        server.wait_days(15);
        assert_eq!(server.ok("GET", ON, NONE)["ruleAssociations"], json!([]));
        server.ok("POST", ON, &body);
    }

    #[test]
    fn an_administrator_switches_rules_on_for_its_organization() {
        let server = Server::start();
        let refused =
            server.call("admin", "POST", FOR_ALL, &json!({"ruleId": "rule-a", "mode": "LIVE"}));
        assert_eq!(refused.status, 400, "{refused:?}");
        server.detector("admin");
        server.ok_of("management", "POST", "/admin/enable", &json!({"adminAccountId": ACCOUNT}));
        let made = json!({"ruleId": "rule-a", "mode": "LIVE", "excludeAccountIds": [OTHER]});
        server.ok("POST", FOR_ALL, &made);
        assert_eq!(server.call("admin", "POST", FOR_ALL, &made).status, 409);
        let both = json!({
            "ruleId": "rule-b", "mode": "LIVE", "excludeAccountIds": [OTHER], "includeAccountIds": [OTHER],
        });
        assert_eq!(server.call("admin", "POST", FOR_ALL, &both).status, 400);
        let one = format!("{FOR_ALL}/rule-a");
        let got = server.ok("GET", &format!("{one}?mode=LIVE"), NONE)["configuration"].clone();
        assert_eq!(
            (&got["status"], &got["excludeAccountIds"]),
            (&json!("ACTIVE"), &json!([OTHER]))
        );
        assert_eq!(got["includeAccountIds"], json!([]));
        assert_eq!(server.call("admin", "GET", &format!("{one}?mode=DRY_RUN"), NONE).status, 404);
        server.ok(
            "PUT",
            &one,
            &json!({"mode": "LIVE", "includeAccountIds": [OTHER], "excludeAccountIds": []}),
        );
        let got = server.ok("GET", &format!("{one}?mode=LIVE"), NONE)["configuration"].clone();
        assert_eq!(
            (&got["includeAccountIds"], &got["excludeAccountIds"]),
            (&json!([OTHER]), &json!([]))
        );
        let listed = |query: &str| {
            let listed = server.ok("GET", &format!("{FOR_ALL}{query}"), NONE);
            listed["configurations"].as_array().unwrap().len()
        };
        assert_eq!((listed(""), listed("?status=ACTIVE"), listed("?status=FAILED")), (1, 1, 0));
        server.ok("DELETE", &format!("{one}?mode=LIVE"), NONE);
        assert_eq!(listed(""), 0);
    }
}
