//! What a scenario is played with: actors that nobody else has, and the hands to write their records.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::background;
use crate::calls::{Api, Caller, call};
use crate::flow::Connection;
use crate::logs::{Logs, Query};
use crate::places::Place;
use crate::random::Random;
use crate::scenarios::Scenario;
use crate::simulation::{Expected, Options};
use crate::time::{DAY, HOUR, MINUTE};
use crate::world::{Host, Nat};

/// The account of everything that asks for no account of its own.
pub(crate) const ACCOUNT: &str = "111122223333";
/// The Region of everything.
pub(crate) const REGION: &str = "us-east-1";
/// The address that the office's traffic leaves by.
pub(crate) const OFFICE: &str = "198.51.100.10";
/// Low digits of the identifiers of the first host of a scenario.
const FIRST_HOST: u32 = 0x100;
/// Attacks begin at this time of the last day, each some minutes after the other.
const ATTACK: i64 = 10 * HOUR;
/// Scenarios that begin one after the other before the first minute is taken again.
const MINUTES: i64 = 90;

/// The world that all scenarios share.
pub(crate) struct World {
    pub(crate) logs: Logs,
    /// Entries by category of list.
    pub(crate) lists: BTreeMap<String, Vec<String>>,
    /// Names by account.
    pub(crate) buckets: BTreeMap<String, Vec<String>>,
    pub(crate) expected: Vec<Expected>,
    /// Where addresses are, by their numbers.
    pub(crate) places: BTreeMap<u32, Place>,
    pub(crate) options: Options,
    /// Custom detection rules that are on.
    pub(crate) rules: Vec<&'static str>,
    /// Days before the day of the attacks.
    pub(crate) days: i64,
    hosts: u32,
    hostile: u32,
    names: u32,
}

impl World {
    pub(crate) fn new(logs: Logs, options: Options, days: i64) -> World {
        World {
            logs,
            lists: BTreeMap::new(),
            buckets: BTreeMap::new(),
            expected: Vec::new(),
            places: BTreeMap::new(),
            rules: Vec::new(),
            options,
            days,
            hosts: 0,
            hostile: 0,
            names: 0,
        }
    }
}

/// A user with a key of their own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    /// The account.
    pub account: String,
    /// The name of the user.
    pub name: String,
    /// The key.
    pub key: String,
}

impl Person {
    /// The user before they have signed in.
    #[must_use]
    pub fn without_key(&self) -> Person {
        Person { key: String::new(), ..self.clone() }
    }

    /// The user, calling from an address.
    pub fn from(&self, address: &str) -> Caller {
        Caller::user(&self.account, &self.name, &self.key, address)
    }
}

/// What AWS gives a session to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TaskKind {
    /// A Lambda function.
    Function,
    /// A task of ECS.
    Task,
}

/// One scenario's part of the world.
pub struct Stage<'a> {
    world: &'a mut World,
    scenario: &'static Scenario,
    number: u32,
    account: Cow<'static, str>,
    people: u32,
    /// Numbers of this scenario alone.
    pub random: Random,
}

