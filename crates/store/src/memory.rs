//! Findings in memory, for scans and tests.

use std::collections::{BTreeMap, BTreeSet};

use findings::{AggregationKey, Commits, Draft, Finding, FindingType, ResourceRole, finding_id};
use model::{AccountId, Region, Timestamp};

/// What every store of findings can do.
pub trait FindingStore {
    /// Merges the drafts of one batch. Nothing else changes findings.
    ///
    /// Batches are committed in ascending order: a number at or below the mark was committed before and
    /// is ignored. The order of the drafts makes no difference.
    fn commit(&mut self, batch: u64, drafts: Vec<Draft>, commit_time: Timestamp) -> CommitOutcome;

    /// Every finding: the most severe first, then the latest, then by id.
    fn findings(&self) -> Vec<&StoredFinding>;
}

/// What became of a batch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CommitOutcome {
    /// The batch is at or below the mark: its drafts are in the store already.
    Ignored {
        /// The last batch that was committed.
        mark: u64,
    },
    /// The drafts were merged.
    Committed {
        /// Identifiers of findings that did not exist before.
        opened: Vec<String>,
        /// Identifiers of findings that existed before.
        updated: Vec<String>,
        /// Drafts that would have opened a finding beyond the limit of the store.
        dropped: u64,
    },
}

/// A finding with what its JSON does not hold.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredFinding {
    /// All drafts of the finding, merged: its evidence, reasons and type.
    pub draft: Draft,
    /// Zero, and one more each time that the activity came back after retention.
    pub generation: u32,
    /// The finding as it is published.
    pub finding: Finding,
}

/// A store that lives as long as the process.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    findings: BTreeMap<String, StoredFinding>,
    /// The newest generation of each key: older ones take no more drafts.
    newest: BTreeMap<AggregationKey, u32>,
    types: BTreeMap<&'static str, &'static FindingType>,
    mark: Option<u64>,
    limit: usize,
}

impl MemoryStore {
    /// Most findings that a store holds unless told otherwise: several gigabytes at some 4 kB each.
    pub const LIMIT: usize = 1_000_000;

    /// An empty store.
    pub fn new() -> MemoryStore {
        MemoryStore::with_limit(MemoryStore::LIMIT)
    }

    /// An empty store that holds at most `limit` findings; what exists is still updated beyond it.
    pub fn with_limit(limit: usize) -> MemoryStore {
        let (findings, newest, types) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        MemoryStore { findings, newest, types, mark: None, limit }
    }

    /// The last batch that was committed.
    pub fn mark(&self) -> Option<u64> {
        self.mark
    }

    /// The finding with this identifier.
    pub fn finding(&self, id: &str) -> Option<&StoredFinding> {
        self.findings.get(id)
    }

    /// The type with this name, if the store holds a finding of it.
    pub fn finding_type(&self, name: &str) -> Option<&'static FindingType> {
        self.types.get(name).copied()
    }

    /// Every finding, in the order of identifiers.
    pub(crate) fn stored(&self) -> impl Iterator<Item = &StoredFinding> {
        self.findings.values()
    }

    pub(crate) fn finding_mut(&mut self, id: &str) -> Option<&mut Finding> {
        self.findings.get_mut(id).map(|it| &mut it.finding)
    }

    /// Deletes a finding. Its generation stays, so the next draft opens the one after.
    pub(crate) fn remove(&mut self, id: &str) -> Option<StoredFinding> {
        self.findings.remove(id)
    }

    /// Takes over the newest generation of a key from another store.
    pub(crate) fn resume_key(&mut self, key: AggregationKey, generation: u32) {
        self.newest.insert(key, generation);
    }

    /// Takes over a finding from another store.
    pub(crate) fn resume(&mut self, stored: StoredFinding) {
        self.findings.insert(stored.finding.id.clone(), stored);
    }

    /// Merges one draft and tells the finding's identifier and whether it did not exist before; nothing
    /// when the store is full.
    fn take(&mut self, mut draft: Draft, commit_time: Timestamp) -> Option<(String, bool)> {
        draft.settle_evidence();
        let key = draft.aggregation_key();
        let newest = self.newest.get(&key).copied();
        if let Some(generation) = newest {
            let id = finding_id(&key, generation);
            if let Some(stored) = self.findings.get_mut(&id)
                && !draft.opens_generation(stored.draft.last)
            {
                stored.draft.merge(draft);
                // Written anew only once per batch, see `publish`.
                stored.finding.updated_at = commit_time;
                return Some((id, false));
            }
        }
        if self.findings.len() >= self.limit {
            return None;
        }
        let generation = newest.map_or(0, |it| it + 1);
        self.types.insert(draft.finding_type.name, draft.finding_type);
        let commits = Commits { first: commit_time, last: commit_time };
        let finding = Finding::from_draft(&draft, generation, commits);
        let id = finding.id.clone();
        self.newest.insert(key, generation);
        self.findings.insert(id.clone(), StoredFinding { draft, generation, finding });
        Some((id, true))
    }

    /// Writes the finding from its merged draft; what people decided about it stays.
    fn publish(&mut self, id: &str) {
        let Some(stored) = self.findings.get_mut(id) else { return };
        let old = &stored.finding;
        let commits = Commits { first: old.created_at, last: old.updated_at };
        let mut finding = Finding::from_draft(&stored.draft, stored.generation, commits);
        finding.service.archived = old.service.archived;
        finding.service.user_feedback.clone_from(&old.service.user_feedback);
        stored.finding = finding;
    }
}

