//! What a report of one run shows: findings, what was read, and what could be seen.

use model::Timestamp;

use crate::{Data, Explanation, Finding, FindingType};

/// Everything that the HTML report shows.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// Heading of the page.
    pub title: String,
    /// When the report was made, as it is to be shown; absent when the output has to be reproducible.
    pub generated_at: Option<String>,
    /// Name and version of the program, and of the tables it used, one per line.
    pub versions: Vec<String>,
    /// The command line that made it.
    pub command: String,
    /// The findings; the page sorts them.
    pub findings: &'a [ReportFinding<'a>],
    /// What was read.
    pub inputs: InputSummary,
    /// What each type of finding could see.
    pub coverage: Vec<CoverageRow>,
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
    /// Records that were taken.
    pub records: u64,
    /// Event time of the earliest record.
    pub first: Option<Timestamp>,
    /// Event time of the latest record.
    pub last: Option<Timestamp>,
    /// What was not taken, by cause.
    pub skipped: Vec<Skipped>,
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
    /// The sources that can raise it.
    pub needed: Vec<Data>,
    /// Whether records of one of them were read.
    pub is_seen: bool,
    /// What limits it, such as history that is too short; empty when nothing does.
    pub note: String,
}
