//! The entities of one scope in one key group, by dense number.

use std::collections::BTreeMap;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use model::{AccountId, EntityId, Timestamp};

use crate::context::EntityInfo;

#[derive(Default)]
pub(crate) struct Entities {
    numbers: HashMap<EntityId, u32, FixedState>,
    infos: Vec<Option<EntityInfo>>,
    free: Vec<u32>,
}

impl Entities {
    /// The number of an entity, made with `info` when it is not known.
    pub(crate) fn open(&mut self, id: EntityId, info: impl FnOnce() -> EntityInfo) -> u32 {
        if let Some(&number) = self.numbers.get(&id) {
            return number;
        }
        let number = if let Some(number) = self.free.pop() {
            self.infos[number as usize] = Some(info());
            number
        } else {
            self.infos.push(Some(info()));
            self.infos.len() as u32 - 1
        };
        self.numbers.insert(id, number);
        number
    }

    pub(crate) fn info(&self, number: u32) -> Option<&EntityInfo> {
        self.infos.get(number as usize)?.as_ref()
    }

    pub(crate) fn info_mut(&mut self, number: u32) -> Option<&mut EntityInfo> {
        self.infos.get_mut(number as usize)?.as_mut()
    }

    pub(crate) fn remove(&mut self, number: u32) {
        if let Some(info) = self.infos.get_mut(number as usize).and_then(Option::take) {
            self.numbers.remove(&info.id);
            self.free.push(number);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// All entities in the order of their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &EntityInfo)> {
        self.infos.iter().enumerate().filter_map(|(at, it)| Some((at as u32, it.as_ref()?)))
    }

    /// Whom to drop so that at most `cap` stay: time and again the least recently active entity of the
    /// account that holds most. One account's flood cannot push out another's baselines.
    pub(crate) fn excess(&self, cap: usize) -> Vec<u32> {
        if self.len() <= cap {
            return Vec::new();
        }
        let mut by_account: BTreeMap<AccountId, Vec<(Timestamp, EntityId, u32)>> = BTreeMap::new();
        for (number, info) in self.iter() {
            by_account.entry(info.account).or_default().push((info.last_seen, info.id, number));
        }
        for list in by_account.values_mut() {
            list.sort_unstable_by(|a, b| b.cmp(a));
        }
        // A sixteenth more goes at once, so that a flood is not sorted at the end of each batch.
        let target = cap - cap / 16;
        let mut dropped = Vec::new();
        for _ in target..self.len() {
            // `max_by_key` gives the last of equals; reversing prefers the smaller account number.
            let largest = by_account.iter_mut().rev().max_by_key(|(_, list)| list.len());
            if let Some((_, _, number)) = largest.and_then(|(_, list)| list.pop()) {
                dropped.push(number);
            }
        }
        dropped
    }
}

#[cfg(test)]
mod tests {
    use model::{Entity, Scope};

    use super::*;

    fn add(entities: &mut Entities, account: u64, name: &str, secs: i64) -> u32 {
        let account = AccountId::new(account).unwrap();
        let id = Entity::id_of(Scope::Interface, account, name.as_bytes());
        let entity = Entity::new(Scope::Interface, account, name);
        entities.open(id, || EntityInfo::new(id, entity, Timestamp::from_secs(secs)))
    }

    #[test]
    fn the_largest_account_loses_its_least_recently_active() {
        let mut entities = Entities::default();
        add(&mut entities, 1, "old", 1);
        for n in 0..40 {
            add(&mut entities, 2, &format!("flood-{n}"), 100 + n);
        }
        let dropped = entities.excess(32);
        assert_eq!(dropped.len(), 41 - 30);
        for number in &dropped {
            assert_eq!(entities.info(*number).unwrap().account.number(), 2);
        }
        assert!(dropped.contains(&1), "the first of the flood goes first");
        for number in dropped {
            entities.remove(number);
        }
        assert_eq!(entities.len(), 30);
        assert_eq!(add(&mut entities, 1, "old", 1), 0, "it is still known");
    }
}
