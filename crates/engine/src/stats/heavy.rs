//! Keys of the greatest weight in a stream, with `K` counters.
//!
//! Source: Space-Saving (Metwally, Agrawal, El Abbadi 2005), with weights. A count exceeds the true
//! weight by at most the least count held, which is at most the total divided by `K`.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

/// The heaviest of all keys, `K` at most.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Raw")]
pub struct Heavy<const K: usize> {
    total: u64,
    /// In the order of keys.
    counters: Vec<Counter>,
}

/// A key with what is known of its weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// The key.
    pub key: u64,
    /// Its weight, or more.
    pub weight: u64,
    /// By how much `weight` may be too great.
    pub error: u64,
}

#[derive(Deserialize)]
struct Raw {
    total: u64,
    counters: Vec<Counter>,
}

impl<const K: usize> Heavy<K> {
    /// Adds weight to a key. The key of the least weight, the smallest among equals, makes room.
    pub fn add(&mut self, key: u64, weight: u64) {
        const { assert!(K > 0, "there must be a counter") };
        self.total = self.total.saturating_add(weight);
        let at = match self.counters.binary_search_by_key(&key, |it| it.key) {
            Ok(at) => {
                let counter = &mut self.counters[at];
                counter.weight = counter.weight.saturating_add(weight);
                return;
            }
            Err(at) => at,
        };
        let least = self.counters.iter().enumerate().min_by_key(|(_, it)| (it.weight, it.key));
        let Some((gone, &Counter { weight: error, .. })) =
            least.filter(|_| self.counters.len() >= K)
        else {
            self.counters.insert(at, Counter { key, weight, error: 0 });
            return;
        };
        self.counters.remove(gone);
        let at = if gone < at { at - 1 } else { at };
        self.counters.insert(at, Counter { key, weight: error.saturating_add(weight), error });
    }

    /// The weight of all keys together.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The counter of a key, if it holds one. Else its weight is at most the least one held.
    pub fn get(&self, key: u64) -> Option<Counter> {
        let at = self.counters.binary_search_by_key(&key, |it| it.key).ok()?;
        Some(self.counters[at])
    }

    /// All counters, the heaviest first, the smallest key first among equals.
    pub fn top(&self) -> Vec<Counter> {
        let mut counters = self.counters.clone();
        counters.sort_unstable_by_key(|it| (Reverse(it.weight), it.key));
        counters
    }
}

impl<const K: usize> TryFrom<Raw> for Heavy<K> {
    type Error = &'static str;

    fn try_from(Raw { total, counters }: Raw) -> Result<Self, Self::Error> {
        if counters.len() > K || !counters.is_sorted_by(|a, b| a.key < b.key) {
            return Err("not a set of heavy keys");
        }
        Ok(Heavy { total, counters })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::stats::testing::{Rng, restored};

    #[test]
    fn bounds_hold_and_no_heavy_key_is_missed() {
        for seed in 0..20 {
            let mut rng = Rng::new(seed);
            let (mut heavy, mut model) = (Heavy::<16>::default(), BTreeMap::<u64, u64>::new());
            for step in 0..3000 {
                let bound = 1 + rng.below(200);
                let key = rng.below(bound).pow(2);
                let weight = rng.below(100);
                heavy.add(key, weight);
                *model.entry(key).or_default() += weight;
                if step % 500 == 0 {
                    heavy = restored(&heavy);
                }
            }
            let top = heavy.top();
            assert_eq!(heavy.total(), model.values().sum::<u64>());
            assert_eq!(top.iter().map(|it| it.weight).sum::<u64>(), heavy.total());
            for it in &top {
                let exact = model[&it.key];
                assert!(it.weight - it.error <= exact && exact <= it.weight, "{it:?} {exact}");
                assert!(it.error <= heavy.total() / 16);
            }
            for (key, _) in model.iter().filter(|(_, weight)| **weight > heavy.total() / 16) {
                assert!(heavy.get(*key).is_some());
            }
        }
    }

    #[test]
    fn is_exact_while_there_is_room_and_breaks_ties_by_key() {
        let mut heavy = Heavy::<3>::default();
        for (key, weight) in [(9, 5), (4, 5), (1, 7)] {
            heavy.add(key, weight);
        }
        assert_eq!(heavy.top().iter().map(|it| it.key).collect::<Vec<_>>(), [1, 4, 9]);
        heavy.add(20, 1);
        assert_eq!(heavy.get(4), None);
        assert_eq!(heavy.get(20), Some(Counter { key: 20, weight: 6, error: 5 }));
    }
}
