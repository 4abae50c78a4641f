//! The records behind findings, kept beside them: the logs are dropped earlier than what they prove.

use std::collections::BTreeMap;

use anyhow::Result;
use findings::{Draft, EvidenceRecord, EvidenceRef, finding_id};
use serde::{Deserialize, Serialize};
use store::{Change, DocumentKey, Owner, Scope, Store};

use super::spool::Spool;

/// The kind of the documents.
const KIND: &str = "evidence";
/// Records that are kept of a finding: the earliest, as of its drafts.
const RECORDS_MAX: usize = 8;
/// How often an activity may have come back after its finding expired.
const GENERATIONS_MAX: u32 = 8;

/// What is kept of a finding.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Kept {
    /// The records, the earliest first.
    pub records: Vec<EvidenceRecord>,
}

/// Keeps the records of drafts that were committed. Doing it again changes nothing.
pub(super) fn keep(store: &dyn Store, spool: &Spool, drafts: &[Draft]) -> Result<()> {
    for draft in drafts.iter().filter(|it| !it.evidence.is_empty()) {
        let owner = Owner { account: draft.account, region: draft.region };
        let Some(id) = latest(store, owner, draft)? else { continue };
        let mut kept = read(store, owner, &id)?;
        let before = kept.clone();
        let last = kept.records.last().map(|it| it.time);
        let is_full = kept.records.len() >= RECORDS_MAX;
        for reference in &draft.evidence {
            if is_full && last.is_some_and(|it| it <= reference.time) {
                continue;
            }
            // An object that was dropped from the spool cannot be fetched any more.
            if let Some(record) = fetch(spool, *reference) {
                add(&mut kept.records, record);
            }
        }
        if kept != before {
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

fn fetch(spool: &Spool, reference: EvidenceRef) -> Option<EvidenceRecord> {
    let object = spool.object(reference.origin.object).ok()?;
    let bytes = telemetry::extract(object.read().ok()?, &[reference.origin]);
    let record = bytes.into_iter().next().flatten()?;
    Some(EvidenceRecord::new(reference, &object.name, &record))
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
    use engine::model::{Origin, Timestamp};

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
