//! The findings of the fixtures do not depend on how the run is done: threads, batches, restarts, file order.
//!
//! Each property is checked on every case by itself and on all cases merged into one run.

#[cfg(test)]
mod harness;

use std::sync::atomic::{AtomicUsize, Ordering};

use engine::Executor;
use engine::intel::Category;
use harness::{Case, Run, batches, cases, findings};

/// Rows of a batch that cuts most cases into several.
const SMALL_BATCH: usize = 64;

/// Works on pieces with so many threads.
struct Threads(usize);

impl Executor for Threads {
    fn for_each(&self, pieces: usize, work: &(dyn Fn(usize) + Sync)) {
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..self.0 {
                scope.spawn(|| {
                    loop {
                        let piece = next.fetch_add(1, Ordering::Relaxed);
                        if piece >= pieces {
                            break;
                        }
                        work(piece);
                    }
                });
            }
        });
    }

    fn width(&self) -> usize {
        self.0
    }
}

/// All cases in one run. Trusted lists stay out, since they would silence other cases, and so do settings.
fn merged(cases: &[Case]) -> Case {
    let mut merged = Case { name: "all cases merged".to_owned(), ..Case::default() };
    for case in cases {
        merged.inputs.extend(case.inputs.iter().cloned());
        merged.inventory.extend(case.inventory.iter().cloned());
        let lists = case.lists.iter().filter(|it| it.0 != Category::Trusted).cloned();
        merged.lists.extend(lists.map(|(category, _, bytes)| (category, case.name.clone(), bytes)));
    }
    merged
}

fn corpus() -> Vec<Case> {
    let mut corpus = cases();
    corpus.push(merged(&corpus));
    corpus
}

/// The names of the cases that give other findings in one of `runs` than in the first.
fn differing(corpus: &[Case], runs: &[Run<'_>]) -> Vec<String> {
    let mut differing = Vec::new();
    let mut raised = 0;
    for case in corpus {
        let expected = findings(case, &runs[0]);
        raised += expected.len();
        for (number, run) in runs.iter().enumerate().skip(1) {
            if findings(case, run) != expected {
                differing.push(format!("{} (run {number})", case.name));
            }
        }
    }
    assert!(raised > 0, "a corpus without findings shows nothing");
    differing
}

/// Whether rows of each kind come in the order of their event times, over all batches.
fn is_time_ordered(case: &Case) -> bool {
    let (mut flows, mut queries, mut calls) = (Vec::new(), Vec::new(), Vec::new());
    // The batch sorts its rows: only batches of one row show the order in which they came.
    for batch in batches(case, 1) {
        flows.extend(batch.flows.iter().map(|it| it.start));
        queries.extend(batch.queries.rows.iter().map(|it| it.time));
        calls.extend(batch.calls.rows.iter().map(|it| it.time));
    }
    flows.is_sorted() && queries.is_sorted() && calls.is_sorted()
}

#[test]
fn threads_change_nothing() {
    let executors = [Threads(1), Threads(2), Threads(5)];
    let runs = executors.each_ref().map(|executor| Run {
        executor,
        batch_rows: SMALL_BATCH,
        ..Run::default()
    });
    assert_eq!(differing(&corpus(), &runs), Vec::<String>::new());
}

#[test]
fn batch_sizes_change_nothing_where_rows_are_in_time_order() {
    let corpus: Vec<Case> = corpus().into_iter().filter(is_time_ordered).collect();
    let runs = [16_384, SMALL_BATCH, 1].map(|batch_rows| Run { batch_rows, ..Run::default() });
    assert_eq!(differing(&corpus, &runs), Vec::<String>::new());
}

#[test]
fn restarts_change_nothing() {
    let small = || Run { batch_rows: SMALL_BATCH, ..Run::default() };
    let mut wrong = Vec::new();
    for case in corpus() {
        let expected = findings(&case, &small());
        let batches = batches(&case, SMALL_BATCH);
        let middle = batches[batches.len() / 2].number;
        // One restart alone as well: a second one could mend what the first broke.
        for restarts in [&|_| true, &|batch| batch == middle] as [&dyn Fn(u64) -> bool; 2] {
            if findings(&case, &Run { restarts, ..small() }) != expected {
                wrong.push(case.name.clone());
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_order_of_files_changes_nothing() {
    let mut wrong = Vec::new();
    for mut case in corpus().into_iter().filter(|it| it.inputs.len() > 1) {
        let expected = findings(&case, &Run::default());
        case.inputs.reverse();
        if findings(&case, &Run::default()) != expected {
            wrong.push(format!("{}, reversed", case.name));
        }
        let third = case.inputs.len() / 3;
        case.inputs.rotate_left(third.max(1));
        if findings(&case, &Run::default()) != expected {
            wrong.push(format!("{}, rotated", case.name));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// The same records with their members sorted and spread over lines, as tools and people rewrite them.
fn rewritten(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for value in serde_json::Deserializer::from_slice(bytes).into_iter::<serde_json::Value>() {
        serde_json::to_writer_pretty(&mut out, &value.ok()?).ok()?;
        out.push(b'\n');
    }
    Some(out)
}

#[test]
fn spacing_and_order_of_members_change_nothing() {
    let mut wrong = Vec::new();
    let mut rewrote = 0;
    for case in cases() {
        let mut other = case.clone();
        for (_, bytes) in &mut other.inputs {
            if let Some(text) = rewritten(bytes) {
                *bytes = text;
                rewrote += 1;
            }
        }
        if findings(&case, &Run::default()) != findings(&other, &Run::default()) {
            wrong.push(case.name);
        }
    }
    assert!(rewrote > 100, "{rewrote}");
    assert_eq!(wrong, Vec::<String>::new());
}
