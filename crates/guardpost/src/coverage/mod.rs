//! Which types of finding could have been raised on the data that were read, and what keeps the others from it.

mod details;
mod judge;
mod needs;

use findings::{CoverageGap, CoverageRow, Data, FindingType};
use serde::Serialize;

use crate::catalog;

pub use details::Details;
pub use judge::{Gap, Given};
pub use needs::{Need, RULES, Rule, rules};

/// The family whose types are off by default.
const CUSTOM_RULES: &str = "rules/custom_detection";

/// Whether a type could have been raised.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nothing is missing.
    Ready,
    /// Something would make it surer or let it see more.
    Limited,
    /// Something that it cannot do without is missing.
    Blind,
}

impl State {
    /// The word for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Ready => "ready",
            State::Limited => "limited",
            State::Blind => "blind",
        }
    }
}

/// What a type could see.
#[derive(Clone, PartialEq, Debug)]
pub struct Coverage {
    /// The type.
    pub finding_type: &'static FindingType,
    /// Whether records of one of its sources were read.
    pub is_seen: bool,
    /// What is missing, worst first.
    pub gaps: Vec<Gap>,
}

impl Coverage {
    /// Judges a type by what was given.
    pub fn new(finding_type: &'static FindingType, given: &Given<'_>) -> Coverage {
        let data = finding_type.data;
        // A type without data of its own is made of what others saw.
        let is_seen = data.is_empty() || data.iter().any(|it| given.tally.has(*it));
        let mut gaps: Vec<Gap> = if is_seen {
            rules(finding_type.name).filter_map(|it| judge::of_rule(it, given)).collect()
        } else {
            data.iter().take(1).map(|it| judge::of_source(*it)).collect()
        };
        let family = catalog::find_served(finding_type.name).map(|it| it.family);
        if family == Some(CUSTOM_RULES) {
            gaps.extend(judge::of_custom_rules(given));
        }
        gaps.sort_by_key(|it| !it.is_blocking);
        Coverage { finding_type, is_seen, gaps }
    }

    /// Whether it could have been raised.
    pub fn state(&self) -> State {
        match self.gaps.as_slice() {
            [] => State::Ready,
            gaps if gaps.iter().any(|it| it.is_blocking) => State::Blind,
            _ => State::Limited,
        }
    }

    /// What is missing, in one line.
    pub fn note(&self) -> String {
        let parts: Vec<&str> = self.gaps.iter().map(|it| it.what.as_str()).collect();
        parts.join("; ")
    }
}

/// Whether a custom detection rule is on and raises findings.
pub fn has_custom_rules(settings: &detectors::Settings) -> bool {
    let custom = &settings.rules.custom_detection;
    !custom.rules.is_empty() && !custom.dry_run
}

/// Every type, by name.
pub fn judge(types: &[&'static FindingType], given: &Given<'_>) -> Vec<Coverage> {
    let mut rows: Vec<Coverage> = types.iter().map(|it| Coverage::new(it, given)).collect();
    rows.sort_by_key(|it| it.finding_type.name);
    rows.dedup_by_key(|it| it.finding_type.name);
    rows
}

/// A row of the report for each type.
pub fn rows(types: &[&'static FindingType], given: &Given<'_>) -> Vec<CoverageRow> {
    let rows = judge(types, given).into_iter().map(|it| CoverageRow {
        finding_type: it.finding_type.name.to_owned(),
        title: it.finding_type.title.to_owned(),
        needed: it.finding_type.data.to_vec(),
        is_seen: it.is_seen,
        gaps: it.gaps.into_iter().map(row_gap).collect(),
    });
    rows.collect()
}

fn row_gap(gap: Gap) -> CoverageGap {
    CoverageGap { is_blocking: gap.is_blocking, what: gap.what, remedy: gap.remedy }
}

/// What the absence of data costs: the sources that are missing, and how many types cannot be raised for want
/// of them. A type that several missing sources could raise counts for each.
pub fn missing(rows: &[CoverageRow]) -> Vec<(Data, u64)> {
    let unseen =
        |data: &Data| rows.iter().filter(|it| !it.is_seen && it.needed.contains(data)).count();
    let counts = Data::ALL.iter().map(|data| (*data, unseen(data) as u64));
    counts.filter(|(_, count)| *count > 0).collect()
}
