//! What a report of one run shows: findings, what was read, and what could be seen.

use model::Timestamp;

use crate::{Data, Explanation, Finding, FindingType};

/// Everything that the HTML report shows.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// Heading of the page.
    pub title: String,
    /// Name and version of the program, and of the tables it used, one per line.
    pub versions: Vec<String>,
    /// The command line that made it.
    pub command: String,
    /// SHA-256 of the settings in force in hexadecimal digits; empty when not known.
    pub settings: String,
    /// The lists that were in force, in the order to be shown.
    pub lists: Vec<ListUsed>,
    /// The findings; the page sorts them.
    pub findings: &'a [ReportFinding<'a>],
    /// What was read.
    pub inputs: InputSummary,
    /// What each type of finding could see.
    pub coverage: Vec<CoverageRow>,
    /// Types of GuardDuty's catalogue that the program cannot raise.
    pub not_served: Vec<String>,
}

/// A list of addresses or names that was in force.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ListUsed {
    /// Its name.
    pub name: String,
    /// What its entries are.
    pub category: String,
    /// How many there are.
    pub entries: u64,
    /// Where it comes from: `built in` or `given`.
    pub origin: String,
}

/// A finding with its explanation and the texts of its type.
#[derive(Clone, Debug)]
pub struct ReportFinding<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// Why it was raised.
    pub explanation: Explanation,
    /// Its type.
    pub finding_type: &'a FindingType,
}

/// What was read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InputSummary {
    /// The files, in the order to be shown.
    pub files: Vec<InputFile>,
    /// The kinds of records, in the order to be shown.
    pub kinds: Vec<InputKind>,
    /// Records that were taken.
    pub records: u64,
    /// Event time of the earliest record.
    pub first: Option<Timestamp>,
    /// Event time of the latest record.
    pub last: Option<Timestamp>,
    /// What was not taken, by cause.
    pub skipped: Vec<Skipped>,
}

/// The records of one kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InputKind {
    /// Its name, such as `VPC flow logs`.
    pub name: String,
    /// Records that were taken.
    pub records: u64,
    /// Files that held some.
    pub files: u64,
    /// Accounts that they belong to.
    pub accounts: u64,
    /// Event time of the earliest.
    pub first: Timestamp,
    /// Event time of the latest.
    pub last: Timestamp,
}

/// One file or object.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InputFile {
    /// Path or address.
    pub name: String,
    /// What it was read as, such as `VPC flow logs`.
    pub format: String,
    /// Bytes as stored.
    pub bytes: u64,
    /// Records that were taken.
    pub records: u64,
    /// Records that were not.
    pub skipped: u64,
    /// SHA-256 of the stored bytes in hexadecimal digits; empty when it was not computed.
    pub sha256: String,
}

/// Records or files that were not taken for one cause.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Skipped {
    /// Why.
    pub cause: String,
    /// How many.
    pub count: u64,
    /// One of them, or where it is.
    pub sample: String,
}

/// Whether a type of finding could have been raised.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CoverageRow {
    /// The type string.
    pub finding_type: String,
    /// What it looks for, in one line.
    pub title: String,
    /// The sources that can raise it.
    pub needed: Vec<Data>,
    /// Whether records of one of them were read.
    pub is_seen: bool,
    /// What it could not see, worst first; empty when nothing limits it.
    pub gaps: Vec<CoverageGap>,
}

/// Something that a type of finding could not see.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CoverageGap {
    /// Whether the type cannot be raised because of it.
    pub is_blocking: bool,
    /// What is missing.
    pub what: String,
    /// What to change.
    pub remedy: String,
}

impl CoverageRow {
    /// Whether it could not have been raised.
    pub fn is_blind(&self) -> bool {
        !self.is_seen || self.gaps.iter().any(|it| it.is_blocking)
    }
}
