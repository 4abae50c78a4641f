//! Counts by name with a bound: where there are too many, the lightest are forgotten.

use std::collections::BTreeMap;

use engine::stats::Distinct;
use model::hash64;

/// Most names that are counted at a time.
const NAMES_MAX: usize = 4_096;
/// How many go when there are too many.
const FORGET: usize = NAMES_MAX / 4;
/// Longest name, in bytes.
const NAME_MAX: usize = 512;

/// What is kept of a name: the heaviest stay.
pub(super) trait Weight {
    /// How much it weighs.
    fn weight(&self) -> u64;
}

impl Weight for u64 {
    fn weight(&self) -> u64 {
        *self
    }
}

/// Values by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Top<V> {
    names: BTreeMap<Box<str>, V>,
    distinct: Distinct,
    has_forgotten: bool,
}

impl<V: Weight + Default> Top<V> {
    /// The value of a name; a new one if it is not known.
    pub(super) fn at(&mut self, name: &str) -> &mut V {
        let name = name.get(..name.floor_char_boundary(NAME_MAX)).unwrap_or_default();
        if !self.names.contains_key(name) {
            self.distinct.insert(hash64(name.as_bytes()));
            if self.names.len() >= NAMES_MAX {
                self.forget();
            }
        }
        self.names.entry(name.into()).or_default()
    }

    /// The lightest go; of equals those whose names come last.
    fn forget(&mut self) {
        let mut order: Vec<(u64, std::cmp::Reverse<Box<str>>)> = self
            .names
            .iter()
            .map(|(name, it)| (it.weight(), std::cmp::Reverse(name.clone())))
            .collect();
        order.sort_unstable();
        for (_, name) in order.into_iter().take(FORGET) {
            self.names.remove(&name.0);
        }
        self.has_forgotten = true;
    }

    /// The heaviest first, of equals by name.
    pub(super) fn heaviest(&self) -> Vec<(&str, &V)> {
        let mut all: Vec<(&str, &V)> = self.names.iter().map(|(name, it)| (&**name, it)).collect();
        all.sort_by_key(|it| std::cmp::Reverse(it.1.weight()));
        all
    }

    /// How many names there were, and whether that is exact.
    pub(super) fn total(&self) -> (u64, bool) {
        if self.has_forgotten {
            (self.distinct.estimate().max(NAMES_MAX as u64), false)
        } else {
            (self.names.len() as u64, true)
        }
    }

    /// The value of a name that is known.
    pub(super) fn get(&self, name: &str) -> Option<&V> {
        self.names.get(name)
    }

    /// The names in their order.
    #[cfg(test)]
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(|it| &**it)
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_stay_and_the_bound_holds() {
        let mut top: Top<u64> = Top::default();
        for number in 0..50_000u64 {
            *top.at("often") += 1;
            *top.at(&format!("n{number}")) += 1;
            assert!(top.names.len() <= NAMES_MAX);
        }
        assert_eq!(top.heaviest()[0], ("often", &50_000));
        let (total, is_exact) = top.total();
        assert!(!is_exact && (45_000..55_000).contains(&total), "{total}");
    }

    #[test]
    fn few_names_are_exact_and_in_order() {
        let mut top: Top<u64> = Top::default();
        for name in ["b", "a", "c", "c"] {
            *top.at(name) += 1;
        }
        assert_eq!(top.heaviest(), [("c", &2), ("a", &1), ("b", &1)]);
        assert_eq!(top.total(), (3, true));
        *top.at(&"é".repeat(5_000)) += 1;
        assert!(top.names().all(|it| it.len() <= NAME_MAX));
    }
}
