//! What talks to many, fails often or sends much, and is in order.

use super::host::{Host, inside, public, public_v6};
use super::ordinary::{noise, services};
use super::talk::{End, Talk};
use super::{Activity, Group};
use crate::flow::{TCP, UDP};

const fn quiet(name: &'static str, about: &'static str, hour: fn(&mut Host<'_>)) -> Activity {
    Activity::quiet(name, Group::Network, about, hour)
}

pub(super) const LOOK_ALIKES: &[Activity] = &[
    quiet(
        "crawler",
        "200 sites an hour, of which one in seven does not answer or refuses",
        crawler,
    ),
    quiet(
        "load balancer",
        "visitors before it, 12 targets behind it, of which one is sometimes down",
        balancer,
    )
    .without_instance(),
    quiet("NAT gateway", "the connections of 40 hosts to 5,000 others, one in thirty fails", nat)
        .without_instance(),
    quiet(
        "monitoring",
        "60 targets on five ports every few minutes; some are down, one for days",
        monitoring,
    ),
    quiet(
        "monitoring of the Internet",
        "probes 40 public sites on two ports, one in ten of them dead",
        outside_checks,
    ),
    quiet("deployment", "once a day 20 minutes of refusals by the same few hosts", deployment),
    quiet(
        "recursive resolver",
        "queries to 3,000 name servers an hour apart, one in twelve unanswered",
        resolver,
    ),
    quiet(
        "mail server",
        "takes and sends mail, asks DNS block lists, one server in eight does not answer",
        mail_server,
    ),
    quiet("time client", "public time servers every minute, one of four dead", time_client),
    quiet(
        "telemetry",
        "constant reports every 20 seconds to three collectors, one gone for good",
        telemetry,
    ),
    quiet("target of health checks", "three balancers ask every ten seconds", checked),
    quiet("backup to storage", "a hundred uploads at night of up to gigabytes", backup),
    quiet("origin of a CDN", "edges fetch from it, a gigabyte and more an hour", origin),
    quiet(
        "victim's backscatter",
        "answers of a flooded host that this host's address was forged for",
        backscatter,
    ),
    quiet(
        "peer to peer",
        "150 peers an hour for half of the day, six of ten gone, a quarter on two ports",
        peers,
    ),
    quiet("scanned by others", "300 foreign probes an hour, refused or dropped", scanned),
    quiet("traceroute", "a path every quarter of an hour, 30 ports of UDP each", traceroute),
    quiet("media server", "calls over UDP that are relayed between public addresses", media),
    quiet("VPN server", "four tunnels over UDP with hundreds of thousands of packets an hour", vpn),
    quiet("dead dependency", "tries the same three silent hosts again and again", dead_dependency),
];

fn crawler(host: &mut Host<'_>) {
    services(host, 4);
    for _ in 0..host.about(200) {
        let (at, to) = (host.any_time(), public_v6(host.random.between(0, 50_000)));
        let port = if host.chance(100) { 80 } else { 443 };
        let talk = host.calls(at, to, port);
        let talk = match host.random.between(0, 100) {
            0..9 => talk.attempt(End::Silent, 4),
            9..14 => talk.probe(End::Refused),
            _ => talk,
        };
        host.put(&talk);
    }
}

fn balancer(host: &mut Host<'_>) {
    noise(host, 10);
    let first = host.fixed(70).between(0, 900);
    let down = host.fixed(u64::from(host.hour / 6)).between(0, 48);
    for _ in 0..host.about(80) {
        let (at, from) = (host.any_time(), public(host.random.between(200, 60_000)));
        let talk = host.called(at, from, 443);
        host.put(&talk);
        let number = host.random.between(0, 12);
        let talk = host.calls(at, inside(first + number), 8080);
        host.put(&if number == down { talk.probe(End::Refused) } else { talk });
    }
}

fn nat(host: &mut Host<'_>) {
    for _ in 0..host.about(250) {
        let (at, to) = (host.any_time(), public(host.random.between(0, 5_000)));
        let port =
            [443, 443, 443, 443, 443, 80, 22, 25, 587, 8443][host.random.between(0, 10) as usize];
        let talk = host.calls(at, to, port);
        let is_dead = host.chance(33);
        host.put(&if is_dead { talk.attempt(End::Silent, 4) } else { talk });
    }
}

fn monitoring(host: &mut Host<'_>) {
    let first = host.fixed(70).between(0, 900);
    let dead = host.fixed(71).between(0, 60);
    for number in 0..60 {
        let is_down = number == dead || host.chance(5);
        for (step, port) in [(0, 9100), (1, 9090), (2, 22), (3, 443), (4, 8080)] {
            for run in 0..2 {
                let at = host.at(run * 1_800 + number * 25 + step);
                let talk = host.calls(at, inside(first + number), port);
                let talk = talk.sized((6, 90), (6, 500)).lasting(0);
                host.put(&if is_down { talk.attempt(End::Silent, 2) } else { talk });
            }
        }
    }
}

fn outside_checks(host: &mut Host<'_>) {
    let first = host.fixed(70).between(0, 600);
    for run in 0..4 {
        for number in 0..40 {
            for port in [80, 443] {
                let at = host.at(run * 900 + number * 10);
                let talk = host.calls(at, public(first + number), port);
                let is_dead = number % 10 == 3;
                host.put(&if is_dead { talk.attempt(End::Silent, 3) } else { talk });
            }
        }
    }
}

fn deployment(host: &mut Host<'_>) {
    services(host, 10);
    if host.clock() != 15 {
        return;
    }
    let first = host.fixed(70).between(0, 900);
    for number in 0..400 {
        let at = host.at(300 + number * 3);
        let to = inside(first + number % 4);
        let talk = host.calls(at, to, [9092, 8080, 6379][number as usize % 3]);
        host.put(&talk.probe(if number % 4 == 3 { End::Rejected } else { End::Refused }));
    }
}

fn resolver(host: &mut Host<'_>) {
    for _ in 0..host.about(160) {
        let (at, to) = (host.any_time(), public(host.random.between(0, 3_000)));
        let talk = host.asks(at, to, 53, (72, 180));
        let is_dead = host.chance(80);
        host.put(&if is_dead { Talk { end: End::Silent, ..talk } } else { talk });
    }
    for _ in 0..host.about(40) {
        let (at, from) = (host.any_time(), inside(host.random.between(0, 300)));
        let talk = host.asks(at, from, 0, (72, 180));
        host.put(&Talk { local_port: 53, remote_port: talk.local_port, is_ours: false, ..talk });
    }
}

pub(super) fn mail_server(host: &mut Host<'_>) {
    noise(host, 10);
    for _ in 0..host.about(25) {
        let (at, from) = (host.any_time(), public(host.random.between(0, 30_000)));
        let talk = host.called(at, from, 25);
        host.put(&talk);
        for _ in 0..5 {
            // Lists that the address stands on, each with two or three servers.
            let to = public(host.random.between(0, 14));
            let talk = host.asks(at + 1, to, 53, (84, 110));
            let is_dead = host.chance(60);
            host.put(&if is_dead { Talk { end: End::Silent, ..talk } } else { talk });
        }
    }
    for _ in 0..host.about(20) {
        let (at, to) = (host.any_time(), public(host.random.between(0, 20_000)));
        let talk = host.calls(at, to, 25);
        let is_dead = host.chance(125);
        host.put(&if is_dead { talk.attempt(End::Silent, 5) } else { talk });
    }
}

fn time_client(host: &mut Host<'_>) {
    services(host, 6);
    let first = host.fixed(70).between(0, 700);
    for run in 0..60 {
        for server in 0..4 {
            let at = host.at(run * 60 + server);
            let talk = host.asks(at, public(first + server), 123, (76, 76));
            let talk = Talk { local_port: 123, ..talk };
            host.put(&if server == 3 { Talk { end: End::Silent, ..talk } } else { talk });
        }
    }
}

fn telemetry(host: &mut Host<'_>) {
    services(host, 6);
    let first = host.fixed(70).between(0, 700);
    for run in 0..180 {
        let (at, server) = (host.at(run * 20), run % 3);
        let talk = host.calls(at, public(first + server), 8125 + 1_000 * server as u16);
        let talk = talk.sized((9, 210), (8, 90)).lasting(1);
        host.put(&if server == 2 { talk.attempt(End::Silent, 3) } else { talk });
    }
}

fn checked(host: &mut Host<'_>) {
    services(host, 6);
    let first = host.fixed(70).between(0, 900);
    for balancer in 0..3 {
        for check in 0..180 {
            let at = host.at(check * 20 + balancer * 3);
            let talk = host.called(at, inside(first + balancer), 8080);
            host.put(&talk.sized((5, 70), (4, 90)).lasting(0));
        }
    }
}

fn backup(host: &mut Host<'_>) {
    services(host, 6);
    if !(1..4).contains(&host.clock()) {
        return;
    }
    for _ in 0..host.about(100) {
        let (at, to) = (host.any_time(), public(host.random.between(0, 12)));
        let packets = host.skewed(1_000, 1_500_000);
        let talk = host.calls(at, to, 443).lasting(5 + (packets / 3_000) as i64);
        host.put(&talk.sized((packets, 1_460), (packets / 4, 52)));
    }
}

fn origin(host: &mut Host<'_>) {
    noise(host, 10);
    for _ in 0..host.about(60) {
        let (at, edge) = (host.any_time(), public(host.random.between(0, 40)));
        let packets = host.skewed(500, 900_000);
        let secs = 2 + (packets / 20_000) as i64;
        let talk = host.called(at, edge, 443).lasting(secs);
        host.put(&talk.sized((packets / 12 + 4, 60), (packets, 1_480)));
    }
}

fn backscatter(host: &mut Host<'_>) {
    services(host, 6);
    if host.hour % 5 != 2 {
        return;
    }
    let (victim, port) =
        (public(host.random.between(0, 700)), [80, 443, 53][host.hour as usize % 3]);
    for _ in 0..host.about(300) {
        let at = host.any_time();
        let talk = host.called(at, victim, 0);
        let local_port = host.random.between(1_024, 65_000) as u16;
        let talk =
            Talk { local_port, remote_port: port, is_opened: false, ..talk }.probe(End::Stray);
        let is_dropped = host.chance(300);
        host.put(&if is_dropped { Talk { end: End::Rejected, ..talk } } else { talk });
    }
}

fn peers(host: &mut Host<'_>) {
    services(host, 3);
    if host.clock() >= 12 {
        return;
    }
    for _ in 0..host.about(150) {
        let (at, to) = (host.any_time(), public(host.random.between(0, 50_000)));
        let port = match host.random.between(0, 100) {
            0..15 => 6_881,
            15..25 => 51_413,
            _ => host.random.between(1_025, 65_000) as u16,
        };
        let protocol = if host.chance(500) { UDP } else { TCP };
        let talk = Talk { protocol, ..host.calls(at, to, port) };
        let talk = if protocol == UDP { Talk { end: End::Open, ..talk } } else { talk };
        let talk = match host.random.between(0, 100) {
            0..50 => talk.attempt(End::Silent, 1),
            50..60 if protocol == TCP => talk.probe(End::Refused),
            _ => talk,
        };
        host.put(&talk);
    }
}

fn scanned(host: &mut Host<'_>) {
    services(host, 6);
    let scanner = public(host.random.between(0, 700));
    for number in 0..300 {
        let at = host.at(number * 12);
        let port = host.random.between(1, 65_000) as u16;
        let talk = host.called(at, scanner, port);
        host.put(&talk.probe(if number % 3 == 0 { End::Refused } else { End::Rejected }));
    }
}

fn traceroute(host: &mut Host<'_>) {
    services(host, 6);
    for run in 0..4 {
        let to = public(host.random.between(0, 700));
        for hop in 0..30 {
            let at = host.at(run * 900 + hop / 6);
            let talk = host.asks(at, to, 33_434 + hop as u16, (60, 0));
            host.put(&Talk { end: End::Silent, ..talk });
        }
    }
}

fn media(host: &mut Host<'_>) {
    noise(host, 6);
    for _ in 0..host.about(8) {
        let (at, secs) = (host.any_time(), host.random.secs(60, 3_000));
        for leg in 0..2 {
            let from = public(host.random.between(0, 20_000));
            let packets = secs.unsigned_abs() * 50;
            let port = host.interface.host as u16 % 900 + 20_000 + leg;
            let talk = host.asks(at, from, port, (0, 0));
            let talk = talk.sized((packets, 200), (packets, 200)).lasting(secs);
            host.put(&Talk { is_ours: false, ..talk });
        }
    }
}

fn vpn(host: &mut Host<'_>) {
    noise(host, 6);
    for tunnel in 0..4 {
        let other = public(host.fixed(70).between(0, 600) + tunnel);
        let talk = host.asks(host.start, other, 51_820, (0, 0)).lasting(3_599);
        let packets = host.skewed(50_000, 2_000_000);
        let talk = Talk { local_port: 51_820, ..talk };
        host.put(&talk.sized((packets, 900), (packets / 3, 300)));
    }
}

fn dead_dependency(host: &mut Host<'_>) {
    services(host, 6);
    let first = host.fixed(70).between(0, 900);
    for number in 0..240 {
        let at = host.at(number * 15);
        let talk = host.calls(at, inside(first + number % 3), 5672);
        host.put(&talk.attempt(End::Silent, 2));
    }
}
