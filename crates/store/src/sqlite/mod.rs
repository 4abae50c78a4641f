//! The store in an SQLite database: one file, no server.
//!
//! The file is in write-ahead mode, so questions do not wait for commits, and every commit is on disk
//! before it is answered. Only the user who runs the program may read it.

mod session;

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::sql::backend::{Backend, Session};
use crate::{MemoryStore, StoreError};
use session::SqliteSession;

/// How long a statement waits for another process before it fails.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections for questions that are kept open.
const READERS_MAX: usize = 8;
/// Statements that a connection keeps prepared.
const STATEMENTS: usize = 128;
/// Pages that a connection keeps in memory at most, in kibibytes. The file is not mapped into memory: an
/// error of the disk would end the program instead of a question.
const CACHE_KIB: i64 = 32 * 1024;
/// What tells the file from those of other programs: `GPst`.
const APPLICATION: i64 = 0x4750_7374;
/// The steps from an empty database to the present schema. A step never changes once it was released.
const SCHEMA: &[&str] = &[
    include_str!("schema_1.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
];

/// A store in an SQLite database; see [`crate::Store`] for what it does.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    limit: usize,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

impl SqliteStore {
    /// Opens the database, makes it if there is none, and brings an older one up to date.
    pub fn open(path: impl AsRef<Path>) -> Result<SqliteStore, StoreError> {
        SqliteStore::open_with_limit(path, MemoryStore::LIMIT)
    }

    /// Opens a database that holds at most `limit` findings; what exists is still updated beyond it.
    pub fn open_with_limit(
        path: impl AsRef<Path>,
        limit: usize,
    ) -> Result<SqliteStore, StoreError> {
        SqliteStore::open_schema(path.as_ref(), limit, SCHEMA)
    }

    /// Writes a copy of the database as it is at this moment to a file that does not exist. Commits go
    /// on meanwhile.
    pub fn backup(&self, path: impl AsRef<Path>) -> Result<(), StoreError> {
        let path = path.as_ref();
        create_private(path, true).map_err(|source| open_error(path, source))?;
        let target = path.to_string_lossy();
        let reader = self.reader()?;
        let done = reader.execute("VACUUM INTO ?1", [&target]);
        self.give_back(reader);
        done.map_err(|error| session::error(&self.path, "back up", error))?;
        Ok(())
    }

    /// Checks a backup and copies it to `path`, where no database may be.
    pub fn restore(
        backup: impl AsRef<Path>,
        path: impl AsRef<Path>,
    ) -> Result<SqliteStore, StoreError> {
        let (backup, path) = (backup.as_ref(), path.as_ref());
        let connection = Connection::open_with_flags(backup, OpenFlags::SQLITE_OPEN_READ_ONLY);
        let connection = connection.map_err(|it| session::error(backup, "open a backup", it))?;
        check(&connection, backup)?;
        create_private(path, true).map_err(|source| open_error(path, source))?;
        connection
            .execute("VACUUM INTO ?1", [path.to_string_lossy()])
            .map_err(|error| session::error(backup, "restore", error))?;
        SqliteStore::open(path)
    }

    /// Reads the whole database and says what is damaged. It takes about as long as reading the file.
    pub fn check(&self) -> Result<(), StoreError> {
        let reader = self.reader()?;
        let checked = check(&reader, &self.path);
        self.give_back(reader);
        checked
    }

    /// Where the database is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn open_schema(path: &Path, limit: usize, schema: &[&str]) -> Result<SqliteStore, StoreError> {
        create_private(path, false).map_err(|source| open_error(path, source))?;
        let mut writer = connect(path)?;
        migrate(&mut writer, path, schema)?;
        let (path, readers) = (path.to_owned(), Mutex::default());
        Ok(SqliteStore { path, limit, writer: Mutex::new(writer), readers })
    }

    fn reader(&self) -> Result<Connection, StoreError> {
        match lock(&self.readers).pop() {
            Some(connection) => Ok(connection),
            None => connect(&self.path),
        }
    }

    fn give_back(&self, connection: Connection) {
        let mut readers = lock(&self.readers);
        if readers.len() < READERS_MAX {
            readers.push(connection);
        }
    }
}

