//! Password guessing as flow logs show it: many short connections of one size to a login service.
//!
//! Guesses are flat: nearly equal packets and bytes. Sessions, transfers and health checks are not, or have
//! another size. After an alert, a connection that is much larger or longer than the guesses is a likely
//! success. Sources: Jonker 2014 (<https://essay.utwente.nl/65855/>); Hofstede, Hendriks, Sperotto, Pras 2014,
//! "SSH Compromise Detection using NetFlow/IPFIX".

#[macro_use]
mod settings;

mod pair;
mod service;
mod steady;
mod success;
mod wide;

use engine::Connection;
use engine::findings::EvidenceRef;
use engine::stats::{BoundedMap, FirstSeen, Size, flatness};
use serde::{Deserialize, Serialize};

use pair::{Login, Pair};
pub(crate) use service::Service;
use steady::{Beats, START_SECS};
use success::Alerted;
use wide::Wide;

/// Pairs of our interface and a remote address, in one direction, that are followed.
const PAIRS_MAX: usize = 512;
/// Pairs that raised an alert and are kept apart, so that others do not push them out.
const ALERTED_MAX: usize = 64;
/// Pairs whose first contact is known, and whose busy days are. A controller that works on more hosts than
/// are known would be new to some of them every day.
const KNOWN_MAX: usize = 2048;
const BUSY_MAX: usize = 256;
/// Most records that are kept as evidence.
const EVIDENCE_MAX: usize = 7;
const DAY_SECS: u32 = 86_400;
/// How long a pair is new. Less than a day, so that what runs daily is known on its second day even if it
/// runs some hours earlier.
const NEW_SECS: u32 = 18 * 3600;
/// Days that a quiet pair is remembered: what runs weekly stays known.
const KNOWN_DAYS: u32 = 8;
/// Days after which a state may be dropped: longer than what is remembered of a pair.
pub(crate) const IDLE_DAYS: u64 = KNOWN_DAYS as u64 + 1;
/// Version of [`State`].
pub(crate) const STATE_VERSION: u16 = 3;
/// Guesses at one destination that make it one of a spray.
const SPRAY_TRIES: usize = 2;

/// What one attempt to log in looks like from the client's side.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) packets: std::ops::RangeInclusive<u32>,
    pub(crate) bytes: std::ops::RangeInclusive<u32>,
    pub(crate) secs: u16,
}

/// The thresholds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) tries: usize,
    pub(crate) window_secs: u32,
    pub(crate) flat_per_mille: u32,
    pub(crate) burst_tries: usize,
    pub(crate) burst_secs: u32,
    pub(crate) burst_flat_per_mille: u32,
    pub(crate) distributed_tries: u64,
    pub(crate) distributed_sources: u64,
    pub(crate) spray_destinations: u64,
    pub(crate) wide_window_secs: u32,
    pub(crate) known_days: u32,
    pub(crate) inside_destinations: u64,
    pub(crate) success_factor: u64,
    pub(crate) learning_window_secs: u32,
    pub(crate) learning_destinations: u64,
}

/// What is remembered of one interface.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    pairs: BoundedMap<Pair, PAIRS_MAX>,
    alerted: BoundedMap<Alerted, ALERTED_MAX>,
    /// The second of a pair's first contact.
    known: BoundedMap<u32, KNOWN_MAX>,
    /// Days with half as many guesses as make an alert.
    busy: FirstSeen<BUSY_MAX>,
    wide: Option<Box<Wide>>,
    /// Pairs with logins at the same seconds of each minute.
    steady: Option<Box<Beats>>,
    /// Hour of the latest event, hours since 1970.
    hour: u32,
}

/// Which rule was met.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Rule {
    /// Many guesses of one pair in the window.
    Many,
    /// Fewer, but faster.
    Burst,
    /// Many sources with few guesses each.
    Distributed,
    /// Many destinations with few guesses each.
    Spray,
    /// A session after guesses.
    Success,
}