impl<'a> Stage<'a> {
    pub(crate) fn new(world: &'a mut World, scenario: &'static Scenario, number: u32) -> Stage<'a> {
        let random = Random::new(world.options.seed, 1000 + u64::from(number));
        Stage { world, scenario, number, account: ACCOUNT.into(), people: 0, random }
    }

    /// Gives the scenario an account of its own, for what concerns an account as a whole.
    pub fn own_account(&mut self) {
        self.account = format!("4444555{:05}", self.number + 1).into();
    }

    /// The account.
    pub fn account(&self) -> String {
        self.account.to_string()
    }

    /// Seconds after the attack begins, as seconds since 1970.
    pub fn at(&self, secs: i64) -> i64 {
        let minute = i64::from(self.number) % MINUTES * MINUTE;
        self.last_midnight() + ATTACK + minute + secs
    }

    fn last_midnight(&self) -> i64 {
        self.world.options.start + self.world.days * DAY
    }

    /// The midnights of the days on which the scenario's actors are seen: those of learning, then the last.
    pub fn days(&self) -> Vec<i64> {
        let learning = i64::from(self.scenario.learning_days);
        (0..=learning).rev().map(|back| self.last_midnight() - back * DAY).collect()
    }

    /// The midnights of the days of learning.
    pub fn learning_days(&self) -> Vec<i64> {
        let mut days = self.days();
        days.pop();
        days
    }

    /// An instance with an elastic address and ordinary traffic.
    pub fn host(&mut self) -> Host {
        let host = self.quiet_host();
        for day in self.days() {
            background::host(
                &mut self.world.logs,
                &host,
                self.world.options.start,
                day,
                &mut self.random,
            );
        }
        host
    }

    /// An instance without ordinary traffic.
    pub fn quiet_host(&mut self) -> Host {
        let taken = self.world.hosts;
        self.world.hosts += 1;
        let (third, fourth) = (16 + taken / 200, 10 + taken % 200);
        // Who comes when the addresses are used up leaves by the gateway.
        let public =
            Some(taken).filter(|it| *it < 230).map(|it| format!("203.0.113.{}", 20 + it).into());
        let nat = if public.is_some() { None } else { Some(Nat::of_network(1)) };
        let host = Host {
            name: format!("sim-{}", taken + 1).into(),
            account: self.account.clone(),
            region: REGION.into(),
            ip: format!("10.0.{third}.{fourth}").into(),
            public,
            nat,
            number: FIRST_HOST + taken,
            network: if self.account == ACCOUNT { 1 } else { 16 + self.number },
            role: format!("sim-role-{}", taken + 1).into(),
            kind: "t3.large".into(),
            tags: Vec::new(),
            function: None,
        };
        self.world.logs.add_host(host.clone());
        host
    }

    /// The interface of a Lambda function with ordinary traffic, which leaves by another network that keeps
    /// no flow logs.
    pub fn function(&mut self) -> Host {
        let mut host = self.quiet_host();
        (host.public, host.nat) = (None, None);
        host.function = Some(format!("sim-function-{}", host.number - FIRST_HOST + 1).into());
        self.world.logs.add_host(host.clone());
        for day in self.days() {
            let start = self.world.options.start;
            background::host(&mut self.world.logs, &host, start, day, &mut self.random);
        }
        host
    }

    /// A session that AWS gave to a function or task at that time, calling from an address; and its key.
    pub fn task(&mut self, kind: TaskKind, since: i64, address: &str) -> (Caller, String) {
        let (account, number) = (self.account(), self.number + 1);
        let key = format!("ASIAEXAMPLETASK{number:05}");
        let (role, session) = match kind {
            TaskKind::Function => ("sim-function", format!("sim-function-{number}")),
            TaskKind::Task => ("sim-task", format!("0123456789abcdef0123456789a{number:05}")),
        };
        let (issuer, issued_to) = match kind {
            TaskKind::Function => {
                ("AWS::Lambda::Function", format!("lambda:{REGION}:{account}:function:{session}"))
            }
            TaskKind::Task => {
                ("AWS::ECS::Task", format!("ecs:{REGION}:{account}:task/main/{session}"))
            }
        };
        // The members stand beside the session's context.
        let caller = Caller::role(&account, (role, &session, &key), since, address, "");
        let identity = caller.identity.strip_suffix('}').unwrap_or(&caller.identity);
        let identity = format!(
            r#"{identity},"inScopeOf":{{"issuerType":"{issuer}","credentialsIssuedTo":"arn:aws:{issued_to}"}}}}"#
        );
        (Caller { identity, ..caller }, key)
    }

    /// Gives an instance a tag.
    pub fn tag(&mut self, host: &mut Host, key: &'static str, value: &'static str) {
        host.tags.push((key.into(), value.into()));
        self.world.logs.add_host(host.clone());
    }

    /// A user who works from the office.
    pub fn person(&mut self) -> Person {
        self.people += 1;
        let number = self.number * 10 + self.people;
        let person = Person {
            account: self.account(),
            name: format!("sim-user-{number}"),
            key: format!("AKIAEXAMPLE{number:09}"),
        };
        for day in self.days() {
            background::person(&mut self.world.logs, &person, REGION, day, &mut self.random);
        }
        person
    }

    /// A bucket.
    pub fn bucket(&mut self) -> String {
        let buckets = self.world.buckets.entry(self.account.to_string()).or_default();
        let name = format!("example-sim-{}-{}", self.number + 1, buckets.len() + 1);
        buckets.push(name.clone());
        name
    }

    /// An address that nobody else uses, on no list.
    pub fn stranger(&mut self) -> String {
        let taken = self.world.hostile;
        self.world.hostile += 1;
        match taken {
            0..254 => format!("192.0.2.{}", taken + 1),
            _ => format!("198.51.100.{}", 60 + (taken - 254) % 60),
        }
    }

    /// Puts an entry on the list of a category.
    pub fn list(&mut self, category: &str, entry: &str) {
        self.world.lists.entry(category.to_owned()).or_default().push(entry.to_owned());
    }

    /// An address that nobody else uses, on the list of a category.
    pub fn listed_address(&mut self, category: &str) -> String {
        let address = self.stranger();
        self.list(category, &address);
        address
    }

    /// Says where an address is.
    pub fn place(&mut self, address: &str, place: Place) {
        if let Ok(address) = address.parse::<std::net::Ipv4Addr>() {
            self.world.places.insert(address.into(), place);
        }
    }

    /// A domain that nobody else asks for, on no list.
    pub fn domain(&mut self) -> String {
        self.world.names += 1;
        format!("site-{}.example", self.world.names)
    }

    /// A domain that nobody else asks for, on the list of a category.
    pub fn listed_domain(&mut self, category: &str) -> String {
        let name = self.domain();
        self.list(category, &name);
        name
    }

    /// Adds a query for addresses, answered by them; without one the name does not exist.
    pub fn query(&mut self, at: i64, host: &Host, name: &str, answers: &[&str]) {
        self.world.logs.query(at, host, name, answers);
    }

    /// Adds any query.
    pub fn ask(&mut self, host: &Host, query: &Query<'_>) {
        self.world.logs.ask(host, query);
    }

    /// Adds a connection.
    pub fn connect(&mut self, connection: &Connection<'_>) {
        self.world.logs.connect(connection);
    }

    /// An ordinary connection, to be changed and added.
    pub fn connection<'c>(
        &mut self,
        at: i64,
        ends: (&'c str, &'c str),
        port: u16,
    ) -> Connection<'c> {
        Connection::answered(at, ends, port, &mut self.random)
    }

    /// Adds an API call.
    pub fn call(&mut self, at: i64, caller: &Caller, api: Api<'_>) {
        call(&mut self.world.logs, REGION, at, caller, api);
    }

    /// The credentials of an instance's role, used from an address.
    pub fn credentials(&self, host: &Host, at: i64, address: &str) -> Caller {
        Caller::instance(host, self.world.options.start, at, address)
    }

    /// The key of those credentials.
    pub fn credentials_key(&self, host: &Host, at: i64) -> String {
        Caller::instance_key(host, self.world.options.start, at)
    }

    /// The types of the scenario.
    pub fn types(&self) -> Vec<&'static str> {
        self.scenario.types()
    }

    /// Says that a finding must be raised.
    pub fn expect(&mut self, finding_type: &'static str, resource: Value) {
        let (scenario, account) = (self.scenario.name, self.account());
        self.world.expected.push(Expected { scenario, finding_type, account, resource });
    }

    /// Says that the scenario's type must be raised for an instance.
    pub fn expect_instance(&mut self, host: &Host) {
        self.expect_all(&json!({ "instanceDetails": { "instanceId": host.id() } }));
    }

    /// Says that the scenario's type must be raised for a function.
    pub fn expect_function(&mut self, host: &Host) {
        self.expect_all(&json!({ "lambdaDetails": { "functionName": host.function } }));
    }

    /// Whether a custom detection rule is on.
    pub fn has_rule(&self, rule: &str) -> bool {
        self.world.rules.contains(&rule)
    }

    /// Says that the scenario's type must be raised for a key.
    pub fn expect_key(&mut self, person: &Person) {
        self.expect_all(&json!({ "accessKeyDetails": { "accessKeyId": person.key } }));
    }

    /// Says that the scenario's type must be raised for a bucket.
    pub fn expect_bucket(&mut self, bucket: &str) {
        self.expect_all(&json!({ "s3BucketDetails": [{ "name": bucket }] }));
    }

    /// Says that all types of the scenario must be raised for a resource.
    pub fn expect_all(&mut self, resource: &Value) {
        for finding_type in self.scenario.types() {
            self.expect(finding_type, resource.clone());
        }
    }
}

impl Nat {
    /// The gateway of a network.
    pub(crate) fn of_network(number: u32) -> Nat {
        Nat {
            interface: format!("eni-0a1b2c3d4e5f6f{number:03x}").into(),
            private: format!("10.0.0.{}", 4 + number % 200).into(),
            public: "203.0.113.2".into(),
        }
    }
}
