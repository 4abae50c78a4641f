//! The formats of lists, one file each.

pub(crate) mod columns;
pub(crate) mod csv;
pub(crate) mod stix_json;
pub(crate) mod stix_pattern;
pub(crate) mod stix_xml;
pub(crate) mod txt;