impl Backend for SqliteStore {
    fn limit(&self) -> usize {
        self.limit
    }

    fn read<T>(
        &self,
        what: &'static str,
        work: impl FnOnce(&mut dyn Session) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut connection = self.reader()?;
        let result = {
            let transaction = connection
                .transaction()
                .map_err(|error| session::error(&self.path, what, error))?;
            work(&mut SqliteSession { transaction: &transaction, path: &self.path, what })
        };
        self.give_back(connection);
        result
    }

    fn write<T>(
        &self,
        what: &'static str,
        work: impl FnOnce(&mut dyn Session) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut connection = lock(&self.writer);
        let error = |error| session::error(&self.path, what, error);
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(error)?;
        // Dropped without commit it is rolled back.
        let result =
            work(&mut SqliteSession { transaction: &transaction, path: &self.path, what })?;
        transaction.commit().map_err(error)?;
        Ok(result)
    }

    fn like(column: &str, parameter: usize) -> String {
        format!("{column} GLOB ${parameter}")
    }

    fn indexed(path: &str) -> Option<String> {
        Some(format!("json_extract(d.finding, '$.{path}')"))
    }

    fn pattern(pattern: &str) -> String {
        // GLOB has the same two wildcards, and sets in brackets besides.
        pattern.replace('[', "[[]")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn open_error(path: &Path, source: io::Error) -> StoreError {
    StoreError::Open { path: path.to_owned(), source }
}

/// Makes the file, if there is none, so that only its owner may read it; SQLite gives the files beside it
/// the same rights.
fn create_private(path: &Path, must_be_new: bool) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(!must_be_new).create_new(must_be_new);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
        options.mode(0o600).open(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))
    }
    #[cfg(not(unix))]
    {
        options.open(path).map(drop)
    }
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let error = |error| session::error(path, "open a connection", error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(error)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(error)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
             PRAGMA trusted_schema = OFF; PRAGMA cache_size = -{CACHE_KIB};"
        ))
        .map_err(error)?;
    Ok(connection)
}

fn pragma(connection: &Connection, path: &Path, name: &str) -> Result<i64, StoreError> {
    connection
        .pragma_query_value(None, name, |row| row.get(0))
        .map_err(|error| session::error(path, "read the version", error))
}

/// Brings the database to the last step of the schema; all steps or none.
fn migrate(connection: &mut Connection, path: &Path, schema: &[&str]) -> Result<(), StoreError> {
    let error = |error| session::error(path, "bring the schema up to date", error);
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(error)?;
    let version = pragma(&transaction, path, "user_version")?;
    let known = schema.len() as i64;
    let tables: i64 = transaction
        .query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(error)?;
    if tables > 0 && pragma(&transaction, path, "application_id")? != APPLICATION {
        let detail = "it belongs to another program".to_owned();
        return Err(StoreError::Damaged { path: path.to_owned(), detail });
    }
    if version > known {
        return Err(StoreError::Newer { path: path.to_owned(), found: version, known });
    }
    for step in schema.iter().skip(usize::try_from(version).unwrap_or(0)) {
        transaction.execute_batch(step).map_err(error)?;
    }
    if version < known {
        transaction.pragma_update(None, "application_id", APPLICATION).map_err(error)?;
        transaction.pragma_update(None, "user_version", known).map_err(error)?;
    }
    transaction.commit().map_err(error)
}

/// Has SQLite look for damage.
fn check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let error = |error| session::error(path, "check", error);
    let found: String =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(error)?;
    if found == "ok" {
        return Ok(());
    }
    Err(StoreError::Damaged { path: path.to_owned(), detail: found })
}

#[cfg(test)]
mod tests;
