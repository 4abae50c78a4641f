//! Scans of ports and sweeps over addresses, fast and slow.

use super::host::{Host, PUBLIC_V4, inside, public, public_v6};
use super::ordinary::{services, web};
use super::talk::{End, Talk};
use super::{Activity, Group};
use crate::flow::UDP;

const SCAN: &[&str] = &["Recon:EC2/Portscan"];
const SWEEP: &[&str] = &["Impact:EC2/PortSweep"];
/// Hours that a probe every half minute goes on for.
const SLOW_HOURS: u32 = 24;

pub(super) const ATTACKS: &[Activity] = &[
    Activity::attack(
        "SYN scan, host that refuses",
        Group::Scan,
        "100 to 1,000 ports of a host of ours within 15 minutes, one SYN each; closed ones are refused",
        SCAN,
        |host| scan(host, &Scan { count: (100, 1000), is_inside: true, again: 0, filtered: 50 }),
    ),
    Activity::attack(
        "SYN scan, host behind a filter",
        Group::Scan,
        "100 to 1,000 ports of a public host within 15 minutes, asked twice from two ports; nearly none answers",
        SCAN,
        |host| {
            scan(host, &Scan { count: (100, 1000), is_inside: false, again: 1, filtered: 980 });
        },
    ),
    Activity::attack(
        "connect scan",
        Group::Scan,
        "100 to 300 ports within 15 minutes through the operating system, which sends SYNs again",
        SCAN,
        connect_scan,
    ),
    Activity::attack(
        "UDP scan",
        Group::Scan,
        "100 to 300 ports within 15 minutes, one datagram each",
        SCAN,
        udp_scan,
    ),
    Activity::attack(
        "scan, a port a second",
        Group::ScanSecond,
        "300 ports of a public host, one a second",
        SCAN,
        |host| scan_every(host, 1, 300),
    ),
    Activity::attack(
        "scan, a port in 30 seconds",
        Group::ScanSlow,
        "ports of a public host for a day, one every 30 seconds",
        SCAN,
        |host| scan_every(host, 30, u64::from(SLOW_HOURS) * 120),
    ),
    Activity::attack(
        "SYN sweep, IPv4",
        Group::Scan,
        "one port of 100 to 700 public hosts within 15 minutes; one in twenty answers",
        SWEEP,
        |host| sweep(host, public, PUBLIC_V4),
    ),
    Activity::attack(
        "SYN sweep, IPv6",
        Group::Scan,
        "one port of 100 to 1,000 public hosts within 15 minutes; one in twenty answers",
        SWEEP,
        |host| sweep(host, public_v6, 60_000),
    ),
    Activity::attack(
        "connect sweep",
        Group::Scan,
        "one port of 100 to 700 public hosts within 15 minutes through the operating system",
        SWEEP,
        connect_sweep,
    ),
    Activity::attack(
        "sweep, a host a second",
        Group::ScanSecond,
        "one port of 300 public hosts, one a second",
        SWEEP,
        |host| sweep_every(host, 1, 300),
    ),
    Activity::attack(
        "sweep, a host in 30 seconds",
        Group::ScanSlow,
        "one port of public hosts for a day, one every 30 seconds",
        SWEEP,
        |host| sweep_every(host, 30, u64::from(SLOW_HOURS) * 120),
    ),
];

struct Scan {
    count: (u64, u64),
    is_inside: bool,
    /// Times that what is silent is asked again.
    again: u64,
    /// Ports of a thousand that a filter drops.
    filtered: u64,
}

/// What becomes of a probe where so many of a thousand are dropped and one in fifty is open.
fn fate(host: &mut Host<'_>, filtered: u64) -> End {
    match host.random.between(0, 1000) {
        0..20 => End::Closed,
        number if number < 20 + filtered => End::Silent,
        _ => End::Refused,
    }
}

/// A half-open probe: an open port answers and is reset.
fn half_open(talk: Talk, end: End) -> Talk {
    match end {
        End::Closed => Talk { secs: 0, forward: (2, 84), back: (1, 44), ..talk },
        end => talk.probe(end),
    }
}

/// Ports in no order: a walk over all of them with a fixed step.
fn port(start: u64, number: u64) -> u16 {
    ((start + number * 7_919) % 65_535 + 1) as u16
}

fn scan(host: &mut Host<'_>, how: &Scan) {
    web(host);
    if host.since_attack() != Some(0) {
        return;
    }
    let target = host.random.between(0, 700);
    let target = if how.is_inside { inside(target) } else { public(target) };
    let count = host.random.between(how.count.0, how.count.1 + 1);
    let secs = host.skewed(10, 890);
    let (begin, first) = (host.random.between(0, 2_000), host.random.bits() % 65_535);
    let local_port = host.random.port();
    for number in 0..count {
        let at = host.at(begin + number * secs / count);
        let end = fate(host, how.filtered);
        let talk = host.calls(at, target, port(first, number));
        let talk = half_open(Talk { local_port, ..talk }, end);
        host.put(&talk);
        for again in 0..if end == End::Silent { how.again } else { 0 } {
            host.put(&Talk { at: at + 1, local_port: local_port + 1 + again as u16, ..talk });
        }
    }
}

