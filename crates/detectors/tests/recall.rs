//! Recall of scans, sweeps and SSH guessing, and silence on what looks like them, over generated flow logs.
//!
//! Each log comes from a seed, in the default format (version 2) or with flags and direction (version 5),
//! aggregated over one or ten minutes. The seeds and the numbers of hosts stand in the tests.

#[expect(dead_code, reason = "the logs are generated: no case is read from a file")]
#[cfg(test)]
mod harness;

use std::collections::BTreeMap;
use std::fmt::Write;

use harness::{Case, Run, findings};

const SCAN: &str = "Recon:EC2/Portscan";
const SWEEP: &str = "Impact:EC2/PortSweep";
const GUESSES: &str = "UnauthorizedAccess:EC2/SSHBruteForce";
/// 2025-10-09T09:00:00Z.
const START: u64 = 1_760_000_400;
const HOUR: u64 = 3600;
const TCP: u8 = 6;
const UDP: u8 = 17;

/// The generator of Steele, Lea and Flood, <https://doi.org/10.1145/2714064.2660195>.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn within(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    fn has(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn ephemeral(&mut self) -> u64 {
        self.within(32_768, 60_999)
    }
}

/// How a log is written.
#[derive(Clone, Copy, Debug)]
struct Format {
    version: u8,
    interval: u64,
}

const FORMATS: [Format; 4] = [
    Format { version: 2, interval: 60 },
    Format { version: 2, interval: 600 },
    Format { version: 5, interval: 60 },
    Format { version: 5, interval: 600 },
];

/// What becomes of a connection.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Answered,
    Dropped,
    Reset,
    Rejected,
}

/// A connection to be written.
struct Flow {
    /// Client and server, with ports.
    from: (String, u64),
    to: (String, u64),
    protocol: u8,
    start: u64,
    secs: u64,
    packets: u64,
    bytes: u64,
}

/// The log of some interfaces.
struct Log {
    format: Format,
    rng: Rng,
    text: String,
    host: u64,
}

impl Log {
    fn new(seed: u64, format: Format) -> Log {
        let header = match format.version {
            2 => {
                "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes \
                  start end action log-status\n"
            }
            _ => {
                "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes \
                  start end action log-status instance-id tcp-flags flow-direction\n"
            }
        };
        Log { format, rng: Rng(seed), text: header.to_owned(), host: 0 }
    }

    /// Our address of the family of the other side's.
    fn own(&self, other: &str) -> String {
        if other.contains(':') {
            format!("2001:db8::{:x}", self.host + 1)
        } else {
            format!("10.{}.{}.5", self.host / 250 + 1, self.host % 250)
        }
    }

    /// One direction of a connection, split at the borders of intervals.
    fn line(&mut self, flow: &Flow, is_reply: bool, flags: u8, action: &str) {
        let (from, to) = if is_reply { (&flow.to, &flow.from) } else { (&flow.from, &flow.to) };
        let end = flow.start + flow.secs;
        let parts = end / self.format.interval - flow.start / self.format.interval + 1;
        let (mut start, mut left) = (flow.start, (flow.packets, flow.bytes));
        for part in 0..parts.min(flow.packets) {
            let is_last = part + 1 == parts.min(flow.packets);
            let border = (start / self.format.interval + 1) * self.format.interval - 1;
            let stop = if is_last { end } else { border };
            let (packets, bytes) = if is_last {
                left
            } else {
                ((flow.packets / parts).max(1), (flow.bytes / parts).max(40))
            };
            left = (left.0 - packets.min(left.0), left.1 - bytes.min(left.1));
            let is_out = from.0 == self.own(&to.0);
            write!(
                self.text,
                "{} 111122223333 eni-{:017x} {} {} {} {} {} {packets} {bytes} {start} {stop} {action} OK",
                self.format.version, self.host, from.0, to.0, from.1, to.1, flow.protocol
            )
            .expect("a string takes every text");
            if self.format.version == 5 {
                let flags = if part == 0 { flags } else { flags & !2 };
                let direction = if is_out { "egress" } else { "ingress" };
                write!(self.text, " i-{:017x} {flags} {direction}", self.host)
                    .expect("a string takes every text");
            }
            self.text.push('\n');
            start = border + 1;
        }
    }

