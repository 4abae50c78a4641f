//! Which names and labels were seen before: exactly while they are few, then a Bloom filter of 512 bytes.

use serde::{Deserialize, Serialize};

/// Hashes that are kept as they are.
const EXACT: usize = 24;
/// Words of the filter: 4,096 bits.
const WORDS: usize = 64;
/// Values from which a filter is worn out: a tenth of new ones are taken for known.
const WORN: u32 = 800;

/// A set of hashes that may take a new one for known, and never a known one for new.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Seen {
    values: u32,
    is_filter: bool,
    /// The hashes themselves, or the bits of the filter.
    words: Vec<u64>,
}

impl Seen {
    /// Adds a hash. Whether it is new.
    pub(super) fn insert(&mut self, hash: u64) -> bool {
        if !self.is_filter {
            if self.words.contains(&hash) {
                return false;
            }
            if self.words.len() < EXACT {
                self.words.push(hash);
                self.values += 1;
                return true;
            }
            let hashes = std::mem::replace(&mut self.words, vec![0; WORDS]);
            self.is_filter = true;
            for known in hashes {
                self.mark(known);
            }
        }
        let is_new = self.mark(hash);
        self.values = self.values.saturating_add(u32::from(is_new));
        is_new
    }

    /// Whether so many were added that new ones are often taken for known.
    pub(super) fn is_worn(&self) -> bool {
        self.values >= WORN
    }

    /// Sets the two bits of a hash. Whether one was not set.
    fn mark(&mut self, hash: u64) -> bool {
        let mut is_new = false;
        for bits in [hash, hash >> 32] {
            // A restored state may have any length.
            if let Some(word) = self.words.get_mut((bits >> 6) as usize % WORDS) {
                is_new |= *word & (1 << (bits & 63)) == 0;
                *word |= 1 << (bits & 63);
            }
        }
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::model::hash64;

    #[test]
    fn known_hashes_are_never_new_and_most_new_ones_are() {
        let mut seen = Seen::default();
        let hash = |at: u32| hash64(&at.to_le_bytes());
        let new = (0..WORN).filter(|&at| seen.insert(hash(at))).count();
        assert!(new > 760, "{new}");
        assert!((0..WORN).all(|at| !seen.insert(hash(at))));
        assert!(!seen.is_worn());
        (WORN..2 * WORN).for_each(|at| _ = seen.insert(hash(at)));
        assert!(seen.is_worn());
        assert_eq!(seen.words.len(), WORDS);
    }

    #[test]
    fn few_hashes_are_exact() {
        let mut seen = Seen::default();
        assert!((0..EXACT as u64).all(|at| seen.insert(at << 40)));
        assert!((0..EXACT as u64).all(|at| !seen.insert(at << 40)));
    }
}
