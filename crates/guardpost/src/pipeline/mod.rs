//! The pipeline: objects in plan order to findings, over any number of threads.
//!
//! Blocks enter the journal's writer in an order that depends on the content alone, batches the engine in
//! journal order, drafts the store in batch order. Threads decide only who does the work.

mod consumer;
mod merge;
mod queue;
mod serial;
mod task;
mod threads;
mod timed;

use std::time::Duration;

use engine::{Batch, Engine, Executor as _, Intake, Inventory, SnapshotError, SourceId};
use findings::{Draft, InputFile};
use model::{SeverityBand, Timestamp};
use store::MemoryStore;
use telemetry::Report;

pub use task::{ObjectDone, Reading};
pub use threads::Threads;
pub use timed::Rows;

use crate::sources::{Object, Unreadable};
use crate::tally::Tally;
use consumer::Consumer;
use merge::{Entry, Merge, Piece, Supply};
use queue::Queue;
use serial::Serial;

/// Looks at what a run reads, beside the detectors.
pub trait Observer {
    /// Takes a batch that the engine has worked on, with what is known after it.
    fn batch(&mut self, batch: &Batch, inventory: &Inventory);

    /// Sees what the batch raised before the store does, and may take it.
    fn drafts(&mut self, drafts: &mut Vec<Draft>) {
        let _ = drafts;
    }
}

/// Nobody looks.
impl Observer for () {
    fn batch(&mut self, _: &Batch, _: &Inventory) {}
}

/// What a run needs.
pub struct Job<'j> {
    /// The objects in plan order.
    pub objects: &'j [Object],
    /// When the records of each object begin, about; ascending.
    pub starts: &'j [Timestamp],
    /// How late records may be for the journal's writer.
    pub lateness: Duration,
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
    /// Whether what was learnt is wanted.
    pub is_learning_kept: bool,
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
    /// API calls that left the journal's writer before their time.
    pub released_early: u64,
    /// Rows with impossible times.
    pub impossible: u64,
    /// Findings beyond what the store holds.
    pub dropped: u64,
    /// Counts of the engine.
    pub counters: engine::Counters,
    /// How far it came.
    pub progress: Progress,
    /// What was learnt, if it is wanted.
    pub learnt: Option<Result<Vec<u8>, SnapshotError>>,
}

/// What takes pieces of objects in journal order.
pub trait Sink {
    /// Takes rows of a source group.
    fn rows(&mut self, source: SourceId, rows: Rows);

    /// Object `number` was read up to so many of its stored bytes, about.
    fn read(&mut self, number: usize, bytes: u64);

    /// Object `number` was read to its end.
    fn end(&mut self, number: usize, done: ObjectDone);
}

/// Objects that are read together.
#[derive(Clone, Copy)]
pub struct Group<'g> {
    /// The objects in plan order.
    pub objects: &'g [Object],
    /// When the records of each begin, about; ascending.
    pub starts: &'g [Timestamp],
    /// How late records may be for the journal's writer.
    pub lateness: Duration,
    /// How they are read.
    pub reading: &'g Reading,
}

/// Reads objects and gives their rows to the sink, earliest first. Threads decide only who reads.
pub fn feed(group: Group<'_>, executor: &Threads, sink: &mut dyn Sink) {
    let Group { objects, starts, lateness, reading } = group;
    let entries = objects.iter().zip(starts);
    let entries = entries.map(|(object, &time)| Entry { time, size: object.size }).collect();
    let mut merge = Merge::new(entries, lateness);
    let mut consume = |supply: &mut dyn Supply| {
        while let Some(piece) = merge.next(supply) {
            match piece {
                Piece::Block { number, read, source, rows } => {
                    sink.read(number, read);
                    sink.rows(source, rows);
                }
                Piece::End(number, done) => sink.end(number, done),
            }
        }
    };
    if executor.width() == 1 || objects.len() == 1 {
        return consume(&mut Serial::new(objects, reading));
    }
    let queue = Queue::new(objects, reading, executor.width() * 2);
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
        consume(&mut &queue);
    });
}

/// Reads every object and gives what was found. `observer` looks at the batches, `watch` is told how far it has come.
pub fn run(job: Job<'_>, observer: &mut dyn Observer, watch: &mut dyn FnMut(&Progress)) -> Outcome {
    let executor = Threads::new(job.threads);
    let reading = job.reading.clone();
    let Job { objects, starts, lateness, .. } = job;
    let mut consumer = Consumer::new(job, &executor, observer, watch);
    feed(Group { objects, starts, lateness, reading: &reading }, &executor, &mut consumer);
    consumer.finish()
}

struct Stop<'a, 'q>(&'a Queue<'q>);

impl Drop for Stop<'_, '_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}
