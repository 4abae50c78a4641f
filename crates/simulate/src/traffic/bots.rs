//! What a broken-into host is used for: spam, mining, Tor, a port it never used. And what resembles it.

use super::host::{Host, LISTED_V4, listed, public};
use super::ordinary::{services, web};
use super::services::mail_server;
use super::talk::{End, Talk};
use super::{Activity, Group};

/// Entries of the lists that a scan needs: category and numbers for [`listed_address`](super::listed_address).
pub const LISTED: [(&str, std::ops::Range<u64>); 2] =
    [("mining-pool", 0..4), ("tor-relay", RELAYS..LISTED_V4)];
const RELAYS: u64 = 4;
const SMTP: u16 = 25;

const fn bot(
    name: &'static str,
    about: &'static str,
    types: &'static [&'static str],
    hour: fn(&mut Host<'_>),
) -> Activity {
    Activity::attack(name, Group::Bot, about, types, hour)
}

pub(super) const ATTACKS: &[Activity] = &[
    bot(
        "spam bot",
        "a web server sends to 30 to 300 mail servers an hour",
        &["Backdoor:EC2/Spambot"],
        |host| {
            spam(host, (30, 300));
        },
    ),
    bot(
        "spam bot, slow",
        "a web server sends to 8 to 20 mail servers an hour",
        &["Backdoor:EC2/Spambot"],
        |host| {
            spam(host, (8, 20));
        },
    ),
    bot(
        "mining at a listed pool",
        "one connection of hours with small packets to a pool on a list",
        &["CryptoCurrency:EC2/BitcoinTool.B"],
        mining,
    ),
    bot(
        "Tor client",
        "a guard of the Tor network, some megabytes in an hour",
        &["UnauthorizedAccess:EC2/TorClient"],
        tor_client,
    ),
    bot(
        "Tor relay",
        "12 relays connect to port 9001 and the host to as many",
        &["UnauthorizedAccess:EC2/TorRelay"],
        tor_relay,
    ),
    Activity::attack(
        "port never used",
        Group::Port,
        "after eight days an hourly connection to a public host on a port that nobody of the account used",
        &["Behavior:EC2/NetworkPortUnusual"],
        new_port,
    ),
];

pub(super) const LOOK_ALIKES: &[Activity] = &[
    quiet(
        "mail through a provider",
        "hands 60 mails an hour to port 587 of four servers of a provider",
        submission,
    ),
    quiet(
        "mail relay of the office",
        "sends 10 mails an hour to two fixed servers, port 25, all week",
        relay,
    ),
    quiet("mail server that starts", "takes and sends mail from the third day on", |host| {
        if host.hour >= 48 { mail_server(host) } else { web(host) }
    }),
    quiet(
        "web server with visitors over Tor",
        "a tenth of its visitors come from Tor",
        visited_over_tor,
    ),
    quiet("game server client", "hours of small packets to an unlisted host on port 3333", game),
];

const fn quiet(name: &'static str, about: &'static str, hour: fn(&mut Host<'_>)) -> Activity {
    Activity::quiet(name, Group::Bots, about, hour)
}

fn spam(host: &mut Host<'_>, servers: (u64, u64)) {
    web(host);
    let Some(0..3) = host.since_attack() else { return };
    let count = host.random.between(servers.0, servers.1 + 1);
    for _ in 0..count {
        let (at, to) = (host.any_time(), public(host.random.between(0, 30_000)));
        let talk = host.calls(at, to, SMTP);
        // Many servers do not take mail from such addresses.
        let talk = match host.random.between(0, 100) {
            0..25 => talk.attempt(End::Silent, 4),
            25..35 => talk.probe(End::Refused),
            _ => talk,
        };
        host.put(&talk);
    }
}

fn mining(host: &mut Host<'_>) {
    web(host);
    if host.since_attack() != Some(0) {
        return;
    }
    let (pool, port) =
        (listed(host.random.between(0, RELAYS)), host.random.pick(&[3333, 4444, 14_444, 443]));
    let secs = host.random.secs(7_200, 28_000);
    let packets = secs.unsigned_abs() / 20;
    let talk = host.calls(host.start + 60, pool, port.unwrap_or(3333)).lasting(secs);
    host.put(&Talk { end: End::Open, ..talk.sized((packets, 150), (packets, 210)) });
}

fn tor_client(host: &mut Host<'_>) {
    web(host);
    if host.since_attack() != Some(0) {
        return;
    }
    let guard = listed(host.random.between(RELAYS, LISTED_V4));
    let packets = host.skewed(300, 20_000);
    let talk = host.calls(host.start + 100, guard, 9001).lasting(3_000);
    host.put(&talk.sized((packets, 300), (packets * 2, 900)));
}

fn tor_relay(host: &mut Host<'_>) {
    web(host);
    let Some(0..6) = host.since_attack() else { return };
    for number in 0..12 {
        let (at, there) = (host.any_time(), listed(RELAYS + number));
        let packets = host.skewed(300, 20_000);
        let size = ((packets, 600), (packets, 600));
        let talk = host.called(at, there, 9001).lasting(900).sized(size.0, size.1);
        host.put(&talk);
        let talk = host.calls(at + 40, there, 9001).lasting(900).sized(size.0, size.1);
        host.put(&talk);
    }
}

fn new_port(host: &mut Host<'_>) {
    services(host, 6);
    if host.since_attack().is_none() {
        return;
    }
    // Each its own port: what others of the account do is no surprise.
    let port = 4_000 + host.interface.host as u16 * 61 % 20_000;
    for _ in 0..4 {
        let at = host.any_time();
        let talk = host.calls(at, public(400 + u64::from(host.interface.host) % 200), port);
        host.put(&talk);
    }
}

fn submission(host: &mut Host<'_>) {
    web(host);
    let first = host.fixed(90).between(0, 600);
    for _ in 0..host.about(60) {
        let (at, to) = (host.any_time(), public(first + host.random.between(0, 4)));
        let talk = host.calls(at, to, 587);
        host.put(&talk);
    }
}

fn relay(host: &mut Host<'_>) {
    services(host, 6);
    let first = host.fixed(90).between(0, 600);
    for _ in 0..host.about(10) {
        let (at, to) = (host.any_time(), public(first + host.random.between(0, 2)));
        let talk = host.calls(at, to, SMTP);
        host.put(&talk);
    }
}

fn visited_over_tor(host: &mut Host<'_>) {
    web(host);
    for _ in 0..host.about(6) {
        let (at, from) = (host.any_time(), listed(host.random.between(RELAYS, LISTED_V4)));
        let talk = host.called(at, from, 443);
        host.put(&talk);
    }
}

fn game(host: &mut Host<'_>) {
    services(host, 6);
    let to = public(host.fixed(90).between(0, 700));
    let talk = host.calls(host.start, to, 3333).lasting(3_500);
    host.put(&Talk { end: End::Open, ..talk.sized((180, 150), (180, 210)) });
}
