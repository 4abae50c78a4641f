//! The record of everything that decides a result.
//!
//! A journal names the objects that were read and says, batch by batch, which ranges of them were taken
//! together, under which watermark and after which changes. Replaying it is exact: the same journal gives
//! the same findings, with any number of threads and any restarts.

use model::{Origin, Timestamp};
use serde::{Deserialize, Serialize};

use crate::batch::{Batch, Control};

/// An object that records were read from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ObjectEntry {
    /// Path, S3 key or `-` for standard input.
    pub name: String,
    /// Size as stored, in bytes.
    pub size: u64,
    /// Hash of the stored bytes ([`model::hash64`] or the checksum that the object itself carries).
    pub content: u64,
}

/// A run of records of one object that went into one batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ObjectRange {
    /// Number of the object in the journal.
    pub object: u32,
    /// Offset of the first record of the run.
    pub from: u64,
    /// Offset of the last record of the run.
    pub to: u64,
    /// Records in the run.
    pub records: u32,
}

/// What the journal keeps of one batch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BatchEntry {
    /// Number of the batch, from 1 without gaps.
    pub number: u64,
    /// Where its records came from, in the order in which they were taken.
    pub ranges: Vec<ObjectRange>,
    /// The watermark after it.
    pub watermark: Timestamp,
    /// The changes before it, each by its content.
    pub controls: Vec<String>,
}

/// A journal in memory.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Journal {
    /// The objects by number.
    pub objects: Vec<ObjectEntry>,
    /// The batches in order.
    pub batches: Vec<BatchEntry>,
}

impl Journal {
    /// Adds an object and gives its number.
    pub fn add_object(&mut self, entry: ObjectEntry) -> u32 {
        self.objects.push(entry);
        self.objects.len() as u32 - 1
    }

    /// Records a batch before it is worked on.
    pub fn record(&mut self, batch: &Batch) {
        let mut ranges = Vec::new();
        let others = [batch.queries.origins.as_slice(), &batch.calls.origins];
        for origins in batch.flows.origins().chain(others) {
            add_ranges(&mut ranges, origins);
        }
        self.batches.push(BatchEntry {
            number: batch.number,
            ranges,
            watermark: batch.watermark,
            controls: batch.controls.iter().map(Control::content).collect(),
        });
    }
}

impl Control {
    /// Names the change by its content.
    fn content(&self) -> String {
        format!("{self:?}")
    }
}

fn add_ranges(ranges: &mut Vec<ObjectRange>, origins: &[Origin]) {
    for origin in origins {
        match ranges.last_mut() {
            Some(last) if last.object == origin.object && last.to <= origin.offset => {
                last.to = origin.offset;
                last.records += 1;
            }
            _ => ranges.push(ObjectRange {
                object: origin.object,
                from: origin.offset,
                to: origin.offset,
                records: 1,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbors_become_one_range() {
        let origin = |object, offset| Origin { object, len: 10, offset };
        let mut ranges = Vec::new();
        add_ranges(&mut ranges, &[origin(0, 0), origin(0, 10), origin(1, 0), origin(0, 20)]);
        let got: Vec<_> = ranges.iter().map(|it| (it.object, it.from, it.to, it.records)).collect();
        assert_eq!(got, [(0, 0, 10, 2), (1, 0, 0, 1), (0, 20, 20, 1)]);
    }
}