/// An alert.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Alert {
    pub(crate) rule: Rule,
    /// Guesses, or connections of the rule's kind.
    pub(crate) tries: u64,
    /// Distinct remote addresses.
    pub(crate) remotes: u64,
    /// How flat they are; bytes of the session over those of a guess for a success.
    pub(crate) flat: u64,
    /// Start of the first, seconds since 1970.
    pub(crate) first: u32,
    pub(crate) evidence: Vec<EvidenceRef>,
    /// The pair may be older than the logs, and was reported for other reasons than one that is not.
    pub(crate) is_learning: bool,
}

/// What is known of a pair beside its guesses.
#[derive(Clone, Copy, Debug)]
struct Standing {
    /// Its guesses say nothing.
    is_usual: bool,
    /// It is new, inside the network, and may be older than the logs.
    is_learning: bool,
    /// It is with the Internet, and was there when the logs began.
    is_from_start: bool,
}

impl Shape {
    fn is_guess(&self, login: &Login) -> bool {
        self.packets.contains(&login.packets)
            && self.bytes.contains(&login.bytes)
            && login.secs <= self.secs
    }
}

impl State {
    /// Takes a connection to the login service, or more of it, and gives the alerts that it raises. `log_began` is
    /// the second of the interface's first record: what came soon after it may have been there before.
    pub(crate) fn connection(
        &mut self,
        connection: &Connection,
        evidence: EvidenceRef,
        shape: &Shape,
        rules: &Rules,
        log_began: u32,
    ) -> Vec<Alert> {
        let now = connection.decided;
        self.turn(now);
        let key = key(connection);
        let (first_contact, _) = self.known.entry(key, now);
        if *first_contact == 0 {
            *first_contact = now.max(1);
        }
        let first_contact = *first_contact;
        let is_new = now.saturating_sub(first_contact) < NEW_SECS;
        let mut alerts = Vec::new();
        alerts.extend(self.success(key, connection, evidence, shape, rules));
        let (pair, _) = self.pairs.entry(key, now);
        if !pair.note(connection, shape) {
            return alerts;
        }
        if pair.evidence.len() < EVIDENCE_MAX {
            pair.evidence.push(evidence);
        }
        let wide = self.wide.get_or_insert_default();
        let since = now.saturating_sub(rules.wide_window_secs);
        let few = pair.guesses(shape, since).take(SPRAY_TRIES).count();
        let is_private = !connection.remote.is_public();
        let is_learning =
            is_private && is_new && first_contact < log_began.saturating_add(NEW_SECS);
        // Only new pairs count: automation goes to the hosts that it knows, however many they are.
        let learning = is_learning.then(|| Login::of(connection));
        if is_new && connection.is_outbound {
            wide.keep(1, evidence);
            alerts.extend(wide.destination(key, few, now, rules, learning));
        } else if is_new {
            alerts.extend(wide.source(key, now, evidence, rules));
        }
        let is_inside = connection.is_outbound || is_private;
        let is_old = is_inside && !is_new;
        let is_usual = is_old
            && (!connection.is_outbound
                || wide.destinations.count(now) < rules.inside_destinations);
        let is_from_start = !is_private && first_contact < log_began.saturating_add(START_SECS);
        let standing = Standing { is_usual, is_learning, is_from_start };
        self.go_on(key, now, shape, now.saturating_sub(rules.window_secs));
        alerts.extend(self.many(key, connection, standing, shape, rules));
        alerts
    }

