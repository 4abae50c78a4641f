//! What an identity did in an hour, and how surprising it was.

use engine::Context;
use engine::findings::EvidenceRef;
use engine::stats::UsageKey;
use serde::{Deserialize, Serialize};

use super::api::{Kind, Tactic};
use super::attribute::{Attribute, Users};
use super::history::{History, Usual};
use super::score::{Terms, add_call, of_calls};
use super::values::{ORDINARY, Text, Value, hour_hash};

/// Calls of different looks that are told apart in an hour; more are judged each time.
const SEEN_MAX: usize = 128;
/// Values that are learnt of an hour.
const KEYS_MAX: usize = 96;
/// Unusual values that are kept with their texts, and how surprising they are at least.
const UNUSUAL_MAX: usize = 24;
pub(crate) const UNUSUAL_LEAST: u32 = 350;
const EVIDENCE_MAX: usize = 7;

/// What an identity did in an hour.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Window {
    pub(crate) hour: i64,
    pub(crate) events: u32,
    pub(crate) failed: u32,
    seen: Vec<u32>,
    keys: Vec<(u8, UsageKey)>,
    /// By position in `keys`.
    surprises: Vec<u16>,
    pub(crate) unusual: Vec<Unusual>,
    largest: [u32; 5],
    pub(crate) terms: Terms,
    pub(crate) lead: Option<Lead>,
    pub(crate) evidence: Vec<EvidenceRef>,
    /// Some call came from an address that is known for attacks.
    pub(crate) is_tainted: bool,
    pub(crate) score: u32,
    /// What was raised: the number of the type, the score, and how many values were unusual.
    pub(crate) raised: Vec<(u8, u32, u8)>,
    /// Who calls, for signals: the principal's id and the Region of the strongest call.
    pub(crate) principal: Box<str>,
}

/// A value that is unusual.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Unusual {
    /// The number of the attribute.
    pub(crate) attribute: u8,
    pub(crate) text: Box<str>,
    /// The error of a call; empty when it succeeded or the value is none of a call.
    pub(crate) error: Box<str>,
    pub(crate) usual: Usual,
}

/// The call that says what the hour was for.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Lead {
    pub(crate) is_success: bool,
    pub(crate) what: u32,
    pub(crate) tactic: Tactic,
    pub(crate) api: Box<str>,
}

/// A call to be judged.
pub(crate) struct Call<'a> {
    pub(crate) api: Value<'a>,
    pub(crate) kind: Kind,
    /// The rest of its values; those of [`Attribute::Service`] belong to the API.
    pub(crate) values: Vec<Value<'a>>,
    pub(crate) hours: [u32; 3],
    /// People keep other hours than programs.
    pub(crate) class: u8,
    pub(crate) error: &'a str,
    pub(crate) evidence: EvidenceRef,
}

impl Window {
    pub(crate) fn new(hour: i64) -> Window {
        Window { hour, ..Window::default() }
    }

    /// Counts a call. Returns whether one of its looks was noted before.
    pub(crate) fn count(&mut self, signature: u32, is_success: bool) -> bool {
        self.events = self.events.saturating_add(1);
        self.failed = self.failed.saturating_add(u32::from(!is_success));
        if self.seen.contains(&signature) {
            return true;
        }
        if self.seen.len() < SEEN_MAX {
            self.seen.push(signature);
        }
        false
    }

    /// Judges what a call shows. Returns whether anything of it is unusual.
    pub(crate) fn note(
        &mut self,
        call: &Call<'_>,
        history: &mut History,
        users: &'static Users,
        ctx: &Context<'_>,
    ) -> bool {
        let mut service = 0;
        let mut of = [0; Attribute::COUNT];
        let before = self.unusual.len();
        for value in &call.values {
            let surprise = self.value(value, "", history, users, ctx);
            of[value.attribute as usize] = surprise;
            if value.attribute == Attribute::Service {
                service = surprise;
            }
            if value.attribute == Attribute::Network && value.text == Text::Plain(ORDINARY) {
                of[Attribute::Network as usize] = 0;
            }
        }
        of[Attribute::Hour as usize] = self.hour(call, history, users, ctx);
        of[Attribute::Api as usize] = self.call(call, service, history, users, ctx);
        let is_unusual = of.iter().any(|it| *it >= UNUSUAL_LEAST);
        let terms = &mut self.terms;
        let of = |attribute: Attribute| of[attribute as usize];
        let place = of(Attribute::Asn).max(of(Attribute::Country)).max(of(Attribute::Network));
        terms.place = terms.place.max(place);
        terms.how = terms.how.max(of(Attribute::Agent)).max(of(Attribute::UserType));
        terms.region = terms.region.max(of(Attribute::Region));
        terms.when = terms.when.max(of(Attribute::Hour));
        let launch = of(Attribute::InstanceType).max(of(Attribute::LaunchCount));
        let launch = (launch + of(Attribute::Image) * 300 / 1000).min(1000);
        terms.launch = terms.launch.max(launch);
        terms.bucket = terms.bucket.max(of(Attribute::Bucket));
        terms.model = terms.model.max(of(Attribute::Model));
        if self.unusual.len() > before && self.evidence.len() < EVIDENCE_MAX {
            self.evidence.push(call.evidence);
        }
        is_unusual
    }

