//! The table of one interface: lines in, connections out.

use model::{Origin, Timestamp};
use serde::{Deserialize, Serialize};

use super::followed::{Addrs, Followed};
use super::side::Side;
use super::table::{Place, Table, tag_of};
use super::{Connection, ConnectionSettings, Outcome};
use crate::kind::LocalFlow;

/// The two aggregation intervals that flow logs have, seconds
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-records-examples.html>).
const SHORT_INTERVAL: u32 = 60;
const LONG_INTERVAL: u32 = 600;
/// How long a connection that is due waits for the next line of a silent interface at most, seconds. Once the
/// watermark is so much later than a time, nothing is decided at that time any more.
pub(crate) const SILENT_SECS: i64 = 900;
const HOUR_SECS: i64 = 3600;

/// What the connection stage remembers of one interface.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct InterfaceState {
    pub(crate) side: Side,
    has_long_intervals: bool,
    /// No deadline of an undecided connection is earlier, seconds since 1970; zero when there is none.
    earliest: u32,
    open: Table,
    /// Connections that were decided by eviction.
    pub(crate) evicted: u64,
}

impl InterfaceState {
    /// Asks for the memory where a line's connection is looked for.
    #[inline]
    pub(crate) fn prefetch(&self, flow: &LocalFlow) {
        self.open.prefetch(tag_of(key(flow)));
    }

    /// Asks for the connection that a line belongs to, where the table tells already.
    #[inline]
    pub(crate) fn prefetch_place(&self, flow: &LocalFlow) {
        self.open.prefetch_place(tag_of(key(flow)));
    }

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
        let deadline = flow.end.saturating_add(self.wait(settings));
        let tag = tag_of(key(flow));
        let Some(place) = self.open.find(tag, flow) else {
            let (place, evicted) = self.open.place(tag, flow.start);
            self.open.put(place, Followed::begin(flow, origin));
            if let Some(evicted) = evicted {
                self.evict(evicted, flow.start, out);
            }
            return self.add(place, flow, deadline, true, out);
        };
        if self.open.is_over(place, flow.start) || self.open.value(place).is_ended_before(flow) {
            let (before, addrs) = self.open.entry(place);
            self.open.put(place, Followed::begin(flow, origin));
            if !before.is_decided() {
                out.push(unanswered(before).connection(addrs, flow.start, false, false));
            }
            return self.add(place, flow, deadline, true, out);
        }
        self.add(place, flow, deadline, false, out);
    }

    /// Adds a line to a connection that has its place.
    fn add(
        &mut self,
        place: Place,
        flow: &LocalFlow,
        deadline: u32,
        is_first: bool,
        out: &mut Vec<Connection>,
    ) {
        self.open.set_deadline(place, deadline);
        let followed = self.open.value(place);
        let is_update = followed.is_decided();
        followed.add(flow);
        if !is_update {
            followed.decide(followed.judge());
        }
        if followed.is_decided() {
            // The line's own addresses are those of the connection.
            let addrs = Addrs::of(flow);
            out.push(followed.connection(addrs, flow.start, is_update, false));
            if !is_update {
                self.open.mark(place, true);
            }
            return;
        }
        if self.earliest == 0 || deadline < self.earliest {
            self.earliest = deadline;
        }
        if is_first {
            self.open.wait(place);
        }
    }

    fn wait(&self, settings: ConnectionSettings) -> u32 {
        let interval = if self.has_long_intervals { LONG_INTERVAL } else { SHORT_INTERVAL };
        interval.saturating_mul(settings.intervals)
    }

    fn evict(&mut self, (followed, addrs): (Followed, Addrs), now: u32, out: &mut Vec<Connection>) {
        self.evicted += 1;
        out.push(unanswered(followed).connection(addrs, now, false, false));
    }

    /// When the next connection has to be decided or the table to be looked at, if no line comes before.
    ///
    /// Connections that are due are decided before the interface's next line, together with those of that
    /// line: states are fetched once. Nobody waits for a line for longer than this. What is due within an
    /// hour is decided before the hour closes.
    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        let next = [self.earliest, self.open.tidy_at()].into_iter().filter(|it| *it != 0).min()?;
        let due = i64::from(next.div_ceil(SHORT_INTERVAL)) * i64::from(SHORT_INTERVAL);
        let end = (due + SILENT_SECS - 1) / SILENT_SECS * SILENT_SECS;
        let is_hour_closed_before = end % HOUR_SECS == 0 && due != end;
        let last_of_hour = end - i64::from(SHORT_INTERVAL);
        Some(Timestamp::from_secs(if is_hour_closed_before { last_of_hour } else { end }))
    }

    /// Whether something may be due by a time: cheap to ask before each line.
    #[inline]
    pub(crate) fn is_due(&self, reached: Timestamp) -> bool {
        let due = i64::from(self.earliest.div_ceil(SHORT_INTERVAL)) * i64::from(SHORT_INTERVAL);
        due != 0 && due <= reached.secs()
    }

    /// Decides what nobody answered by the end of its deadline's minute.
    pub(crate) fn expire(&mut self, reached: Timestamp, out: &mut Vec<Connection>) {
        let now = reached.secs().clamp(0, i64::from(u32::MAX)) as u32;
        let begin = out.len();
        // Whole minutes, whenever the interface was looked at.
        let now = now / SHORT_INTERVAL * SHORT_INTERVAL;
        self.earliest = self.open.expire(now, |followed, addrs, deadline| {
            let decided = deadline.div_ceil(SHORT_INTERVAL) * SHORT_INTERVAL;
            out.push(unanswered(followed).connection(addrs, decided, false, true));
        });
        out[begin..].sort_unstable_by_key(|it| {
            let ports = (it.remote_port, it.local_port, it.protocol);
            (it.decided, it.first, it.remote, it.local, ports)
        });
    }
}

