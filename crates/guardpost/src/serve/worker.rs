//! What works on the journal: entries to batches, batches to findings in the store, marks to snapshots.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use detectors::rules::CustomDetection;
use engine::model::Timestamp;
use engine::{Batch, Control, Engine, Intake, SourceId};
use intel::IntelBuilder;
use serde::{Deserialize, Serialize};
use store::{Commit, CommitOutcome, Part, Store};

use super::controls::{InForce, part_name};
use super::evidence;
use super::journal::{Accepted, Entry};
use super::recorder::{Recorded, Work};
use super::spool::Spool;
use super::status::Status;
use super::suppressions::Suppressions;
use crate::pipeline::{Group, ObjectDone, Reading, Rows, Sink, Threads, feed};
use crate::sources::{Content, Object};
use crate::window::Window;

/// How long the worker waits before it tries a store again that failed.
const RETRY: Duration = Duration::from_secs(2);

/// Names of the parts of a snapshot.
pub(super) const ENGINE: &str = "engine";
pub(super) const INTAKE: &str = "intake";
pub(super) const POSITION: &str = "position";
pub(super) const CONTROLS: &str = "controls";

/// Where in the journal a snapshot stands.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Position {
    /// The mark.
    pub(super) entry: u64,
    /// What the recorder knew there.
    pub(super) recorded: Recorded,
    /// The first object and entry that the snapshot before does not cover.
    pub(super) before: (u64, u32),
}

/// What the worker needs.
pub(super) struct Worker {
    pub(super) engine: Engine,
    pub(super) intake: Intake,
    pub(super) executor: Arc<Threads>,
    pub(super) reading: Reading,
    pub(super) lateness: Duration,
    pub(super) store: Arc<dyn Store>,
    pub(super) suppressions: Arc<Suppressions>,
    pub(super) spool: Spool,
    pub(super) status: Arc<Status>,
    /// Somebody wants the service to end: what fails is not tried again.
    pub(super) is_stopping: Arc<AtomicBool>,
    /// Entry and object after the latest snapshot.
    pub(super) snapshot_at: (u64, u32),
    /// What clients of the API have set.
    pub(super) controls: InForce,
    /// Lists that are in force beside those of the API.
    pub(super) lists: IntelBuilder,
    /// The custom detection rules of the configuration.
    pub(super) rules: CustomDetection,
    /// What the latest snapshot holds: the last entry of the control journal, and parts with contents of lists.
    pub(super) kept: (u64, BTreeSet<String>),
    /// The day on which findings past retention were dropped last.
    pub(super) expired_on: Option<i64>,
    /// Why no more can be done.
    pub(super) failed: Option<anyhow::Error>,
}

impl Worker {
    /// Works until nobody records any more.
    pub(super) fn run(mut self, work: &Receiver<Work>) -> Result<()> {
        for it in work {
            self.work(it)?;
        }
        Ok(())
    }

    /// Works on one entry. An error means that the journal has to be worked on again from the last snapshot.
    pub(super) fn work(&mut self, work: Work) -> Result<()> {
        let Work { number, entry, recorded } = work;
        match entry {
            Entry::Started { .. } => {}
            Entry::Objects { first, at, objects } => {
                let starts: Vec<Timestamp> = objects.iter().map(|it| it.start).collect();
                self.reading.accounts = objects.iter().map(|it| it.account).collect();
                let numbers = first..first + objects.len() as u32;
                let objects: Vec<Object> =
                    numbers.zip(objects).map(|(number, it)| self.object(number, it)).collect();
                self.objects(first, at, &objects, &starts);
            }
            Entry::Tick(now) => {
                self.intake.tick(now);
                // Also rows that moved no watermark, such as late ones, are not to wait for the next mark.
                self.intake.cut();
                self.process();
            }
            Entry::Mark | Entry::Cut => {
                self.intake.cut();
                self.process();
            }
            Entry::Controls(through) => self.take_controls(through),
        }
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        self.status.worked(number);
        if let Some(recorded) = recorded {
            self.snapshot(number, recorded);
            self.expire();
        }
        Ok(())
    }

