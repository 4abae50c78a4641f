//! A principal does what neither it nor its account usually does.

use std::time::Duration;

use engine::findings::{Draft, FindingType, Reason};
use engine::model::{Scope, Timestamp, hash64};
use engine::stats::Histogram;
use engine::telemetry::{ApiCall, Caller};
use engine::{ApiCalls, Context, Detector, Event, Feedback, Interest, Out, Profile, Spec};
use serde::{Deserialize, Serialize};

use crate::behavior::api::{Tactic, kind};
use crate::behavior::attribute::{Attribute, CALLERS};
use crate::behavior::budget::{Bounds, Counts};
use crate::behavior::explain::{Judged, decimal, fill, sentence};
use crate::behavior::score::excess;
use crate::behavior::track::{Due, Family, Track, begin};
use crate::behavior::values::{self, Text, Value};
use crate::behavior::window::{Call, Window};

mod types;

pub use types::*;

tunables! {
    /// Principals that do what neither they nor their account usually do.
    pub struct AnomalousBehavior {
        /// Whether the family is on.
        pub enabled: bool = true,
        /// Days of an account's history from which on its principals are judged. A scan learns from half of the
        /// span of its files at most, and from a week at least. Raising it waits longer and knows more.
        pub learning_days: u32 = 14,
        /// Calls of an account from which on its principals are judged.
        pub min_events: u64 = 1000,
        /// Least score of an hour, in thousandths, for a finding. Raising it reports only what is unusual in
        /// several ways.
        pub floor_milli: u32 = 1000 => 1..=5000,
        /// Findings that an account can bear, per thousand days of a principal: above it the least unusual ones
        /// are left out. 20 are two a day for a hundred principals.
        pub budget_per_mille: u32 = 20,
        /// Failed calls in an hour from which on they are a burst, if few of the principal's calls fail usually.
        pub min_failures: u32 = 10,
        /// Hours for which an hour that raised a finding is not learnt, so that it can be judged first.
        pub hold_hours: u32 = 24,
        /// Least score of an hour, in thousandths, that is weak evidence for attack sequences.
        pub signal_milli: u32 = 600 => 1..=5000,
    }
}

static COUNTS: Counts = Counts {
    events: Profile { name: "behavior/events", hours: 60 * 24, keys: 64 },
    days: Profile { name: "behavior/worst_scores", hours: 14 * 24, keys: 16_384 },
    whats: Profile { name: "behavior/whats", hours: 30 * 24, keys: 1024 },
};
/// Hours in which nearly all of an identity's hours had fewer failed calls.
const FAILURES_PER_MILLE: u32 = 990;
/// The call that launches instances.
const LAUNCH: &str = "RunInstances";

/// What is remembered of one identity.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    track: Track,
    /// Failed calls by hour.
    failures: Histogram,
}

impl Detector for AnomalousBehavior {
    type Reads = ApiCalls;
    type State = State;

    const SPEC: Spec = Spec {
        name: "iam/anomalous_behavior",
        scope: Scope::Identity,
        idle: Duration::from_hours(90 * 24),
        version: 1,
        types: &TYPES,
        interest: Interest::Every,
    };

    fn wants(&self, event: &Event<'_, ApiCalls>) -> bool {
        self.enabled && !event.row.is(ApiCall::DATA) && values::is_of_an_identity(event)
    }

    fn observe(
        &self,
        state: &mut State,
        event: &Event<'_, ApiCalls>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let family = self.family();
        let request = if event.event_name() == LAUNCH { event.request() } else { "" };
        let signature = values::signature(event, hash64(request.as_bytes()));
        if state.track.window.as_ref().is_some_and(|it| it.hour < event.time().hour()) {
            state.count_failures();
        }
        let is_known = state.track.count(event, signature, &family, ctx, out);
        let failed = state.track.window.as_ref().map_or(0, |it| it.failed);
        let is_burst =
            !event.row.is_success() && failed >= self.min_failures && failed.is_multiple_of(8);
        if is_known && !is_burst || values::is_linked_to_a_service(event) {
            return;
        }
        if !is_known {
            state.track.note(event, &call_of(event, ctx), &family, ctx);
        }
        let usual = state.failures.quantile(FAILURES_PER_MILLE).unwrap_or(0);
        let Some(window) = state.track.window.as_deref_mut() else { return };
        if window.failed >= self.min_failures {
            let burst = excess(u64::from(window.failed), usual);
            window.terms.failures = window.terms.failures.max(burst);
        }
        let Some(tactic) = window.lead.as_ref().map(|it| it.tactic) else { return };
        state.track.score(event, &family, ctx);
        if let Some(due) = state.track.due(tactic as u8, &family, ctx) {
            self.raise(state, (tactic, usual, due), event, ctx, out);
        }
    }

    fn wake(&self, state: &mut State, at: Timestamp, ctx: &Context<'_>, out: &mut Out<'_>) {
        if state.track.is_over(at) {
            state.count_failures();
            state.track.close(&self.family(), ctx, out);
        }
    }

    fn feedback(
        &self,
        state: &mut State,
        feedback: &Feedback<'_>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        state.track.judged(feedback, &self.family(), ctx, out);
    }
}

impl State {
    /// Remembers how many calls of the hour failed.
    fn count_failures(&mut self) {
        let Some(window) = &self.track.window else { return };
        self.failures.decay_to(u32::try_from(window.hour / (7 * 24)).unwrap_or(0));
        self.failures.add(u64::from(window.failed));
    }
}

