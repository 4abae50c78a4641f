//! Resources of the API and the control journal.

use std::ops::ControlFlow;

use model::{AccountId, Region, Timestamp};

use super::backend::{Row, Session, Value};
use super::snapshots::sweep;
use super::{Meta, from_json, to_json};
use crate::{
    BlobHash, Change, ControlEntry, Document, DocumentKey, DocumentQuery, Owner, Page, StoreError,
};

/// The four columns of a key.
fn place(key: &DocumentKey) -> Vec<Value> {
    let owner = key.owner;
    vec![
        Value::Text(key.kind.clone()),
        Value::Text(owner.account.to_string()),
        owner.region.as_str().into(),
        Value::Text(key.id.clone()),
    ]
}

const AT_PLACE: &str = "WHERE kind = $1 AND account = $2 AND region = $3 AND id = $4";

pub(crate) fn get(
    session: &mut dyn Session,
    key: &DocumentKey,
) -> Result<Option<Document>, StoreError> {
    let sql = format!("SELECT version, body FROM document {AT_PLACE}");
    let found = session
        .one(&sql, &place(key), |row| (row.int(0).cast_unsigned(), row.text(1).to_owned()))?;
    let Some((version, text)) = found else { return Ok(None) };
    Ok(Some(Document { key: key.clone(), version, body: from_json(session, &text)? }))
}

pub(crate) fn list(
    session: &mut dyn Session,
    query: &DocumentQuery,
    after: Option<&DocumentKey>,
) -> Result<Page<Document>, StoreError> {
    let mut sql =
        "SELECT account, region, id, version, body FROM document WHERE kind = $1".to_owned();
    let mut parameters = vec![Value::Text(query.kind.clone())];
    if let Some(owner) = query.owner {
        sql.push_str(" AND account = $2 AND region = $3");
        parameters.push(Value::Text(owner.account.to_string()));
        parameters.push(owner.region.as_str().into());
    }
    if let Some(after) = after {
        let n = parameters.len();
        let names = [n + 1, n + 2, n + 3].map(|it| format!("${it}")).join(", ");
        sql = format!("{sql} AND (account, region, id) > ({names})");
        parameters.extend(place(after).into_iter().skip(1));
    }
    parameters.push(Value::Int(query.limit() as i64 + 1));
    sql = format!("{sql} ORDER BY account, region, id LIMIT ${}", parameters.len());
    let mut rows = Vec::new();
    session.query(&sql, &parameters, &mut |row| {
        rows.push((key(query, row), row.int(3).cast_unsigned(), row.text(4).to_owned()));
        Ok(ControlFlow::Continue(()))
    })?;
    let mut found = Vec::new();
    for (key, version, text) in rows {
        found.push(Document { key, version, body: from_json(session, &text)? });
    }
    Ok(query.page(found))
}

fn key(query: &DocumentQuery, row: &Row<'_>) -> DocumentKey {
    let account = row.text(0).parse().unwrap_or(AccountId::UNKNOWN);
    let owner = Owner::new(account, Region::new(row.text(1)));
    DocumentKey::new(owner, query.kind.clone(), row.text(2))
}

pub(crate) fn apply(
    session: &mut dyn Session,
    changes: &[Change],
    control: Option<&ControlEntry>,
) -> Result<Option<u64>, StoreError> {
    for change in changes {
        let text = change.text()?;
        let mut parameters = place(&change.key);
        let sql = format!("SELECT version FROM document {AT_PLACE}");
        let before = session.one(&sql, &parameters, |row| row.int(0).cast_unsigned())?;
        if !change.expected.accepts(before) {
            return Err(change.conflict());
        }
        let Some(text) = text else {
            session.execute(&format!("DELETE FROM document {AT_PLACE}"), &parameters)?;
            continue;
        };
        parameters.push(Value::Int(before.unwrap_or(0).cast_signed() + 1));
        parameters.push(Value::Text(text));
        let sql = "INSERT INTO document (kind, account, region, id, version, body) \
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (kind, account, region, id) \
                   DO UPDATE SET version = excluded.version, body = excluded.body";
        session.execute(sql, &parameters)?;
    }
    control.map(|it| append(session, it)).transpose()
}

fn append(session: &mut dyn Session, entry: &ControlEntry) -> Result<u64, StoreError> {
    let sequence = Meta::Control.add(session, 1)?;
    let body = to_json(session, &entry.body)?;
    let sql = "INSERT INTO control (sequence, at, body) VALUES ($1, $2, $3)";
    session.execute(sql, &[sequence.into(), entry.time.millis().into(), body])?;
    for (position, hash) in entry.blobs.iter().enumerate() {
        let sql = "INSERT INTO control_blob (sequence, position, hash) VALUES ($1, $2, $3)";
        let position = position as i64;
        session.execute(sql, &[sequence.into(), position.into(), hash.0.as_slice().into()])?;
    }
    Ok(sequence.cast_unsigned())
}

pub(crate) fn control(
    session: &mut dyn Session,
    after: u64,
    limit: usize,
) -> Result<Vec<ControlEntry>, StoreError> {
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let sql =
        "SELECT sequence, at, body FROM control WHERE sequence > $1 ORDER BY sequence LIMIT $2";
    let rows = session.all(sql, &[after.into(), limit.into()], |row| {
        (row.int(0), row.int(1), row.text(2).to_owned())
    })?;
    let mut entries = Vec::new();
    for (sequence, at, body) in rows {
        let sql = "SELECT hash FROM control_blob WHERE sequence = $1 ORDER BY position";
        let hashes = session.all(sql, &[sequence.into()], |row| row.bytes(0).to_vec())?;
        entries.push(ControlEntry {
            sequence: sequence.cast_unsigned(),
            time: Timestamp::from_millis(at),
            body: from_json(session, &body)?,
            blobs: hashes.into_iter().filter_map(|it| it.try_into().ok().map(BlobHash)).collect(),
        });
    }
    Ok(entries)
}

pub(crate) fn trim(session: &mut dyn Session, through: u64) -> Result<(), StoreError> {
    let through = Value::Int(i64::try_from(through).unwrap_or(i64::MAX));
    let through = std::slice::from_ref(&through);
    let sql = "SELECT DISTINCT hash FROM control_blob WHERE sequence <= $1";
    let hashes = session.all(sql, through, |row| row.bytes(0).to_vec())?;
    session.execute("DELETE FROM control_blob WHERE sequence <= $1", through)?;
    session.execute("DELETE FROM control WHERE sequence <= $1", through)?;
    sweep(session, hashes)
}
