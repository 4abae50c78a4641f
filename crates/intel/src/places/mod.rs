//! Where an address is and who announces it: the built-in table, and the user's own databases.

mod countries;
mod mmdb;
mod table;

use std::sync::OnceLock;

use model::{Addr, Hasher64};

use self::mmdb::Mmdb;
use self::table::Table;

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
    #[error("cannot read MaxMind database")]
    Mmdb(#[from] maxminddb::MaxMindDbError),
}

/// Tables of places, asked in order until every field is known.
#[derive(Default)]
pub struct Places {
    databases: Vec<Mmdb>,
    builtin: bool,
    /// Decoded at the first look-up: most runs never need it.
    table: OnceLock<Table>,
}

impl Places {
    /// The table that comes with the program.
    pub fn builtin() -> Places {
        Places { builtin: true, ..Places::default() }
    }

    /// A database in MaxMind's format that knows ASNs, countries or cities.
    pub fn from_mmdb(bytes: Vec<u8>) -> Result<Places, PlacesError> {
        Ok(Places { databases: vec![Mmdb::new(bytes)?], ..Places::default() })
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

    /// Where an address is; `None` if nothing at all is known.
    pub fn get(&self, addr: Addr) -> Option<Place<'_>> {
        let mut place = Place::default();
        for database in &self.databases {
            database.fill(addr, &mut place);
        }
        if self.builtin {
            self.table.get_or_init(|| Table::decode(BUILTIN)).fill(addr, &mut place);
        }
        (place.asn != 0 || !place.country_code.is_empty()).then_some(place)
    }
}
