//! The table of one interface: lines in, connections out.

use model::{Addr, Origin, Timestamp};
use serde::{Deserialize, Serialize};
use telemetry::Flow;

use super::side::Side;
use super::{Connection, ConnectionSettings, Outcome};
use crate::kind::LocalFlow;
use crate::stats::BoundedMap;

/// Most connections that are followed at one interface; the least recently active one is decided by what is
/// known of it when the table is full.
const CONNECTIONS_MAX: usize = 4096;
/// The two aggregation intervals that flow logs have, seconds
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-records-examples.html>).
const SHORT_INTERVAL: u32 = 60;
const LONG_INTERVAL: u32 = 600;
/// A TCP segment without data is at most this long (20 bytes IP, up to 60 bytes TCP with options).
const EMPTY_SEGMENT_MAX: u64 = 80;
const TCP: u8 = 6;

/// What the connection stage remembers of one interface.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct InterfaceState {
    pub(crate) side: Side,
    has_long_intervals: bool,
    /// No deadline is earlier, seconds since 1970; zero when there is none.
    earliest: u32,
    open: BoundedMap<Followed, CONNECTIONS_MAX>,
    /// Connections that were decided by eviction.
    pub(crate) evicted: u64,
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Followed {
    local: Addr,
    remote: Addr,
    bytes_out: u64,
    bytes_in: u64,
    origin: Origin,
    packets_out: u32,
    packets_in: u32,
    first: u32,
    last: u32,
    deadline: u32,
    local_port: u16,
    remote_port: u16,
    protocol: u8,
    flags_out: u8,
    flags_in: u8,
    outcome: Outcome,
    is_outbound: bool,
    has_data: bool,
}

impl InterfaceState {
    /// Takes one line in time order and gives the connections on that it decides.
    pub(crate) fn line(
        &mut self,
        flow: &LocalFlow,
        origin: Origin,
        settings: ConnectionSettings,
        out: &mut Vec<Connection>,
    ) {
        if flow.end.saturating_sub(flow.start) > SHORT_INTERVAL {
            self.has_long_intervals = true;
        }
        let wait = self.wait(settings);
        let (followed, evicted) = self.open.entry(key(flow), flow.start);
        if followed.first == 0 {
            followed.begin(flow, origin);
        }
        let was = followed.outcome;
        followed.add(flow);
        followed.deadline = flow.end.saturating_add(wait);
        if self.earliest == 0 || followed.deadline < self.earliest {
            self.earliest = followed.deadline;
        }
        if was == Outcome::Undecided {
            followed.outcome = followed.judge();
        }
        if followed.outcome != Outcome::Undecided {
            let is_update = was != Outcome::Undecided;
            out.push(followed.connection(flow.start, is_update, false));
        }
        if let Some(evicted) = evicted {
            self.evict(evicted.value, flow.start, out);
        }
    }

    fn wait(&self, settings: ConnectionSettings) -> u32 {
        let interval = if self.has_long_intervals { LONG_INTERVAL } else { SHORT_INTERVAL };
        interval.saturating_mul(settings.intervals)
    }

    fn evict(&mut self, mut followed: Followed, now: u32, out: &mut Vec<Connection>) {
        if followed.outcome == Outcome::Undecided {
            self.evicted += 1;
            followed.outcome = Outcome::Unanswered;
            out.push(followed.connection(now, false, false));
        }
    }

    /// When the next connection has to be decided or forgotten.
    ///
    /// Rounded up to whole aggregation intervals, so that a busy interface is not woken for each one.
    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        let rounded = i64::from(self.earliest.div_ceil(SHORT_INTERVAL)) * i64::from(SHORT_INTERVAL);
        (self.earliest != 0).then(|| Timestamp::from_secs(rounded))
    }

    /// Decides what nobody answered, and forgets what is over.
    pub(crate) fn expire(&mut self, at: Timestamp, out: &mut Vec<Connection>) {
        let now = at.secs().clamp(0, i64::from(u32::MAX)) as u32;
        let begin = out.len();
        self.open.retain(|_, _, followed| {
            if followed.deadline > now {
                return true;
            }
            if followed.outcome == Outcome::Undecided {
                followed.outcome = Outcome::Unanswered;
                out.push(followed.connection(now, false, true));
            }
            false
        });
        self.earliest = self.open.iter_unordered().map(|(_, it)| it.deadline).min().unwrap_or(0);
        out[begin..].sort_unstable_by_key(|it| {
            (it.first, it.remote, it.remote_port, it.local, it.local_port, it.protocol)
        });
    }
}

