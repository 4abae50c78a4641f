//! A database of places in MaxMind's format (<https://maxmind.github.io/MaxMind-DB/>) for made-up addresses.

use std::collections::BTreeMap;

/// Where an address is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Place {
    /// Number of the autonomous system; 64496 to 64511 are for documentation.
    pub asn: u32,
    /// Who runs it.
    pub organization: &'static str,
    /// Two letters.
    pub country: &'static str,
    /// In English.
    pub country_name: &'static str,
    /// In English.
    pub city: &'static str,
    /// Degrees to the north.
    pub latitude: f64,
    /// Degrees to the east.
    pub longitude: f64,
}

/// The office.
pub const BERLIN: Place = Place {
    asn: 64_496,
    organization: "Example Telecom",
    country: "DE",
    country_name: "Germany",
    city: "Berlin",
    latitude: 52.52,
    longitude: 13.4,
};
/// Far away.
pub const SAO_PAULO: Place = Place {
    asn: 64_500,
    organization: "Example Cable",
    country: "BR",
    country_name: "Brazil",
    city: "Sao Paulo",
    latitude: -23.55,
    longitude: -46.63,
};

/// Bits of an address.
const BITS: u32 = 32;
const SEPARATOR: u32 = 16;

/// The database of these addresses (IPv4, as numbers).
pub(crate) fn database(places: &BTreeMap<u32, Place>) -> Vec<u8> {
    // Children of each node: `None` is "nothing known", else a node or a record.
    let mut nodes: Vec<[Option<Child>; 2]> = vec![[None, None]];
    let mut data = Vec::new();
    for (&address, place) in places {
        let record = u32::try_from(data.len()).unwrap_or(0);
        data.extend(encode(place));
        let mut node = 0;
        for depth in (0..BITS).rev() {
            let side = (address >> depth & 1) as usize;
            let known = nodes.get(node).and_then(|it| it.get(side).copied().flatten());
            let child = match known {
                Some(child) => child,
                None if depth == 0 => Child::Record(record),
                None => Child::Node(nodes.len()),
            };
            if known.is_none() && depth > 0 {
                nodes.push([None, None]);
            }
            if let Some(slot) = nodes.get_mut(node).and_then(|it| it.get_mut(side)) {
                *slot = Some(child);
            }
            if let Child::Node(next) = child {
                node = next;
            }
        }
    }
    let count = u32::try_from(nodes.len()).unwrap_or(0);
    let mut out = Vec::new();
    for child in nodes.iter().flatten() {
        let value = match child {
            None => count,
            Some(Child::Node(node)) => u32::try_from(*node).unwrap_or(0),
            Some(Child::Record(at)) => count + SEPARATOR + at,
        };
        out.extend(&value.to_be_bytes()[1..]);
    }
    out.extend([0; SEPARATOR as usize]);
    out.extend(data);
    out.extend(b"\xab\xcd\xefMaxMind.com");
    out.extend(map(&[
        ("binary_format_major_version", number(2)),
        ("binary_format_minor_version", number(0)),
        ("build_epoch", vec![0, 2]),
        ("database_type", text("Simulated")),
        ("description", map(&[])),
        ("ip_version", number(4)),
        ("languages", vec![0, 4]),
        ("node_count", number(count)),
        ("record_size", number(24)),
    ]));
    out
}

/// What a node leads to.
#[derive(Clone, Copy)]
enum Child {
    Node(usize),
    /// Where the record begins in the data.
    Record(u32),
}

fn encode(place: &Place) -> Vec<u8> {
    let named = |name: &str| map(&[("en", text(name))]);
    let (country, name) = (text(place.country), named(place.country_name));
    let (latitude, longitude) = (double(place.latitude), double(place.longitude));
    map(&[
        ("autonomous_system_number", number(place.asn)),
        ("autonomous_system_organization", text(place.organization)),
        ("city", map(&[("names", named(place.city))])),
        ("country", map(&[("iso_code", country), ("names", name)])),
        ("location", map(&[("latitude", latitude), ("longitude", longitude)])),
    ])
}

/// Stands for a size of 29 and more.
const LONG: u8 = 0x1d;

/// The control byte of a value; texts and maps of up to 28 bytes or members need no more.
fn control(kind: u8, size: usize) -> Vec<u8> {
    match u8::try_from(size) {
        Ok(size) if size < 29 => vec![kind << 5 | size],
        // The rest of the size stands in the next byte.
        _ => vec![kind << 5 | LONG, u8::try_from(size.saturating_sub(29)).unwrap_or(0)],
    }
}

fn text(value: &str) -> Vec<u8> {
    let mut out = control(2, value.len());
    out.extend(value.as_bytes());
    out
}

fn double(value: f64) -> Vec<u8> {
    let mut out = control(3, 8);
    out.extend(value.to_be_bytes());
    out
}

fn number(value: u32) -> Vec<u8> {
    let mut out = control(6, 4);
    out.extend(value.to_be_bytes());
    out
}

fn map(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut out = control(7, members.len());
    for (key, value) in members {
        out.extend(text(key));
        out.extend(value);
    }
    out
}
