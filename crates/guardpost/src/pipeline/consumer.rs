//! What takes pieces in order: intake, engine, store.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::{Batch, Engine, Executor, Intake, SourceId};
use findings::InputFile;
use model::Timestamp;
use store::{CommitOutcome, FindingStore as _, MemoryStore};
use telemetry::Report;

use super::task::ObjectDone;
use super::timed::Rows;
use super::{Job, Observer, Outcome, Progress, Sink};
use crate::sources::{Object, Unreadable};
use crate::tally::Tally;

/// How long event time goes on after the last record: open windows of a day close.
const HORIZON: Duration = Duration::from_hours(25);

/// What takes blocks in order.
pub(super) struct Consumer<'c> {
    objects: &'c [Object],
    engine: Engine,
    intake: Intake,
    executor: &'c dyn Executor,
    commit_time: Timestamp,
    is_learning_kept: bool,
    watch: &'c mut dyn FnMut(&Progress),
    observer: &'c mut dyn Observer,
    /// Bytes that were read of objects that have not ended.
    parts: BTreeMap<usize, u64>,
    /// By number: objects end in another order than they begin.
    files: BTreeMap<usize, InputFile>,
    outcome: Outcome,
}

impl<'c> Consumer<'c> {
    pub(super) fn new(
        job: Job<'c>,
        executor: &'c dyn Executor,
        observer: &'c mut dyn Observer,
        watch: &'c mut dyn FnMut(&Progress),
    ) -> Consumer<'c> {
        let outcome = Outcome {
            store: MemoryStore::new(),
            report: Report::default(),
            tally: Tally::default(),
            files: Vec::new(),
            unreadable: Vec::new(),
            outside: 0,
            released_early: 0,
            impossible: 0,
            dropped: 0,
            counters: engine::Counters::default(),
            progress: Progress::default(),
            learnt: None,
        };
        let (engine, intake, commit_time) = (job.engine, job.intake, job.commit_time);
        Consumer {
            objects: job.objects,
            engine,
            intake,
            executor,
            commit_time,
            is_learning_kept: job.is_learning_kept,
            watch,
            observer,
            parts: BTreeMap::new(),
            files: BTreeMap::new(),
            outcome,
        }
    }

    fn work(&mut self) {
        for batch in self.intake.take() {
            self.process(&batch);
            self.intake.recycle(batch);
        }
    }

    fn process(&mut self, batch: &Batch) {
        let mut output = self.engine.process(batch, self.executor);
        self.observer.batch(batch, self.engine.inventory());
        self.observer.drafts(&mut output.drafts);
        let store = &mut self.outcome.store;
        let committed = store.commit(output.batch, output.drafts, self.commit_time);
        if let CommitOutcome::Committed { opened, dropped, .. } = committed {
            self.outcome.dropped += dropped;
            for id in opened {
                let band = store.finding(&id).map(|it| it.finding.band());
                let count = band.and_then(|it| self.outcome.progress.findings.get_mut(it as usize));
                if let Some(count) = count {
                    *count += 1;
                }
            }
        }
    }

    pub(super) fn finish(mut self) -> Outcome {
        if self.is_learning_kept {
            // Before time goes on: the next scan begins where the records end.
            self.intake.drain();
            self.work();
            self.outcome.learnt = Some(self.engine.baseline());
        }
        self.intake.finish(HORIZON);
        self.work();
        self.outcome.released_early = self.intake.released_early();
        self.outcome.impossible += self.intake.impossible();
        self.outcome.files = self.files.into_values().collect();
        self.outcome.counters = self.engine.counters();
        self.outcome
    }
}

impl Sink for Consumer<'_> {
    fn rows(&mut self, source: SourceId, rows: Rows) {
        self.outcome.progress.records += rows.len() as u64;
        rows.enter(source, &mut self.intake);
        self.work();
        (self.watch)(&self.outcome.progress);
    }

    fn read(&mut self, number: usize, bytes: u64) {
        let before = self.parts.insert(number, bytes).unwrap_or(0);
        self.outcome.progress.bytes += bytes.saturating_sub(before);
    }

    fn end(&mut self, number: usize, done: ObjectDone) {
        let outcome = &mut self.outcome;
        if let Some(object) = self.objects.get(number) {
            self.files.insert(number, done.input_file(object));
            outcome.progress.files += 1;
            let before = self.parts.remove(&number).unwrap_or(0);
            outcome.progress.bytes += object.size.saturating_sub(before);
            if let Some(cause) = done.error {
                outcome.unreadable.push(Unreadable { name: object.name.clone(), cause });
            }
        }
        outcome.impossible += done.impossible;
        outcome.outside += done.outside;
        outcome.tally.merge(&done.tally);
        outcome.report.merge(done.report);
        (self.watch)(&self.outcome.progress);
    }
}