    /// An object of the spool, or one that is said to be missing when it is read. What fails for another reason,
    /// such as too many open files, passes.
    fn object(&self, number: u32, accepted: Accepted) -> Object {
        loop {
            match self.spool.object(number) {
                Ok(object) => {
                    if object.size != accepted.size {
                        self.status.log(&format!(
                            "object {number} of the spool ({}) has {} bytes instead of {}: it is damaged",
                            accepted.name, object.size, accepted.size
                        ));
                    }
                    return object;
                }
                Err(error)
                    if error.kind() == ErrorKind::NotFound
                        || self.is_stopping.load(Ordering::SeqCst) =>
                {
                    return Object {
                        content: Content::Part(self.spool.path(number), 0),
                        name: format!("object {number} of the spool ({})", accepted.name),
                        key: accepted.key,
                        size: accepted.size,
                    };
                }
                Err(error) => {
                    self.status.log(&format!("cannot open object {number} of the spool: {error}"));
                    thread::sleep(RETRY);
                }
            }
        }
    }

    /// What clients of the API changed takes effect before what comes next.
    fn take_controls(&mut self, through: u64) {
        let changed = loop {
            match self.controls.read(&*self.store, through) {
                Ok(changed) => break changed,
                Err(error) => {
                    self.status.log(&format!("cannot read the control journal: {error:#}"));
                    if self.is_stopping.load(Ordering::SeqCst) {
                        self.failed = Some(error);
                        return;
                    }
                    thread::sleep(RETRY);
                }
            }
        };
        if changed.lists {
            let intel = self.controls.intel(&self.lists, &*self.store, &|it| self.status.log(it));
            self.intake.control(Control::Intel(intel));
        }
        if changed.disabled {
            self.intake.control(Control::Disabled(self.controls.disabled(&self.rules)));
        }
        for opinion in changed.judged {
            self.intake.control(opinion.into_control());
        }
        self.process();
        self.status.control_worked(through);
    }

    fn objects(&mut self, first: u32, at: Timestamp, objects: &[Object], starts: &[Timestamp]) {
        self.reading.first_object = first;
        self.reading.possible = Window::possible(at);
        let (reading, executor) = (self.reading.clone(), Arc::clone(&self.executor));
        let lateness = self.lateness;
        let mut sink = Objects { worker: self, objects };
        feed(Group { objects, starts, lateness, reading: &reading }, &executor, &mut sink);
    }

    fn process(&mut self) {
        for batch in self.intake.take() {
            if self.failed.is_none() {
                self.batch(&batch);
            }
            self.intake.recycle(batch);
        }
        self.status.saw(self.intake.latest());
    }

    fn batch(&mut self, batch: &Batch) {
        let executor = Arc::clone(&self.executor);
        let mut output = self.engine.process(batch, &*executor);
        self.status.late.store(self.engine.late(), Ordering::Relaxed);
        output.drafts.retain(|it| match it.counted_rule() {
            Some(rule) => {
                self.status.counted(rule, it.account);
                false
            }
            None => true,
        });
        loop {
            let suppressions = self.suppressions.now();
            let commit = Commit {
                batch: output.batch,
                drafts: output.drafts.clone(),
                time: crate::clock::now(),
                suppressions: &suppressions,
            };
            match self.store.commit(commit) {
                Ok(outcome) => {
                    self.committed(&outcome);
                    break;
                }
                Err(error) => {
                    self.status.log(&format!("cannot commit batch {}: {error}", output.batch));
                    if self.is_stopping.load(Ordering::SeqCst) {
                        self.failed = Some(error.into());
                        return;
                    }
                    thread::sleep(RETRY);
                }
            }
        }
        // After a crash the batch is worked on again, and what was missed here is made good.
        if let Err(error) = evidence::keep(&*self.store, &self.spool, &output.drafts) {
            self.status.log(&format!("cannot keep evidence: {error:#}"));
        }
    }

    fn committed(&self, outcome: &CommitOutcome) {
        if let CommitOutcome::Committed { opened, updated, dropped } = outcome {
            self.status.batches.fetch_add(1, Ordering::Relaxed);
            self.status.opened.fetch_add(opened.len() as u64, Ordering::Relaxed);
            self.status.updated.fetch_add(updated.len() as u64, Ordering::Relaxed);
            if *dropped > 0 {
                self.status
                    .log(&format!("the store is full: {dropped} new findings were left out"));
            }
        }
    }

