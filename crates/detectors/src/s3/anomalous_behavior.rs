//! A principal does with buckets and objects what neither it nor its account usually does.

use std::time::Duration;

use engine::findings::Reason;
use engine::model::{Scope, Timestamp, hash64};
use engine::telemetry::ApiCall;
use engine::{ApiCalls, Context, Detector, Event, Feedback, Interest, Out, Profile, Spec};
use serde::{Deserialize, Serialize};

use crate::behavior::api::{Kind, Tactic};
use crate::behavior::attribute::{Attribute, READERS};
use crate::behavior::budget::{Bounds, Counts};
use crate::behavior::explain::{Judged, decimal, fill, sentence};
use crate::behavior::track::{Family, Track, begin};
use crate::behavior::values::{self, Value};
use crate::behavior::window::Call;

mod types;
mod volume;

pub use types::*;
use volume::{Unusual, Volume};

tunables! {
    /// Principals that do with buckets and objects what neither they nor their account usually do.
    pub struct AnomalousBehavior {
        /// Whether the family is on.
        pub enabled: bool = true,
        /// Days of an account's history from which on its principals are judged. A scan learns from half of the
        /// span of its files at most, and from a week at least. Raising it waits longer and knows more.
        pub learning_days: u32 = 14,
        /// Calls to buckets and objects of an account from which on its principals are judged.
        pub min_events: u64 = 1000,
        /// Least score of an hour, in thousandths, for a finding. Raising it reports only what is unusual in
        /// several ways.
        pub floor_milli: u32 = 1000 => 1..=5000,
        /// Findings that an account can bear, per thousand days of a principal: above it the least unusual ones
        /// are left out. 20 are two a day for a hundred principals.
        pub budget_per_mille: u32 = 20,
        /// Calls of a kind in a day from which on their number can be unusual.
        pub min_volume: u64 = 200,
        /// How many times the highest of nearly all earlier days is an unusual number of calls.
        pub volume_factor: u64 = 4,
        /// Hours for which an hour that raised a finding is not learnt, so that it can be judged first.
        pub hold_hours: u32 = 24,
        /// Least score of an hour, in thousandths, that is weak evidence for attack sequences.
        pub signal_milli: u32 = 600 => 1..=5000,
    }
}

static COUNTS: Counts = Counts {
    events: Profile { name: "behavior_s3/events", hours: 60 * 24, keys: 64 },
    days: Profile { name: "behavior_s3/worst_scores", hours: 14 * 24, keys: 16_384 },
    whats: Profile { name: "behavior_s3/whats", hours: 30 * 24, keys: 1024 },
};
/// Buckets whose calls are counted of an hour of one identity.
const HOUR_BUCKETS_MAX: usize = 32;

/// What is remembered of one identity.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    track: Track,
    volume: Volume,
    /// Calls of the open hour by bucket.
    calls: Vec<(u64, u32)>,
}

/// Kinds of calls, by the number of their type.
const LIST: usize = 0;
const READ: usize = 1;
const DELETE_DATA: usize = 2;
const PERMIT: usize = 3;
const WRITE_DATA: usize = 4;

/// The kind of a call to a bucket or object; none for the rest, such as settings that are read.
fn kind_of(name: &str) -> Option<usize> {
    let begins = |words: &[&str]| words.iter().any(|it| name.starts_with(it));
    if matches!(name, "GetObject" | "CopyObject" | "SelectObjectContent" | "GetObjectTorrent") {
        Some(READ)
    } else if begins(&["ListObject", "ListParts", "ListMultipart", "HeadBucket", "HeadObject"]) {
        Some(LIST)
    } else if begins(&["DeleteObject", "DeleteMultipleObjects"]) || name == "DeleteBucket" {
        Some(DELETE_DATA)
    } else if matches!(
        name,
        "PutBucketPolicy"
            | "PutBucketAcl"
            | "PutObjectAcl"
            | "DeleteBucketPolicy"
            | "PutAccountPublicAccessBlock"
            | "DeleteBucketPublicAccessBlock"
            | "PutBucketPublicAccessBlock"
            | "PutBucketOwnershipControls"
    ) {
        Some(PERMIT)
    } else if matches!(
        name,
        "PutObject" | "CompleteMultipartUpload" | "RestoreObject" | "UploadPart"
    ) {
        Some(WRITE_DATA)
    } else {
        None
    }
}

/// Weights of the kinds, in thousandths: reading is what data are for.
const WEIGHTS: [u32; 5] = [800, 1000, 1500, 1500, 1000];
const TACTICS: [Tactic; 5] =
    [Tactic::Discovery, Tactic::Exfiltration, Tactic::Impact, Tactic::Impact, Tactic::Impact];
/// What titles call what is done.
const WORDS: [&str; 5] =
    ["list objects", "read objects", "delete data", "change permissions", "write objects"];

impl Detector for AnomalousBehavior {
    type Reads = ApiCalls;
    type State = State;

    const SPEC: Spec = Spec {
        name: "s3/anomalous_behavior",
        scope: Scope::Identity,
        idle: Duration::from_hours(90 * 24),
        version: 1,
        types: &TYPES,
        interest: Interest::Every,
    };

    fn wants(&self, event: &Event<'_, ApiCalls>) -> bool {
        self.enabled
            && event.row.bucket.len != 0
            && event.event_source() == "s3.amazonaws.com"
            && values::is_of_an_identity(event)
            && kind_of(event.event_name()).is_some()
    }

