//! Lines of logs, and the files they are delivered in.

use std::collections::BTreeMap;

use crate::flow::FLOW_HEADER;
use crate::random::{Random, mix};
use crate::time::{date, stamp, time};
use crate::world::Host;

/// A kind of logs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Source {
    CloudTrail,
    Flow,
    Dns,
}

/// Where a line belongs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Place {
    source: Source,
    account: String,
    region: String,
    /// Empty for CloudTrail.
    vpc: String,
    /// Number of the file since the start.
    file: i64,
}

/// All lines, and the hosts that they are about.
#[derive(Debug)]
pub struct Logs {
    start: i64,
    file_secs: i64,
    hosts: BTreeMap<String, Host>,
    lines: BTreeMap<Place, Vec<(i64, String)>>,
}

/// A query to the resolver.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// Seconds since 1970.
    pub at: i64,
    /// Without the trailing dot.
    pub name: &'a str,
    /// Such as `A` or `TXT`.
    pub kind: &'a str,
    /// Such as `NOERROR`.
    pub rcode: &'a str,
    /// Type and data of each answer.
    pub answers: &'a [(&'a str, &'a str)],
}

impl Logs {
    /// No lines yet. `start` is where the first file begins, a file holds `file_secs` seconds.
    pub fn new(start: i64, file_secs: i64) -> Logs {
        Logs { start, file_secs, hosts: BTreeMap::new(), lines: BTreeMap::new() }
    }

    /// Adds a host, whose interface sees its connections from now on.
    pub fn add_host(&mut self, host: Host) {
        self.hosts.insert(host.ip.to_string(), host);
    }

    /// The host of that private address.
    pub(crate) fn host(&self, ip: &str) -> Option<&Host> {
        self.hosts.get(ip)
    }

    /// The hosts in the order of their addresses.
    pub fn hosts(&self) -> impl Iterator<Item = &Host> {
        self.hosts.values()
    }

    /// Event times of the earliest and the latest line.
    pub fn span(&self) -> Option<(i64, i64)> {
        let times = || self.lines.values().flatten().map(|it| it.0);
        Some((times().min()?, times().max()?))
    }

    /// Records of all kinds.
    pub fn records(&self) -> usize {
        self.lines.values().map(Vec::len).sum()
    }

    pub(crate) fn push(
        &mut self,
        source: Source,
        (account, region, vpc): (&str, &str, &str),
        at: i64,
        line: String,
    ) {
        let file = (at - self.start).div_euclid(self.file_secs.max(1));
        let [account, region, vpc] = [account, region, vpc].map(str::to_owned);
        let place = Place { source, account, region, vpc, file };
        self.lines.entry(place).or_default().push((at, line));
    }

    /// Adds a query of an instance for addresses, answered by them; without one the name does not exist.
    pub fn query(&mut self, at: i64, host: &Host, name: &str, answers: &[&str]) {
        let answers: Vec<(&str, &str)> = answers.iter().map(|it| ("A", *it)).collect();
        let rcode = if answers.is_empty() { "NXDOMAIN" } else { "NOERROR" };
        self.ask(host, &Query { at, name, kind: "A", rcode, answers: &answers });
    }

    /// Adds a query of an instance.
    pub fn ask(&mut self, host: &Host, query: &Query<'_>) {
        let answers: Vec<String> = query
            .answers
            .iter()
            .map(|(kind, data)| {
                let data = serde_json::Value::from(*data);
                format!(r#"{{"Rdata":{data},"Type":"{kind}","Class":"IN"}}"#)
            })
            .collect();
        let port = Random::new(query.at.unsigned_abs(), u64::from(host.number)).port();
        let vpc = host.network().vpc;
        let line = format!(
            concat!(
                r#"{{"version":"1.100000","account_id":"{}","region":"{}","vpc_id":"{}","query_timestamp":"{}","#,
                r#""query_name":"{}.","query_type":"{}","query_class":"IN","rcode":"{}","answers":[{}],"#,
                r#""srcaddr":"{}","srcport":"{}","transport":"UDP","srcids":{{"instance":"{}"}}}}"#,
                "\n"
            ),
            host.account,
            host.region,
            vpc,
            time(query.at),
            query.name,
            query.kind,
            query.rcode,
            answers.join(","),
            host.ip,
            port,
            host.id()
        );
        self.push(Source::Dns, (&host.account, &host.region, &vpc), query.at, line);
    }

    /// Every file by its key, in order of time, not yet compressed.
    pub fn files(self) -> BTreeMap<String, String> {
        let (start, file_secs) = (self.start, self.file_secs);
        let mut files = BTreeMap::new();
        for (place, mut lines) in self.lines {
            lines.sort();
            let lines: Vec<String> = lines.into_iter().map(|it| it.1).collect();
            let body = match place.source {
                Source::CloudTrail => format!("{{\"Records\":[{}]}}", lines.join(",")),
                Source::Flow => format!("{FLOW_HEADER}{}", lines.concat()),
                Source::Dns => lines.concat(),
            };
            files.insert(place.key(start + place.file * file_secs), body);
        }
        files
    }
}

impl Place {
    /// The key that AWS delivers the file under; `from` is where the file begins.
    fn key(&self, from: i64) -> String {
        let Place { source, account, region, vpc, .. } = self;
        let (date, stamp) = (date(from), stamp(from));
        let unique = mix(from.unsigned_abs() ^ mix(u64::from(*source as u8)));
        match source {
            Source::CloudTrail => format!(
                "AWSLogs/{account}/CloudTrail/{region}/{date}/{account}_CloudTrail_{region}_{stamp}_{unique:016x}.json.gz"
            ),
            Source::Flow => format!(
                "AWSLogs/{account}/vpcflowlogs/{region}/{date}/{account}_vpcflowlogs_{region}_fl-{}_{stamp}_{:08x}.log.gz",
                vpc.trim_start_matches("vpc-"),
                unique >> 32
            ),
            Source::Dns => format!(
                "AWSLogs/{account}/vpcdnsquerylogs/{vpc}/{date}/{vpc}_vpcdnsquerylogs_{account}_{stamp}_{:08x}.log.gz",
                unique >> 32
            ),
        }
    }
}
