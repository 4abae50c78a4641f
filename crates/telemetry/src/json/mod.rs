//! JSON text to single values: finding where records end, and reading members leniently.

mod lenient;
mod scan;
mod split;
mod walk;

pub(crate) use lenient::{Flag, Key, Raw, Text, lenient_members};
pub(crate) use split::{Splitter, Step};
pub(crate) use walk::{Pass, Places, Schema, Take};
