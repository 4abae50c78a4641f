//! How the surprises of an hour become one score.

use serde::{Deserialize, Serialize};

use engine::stats::backoff::log2;

/// What is unusual about an hour, each in thousandths.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Terms {
    /// What was called: the five most surprising calls.
    pub(crate) what: u32,
    /// From where: network, country, anonymizing network.
    pub(crate) place: u32,
    /// With which program.
    pub(crate) how: u32,
    /// In which Region.
    pub(crate) region: u32,
    /// At which hour of the week.
    pub(crate) when: u32,
    /// Launches: type, image, number.
    pub(crate) launch: u32,
    /// Failed calls, and kinds of failure.
    pub(crate) failures: u32,
    /// Which buckets.
    pub(crate) bucket: u32,
    /// How much of something that is counted: calls to buckets, tokens.
    pub(crate) volume: u32,
    /// Which models.
    pub(crate) model: u32,
}

/// From these on a term carries a finding; without one of them nothing is raised, whatever the score.
const WHAT_GATE: u32 = 500;
const PLACE_GATE: u32 = 600;
const OTHER_GATE: u32 = 600;

impl Terms {
    /// The sum of all terms and of those that strengthen each other, in thousandths.
    pub(crate) fn sum(&self) -> u32 {
        let both = |a: u32, b: u32, weight: u32| a * b / 1000 * weight / 1000;
        self.what
            + self.place * 1400 / 1000
            + self.how * 350 / 1000
            + both(self.what, self.place, 500)
            + both(self.place, self.how, 300)
            + self.region * 1200 / 1000
            + both(self.region, self.what, 400)
            + self.when * 1100 / 1000
            + both(self.when, self.place, 300)
            + self.launch * 1300 / 1000
            + both(self.launch, self.what.max(self.region), 300)
            + self.failures * 1300 / 1000
            + self.bucket * 1200 / 1000
            + both(self.bucket, self.place.max(self.what), 500)
            + self.volume * 1200 / 1000
            + self.model * 1000 / 1000
            + both(self.model, self.place.max(self.how), 400)
    }

    /// Whether one of the terms is strong enough to carry a finding.
    pub(crate) fn is_carried(&self) -> bool {
        let others = [
            self.region,
            self.when,
            self.launch,
            self.failures,
            self.bucket,
            self.volume,
            self.model,
        ];
        self.what >= WHAT_GATE
            || self.place >= PLACE_GATE
            || others.iter().any(|it| *it >= OTHER_GATE)
    }
}

/// What is left of a score of an identity of so many days: 0.4 + 0.6 (1 − e^(−days/3)).
pub(crate) fn matured(score: u32, age_days: i64) -> u32 {
    const SHARES: [u32; 14] =
        [400, 570, 692, 779, 842, 887, 919, 942, 958, 970, 979, 985, 989, 992];
    let share = usize::try_from(age_days).ok().and_then(|it| SHARES.get(it)).copied();
    score * share.unwrap_or(1000) / 1000
}

/// The five most surprising calls as one number: each counts 0.6 of the one before.
pub(crate) fn of_calls(largest: &[u32; 5]) -> u32 {
    const SHARES: [u64; 5] = [1000, 600, 360, 216, 130];
    let sum: u64 = largest.iter().zip(SHARES).map(|(it, share)| u64::from(*it) * share).sum();
    (sum / 2306) as u32
}

/// Puts a call among the five most surprising ones.
pub(crate) fn add_call(largest: &mut [u32; 5], what: u32) {
    if let Some(last) = largest.last_mut().filter(|it| what > **it) {
        *last = what;
        largest.sort_unstable_by(|a, b| b.cmp(a));
    }
}

/// −log10 of a share in thousandths, at most 4000.
pub(crate) fn rarity(tail: u64, total: u64) -> u32 {
    let bits = log2(total + 1).saturating_sub(log2(tail + 1));
    ((u64::from(bits) * 301) >> 16).min(4000) as u32
}

/// How far a count lies above the usual one, in thousandths: 1000 for 16 times as much.
pub(crate) fn excess(count: u64, usual: u64) -> u32 {
    let bits = log2(count + 1).saturating_sub(log2(usual + 1));
    ((u64::from(bits) * 250) >> 16).min(1000) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_surprising_call_counts_less_than_five() {
        let mut largest = [0; 5];
        add_call(&mut largest, 1000);
        let one = of_calls(&largest);
        for what in [900, 950, 800, 1000, 10, 980] {
            add_call(&mut largest, what);
        }
        assert_eq!(largest, [1000, 1000, 980, 950, 900]);
        assert!((430..440).contains(&one) && of_calls(&largest) > 950);
    }

    #[test]
    fn terms_strengthen_each_other() {
        let what = Terms { what: 1000, ..Terms::default() };
        let place = Terms { place: 1000, ..Terms::default() };
        let both = Terms { what: 1000, place: 1000, ..Terms::default() };
        assert_eq!((what.sum(), place.sum(), both.sum()), (1000, 1400, 2900));
        assert!(what.is_carried() && !Terms { how: 1000, ..Terms::default() }.is_carried());
    }

    #[test]
    fn shares_and_counts_on_logarithmic_scales() {
        assert_eq!((rarity(9, 9999), rarity(0, 0)), (3000 - 1, 0));
        assert_eq!((excess(15, 0), excess(3, 3), excess(1_000_000, 1)), (1000, 0, 1000));
        assert_eq!((matured(1000, 0), matured(1000, 3), matured(1000, 60)), (400, 779, 1000));
    }
}
