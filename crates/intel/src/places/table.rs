//! The built-in table of places and its format, which `assets/README.md` describes.

use std::collections::{BTreeMap, BTreeSet};

use model::Addr;

use super::Place;
use super::countries;

const MAGIC: &[u8; 16] = b"GUARDPOST.PLACE1";
/// The most bytes that the table may have when decompressed.
const MAX_TABLE_BYTES: usize = 64 << 20;
/// The strongest level that zstd offers without a special window: the table is written once.
const COMPRESSION_LEVEL: i32 = 19;
/// Codes of the country column: that of the network, none, and from here on the table of countries.
const HOME: u8 = 0;
const NOWHERE: u8 = 1;
const FIRST_COUNTRY: u8 = 2;

/// From this address on (up to the next boundary) network and country hold.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct PlaceBoundary<T> {
    /// The first address: the 32 bits of IPv4, or the upper 64 bits of IPv6.
    pub from: T,
    /// The autonomous system; 0 if none announces the addresses.
    pub asn: u32,
    /// Two letters by ISO 3166-1; zeros if no country is known.
    pub country: [u8; 2],
}

/// What the built-in table is made of.
#[derive(Clone, Debug, Default)]
pub struct PlaceRows {
    /// Whose data it is, kept in the table as licenses ask.
    pub attribution: String,
    /// Who runs each autonomous system.
    pub organizations: BTreeMap<u32, String>,
    /// IPv4, ascending.
    pub v4: Vec<PlaceBoundary<u32>>,
    /// IPv6, ascending.
    pub v6: Vec<PlaceBoundary<u64>>,
}

/// Writes the built-in table; deterministic.
pub fn encode_places(rows: &PlaceRows) -> std::io::Result<Vec<u8>> {
    let widen = |it: &PlaceBoundary<u32>| PlaceBoundary {
        from: it.from.into(),
        asn: it.asn,
        country: it.country,
    };
    let v4: Vec<PlaceBoundary<u64>> = rows.v4.iter().map(widen).collect();
    let both = || v4.iter().chain(&rows.v6);
    let countries: BTreeSet<[u8; 2]> = both().map(|it| it.country).collect();
    let countries: Vec<[u8; 2]> = countries.into_iter().filter(|it| *it != [0; 2]).collect();
    let networks = networks(both());

    let mut out = MAGIC.to_vec();
    put_text(&mut out, &rows.attribution);
    put(&mut out, countries.len() as u64);
    out.extend(countries.iter().flatten());
    put(&mut out, networks.len() as u64);
    for it in &networks {
        put(&mut out, u64::from(it.asn));
    }
    out.extend(networks.iter().map(|it| country_code(&countries, it.home)));
    for it in &networks {
        put_text(&mut out, rows.organizations.get(&it.asn).map_or("", String::as_str));
    }
    let numbers: BTreeMap<u32, (u64, [u8; 2])> =
        (1u64..).zip(&networks).map(|(number, it)| (it.asn, (number, it.home))).collect();
    put_family(&mut out, &v4, &numbers, &countries);
    put_family(&mut out, &rows.v6, &numbers, &countries);
    zstd::bulk::compress(&out, COMPRESSION_LEVEL)
}

/// A network and the country in which most of its boundaries are.
struct Network {
    asn: u32,
    home: [u8; 2],
    uses: usize,
}

/// The networks; frequent ones come first and get small numbers, which take fewer bytes.
fn networks<'a>(boundaries: impl Iterator<Item = &'a PlaceBoundary<u64>>) -> Vec<Network> {
    let mut uses: BTreeMap<u32, BTreeMap<[u8; 2], usize>> = BTreeMap::new();
    for it in boundaries.filter(|it| it.asn != 0) {
        *uses.entry(it.asn).or_default().entry(it.country).or_default() += 1;
    }
    let network = |(asn, countries): (u32, BTreeMap<[u8; 2], usize>)| {
        let home = countries.iter().max_by_key(|it| it.1).map_or([0; 2], |it| *it.0);
        Network { asn, home, uses: countries.values().sum() }
    };
    let mut networks: Vec<Network> = uses.into_iter().map(network).collect();
    networks.sort_by_key(|it| (usize::MAX - it.uses, it.asn));
    networks
}