    fn flow(&mut self, flow: &Flow, fate: Fate) {
        let single = |bytes| Flow {
            from: flow.from.clone(),
            to: flow.to.clone(),
            packets: 1,
            bytes,
            secs: 0,
            ..*flow
        };
        let syn = if flow.protocol == TCP { 2 } else { 0 };
        match fate {
            Fate::Answered => {
                let flags = if flow.protocol == TCP { (3, 19) } else { (0, 0) };
                self.line(flow, false, flags.0, "ACCEPT");
                self.line(flow, true, flags.1, "ACCEPT");
            }
            Fate::Dropped => self.line(&single(44), false, syn, "ACCEPT"),
            Fate::Rejected => self.line(&single(44), false, syn, "REJECT"),
            Fate::Reset => {
                self.line(&single(44), false, syn, "ACCEPT");
                self.line(&single(40), true, 4, "ACCEPT");
            }
        }
    }

    /// A connection of ours.
    fn out(&mut self, to: &str, port: u64, start: u64, fate: Fate) {
        let packets = self.rng.within(6, 30);
        let flow = Flow {
            from: (self.own(to), self.rng.ephemeral()),
            to: (to.to_owned(), port),
            protocol: TCP,
            start,
            secs: self.rng.within(0, 5),
            packets,
            bytes: packets * self.rng.within(100, 900),
        };
        self.flow(&flow, fate);
    }

    fn udp(&mut self, to: &str, port: u64, start: u64, fate: Fate) {
        let from = (self.own(to), self.rng.ephemeral());
        let to = (to.to_owned(), port);
        let flow = Flow { from, to, protocol: UDP, start, secs: 0, packets: 1, bytes: 70 };
        self.flow(&flow, fate);
    }

    /// An SSH connection of `packets` and `bytes` to us, or from us.
    fn ssh(&mut self, remote: &str, is_ours: bool, start: u64, secs: u64, size: (u64, u64)) {
        let (own, port) = (self.own(remote), self.rng.ephemeral());
        let (from, to) = if is_ours { (own, remote.to_owned()) } else { (remote.to_owned(), own) };
        let (packets, bytes) = size;
        let (from, to) = ((from, port), (to, 22));
        let flow = Flow { from, to, protocol: TCP, start, secs, packets, bytes };
        self.flow(&flow, Fate::Answered);
    }

    /// The hosts that each type was raised for.
    fn hosts(self) -> BTreeMap<String, usize> {
        let case = Case {
            name: "generated".to_owned(),
            inputs: vec![("flows.log".to_owned(), self.text.into_bytes())],
            ..Case::default()
        };
        let mut hosts = BTreeMap::new();
        for finding in findings(&case, &Run::default()) {
            let kind = finding["type"].as_str().expect("a finding has a type").to_owned();
            *hosts.entry(kind).or_default() += 1;
        }
        hosts
    }
}

/// A public address of the documentation range of IPv6.
fn public(number: u64) -> String {
    format!("2001:db8:{:x}::{:x}", number / 1000 + 1, number % 1000 + 1)
}

/// A public IPv4 address of a documentation range.
fn peer(number: u64) -> String {
    let network = ["192.0.2", "198.51.100", "203.0.113"][number as usize % 3];
    format!("{network}.{}", number / 3 % 250 + 1)
}

/// What a scanner's targets do: seven of ten drop, reset or reject, one in ten answers.
fn scanned(rng: &mut Rng) -> Fate {
    match rng.below(10) {
        0 => Fate::Answered,
        1..5 => Fate::Dropped,
        5..8 => Fate::Reset,
        _ => Fate::Rejected,
    }
}