fn unanswered(mut followed: Followed) -> Followed {
    followed.decide(Outcome::Unanswered);
    followed
}

fn key(flow: &LocalFlow) -> u64 {
    let ports = u64::from(flow.local_port) << 32
        | u64::from(flow.remote_port) << 8
        | u64::from(flow.protocol);
    flow.remote.key() ^ flow.local.key().rotate_left(17) ^ ports.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
pub(crate) mod tests {
    use model::Addr;
    use telemetry::Flow;

    use super::*;
    use crate::connection::table::CONNECTIONS_MAX;

    const TCP: u8 = 6;

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

    #[test]
    fn a_syn_after_the_end_begins_another_connection() {
        let session = [
            "198.51.100.1:5000>10.0.0.5:22 0-60 30/9000 flags=3",
            "10.0.0.5:22>198.51.100.1:5000 0-60 30/9000 flags=19",
        ];
        let mut lines = session.to_vec();
        lines.push("198.51.100.1:5000>10.0.0.5:22 70-90 12/1500 flags=3");
        let got = connections(&lines);
        assert_eq!(got.iter().map(|it| it.is_update).collect::<Vec<_>>(), [false, true, false]);
        assert_eq!((got[2].first, got[2].bytes_in, got[2].duration_secs()), (1070, 1500, 20));
        // A second line of the same interval is none.
        let mut lines = session.to_vec();
        lines.push("198.51.100.1:5000>10.0.0.5:22 30-60 12/1500 flags=3");
        assert!(connections(&lines)[2].is_update);
    }

    #[test]
    fn a_failed_try_is_told_before_the_next_with_the_same_ends() {
        let got = connections(&[
            "10.0.0.5:5000>198.51.100.1:443 0-10 2/120 flags=6",
            "10.0.0.5:5000>198.51.100.1:443 20-30 1/60 flags=2",
        ]);
        let firsts: Vec<_> = got.iter().map(|it| (it.first, it.outcome)).collect();
        assert_eq!(firsts, [(1000, Outcome::Unanswered), (1020, Outcome::Unanswered)]);
    }

    #[test]
    fn flags_of_a_whole_interval_do_not_make_a_client_the_server() {
        // SYN and RST-ACK, or SYN and FIN-ACK, of a client.
        for flags in [22, 19, 3, 2, 6] {
            let got = connections(&[&format!(
                "10.0.0.5:40000>198.51.100.1:8080 0-60 3/120 flags={flags}"
            )]);
            assert!(got[0].is_outbound, "{flags}");
            assert_eq!(got[0].outcome, Outcome::Unanswered, "{flags}");
        }
        // A SYN that was seen is not forgotten for a later line.
        let got = connections(&[
            "10.0.0.5:7000>198.51.100.1:40000 0-60 1/60 flags=2",
            "10.0.0.5:7000>198.51.100.1:40000 60-120 2/120 flags=22",
        ]);
        assert!(got.iter().all(|it| it.is_outbound));
        // The server's own SYN-ACK and FIN of a short connection.
        let got = connections(&["10.0.0.5:22>198.51.100.1:40000 0-60 9/900 flags=19"]);
        assert_eq!((got[0].is_outbound, got[0].outcome), (false, Outcome::Answered));
    }

    #[test]
    fn what_was_silent_for_long_begins_anew() {
        let lines = [
            "10.0.0.5:5000>198.51.100.1:443 0-60 10/9000",
            "10.0.0.5:5000>198.51.100.1:443 1070-1079 10/9000",
            "10.0.0.5:5000>198.51.100.1:443 2099-2100 10/9000",
        ];
        let got: Vec<_> = connections(&lines).iter().map(|it| it.is_update).collect();
        assert_eq!(got, [false, true, false]);
    }
}
