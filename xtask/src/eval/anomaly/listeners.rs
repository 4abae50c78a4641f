//! Detectors that make alarms of what is to be measured: the model's scores, and the baselines.

use std::collections::BTreeSet;
use std::time::Duration;

use engine::findings::{Draft, FindingType};
use engine::model::{Addr, Scope, Severity, Timestamp, hash64};
use engine::telemetry::{ApiCall, Caller};
use engine::{ApiCalls, Context, Detector, Event, Interest, Out, Signals, Spec};
use serde::{Deserialize, Serialize};

const fn alarm(name: &'static str) -> FindingType {
    FindingType {
        name,
        severity: Severity::LOW,
        title: "",
        about: "",
        detection: "",
        false_positives: "",
        response: "",
        techniques: &[],
        data: &[],
        aggregation: "",
        is_own: true,
    }
}

/// The scores of hours.
pub(super) static MODEL: FindingType = alarm("eval/model");
/// The scores of hours by calls to buckets and objects.
pub(super) static OBJECTS: FindingType = alarm("eval/objects");
/// The number of values that the identity uses for the first time.
pub(super) static FIRST_SEEN: FindingType = alarm("eval/first_seen");
/// A network and a call that are both new.
pub(super) static NEW_BOTH: FindingType = alarm("eval/new_both");

/// Hears the scores.
pub(super) struct Listener;

impl Detector for Listener {
    type Reads = Signals;
    type State = ();

    const SPEC: Spec = Spec {
        name: "eval/listener",
        scope: Scope::Anchor,
        idle: Duration::from_hours(1),
        version: 1,
        types: &[&MODEL, &OBJECTS],
        interest: Interest::Every,
    };

    fn wants(&self, event: &Event<'_, Signals>) -> bool {
        event.row.name.ends_with("/anomalous_behavior")
    }

    fn observe(
        &self,
        (): &mut (),
        event: &Event<'_, Signals>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let Some(identity) = ctx.entity.name.strip_prefix("identity:") else { return };
        let signal = event.row;
        let scorer = if signal.name.starts_with("s3/") { &OBJECTS } else { &MODEL };
        let mut draft =
            Draft::new(scorer, signal.account, signal.region, identity, signal.evidence.time);
        draft.count = u64::try_from(signal.weight).unwrap_or(0);
        draft.title = signal.detail.to_string();
        out.raise(draft);
    }
}

/// Counts what an identity uses for the first time, hour by hour.
pub(super) struct Baseline;

/// What an identity has used.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct State {
    known: BTreeSet<u64>,
    hour: i64,
    new: BTreeSet<u64>,
    has_new_network: bool,
    has_new_api: bool,
}

impl Detector for Baseline {
    type Reads = ApiCalls;
    type State = State;

    const SPEC: Spec = Spec {
        name: "eval/baseline",
        scope: Scope::Identity,
        idle: Duration::from_hours(90 * 24),
        version: 1,
        types: &[&FIRST_SEEN, &NEW_BOTH],
        interest: Interest::Every,
    };

    fn wants(&self, event: &Event<'_, ApiCalls>) -> bool {
        !event.row.is(ApiCall::DATA) && event.row.caller != Caller::AwsService
    }

    fn observe(
        &self,
        state: &mut State,
        event: &Event<'_, ApiCalls>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let hour = event.time().hour();
        if hour != state.hour {
            finish(state, ctx, out);
            state.hour = hour;
            out.wake(Timestamp::from_hour(hour + 1));
        }
        let asn = |it: Addr| ctx.intel.place(it).map_or(0, |it| it.asn);
        let program = event.user_agent().split(['/', ' ']).next().unwrap_or("");
        let api = format!("{}:{}", event.event_source(), event.event_name());
        let network = format!("asn {}", asn(event.row.source));
        for (number, text) in [api.as_str(), &network, program].into_iter().enumerate() {
            let hash = hash64(text.as_bytes());
            if !state.known.contains(&hash) && state.new.insert(hash) {
                state.has_new_api |= number == 0;
                state.has_new_network |= number == 1;
            }
        }
    }

    fn wake(&self, state: &mut State, _: Timestamp, ctx: &Context<'_>, out: &mut Out<'_>) {
        finish(state, ctx, out);
    }
}

fn finish(state: &mut State, ctx: &Context<'_>, out: &mut Out<'_>) {
    let new = std::mem::take(&mut state.new);
    let is_both =
        std::mem::take(&mut state.has_new_api) & std::mem::take(&mut state.has_new_network);
    if new.is_empty() {
        return;
    }
    let time = Timestamp::from_hour(state.hour);
    let name = ctx.entity.name.to_string();
    let mut draft = Draft::new(&FIRST_SEEN, ctx.entity.account, ctx.entity.region, name, time);
    draft.count = new.len() as u64;
    if is_both {
        let both = Draft { finding_type: &NEW_BOTH, count: 1, ..draft.clone() };
        out.raise(both);
    }
    out.raise(draft);
    state.known.extend(new);
}
