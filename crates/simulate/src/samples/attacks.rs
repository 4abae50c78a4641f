//! The intrusions, each as it is known from reports.

use crate::calls::{Api, BROWSER, CLI, Caller, call};
use crate::flow::{Connection, Outcome, TCP};
use crate::logs::Logs;
use crate::random::Random;
use crate::time::MINUTE;

use super::world::{
    BAD_CALLER, C2_ADDRESS, CUSTOM_ADDRESS, DEV, DROP_ADDRESS, EAST, OFFICE, POOL_ADDRESS, PROD,
    START, TOR_EXIT, TOR_RELAY, WEST, at, named,
};

const KALI: &str = "aws-cli/2.14.5 Python/3.11.8 Linux/6.6.9-kali1-amd64 source/x86_64.kali.2024";
/// Ports of a scan, well-known ones first.
const SCAN: [u16; 40] = [
    21, 23, 25, 53, 80, 110, 111, 135, 139, 143, 389, 443, 445, 465, 512, 513, 514, 587, 636, 873,
    993, 995, 1433, 1521, 2049, 2375, 3306, 3389, 4444, 5432, 5900, 5985, 6379, 8000, 8080, 8443,
    9000, 9200, 11_211, 27_017,
];

/// Adds them.
pub(super) fn write(logs: &mut Logs, seed: u64) {
    let random = &mut Random::new(seed, 400);
    break_in(logs, random);
    miner(logs, random);
    spread(logs, random);
    leaked_key(logs);
    stolen_role(logs);
    strangers(logs);
    listed_names(logs);
    listed_addresses(logs, random);
}

/// What a fast guess at a password looks like.
fn guess<'a>(at: i64, (client, server): (&'a str, &'a str), random: &mut Random) -> Connection<'a> {
    let bytes = random.between(2330, 2380);
    // Each guess has a port of its own for hours.
    let client_port = u16::try_from(32_768 + at % 28_000).unwrap_or(u16::MAX);
    Connection {
        at,
        secs: random.secs(2, 4),
        client,
        client_port,
        server,
        port: 22,
        protocol: TCP,
        sent: (15, bytes),
        received: (15, 2 * bytes),
        outcome: Outcome::Answered,
    }
}

/// Tuesday night: somebody guesses the password of dev-1 and gets in.
fn break_in(logs: &mut Logs, random: &mut Random) {
    let ends = ("192.0.2.77", "10.2.1.10");
    for number in 0..80 {
        logs.connect(&guess(at(1, 2, 10) + number * 11, ends, random));
    }
    let session = guess(at(1, 2, 26), ends, random);
    logs.connect(&Connection {
        secs: 300,
        sent: (400, 60_000),
        received: (500, 180_000),
        ..session
    });
}

/// Then a miner is fetched over Tor, and mines.
fn miner(logs: &mut Logs, random: &mut Random) {
    let host = named("dev-1");
    let transfer =
        Connection { port: 9001, secs: 50, ..guess(at(1, 2, 40), (&*host.ip, TOR_RELAY), random) };
    for part in 0..5 {
        logs.connect(&Connection {
            at: at(1, 2, 40 + part),
            sent: (60, 9_000),
            received: (400, 520_000),
            ..transfer
        });
    }
    for hour in 3..9 {
        logs.query(at(1, hour, 0), host, "pool.supportxmr.com", &[POOL_ADDRESS]);
        let work = guess(at(1, hour, 0) + 2, (&*host.ip, POOL_ADDRESS), random);
        for part in 0..6 {
            let at = work.at + part * 10 * MINUTE;
            logs.connect(&Connection {
                at,
                port: 3333,
                secs: 590,
                sent: (120, 21_000),
                received: (140, 34_000),
                ..work
            });
        }
    }
}

/// Wednesday: dev-1 gets its orders and looks for others.
fn spread(logs: &mut Logs, random: &mut Random) {
    let host = named("dev-1");
    for hour in 0..6 {
        logs.query(at(2, hour, 30), host, "c2.guarddutyc2activityb.com", &[C2_ADDRESS]);
        logs.connect(&Connection {
            port: 443,
            ..guess(at(2, hour, 30) + 1, (&*host.ip, C2_ADDRESS), random)
        });
    }
    for (number, port) in (0..).zip(SCAN) {
        let probe = guess(at(2, 6, 10) + number / 2, (&*host.ip, "10.2.1.20"), random);
        let outcome = if number % 2 == 0 { Outcome::Refused } else { Outcome::Rejected };
        logs.connect(&Connection {
            port,
            secs: 0,
            sent: (1, 44),
            received: (1, 40),
            outcome,
            ..probe
        });
    }
    for number in 0..120 {
        let target = format!("198.51.100.{}", 130 + number);
        let probe = guess(at(2, 7, 0) + number / 3, (&*host.ip, &*target), random);
        let outcome = if number % 12 == 0 { Outcome::Refused } else { Outcome::Silent };
        logs.connect(&Connection {
            port: 445,
            secs: 0,
            sent: (1, 44),
            received: (1, 40),
            outcome,
            ..probe
        });
    }
    for number in 0..60 {
        logs.connect(&guess(at(2, 8, 0) + number * 14, (&*host.ip, "10.2.1.11"), random));
    }
}

