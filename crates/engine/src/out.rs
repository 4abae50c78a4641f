//! What a detector gives back.

use findings::Draft;
use model::{AccountId, Timestamp};

use crate::context::Context;
use crate::profiles::{Lessons, Profile};
use crate::signal::Signal;

/// Takes drafts, signals, lessons and one wake-up from a detector.
pub struct Out<'a> {
    pub(crate) outputs: &'a mut Outputs,
    pub(crate) wake: Option<Timestamp>,
    pub(crate) time: Timestamp,
    pub(crate) ctx: Context<'a>,
}

/// What a key group collected in a batch.
#[derive(Default)]
pub(crate) struct Outputs {
    pub(crate) drafts: Vec<Draft>,
    pub(crate) signals: Vec<Signal>,
    pub(crate) lessons: Lessons,
}

impl Out<'_> {
    /// Raises a draft. The store merges drafts of one finding.
    ///
    /// A draft about an instance is dropped where the interface concerned is known not to be one's: families
    /// need not ask. [`crate::Purpose`] says who is meant instead.
    pub fn raise(&mut self, mut draft: Draft) {
        if draft.resource.instance_details.is_some()
            && !self.ctx.purpose(draft.last).may_be_instance()
        {
            return;
        }
        draft.evidence.truncate(Draft::EVIDENCE_MAX);
        self.outputs.drafts.push(draft);
    }

    /// Gives weak evidence to the sequence detectors.
    pub fn signal(&mut self, signal: Signal) {
        self.outputs.signals.push(signal);
    }

    /// Adds to what is usual in the account: `amount` for `key` in the hour of the event.
    pub fn teach(&mut self, profile: &'static Profile, key: u64, amount: u64) {
        self.outputs.lessons.add(profile, self.time.hour(), self.account(), key, amount);
    }

    /// The same for what is usual in all accounts together, which is read as that of [`AccountId::UNKNOWN`].
    pub fn teach_organization(&mut self, profile: &'static Profile, key: u64, amount: u64) {
        self.outputs.lessons.add(profile, self.time.hour(), AccountId::UNKNOWN, key, amount);
    }

    /// Asks to be woken once the watermark has reached `at`. The earliest request wins.
    pub fn wake(&mut self, at: Timestamp) {
        self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
    }

    fn account(&self) -> AccountId {
        self.ctx.entity.account
    }
}
