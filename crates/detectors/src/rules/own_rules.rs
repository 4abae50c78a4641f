//! Guardpost's own rules: changes that open an account to strangers or hide what is done in it.
//!
//! GuardDuty has no type for them, or only as a custom detection rule or an anomaly. They are on by default,
//! and `strict_catalogue` switches them off.

use std::time::Duration;

use engine::intel::Category;
use engine::model::Scope;
use engine::telemetry::ApiCall;
use engine::{ApiCalls, Context, Detector, Event, Interest, Out, Spec};

use super::call::Call;
use super::own::{CALLS, TYPES, rules};

tunables! {
    /// Changes that open an account to strangers or hide what is done in it: Guardpost's own types.
    pub struct OwnRules {
        /// Whether the family is on.
        pub enabled: bool = true,
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
            && CALLS.binary_search(&event.event_name()).is_ok()
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
                let mut draft = rule.draft(&found, call);
                draft.key = format!("{} {} {}", draft.key, rule.name, found.resource());
                out.raise(draft);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_sorted_and_distinct() {
        assert!(CALLS.is_sorted_by(|one, other| one < other));
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
