//! What instances exchange with others.

use crate::flow::{Connection, Outcome};
use crate::scenarios::Scenario;
use crate::stage::Stage;
use crate::time::MINUTE;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::of(
        "Backdoor:EC2/C&CActivity.B",
        "An instance reports to a command and control server every half hour.",
        |stage| listed(stage, "command-and-control", 443),
    ),
    Scenario::of(
        "CryptoCurrency:EC2/BitcoinTool.B",
        "An instance works for a mining pool.",
        |stage| listed(stage, "mining-pool", 3333),
    ),
    Scenario::of("Trojan:EC2/BlackholeTraffic", "An instance sends to a sinkhole.", |stage| {
        listed(stage, "sinkhole", 80);
    }),
    Scenario::of("Trojan:EC2/DropPoint", "An instance uploads to a drop point.", |stage| {
        listed(stage, "drop-point", 443);
    }),
    Scenario::of(
        "UnauthorizedAccess:EC2/MaliciousIPCaller.Custom",
        "An instance talks to an address on your own threat list.",
        |stage| listed(stage, "threat", 8443),
    ),
    Scenario::of(
        "UnauthorizedAccess:EC2/TorClient",
        "An instance builds circuits through a Tor relay.",
        |stage| listed(stage, "tor-relay", 9001),
    ),
    Scenario::of(
        "UnauthorizedAccess:EC2/TorRelay",
        "Fourteen Tor relays connect to an instance, as to one of theirs.",
        tor_relay,
    ),
    Scenario::of(
        "Recon:EC2/Portscan",
        "An instance tries two hundred ports of another one; most refuse or drop.",
        |stage| port_scan(stage, 200),
    ),
    Scenario::of(
        "Impact:EC2/PortSweep",
        "An instance tries port 445 of a hundred and twenty public addresses; one in twelve answers.",
        port_sweep,
    ),
    Scenario::of(
        "UnauthorizedAccess:EC2/SSHBruteForce",
        "A stranger guesses eighty passwords for SSH.",
        |stage| brute_force(stage, 22, 80, 11),
    ),
    Scenario::of(
        "UnauthorizedAccess:EC2/RDPBruteForce",
        "A stranger guesses eighty passwords for RDP.",
        |stage| brute_force(stage, 3389, 80, 11),
    ),
    Scenario::of(
        "Recon:EC2/PortProbeUnprotectedPort",
        "A known scanner finds Redis open.",
        |stage| probe(stage, 6379, false),
    ),
    Scenario::of(
        "Recon:EC2/PortProbeEMRUnprotectedPort",
        "A known scanner finds YARN open on an instance of an EMR cluster.",
        |stage| probe(stage, 8088, true),
    ),
    Scenario::of(
        "Backdoor:EC2/Spambot",
        "An instance sends mail to forty servers within the hour, as it never did.",
        spambot,
    ),
    Scenario::of(
        "Impact:EC2/WinRMBruteForce",
        "An instance guesses eighty passwords for WinRM of another one.",
        win_rm,
    ),
];

/// Exchanges with an address on the list of a category.
fn listed(stage: &mut Stage<'_>, category: &str, port: u16) {
    let (host, address) = (stage.host(), stage.listed_address(category));
    for part in 0..6 {
        let it = stage.connection(stage.at(part * 30 * MINUTE), (&host.ip, &address), port);
        stage.connect(&Connection { sent: (60, 21_000), received: (70, 34_000), ..it });
    }
    stage.expect_instance(&host);
}

fn tor_relay(stage: &mut Stage<'_>) {
    let host = stage.host();
    for number in 0..14 {
        let relay = stage.listed_address("tor-relay");
        let it = stage.connection(stage.at(number * 20 * MINUTE), (&relay, &host.ip), 9001);
        stage.connect(&Connection { sent: (60, 30_000), received: (60, 30_000), ..it });
    }
    stage.expect_instance(&host);
}

/// A scan of another instance in five minutes.
pub(super) fn port_scan(stage: &mut Stage<'_>, ports: u16) {
    let (host, target) = (stage.host(), stage.host());
    for number in 0..ports {
        let at = stage.at(i64::from(number) * 300 / i64::from(ports));
        let it = stage.connection(at, (&host.ip, &target.ip), 20 + number * 29);
        let outcome = if number % 3 == 0 { Outcome::Refused } else { Outcome::Rejected };
        stage.connect(&it.probe(outcome));
    }
    stage.expect_instance(&host);
}

fn port_sweep(stage: &mut Stage<'_>) {
    let host = stage.host();
    for number in 0..120 {
        let target = format!("198.51.100.{}", 70 + number);
        let it = stage.connection(stage.at(number / 3), (&host.ip, &target), 445);
        let outcome = if number % 12 == 0 { Outcome::Refused } else { Outcome::Silent };
        stage.connect(&it.probe(outcome));
    }
    stage.expect_instance(&host);
}

fn probe(stage: &mut Stage<'_>, port: u16, is_emr: bool) {
    let (mut host, scanner) = (stage.host(), stage.listed_address("scanner"));
    if is_emr {
        stage.tag(&mut host, "aws:elasticmapreduce:job-flow-id", "j-2AXXXXXXGAPLF");
    }
    let it = stage.connection(stage.at(0), (&scanner, &host.ip), port);
    stage.connect(&Connection { secs: 2, sent: (6, 420), received: (5, 1_800), ..it });
    stage.expect_instance(&host);
}

fn spambot(stage: &mut Stage<'_>) {
    let host = stage.host();
    for number in 0..40 {
        let server = format!("198.51.100.{}", 70 + number);
        let it = stage.connection(stage.at(number * MINUTE), (&host.ip, &server), 25);
        stage.connect(&Connection { secs: 4, sent: (20, 6_000), received: (18, 2_400), ..it });
    }
    stage.expect_instance(&host);
}

/// Guesses of a stranger, of nearly the same size, every `secs` seconds.
pub(super) fn brute_force(stage: &mut Stage<'_>, port: u16, tries: i64, secs: i64) {
    let (host, stranger) = (stage.host(), stage.stranger());
    guesses(stage, (&stranger, &host.ip), port, tries, secs);
    stage.expect_instance(&host);
}

fn win_rm(stage: &mut Stage<'_>) {
    let (host, target) = (stage.host(), stage.host());
    guesses(stage, (&host.ip, &target.ip), 5985, 80, 11);
    // Both are told: the one that guesses, and the one whose passwords are guessed.
    stage.expect_instance(&host);
    stage.expect_instance(&target);
}

fn guesses(stage: &mut Stage<'_>, ends: (&str, &str), port: u16, tries: i64, secs: i64) {
    for number in 0..tries {
        let bytes = stage.random.between(2330, 2380);
        let it = stage.connection(stage.at(number * secs), ends, port);
        // Each guess has a port of its own.
        let client_port = u16::try_from(32_768 + number).unwrap_or(u16::MAX);
        let secs = stage.random.secs(2, 4);
        let (sent, received) = ((15, bytes), (15, 2 * bytes));
        stage.connect(&Connection { secs, client_port, sent, received, ..it });
    }
}
