//! Threshold random walk: is the peer of these connection attempts a scanner?
//!
//! Source: Jung, Paxson, Berger, Balakrishnan 2004, "Fast Portscan Detection Using Sequential Hypothesis
//! Testing". Logarithms are taken in whole thousandths by integer arithmetic, so each machine walks the
//! same steps.

use serde::{Deserialize, Serialize};

const MILLION: u32 = 1_000_000;
/// Fraction bits of logarithms.
const BITS: u32 = 40;
/// ln 2 with `BITS` fraction bits.
const LN_2: u128 = 762_123_384_786;

/// The steps and bounds of a walk, in thousandths of a natural logarithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalkSteps {
    success: i32,
    failure: i32,
    upper: i32,
    lower: i32,
}

/// The walk of one source: the logarithm of how much likelier a scanner is than a benign source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk(i32);

/// What a walk says after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The upper bound is reached.
    Scanner,
    /// The lower bound was reached; the walk starts again.
    Benign,
    /// There is not enough evidence.
    Pending,
}

impl WalkSteps {
    /// Takes probabilities in millionths: `theta0` and `theta1` that an attempt of a benign source and
    /// of a scanner succeeds, `alpha` that a benign source is called a scanner, `beta` that a scanner is
    /// found. Fails, at compile time in a constant, unless `0 < theta1 < theta0 < 1` and
    /// `0 < alpha < beta < 1`.
    ///
    /// # Panics
    /// If the probabilities are out of these ranges.
    pub const fn new(theta0: u32, theta1: u32, alpha: u32, beta: u32) -> Self {
        assert!(0 < theta1 && theta1 < theta0 && theta0 < MILLION, "success rates out of range");
        assert!(0 < alpha && alpha < beta && beta < MILLION, "error rates out of range");
        WalkSteps {
            success: -milli_ln(theta0, theta1),
            failure: milli_ln(MILLION - theta1, MILLION - theta0),
            upper: milli_ln(beta, alpha),
            lower: -milli_ln(MILLION - alpha, MILLION - beta),
        }
    }
}

impl Walk {
    /// Takes an attempt that succeeded. Count only the first attempt at each target.
    pub fn success(&mut self, steps: &WalkSteps) -> Verdict {
        self.step(steps.success, steps)
    }

    /// Takes an attempt that failed. Count only the first attempt at each target.
    pub fn failure(&mut self, steps: &WalkSteps) -> Verdict {
        self.step(steps.failure, steps)
    }

    /// Where the walk stands, in thousandths of a natural logarithm.
    pub fn position(self) -> i32 {
        self.0
    }

    /// The walk goes no higher than the upper bound, so that failures without end cannot outweigh all
    /// later successes.
    fn step(&mut self, step: i32, steps: &WalkSteps) -> Verdict {
        self.0 = self.0.saturating_add(step);
        if self.0 >= steps.upper {
            self.0 = steps.upper;
            return Verdict::Scanner;
        }
        if self.0 <= steps.lower {
            self.0 = 0;
            return Verdict::Benign;
        }
        Verdict::Pending
    }
}

/// `1000 * ln(a / b)`, rounded, for `a >= b > 0`: the binary logarithm digit by digit, times ln 2.
const fn milli_ln(a: u32, b: u32) -> i32 {
    let ratio = ((a as u128) << 64) / b as u128;
    let power = ratio.ilog2();
    // In [1, 2) with 62 fraction bits.
    let mut mantissa = if power >= 62 { ratio >> (power - 62) } else { ratio << (62 - power) };
    let mut log2 = (power - 64) as u128;
    let mut digit = 0;
    while digit < BITS {
        mantissa = (mantissa * mantissa) >> 62;
        let is_one = mantissa >> 63;
        mantissa >>= is_one;
        log2 = log2 << 1 | is_one;
        digit += 1;
    }
    ((log2 * LN_2 * 1000 + (1 << (2 * BITS - 1))) >> (2 * BITS)) as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::{Rng, restored};

    /// The settings of the paper's kind: 80 % and 20 % success, 1e-5 false alarms, 99 % found.
    const STEPS: WalkSteps = WalkSteps::new(800_000, 200_000, 10, 990_000);

    #[test]
    fn steps_and_bounds_are_the_logarithms() {
        assert_eq!(STEPS, WalkSteps { success: -1386, failure: 1386, upper: 11503, lower: -4605 });
        for (a, b) in [(1, 1), (3, 2), (1_000_000, 1), (999_999, 999_998), (7, 3), (4096, 2)] {
            let expected = (1000.0 * (f64::from(a) / f64::from(b)).ln()).round() as i32;
            assert_eq!(milli_ln(a, b), expected, "{a}/{b}");
        }
    }

    #[test]
    fn nine_failures_make_a_scanner() {
        let mut walk = Walk::default();
        for _ in 0..8 {
            assert_eq!(walk.failure(&STEPS), Verdict::Pending);
        }
        assert_eq!(walk.failure(&STEPS), Verdict::Scanner);
        assert_eq!(walk.failure(&STEPS), Verdict::Scanner);
        assert_eq!(walk.success(&STEPS), Verdict::Pending);
    }

    #[test]
    fn four_successes_start_the_walk_again() {
        let mut walk = Walk::default();
        for _ in 0..3 {
            assert_eq!(walk.success(&STEPS), Verdict::Pending);
        }
        assert_eq!(walk.success(&STEPS), Verdict::Benign);
        assert_eq!(walk.position(), 0);
    }

    #[test]
    fn error_rates_are_kept() {
        let mut rng = Rng::new(1);
        let (mut alarms, mut found) = (0, 0);
        for _ in 0..2000 {
            let mut benign = Walk::default();
            let mut scanner = Walk::default();
            for _ in 0..100 {
                let (is_common, is_rare) = (rng.below(5) > 0, rng.below(5) == 0);
                let step = |walk: &mut Walk, ok| {
                    if ok { walk.success(&STEPS) } else { walk.failure(&STEPS) }
                };
                alarms += u32::from(step(&mut benign, is_common) == Verdict::Scanner);
                if step(&mut scanner, is_rare) == Verdict::Scanner {
                    found += 1;
                    break;
                }
            }
            restored(&benign);
        }
        assert!(alarms <= 3 && found >= 1980, "{alarms} alarms, {found} of 2000 found");
    }
}
