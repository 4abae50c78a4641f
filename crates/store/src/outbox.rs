//! Findings on their way to sinks.

use crate::Owner;

/// A finding that a sink has not published in its present form.
///
/// A finding that changes again before it was published is one entry, with what it is then.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutboxEntry {
    /// Goes up with each change: what is acknowledged.
    pub sequence: u64,
    /// Identifier of the finding.
    pub id: String,
    /// Whose it is.
    pub owner: Owner,
    /// Whether the finding was opened after what the sink acknowledged last: those are published at once,
    /// later changes at the publishing frequency.
    pub is_new: bool,
}

/// Most sinks of one store.
pub(crate) const SINKS_MAX: usize = 64;
/// Most entries of one answer.
pub(crate) const ENTRIES_MAX: usize = 1000;
