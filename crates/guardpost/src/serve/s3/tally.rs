//! How a source is doing: what came, what failed and why, and what is missing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use engine::model::Timestamp;

use crate::text::visible;

/// Objects that are missing and remembered by name.
const GAPS_MAX: usize = 4096;
/// What goes wrong again and again is said so often.
const COMPLAINTS: Duration = Duration::from_secs(30);

/// Why an object or a message was not taken in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(in crate::serve) enum Cause {
    /// There is no object of this key.
    Missing,
    /// The credentials do not allow it.
    Denied,
    /// It is larger than what is read, or has no byte.
    Refused,
    /// The message tells of no object.
    Message,
    /// The bucket is none of those that are read.
    Bucket,
    /// The service did not answer, or with an error that passes.
    Unavailable,
    /// It could not be kept.
    Disk,
}

impl Cause {
    /// All of them, in order.
    const ALL: [Cause; 7] = [
        Cause::Missing,
        Cause::Denied,
        Cause::Refused,
        Cause::Message,
        Cause::Bucket,
        Cause::Unavailable,
        Cause::Disk,
    ];

    /// Its name in metrics.
    pub(in crate::serve) fn name(self) -> &'static str {
        match self {
            Cause::Missing => "missing",
            Cause::Denied => "denied",
            Cause::Refused => "refused",
            Cause::Message => "message",
            Cause::Bucket => "bucket",
            Cause::Unavailable => "unavailable",
            Cause::Disk => "disk",
        }
    }
}

/// Counts of one source.
#[derive(Debug, Default)]
pub(in crate::serve) struct Tally {
    /// What the source is called.
    pub(in crate::serve) name: String,
    /// Messages that were received.
    pub(in crate::serve) messages: AtomicU64,
    /// Objects that were taken in.
    pub(in crate::serve) objects: AtomicU64,
    /// Their bytes.
    pub(in crate::serve) bytes: AtomicU64,
    /// What tells of no log: tests, deletions, digests.
    pub(in crate::serve) skipped: AtomicU64,
    /// Messages that wait in the queue, as it says about.
    pub(in crate::serve) waiting: AtomicU64,
    failures: [AtomicU64; Cause::ALL.len()],
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When the oldest message of the last ones was sent.
    oldest: Option<Timestamp>,
    /// When the service answered last.
    answered: Option<Timestamp>,
    gaps: BTreeMap<String, Cause>,
    complained: Option<Instant>,
}

impl Tally {
    pub(super) fn new(name: String) -> Tally {
        Tally { name, ..Tally::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The service answered; the oldest of the messages was sent then.
    pub(super) fn answered(&self, oldest: Option<Timestamp>) {
        let mut state = self.state();
        state.answered = Some(crate::clock::now());
        state.oldest = oldest;
    }

    /// Something was not taken in.
    pub(super) fn failed(&self, cause: Cause) {
        if let Some(count) = self.failures.get(cause as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// An object is known of and was not taken in.
    pub(super) fn lacks(&self, object: &str, cause: Cause) {
        let mut state = self.state();
        if state.gaps.len() < GAPS_MAX || state.gaps.contains_key(object) {
            state.gaps.insert(object.to_owned(), cause);
        }
    }

    /// It was taken in after all.
    pub(super) fn has(&self, object: &str) {
        self.state().gaps.remove(object);
    }

    /// Whether a complaint is due: what goes wrong again and again is said now and then.
    pub(super) fn may_complain(&self) -> bool {
        let mut state = self.state();
        let is_due = state.complained.is_none_or(|it| it.elapsed() > COMPLAINTS);
        if is_due {
            state.complained = Some(Instant::now());
        }
        is_due
    }

    /// Failures by their causes.
    pub(in crate::serve) fn failures(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let count =
            |(cause, count): (&Cause, &AtomicU64)| (cause.name(), count.load(Ordering::Relaxed));
        Cause::ALL.iter().zip(&self.failures).map(count)
    }

    /// Objects that are missing: how many.
    pub(in crate::serve) fn gaps(&self) -> usize {
        self.state().gaps.len()
    }

    /// How old the oldest message was.
    pub(in crate::serve) fn oldest_secs(&self) -> Option<f64> {
        Some(crate::clock::now().since(self.state().oldest?).as_secs_f64())
    }

    /// One line on how it is doing, and one for each of the first gaps.
    pub(in crate::serve) fn health(&self) -> String {
        const SHOWN: usize = 5;
        let state = self.state();
        let answered = state.answered.map_or("never".to_owned(), |it| it.to_string());
        let objects = self.objects.load(Ordering::Relaxed);
        let mut text = format!(
            "{}: {objects} objects, {} missing, last answer {answered}\n",
            self.name,
            state.gaps.len()
        );
        for (object, cause) in state.gaps.iter().take(SHOWN) {
            // Writing to a string cannot fail.
            let _ok = writeln!(text, "  {}: {}", cause.name(), visible(object));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_bounded_and_filled() {
        let tally = Tally::new("queue".to_owned());
        for at in 0..=GAPS_MAX {
            tally.lacks(&format!("s3://logs/{at}"), Cause::Missing);
        }
        assert_eq!(tally.gaps(), GAPS_MAX);
        tally.has("s3://logs/0");
        assert_eq!(tally.gaps(), GAPS_MAX - 1);
        assert!(tally.health().contains("  missing: s3://logs/1\n"), "{}", tally.health());
    }

    #[test]
    fn failures_are_counted_by_cause() {
        let tally = Tally::new(String::new());
        for cause in Cause::ALL {
            tally.failed(cause);
        }
        tally.failed(Cause::Disk);
        let counts: Vec<_> = tally.failures().collect();
        assert_eq!(counts.first(), Some(&("missing", 1)));
        assert_eq!(counts.last(), Some(&("disk", 2)));
    }
}
