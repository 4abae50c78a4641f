//! The shapes of a summary, as the JSON that it is given out in.

use std::collections::BTreeMap;

use model::Timestamp;
use serde::{Serialize, Serializer};

use super::Instance;
use super::top::{Top, Weight};

/// A time that is given out as findings give it: `2026-03-01T12:00:00.000Z`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Time(pub Timestamp);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// The summary of one subject.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct View {
    /// `principal` or `instance`.
    pub kind: &'static str,
    /// As it was asked for.
    pub id: String,
    /// Event time of its first record.
    pub first_seen: Option<Time>,
    /// Event time of its last record.
    pub last_seen: Option<Time>,
    /// What is known of the instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<Instance>,
    /// API calls; of an instance, those with the credentials of its role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<CallsView>,
    /// Roles that it assumed and sessions that it asked for.
    #[serde(skip_serializing_if = "Listed::is_empty")]
    pub assumed: Listed<AssumedView>,
    /// Who was given sessions of it.
    #[serde(skip_serializing_if = "Listed::is_empty")]
    pub assumed_by: Listed<AssumedView>,
    /// Flow records of an instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traffic: Option<TrafficView>,
    /// Resolver queries of an instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queries: Option<QueriesView>,
    /// Findings about it, most severe first.
    pub findings: Vec<FindingView>,
    /// Where nothing was found: others of its kind in the logs.
    #[serde(skip)]
    pub others: Vec<String>,
}

/// The heaviest of many.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed<T> {
    /// How many there are.
    pub total: u64,
    /// Whether that is exact; beyond 4,096 it is estimated, within about 3 %.
    pub is_exact: bool,
    /// The first of them.
    pub top: Vec<T>,
}

impl<T> Listed<T> {
    fn is_empty(&self) -> bool {
        self.top.is_empty()
    }

    pub(super) fn of<V: Weight + Default>(
        top: &Top<V>,
        most: usize,
        view: impl Fn(&str, &V) -> T,
    ) -> Listed<T> {
        let (total, is_exact) = top.total();
        let top = top.heaviest().into_iter().take(most).map(|(name, it)| view(name, it)).collect();
        Listed { total, is_exact, top }
    }
}

/// Calls by one thing that they have in common.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CountView {
    /// What they have in common.
    pub name: String,
    /// How many.
    pub calls: u64,
    /// Of them, those with an error code.
    pub failed: u64,
    /// First of them.
    pub first_seen: Option<Time>,
    /// Last of them.
    pub last_seen: Option<Time>,
}

/// Where an address is, and what lists say of it.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// Its country; empty when not known.
    pub country: String,
    /// The network that announces it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asn: Option<u32>,
    /// Who runs that network; empty when not known.
    pub organization: String,
    /// Lists that have it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<String>,
}

/// Calls from one address or service.
#[derive(Clone, Debug, Serialize)]
pub struct SourceView {
    /// How many.
    #[serde(flatten)]
    pub count: CountView,
    /// Where.
    #[serde(flatten)]
    pub place: Place,
}

/// Calls of one API.
#[derive(Clone, Debug, Serialize)]
pub struct ApiView {
    /// How many, under `service Name`.
    #[serde(flatten)]
    pub count: CountView,
    /// Failed ones by error code.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<String, u64>,
}

/// All calls.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallsView {
    /// How many.
    pub calls: u64,
    /// Without an error code.
    pub succeeded: u64,
    /// With one.
    pub failed: u64,
    /// With an MFA sign-in behind them.
    pub with_mfa: u64,
    /// Accounts whose trails have them.
    pub accounts: Vec<String>,
    /// By address.
    pub sources: Listed<SourceView>,
    /// By user agent.
    pub user_agents: Listed<CountView>,
    /// By Region.
    pub regions: Listed<CountView>,
    /// By API.
    pub apis: Listed<ApiView>,
    /// By access key.
    pub access_keys: Listed<CountView>,
    /// By ARN of the caller, such as the sessions of a role.
    pub sessions: Listed<CountView>,
}

/// Sessions of one role, or issued by one principal.
#[derive(Clone, Debug, Serialize)]
pub struct AssumedView {
    /// How many.
    #[serde(flatten)]
    pub count: CountView,
    /// Where the latest call came from.
    pub source: String,
}

/// Bytes both ways.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BytesView {
    /// Bytes to the instance, without rejected packets.
    pub received: u64,
    /// Bytes from it, without rejected packets.
    pub sent: u64,
    /// Flow records.
    pub records: u64,
    /// Of them, those of rejected packets.
    pub rejected: u64,
    /// First of them.
    pub first_seen: Option<Time>,
    /// Last of them.
    pub last_seen: Option<Time>,
}

/// Traffic with one address.
#[derive(Clone, Debug, Serialize)]
pub struct RemoteView {
    /// The address.
    pub address: String,
    /// How much.
    #[serde(flatten)]
    pub bytes: BytesView,
    /// Where.
    #[serde(flatten)]
    pub place: Place,
}

/// Traffic of one port.
#[derive(Clone, Debug, Serialize)]
pub struct PortView {
    /// The port, as `443/tcp`.
    pub port: String,
    /// The service that is usual there; empty when none is.
    pub service: String,
    /// With about how many addresses.
    pub peers: u64,
    /// How much.
    #[serde(flatten)]
    pub bytes: BytesView,
}

/// All traffic.
#[derive(Clone, Debug, Serialize)]
pub struct TrafficView {
    /// How much.
    #[serde(flatten)]
    pub bytes: BytesView,
    /// Interfaces that the records name.
    pub interfaces: Vec<String>,
    /// By remote address, by bytes.
    pub remotes: Listed<RemoteView>,
    /// Ports that answered.
    pub served: Listed<PortView>,
    /// Ports of others that it called.
    pub called: Listed<PortView>,
}

/// Queries of one name.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NameView {
    /// The name.
    pub name: String,
    /// How many.
    pub queries: u64,
    /// Of them, those of names that do not exist.
    pub missing: u64,
    /// Of them, those that a DNS Firewall rule blocked.
    pub blocked: u64,
    /// First of them.
    pub first_seen: Option<Time>,
    /// Last of them.
    pub last_seen: Option<Time>,
    /// Lists that have the name or one above it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<String>,
}

/// All queries.
#[derive(Clone, Debug, Serialize)]
pub struct QueriesView {
    /// How many.
    pub queries: u64,
    /// Of them, those of names that do not exist.
    pub missing: u64,
    /// Of them, those that a DNS Firewall rule blocked.
    pub blocked: u64,
    /// By name.
    pub names: Listed<NameView>,
}

/// A finding.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FindingView {
    /// Its id, as in the output of a scan.
    pub id: String,
    /// Its type.
    #[serde(rename = "type")]
    pub finding_type: String,
    /// Its severity, from 1 to 10.
    pub severity: u8,
    /// The name of that severity.
    #[serde(skip)]
    pub band: String,
    /// Its title.
    pub title: String,
    /// Its occurrences.
    pub count: u64,
    /// Event time of the first.
    pub first_seen: Time,
    /// Event time of the last.
    pub last_seen: Time,
}
