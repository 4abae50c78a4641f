//! What most hosts do all day: web and application servers, databases, workers, desktops, nodes.

use super::host::{Host, inside, public};
use super::talk::{End, Talk};
use super::{Activity, Group};
use crate::flow::UDP;

/// Ports that the noise of the Internet asks for.
const NOISE: [u16; 12] = [22, 23, 80, 445, 1433, 2222, 3389, 5060, 6379, 8080, 8443, 37_215];

pub(super) const ORDINARY: &[Activity] = &[
    Activity::quiet(
        "web server",
        Group::Ordinary,
        "visitors, a database, services of AWS; strangers knock",
        web,
    ),
    Activity::quiet(
        "application server",
        Group::Ordinary,
        "a balancer before it, stores and APIs behind it",
        app,
    ),
    Activity::quiet(
        "database",
        Group::Ordinary,
        "few clients that stay, a dump at night",
        database,
    ),
    Activity::quiet(
        "worker",
        Group::Ordinary,
        "queues and APIs, of which one in thirty does not answer",
        worker,
    ),
    Activity::quiet(
        "desktop",
        Group::Ordinary,
        "the web and chat in office hours, QUIC, a few dead links",
        desktop,
    ),
    Activity::quiet(
        "container node",
        Group::Ordinary,
        "pods on many ports, refusals while they move",
        node,
    ),
];

/// More by day than at night.
fn by_day(host: &mut Host<'_>, mean: u64) -> u64 {
    let mean = if (7..19).contains(&host.clock()) { mean } else { mean / 3 };
    host.about(mean)
}

/// The Internet's noise at a public address: most is dropped by the security group.
pub(super) fn noise(host: &mut Host<'_>, mean: u64) {
    for _ in 0..host.about(mean) {
        let (at, from) = (host.any_time(), public(host.random.between(0, 60_000)));
        let port = host.random.pick(&NOISE).unwrap_or(23);
        let talk = host.called(at, from, port).probe(End::Rejected);
        host.put(&talk);
    }
}

/// Calls of services of AWS and other APIs, from a small set that stays the same.
pub(super) fn services(host: &mut Host<'_>, mean: u64) {
    let mut fixed = host.fixed(1);
    let known: Vec<u64> = (0..8).map(|_| fixed.between(0, 200)).collect();
    for _ in 0..by_day(host, mean) {
        let (at, number) = (host.any_time(), host.random.pick(&known).unwrap_or(0));
        let talk = host.calls(at, public(number), 443);
        host.put(&talk);
    }
}

pub(super) fn web(host: &mut Host<'_>) {
    noise(host, 8);
    services(host, 6);
    for _ in 0..by_day(host, 40) {
        let (at, from) = (host.any_time(), public(host.random.between(200, 40_000)));
        let port = if host.chance(150) { 80 } else { 443 };
        let talk = host.called(at, from, port);
        let secs = host.random.secs(0, 70);
        host.put(&talk.lasting(secs));
    }
    let store = inside(host.fixed(2).between(0, 4));
    for _ in 0..by_day(host, 6) {
        let at = host.any_time();
        let talk = host.calls(at, store, 5432).lasting(120);
        host.put(&talk);
    }
}

pub(super) fn app(host: &mut Host<'_>) {
    services(host, 8);
    let mut fixed = host.fixed(2);
    let balancers = [fixed.between(10, 20), fixed.between(20, 30)].map(inside);
    let stores =
        [(fixed.between(0, 4), 5432), (fixed.between(4, 8), 6379), (fixed.between(8, 10), 9092)];
    for _ in 0..by_day(host, 20) {
        let (at, from) = (host.any_time(), host.random.pick(&balancers).unwrap_or(balancers[0]));
        let talk = host.called(at, from, 8080);
        host.put(&talk);
    }
    for _ in 0..by_day(host, 12) {
        let (at, (number, port)) =
            (host.any_time(), host.random.pick(&stores).unwrap_or(stores[0]));
        let talk = host.calls(at, inside(number), port);
        host.put(&talk);
    }
}

pub(super) fn database(host: &mut Host<'_>) {
    services(host, 2);
    let first = host.fixed(2).between(100, 900);
    for client in 0..6 {
        let at = host.at(client * 37);
        let talk = host.called(at, inside(first + client), 5432).lasting(3500);
        let packets = host.skewed(200, 20_000);
        host.put(&talk.sized((packets, 180), (packets, 700)));
    }
    if host.clock() == 2 {
        let at = host.at(600);
        let packets = host.skewed(100_000, 2_000_000);
        let talk = host.calls(at, public(30), 443).lasting(1500);
        host.put(&talk.sized((packets, 1400), (packets / 3, 52)));
    }
}

fn worker(host: &mut Host<'_>) {
    services(host, 18);
    let mut fixed = host.fixed(2);
    let known: Vec<u64> = (0..30).map(|_| fixed.between(200, 700)).collect();
    for _ in 0..by_day(host, 20) {
        let (at, number) = (host.any_time(), host.random.pick(&known).unwrap_or(0));
        let talk = host.calls(at, public(number), 443);
        let is_dead = host.chance(33);
        host.put(&if is_dead { talk.attempt(End::Silent, 4) } else { talk });
    }
}

fn desktop(host: &mut Host<'_>) {
    services(host, 3);
    if !(8..18).contains(&host.clock()) {
        return;
    }
    for _ in 0..host.about(50) {
        let (at, to) = (host.any_time(), public(host.random.between(0, 9_000)));
        let talk = host.calls(at, to, 443);
        let talk = match host.random.between(0, 100) {
            0..4 => talk.attempt(End::Silent, 5),
            4..6 => talk.probe(End::Refused),
            6..30 => Talk { protocol: UDP, end: End::Open, ..talk }.lasting(40),
            30..36 => Talk { remote_port: 80, ..talk },
            _ => talk,
        };
        host.put(&talk);
    }
    for _ in 0..host.about(3) {
        let (at, to) = (host.any_time(), inside(host.fixed(3).between(40, 60)));
        let session = host.calls(at, to, 22);
        let (packets, secs) = (host.skewed(60, 6_000), host.random.secs(20, 1_800));
        host.put(&session.sized((packets, 90), (packets, 240)).lasting(secs));
    }
}

fn node(host: &mut Host<'_>) {
    services(host, 10);
    let first = host.fixed(2).between(0, 60_000);
    let is_moving = host.chance(60);
    for _ in 0..by_day(host, 50) {
        let (at, pod) = (host.any_time(), host.random.between(0, 40));
        let port = [8080, 9090, 3000, 5000, 50_051, 6379][pod as usize % 6];
        let talk = host.calls(at, inside(first + pod), port);
        let is_gone = host.chance(if is_moving { 200 } else { 10 });
        host.put(&if is_gone { talk.probe(End::Refused) } else { talk });
    }
}
