//! The engine's executor: the calling thread and short-lived helpers.
//!
//! The pieces borrow from the batch, so safe code can lend them only to threads that end before the batch
//! does. Starting such a thread costs some 20 µs, hence helpers are called only when a pass proves to be
//! long enough.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use engine::Executor;

/// Key groups that a thread takes at a time.
const RUN: usize = 8;
/// How long the calling thread works alone.
const ALONE: Duration = Duration::from_micros(60);

/// As many threads as asked for, the calling one included.
#[derive(Clone, Copy, Debug)]
pub struct Threads(usize);

impl Threads {
    /// At least one.
    pub fn new(width: usize) -> Threads {
        Threads(width.max(1))
    }
}

impl Executor for Threads {
    fn for_each(&self, pieces: usize, work: &(dyn Fn(usize) + Sync)) {
        let next = AtomicUsize::new(0);
        // Takes one run; false when there is none.
        let run_one = || {
            let from = next.fetch_add(RUN, Ordering::Relaxed);
            (from..pieces.min(from.saturating_add(RUN))).for_each(work);
            from.saturating_add(RUN) < pieces
        };
        let run_all = || while run_one() {};
        if self.0 == 1 {
            return run_all();
        }
        let started = Instant::now();
        while started.elapsed() < ALONE {
            if !run_one() {
                return;
            }
        }
        let rest = pieces.saturating_sub(next.load(Ordering::Relaxed)).div_ceil(RUN);
        thread::scope(|scope| {
            for _ in 1..self.0.min(rest) {
                // Without a further thread the calling one does the work.
                let helper = thread::Builder::new().spawn_scoped(scope, run_all);
                if helper.is_err() {
                    break;
                }
            }
            run_all();
        });
    }

    fn width(&self) -> usize {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn every_piece_runs_once() {
        for width in [1, 2, 5] {
            for pieces in [0, 1, 7, 8, 9, 256] {
                let seen = Mutex::new(vec![0; pieces]);
                Threads::new(width).for_each(pieces, &|number| {
                    thread::sleep(Duration::from_micros(30));
                    seen.lock().unwrap()[number] += 1;
                });
                assert!(seen.into_inner().unwrap().iter().all(|it| *it == 1), "{width} {pieces}");
            }
        }
    }
}
