//! Which values of several attributes somebody uses, and how often: counts that fade.

use serde::{Deserialize, Serialize};

use super::backoff::{Level, USE};

/// Bits of a key that tell values of one attribute apart.
const VALUE_BITS: u32 = 27;
/// Most attributes that a key can name.
pub const ATTRIBUTES_MAX: u8 = 32;
/// What is left of a count after a week, in parts of 65,536: half of it after 30 days.
const WEEK: u32 = 55_754;
/// Counts below this are forgotten.
const FORGOTTEN: u16 = 4;

/// Counts of values by attribute, eight bytes each, sorted by key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    entries: Vec<Used>,
    /// The week, since 1970, that counts have faded to.
    week: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Used {
    key: UsageKey,
    /// In parts of [`USE`], at most 1,023 uses.
    count: u16,
    /// The day, since 1970, that somebody else was told of it.
    told: u16,
}

/// A value of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UsageKey(u32);

impl UsageKey {
    /// The key of a value by its hash; `attribute` is below [`ATTRIBUTES_MAX`].
    #[inline]
    pub const fn new(attribute: u8, hash: u64) -> UsageKey {
        UsageKey((attribute as u32) << VALUE_BITS | (hash >> (64 - VALUE_BITS)) as u32)
    }

    /// The attribute.
    #[inline]
    pub const fn attribute(self) -> u8 {
        (self.0 >> VALUE_BITS) as u8
    }

    /// The key as a number.
    #[inline]
    pub const fn number(self) -> u64 {
        self.0 as u64
    }
}

impl Usage {
    /// What is known of a value and of its attribute.
    pub fn level(&self, key: UsageKey) -> Level {
        let mut level = Level::default();
        for it in self.of(key.attribute()) {
            let count = u64::from(it.count);
            level.total += count;
            level.taken += Level::taken_of(count);
            if it.key == key {
                level.count = count;
            }
        }
        level
    }

    /// The count of a value, in parts of [`USE`].
    pub fn count(&self, key: UsageKey) -> u32 {
        self.find(key).ok().and_then(|at| self.entries.get(at)).map_or(0, |it| u32::from(it.count))
    }

    /// Counts a use. At most `cap` values of the attribute are kept: the least used goes. Returns whether
    /// others are to be told of it now: they were not, or not for that many days.
    pub fn add(&mut self, key: UsageKey, cap: usize, day: u16, tell_days: Option<u16>) -> bool {
        let at = match self.find(key) {
            Ok(at) => at,
            Err(at) => {
                let at = self.make_room(key, cap, at);
                self.entries.insert(at, Used { key, count: 0, told: 0 });
                at
            }
        };
        let Some(used) = self.entries.get_mut(at) else { return false };
        used.count = used.count.saturating_add(USE as u16);
        let is_due = tell_days.is_some_and(|it| day.saturating_sub(used.told) >= it);
        if is_due {
            used.told = day;
        }
        is_due
    }

    /// Lets counts fade up to a week since 1970.
    pub fn fade_to(&mut self, week: u16) {
        let passed = if self.week == 0 { 0 } else { week.saturating_sub(self.week) };
        self.week = self.week.max(week);
        for _ in 0..passed.min(60) {
            for it in &mut self.entries {
                it.count = ((u32::from(it.count) * WEEK + (1 << 15)) >> 16) as u16;
            }
        }
        if passed > 0 {
            self.entries.retain(|it| it.count >= FORGOTTEN);
        }
    }

    /// Values that are kept, of all attributes.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn find(&self, key: UsageKey) -> Result<usize, usize> {
        self.entries.binary_search_by_key(&key, |it| it.key)
    }

    fn of(&self, attribute: u8) -> &[Used] {
        let first = self.entries.partition_point(|it| it.key.attribute() < attribute);
        let rest = self.entries.get(first..).unwrap_or(&[]);
        let length = rest.partition_point(|it| it.key.attribute() == attribute);
        rest.get(..length).unwrap_or(&[])
    }

    /// Drops the least used value of a full attribute. Returns where the new one goes.
    fn make_room(&mut self, key: UsageKey, cap: usize, at: usize) -> usize {
        let mates = self.of(key.attribute());
        if mates.len() < cap.max(1) {
            return at;
        }
        let least = mates.iter().min_by_key(|it| (it.count, it.key)).map(|it| it.key);
        if let Some(Ok(gone)) = least.map(|it| self.find(it)) {
            self.entries.remove(gone);
            return at - usize::from(gone < at);
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::restored;

    fn key(attribute: u8, value: u64) -> UsageKey {
        UsageKey::new(attribute, value << 40)
    }

    #[test]
    fn attributes_do_not_mix() {
        let mut usage = Usage::default();
        for value in 0..5 {
            usage.add(key(1, value), 8, 100, Some(20));
            usage.add(key(2, value + 1), 8, 100, Some(20));
        }
        usage.add(key(1, 3), 8, 100, Some(20));
        let level = usage.level(key(1, 3));
        assert_eq!((level.count, level.total), (128, 6 * 64));
        assert_eq!(usage.level(key(2, 0)).count, 0);
        assert_eq!(usage.level(key(2, 0)).total, 5 * 64);
        assert_eq!(usage.level(key(3, 0)), Level::default());
        assert_eq!(restored(&usage), usage);
    }

    #[test]
    fn the_least_used_value_goes() {
        let mut usage = Usage::default();
        for value in [1, 1, 2, 3, 3] {
            usage.add(key(4, value), 3, 1, Some(20));
        }
        usage.add(key(4, 9), 3, 1, Some(20));
        assert_eq!((usage.count(key(4, 2)), usage.count(key(4, 1)), usage.len()), (0, 128, 3));
    }

    #[test]
    fn counts_halve_in_a_month_and_are_forgotten_in_the_end() {
        let mut usage = Usage::default();
        usage.fade_to(2900);
        for _ in 0..100 {
            usage.add(key(0, 1), 8, 1, Some(20));
        }
        usage.add(key(0, 2), 8, 1, Some(20));
        usage.fade_to(2904);
        let left = usage.count(key(0, 1));
        assert!((3300..3400).contains(&left), "{left} of 6400 after 28 days");
        usage.fade_to(2904 + 60);
        assert!(usage.is_empty());
    }

    #[test]
    fn others_are_told_once_in_a_while() {
        let mut usage = Usage::default();
        let told: Vec<bool> = [20_000, 20_000, 20_010, 20_020, 20_021]
            .map(|day| usage.add(key(0, 7), 8, day, Some(20)))
            .to_vec();
        assert_eq!(told, [true, false, false, true, false]);
        assert!(
            !usage.add(key(0, 8), 8, 20_000, None) && usage.add(key(0, 8), 8, 20_000, Some(20))
        );
    }

    #[test]
    fn an_entry_takes_eight_bytes() {
        assert_eq!(size_of::<Used>(), 8);
    }
}