    /// The rules of one pair.
    fn many(
        &mut self,
        key: u64,
        connection: &Connection,
        standing: Standing,
        shape: &Shape,
        rules: &Rules,
    ) -> Option<Alert> {
        let now = connection.decided;
        let pair = self.pairs.get_mut(key)?;
        let tries = pair.guesses(shape, now.saturating_sub(rules.window_secs)).count();
        let mut is_busy = false;
        if tries >= (rules.tries / 2).max(1) {
            let seen = self.busy.see(key, now / DAY_SECS);
            is_busy = seen.days_before >= rules.known_days;
        }
        let latest = self.alerted.get(key).map_or(0, |it| it.latest);
        let is_said = latest != 0 && now.saturating_sub(latest) < rules.window_secs;
        if standing.is_usual || is_busy || is_said || tries < rules.tries.min(rules.burst_tries) {
            return None;
        }
        let many_secs = if standing.is_learning {
            rules.learning_window_secs.min(rules.window_secs)
        } else {
            rules.window_secs
        };
        let met = [
            (Rule::Many, many_secs, rules.tries, rules.flat_per_mille),
            (Rule::Burst, rules.burst_secs, rules.burst_tries, rules.burst_flat_per_mille),
        ]
        .into_iter()
        .find_map(|(rule, secs, least, flat)| {
            let sizes: Vec<Size> =
                pair.guesses(shape, now.saturating_sub(secs)).map(Login::size).collect();
            let (count, flatness) = (sizes.len(), flatness(sizes));
            (count >= least && flatness.per_mille >= flat).then_some((rule, count, flatness))
        });
        let (rule, count, flat) = met?;
        let first = pair.guesses(shape, 0).map(|it| it.first).min().unwrap_or(now);
        let has_beat = pair.has_beat(shape, now.saturating_sub(rules.window_secs));
        let evidence = std::mem::take(&mut pair.evidence);
        let secs = pair.median_secs(shape);
        let (tries, per_mille) = (count as u64, u64::from(flat.per_mille));
        let is_learning = standing.is_learning;
        let alert =
            Alert { rule, tries, remotes: 1, flat: per_mille, first, evidence, is_learning };
        if rule == Rule::Many && standing.is_from_start && has_beat {
            let mut alerted = self.alerted.get(key).cloned().unwrap_or_default();
            alerted.note(now, flat, secs);
            return self.hold(key, connection, alert, alerted);
        }
        self.break_beat(key);
        let (alerted, _) = self.alerted.entry(key, now);
        alerted.note(now, flat, secs);
        Some(alert)
    }

    /// Forgets, once an hour, what is over.
    fn turn(&mut self, now: u32) {
        let hour = now / 3600;
        if hour <= self.hour {
            return;
        }
        self.hour = hour;
        self.pairs.retain(|_, last, _| last.saturating_add(2 * 3600) > now);
        self.alerted.retain(|_, last, _| last.saturating_add(DAY_SECS) > now);
        self.known.retain(|_, last, _| last.saturating_add(KNOWN_DAYS * DAY_SECS) > now);
        if let Some(beats) = &mut self.steady {
            beats.retain(|_, last, _| last.saturating_add(KNOWN_DAYS * DAY_SECS) > now);
        }
        self.steady = self.steady.take().filter(|it| !it.is_empty());
        self.busy.age(now / DAY_SECS, 2 * KNOWN_DAYS);
        if self.pairs.is_empty() {
            self.wide = None;
        }
    }
}

/// One number for the remote address and the direction.
fn key(connection: &Connection) -> u64 {
    connection.remote.key() ^ u64::from(connection.is_outbound)
}

#[cfg(test)]
mod tests {
    use engine::Outcome;
    use engine::model::{Addr, Origin, Timestamp};

    use super::success::STOP_SECS;
    use super::*;

    const SHAPE: Shape = Shape { packets: 8..=60, bytes: 1000..=12_288, secs: 60 };
    const RULES: Rules = Rules {
        tries: 30,
        window_secs: 1800,
        flat_per_mille: 700,
        burst_tries: 12,
        burst_secs: 120,
        burst_flat_per_mille: 800,
        distributed_tries: 60,
        distributed_sources: 20,
        spray_destinations: 20,
        wide_window_secs: 3600,
        known_days: 3,
        inside_destinations: 5,
        success_factor: 5,
        learning_window_secs: 600,
        learning_destinations: 100,
    };
    /// The logs of the interface are a month old.
    const BEGAN: u32 = NOW - 30 * DAY_SECS;
    const NOW: u32 = 1_760_000_400;

