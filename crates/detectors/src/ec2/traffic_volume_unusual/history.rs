//! What an interface usually sends: to all addresses together, and to those it sends much.

use engine::model::Addr;
use engine::stats::{BoundedMap, Histogram};
use serde::{Deserialize, Serialize};

use super::hour::Hour;

/// Addresses that are remembered, and for how long.
const KNOWN_MAX: usize = 64;
const MEMORY_SECS: u32 = 32 * 86_400;
/// Counts of hours halve after so many: a job of each week stays known.
const TURN_HOURS: u32 = 30 * 24;
/// Nearly all hours of an interface.
const USUAL_PER_MILLE: u32 = 999;
/// Hours that are held back from learning.
const HELD_MAX: usize = 24;

/// What an interface usually sends.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct History {
    /// The first hour and the latest that was judged, since 1970.
    first: u32,
    pub(super) closed: u32,
    /// Bytes in an hour to all addresses together.
    total: Histogram,
    known: BoundedMap<Known, KNOWN_MAX>,
    held: Vec<Held>,
}

/// An address that was sent much.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Known {
    /// Bytes in its largest hour.
    most: u64,
    /// The day that was taught last, since 1970.
    day: u32,
}

/// An hour that raised something: a thief's ways must not become usual.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Held {
    until: u32,
    sent: u64,
    peers: Vec<(u64, u64)>,
}

/// From where on bytes to an address in an hour are unusual.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Limit {
    pub(super) bytes: u64,
    /// What is usual at most, and what that is of.
    pub(super) usual: u64,
    pub(super) of: &'static str,
    /// Whether the address was sent much before.
    pub(super) is_known: bool,
}

impl History {
    /// Goes on to an hour: what was held back long enough is learnt.
    pub(super) fn begin(&mut self, hour: u32) {
        if self.first == 0 {
            self.first = hour;
        }
        self.closed = self.closed.max(hour);
        self.total.decay_to(1 + hour.saturating_sub(self.first) / TURN_HOURS);
        self.release(hour);
    }

    /// What is usual of an address.
    pub(super) fn limit(&self, remote: Addr, times: u64, floor: u64) -> Limit {
        let total = self.total.quantile(USUAL_PER_MILLE).unwrap_or(0);
        let known = self.known.get(remote.key());
        let (usual, of, least) = match known {
            Some(known) => (known.most, "bytes sent to the address in its largest hour", total),
            None => (total, "bytes sent to all addresses in 99.9 % of the hours", 0),
        };
        let bytes = usual.saturating_mul(times).max(least).max(floor);
        Limit { bytes, usual, of, is_known: known.is_some() }
    }

    /// Learns an hour. Gives the addresses that were sent `much`, each once a day.
    pub(super) fn learn(&mut self, hour: &Hour, much: u64) -> Vec<u64> {
        let peers = peers(hour, much);
        self.take(hour.number, hour.sent, &peers);
        let mut told = Vec::new();
        for (key, _) in peers {
            if let Some(known) = self.known.get_mut(key).filter(|it| it.day < hour.number / 24) {
                known.day = hour.number / 24;
                told.push(key);
            }
        }
        told
    }

    /// Holds an hour back for some hours.
    pub(super) fn hold(&mut self, hour: &Hour, much: u64, hours: u32) {
        if self.held.len() < HELD_MAX {
            let until = hour.number.saturating_add(hours);
            self.held.push(Held { until, sent: hour.sent, peers: peers(hour, much) });
        }
    }

    /// Learns what was held back until an hour.
    pub(super) fn release(&mut self, hour: u32) {
        let (due, held): (Vec<Held>, _) =
            std::mem::take(&mut self.held).into_iter().partition(|it| it.until <= hour);
        self.held = held;
        for it in due {
            self.take(self.closed, it.sent, &it.peers);
        }
    }

    /// Forgets what was held back: somebody said that it was an attack.
    pub(super) fn drop_held(&mut self) {
        self.held.clear();
    }

    fn take(&mut self, hour: u32, sent: u64, peers: &[(u64, u64)]) {
        self.total.add(sent);
        let now = hour.saturating_mul(3600);
        for &(key, bytes) in peers {
            let (known, _) = self.known.entry(key, now);
            known.most = known.most.max(bytes);
        }
        if !peers.is_empty() {
            let oldest = now.saturating_sub(MEMORY_SECS);
            self.known.retain(|_, last, _| last >= oldest);
        }
    }
}

/// The addresses that were sent much, and how much.
fn peers(hour: &Hour, much: u64) -> Vec<(u64, u64)> {
    let peers = hour.peers.iter().filter(|it| it.sent >= much);
    peers.map(|it| (it.remote.key(), it.sent)).collect()
}

#[cfg(test)]
mod tests {
    use engine::findings::EvidenceRef;
    use engine::model::{Origin, Timestamp};

    use super::super::hour::tests::flow;
    use super::*;

    const FLOOR: u64 = 1000;

    /// An hour in which addresses were sent something.
    fn hour(number: u32, sent: &[(u32, u64)]) -> Hour {
        let mut hour = Hour::new(number);
        for &(remote, bytes) in sent {
            hour.add(&flow(remote, bytes, true), u64::MAX, || EvidenceRef {
                time: Timestamp::from_secs(0),
                origin: Origin::default(),
            });
        }
        hour
    }

    fn learnt(hours: &[Hour]) -> History {
        let mut history = History::default();
        for hour in hours {
            history.begin(hour.number);
            history.learn(hour, FLOOR / 10);
        }
        history
    }

    fn limit(history: &History, remote: u32) -> u64 {
        history.limit(flow(remote, 0, true).remote, 10, FLOOR).bytes
    }

    #[test]
    fn an_address_is_measured_by_itself_and_others_by_all_together() {
        let history = learnt(&[hour(500_000, &[(1, 512), (2, 128)]), hour(500_001, &[(3, 10)])]);
        assert_eq!(limit(&history, 1), 5120);
        // Its own ten times are less than a floor or than what all are sent.
        assert_eq!(limit(&history, 2), 1280);
        // 640 bytes are the most that all were sent together; what an address was sent of little is not kept.
        assert_eq!((limit(&history, 3), limit(&history, 4)), (6400, 6400));
        assert_eq!(limit(&History::default(), 1), FLOOR);
    }

    #[test]
    fn a_job_of_each_week_stays_usual() {
        let weeks: Vec<Hour> =
            (0..8).map(|week| hour(500_000 + week * 168, &[(week, 100_000)])).collect();
        for weeks in (1..weeks.len()).map(|end| &weeks[..end]) {
            assert!(limit(&learnt(weeks), 99) > 900_000);
        }
    }

    #[test]
    fn what_raised_something_is_learnt_later_or_never() {
        let mut history = learnt(&[hour(500_000, &[(1, 200)])]);
        history.hold(&hour(500_001, &[(9, 50_000)]), 100, 24);
        let mut judged = history.clone();
        history.begin(500_024);
        assert_eq!(limit(&history, 9), 1920);
        history.begin(500_025);
        assert_eq!(limit(&history, 9), 500_000);
        judged.drop_held();
        judged.begin(500_025);
        assert_eq!(limit(&judged, 9), 1920);
    }
}
