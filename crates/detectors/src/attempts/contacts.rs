//! When targets were contacted: a bounded set-associative table, one cache line for each look-up.

use engine::model::Addr;
use engine::stats::prefetch;
use serde::de::{SeqAccess, Visitor};
use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Targets that compete for room: a cache line of them.
const WAYS: usize = 8;
/// Bits of an entry, from the lowest on: days, minute of the last contact, address, port.
const DAY_BITS: u32 = 13;
const MINUTE_BITS: u32 = 15;
const ADDR_BITS: u32 = 20;
const DAYS: u64 = (1 << DAY_BITS) - 1;
const MINUTES: u32 = (1 << MINUTE_BITS) - 1;
const TARGET_SHIFT: u32 = DAY_BITS + MINUTE_BITS;
/// Minutes that a contact may lie after the row that is looked at, since rows may be late. What is left, 15
/// days, is more than the idle time of a state and what it remembers together.
const FUTURE: u32 = 7 * DAY_MINUTES;
const DAY_MINUTES: u32 = 1440;
/// Days that a target is remembered that was contacted on one day only.
const ONCE_DAYS: u32 = 2;

/// A port of an address: the port, and 20 bits of a hash of the address.
///
/// Among a thousand targets of one port, one in a thousand new ones is taken for a known one, which shifts
/// the count of answers by less than its own error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Target(u64);

impl Target {
    pub(crate) fn new(addr: Addr, port: u16) -> Target {
        Target(u64::from(port) << ADDR_BITS | addr.key() >> (64 - ADDR_BITS))
    }
}

/// Which part of a target others must have in common with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Same {
    Address,
    Port,
}

/// When targets were contacted: the minute of the last time, and the days.
///
/// Nearly every connection to an uncommon port is looked up here, and there are thousands of interfaces: what
/// counts is the number of cache lines that a look-up waits for, and the memory of all. A target has eight
/// places by its number and pushes out the one of them that was not contacted for longest, the smallest number
/// among equals. What is remembered depends on the contacts alone, not on past growth.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contacts<const CAP: usize> {
    /// A power of two, at most `CAP / WAYS`; empty when nothing is remembered.
    sets: Vec<Set>,
}

#[derive(Clone, Debug)]
#[repr(align(64))]
struct Set([Entry; WAYS]);

/// A target with the minute of its last contact and the days of contacts: bit `i` stands for the day `i` days
/// before that of the last. The bit of that day is always set, so a place is free where all is zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Entry(u64);

/// What was known of a target before it was contacted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Before {
    /// Whether there was no contact in the quiet time before, to the minute.
    pub(crate) is_new: bool,
    /// Earlier days on which it was contacted, of the 13 up to the last.
    pub(crate) days: u32,
}

impl Entry {
    const FREE: Entry = Entry(0);

    /// `minute` counts since 1970.
    fn new(target: Target, minute: u32, days: u64) -> Entry {
        let minute = u64::from(minute & MINUTES);
        Entry(target.0 << TARGET_SHIFT | minute << DAY_BITS | days & DAYS | 1)
    }

    fn target(self) -> Target {
        Target(self.0 >> TARGET_SHIFT)
    }

    fn days(self) -> u64 {
        self.0 & DAYS
    }

    /// The minute of the last contact, since 1970, seen from `now`.
    fn minute(self, now: u32) -> u32 {
        let last = (self.0 >> DAY_BITS) as u32;
        let age = now.wrapping_add(FUTURE).wrapping_sub(last) & MINUTES;
        (now + FUTURE).saturating_sub(age)
    }
}

impl Set {
    const EMPTY: Set = Set([Entry::FREE; WAYS]);

    /// No branch but the last: where a target stands is hard to predict.
    #[inline]
    fn way(&self, target: Target) -> Option<usize> {
        let mut hits = 0u32;
        for (way, it) in self.0.iter().enumerate() {
            hits |= u32::from(it.target() == target && *it != Entry::FREE) << way;
        }
        (hits != 0).then_some(hits.trailing_zeros() as usize % WAYS)
    }

    /// A free place, else that of the target which was not contacted for longest.
    fn place(&self, now: u32) -> usize {
        let age = |it: &Entry| if *it == Entry::FREE { 0 } else { it.minute(now).max(1) };
        (0..WAYS).min_by_key(|&way| (age(&self.0[way]), self.0[way])).unwrap_or(0)
    }

    fn is_full(&self) -> bool {
        self.0.iter().all(|it| *it != Entry::FREE)
    }
}