fn connect_scan(host: &mut Host<'_>) {
    web(host);
    if host.since_attack() != Some(0) {
        return;
    }
    let (target, count) = (inside(host.random.between(0, 700)), host.random.between(100, 301));
    let filtered = host.random.between(0, 900);
    let (begin, first) = (host.random.between(0, 2_000), host.random.bits() % 65_535);
    for number in 0..count {
        let at = host.at(begin + number * 880 / count);
        let end = fate(host, filtered);
        let talk = host.calls(at, target, port(first, number));
        host.put(&if end == End::Closed { talk } else { talk.attempt(end, 2) });
    }
}

fn udp_scan(host: &mut Host<'_>) {
    web(host);
    if host.since_attack() != Some(0) {
        return;
    }
    let (target, count) = (inside(host.random.between(0, 700)), host.random.between(100, 301));
    let (begin, first, local_port) =
        (host.random.between(0, 2_000), host.random.bits() % 65_535, host.random.port());
    for number in 0..count {
        let at = host.at(begin + number * 880 / count);
        let end = if host.chance(20) { End::Open } else { End::Silent };
        let talk = host.asks(at, target, port(first, number), (40, 80));
        host.put(&Talk { local_port, protocol: UDP, end, ..talk });
    }
}

/// The seconds of this hour, of a row that begins in the first half hour of the attack, and their numbers.
fn row(host: &Host<'_>, step: u64, count: u64) -> Vec<(u64, u64)> {
    let Some(hour) = host.since_attack() else { return Vec::new() };
    let (begin, from) = (host.fixed(40).between(0, 1_800), u64::from(hour) * 3600);
    let all = (0..count).map(|number| (number, begin + number * step));
    all.filter(|it| (from..from + 3600).contains(&it.1)).map(|it| (it.0, it.1 - from)).collect()
}

fn scan_every(host: &mut Host<'_>, step: u64, count: u64) {
    web(host);
    let mut fixed = host.fixed(41);
    let (target, filtered) = (public(fixed.between(0, 700)), fixed.between(0, 980));
    let (first, local_port) = (fixed.bits() % 65_535, fixed.port());
    for (number, secs) in row(host, step, count) {
        let (at, end) = (host.at(secs), fate(host, filtered));
        let talk = host.calls(at, target, port(first, number));
        host.put(&half_open(Talk { local_port, ..talk }, end));
    }
}

/// What a stranger on the Internet does with a SYN: one in twenty answers, most are silent.
fn stranger(host: &mut Host<'_>) -> End {
    match host.random.between(0, 100) {
        0..5 => End::Closed,
        5..15 => End::Refused,
        _ => End::Silent,
    }
}

const SWEPT: [u16; 10] = [22, 23, 445, 1433, 2375, 3389, 5900, 6379, 8080, 9200];

fn sweep(host: &mut Host<'_>, address: fn(u64) -> std::net::IpAddr, of: u64) {
    services(host, 6);
    if host.since_attack() != Some(0) {
        return;
    }
    let count = host.random.between(100, of.min(1_001));
    let (begin, first, secs) =
        (host.random.between(0, 2_000), host.random.between(0, of - count), host.skewed(10, 890));
    let (port, local_port) = (host.random.pick(&SWEPT).unwrap_or(23), host.random.port());
    for number in 0..count {
        let (at, end) = (host.at(begin + number * secs / count), stranger(host));
        let talk = host.calls(at, address(first + number), port);
        host.put(&half_open(Talk { local_port, ..talk }, end));
    }
}

fn connect_sweep(host: &mut Host<'_>) {
    services(host, 6);
    if host.since_attack() != Some(0) {
        return;
    }
    let count = host.random.between(100, 701);
    let (begin, first) = (host.random.between(0, 2_000), host.random.between(0, PUBLIC_V4 - count));
    let port = host.random.pick(&SWEPT).unwrap_or(23);
    for number in 0..count {
        let (at, end) = (host.at(begin + number * 880 / count), stranger(host));
        let talk = host.calls(at, public(first + number), port);
        host.put(&if end == End::Closed { talk } else { talk.attempt(end, 2) });
    }
}

fn sweep_every(host: &mut Host<'_>, step: u64, count: u64) {
    services(host, 6);
    let mut fixed = host.fixed(42);
    let (first, local_port) = (fixed.between(0, 50_000), fixed.port());
    let port = fixed.pick(&SWEPT).unwrap_or(23);
    for (number, secs) in row(host, step, count) {
        let (at, end) = (host.at(secs), stranger(host));
        let talk = host.calls(at, public_v6(first + number), port);
        host.put(&half_open(Talk { local_port, ..talk }, end));
    }
}
