//! Scenarios to files: logs, descriptions, lists, and what must be found in them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};

use crate::background;
use crate::describe::{gateways, interfaces, pretty, reservation};
use crate::logs::Logs;
use crate::places::database;
use crate::scenarios::Scenario;
use crate::stage::{Stage, World};
use crate::time::{DAY, HOUR, time};

/// Seconds of one file of logs. AWS delivers every five minutes; here they are joined.
const FILE_SECS: i64 = 6 * HOUR;
/// How long before the first record everything was there already.
const AGE: i64 = 49 * DAY;

/// Name of the database of places.
pub const PLACES: &str = "places.mmdb";

/// What a simulation is made from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Another seed gives other ordinary activity and other details of the attacks.
    pub seed: u64,
    /// First midnight of the logs, seconds since 1970.
    pub start: i64,
    /// Days of ordinary activity before the day of the attacks, at least.
    pub days: u32,
}

impl Options {
    /// 2026-01-05T00:00:00Z, a Monday.
    pub const START: i64 = 1_767_571_200;
}

impl Default for Options {
    fn default() -> Options {
        Options { seed: 1, start: Options::START, days: 1 }
    }
}

/// A finding that must be raised.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Expected {
    /// The scenario that it belongs to.
    pub scenario: &'static str,
    /// Its type.
    #[serde(rename = "type")]
    pub finding_type: &'static str,
    /// The account.
    pub account: String,
    /// What its `resource` must hold at least, in the form of a finding.
    pub resource: Value,
}

/// Logs with attacks in them.
#[derive(Clone, PartialEq, Debug)]
pub struct Simulation {
    /// Contents by name: `AWSLogs/…`, not yet compressed; `inventory/…`; `lists/CATEGORY.txt`.
    pub files: BTreeMap<String, String>,
    /// `places.mmdb`, if a scenario needs to know where addresses are.
    pub places: Option<Vec<u8>>,
    /// The findings that must be raised, and no others.
    pub expected: Vec<Expected>,
    /// Custom detection rules that must be on.
    pub rules: Vec<&'static str>,
    /// Records of all logs.
    pub records: usize,
    /// Event times of the earliest and the latest record, seconds since 1970.
    pub span: (i64, i64),
    /// What the logs were made from.
    pub options: Options,
}

/// Plays the scenarios in one world, each with actors of its own.
pub fn simulate(scenarios: &[&'static Scenario], options: Options) -> Simulation {
    let learning = scenarios.iter().map(|it| it.learning_days).max().unwrap_or(0);
    let days = i64::from(learning.max(options.days));
    let rules: BTreeSet<&str> = scenarios.iter().flat_map(|it| it.rules).copied().collect();
    let rules: Vec<&str> = rules.into_iter().collect();
    let mut world = World::new(Logs::new(options.start, FILE_SECS), options, days);
    world.rules.clone_from(&rules);
    background::office(&mut world);
    for (number, scenario) in (0..).zip(scenarios) {
        (scenario.play)(&mut Stage::new(&mut world, scenario, number));
    }
    let World { logs, lists, buckets, expected, places, .. } = world;
    let places = if places.is_empty() { None } else { Some(database(&places)) };
    let mut files = describe(&logs, &buckets, options.start - AGE);
    for (category, entries) in lists {
        let text = format!("# Made up for a simulation.\n{}\n", entries.join("\n"));
        files.insert(format!("lists/{category}.txt"), text);
    }
    let (records, span) = (logs.records(), logs.span().unwrap_or_default());
    files.extend(logs.files());
    Simulation { files, places, expected, rules, records, span, options }
}

/// What `aws … describe-*` would tell of the world.
fn describe(
    logs: &Logs,
    buckets: &BTreeMap<String, Vec<String>>,
    since: i64,
) -> BTreeMap<String, String> {
    let since = time(since).replace('Z', "+00:00");
    let mut files = BTreeMap::new();
    let mut owners: Vec<_> = logs.hosts().map(|it| (&it.account, &it.region)).collect();
    owners.sort();
    owners.dedup();
    for (account, region) in owners {
        let hosts = || logs.hosts().filter(|it| it.account == *account && it.region == *region);
        let instances = hosts().filter(|it| it.function.is_none());
        let reservations: Vec<Value> = instances.map(|it| reservation(it, &since)).collect();
        let text = json!({ "account": account, "region": region, "Reservations": reservations });
        files.insert(format!("inventory/instances-{account}-{region}.json"), pretty(&text));
        if let Some(text) = interfaces(hosts()) {
            let name = format!("inventory/network-interfaces-{account}-{region}.json");
            files.insert(name, pretty(&text));
        }
        if let Some(text) = gateways(hosts(), &since) {
            files.insert(format!("inventory/nat-gateways-{account}-{region}.json"), pretty(&text));
        }
    }
    for (account, names) in buckets {
        let buckets: Vec<Value> =
            names.iter().map(|it| json!({ "Name": it, "CreationDate": since })).collect();
        let text = json!({ "account": account, "Buckets": buckets });
        files.insert(format!("inventory/buckets-{account}.json"), pretty(&text));
    }
    files
}

impl Simulation {
    /// Arguments of `guardpost` that scan the files, which lie below `folder`.
    pub fn scan(&self, folder: &str) -> Vec<String> {
        // Lists that the user keeps would find more.
        let mut args =
            vec!["scan".to_owned(), format!("{folder}/AWSLogs"), "--no-intel-dir".to_owned()];
        for name in self.files.keys() {
            let path = format!("{folder}/{name}");
            if let Some(list) = name.strip_prefix("lists/") {
                match list.trim_end_matches(".txt") {
                    "trusted" => args.extend(["--trusted-list".to_owned(), path]),
                    category => {
                        args.extend(["--threat-list".to_owned(), format!("{category}={path}")]);
                    }
                }
            } else if name.starts_with("inventory/") {
                args.extend(["--inventory".to_owned(), path]);
            }
        }
        if !self.rules.is_empty() {
            args.extend(["--custom-rules".to_owned(), self.rules.join(",")]);
        }
        if self.places.is_some() {
            args.extend(["--geo".to_owned(), format!("{folder}/{PLACES}")]);
        }
        args
    }

    /// The content of `expected.json`.
    pub fn summary(&self, folder: &str) -> String {
        let (first, last) = self.span;
        pretty(&json!({
            "seed": self.options.seed,
            "start": time(self.options.start),
            "records": self.records,
            "firstRecord": time(first),
            "lastRecord": time(last),
            "expected": self.expected,
            "scan": self.scan(folder),
        }))
    }
}