impl<const CAP: usize> Contacts<CAP> {
    const SETS_MAX: usize = {
        assert!(CAP.is_power_of_two() && CAP >= WAYS, "CAP must be a power of two");
        CAP / WAYS
    };

    /// High bits choose the set, so that a set splits in two when the table doubles.
    #[inline]
    fn set(&self, target: Target) -> usize {
        let mixed = target.0.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (((mixed >> 32) * self.sets.len() as u64) >> 32) as usize
    }

    /// Asks for the cache line of a target that is about to be looked up.
    #[inline]
    pub(crate) fn prefetch(&self, target: Target) {
        if let Some(set) = self.sets.get(self.set(target)) {
            prefetch(set);
        }
    }

    /// Notes a contact at a second. Gives what was known before, new being no contact in the `quiet` seconds
    /// before.
    pub(crate) fn note(&mut self, target: Target, now: u32, quiet: u32) -> Before {
        let now = now / 60;
        let place = self.set(target);
        let found = self.sets.get_mut(place).and_then(|it| Some((it.way(target)?, it)));
        let Some((way, set)) = found else {
            self.insert(Entry::new(target, now, 1), now);
            return Before { is_new: true, days: 0 };
        };
        let entry = &mut set.0[way];
        let (last, days) = (entry.minute(now), entry.days());
        let (day, last_day) = (now / DAY_MINUTES, last / DAY_MINUTES);
        let mut noted = days.checked_shl(day.saturating_sub(last_day)).unwrap_or(0);
        noted |= 1u64.checked_shl(last_day.saturating_sub(day)).unwrap_or(0);
        *entry = Entry::new(target, last.max(now), noted);
        let is_new = last.saturating_add(quiet / 60) < now;
        Before { is_new, days: days_before(days, last_day, day) }
    }

    fn insert(&mut self, entry: Entry, now: u32) {
        if self.sets.is_empty() {
            self.sets.push(Set::EMPTY);
        }
        loop {
            let (place, is_largest) = (self.set(entry.target()), self.sets.len() >= Self::SETS_MAX);
            let Some(set) = self.sets.get_mut(place) else { return };
            if is_largest || !set.is_full() {
                set.0[set.place(now)] = entry;
                return;
            }
            self.rebuild(self.sets.len() * 2);
        }
    }

    fn rebuild(&mut self, len: usize) {
        let old = std::mem::take(&mut self.sets);
        self.sets = vec![Set::EMPTY; len];
        for it in old.into_iter().flat_map(|it| it.0).filter(|it| *it != Entry::FREE) {
            self.insert(it, 0);
        }
    }

    /// Days before that of `now`, of the 13 up to the last, on which the target was contacted.
    pub(crate) fn days_before(&self, target: Target, now: u32) -> u32 {
        let now = now / 60;
        let Some(set) = self.sets.get(self.set(target)) else { return 0 };
        let of =
            |it: Entry| days_before(it.days(), it.minute(now) / DAY_MINUTES, now / DAY_MINUTES);
        set.way(target).map_or(0, |way| of(set.0[way]))
    }

    /// Targets with the same address or port that were contacted in the `secs` seconds before `now`.
    pub(crate) fn count(&self, target: Target, same: Same, now: u32, secs: u32) -> u64 {
        let (since, now) = (now.saturating_sub(secs) / 60, now / 60);
        let is_like = |it: Target| match same {
            Same::Address => (it.0 ^ target.0) << (64 - ADDR_BITS) == 0,
            Same::Port => (it.0 ^ target.0) >> ADDR_BITS == 0,
        };
        let found = self.entries().filter(|it| is_like(it.target()) && it.minute(now) >= since);
        found.count() as u64
    }

    /// Forgets what was not contacted for `days` days, and what was contacted on one day alone for two. Gives
    /// memory back.
    pub(crate) fn forget(&mut self, now: u32, days: u32) {
        let now = now / 60;
        let mut left = 0;
        for it in self.sets.iter_mut().flat_map(|it| &mut it.0) {
            let last = it.minute(now);
            let is_once = it.days() == 1 && last / DAY_MINUTES + ONCE_DAYS < now / DAY_MINUTES;
            if is_once || last.saturating_add(days * DAY_MINUTES) < now {
                *it = Entry::FREE;
            }
            left += usize::from(*it != Entry::FREE);
        }
        if left == 0 {
            self.sets = Vec::new();
        } else if left * 4 <= self.sets.len() * WAYS && self.sets.len() > 1 {
            // Grows again where one set has no room.
            self.rebuild((left / 4).next_power_of_two().min(self.sets.len() / 2));
        }
    }