impl AnomalousBehavior {
    fn family(&self) -> Family {
        Family {
            name: Self::SPEC.name,
            counts: &COUNTS,
            users: &CALLERS,
            bounds: Bounds {
                learning_days: self.learning_days,
                min_events: self.min_events,
                floor: self.floor_milli,
                budget_per_mille: self.budget_per_mille,
            },
            hold_hours: self.hold_hours,
            signal_milli: self.signal_milli,
        }
    }

    fn raise(
        &self,
        state: &State,
        (tactic, usual_failures, due): (Tactic, u64, Due),
        event: &Event<'_, ApiCalls>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let Some(window) = state.track.window.as_deref() else { return };
        let finding_type = of_tactic(tactic);
        let mut draft = ctx.caller_draft(finding_type, event);
        draft.key = ctx.entity.name.to_string();
        begin(&mut draft, window, due, event);
        let mut more = Vec::new();
        if window.failed >= self.min_failures && window.terms.failures > 0 {
            more.push(Reason::new(
                "burst of failed calls in the hour",
                window.failed,
                format!("at most {usual_failures} in 99 % of its hours (min_failures)"),
            ));
        }
        write(&mut draft, finding_type, window, &more, event);
        let judged =
            Judged { window, history: &state.track.history, threshold: due.threshold, more };
        fill(&mut draft, &judged, event);
        out.raise(draft);
    }
}

/// What the call shows.
fn call_of<'v, 'e: 'v, 'c: 'v>(event: &Event<'e, ApiCalls>, ctx: &Context<'c>) -> Call<'v> {
    let mut values = values::common(event, ctx);
    if event.event_name() == LAUNCH {
        values.extend(launch(event.request()));
    }
    let is_read = event.row.is(ApiCall::HAS_READ_ONLY).then(|| event.row.is(ApiCall::READ_ONLY));
    let mut kind = kind(values::service(event), event.event_name(), is_read);
    if event.row.is(ApiCall::FROM_CONSOLE) && kind.tactic == Tactic::Discovery {
        // One page of the console asks for many things.
        kind.weight /= 2;
    }
    Call {
        api: values::api(event),
        kind,
        values,
        hours: values::hours_of_week(event.time()),
        class: values::class(event) as u8,
        error: event.error_code(),
        evidence: event.evidence(),
    }
}

/// Type, image and number of instances of a launch.
fn launch(request: &str) -> Vec<Value<'static>> {
    let Ok(request) = serde_json::from_str::<serde_json::Value>(request) else { return Vec::new() };
    let mut values = Vec::new();
    let mut add = |attribute, text: String| values.push(Value::new(attribute, Text::Own(text)));
    if let Some(it) = request.get("instanceType").and_then(|it| it.as_str()) {
        add(Attribute::InstanceType, it.to_owned());
    }
    let items = request.pointer("/instancesSet/items").and_then(|it| it.as_array());
    let first = items.and_then(|it| it.first());
    if let Some(it) = first.and_then(|it| it.get("imageId")).and_then(|it| it.as_str()) {
        add(Attribute::Image, it.to_owned());
    }
    if let Some(it) = first.and_then(|it| it.get("maxCount")).and_then(serde_json::Value::as_u64) {
        let power = it.max(1).ilog2();
        let text = format!("{} to {} at once", 1u64 << power, (1u64 << power) * 2 - 1);
        add(Attribute::LaunchCount, text);
    }
    values
}

fn write(
    draft: &mut Draft,
    finding_type: &FindingType,
    window: &Window,
    more: &[Reason],
    event: &Event<'_, ApiCalls>,
) {
    let label = event.caller_label();
    draft.title = format!(
        "{} {} in an anomalous way.",
        article(event),
        match finding_type.purpose() {
            "Discovery" =>
                format!("{label} invoked APIs that are commonly used to discover resources"),
            "InitialAccess" =>
                format!("{label} invoked APIs that are commonly used to gain access"),
            "Persistence" => format!("{label} invoked APIs that are commonly used to keep access"),
            "PrivilegeEscalation" =>
                format!("{label} invoked APIs that are commonly used to gain rights"),
            "CredentialAccess" =>
                format!("{label} invoked APIs that are commonly used to collect credentials"),
            "DefenseEvasion" =>
                format!("{label} invoked APIs that are commonly used to evade defenses"),
            "Exfiltration" =>
                format!("{label} invoked APIs that are commonly used to take data out"),
            _ => format!("{label} invoked APIs that are commonly used to harm"),
        }
    );
    let lead = window.lead.as_ref().map_or("", |it| &it.api);
    draft.description = format!(
        "APIs commonly used in the tactic {} were invoked by {label} under circumstances that are anomalous for \
         it and its account, {lead} above all (score {}).{}",
        finding_type.purpose(),
        decimal(window.score),
        sentence(window, more)
    );
}

fn article(event: &Event<'_, ApiCalls>) -> &'static str {
    match event.row.caller {
        Caller::IamUser => "The user",
        Caller::AssumedRole => "The role",
        _ => "The identity",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_launch_shows_type_image_and_number() {
        let request = r#"{"instancesSet":{"items":[{"imageId":"ami-1","minCount":1,"maxCount":20}]},"instanceType":"p4d.24xlarge"}"#;
        let texts: Vec<String> =
            launch(request).into_iter().map(|it| it.text.to_string()).collect();
        assert_eq!(texts, ["p4d.24xlarge", "ami-1", "16 to 31 at once"]);
        assert!(launch("null").is_empty() && launch("{").is_empty());
    }
}