    /// Judges the call itself: how surprising its API is.
    fn call(
        &mut self,
        call: &Call<'_>,
        service: u32,
        history: &mut History,
        users: &'static Users,
        ctx: &Context<'_>,
    ) -> u32 {
        let is_new = self.position(call.api.key()).is_none();
        let surprise = self.value(&call.api, call.error, history, users, ctx);
        let what = (850 * surprise + 150 * service) / 1000 * call.kind.weight / 1000;
        if is_new {
            add_call(&mut self.largest, what);
            self.terms.what = of_calls(&self.largest);
        }
        let (is_success, tactic) = (call.error.is_empty(), call.kind.tactic);
        let rank = |it: &Lead| (it.is_success, it.what, it.tactic);
        if self.lead.as_ref().is_none_or(|it| rank(it) < (is_success, what, tactic)) {
            let api = call.api.text.to_string().into();
            self.lead = Some(Lead { is_success, what, tactic, api });
        }
        surprise
    }

    fn hour(
        &mut self,
        call: &Call<'_>,
        history: &mut History,
        users: &'static Users,
        ctx: &Context<'_>,
    ) -> u32 {
        let [slot, neighbors @ ..] = call.hours;
        let words = Value {
            attribute: Attribute::Hour,
            hash: hour_hash(slot, call.class),
            text: Text::Hour(slot),
        };
        // The same all hour long: nothing is learnt before it ends.
        if let Some(known) = self.known(words.key()) {
            return known;
        }
        // Work that begins a little early or ends a little late is no other work.
        let least = neighbors.into_iter().map(|it| {
            let key = UsageKey::new(Attribute::Hour as u8, hour_hash(it, call.class));
            history.judge(users, Attribute::Hour, key, ctx).surprise
        });
        let least = least.min().unwrap_or(0);
        if least < UNUSUAL_LEAST {
            self.keep(&words, 0);
            return 0;
        }
        let surprise = self.value(&words, "", history, users, ctx).min(least);
        if let Some(at) = self.position(words.key()) {
            self.surprises[at] = surprise as u16;
        }
        surprise
    }

    fn position(&self, key: UsageKey) -> Option<usize> {
        self.keys.iter().position(|(_, it)| *it == key)
    }

    /// How surprising a value was that was judged in this hour.
    fn known(&self, key: UsageKey) -> Option<u32> {
        self.surprises.get(self.position(key)?).map(|it| u32::from(*it))
    }

    /// Notes that a value is to be learnt.
    fn keep(&mut self, value: &Value<'_>, surprise: u32) {
        if self.keys.len() < KEYS_MAX && self.position(value.key()).is_none() {
            self.keys.push((value.attribute.about().cap as u8, value.key()));
            self.surprises.push(surprise as u16);
        }
    }

    /// How surprising a value is; judged once an hour.
    fn value(
        &mut self,
        value: &Value<'_>,
        error: &str,
        history: &mut History,
        users: &'static Users,
        ctx: &Context<'_>,
    ) -> u32 {
        let key = value.key();
        if let Some(known) = self.known(key) {
            return known;
        }
        let usual = history.judge(users, value.attribute, key, ctx);
        history.name(value.attribute, key, &value.text);
        self.keep(value, usual.surprise);
        if usual.surprise >= UNUSUAL_LEAST && self.unusual.len() < UNUSUAL_MAX {
            self.unusual.push(Unusual {
                attribute: value.attribute as u8,
                text: value.text.to_string().into(),
                error: error.into(),
                usual,
            });
        }
        usual.surprise
    }

    /// The values to be learnt.
    pub(crate) fn into_keys(self) -> Vec<(u8, UsageKey)> {
        self.keys
    }
}
