//! What one family asks for, another gets too: it must change nothing.
//!
//! A family that names its calls sees every call of its scope that any other family wants. Here detectors want
//! all calls in every scope, so each family is asked about each call of the fixtures.

#[cfg(test)]
mod harness;

use std::time::Duration;

use engine::model::Scope;
use engine::{ApiCalls, Context, Detector, Event, Interest, Out, Registry, Spec};
use harness::{Run, cases, findings, fixtures};

/// Declares a detector of a scope that wants every call.
macro_rules! guest {
    ($name:ident, $family:literal, $scope:expr) => {
        struct $name;

        impl Detector for $name {
            type Reads = ApiCalls;
            type State = ();

            const SPEC: Spec = Spec {
                name: $family,
                scope: $scope,
                idle: Duration::from_hours(1),
                version: 1,
                types: &[],
                interest: Interest::Every,
            };

            fn wants(&self, _: &Event<'_, ApiCalls>) -> bool {
                true
            }

            fn observe(
                &self,
                (): &mut (),
                _: &Event<'_, ApiCalls>,
                _: &Context<'_>,
                _: &mut Out<'_>,
            ) {
            }
        }
    };
}

guest!(OfPrincipals, "test/principals", Scope::Principal);
guest!(OfSessions, "test/sessions", Scope::Session);
guest!(OfBuckets, "test/buckets", Scope::Bucket);
guest!(OfAccounts, "test/accounts", Scope::Account);

fn invite(registry: &mut Registry) {
    let is_new = [
        registry.add(OfPrincipals),
        registry.add(OfSessions),
        registry.add(OfBuckets),
        registry.add(OfAccounts),
    ];
    assert_eq!(is_new, [true; 4]);
}

#[test]
fn calls_that_others_ask_for_change_nothing() {
    let run = Run { guests: &invite, ..Run::default() };
    let (mut wrong, mut done) = (Vec::new(), 0);
    for case in cases() {
        if case.name.starts_with("ec2/") {
            continue;
        }
        done += 1;
        let got = serde_json::to_string_pretty(&findings(&case, &run)).unwrap() + "\n";
        let golden = fixtures().join(format!("{}.findings.json", case.name));
        if std::fs::read_to_string(golden).unwrap() != got {
            wrong.push(case.name);
        }
    }
    assert!(done > 50 && wrong.is_empty(), "{done} cases; other findings in {wrong:?}");
}
