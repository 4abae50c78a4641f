//! What is known of the targets that are missed. A note is given only while its figures say so.

use simulate::traffic::attacks;

use super::Results;
use super::tally::GUESSES;
use super::targets::{false_of, quiet, successes};

/// What is known of scenarios that are not found.
const MISSED: &[(&str, &str)] = &[("SYN flood, slow", WRAPPED), ("SYN flood, fast", WRAPPED)];
const WRAPPED: &str = "the ports of the tool come round within an interval, so a record holds many SYNs of the same ends, \
    and `ec2/denial_of_service` takes only records of up to three packets for attempts to connect";

/// What is known of activities that are called something else.
const FALSE: &[(&str, &str, &str)] = &[
    (
        "SFTP partner",
        "UnauthorizedAccess:EC2/SSHBruteForce",
        "its logins are as flat as guesses, and a public address becomes known only after three days of them",
    ),
    (
        "checks by SSH",
        "UnauthorizedAccess:EC2/SSHBruteForce",
        "60 flat logins an hour of a host that is new on the first day of the logs",
    ),
    (
        "Ansible controller",
        "UnauthorizedAccess:EC2/SSHBruteForce",
        "30 hosts that are new on the first day of the logs look like a spray",
    ),
    (
        "WinRM collector",
        "Impact:EC2/WinRMBruteForce",
        "a flat connection a minute of a host that is new on the first day of the logs",
    ),
    (
        "NAT gateway",
        "Backdoor:EC2/Spambot",
        "the mail of the hosts behind it, in its first hours; nothing tells the gateway from an instance",
    ),
    (
        "download server",
        "Backdoor:EC2/DenialOfService.Tcp",
        "after 20 quiet minutes the packets of the client are not counted if its record comes first, so that the \
         transfer seems unanswered",
    ),
    ("origin of a CDN", "Backdoor:EC2/DenialOfService.Tcp", "the same as with the download server"),
    ("QUIC server", "Backdoor:EC2/DenialOfService.Udp", "the same as with the download server"),
    (
        "git server over SSH",
        "UnauthorizedAccess:EC2/SSHBruteForce",
        "fetches that find nothing new are of one size, and build servers come in bursts",
    ),
    (
        "build server",
        "UnauthorizedAccess:EC2/SSHBruteForce",
        "12 fetches within two minutes that find nothing new, at a server that is new on the first day",
    ),
];

/// The notes that hold.
pub(super) fn notes(results: &Results) -> Vec<String> {
    let mut notes = Vec::new();
    for activity in attacks() {
        let Some(row) = results.tally.rows.get(activity.name) else { continue };
        if row.found < row.hosts {
            let why = MISSED.iter().find(|it| it.0 == activity.name).map(|it| it.1);
            let why = why.map_or_else(|| "not looked into".to_owned(), str::to_owned);
            notes.push(format!(
                "{}: {} of {} hosts not found: {why}.",
                activity.name,
                row.hosts - row.found,
                row.hosts
            ));
        }
    }
    for activity in quiet() {
        let Some(row) = results.tally.rows.get(activity.name) else { continue };
        for (name, others) in &row.others {
            let why = FALSE.iter().find(|it| it.0 == activity.name && it.1 == name).map(|it| it.2);
            let why = why.unwrap_or("not looked into");
            notes.push(format!(
                "{}: {name} for {} of {} hosts: {why}.",
                activity.name, others.findings, row.hosts
            ));
        }
    }
    let (right, wrong, all) = successes(results);
    if wrong > 0 {
        notes.push(format!(
            "A likely success is said wrongly of {wrong} hosts beside {right} rightly: a connection that hangs until \
             the server's time to log in is over is long, and duration alone is enough. The precision depends on how \
             often such connections and successes are: here {all} successes."
        ));
    }
    let (guesses, hours) = false_of(results, GUESSES);
    if guesses.findings > 0 {
        let rate = |count: u64| count as f64 * 24_000.0 / hours as f64;
        notes.push(format!(
            "False findings of brute force are {:.2} per 1,000 host-days in the first week of logs and {:.2} if what \
             begins on the first day is left out. How many there are depends on how many hosts are logged in to by \
             machines: here 15 of {} kinds of hosts, one host of each in a world.",
            rate(guesses.findings),
            rate(guesses.findings - guesses.first_day),
            quiet().count()
        ));
    }
    notes
}