impl Default for MemoryStore {
    fn default() -> MemoryStore {
        MemoryStore::new()
    }
}

impl FindingStore for MemoryStore {
    fn commit(
        &mut self,
        batch: u64,
        mut drafts: Vec<Draft>,
        commit_time: Timestamp,
    ) -> CommitOutcome {
        if let Some(mark) = self.mark
            && batch <= mark
        {
            return CommitOutcome::Ignored { mark };
        }
        // Generations depend on what came before: time order makes them a function of the set of drafts.
        drafts.sort_by(|a, b| {
            fn key(it: &Draft) -> (&str, &str, AccountId, &Region, ResourceRole) {
                (&it.key, it.finding_type.name, it.account, &it.region, it.role)
            }
            key(a).cmp(&key(b)).then_with(|| a.cmp_time(b))
        });
        let (mut opened, mut updated, mut dropped) = (BTreeSet::new(), BTreeSet::new(), 0);
        for draft in drafts {
            match self.take(draft, commit_time) {
                Some((id, true)) => _ = opened.insert(id),
                Some((id, false)) => _ = updated.insert(id),
                None => dropped += 1,
            }
        }
        for id in &updated {
            self.publish(id);
        }
        self.mark = Some(batch);
        CommitOutcome::Committed {
            updated: updated.difference(&opened).cloned().collect(),
            opened: opened.into_iter().collect(),
            dropped,
        }
    }

