//! One batch in one transaction: load what its drafts belong to, merge in memory, write back.

use std::collections::BTreeMap;

use findings::{AggregationKey, FindingType, finding_id};

use super::backend::Session;
use super::draft::DraftRecord;
use super::findings::{Stored, load, write};
use super::{Meta, from_json, outbox};
use crate::store::{Commit, suppress};
use crate::{CommitOutcome, FindingStore as _, MemoryStore, StoreError, StoredFinding};

pub(crate) fn commit(
    session: &mut dyn Session,
    commit: Commit<'_>,
    limit: usize,
) -> Result<CommitOutcome, StoreError> {
    let mark = Meta::Mark.get(session)?.map(i64::cast_unsigned);
    if let Some(mark) = mark.filter(|it| commit.batch <= *it) {
        return Ok(CommitOutcome::Ignored { mark });
    }
    let keys: BTreeMap<AggregationKey, &'static FindingType> =
        commit.drafts.iter().map(|it| (it.aggregation_key(), it.finding_type)).collect();
    // The memory store merges, so both have the same rules; it holds what the batch concerns.
    let loaded = load_keys(session, keys)?;
    let count = usize::try_from(Meta::Findings.get(session)?.unwrap_or(0)).unwrap_or(0);
    let mut merged = MemoryStore::with_limit(limit.saturating_sub(count) + loaded.findings.len());
    let mut suppressed = loaded.suppressed;
    for (key, generation) in loaded.newest {
        merged.resume_key(key, generation);
    }
    for stored in loaded.findings {
        merged.resume(stored);
    }
    let outcome = merged.commit(commit.batch, commit.drafts, commit.time);
    if let CommitOutcome::Committed { opened, updated, .. } = &outcome {
        for id in suppress(&mut merged, opened, commit.suppressions) {
            suppressed.insert(id, true);
        }
        Meta::Findings.add(session, opened.len() as i64)?;
        for (ids, is_new) in [(opened, true), (updated, false)] {
            for id in ids {
                let Some(stored) = merged.finding(id) else { continue };
                let is_suppressed = suppressed.get(id).copied().unwrap_or(false);
                write_merged(session, stored, is_suppressed, is_new)?;
            }
        }
    }
    Meta::Mark.set(session, commit.batch.cast_signed())?;
    Ok(outcome)
}

/// What the drafts of a batch may be merged into.
#[derive(Default)]
struct Loaded {
    newest: Vec<(AggregationKey, u32)>,
    findings: Vec<StoredFinding>,
    suppressed: BTreeMap<String, bool>,
}

fn load_keys(
    session: &mut dyn Session,
    keys: BTreeMap<AggregationKey, &'static FindingType>,
) -> Result<Loaded, StoreError> {
    let mut loaded = Loaded::default();
    for (key, finding_type) in keys {
        let sql = "SELECT generation FROM lineage WHERE root = $1";
        let root = finding_id(&key, 0);
        let generation = session.one(sql, &[root.as_str().into()], |row| row.int(0) as u32)?;
        let Some(generation) = generation else { continue };
        let id = finding_id(&key, generation);
        loaded.newest.push((key, generation));
        let Some(stored) = load(session, &id)? else { continue };
        // A finding that was inserted has no draft to merge into.
        let Some(draft) = &stored.draft else { continue };
        let draft = from_json::<DraftRecord>(session, draft)?.into_draft(finding_type);
        loaded.findings.push(StoredFinding { draft, generation, finding: stored.finding });
        loaded.suppressed.insert(id, stored.suppressed);
    }
    Ok(loaded)
}

fn write_merged(
    session: &mut dyn Session,
    merged: &StoredFinding,
    suppressed: bool,
    is_new: bool,
) -> Result<(), StoreError> {
    let finding = &merged.finding;
    let draft = serde_json::to_string(&super::draft::DraftRef::from(&merged.draft));
    let draft = Some(draft.map_err(|error| session.damaged(&error.to_string()))?);
    write(session, &Stored { finding: finding.clone(), draft, suppressed })?;
    if is_new {
        let root = finding_id(&merged.draft.aggregation_key(), 0);
        let sql = "INSERT INTO lineage (root, generation) VALUES ($1, $2) \
                   ON CONFLICT (root) DO UPDATE SET generation = excluded.generation";
        session.execute(sql, &[root.as_str().into(), i64::from(merged.generation).into()])?;
    }
    if suppressed { Ok(()) } else { outbox::push(session, finding, is_new) }
}
