//! `FindingCriteria`: which findings a caller asks for, compiled from its JSON.
//!
//! What the documentation of GuardDuty leaves open is settled like this:
//!
//! - Fields are joined by *and*, and so are several operators of one field.
//! - `equals` and `matches` hold when any value of the field is equal to any of the list; `notEquals` and
//!   `notMatches` hold when no value is. An array on the path stands for all its elements.
//! - A field that a finding does not have equals nothing and compares with nothing, so the negative
//!   operators hold for it; see [`Criteria::matches_known`] for drafts, which are still incomplete.
//! - `greaterThan` and its like hold when any value of the field compares so. Each operator looks for
//!   its own element of an array.
//! - Text is compared byte by byte; `*` and `?` are wildcards in `matches` and `notMatches` only.
//! - Times are milliseconds since 1970 in criteria (in `equals` also ISO 8601), whatever the finding has.
//! - A whole `severity` *n* means *n* up to, not including, *n* + 1.
//! - Every field may be used in every operation. GuardDuty keeps most of them for suppression rules.

mod clause;
mod document;
mod error;
mod fields;
mod parse;
mod pattern;
mod row;
mod sort;

use findings::Finding;
use serde_json::Value;

pub use document::Document as FindingDocument;
pub use error::CriteriaError;
pub use sort::Sort;

pub(crate) use clause::{Clause, Comparison, Operand, Test};
pub(crate) use document::Scalar;
pub(crate) use fields::Hot;
pub(crate) use pattern::Pattern;
pub(crate) use row::{Row, resource_id};
pub(crate) use sort::SortKey;

/// Which findings are meant: all that pass every clause. The default passes everything.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Criteria {
    /// Judged by the columns of the narrow table.
    pub(crate) hot: Vec<Clause>,
    /// Judged by the finding's document.
    pub(crate) cold: Vec<Clause>,
}

impl Criteria {
    /// Most fields of one criteria
    /// (<https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_limits.html>).
    pub const FIELDS_MAX: usize = 50;
    /// Most values of one `equals` or `notEquals`.
    pub const VALUES_MAX: usize = 50;
    /// Most patterns of one `matches` or `notMatches`.
    pub const PATTERNS_MAX: usize = 5;
    /// Longest pattern, in characters.
    pub const PATTERN_LEN_MAX: usize = 512;
    /// Longest value, in bytes.
    pub const VALUE_LEN_MAX: usize = 4096;

    /// Reads `{"criterion": {"severity": {"greaterThanOrEqual": 7}}}`, with the names of the wire or
    /// capitalized ones. An absent or null criterion asks for everything.
    pub fn parse(criteria: &Value) -> Result<Criteria, CriteriaError> {
        parse::criteria(criteria)
    }

    /// Whether it asks for everything. A saved filter has to have a condition.
    pub fn is_empty(&self) -> bool {
        self.hot.is_empty() && self.cold.is_empty()
    }

    /// Whether the finding passes.
    pub fn matches(&self, finding: &Finding) -> bool {
        self.judge(finding, false)
    }

    /// Whether the finding passes and has every field that is asked for.
    ///
    /// For drafts: what is not known yet must not suppress, so an absent field fails every operator.
    pub fn matches_known(&self, finding: &Finding) -> bool {
        self.judge(finding, true)
    }

    /// Whether the document passes, whatever it is.
    pub fn matches_document(&self, document: &FindingDocument) -> bool {
        let mut clauses = self.hot.iter().chain(&self.cold);
        clauses.all(|it| it.holds(&document.values(&it.field), false))
    }

    /// Whether the document passes what the columns of the narrow table do not tell.
    pub(crate) fn matches_cold(&self, document: &FindingDocument) -> bool {
        self.cold.iter().all(|it| it.holds(&document.values(&it.field), false))
    }

    fn judge(&self, finding: &Finding, must_be_known: bool) -> bool {
        let row = Row::of(finding);
        let passes = |it: &Clause| {
            it.field.hot.is_some_and(|hot| it.holds(&[row.value(hot)], must_be_known))
        };
        if !self.hot.iter().all(passes) {
            return false;
        }
        if self.cold.is_empty() {
            return true;
        }
        let document = FindingDocument::of(finding);
        self.cold.iter().all(|it| it.holds(&document.values(&it.field), must_be_known))
    }
}

/// Whether the path is a field of text.
#[cfg(test)]
pub(crate) fn is_text(path: &str) -> bool {
    fields::Field::find(path).is_some_and(|it| it.kind == fields::Kind::Text)
}

#[cfg(test)]
mod tests;