    /// A connection of `remote` to us, `at` seconds after the begin, of so many packets, bytes and seconds.
    fn login(remote: &str, at: u32, packets: u32, bytes: u64, secs: u32) -> Connection {
        Connection {
            local: Addr::parse("10.0.0.5").unwrap(),
            remote: Addr::parse(remote).unwrap(),
            local_port: 22,
            remote_port: 1024 + (at % 60_000) as u16,
            protocol: 6,
            is_outbound: false,
            outcome: Outcome::Answered,
            is_update: false,
            is_by_deadline: false,
            flags_out: 0,
            flags_in: 0,
            first: NOW + at,
            last: NOW + at + secs,
            decided: NOW + at,
            packets_out: packets,
            packets_in: packets,
            bytes_out: bytes * 2,
            bytes_in: bytes,
            origin: Origin::default(),
        }
    }

    fn feed(state: &mut State, connection: &Connection) -> Vec<Rule> {
        feed_since(BEGAN, state, connection)
    }

    fn feed_since(began: u32, state: &mut State, connection: &Connection) -> Vec<Rule> {
        let time = Timestamp::from_secs(i64::from(connection.decided));
        let evidence = EvidenceRef { time, origin: connection.origin };
        let alerts = state.connection(connection, evidence, &SHAPE, &RULES, began);
        alerts.iter().map(|it| it.rule).collect()
    }

    /// Guesses `step` seconds apart from second `at` on.
    fn guesses(state: &mut State, remote: &str, at: u32, n: u32, step: u32) -> Vec<Rule> {
        let alerts = (0..n).flat_map(|i| feed(state, &login(remote, at + i * step, 15, 2400, 3)));
        alerts.collect()
    }

    #[test]
    fn thirty_in_thirty_minutes_are_found_and_twenty_nine_are_not() {
        let mut state = State::default();
        assert_eq!(guesses(&mut state, "198.51.100.7", 0, 29, 60), []);
        assert_eq!(guesses(&mut state, "198.51.100.7", 29 * 60, 1, 60), [Rule::Many]);
    }

    #[test]
    fn twelve_in_two_minutes_are_a_burst() {
        assert_eq!(guesses(&mut State::default(), "198.51.100.7", 0, 12, 5), [Rule::Burst]);
        assert_eq!(guesses(&mut State::default(), "198.51.100.7", 0, 11, 5), []);
    }

    #[test]
    fn sizes_that_differ_are_quiet() {
        let mut state = State::default();
        for i in 0..100 {
            let packets = 8 + i * 7 % 50;
            let login = login("198.51.100.7", i * 20, packets, u64::from(packets) * 180, 3);
            assert_eq!(feed(&mut state, &login), []);
        }
    }

    #[test]
    fn a_connection_that_grows_is_counted_once_by_its_totals() {
        let mut state = State::default();
        for i in 0..60 {
            let first = login("198.51.100.7", i * 20, 15, 2400, 3);
            assert_eq!(
                feed(&mut state, &Connection { packets_in: 9, bytes_in: 1100, ..first }),
                []
            );
            // A transfer in truth: the totals leave the shape of a guess.
            let total = Connection { packets_in: 900, bytes_in: 90_000, is_update: true, ..first };
            assert_eq!(feed(&mut state, &total), []);
        }
    }

    #[test]
    fn a_session_after_guesses_is_a_success_once() {
        let mut state = State::default();
        guesses(&mut state, "198.51.100.7", 0, 40, 20);
        let session = login("198.51.100.7", 5000, 200, 40_000, 200);
        let small =
            Connection { packets_in: 10, bytes_in: 1500, last: session.first + 2, ..session };
        assert_eq!(feed(&mut state, &small), []);
        assert_eq!(feed(&mut state, &Connection { is_update: true, ..session }), [Rule::Success]);
        assert_eq!(feed(&mut state, &Connection { is_update: true, ..session }), []);
    }

    #[test]
    fn guesses_that_stop_after_a_longer_connection_are_a_success() {
        let mut state = State::default();
        guesses(&mut state, "198.51.100.7", 0, 40, 20);
        feed(&mut state, &login("198.51.100.7", 810, 30, 6000, 9));
        assert_eq!(state.next_stop(), Some(NOW + 810 + STOP_SECS));
        assert_eq!(state.stopped(NOW + 810 + STOP_SECS - 1).len(), 0);
        let stopped = state.stopped(NOW + 810 + STOP_SECS);
        assert_eq!(stopped.len(), 1);
        assert_eq!(state.next_stop(), None);
    }