fn key(flow: &LocalFlow) -> u64 {
    let ports = u64::from(flow.local_port) << 32
        | u64::from(flow.remote_port) << 8
        | u64::from(flow.protocol);
    flow.remote.key() ^ flow.local.key().rotate_left(17) ^ ports.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Followed {
    fn begin(&mut self, flow: &LocalFlow, origin: Origin) {
        *self = Followed {
            local: flow.local,
            remote: flow.remote,
            local_port: flow.local_port,
            remote_port: flow.remote_port,
            protocol: flow.protocol,
            first: flow.start.max(1),
            last: flow.end,
            origin,
            is_outbound: started_by_us(flow),
            ..Followed::default()
        };
    }

    fn add(&mut self, flow: &LocalFlow) {
        self.last = self.last.max(flow.end);
        let has_flags = flow.marks & Flow::HAS_TCP_FLAGS != 0;
        let flags = if has_flags { flow.tcp_flags } else { 0 };
        if flow.is_rejected() {
            // Whoever rejects ends the matter; rejected packets carried nothing.
            if self.outcome == Outcome::Undecided {
                self.outcome = Outcome::Rejected;
            }
        } else if flow.protocol == TCP {
            let empty = u64::from(flow.packets) * EMPTY_SEGMENT_MAX;
            self.has_data |= flow.packets >= 3 && flow.bytes > empty;
        }
        if flow.is_outbound {
            self.bytes_out = self.bytes_out.saturating_add(flow.bytes);
            self.packets_out = self.packets_out.saturating_add(flow.packets);
            self.flags_out |= flags;
        } else {
            self.bytes_in = self.bytes_in.saturating_add(flow.bytes);
            self.packets_in = self.packets_in.saturating_add(flow.packets);
            self.flags_in |= flags;
        }
        // The flags of the first SYN tell who started it, whichever line came first.
        if has_flags && flags & Flow::SYN_ACK == Flow::SYN {
            self.is_outbound = flow.is_outbound;
        } else if flags & Flow::SYN_ACK == Flow::SYN_ACK {
            self.is_outbound = !flow.is_outbound;
        }
    }

    fn judge(&self) -> Outcome {
        if self.outcome != Outcome::Undecided {
            return self.outcome;
        }
        let answer_flags = if self.is_outbound { self.flags_in } else { self.flags_out };
        if answer_flags & Flow::SYN_ACK == Flow::SYN_ACK || self.has_data {
            return Outcome::Answered;
        }
        if self.packets_in == 0 || self.packets_out == 0 {
            return Outcome::Undecided;
        }
        let is_reset = answer_flags & Flow::RST != 0;
        // Without flags a reset still shows: one empty segment each way.
        let is_single = self.protocol == TCP
            && self.packets_in <= 1
            && self.packets_out <= 1
            && self.bytes_in <= EMPTY_SEGMENT_MAX
            && self.bytes_out <= EMPTY_SEGMENT_MAX;
        if is_single || (is_reset && self.packets_in.min(self.packets_out) <= 1) {
            Outcome::Refused
        } else {
            Outcome::Answered
        }
    }

    fn connection(&self, decided: u32, is_update: bool, is_by_deadline: bool) -> Connection {
        Connection {
            local: self.local,
            remote: self.remote,
            local_port: self.local_port,
            remote_port: self.remote_port,
            protocol: self.protocol,
            is_outbound: self.is_outbound,
            outcome: self.outcome,
            is_update,
            is_by_deadline,
            flags_out: self.flags_out,
            flags_in: self.flags_in,
            first: self.first,
            last: self.last,
            decided,
            packets_out: self.packets_out,
            packets_in: self.packets_in,
            bytes_out: self.bytes_out,
            bytes_in: self.bytes_in,
            origin: self.origin,
        }
    }
}

/// Who started it, as far as one line tells: the flags, else the ports (the service has the lower one).
fn started_by_us(flow: &LocalFlow) -> bool {
    if flow.marks & Flow::HAS_TCP_FLAGS != 0 && flow.tcp_flags & Flow::SYN != 0 {
        let is_answer = flow.tcp_flags & Flow::SYN_ACK == Flow::SYN_ACK;
        return flow.is_outbound != is_answer;
    }
    match flow.local_port.cmp(&flow.remote_port) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => flow.is_outbound,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// `src:port>dst:port start-end [packets/bytes] [REJECT] [flags=N]`, TCP unless `udp` is named.
    pub(crate) fn line(text: &str) -> Flow {
        let mut words = text.split(' ');
        let (src, dst) = words.next().unwrap().split_once('>').unwrap();
        let end_of = |it: &str| {
            let (addr, port) = it.rsplit_once(':').unwrap();
            (Addr::parse(addr).unwrap(), port.parse().unwrap())
        };
        let ((src, src_port), (dst, dst_port)) = (end_of(src), end_of(dst));
        let (start, end) = words.next().unwrap().split_once('-').unwrap();
        let mut flow = Flow {
            src,
            dst,
            src_port,
            dst_port,
            bytes: 60,
            packets: 1,
            start: start.parse::<u32>().unwrap() + 1000,
            end: end.parse::<u32>().unwrap() + 1000,
            interface: 0,
            protocol: TCP,
            tcp_flags: 0,
            marks: 0,
            traffic_path: 0,
        };
        for word in words {
            match word {
                "REJECT" => flow.marks |= Flow::REJECT,
                "udp" => flow.protocol = 17,
                _ if word.starts_with("flags=") => {
                    flow.marks |= Flow::HAS_TCP_FLAGS;
                    flow.tcp_flags = word[6..].parse().unwrap();
                }
                _ => {
                    let (packets, bytes) = word.split_once('/').unwrap();
                    flow.packets = packets.parse().unwrap();
                    flow.bytes = bytes.parse().unwrap();
                }
            }
        }
        flow
    }

    /// Runs lines of the interface that owns 10.0.0.5 and lets everything expire.
    fn connections(lines: &[&str]) -> Vec<Connection> {
        let own = Addr::parse("10.0.0.5").unwrap();
        let mut state = InterfaceState::default();
        let mut out = Vec::new();
        for text in lines {
            let flow = line(text);
            let is_outbound = flow.src == own;
            let (remote, local_port, remote_port) = if is_outbound {
                (flow.dst, flow.src_port, flow.dst_port)
            } else {
                (flow.src, flow.dst_port, flow.src_port)
            };
            let local = LocalFlow {
                remote,
                local: own,
                bytes: flow.bytes,
                packets: flow.packets,
                start: flow.start,
                end: flow.end,
                row: 0,
                local_port,
                remote_port,
                protocol: flow.protocol,
                tcp_flags: flow.tcp_flags,
                marks: flow.marks,
                is_outbound,
            };
            state.line(&local, Origin::default(), ConnectionSettings::default(), &mut out);
        }
        while let Some(at) = state.next_deadline() {
            state.expire(at, &mut out);
        }
        assert_eq!(state.open.len(), 0);
        out
    }

    fn outcomes(lines: &[&str]) -> Vec<(Outcome, bool)> {
        connections(lines).iter().map(|it| (it.outcome, it.is_update)).collect()
    }

    #[test]
    fn the_reverse_line_answers() {
        let lines = [
            "10.0.0.5:5000>198.51.100.1:443 0-60 2/120",
            "198.51.100.1:443>10.0.0.5:5000 0-60 2/120",
        ];
        assert_eq!(outcomes(&lines), [(Outcome::Answered, false)]);
    }

    #[test]
    fn nobody_answers_within_two_intervals() {
        let got = connections(&["10.0.0.5:5000>198.51.100.1:443 0-60 2/120"]);
        assert_eq!(got.len(), 1);
        assert_eq!(got[0].outcome, Outcome::Unanswered);
        assert!(got[0].is_by_deadline && got[0].decided >= 1060 + 120);
    }

    #[test]
    fn a_rejected_line_decides_at_once() {
        let lines = ["10.0.0.5:5000>198.51.100.1:443 0-60 REJECT"];
        assert_eq!(outcomes(&lines), [(Outcome::Rejected, false)]);
    }

    #[test]
    fn data_was_carried_so_somebody_answered() {
        let lines = ["10.0.0.5:5000>198.51.100.1:443 0-60 10/9000"];
        assert_eq!(outcomes(&lines), [(Outcome::Answered, false)]);
    }

    #[test]
    fn retried_syns_are_not_data() {
        let lines = ["10.0.0.5:5000>198.51.100.1:443 0-60 7/420"];
        assert_eq!(outcomes(&lines), [(Outcome::Unanswered, false)]);
    }

    #[test]
    fn a_reset_refuses() {
        let lines = [
            "10.0.0.5:5000>198.51.100.1:443 0-60 1/60",
            "198.51.100.1:443>10.0.0.5:5000 0-60 1/40",
        ];
        assert_eq!(outcomes(&lines), [(Outcome::Refused, false)]);
    }

    #[test]
    fn flags_tell_who_started_it() {
        let got = connections(&["10.0.0.5:22>198.51.100.1:21 0-60 flags=18"]);
        assert!(!got[0].is_outbound, "a SYN-ACK answers somebody else's SYN");
        let got = connections(&["10.0.0.5:22>198.51.100.1:40000 0-60 flags=2"]);
        assert!(got[0].is_outbound);
    }

    #[test]
    fn later_lines_give_running_totals() {
        let got = connections(&[
            "10.0.0.5:5000>198.51.100.1:443 0-60 10/9000",
            "198.51.100.1:443>10.0.0.5:5000 0-60 5/500",
            "10.0.0.5:5000>198.51.100.1:443 61-120 10/9000",
        ]);
        assert_eq!(got.len(), 3);
        assert!(got[1].is_update && got[2].is_update);
        assert_eq!((got[2].bytes_out, got[2].bytes_in), (18_000, 500));
    }

    #[test]
    fn a_full_table_decides_the_oldest() {
        let lines: Vec<String> = (0..=CONNECTIONS_MAX + 64)
            .map(|n| format!("10.0.0.5:{}>198.51.100.{}:443 0-60", 1024 + n % 60_000, n % 250))
            .collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert_eq!(connections(&lines).len(), lines.len(), "nothing is lost");
    }
}
