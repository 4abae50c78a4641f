//! What only a file can show: restarts, rights, versions, damage, other processes.

use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::suite::{START, all, commit, draft, fill, list, owner, varied};
use crate::{Change, Criteria, DocumentKey, FindingStore as _, Scope, Sort, Store};

crate::suite::suite! { super::open_empty() }

/// An empty store in a folder of its own.
#[expect(clippy::unnecessary_wraps, reason = "other back ends may not be installed")]
fn open_empty() -> Option<(SqliteStore, TempDir)> {
    let (folder, path) = folder();
    Some((SqliteStore::open(path).expect("an empty database"), folder))
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("guardpost.db");
    (folder, path)
}

#[test]
fn drafts_merge_after_a_restart_as_without() {
    let (_folder, path) = folder();
    let mut memory = MemoryStore::new();
    for batch in 0..40 {
        // Opened anew for every batch.
        let store = SqliteStore::open(&path).unwrap();
        let drafts: Vec<_> = (batch * 9..batch * 9 + 9).map(varied).collect();
        commit(&store, batch, drafts.clone());
        memory.commit(batch, drafts, START + crate::suite::MINUTE * batch as u32);
    }
    let mut expected: Vec<_> = memory.findings().iter().map(|it| it.finding.clone()).collect();
    let mut found = all(&SqliteStore::open(&path).unwrap());
    expected.sort_by(|a, b| a.id.cmp(&b.id));
    found.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(found, expected);
    assert!(found.iter().any(|it| it.service.count > 8));
}

#[test]
fn everything_survives_a_restart() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    fill(&store, 50);
    let key = DocumentKey::new(owner(0), "filters", "a");
    store.apply(&[Change::put(key.clone(), json!(1))], None).unwrap();
    let (findings, mark) = (all(&store), store.mark().unwrap());
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!((all(&store), store.mark().unwrap()), (findings, mark));
    assert!(store.document(&key).unwrap().is_some());
    store.check().unwrap();
}

#[test]
fn a_full_store_still_updates() {
    let (_folder, path) = folder();
    let store = SqliteStore::open_with_limit(&path, 1).unwrap();
    commit(&store, 0, vec![draft("i-1", START)]);
    let outcome = commit(&store, 1, vec![draft("i-2", START), draft("i-1", START)]);
    let crate::CommitOutcome::Committed { opened, updated, dropped } = outcome else { panic!() };
    assert_eq!((opened.len(), updated.len(), dropped), (0, 1, 1));
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, path) = folder();
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let store = SqliteStore::open(&path).unwrap();
    commit(&store, 0, vec![draft("i-1", START)]);
    store.backup(folder.path().join("backup.db")).unwrap();
    let mut names = Vec::new();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.path());
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["backup.db", "guardpost.db", "guardpost.db-shm", "guardpost.db-wal"]);
}

#[test]
fn a_backup_can_be_restored() {
    let (folder, path) = folder();
    let (backup, other) = (folder.path().join("backup.db"), folder.path().join("other.db"));
    let store = SqliteStore::open(&path).unwrap();
    fill(&store, 30);
    store.backup(&backup).unwrap();
    let (findings, mark) = (all(&store), store.mark().unwrap());
    fill(&store, 60);
    // Neither a backup nor a database is written over.
    assert!(matches!(store.backup(&backup), Err(StoreError::Open { .. })));
    assert!(matches!(SqliteStore::restore(&backup, &path), Err(StoreError::Open { .. })));
    let restored = SqliteStore::restore(&backup, &other).unwrap();
    assert_eq!((all(&restored), restored.mark().unwrap()), (findings, mark));
    fill(&restored, 60);
    let (mut a, mut b) = (all(&restored), all(&store));
    a.sort_by(|a, b| a.id.cmp(&b.id));
    b.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(a, b);
}

/// What undoes the last step of the schema, by the step.
const UNDO: [&str; 4] = [
    "DROP INDEX finding_type; DROP INDEX finding_severity",
    "DROP TABLE tally; DROP TABLE tally_day; \
     DROP INDEX finding_resource; DROP INDEX finding_archived",
    "DROP INDEX document_instance; \
     DROP INDEX document_access_key; \
     DROP INDEX document_principal; \
     DROP INDEX document_user; \
     DROP INDEX document_function; \
     DROP INDEX document_network_address; \
     DROP INDEX document_call_address; \
     DROP INDEX document_domain",
    "DROP INDEX finding_owner_severity; DROP INDEX finding_last_seen; DROP INDEX finding_count",
];

#[test]
fn databases_of_earlier_versions_are_brought_up_to_date() {
    assert_eq!(UNDO.len(), SCHEMA.len() - 1, "each step has to be tested");
    for version in 1..SCHEMA.len() {
        let (_folder, path) = folder();
        let store = SqliteStore::open(&path).unwrap();
        fill(&store, 60);
        let (findings, groups) = (all(&store), groups(&store));
        drop(store);
        let old = Connection::open(&path).unwrap();
        for undo in UNDO[version - 1..].iter().rev() {
            old.execute_batch(undo).unwrap();
        }
        old.pragma_update(None, "user_version", version as i64).unwrap();
        // What is left is what the earlier steps make.
        assert_eq!(tables(&old), tables(&fresh(version)));
        drop(old);
        let store = SqliteStore::open(&path).unwrap();
        assert_eq!((all(&store), self::groups(&store)), (findings, groups));
        let new = Connection::open(&path).unwrap();
        assert_eq!(tables(&new), tables(&fresh(SCHEMA.len())));
        assert_eq!(pragma(&new, &path, "user_version").unwrap(), SCHEMA.len() as i64);
        fill(&store, 90);
    }
}