    #[test]
    fn guesses_that_go_on_after_a_longer_connection_are_none() {
        let mut state = State::default();
        guesses(&mut state, "198.51.100.7", 0, 40, 20);
        feed(&mut state, &login("198.51.100.7", 810, 30, 6000, 9));
        guesses(&mut state, "198.51.100.7", 850, 1, 20);
        assert_eq!(state.next_stop(), None);
    }

    #[test]
    fn a_flood_of_other_sources_does_not_forget_the_alert() {
        let mut state = State::default();
        guesses(&mut state, "198.51.100.7", 0, 40, 20);
        for i in 0..5000 {
            let other = format!("203.0.{}.{}", i / 250, i % 250);
            feed(&mut state, &login(&other, 1000 + i, 15, 2400, 3));
        }
        let session = login("198.51.100.7", 20_000, 200, 40_000, 200);
        assert_eq!(feed(&mut state, &session), [Rule::Success]);
    }

    #[test]
    fn the_same_volume_on_three_earlier_days_is_usual() {
        for (days, alerts) in [(2, vec![Rule::Many]), (3, vec![])] {
            let mut state = State::default();
            for day in 0..days {
                assert_eq!(guesses(&mut state, "198.51.100.7", day * 86_400, 20, 60), []);
            }
            assert_eq!(guesses(&mut state, "198.51.100.7", days * 86_400, 40, 40), alerts);
        }
    }

    #[test]
    fn an_inside_source_known_for_a_day_is_usual() {
        let mut state = State::default();
        guesses(&mut state, "10.0.0.9", 0, 1, 1);
        assert_eq!(guesses(&mut state, "10.0.0.9", 90_000, 60, 10), []);
        // Not yet known for long.
        let mut state = State::default();
        guesses(&mut state, "10.0.0.9", 0, 1, 1);
        assert_eq!(guesses(&mut state, "10.0.0.9", 60_000, 15, 10), [Rule::Burst]);
    }

    /// A loop of ours over `hosts` private hosts, thirty connections each within a quarter of an hour.
    fn loop_over(state: &mut State, hosts: std::ops::Range<u32>, at: u32) -> Vec<Rule> {
        let mut alerts = Vec::new();
        for round in 0..30 {
            for host in hosts.clone() {
                let it = login(&format!("10.0.1.{host}"), at + round * 30, 20, 4000, 3);
                let out = Connection {
                    local_port: 30_000 + round as u16,
                    remote_port: 22,
                    is_outbound: true,
                    packets_out: it.packets_in,
                    bytes_out: it.bytes_in,
                    ..it
                };
                alerts.extend(feed(state, &out));
            }
        }
        alerts
    }

    #[test]
    fn a_loop_over_many_inside_hosts_is_usual_from_the_second_day_on() {
        let mut state = State::default();
        assert!(!loop_over(&mut state, 1..31, 7200).is_empty(), "new on the first day");
        for day in 1..10 {
            // An hour earlier each second day.
            let at = day * DAY_SECS + 3600 * (day % 2);
            assert_eq!(loop_over(&mut state, 1..31, at), [], "day {day}");
        }
        // A week of rest, then the loop again.
        assert_eq!(loop_over(&mut state, 1..31, 16 * DAY_SECS), []);
    }

    #[test]
    fn new_hosts_beside_known_ones_are_an_attack() {
        let mut state = State::default();
        loop_over(&mut state, 1..4, 0);
        let alerts = loop_over(&mut state, 1..11, 2 * DAY_SECS);
        assert_eq!(alerts.iter().filter(|it| **it == Rule::Burst).count(), 0);
        assert_eq!(alerts.iter().filter(|it| **it == Rule::Many).count(), 10, "{alerts:?}");
        assert_eq!(loop_over(&mut state, 1..4, 4 * DAY_SECS), [], "known ones alone");
    }

