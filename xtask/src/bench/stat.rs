//! Median and range of a few values.

use std::fmt;

/// Median, minimum and maximum.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Stat {
    /// The middle value.
    pub median: f64,
    min: f64,
    max: f64,
}

impl Stat {
    /// Of at least one value; of none everything is not a number.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Stat {
        let mut sorted: Vec<f64> = values.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let at = |n: usize| sorted.get(n).copied().unwrap_or(f64::NAN);
        let (low, high) = (at(sorted.len().saturating_sub(1) / 2), at(sorted.len() / 2));
        Stat {
            median: f64::midpoint(low, high),
            min: at(0),
            max: at(sorted.len().saturating_sub(1)),
        }
    }

    /// Of the ratios of two series, round by round.
    pub(crate) fn of_ratios(above: &[f64], below: &[f64]) -> Stat {
        Stat::of(above.iter().zip(below).map(|(a, b)| a / b))
    }
}

impl fmt::Display for Stat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} ({:.2}–{:.2})", self.median, self.min, self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_ends_are_found() {
        assert_eq!(Stat::of([3.0, 1.0, 2.0]).to_string(), "2.00 (1.00–3.00)");
        assert_eq!(Stat::of([3.0, 1.0, 2.0, 8.0]).to_string(), "2.50 (1.00–8.00)");
        assert_eq!(Stat::of([1.5]).to_string(), "1.50 (1.50–1.50)");
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        // The load doubled in the second round: the ratios stay.
        let stat = Stat::of_ratios(&[3.0, 6.0, 3.3], &[1.0, 2.0, 1.0]);
        assert_eq!(stat.to_string(), "3.00 (3.00–3.30)");
    }
}