/// Runs `hosts` hosts of each format with this traffic and gives the share, in percent, of hosts that the
/// type is raised for, over all formats.
#[expect(clippy::print_stdout, reason = "the figures behind a share that is too small")]
fn recall(kind: &str, seed: u64, hosts: u64, traffic: impl Fn(&mut Log)) -> usize {
    let mut found = 0;
    for format in FORMATS {
        let mut log = Log::new(seed, format);
        for host in 0..hosts {
            log.host = host;
            traffic(&mut log);
        }
        let got = log.hosts();
        println!("{kind} seed {seed} {format:?}: {got:?} of {hosts}");
        found += got.get(kind).copied().unwrap_or(0);
    }
    found * 100 / (hosts as usize * FORMATS.len())
}

#[test]
fn a_hundred_ports_in_fifteen_minutes_are_always_a_scan() {
    // 4 formats of 25 hosts.
    let got = recall(SCAN, 1, 25, |log| {
        let ports = log.rng.within(100, 300);
        for i in 0..ports {
            let (at, fate) = (START + i * 900 / ports, scanned(&mut log.rng));
            log.out("10.200.0.9", 20 + i * 37, at, fate);
        }
    });
    assert_eq!(got, 100);
}

#[test]
fn a_port_a_second_is_a_scan() {
    // 4 formats of 20 hosts for five minutes.
    let got = recall(SCAN, 2, 20, |log| {
        for i in 0..300 {
            let (port, fate) = (log.rng.within(1, 32_000), scanned(&mut log.rng));
            log.out("203.0.113.9", port, START + i, fate);
        }
    });
    assert!(got >= 95, "{got} %");
}

#[test]
fn a_port_in_thirty_seconds_is_a_scan_within_hours() {
    // 4 formats of 10 hosts for six hours.
    let got = recall(SCAN, 3, 10, |log| {
        for i in 0..720 {
            let (port, fate) = (log.rng.within(1, 32_000), scanned(&mut log.rng));
            log.out("203.0.113.9", port, START + i * 30, fate);
        }
    });
    assert!(got >= 80, "{got} %");
}

#[test]
fn a_hundred_public_addresses_in_fifteen_minutes_are_always_a_sweep() {
    // 4 formats of 25 hosts.
    let got = recall(SWEEP, 4, 25, |log| {
        let (hosts, begin) = (log.rng.within(100, 300), log.rng.below(20_000));
        for i in 0..hosts {
            let (at, fate) = (START + i * 900 / hosts, scanned(&mut log.rng));
            log.out(&public(begin + i), 445, at, fate);
        }
    });
    assert_eq!(got, 100);
}

#[test]
fn an_address_in_thirty_seconds_is_a_sweep_within_hours() {
    // 4 formats of 10 hosts for six hours.
    let got = recall(SWEEP, 5, 10, |log| {
        let begin = log.rng.below(20_000);
        for i in 0..720 {
            let fate = scanned(&mut log.rng);
            log.out(&public(begin + i), 23, START + i * 30, fate);
        }
    });
    assert!(got >= 80, "{got} %");
}

#[test]
fn batches_and_restarts_change_nothing() {
    // Seeds 200 to 203: a scan, a sweep and guesses of one host in each format.
    for (seed, format) in (200..).zip(FORMATS) {
        let mut log = Log::new(seed, format);
        for i in 0..150 {
            let (scan, sweep) = (scanned(&mut log.rng), scanned(&mut log.rng));
            log.out("10.200.0.9", 20 + i * 37, START + i * 6, scan);
            log.host = 1;
            log.out(&public(i), 445, START + i * 6, sweep);
            log.host = 2;
            guess(&mut log, "198.51.100.7", false, 1, 1, 1);
            log.ssh("198.51.100.7", false, START + i * 15, 3, (15, 2400));
            log.host = 0;
        }
        // Within a batch lines are put in order, over batches only the log's own order counts.
        let mut lines: Vec<&str> = log.text.lines().collect();
        lines[1..].sort_by_key(|it| it.split(' ').nth(10).unwrap().parse::<u32>().unwrap());
        let text = (lines.join("\n") + "\n").into_bytes();
        let case = Case { inputs: vec![("flows.log".to_owned(), text)], ..Case::default() };
        let whole = findings(&case, &Run::default());
        assert_eq!(whole.len(), 3, "{format:?}");
        for (batch_rows, restart_after) in [(1, None), (7, Some(40)), (64, Some(2)), (64, Some(5))]
        {
            let restarts = |batch| Some(batch) == restart_after;
            let run = Run { batch_rows, restarts: &restarts, ..Run::default() };
            let is_equal = findings(&case, &run) == whole;
            assert!(is_equal, "{format:?}, batches of {batch_rows}");
        }
    }
}

