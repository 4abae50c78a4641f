//! When targets were contacted: a bounded set-associative table, one pair of cache lines for each look-up.

use engine::stats::prefetch;
use serde::de::{SeqAccess, Visitor};
use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::DAY_SECS;

/// Targets that compete for room.
const WAYS: usize = 8;
/// Days that are remembered of a target.
const DAYS: u32 = u32::BITS;

/// When targets were contacted: the second of the last time, and the days.
///
/// Nearly every connection to an uncommon port is looked up here, and there are thousands of interfaces: what
/// counts is the number of cache lines that a look-up waits for. A target has eight places by its hash and
/// pushes out the one of them that was not contacted for longest, the smallest number among equals. What is
/// remembered depends on the contacts alone, not on past growth.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contacts<const CAP: usize> {
    /// A power of two, at most `CAP / WAYS`; empty when nothing is remembered.
    sets: Vec<Set>,
}

/// A place is free where the last contact is zero.
#[derive(Clone, Debug)]
#[repr(align(64))]
struct Set {
    targets: [u64; WAYS],
    /// Second of the last contact.
    last: [u32; WAYS],
    /// Bit `i` stands for the day `i` days before that of the last contact.
    days: [u32; WAYS],
}

/// What was known of a target before it was contacted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Before {
    /// Whether there was no contact in the quiet time before.
    pub(crate) is_new: bool,
    /// Earlier days on which it was contacted, of the 32 up to the last.
    pub(crate) days: u32,
}

impl Set {
    const EMPTY: Set = Set { targets: [0; WAYS], last: [0; WAYS], days: [0; WAYS] };

    /// No branch but the last: where a target stands is hard to predict.
    #[inline]
    fn way(&self, target: u64) -> Option<usize> {
        let mut hits = 0u32;
        for way in 0..WAYS {
            let is = self.targets[way] == target && self.last[way] != 0;
            hits |= u32::from(is) << way;
        }
        (hits != 0).then_some(hits.trailing_zeros() as usize % WAYS)
    }

    fn free(&self) -> Option<usize> {
        self.last.iter().position(|it| *it == 0)
    }

    fn oldest(&self) -> usize {
        (0..WAYS).min_by_key(|&way| (self.last[way], self.targets[way])).unwrap_or(0)
    }

    fn put(&mut self, way: usize, (target, last, days): (u64, u32, u32)) {
        (self.targets[way], self.last[way], self.days[way]) = (target, last, days);
    }

    fn entries(&self) -> impl Iterator<Item = (u64, u32, u32)> {
        (0..WAYS)
            .map(|way| (self.targets[way], self.last[way], self.days[way]))
            .filter(|it| it.1 != 0)
    }
}

impl<const CAP: usize> Contacts<CAP> {
    const SETS_MAX: usize = {
        assert!(CAP.is_power_of_two() && CAP >= WAYS, "CAP must be a power of two");
        CAP / WAYS
    };

    /// High bits choose the set, so that a set splits in two when the table doubles.
    fn place(&self, target: u64) -> usize {
        let mixed = (target ^ target >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (((mixed >> 32) * self.sets.len() as u64) >> 32) as usize
    }

    /// Asks for the cache lines of a target that is about to be looked up.
    #[inline]
    pub(crate) fn prefetch(&self, target: u64) {
        if let Some(set) = self.sets.get(self.place(target)) {
            prefetch(&set.targets);
            prefetch(&set.last);
        }
    }

    /// Notes a contact. Gives what was known before, new being no contact in the `quiet` seconds before.
    pub(crate) fn note(&mut self, target: u64, now: u32, quiet: u32) -> Before {
        let now = now.max(1);
        let place = self.place(target);
        let Some(set) = self.sets.get_mut(place) else {
            self.insert((target, now, 1));
            return Before { is_new: true, days: 0 };
        };
        let Some(way) = set.way(target) else {
            self.insert((target, now, 1));
            return Before { is_new: true, days: 0 };
        };
        let (last, days) = (set.last[way], &mut set.days[way]);
        let (day, last_day) = (now / DAY_SECS, last / DAY_SECS);
        let before = days_before(*days, last, now);
        *days = days.checked_shl(day.saturating_sub(last_day)).unwrap_or(0);
        *days |= 1u32.checked_shl(last_day.saturating_sub(day)).unwrap_or(0);
        set.last[way] = last.max(now);
        Before { is_new: last.saturating_add(quiet) < now, days: before }
    }

    fn insert(&mut self, entry: (u64, u32, u32)) {
        if self.sets.is_empty() {
            self.sets.push(Set::EMPTY);
        }
        loop {
            let (place, is_largest) = (self.place(entry.0), self.sets.len() >= Self::SETS_MAX);
            let Some(set) = self.sets.get_mut(place) else { return };
            if let Some(way) = set.free() {
                set.put(way, entry);
                return;
            }
            if is_largest {
                set.put(set.oldest(), entry);
                return;
            }
            let entries: Vec<_> = self.entries().collect();
            self.sets = vec![Set::EMPTY; self.sets.len() * 2];
            for it in entries {
                self.insert(it);
            }
        }
    }

    /// Days before that of `now`, of the 32 up to the last, on which the target was contacted.
    pub(crate) fn days_before(&self, target: u64, now: u32) -> u32 {
        let Some(set) = self.sets.get(self.place(target)) else { return 0 };
        set.way(target).map_or(0, |way| days_before(set.days[way], set.last[way], now))
    }

    /// Targets contacted since a second whose number begins like `prefix`.
    pub(crate) fn count(&self, prefix: u64, bits: u32, since: u32) -> u64 {
        let is_like = |target: u64| (target ^ prefix) >> (64 - bits) == 0;
        self.entries().filter(|&(target, last, _)| last >= since && is_like(target)).count() as u64
    }

    /// Forgets what was contacted before `oldest`, and gives memory back.
    pub(crate) fn forget(&mut self, oldest: u32) {
        for set in &mut self.sets {
            for last in &mut set.last {
                *last = if *last < oldest { 0 } else { *last };
            }
        }
        let left = self.entries().count();
        if left * 4 <= self.sets.len() * WAYS {
            let entries: Vec<_> = self.entries().collect();
            self.sets = Vec::new();
            for it in entries {
                self.insert(it);
            }
        }
    }

    fn entries(&self) -> impl Iterator<Item = (u64, u32, u32)> {
        self.sets.iter().flat_map(Set::entries)
    }

    fn sorted(&self) -> Vec<(u64, u32, u32)> {
        let mut entries: Vec<_> = self.entries().collect();
        entries.sort_unstable();
        entries
    }
}

fn days_before(days: u32, last: u32, now: u32) -> u32 {
    let age = (last / DAY_SECS + 1).saturating_sub(now / DAY_SECS).min(DAYS);
    days.checked_shr(age).unwrap_or(0).count_ones()
}

impl<const CAP: usize> PartialEq for Contacts<CAP> {
    fn eq(&self, other: &Self) -> bool {
        // Asked after each group of events whether a state is empty: that must not sort.
        if self.sets.is_empty() || other.sets.is_empty() {
            return self.sets.is_empty() && other.sets.is_empty();
        }
        self.sorted() == other.sorted()
    }
}

/// In the order of targets: equal content gives equal bytes.
impl<const CAP: usize> Serialize for Contacts<CAP> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let sorted = self.sorted();
        let mut seq = serializer.serialize_seq(Some(sorted.len()))?;
        for entry in &sorted {
            seq.serialize_element(entry)?;
        }
        seq.end()
    }
}