    #[test]
    fn inside_pairs_of_the_first_hours_may_be_older_than_the_logs() {
        for (step, began, expected) in [
            (60, NOW, vec![]),
            (21, NOW, vec![]),
            (20, NOW, vec![Rule::Many]),
            (60, NOW - NEW_SECS, vec![Rule::Many]),
        ] {
            let mut state = State::default();
            let logins = (0..60).map(|i| login("10.0.0.9", i * step, 15, 2400, 3));
            let got: Vec<Rule> =
                logins.flat_map(|it| feed_since(began, &mut state, &it)).take(1).collect();
            assert_eq!(got, expected, "{step}");
        }
    }

    /// Two logins at each of so many private hosts, of one size or of many; the logs begin with them.
    fn tour(hosts: u32, is_flat: bool) -> Vec<Rule> {
        let mut state = State::default();
        let logins = (0..2 * hosts).flat_map(|i| {
            let packets = if is_flat { 20 } else { 10 + i * 7 % 50 };
            let it = login(&format!("10.0.1.{}", i % hosts), i * 9, packets, 0, 3);
            let bytes_out = u64::from(packets) * 150;
            let out = Connection { remote_port: 22, is_outbound: true, bytes_out, ..it };
            feed_since(NOW, &mut state, &Connection { local_port: 30_000 + i as u16, ..out })
        });
        logins.collect()
    }

    #[test]
    fn a_fleet_of_the_first_hours_is_a_spray_if_all_is_of_one_size_or_it_is_large() {
        assert_eq!(tour(19, true), []);
        assert_eq!(tour(20, true), [Rule::Spray]);
        assert_eq!(tour(99, false), []);
        assert_eq!(tour(110, false), [Rule::Spray]);
    }

    /// One login of a public address a minute, for so many minutes from second `at` on.
    fn beat(state: &mut State, began: u32, at: u32, minutes: u32) -> Vec<Rule> {
        let logins = (0..minutes).map(|i| login("198.51.100.7", at + i * 60 + i % 3, 15, 2400, 3));
        logins.flat_map(|it| feed_since(began, state, &it)).collect()
    }

    #[test]
    fn a_beat_of_hours_since_the_logs_began_is_a_machine() {
        let mut state = State::default();
        assert_eq!(beat(&mut state, NOW, 0, 119), []);
        assert!(state.next_silence().is_some());
        assert_eq!(beat(&mut state, NOW, 119 * 60, 1000), []);
        assert_eq!(state.next_silence(), None);
        // After a night's rest it is still one; without the beat it is not.
        assert_eq!(beat(&mut state, NOW, 80_000, 1000), []);
        assert_eq!(guesses(&mut state, "198.51.100.7", 150_000, 30, 37), [Rule::Many]);
    }

    #[test]
    fn a_beat_that_stops_was_an_attack() {
        let mut state = State::default();
        assert_eq!(beat(&mut state, NOW, 0, 40), []);
        let silent = NOW + 39 * 60 + 600;
        assert_eq!(state.next_stop(), Some(silent));
        assert_eq!(state.silenced(silent - 1).len(), 0);
        assert_eq!(state.silenced(silent).len(), 1);
        assert_eq!((state.next_stop(), state.silenced(u32::MAX).len()), (None, 0));
        let session = login("198.51.100.7", 5000, 200, 40_000, 200);
        assert_eq!(feed(&mut state, &session), [Rule::Success]);
    }

    #[test]
    fn a_beat_that_begins_after_the_logs_is_an_attack() {
        assert_eq!(beat(&mut State::default(), NOW - START_SECS, 0, 31), [Rule::Many]);
    }

    #[test]
    fn a_connection_that_hangs_after_guesses_is_no_success() {
        for (packets, bytes, expected) in [
            (8, 1400, vec![]),
            (15, 2400, vec![]),
            (20, 2700, vec![Rule::Success]),
            (15, 3100, vec![Rule::Success]),
        ] {
            let mut state = State::default();
            guesses(&mut state, "198.51.100.7", 0, 40, 20);
            let hanging = login("198.51.100.7", 1200, packets, bytes, 120);
            assert_eq!(feed(&mut state, &hanging), expected, "{packets} packets, {bytes} bytes");
        }
    }

    #[test]
    fn an_empty_state_is_small() {
        assert!(size_of::<State>() <= 160, "{}", size_of::<State>());
    }
}
