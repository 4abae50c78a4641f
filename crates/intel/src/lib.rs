//! What is known about addresses, names and files: lists, places, public suffixes.
//!
//! Pure look-ups. The crate is handed bytes and facts; it reads no file, no network and no clock, and
//! knows no events and no findings.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod addresses;
mod builder;
mod builtin;
mod category;
mod entry;
mod files;
mod format;
mod formats;
mod intel;
mod list;
mod names;
mod parse;
mod places;
mod ranges;
mod sets;
mod xml;

pub use builder::IntelBuilder;
pub use category::{Categories, Category, UnknownCategory};
pub use format::{ListFormat, UnknownFormat};
pub use intel::{Intel, NameVerdict, SuffixKind};
pub use list::{Indicator, List, Owner};
pub use parse::{ListProblem, ParsedList, parse_list, parse_list_as};
pub use places::{
    Place, PlaceBoundary, PlaceRows, PlaceSource, Places, PlacesError, encode_places,
};
pub use sets::Verdict;
