//! Where a record was taken from.

use serde::{Deserialize, Serialize};

/// The place of one record: the object of the journal it came from and its position inside.
///
/// 16 bytes; stable over runs of the same journal. `offset` counts decompressed bytes and `len` is the
/// length of the record (saturating), so that the bytes can be fetched again and checked by hash.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct Origin {
    /// Number of the object in the journal.
    pub object: u32,
    /// Length of the record in bytes.
    pub len: u32,
    /// First byte of the record in the decompressed object.
    pub offset: u64,
}
