//! What is remembered of one identity, and what it says of a value.

use engine::model::AccountId;
use engine::stats::backoff::{Level, probabilities, surprise};
use engine::stats::{Usage, UsageKey};
use engine::{Context, Out};
use serde::{Deserialize, Serialize};

use super::attribute::{Attribute, TELL_DAYS, Users};
use super::values::Text;

/// Weight of the levels behind the identity, its account and the organization, in uses.
const WEIGHTS: [u64; 3] = [1, 2, 3];
/// Windows that are held back from learning, and values in them.
const HELD_MAX: usize = 24;
const HELD_KEYS_MAX: usize = 128;
/// Bytes of a name that is kept.
const NAME_MAX: usize = 40;

/// What is remembered of one identity.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct History {
    /// The hour of the first call, since 1970; 0 if there was none.
    pub(crate) first_hour: i64,
    pub(crate) usage: Usage,
    names: Vec<Name>,
    held: Vec<Held>,
    /// The day that was counted last for the budget, and the bucket of its worst score.
    pub(crate) worst: (i64, u32),
}

/// A value with the text that people know it by.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Name {
    key: UsageKey,
    text: Box<str>,
}

/// Values of a window that alerted: an intruder's ways must not become usual.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Held {
    until: i64,
    keys: Vec<(u8, UsageKey)>,
}

/// How usual a value is to the identity, in its account and in the organization.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Usual {
    /// Hours in which the identity used it, and identities of the account and organization that do.
    pub(crate) counts: [u64; 3],
    /// All hours, and all identities' values.
    pub(crate) totals: [u64; 3],
    /// Probabilities at the three levels, in parts of 2^32.
    pub(crate) probabilities: [u64; 3],
    /// Thousandths.
    pub(crate) surprise: u32,
}

impl History {
    /// Days since the first call.
    pub(crate) fn age_days(&self, hour: i64) -> i64 {
        if self.first_hour == 0 { 0 } else { (hour - self.first_hour).max(0) / 24 }
    }

    /// How usual a value is.
    pub(crate) fn judge(
        &self,
        users: &'static Users,
        attribute: Attribute,
        key: UsageKey,
        ctx: &Context<'_>,
    ) -> Usual {
        let about = attribute.about();
        let own = self.usage.level(key);
        let profile = ctx.profiles.of(&users[attribute as usize]);
        let shared = |account: AccountId| {
            let known = profile.and_then(|it| Some((it, it.summary(account)?)));
            let Some((profile, summary)) = known else { return (Level::default(), [0, 0]) };
            let count = profile.count(account, key.number());
            (Level::of_uses(count, summary.total, summary.keys), [count, summary.total])
        };
        let (account, in_account) = shared(ctx.entity.account);
        let (all, in_all) = shared(AccountId::UNKNOWN);
        let levels = [(own, WEIGHTS[0]), (account, WEIGHTS[1]), (all, WEIGHTS[2])];
        let probabilities = probabilities(levels, about.kinds);
        let uses = |count: u64| count.div_ceil(u64::from(engine::stats::backoff::USE));
        Usual {
            counts: [uses(own.count), in_account[0], in_all[0]],
            totals: [uses(own.total), in_account[1], in_all[1]],
            probabilities,
            surprise: surprise(probabilities[0], about.full_bits),
        }
    }

    /// Learns the values of a window, and teaches them to the account and the organization unless they are for the
    /// identity alone.
    pub(crate) fn learn(
        &mut self,
        keys: &[(u8, UsageKey)],
        users: &'static Users,
        (hour, is_taught): (i64, bool),
        out: &mut Out<'_>,
    ) {
        let day = u16::try_from(hour / 24).unwrap_or(0);
        self.usage.fade_to(day / 7);
        for &(cap, key) in keys {
            if self.usage.add(key, usize::from(cap), day, is_taught.then_some(TELL_DAYS))
                && let Some(profile) = users.get(usize::from(key.attribute()))
            {
                out.teach(profile, key.number(), 1);
                out.teach_organization(profile, key.number(), 1);
            }
        }
    }

