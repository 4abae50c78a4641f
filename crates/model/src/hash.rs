//! Hashes that are equal on every machine and in every run (XXH3, <https://xxhash.com>).
//!
//! They name entities and finer keys in states and snapshots. They are not proof against someone who
//! searches for collisions: what a finding shows is always kept as text beside the hash, and evidence
//! is named by SHA-256.

use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128};

/// 64 bits of a byte string.
#[inline]
pub fn hash64(bytes: &[u8]) -> u64 {
    xxh3_64_with_seed(bytes, 0)
}

/// 128 bits of a byte string.
#[inline]
pub fn hash128(bytes: &[u8]) -> u128 {
    xxh3_128(bytes)
}

/// Hashes several parts, their boundaries included.
#[derive(Clone, Copy, Default)]
pub struct Hasher64(u64);

impl Hasher64 {
    /// Adds a byte string.
    #[must_use]
    pub fn bytes(self, bytes: &[u8]) -> Self {
        Hasher64(xxh3_64_with_seed(bytes, self.0.wrapping_add(bytes.len() as u64)))
    }

    /// Adds a number.
    #[must_use]
    pub fn number(self, number: u64) -> Self {
        self.bytes(&number.to_le_bytes())
    }

    /// The hash of all parts.
    pub fn finish(self) -> u64 {
        self.0
    }
}
