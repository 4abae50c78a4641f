//! Lines of flow logs as interfaces deliver them: cut at aggregation intervals, in the order of delivery.

use std::collections::VecDeque;
use std::io::Write as _;
use std::net::IpAddr;

use super::talk::{End, Talk};
use crate::flow::TCP;

/// The columns: version 5 with a format of one's own.
const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start \
end action log-status instance-id tcp-flags flow-direction\n";
/// Seconds between deliveries.
const DELIVERY_SECS: i64 = 300;
const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const SYN_ACK: u8 = 18;

/// Who writes a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Interface {
    /// Number of the host.
    pub(super) host: u32,
    pub(super) address: IpAddr,
    /// `eni-…`.
    pub(super) id: String,
    /// `i-…`, or `-` for what is no instance.
    pub(super) instance: String,
}

/// A line, for those who count on their own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line {
    /// Number of the host.
    pub host: u32,
    /// The other side.
    pub remote: IpAddr,
    /// Our port.
    pub local_port: u16,
    /// Port of the other side.
    pub remote_port: u16,
    /// IANA number.
    pub protocol: u8,
    /// Whether we sent it.
    pub is_outbound: bool,
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
    /// Seconds since 1970.
    pub start: i64,
    /// OR of the TCP flags as flow logs tell them.
    pub flags: u8,
    /// Whether a security group or network ACL dropped it.
    pub is_rejected: bool,
}

/// One direction of a connection.
struct Half {
    is_outbound: bool,
    /// Packets and bytes.
    sent: (u64, u64),
    /// Flags of the first record and of the last.
    flags: (u8, u8),
    /// Flags of every record.
    each: u8,
}

/// Lines that were not delivered yet.
pub(super) struct Wire {
    account: &'static str,
    interval: i64,
    /// Number of the first delivery that is still open.
    next: i64,
    deliveries: VecDeque<Vec<u8>>,
    pub(super) lines: u64,
}

impl Wire {
    pub(super) fn new(account: &'static str, interval: u32, start: i64) -> Wire {
        Wire {
            account,
            interval: i64::from(interval.max(1)),
            next: start.div_euclid(DELIVERY_SECS),
            deliveries: VecDeque::new(),
            lines: 0,
        }
    }

    /// Writes what an interface sees of a connection.
    pub(super) fn put(&mut self, of: &Interface, it: &Talk, tap: &mut dyn FnMut(&Line)) {
        let (is_tcp, opens) = (it.protocol == TCP, it.is_opened);
        let (syn, syn_ack) = if is_tcp && opens { (SYN, SYN_ACK) } else { (0, 0) };
        let fin = if is_tcp && it.end == End::Closed { FIN } else { 0 };
        let there = |sent, flags| Half { is_outbound: it.is_ours, sent, flags, each: 0 };
        let back = |sent, flags| Half { is_outbound: !it.is_ours, sent, flags, each: 0 };
        // Whoever is not answered sends the same segment again.
        let alone = |flags| Half { each: flags, ..there(it.forward, (0, 0)) };
        let reset = Some(back((1, 40), (RST, 0)));
        let (there, back) = match it.end {
            End::Closed | End::Open => {
                (there(it.forward, (syn, fin)), Some(back(it.back, (syn_ack, fin))))
            }
            End::Silent | End::Rejected => (alone(syn), None),
            End::Stray => (alone(SYN_ACK), reset),
            End::Refused => (alone(syn), reset),
        };
        self.half(of, it, &there, tap);
        if let Some(back) = back {
            self.half(of, it, &back, tap);
        }
    }

    /// One direction, cut at the interface's intervals, which begin at a second of its own.
    fn half(&mut self, of: &Interface, it: &Talk, half: &Half, tap: &mut dyn FnMut(&Line)) {
        let Half { is_outbound, sent: (packets, bytes), flags: (first, last), each } = *half;
        let phase = i64::from(of.host) * 7 % self.interval;
        let window = |at: i64| (at - phase).div_euclid(self.interval);
        let end = it.at + it.secs;
        let (from, to) = (window(it.at), window(end));
        let mut left = (packets, bytes);
        for number in from..=to {
            let (is_first, is_last) = (number == from, number == to);
            let closes = (number + 1) * self.interval + phase;
            let start = if is_first { it.at } else { closes - self.interval };
            let stop = if is_last { end } else { closes - 1 };
            let part = if is_last {
                left
            } else {
                let share = |all: u64| {
                    all * (stop - start + 1).unsigned_abs() / (it.secs + 1).unsigned_abs()
                };
                let least = u64::from(is_first);
                let part = share(packets).max(least).min(left.0);
                (part, (bytes * part / packets.max(1)).min(left.1))
            };
            if part.0 == 0 {
                continue;
            }
            left = (left.0 - part.0, left.1 - part.1);
            let flags = each | if is_first { first } else { 0 } | if is_last { last } else { 0 };
            let line = Line {
                host: of.host,
                remote: it.remote,
                local_port: it.local_port,
                remote_port: it.remote_port,
                protocol: it.protocol,
                is_outbound,
                packets: part.0,
                bytes: part.1,
                start,
                flags,
                is_rejected: it.end == End::Rejected,
            };
            tap(&line);
            self.write(of, &line, stop, closes);
        }
    }

