//! Floods in the five forms that have a type, and transfers that are none.

use super::host::{Host, inside, public};
use super::ordinary::{services, web};
use super::talk::{End, Talk};
use super::{Activity, Group};
use crate::flow::{TCP, UDP};

const DNS: &[&str] = &["Backdoor:EC2/DenialOfService.Dns"];
const TCP_TYPE: &[&str] = &["Backdoor:EC2/DenialOfService.Tcp"];
const UDP_TYPE: &[&str] = &["Backdoor:EC2/DenialOfService.Udp"];
const ON_TCP_PORTS: &[&str] = &["Backdoor:EC2/DenialOfService.UdpOnTcpPorts"];
const UNUSUAL: &[&str] = &["Backdoor:EC2/DenialOfService.UnusualProtocol"];
/// Ports that tools walk over.
const PORTS: u64 = 64_512;
const DNS_PORT: u16 = 53;

const fn flood(
    name: &'static str,
    about: &'static str,
    types: &'static [&'static str],
    hour: fn(&mut Host<'_>),
) -> Activity {
    Activity::attack(name, Group::Flood, about, types, hour)
}

pub(super) const ATTACKS: &[Activity] = &[
    flood(
        "SYN flood, slow",
        "2,000 to 3,000 SYNs a second for three minutes, each from the next port",
        TCP_TYPE,
        |host| syns(host, (2_000, 3_000), 180),
    ),
    flood(
        "SYN flood, fast",
        "20,000 to 60,000 SYNs a second for four minutes; the tool's ports come round again and again",
        TCP_TYPE,
        |host| syns(host, (20_000, 60_000), 240),
    ),
    flood(
        "TCP flood over few sockets",
        "20,000 to 60,000 segments a second for four minutes from eight ports, nothing comes back",
        TCP_TYPE,
        |host| sockets(host, (TCP, 443), (20_000, 60_000), 40),
    ),
    flood(
        "UDP flood over few sockets",
        "10,000 to 60,000 datagrams a second for four minutes from eight ports to a game's port",
        UDP_TYPE,
        |host| sockets(host, (UDP, 27_015), (10_000, 60_000), 500),
    ),
    flood(
        "UDP flood over all ports",
        "10,000 to 60,000 datagrams a second for four minutes, each to a random port",
        UDP_TYPE,
        any_ports,
    ),
    flood(
        "UDP flood at a web server",
        "10,000 to 60,000 datagrams a second for four minutes from eight ports to port 80",
        ON_TCP_PORTS,
        |host| sockets(host, (UDP, 80), (10_000, 60_000), 500),
    ),
    flood(
        "queries at a resolver",
        "2,000 to 20,000 queries a second for four minutes, one in a hundred answered",
        DNS,
        queries,
    ),
    flood(
        "amplified DNS answers",
        "an open resolver of ours sends 3,000 answers of 3 KB a second to a victim for four minutes",
        DNS,
        amplified,
    ),
    flood(
        "flood of an unusual protocol",
        "2,000 to 20,000 packets a second of a protocol that nobody uses, for four minutes",
        UNUSUAL,
        |host| sockets(host, (253, 0), (2_000, 20_000), 500),
    ),
];

pub(super) const LOOK_ALIKES: &[Activity] = &[
    quiet(
        "measurement between hosts of ours",
        "minutes of UDP and TCP at full rate, inside the network",
        measurement,
    ),
    quiet(
        "load test",
        "2,000 connections a minute to one's own public site, all answered",
        load_test,
    ),
    quiet(
        "video sender",
        "20 minutes of video over UDP to one viewer, with sparse reports back",
        video,
    ),
    quiet(
        "logs over UDP",
        "up to 400 datagrams a second to a public collector that never answers",
        logs,
    ),
    quiet("QUIC server", "visitors fetch over UDP port 443", quic),
    quiet(
        "download server",
        "one visitor every second hour fetches up to gigabytes, else it is quiet",
        downloads,
    ),
];

