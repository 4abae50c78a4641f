//! Where an address is and who announces it: the built-in table, and the user's own databases.

mod countries;
mod maxmind;
mod mmdb;
mod table;

use std::sync::{Arc, OnceLock};

use model::{Addr, Hasher64};

use self::mmdb::Mmdb;
use self::table::Table;
pub use self::table::{PlaceBoundary, PlaceRows, encode_places};

/// The built-in table, written by `cargo xtask geo`.
static BUILTIN: &[u8] = include_bytes!("../../assets/places.bin.zst");

/// Where the country of a [`Place`] comes from, or its network where no country is known.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum PlaceSource {
    /// The table that comes with the program; coordinates are those of the country.
    #[default]
    Builtin,
    /// A database of the user.
    Database,
}

/// Where an address is. What is not known is empty or zero.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub struct Place<'a> {
    /// The autonomous system that announces the address; 0 if none is known.
    pub asn: u32,
    /// Who runs the autonomous system.
    pub organization: &'a str,
    /// Two letters by ISO 3166-1.
    pub country_code: &'a str,
    /// The English short name of the country.
    pub country_name: &'a str,
    /// The city, which only databases of the user know.
    pub city: Option<&'a str>,
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// Which table said so.
    pub source: PlaceSource,
}

/// Why a database of places cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlacesError {
    /// The bytes are no MaxMind database.
    #[error("cannot read MaxMind database: {0}")]
    Mmdb(&'static str),
}

/// Tables of places, asked in order until every field is known.
#[derive(Clone, Default)]
pub struct Places {
    databases: Vec<Arc<Mmdb>>,
    builtin: bool,
    /// Decoded at the first look-up: most runs never need it.
    table: Arc<OnceLock<Table>>,
}

impl Places {
    /// The table that comes with the program.
    pub fn builtin() -> Places {
        Places { builtin: true, ..Places::default() }
    }

    /// A database in MaxMind's format that knows ASNs, countries or cities.
    pub fn from_mmdb(bytes: Vec<u8>) -> Result<Places, PlacesError> {
        Ok(Places { databases: vec![Arc::new(Mmdb::new(bytes)?)], ..Places::default() })
    }

    pub(crate) fn use_builtin(&mut self) {
        self.builtin = true;
    }

    pub(crate) fn append(&mut self, other: Places) {
        self.databases.extend(other.databases);
        self.builtin |= other.builtin;
    }

    /// A hash of the tables, built-in one included.
    pub(crate) fn content_hash(&self) -> u64 {
        let hash =
            self.databases.iter().fold(Hasher64::default(), |hash, it| hash.number(it.hash()));
        if self.builtin { hash.bytes(BUILTIN).finish() } else { hash.finish() }
    }

    /// Whose data the built-in table holds, as its licenses ask to be shown; empty without the table.
    pub fn attribution(&self) -> &str {
        self.table().map_or("", |it| &it.attribution)
    }

    fn table(&self) -> Option<&Table> {
        let decode = || Table::decode(BUILTIN).unwrap_or_default();
        self.builtin.then(|| self.table.get_or_init(decode))
    }

    /// Where an address is; `None` if nothing at all is known.
    pub fn get(&self, addr: Addr) -> Option<Place<'_>> {
        let mut place = Place::default();
        for database in &self.databases {
            database.fill(addr, &mut place);
        }
        if let Some(table) = self.table() {
            table.fill(addr, &mut place);
        }
        (place.asn != 0 || !place.country_code.is_empty()).then_some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(text: &str) -> Addr {
        Addr::parse(text).unwrap()
    }

    #[test]
    fn the_builtin_table_knows_public_networks() {
        let places = Places::builtin();
        assert!(
            places.attribution().contains("DB-IP") && places.attribution().contains("CC BY 4.0")
        );
        let place = places.get(addr("8.8.8.8")).unwrap();
        assert_eq!((place.asn, place.country_code), (15169, "US"));
        assert_eq!((place.country_name, place.city), ("United States", None));
        assert!(place.organization.contains("Google"));
        assert_eq!(place.source, PlaceSource::Builtin);
        assert!(place.lat > 20.0 && place.lon < -60.0);
        assert_eq!(places.get(addr("2001:4860:4860::8888")).unwrap().asn, 15169);
        assert_eq!(places.get(addr("193.0.6.139")).unwrap().country_code, "NL");
        assert_eq!(places.get(addr("10.0.0.1")), None);
        assert_eq!(places.get(addr("fe80::1")), None);
    }

    #[test]
    fn nothing_is_known_without_tables() {
        assert_eq!(Places::default().get(addr("8.8.8.8")), None);
        assert_eq!(Places::default().attribution(), "");
    }
}
