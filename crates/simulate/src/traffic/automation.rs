//! Logins that are no guesses: automation, transfers, health checks, people.

use super::host::{Host, inside, public};
use super::ordinary::{noise, services};
use super::talk::{End, Talk};
use super::{Activity, Group};
use std::net::IpAddr;

const fn quiet(name: &'static str, about: &'static str, hour: fn(&mut Host<'_>)) -> Activity {
    Activity::quiet(name, Group::Logins, about, hour)
}

pub(super) const LOOK_ALIKES: &[Activity] = &[
    quiet(
        "Ansible controller",
        "30 hosts an hour, five at a time, two to eight SSH logins each",
        controller,
    ),
    quiet(
        "Ansible target",
        "two to eight SSH logins of one controller an hour, sometimes 40",
        target,
    ),
    quiet(
        "Ansible target, WinRM",
        "a playbook of 20 to 60 requests over WinRM every fourth hour",
        winrm_target,
    ),
    quiet(
        "rsync, receiver",
        "a public host copies over SSH every five minutes, mostly nothing new",
        rsync_in,
    ),
    quiet("rsync, sender", "copies over SSH to a host of ours every five minutes", rsync_out),
    quiet(
        "git server over SSH",
        "20 people and two build servers fetch and push, most fetches small",
        git_server,
    ),
    quiet(
        "build server",
        "clones and fetches over SSH from a public git server, in bursts",
        build_server,
    ),
    quiet("SSH health checks", "three balancers connect to port 22 every 30 seconds", ssh_checks),
    quiet(
        "checks by SSH",
        "a monitoring server logs in five times every five minutes",
        checks_by_ssh,
    ),
    quiet(
        "SFTP partner",
        "a public host logs in with a key every minute and looks for files",
        sftp,
    ),
    quiet("bastion", "sessions of 12 people at their own times, some short", bastion),
    quiet(
        "backups over SSH",
        "eight hosts send increments at night in four connections each",
        backups,
    ),
    quiet("RDP broker", "a broker shakes hands at port 3389 every 30 seconds", rdp_broker),
    quiet("RDP desktop", "two people with sessions of hours and reconnections", rdp_desktop),
    quiet("WinRM collector", "a collector asks over WinRM every minute", winrm_collector),
];

/// A login with a key that does a little and leaves, of one kind of task.
fn login(host: &mut Host<'_>, talk: &Talk, (packets, bytes): (u64, u64)) {
    let packets = packets + host.random.between(0, 4);
    let secs = host.random.secs(0, 5);
    let talk = Talk { secs, ..*talk }.sized((packets, bytes), (packets, bytes + 60));
    host.put(&talk);
}

fn controller(host: &mut Host<'_>) {
    services(host, 4);
    let first = host.fixed(60).between(0, 500);
    let begin = host.fixed(61).between(0, 1_500);
    for number in 0..30 {
        let (to, count) = (inside(first + number), host.random.between(2, 9));
        for task in 0..count {
            let at = host.at(begin + number / 5 * 40 + task * 5);
            let talk = host.calls(at, to, 22);
            let size = (host.skewed(18, 60), host.random.between(130, 260));
            login(host, &talk, size);
        }
    }
}

fn target(host: &mut Host<'_>) {
    services(host, 4);
    let (from, begin) = (inside(host.fixed(60).between(0, 500)), host.fixed(61).between(0, 3_000));
    let count = if host.chance(40) { 40 } else { host.random.between(2, 9) };
    for task in 0..count {
        let at = host.at(begin + task * 5);
        let talk = host.called(at, from, 22);
        let size = (host.skewed(18, 60), host.random.between(130, 260));
        login(host, &talk, size);
    }
}

fn winrm_target(host: &mut Host<'_>) {
    services(host, 4);
    let from = inside(host.fixed(60).between(0, 500));
    if !u64::from(host.hour).is_multiple_of(4) {
        return;
    }
    for task in 0..host.random.between(20, 61) {
        let at = host.at(600 + task * 6);
        let talk = host.called(at, from, 5986);
        let (packets, bytes) = (host.skewed(10, 90), host.random.between(250, 800));
        host.put(&talk.sized((packets, bytes), (packets, 300)).lasting(3));
    }
}

fn rsync(host: &mut Host<'_>, other: IpAddr, is_ours: bool) {
    for run in 0..12 {
        let at = host.at(run * 300 + host.fixed(62).between(0, 250));
        let talk = if is_ours { host.calls(at, other, 22) } else { host.called(at, other, 22) };
        let is_empty = host.chance(700);
        let packets = if is_empty { host.random.between(24, 34) } else { host.skewed(60, 60_000) };
        let bytes = if is_empty { 150 } else { 1_100 };
        let secs = if is_empty { 2 } else { 2 + (packets / 400) as i64 };
        host.put(&talk.sized((packets, bytes), (packets, 90)).lasting(secs.min(280)));
    }
}

fn rsync_in(host: &mut Host<'_>) {
    noise(host, 6);
    let other = public(host.fixed(60).between(0, 700));
    rsync(host, other, false);
}

fn rsync_out(host: &mut Host<'_>) {
    services(host, 4);
    let other = inside(host.fixed(60).between(0, 700));
    rsync(host, other, true);
}

/// A fetch or push: most fetches find nothing new and are small.
fn git(host: &mut Host<'_>, talk: &Talk) {
    let packets =
        if host.chance(600) { host.random.between(20, 40) } else { host.skewed(40, 20_000) };
    let secs = 1 + (packets / 800) as i64;
    host.put(&talk.sized((packets, 140), (packets, 400)).lasting(secs));
}

fn git_server(host: &mut Host<'_>) {
    noise(host, 6);
    let first = host.fixed(60).between(0, 500);
    for person in 0..if (8..19).contains(&host.clock()) { 20 } else { 1 } {
        for _ in 0..host.random.between(0, 4) {
            let at = host.any_time();
            let talk = host.called(at, inside(first + person), 22);
            git(host, &talk);
        }
    }
    // Build servers leave by two addresses of a NAT gateway.
    for _ in 0..host.about(6) {
        let (at, from) = (host.any_time(), public(first % 300 + host.random.between(0, 2)));
        for _ in 0..host.random.between(1, 6) {
            let talk = host.called(at, from, 22);
            git(host, &talk);
        }
    }
}

fn build_server(host: &mut Host<'_>) {
    services(host, 10);
    let other = public(host.fixed(60).between(0, 700));
    let is_day = (7..20).contains(&host.clock());
    for _ in 0..host.about(if is_day { 6 } else { 2 }) {
        let at = host.any_time();
        for step in 0..host.random.between(1, 7) {
            let talk = host.calls(at + i64::try_from(step).unwrap_or(0) * 3, other, 22);
            git(host, &talk);
        }
    }
}

fn ssh_checks(host: &mut Host<'_>) {
    services(host, 4);
    let first = host.fixed(60).between(0, 500);
    for balancer in 0..3 {
        for check in 0..120 {
            let at = host.at(check * 30 + balancer * 7);
            let talk = host.called(at, inside(first + balancer), 22);
            let packets = host.random.between(4, 7);
            host.put(&talk.sized((packets, 54), (packets - 1, 60)).lasting(0));
        }
    }
}

fn checks_by_ssh(host: &mut Host<'_>) {
    services(host, 4);
    let from = inside(host.fixed(60).between(0, 500));
    let size = (host.fixed(61).between(22, 30), host.fixed(62).between(140, 180));
    for run in 0..12 {
        for check in 0..5 {
            let at = host.at(run * 300 + check * 20);
            let talk = host.called(at, from, 22);
            login(host, &talk, size);
        }
    }
}

fn sftp(host: &mut Host<'_>) {
    noise(host, 6);
    let from = public(host.fixed(60).between(0, 700));
    let size = (host.fixed(61).between(24, 34), host.fixed(62).between(140, 180));
    for minute in 0..60 {
        let at = host.at(minute * 60 + 3);
        let talk = host.called(at, from, 22);
        if host.chance(50) {
            let packets = host.skewed(100, 8_000);
            host.put(&talk.sized((packets, 1_200), (packets, 80)).lasting(8));
        } else {
            login(host, &talk, size);
        }
    }
}

fn bastion(host: &mut Host<'_>) {
    noise(host, 10);
    if !(8..20).contains(&host.clock()) {
        return;
    }
    let first = host.fixed(60).between(0, 600);
    for person in 0..12 {
        for _ in 0..host.random.between(0, 3) {
            let at = host.any_time();
            let talk = host.called(at, public(first + person), 22);
            let (packets, secs) = (host.skewed(25, 9_000), host.skewed(3, 6_000));
            let talk = talk.lasting(i64::try_from(secs).unwrap_or(60));
            host.put(&talk.sized((packets, 100), (packets, 260)));
        }
    }
}

fn backups(host: &mut Host<'_>) {
    services(host, 3);
    if host.clock() != 1 {
        return;
    }
    let first = host.fixed(60).between(0, 500);
    for client in 0..8 {
        for part in 0..4 {
            let at = host.at(client * 300 + part * 60);
            let talk = host.called(at, inside(first + client), 22);
            let packets = host.skewed(40, 200_000);
            let secs = 1 + (packets / 2_000) as i64;
            host.put(&talk.sized((packets, 1_300), (packets / 2, 60)).lasting(secs));
        }
    }
}

fn rdp_broker(host: &mut Host<'_>) {
    services(host, 3);
    let from = inside(host.fixed(60).between(0, 500));
    for check in 0..120 {
        let at = host.at(check * 30);
        let talk = host.called(at, from, 3389);
        let packets = host.random.between(5, 8);
        host.put(&talk.sized((packets, 90), (packets, 140)).lasting(1));
    }
}

fn rdp_desktop(host: &mut Host<'_>) {
    services(host, 6);
    if !(8..18).contains(&host.clock()) {
        return;
    }
    let first = host.fixed(60).between(0, 500);
    for person in 0..2 {
        for _ in 0..host.random.between(0, 4) {
            let at = host.any_time();
            let secs = host.skewed(20, 7_000);
            let talk = host.called(at, inside(first + person), 3389);
            let packets = 60 + secs * host.random.between(4, 20);
            let talk = talk.lasting(i64::try_from(secs).unwrap_or(60));
            host.put(&talk.sized((packets, 130), (packets, 700)));
        }
    }
    // A lost network: the client tries again and again.
    if host.chance(50) {
        for number in 0..15 {
            let at = host.at(1_000 + number * 10);
            let talk = host.called(at, inside(first), 3389).attempt(End::Silent, 2);
            host.put(&talk);
        }
    }
}

fn winrm_collector(host: &mut Host<'_>) {
    services(host, 3);
    let from = inside(host.fixed(60).between(0, 500));
    for minute in 0..60 {
        let at = host.at(minute * 60 + 11);
        let talk = host.called(at, from, 5985);
        let packets = host.random.between(9, 13);
        host.put(&talk.sized((packets, 320), (packets, 500)).lasting(1));
    }
}
