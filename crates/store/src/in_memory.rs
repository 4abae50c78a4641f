//! A whole store that lives as long as the process: for tests, and the measure of the other back ends.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use findings::{Finding, RETENTION};
use model::Timestamp;

use crate::outbox::{ENTRIES_MAX, SINKS_MAX};
use crate::query::Position;
use crate::statistics::Tally;
use crate::store::{self, Commit, Store};
use crate::{
    BlobHash, Change, CommitOutcome, ControlEntry, Document, DocumentKey, DocumentQuery,
    FindingQuery, FindingStore as _, Group, MemoryStore, OutboxEntry, Owner, Page, Part, Scope,
    Snapshot, SnapshotWritten, StatisticsQuery, StoreError,
};

/// A [`Store`] in memory.
#[derive(Default)]
pub struct InMemory(RwLock<State>);

#[derive(Default)]
struct State {
    merged: MemoryStore,
    /// Findings without drafts.
    inserted: BTreeMap<String, Finding>,
    /// What a suppression archived.
    suppressed: BTreeSet<String>,
    documents: BTreeMap<DocumentKey, Document>,
    control: BTreeMap<u64, ControlEntry>,
    /// The number of the last control entry.
    last_control: u64,
    blobs: BTreeMap<BlobHash, Vec<u8>>,
    snapshots: Vec<(u64, BTreeMap<String, BlobHash>)>,
    outbox: Outbox,
}

/// What is published by whom.
#[derive(Default)]
struct Outbox {
    /// The last number that was given out.
    last: u64,
    /// What each sink has acknowledged.
    sinks: BTreeMap<String, u64>,
    /// By number: the finding and the number under which it was new.
    entries: BTreeMap<u64, (String, Owner, u64)>,
}

impl InMemory {
    /// An empty store.
    pub fn new() -> InMemory {
        InMemory::default()
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.merged.stored().map(|it| &it.finding).chain(self.inserted.values())
    }

    fn finding(&self, id: &str) -> Option<&Finding> {
        self.inserted.get(id).or_else(|| self.merged.finding(id).map(|it| &it.finding))
    }

    /// Changes the findings of the scope with these identifiers.
    fn edit(&mut self, scope: &Scope, ids: &[String], change: impl Fn(&mut Finding)) -> usize {
        let mut count = 0;
        for id in ids.iter().collect::<BTreeSet<_>>() {
            let finding = match self.inserted.get_mut(id) {
                Some(finding) => Some(finding),
                None => self.merged.finding_mut(id),
            };
            if let Some(finding) = finding.filter(|it| scope.contains(it)) {
                change(finding);
                count += 1;
            }
        }
        count
    }

    /// Deletes contents among `candidates` that nothing refers to any more.
    fn sweep(&mut self, candidates: &BTreeSet<BlobHash>) {
        let manifests = self.snapshots.iter().flat_map(|it| it.1.values());
        let control = self.control.values().flat_map(|it| &it.blobs);
        let used: BTreeSet<BlobHash> = manifests.chain(control).copied().collect();
        for hash in candidates.difference(&used) {
            self.blobs.remove(hash);
        }
    }
}

impl Outbox {
    fn push(&mut self, finding: &Finding, is_new: bool) {
        if self.sinks.is_empty() {
            return;
        }
        self.last += 1;
        let before = self.entries.iter().find(|it| it.1.0 == finding.id).map(|it| (*it.0, it.1.2));
        let new_at = match before {
            Some((sequence, new_at)) => {
                self.entries.remove(&sequence);
                new_at
            }
            None if is_new => self.last,
            None => 0,
        };
        let owner = Owner::new(finding.account_id, finding.region);
        self.entries.insert(self.last, (finding.id.clone(), owner, new_at));
    }

    fn trim(&mut self) {
        let done = self.sinks.values().min().copied().unwrap_or(u64::MAX);
        self.entries.retain(|sequence, _| *sequence > done);
    }
}

impl Store for InMemory {
    fn commit(&self, commit: Commit<'_>) -> Result<CommitOutcome, StoreError> {
        let mut guard = self.write();
        let state = &mut *guard;
        let outcome = state.merged.commit(commit.batch, commit.drafts, commit.time);
        let CommitOutcome::Committed { opened, updated, .. } = &outcome else {
            return Ok(outcome);
        };
        state.suppressed.extend(store::suppress(&mut state.merged, opened, commit.suppressions));
        for (ids, is_new) in [(opened, true), (updated, false)] {
            for id in ids.iter().filter(|it| !state.suppressed.contains(*it)) {
                if let Some(stored) = state.merged.finding(id) {
                    state.outbox.push(&stored.finding, is_new);
                }
            }
        }
        Ok(outcome)
    }

    fn mark(&self) -> Result<Option<u64>, StoreError> {
        Ok(self.read().merged.mark())
    }

