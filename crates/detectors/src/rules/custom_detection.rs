//! GuardDuty's custom detection rules: activity that is unusual only where nobody expects it.
//!
//! AWS keeps a library of rules, which an account turns on one by one. The names, severities and types are
//! AWS's; the conditions are written here from what each rule is for.

use std::time::Duration;

use engine::findings::Draft;
use engine::intel::Category;
use engine::model::Scope;
use engine::telemetry::ApiCall;
use engine::{ApiCalls, Context, Detector, Event, Interest, Out, Spec};

use super::call::Call;
use super::custom::{CALLS, TYPES, rules};
use super::rule::{Match, Rule};
use super::selection::Selection;

tunables! {
    /// GuardDuty's custom detection rules. All are off, as in GuardDuty: each is about calls that are routine
    /// in one account and a sign of intruders in another.
    pub struct CustomDetection {
        /// Whether the family is on.
        pub enabled: bool = true,
        /// Rules that are on: a list of their names, or `["all"]`.
        pub rules: Selection = Selection::NONE,
        /// Whether matches are only counted, and no findings are made.
        pub dry_run: bool = false,
    }
}

impl CustomDetection {
    /// The same with every rule on: whoever takes the drafts decides, account by account.
    #[must_use]
    pub(crate) fn offering(self) -> CustomDetection {
        CustomDetection { rules: Selection::all(), dry_run: false, ..self }
    }

    /// The rules that raise findings.
    pub(super) fn raising(&self) -> Selection {
        if self.enabled && !self.dry_run { self.rules } else { Selection::NONE }
    }
}

impl Detector for CustomDetection {
    type Reads = ApiCalls;
    type State = ();

    const SPEC: Spec = Spec {
        name: "rules/custom_detection",
        scope: Scope::Session,
        idle: Duration::from_hours(1),
        version: 1,
        types: &TYPES,
        interest: Interest::Calls(&CALLS),
    };

    fn wants(&self, event: &Event<'_, ApiCalls>) -> bool {
        self.enabled
            && !self.rules.is_empty()
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
        let selected =
            rules().enumerate().filter(|(at, it)| self.rules.has(*at) && it.reads(event));
        let mut call = None;
        for (_, rule) in selected {
            let call = call.get_or_insert_with(|| Call::new(event, ctx));
            if let Some(found) = (rule.condition)(call) {
                out.raise(if self.dry_run {
                    let row = event.row;
                    Draft::counted(
                        rule.finding_type,
                        row.account,
                        row.region,
                        rule.name,
                        event.time(),
                    )
                } else {
                    live(rule, &found, call)
                });
            }
        }
    }
}

fn live(rule: &Rule, found: &Match, call: &Call<'_, '_>) -> Draft {
    // Signals of one type are one finding: the type is the tactic, the service and the technique.
    let mut draft = rule.draft(found, call);
    draft.additional.insert(Draft::CUSTOM_RULE.to_owned(), rule.name.into());
    draft
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_sorted_and_distinct() {
        assert!(CALLS.is_sorted_by(|one, other| one < other));
    }

    #[test]
    fn names_are_distinct_and_fit_a_selection() {
        let mut names: Vec<&str> = rules().map(|it| it.name).collect();
        assert!(names.len() <= 64);
        assert_eq!(names.len(), 35);
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 35);
    }

    #[test]
    fn every_rule_has_its_texts() {
        for rule in rules() {
            assert!(!rule.summary.is_empty() && !rule.why.is_empty(), "{}", rule.name);
            assert!(rule.why.ends_with('.') && !rule.summary.ends_with('.'), "{}", rule.name);
            assert!(!rule.calls.is_empty() && !rule.source.contains('.'), "{}", rule.name);
        }
    }
}
