//! Which keys are known, and on how many of the last 32 days they were seen.

use serde::{Deserialize, Serialize};

use super::BoundedMap;

/// Days that are remembered of a key.
const DAYS: u32 = u32::BITS;

/// At most `CAP` keys with the days they were seen; those not seen for longest go first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstSeen<const CAP: usize> {
    /// Bit `i` stands for the day `i` days before the last; the map keeps the last day as last use.
    keys: BoundedMap<u32, CAP>,
}

/// What was known of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The key was not seen in the 32 days before, or was forgotten for lack of room.
    pub is_new: bool,
    /// Earlier days, of the 32 up to its last, on which the key was seen.
    pub days_before: u32,
    /// Another key was forgotten for this one: what is new may only be new to a full set.
    pub has_evicted: bool,
}

impl<const CAP: usize> FirstSeen<CAP> {
    /// Notes that a key was seen on a day (days since 1970) and tells what was known.
    pub fn see(&mut self, key: u64, day: u32) -> Seen {
        let last = self.keys.last_use(key).unwrap_or(day);
        let (days, evicted) = self.keys.entry(key, day);
        // A late row may be older than the last day: then it sets an older bit.
        let (passed, age) = (day.saturating_sub(last), last.saturating_sub(day));
        *days = days.checked_shl(passed).unwrap_or(0);
        let is_new = *days == 0;
        let days_before = days.checked_shr(age + 1).unwrap_or(0).count_ones();
        *days |= 1u32.checked_shl(age).unwrap_or(0);
        Seen { is_new, days_before, has_evicted: evicted.is_some() }
    }

    /// The day a key was last seen, if it is known.
    pub fn last_day(&self, key: u64) -> Option<u32> {
        self.keys.last_use(key)
    }

    /// Days, of the 32 up to its last, on which the key was seen.
    pub fn days(&self, key: u64) -> u32 {
        self.keys.get(key).map_or(0, |days| days.count_ones())
    }

    /// Forgets keys that were not seen on `today` or the `keep - 1` days before.
    pub fn age(&mut self, today: u32, keep: u32) {
        let oldest = today.saturating_add(1).saturating_sub(keep.min(DAYS));
        self.keys.retain(|_, last, _| last >= oldest);
    }

    /// Number of known keys.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether no key is known.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Known keys in ascending order.
    pub fn keys(&self) -> impl Iterator<Item = u64> {
        self.keys.iter().map(|(key, _)| key)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashMap};

    use super::*;
    use crate::stats::testing::{Rng, restored};

    #[test]
    fn knows_the_days_of_each_key() {
        for seed in 0..10 {
            let mut rng = Rng::new(seed);
            let (mut seen, mut model) =
                (FirstSeen::<512>::default(), HashMap::<u64, BTreeSet<u32>>::new());
            let mut today = 20_000;
            for step in 0..2000 {
                today += u32::from(rng.below(20) == 0) * (1 + rng.below(3) as u32);
                let (key, day) = (rng.below(30), today - (rng.below(12) / 10) as u32 * 2);
                let days = model.entry(key).or_default();
                let last = days.last().copied().unwrap_or(day).max(day);
                days.retain(|it| it + DAYS > last);
                let expected = Seen {
                    is_new: days.is_empty(),
                    days_before: days.iter().filter(|it| **it < day).count() as u32,
                    has_evicted: false,
                };
                assert_eq!(seen.see(key, day), expected, "step {step}");
                days.insert(day);
                assert_eq!((seen.last_day(key), seen.days(key)), (Some(last), days.len() as u32));
                if step % 300 == 0 {
                    seen = restored(&seen);
                    seen.age(today, 10);
                    model.retain(|_, days| days.last().is_some_and(|it| it + 10 > today));
                    assert_eq!(seen.len(), model.len());
                }
            }
        }
    }

    #[test]
    fn forgets_the_key_not_seen_for_longest() {
        let mut seen = FirstSeen::<2>::default();
        seen.see(1, 10);
        seen.see(2, 11);
        seen.see(1, 12);
        assert!(seen.see(3, 12).has_evicted);
        assert_eq!(seen.keys().collect::<Vec<_>>(), [1, 3]);
    }

    #[test]
    fn a_key_is_new_again_after_32_days() {
        let mut seen = FirstSeen::<2>::default();
        seen.see(1, 100);
        assert!(!seen.clone().see(1, 131).is_new);
        assert!(seen.see(1, 132).is_new);
        assert_eq!(seen.see(1, 40), Seen::default());
    }
}
