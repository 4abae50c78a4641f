//! A seeded generator and a snapshot round trip for the tests of this folder.

use std::fmt::Debug;

use serde::{Serialize, de::DeserializeOwned};

/// The generator of Steele, Lea and Flood, <https://doi.org/10.1145/2714064.2660195>.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Rng(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// Saves and restores a summary; it must stay equal, and its bytes too.
pub(crate) fn restored<T: Serialize + DeserializeOwned + PartialEq + Debug>(summary: &T) -> T {
    let bytes = postcard::to_stdvec(summary).unwrap();
    let restored: T = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(&restored, summary);
    assert_eq!(postcard::to_stdvec(&restored).unwrap(), bytes);
    restored
}
