//! How likely a value is that may never have been seen: counts of several levels that back off to each other.
//!
//! Interpolated Kneser-Ney smoothing (Teh 2006, <https://aclanthology.org/P06-1124/>) in integers: the rest of
//! one level is shared out by the next, and the last by a uniform base. Equal counts give equal bits on every
//! machine.

/// One use in the counts of a [`Level`].
pub const USE: u32 = 64;
/// Taken from each value that was seen, for those that were not: 0.6 of a use.
const DISCOUNT: u64 = 38;
/// A probability of 1.
pub const CERTAIN: u64 = 1 << 32;

/// What one level knows of a value. Counts are in parts of [`USE`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// How often the value was used.
    pub count: u64,
    /// How often any value was used.
    pub total: u64,
    /// What the discount takes from all values: the sum of the lesser of count and discount.
    pub taken: u64,
}

impl Level {
    /// A level of whole uses: of one value, of all of them, and the number of values.
    pub fn of_uses(count: u64, total: u64, values: u64) -> Level {
        let unit = u64::from(USE);
        Level {
            count: count.saturating_mul(unit),
            total: total.saturating_mul(unit),
            taken: values.saturating_mul(DISCOUNT),
        }
    }

    /// The probability of the value, given the one that it has behind this level.
    fn probability(&self, weight: u64, behind: u64) -> u64 {
        let weight = weight.saturating_mul(u64::from(USE));
        let own = u128::from(self.count.saturating_sub(DISCOUNT)) << 32;
        let rest = u128::from(weight + self.taken.min(self.total)) * u128::from(behind);
        let whole = u128::from(self.total + weight).max(1);
        u64::try_from((own + rest) / whole).unwrap_or(CERTAIN).clamp(1, CERTAIN)
    }

    /// What the discount takes from a value of this count.
    pub fn taken_of(count: u64) -> u64 {
        count.min(DISCOUNT)
    }
}

/// The probabilities of a value in parts of [`CERTAIN`], at least 1, as seen from each of the `levels`, which go
/// from the most special to the most general: each with the weight of those behind it in whole uses, then a base
/// of `values` equal ones.
pub fn probabilities<const N: usize>(levels: [(Level, u64); N], values: u32) -> [u64; N] {
    let mut behind = CERTAIN / u64::from(values.max(1));
    let mut probabilities = [0; N];
    for (probability, (level, weight)) in probabilities.iter_mut().zip(levels).rev() {
        behind = level.probability(weight, behind);
        *probability = behind;
    }
    probabilities
}

/// How surprising a probability is: 1000 for `full_bits` bits of information and more, 0 for what is certain.
pub fn surprise(probability: u64, full_bits: u32) -> u32 {
    let bits = (32 << 16) - i64::from(log2(probability.clamp(1, CERTAIN)));
    let scaled = (bits * 1000 / i64::from(full_bits.max(1))) >> 16;
    u32::try_from(scaled.clamp(0, 1000)).unwrap_or(0)
}

/// The binary logarithm of a positive number, in parts of 65,536; 0 for 0.
pub fn log2(number: u64) -> u32 {
    if number == 0 {
        return 0;
    }
    let whole = number.ilog2();
    // The mantissa in [1, 2) as parts of 2^31; squaring it gives one more binary digit each time.
    let mut mantissa = if whole >= 31 { number >> (whole - 31) } else { number << (31 - whole) };
    let mut digits = 0;
    for _ in 0..16 {
        mantissa = (mantissa * mantissa) >> 31;
        digits <<= 1;
        if mantissa >= 1 << 32 {
            mantissa >>= 1;
            digits |= 1;
        }
    }
    whole << 16 | digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_those_of_the_library() {
        for number in [1u64, 2, 3, 7, 1000, 65_537, 1 << 31, 12_345_678_901, u64::MAX] {
            let expected = (number as f64).log2() * 65_536.0;
            assert!((f64::from(log2(number)) - expected).abs() < 2.0, "{number}");
        }
    }

    #[test]
    fn probabilities_of_all_values_sum_to_one() {
        // Ten values, of which the lower levels know some.
        let user = [5, 0, 2, 0, 0, 0, 0, 0, 0, 1];
        let account = [3, 4, 0, 1, 0, 0, 0, 0, 0, 1];
        let sum = |counts: &[u64]| counts.iter().sum::<u64>();
        let kinds = |counts: &[u64]| counts.iter().filter(|it| **it > 0).count() as u64;
        let of = |value: usize| {
            let level = |counts: &[u64]| Level::of_uses(counts[value], sum(counts), kinds(counts));
            probabilities([(level(&user), 1), (level(&account), 2)], 10)[0]
        };
        let all: u64 = (0..10).map(of).sum();
        assert!(all.abs_diff(CERTAIN) < 100, "{all}");
        assert!(of(0) > of(2) && of(2) > of(1) && of(1) > of(3) && of(3) > of(4) && of(9) > of(3));
    }

    #[test]
    fn without_history_the_more_general_level_decides() {
        let nothing = Level::default();
        let account = Level::of_uses(8, 10, 2);
        let [with, behind] = probabilities([(nothing, 1), (account, 2)], 100);
        assert_eq!(with, behind);
        assert_eq!(probabilities([(account, 2)], 100), [behind]);
        assert_eq!(probabilities([(nothing, 1)], 4), [CERTAIN / 4]);
    }

    #[test]
    fn surprise_is_bounded() {
        assert_eq!(surprise(CERTAIN, 10), 0);
        assert_eq!(surprise(CERTAIN / 32, 10), 500);
        assert_eq!(surprise(1, 10), 1000);
    }
}
