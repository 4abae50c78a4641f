//! What could be seen in the data that were read, and what could not.

use findings::{CoverageRow, Data, FindingType};

use crate::tally::Tally;

/// A row for each type.
pub fn rows(types: &[&'static FindingType], tally: &Tally) -> Vec<CoverageRow> {
    let mut rows: Vec<CoverageRow> = types
        .iter()
        .map(|it| CoverageRow {
            finding_type: it.name.to_owned(),
            needed: it.data.to_vec(),
            // A type without data of its own is made of what others saw.
            is_seen: it.data.is_empty() || it.data.iter().any(|data| tally.has(*data)),
            note: String::new(),
        })
        .collect();
    rows.sort_by(|a, b| a.finding_type.cmp(&b.finding_type));
    rows.dedup_by(|a, b| a.finding_type == b.finding_type);
    rows
}

/// What the absence of data costs: the sources that are missing, and how many types cannot be raised for want
/// of them. A type that several missing sources could raise counts for each.
pub fn missing(rows: &[CoverageRow]) -> Vec<(Data, u64)> {
    let unseen =
        |data: &Data| rows.iter().filter(|it| !it.is_seen && it.needed.contains(data)).count();
    let counts = Data::ALL.iter().map(|data| (*data, unseen(data) as u64));
    counts.filter(|(_, count)| *count > 0).collect()
}
