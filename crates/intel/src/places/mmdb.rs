//! Databases in MaxMind's format: ASN, Country and City, MaxMind's layout or a flat one.

use model::{Addr, hash64};

use super::maxmind::{Reader, Value};
use super::{Place, PlaceSource, PlacesError, countries};

/// One database.
pub(super) struct Mmdb {
    reader: Reader,
    hash: u64,
}

impl Mmdb {
    pub(super) fn new(bytes: Vec<u8>) -> Result<Mmdb, PlacesError> {
        let hash = hash64(&bytes);
        Ok(Mmdb { reader: Reader::new(bytes)?, hash })
    }

    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    /// Fills in what is not known yet. A damaged record counts as unknown.
    pub(super) fn fill<'a>(&'a self, addr: Addr, place: &mut Place<'a>) {
        let Some(at) = self.reader.record(addr) else { return };
        let record = Record { reader: &self.reader, at };
        if place.asn == 0
            && let Some(asn) = record.number(&["autonomous_system_number"])
        {
            place.asn = asn;
            let organization = record.text(&["autonomous_system_organization"]);
            place.organization = organization.unwrap_or_default();
            if place.country_code.is_empty() {
                place.source = PlaceSource::Database;
            }
        }
        let code = record
            .text(&["country", "iso_code"])
            .or_else(|| record.text(&["registered_country", "iso_code"]))
            .or_else(|| record.text(&["country_code"]));
        let Some(code) = code.filter(|it| !it.is_empty()) else { return };
        if place.country_code.is_empty() {
            let country = countries::find(code);
            place.country_code = code;
            place.country_name = record
                .text(&["country", "names", "en"])
                .or(country.map(|it| it.name))
                .unwrap_or_default();
            place.source = PlaceSource::Database;
            (place.lat, place.lon) = country.map_or((0.0, 0.0), |it| (it.lat, it.lon));
        }
        // A city of another country than the one shown would contradict it.
        if code == place.country_code && place.city.is_none() {
            record.fill_city(place);
        }
    }
}

/// The record of an address.
struct Record<'a> {
    reader: &'a Reader,
    at: usize,
}

impl<'a> Record<'a> {
    fn text(&self, path: &[&str]) -> Option<&'a str> {
        match self.reader.find(self.at, path)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn number(&self, path: &[&str]) -> Option<u32> {
        match self.reader.find(self.at, path)? {
            Value::Number(number) => u32::try_from(number).ok(),
            _ => None,
        }
    }

    /// Degrees, if they are on the globe.
    fn degrees(&self, name: &str) -> Option<f64> {
        let found = self.reader.find(self.at, &["location", name]);
        match found.or_else(|| self.reader.find(self.at, &[name]))? {
            Value::Real(degrees) if degrees.abs() <= 180.0 => Some(degrees),
            _ => None,
        }
    }

