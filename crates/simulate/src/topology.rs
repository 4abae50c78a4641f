//! Credentials of instances used from thirteen places, to judge which of them are called stolen.
//!
//! Cases are those that decide: an instance's own ways out, ways of the organization, and foreign places.

use std::collections::BTreeMap;

use serde_json::json;

use crate::calls::{Api, CLI, Caller, call};
use crate::describe::{gateways, pretty, reservation};
use crate::logs::Logs;
use crate::random::Random;
use crate::time::{DAY, HOUR, time};
use crate::world::{Host, Nat};

const HOME: &str = "111122223333";
/// The account whose VPC carries the traffic of the others, and another one of the organization.
const NETWORK: &str = "222233334444";
const SISTER: &str = "333344445555";
/// An account of nobody that is known.
const FOREIGN: &str = "999988887777";
const REGION: &str = "us-east-1";
/// Networks of the instances without an own address: behind a NAT gateway, and with none.
const BEHIND_NAT: u32 = 2;
const WITHOUT_NAT: u32 = 3;
/// The network of the account for all.
const SHARED: u32 = 9;
/// Where the office's traffic leaves.
const HAIRPIN: &str = "198.51.100.10";
const HAIRPIN_RANGE: &str = "198.51.100.0/28";
const ADMINISTRATOR: &str = "198.51.100.9";
/// Who gives addresses out before they are used.
const ATTACHED_BEFORE_SECS: i64 = 300;

/// What must be found.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verdict {
    /// Nothing.
    InOrder,
    /// In AWS, in an account of the organization: Medium.
    Affiliated,
    /// In AWS, elsewhere: High.
    InsideAws,
    /// Not in AWS: High.
    OutsideAws,
}

/// A place that credentials are used from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Case {
    /// Its name in reports.
    pub name: &'static str,
    /// What is right.
    pub right: Verdict,
}

const fn case(name: &'static str, right: Verdict) -> Case {
    Case { name, right }
}

/// The cases, in the order of their numbers.
pub const CASES: [Case; 13] = [
    case("own elastic address", Verdict::InOrder),
    case("NAT gateway of the VPC", Verdict::InOrder),
    case("egress through another VPC, declared", Verdict::InOrder),
    case("corporate hairpin, declared", Verdict::InOrder),
    case("elastic address attached 5 minutes earlier", Verdict::InOrder),
    case("VPC endpoint, own account", Verdict::InOrder),
    case("VPC endpoint, affiliated account", Verdict::Affiliated),
    case("VPC endpoint, foreign account", Verdict::InsideAws),
    case("EC2 in a foreign account", Verdict::InsideAws),
    case("host on the Internet", Verdict::OutsideAws),
    case("Tor exit", Verdict::OutsideAws),
    case("forged `i-…` session name", Verdict::InOrder),
    case("call forwarded by a service", Verdict::InOrder),
];

/// Logs, descriptions, lists and settings of all cases together.
#[derive(Clone, PartialEq, Debug)]
pub struct Topology {
    /// Contents by name: `AWSLogs/…`, not compressed; `inventory/…`; `lists/CATEGORY.txt`; `settings.toml`.
    pub files: BTreeMap<String, String>,
    /// The instances, and the number of the case of each.
    pub instances: Vec<(String, usize)>,
}

/// Makes so many instances for each case, two days of their calls, and the use on the second day.
pub fn topology(seed: u64, start: i64, each: u32) -> Topology {
    let mut logs = Logs::new(start, 6 * HOUR);
    let (mut instances, mut hosts) = (Vec::new(), Vec::new());
    let mut lists: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for copy in 0..each {
        for number in 0..CASES.len() {
            let taken = copy * CASES.len() as u32 + number as u32;
            let host = host(taken, number);
            let mut play = Play { logs: &mut logs, lists: &mut lists, host: &host, start, taken };
            let random = &mut Random::new(seed, u64::from(taken));
            play.ordinary(number, random);
            play.elsewhere(number, random);
            instances.push((host.id(), number));
            hosts.push(host);
        }
    }
    let mut files = describe(&hosts, start - 40 * DAY);
    for (category, entries) in lists {
        files.insert(format!("lists/{category}.txt"), entries.join("\n"));
    }
    let settings = format!(
        "[detectors.iam.instance_credential_exfiltration]\negress_ranges = [\"{HAIRPIN_RANGE}\"]\n\
         egress_vpcs = [\"{NETWORK}/{}\"]\n",
        shared().network().vpc
    );
    files.insert("settings.toml".to_owned(), settings);
    files.extend(logs.files().into_iter().map(|(key, text)| (key.replace(".gz", ""), text)));
    Topology { files, instances }
}