/// Whether 25 failed ports, the eight common ports and `others` that answer are called a scan.
fn is_scan_beside_answers(others: u64) -> bool {
    let mut log = Log::new(300, FORMATS[0]);
    for port in [22, 53, 80, 123, 443, 3306, 5432, 6379] {
        log.out("10.200.0.9", port, START, Fate::Answered);
    }
    for i in 0..others {
        log.out("10.200.0.9", 9000 + i, START + i, Fate::Answered);
    }
    for i in 0..25 {
        log.out("10.200.0.9", 20_000 + i, START + 60 + i, Fate::Dropped);
    }
    log.hosts().contains_key(SCAN)
}

#[test]
fn answers_at_common_ports_are_eight_that_the_share_does_not_know_of() {
    // Two of three must fail, so 13 answers beside 25 failures are too many; eight of them may go unseen.
    assert!(is_scan_beside_answers(4), "25 of 37 failed");
    assert!(is_scan_beside_answers(12), "25 of 45 failed, 25 of 37 as far as is seen");
    assert!(!is_scan_beside_answers(13), "25 of 46 failed, 25 of 38 as far as is seen");
}

/// Guesses of a tool with `tasks` connections at a time: sizes differ by retransmissions.
fn guess(log: &mut Log, remote: &str, is_ours: bool, tasks: u64, tries: u64, span: u64) {
    let packets = log.rng.within(14, 28);
    for i in 0..tries {
        let round = i / tasks * tasks;
        let start = START + round * span / tries + log.rng.below(2);
        let packets = packets + log.rng.below(3) + if log.rng.has(10) { 4 } else { 0 };
        let size = (packets, packets * 140 + log.rng.below(200));
        let secs = log.rng.within(2, 6);
        log.ssh(remote, is_ours, start, secs, size);
    }
}

#[test]
fn thirty_guesses_in_thirty_minutes_are_brute_force() {
    // 4 formats of 10 hosts for each number of tasks and each direction.
    for tasks in [1, 2, 4, 8, 16] {
        for is_ours in [false, true] {
            let got = recall(GUESSES, 60 + tasks, 10, |log| {
                guess(log, "198.51.100.7", is_ours, tasks, 32, 1750);
            });
            assert!(got >= 99, "{tasks} tasks, by us: {is_ours}: {got} %");
        }
    }
}

/// Traffic that looks like one of the three and is not, one hour of one host.
type Benign = fn(&mut Log, u64);

