//! Findings on their way out: from the store's outbox to sinks.
//!
//! The outbox has each change once. What a sink has to publish is moved from there into documents of the store, with
//! when it is due: new findings at once, updates at the frequency of the detector, what failed after a while. A
//! crash between publishing and noting it publishes again, under the same identifier.

mod event;
mod file;
mod pending;
mod sinks;
mod webhook;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use engine::model::Timestamp;
use store::{DocumentKey, Scope, Store};

use super::status::Status;
use event::Event;
use pending::{Pending, Waiting};

pub(super) use sinks::open;
pub use webhook::Webhook;

/// How often it is looked what is due.
const LOOK: Duration = Duration::from_millis(250);
/// How long a store that failed is left alone.
const RETRY: Duration = Duration::from_secs(2);
/// Entries of the outbox that are taken together.
const PAGE: usize = 500;
/// Attempts until a finding is given up: with the pauses between them that is more than a day.
const ATTEMPTS: u32 = 32;
/// The first pause after a failure; each further one is twice as long.
const PAUSE: Duration = Duration::from_secs(2);
/// The longest pause of one finding.
const PAUSE_MAX: Duration = Duration::from_hours(1);
/// The longest pause of a sink of which one publication after the other fails.
const SINK_PAUSE_MAX: Duration = Duration::from_mins(1);

/// Where findings go.
trait Sink: Send {
    /// Publishes one finding. What was published before may come again.
    fn publish(&mut self, event: &Event) -> Result<(), Failure>;
}

/// Why a finding was not published.
#[derive(Debug)]
struct Failure {
    reason: String,
    /// Trying again is of no use.
    is_final: bool,
}

/// What publishes to one sink.
pub(super) struct Publisher {
    store: Arc<dyn Store>,
    status: Arc<Status>,
    is_stopping: Arc<AtomicBool>,
    name: String,
    sink: Box<dyn Sink>,
    pending: Pending,
    /// Where findings go that were given up.
    dead_letters: PathBuf,
    /// Failures since something was published.
    failures: u32,
    not_before: Timestamp,
}

impl Publisher {
    fn new(
        (store, status, is_stopping): (Arc<dyn Store>, Arc<Status>, Arc<AtomicBool>),
        name: String,
        sink: Box<dyn Sink>,
        data_dir: &Path,
    ) -> Result<Publisher> {
        store.add_sink(&name)?;
        let pending = Pending::open(&*store, &name)?;
        let dead_letters = data_dir.join(format!("dead-letters.{name}.jsonl"));
        let not_before = Timestamp::MIN;
        Ok(Publisher {
            store,
            status,
            is_stopping,
            name,
            sink,
            pending,
            dead_letters,
            failures: 0,
            not_before,
        })
    }

    /// Publishes until the service ends.
    pub(super) fn run(mut self) {
        while !self.is_stopping() {
            if let Err(error) = self.round(crate::clock::now()) {
                self.status.log(&format!("cannot publish to {}: {error:#}", self.name));
                thread::sleep(RETRY);
            }
            thread::sleep(LOOK);
        }
    }

    fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::SeqCst)
    }

    /// Takes over what changed and publishes what is due.
    fn round(&mut self, now: Timestamp) -> Result<()> {
        loop {
            let entries = self.store.outbox(&self.name, PAGE)?;
            let Some(last) = entries.last().map(|it| it.sequence) else { break };
            self.pending.add(&*self.store, &entries, now)?;
            self.store.acknowledge(&self.name, last)?;
        }
        for (key, waiting) in self.pending.due(&*self.store, now)? {
            if self.is_stopping() || now < self.not_before {
                break;
            }
            self.deliver(key, waiting, now)?;
        }
        Ok(())
    }

    fn deliver(&mut self, key: DocumentKey, waiting: Waiting, now: Timestamp) -> Result<()> {
        let scope = Scope::of(key.owner);
        let found = self.store.get_findings(&scope, std::slice::from_ref(&key.id))?;
        // What is past retention is nobody's concern any more.
        let Some(finding) = found.into_iter().next() else {
            return self.pending.remove(&*self.store, &key);
        };
        let event = Event::of(finding);
        match self.sink.publish(&event) {
            Ok(()) => {
                self.failures = 0;
                self.status.published.fetch_add(1, Ordering::Relaxed);
                self.pending.remove(&*self.store, &key)
            }
            Err(failure) => self.failed(key, waiting, &event, failure, now),
        }
    }

    fn failed(
        &mut self,
        key: DocumentKey,
        waiting: Waiting,
        event: &Event,
        failure: Failure,
        now: Timestamp,
    ) -> Result<()> {
        let Failure { reason, is_final } = failure;
        self.status.unpublished.fetch_add(1, Ordering::Relaxed);
        if self.failures == 0 {
            self.status.log(&format!("cannot publish to {}: {reason}", self.name));
        }
        self.failures = self.failures.saturating_add(1);
        let attempts = waiting.attempts + 1;
        if is_final || attempts >= ATTEMPTS {
            let words = format!("finding {} is not published to {}: {reason}", key.id, self.name);
            self.status.log(&words);
            self.status.dead_letters.fetch_add(1, Ordering::Relaxed);
            file::append_bounded(&self.dead_letters, &event.dead_letter(&reason))?;
            return self.pending.remove(&*self.store, &key);
        }
        if !is_final {
            self.not_before = now + pause(self.failures, SINK_PAUSE_MAX);
        }
        let not_before = (now + pause(attempts, PAUSE_MAX)).millis();
        self.pending.put(&*self.store, key, Waiting { attempts, not_before, ..waiting })
    }
}

/// The pause after so many failures.
fn pause(failures: u32, most: Duration) -> Duration {
    let doubled = 2u32.saturating_pow(failures.saturating_sub(1));
    PAUSE.saturating_mul(doubled).min(most)
}