    /// Writes a snapshot. Without it the journal is kept, and more of it is worked on again after a crash.
    fn snapshot(&mut self, entry: u64, recorded: Recorded) {
        let next = (entry + 1, recorded.next_object);
        let position = Position { entry, recorded, before: self.snapshot_at };
        match self.write_snapshot(&position) {
            Ok(()) => {
                self.status.snapshots.fetch_add(1, Ordering::Relaxed);
                // The snapshot before the last is a way back.
                self.status.keep_from(self.snapshot_at.0, self.snapshot_at.1);
                self.snapshot_at = next;
            }
            Err(error) => self.status.log(&format!("cannot write a snapshot: {error:#}")),
        }
    }

    /// Once a day, findings past retention go.
    fn expire(&mut self) {
        let now = crate::clock::now();
        if self.expired_on == Some(now.day()) {
            return;
        }
        match self.store.expire(now) {
            Ok(_) => self.expired_on = Some(now.day()),
            Err(error) => self.status.log(&format!("cannot drop old findings: {error}")),
        }
    }

    fn write_snapshot(&mut self, position: &Position) -> Result<()> {
        // Before the first batch there is nothing to be passed over.
        let mark = self.store.mark()?.unwrap_or(0);
        let part = |name: &str, bytes| (name.to_owned(), Part::Bytes(bytes));
        let mut parts = vec![
            part(ENGINE, self.engine.snapshot()?),
            part(INTAKE, self.intake.save()?),
            part(POSITION, postcard::to_stdvec(position)?),
            part(CONTROLS, self.controls.save()?),
        ];
        let mut contents = BTreeSet::new();
        for hash in self.controls.contents() {
            let name = part_name(&hash);
            // What is missing was told when the lists were put together.
            let part = if self.kept.1.contains(&name) {
                Some(Part::Unchanged)
            } else {
                self.store.blob(&hash)?.map(Part::Bytes)
            };
            if let Some(part) = part {
                parts.push((name.clone(), part));
                contents.insert(name);
            }
        }
        self.store.write_snapshot(mark, &parts)?;
        // The snapshot before is a way back: what it does not cover stays.
        let before = std::mem::replace(&mut self.kept, (self.controls.through, contents)).0;
        self.store.trim_control(before)?;
        Ok(())
    }
}

/// What a snapshot holds.
pub(super) struct Restored {
    pub(super) engine: Vec<u8>,
    pub(super) intake: Vec<u8>,
    pub(super) position: Position,
    /// What clients of the API had set; none before they could.
    pub(super) controls: Option<Vec<u8>>,
    /// Names of the parts with contents of lists.
    pub(super) contents: BTreeSet<String>,
}

/// The latest snapshot, if there is one.
pub(super) fn latest_snapshot(store: &dyn Store) -> Result<Option<Restored>> {
    let Some(snapshot) = store.snapshot()? else { return Ok(None) };
    let mut parts: BTreeMap<_, _> = snapshot.parts.into_iter().collect();
    let mut part = |name: &str| {
        parts.remove(name).with_context(|| format!("the latest snapshot lacks its part `{name}`"))
    };
    let (engine, intake, position) = (part(ENGINE)?, part(INTAKE)?, part(POSITION)?);
    let Ok(position) = postcard::from_bytes(&position) else {
        bail!("the latest snapshot was written by another version or is damaged");
    };
    let controls = parts.remove(CONTROLS);
    Ok(Some(Restored { engine, intake, position, controls, contents: parts.into_keys().collect() }))
}

/// Takes what is read of the objects of an entry.
struct Objects<'w> {
    worker: &'w mut Worker,
    objects: &'w [Object],
}

impl Sink for Objects<'_> {
    fn rows(&mut self, source: SourceId, rows: Rows) {
        self.worker.status.records.fetch_add(rows.len() as u64, Ordering::Relaxed);
        rows.enter(source, &mut self.worker.intake);
        self.worker.process();
    }

    fn read(&mut self, _: usize, _: u64) {}

    fn end(&mut self, number: usize, done: ObjectDone) {
        let status = &self.worker.status;
        let skipped = done.report.failed() + done.impossible;
        status.skipped.fetch_add(skipped, Ordering::Relaxed);
        status.foreign.fetch_add(done.foreign, Ordering::Relaxed);
        if let (Some(error), Some(object)) = (done.error, self.objects.get(number)) {
            status.unreadable.fetch_add(1, Ordering::Relaxed);
            status.log(&format!("cannot read {}: {error}", object.name));
        }
    }
}
