//! The GuardDuty API over this service's store.

use std::sync::{Arc, LazyLock};

use api::{Audit, Clock, Controls, DetectionRule, Limits, Peer, State};
use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware;
use detectors::rules::LibraryRule;
use engine::model::Timestamp;
use findings::FindingType;
use store::Store;

use super::keys::KeyFile;
use super::listener::ClientAddr;

struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        crate::clock::now()
    }
}

/// The types of findings there are.
fn finding_types() -> &'static [&'static FindingType] {
    static TYPES: LazyLock<Vec<&'static FindingType>> =
        LazyLock::new(|| crate::catalog::served().iter().map(|it| it.finding_type).collect());
    &TYPES
}

/// When the library of custom detection rules came: 2026-11-25.
const RULES_SINCE: i64 = 1_795_564_800;

/// The custom detection rules there are.
fn rules() -> &'static [DetectionRule] {
    static RULES: LazyLock<Vec<DetectionRule>> =
        LazyLock::new(|| detectors::rules::library().map(|it| described(&it)).collect());
    &RULES
}

fn described(rule: &LibraryRule) -> DetectionRule {
    let calls: Vec<String> = rule.calls.iter().map(|it| format!("'{it}'")).collect();
    let outcome = if rule.counts_attempts { "" } else { "\n  AND errorCode IS NULL" };
    let (source, calls) = (rule.source, calls.join(", "));
    let summary = rule.summary.replacen("{}", "(the resource)", 1);
    DetectionRule {
        id: rule_id(rule.name),
        name: rule.name.to_owned(),
        description: format!("{summary}. {}", rule.why),
        severity: rule.severity,
        tactic: rule.finding_type.purpose().to_owned(),
        technique: rule.finding_type.techniques.join(", "),
        service: rule.finding_type.affected().to_owned(),
        // What is asked of the parameters is code.
        expression: format!(
            "SELECT * FROM CloudTrail\nWHERE eventSource = '{source}.amazonaws.com'\n  AND eventName IN ({calls}){outcome}\n\
             -- and of its parameters what says: {summary}"
        ),
        since: Timestamp::from_secs(RULES_SINCE),
    }
}

/// The identifier of a rule: its words in lower case with hyphens, as `vpc-flow-logs-deleted`.
pub(super) fn rule_id(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut id = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|it| letters.get(it));
        let after = letters.get(at + 1);
        // A word begins with a capital behind a small letter or digit, and before a small letter.
        let begins = letter.is_ascii_uppercase()
            && before.is_some_and(|it| {
                !it.is_ascii_uppercase() || after.is_some_and(char::is_ascii_lowercase)
            });
        if begins {
            id.push('-');
        }
        id.push(letter.to_ascii_lowercase());
    }
    id
}

/// Every operation that the API serves.
pub(super) fn router(
    store: Arc<dyn Store>,
    keys: Arc<KeyFile>,
    (controls, audit): (Arc<dyn Controls>, Arc<dyn Audit>),
    limits: Limits,
) -> Router {
    let router = api::router(State {
        store,
        keys,
        clock: Arc::new(WallClock),
        controls,
        finding_types: finding_types(),
        rules: rules(),
        audit,
        limits,
    });
    router.layer(middleware::map_request(
        |from: ConnectInfo<ClientAddr>, mut request: Request| async move {
            request.extensions_mut().insert(Peer(from.0.0.ip()));
            request
        },
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn rules_have_identifiers_and_texts_of_their_own() {
        assert_eq!(rule_id("VPCFlowLogsDeleted"), "vpc-flow-logs-deleted");
        assert_eq!(rule_id("EC2InstanceSSHKeyPushed"), "ec2-instance-ssh-key-pushed");
        assert_eq!(rules().len(), 35);
        let ids: BTreeSet<&str> = rules().iter().map(|it| &*it.id).collect();
        assert_eq!(ids.len(), rules().len());
        for rule in rules() {
            let is_known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(rule.id.chars().all(is_known) && !rule.id.contains("--"), "{}", rule.id);
            assert!((1..=1024).contains(&rule.description.len()), "{}", rule.id);
            assert!((1..=4096).contains(&rule.expression.len()), "{}", rule.id);
            assert!(!rule.tactic.is_empty() && !rule.service.is_empty(), "{}", rule.id);
            assert!(rule.technique.starts_with('T'), "{}: {}", rule.id, rule.technique);
        }
        assert_eq!(
            Timestamp::from_secs(RULES_SINCE),
            Timestamp::parse("2026-11-25T00:00:00Z").unwrap()
        );
    }
}