/// The instance of a case. Cases with places of their own still have an own way out.
fn host(taken: u32, number: usize) -> Host {
    let (network, public, nat) = match number {
        1 => (BEHIND_NAT, None, Some(Nat::of_network(BEHIND_NAT))),
        2..=4 => (WITHOUT_NAT, None, None),
        _ => (1, Some(format!("203.0.113.{}", 20 + taken % 230).into()), None),
    };
    Host {
        name: format!("unit-{taken}").into(),
        account: HOME.into(),
        region: REGION.into(),
        ip: format!("10.{network}.{}.{}", taken / 200, 10 + taken % 200).into(),
        public,
        nat,
        number: 0x400 + taken,
        network,
        role: format!("role-{taken}").into(),
        kind: "m6i.large".into(),
        tags: Vec::new(),
        function: None,
    }
}

/// A host behind the gateway that is shared.
fn shared() -> Host {
    let nat = Nat { public: "203.0.113.3".into(), ..Nat::of_network(SHARED) };
    Host {
        account: NETWORK.into(),
        network: SHARED,
        nat: Some(nat),
        public: None,
        ..host(9_000, 0)
    }
}

/// What `aws … describe-*` tells.
fn describe(hosts: &[Host], since: i64) -> BTreeMap<String, String> {
    let since = time(since).replace('Z', "+00:00");
    let reservations: Vec<_> = hosts.iter().map(|it| reservation(it, &since)).collect();
    let instances = json!({ "account": HOME, "region": REGION, "Reservations": reservations });
    let endpoint = |account: &str, id: &str| json!({ "VpcEndpointId": id, "OwnerId": account, "CreationTimestamp": since });
    let endpoints = json!({ "account": HOME, "region": REGION, "VpcEndpoints": [
        endpoint(HOME, "vpce-0a1b2c3d4e5f60001"), endpoint(SISTER, "vpce-0a1b2c3d4e5f60002")
    ] });
    let accounts = [HOME, NETWORK, SISTER].map(|it| json!({ "Id": it, "Status": "ACTIVE" }));
    let mut files = BTreeMap::from([
        ("inventory/instances.json".to_owned(), pretty(&instances)),
        ("inventory/endpoints.json".to_owned(), pretty(&endpoints)),
        ("inventory/accounts.json".to_owned(), pretty(&json!({ "Accounts": accounts }))),
    ]);
    let own = gateways(hosts.iter(), &since);
    let of_all = gateways([shared()].iter(), &since);
    for (name, text) in [("nat", own), ("nat-shared", of_all)] {
        if let Some(text) = text {
            files.insert(format!("inventory/{name}.json"), pretty(&text));
        }
    }
    files
}

/// The part of one instance.
struct Play<'p> {
    logs: &'p mut Logs,
    lists: &'p mut BTreeMap<&'static str, Vec<String>>,
    host: &'p Host,
    start: i64,
    taken: u32,
}

