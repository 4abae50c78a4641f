//! The store over a relational database: everything that is the same in all of them.
//!
//! A back end brings connections, transactions, its schema and the few words in which dialects differ;
//! see [`backend::Backend`]. Findings are in two tables: a narrow one of the columns that most questions
//! are about, and one of documents, which only the findings of an answer are read from.

pub(crate) mod backend;
mod commit;
mod documents;
mod draft;
pub(crate) mod filter;
mod findings;
mod list;
mod outbox;
mod snapshots;
mod statistics;
mod tally;

use std::collections::BTreeMap;

use ::findings::Finding;
use model::Timestamp;

use crate::store::{Commit, Store};
use crate::{
    BlobHash, Change, CommitOutcome, ControlEntry, Document, DocumentKey, DocumentQuery,
    FindingQuery, Group, OutboxEntry, Page, Part, Scope, Snapshot, SnapshotWritten,
    StatisticsQuery, StoreError,
};
use backend::{Backend, Session, Value};

/// Counters and marks in the table `meta`.
#[derive(Clone, Copy)]
pub(crate) enum Meta {
    /// The last batch that was committed.
    Mark,
    /// How many findings there are.
    Findings,
    /// The last number of the outbox.
    Outbox,
    /// The last number of the control journal.
    Control,
    /// The last number of a snapshot.
    Snapshot,
}

impl Meta {
    const fn name(self) -> &'static str {
        match self {
            Meta::Mark => "mark",
            Meta::Findings => "findings",
            Meta::Outbox => "outbox",
            Meta::Control => "control",
            Meta::Snapshot => "snapshot",
        }
    }

    pub(crate) fn get(self, session: &mut dyn Session) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT value FROM meta WHERE name = $1";
        session.one(sql, &[self.name().into()], |row| row.int(0))
    }

    pub(crate) fn set(self, session: &mut dyn Session, value: i64) -> Result<(), StoreError> {
        let sql = "INSERT INTO meta (name, value) VALUES ($1, $2) \
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        session.execute(sql, &[self.name().into(), value.into()])?;
        Ok(())
    }

    /// Adds to a counter and tells what it is then.
    pub(crate) fn add(self, session: &mut dyn Session, add: i64) -> Result<i64, StoreError> {
        let value = self.get(session)?.unwrap_or(0) + add;
        self.set(session, value)?;
        Ok(value)
    }
}

impl<B: Backend> Store for B {
    fn commit(&self, commit: Commit<'_>) -> Result<CommitOutcome, StoreError> {
        self.write("commit a batch", |it| commit::commit(it, commit, self.limit()))
    }

    fn mark(&self) -> Result<Option<u64>, StoreError> {
        let mark = self.read("read the mark", |it| Meta::Mark.get(it))?;
        Ok(mark.map(i64::cast_unsigned))
    }

    fn insert_findings(&self, findings: &[Finding]) -> Result<(), StoreError> {
        self.write("write findings", |it| findings::insert(it, findings))
    }

    fn list_findings(&self, query: &FindingQuery) -> Result<Page<String>, StoreError> {
        let after = query.position()?;
        self.read("list findings", |it| list::list::<B>(it, query, after.as_ref()))
    }

    fn get_findings(&self, scope: &Scope, ids: &[String]) -> Result<Vec<Finding>, StoreError> {
        self.read("read findings", |it| findings::get(it, scope, ids))
    }

    fn statistics(&self, query: &StatisticsQuery) -> Result<Vec<Group>, StoreError> {
        self.read("count findings", |it| statistics::statistics::<B>(it, query))
    }

    fn set_archived(
        &self,
        scope: &Scope,
        ids: &[String],
        archived: bool,
    ) -> Result<usize, StoreError> {
        let change = |stored: &mut findings::Stored| {
            stored.finding.service.archived = archived;
            stored.suppressed &= archived;
        };
        self.write("archive findings", |it| findings::edit(it, scope, ids, change))
    }

    fn set_feedback(
        &self,
        scope: &Scope,
        ids: &[String],
        feedback: &str,
    ) -> Result<usize, StoreError> {
        let change = |stored: &mut findings::Stored| {
            stored.finding.service.user_feedback = Some(feedback.to_owned());
        };
        self.write("note feedback", |it| findings::edit(it, scope, ids, change))
    }

    fn draft_keys(
        &self,
        scope: &Scope,
        ids: &[String],
    ) -> Result<BTreeMap<String, String>, StoreError> {
        self.read("read keys of findings", |it| findings::draft_keys(it, scope, ids))
    }

    fn expire(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.write("delete old findings", |it| findings::expire(it, now))
    }

    fn document(&self, key: &DocumentKey) -> Result<Option<Document>, StoreError> {
        self.read("read a document", |it| documents::get(it, key))
    }

    fn list_documents(&self, query: &DocumentQuery) -> Result<Page<Document>, StoreError> {
        let after = query.position()?;
        self.read("list documents", |it| documents::list(it, query, after.as_ref()))
    }

    fn apply(
        &self,
        changes: &[Change],
        control: Option<&ControlEntry>,
    ) -> Result<Option<u64>, StoreError> {
        self.write("change documents", |it| documents::apply(it, changes, control))
    }

    fn control_entries(&self, after: u64, limit: usize) -> Result<Vec<ControlEntry>, StoreError> {
        self.read("read the control journal", |it| documents::control(it, after, limit))
    }

    fn trim_control(&self, through: u64) -> Result<(), StoreError> {
        self.write("trim the control journal", |it| documents::trim(it, through))
    }

    fn put_blob(&self, bytes: &[u8]) -> Result<BlobHash, StoreError> {
        let hash = BlobHash::of(bytes);
        self.write("write a content", |it| snapshots::put_blob(it, &hash, bytes))?;
        Ok(hash)
    }

    fn blob(&self, hash: &BlobHash) -> Result<Option<Vec<u8>>, StoreError> {
        self.read("read a content", |it| snapshots::blob(it, hash))
    }

    fn write_snapshot(
        &self,
        mark: u64,
        parts: &[(String, Part)],
    ) -> Result<SnapshotWritten, StoreError> {
        self.write("write a snapshot", |it| snapshots::write(it, mark, parts))
    }

    fn snapshot(&self) -> Result<Option<Snapshot>, StoreError> {
        self.read("read a snapshot", |it| snapshots::read(it))
    }

    fn add_sink(&self, sink: &str) -> Result<(), StoreError> {
        self.write("add a sink", |it| outbox::add(it, sink))
    }

    fn remove_sink(&self, sink: &str) -> Result<(), StoreError> {
        self.write("remove a sink", |it| outbox::remove(it, sink))
    }

    fn outbox(&self, sink: &str, limit: usize) -> Result<Vec<OutboxEntry>, StoreError> {
        self.read("read the outbox", |it| outbox::waiting(it, sink, limit))
    }

    fn acknowledge(&self, sink: &str, sequence: u64) -> Result<(), StoreError> {
        self.write("acknowledge findings", |it| outbox::acknowledge(it, sink, sequence))
    }
}

/// Bytes of a JSON text that the store wrote; anything else is damage.
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(
    session: &dyn Session,
    text: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| session.damaged(&error.to_string()))
}

/// What the store keeps as JSON; all of it can be written.
pub(crate) fn to_json(
    session: &dyn Session,
    value: &impl serde::Serialize,
) -> Result<Value, StoreError> {
    let text = serde_json::to_string(value);
    text.map(Value::Text).map_err(|error| session.damaged(&error.to_string()))
}
