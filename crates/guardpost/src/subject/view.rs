//! What was collected, put into the shapes of a summary.

use intel::{Category, Intel, Verdict};
use model::{AccountId, Addr, Region};
use store::StoredFinding;

use super::calls::{Calls, Count};
use super::sessions::Assumed;
use super::shape::{
    ApiView, AssumedView, BytesView, CallsView, CountView, FindingView, Listed, NameView, Place,
    PortView, QueriesView, RemoteView, SourceView, Time, TrafficView, View,
};
use super::top::Top;
use super::traffic::{Bytes, Port};
use super::{Collector, Seen, Subject};

/// Most principals or instances that are named where the one asked for is not there.
const OTHERS_MAX: usize = 8;

impl CountView {
    fn new(name: &str, count: &Count) -> CountView {
        let (first_seen, last_seen) = ends(count.seen);
        let (calls, failed) = (count.calls, count.failed);
        CountView { name: name.to_owned(), calls, failed, first_seen, last_seen }
    }
}

impl Place {
    fn of(address: Addr, intel: &Intel) -> Place {
        if !address.is_known() {
            return Place::default();
        }
        let verdict = intel.address(address);
        let lists = lists(intel, verdict);
        let place = intel.place(address).unwrap_or_default();
        Place {
            country: place.country_name.to_owned(),
            asn: (place.asn != 0).then_some(place.asn),
            organization: place.organization.to_owned(),
            lists,
        }
    }
}

impl BytesView {
    fn new(bytes: &Bytes) -> BytesView {
        let (first_seen, last_seen) = ends(bytes.seen);
        let Bytes { received, sent, records, rejected, .. } = *bytes;
        BytesView { received, sent, records, rejected, first_seen, last_seen }
    }
}

/// The lists of a verdict that say more than that many people ask for it.
fn lists(intel: &Intel, verdict: Verdict) -> Vec<String> {
    let lists = intel.lists(verdict, AccountId::UNKNOWN, Region::default());
    lists
        .filter(|it| it.category != Category::Popular)
        .map(|it| format!("{} ({})", it.name, it.category.as_str()))
        .collect()
}

fn ends(seen: Seen) -> (Option<Time>, Option<Time>) {
    let both = seen.get();
    (both.map(|it| Time(it.0)), both.map(|it| Time(it.1)))
}

/// What was collected, with the first `most` of each kind.
pub fn view(
    collector: &Collector,
    findings: &[&StoredFinding],
    intel: &Intel,
    most: usize,
) -> View {
    let Collector { subject, calls, sessions, traffic, names, .. } = collector;
    let mut seen = calls.count.seen;
    seen.merge(traffic.seen());
    seen.merge(names.seen());
    let (first_seen, last_seen) = ends(seen);
    let assumed = |name: &str, it: &Assumed| AssumedView {
        count: CountView::new(name, &it.count),
        source: it.source.clone(),
    };
    let is_seen = first_seen.is_some() || !sessions.by.is_empty() || !findings.is_empty();
    let others = collector.others.heaviest().into_iter().take(OTHERS_MAX);
    View {
        kind: if matches!(subject, Subject::Instance(_)) { "instance" } else { "principal" },
        id: subject.name().to_owned(),
        first_seen,
        last_seen,
        instance: collector.instance.clone(),
        calls: (calls.count.calls > 0).then(|| calls_view(calls, intel, most)),
        assumed: Listed::of(&sessions.assumed, most, assumed),
        assumed_by: Listed::of(&sessions.by, most, assumed),
        traffic: (traffic.bytes.records > 0).then(|| traffic_view(collector, intel, most)),
        queries: (names.all.queries > 0).then(|| queries_view(collector, intel, most)),
        findings: findings.iter().map(|it| finding_view(it)).collect(),
        others: if is_seen { Vec::new() } else { others.map(|it| it.0.to_owned()).collect() },
    }
}

fn calls_view(calls: &Calls, intel: &Intel, most: usize) -> CallsView {
    let counts = |top: &Top<Count>| Listed::of(top, most, CountView::new);
    CallsView {
        calls: calls.count.calls,
        succeeded: calls.count.calls - calls.count.failed,
        failed: calls.count.failed,
        with_mfa: calls.mfa,
        accounts: calls.accounts().map(|it| it.to_string()).collect(),
        sources: Listed::of(&calls.sources, most, |name, it| SourceView {
            count: CountView::new(name, &it.count),
            place: Place::of(it.address, intel),
        }),
        user_agents: counts(&calls.agents),
        regions: counts(&calls.regions),
        apis: Listed::of(&calls.apis, most, |name, it| ApiView {
            count: CountView::new(name, &it.count),
            errors: it.errors.clone(),
        }),
        access_keys: counts(&calls.keys),
        sessions: counts(&calls.arns),
    }
}

fn traffic_view(collector: &Collector, intel: &Intel, most: usize) -> TrafficView {
    let traffic = &collector.traffic;
    let port = |name: &str, it: &Port| {
        let number = name.split('/').next().and_then(|it| it.parse().ok());
        let service = number.map_or("", engine::port_name);
        PortView {
            port: name.to_owned(),
            service: if service == "Unknown" { "" } else { service }.to_owned(),
            peers: it.peers.estimate(),
            bytes: BytesView::new(&it.bytes),
        }
    };
    TrafficView {
        bytes: BytesView::new(&traffic.bytes),
        interfaces: traffic.interfaces().take(most).map(str::to_owned).collect(),
        remotes: Listed::of(&traffic.remotes, most, |name, it| RemoteView {
            address: name.to_owned(),
            bytes: BytesView::new(&it.bytes),
            place: Place::of(it.address, intel),
        }),
        served: Listed::of(&traffic.served, most, port),
        called: Listed::of(&traffic.called, most, port),
    }
}

fn queries_view(collector: &Collector, intel: &Intel, most: usize) -> QueriesView {
    let names = &collector.names;
    QueriesView {
        queries: names.all.queries,
        missing: names.all.missing,
        blocked: names.all.blocked,
        names: Listed::of(&names.names, most, |name, it| {
            let (first_seen, last_seen) = ends(it.seen);
            let verdict = intel.name(name).verdict;
            NameView {
                name: name.to_owned(),
                queries: it.queries,
                missing: it.missing,
                blocked: it.blocked,
                first_seen,
                last_seen,
                lists: lists(intel, verdict),
            }
        }),
    }
}

fn finding_view(stored: &StoredFinding) -> FindingView {
    let finding = &stored.finding;
    FindingView {
        id: finding.id.clone(),
        finding_type: finding.finding_type.clone(),
        severity: finding.severity.value(),
        band: finding.band().to_string(),
        title: finding.title.clone(),
        count: finding.service.count,
        first_seen: Time(finding.service.event_first_seen),
        last_seen: Time(finding.service.event_last_seen),
    }
}
