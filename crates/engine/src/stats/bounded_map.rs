//! A map of at most `CAP` keys that gives up the key which was not used for longest.
//!
//! Detectors keep finer keys (remote address, port, domain) in one inside an entity's state. Small maps
//! compare a row of tags, large ones a set of eight: an exact order over thousands of entries cost more
//! than it was worth. What a map holds and evicts depends on its content alone, never on the order of
//! past growth, so a restored map goes on exactly as the saved one would have.

use std::{fmt, marker::PhantomData, mem};

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::tag_index::{ROW, TagIndex, WAYS, tag_of};

/// Bytes of entries up to which keys are compared one by one, without an index: a few cache lines.
const PLAIN_BYTES: usize = 192;
/// Largest `CAP`.
const MAX_CAP: usize = 1 << 16;

/// A bounded map from 64-bit keys to values, with the second of each key's last use.
///
/// Up to a `CAP` of 64 the key evicted is the least recently used of all, the smallest among equals.
/// Above, `CAP` must be a power of two; keys fall in `CAP / 8` classes of eight, and a key evicts the
/// least recently used of its class, so the first eviction comes before `CAP` keys are held: of the
/// first `CAP` keys that come, 86 % stay.
/// An empty map allocates nothing.
#[derive(Clone)]
pub struct BoundedMap<V, const CAP: usize> {
    entries: Vec<Entry<V>>,
    index: Option<Box<TagIndex>>,
}

/// What an insertion pushed out of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evicted<V> {
    /// Its key.
    pub key: u64,
    /// The second of its last use.
    pub last_use: u32,
    /// Its value.
    pub value: V,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Entry<V> {
    key: u64,
    last_use: u32,
    value: V,
}

impl<V, const CAP: usize> BoundedMap<V, CAP> {
    /// High tag bits that name a key's class, in a map of more than `ROW` keys.
    const CLASS_BITS: u32 = {
        assert!(CAP > 0 && CAP <= MAX_CAP, "CAP must lie within 1..=65536");
        assert!(CAP <= ROW || CAP.is_power_of_two(), "CAP above 64 must be a power of two");
        if CAP <= ROW { 1 } else { (CAP / WAYS).ilog2() }
    };

    /// Entries up to which there is no index.
    const PLAIN: usize = {
        let fitting = PLAIN_BYTES / size_of::<Entry<V>>();
        if fitting > WAYS {
            WAYS
        } else if fitting == 0 {
            1
        } else {
            fitting
        }
    };

    /// Asks for the memory that a look-up begins with.
    #[inline]
    pub fn prefetch(&self, key: u64) {
        match &self.index {
            Some(index) => index.prefetch(tag_of(key)),
            None => self.entries.iter().for_each(kernels::prefetch),
        }
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of a key. Does not count as use.
    #[inline]
    pub fn get(&self, key: u64) -> Option<&V> {
        self.position(tag_of(key), key).map(|at| &self.entries[at].value)
    }

    /// The value of a key, to be changed. Does not count as use.
    #[inline]
    pub fn get_mut(&mut self, key: u64) -> Option<&mut V> {
        self.position(tag_of(key), key).map(|at| &mut self.entries[at].value)
    }

    /// The second of a key's last use.
    pub fn last_use(&self, key: u64) -> Option<u32> {
        self.position(tag_of(key), key).map(|at| self.entries[at].last_use)
    }

    /// Keys and values in the order of keys. Sorts: for output, not for each event.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &V)> {
        self.sorted().into_iter().map(|it| (it.key, &it.value))
    }

    /// Keys and values in an order that a restored map does not keep: only for what does not depend on
    /// it, such as sums.
    pub fn iter_unordered(&self) -> impl Iterator<Item = (u64, &V)> {
        self.entries.iter().map(|it| (it.key, &it.value))
    }