impl Play<'_> {
    /// Calls from where the instance is, on both days.
    fn ordinary(&mut self, number: usize, random: &mut Random) {
        let from = match number {
            2 | 4 => "203.0.113.3",
            3 => HAIRPIN,
            _ => self.host.egress(),
        };
        for hour in (0..40).step_by(4) {
            let at = self.start + hour * HOUR + random.secs(0, 3_000);
            let caller = Caller::instance(self.host, self.start, at, from);
            self.call(at, &caller, "DescribeInstances");
        }
    }

    /// The use that is judged.
    fn elsewhere(&mut self, number: usize, random: &mut Random) {
        let at = self.start + DAY + 6 * HOUR + random.secs(0, 30_000);
        let stranger = format!("192.0.2.{}", 1 + self.taken % 250);
        let (host, start) = (self.host, self.start);
        let by = |source: &str| Caller::instance(host, start, at, source);
        let thief = |source: &str| by(source).with_agent(CLI);
        let caller = match number {
            2 => by("203.0.113.3"),
            3 => by(HAIRPIN),
            4 => {
                self.attach(at - ATTACHED_BEFORE_SECS, &stranger);
                by(&stranger)
            }
            5 => through(by("10.1.0.9"), "vpce-0a1b2c3d4e5f60001", HOME),
            6 => through(thief("10.60.0.9"), "vpce-0a1b2c3d4e5f60002", SISTER),
            7 => through(thief("10.70.0.9"), "vpce-0a1b2c3d4e5f60003", FOREIGN),
            8 => {
                self.list("aws-ec2", &stranger);
                thief(&stranger)
            }
            9 => thief(&stranger),
            10 => {
                self.list("tor-exit", &stranger);
                thief(&stranger)
            }
            11 => {
                let (role, key) =
                    (self.host.role.to_string(), format!("ASIAEXAMPLEFORGED{:04}", self.taken));
                let names = (&*role, &*self.host.id(), &*key);
                Caller::role(HOME, names, at - 60, &stranger, "").with_agent(CLI)
            }
            12 => {
                let it =
                    by("cloudformation.amazonaws.com").with_agent("cloudformation.amazonaws.com");
                let open = it.identity.strip_suffix('}').unwrap_or(&it.identity);
                let identity = format!(r#"{open},"invokedBy":"cloudformation.amazonaws.com"}}"#);
                Caller { identity, ..it }
            }
            _ => by(self.host.egress()),
        };
        for (step, name) in (0..).zip(["GetCallerIdentity", "ListBuckets", "DescribeInstances"]) {
            self.call(at + step * 20, &caller, name);
        }
    }

    fn call(&mut self, at: i64, caller: &Caller, name: &str) {
        let service = match name {
            "GetCallerIdentity" => "sts",
            "ListBuckets" => "s3",
            _ => "ec2",
        };
        call(self.logs, REGION, at, caller, Api::reading(service, name, "null"));
    }

    /// An administrator gives the instance an address.
    fn attach(&mut self, at: i64, address: &str) {
        let id = self.host.id();
        let request = format!(r#"{{"publicIp":"{address}","instanceId":"{id}"}}"#);
        let response = r#"{"_return":true,"associationId":"eipassoc-0a1b2c3d4e5f60001"}"#;
        let administrator = Caller::user(HOME, "alice", "AKIAEXAMPLEALICE0001", ADMINISTRATOR);
        let api = Api::writing("ec2", "AssociateAddress", &request).responding(response);
        call(self.logs, REGION, at, &administrator, api);
    }

    fn list(&mut self, category: &'static str, address: &str) {
        self.lists.entry(category).or_default().push(address.to_owned());
    }
}

/// The caller, through a VPC endpoint: two members of the record that stand behind the identity.
fn through(caller: Caller, endpoint: &str, account: &str) -> Caller {
    let identity = format!(
        r#"{},"vpcEndpointId":"{endpoint}","vpcEndpointAccountId":"{account}""#,
        caller.identity
    );
    Caller { identity, ..caller }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_has_its_instances_and_records_are_json() {
        let made = topology(1, 1_780_272_000, 2);
        assert_eq!(made.instances.len(), 2 * CASES.len());
        for (name, text) in
            made.files.iter().filter(|it| it.0 != "settings.toml" && !it.0.starts_with("lists/"))
        {
            assert!(serde_json::from_str::<serde_json::Value>(text).is_ok(), "{name}");
        }
        let trails: String =
            made.files.iter().filter(|it| it.0.contains("CloudTrail")).map(|it| &**it.1).collect();
        for part in ["vpcEndpointAccountId\":\"999988887777", "invokedBy", "AssociateAddress"] {
            assert_eq!(trails.matches(part).count() % 2, 0, "{part}");
            assert!(trails.contains(part), "{part}");
        }
    }

    #[test]
    fn a_seed_decides_everything() {
        assert_eq!(topology(7, 1_780_272_000, 1), topology(7, 1_780_272_000, 1));
        assert_ne!(topology(7, 1_780_272_000, 1).files, topology(8, 1_780_272_000, 1).files);
    }
}