    /// Holds the values of a window back until an hour.
    pub(crate) fn hold(&mut self, mut keys: Vec<(u8, UsageKey)>, until: i64) {
        let taken: usize = self.held.iter().map(|it| it.keys.len()).sum();
        if self.held.len() >= HELD_MAX || taken >= HELD_KEYS_MAX {
            return;
        }
        keys.retain(|(_, key)| {
            self.held.iter().all(|it| it.keys.iter().all(|(_, held)| held != key))
        });
        keys.truncate(HELD_KEYS_MAX - taken);
        if !keys.is_empty() {
            self.held.push(Held { until, keys });
        }
    }

    /// Learns what was held back long enough; all of it if somebody said that it is nothing.
    pub(crate) fn release(
        &mut self,
        users: &'static Users,
        hour: i64,
        is_all: bool,
        out: &mut Out<'_>,
    ) {
        if self.held.is_empty() {
            return;
        }
        let (due, held) =
            std::mem::take(&mut self.held).into_iter().partition(|it| is_all || it.until <= hour);
        self.held = held;
        let due: Vec<Held> = due;
        for it in due {
            // What alerted once and nobody judged is no reason to trust others with it.
            self.learn(&it.keys, users, (hour, is_all), out);
        }
    }

    /// Forgets what was held back: somebody said that it was an attack.
    pub(crate) fn drop_held(&mut self) {
        self.held.clear();
    }

    /// Keeps the name of a value that is used, if there is room or it is used much more than another one.
    pub(crate) fn name(&mut self, attribute: Attribute, key: UsageKey, text: &Text<'_>) {
        let most = attribute.about().names;
        if most == 0 || self.names.iter().any(|it| it.key == key) {
            return;
        }
        let mates = self.names.iter().filter(|it| it.key.attribute() == key.attribute());
        if mates.clone().count() >= most {
            let least = mates.min_by_key(|it| (self.usage.count(it.key), it.key));
            let Some(least) = least.map(|it| it.key) else { return };
            if self.usage.count(key) <= self.usage.count(least) * 3 / 2 {
                return;
            }
            self.names.retain(|it| it.key != least);
        }
        let text = text.to_string();
        let text = text.get(..text.floor_char_boundary(NAME_MAX)).unwrap_or("");
        self.names.push(Name { key, text: text.into() });
    }

    /// The values of an attribute that the identity uses most and whose names are kept, with the hours in which it
    /// used them, the most used first.
    pub(crate) fn usual(&self, attribute: Attribute) -> Vec<(&str, u32)> {
        let of = self.names.iter().filter(|it| it.key.attribute() == attribute as u8);
        let mut usual: Vec<(&str, u32)> = of
            .map(|it| (&*it.text, self.usage.count(it.key).div_ceil(engine::stats::backoff::USE)))
            .filter(|(_, count)| *count > 0)
            .collect();
        usual.sort_unstable_by_key(|&(text, count)| (std::cmp::Reverse(count), text));
        usual
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_what_is_used_most_are_kept() {
        let mut history = History::default();
        for value in 0..20u64 {
            let key = UsageKey::new(Attribute::Country as u8, value << 40);
            for _ in 0..=value {
                history.usage.add(key, 32, 100, None);
                history.name(Attribute::Country, key, &Text::Own(format!("country {value}")));
            }
        }
        let usual = history.usual(Attribute::Country);
        assert_eq!(usual.len(), 3);
        assert!(usual.iter().all(|it| it.1 >= 10), "{usual:?}");
    }

    #[test]
    fn what_is_held_back_is_bounded() {
        let mut history = History::default();
        for window in 0..100u64 {
            let keys = (0..9).map(|it| (8, UsageKey::new(0, (window * 9 + it) << 40))).collect();
            history.hold(keys, 10);
        }
        let held: usize = history.held.iter().map(|it| it.keys.len()).sum();
        assert!(held <= HELD_KEYS_MAX && history.held.len() <= HELD_MAX);
        history.drop_held();
        assert!(history.held.is_empty());
    }
}
