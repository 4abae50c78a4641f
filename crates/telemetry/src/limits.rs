//! The bounds of what hostile input can make a reader do.

use serde::{Deserialize, Serialize};

/// Bounds on what is read. What exceeds one is counted and skipped.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Most decompressed bytes of one object. Raising it lets larger objects be read whole; time grows
    /// with it, memory does not.
    pub object_bytes: u64,
    /// Most decompressed bytes per compressed byte, applied beyond the first
    /// [`Limits::RATIO_FREE_BYTES`]. Deflate cannot exceed 1032 (<https://zlib.net/zlib_tech.html>), so
    /// the default only stops zstd and twice compressed objects.
    pub ratio: u32,
    /// Longest record in bytes.
    pub record_bytes: usize,
    /// Deepest nesting of a JSON record; the record itself is level 1.
    pub depth: u16,
    /// Most rows of one block. Raising it makes batches fewer and memory larger.
    pub block_rows: usize,
    /// Text that is worked on at a time for large objects, in bytes; at least twice the record length is
    /// used.
    pub window_bytes: usize,
}

impl Limits {
    /// Decompressed bytes of an object that [`Limits::ratio`] does not apply to.
    pub const RATIO_FREE_BYTES: u64 = 64 << 20;
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            object_bytes: 8 << 30,
            ratio: 1100,
            record_bytes: 1 << 20,
            depth: 64,
            block_rows: 16_384,
            window_bytes: 8 << 20,
        }
    }
}
