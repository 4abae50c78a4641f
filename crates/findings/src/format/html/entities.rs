//! Whom and what the findings concern: instances, principals, buckets, functions, remote addresses and names.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use model::{SeverityBand, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::explanation::hex;
use crate::format::words;
use crate::{Finding, RemoteIpDetails, ReportFinding};

/// Most entities that have a section of their own.
const ENTITIES_MAX: usize = 600;
/// Most entities of one finding that are followed.
const OF_FINDING_MAX: usize = 24;

/// What an entity is, in the order of the page.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Kind {
    Instance,
    Principal,
    Bucket,
    Function,
    Address,
    Name,
}

impl Kind {
    pub(crate) const ALL: [Kind; 6] =
        [Kind::Instance, Kind::Principal, Kind::Bucket, Kind::Function, Kind::Address, Kind::Name];

    pub(crate) const fn one(self) -> &'static str {
        match self {
            Kind::Instance => "Instance",
            Kind::Principal => "Principal",
            Kind::Bucket => "Bucket",
            Kind::Function => "Function",
            Kind::Address => "Remote address",
            Kind::Name => "Domain name",
        }
    }

    pub(crate) const fn many(self) -> &'static str {
        match self {
            Kind::Instance => "Instances",
            Kind::Principal => "Principals",
            Kind::Bucket => "Buckets",
            Kind::Function => "Functions",
            Kind::Address => "Remote addresses",
            Kind::Name => "Domain names",
        }
    }
}

/// What tells entities apart: kind, account (none of what is outside), Region (of functions), name.
type Key<'a> = (Kind, String, &'a str, &'a str);

/// Something that findings concern.
pub(crate) struct Entity {
    pub(crate) kind: Kind,
    /// How it is called on the page.
    pub(crate) label: String,
    /// The fragment of its section.
    pub(crate) anchor: String,
    /// The account that owns it; empty for what is outside.
    pub(crate) account: String,
    /// Numbers of its findings, in the order of the list.
    pub(crate) findings: Vec<usize>,
    /// Findings by severity, the most severe first.
    pub(crate) bands: Vec<(SeverityBand, usize)>,
    pub(crate) first: Timestamp,
    pub(crate) last: Timestamp,
}

/// The entities of a report.
pub(crate) struct Entities {
    /// By kind, the worst first.
    pub(crate) all: Vec<Entity>,
    /// How many there are beyond those.
    pub(crate) left_out: usize,
    of_finding: Vec<Vec<usize>>,
}

impl Entities {
    /// Collects the entities of findings in the order of the list.
    pub(crate) fn new(findings: &[&ReportFinding<'_>]) -> Entities {
        let mut members: BTreeMap<Key<'_>, Vec<usize>> = BTreeMap::new();
        for (number, it) in findings.iter().enumerate() {
            for key in keys(it.finding) {
                members.entry(key).or_default().push(number);
            }
        }
        let mut owners: BTreeMap<(Kind, &str), BTreeSet<&str>> = BTreeMap::new();
        for (kind, account, region, name) in members.keys() {
            owners.entry((*kind, name)).or_default().extend([account.as_str(), region]);
        }
        let mut all: Vec<Entity> = members
            .iter()
            .filter_map(|(key, numbers)| {
                let mut entity = entity(key, numbers, findings)?;
                // The account and, of functions, the Region or nothing: two of one kind and name collide.
                let is_shared = owners.get(&(key.0, key.3)).is_some_and(|it| it.len() > 2);
                if is_shared && !entity.account.is_empty() {
                    let comma = if key.2.is_empty() { "" } else { ", " };
                    entity.label = format!("{} ({}{comma}{})", entity.label, entity.account, key.2);
                }
                Some(entity)
            })
            .collect();
        // The worst stay where there are too many; those of one kind stand together.
        all.sort_by_cached_key(|it| (Reverse(it.bands.clone()), it.kind, it.anchor.clone()));
        let left_out = all.len().saturating_sub(ENTITIES_MAX);
        all.truncate(ENTITIES_MAX);
        all.sort_by_key(|it| it.kind);
        let mut of_finding = vec![Vec::new(); findings.len()];
        for (number, entity) in all.iter().enumerate() {
            for finding in &entity.findings {
                if let Some(numbers) = of_finding.get_mut(*finding) {
                    numbers.push(number);
                }
            }
        }
        Entities { all, left_out, of_finding }
    }

    /// The numbers of the entities of a finding.
    pub(crate) fn of_finding(&self, number: usize) -> &[usize] {
        self.of_finding.get(number).map_or(&[], Vec::as_slice)
    }

    /// The entities that share findings with one, those with most in common first, at most `most`.
    pub(crate) fn related(&self, number: usize, most: usize) -> Vec<&Entity> {
        let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
        let findings = self.all.get(number).map_or(&[][..], |it| &it.findings);
        for other in findings.iter().flat_map(|it| self.of_finding(*it)) {
            if *other != number {
                *shared.entry(*other).or_default() += 1;
            }
        }
        let mut shared: Vec<(usize, usize)> = shared.into_iter().collect();
        shared.sort_by_key(|it| (Reverse(it.1), it.0));
        shared.iter().take(most).filter_map(|it| self.all.get(it.0)).collect()
    }

    /// The entity that is the resource of a finding: the first of the kinds that are ours.
    pub(crate) fn resource(&self, number: usize, finding: &Finding) -> Option<&Entity> {
        let wanted = match finding.resource.resource_type.as_str() {
            "AccessKey" => Kind::Principal,
            "S3Bucket" => Kind::Bucket,
            "Lambda" => Kind::Function,
            _ => Kind::Instance,
        };
        let mut own = self.of_finding(number).iter().filter_map(|it| self.all.get(*it));
        own.find(|it| it.kind == wanted)
    }
}

fn entity(key: &Key<'_>, numbers: &[usize], findings: &[&ReportFinding<'_>]) -> Option<Entity> {
    let (kind, account, _, name) = key;
    let own = || numbers.iter().filter_map(|it| findings.get(*it)).map(|it| it.finding);
    let count = |band| (band, own().filter(|it| it.band() == band).count());
    // The name that people gave an instance, as of the latest finding that describes it.
    let described = own()
        .filter(|it| *kind == Kind::Instance && it.resource.instance_details.is_some())
        .max_by_key(|it| (it.service.event_last_seen, &it.id));
    let label = described.map(|it| words::resource_instance(&it.resource, name));
    let label = label.unwrap_or_else(|| (*name).to_owned());
    Some(Entity {
        kind: *kind,
        label,
        anchor: anchor(key),
        account: account.clone(),
        findings: numbers.to_vec(),
        bands: SeverityBand::ALL.into_iter().rev().map(count).filter(|it| it.1 > 0).collect(),
        first: own().map(|it| it.service.event_first_seen).min()?,
        last: own().map(|it| it.service.event_last_seen).max()?,
    })
}