    fn fill_city(&self, place: &mut Place<'a>) {
        if let (Some(lat), Some(lon)) = (self.degrees("latitude"), self.degrees("longitude")) {
            (place.lat, place.lon) = (lat, lon);
        }
        let city = self.text(&["city", "names", "en"]).or_else(|| self.text(&["city"]));
        place.city = city.filter(|it| !it.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::super::Places;
    use super::*;

    fn text(text: &str) -> Vec<u8> {
        match u8::try_from(text.len()).unwrap() {
            bytes @ ..29 => [&[2 << 5 | bytes], text.as_bytes()].concat(),
            bytes => [&[0x5d, bytes - 29], text.as_bytes()].concat(),
        }
    }

    fn number(number: u32) -> Vec<u8> {
        [&[6 << 5 | 4], &number.to_be_bytes()[..]].concat()
    }

    fn double(number: f64) -> Vec<u8> {
        [&[3 << 5 | 8], &number.to_be_bytes()[..]].concat()
    }

    fn map(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut out = vec![7 << 5 | entries.len() as u8];
        for (key, value) in entries {
            out.extend([&text(key)[..], value].concat());
        }
        out
    }

    /// A database that knows one record for the upper half of IPv4
    /// (<https://maxmind.github.io/MaxMind-DB/>).
    fn database(record: &[u8]) -> Vec<u8> {
        // One node of two 24-bit records: 1 is "nothing", 17 is the beginning of the data.
        database_of(24, &[0, 0, 1, 0, 0, 17], record)
    }

    fn database_of(record_bits: u32, node: &[u8], record: &[u8]) -> Vec<u8> {
        let mut out = node.to_vec();
        out.extend([0; 16]);
        out.extend(record);
        out.extend(b"\xab\xcd\xefMaxMind.com");
        out.extend(map(&[
            ("node_count", number(1)),
            ("record_size", number(record_bits)),
            ("ip_version", number(4)),
            ("database_type", text("Test")),
            ("languages", vec![0, 4]),
            ("binary_format_major_version", number(2)),
            ("binary_format_minor_version", number(0)),
            ("build_epoch", vec![0, 2]),
            ("description", map(&[])),
        ]));
        out
    }

    fn city() -> Vec<u8> {
        database(&map(&[
            ("city", map(&[("names", map(&[("en", text("Berlin"))]))])),
            (
                "country",
                map(&[("iso_code", text("DE")), ("names", map(&[("en", text("Deutschland"))]))]),
            ),
            ("location", map(&[("latitude", double(52.5)), ("longitude", double(13.4))])),
        ]))
    }

    const ADDR: Addr = Addr::from_v4(0xc000_0201);

    #[test]
    fn databases_of_the_user_come_first_and_add_cities() {
        let mut places = Places::from_mmdb(city()).unwrap();
        let asn = database(&map(&[
            ("autonomous_system_number", number(64496)),
            ("autonomous_system_organization", text("Example")),
        ]));
        places.append(Places::from_mmdb(asn).unwrap());
        places.append(Places::builtin());
        let expected = Place {
            asn: 64496,
            organization: "Example",
            country_code: "DE",
            country_name: "Deutschland",
            city: Some("Berlin"),
            lat: 52.5,
            lon: 13.4,
            source: PlaceSource::Database,
        };
        assert_eq!(places.get(ADDR), Some(expected));
        assert_eq!(places.get(Addr::from_v4(0x0808_0808)).unwrap().source, PlaceSource::Builtin);
    }

    #[test]
    fn flat_records_are_read() {
        let places = Places::from_mmdb(database(&map(&[("country_code", text("FR"))]))).unwrap();
        let place = places.get(ADDR).unwrap();
        assert_eq!((place.country_code, place.country_name), ("FR", "France"));
        assert!(place.lat > 40.0);
    }

    #[test]
    fn records_of_every_width_are_read() {
        let record = map(&[("country_code", text("FR"))]);
        for (bits, node) in [
            (24, &[0, 0, 1, 0, 0, 17][..]),
            (28, &[0, 0, 1, 0, 0, 0, 17]),
            (32, &[0, 0, 0, 1, 0, 0, 0, 17]),
        ] {
            let places = Places::from_mmdb(database_of(bits, node, &record)).unwrap();
            assert_eq!(places.get(ADDR).unwrap().country_code, "FR", "{bits}");
            assert_eq!(places.get(Addr::from_v4(1)), None, "{bits}");
        }
        assert!(Places::from_mmdb(database_of(20, &[0; 5], &record)).is_err());
        assert!(
            Places::from_mmdb(database_of(32, &[], &record)).is_ok_and(|it| it.get(ADDR).is_none())
        );
    }

    #[test]
    fn damaged_databases_are_refused_or_know_nothing() {
        assert!(Places::from_mmdb(b"no database".to_vec()).is_err());
        let whole = city();
        for at in 0..whole.len() {
            for value in [0, 0x7f, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] = value;
                if let Ok(places) = Places::from_mmdb(bytes) {
                    // Whatever it says, it says it without a panic.
                    places.get(ADDR).inspect(|it| assert!(it.city.is_none_or(|it| it.len() < 300)));
                    places.get(Addr::from_bits(0x2001_0db8 << 96));
                }
            }
        }
    }
}