    /// Values to be changed each by itself, in an order that a restored map does not keep.
    pub fn values_unordered_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.iter_mut().map(|it| &mut it.value)
    }

    /// Removes a key.
    pub fn remove(&mut self, key: u64) -> Option<V> {
        let at = self.position(tag_of(key), key)?;
        let entry = self.swap_remove(at);
        if self.entries.is_empty() {
            *self = Self::default();
        }
        Some(entry.value)
    }

    /// Keeps the entries for which `keep(key, last_use, value)` holds and gives memory back. The order
    /// of calls is not that of a restored map, so each entry must be judged by itself.
    pub fn retain(&mut self, mut keep: impl FnMut(u64, u32, &mut V) -> bool) {
        let mut at = 0;
        while let Some(entry) = self.entries.get_mut(at) {
            if keep(entry.key, entry.last_use, &mut entry.value) {
                at += 1;
            } else {
                self.swap_remove(at);
            }
        }
        if self.entries.len() * 4 < self.entries.capacity() && self.entries.capacity() > ROW {
            self.entries.shrink_to_fit();
            self.rebuild_index();
        } else if self.entries.is_empty() {
            *self = Self::default();
        }
    }

    /// Removes the entry at a position; the last entry takes its place.
    fn swap_remove(&mut self, at: usize) -> Entry<V> {
        let last = self.entries.len() - 1;
        if let Some(index) = &mut self.index {
            let tag = tag_of(self.entries[at].key);
            index.swap_remove((tag, at), (tag_of(self.entries[last].key), last));
        }
        self.entries.swap_remove(at)
    }

    #[inline]
    fn position(&self, tag: u32, key: u64) -> Option<usize> {
        let Some(index) = &self.index else {
            // No early exit: cache misses overlap and no branch depends on where the key stands.
            let mut found = usize::MAX;
            for (at, entry) in self.entries.iter().enumerate() {
                found = if entry.key == key { at } else { found };
            }
            return (found != usize::MAX).then_some(found);
        };
        index.find(tag, self.entries.len(), |at| {
            self.entries.get(at).is_some_and(|it| it.key == key)
        })
    }

    /// The position of the entry that must go before a key with this tag can come.
    fn victim(&self, tag: u32) -> Option<usize> {
        if CAP <= ROW {
            return (self.entries.len() >= CAP).then(|| self.oldest(0..self.entries.len()))?;
        }
        let shift = 32 - Self::CLASS_BITS;
        if let Some(index) = &self.index {
            return self.oldest(index.full_class(tag, shift, self.entries.len())?);
        }
        let is_mate = |it: &Entry<V>| tag_of(it.key) >> shift == tag >> shift;
        let is_full = self.entries.len() == WAYS && self.entries.iter().all(is_mate);
        is_full.then(|| self.oldest(0..WAYS))?
    }

    /// The one of these positions that was not used for longest, with the smallest key among equals.
    fn oldest<I: IntoIterator<Item = usize> + Clone>(&self, positions: I) -> Option<usize> {
        let last_use = |at: usize| self.entries[at].last_use;
        let least = positions.clone().into_iter().map(last_use).fold(u32::MAX, u32::min);
        let equals = positions.into_iter().filter(|&at| last_use(at) == least);
        equals.min_by_key(|&at| self.entries[at].key)
    }

    /// Adds an entry to a map that has room for it.
    fn push(&mut self, tag: u32, entry: Entry<V>) {
        let at = self.entries.len();
        if at == self.entries.capacity() {
            // Doubling from one on: most maps hold an entry or two, and there are very many.
            self.entries.reserve_exact(at.max(1));
        }
        self.entries.push(entry);
        match &mut self.index {
            Some(index) => index.push(tag, at),
            None if at >= Self::PLAIN => self.rebuild_index(),
            None => {}
        }
    }

    fn rebuild_index(&mut self) {
        self.index = (self.entries.len() > Self::PLAIN).then(|| {
            let tags: Vec<u32> = self.entries.iter().map(|it| tag_of(it.key)).collect();
            Box::new(TagIndex::build(&tags))
        });
    }

    fn sorted(&self) -> Vec<&Entry<V>> {
        let mut entries: Vec<_> = self.entries.iter().collect();
        entries.sort_unstable_by_key(|it| it.key);
        entries
    }
}

impl<V: Default, const CAP: usize> BoundedMap<V, CAP> {
    /// The value of a key, made if there is none, and what had to go for it.
    ///
    /// `now` is a time in seconds. A late row does not make a key older; a time to come keeps the key
    /// until then, as long as others are older.
    #[inline]
    pub fn entry(&mut self, key: u64, now: u32) -> (&mut V, Option<Evicted<V>>) {
        let tag = tag_of(key);
        let Some(at) = self.position(tag, key) else { return self.insert(tag, key, now) };
        let entry = &mut self.entries[at];
        entry.last_use = entry.last_use.max(now);
        (&mut entry.value, None)
    }

