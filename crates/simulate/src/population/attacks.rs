//! What is injected into the population's days, and when.

use crate::random::Random;

use super::actors::{Actor, Sort};
use super::vocabulary::{CHAINS, is_global};

/// What an injection looks like.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// Hosting network, strange user agent, foreign calls.
    Noisy,
    /// Another home network, the usual user agent, foreign calls.
    Medium,
    /// Usual network and user agent: only the calls are foreign.
    Inplace,
    /// Hosting network, the identity's own calls.
    CredOnly,
    /// One attribute alone: a country that nobody comes from.
    Country,
    /// One attribute alone: a VPN that a list names.
    Anonymizing,
    /// One attribute alone: an hour at which the person never works.
    Hour,
    /// One attribute alone: a Region that nobody works in.
    Region,
    /// One attribute alone: a launch of many large instances of a new image.
    Launch,
    /// One attribute alone: a bucket that the identity never read.
    Bucket,
    /// One attribute alone: a burst of failed calls.
    Failures,
}

impl Level {
    /// All of them: levels, then single attributes.
    pub const ALL: [Level; 11] = [
        Level::Noisy,
        Level::Medium,
        Level::Inplace,
        Level::CredOnly,
        Level::Country,
        Level::Anonymizing,
        Level::Hour,
        Level::Region,
        Level::Launch,
        Level::Bucket,
        Level::Failures,
    ];
    /// How many of these are levels.
    pub const LEVELS: usize = 4;

    /// The name that tables show.
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Noisy => "noisy",
            Level::Medium => "medium",
            Level::Inplace => "inplace",
            Level::CredOnly => "credonly",
            Level::Country => "country",
            Level::Anonymizing => "anonymizing",
            Level::Hour => "hour",
            Level::Region => "region",
            Level::Launch => "launch",
            Level::Bucket => "bucket",
            Level::Failures => "failures",
        }
    }
}

/// An injected attack.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Injection {
    /// What it looks like.
    pub level: Level,
    /// The account.
    pub account: String,
    /// The identity, as Guardpost names it.
    pub identity: String,
    /// Seconds since 1970 of the first call.
    pub at: i64,
    /// The hours since 1970 in which its calls lie.
    pub hours: Vec<i64>,
    pub(super) actor: usize,
    pub(super) chain: usize,
}

/// The first day that attacks are injected on: the default learning is over.
pub(super) const FIRST_DAY: i64 = 16;
/// Injections of each level, and of each attribute alone.
const COUNTS: (usize, usize) = (15, 4);

/// Plans the attacks of a population.
pub(super) fn plan(random: &mut Random, actors: &[Actor], start: i64, days: i64) -> Vec<Injection> {
    let mut planned = Vec::new();
    for (number, level) in Level::ALL.into_iter().enumerate() {
        let count = if number < Level::LEVELS { COUNTS.0 } else { COUNTS.1 };
        let mut tries = 0;
        let mut made = 0;
        while made < count && tries < 10_000 {
            tries += 1;
            let at = random.between(0, actors.len() as u64) as usize;
            let Some(actor) = actors.get(at) else { continue };
            let day = random.secs(FIRST_DAY as u32, days as u32);
            if !fits(actor, level, day) {
                continue;
            }
            let hour = match level {
                Level::Hour => (actor.begins + 16 + random.secs(0, 3)) % 24,
                _ if actor.sort == Sort::Person => actor.begins + random.secs(1, 8),
                _ => random.secs(0, 24),
            };
            let weekend = (start / 86_400 + day + 3).rem_euclid(7) >= 5;
            if actor.sort == Sort::Person && weekend {
                continue;
            }
            let at_secs = start + day * 86_400 + (hour % 24) * 3600 + random.secs(0, 1500);
            planned.push(Injection {
                level,
                account: actor.account.to_owned(),
                identity: actor.identity(),
                at: at_secs,
                hours: vec![at_secs / 3600],
                actor: at,
                chain: random.between(0, CHAINS.len() as u64) as usize,
            });
            made += 1;
        }
    }
    planned.sort_by_key(|it| (it.at, it.actor));
    planned
}

/// Whether an attack of the level can be told from what the actor does.
fn fits(actor: &Actor, level: Level, day: i64) -> bool {
    let is_settled = actor.first_day + 7 <= day;
    let is_regular = matches!(actor.sort, Sort::Person | Sort::Service);
    is_settled
        && is_regular
        && match level {
            Level::Launch => actor.launches.is_some(),
            Level::Hour => actor.sort == Sort::Person,
            Level::Bucket => !actor.buckets.is_empty(),
            Level::Anonymizing => !actor.has_vpn,
            Level::Region => actor.habits.iter().any(|it| !is_global(it.0)),
            _ => true,
        }
}