    fn write(&mut self, of: &Interface, line: &Line, stop: i64, closes: i64) {
        let account = self.account;
        let out = self.delivery(closes);
        let ends = ((of.address, line.local_port), (line.remote, line.remote_port));
        let (from, to) = if line.is_outbound { ends } else { (ends.1, ends.0) };
        let action = if line.is_rejected { "REJECT" } else { "ACCEPT" };
        let direction = if line.is_outbound { "egress" } else { "ingress" };
        let Line { protocol, packets, bytes, start, flags, .. } = *line;
        // Writing to memory cannot fail.
        let _ok = writeln!(
            out,
            "5 {account} {} {} {} {} {} {protocol} {packets} {bytes} {start} {stop} {action} OK {} {flags} {direction}",
            of.id, from.0, to.0, from.1, to.1, of.instance
        );
        self.lines += 1;
    }

    /// The delivery that holds intervals which close at this time. What is late goes into the next one.
    fn delivery(&mut self, closes: i64) -> &mut Vec<u8> {
        let ahead = (closes.div_euclid(DELIVERY_SECS) - self.next).max(0);
        let ahead = usize::try_from(ahead).unwrap_or(0);
        while self.deliveries.len() <= ahead {
            self.deliveries.push_back(Vec::new());
        }
        &mut self.deliveries[ahead]
    }

    /// Delivers what closes before a time.
    pub(super) fn deliver(&mut self, until: i64) -> Vec<u8> {
        let mut file = HEADER.as_bytes().to_vec();
        while self.next < until.div_euclid(DELIVERY_SECS) {
            self.next += 1;
            if let Some(lines) = self.deliveries.pop_front() {
                file.extend_from_slice(&lines);
            }
        }
        file
    }

    /// When everything that was written is delivered.
    pub(super) fn last(&self) -> i64 {
        (self.next + i64::try_from(self.deliveries.len()).unwrap_or(0)) * DELIVERY_SECS
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const START: i64 = 1_780_272_000;

    fn lines(interval: u32, talk: &Talk) -> (Vec<Line>, String) {
        let address = Ipv4Addr::new(10, 1, 1, 0).into();
        let (id, instance) = ("eni-1".to_owned(), "i-1".to_owned());
        let of = Interface { host: 3, address, id, instance };
        let mut wire = Wire::new("111122223333", interval, START);
        let mut lines = Vec::new();
        wire.put(&of, talk, &mut |it| lines.push(*it));
        let text = String::from_utf8(wire.deliver(wire.last())).unwrap();
        assert_eq!(text.lines().count(), lines.len() + 1);
        (lines, text)
    }

    fn talk(secs: i64, end: End) -> Talk {
        Talk {
            at: START + 100,
            secs,
            remote: Ipv4Addr::new(192, 0, 2, 1).into(),
            local_port: 40_000,
            remote_port: 22,
            protocol: TCP,
            is_ours: true,
            is_opened: true,
            forward: (1_000, 70_001),
            back: (900, 80_000),
            end,
        }
    }

    #[test]
    fn a_long_connection_is_cut_and_nothing_is_lost() {
        for (interval, records) in [(60, 11), (600, 2)] {
            let (lines, _) = lines(interval, &talk(600, End::Closed));
            let ours = || lines.iter().filter(|it| it.is_outbound);
            assert_eq!(ours().count(), records, "{interval}");
            assert_eq!(ours().map(|it| it.packets).sum::<u64>(), 1_000);
            assert_eq!(ours().map(|it| it.bytes).sum::<u64>(), 70_001);
            let flags: Vec<u8> = ours().map(|it| it.flags).collect();
            assert_eq!((flags[0], flags[records - 1]), (SYN, FIN));
            assert!(flags[1..records - 1].iter().all(|it| *it == 0));
        }
    }

    #[test]
    fn a_short_one_is_two_records() {
        let (lines, text) = lines(600, &talk(5, End::Closed));
        assert_eq!(lines.iter().map(|it| it.flags).collect::<Vec<_>>(), [SYN | FIN, SYN_ACK | FIN]);
        let expected = "5 111122223333 eni-1 10.1.1.0 192.0.2.1 40000 22 6 1000 70001 1780272100 1780272105 ACCEPT OK \
                        i-1 3 egress";
        assert_eq!(text.lines().nth(1), Some(expected));
    }

    #[test]
    fn probes_are_answered_by_a_reset_or_not_at_all() {
        let flags = |end| -> Vec<(u8, bool)> {
            let (lines, _) = lines(60, &talk(0, end).probe(end));
            lines.iter().map(|it| (it.flags, it.is_rejected)).collect()
        };
        assert_eq!(flags(End::Refused), [(SYN, false), (RST, false)]);
        assert_eq!(flags(End::Silent), [(SYN, false)]);
        let (again, _) = lines(60, &talk(0, End::Silent).attempt(End::Silent, 6));
        assert!(again.len() > 1 && again.iter().all(|it| it.flags == SYN));
        assert_eq!(flags(End::Rejected), [(SYN, true)]);
        assert_eq!(flags(End::Stray), [(SYN_ACK, false), (RST, false)]);
    }
}
