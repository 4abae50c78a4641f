//! A small seeded generator of numbers (splitmix64).

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The stream of that number under a seed.
    pub fn new(seed: u64, stream: u64) -> Random {
        let mut random = Random(seed ^ stream.wrapping_mul(0xd6e8_feb8_6659_fd93));
        random.bits();
        random
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number from `from` to below `to`.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.bits() % to.saturating_sub(from).max(1)
    }

    /// A duration or time shift of `from` to below `to` seconds.
    pub fn secs(&mut self, from: u32, to: u32) -> i64 {
        i64::try_from(self.between(from.into(), to.into())).unwrap_or(0)
    }

    /// A port of a client.
    pub fn port(&mut self) -> u16 {
        u16::try_from(self.between(32_768, 61_000)).unwrap_or(u16::MAX)
    }

    /// One of the items, each as likely as the others.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> Option<T> {
        let count = u64::try_from(items.len()).unwrap_or(1);
        items.get(usize::try_from(self.between(0, count)).unwrap_or(0)).copied()
    }
}

/// Finalizer of splitmix64.
pub fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
