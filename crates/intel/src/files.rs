//! Verdicts on files by their SHA-256 hash.

use crate::sets::{Sets, Verdict};

/// Sorted hashes, each with its verdict.
#[derive(Default)]
pub(crate) struct Files {
    entries: Vec<([u8; 32], Verdict)>,
}

impl Files {
    /// Takes (hash, list) pairs in any order.
    pub(crate) fn new(mut pairs: Vec<([u8; 32], u32)>, sets: &mut Sets) -> Files {
        pairs.sort_unstable();
        pairs.dedup();
        let mut entries = Vec::new();
        for same in pairs.chunk_by(|a, b| a.0 == b.0) {
            let lists: Vec<u32> = same.iter().map(|it| it.1).collect();
            if let Some(first) = same.first() {
                entries.push((first.0, sets.intern(&lists)));
            }
        }
        Files { entries }
    }

    pub(crate) fn get(&self, sha256: &[u8; 32]) -> Verdict {
        let found = self.entries.binary_search_by(|it| it.0.cmp(sha256)).ok();
        found.and_then(|at| self.entries.get(at)).map_or(Verdict::NONE, |it| it.1)
    }
}
