//! Lines of logs, and the files they are delivered in.

use std::collections::BTreeMap;

use super::random::{Random, mix};
use super::world::{DAY, Host, NAT_PRIVATE, NAT_PUBLIC, Network, PROD, START};

/// Seconds of one file. AWS delivers every five minutes; the samples are joined by day, as an archive may be.
const FILE_SECS: i64 = DAY;
const FLOW_HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes \
start end action log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id \
flow-direction traffic-path\n";
const NAT_INTERFACE: &str = "eni-0a1b2c3d4e5f600f0";

/// A kind of logs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Source {
    CloudTrail,
    Flow,
    Dns,
}

/// Where a line belongs: source, account and Region, number of the file.
type Place = (Source, &'static str, &'static str, i64);

/// All lines.
#[derive(Default, Debug)]
pub(super) struct Logs {
    lines: BTreeMap<Place, Vec<(i64, String)>>,
}

/// How a connection went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    Answered,
    /// The server says that nobody listens.
    Refused,
    /// Nobody answers.
    Silent,
    /// The server's security group drops it.
    Rejected,
}

/// A connection as both ends see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Connection<'a> {
    pub(super) at: i64,
    pub(super) secs: i64,
    pub(super) client: &'a str,
    pub(super) client_port: u16,
    pub(super) server: &'a str,
    pub(super) port: u16,
    pub(super) is_udp: bool,
    /// Packets and bytes of the client, then of the server.
    pub(super) sent: (u64, u64),
    pub(super) received: (u64, u64),
    pub(super) outcome: Outcome,
}

impl Logs {
    fn push(&mut self, source: Source, owner: (&'static str, &'static str), at: i64, line: String) {
        let file = (at - START).div_euclid(FILE_SECS);
        self.lines.entry((source, owner.0, owner.1, file)).or_default().push((at, line));
    }

    /// Adds a record of CloudTrail.
    pub(super) fn call(&mut self, owner: (&'static str, &'static str), at: i64, record: String) {
        self.push(Source::CloudTrail, owner, at, record);
    }

