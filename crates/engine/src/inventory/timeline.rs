//! The history of one object: changes in order of time and what was true after each.

use std::sync::Arc;

use model::Timestamp;
use serde::{Deserialize, Serialize};

/// Text shared between a change and the facts that follow from it. Empty when not known.
pub type Text = Arc<str>;

/// Most changes that are kept of one object; the oldest are folded into the base.
pub(super) const CHANGES_MAX: usize = 16;

/// What is known of an object at one time.
pub(super) trait Fact: Default + Clone + PartialEq {
    /// One piece of news about it.
    type Change: Clone + PartialEq;

    /// Takes the news in.
    fn apply(&mut self, change: &Self::Change);

    /// Whether `later`, taken in after `earlier`, leaves nothing of it.
    fn replaces(later: &Self::Change, earlier: &Self::Change) -> bool;
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Entry<F, C> {
    from: Timestamp,
    changes: Vec<C>,
    fact: F,
}

/// Facts by the time from which they hold.
///
/// The changes are kept beside the facts, so that one learnt late falls into its place in time and
/// everything after it is worked out again.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(bound(
    serialize = "F: Serialize, F::Change: Serialize",
    deserialize = "F: Deserialize<'de>, F::Change: Deserialize<'de>"
))]
pub(super) struct History<F: Fact> {
    /// What was true before the first entry; present once entries were folded.
    base: Option<Box<F>>,
    entries: Vec<Entry<F, F::Change>>,
}

impl<F: Fact> Default for History<F> {
    fn default() -> Self {
        History { base: None, entries: Vec::new() }
    }
}

impl<F: Fact> History<F> {
    /// Most changes of the same time that are kept.
    const SAME_TIME_MAX: usize = 64;

    /// Takes in what holds from a time on. Returns false if the time lies before what is kept.
    pub(super) fn learn(&mut self, from: Timestamp, changes: Vec<F::Change>) -> bool {
        if changes.is_empty() {
            return true;
        }
        let place = self.entries.partition_point(|entry| entry.from < from);
        if place == 0 && self.base.is_some() && self.entries.first().is_none_or(|e| e.from != from)
        {
            return false;
        }
        match self.entries.get_mut(place) {
            Some(entry) if entry.from == from => merge::<F>(&mut entry.changes, changes),
            _ => {
                // Most objects have one or two entries, and the tables are large.
                self.entries.reserve_exact(1);
                self.entries.insert(place, Entry { from, changes, fact: F::default() });
            }
        }
        self.work_out(place);
        while self.entries.len() > CHANGES_MAX {
            let oldest = self.entries.remove(0);
            self.base = Some(Box::new(oldest.fact));
        }
        true
    }

    fn work_out(&mut self, place: usize) {
        let mut fact = match place.checked_sub(1).and_then(|before| self.entries.get(before)) {
            Some(before) => before.fact.clone(),
            None => self.base.as_deref().cloned().unwrap_or_default(),
        };
        for entry in self.entries.iter_mut().skip(place) {
            for change in &entry.changes {
                fact.apply(change);
            }
            entry.fact = fact.clone();
        }
    }

    /// What was true at a time; nothing before the first change.
    pub(super) fn at(&self, at: Timestamp) -> Option<&F> {
        let after = self.entries.partition_point(|entry| entry.from <= at);
        match after.checked_sub(1) {
            Some(place) => self.entries.get(place).map(|entry| &entry.fact),
            None => self.base.as_deref(),
        }
    }

    /// What was true at a time, if it is so, and since when it is so without a break.
    pub(super) fn since(
        &self,
        at: Timestamp,
        is_so: impl Fn(&F) -> bool,
    ) -> Option<(Timestamp, &F)> {
        let fact = self.at(at).filter(|fact| is_so(fact))?;
        let after = self.entries.partition_point(|entry| entry.from <= at);
        let before = self.entries.iter().take(after).rev();
        let run = before.take_while(|entry| is_so(&entry.fact)).last();
        Some((run.map_or(Timestamp::MIN, |entry| entry.from), fact))
    }

    /// What was true at some time between two, both included.
    pub(super) fn between(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = &F> {
        let inside = self.entries.iter().filter(move |e| e.from > from && e.from <= to);
        self.at(from).into_iter().chain(inside.map(|entry| &entry.fact))
    }

    /// The time of the latest change.
    pub(super) fn changed(&self) -> Timestamp {
        self.entries.last().map_or(Timestamp::MIN, |entry| entry.from)
    }
}

fn merge<F: Fact>(kept: &mut Vec<F::Change>, later: Vec<F::Change>) {
    for change in later {
        kept.retain(|earlier| *earlier != change && !F::replaces(&change, earlier));
        kept.push(change);
    }
    let excess = kept.len().saturating_sub(History::<F>::SAME_TIME_MAX);
    kept.drain(..excess);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number that changes set or add to.
    #[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
    struct Total(i64);

    #[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
    enum Change {
        Set(i64),
        Add(i64),
    }

    impl Fact for Total {
        type Change = Change;

        fn apply(&mut self, change: &Change) {
            match change {
                Change::Set(number) => self.0 = *number,
                Change::Add(number) => self.0 += number,
            }
        }

        fn replaces(later: &Change, _earlier: &Change) -> bool {
            matches!(later, Change::Set(_))
        }
    }

    fn secs(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    #[test]
    fn what_is_learnt_late_changes_all_that_follows() {
        let mut history: History<Total> = History::default();
        assert!(history.learn(secs(30), vec![Change::Add(5)]));
        assert!(history.learn(secs(10), vec![Change::Set(100)]));
        assert!(history.learn(secs(20), vec![Change::Add(1)]));
        let seen: Vec<_> = [5, 10, 25, 30].map(|t| history.at(secs(t)).map(|f| f.0)).into();
        assert_eq!(seen, [None, Some(100), Some(101), Some(106)]);
        assert_eq!(history.changed(), secs(30));
        let between: Vec<i64> = history.between(secs(15), secs(30)).map(|f| f.0).collect();
        assert_eq!(between, [100, 101, 106]);
        assert_eq!(history.since(secs(40), |f| f.0 > 100), Some((secs(20), &Total(106))));
        assert_eq!(history.since(secs(40), |f| f.0 < 100), None);
    }

    #[test]
    fn the_oldest_changes_become_the_base() {
        let mut history: History<Total> = History::default();
        for n in 1..=40 {
            assert!(history.learn(secs(n), vec![Change::Add(1)]));
        }
        assert_eq!(history.entries.len(), CHANGES_MAX);
        assert_eq!(history.at(secs(40)), Some(&Total(40)));
        assert_eq!(history.at(secs(1)), Some(&Total(24)));
        assert!(!history.learn(secs(3), vec![Change::Add(1)]));
        assert!(history.learn(secs(35), vec![Change::Add(2)]));
        assert_eq!(history.at(secs(40)), Some(&Total(42)));
    }

    #[test]
    fn news_of_the_same_time_is_merged_and_bounded() {
        let mut history: History<Total> = History::default();
        for n in 0..200 {
            history.learn(secs(1), vec![Change::Add(n)]);
        }
        assert_eq!(history.entries.len(), 1);
        assert_eq!(history.entries[0].changes.len(), History::<Total>::SAME_TIME_MAX);
        history.learn(secs(1), vec![Change::Set(7)]);
        history.learn(secs(1), vec![Change::Set(7)]);
        assert_eq!(history.entries[0].changes, [Change::Set(7)]);
        assert_eq!(history.at(secs(1)), Some(&Total(7)));
    }
}