fn put_family(
    out: &mut Vec<u8>,
    family: &[PlaceBoundary<u64>],
    numbers: &BTreeMap<u32, (u64, [u8; 2])>,
    countries: &[[u8; 2]],
) {
    let network = |it: &PlaceBoundary<u64>| numbers.get(&it.asn).copied().unwrap_or_default();
    put(out, family.len() as u64);
    let mut before = 0;
    for it in family {
        put(out, it.from.saturating_sub(before));
        before = it.from;
    }
    for it in family {
        put(out, network(it).0);
    }
    for it in family {
        let (number, home) = network(it);
        let at_home = number != 0 && home == it.country;
        out.push(if at_home { HOME } else { country_code(countries, it.country) });
    }
}

/// The code of a country; none for those beyond what a byte can tell apart.
fn country_code(countries: &[[u8; 2]], country: [u8; 2]) -> u8 {
    let at = countries.binary_search(&country).ok().and_then(|it| u8::try_from(it).ok());
    at.and_then(|it| it.checked_add(FIRST_COUNTRY)).unwrap_or(NOWHERE)
}

/// Appends a number, seven bits a byte, least significant first (LEB128).
fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put(out, text.len() as u64);
    out.extend(text.as_bytes());
}

/// The decoded table.
#[derive(Default)]
pub(super) struct Table {
    pub(super) attribution: String,
    countries: Vec<String>,
    /// ASN, code of the home country, where the name of the organization ends in `names`.
    networks: Vec<(u32, u8, u32)>,
    names: String,
    v4: Column<u32>,
    v6: Column<u64>,
}

/// Ascending first addresses and, beside each, the network's number and the code of its country.
#[derive(Default)]
struct Column<T> {
    starts: Vec<T>,
    values: Vec<(u32, u8)>,
}

impl Table {
    /// Reads the table; nothing if it is damaged.
    pub(super) fn decode(bytes: &[u8]) -> Option<Table> {
        let bytes = zstd::bulk::decompress(bytes, MAX_TABLE_BYTES).ok()?;
        let mut input = Input(bytes.strip_prefix(MAGIC)?);
        let mut table = Table { attribution: input.text()?.to_owned(), ..Table::default() };
        for _ in 0..input.count()? {
            table.countries.push(str::from_utf8(input.take(2)?).ok()?.to_owned());
        }
        let networks = input.count()?;
        for _ in 0..networks {
            table.networks.push((u32::try_from(input.number()?).ok()?, HOME, 0));
        }
        for (network, home) in table.networks.iter_mut().zip(input.take(networks)?) {
            network.1 = *home;
        }
        for network in &mut table.networks {
            table.names.push_str(input.text()?);
            network.2 = table.names.len() as u32;
        }
        table.v4 = Column::read(&mut input)?;
        table.v6 = Column::read(&mut input)?;
        input.0.is_empty().then_some(table)
    }

    /// Fills in what is not known yet.
    pub(super) fn fill<'a>(&'a self, addr: Addr, place: &mut Place<'a>) {
        let value = match addr.v4() {
            Some(v4) => self.v4.get(v4),
            None => self.v6.get((addr.bits() >> 64) as u64),
        };
        let Some((number, country)) = value else { return };
        let network = self.network(number);
        if let Some((asn, _, organization)) = network
            && place.asn == 0
        {
            (place.asn, place.organization) = (asn, organization);
        }
        let code = if country == HOME { network.map_or(NOWHERE, |it| it.1) } else { country };
        let code =
            code.checked_sub(FIRST_COUNTRY).and_then(|at| self.countries.get(usize::from(at)));
        if let Some(code) = code
            && place.country_code.is_empty()
        {
            place.country_code = code;
            if let Some(country) = countries::find(code) {
                place.country_name = country.name;
                (place.lat, place.lon) = (country.lat, country.lon);
            }
        }
    }

    fn network(&self, number: u32) -> Option<(u32, u8, &str)> {
        let at = (number as usize).checked_sub(1)?;
        let &(asn, home, end) = self.networks.get(at)?;
        let begin = at.checked_sub(1).and_then(|it| self.networks.get(it)).map_or(0, |it| it.2);
        Some((asn, home, self.names.get(begin as usize..end as usize).unwrap_or_default()))
    }
}

