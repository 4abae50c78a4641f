//! What can be wrong with criteria: the text goes to the caller as it is.

use thiserror::Error;

/// Criteria or a sort order that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum CriteriaError {
    /// Something that should be an object is not.
    #[error("{what} is not an object")]
    NotAnObject {
        /// What was read.
        what: String,
    },
    /// Too many fields.
    #[error("criteria name {count} fields, at most {max} are allowed")]
    TooManyFields {
        /// How many there are.
        count: usize,
        /// How many there may be.
        max: usize,
    },
    /// The field is not one of a finding.
    #[error("`{field}` is not a field of findings")]
    UnknownField {
        /// The field as it was given, cut to a few words.
        field: String,
    },
    /// The operator does not exist.
    #[error("`{operator}` of `{field}` is not an operator")]
    UnknownOperator {
        /// The field.
        field: String,
        /// The operator as it was given.
        operator: String,
    },
    /// A field without operator.
    #[error("`{field}` has no condition")]
    NoCondition {
        /// The field.
        field: String,
    },
    /// A list that is not one, is empty or too long.
    #[error("`{operator}` of `{field}` has to be a list of 1 to {max} texts")]
    BadList {
        /// The field.
        field: String,
        /// The operator.
        operator: String,
        /// How many values there may be.
        max: usize,
    },
    /// A value that does not fit the field.
    #[error("`{value}` in `{operator}` of `{field}` is not {expected}")]
    BadValue {
        /// The field.
        field: String,
        /// The operator.
        operator: String,
        /// The value, cut to a few words.
        value: String,
        /// What would fit.
        expected: &'static str,
    },
    /// An operator that the field does not have.
    #[error("`{operator}` cannot be asked of `{field}`, which holds {holds}")]
    NotApplicable {
        /// The field.
        field: String,
        /// The operator.
        operator: String,
        /// What the field holds.
        holds: &'static str,
    },
    /// A sort order that does not exist.
    #[error("`{order}` is neither ASC nor DESC")]
    BadOrder {
        /// The order as it was given.
        order: String,
    },
}

/// Longest quotation in an error, in characters.
const QUOTED_MAX: usize = 100;

/// What a caller sent, short enough for an error.
pub(crate) fn quoted(text: &str) -> String {
    text.chars().take(QUOTED_MAX).collect()
}