    #[inline(never)]
    fn insert(&mut self, tag: u32, key: u64, now: u32) -> (&mut V, Option<Evicted<V>>) {
        let entry = Entry { key, last_use: now, value: V::default() };
        let Some(at) = self.victim(tag) else {
            self.push(tag, entry);
            let last = self.entries.len() - 1;
            return (&mut self.entries[last].value, None);
        };
        let Entry { key, last_use, value } = mem::replace(&mut self.entries[at], entry);
        if let Some(index) = &mut self.index {
            index.replace(tag_of(key), tag, at);
        }
        (&mut self.entries[at].value, Some(Evicted { key, last_use, value }))
    }
}

impl<V, const CAP: usize> Default for BoundedMap<V, CAP> {
    fn default() -> Self {
        BoundedMap { entries: Vec::new(), index: None }
    }
}

impl<V: PartialEq, const CAP: usize> PartialEq for BoundedMap<V, CAP> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.sorted() == other.sorted()
    }
}

impl<V: Eq, const CAP: usize> Eq for BoundedMap<V, CAP> {}

impl<V: fmt::Debug, const CAP: usize> fmt::Debug for BoundedMap<V, CAP> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Entries in the order of keys: equal content gives equal bytes.
impl<V: Serialize, const CAP: usize> Serialize for BoundedMap<V, CAP> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.len()))?;
        for entry in self.sorted() {
            seq.serialize_element(entry)?;
        }
        seq.end()
    }
}

impl<'de, V: Deserialize<'de>, const CAP: usize> Deserialize<'de> for BoundedMap<V, CAP> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Entries(PhantomData))
    }
}

struct Entries<V, const CAP: usize>(PhantomData<V>);

