//! Hosts with activities, hour by hour, as files of flow logs that are made one after the other.

use std::net::Ipv4Addr;

use super::Activity;
use super::host::Host;
use super::wire::{Interface, Line, Wire};
use crate::random::{Random, mix};
use crate::time::{HOUR, date, stamp};

const ACCOUNT: &str = "111122223333";
const REGION: &str = "us-east-1";

/// What flow logs are made from.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Another seed gives other hosts and other times.
    pub seed: u64,
    /// First full hour, seconds since 1970.
    pub start: i64,
    /// Hours.
    pub hours: u32,
    /// The hour in which attacks begin.
    pub attack: u32,
    /// Seconds of an aggregation interval: 60 or 600.
    pub interval: u32,
    /// What each host does.
    pub hosts: Vec<&'static Activity>,
}

/// A file of flow logs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct File {
    /// Its key as AWS delivers it, without compression.
    pub key: String,
    /// Its lines.
    pub bytes: Vec<u8>,
}

/// Hosts of whom an hour after the other is written.
pub struct World {
    plan: Plan,
    interfaces: Vec<Interface>,
    wire: Wire,
    hour: u32,
}

impl World {
    /// A world in which nothing has happened yet.
    pub fn new(plan: Plan) -> World {
        let interfaces = (0..).zip(&plan.hosts).map(|(number, it)| interface(number, it)).collect();
        let wire = Wire::new(ACCOUNT, plan.interval, plan.start);
        World { plan, interfaces, wire, hour: 0 }
    }

    /// Lines so far.
    pub fn lines(&self) -> u64 {
        self.wire.lines
    }

    /// The next hour's file, after telling `tap` of each of its lines; nothing at the end.
    pub fn next_file(&mut self, tap: &mut dyn FnMut(&Line)) -> Option<File> {
        let Plan { seed, start, hours, attack, .. } = self.plan;
        let begin = start + i64::from(self.hour) * HOUR;
        let is_over = self.hour >= hours;
        if is_over && self.wire.last() <= begin {
            return None;
        }
        if !is_over {
            for (interface, activity) in self.interfaces.iter().zip(&self.plan.hosts) {
                let stream = u64::from(interface.host) << 32 | u64::from(self.hour);
                (activity.hour)(&mut Host {
                    interface,
                    wire: &mut self.wire,
                    tap,
                    seed,
                    random: Random::new(mix(seed), stream),
                    start: begin,
                    hour: self.hour,
                    attack,
                });
            }
        }
        self.hour += 1;
        let bytes = self.wire.deliver(begin + HOUR);
        let unique = mix(seed ^ begin.unsigned_abs()) >> 32;
        let key = format!(
            "AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}/{}/{ACCOUNT}_vpcflowlogs_{REGION}_fl-0a1b2c3d_{}_{unique:08x}.log",
            date(begin),
            stamp(begin)
        );
        Some(File { key, bytes })
    }
}

/// The interface of a host, as findings name it.
pub fn interface_id(host: u32) -> String {
    format!("eni-0a1b2c3d4e5f{host:05x}")
}

fn interface(host: u32, activity: &Activity) -> Interface {
    let [_, _, third, fourth] = (host + 256).to_be_bytes();
    Interface {
        host,
        address: Ipv4Addr::new(10, 1, third, fourth).into(),
        id: interface_id(host),
        instance: if activity.is_instance {
            format!("i-0a1b2c3d4e5f{host:05x}")
        } else {
            "-".to_owned()
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::{attacks, look_alikes, ordinary};

    fn plan(seed: u64, interval: u32) -> Plan {
        let hosts = attacks()
            .chain(look_alikes())
            .chain(ordinary())
            .filter(|it| !it.name.contains("flood"));
        let hosts = hosts.collect();
        Plan { seed, start: 1_780_272_000, hours: 4, attack: 1, interval, hosts }
    }

    fn text(seed: u64, interval: u32) -> String {
        let mut world = World::new(plan(seed, interval));
        let mut told = 0;
        let mut text = String::new();
        while let Some(file) = world.next_file(&mut |_| told += 1) {
            text.push_str(&String::from_utf8(file.bytes).unwrap());
        }
        assert_eq!(world.lines(), told);
        let lines = text.lines().filter(|it| it.starts_with("5 ")).count();
        assert_eq!(lines as u64, told, "everything is delivered");
        text
    }

    #[test]
    fn the_same_seed_gives_the_same_lines_and_another_gives_others() {
        assert_eq!(text(1, 60), text(1, 60));
        assert_ne!(text(1, 60), text(2, 60));
    }

    #[test]
    fn addresses_are_private_or_reserved_for_documentation() {
        let allowed = ["10.", "192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:"];
        for line in text(3, 600).lines().filter(|it| it.starts_with("5 ")) {
            let mut ends = line.split(' ').skip(3).take(2);
            assert!(ends.all(|end| allowed.iter().any(|it| end.starts_with(it))), "{line}");
        }
    }

    #[test]
    fn records_are_delivered_in_the_order_of_their_intervals() {
        let text = text(4, 60);
        let mut latest = 0;
        for line in text.lines().filter(|it| it.starts_with("5 ")) {
            let start: i64 = line.split(' ').nth(10).unwrap().parse().unwrap();
            assert!(start > latest - 2 * 300 - 60, "{line}");
            latest = latest.max(start);
        }
    }
}
