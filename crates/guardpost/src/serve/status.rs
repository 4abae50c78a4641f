//! How the service is doing: counts that health, metrics and the recorder read.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use engine::model::{AccountId, Timestamp};

use super::s3::Tally;
use crate::output::say;

/// Longest that a last problem is kept, in characters.
const PROBLEM_MAX: usize = 500;
/// Rules in dry run and accounts that are counted.
const COUNTED_MAX: usize = 10_000;

/// Counts of a running service.
#[derive(Debug)]
pub(super) struct Status {
    /// How long objects are kept for evidence.
    pub(super) spool_age: Duration,
    recorded: AtomicU64,
    worked: AtomicU64,
    /// The first entry that a kept snapshot does not cover, and the first object.
    kept_from: (AtomicU64, AtomicU32),
    /// Objects that were taken in.
    pub(super) objects: AtomicU64,
    /// Their bytes as they came.
    pub(super) bytes: AtomicU64,
    /// Records of all kinds.
    pub(super) records: AtomicU64,
    /// Records that were skipped: not readable, or of impossible times.
    pub(super) skipped: AtomicU64,
    /// Records of other accounts than the key that delivered them.
    pub(super) foreign: AtomicU64,
    /// Objects that could not be read.
    pub(super) unreadable: AtomicU64,
    /// Offers that were known already.
    pub(super) known: AtomicU64,
    /// Offers that were turned away.
    pub(super) refused: AtomicU64,
    /// Findings that were opened.
    pub(super) opened: AtomicU64,
    /// Findings that were updated.
    pub(super) updated: AtomicU64,
    /// Records that came after their time had passed: they open no window.
    pub(super) late: AtomicU64,
    /// Batches that were committed.
    pub(super) batches: AtomicU64,
    /// Snapshots that were taken.
    pub(super) snapshots: AtomicU64,
    /// Findings and updates that sinks have taken.
    pub(super) published: AtomicU64,
    /// Attempts to publish that failed.
    pub(super) unpublished: AtomicU64,
    /// Findings that were given up.
    pub(super) dead_letters: AtomicU64,
    /// The last entry of the control journal that was written, and the last that the worker acts on.
    controls: (AtomicU64, AtomicU64),
    /// The last entry that was recorded before the start.
    replay_until: AtomicU64,
    /// The latest event time, and when it was seen.
    latest: Mutex<Option<(Timestamp, Instant)>>,
    problem: Mutex<Option<(Timestamp, String)>>,
    sources: Mutex<Vec<Arc<Tally>>>,
    /// Matches of custom detection rules in dry run.
    counted: Mutex<BTreeMap<(String, AccountId), u64>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Status {
    /// Nothing has happened yet.
    pub(super) fn new(spool_age: Duration) -> Status {
        let count = AtomicU64::default;
        Status {
            spool_age,
            recorded: count(),
            worked: count(),
            kept_from: (count(), AtomicU32::default()),
            objects: count(),
            bytes: count(),
            records: count(),
            skipped: count(),
            foreign: count(),
            unreadable: count(),
            known: count(),
            refused: count(),
            opened: count(),
            updated: count(),
            late: count(),
            batches: count(),
            snapshots: count(),
            published: count(),
            unpublished: count(),
            dead_letters: count(),
            controls: (count(), count()),
            replay_until: count(),
            latest: Mutex::default(),
            problem: Mutex::default(),
            sources: Mutex::default(),
            counted: Mutex::default(),
        }
    }

    /// An entry is in the journal.
    pub(super) fn recorded(&self, number: u64) {
        self.recorded.fetch_max(number, Ordering::SeqCst);
    }

    /// An entry was worked on.
    pub(super) fn worked(&self, number: u64) {
        self.worked.fetch_max(number, Ordering::SeqCst);
    }

    /// Entries that the worker has still to see.
    pub(super) fn backlog(&self) -> u64 {
        self.recorded.load(Ordering::SeqCst).saturating_sub(self.worked.load(Ordering::SeqCst))
    }

    /// Whether the worker has seen everything.
    pub(super) fn is_idle(&self) -> bool {
        !self.is_replaying() && self.backlog() == 0
    }

    /// Whether what was recorded before the start is still worked on again.
    pub(super) fn is_replaying(&self) -> bool {
        self.worked.load(Ordering::SeqCst) < self.replay_until.load(Ordering::SeqCst)
    }

    /// Says that the journal ends with entry `until` at the start, and a snapshot covers those up to `covered`.
    pub(super) fn replay_until(&self, until: u64, covered: u64) {
        self.recorded(until);
        self.worked(covered);
        self.replay_until.store(until, Ordering::SeqCst);
    }

    /// Objects are in the journal.
    pub(super) fn taken(&self, objects: u64, bytes: u64) {
        self.objects.fetch_add(objects, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// An entry of the control journal was written.
    pub(super) fn control_written(&self, sequence: u64) {
        self.controls.0.fetch_max(sequence, Ordering::SeqCst);
    }

    /// The last entry of the control journal that was written.
    pub(super) fn controls_written(&self) -> u64 {
        self.controls.0.load(Ordering::SeqCst)
    }

    /// The worker acts on the control journal up to this entry.
    pub(super) fn control_worked(&self, sequence: u64) {
        self.controls.1.fetch_max(sequence, Ordering::SeqCst);
    }

    /// The last entry of the control journal that the worker acts on.
    pub(super) fn controls_worked(&self) -> u64 {
        self.controls.1.load(Ordering::SeqCst)
    }

    /// Notes how far event time has come.
    pub(super) fn saw(&self, latest: Option<Timestamp>) {
        let mut known = lock(&self.latest);
        if let Some(latest) = latest
            && known.is_none_or(|(it, _)| it < latest)
        {
            *known = Some((latest, Instant::now()));
        }
    }

    /// The latest event time.
    pub(super) fn latest(&self) -> Option<Timestamp> {
        lock(&self.latest).map(|(it, _)| it)
    }

    /// The latest event time and the time that passed since it was seen: event time goes on as the clock does,
    /// wherever the logs stand.
    pub(super) fn event_time_now(&self) -> Option<Timestamp> {
        lock(&self.latest).map(|(it, at)| it + at.elapsed())
    }

    /// Replays begin here from now on: entries and objects before are covered by every snapshot that is kept.
    pub(super) fn keep_from(&self, entry: u64, object: u32) {
        self.kept_from.0.fetch_max(entry, Ordering::SeqCst);
        self.kept_from.1.fetch_max(object, Ordering::SeqCst);
    }

    /// The first entry and the first object that a replay may need.
    pub(super) fn kept_from(&self) -> (u64, u32) {
        (self.kept_from.0.load(Ordering::SeqCst), self.kept_from.1.load(Ordering::SeqCst))
    }

    /// A custom detection rule in dry run has matched.
    pub(super) fn counted(&self, rule: &str, account: AccountId) {
        let mut counted = lock(&self.counted);
        let key = (rule.to_owned(), account);
        if counted.len() < COUNTED_MAX || counted.contains_key(&key) {
            *counted.entry(key).or_default() += 1;
        }
    }

    /// How often rules in dry run have matched, by rule and account.
    pub(super) fn all_counted(&self) -> BTreeMap<(String, AccountId), u64> {
        lock(&self.counted).clone()
    }

    /// A source that counts by itself.
    pub(super) fn add_source(&self, source: Arc<Tally>) {
        lock(&self.sources).push(source);
    }

    /// The sources that count by themselves.
    pub(super) fn sources(&self) -> Vec<Arc<Tally>> {
        lock(&self.sources).clone()
    }

    /// Tells whoever watches, and keeps it as the latest problem.
    pub(super) fn log(&self, problem: &str) {
        say(&format!("{} {problem}\n", crate::clock::now()));
        let problem = problem.chars().take(PROBLEM_MAX).collect();
        *lock(&self.problem) = Some((crate::clock::now(), problem));
    }

    /// The latest problem, and when it came up.
    pub(super) fn problem(&self) -> Option<(Timestamp, String)> {
        lock(&self.problem).clone()
    }
}
