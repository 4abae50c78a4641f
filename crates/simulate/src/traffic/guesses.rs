//! Password guessing over SSH, RDP and `WinRM`: at one host by one source, by many, and by a host of ours.

use super::host::{Host, inside, public, public_v6};
use super::ordinary::{noise, web};
use super::talk::{End, Talk};
use super::{Activity, Group};
use std::net::IpAddr;

const SSH: &[&str] = &["UnauthorizedAccess:EC2/SSHBruteForce"];
const RDP: &[&str] = &["UnauthorizedAccess:EC2/RDPBruteForce"];
const WINRM: &[&str] = &["Impact:EC2/WinRMBruteForce"];

/// A login service.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Service {
    Ssh,
    Rdp,
    WinRm,
}
use Service::{Rdp, Ssh, WinRm};

const fn guessed(
    name: &'static str,
    about: &'static str,
    types: &'static [&'static str],
    play: fn(&mut Host<'_>),
) -> Activity {
    Activity::attack(name, Group::Guess, about, types, play)
}

const ONE: &str = "30 to 60 attempts within 30 minutes, one after the other";
const FOUR: &str = "30 to 60 attempts within 30 minutes, four at a time";
const SIXTEEN: &str = "32 to 64 attempts within 30 minutes, sixteen at a time";
const OUT: &str = "the same, by a host of ours at a public host";
const MANY: &str = "90 to 200 attempts of 30 to 60 sources within an hour";
const SPRAY: &str = "a host of ours tries two to four passwords at 25 to 60 hosts within an hour";

pub(super) const ATTACKS: &[Activity] = &[
    guessed("SSH guesses, 1 task", ONE, SSH, |host| guesses(host, Ssh, 1, false)),
    guessed("SSH guesses, 4 tasks", FOUR, SSH, |host| guesses(host, Ssh, 4, false)),
    guessed("SSH guesses, 16 tasks", SIXTEEN, SSH, |host| guesses(host, Ssh, 16, false)),
    guessed("SSH guesses by a host, 4 tasks", OUT, SSH, |host| guesses(host, Ssh, 4, true)),
    guessed("RDP guesses, 1 task", ONE, RDP, |host| guesses(host, Rdp, 1, false)),
    guessed("RDP guesses, 4 tasks", FOUR, RDP, |host| guesses(host, Rdp, 4, false)),
    guessed("RDP guesses, 16 tasks", SIXTEEN, RDP, |host| guesses(host, Rdp, 16, false)),
    guessed("RDP guesses by a host, 4 tasks", OUT, RDP, |host| guesses(host, Rdp, 4, true)),
    guessed("WinRM guesses, 1 task", ONE, WINRM, |host| guesses(host, WinRm, 1, false)),
    guessed("WinRM guesses, 4 tasks", FOUR, WINRM, |host| guesses(host, WinRm, 4, false)),
    guessed("WinRM guesses, 16 tasks", SIXTEEN, WINRM, |host| guesses(host, WinRm, 16, false)),
    guessed("WinRM guesses by a host, 4 tasks", OUT, WINRM, |host| guesses(host, WinRm, 4, true)),
    guessed("SSH guesses of many sources", MANY, SSH, |host| distributed(host, Ssh)),
    guessed("RDP guesses of many sources", MANY, RDP, |host| distributed(host, Rdp)),
    guessed("WinRM guesses of many sources", MANY, WINRM, |host| distributed(host, WinRm)),
    guessed("SSH guesses at many hosts", SPRAY, SSH, |host| spray(host, Ssh)),
    guessed("RDP guesses at many hosts", SPRAY, RDP, |host| spray(host, Rdp)),
    guessed("WinRM guesses at many hosts", SPRAY, WINRM, |host| spray(host, WinRm)),
    Activity::attack(
        "SSH guesses, then a session",
        Group::Success,
        "200 to 400 attempts; within some hours the same source logs in and stays for minutes to hours",
        SSH,
        |host| broken_into(host, Ssh),
    ),
    Activity::attack(
        "RDP guesses, then a session",
        Group::Success,
        "200 to 400 attempts; within some hours the same source logs in and stays for minutes to hours",
        RDP,
        |host| broken_into(host, Rdp),
    ),
    Activity::attack(
        "SSH guesses in vain",
        Group::Failure,
        "200 to 400 attempts; then the source gives up; in one of ten a connection hangs for two minutes",
        SSH,
        |host| in_vain(host, Ssh),
    ),
    Activity::attack(
        "RDP guesses in vain",
        Group::Failure,
        "200 to 400 attempts; then the source gives up; in one of ten a connection hangs for two minutes",
        RDP,
        |host| in_vain(host, Rdp),
    ),
    Activity::attack(
        "SSH guesses, then blocked",
        Group::Failure,
        "200 to 400 attempts; then the host drops the source's packets while it goes on",
        SSH,
        blocked,
    ),
    Activity::attack(
        "SSH guesses, another logs in",
        Group::Failure,
        "200 to 400 attempts; meanwhile an administrator logs in from elsewhere",
        SSH,
        administrator,
    ),
];