/// A database that has seen only the first steps of the schema.
fn fresh(steps: usize) -> Connection {
    let connection = Connection::open_in_memory().expect("a database in memory");
    for step in &SCHEMA[..steps] {
        connection.execute_batch(step).expect("a step of the schema");
    }
    connection
}

fn tables(connection: &Connection) -> Vec<String> {
    let mut statement = connection
        .prepare("SELECT sql FROM sqlite_schema WHERE sql NOT NULL ORDER BY name")
        .unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(|it| it.unwrap()).collect()
}

fn groups(store: &SqliteStore) -> Vec<crate::Group> {
    let by = [crate::GroupBy::Severity, crate::GroupBy::Date].map(|group_by| {
        let (scope, criteria) = (Scope::all(), Criteria::default());
        let query =
            crate::StatisticsQuery { scope, criteria, group_by, ascending: false, limit: 100 };
        store.statistics(&query).unwrap()
    });
    by.concat()
}

#[test]
fn every_indexed_field_is_found_by_its_index() {
    let connection = fresh(SCHEMA.len());
    for path in crate::sql::filter::INDEXED {
        assert!(crate::criteria::is_text(path), "{path}");
        let expression = SqliteStore::indexed(path).unwrap();
        let sql = format!(
            "EXPLAIN QUERY PLAN SELECT f.id FROM finding f \
             JOIN finding_document d ON d.n = f.n WHERE {expression} = $1 ORDER BY f.updated, f.id"
        );
        let mut statement = connection.prepare(&sql).unwrap();
        let plan: Vec<String> =
            statement.query_map(["x"], |row| row.get(3)).unwrap().map(|it| it.unwrap()).collect();
        assert!(plan[0].contains("INDEX document_"), "{path}: {plan:?}");
    }
}

#[test]
fn a_database_of_a_later_version_is_left_alone() {
    let (_folder, path) = folder();
    drop(SqliteStore::open(&path).unwrap());
    let connection = Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    let error = SqliteStore::open(&path).unwrap_err().to_string();
    assert!(error.contains("has schema version 99"), "{error}");
    assert!(error.contains(&path.display().to_string()), "{error}");
}

#[test]
fn what_is_no_database_of_ours_is_said_to_be_damaged() {
    let (_folder, path) = folder();
    fs::write(&path, "this is not a database, it is a text that somebody wrote".repeat(100))
        .unwrap();
    let error = SqliteStore::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("restore a backup"), "{error}");
    fs::remove_file(&path).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE note (text TEXT)").unwrap();
    drop(other);
    let error = SqliteStore::open(&path).unwrap_err().to_string();
    assert!(error.contains("it belongs to another program"), "{error}");
}

#[test]
fn damage_inside_the_file_is_found() {
    let (folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    fill(&store, 200);
    let backup = folder.path().join("backup.db");
    store.backup(&backup).unwrap();
    drop(store);
    let mut bytes = fs::read(&backup).unwrap();
    let end = bytes.len() - 4096;
    bytes[8192..end].fill(0xa5);
    fs::write(&backup, bytes).unwrap();
    let restored = SqliteStore::restore(&backup, folder.path().join("other.db"));
    let error = restored.unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
}

#[test]
fn a_document_that_is_no_finding_is_damage() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    commit(&store, 0, vec![draft("i-1", START)]);
    let ids: Vec<String> = all(&store).into_iter().map(|it| it.id).collect();
    let connection = Connection::open(&path).unwrap();
    connection.execute("UPDATE finding_document SET finding = '{}'", []).unwrap();
    let error = store.get_findings(&Scope::all(), &ids).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
}

#[test]
fn another_process_that_writes_is_named_as_the_cause() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    lock(&store.writer).busy_timeout(Duration::from_millis(1)).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; CREATE TABLE x (y)").unwrap();
    let commit = crate::Commit { batch: 0, drafts: vec![], time: START, suppressions: &[] };
    let error = store.commit(commit.clone()).unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    assert!(error.to_string().contains("locked by another process"), "{error}");
    // Questions are still answered.
    assert!(all(&store).is_empty());
    other.execute_batch("ROLLBACK").unwrap();
    store.commit(commit).unwrap();
}

#[test]
fn a_commit_that_fails_leaves_nothing() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    store.add_sink("a").unwrap();
    let connection = Connection::open(&path).unwrap();
    // The mark is written last.
    connection
        .execute_batch(
            "CREATE TRIGGER refuse BEFORE INSERT ON meta WHEN NEW.name = 'mark' \
             BEGIN SELECT RAISE(ABORT, 'refused'); END",
        )
        .unwrap();
    let drafts = vec![draft("i-1", START)];
    let commit = crate::Commit { batch: 0, drafts, time: START, suppressions: &[] };
    let error = store.commit(commit.clone()).unwrap_err().to_string();
    assert!(error.starts_with("cannot commit a batch in the database"), "{error}");
    assert!(all(&store).is_empty());
    assert!(store.outbox("a", 10).unwrap().is_empty());
    connection.execute_batch("DROP TRIGGER refuse").unwrap();
    store.commit(commit).unwrap();
    assert_eq!((all(&store).len(), store.outbox("a", 10).unwrap().len()), (1, 1));
}

#[test]
fn questions_and_commits_run_side_by_side() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| fill(&store, 200));
        for _ in 0..3 {
            scope.spawn(|| {
                // By a field that never changes, no finding moves between pages.
                let (by_id, everything) = (Sort::by("id", false).unwrap(), Criteria::default());
                let mut before = 0;
                for _ in 0..20 {
                    let found = list(&store, &Scope::all(), &everything, &by_id).len();
                    assert!(found >= before);
                    before = found;
                }
            });
        }
    });
    assert!(all(&store).len() > 50);
}
