//! Ordinary traffic: visitors, health checks, databases, backups, automation, and the noise of the Internet.

use crate::flow::{Connection, Outcome, UDP};
use crate::logs::Logs;
use crate::random::Random;
use crate::time::{DAY, HOUR, MINUTE};

use super::world::{BALANCERS, DAYS, HOSTS, OFFICE, PROD, START, WEST, at, named};

/// Addresses of services, as names and as what they resolve to.
const SERVICES: [(&str, &str); 8] = [
    ("s3.us-east-1.amazonaws.com", "203.0.113.130"),
    ("ssm.us-east-1.amazonaws.com", "203.0.113.131"),
    ("sts.us-east-1.amazonaws.com", "203.0.113.132"),
    ("logs.us-east-1.amazonaws.com", "203.0.113.133"),
    ("packages.example.org", "203.0.113.140"),
    ("api.payments.example.com", "203.0.113.141"),
    ("mail.example.net", "203.0.113.142"),
    ("registry.example.org", "203.0.113.143"),
];
/// Ports that the noise of the Internet asks for.
const NOISE: [u16; 10] = [22, 23, 80, 445, 1433, 3389, 5900, 6379, 8080, 8443];
const S3: &str = "203.0.113.130";

/// Adds the traffic.
pub(super) fn write(logs: &mut Logs, seed: u64) {
    for day in 0..DAYS {
        let random = &mut Random::new(seed, 300 + day.unsigned_abs());
        visitors(logs, day, random);
        checks(logs, day, random);
        inside(logs, day, random);
        outside(logs, day, random);
        backup(logs, day, random);
        automation(logs, day, random);
        bastion(logs, day, random);
        noise(logs, day, random);
        names(logs, day, random);
    }
}

/// An address that people visit from.
fn visitor(random: &mut Random) -> String {
    match random.between(0, 2) {
        0 => format!("192.0.2.{}", random.between(128, 250)),
        _ => format!("198.51.100.{}", random.between(128, 250)),
    }
}

/// A time of the day, most of them in its middle.
fn daytime(day: i64, random: &mut Random) -> i64 {
    let hours = i64::midpoint(random.secs(0, 24 * 3600), random.secs(0, 24 * 3600));
    at(day, 0, 0) + hours.min(DAY - 60)
}

fn visitors(logs: &mut Logs, day: i64, random: &mut Random) {
    for _ in 0..300 {
        let (time, from) = (daytime(day, random), visitor(random));
        let Some(web) = random.pick(&["10.0.1.10", "10.0.1.11"]) else { return };
        let port = if random.between(0, 5) == 0 { 80 } else { 443 };
        logs.connect(&Connection::answered(time, (&from, web), port, random));
    }
}

/// Load balancers and monitoring ask whether everybody is well.
fn checks(logs: &mut Logs, day: i64, random: &mut Random) {
    for (number, node) in (0..).zip(BALANCERS) {
        for quarter in 0..96 {
            for (offset, api) in [(0, "10.0.2.20"), (7, "10.0.2.21")] {
                let time = at(day, 0, quarter * 15) + number * 30 + offset;
                let check = Connection::answered(time, (node, api), 8080, random);
                logs.connect(&Connection { sent: (6, 420), received: (5, 610), secs: 0, ..check });
            }
        }
    }
    for half in 0..48 {
        for host in HOSTS.iter().filter(|it| it.account == PROD && it.region != WEST) {
            if host.name != "ops-1" {
                let time = at(day, 0, half * 30) + i64::from(host.number);
                logs.connect(&Connection::answered(time, ("10.0.4.40", &*host.ip), 9100, random));
            }
        }
    }
}

fn inside(logs: &mut Logs, day: i64, random: &mut Random) {
    for _ in 0..120 {
        let time = daytime(day, random);
        let Some(web) = random.pick(&["10.0.1.10", "10.0.1.11"]) else { return };
        let Some(api) = random.pick(&["10.0.2.20", "10.0.2.21"]) else { return };
        logs.connect(&Connection::answered(time, (web, api), 8080, random));
        logs.connect(&Connection::answered(time + 1, (api, "10.0.3.30"), 5432, random));
    }
}

/// Everybody talks to services; those without an address of their own do so through the NAT gateway.
fn outside(logs: &mut Logs, day: i64, random: &mut Random) {
    for host in &HOSTS {
        for hour in 0..24 {
            let time = at(day, hour, 0) + random.secs(0, 3000);
            let Some((name, address)) = random.pick(&SERVICES) else { return };
            logs.query(time, host, name, &[address]);
            logs.connect(&Connection::answered(time + 1, (&*host.ip, address), 443, random));
        }
    }
}

