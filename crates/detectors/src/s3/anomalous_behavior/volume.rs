//! How many calls of a kind there are in a day, against earlier days.

use engine::stats::{BoundedMap, Histogram};
use engine::{Context, Out, Profile};
use serde::{Deserialize, Serialize};

use crate::behavior::score::excess;

/// Days that nearly all earlier ones are: the highest of them is what is usual.
const USUAL_PER_MILLE: u32 = 950;
/// Earlier days from which on a count can be unusual.
const LEAST_DAYS: u64 = 7;
/// Buckets whose days are remembered of one identity.
const BUCKETS_MAX: usize = 16;
/// Days after which earlier counts have half their weight.
const HALF_DAYS: i64 = 30;

/// Calls by bucket, of all identities, an hour at a time.
static CALLS: Profile = Profile { name: "behavior_s3/calls", hours: 14 * 24, keys: 8192 };

/// The days of an identity.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Volume {
    day: i64,
    all: Days,
    buckets: BoundedMap<Days, BUCKETS_MAX>,
}

/// Counts of calls by kind: of today and of earlier days.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Days {
    today: [u32; KINDS],
    /// Of the kind that is counted most, all earlier days; days without calls count only between others.
    earlier: Histogram,
    day: i64,
    first_day: i64,
}

/// Kinds of calls.
pub(crate) const KINDS: usize = 5;

/// A count that is unusual.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Unusual {
    pub(crate) what: &'static str,
    /// GuardDuty's name of the profile.
    pub(crate) member: &'static str,
    pub(crate) count: u64,
    pub(crate) usual: u64,
    /// Thousandths.
    pub(crate) surprise: u32,
}

impl Days {
    fn turn(&mut self, day: i64) {
        if self.first_day == 0 {
            self.first_day = day;
            self.day = day;
        }
        if self.day < day {
            let most = self.today.iter().copied().max().unwrap_or(0);
            self.earlier.decay_to(u32::try_from(self.day / HALF_DAYS).unwrap_or(0));
            self.earlier.add(u64::from(most));
            (self.day, self.today) = (day, [0; KINDS]);
        }
    }

    fn add(&mut self, kind: usize, day: i64) -> u64 {
        self.turn(day);
        let Some(count) = self.today.get_mut(kind) else { return 0 };
        *count = count.saturating_add(1);
        u64::from(*count)
    }

    /// The highest count of nearly all earlier days, once there are enough.
    fn usual(&self) -> Option<u64> {
        let days = u64::try_from(self.day - self.first_day).unwrap_or(0);
        let highest = self.earlier.quantile(USUAL_PER_MILLE).unwrap_or(0);
        // A bucket of the histogram is up to a quarter wide.
        (days >= LEAST_DAYS).then_some(highest + highest / 4)
    }
}

impl Volume {
    /// Counts a call. Returns its number in the day, of the identity and of the identity and bucket.
    pub(crate) fn add(&mut self, kind: usize, bucket: u64, day: i64) -> [u64; 2] {
        self.day = self.day.max(day);
        let day = self.day;
        let all = self.all.add(kind, day);
        let now = u32::try_from(day).unwrap_or(0);
        [all, self.buckets.entry(bucket, now).0.add(kind, day)]
    }

    /// The counts of a kind of call that are unusual.
    pub(crate) fn unusual(
        &self,
        (kind, bucket): (usize, u64),
        (least, factor): (u64, u64),
        ctx: &Context<'_>,
        hour: i64,
    ) -> Vec<Unusual> {
        let mut found = Vec::new();
        let mut judge = |what, member, count: u64, usual: u64| {
            if count >= least && count > usual.saturating_mul(factor) {
                let surprise = excess(count, usual);
                found.push(Unusual { what, member, count, usual, surprise });
            }
        };
        let today = |days: &Days| days.today.get(kind).map_or(0, |it| u64::from(*it));
        if let Some(usual) = self.all.usual() {
            let member = "numberOfPast24HoursAPIsUserIdentityProfiling";
            judge("calls of the kind by the identity in the day", member, today(&self.all), usual);
        }
        // A bucket that the identity used on the first of its days only is judged by the identity's days.
        if let (Some(days), Some(_)) = (self.buckets.get(bucket), self.all.usual())
            && let Some(usual) = days.usual()
        {
            let member = "numberOfPast24HoursAPIsBucketUserIdentityProfiling";
            judge(
                "calls of the kind by the identity to the bucket in the day",
                member,
                today(days),
                usual,
            );
        }
        if let Some((now, usual)) = by_all(bucket, least, ctx, hour) {
            judge(
                "calls by all to the bucket in 24 hours",
                "numberOfPast24HoursAPIsBucketProfiling",
                now,
                usual,
            );
        }
        found
    }

    /// Tells the account how many calls an hour had.
    pub(crate) fn teach(out: &mut Out<'_>, bucket: u64, calls: u32) {
        out.teach(&CALLS, bucket, u64::from(calls));
    }
}

/// Calls by all to a bucket in 24 hours, and what is usual; none if they are fewer than `least` or too few days
/// are known.
fn by_all(bucket: u64, least: u64, ctx: &Context<'_>, hour: i64) -> Option<(u64, u64)> {
    let account = ctx.entity.account;
    let calls = ctx.profiles.of(&CALLS)?;
    let days = u64::try_from((hour - calls.summary(account)?.first_hour) / 24).unwrap_or(0).min(14);
    let all = calls.count(account, bucket);
    if days < LEAST_DAYS || all < least {
        return None;
    }
    let now = calls.count_in_hours(account, bucket, hour - 23..hour + 1);
    // The mean of days, not the highest of them: more has to come.
    Some((now, (all.saturating_sub(now) / (days - 1).max(1)).saturating_mul(3)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_of_earlier_days_is_usual_after_a_week() {
        let mut days = Days::default();
        for day in 100..110 {
            for _ in 0..40 {
                days.add(1, day);
            }
            assert_eq!(days.usual().is_some(), day >= 107, "day {day}");
        }
        assert_eq!(days.usual(), Some(50));
    }

    #[test]
    fn counts_begin_anew_each_day() {
        let mut volume = Volume::default();
        assert_eq!((volume.add(1, 7, 100), volume.add(1, 8, 100)), ([1, 1], [2, 1]));
        assert_eq!(volume.add(1, 7, 101), [1, 1]);
        assert_eq!(volume.add(1, 7, 100), [2, 2]);
    }
}
