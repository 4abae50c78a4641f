//! What is usual in an account: integer counts by closed hours.
//!
//! Detectors teach while an hour is open and read closed hours only, so what they read does not depend on
//! the order in which entities are worked on. Sums are integers: the order of merging cannot matter.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use model::{AccountId, hash64};
use serde::{Deserialize, Serialize, Serializer};

/// A question that lessons answer, such as "how many hosts ask for this name".
#[derive(Debug)]
pub struct Profile {
    /// Unique name, such as `dns/hosts_by_domain`.
    pub name: &'static str,
    /// Closed hours that are kept.
    pub hours: u16,
    /// Most keys that are kept of one hour; those with the largest counts stay, ties by key.
    pub keys: usize,
}

type Key = (AccountId, u64);

/// What was taught and not yet merged, by hour and profile.
#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Lessons {
    hours: BTreeMap<i64, BTreeMap<u64, Taught>>,
    /// Lessons for hours that had closed already.
    pub(crate) late: u64,
    closed: i64,
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Taught {
    hours: u16,
    keys: usize,
    counts: BTreeMap<Key, u64>,
}

impl Lessons {
    pub(crate) fn add(
        &mut self,
        profile: &Profile,
        hour: i64,
        account: AccountId,
        key: u64,
        amount: u64,
    ) {
        if hour < self.closed {
            self.late += 1;
            return;
        }
        let taught = self.hours.entry(hour).or_default().entry(hash64(profile.name.as_bytes()));
        let taught = taught.or_insert_with(|| Taught {
            hours: profile.hours,
            keys: profile.keys,
            counts: BTreeMap::new(),
        });
        *taught.counts.entry((account, key)).or_default() += amount;
    }

    /// The earliest hour that something was taught in.
    pub(crate) fn next_hour(&self) -> Option<i64> {
        self.hours.keys().next().copied()
    }

    /// Says that all hours before this one are closed.
    pub(crate) fn close_before(&mut self, hour: i64) {
        self.closed = self.closed.max(hour);
    }

    fn take(&mut self, hour: i64) -> BTreeMap<u64, Taught> {
        self.close_before(hour + 1);
        self.hours.remove(&hour).unwrap_or_default()
    }
}

/// Closed hours of every profile.
#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Profiles {
    profiles: BTreeMap<u64, Closed>,
}

/// The closed hours of one profile.
#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Closed {
    hours: VecDeque<(i64, BTreeMap<Key, u64>)>,
    #[serde(serialize_with = "in_order")]
    totals: HashMap<Key, u64, FixedState>,
    accounts: BTreeMap<AccountId, Summary>,
}

/// What a profile holds of an account.
#[derive(Default, Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// Sum of the counts of all keys.
    pub total: u64,
    /// Number of keys.
    pub keys: u64,
    /// The first closed hour in which anything was taught, ever.
    pub first_hour: i64,
}

/// Equal states give equal bytes: a map lies in memory as it grew.
fn in_order<S: Serializer>(
    totals: &HashMap<Key, u64, FixedState>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut totals: Vec<(&Key, &u64)> = totals.iter().collect();
    totals.sort_unstable();
    serializer.collect_map(totals)
}

impl Profiles {
    /// The profile's closed hours, for whoever asks it several things at a time; none if it was never taught.
    pub fn of(&self, profile: &Profile) -> Option<&Closed> {
        self.profiles.get(&hash64(profile.name.as_bytes()))
    }

    /// The count of `key` over all closed hours that the profile keeps.
    pub fn count(&self, profile: &Profile, account: AccountId, key: u64) -> u64 {
        self.of(profile).map_or(0, |it| it.count(account, key))
    }

    /// The count of `key` in one closed hour.
    pub fn count_in_hour(&self, profile: &Profile, account: AccountId, key: u64, hour: i64) -> u64 {
        self.count_in_hours(profile, account, key, hour..hour + 1)
    }

    /// The count of `key` in some closed hours.
    pub fn count_in_hours(
        &self,
        profile: &Profile,
        account: AccountId,
        key: u64,
        hours: Range<i64>,
    ) -> u64 {
        self.of(profile).map_or(0, |it| it.count_in_hours(account, key, hours))
    }

    /// What is known of an account in all closed hours that the profile keeps; none if it was never taught of.
    pub fn summary(&self, profile: &Profile, account: AccountId) -> Option<Summary> {
        self.of(profile).and_then(|it| it.summary(account))
    }

    /// Closes an hour: merges what every key group was taught in it.
    pub(crate) fn close<'a>(&mut self, hour: i64, lessons: impl Iterator<Item = &'a mut Lessons>) {
        let mut merged: BTreeMap<u64, Taught> = BTreeMap::new();
        for lessons in lessons {
            for (name, taught) in lessons.take(hour) {
                let sum = merged.entry(name).or_default();
                (sum.hours, sum.keys) = (taught.hours, taught.keys);
                for (key, amount) in taught.counts {
                    *sum.counts.entry(key).or_default() += amount;
                }
            }
        }
        for (name, taught) in merged {
            self.profiles.entry(name).or_default().push(hour, taught);
        }
        for closed in self.profiles.values_mut() {
            closed.forget(hour);
        }
    }
}

impl Closed {
    /// The count of `key` over all hours that are kept.
    pub fn count(&self, account: AccountId, key: u64) -> u64 {
        self.totals.get(&(account, key)).copied().unwrap_or(0)
    }

    /// The count of `key` in some hours.
    pub fn count_in_hours(&self, account: AccountId, key: u64, hours: Range<i64>) -> u64 {
        let begin = self.hours.partition_point(|(it, _)| *it < hours.start);
        let found = self.hours.range(begin..).take_while(|(it, _)| *it < hours.end);
        found.filter_map(|(_, counts)| counts.get(&(account, key))).sum()
    }