/// Wednesday: carol's key, leaked in a repository, is used over Tor.
fn leaked_key(logs: &mut Logs) {
    let thief = Caller::user(PROD, "carol", "AKIAIOSFODNN7EXAMPLE", TOR_EXIT);
    let steps = [
        Api::new("sts", "GetCallerIdentity", "null"),
        Api::new("iam", "ListUsers", "null"),
        Api::new("iam", "ListAttachedUserPolicies", r#"{"userName":"carol"}"#),
        Api::new("s3", "ListBuckets", "null"),
        Api::new("ec2", "DescribeInstances", r#"{"instancesSet":{},"filterSet":{}}"#),
        Api::new("secretsmanager", "ListSecrets", "null").denied(),
        Api::new("cloudtrail", "DescribeTrails", "null"),
        Api::new("cloudtrail", "StopLogging", r#"{"name":"main"}"#),
        Api::new("iam", "CreateAccessKey", r#"{"userName":"bob"}"#).denied(),
        Api::new("s3", "ListObjects", r#"{"bucketName":"example-customers"}"#),
        Api::new("s3", "GetObject", r#"{"bucketName":"example-customers","key":"orders.csv"}"#),
        Api::new("s3", "GetObject", r#"{"bucketName":"example-customers","key":"people.csv"}"#),
    ];
    for (number, step) in (0..).zip(steps) {
        call(logs, EAST, at(2, 21, 4) + number * 47, &thief, step);
    }
    let request = concat!(
        r#"{"bucketName":"example-customers","bucketPolicy":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","#,
        r#""Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::example-customers/*"}]},"policy":""}"#
    );
    call(logs, EAST, at(2, 21, 20), &thief, Api::new("s3", "PutBucketPolicy", request));
}

/// Thursday: credentials of web-1, read through a hole in the site, are used from a computer elsewhere.
fn stolen_role(logs: &mut Logs) {
    let time = at(3, 13, 20);
    let thief = Caller::instance(named("web-1"), START, time, "192.0.2.45").with_agent(CLI);
    let steps = [
        Api::new("sts", "GetCallerIdentity", "null"),
        Api::new("s3", "ListBuckets", "null"),
        Api::new("s3", "GetObject", r#"{"bucketName":"example-site","key":"config/site.json"}"#),
        Api::new("iam", "ListRoles", "null").denied(),
    ];
    for (number, step) in (0..).zip(steps) {
        call(logs, EAST, time + number * 33, &thief, step);
    }
}

/// Kali, the root user, a caller of bad name, and a bucket for everybody with an account.
fn strangers(logs: &mut Logs) {
    let dave = Caller::user(DEV, "dave", "AKIAEXAMPLEDAVE00001", "192.0.2.150").with_agent(KALI);
    for (number, name) in (0..).zip(["ListUsers", "ListRoles", "ListPolicies"]) {
        call(logs, EAST, at(3, 22, 40) + number * 5, &dave, Api::new("iam", name, "null"));
    }
    let root = Caller::root(DEV, OFFICE).with_agent(BROWSER);
    let sign_in =
        Api { is_sign_in: true, is_read: false, ..Api::new("signin", "ConsoleLogin", "null") };
    call(logs, EAST, at(4, 9, 2), &root, sign_in.responding(r#"{"ConsoleLogin":"Success"}"#));
    call(logs, EAST, at(4, 9, 5), &root, Api::new("iam", "CreateAccessKey", "null"));
    let erin = Caller::user(DEV, "erin", "AKIAEXAMPLEERIN00001", BAD_CALLER);
    call(logs, WEST, at(4, 23, 10), &erin, Api::new("ec2", "DescribeInstances", "{}"));
    call(
        logs,
        WEST,
        at(4, 23, 11),
        &erin,
        Api::new("s3", "ListObjects", r#"{"bucketName":"example-lab"}"#),
    );
    let request = r#"{"bucketName":"example-lab","x-amz-acl":"authenticated-read","acl":""}"#;
    let erin = Caller::user(DEV, "erin", "AKIAEXAMPLEERIN00001", OFFICE);
    call(logs, WEST, at(4, 16, 10), &erin, Api::new("s3", "PutBucketAcl", request));
}

/// Friday: AWS's test domains, as an administrator who tries the detectors asks for them.
fn listed_names(logs: &mut Logs) {
    let (desk, lab) = (named("desk-1"), named("lab-1"));
    logs.query(at(4, 10, 14), desk, "guarddutyphishingactivity.com", &["203.0.113.230"]);
    logs.query(at(4, 10, 20), desk, "guarddutydrivebyactivity.com", &["203.0.113.231"]);
    logs.query(at(4, 11, 0), lab, "guarddutydgaactivity.com", &[]);
    logs.query(at(4, 11, 5), lab, "guarddutyblackholeactivity.com", &["203.0.113.232"]);
    logs.query(at(4, 11, 10), lab, "guarddutydroppointactivity.com", &[DROP_ADDRESS]);
    let names = ["abused-rep", "crypto-rep", "malicious-rep", "suspicious-rep"];
    for (number, name) in (0..).zip(names) {
        let name = format!("{name}.guarddutyc2activityb.com");
        logs.query(at(4, 14, number), lab, &name, &["203.0.113.233"]);
    }
}

fn listed_addresses(logs: &mut Logs, random: &mut Random) {
    let lab = named("lab-1");
    let upload = guess(at(4, 11, 11), (&*lab.ip, DROP_ADDRESS), random);
    logs.connect(&Connection {
        port: 443,
        secs: 40,
        sent: (900, 1_200_000),
        received: (300, 16_000),
        ..upload
    });
    let visit = guess(at(3, 4, 30), (CUSTOM_ADDRESS, "10.0.1.11"), random);
    logs.connect(&Connection { port: 443, ..visit });
}
