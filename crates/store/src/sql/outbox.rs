//! Findings on their way to sinks.

use findings::Finding;
use model::{AccountId, Region};

use super::Meta;
use super::backend::Session;
use crate::outbox::{ENTRIES_MAX, SINKS_MAX};
use crate::{OutboxEntry, Owner, StoreError};

/// Puts a finding at the end, if there is a sink.
pub(crate) fn push(
    session: &mut dyn Session,
    finding: &Finding,
    is_new: bool,
) -> Result<(), StoreError> {
    if session.one("SELECT 1 FROM sink LIMIT 1", &[], |row| row.int(0))?.is_none() {
        return Ok(());
    }
    let sequence = Meta::Outbox.add(session, 1)?;
    let new_at = if is_new { sequence } else { 0 };
    let account = finding.account_id.to_string();
    let sql = "INSERT INTO outbox (id, account, region, sequence, new_at) \
               VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence";
    session.execute(
        sql,
        &[
            finding.id.as_str().into(),
            account.as_str().into(),
            finding.region.as_str().into(),
            sequence.into(),
            new_at.into(),
        ],
    )?;
    Ok(())
}

pub(crate) fn add(session: &mut dyn Session, sink: &str) -> Result<(), StoreError> {
    let count = session.one("SELECT COUNT(*) FROM sink", &[], |row| row.int(0))?.unwrap_or(0);
    if cursor(session, sink).is_ok() {
        return Ok(());
    }
    if usize::try_from(count).unwrap_or(0) >= SINKS_MAX {
        return Err(StoreError::TooMany { what: "sinks", max: SINKS_MAX });
    }
    let last = Meta::Outbox.get(session)?.unwrap_or(0);
    let sql = "INSERT INTO sink (name, acknowledged) VALUES ($1, $2)";
    session.execute(sql, &[sink.into(), last.into()])?;
    Ok(())
}

pub(crate) fn remove(session: &mut dyn Session, sink: &str) -> Result<(), StoreError> {
    session.execute("DELETE FROM sink WHERE name = $1", &[sink.into()])?;
    trim(session)
}

pub(crate) fn waiting(
    session: &mut dyn Session,
    sink: &str,
    limit: usize,
) -> Result<Vec<OutboxEntry>, StoreError> {
    let cursor = cursor(session, sink)?;
    let limit = limit.min(ENTRIES_MAX) as i64;
    let sql = "SELECT sequence, id, account, region, new_at FROM outbox WHERE sequence > $1 \
               ORDER BY sequence LIMIT $2";
    session.all(sql, &[cursor.into(), limit.into()], |row| {
        let account = row.text(2).parse().unwrap_or(AccountId::UNKNOWN);
        OutboxEntry {
            sequence: row.int(0).cast_unsigned(),
            id: row.text(1).to_owned(),
            owner: Owner::new(account, Region::new(row.text(3))),
            is_new: row.int(4) > cursor,
        }
    })
}

pub(crate) fn acknowledge(
    session: &mut dyn Session,
    sink: &str,
    sequence: u64,
) -> Result<(), StoreError> {
    let cursor = cursor(session, sink)?;
    let last = Meta::Outbox.get(session)?.unwrap_or(0);
    let sequence = i64::try_from(sequence).unwrap_or(i64::MAX).min(last).max(cursor);
    let sql = "UPDATE sink SET acknowledged = $1 WHERE name = $2";
    session.execute(sql, &[sequence.into(), sink.into()])?;
    trim(session)
}

fn cursor(session: &mut dyn Session, sink: &str) -> Result<i64, StoreError> {
    let sql = "SELECT acknowledged FROM sink WHERE name = $1";
    let found = session.one(sql, &[sink.into()], |row| row.int(0))?;
    found.ok_or_else(|| StoreError::UnknownSink { sink: sink.to_owned() })
}

/// Deletes what every sink has acknowledged; everything when there is none.
fn trim(session: &mut dyn Session) -> Result<(), StoreError> {
    let sql = "DELETE FROM outbox WHERE NOT EXISTS \
               (SELECT 1 FROM sink WHERE sink.acknowledged < outbox.sequence)";
    session.execute(sql, &[])?;
    Ok(())
}