impl Service {
    const fn port(self) -> u16 {
        match self {
            Ssh => 22,
            Rdp => 3389,
            WinRm => 5985,
        }
    }
}

/// How one tool's attempts look: they differ from tool to tool, and little within one.
#[derive(Clone, Copy)]
struct Tool {
    packets: u64,
    bytes: u64,
    secs: i64,
}

impl Tool {
    fn of(host: &mut Host<'_>, service: Service) -> Tool {
        // Packets and mean bytes of the client: key exchange and one to three passwords of SSH; TLS and
        // CredSSP of RDP, or a whole connection without network-level authentication; NTLM over HTTP.
        let (packets, bytes, secs) = match service {
            Ssh => ((13, 27), (115, 165), (2, 8)),
            Rdp if host.chance(500) => ((10, 17), (180, 300), (1, 4)),
            Rdp => ((30, 80), (130, 220), (3, 11)),
            WinRm => ((8, 19), (220, 380), (0, 3)),
        };
        let packets = host.random.between(packets.0, packets.1);
        let bytes = packets * host.random.between(bytes.0, bytes.1);
        Tool { packets, bytes, secs: host.random.secs(secs.0, secs.1) }
    }

    /// Acknowledgements come together or not, passwords have lengths, and one connection in ten loses packets.
    fn attempt(self, host: &mut Host<'_>, talk: &Talk) -> Talk {
        let lost = if host.chance(100) { host.random.between(1, 4) } else { 0 };
        let packets = self.packets + host.random.between(0, 3) + lost;
        let bytes =
            self.bytes + host.random.between(0, 3) * 52 + host.random.between(0, 12) + lost * 180;
        let secs = self.secs + host.random.secs(0, 2);
        Talk {
            secs,
            forward: (packets, bytes),
            back: (packets, bytes + 900),
            end: End::Closed,
            ..*talk
        }
    }
}

fn ends(host: &mut Host<'_>, at: i64, other: IpAddr, port: u16, is_ours: bool) -> Talk {
    if is_ours { host.calls(at, other, port) } else { host.called(at, other, port) }
}

/// Attempts, so many at a time, evenly over so many seconds from `begin` on.
fn attempts(
    host: &mut Host<'_>,
    (service, tasks, is_ours): (Service, u64, bool),
    other: IpAddr,
    (count, begin, secs): (u64, u64, u64),
) -> Tool {
    let tool = Tool::of(host, service);
    let last = (count - 1) / tasks * tasks;
    for number in 0..count {
        let round = number / tasks * tasks;
        let late = host.random.between(0, 2);
        let at = host.at(begin + round * secs / last.max(1) + late);
        let talk = ends(host, at, other, service.port(), is_ours);
        let talk = tool.attempt(host, &talk);
        host.put(&talk);
    }
    tool
}

