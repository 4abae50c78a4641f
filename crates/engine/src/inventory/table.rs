//! A bounded table of facts by identity.

use std::collections::BTreeMap;

use model::{EntityId, Timestamp};
use serde::{Deserialize, Serialize};

/// Something with a time by which the oldest is evicted.
pub(super) trait Aged {
    /// The time of the latest news of it.
    fn age(&self) -> Timestamp;
}

/// At most `CAP` rows; when full, the sixteenth of them with the oldest news goes.
///
/// Ordered by identity, so that the same facts make the same snapshot.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Table<V, const CAP: usize> {
    rows: BTreeMap<EntityId, V>,
    evicted: u64,
}

impl<V, const CAP: usize> Default for Table<V, CAP> {
    fn default() -> Self {
        Table { rows: BTreeMap::new(), evicted: 0 }
    }
}

impl<V: Aged + Default, const CAP: usize> Table<V, CAP> {
    pub(super) fn get(&self, id: EntityId) -> Option<&V> {
        self.rows.get(&id)
    }

    /// The row, made if it is not there.
    pub(super) fn row(&mut self, id: EntityId) -> &mut V {
        if self.rows.len() >= CAP && !self.rows.contains_key(&id) {
            self.evict();
        }
        self.rows.entry(id).or_default()
    }

    fn evict(&mut self) {
        let mut ages: Vec<_> = self.rows.iter().map(|(id, row)| (row.age(), *id)).collect();
        let goes = (CAP / 16).max(1).min(ages.len());
        ages.select_nth_unstable(goes - 1);
        for (_, id) in &ages[..goes] {
            self.rows.remove(id);
        }
        self.evicted += goes as u64;
    }

    /// Drops every row whose latest news is before a time.
    pub(super) fn expire(&mut self, before: Timestamp) {
        self.rows.retain(|_, row| row.age() >= before);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn evicted(&self) -> u64 {
        self.evicted
    }
}