    /// What is known of an account in all hours that are kept; none if the profile was never taught of it.
    pub fn summary(&self, account: AccountId) -> Option<Summary> {
        self.accounts.get(&account).copied()
    }

    fn push(&mut self, hour: i64, taught: Taught) {
        let mut counts = taught.counts;
        if counts.len() > taught.keys {
            let mut by_count: Vec<(Key, u64)> = counts.into_iter().collect();
            by_count.sort_unstable_by_key(|&(key, count)| (std::cmp::Reverse(count), key));
            by_count.truncate(taught.keys);
            counts = by_count.into_iter().collect();
        }
        for (&key, &count) in &counts {
            let total = self.totals.entry(key).or_default();
            let account = self
                .accounts
                .entry(key.0)
                .or_insert(Summary { first_hour: hour, ..Summary::default() });
            account.keys += u64::from(*total == 0 && count > 0);
            account.total += count;
            *total += count;
        }
        self.hours.push_back((hour, counts));
        while self.hours.len() > taught.hours as usize {
            self.drop_oldest();
        }
    }

    /// Hours pass in quiet accounts as well: an hour older than a year has no meaning left.
    fn forget(&mut self, now: i64) {
        const YEAR_HOURS: i64 = 366 * 24;
        while self.hours.front().is_some_and(|(hour, _)| *hour < now - YEAR_HOURS) {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let Some((_, counts)) = self.hours.pop_front() else { return };
        for (key, count) in counts {
            let Some(total) = self.totals.get_mut(&key) else { continue };
            *total = total.saturating_sub(count);
            let is_gone = *total == 0;
            if is_gone {
                self.totals.remove(&key);
            }
            if let Some(account) = self.accounts.get_mut(&key.0) {
                account.total = account.total.saturating_sub(count);
                account.keys = account.keys.saturating_sub(u64::from(is_gone));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTS: Profile = Profile { name: "test/hosts", hours: 2, keys: 3 };

    fn account() -> AccountId {
        AccountId::new(111_122_223_333).unwrap()
    }

    fn taught(hour: i64, keys: &[(u64, u64)]) -> Lessons {
        let mut lessons = Lessons::default();
        for &(key, amount) in keys {
            lessons.add(&HOSTS, hour, account(), key, amount);
        }
        lessons
    }

    #[test]
    fn equal_profiles_give_equal_bytes() {
        let of = |keys: &mut dyn Iterator<Item = u64>| {
            let mut profiles = Profiles::default();
            for key in keys {
                let mut lessons = taught(0, &[(key, 1)]);
                let closed = profiles.profiles.entry(hash64(HOSTS.name.as_bytes())).or_default();
                let taught = lessons.take(0).remove(&hash64(HOSTS.name.as_bytes())).unwrap();
                for (key, count) in taught.counts {
                    closed.totals.insert(key, count);
                }
            }
            postcard::to_allocvec(&profiles).unwrap()
        };
        assert_eq!(of(&mut (0..100)), of(&mut (0..100).rev()));
    }

    #[test]
    fn open_hours_are_not_read() {
        let mut profiles = Profiles::default();
        let mut lessons = taught(5, &[(1, 2)]);
        assert_eq!(profiles.count(&HOSTS, account(), 1), 0);
        profiles.close(5, [&mut lessons].into_iter());
        assert_eq!(profiles.count(&HOSTS, account(), 1), 2);
        assert_eq!(profiles.count_in_hour(&HOSTS, account(), 1, 5), 2);
    }

    #[test]
    fn key_groups_add_up_and_old_hours_are_forgotten() {
        let mut profiles = Profiles::default();
        for hour in 0..4 {
            let (mut a, mut b) = (taught(hour, &[(1, 1)]), taught(hour, &[(1, 10)]));
            profiles.close(hour, [&mut a, &mut b].into_iter());
        }
        assert_eq!(profiles.count(&HOSTS, account(), 1), 22);
        let in_hours = |hours| profiles.count_in_hours(&HOSTS, account(), 1, hours);
        assert_eq!([in_hours(0..2), in_hours(0..3), in_hours(2..4)], [0, 11, 22]);
    }

    #[test]
    fn an_account_is_summed_up() {
        let mut profiles = Profiles::default();
        assert_eq!(profiles.summary(&HOSTS, account()), None);
        for hour in 3..7 {
            let mut lessons = taught(hour, &[(1, 2), (hour as u64 * 10, 1)]);
            profiles.close(hour, [&mut lessons].into_iter());
        }
        let summary = Summary { total: 6, keys: 3, first_hour: 3 };
        assert_eq!(profiles.summary(&HOSTS, account()), Some(summary));
    }

    #[test]
    fn the_largest_counts_stay_when_an_hour_is_full() {
        let mut profiles = Profiles::default();
        let mut lessons = taught(0, &[(1, 5), (2, 1), (3, 9), (4, 5)]);
        profiles.close(0, [&mut lessons].into_iter());
        let counts: Vec<u64> = (1..=4).map(|key| profiles.count(&HOSTS, account(), key)).collect();
        assert_eq!(counts, [5, 0, 9, 5]);
    }

    #[test]
    fn lessons_for_a_closed_hour_are_counted_not_learnt() {
        let mut profiles = Profiles::default();
        let mut lessons = taught(0, &[(1, 1)]);
        profiles.close(0, [&mut lessons].into_iter());
        lessons.add(&HOSTS, 0, account(), 1, 1);
        assert_eq!(lessons.late, 1);
        profiles.close(1, [&mut lessons].into_iter());
        assert_eq!(profiles.count(&HOSTS, account(), 1), 1);
    }
}