fn guesses(host: &mut Host<'_>, service: Service, tasks: u64, is_ours: bool) {
    web(host);
    if host.since_attack() != Some(0) {
        return;
    }
    let count = host.random.between(30, 61).max(tasks * 2);
    let (secs, begin) = (host.random.between(60, 1_780), host.random.between(0, 1_500));
    // One after the other cannot be faster than each of them takes.
    let secs = if tasks == 1 { secs.max(count * 12).min(1_780) } else { secs };
    let other = public(host.random.between(0, 700));
    attempts(host, (service, tasks, is_ours), other, (count, begin, secs));
}

fn distributed(host: &mut Host<'_>, service: Service) {
    web(host);
    if host.since_attack() != Some(0) {
        return;
    }
    let sources = host.random.between(30, 61);
    let (count, first) = (host.random.between(90, 201), host.random.between(0, 600));
    let tool = Tool::of(host, service);
    for number in 0..count {
        let at = host.at(number * 3_500 / count);
        let source = public(first + host.random.between(0, sources));
        let talk = host.called(at, source, service.port());
        let talk = tool.attempt(host, &talk);
        host.put(&talk);
    }
}

fn spray(host: &mut Host<'_>, service: Service) {
    web(host);
    if host.since_attack() != Some(0) {
        return;
    }
    let (hosts, first) = (host.random.between(25, 61), host.random.between(0, 600));
    let (is_inside, rounds) = (host.chance(500), host.random.between(2, 5));
    let tool = Tool::of(host, service);
    for round in 0..rounds {
        for number in 0..hosts {
            let at = host.at((round * hosts + number) * 3_500 / (rounds * hosts));
            let other = if is_inside { inside(first + number) } else { public(first + number) };
            let talk = host.calls(at, other, service.port());
            let talk = tool.attempt(host, &talk);
            host.put(&talk);
        }
    }
}

/// Guesses of one source in the first hour; gives the source.
fn long_guesses(host: &mut Host<'_>, service: Service) -> IpAddr {
    noise(host, 8);
    let mut fixed = host.fixed(50);
    let source = public_v6(fixed.between(0, 5_000));
    if host.since_attack() == Some(0) {
        let (count, tasks) = (host.random.between(200, 401), host.random.between(1, 9));
        attempts(host, (service, tasks, false), source, (count, 60, 3_300));
    }
    source
}

/// A session of minutes to hours.
fn session(host: &mut Host<'_>, at: i64, other: IpAddr, port: u16) {
    let secs = host.skewed(60, 7_000);
    let packets = host.skewed(80, 400) + secs * host.random.between(1, 8) / 4;
    let talk = host.called(at, other, port).lasting(i64::try_from(secs).unwrap_or(60));
    let talk = talk.sized((packets, 96), (packets, 220));
    host.put(&talk);
}

fn broken_into(host: &mut Host<'_>, service: Service) {
    let source = long_guesses(host, service);
    let mut fixed = host.fixed(51);
    let (hour, second) = (fixed.between(1, 12), fixed.between(0, 3_000));
    if host.since_attack().map(u64::from) == Some(hour) {
        let at = host.at(second);
        session(host, at, source, service.port());
    }
}

fn in_vain(host: &mut Host<'_>, service: Service) {
    let source = long_guesses(host, service);
    if host.since_attack() == Some(0) && host.fixed(52).between(0, 10) == 0 {
        // No password was sent: the server closes after its time to log in.
        let at = host.at(2_000);
        let talk = host.called(at, source, service.port()).lasting(120);
        let packets = host.random.between(5, 9);
        host.put(&talk.sized((packets, 110), (packets, 180)));
    }
}

fn blocked(host: &mut Host<'_>) {
    let source = long_guesses(host, Ssh);
    if host.since_attack() == Some(1) {
        for number in 0..200 {
            let at = host.at(number * 15);
            let talk = host.called(at, source, 22).attempt(End::Silent, 2);
            host.put(&talk);
        }
    }
}

fn administrator(host: &mut Host<'_>) {
    long_guesses(host, Ssh);
    if let Some(0..8) = host.since_attack() {
        let (at, other) = (host.any_time(), public(host.fixed(53).between(0, 20)));
        session(host, at, other, 22);
    }
}
