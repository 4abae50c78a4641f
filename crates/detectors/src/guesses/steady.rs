//! Logins at the same seconds of each minute: machines that were there before the logs began, and guesses that
//! only look like them.
//!
//! A timer starts at the same second whatever its task takes, while guesses that wait for one another drift
//! through the minute. What begins with the logs, barely makes an alert and keeps to such a beat is held back: if
//! it goes on for hours it is a machine, and if it stops before it was an attack.

use engine::Connection;
use engine::stats::BoundedMap;
use serde::{Deserialize, Serialize};

use super::pair::Pair;
use super::success::Alerted;
use super::{Alert, Shape, State};

/// A pair that is seen within so many seconds of an interface's first record may be older than the logs.
pub(super) const START_SECS: u32 = 2 * 3600;
/// A beat that is kept for so long, seconds, is no guesser's.
const PROVEN_SECS: u32 = 2 * 3600;
/// Silence after which a beat has stopped, seconds.
const SILENT_SECS: u32 = 600;
/// Most seconds of the minute at which logins of a beat begin: two timers, each with a few seconds' leeway. Thirty
/// logins at any time begin at 24 different ones.
const BEAT_SECONDS: u32 = 10;
/// Pairs with a beat that are followed.
pub(super) const STEADY_MAX: usize = 64;

/// A pair that keeps to a beat.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Steady {
    /// Start of its first login, and the latest.
    since: u32,
    latest: u32,
    /// It has gone on for long enough.
    is_proven: bool,
    /// What is raised if it stops before.
    held: Option<Box<Held>>,
}

/// An alert that waits.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Held {
    connection: Connection,
    alert: Alert,
    alerted: Alerted,
}

/// Pairs that keep to a beat.
pub(super) type Beats = BoundedMap<Steady, STEADY_MAX>;

impl Pair {
    /// Whether the guesses since a time begin at the same seconds of the minute, in minutes of their own.
    pub(super) fn has_beat(&self, shape: &Shape, since: u32) -> bool {
        let (mut seconds, mut minutes) = (0u64, Vec::new());
        for login in self.guesses(shape, since) {
            seconds |= 1 << (login.first % 60);
            minutes.push(login.first / 60);
        }
        let logins = minutes.len();
        minutes.sort_unstable();
        minutes.dedup();
        minutes.len() * 3 >= logins * 2 && seconds.count_ones() <= BEAT_SECONDS
    }
}

impl Steady {
    fn go_on(&mut self, now: u32) {
        self.latest = self.latest.max(now);
        if now.saturating_sub(self.since) >= PROVEN_SECS {
            self.is_proven = true;
            self.held = None;
        }
    }
}

impl State {
    /// Notes a guess of a pair that is held back.
    pub(super) fn go_on(&mut self, key: u64, now: u32, shape: &Shape, since: u32) {
        let Some(steady) = self.steady.as_mut().filter(|it| it.get(key).is_some()) else { return };
        if self.pairs.get(key).is_some_and(|it| it.has_beat(shape, since)) {
            steady.entry(key, now).0.go_on(now);
        }
    }

    /// Holds an alert back. Gives it again where there is no room.
    pub(super) fn hold(
        &mut self,
        key: u64,
        connection: &Connection,
        alert: Alert,
        alerted: Alerted,
    ) -> Option<Alert> {
        let now = connection.decided;
        let beats = self.steady.get_or_insert_default();
        if beats.get(key).is_none() && beats.len() >= STEADY_MAX {
            return Some(alert);
        }
        let (steady, _) = beats.entry(key, now);
        if steady.since == 0 {
            (steady.since, steady.latest) = (alert.first.max(1), now);
        }
        if !steady.is_proven && steady.held.is_none() {
            steady.held = Some(Box::new(Held { connection: *connection, alert, alerted }));
        }
        None
    }

    /// Forgets that a pair kept to a beat.
    pub(super) fn break_beat(&mut self, key: u64) {
        if let Some(beats) = &mut self.steady {
            beats.remove(key);
        }
        self.steady = self.steady.take().filter(|it| !it.is_empty());
    }

    /// When the next beat has been silent for long enough.
    pub(super) fn next_silence(&self) -> Option<u32> {
        let held = self.steady.iter().flat_map(|it| it.iter_unordered());
        let held = held.filter(|(_, it)| it.held.is_some());
        held.map(|(_, it)| it.latest.saturating_add(SILENT_SECS)).min()
    }

    /// The alerts of beats that have stopped.
    pub(crate) fn silenced(&mut self, at: u32) -> Vec<(Connection, Alert)> {
        let Some(beats) = &self.steady else { return Vec::new() };
        let is_due = |it: &Steady| it.held.is_some() && it.latest.saturating_add(SILENT_SECS) <= at;
        let due: Vec<u64> = beats.iter().filter(|(_, it)| is_due(it)).map(|it| it.0).collect();
        let mut silenced = Vec::new();
        for key in due {
            let held = self.steady.as_mut().and_then(|it| it.remove(key)?.held);
            let Some(held) = held else { continue };
            let Held { connection, alert, alerted } = *held;
            let (place, _) = self.alerted.entry(key, connection.decided);
            *place = alerted;
            silenced.push((connection, alert));
        }
        self.steady = self.steady.take().filter(|it| !it.is_empty());
        silenced
    }
}