    fn insert_findings(&self, findings: &[Finding]) -> Result<(), StoreError> {
        let mut guard = self.write();
        let state = &mut *guard;
        for finding in findings {
            state.merged.remove(&finding.id);
            state.suppressed.remove(&finding.id);
            state.inserted.insert(finding.id.clone(), finding.clone());
            state.outbox.push(finding, true);
        }
        Ok(())
    }

    fn list_findings(&self, query: &FindingQuery) -> Result<Page<String>, StoreError> {
        let after = query.position()?;
        let state = self.read();
        let mut found: Vec<Position> = state
            .findings()
            .filter(|it| query.scope.contains(it) && query.criteria.matches(it))
            .map(|it| Position { key: query.sort.key(it), id: it.id.clone() })
            .filter(|it| after.as_ref().is_none_or(|after| query.sort.is_before(after, it)))
            .collect();
        found.sort_by(|a, b| query.sort.cmp(a, b));
        found.truncate(query.limit() + 1);
        Ok(query.page(found))
    }

    fn get_findings(&self, scope: &Scope, ids: &[String]) -> Result<Vec<Finding>, StoreError> {
        let state = self.read();
        let found = ids.iter().filter_map(|it| state.finding(it));
        Ok(found.filter(|it| scope.contains(it)).cloned().collect())
    }

    fn statistics(&self, query: &StatisticsQuery) -> Result<Vec<Group>, StoreError> {
        let mut tally = Tally::new(query.group_by);
        for finding in self.read().findings() {
            if query.scope.contains(finding) && query.criteria.matches(finding) {
                tally.add(finding);
            }
        }
        Ok(query.settle(tally.groups()))
    }

    fn set_archived(
        &self,
        scope: &Scope,
        ids: &[String],
        archived: bool,
    ) -> Result<usize, StoreError> {
        let mut state = self.write();
        let count = state.edit(scope, ids, |it| it.service.archived = archived);
        if !archived {
            for id in ids {
                if state.finding(id).is_some_and(|it| scope.contains(it)) {
                    state.suppressed.remove(id);
                }
            }
        }
        Ok(count)
    }

    fn set_feedback(
        &self,
        scope: &Scope,
        ids: &[String],
        feedback: &str,
    ) -> Result<usize, StoreError> {
        let note = |it: &mut Finding| it.service.user_feedback = Some(feedback.to_owned());
        Ok(self.write().edit(scope, ids, note))
    }

    fn draft_keys(
        &self,
        scope: &Scope,
        ids: &[String],
    ) -> Result<BTreeMap<String, String>, StoreError> {
        let state = self.read();
        let of = |id: &String| {
            let stored = state.merged.finding(id).filter(|_| !state.inserted.contains_key(id))?;
            scope.contains(&stored.finding).then(|| (id.clone(), stored.draft.key.clone()))
        };
        Ok(ids.iter().filter_map(of).collect())
    }

    fn expire(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut state = self.write();
        let old = |it: &&Finding| it.updated_at + RETENTION < now;
        let ids: BTreeSet<String> = state.findings().filter(old).map(|it| it.id.clone()).collect();
        for id in &ids {
            state.merged.remove(id);
            state.inserted.remove(id);
            state.suppressed.remove(id);
        }
        state.outbox.entries.retain(|_, it| !ids.contains(&it.0));
        Ok(ids.len() as u64)
    }

    fn document(&self, key: &DocumentKey) -> Result<Option<Document>, StoreError> {
        Ok(self.read().documents.get(key).cloned())
    }

    fn list_documents(&self, query: &DocumentQuery) -> Result<Page<Document>, StoreError> {
        let after = query.position()?;
        let state = self.read();
        let found = state
            .documents
            .values()
            .filter(|it| it.key.kind == query.kind)
            .filter(|it| query.owner.is_none_or(|owner| owner == it.key.owner))
            .filter(|it| after.as_ref().is_none_or(|after| it.key > *after));
        Ok(query.page(found.take(query.limit() + 1).cloned().collect()))
    }

    fn apply(
        &self,
        changes: &[Change],
        control: Option<&ControlEntry>,
    ) -> Result<Option<u64>, StoreError> {
        let mut guard = self.write();
        let state = &mut *guard;
        let mut documents: BTreeMap<DocumentKey, Option<Document>> = BTreeMap::new();
        for change in changes {
            change.text()?;
            let before = match documents.get(&change.key) {
                Some(changed) => changed.as_ref().map(|it| it.version),
                None => state.documents.get(&change.key).map(|it| it.version),
            };
            if !change.expected.accepts(before) {
                return Err(change.conflict());
            }
            let version = before.unwrap_or(0) + 1;
            let document = |body| Document { key: change.key.clone(), version, body };
            documents.insert(change.key.clone(), change.body.clone().map(document));
        }
        for (key, document) in documents {
            match document {
                Some(document) => _ = state.documents.insert(key, document),
                None => _ = state.documents.remove(&key),
            }
        }
        Ok(control.map(|entry| {
            state.last_control += 1;
            let sequence = state.last_control;
            state.control.insert(sequence, ControlEntry { sequence, ..entry.clone() });
            sequence
        }))
    }