    /// Adds a query of an instance, answered by the addresses; without one the name does not exist.
    pub(super) fn query(&mut self, at: i64, host: &Host, name: &str, answers: &[&str]) {
        let answers: Vec<String> = answers
            .iter()
            .map(|it| format!(r#"{{"Rdata":"{it}","Type":"A","Class":"IN"}}"#))
            .collect();
        let rcode = if answers.is_empty() { "NXDOMAIN" } else { "NOERROR" };
        let port = Random::new(at.unsigned_abs(), u64::from(host.number)).port();
        let line = format!(
            concat!(
                r#"{{"version":"1.100000","account_id":"{}","region":"{}","vpc_id":"{}","query_timestamp":"{}","#,
                r#""query_name":"{}.","query_type":"A","query_class":"IN","rcode":"{}","answers":[{}],"#,
                r#""srcaddr":"{}","srcport":"{}","transport":"UDP","srcids":{{"instance":"{}"}}}}"#,
                "\n"
            ),
            host.account,
            host.region,
            host.network().vpc,
            time(at),
            name,
            rcode,
            answers.join(","),
            host.ip,
            port,
            host.id()
        );
        self.push(Source::Dns, (host.account, host.region), at, line);
    }

    /// Adds the records of a connection at every interface of ours that sees it.
    pub(super) fn connect(&mut self, connection: &Connection<'_>) {
        let it = connection;
        let ends = (it.client, it.server);
        if let Some(host) = Host::of(it.client) {
            self.interface(it, &Side::of(host, false), ends, ends);
            if host.public.is_none() && host.account == PROD && !it.server.starts_with("10.") {
                let side = Side::gateway(host);
                self.interface(it, &side, (it.client, NAT_PRIVATE), ends);
                let outer = (NAT_PRIVATE, it.server);
                self.interface(it, &Side { is_server: false, ..side }, outer, outer);
            }
        }
        if let Some(host) = Host::of(it.server) {
            self.interface(it, &Side::of(host, true), ends, ends);
        }
    }

    fn interface(
        &mut self,
        it: &Connection<'_>,
        side: &Side,
        ends: (&str, &str),
        packet: (&str, &str),
    ) {
        let is_rejected = it.outcome == Outcome::Rejected;
        let action = if is_rejected && side.is_server { "REJECT" } else { "ACCEPT" };
        let flags = match it.outcome {
            _ if it.is_udp => (0, 0),
            Outcome::Answered => (3, 19),
            _ => (2, 4),
        };
        let (from, to) = ((ends.0, it.client_port), (ends.1, it.port));
        let line = side.line(it, from, to, it.sent, action, flags.0, packet, side.is_server);
        self.push(Source::Flow, side.owner, it.at, line);
        if matches!(it.outcome, Outcome::Answered | Outcome::Refused) {
            let packet = (packet.1, packet.0);
            let line =
                side.line(it, to, from, it.received, action, flags.1, packet, !side.is_server);
            self.push(Source::Flow, side.owner, it.at, line);
        }
    }

    /// Every file by its name, in order of time.
    pub(super) fn files(self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        for (place, mut lines) in self.lines {
            lines.sort();
            let lines: Vec<String> = lines.into_iter().map(|it| it.1).collect();
            let body = match place.0 {
                Source::CloudTrail => format!("{{\"Records\":[{}]}}", lines.join(",")),
                Source::Flow => format!("{FLOW_HEADER}{}", lines.concat()),
                Source::Dns => lines.concat(),
            };
            files.insert(key(place), body);
        }
        files
    }
}

/// The key that AWS delivers the file under; its time is that of the first of the files that were joined.
fn key((source, account, region, file): Place) -> String {
    let from = START + file * FILE_SECS;
    let (date, stamp) = (date(from), stamp(from));
    let unique = mix(from.unsigned_abs() ^ mix(u64::from(source as u8)));
    let vpc = Network::of(account, region).vpc;
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

/// An interface that sees a connection.
struct Side {
    owner: (&'static str, &'static str),
    interface: String,
    instance: String,
    network: Network,
    is_server: bool,
}

impl Side {
    fn of(host: &Host, is_server: bool) -> Side {
        Side {
            owner: (host.account, host.region),
            interface: host.interface(),
            instance: host.id(),
            network: host.network(),
            is_server,
        }
    }

    /// The NAT gateway that a host's traffic leaves by, on the side of the host.
    fn gateway(host: &Host) -> Side {
        let (interface, instance) = (NAT_INTERFACE.to_owned(), "-".to_owned());
        Side { interface, instance, ..Side::of(host, true) }
    }

    #[expect(clippy::too_many_arguments, reason = "one for each group of columns")]
    fn line(
        &self,
        it: &Connection<'_>,
        from: (&str, u16),
        to: (&str, u16),
        (packets, bytes): (u64, u64),
        action: &str,
        flags: u8,
        packet: (&str, &str),
        is_ingress: bool,
    ) -> String {
        let protocol = if it.is_udp { 17 } else { 6 };
        let (direction, path) = match () {
            () if is_ingress => ("ingress", "-"),
            () if to.0.starts_with("10.") => ("egress", "1"),
            () => ("egress", "8"),
        };
        let network = &self.network;
        format!(
            "5 {} {} {} {} {} {} {protocol} {packets} {bytes} {} {} {action} OK {} {} {} {flags} IPv4 {} {} {} {} \
             {direction} {path}\n",
            self.owner.0,
            self.interface,
            from.0,
            to.0,
            from.1,
            to.1,
            it.at,
            it.at + it.secs,
            network.vpc,
            network.subnet,
            self.instance,
            packet.0,
            packet.1,
            self.owner.1,
            network.zone_id,
        )
    }
}

/// Where a host's calls come from.
pub(super) fn egress(host: &Host) -> &'static str {
    host.public.unwrap_or(NAT_PUBLIC)
}

/// Day of March 2026 and second of that day; the samples end in that month.
fn civil(at: i64) -> (i64, i64) {
    ((at - START).div_euclid(86_400) + 2, (at - START).rem_euclid(86_400))
}

/// `2026-03-02T10:00:00Z`.
pub(super) fn time(at: i64) -> String {
    let (day, of_day) = civil(at);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("2026-03-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn date(at: i64) -> String {
    format!("2026/03/{:02}", civil(at).0)
}

fn stamp(at: i64) -> String {
    let (day, of_day) = civil(at);
    format!("202603{day:02}T{:02}{:02}Z", of_day / 3600, of_day / 60 % 60)
}
