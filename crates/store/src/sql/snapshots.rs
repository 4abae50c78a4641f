//! Contents by their hash, and snapshots made of them.

use super::Meta;
use super::backend::{Session, Value};
use crate::{BlobHash, Part, Snapshot, SnapshotWritten, StoreError};

pub(crate) fn put_blob(
    session: &mut dyn Session,
    hash: &BlobHash,
    bytes: &[u8],
) -> Result<bool, StoreError> {
    if bytes.len() > Snapshot::PART_MAX {
        let (size, max) = (bytes.len(), Snapshot::PART_MAX);
        return Err(StoreError::TooLarge { what: "a content", size, max });
    }
    // Looked up first: most contents are there already, and copying them costs more.
    let found =
        session.one("SELECT 1 FROM blob WHERE hash = $1", &[hash.0.as_slice().into()], |row| {
            row.int(0)
        })?;
    if found.is_some() {
        return Ok(false);
    }
    let sql = "INSERT INTO blob (hash, content) VALUES ($1, $2)";
    session.execute(sql, &[hash.0.as_slice().into(), bytes.into()])?;
    Ok(true)
}

pub(crate) fn blob(
    session: &mut dyn Session,
    hash: &BlobHash,
) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT content FROM blob WHERE hash = $1";
    let found = session.one(sql, &[hash.0.as_slice().into()], |row| row.bytes(0).to_vec())?;
    match found {
        Some(bytes) if BlobHash::of(&bytes) != *hash => {
            Err(session.damaged(&format!("content {hash} does not have its hash")))
        }
        _ => Ok(found),
    }
}

pub(crate) fn write(
    session: &mut dyn Session,
    mark: u64,
    parts: &[(String, Part)],
) -> Result<SnapshotWritten, StoreError> {
    let before = Meta::Snapshot.get(session)?.unwrap_or(0);
    let snapshot = Meta::Snapshot.add(session, 1)?;
    let sql = "INSERT INTO snapshot (snapshot, mark) VALUES ($1, $2)";
    session.execute(sql, &[snapshot.into(), mark.cast_signed().into()])?;
    let mut written = SnapshotWritten::default();
    for (name, part) in parts {
        let hash = match part {
            Part::Bytes(bytes) => {
                let hash = BlobHash::of(bytes);
                if put_blob(session, &hash, bytes)? {
                    written.written += 1;
                    written.bytes += bytes.len() as u64;
                } else {
                    written.reused += 1;
                }
                hash.0.to_vec()
            }
            Part::Unchanged => {
                written.reused += 1;
                let sql = "SELECT hash FROM snapshot_part WHERE snapshot = $1 AND name = $2";
                let place = [before.into(), name.as_str().into()];
                let hash = session.one(sql, &place, |row| row.bytes(0).to_vec())?;
                hash.ok_or_else(|| StoreError::MissingPart { part: name.clone() })?
            }
        };
        let sql = "INSERT INTO snapshot_part (snapshot, name, hash) VALUES ($1, $2, $3)";
        session.execute(sql, &[snapshot.into(), name.as_str().into(), Value::Bytes(hash)])?;
    }
    drop_old(session, snapshot - Snapshot::KEPT as i64)?;
    Ok(written)
}

/// Deletes snapshots up to and with this number.
fn drop_old(session: &mut dyn Session, through: i64) -> Result<(), StoreError> {
    let sql = "SELECT DISTINCT hash FROM snapshot_part WHERE snapshot <= $1";
    let hashes = session.all(sql, &[through.into()], |row| row.bytes(0).to_vec())?;
    session.execute("DELETE FROM snapshot_part WHERE snapshot <= $1", &[through.into()])?;
    session.execute("DELETE FROM snapshot WHERE snapshot <= $1", &[through.into()])?;
    sweep(session, hashes)
}

/// Deletes those contents that nothing refers to any more.
pub(crate) fn sweep(session: &mut dyn Session, hashes: Vec<Vec<u8>>) -> Result<(), StoreError> {
    for hash in hashes {
        let sql = "DELETE FROM blob WHERE hash = $1 \
                   AND NOT EXISTS (SELECT 1 FROM snapshot_part WHERE snapshot_part.hash = blob.hash) \
                   AND NOT EXISTS (SELECT 1 FROM control_blob WHERE control_blob.hash = blob.hash)";
        session.execute(sql, &[Value::Bytes(hash)])?;
    }
    Ok(())
}

pub(crate) fn read(session: &mut dyn Session) -> Result<Option<Snapshot>, StoreError> {
    let sql = "SELECT snapshot, mark FROM snapshot ORDER BY snapshot DESC LIMIT 1";
    let found = session.one(sql, &[], |row| (row.int(0), row.int(1).cast_unsigned()))?;
    let Some((snapshot, mark)) = found else { return Ok(None) };
    let sql = "SELECT name, hash FROM snapshot_part WHERE snapshot = $1 ORDER BY name";
    let manifest = session.all(sql, &[snapshot.into()], |row| {
        (row.text(0).to_owned(), row.bytes(1).try_into().ok().map(BlobHash))
    })?;
    let mut parts = Vec::new();
    for (name, hash) in manifest {
        let bytes = match hash {
            Some(hash) => blob(session, &hash)?,
            None => None,
        };
        let missing = || session.damaged(&format!("part `{name}` of the snapshot is missing"));
        let bytes = bytes.ok_or_else(missing)?;
        parts.push((name, bytes));
    }
    Ok(Some(Snapshot { mark, parts }))
}
