//! How a driver lends its threads.

/// Runs independent pieces of work, perhaps on several threads.
///
/// The engine starts no thread: it hands pieces of a batch to whoever drives it. Results never depend on
/// the order in which pieces run.
pub trait Executor {
    /// Calls `work` once for each number below `pieces` and returns when all are done.
    fn for_each(&self, pieces: usize, work: &(dyn Fn(usize) + Sync));

    /// How many pieces can run at the same time.
    fn width(&self) -> usize;
}

/// Runs everything on the calling thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct Serial;

impl Executor for Serial {
    fn for_each(&self, pieces: usize, work: &(dyn Fn(usize) + Sync)) {
        (0..pieces).for_each(work);
    }

    fn width(&self) -> usize {
        1
    }
}
