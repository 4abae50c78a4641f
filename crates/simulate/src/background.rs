//! Ordinary activity, thin: people at work, servers and their visitors, services of AWS.

use crate::calls::{Api, BROWSER, Caller, call};
use crate::flow::{Connection, Outcome, UDP};
use crate::logs::Logs;
use crate::random::Random;
use crate::stage::{ACCOUNT, OFFICE, Person, REGION, World};
use crate::time::{DAY, HOUR, MINUTE};
use crate::world::{Host, Nat};

/// Services that everybody uses: names and what they resolve to.
const SERVICES: [(&str, &str); 6] = [
    ("s3.us-east-1.amazonaws.com", "198.51.100.30"),
    ("ssm.us-east-1.amazonaws.com", "198.51.100.31"),
    ("logs.us-east-1.amazonaws.com", "198.51.100.32"),
    ("packages.example.org", "198.51.100.40"),
    ("api.payments.example.com", "198.51.100.41"),
    ("registry.example.org", "198.51.100.42"),
];
/// The server of time.
const CLOCK: &str = "198.51.100.43";
/// Ports that the noise of the Internet asks for.
const NOISE: [u16; 8] = [22, 23, 80, 445, 1433, 3389, 6379, 8080];

/// Calls of people at work: service, name, request.
const WORK: [(&str, &str, &str); 8] = [
    ("ec2", "DescribeInstances", r#"{"instancesSet":{},"filterSet":{}}"#),
    ("ec2", "DescribeVolumes", r#"{"volumeSet":{},"filterSet":{}}"#),
    ("s3", "ListBuckets", "null"),
    ("s3", "GetObject", r#"{"bucketName":"example-reports","key":"2026/03/summary.csv"}"#),
    ("iam", "ListRoles", "null"),
    ("logs", "DescribeLogGroups", r#"{"limit":50}"#),
    ("monitoring", "DescribeAlarms", r#"{"maxRecords":100}"#),
    ("rds", "DescribeDBInstances", "null"),
];

/// Hosts of the main account: name, role, address, public address.
const HOSTS: [(&str, &str, &str, Option<&str>); 3] = [
    ("web-1", "web", "10.0.1.10", Some("203.0.113.10")),
    ("api-1", "api", "10.0.2.20", None),
    ("db-1", "database", "10.0.3.30", None),
];

/// The main account: servers, people and services, on all days.
pub(crate) fn office(world: &mut World) {
    let (start, seed) = (world.options.start, world.options.seed);
    let mut hosts = Vec::new();
    for (number, (name, role, ip, public)) in (0x10..).zip(HOSTS) {
        let host = Host {
            name: name.into(),
            account: ACCOUNT.into(),
            region: REGION.into(),
            ip: ip.into(),
            public: public.map(Into::into),
            nat: if public.is_some() { None } else { Some(Nat::of_network(1)) },
            number,
            network: 1,
            role: role.into(),
            kind: "m6i.large".into(),
            tags: Vec::new(),
            function: None,
        };
        world.logs.add_host(host.clone());
        hosts.push(host);
    }
    let buckets = ["example-site", "example-reports"].map(str::to_owned);
    world.buckets.insert(ACCOUNT.to_owned(), buckets.into());
    for day in 0..=world.days {
        let random = &mut Random::new(seed, 100 + day.unsigned_abs());
        let midnight = start + day * DAY;
        for host in &hosts {
            self::host(&mut world.logs, host, start, midnight, random);
        }
        for (name, key) in [("alice", "AKIAEXAMPLEALICE0001"), ("bob", "AKIAEXAMPLEBOB000001")] {
            let [account, name, key] = [ACCOUNT, name, key].map(str::to_owned);
            person(&mut world.logs, &Person { account, name, key }, REGION, midnight, random);
        }
        servers(&mut world.logs, midnight, random);
        services(&mut world.logs, midnight, random);
    }
}

/// A day of an instance, or of a function's interface: it talks to services, asks for the time and reports
/// to Systems Manager; strangers try its ports.
pub(crate) fn host(logs: &mut Logs, host: &Host, start: i64, midnight: i64, random: &mut Random) {
    for hour in (0..24).step_by(2) {
        let time = midnight + hour * HOUR + random.secs(0, 3000);
        let Some((name, address)) = random.pick(&SERVICES) else { return };
        if host.function.is_none() {
            logs.query(time, host, name, &[address]);
        }
        logs.connect(&Connection::answered(time + 1, (&*host.ip, address), 443, random));
    }
    if host.function.is_some() {
        return;
    }
    for hour in [4, 12, 20] {
        let time = midnight + hour * HOUR + random.secs(0, 3000);
        let caller = Caller::instance(host, start, time, host.egress());
        let request = format!(r#"{{"instanceId":"{}","agentVersion":"3.2.2303.0"}}"#, host.id());
        let update =
            Api { is_read: false, ..Api::new("ssm", "UpdateInstanceInformation", &request) };
        call(logs, &host.region, time, &caller, update);
    }
    let ntp = Connection::answered(midnight + 3 * HOUR, (&*host.ip, CLOCK), 123, random);
    logs.connect(&Connection { protocol: UDP, sent: (1, 76), received: (1, 76), secs: 0, ..ntp });
    for _ in 0..if host.public.is_some() { 4 } else { 0 } {
        let from = format!("198.51.100.{}", random.between(200, 220));
        let port = random.pick(&NOISE).unwrap_or(23);
        let time = midnight + random.secs(0, 86_000);
        let probe = Connection::answered(time, (&from, &*host.ip), port, random);
        logs.connect(&probe.probe(Outcome::Rejected));
    }
}

/// A day of a user who signs in and works from the office.
pub(crate) fn person(
    logs: &mut Logs,
    person: &Person,
    region: &str,
    midnight: i64,
    random: &mut Random,
) {
    let caller = person.from(OFFICE);
    let mut time = midnight + 8 * HOUR + random.secs(0, 3600);
    call(logs, region, time, &caller.clone().with_agent(BROWSER), Api::sign_in(true));
    while time < midnight + 17 * HOUR {
        time += random.secs(1200, 4800);
        let Some((service, api, request)) = random.pick(&WORK) else { return };
        call(logs, region, time, &caller, Api::new(service, api, request));
    }
}

/// Visitors of the web server, and what they cause behind it.
fn servers(logs: &mut Logs, midnight: i64, random: &mut Random) {
    for _ in 0..30 {
        let time = midnight + random.secs(0, 86_000);
        let from = format!("198.51.100.{}", random.between(220, 250));
        logs.connect(&Connection::answered(time, (&from, "10.0.1.10"), 443, random));
        logs.connect(&Connection::answered(time + 1, ("10.0.1.10", "10.0.2.20"), 8080, random));
        logs.connect(&Connection::answered(time + 1, ("10.0.2.20", "10.0.3.30"), 5432, random));
    }
    // Somebody looks after the web server.
    let session = Connection::answered(midnight + 9 * HOUR, (OFFICE, "10.0.1.10"), 22, random);
    for part in 0..4 {
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

/// Services look after their own.
fn services(logs: &mut Logs, midnight: i64, random: &mut Random) {
    for hour in (0..24).step_by(3) {
        let time = midnight + hour * HOUR + random.secs(0, 600);
        let trail = Caller::service(ACCOUNT, "cloudtrail.amazonaws.com");
        let request =
            r#"{"bucketName":"example-trail","Host":"example-trail.s3.amazonaws.com","acl":""}"#;
        call(logs, REGION, time, &trail, Api::new("s3", "GetBucketAcl", request));
        let config = Caller::service(ACCOUNT, "config.amazonaws.com");
        let request = format!(
            r#"{{"roleArn":"arn:aws:iam::{ACCOUNT}:role/config","roleSessionName":"AWSConfig-Describe"}}"#
        );
        call(logs, REGION, time + 40, &config, Api::new("sts", "AssumeRole", &request));
    }
}
