//! Whether a connection after an alert is a session: it is much larger or longer than the guesses, or they stop
//! after it.

use engine::Connection;
use engine::findings::EvidenceRef;
use engine::model::Timestamp;
use engine::stats::Flatness;
use serde::{Deserialize, Serialize};

use super::pair::Login;
use super::{Alert, DAY_SECS, Rule, Rules, Shape, State};

/// Guesses in flight when a longer connection begins go on for so long, seconds.
const IN_FLIGHT_SECS: u32 = 30;
/// Silence after a longer connection that makes it a likely success, seconds.
pub(super) const STOP_SECS: u32 = 600;
/// A session is at least so long, seconds.
const SESSION_SECS: u32 = 30;

/// A pair after an alert: what its guesses were like.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Alerted {
    /// Event time of the latest alert.
    pub(super) latest: u32,
    bytes: u32,
    packets: u32,
    secs: u16,
    is_success: bool,
    /// A connection that was longer than a guess, and no guess has come after it.
    longer: Option<Box<Connection>>,
}

impl State {
    /// Whether a connection after an alert is a session.
    pub(super) fn success(
        &mut self,
        key: u64,
        connection: &Connection,
        evidence: EvidenceRef,
        shape: &Shape,
        rules: &Rules,
    ) -> Option<Alert> {
        let alerted = self.alerted.get_mut(key)?;
        let now = connection.decided;
        if alerted.is_success || now.saturating_sub(alerted.latest) > DAY_SECS {
            return None;
        }
        let (bytes, secs) = (connection.bytes_forward(), connection.duration_secs());
        let median = u64::from(alerted.bytes.max(1));
        // Who logs in and stays sends more than who guesses; a connection that hangs does not, however long the
        // server waits for a password.
        let is_more = 4 * bytes > 5 * median
            || 4 * u64::from(connection.packets_forward()) > 5 * u64::from(alerted.packets);
        let is_long = u64::from(secs) >= rules.success_factor * u64::from(alerted.secs)
            && secs >= SESSION_SECS
            && is_more;
        if bytes >= rules.success_factor * median || is_long {
            alerted.is_success = true;
            alerted.longer = None;
            return Some(Alert::success(connection, median, evidence));
        }
        let is_longer = bytes >= 2 * median;
        match &mut alerted.longer {
            None if is_longer => {
                alerted.longer = Some(Box::new(*connection));
            }
            Some(longer) if longer.first == connection.first => {
                **longer = *connection;
            }
            Some(longer)
                if connection.first > longer.first.saturating_add(IN_FLIGHT_SECS)
                    && shape.is_guess(&Login::of(connection)) =>
            {
                alerted.longer = None;
            }
            _ => {}
        }
        None
    }

    /// When the next silence, after a longer connection or of a beat, is long enough.
    pub(crate) fn next_stop(&self) -> Option<u32> {
        let longer = self.alerted.iter_unordered().filter_map(|(_, it)| it.longer.as_ref());
        let stop = longer.map(|it| it.decided.saturating_add(STOP_SECS)).min();
        stop.into_iter().chain(self.next_silence()).min()
    }

    /// The guesses that stopped after a longer connection.
    pub(crate) fn stopped(&mut self, at: u32) -> Vec<(Connection, Alert)> {
        let is_due = |it: &Alerted| {
            let longer = it.longer.as_ref();
            longer.is_some_and(|it| it.decided.saturating_add(STOP_SECS) <= at)
        };
        let due = self.alerted.iter().filter(|(_, it)| is_due(it));
        let keys: Vec<u64> = due.map(|(key, _)| key).collect();
        let mut stopped = Vec::new();
        for key in keys {
            let Some(alerted) = self.alerted.get_mut(key) else { continue };
            let Some(connection) = alerted.longer.take() else { continue };
            alerted.is_success = true;
            let time = Timestamp::from_secs(i64::from(connection.decided));
            let evidence = EvidenceRef { time, origin: connection.origin };
            let alert = Alert::success(&connection, u64::from(alerted.bytes.max(1)), evidence);
            stopped.push((*connection, alert));
        }
        stopped
    }
}

impl Alert {
    fn success(connection: &Connection, median: u64, evidence: EvidenceRef) -> Alert {
        Alert {
            rule: Rule::Success,
            tries: 1,
            remotes: 1,
            flat: connection.bytes_forward() / median,
            first: connection.first,
            evidence: vec![evidence],
            is_learning: false,
        }
    }
}

impl Alerted {
    pub(super) fn note(&mut self, now: u32, flat: Flatness, secs: u16) {
        if now.saturating_sub(self.latest) > DAY_SECS {
            *self = Alerted::default();
        }
        self.latest = now;
        self.bytes = flat.median_bytes as u32;
        self.packets = flat.median_packets as u32;
        self.secs = secs.max(1);
    }
}
