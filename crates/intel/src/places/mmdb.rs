//! Databases in MaxMind's format: ASN, Country and City, MaxMind's layout or a flat one.

use std::net::IpAddr;

use maxminddb::{PathElement, Reader};
use model::{Addr, hash64};
use serde::Deserialize;

use super::{Place, PlaceSource};

/// One database.
pub(super) struct Mmdb {
    reader: Reader<Vec<u8>>,
    hash: u64,
}

impl Mmdb {
    pub(super) fn new(bytes: Vec<u8>) -> Result<Mmdb, maxminddb::MaxMindDbError> {
        let hash = hash64(&bytes);
        Ok(Mmdb { reader: Reader::from_source(bytes)?, hash })
    }

    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    /// Fills in what is not known yet. A damaged record counts as unknown.
    pub(super) fn fill<'a>(&'a self, addr: Addr, place: &mut Place<'a>) {
        let Ok(found) = self.reader.lookup(IpAddr::from(addr)) else { return };
        let text = |path: &[&'static str]| -> Option<&'a str> { decode(&found, path) };
        if place.asn == 0
            && let Some(asn) = decode(&found, &["autonomous_system_number"])
        {
            place.asn = asn;
            place.organization = text(&["autonomous_system_organization"]).unwrap_or_default();
            if place.country_code.is_empty() {
                place.source = PlaceSource::Database;
            }
        }
        let code = text(&["country", "iso_code"])
            .or_else(|| text(&["registered_country", "iso_code"]))
            .or_else(|| text(&["country_code"]));
        if let Some(code) = code.filter(|_| place.country_code.is_empty()) {
            let country = super::countries::find(code);
            place.country_code = code;
            place.country_name =
                text(&["country", "names", "en"]).or(country.map(|it| it.name)).unwrap_or_default();
            place.source = PlaceSource::Database;
            (place.lat, place.lon) = country.map_or((0.0, 0.0), |it| (it.lat, it.lon));
        }
        // A city of another country than the one shown would contradict it.
        if code == Some(place.country_code) && place.city.is_none() {
            let city = text(&["city", "names", "en"]).or_else(|| text(&["city"]));
            let number = |nested: &[&'static str], flat: &[&'static str]| -> Option<f64> {
                decode(&found, nested).or_else(|| decode(&found, flat))
            };
            if let (Some(lat), Some(lon)) = (
                number(&["location", "latitude"], &["latitude"]),
                number(&["location", "longitude"], &["longitude"]),
            ) {
                (place.lat, place.lon) = (lat, lon);
            }
            place.city = city.filter(|it| !it.is_empty());
        }
    }
}

fn decode<'a, T: Deserialize<'a>>(
    found: &maxminddb::LookupResult<'a, Vec<u8>>,
    path: &[&'static str],
) -> Option<T> {
    let path: Vec<PathElement<'static>> = path.iter().map(|it| PathElement::Key(it)).collect();
    found.decode_path(&path).ok().flatten()
}