    fn observe(
        &self,
        state: &mut State,
        event: &Event<'_, ApiCalls>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let Some(kind) = kind_of(event.event_name()) else { return };
        let family = self.family();
        let bucket = hash64(event.bucket().as_bytes());
        if state.track.window.as_ref().is_some_and(|it| it.hour < event.time().hour()) {
            state.teach(out);
        }
        let signature = values::signature(event, bucket);
        let is_known = state.track.count(event, signature, &family, ctx, out);
        state.count(bucket);
        let is_success = event.row.is_success();
        let numbers =
            if is_success { state.volume.add(kind, bucket, event.time().day()) } else { [0; 2] };
        let step = (self.min_volume / 4).max(1);
        let is_many = numbers
            .iter()
            .any(|it| *it >= self.min_volume && (*it - self.min_volume).is_multiple_of(step));
        if is_known && !is_many || values::is_linked_to_a_service(event) {
            return;
        }
        let is_unusual =
            !is_known && state.track.note(event, &call_of(kind, event, ctx), &family, ctx);
        let hour = event.time().hour();
        let bounds = (self.min_volume, self.volume_factor);
        let unusual = state.volume.unusual((kind, bucket), bounds, ctx, hour);
        if let Some(window) = state.track.window.as_deref_mut() {
            let most = unusual.iter().map(|it| it.surprise).max().unwrap_or(0);
            window.terms.volume = window.terms.volume.max(most);
        }
        state.track.score(event, &family, ctx);
        if !is_unusual && unusual.is_empty() {
            return;
        }
        if let Some(due) = state.track.due(kind as u8, &family, ctx) {
            raise(state, (kind, &unusual), due, event, ctx, out);
        }
    }

    fn wake(&self, state: &mut State, at: Timestamp, ctx: &Context<'_>, out: &mut Out<'_>) {
        if state.track.is_over(at) {
            state.teach(out);
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
    fn count(&mut self, bucket: u64) {
        if let Some((_, calls)) = self.calls.iter_mut().find(|it| it.0 == bucket) {
            *calls = calls.saturating_add(1);
        } else if self.calls.len() < HOUR_BUCKETS_MAX {
            self.calls.push((bucket, 1));
        }
    }

    fn teach(&mut self, out: &mut Out<'_>) {
        for (bucket, calls) in self.calls.drain(..) {
            Volume::teach(out, bucket, calls);
        }
    }
}

impl AnomalousBehavior {
    fn family(&self) -> Family {
        Family {
            name: Self::SPEC.name,
            counts: &COUNTS,
            users: &READERS,
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
}

/// What the call shows.
fn call_of<'v, 'e: 'v, 'c: 'v>(
    kind: usize,
    event: &Event<'e, ApiCalls>,
    ctx: &Context<'c>,
) -> Call<'v> {
    let mut values = values::common(event, ctx);
    values.retain(|it| !matches!(it.attribute, Attribute::Region | Attribute::Service));
    values.push(Value::plain(Attribute::Bucket, event.bucket()));
    Call {
        api: values::api(event),
        kind: Kind {
            tactic: TACTICS.get(kind).copied().unwrap_or(Tactic::Impact),
            weight: WEIGHTS.get(kind).copied().unwrap_or(1000),
        },
        values,
        hours: values::hours_of_week(event.time()),
        class: values::class(event) as u8,
        error: event.error_code(),
        evidence: event.evidence(),
    }
}

fn raise(
    state: &State,
    (kind, unusual): (usize, &[Unusual]),
    due: crate::behavior::track::Due,
    event: &Event<'_, ApiCalls>,
    ctx: &Context<'_>,
    out: &mut Out<'_>,
) {
    let Some(window) = state.track.window.as_deref() else { return };
    let Some(finding_type) = TYPES.get(kind) else { return };
    let words = WORDS.get(kind).copied().unwrap_or("");
    let mut draft = ctx.bucket_draft(finding_type, event);
    let (bucket, label) = (event.bucket(), event.caller_label());
    draft.key = format!("{bucket} {}", ctx.entity.name);
    begin(&mut draft, window, due, event);
    let more: Vec<Reason> = unusual
        .iter()
        .map(|it| {
            Reason::new(
                it.what,
                it.count,
                format!("at most {} on nearly all earlier days", it.usual),
            )
        })
        .collect();
    draft.title =
        format!("{label} invoked APIs that {words} of bucket {bucket} in an anomalous way.");
    draft.description = format!(
        "The API {} was invoked by {label} on bucket {bucket} under circumstances that are anomalous for it, its \
         account or the bucket (score {}).{}",
        event.event_name(),
        decimal(window.score),
        sentence(window, &more)
    );
    let judged = Judged { window, history: &state.track.history, threshold: due.threshold, more };
    fill(&mut draft, &judged, event);
    for it in unusual {
        if let Some(unusual) =
            draft.additional.get_mut("unusualBehavior").and_then(|it| it.as_object_mut())
        {
            let value = serde_json::json!({ "count": it.count, "usual": it.usual });
            unusual.insert(it.member.to_owned(), value);
        }
    }
    out.raise(draft);
}

const _: () = assert!(ApiCall::DATA != 0 && volume::KINDS == TYPES.len());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_of_a_kind() {
        for (name, kind) in [
            ("GetObject", Some(READ)),
            ("ListObjectsV2", Some(LIST)),
            ("DeleteObjects", Some(DELETE_DATA)),
            ("PutBucketPolicy", Some(PERMIT)),
            ("PutObject", Some(WRITE_DATA)),
            ("GetBucketLocation", None),
        ] {
            assert_eq!(kind_of(name), kind, "{name}");
        }
    }
}