const LOOK_ALIKES: [(&str, Benign); 14] = [
    ("busy client, 80 % answered", |log, hour| {
        for _ in 0..100 {
            let (to, at) = (public(log.rng.below(5000)), hour + log.rng.below(HOUR));
            let fate = if log.rng.has(80) { Fate::Answered } else { Fate::Dropped };
            log.out(&to, 443, at, fate);
        }
    }),
    ("busy client of one host's many ports", |log, hour| {
        for _ in 0..100 {
            let (port, at) = (log.rng.within(8000, 8200), hour + log.rng.below(HOUR));
            let fate = if log.rng.has(80) { Fate::Answered } else { Fate::Reset };
            log.out("10.99.0.1", port, at, fate);
        }
    }),
    ("load balancer or NAT, answered", |log, hour| {
        for _ in 0..120 {
            let (to, at) = (public(log.rng.below(20_000)), hour + log.rng.below(HOUR));
            let fate = if log.rng.has(97) { Fate::Answered } else { Fate::Dropped };
            log.out(&to, 443, at, fate);
        }
    }),
    ("monitoring of the same targets", |log, hour| {
        for i in 0..60 {
            log.out("10.99.0.2", 9000 + i % 30, hour + i * 50, Fate::Answered);
        }
    }),
    ("service discovery, rejected", |log, hour| {
        for i in 0..120 {
            log.out(&format!("10.99.0.{}", 3 + i % 3), 9092 + i % 3, hour + i, Fate::Rejected);
        }
    }),
    ("DNS resolver", |log, hour| {
        for _ in 0..120 {
            let (to, at) = (public(log.rng.below(3000)), hour + log.rng.below(HOUR));
            let fate = if log.rng.has(92) { Fate::Answered } else { Fate::Dropped };
            log.udp(&to, 53, at, fate);
        }
    }),
    ("backscatter", |log, hour| {
        for i in 0..100 {
            let flow = Flow {
                from: (log.own("198.51.100.66"), log.rng.within(1024, 65_000)),
                to: ("198.51.100.66".to_owned(), 80),
                protocol: TCP,
                start: hour + i * 3,
                secs: 0,
                packets: 1,
                bytes: 44,
            };
            log.line(&flow, true, 18, "ACCEPT");
            log.line(&flow, false, 4, "ACCEPT");
        }
    }),
    ("peer to peer", |log, hour| {
        for _ in 0..120 {
            let (to, at) = (public(log.rng.below(20_000)), hour + log.rng.below(HOUR));
            let fate = if log.rng.has(35) { Fate::Answered } else { Fate::Dropped };
            let port = log.rng.within(1025, 65_000);
            log.out(&to, port, at, fate);
        }
    }),
    ("scanned by others", |log, hour| {
        for i in 0..100 {
            let flow = Flow {
                from: (peer(7), log.rng.ephemeral()),
                to: (log.own(&peer(7)), log.rng.within(1, 65_000)),
                protocol: TCP,
                start: hour + i * 5,
                secs: 0,
                packets: 1,
                bytes: 44,
            };
            log.flow(&flow, if i % 2 == 0 { Fate::Reset } else { Fate::Rejected });
        }
    }),
    ("SSH health checks", |log, hour| {
        for i in 0..120 {
            let packets = log.rng.within(1, 6);
            log.ssh("10.99.0.9", false, hour + i * 30, 0, (packets, packets * 90));
        }
    }),
    ("Ansible, ten tasks an hour", |log, hour| {
        for i in 0..10 {
            let size = (log.rng.within(20, 40), log.rng.within(4000, 9000));
            log.ssh("10.99.0.10", false, hour + i * 60, 4, size);
        }
    }),
    ("git and rsync", |log, hour| {
        for i in 0..60 {
            let size = (log.rng.within(65, 4000), log.rng.within(20_000, 4_000_000));
            let secs = log.rng.within(2, 90);
            log.ssh(&peer(40 + i % 4), false, hour + i * 60, secs, size);
        }
    }),
    ("bastion", |log, hour| {
        for i in 0..25 {
            let size = (log.rng.within(100, 5000), log.rng.within(14_000, 900_000));
            let (from, secs) = (peer(i), log.rng.within(100, 2500));
            let at = hour + log.rng.below(1000);
            log.ssh(&from, false, at, secs, size);
        }
    }),
    ("traceroute", |log, hour| {
        for i in 0..90 {
            log.udp(&peer(99), 33_434 + i, hour + i / 9, Fate::Dropped);
        }
    }),
];

#[test]
fn look_alikes_raise_nothing() {
    // Seeds 100 to 113: each of 14 kinds with 12 hosts for 12 hours in two formats, 4,032 host-hours.
    let mut wrong = Vec::new();
    for (seed, (name, benign)) in (100..).zip(LOOK_ALIKES) {
        for format in [FORMATS[0], FORMATS[3]] {
            let mut log = Log::new(seed, format);
            for host in 0..12 {
                log.host = host;
                for hour in 0..12 {
                    benign(&mut log, START + hour * HOUR);
                }
            }
            let got = log.hosts();
            if [SCAN, SWEEP, GUESSES].iter().any(|it| got.contains_key(*it)) {
                wrong.push((name, format, got));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
