//! Thefts of data over the network, and transfers that resemble them.

use super::host::{Host, inside, public};
use super::ordinary::{app, database, services, web};
use super::{Activity, Group};

const HTTPS: u16 = 443;
const SSH: u16 = 22;

const fn theft(
    name: &'static str,
    group: Group,
    about: &'static str,
    hour: fn(&mut Host<'_>),
) -> Activity {
    Activity::attack(name, group, about, &["Behavior:EC2/TrafficVolumeUnusual"], hour)
}

pub(super) const ATTACKS: &[Activity] = &[
    theft(
        "theft from a web server",
        Group::Theft,
        "within a week after eight days half a gigabyte to twenty of them to one public host over HTTPS within three hours",
        |host| {
            web(host);
            steal(host, 3, (350_000, 14_000_000), HTTPS);
        },
    ),
    theft(
        "theft from an application server",
        Group::Theft,
        "within a week after eight days 300 MB to 3 GB to one public host over SSH within an hour",
        |host| {
            app(host);
            steal(host, 1, (215_000, 2_100_000), SSH);
        },
    ),
    theft(
        "theft, slow",
        Group::Theft,
        "within a week after eight days 150 to 300 MB an hour for twelve hours to one public host, in a hundred connections",
        |host| {
            app(host);
            slowly(host);
        },
    ),
    theft(
        "theft from a database",
        Group::HiddenTheft,
        "within a week after eight days two to forty gigabytes within three hours, by a host with dumps of up to gigabytes at night",
        |host| {
            database(host);
            steal(host, 3, (1_400_000, 28_000_000), HTTPS);
        },
    ),
];

pub(super) const LOOK_ALIKES: &[Activity] = &[
    quiet(
        "weekly backup",
        "every seventh night 2 to 30 GB to one of 200 addresses of a storage provider",
        weekly,
    ),
    quiet(
        "replication to a partner",
        "50 to 500 MB an hour to one public host from the first day on",
        replication,
    ),
    quiet("software updates", "every third night 200 MB to 3 GB from a CDN", updates),
    quiet(
        "copies inside the network",
        "from the tenth day on 10 GB an hour to another host of ours",
        copies,
    ),
    quiet(
        "first release",
        "on the tenth day 400 MB to a public registry, for the first time",
        release,
    ),
];

const fn quiet(name: &'static str, about: &'static str, hour: fn(&mut Host<'_>)) -> Activity {
    Activity::quiet(name, Group::Transfers, about, hour)
}

/// Sends so many full packets to an address, and takes the acknowledgements.
fn upload(host: &mut Host<'_>, at: i64, to: u64, port: u16, packets: u64) {
    let secs = 5 + i64::try_from(packets / 8_000).unwrap_or(0);
    let talk = host.calls(at, public(to), port).lasting(secs.min(3_000));
    host.put(&talk.sized((packets, 1_460), (packets / 3, 52)));
}

/// So many packets, spread over some hours, to a host that nobody else talks to.
fn steal(host: &mut Host<'_>, hours: u32, packets: (u64, u64), port: u16) {
    let Some(since) = since_theft(host).filter(|it| *it < hours) else { return };
    let mut fixed = host.fixed(80);
    let to = 50_000 + fixed.between(0, 10_000);
    let (low, high) = (packets.0.ilog2(), packets.1.ilog2());
    let scale = 1 << fixed.between(u64::from(low), u64::from(high) + 1);
    let all = fixed.between(scale, 2 * scale).clamp(packets.0, packets.1);
    // Half in the first hour, the rest in equal parts.
    let part = match since {
        0 if hours == 1 => all,
        0 => all / 2,
        _ => all / u64::from(2 * (hours - 1)),
    };
    let at = host.at(120);
    upload(host, at, to, port, part);
}

/// Hours since the theft of this host began: hosts of an account are not robbed in the same hour.
fn since_theft(host: &Host<'_>) -> Option<u32> {
    host.since_attack()?.checked_sub(host.interface.host * 37 % 168)
}

fn slowly(host: &mut Host<'_>) {
    let Some(0..12) = since_theft(host) else { return };
    let mut fixed = host.fixed(80);
    let (to, packets) = (50_000 + fixed.between(0, 10_000), fixed.between(1_030, 2_060));
    for _ in 0..100 {
        let at = host.any_time();
        upload(host, at, to, HTTPS, packets);
    }
}

fn weekly(host: &mut Host<'_>) {
    services(host, 6);
    if host.hour % 168 != 3 {
        return;
    }
    let (at, to) = (host.at(300), 1_000 + host.random.between(0, 200));
    let packets = host.skewed(1_400_000, 20_000_000);
    upload(host, at, to, HTTPS, packets);
}

fn replication(host: &mut Host<'_>) {
    services(host, 6);
    let (at, to) = (host.at(600), 2_000 + host.fixed(81).between(0, 100));
    let packets = host.random.between(35_000, 350_000);
    upload(host, at, to, HTTPS, packets);
}

fn updates(host: &mut Host<'_>) {
    services(host, 6);
    if host.hour % 72 != 5 {
        return;
    }
    let (at, from) = (host.at(900), public(3_000 + host.random.between(0, 50)));
    let packets = host.skewed(140_000, 2_000_000);
    let talk = host.calls(at, from, HTTPS).lasting(5 + (packets / 8_000) as i64);
    host.put(&talk.sized((packets / 3, 52), (packets, 1_460)));
}

fn copies(host: &mut Host<'_>) {
    services(host, 6);
    if host.hour < 9 * 24 {
        return;
    }
    let (at, to) = (host.at(60), inside(host.fixed(82).between(50, 60)));
    let talk = host.calls(at, to, 873).lasting(3_000);
    host.put(&talk.sized((7_000_000, 1_460), (2_300_000, 52)));
}

fn release(host: &mut Host<'_>) {
    services(host, 6);
    if host.hour == 9 * 24 + 14 {
        let (at, to) = (host.at(700), 4_000 + host.fixed(83).between(0, 50));
        upload(host, at, to, HTTPS, 285_000);
    }
}
