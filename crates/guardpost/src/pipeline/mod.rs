//! The pipeline: objects in plan order to findings, over any number of threads.
//!
//! Blocks enter the journal's writer strictly in plan order, batches the engine in journal order, drafts
//! the store in batch order. Threads decide only who does the work.

mod queue;
mod task;
mod threads;

use std::time::Duration;

use engine::{Batch, Engine, Executor, Intake, SourceId};
use findings::InputFile;
use model::{SeverityBand, Timestamp};
use store::{CommitOutcome, FindingStore as _, MemoryStore};
use telemetry::{Block, Report};

pub use task::{ObjectDone, Reading};
pub use threads::Threads;

use crate::sources::{Object, Unreadable};
use crate::tally::Tally;
use queue::{Piece, Queue};
use task::Task;

/// How long event time goes on after the last record: open windows of a day close.
const HORIZON: Duration = Duration::from_hours(25);

/// What a run needs.
pub struct Job<'j> {
    /// The objects in plan order.
    pub objects: &'j [Object],
    /// How they are read.
    pub reading: Reading,
    /// An engine with its settings.
    pub engine: Engine,
    /// A journal's writer, controls given.
    pub intake: Intake,
    /// Threads to use.
    pub threads: usize,
    /// The time that findings are written with.
    pub commit_time: Timestamp,
}

/// How far a run has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Progress {
    /// Objects that were read.
    pub files: u64,
    /// Their bytes as stored.
    pub bytes: u64,
    /// Records that were taken.
    pub records: u64,
    /// Findings by band, mildest first.
    pub findings: [u64; SeverityBand::ALL.len()],
}

/// What a run gave.
pub struct Outcome {
    /// The findings.
    pub store: MemoryStore,
    /// Counts of the readers.
    pub report: Report,
    /// What was taken, by kind.
    pub tally: Tally,
    /// The objects, in plan order.
    pub files: Vec<InputFile>,
    /// Objects that could not be read.
    pub unreadable: Vec<Unreadable>,
    /// Rows outside of the time asked for.
    pub outside: u64,
    /// Rows with impossible times.
    pub impossible: u64,
    /// Findings beyond what the store holds.
    pub dropped: u64,
    /// Counts of the engine.
    pub counters: engine::Counters,
    /// How far it came.
    pub progress: Progress,
}

/// Reads every object and gives what was found. `watch` is told how far it has come.
pub fn run(job: Job<'_>, watch: &mut dyn FnMut(&Progress)) -> Outcome {
    let executor = Threads::new(job.threads);
    let (objects, reading) = (job.objects, job.reading.clone());
    let mut consumer = Consumer::new(job, &executor, watch);
    if executor.width() == 1 {
        let mut buffer = Vec::new();
        for (number, object) in objects.iter().enumerate() {
            buffer = consumer.read(number, object, &reading, buffer);
        }
    } else {
        let queue = Queue::new(objects, &reading, executor.width() * 2);
        std::thread::scope(|scope| {
            // Without a further thread the consumer reads everything itself.
            for _ in 1..executor.width() {
                let helper = std::thread::Builder::new().spawn_scoped(scope, || queue.help());
                if helper.is_err() {
                    break;
                }
            }
            // Also when the consumer panics: waiting helpers would keep the scope open.
            let _stop = Stop(&queue);
            while let Some(piece) = queue.next() {
                match piece {
                    Piece::Block(source, block) => consumer.block(source, block),
                    Piece::End(number, done) => consumer.end(objects.get(number), done),
                }
            }
        });
    }
    consumer.finish()
}

struct Stop<'a, 'q>(&'a Queue<'q>);

impl Drop for Stop<'_, '_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// What takes blocks in order.
struct Consumer<'c> {
    engine: Engine,
    intake: Intake,
    executor: &'c dyn Executor,
    commit_time: Timestamp,
    watch: &'c mut dyn FnMut(&Progress),
    outcome: Outcome,
}

impl<'c> Consumer<'c> {
    fn new(
        job: Job<'_>,
        executor: &'c dyn Executor,
        watch: &'c mut dyn FnMut(&Progress),
    ) -> Consumer<'c> {
        let outcome = Outcome {
            store: MemoryStore::new(),
            report: Report::default(),
            tally: Tally::default(),
            files: Vec::with_capacity(job.objects.len()),
            unreadable: Vec::new(),
            outside: 0,
            impossible: 0,
            dropped: 0,
            counters: engine::Counters::default(),
            progress: Progress::default(),
        };
        let (engine, intake, commit_time) = (job.engine, job.intake, job.commit_time);
        Consumer { engine, intake, executor, commit_time, watch, outcome }
    }

    /// Reads a whole object on the calling thread.
    fn read(
        &mut self,
        number: usize,
        object: &Object,
        reading: &Reading,
        buffer: Vec<u8>,
    ) -> Vec<u8> {
        let (done, buffer) = match Task::open(number, object, reading, buffer) {
            Ok(mut task) => {
                while let Some((source, block)) = task.advance() {
                    self.block(source, block);
                }
                task.close()
            }
            Err(error) => {
                let error = Some(error.to_string());
                (ObjectDone { error, ..ObjectDone::default() }, Vec::new())
            }
        };
        self.end(Some(object), done);
        buffer
    }

    fn block(&mut self, source: SourceId, block: Block) {
        self.outcome.progress.records += block.len() as u64;
        match block {
            Block::Flows(rows) => self.intake.flows(source, rows),
            Block::Queries(rows) => self.intake.queries(source, rows),
            Block::ApiCalls(rows) => self.intake.calls(source, rows),
        }
        self.work();
        (self.watch)(&self.outcome.progress);
    }

    fn end(&mut self, object: Option<&Object>, done: ObjectDone) {
        let outcome = &mut self.outcome;
        if let Some(object) = object {
            outcome.files.push(done.input_file(object));
            outcome.progress.files += 1;
            outcome.progress.bytes += object.size;
            if let Some(cause) = done.error {
                outcome.unreadable.push(Unreadable { name: object.name.clone(), cause });
            }
        }
        outcome.outside += done.outside;
        outcome.tally.merge(&done.tally);
        outcome.report.merge(done.report);
        (self.watch)(&self.outcome.progress);
    }

    fn work(&mut self) {
        for batch in self.intake.take() {
            self.process(&batch);
        }
    }

    fn process(&mut self, batch: &Batch) {
        let output = self.engine.process(batch, self.executor);
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

    fn finish(mut self) -> Outcome {
        self.intake.finish(HORIZON);
        self.work();
        self.outcome.impossible = self.intake.impossible();
        self.outcome.counters = self.engine.counters();
        self.outcome
    }
}
