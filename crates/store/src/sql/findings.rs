//! Findings in the two tables: the narrow one and that of documents.

use std::collections::{BTreeMap, BTreeSet};

use findings::{Finding, RETENTION};
use model::Timestamp;
use serde::Deserialize;

use super::backend::{Session, Value};
use super::tally::{self, Cell};
use super::{Meta, from_json, outbox, to_json};
use crate::criteria::Row;
use crate::statistics::DAY_MILLIS;
use crate::{Scope, StoreError};

/// A finding with what its JSON does not hold.
pub(crate) struct Stored {
    pub(crate) finding: Finding,
    /// The merged draft as JSON; none for a finding that was inserted.
    pub(crate) draft: Option<String>,
    /// Whether a suppression archived it.
    pub(crate) suppressed: bool,
}

/// The finding with this identifier.
pub(crate) fn load(session: &mut dyn Session, id: &str) -> Result<Option<Stored>, StoreError> {
    let sql = "SELECT d.finding, d.draft, f.suppressed FROM finding f \
               JOIN finding_document d ON d.n = f.n WHERE f.id = $1";
    let found = session.one(sql, &[id.into()], |row| {
        let draft = row.optional_text(1).map(str::to_owned);
        (row.text(0).to_owned(), draft, row.int(2) != 0)
    })?;
    let Some((text, draft, suppressed)) = found else { return Ok(None) };
    Ok(Some(Stored { finding: from_json(session, &text)?, draft, suppressed }))
}

/// Writes a finding over the one with the same identifier.
pub(crate) fn write(session: &mut dyn Session, stored: &Stored) -> Result<(), StoreError> {
    let row = Row::of(&stored.finding);
    let day = row.updated.day() * DAY_MILLIS;
    let sql = "INSERT INTO finding (id, account, region, type, severity, archived, suppressed, \
               resource_type, resource_id, created, updated, day, first_seen, last_seen, count) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
               ON CONFLICT (id) DO UPDATE SET account = excluded.account, \
               region = excluded.region, type = excluded.type, severity = excluded.severity, \
               archived = excluded.archived, suppressed = excluded.suppressed, \
               resource_type = excluded.resource_type, resource_id = excluded.resource_id, \
               created = excluded.created, updated = excluded.updated, day = excluded.day, \
               first_seen = excluded.first_seen, last_seen = excluded.last_seen, \
               count = excluded.count RETURNING n";
    let parameters: [Value; 15] = [
        row.id.as_str().into(),
        row.account.as_str().into(),
        row.region.as_str().into(),
        row.finding_type.as_str().into(),
        i64::from(row.severity.value()).into(),
        i64::from(row.archived).into(),
        i64::from(stored.suppressed).into(),
        row.resource_type.as_str().into(),
        row.resource_id.as_str().into(),
        row.created.millis().into(),
        row.updated.millis().into(),
        day.into(),
        row.first_seen.millis().into(),
        row.last_seen.millis().into(),
        row.count.into(),
    ];
    let before = tally::cell(session, &row.id)?;
    let n = session.one(sql, &parameters, |row| row.int(0))?.unwrap_or(0);
    let [_, account, region, kind, severity, archived, _, resource_type, _, _, _, day, ..] =
        parameters;
    let values = [account, region, kind, severity, archived, resource_type, day];
    let after = Cell { values, updated: row.updated.millis() };
    tally::moved(session, before.as_ref(), &after)?;
    let sql = "INSERT INTO finding_document (n, finding, draft) VALUES ($1, $2, $3) \
               ON CONFLICT (n) DO UPDATE SET finding = excluded.finding, draft = excluded.draft";
    let finding = to_json(session, &stored.finding)?;
    let draft = stored.draft.as_deref().map_or(Value::Null, Value::from);
    session.execute(sql, &[n.into(), finding, draft])?;
    Ok(())
}

pub(crate) fn insert(session: &mut dyn Session, findings: &[Finding]) -> Result<(), StoreError> {
    for finding in findings {
        let sql = "SELECT n FROM finding WHERE id = $1";
        if session.one(sql, &[finding.id.as_str().into()], |row| row.int(0))?.is_none() {
            Meta::Findings.add(session, 1)?;
        }
        write(session, &Stored { finding: finding.clone(), draft: None, suppressed: false })?;
        outbox::push(session, finding, true)?;
    }
    Ok(())
}

pub(crate) fn get(
    session: &mut dyn Session,
    scope: &Scope,
    ids: &[String],
) -> Result<Vec<Finding>, StoreError> {
    let mut findings = Vec::new();
    for id in ids {
        let stored = load(session, id)?;
        findings.extend(stored.map(|it| it.finding).filter(|it| scope.contains(it)));
    }
    Ok(findings)
}

/// Changes the findings of the scope with these identifiers and tells how many there are.
pub(crate) fn edit(
    session: &mut dyn Session,
    scope: &Scope,
    ids: &[String],
    change: impl Fn(&mut Stored),
) -> Result<usize, StoreError> {
    let mut count = 0;
    for id in ids.iter().collect::<BTreeSet<_>>() {
        let stored = load(session, id)?;
        if let Some(mut stored) = stored.filter(|it| scope.contains(&it.finding)) {
            change(&mut stored);
            write(session, &stored)?;
            count += 1;
        }
    }
    Ok(count)
}

/// The keys of the drafts behind the findings of the scope with these identifiers.
pub(crate) fn draft_keys(
    session: &mut dyn Session,
    scope: &Scope,
    ids: &[String],
) -> Result<BTreeMap<String, String>, StoreError> {
    #[derive(Deserialize)]
    struct Keyed {
        key: String,
    }
    let mut keys = BTreeMap::new();
    for id in ids {
        let stored = load(session, id)?.filter(|it| scope.contains(&it.finding));
        if let Some(draft) = stored.and_then(|it| it.draft) {
            keys.insert(id.clone(), from_json::<Keyed>(session, &draft)?.key);
        }
    }
    Ok(keys)
}

pub(crate) fn expire(session: &mut dyn Session, now: Timestamp) -> Result<u64, StoreError> {
    let end = (now - RETENTION).millis();
    let sql = "DELETE FROM outbox WHERE id IN (SELECT id FROM finding WHERE updated < $1)";
    session.execute(sql, &[end.into()])?;
    let columns = tally::CELL_COLUMNS.join(", ");
    let sql =
        format!("SELECT {columns}, COUNT(*) FROM finding WHERE updated < $1 GROUP BY {columns}");
    let cells = session.all(&sql, &[end.into()], |row| {
        let values = |it| row.values.get(it).cloned().unwrap_or(Value::Null);
        // What is left of a cell was updated later, so its latest stays.
        let cell = Cell { values: std::array::from_fn(values), updated: i64::MIN };
        (cell, row.int(tally::CELL_COLUMNS.len()))
    })?;
    // The documents go with the rows of the narrow table.
    let count = session.execute("DELETE FROM finding WHERE updated < $1", &[end.into()])?;
    for (cell, count) in cells {
        tally::BY_TYPE.remove(session, &cell, count)?;
        tally::BY_DAY.remove(session, &cell, count)?;
    }
    Meta::Findings.add(session, -count.cast_signed())?;
    Ok(count)
}
