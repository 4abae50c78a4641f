//! The records behind findings, kept beside them: the logs are dropped earlier than what they prove.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use engine::model::Origin;
use findings::{Draft, EvidenceRecord, EvidenceRef, finding_id};
use serde::{Deserialize, Serialize};
use store::{Change, DocumentKey, Owner, Scope, Store};

use super::spool::Spool;

/// The kind of the documents.
const KIND: &str = "evidence";
/// Records that are kept of a finding: the earliest, as of its drafts.
const RECORDS_MAX: usize = 8;
/// Places that are remembered of a finding.
const ORIGINS_MAX: usize = 256;
/// How often an activity may have come back after its finding expired.
const GENERATIONS_MAX: u32 = 8;

/// What is kept of a finding.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Kept {
    /// The records, the earliest first.
    pub records: Vec<EvidenceRecord>,
    /// Where records were fetched from, or could not be: once is enough.
    origins: BTreeSet<Origin>,
}

/// Keeps the records of drafts that were committed. Doing it again changes nothing.
pub(super) fn keep(store: &dyn Store, spool: &Spool, drafts: &[Draft]) -> Result<()> {
    for draft in drafts.iter().filter(|it| !it.evidence.is_empty()) {
        let owner = Owner { account: draft.account, region: draft.region };
        let Some(id) = latest(store, owner, draft)? else { continue };
        let mut kept = read(store, owner, &id)?;
        let before = kept.origins.len();
        for (object, references) in kept.wanted(&draft.evidence) {
            let records = fetch(spool, object, &references);
            kept.origins.extend(references.iter().map(|it| it.origin));
            for it in records {
                add(&mut kept.records, it);
            }
        }
        if kept.origins.len() > before {
            let body = serde_json::to_value(&kept)?;
            store.apply(&[Change::put(DocumentKey::new(owner, KIND, id), body)], None)?;
        }
    }
    Ok(())
}

/// What is kept of a finding.
pub fn read(store: &dyn Store, owner: Owner, id: &str) -> Result<Kept> {
    let document = store.document(&DocumentKey::new(owner, KIND, id))?;
    Ok(document.map_or_else(|| Ok(Kept::default()), |it| serde_json::from_value(it.body))?)
}

/// The finding that a draft went into.
fn latest(store: &dyn Store, owner: Owner, draft: &Draft) -> Result<Option<String>> {
    let key = draft.aggregation_key();
    let ids: Vec<String> = (0..GENERATIONS_MAX).map(|it| finding_id(&key, it)).collect();
    let found = store.get_findings(&Scope::of(owner), &ids)?;
    Ok(found.into_iter().next_back().map(|it| it.id))
}

impl Kept {
    /// What is to be fetched, by object and in the order of offsets: what may be among the earliest.
    fn wanted(&self, references: &[EvidenceRef]) -> BTreeMap<u32, Vec<EvidenceRef>> {
        let last = self.records.last().map(|it| it.time);
        let is_full = self.records.len() >= RECORDS_MAX;
        let is_late = |it: &EvidenceRef| is_full && last.is_some_and(|last| last <= it.time);
        let mut wanted: BTreeMap<u32, Vec<EvidenceRef>> = BTreeMap::new();
        let room = ORIGINS_MAX.saturating_sub(self.origins.len());
        let is_new = |it: &&EvidenceRef| !self.origins.contains(&it.origin) && !is_late(it);
        for it in references.iter().filter(is_new).take(room) {
            wanted.entry(it.origin.object).or_default().push(*it);
        }
        for it in wanted.values_mut() {
            it.sort_unstable_by_key(|it| it.origin.offset);
        }
        wanted
    }
}

/// Records of an object, in one pass; none of one that was dropped from the spool.
fn fetch(spool: &Spool, object: u32, references: &[EvidenceRef]) -> Vec<EvidenceRecord> {
    let Ok(object) = spool.object(object) else { return Vec::new() };
    let Ok(bytes) = object.read() else { return Vec::new() };
    let origins: Vec<Origin> = references.iter().map(|it| it.origin).collect();
    let records = references.iter().zip(telemetry::extract(bytes, &origins));
    let record = |(it, bytes): (&EvidenceRef, Option<Vec<u8>>)| {
        Some(EvidenceRecord::new(*it, &object.name, &bytes?))
    };
    records.filter_map(record).collect()
}

/// Adds a record unless it is there, and keeps the earliest ones.
fn add(records: &mut Vec<EvidenceRecord>, record: EvidenceRecord) {
    let mut all: BTreeMap<_, EvidenceRecord> = BTreeMap::new();
    for it in records.drain(..).chain([record]) {
        all.entry((it.time, it.sha256.clone())).or_insert(it);
    }
    records.extend(all.into_values().take(RECORDS_MAX));
}

#[cfg(test)]
mod tests {
    use engine::model::Timestamp;

    use super::*;

    fn record(minute: i64) -> EvidenceRecord {
        let time = Timestamp::from_secs(minute * 60);
        let reference = EvidenceRef { time, origin: Origin { object: 0, len: 1, offset: 0 } };
        EvidenceRecord::new(reference, "file", minute.to_string().as_bytes())
    }

    #[test]
    fn the_earliest_records_are_kept_once() {
        let mut records = Vec::new();
        for minute in [9, 3, 3, 12, 1, 8, 7, 6, 5, 4, 2] {
            add(&mut records, record(minute));
        }
        let minutes: Vec<i64> = records.iter().map(|it| it.time.secs() / 60).collect();
        assert_eq!(minutes, [1, 2, 3, 4, 5, 6, 7, 8]);
    }
}
