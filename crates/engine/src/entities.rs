//! The entities of one scope in one key group, by dense number.

use std::collections::BTreeMap;

use model::{AccountId, EntityId, Timestamp};

use crate::context::EntityInfo;

#[derive(Default)]
pub(crate) struct Entities {
    index: Index,
    infos: Vec<Option<EntityInfo>>,
    free: Vec<u32>,
}

/// Numbers by identity: open addressing with linear probing, eight bytes for a place. That it can be asked
/// for ahead is why it is not a map of the library.
#[derive(Default)]
struct Index {
    /// A power of two, or none; at most three in four are taken.
    slots: Vec<Slot>,
    len: usize,
}

/// A part of the identity, and the number plus one; zero where the place is free.
#[derive(Clone, Copy, Default)]
struct Slot {
    tag: u32,
    number: u32,
}

impl Index {
    fn home(&self, tag: u32) -> usize {
        tag as usize & (self.slots.len() - 1)
    }

    fn prefetch(&self, id: EntityId) {
        if !self.slots.is_empty() {
            kernels::prefetch(&self.slots[self.home(tag_of(id))]);
        }
    }

    /// The place of the number for which `is` holds.
    fn find(&self, tag: u32, is: impl Fn(u32) -> bool) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = self.home(tag);
        loop {
            let slot = self.slots[at];
            let number = slot.number.checked_sub(1)?;
            if slot.tag == tag && is(number) {
                return Some(at);
            }
            at = (at + 1) & mask;
        }
    }

    fn add(&mut self, tag: u32, number: u32) {
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            let larger = vec![Slot::default(); (self.slots.len() * 2).max(8)];
            let old = std::mem::replace(&mut self.slots, larger);
            old.into_iter().filter(|it| it.number != 0).for_each(|it| self.put(it));
        }
        self.put(Slot { tag, number: number + 1 });
        self.len += 1;
    }

    fn put(&mut self, slot: Slot) {
        let mut at = self.home(slot.tag);
        while self.slots[at].number != 0 {
            at = (at + 1) & (self.slots.len() - 1);
        }
        self.slots[at] = slot;
    }

    /// Frees a place and moves those behind it that had to make way.
    fn remove(&mut self, mut hole: usize) {
        let mask = self.slots.len() - 1;
        self.slots[hole] = Slot::default();
        self.len -= 1;
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let slot = self.slots[at];
            if slot.number == 0 {
                return;
            }
            let way = at.wrapping_sub(self.home(slot.tag)) & mask;
            if way >= at.wrapping_sub(hole) & mask {
                self.slots[hole] = slot;
                self.slots[at] = Slot::default();
                hole = at;
            }
        }
    }
}

/// The key group is the same for all identities of an index, so other bits are taken.
fn tag_of(id: EntityId) -> u32 {
    let mixed = ((id.0 >> 64) as u64 ^ id.0 as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as u32
}

impl Entities {
    /// Asks for the memory that tells the number of an entity.
    pub(crate) fn prefetch_number(&self, id: EntityId) {
        self.index.prefetch(id);
    }

    /// Asks for what is known of an entity.
    pub(crate) fn prefetch_info(&self, id: EntityId) {
        let tag = tag_of(id);
        if let Some(at) = self.index.find(tag, |_| true)
            && let Some(info) = self.infos.get(self.index.slots[at].number as usize - 1)
        {
            kernels::prefetch(info);
            if let Some(info) = info {
                kernels::prefetch(&info.last_seen);
            }
        }
    }

    fn place(&self, id: EntityId) -> Option<usize> {
        self.index.find(tag_of(id), |it| self.info(it).is_some_and(|it| it.id == id))
    }

    /// The number of an entity, made with `info` when it is not known.
    pub(crate) fn open(&mut self, id: EntityId, info: impl FnOnce() -> EntityInfo) -> u32 {
        if let Some(at) = self.place(id) {
            return self.index.slots[at].number - 1;
        }
        let number = if let Some(number) = self.free.pop() {
            self.infos[number as usize] = Some(info());
            number
        } else {
            self.infos.push(Some(info()));
            self.infos.len() as u32 - 1
        };
        self.index.add(tag_of(id), number);
        number
    }

    pub(crate) fn info(&self, number: u32) -> Option<&EntityInfo> {
        self.infos.get(number as usize)?.as_ref()
    }

    pub(crate) fn info_mut(&mut self, number: u32) -> Option<&mut EntityInfo> {
        self.infos.get_mut(number as usize)?.as_mut()
    }

    pub(crate) fn remove(&mut self, number: u32) {
        let Some(id) = self.info(number).map(|it| it.id) else { return };
        if let Some(at) = self.place(id) {
            self.index.remove(at);
        }
        self.infos[number as usize] = None;
        self.free.push(number);
    }

    pub(crate) fn len(&self) -> usize {
        self.index.len
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
    fn an_index_finds_what_is_there_and_nothing_else() {
        let mut entities = Entities::default();
        let id = |n: u32| EntityId(u128::from(n % 600) * 256 + 7);
        let info = |n: u32| {
            let entity = Entity::new(Scope::Interface, AccountId::new(1).unwrap(), "eni");
            EntityInfo::new(id(n), entity, Timestamp::from_secs(1))
        };
        let mut known = BTreeMap::new();
        for n in 0..20_000u32 {
            let n = n.wrapping_mul(2_654_435_761) >> 7;
            if n & 64 == 0 {
                let number = entities.open(id(n), || info(n));
                assert_eq!(*known.entry(n % 600).or_insert(number), number);
            } else if let Some(number) = known.remove(&(n % 600)) {
                entities.remove(number);
            }
            assert_eq!(entities.len(), known.len());
        }
        for n in 0..600 {
            let at = entities.place(id(n)).map(|it| entities.index.slots[it].number - 1);
            assert_eq!(at, known.get(&n).copied());
        }
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