    fn control_entries(&self, after: u64, limit: usize) -> Result<Vec<ControlEntry>, StoreError> {
        let state = self.read();
        let entries = state.control.range(after.saturating_add(1)..).map(|it| it.1);
        Ok(entries.take(limit).cloned().collect())
    }

    fn trim_control(&self, through: u64) -> Result<(), StoreError> {
        let mut state = self.write();
        let kept = state.control.split_off(&through.saturating_add(1));
        let trimmed = std::mem::replace(&mut state.control, kept);
        let blobs = trimmed.into_values().flat_map(|it| it.blobs).collect();
        state.sweep(&blobs);
        Ok(())
    }

    fn put_blob(&self, bytes: &[u8]) -> Result<BlobHash, StoreError> {
        let hash = BlobHash::of(bytes);
        self.write().blobs.entry(hash).or_insert_with(|| bytes.to_vec());
        Ok(hash)
    }

    fn blob(&self, hash: &BlobHash) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.read().blobs.get(hash).cloned())
    }

    fn write_snapshot(
        &self,
        mark: u64,
        parts: &[(String, Part)],
    ) -> Result<SnapshotWritten, StoreError> {
        let mut guard = self.write();
        let state = &mut *guard;
        let (mut manifest, mut written) = (BTreeMap::new(), SnapshotWritten::default());
        let before = state.snapshots.last().map(|it| &it.1);
        for (name, part) in parts {
            let hash = match part {
                Part::Bytes(bytes) => BlobHash::of(bytes),
                Part::Unchanged => {
                    let hash = before.and_then(|it| it.get(name)).copied();
                    hash.ok_or_else(|| StoreError::MissingPart { part: name.clone() })?
                }
            };
            manifest.insert(name.clone(), hash);
        }
        for (name, part) in parts {
            match (part, manifest.get(name)) {
                (Part::Bytes(bytes), Some(hash)) if !state.blobs.contains_key(hash) => {
                    state.blobs.insert(*hash, bytes.clone());
                    written.written += 1;
                    written.bytes += bytes.len() as u64;
                }
                _ => written.reused += 1,
            }
        }
        state.snapshots.push((mark, manifest));
        if state.snapshots.len() > Snapshot::KEPT {
            let dropped = state.snapshots.remove(0);
            state.sweep(&dropped.1.into_values().collect());
        }
        Ok(written)
    }

    fn snapshot(&self) -> Result<Option<Snapshot>, StoreError> {
        let state = self.read();
        let Some((mark, manifest)) = state.snapshots.last() else { return Ok(None) };
        let part = |(name, hash): (&String, &BlobHash)| {
            state.blobs.get(hash).map(|it| (name.clone(), it.clone()))
        };
        Ok(Some(Snapshot { mark: *mark, parts: manifest.iter().filter_map(part).collect() }))
    }

    fn add_sink(&self, sink: &str) -> Result<(), StoreError> {
        let mut guard = self.write();
        let outbox = &mut guard.outbox;
        if outbox.sinks.contains_key(sink) {
            return Ok(());
        }
        if outbox.sinks.len() >= SINKS_MAX {
            return Err(StoreError::TooMany { what: "sinks", max: SINKS_MAX });
        }
        outbox.sinks.insert(sink.to_owned(), outbox.last);
        Ok(())
    }

    fn remove_sink(&self, sink: &str) -> Result<(), StoreError> {
        let mut guard = self.write();
        guard.outbox.sinks.remove(sink);
        guard.outbox.trim();
        Ok(())
    }

    fn outbox(&self, sink: &str, limit: usize) -> Result<Vec<OutboxEntry>, StoreError> {
        let state = self.read();
        let outbox = &state.outbox;
        let cursor = outbox.sinks.get(sink).copied();
        let cursor = cursor.ok_or_else(|| StoreError::UnknownSink { sink: sink.to_owned() })?;
        let entries = outbox.entries.range(cursor + 1..).take(limit.min(ENTRIES_MAX));
        let entry = |(sequence, (id, owner, new_at)): (&u64, &(String, Owner, u64))| OutboxEntry {
            sequence: *sequence,
            id: id.clone(),
            owner: *owner,
            is_new: *new_at > cursor,
        };
        Ok(entries.map(entry).collect())
    }

    fn acknowledge(&self, sink: &str, sequence: u64) -> Result<(), StoreError> {
        let mut guard = self.write();
        let outbox = &mut guard.outbox;
        let last = outbox.last;
        let unknown = || StoreError::UnknownSink { sink: sink.to_owned() };
        let cursor = outbox.sinks.get_mut(sink).ok_or_else(unknown)?;
        *cursor = sequence.min(last).max(*cursor);
        outbox.trim();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    crate::suite::suite! { Some((crate::InMemory::new(), ())) }
}
