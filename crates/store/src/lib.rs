//! Findings at rest: the one place where drafts are merged into findings.
//!
//! Knows no detector, no telemetry and no HTTP.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod criteria;
mod document;
mod error;
mod in_memory;
mod memory;
mod outbox;
#[cfg(feature = "postgres")]
mod postgres;
mod query;
mod snapshot;
mod sql;
mod sqlite;
mod statistics;
mod store;
#[cfg(test)]
mod suite;

pub use criteria::{Criteria, CriteriaError, Sort};
pub use document::{Change, ControlEntry, Document, DocumentKey, DocumentQuery, Expected};
pub use error::StoreError;
pub use in_memory::InMemory;
pub use memory::{CommitOutcome, FindingStore, MemoryStore, StoredFinding};
pub use outbox::OutboxEntry;
#[cfg(feature = "postgres")]
pub use postgres::PostgresStore;
pub use query::{FindingQuery, Owner, Page, Scope};
pub use snapshot::{BlobHash, Part, Snapshot, SnapshotWritten};
pub use sqlite::SqliteStore;
pub use statistics::{Group, GroupBy, GroupKey, StatisticsQuery};
pub use store::{Commit, Store, Suppression};
