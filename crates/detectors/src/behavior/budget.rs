//! Learning, and how many findings an account can bear.

use engine::model::AccountId;
use engine::{Context, Out, Profile};

use super::history::History;
use super::score::rarity;

/// What a family counts for its budget and its learning.
pub(crate) struct Counts {
    /// Calls by account.
    pub(crate) events: Profile,
    /// Identity-days, and by bucket of score those whose worst score reached it.
    pub(crate) days: Profile,
    /// Windows of the organization by class and age of the identity and what was called.
    pub(crate) whats: Profile,
}

/// Width of a bucket of scores, in thousandths.
const STEP: u32 = 50;
const BUCKETS: u32 = 100;
/// The key under which identity-days are counted.
const DAYS_KEY: u64 = 1 << 32;
/// Findings in the two weeks that are looked back at which no account is too small for.
const LEAST_BUDGET: u64 = 7;
/// Buckets of what was called.
const WHATS: u32 = 32;

/// The settings that raising depends on.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) learning_days: u32,
    pub(crate) min_events: u64,
    pub(crate) floor: u32,
    pub(crate) budget_per_mille: u32,
}

impl Counts {
    /// Whether enough is known of the account. The last day does not count: it may be that of an attack.
    pub(crate) fn is_learnt(&self, hour: i64, bounds: Bounds, ctx: &Context<'_>) -> bool {
        let account = ctx.entity.account;
        let Some(summary) = ctx.profiles.summary(&self.events, account) else { return false };
        hour - summary.first_hour >= i64::from(bounds.learning_days) * 24
            && summary.total >= bounds.min_events
            && summary.total - self.events_of_a_day(hour, ctx) >= bounds.min_events
    }

    fn events_of_a_day(&self, hour: i64, ctx: &Context<'_>) -> u64 {
        ctx.profiles.count_in_hours(&self.events, ctx.entity.account, 0, hour - 23..hour + 1)
    }

    /// The score from which on a finding is raised: the floor, or more where that would be more findings than the
    /// budget allows.
    pub(crate) fn threshold(&self, bounds: Bounds, ctx: &Context<'_>) -> u32 {
        let days = ctx.profiles.of(&self.days);
        let count = |key| days.map_or(0, |it| it.count(ctx.entity.account, key));
        let budget = count(DAYS_KEY) * u64::from(bounds.budget_per_mille) / 1000;
        let budget = budget.max(LEAST_BUDGET);
        let first = bounds.floor.div_ceil(STEP);
        let bucket = (first..BUCKETS).find(|it| count(u64::from(*it)) <= budget);
        bucket.map_or(BUCKETS * STEP, |it| if it == first { bounds.floor } else { it * STEP })
    }

    /// Counts a window that is over.
    pub(crate) fn count(
        &'static self,
        history: &mut History,
        (hour, events): (i64, u32),
        (score, floor): (u32, u32),
        out: &mut Out<'_>,
    ) {
        out.teach(&self.events, 0, u64::from(events));
        let day = hour / 24;
        if history.worst.0 != day {
            history.worst = (day, 0);
            out.teach(&self.days, DAYS_KEY, 1);
        }
        let first = floor.div_ceil(STEP);
        let reached = (score / STEP).min(BUCKETS - 1);
        if reached > history.worst.1 {
            for bucket in (history.worst.1 + 1).max(first)..=reached {
                out.teach(&self.days, u64::from(bucket), 1);
            }
            history.worst.1 = reached;
        }
    }

    /// Counts what was called in a window.
    pub(crate) fn count_what(
        &'static self,
        class: u8,
        age_days: i64,
        what: u32,
        out: &mut Out<'_>,
    ) {
        out.teach_organization(&self.whats, whats_key(class, age_days, what_bucket(what)), 1);
    }

    /// How rare it is that so surprising things are called, among identities of the class and age; thousandths of
    /// a decimal digit.
    pub(crate) fn rarity(&self, class: u8, age_days: i64, what: u32, ctx: &Context<'_>) -> u32 {
        let bucket = what_bucket(what);
        let Some(whats) = ctx.profiles.of(&self.whats).filter(|_| bucket != 0) else { return 0 };
        let count = |it| whats.count(AccountId::UNKNOWN, whats_key(class, age_days, it));
        let tail: u64 = (bucket..WHATS).map(count).sum();
        let rest: u64 = (0..bucket).map(count).sum();
        rarity(tail, tail + rest)
    }
}

fn what_bucket(what: u32) -> u32 {
    (what / STEP).min(WHATS - 1)
}

fn whats_key(class: u8, age_days: i64, bucket: u32) -> u64 {
    let age = match age_days {
        ..1 => 0,
        1..3 => 1,
        3..7 => 2,
        _ => 3,
    };
    u64::from(class) << 16 | age << 8 | u64::from(bucket)
}