const fn quiet(name: &'static str, about: &'static str, hour: fn(&mut Host<'_>)) -> Activity {
    Activity::quiet(name, Group::Volume, about, hour)
}

fn is_time(host: &mut Host<'_>) -> bool {
    web(host);
    host.since_attack() == Some(0)
}

/// SYNs, each from the next port of the tool: those of one port within an interval are one record.
fn syns(host: &mut Host<'_>, rate: (u64, u64), secs: u64) {
    if !is_time(host) {
        return;
    }
    let (rate, begin) = (host.random.between(rate.0, rate.1), host.random.between(0, 3_000));
    let victim = public(host.random.between(0, 700));
    for number in 0..PORTS {
        let rounds = (rate * secs).saturating_sub(number).div_ceil(PORTS);
        let (at, span) = (begin + number / rate, (rounds - 1) * PORTS / rate);
        let talk = host.calls(host.at(at), victim, 443).probe(End::Silent);
        let (local_port, secs) = (1_024 + number as u16, i64::try_from(span).unwrap_or(0));
        host.put(&Talk { local_port, secs, forward: (rounds, rounds * 40), ..talk });
    }
}

/// Packets from eight ports.
fn sockets(host: &mut Host<'_>, (protocol, port): (u8, u16), rate: (u64, u64), bytes: u64) {
    if !is_time(host) {
        return;
    }
    let (rate, begin) = (host.random.between(rate.0, rate.1), host.random.between(0, 3_000));
    let victim = public(host.random.between(0, 700));
    for socket in 0..if port == 0 { 1 } else { 8 } {
        let at = host.at(begin);
        let talk = host.calls(at, victim, port).lasting(240);
        let packets = rate * 240 / if port == 0 { 1 } else { 8 };
        let local_port = if port == 0 { 0 } else { talk.local_port + socket };
        let talk = Talk { protocol, local_port, is_opened: false, end: End::Silent, ..talk };
        host.put(&talk.sized((packets, bytes), (0, 0)));
    }
}

fn any_ports(host: &mut Host<'_>) {
    if !is_time(host) {
        return;
    }
    let (rate, begin) = (host.random.between(10_000, 60_000), host.random.between(0, 3_000));
    let (victim, at) = (public(host.random.between(0, 700)), host.at(begin));
    let each = (rate * 240 / PORTS).max(1);
    for number in 0..PORTS {
        let talk = host
            .asks(at + (number % 60) as i64, victim, 1_024 + number as u16, (0, 0))
            .lasting(180);
        let talk = Talk { local_port: 40_000, end: End::Silent, ..talk };
        host.put(&talk.sized((each, 1_052), (0, 0)));
    }
}

fn queries(host: &mut Host<'_>) {
    if !is_time(host) {
        return;
    }
    let (rate, begin) = (host.random.between(2_000, 20_000), host.random.between(0, 3_000));
    let victim = public(host.random.between(0, 700));
    for _ in 0..20 {
        let at = host.at(begin);
        let packets = rate * 240 / 20;
        let talk = host.asks(at, victim, DNS_PORT, (0, 0)).lasting(240);
        host.put(&talk.sized((packets, 74), (packets / 100, 120)));
    }
}

fn amplified(host: &mut Host<'_>) {
    if !is_time(host) {
        return;
    }
    let begin = host.random.between(0, 3_000);
    let (victim, at) = (public(host.random.between(0, 700)), host.at(begin));
    let packets = 3_000 * 240;
    let talk = host.asks(at, victim, 0, (0, 0)).lasting(240);
    let remote_port = host.random.port();
    let talk = Talk { local_port: DNS_PORT, remote_port, is_ours: false, ..talk };
    // Each answer is three fragments, which count as packets of the same ends.
    host.put(&talk.sized((packets, 64), (3 * packets, 1_100)));
}

fn measurement(host: &mut Host<'_>) {
    services(host, 4);
    if !host.hour.is_multiple_of(6) {
        return;
    }
    for (protocol, step) in [(TCP, 0), (UDP, 600)] {
        let at = host.at(300 + step);
        let to = inside(host.random.between(0, 900));
        let talk = Talk { protocol, ..host.calls(at, to, 5_201) }.lasting(120);
        let packets = host.skewed(1_000_000, 12_000_000);
        let (back, end) =
            if protocol == UDP { (2, End::Open) } else { (packets / 20, End::Closed) };
        host.put(&Talk { end, ..talk.sized((packets, 1_400), (back, 60)) });
    }
}

fn load_test(host: &mut Host<'_>) {
    services(host, 4);
    if host.clock() != 11 {
        return;
    }
    let site = public(host.fixed(80).between(0, 700));
    for number in 0..6_000 {
        let at = host.at(600 + number / 33);
        let talk = host.calls(at, site, 443).lasting(1);
        host.put(&talk);
    }
}

fn video(host: &mut Host<'_>) {
    services(host, 4);
    if !host.hour.is_multiple_of(3) {
        return;
    }
    let (at, viewer) = (host.at(200), public(host.random.between(0, 20_000)));
    let packets = 1_200 * host.random.between(300, 1_200);
    let talk = host.asks(at, viewer, 42_000, (0, 0)).lasting(1_200);
    host.put(&talk.sized((packets, 1_150), (packets / 120, 90)));
}

fn logs(host: &mut Host<'_>) {
    services(host, 4);
    let collector = public(host.fixed(80).between(0, 700));
    let talk = host.asks(host.start, collector, 514, (0, 0)).lasting(3_599);
    let packets = 3_600 * host.skewed(5, 400);
    host.put(&Talk { end: End::Silent, ..talk.sized((packets, 300), (0, 0)) });
}

fn quic(host: &mut Host<'_>) {
    for _ in 0..host.about(60) {
        let (at, from) = (host.any_time(), public(host.random.between(0, 50_000)));
        let talk = host.called(at, from, 443).lasting(60);
        let packets = host.skewed(20, 200_000);
        let talk = Talk { protocol: UDP, end: End::Open, ..talk };
        host.put(&talk.sized((packets / 8 + 2, 80), (packets, 1_200)));
    }
}

fn downloads(host: &mut Host<'_>) {
    if !host.hour.is_multiple_of(2) {
        return;
    }
    let (at, from) = (host.any_time(), public(host.random.between(0, 50_000)));
    let packets = host.skewed(20_000, 2_000_000);
    let talk = host.called(at, from, 443).lasting(5 + (packets / 15_000) as i64);
    host.put(&talk.sized((packets / 10, 60), (packets, 1_480)));
}
