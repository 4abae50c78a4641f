//! What can go wrong with a store.

use std::path::PathBuf;

use thiserror::Error;

/// A store that cannot do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A page token that this query did not give out.
    #[error("the page token is not one of this query")]
    BadToken,
    /// A document is not as the caller expected; nothing was changed.
    #[error("{kind} `{id}` was changed, created or deleted by somebody else")]
    Conflict {
        /// The kind of the document.
        kind: String,
        /// Its identifier.
        id: String,
    },
    /// Something is larger than the store takes.
    #[error("{what} has {size} bytes, at most {max} are allowed")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size in bytes.
        size: usize,
        /// The largest size in bytes.
        max: usize,
    },
    /// More of something than the store takes.
    #[error("there are {max} {what} already, the most that are allowed")]
    TooMany {
        /// What there are too many of.
        what: &'static str,
        /// How many there may be.
        max: usize,
    },
    /// Findings are published to sinks that were added before.
    #[error("there is no sink `{sink}`")]
    UnknownSink {
        /// The name.
        sink: String,
    },
    /// A snapshot says that a part did not change, but the one before does not have it.
    #[error("part `{part}` of the snapshot is said to be unchanged, but there is none")]
    MissingPart {
        /// The name of the part.
        part: String,
    },
    /// Another program writes to the database.
    #[error(
        "the database {path} is locked by another process: stop the other one, or give this one a \
         database of its own"
    )]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The database cannot be read.
    #[error(
        "the database {path} is damaged ({detail}): restore a backup, or move the file away to start \
         with an empty one"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The database was written by a later version.
    #[error(
        "the database {path} has schema version {found}, this program knows up to {known}: use the \
         later version of the program, or restore a backup from before the update"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// The latest version that is known.
        known: i64,
    },
    /// The file of the database cannot be opened or made.
    #[error("cannot open the database {path}: {source}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database refused something.
    #[error("cannot {what} in the database {place}: {source}")]
    Database {
        /// What was attempted.
        what: &'static str,
        /// The file or the address.
        place: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