    fn entries(&self) -> impl Iterator<Item = Entry> {
        self.sets.iter().flat_map(|it| it.0).filter(|it| *it != Entry::FREE)
    }

    fn sorted(&self) -> Vec<u64> {
        let mut entries: Vec<u64> = self.entries().map(|it| it.0).collect();
        entries.sort_unstable();
        entries
    }
}

fn days_before(days: u64, last_day: u32, today: u32) -> u32 {
    let age = (last_day + 1).saturating_sub(today);
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
        while let Some(entry) = seq.next_element::<u64>()? {
            contacts.insert(Entry(entry | 1), 0);
        }
        Ok(contacts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u32 = 86_400;

    fn target(addr: u32, port: u16) -> Target {
        Target::new(Addr::from_v4(addr), port)
    }

    #[test]
    fn days_and_minutes_are_known() {
        let mut contacts = Contacts::<64>::default();
        let day = |it: u32| it * DAY + 500;
        let five = target(5, 22);
        for it in [10, 11, 13] {
            assert!(contacts.note(five, day(it), 900).is_new);
        }
        let again = contacts.note(five, day(13) + 900, 900);
        assert_eq!(again, Before { is_new: false, days: 2 });
        assert_eq!(contacts.days_before(five, day(13)), 2);
        assert_eq!(contacts.days_before(five, day(14)), 3);
        assert_eq!(contacts.days_before(five, day(11)), 1, "a late look");
        assert_eq!(contacts.days_before(target(6, 22), day(14)), 0);
        contacts.note(target(7, 1), day(14), 900);
        contacts.note(target(7, 2), day(13), 900);
        let count = |same, secs| contacts.count(target(7, 22), same, day(14), secs);
        assert_eq!((count(Same::Address, DAY), count(Same::Address, 60)), (2, 1));
        assert_eq!((count(Same::Port, DAY), count(Same::Port, 60)), (1, 0));
    }

    #[test]
    fn what_was_contacted_once_is_forgotten_first() {
        let mut contacts = Contacts::<64>::default();
        contacts.note(target(1, 22), 10 * DAY, 0);
        contacts.note(target(2, 22), 10 * DAY, 0);
        contacts.note(target(2, 22), 11 * DAY, 0);
        contacts.forget(12 * DAY, 7);
        assert_eq!(contacts.days_before(target(1, 22), 13 * DAY), 1);
        contacts.forget(13 * DAY, 7);
        assert_eq!(contacts.days_before(target(1, 22), 13 * DAY), 0);
        contacts.forget(18 * DAY, 7);
        assert_eq!(contacts.days_before(target(2, 22), 18 * DAY), 2);
        contacts.forget(18 * DAY + 60, 7);
        assert!(contacts.sets.is_empty());
    }

    #[test]
    fn the_oldest_of_eight_goes_and_a_copy_goes_on_alike() {
        let mut contacts = Contacts::<1024>::default();
        let mut copy = contacts.clone();
        for n in 0..20_000u32 {
            let target = target(n.wrapping_mul(0x4f6c_dd1d) >> 18, 22);
            let now = 60 * (100_000 + n / 8);
            if n % 4000 == 0 {
                let bytes = postcard::to_stdvec(&contacts).unwrap();
                copy = postcard::from_bytes(&bytes).unwrap();
                assert_eq!(postcard::to_stdvec(&copy).unwrap(), bytes);
                contacts.forget(now, 1);
                copy.forget(now, 1);
            }
            assert_eq!(contacts.note(target, now, 60), copy.note(target, now, 60));
        }
        assert!(contacts == copy && contacts.entries().count() > 990);
        assert!(contacts.sets.len() == 128);
        contacts.forget(60 * (102_500 + 8 * DAY_MINUTES), 7);
        assert!(contacts.sets.is_empty());
    }

    #[test]
    fn targets_made_to_collide_stay_few() {
        let mut contacts = Contacts::<1024>::default();
        let probe = Contacts::<1024> { sets: vec![Set::EMPTY; 128] };
        let all = (0u32..).map(|it| target(it, 22));
        let rivals = all.filter(|&it| probe.set(it) == 5).take(100);
        rivals.enumerate().for_each(|(now, it)| _ = contacts.note(it, now as u32 * 60, 0));
        assert_eq!(contacts.entries().count(), 8);
        assert!(contacts.sets.len() <= 128);
    }
}
