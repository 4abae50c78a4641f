//! Snapshots of the engine and other contents, kept by their hash.

use std::fmt;

use sha2::{Digest, Sha256};

/// SHA-256 of a content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobHash(pub [u8; 32]);

impl BlobHash {
    /// The hash of these bytes.
    pub fn of(bytes: &[u8]) -> BlobHash {
        BlobHash(Sha256::digest(bytes).into())
    }

    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<BlobHash> {
        let mut hash = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (byte, at) in hash.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
        }
        Some(BlobHash(hash))
    }
}

impl fmt::Display for BlobHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|it| write!(f, "{it:02x}"))
    }
}

impl fmt::Debug for BlobHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A part of a snapshot to be written, such as the states of one key group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Part {
    /// These bytes. They are written only if the store does not have them.
    Bytes(Vec<u8>),
    /// What the snapshot before has under this name.
    Unchanged,
}

/// A whole snapshot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// The batch after which it was taken.
    pub mark: u64,
    /// Its parts by name, in the order of the names.
    pub parts: Vec<(String, Vec<u8>)>,
}

impl Snapshot {
    /// How many snapshots are kept: the one before the last is a way back when the last was cut short.
    pub const KEPT: usize = 2;
    /// Largest part in bytes.
    pub const PART_MAX: usize = 512 << 20;
}

/// What writing a snapshot cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SnapshotWritten {
    /// Parts that were written.
    pub written: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Parts that the store had already.
    pub reused: usize,
}
