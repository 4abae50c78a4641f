//! What families do with every identity: hours are opened, judged, raised and closed.

use engine::findings::{Draft, EvidenceRef, Reason, ResourceRole};
use engine::model::{Entity, Origin, Scope, Timestamp};
use engine::{ApiCalls, Context, Event, Feedback, Out, Signal};
use serde::{Deserialize, Serialize};

use super::attribute::Users;
use super::budget::{Bounds, Counts};
use super::explain::sentence;
use super::history::History;
use super::score::{Terms, matured};
use super::values::{self, Class};
use super::window::{Call, Window};

/// A finding is brought up to date when the score has risen by this much, so many times an hour.
const RISE: u32 = 150;
const UPDATES_MAX: usize = 12;

/// What a family has of its own.
#[derive(Clone, Copy)]
pub(crate) struct Family {
    /// Group and file.
    pub(crate) name: &'static str,
    pub(crate) counts: &'static Counts,
    pub(crate) users: &'static Users,
    pub(crate) bounds: Bounds,
    pub(crate) hold_hours: u32,
    pub(crate) signal_milli: u32,
}

/// What is remembered of one identity, and the hour that is open.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Track {
    pub(crate) history: History,
    class: u8,
    pub(crate) window: Option<Box<Window>>,
}

/// Whether and how an hour is to be raised.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Due {
    pub(crate) threshold: u32,
    /// A finding of the type was raised in this hour already.
    pub(crate) is_update: bool,
}

impl Track {
    /// Counts a call in its hour, after an earlier one is closed. Returns whether a call of its looks was noted.
    pub(crate) fn count(
        &mut self,
        event: &Event<'_, ApiCalls>,
        signature: u32,
        family: &Family,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) -> bool {
        let hour = event.time().hour();
        if self.window.as_ref().is_some_and(|it| it.hour < hour) {
            self.close(family, ctx, out);
        }
        let window = self.window.get_or_insert_with(|| Box::new(Window::new(hour)));
        if window.events == 0 {
            out.wake(Timestamp::from_hour(window.hour + 1));
        }
        window.count(signature, event.row.is_success())
    }

    /// Notes what a call shows. Returns whether anything of it is unusual: other calls of an unusual hour may be
    /// the identity's own.
    pub(crate) fn note(
        &mut self,
        event: &Event<'_, ApiCalls>,
        call: &Call<'_>,
        family: &Family,
        ctx: &Context<'_>,
    ) -> bool {
        let Track { history, class, window } = self;
        let Some(window) = window else { return false };
        if history.first_hour == 0 {
            history.first_hour = window.hour;
        }
        *class = values::class(event) as u8;
        window.is_tainted |= values::is_hostile(event);
        let is_unusual = window.note(call, history, family.users, ctx);
        if *class == Class::Service as u8 {
            // Programs work at all hours.
            window.terms.when = 0;
        }
        is_unusual
    }

    /// Brings the score of the hour up to date.
    pub(crate) fn score(
        &mut self,
        event: &Event<'_, ApiCalls>,
        family: &Family,
        ctx: &Context<'_>,
    ) {
        let Some(window) = self.window.as_deref_mut() else { return };
        let age = self.history.age_days(window.hour);
        let rarity = family.counts.rarity(self.class, age, window.terms.what, ctx);
        let score = matured(window.terms.sum(), age) + rarity * 300 / 1000;
        if score > window.score {
            window.score = score;
            if score >= family.signal_milli && window.principal.is_empty() {
                window.principal = event.principal_id().into();
            }
        }
    }

    /// Whether the hour is to be raised as the type of this number.
    pub(crate) fn due(&mut self, number: u8, family: &Family, ctx: &Context<'_>) -> Option<Due> {
        let bounds = family.bounds;
        let window = self.window.as_deref_mut()?;
        if window.score < bounds.floor || !window.terms.is_carried() {
            return None;
        }
        if !family.counts.is_learnt(window.hour, bounds, ctx) {
            return None;
        }
        let threshold = family.counts.threshold(bounds, ctx);
        if window.score < threshold {
            return None;
        }
        let unusual = window.unusual.len() as u8;
        let before = window.raised.iter().rev().find(|it| it.0 == number).copied();
        if let Some((_, score, known)) = before {
            let has_grown = window.score >= score + RISE || unusual > known;
            if !has_grown || window.raised.len() >= UPDATES_MAX {
                return None;
            }
        }
        window.raised.push((number, window.score, unusual));
        Some(Due { threshold, is_update: before.is_some() })
    }

    /// The hour is over: it is counted, and learnt unless it alerted.
    pub(crate) fn close(&mut self, family: &Family, ctx: &Context<'_>, out: &mut Out<'_>) {
        let Some(window) = self.window.take() else { return };
        let (hour, age) = (window.hour, self.history.age_days(window.hour));
        if window.lead.is_none() && window.terms == Terms::default() {
            return;
        }
        let times = (hour, window.events);
        let scores = (window.score, family.bounds.floor);
        family.counts.count(&mut self.history, times, scores, out);
        family.counts.count_what(self.class, age, window.terms.what, out);
        if window.score >= family.signal_milli {
            out.signal(signal(&window, family, ctx));
        }
        self.history.release(family.users, hour, false, out);
        if window.is_tainted {
            return;
        }
        if window.raised.is_empty() {
            self.history.learn(&window.into_keys(), family.users, (hour, true), out);
        } else {
            self.history.hold(window.into_keys(), hour + i64::from(family.hold_hours));
        }
    }

    /// Whether the open hour ends at that time.
    pub(crate) fn is_over(&self, at: Timestamp) -> bool {
        self.window.as_ref().is_some_and(|it| Timestamp::from_hour(it.hour + 1) <= at)
    }

    /// Somebody judged a finding of this identity.
    pub(crate) fn judged(
        &mut self,
        feedback: &Feedback<'_>,
        family: &Family,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        if feedback.key.split_once(' ').map_or(feedback.key, |(_, it)| it) != &*ctx.entity.name {
            return;
        }
        if feedback.useful {
            self.history.drop_held();
        } else {
            self.history.release(family.users, ctx.watermark.hour(), true, out);
        }
    }
}

/// What the drafts of all families have in common: the role, the evidence of the hour with that of the call at
/// hand, by time, and that an update is no further occurrence.
pub(crate) fn begin(draft: &mut Draft, window: &Window, due: Due, event: &Event<'_, ApiCalls>) {
    draft.role = ResourceRole::Target;
    draft.count = u64::from(!due.is_update);
    draft.evidence.clone_from(&window.evidence);
    draft.evidence.push(event.evidence());
    draft.evidence.sort_unstable();
    draft.evidence.dedup();
    draft.first = draft.evidence.first().map_or(draft.first, |it| it.time).min(draft.first);
}

/// An hour that is no finding may still be part of a sequence.
fn signal(window: &Window, family: &Family, ctx: &Context<'_>) -> Signal {
    let account = ctx.entity.account;
    let anchor =
        |kind: &str, name: &str| Entity::new(Scope::Anchor, account, &format!("{kind}:{name}"));
    let first = EvidenceRef { time: Timestamp::from_hour(window.hour), origin: Origin::default() };
    let more: &[Reason] = &[];
    Signal {
        name: family.name.into(),
        account,
        region: ctx.entity.region,
        weight: window.score as i32,
        evidence: window.evidence.first().copied().unwrap_or(first),
        anchors: vec![anchor("principal", &window.principal), anchor("identity", &ctx.entity.name)],
        detail: sentence(window, more).into(),
    }
}
