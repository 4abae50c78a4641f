//! What every store does.

use std::collections::{BTreeMap, BTreeSet};

use findings::{Draft, Finding};
use model::Timestamp;

use crate::{
    BlobHash, Change, CommitOutcome, ControlEntry, Criteria, Document, DocumentKey, DocumentQuery,
    FindingQuery, Group, MemoryStore, OutboxEntry, Page, Part, Scope, Snapshot, SnapshotWritten,
    StatisticsQuery, StoreError,
};

/// A batch of drafts on its way into the store.
#[derive(Clone, Debug)]
pub struct Commit<'a> {
    /// The number of the batch. Batches are committed in ascending order.
    pub batch: u64,
    /// What the batch raised, in any order.
    pub drafts: Vec<Draft>,
    /// `createdAt` and `updatedAt` of what changes.
    pub time: Timestamp,
    /// The filters in force that archive.
    pub suppressions: &'a [Suppression],
}

/// A filter with the action `ARCHIVE`: new findings that match are archived and not published.
#[derive(Clone, PartialEq, Debug)]
pub struct Suppression {
    /// Whose findings it is for.
    pub scope: Scope,
    /// Which of them.
    pub criteria: Criteria,
}

/// Findings, resources of the API, the control journal, snapshots and the outbox.
///
/// All methods block, take effect as a whole or not at all, and may be called from several threads.
pub trait Store: Send + Sync {
    /// Merges the drafts of a batch, judges suppressions on the findings that it opened, puts what changed
    /// into the outbox and moves the mark, all in one transaction. A batch at or below the mark is ignored.
    fn commit(&self, commit: Commit<'_>) -> Result<CommitOutcome, StoreError>;

    /// The last batch that was committed.
    fn mark(&self) -> Result<Option<u64>, StoreError>;

    /// Writes findings that no draft stands behind, such as samples, over those with the same identifier,
    /// and puts them into the outbox. No draft is ever merged into them.
    fn insert_findings(&self, findings: &[Finding]) -> Result<(), StoreError>;

    /// Identifiers of the findings that a query asks for.
    fn list_findings(&self, query: &FindingQuery) -> Result<Page<String>, StoreError>;

    /// The findings with these identifiers, in their order; those outside of the scope are left out.
    fn get_findings(&self, scope: &Scope, ids: &[String]) -> Result<Vec<Finding>, StoreError>;

    /// How many findings there are of what.
    fn statistics(&self, query: &StatisticsQuery) -> Result<Vec<Group>, StoreError>;

    /// Archives findings, or brings them back, and tells how many were found. `updatedAt` stays. Later
    /// drafts keep the decision; only what a suppression archived is not published then.
    fn set_archived(
        &self,
        scope: &Scope,
        ids: &[String],
        archived: bool,
    ) -> Result<usize, StoreError>;

    /// Notes what somebody thinks of findings (`USEFUL` or `NOT_USEFUL`), and tells how many were found.
    fn set_feedback(
        &self,
        scope: &Scope,
        ids: &[String],
        feedback: &str,
    ) -> Result<usize, StoreError>;

    /// The keys of drafts ([`Draft::key`]) that the findings with these identifiers stand for, by identifier;
    /// nothing of those outside of the scope and of those that no draft stands behind.
    fn draft_keys(
        &self,
        scope: &Scope,
        ids: &[String],
    ) -> Result<BTreeMap<String, String>, StoreError>;

    /// Deletes findings that were last updated more than [`findings::RETENTION`] before `now`, and tells
    /// how many. Activity that comes back later opens a new generation, as in a store that kept them.
    fn expire(&self, now: Timestamp) -> Result<u64, StoreError>;

    /// The document at this place.
    fn document(&self, key: &DocumentKey) -> Result<Option<Document>, StoreError>;

    /// A page of documents of one kind.
    fn list_documents(&self, query: &DocumentQuery) -> Result<Page<Document>, StoreError>;

    /// Changes documents and writes an entry of the control journal, all or nothing, and tells the number
    /// of the entry. [`StoreError::Conflict`] when a document is not as expected.
    fn apply(
        &self,
        changes: &[Change],
        control: Option<&ControlEntry>,
    ) -> Result<Option<u64>, StoreError>;

    /// Entries of the control journal with numbers above `after`, in ascending order, at most `limit`.
    fn control_entries(&self, after: u64, limit: usize) -> Result<Vec<ControlEntry>, StoreError>;

    /// Deletes entries of the control journal up to and with this number, and contents that only they
    /// referred to.
    fn trim_control(&self, through: u64) -> Result<(), StoreError>;

    /// Keeps a content until the last snapshot or control entry that refers to it is deleted.
    fn put_blob(&self, bytes: &[u8]) -> Result<BlobHash, StoreError>;

    /// A content by its hash.
    fn blob(&self, hash: &BlobHash) -> Result<Option<Vec<u8>>, StoreError>;

    /// Writes a snapshot taken after batch `mark`; contents that are there already are not written again.
    /// The last [`Snapshot::KEPT`] are kept.
    fn write_snapshot(
        &self,
        mark: u64,
        parts: &[(String, Part)],
    ) -> Result<SnapshotWritten, StoreError>;

    /// The latest snapshot.
    fn snapshot(&self) -> Result<Option<Snapshot>, StoreError>;

    /// Begins to collect for a sink what changes from now on. Without a sink nothing is collected.
    fn add_sink(&self, sink: &str) -> Result<(), StoreError>;

    /// Forgets a sink.
    fn remove_sink(&self, sink: &str) -> Result<(), StoreError>;

    /// What a sink has not acknowledged, in ascending order, at most `limit`.
    fn outbox(&self, sink: &str, limit: usize) -> Result<Vec<OutboxEntry>, StoreError>;

    /// The sink has published everything up to and with this number.
    fn acknowledge(&self, sink: &str, sequence: u64) -> Result<(), StoreError>;
}

/// Archives the findings among `opened` that a suppression is for, and names them.
pub(crate) fn suppress(
    findings: &mut MemoryStore,
    opened: &[String],
    suppressions: &[Suppression],
) -> BTreeSet<String> {
    let mut suppressed = BTreeSet::new();
    for id in opened {
        let Some(finding) = findings.finding_mut(id) else { continue };
        let is_meant =
            |it: &Suppression| it.scope.contains(finding) && it.criteria.matches(finding);
        if suppressions.iter().any(is_meant) {
            finding.service.archived = true;
            suppressed.insert(id.clone());
        }
    }
    suppressed
}