fn backup(logs: &mut Logs, day: i64, random: &mut Random) {
    let time = at(day, 1, 0);
    logs.query(time, named("db-1"), "example-backups.s3.us-east-1.amazonaws.com", &[S3]);
    for part in 0..20 {
        let upload = Connection::answered(time + part * 45, ("10.0.3.30", S3), 443, random);
        let packets = random.between(60_000, 75_000);
        let sent = (packets, packets * 1380);
        logs.connect(&Connection {
            secs: 40,
            sent,
            received: (packets / 4, packets * 13),
            ..upload
        });
    }
    logs.connect(&Connection::answered(at(day, 2, 0), ("10.0.4.40", "10.0.3.30"), 5432, random));
}

/// Ansible visits every host a few times a day; from Tuesday on also in a long run of many connections.
fn automation(logs: &mut Logs, day: i64, random: &mut Random) {
    for hour in [0, 6, 12, 18] {
        for host in HOSTS.iter().filter(|it| it.account == PROD && it.region != WEST) {
            if host.name == "ops-1" {
                continue;
            }
            let tasks = if day > 0 && hour == 6 && host.name == "web-1" { 36 } else { 4 };
            for task in 0..tasks {
                let time = at(day, hour, 10) + task * 12 + i64::from(host.number);
                let run = Connection::answered(time, ("10.0.4.40", &*host.ip), 22, random);
                // Modules of many sizes are sent over and run.
                let packets = random.between(26, 130);
                let bytes = packets * random.between(180, 900);
                let received = (packets, packets * random.between(120, 260));
                logs.connect(&Connection {
                    secs: random.secs(1, 9),
                    sent: (packets, bytes),
                    received,
                    ..run
                });
            }
        }
    }
}

/// People work on the bastion for minutes or hours; one record for every ten minutes.
fn bastion(logs: &mut Logs, day: i64, random: &mut Random) {
    for _ in 0..6 {
        let session = Connection::answered(
            at(day, 9, 0) + random.secs(0, 7 * 3600),
            (OFFICE, "10.0.0.10"),
            22,
            random,
        );
        for part in 0..random.secs(1, 8) {
            let packets = random.between(200, 3000);
            logs.connect(&Connection {
                at: session.at + part * 10 * MINUTE,
                secs: 590,
                sent: (packets, packets * 90),
                received: (packets, packets * 180),
                ..session
            });
        }
    }
}

/// Strangers try ports; security groups drop them.
fn noise(logs: &mut Logs, day: i64, random: &mut Random) {
    for host in HOSTS.iter().filter(|it| it.public.is_some()) {
        for _ in 0..12 {
            let from = format!("198.51.100.{}", random.between(100, 128));
            let port = random.pick(&NOISE).unwrap_or(23);
            let probe = Connection::answered(
                at(day, 0, 0) + random.secs(0, 86_000),
                (&from, &*host.ip),
                port,
                random,
            );
            logs.connect(&Connection {
                secs: 0,
                sent: (1, 44),
                outcome: Outcome::Rejected,
                ..probe
            });
        }
    }
}

fn names(logs: &mut Logs, day: i64, random: &mut Random) {
    for host in &HOSTS {
        for _ in 0..30 {
            let time = at(day, 0, 0) + random.secs(0, 86_000);
            match random.between(0, 10) {
                0 => {
                    let name = format!(
                        "ip-10-0-{}-{}.ec2.internal",
                        random.between(0, 5),
                        random.between(10, 42)
                    );
                    logs.query(time, host, &name, &["10.0.1.10"]);
                }
                1 => logs.query(time, host, "packages.example.org.corp.example.com", &[]),
                2 => logs.query(time, host, "www.example.com", &["203.0.113.150"]),
                _ => {
                    let Some((name, address)) = random.pick(&SERVICES) else { return };
                    logs.query(time, host, name, &[address]);
                }
            }
        }
    }
    let clock = START + day * DAY;
    for host in &HOSTS {
        for hour in [3, 15] {
            let ntp = Connection::answered(
                clock + hour * HOUR,
                (&*host.ip, "203.0.113.123"),
                123,
                random,
            );
            logs.connect(&Connection {
                protocol: UDP,
                sent: (1, 76),
                received: (1, 76),
                secs: 0,
                ..ntp
            });
        }
    }
}
