//! What people want to read first of a finding: whom it concerns and who was on the other side.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use model::{AccountId, SeverityBand};

use crate::{Finding, Resource};

/// From so many findings on a resource is worth a line of its own.
const GROUP_MIN: usize = 3;
/// Most resources that are listed so.
const GROUPS_MAX: usize = 12;
/// Sweeps have no one address on the other side: only the latest is kept.
const MANY_REMOTES: &[&str] = &["PortSweep"];

/// The resource with the name that people gave it: `i-0a1b2c3d4e5f60718 (web-1)`.
pub(crate) fn resource(resource: &Resource) -> String {
    resource_instance(resource, resource.name())
}

/// `name` with the tag Name of the resource's instance behind it.
pub(crate) fn resource_instance(resource: &Resource, name: &str) -> String {
    let tags = resource.instance_details.iter().flat_map(|it| &it.tags);
    match tags.into_iter().find(|it| it.key == "Name" && !it.value.is_empty()) {
        Some(tag) if tag.value != name => format!("{name} ({})", tag.value),
        _ => name.to_owned(),
    }
}

/// Names of resources, with the account where several accounts have one of the same name.
pub(crate) struct Labels {
    shared: BTreeSet<String>,
}

impl Labels {
    /// Looks which names stand for resources of several accounts.
    pub(crate) fn new<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Labels {
        let mut owners: BTreeMap<String, AccountId> = BTreeMap::new();
        let mut shared = BTreeSet::new();
        for finding in findings {
            let name = resource(&finding.resource);
            match owners.get(&name) {
                None => _ = owners.insert(name, finding.account_id),
                Some(owner) if *owner != finding.account_id => _ = shared.insert(name),
                Some(_) => {}
            }
        }
        Labels { shared }
    }

    /// The resource of a finding: `carol`, or `carol (111122223333)` where another account has a carol too.
    pub(crate) fn resource(&self, finding: &Finding) -> String {
        let name = resource(&finding.resource);
        if name != finding.resource.resource_type && self.shared.contains(&name) {
            return format!("{name} ({})", finding.account_id);
        }
        name
    }
}

/// The title, with the remote address behind it where it is known and not in the title.
pub(crate) fn headline(finding: &Finding) -> String {
    let title = &finding.title;
    let details = finding.service.action.as_ref().and_then(|it| it.remote_ip_details());
    let address = details.and_then(|it| it.ip_address_v4.as_ref().or(it.ip_address_v6.as_ref()));
    match address {
        Some(address) if !address.is_empty() && !title.contains(address.as_str()) => {
            let family = finding.finding_type.rsplit('/').next().unwrap_or_default();
            if MANY_REMOTES.contains(&family) {
                return title.clone();
            }
            format!("{} · {address}", title.trim_end_matches('.'))
        }
        _ => title.clone(),
    }
}

/// A resource that several findings concern.
pub(crate) struct Group<'a> {
    /// One of the findings, which names the resource.
    pub(crate) finding: &'a Finding,
    /// Findings by severity, the most severe first; none without findings.
    pub(crate) bands: Vec<(SeverityBand, usize)>,
    /// Their types without repetition, in order.
    pub(crate) types: Vec<&'a str>,
}

/// The resources that several findings concern, the worst first.
pub(crate) fn groups<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Vec<Group<'a>> {
    let mut by_resource: BTreeMap<_, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        let resource = &finding.resource;
        if resource.name() == resource.resource_type {
            continue;
        }
        // Users and buckets are one in all Regions; functions of one name are not.
        let is_regional = resource.lambda_details.is_some();
        let region = if is_regional { finding.region.as_str() } else { "" };
        let key = (finding.account_id, region, resource.name());
        by_resource.entry(key).or_default().push(finding);
    }
    let mut groups: Vec<Group<'a>> = by_resource
        .into_values()
        .filter(|it| it.len() >= GROUP_MIN)
        .filter_map(|it| group(&it))
        .collect();
    // Sorted by name already, and the order of equals is kept.
    groups.sort_by_key(|it| Reverse(it.bands.clone()));
    groups.truncate(GROUPS_MAX);
    groups
}

fn group<'a>(findings: &[&'a Finding]) -> Option<Group<'a>> {
    let count = |band| (band, findings.iter().filter(|it| it.band() == band).count());
    let bands = SeverityBand::ALL.into_iter().rev().map(count).filter(|it| it.1 > 0).collect();
    let mut types: Vec<&str> = findings.iter().map(|it| it.finding_type.as_str()).collect();
    types.sort_unstable();
    types.dedup();
    Some(Group { finding: findings.first()?, bands, types })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn instances_are_shown_with_their_name() {
        let samples = fixture::samples();
        let finding = samples.iter().find(|it| it.finding.resource.instance_details.is_some());
        let mut named = finding.unwrap().finding.resource.clone();
        let details = named.instance_details.as_mut().unwrap();
        details.tags = vec![crate::Tag { key: "Name".to_owned(), value: "web-1".to_owned() }];
        let id = details.instance_id.clone().unwrap();
        assert_eq!(resource(&named), format!("{id} (web-1)"));
        named.instance_details.as_mut().unwrap().tags.clear();
        assert_eq!(resource(&named), id);
    }

    #[test]
    fn the_account_tells_resources_of_one_name_apart() {
        let mut samples = fixture::samples();
        samples.truncate(2);
        let name = resource(&samples[0].finding.resource);
        let labels = |samples: &[fixture::Sample]| {
            let labels = Labels::new(samples.iter().map(|it| &it.finding));
            samples.iter().map(|it| labels.resource(&it.finding)).collect::<Vec<_>>()
        };
        samples[1].finding.resource = samples[0].finding.resource.clone();
        assert_eq!(labels(&samples), [name.clone(), name.clone()]);
        samples[1].finding.account_id = AccountId::new(444_455_556_666).unwrap();
        let expected = [format!("{name} (111122223333)"), format!("{name} (444455556666)")];
        assert_eq!(labels(&samples), expected);
    }

    #[test]
    fn the_remote_address_stands_behind_a_title_without_it() {
        let samples = fixture::samples();
        let with_remote = |it: &&fixture::Sample| {
            it.finding.service.action.as_ref().is_some_and(|it| it.remote_ip_details().is_some())
        };
        let mut finding = samples.iter().find(with_remote).unwrap().finding.clone();
        let details = finding.service.action.as_ref().unwrap().remote_ip_details().unwrap();
        let address = details.ip_address_v4.clone().unwrap();
        finding.title = "API ListUsers was invoked from a Tor exit node.".to_owned();
        assert_eq!(
            headline(&finding),
            format!("API ListUsers was invoked from a Tor exit node · {address}")
        );
        finding.title = format!("{address} attacks.");
        assert_eq!(headline(&finding), finding.title, "it is there already");
        finding.title = "i-1 probes port 445 of many addresses.".to_owned();
        finding.finding_type = "Impact:EC2/PortSweep".to_owned();
        assert_eq!(headline(&finding), finding.title, "one address of many says nothing");
    }

    #[test]
    fn resources_of_several_findings_are_grouped() {
        let samples = fixture::samples();
        let groups = groups(samples.iter().map(|it| &it.finding));
        assert!(!groups.is_empty());
        for group in &groups {
            assert!(group.bands.iter().map(|it| it.1).sum::<usize>() >= GROUP_MIN);
        }
        let highest: Vec<SeverityBand> = groups.iter().map(|it| it.bands[0].0).collect();
        assert!(highest.is_sorted_by_key(|it| Reverse(*it)), "{highest:?}");
    }
}
