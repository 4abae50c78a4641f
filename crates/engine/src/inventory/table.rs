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

    /// The rows in order of their identity.
    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.rows.values()
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

#[cfg(test)]
mod tests {
    use super::*;

    impl Aged for Timestamp {
        fn age(&self) -> Timestamp {
            *self
        }
    }

    #[test]
    fn a_full_table_evicts_what_has_the_oldest_news() {
        let mut table: Table<Timestamp, 32> = Table::default();
        for n in 0..100i64 {
            // The identities are not in the order of the times.
            *table.row(EntityId((n * 37 % 100) as u128)) = Timestamp::from_secs(n);
        }
        assert!(table.len() <= 32);
        assert_eq!(table.evicted(), 100 - table.len() as u64);
        for n in 70..100i64 {
            assert!(table.get(EntityId((n * 37 % 100) as u128)).is_some(), "{n}");
        }
    }

    #[test]
    fn a_row_that_is_there_evicts_nothing() {
        let mut table: Table<Timestamp, 2> = Table::default();
        for _ in 0..10 {
            *table.row(EntityId(1)) = Timestamp::from_secs(1);
            *table.row(EntityId(2)) = Timestamp::from_secs(2);
        }
        assert_eq!((table.len(), table.evicted()), (2, 0));
        table.expire(Timestamp::from_secs(2));
        assert_eq!(table.len(), 1);
    }
}
