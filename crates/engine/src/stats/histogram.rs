//! Quantiles of 64-bit values from counts in logarithmic buckets, four to each power of two.
//!
//! A bucket is at most a quarter of its lower bound wide. Counts are integers, so the result does not
//! depend on the order of values.

use serde::{Deserialize, Serialize};

/// Buckets that 64-bit values need: 0 to 3, then four for each of 62 powers of two.
const BUCKETS: usize = 4 + 62 * 4;

/// Counts by logarithmic bucket. Only the range in use is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Raw")]
pub struct Histogram {
    turn: u32,
    first: u8,
    /// From bucket `first` on; the first and the last are not zero.
    counts: Vec<u32>,
}

#[derive(Deserialize)]
struct Raw {
    turn: u32,
    first: u8,
    counts: Vec<u32>,
}

impl Histogram {
    /// Counts a value.
    pub fn add(&mut self, value: u64) {
        self.add_to_bucket(bucket(value), 1);
    }

    /// Number of values.
    pub fn count(&self) -> u64 {
        self.counts.iter().map(|&it| u64::from(it)).sum()
    }

    /// The lower bound of the bucket that holds the quantile (`per_mille` of 1000), if there are values.
    /// The quantile itself is less than 5/4 of it, plus one.
    pub fn quantile(&self, per_mille: u32) -> Option<u64> {
        let rank = (self.count() * u64::from(per_mille.min(1000))).div_ceil(1000).max(1);
        let mut below = 0;
        let at = self.counts.iter().position(|&it| {
            below += u64::from(it);
            below >= rank
        })?;
        Some(lower_bound(self.first as usize + at))
    }

    /// Halves all counts, rounding down, once for each turn since the last call. A turn is any period
    /// numbered from 1, such as the day; the first call only sets it.
    pub fn decay_to(&mut self, turn: u32) {
        let passed = if self.turn == 0 { 0 } else { turn.saturating_sub(self.turn) };
        self.turn = self.turn.max(turn);
        if passed > 0 {
            self.counts.iter_mut().for_each(|it| *it = it.checked_shr(passed).unwrap_or(0));
            self.trim();
        }
    }

    /// Adds the values of another histogram, after both have decayed to the later turn.
    pub fn merge(&mut self, other: &Histogram) {
        let mut other = other.clone();
        other.decay_to(self.turn);
        self.decay_to(other.turn);
        for (i, &count) in other.counts.iter().enumerate().filter(|it| *it.1 > 0) {
            self.add_to_bucket(other.first as usize + i, count);
        }
    }

    fn add_to_bucket(&mut self, bucket: usize, n: u32) {
        if self.counts.is_empty() {
            self.first = bucket as u8;
        }
        if bucket < self.first as usize {
            let missing = self.first as usize - bucket;
            self.counts.splice(0..0, std::iter::repeat_n(0, missing));
            self.first = bucket as u8;
        }
        let at = bucket - self.first as usize;
        if at >= self.counts.len() {
            self.counts.resize(at + 1, 0);
        }
        self.counts[at] = self.counts[at].saturating_add(n);
    }

    /// Drops empty buckets at both ends: equal content must have one form.
    fn trim(&mut self) {
        let Some(last) = self.counts.iter().rposition(|&it| it > 0) else {
            (self.first, self.counts) = (0, Vec::new());
            return;
        };
        self.counts.truncate(last + 1);
        let empty = self.counts.iter().take_while(|it| **it == 0).count();
        self.counts.drain(..empty);
        self.first += empty as u8;
    }
}

impl TryFrom<Raw> for Histogram {
    type Error = &'static str;

    fn try_from(Raw { turn, first, counts }: Raw) -> Result<Self, Self::Error> {
        if first as usize + counts.len() > BUCKETS {
            return Err("histogram has more buckets than 64-bit values need");
        }
        let mut histogram = Histogram { turn, first, counts };
        histogram.trim();
        Ok(histogram)
    }
}

fn bucket(value: u64) -> usize {
    if value < 4 {
        return value as usize;
    }
    let power = value.ilog2() as usize;
    (power - 1) * 4 + (value >> (power - 2)) as usize % 4
}

fn lower_bound(bucket: usize) -> u64 {
    if bucket < 4 { bucket as u64 } else { (4 + bucket as u64 % 4) << (bucket / 4 - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::{Rng, restored};

    #[test]
    fn buckets_follow_each_other_without_gaps() {
        for at in 0..BUCKETS {
            assert_eq!(bucket(lower_bound(at)), at);
            assert!(at == 0 || bucket(lower_bound(at) - 1) == at - 1);
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn quantile_lies_in_its_bucket() {
        for seed in 0..20 {
            let mut rng = Rng::new(seed);
            let (mut histogram, mut values) = (Histogram::default(), Vec::new());
            for _ in 0..=rng.below(500) {
                let shift = rng.below(64);
                let value = rng.next() >> shift;
                histogram.add(value);
                values.push(value);
            }
            values.sort_unstable();
            let histogram = restored(&histogram);
            assert_eq!(histogram.count(), values.len() as u64);
            for per_mille in [0, 1, 250, 500, 990, 999, 1000] {
                let rank = (values.len() * per_mille).div_ceil(1000).max(1);
                let expected = lower_bound(bucket(values[rank - 1]));
                assert_eq!(histogram.quantile(per_mille as u32), Some(expected));
            }
        }
        assert_eq!(Histogram::default().quantile(500), None);
    }

    #[test]
    fn counts_halve_at_each_turn() {
        let mut histogram = Histogram::default();
        for value in [1, 9, 9, 9, 9, 70] {
            histogram.add(value);
        }
        histogram.decay_to(20_000);
        histogram.decay_to(20_000);
        assert_eq!(histogram.count(), 6);
        histogram.decay_to(20_002);
        assert_eq!((histogram.count(), histogram.quantile(0)), (1, Some(8)));
        assert_eq!(histogram.counts.len(), 1);
        histogram.decay_to(30_000);
        assert_eq!((histogram.count(), histogram.counts.len()), (0, 0));
    }

    #[test]
    fn merge_adds_what_both_hold() {
        for seed in 0..10 {
            let mut rng = Rng::new(seed);
            let (mut left, mut right, mut both) =
                (Histogram::default(), Histogram::default(), Histogram::default());
            for _ in 0..rng.below(50) {
                let (value, is_left) = (rng.below(100_000), rng.below(2) == 0);
                let side = if is_left { &mut left } else { &mut right };
                side.add(value);
                both.add(value);
            }
            left.merge(&right);
            assert_eq!(left, both);
        }
    }
}