    fn findings(&self) -> Vec<&StoredFinding> {
        let mut findings: Vec<&StoredFinding> = self.findings.values().collect();
        findings.sort_by(|a, b| {
            let (left, right) = (&a.finding, &b.finding);
            (right.severity, right.service.event_last_seen, &left.id).cmp(&(
                left.severity,
                left.service.event_last_seen,
                &right.id,
            ))
        });
        findings
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use findings::{RETENTION, canonical};
    use model::Severity;

    use super::*;

    const SSH: &FindingType = &FindingType {
        name: "UnauthorizedAccess:EC2/SSHBruteForce",
        severity: Severity::LOW,
        title: "SSH brute force attack",
        about: "",
        detection: "",
        false_positives: "",
        response: "",
        techniques: &[],
        data: &[],
        aggregation: "",
        is_own: false,
    };
    const START: Timestamp = Timestamp::from_secs(1_772_366_400);
    const MINUTE: Duration = Duration::from_mins(1);

    fn draft(key: &str, time: Timestamp, severity: Severity) -> Draft {
        let account = AccountId::new(111_122_223_333).unwrap();
        let mut draft = Draft::new(SSH, account, Region::new("eu-central-1"), key, time);
        draft.severity = severity;
        draft
    }

    fn low(key: &str, time: Timestamp) -> Draft {
        draft(key, time, Severity::LOW)
    }

    fn ids(store: &MemoryStore) -> Vec<(u32, u64)> {
        store.findings().iter().map(|it| (it.generation, it.finding.service.count)).collect()
    }

    #[test]
    fn later_drafts_update_the_finding() {
        let mut store = MemoryStore::new();
        let first = store.commit(0, vec![low("i-1", START)], START + MINUTE);
        let CommitOutcome::Committed { opened, updated, dropped: 0 } = first else { panic!() };
        assert_eq!((opened.len(), updated.len()), (1, 0));
        let high = draft("i-1", START + MINUTE, Severity::HIGH);
        let second = store.commit(1, vec![high], START + MINUTE * 2);
        assert_eq!(
            second,
            CommitOutcome::Committed { opened: vec![], updated: opened.clone(), dropped: 0 }
        );
        let finding = &store.finding(&opened[0]).unwrap().finding;
        assert_eq!(finding.service.count, 2);
        assert_eq!(finding.severity, Severity::HIGH);
        assert_eq!(finding.created_at, START + MINUTE);
        assert_eq!(finding.updated_at, START + MINUTE * 2);
        assert_eq!(finding.service.event_first_seen, START);
        assert_eq!(finding.service.event_last_seen, START + MINUTE);
        assert_eq!(store.finding_type(SSH.name), Some(SSH));
    }

    #[test]
    fn a_batch_is_committed_once() {
        let mut store = MemoryStore::new();
        store.commit(7, vec![low("i-1", START)], START);
        let before = store.clone();
        for batch in [7, 3] {
            let outcome = store.commit(batch, vec![low("i-2", START)], START);
            assert_eq!(outcome, CommitOutcome::Ignored { mark: 7 });
        }
        assert_eq!(store.findings(), before.findings());
        assert_eq!(store.mark(), Some(7));
    }

    #[test]
    fn activity_after_retention_opens_a_generation() {
        let mut store = MemoryStore::new();
        let late = START + RETENTION;
        store.commit(0, vec![low("i-1", START)], START);
        store.commit(1, vec![low("i-1", late)], START);
        assert_eq!(ids(&store), [(0, 2)]);
        store.commit(2, vec![low("i-1", late + RETENTION + Duration::from_millis(1))], START);
        store.commit(3, vec![low("i-1", late + RETENTION + MINUTE)], START);
        assert_eq!(ids(&store), [(1, 2), (0, 2)]);
        let all = store.findings();
        assert_ne!(all[0].finding.id, all[1].finding.id);
    }

    #[test]
    fn the_order_inside_a_batch_makes_no_difference() {
        let times = [0, 1, 80, 95, 170, 300, 301, 500].map(|it| START + MINUTE * 60 * 24 * it);
        let drafts: Vec<Draft> =
            times.iter().flat_map(|&it| [low("i-1", it), low("i-2", it)]).collect();
        let mut expected = MemoryStore::new();
        expected.commit(0, drafts.clone(), START);
        assert_eq!(ids(&expected).len(), 6);
        for turn in 1..drafts.len() {
            let mut turned = drafts.clone();
            turned.rotate_left(turn);
            turned.swap(0, turn);
            let mut store = MemoryStore::new();
            store.commit(0, turned, START);
            assert_eq!(store.findings(), expected.findings());
        }
    }

    #[test]
    fn batches_do_not_show_in_findings() {
        let drafts: Vec<Draft> = (0..9).map(|it| low("i-1", START + MINUTE * it)).collect();
        let mut whole = MemoryStore::new();
        whole.commit(0, drafts.clone(), START);
        let mut parts = MemoryStore::new();
        for (batch, part) in drafts.chunks(2).enumerate() {
            parts.commit(batch as u64, part.to_vec(), START + MINUTE * batch as u32);
        }
        let canonical = |store: &MemoryStore| -> Vec<_> {
            store.findings().iter().map(|it| canonical(&it.finding)).collect()
        };
        assert_eq!(canonical(&whole), canonical(&parts));
    }

    #[test]
    fn findings_are_sorted_by_severity_then_time_then_id() {
        let mut store = MemoryStore::new();
        let drafts = vec![
            low("i-1", START),
            low("i-2", START + MINUTE),
            draft("i-3", START, Severity::HIGH),
            draft("i-4", START, Severity::HIGH),
        ];
        store.commit(0, drafts, START);
        let all = store.findings();
        let keys: Vec<&str> = all.iter().map(|it| it.draft.key.as_str()).collect();
        assert_eq!(keys[2..], ["i-2", "i-1"]);
        assert!(all[0].finding.id < all[1].finding.id);
        assert_eq!(all[1].finding.severity, Severity::HIGH);
    }

    #[test]
    fn a_full_store_still_updates() {
        let mut store = MemoryStore::with_limit(1);
        store.commit(0, vec![low("i-1", START)], START);
        let outcome = store.commit(1, vec![low("i-2", START), low("i-1", START)], START);
        let CommitOutcome::Committed { opened, updated, dropped } = outcome else { panic!() };
        assert_eq!((opened.len(), updated.len(), dropped), (0, 1, 1));
        assert_eq!(ids(&store), [(0, 2)]);
    }
}