/// The same in every report, so that a link to it can be kept.
fn anchor((kind, account, region, name): &Key<'_>) -> String {
    let text = format!("{}\n{account}\n{region}\n{name}", kind.one());
    let digits = hex(&Sha256::digest(text));
    format!("e-{}", digits.get(..12).unwrap_or_default())
}

/// The entities that a finding names.
fn keys(finding: &Finding) -> BTreeSet<Key<'_>> {
    let resource = &finding.resource;
    let mut keys = BTreeSet::new();
    let mut add = |kind, region, name| {
        let is_outside = matches!(kind, Kind::Address | Kind::Name);
        let account = if is_outside { String::new() } else { finding.account_id.to_string() };
        let name: &str = name;
        if !name.is_empty() && keys.len() < OF_FINDING_MAX {
            keys.insert((kind, account, region, name));
        }
    };
    if let Some(id) = resource.instance_details.as_ref().and_then(|it| it.instance_id.as_deref()) {
        add(Kind::Instance, "", id);
    }
    if let Some(details) = &resource.access_key_details {
        let names = [&details.user_name, &details.access_key_id, &details.principal_id];
        let name = names.into_iter().find(|it| !it.is_empty());
        add(Kind::Principal, "", name.map_or("", String::as_str));
        // EC2 puts the instance into the principal of a role's session.
        let session = details.principal_id.split_once(':').map_or("", |it| it.1);
        if is_instance(session) {
            add(Kind::Instance, "", session);
        }
    }
    resource.s3_bucket_details.iter().for_each(|it| add(Kind::Bucket, "", &it.name));
    if let Some(function) = &resource.lambda_details {
        add(Kind::Function, finding.region.as_str(), &function.function_name);
    }
    for remote in remotes(finding) {
        let address = remote.ip_address_v4.as_deref().or(remote.ip_address_v6.as_deref());
        add(Kind::Address, "", address.unwrap_or_default());
    }
    let action = finding.service.action.as_ref();
    if let Some(query) = action.and_then(|it| it.dns_request_action.as_ref()) {
        add(Kind::Name, "", &query.domain);
    }
    keys
}

fn is_instance(text: &str) -> bool {
    let digits = text.strip_prefix("i-").unwrap_or_default();
    (8..=32).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_hexdigit())
}

/// Every remote party of a finding.
pub(crate) fn remotes(finding: &Finding) -> impl Iterator<Item = &RemoteIpDetails> {
    let action = finding.service.action.as_ref();
    let probes = action.and_then(|it| it.port_probe_action.as_ref());
    let probed = probes.into_iter().flat_map(|it| &it.port_probe_details);
    // The first of a probe stands in both.
    let first = action.and_then(|it| it.remote_ip_details());
    first.into_iter().chain(probed.skip(1).map(|it| &it.remote_ip_details))
}