impl<'de, const CAP: usize> Deserialize<'de> for Contacts<CAP> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Entries)
    }
}

struct Entries<const CAP: usize>;

impl<'de, const CAP: usize> Visitor<'de> for Entries<CAP> {
    type Value = Contacts<CAP>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("targets with their last contacts and days")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Contacts<CAP>, A::Error> {
        let mut contacts = Contacts::default();
        while let Some((target, last, days)) = seq.next_element()? {
            contacts.insert((target, u32::max(last, 1), days));
        }
        Ok(contacts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_seconds_are_known() {
        let mut contacts = Contacts::<64>::default();
        let day = |it: u32| it * DAY_SECS + 500;
        for it in [10, 11, 13] {
            assert!(contacts.note(5, day(it), 900).is_new);
        }
        let again = contacts.note(5, day(13) + 900, 900);
        assert_eq!(again, Before { is_new: false, days: 2 });
        assert_eq!(contacts.days_before(5, day(13)), 2);
        assert_eq!(contacts.days_before(5, day(14)), 3);
        assert_eq!(contacts.days_before(5, day(11)), 1, "a late look");
        assert_eq!(contacts.days_before(6, day(14)), 0);
        contacts.note(7 << 48 | 1, day(14), 900);
        contacts.note(7 << 48 | 2, day(13), 900);
        assert_eq!(contacts.count(7 << 48, 16, day(13)), 2);
        assert_eq!(contacts.count(7 << 48, 16, day(14)), 1);
        contacts.forget(day(14));
        assert_eq!(contacts.days_before(5, day(14)), 0);
        assert_eq!(contacts.count(7 << 48, 16, 0), 1);
    }

    #[test]
    fn the_oldest_of_eight_goes_and_a_copy_goes_on_alike() {
        let mut contacts = Contacts::<1024>::default();
        let mut copy = contacts.clone();
        for n in 0..20_000u64 {
            let (target, now) = (n.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 50, 1000 + n as u32);
            if n % 4000 == 0 {
                let bytes = postcard::to_stdvec(&contacts).unwrap();
                copy = postcard::from_bytes(&bytes).unwrap();
                assert_eq!(postcard::to_stdvec(&copy).unwrap(), bytes);
                contacts.forget(500 + n as u32);
                copy.forget(500 + n as u32);
            }
            assert_eq!(contacts.note(target, now, 60), copy.note(target, now, 60));
        }
        assert!(contacts == copy && contacts.entries().count() > 990);
        let newest = contacts.entries().map(|it| it.1).max();
        assert_eq!(newest, Some(20_999));
        contacts.forget(u32::MAX);
        assert!(contacts.sets.is_empty());
    }

    #[test]
    fn targets_made_to_collide_stay_few() {
        let mut contacts = Contacts::<1024>::default();
        let probe = Contacts::<1024> { sets: vec![Set::EMPTY; 128] };
        let rivals = (0u64..).filter(|&it| probe.place(it) == 5).take(100);
        rivals.enumerate().for_each(|(now, it)| _ = contacts.note(it, now as u32 + 1, 0));
        assert_eq!(contacts.entries().count(), 8);
        assert!(contacts.sets.len() <= 128);
    }
}