impl<T: Copy + Ord + TryFrom<u64>> Column<T> {
    fn read(input: &mut Input<'_>) -> Option<Column<T>> {
        let count = input.count()?;
        let (mut starts, mut values) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let mut start = 0u64;
        for _ in 0..count {
            start = start.checked_add(input.number()?)?;
            starts.push(T::try_from(start).ok()?);
        }
        for _ in 0..count {
            values.push((u32::try_from(input.number()?).ok()?, HOME));
        }
        for (value, country) in values.iter_mut().zip(input.take(count)?) {
            value.1 = *country;
        }
        Some(Column { starts, values })
    }

    fn get(&self, address: T) -> Option<(u32, u8)> {
        let after = self.starts.partition_point(|it| *it <= address);
        self.values.get(after.checked_sub(1)?).copied()
    }
}

/// The rest of the bytes.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// A number of things that take at least a byte each, so that none beyond the input is believed.
    fn count(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok().filter(|it| *it <= self.0.len())
    }

    fn text(&mut self) -> Option<&'a str> {
        let count = self.count()?;
        str::from_utf8(self.take(count)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> PlaceRows {
        let v4 = |from: [u8; 4], asn, country: &[u8; 2]| PlaceBoundary {
            from: u32::from_be_bytes(from),
            asn,
            country: *country,
        };
        PlaceRows {
            attribution: "nobody".to_owned(),
            organizations: BTreeMap::from([
                (64496, "Example One".into()),
                (64497, "Example Two".into()),
            ]),
            v4: vec![
                v4([192, 0, 2, 0], 64496, b"DE"),
                v4([192, 0, 2, 128], 64496, b"FR"),
                v4([192, 0, 3, 0], 64496, b"DE"),
                v4([192, 0, 4, 0], 0, &[0; 2]),
                v4([198, 51, 100, 0], 64497, &[0; 2]),
                v4([198, 51, 101, 0], 0, b"JP"),
            ],
            v6: vec![
                PlaceBoundary { from: 0x2001_0db8 << 32, asn: 64497, country: *b"US" },
                PlaceBoundary { from: 0x2001_0db9 << 32, asn: 0, country: [0; 2] },
            ],
        }
    }

    #[test]
    fn written_tables_are_read_back() {
        let table = Table::decode(&encode_places(&rows()).unwrap()).unwrap();
        assert_eq!(table.attribution, "nobody");
        for (text, asn, organization, country) in [
            ("192.0.2.5", 64496, "Example One", "DE"),
            ("192.0.2.200", 64496, "Example One", "FR"),
            ("192.0.3.255", 64496, "Example One", "DE"),
            ("192.0.4.0", 0, "", ""),
            ("191.255.255.255", 0, "", ""),
            ("198.51.100.1", 64497, "Example Two", ""),
            ("203.0.113.1", 0, "", "JP"),
            ("2001:db8::1", 64497, "Example Two", "US"),
            ("2001:db9::1", 0, "", ""),
            ("::1", 0, "", ""),
        ] {
            let mut place = Place::default();
            table.fill(Addr::parse(text).unwrap(), &mut place);
            let found = (place.asn, place.organization, place.country_code);
            assert_eq!(found, (asn, organization, country), "{text}");
        }
    }

    #[test]
    fn damaged_tables_are_refused() {
        let whole = zstd::bulk::decompress(&encode_places(&rows()).unwrap(), 1 << 16).unwrap();
        for cut in 0..whole.len() {
            let bytes = zstd::bulk::compress(&whole[..cut], 1).unwrap();
            assert!(Table::decode(&bytes).is_none(), "{cut}");
        }
        assert!(Table::decode(b"").is_none());
    }
}
