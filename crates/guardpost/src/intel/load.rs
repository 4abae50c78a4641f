//! The lists of the intel directory for a run.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::thread;

use intel::{Category, ParsedList};
use model::Timestamp;

use super::directory::Directory;
use super::index::{Confidence, Entry, age, entries};
use super::settings::IntelConfig;
use super::shape::read;
use crate::knowledge::Collector;
use crate::text::visible;

/// Most threads that read lists.
const THREADS_MAX: usize = 8;
/// Lists whose faults are told one by one.
const TOLD_MAX: usize = 10;

/// A list of the directory that a run uses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Loaded {
    /// The name.
    pub name: String,
    /// What it says of its entries.
    pub category: Category,
    /// How many entries it has.
    pub entries: u64,
    /// How far they can be believed.
    pub confidence: Confidence,
    /// Seconds since its source last said that this is its content.
    pub age_secs: u64,
    /// How often its source is to be asked, in seconds; 0 for files, which do not age.
    pub refresh_secs: u64,
    /// Whether it should have been refreshed long ago.
    pub is_stale: bool,
}

impl Loaded {
    /// One line for people.
    pub fn line(&self) -> String {
        let stale = if self.is_stale { ", stale" } else { "" };
        let (entries, age) = (entries(self.entries), age(self.age_secs));
        format!("{} ({}): {entries}, {age} old{stale}", self.name, self.category)
    }
}

/// Adds the lists of a directory to what a run knows. A list that cannot be read is left out with a warning:
/// a scan without it is better than none. An index that cannot be read is an error.
pub fn load(
    directory: &Directory,
    config: &IntelConfig,
    now: Timestamp,
    collector: &mut Collector,
) -> anyhow::Result<()> {
    let index = directory.index()?;
    let used: Vec<&Entry> = index.lists.iter().filter(|it| config.is_used(&it.name)).collect();
    let (mut stale, mut failed) = (Vec::new(), Vec::new());
    for (entry, list) in used.iter().zip(parse(directory, &used)) {
        let list = match list {
            Ok(list) if !list.is_empty() => list,
            Ok(_) => {
                failed.push(format!("{}: no usable entry", entry.name));
                continue;
            }
            Err(error) => {
                failed.push(format!("{}: {error:#}", entry.name));
                continue;
            }
        };
        let loaded = Loaded {
            name: entry.name.clone(),
            category: entry.category,
            entries: list.len(),
            confidence: entry.confidence,
            age_secs: entry.age_secs(now),
            refresh_secs: entry.refresh_secs,
            is_stale: entry.is_stale(now),
        };
        if loaded.is_stale {
            stale.push(format!("{} ({} old)", loaded.name, age(loaded.age_secs)));
        }
        collector.stored_list(loaded, list);
    }
    let more = failed.len().saturating_sub(TOLD_MAX);
    for why in failed.iter().take(TOLD_MAX) {
        collector.warn(format!("a list of the intel directory is not used: {}", visible(why)));
    }
    if more > 0 {
        collector.warn(format!("{more} more lists of the intel directory are not used"));
    }
    if !stale.is_empty() {
        let lists = stale.join(", ");
        collector.warn(format!("stale lists: {lists}; run `guardpost intel update`"));
    }
    Ok(())
}

/// Reads lists on several threads; the result is in their order.
fn parse(directory: &Directory, entries: &[&Entry]) -> Vec<anyhow::Result<ParsedList>> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.min(THREADS_MAX).min(entries.len()).max(1);
    // The largest first, so that no thread begins with it when the others are done.
    let mut order: Vec<(usize, &Entry)> = entries.iter().copied().enumerate().collect();
    order.sort_by_key(|it| std::cmp::Reverse(it.1.bytes));
    let queue = Mutex::new(VecDeque::from(order));
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let work = || {
        let mut lists = Vec::new();
        while let Some((at, entry)) = next() {
            let list = directory.list(entry).map(|it| read(entry.shape, &entry.source, &it).0);
            lists.push((at, list));
        }
        lists
    };
    let mut lists = thread::scope(|scope| {
        let workers: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut lists = work();
        for worker in workers {
            match worker.join() {
                Ok(more) => lists.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        lists
    });
    lists.sort_by_key(|it| it.0);
    lists.into_iter().map(|it| it.1).collect()
}
