//! Networks and countries, brought together to one list of boundaries for each family.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;

use anyhow::{Context, Result, bail};
use intel::{PlaceBoundary, PlaceRows};
use maxminddb::{PathElement, Reader};

use super::csv::{self, Network};

const ATTRIBUTION: &str = "\
Networks: Route Views (https://www.routeviews.org) and DB-IP (https://db-ip.com), \
by way of https://github.com/sapics/ip-location-db, CC BY 4.0, merged and reordered. \
Countries: IPtoASN (https://iptoasn.com), by the same way, PDDL 1.0.";

/// A country's addresses, both ends included.
struct Area {
    first: u128,
    last: u128,
    country: [u8; 2],
}

/// Reads the databases below the folder.
pub(super) fn rows(folder: &Path) -> Result<PlaceRows> {
    let text = |name: &str| -> Result<String> {
        String::from_utf8(super::read(folder, name)?).with_context(|| format!("{name} is no text"))
    };
    let v4 = csv::networks(&text("asn-ipv4-num.csv")?)?;
    let v6 = csv::networks(&text("asn-ipv6-num.csv")?)?;
    let mut organizations = BTreeMap::new();
    for it in v4.iter().chain(&v6) {
        organizations.entry(it.asn).or_insert_with(|| it.organization.clone());
    }
    let v4 = boundaries(&v4, &areas(super::read(folder, "iptoasn-country-ipv4.mmdb")?)?);
    let v6: Vec<Network> = v6.into_iter().filter_map(upper_half).collect();
    let areas = areas(super::read(folder, "iptoasn-country-ipv6.mmdb")?)?;
    let areas: Vec<Area> = areas
        .into_iter()
        .filter(|it| is_upper(it.first, it.last))
        .map(|it| Area { first: it.first >> 64, last: it.last >> 64, country: it.country })
        .collect();
    let v6 = boundaries(&v6, &areas);
    let v4 = v4
        .into_iter()
        .filter_map(|(from, asn, country)| {
            Some(PlaceBoundary { from: u32::try_from(from).ok()?, asn, country })
        })
        .collect();
    let v6 = v6
        .into_iter()
        .filter_map(|(from, asn, country)| {
            Some(PlaceBoundary { from: u64::try_from(from).ok()?, asn, country })
        })
        .collect();
    Ok(PlaceRows { attribution: ATTRIBUTION.to_owned(), organizations, v4, v6 })
}

/// Whether a range of IPv6 is made of whole /64s; smaller ones are left out.
fn is_upper(first: u128, last: u128) -> bool {
    first as u64 == 0 && last as u64 == u64::MAX
}

fn upper_half(it: Network) -> Option<Network> {
    is_upper(it.first, it.last).then_some(Network {
        first: it.first >> 64,
        last: it.last >> 64,
        ..it
    })
}

/// The countries of a database, ascending.
fn areas(bytes: Vec<u8>) -> Result<Vec<Area>> {
    let reader = Reader::from_source(bytes).context("cannot read the database of countries")?;
    let mut areas = Vec::new();
    for found in reader.networks(maxminddb::WithinOptions::default())? {
        let found = found?;
        let code: Option<&str> = found.decode_path(&[PathElement::Key("country_code")])?;
        let Some(&[a, b]) = code.map(str::as_bytes) else { continue };
        if !a.is_ascii_uppercase() || !b.is_ascii_uppercase() {
            bail!("{a} {b} is no country");
        }
        let network = found.network()?;
        let (first, width) = match network.ip() {
            IpAddr::V4(ip) => (u128::from(u32::from(ip)), 32),
            IpAddr::V6(ip) => (u128::from(ip), 128),
        };
        let host_bits = width - u32::from(network.prefix());
        let last = first | u128::MAX.checked_shr(128 - host_bits).unwrap_or(0);
        areas.push(Area { first, last, country: [a, b] });
    }
    areas.sort_by_key(|it| it.first);
    Ok(areas)
}

/// Where network or country change. Both lists are ascending and disjoint.
fn boundaries(networks: &[Network], areas: &[Area]) -> Vec<(u128, u32, [u8; 2])> {
    let mut edges: Vec<u128> = networks.iter().flat_map(|it| [it.first, it.last + 1]).collect();
    edges.extend(areas.iter().flat_map(|it| [it.first, it.last + 1]));
    edges.sort_unstable();
    edges.dedup();
    let mut out: Vec<(u128, u32, [u8; 2])> = Vec::new();
    let (mut networks, mut areas) = (networks.iter().peekable(), areas.iter().peekable());
    for from in edges {
        while networks.next_if(|it| it.last < from).is_some() {}
        while areas.next_if(|it| it.last < from).is_some() {}
        let asn = networks.peek().filter(|it| it.first <= from).map_or(0, |it| it.asn);
        let country = areas.peek().filter(|it| it.first <= from).map_or([0; 2], |it| it.country);
        if out.last().is_none_or(|it| (it.1, it.2) != (asn, country)) {
            out.push((from, asn, country));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundaries_stand_where_network_or_country_change() {
        let network = |first, last, asn| Network { first, last, asn, organization: String::new() };
        let area = |first, last, country: &[u8; 2]| Area { first, last, country: *country };
        let found = boundaries(
            &[network(10, 19, 1), network(20, 29, 1), network(40, 49, 2)],
            &[area(15, 44, b"DE"), area(45, 49, b"FR")],
        );
        let expected = [
            (10, 1, [0; 2]),
            (15, 1, *b"DE"),
            (30, 0, *b"DE"),
            (40, 2, *b"DE"),
            (45, 2, *b"FR"),
            (50, 0, [0; 2]),
        ];
        assert_eq!(found, expected);
    }
}
