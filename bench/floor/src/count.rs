//! Counts by one small key.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::hash::{BuildHasher, Hasher};

/// Seed of every hash.
const SEED: u64 = 7;

/// What was seen.
#[derive(Default, Debug)]
pub(crate) struct Counts {
    /// Records.
    pub events: u64,
    /// Bytes of the files.
    pub packed_bytes: u64,
    /// Bytes after decompression.
    pub raw_bytes: u64,
    /// Depends on every parsed field, so that no parsing can be left out.
    pub checksum: u64,
    /// Positions of separators, kept to be used again.
    pub positions: Vec<u32>,
    /// Three sums by key.
    keys: HashMap<u64, [u64; 3], FixedState>,
}

/// Hash of a field.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = FixedState::with_seed(SEED).build_hasher();
    hasher.write(bytes);
    hasher.finish()
}

impl Counts {
    /// Counts one record: `fields` goes into the checksum, the rest into the sums of the key.
    #[inline]
    pub(crate) fn add(&mut self, key: u64, fields: u64, first: u64, second: u64) {
        self.events += 1;
        self.checksum = self.checksum.wrapping_add(fields);
        let sums = self.keys.entry(key).or_default();
        sums[0] += 1;
        sums[1] = sums[1].wrapping_add(first);
        sums[2] = sums[2].wrapping_add(second);
    }

    /// Adds what another thread has seen.
    pub(crate) fn merge(mut self, other: Counts) -> Counts {
        self.events += other.events;
        self.packed_bytes += other.packed_bytes;
        self.raw_bytes += other.raw_bytes;
        self.checksum = self.checksum.wrapping_add(other.checksum);
        // Sums do not depend on the order.
        for (key, sums) in other.keys {
            let mine = self.keys.entry(key).or_default();
            mine.iter_mut().zip(sums).for_each(|(a, b)| *a = a.wrapping_add(b));
        }
        self
    }

    /// The line that is printed.
    pub(crate) fn to_json(&self) -> String {
        format!(
            r#"{{"events":{},"keys":{},"packed_bytes":{},"raw_bytes":{},"checksum":{}}}"#,
            self.events,
            self.keys.len(),
            self.packed_bytes,
            self.raw_bytes,
            self.checksum
        )
    }
}