impl<'de, V: Deserialize<'de>, const CAP: usize> Visitor<'de> for Entries<V, CAP> {
    type Value = BoundedMap<V, CAP>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {CAP} entries in the order of keys")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut map = BoundedMap::<V, CAP>::default();
        map.entries.reserve(seq.size_hint().unwrap_or(0).min(CAP));
        let mut before = None;
        while let Some(entry) = seq.next_element::<Entry<V>>()? {
            if before.is_some_and(|it| it >= entry.key) {
                return Err(A::Error::custom("keys of a bounded map are not in order"));
            }
            before = Some(entry.key);
            let tag = tag_of(entry.key);
            if map.victim(tag).is_some() {
                return Err(A::Error::custom("bounded map holds more than it has room for"));
            }
            map.push(tag, entry);
        }
        Ok(map)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::stats::testing::{Rng, restored};

    /// What the map must do, in the plainest form: entries by key, classes by a scan.
    #[derive(Default)]
    struct Model<const CAP: usize>(BTreeMap<u64, (u32, u64)>);

    impl<const CAP: usize> Model<CAP> {
        fn entry(&mut self, key: u64, now: u32) -> (&mut u64, Option<Evicted<u64>>) {
            let mut evicted = None;
            if !self.0.contains_key(&key) {
                let class = |key: u64| match CAP {
                    0..=64 => 0,
                    _ => (tag_of(key) as u64 * (CAP as u64 / 8)) >> 32,
                };
                let mates = self.0.iter().filter(|(it, _)| class(**it) == class(key));
                if mates.clone().count() == CAP.min(if CAP > 64 { 8 } else { 64 }) {
                    let (&key, &(last_use, value)) =
                        mates.min_by_key(|(key, (last_use, _))| (*last_use, **key)).unwrap();
                    self.0.remove(&key);
                    evicted = Some(Evicted { key, last_use, value });
                }
            }
            let (last_use, value) = self.0.entry(key).or_insert((now, 0));
            *last_use = now.max(*last_use);
            (value, evicted)
        }
    }

    fn check<const CAP: usize>(seed: u64, keys: &[u64], steps: u32) {
        let mut rng = Rng::new(seed);
        let (mut map, mut model) = (BoundedMap::<u64, CAP>::default(), Model::<CAP>::default());
        for step in 0..steps {
            let key = keys[rng.below(keys.len() as u64) as usize];
            let now = (step / 7).saturating_sub(rng.below(3) as u32);
            match rng.below(20) {
                0 => assert_eq!(map.remove(key), model.0.remove(&key).map(|it| it.1)),
                1 => assert_eq!(map.get(key), model.0.get(&key).map(|it| &it.1)),
                2 => assert_eq!(map.last_use(key), model.0.get(&key).map(|it| it.0)),
                _ => {
                    let (value, evicted) = map.entry(key, now);
                    *value += u64::from(step);
                    let (expected, gone) = model.entry(key, now);
                    *expected += u64::from(step);
                    assert_eq!(evicted, gone, "step {step}");
                }
            }
            if rng.below(u64::from(steps) / 4) == 0 {
                map.retain(|key, _, _| key % 3 != 0);
                model.0.retain(|key, _| key % 3 != 0);
            }
            if rng.below(u64::from(steps) / 8) == 0 {
                map = restored(&map);
            }
            assert_eq!(map.len(), model.0.len());
            assert!(map.len() <= CAP);
        }
        assert!(map.iter().eq(model.0.iter().map(|(key, it)| (*key, &it.1))));
    }

    #[test]
    fn holds_and_evicts_what_the_plain_model_does() {
        let keys: Vec<u64> = (0..6000u64).map(|it| Rng::new(it).next() >> (it % 2 * 40)).collect();
        for seed in 0..6 {
            check::<1>(seed, &keys[..4], 500);
            check::<8>(seed, &keys[..20], 1000);
            check::<9>(seed, &keys[..20], 1000);
            check::<48>(seed, &keys[..100], 2000);
            check::<64>(seed, &keys[..90], 3000);
            check::<128>(seed, &keys[..300], 3000);
            check::<256>(seed, &keys[..200], 3000);
            check::<256>(seed, &keys[..1000], 4000);
        }
        check::<4096>(7, &keys, 8000);
    }

    #[test]
    fn crowded_classes_evict_what_the_plain_model_does() {
        // Tags in a few of 512 classes, or with some bits of one: all forms of the index meet full classes.
        let crowd =
            |mask: u32| (0u64..).filter(move |&key| tag_of(key) & mask == 0x8000_0000 & mask);
        let one: Vec<u64> = crowd(0xff80_0000).take(20).collect();
        let two: Vec<u64> = crowd(0xff00_0000).take(40).collect();
        let many: Vec<u64> = crowd(0xe000_0000).take(1000).collect();
        for seed in 0..6 {
            check::<4096>(seed, &one, 1000);
            check::<4096>(seed, &two, 1000);
            check::<4096>(seed, &many, 4000);
            check::<128>(seed, &many, 2000);
            check::<128>(seed, &[&one[..], &many[..80]].concat(), 2000);
        }
    }

    #[test]
    fn equal_content_is_equal_whatever_its_history() {
        let (mut long, mut short) = (BoundedMap::<u32, 1024>::default(), BoundedMap::default());
        for key in 0..400 {
            long.entry(key, 1);
        }
        for key in 50..400 {
            long.remove(key);
        }
        for key in (0..50).rev() {
            short.entry(key, 1);
        }
        assert_eq!(long, short);
        assert_eq!(postcard::to_stdvec(&long).unwrap(), postcard::to_stdvec(&short).unwrap());
        short.entry(7, 2);
        assert_ne!(long, short);
    }

    #[test]
    fn keys_made_to_collide_do_not_grow_the_table() {
        let mut map = BoundedMap::<(), 4096>::default();
        let rivals = (0u64..).filter(|&key| tag_of(key) >> 23 == 5).take(100);
        let mut evicted = 0;
        for (now, key) in rivals.enumerate() {
            evicted += usize::from(map.entry(key, now as u32).1.is_some());
        }
        assert_eq!((map.len(), evicted), (8, 92));
    }

    #[test]
    fn holds_most_of_its_cap_under_a_flood() {
        let mut map = BoundedMap::<(), 4096>::default();
        for key in 0..4096 * 4 {
            map.entry(Rng::new(key).next(), key as u32);
        }
        assert!(map.len() > 4000, "{}", map.len());
    }

    #[test]
    fn empty_map_is_small() {
        assert!(size_of::<BoundedMap<[u64; 9], 4096>>() <= 32);
        let mut map = BoundedMap::<u8, 16>::default();
        map.entry(1, 1);
        map.remove(1);
        assert_eq!(map.entries.capacity(), 0);
    }

    #[test]
    fn refuses_what_no_map_can_hold() {
        let unordered = postcard::to_stdvec(&[(2u64, 0u32, 0u8), (1, 0, 0)].as_slice()).unwrap();
        assert!(postcard::from_bytes::<BoundedMap<u8, 4>>(&unordered).is_err());
        let three: Vec<(u64, u32, u8)> = (0..3).map(|key| (key, 0, 0)).collect();
        let three = postcard::to_stdvec(&three).unwrap();
        assert!(postcard::from_bytes::<BoundedMap<u8, 2>>(&three).is_err());
        assert!(postcard::from_bytes::<BoundedMap<u8, 4>>(&three).is_ok());
    }
}
