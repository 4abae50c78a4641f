//! Puts API calls into order: CloudTrail files are unordered inside and overlap each other.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::Timestamp;
use telemetry::{ApiCall, ApiRows};

/// Most bytes of text that wait. Beyond it the oldest calls leave before their time and are counted.
const WAITING_BYTES_MAX: usize = 256 << 20;
/// Width of a bucket of waiting calls.
const BUCKET_MILLIS: i64 = 60_000;

/// A call that waits: a row of a block.
#[derive(Clone)]
pub(super) struct Waiting {
    pub(super) block: Arc<ApiRows>,
    pub(super) index: usize,
    /// Bytes that it counts for.
    weight: u32,
}

impl Waiting {
    pub(super) fn row(&self) -> &ApiCall {
        &self.block.rows[self.index]
    }

    fn order(&self) -> (Timestamp, u64, &str) {
        (self.row().time, self.row().event_id_hash, self.row().event_id.of(&self.block.text))
    }
}

#[derive(Default)]
pub(super) struct Reorder {
    buckets: BTreeMap<i64, Vec<Waiting>>,
    bytes: usize,
    released_early: u64,
}

fn bucket_of(time: Timestamp) -> i64 {
    time.millis().div_euclid(BUCKET_MILLIS)
}

fn weight(block: &ApiRows) -> u32 {
    let bytes = block.text.len() + block.rows.len() * size_of::<ApiCall>();
    u32::try_from(bytes / block.rows.len().max(1)).unwrap_or(u32::MAX)
}

impl Reorder {
    pub(super) fn released_early(&self) -> u64 {
        self.released_early
    }

    /// No call that waits is earlier, to the minute.
    pub(super) fn earliest(&self) -> Option<Timestamp> {
        let (bucket, _) = self.buckets.first_key_value()?;
        Some(Timestamp::from_millis(bucket.saturating_mul(BUCKET_MILLIS)))
    }

    pub(super) fn add(&mut self, rows: ApiRows, not_after: Timestamp) {
        let block = Arc::new(rows);
        let weight = weight(&block);
        for (index, row) in block.rows.iter().enumerate().filter(|(_, row)| row.time <= not_after) {
            self.wait(row.time, Waiting { block: block.clone(), index, weight });
        }
    }

    fn wait(&mut self, time: Timestamp, waiting: Waiting) {
        self.bytes += waiting.weight as usize;
        self.buckets.entry(bucket_of(time)).or_default().push(waiting);
    }

    /// What waits, in the order in which it was added a minute at a time, with the bytes that each call counts
    /// for; and how many calls left before their time.
    pub(super) fn save(&self) -> (ApiRows, Vec<u32>, u64) {
        let (mut rows, mut weights) = (ApiRows::default(), Vec::new());
        for waiting in self.buckets.values().flatten() {
            rows.push_from(&waiting.block, waiting.index);
            weights.push(waiting.weight);
        }
        (rows, weights, self.released_early)
    }

    /// What [`Reorder::save`] gave.
    pub(super) fn restore((rows, weights, released_early): (ApiRows, Vec<u32>, u64)) -> Reorder {
        let mut reorder = Reorder { released_early, ..Reorder::default() };
        let block = Arc::new(rows);
        for ((index, row), weight) in block.rows.iter().enumerate().zip(weights) {
            reorder.wait(row.time, Waiting { block: block.clone(), index, weight });
        }
        reorder
    }

    /// The oldest bucket that has to leave because too much waits.
    pub(super) fn over_bound(&self) -> Option<i64> {
        let oldest = self.buckets.first_key_value().map(|(bucket, _)| *bucket);
        oldest.filter(|_| self.bytes > WAITING_BYTES_MAX)
    }

    /// Takes the calls at or before `until`, and those of the bucket `early`, in order.
    pub(super) fn take(&mut self, until: Timestamp, early: Option<i64>) -> Vec<Waiting> {
        let last = bucket_of(until);
        let mut taken = Vec::new();
        while let Some(entry) = self.buckets.first_entry() {
            if *entry.key() < last {
                taken.extend(entry.remove());
            } else if early == Some(*entry.key()) {
                let calls = entry.remove();
                self.released_early += calls.len() as u64;
                taken.extend(calls);
                break;
            } else {
                break;
            }
        }
        if let Some(bucket) = self.buckets.get_mut(&last) {
            let (leave, stay): (Vec<_>, Vec<_>) =
                std::mem::take(bucket).into_iter().partition(|it| it.row().time <= until);
            taken.extend(leave);
            if stay.is_empty() {
                self.buckets.remove(&last);
            } else {
                *bucket = stay;
            }
        }
        let weights = taken.iter().map(|it| it.weight as usize).sum::<usize>();
        self.bytes = self.bytes.saturating_sub(weights);
        taken.sort_by(|a, b| a.order().cmp(&b.order()));
        taken
    }
}
