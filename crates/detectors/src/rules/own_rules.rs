//! Guardpost's own rules: changes that open an account to strangers or hide what is done in it.
//!
//! GuardDuty has no type for them, or only as a custom detection rule or an anomaly. They are on by default,
//! and `strict_catalogue` switches them off. Where a custom detection rule says the same of a call, the custom
//! rule says it alone, unless the own rule rates it graver: one finding for one fact.

use std::time::Duration;

use engine::intel::Category;
use engine::model::Scope;
use engine::telemetry::ApiCall;
use engine::{ApiCalls, Context, Detector, Event, Interest, Out, Spec};

use super::call::Call;
use super::own::{CALLS, TYPES, is_twin, rules};
use super::rule::{Match, Rule};
use super::selection::Selection;

tunables! {
    /// Changes that open an account to strangers or hide what is done in it: Guardpost's own types.
    pub struct OwnRules {
        /// Whether the family is on.
        pub enabled: bool = true,
        ;
        /// The custom detection rules that raise findings.
        custom: Selection,
    }
}

impl Detector for OwnRules {
    type Reads = ApiCalls;
    type State = ();

    const SPEC: Spec = Spec {
        name: "rules/own_rules",
        scope: Scope::Session,
        idle: Duration::from_hours(1),
        version: 1,
        types: &TYPES,
        interest: Interest::Calls(&CALLS),
    };

    fn wants(&self, event: &Event<'_, ApiCalls>) -> bool {
        // What AWS does for the caller, such as a stack that is deployed, counts as the caller's doing.
        self.enabled
            && event.row.is_success()
            && !event.row.is(ApiCall::SERVICE_EVENT | ApiCall::INSIGHT | ApiCall::DATA)
            && !event.listed.contains(Category::Trusted)
    }

    fn observe(
        &self,
        (): &mut (),
        event: &Event<'_, ApiCalls>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let mut call = None;
        for rule in rules().filter(|it| it.reads(event)) {
            let call = call.get_or_insert_with(|| Call::new(event, ctx));
            if let Some(found) = (rule.condition)(call) {
                if self.is_said(rule, &found, call) {
                    continue;
                }
                let mut draft = rule.draft(&found, call);
                draft.key = format!("{} {} {}", draft.key, rule.name, found.resource());
                out.raise(draft);
            }
        }
    }
}

impl OwnRules {
    /// Whether a custom detection rule that is on says the same of the call, and as gravely.
    fn is_said(&self, rule: &Rule, found: &Match, call: &Call<'_, '_>) -> bool {
        let severity = rule.severity_of(found);
        let twins = self.custom.rules().filter(|it| is_twin(rule.name, it.name));
        twins
            .filter(|it| it.reads(call.event))
            .any(|it| (it.condition)(call).is_some_and(|found| it.severity_of(&found) >= severity))
    }
}

#[cfg(test)]
mod tests {
    use super::super::own::TWINS;
    use super::*;

    #[test]
    fn calls_are_sorted_and_distinct() {
        assert!(CALLS.is_sorted_by(|one, other| one < other));
    }

    #[test]
    fn twins_are_rules_and_read_the_same_calls() {
        for (own, custom) in TWINS {
            let own = rules().find(|it| it.name == *own).expect("an own rule");
            let custom =
                Selection::all().rules().find(|it| it.name == *custom).expect("a custom rule");
            assert_eq!(own.source, custom.source, "{}", own.name);
            assert!(own.calls.iter().any(|it| custom.calls.contains(it)), "{}", own.name);
        }
    }

    #[test]
    fn names_are_distinct_and_have_texts() {
        let mut names: Vec<&str> = rules().map(|it| it.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        for rule in rules() {
            assert!(rule.why.ends_with('.') && !rule.summary.is_empty(), "{}", rule.name);
            assert!(rule.finding_type.is_own, "{}", rule.name);
        }
    }
}
