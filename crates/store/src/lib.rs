//! Findings at rest: the one place where drafts are merged into findings.
//!
//! Knows no detector, no telemetry and no HTTP.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod memory;

pub use memory::{CommitOutcome, FindingStore, MemoryStore, StoredFinding};
