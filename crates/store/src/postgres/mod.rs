//! The store in a PostgreSQL database, for installations that have one.
//!
//! Connections are not encrypted: the server is on the same host or network, or behind a tunnel.

mod session;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ::postgres::{Client, Config, IsolationLevel, NoTls, Statement};

use crate::sql::backend::{Backend, Session};
use crate::{MemoryStore, StoreError};
use session::PostgresSession;

/// Idle connections that are kept open.
const IDLE_MAX: usize = 8;
/// The advisory lock of everything that writes, so that no two writers see each other's halves: `GPst`.
const WRITERS: i64 = 0x4750_7374;
/// The steps from an empty database to the present schema. A step never changes once it was released.
const SCHEMA: &[&str] = &[
    include_str!("schema_1.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
];

/// A store in a PostgreSQL database; see [`crate::Store`] for what it does.
pub struct PostgresStore {
    config: Config,
    /// Host and database, for messages.
    place: String,
    limit: usize,
    idle: Mutex<Vec<Connection>>,
}

/// A connection with the statements that it has prepared.
struct Connection {
    client: Client,
    statements: BTreeMap<String, Statement>,
}

impl PostgresStore {
    /// Connects, makes the tables if there are none, and brings older ones up to date. The address is a
    /// connection string such as `host=/run/postgresql user=guardpost dbname=guardpost`.
    pub fn connect(address: &str) -> Result<PostgresStore, StoreError> {
        let unreadable = |source: ::postgres::Error| StoreError::Database {
            what: "read the address",
            place: "PostgreSQL".to_owned(),
            source: source.into(),
        };
        let config: Config = address.parse().map_err(unreadable)?;
        let place = format!("PostgreSQL {:?} {:?}", config.get_hosts(), config.get_dbname());
        let store =
            PostgresStore { config, place, limit: MemoryStore::LIMIT, idle: Mutex::default() };
        store.migrate()?;
        Ok(store)
    }

    fn connection(&self) -> Result<Connection, StoreError> {
        while let Some(connection) = lock(&self.idle).pop() {
            if !connection.client.is_closed() {
                return Ok(connection);
            }
        }
        let client = self.config.connect(NoTls).map_err(|it| self.error("connect", it))?;
        Ok(Connection { client, statements: BTreeMap::new() })
    }

    fn give_back(&self, connection: Connection) {
        let mut idle = lock(&self.idle);
        if idle.len() < IDLE_MAX && !connection.client.is_closed() {
            idle.push(connection);
        }
    }

    fn error(&self, what: &'static str, source: ::postgres::Error) -> StoreError {
        StoreError::Database { what, place: self.place.clone(), source: source.into() }
    }

    fn migrate(&self) -> Result<(), StoreError> {
        let what = "bring the schema up to date";
        let mut connection = self.connection()?;
        let error = |it| self.error(what, it);
        let mut transaction = connection.client.transaction().map_err(error)?;
        transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&WRITERS]).map_err(error)?;
        transaction
            .batch_execute("CREATE TABLE IF NOT EXISTS guardpost_schema (version BIGINT NOT NULL)")
            .map_err(error)?;
        let sql = "SELECT COALESCE(MAX(version), 0) FROM guardpost_schema";
        let found: i64 = transaction.query_one(sql, &[]).map_err(error)?.get(0);
        let known = SCHEMA.len() as i64;
        if found > known {
            return Err(StoreError::Newer { path: self.place.clone().into(), found, known });
        }
        for step in SCHEMA.iter().skip(usize::try_from(found).unwrap_or(0)) {
            transaction.batch_execute(step).map_err(error)?;
        }
        if found < known {
            let sql = "INSERT INTO guardpost_schema (version) VALUES ($1)";
            transaction.execute(sql, &[&known]).map_err(error)?;
        }
        transaction.commit().map_err(error)?;
        self.give_back(connection);
        Ok(())
    }

    /// Runs `work` in a transaction. A connection that failed is not used again.
    fn transaction<T>(
        &self,
        what: &'static str,
        writes: bool,
        work: impl FnOnce(&mut dyn Session) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut connection = self.connection()?;
        let error = |it| self.error(what, it);
        let Connection { client, statements } = &mut connection;
        let builder = client.build_transaction().read_only(!writes);
        let isolation =
            if writes { IsolationLevel::ReadCommitted } else { IsolationLevel::RepeatableRead };
        let mut transaction = builder.isolation_level(isolation).start().map_err(error)?;
        if writes {
            transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&WRITERS]).map_err(error)?;
        }
        let result = {
            let (transaction, place) = (&mut transaction, self.place.as_str());
            work(&mut PostgresSession { transaction, statements, place, what })
        };
        match result {
            Ok(result) => {
                transaction.commit().map_err(error)?;
                self.give_back(connection);
                Ok(result)
            }
            Err(failed) => {
                transaction.rollback().map_err(error)?;
                self.give_back(connection);
                Err(failed)
            }
        }
    }
}

impl Backend for PostgresStore {
    fn limit(&self) -> usize {
        self.limit
    }

    fn read<T>(
        &self,
        what: &'static str,
        work: impl FnOnce(&mut dyn Session) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.transaction(what, false, work)
    }

    fn write<T>(
        &self,
        what: &'static str,
        work: impl FnOnce(&mut dyn Session) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.transaction(what, true, work)
    }

    fn like(column: &str, parameter: usize) -> String {
        format!("{column} LIKE ${parameter}")
    }

    fn indexed(_: &str) -> Option<String> {
        // Its JSON functions refuse documents with an escaped NUL, which names in records may hold.
        None
    }

    fn pattern(pattern: &str) -> String {
        let mut like = String::with_capacity(pattern.len());
        for c in pattern.chars() {
            match c {
                '*' => like.push('%'),
                '?' => like.push('_'),
                '%' | '_' | '\\' => like.extend(['\\', c]),
                _ => like.push(c),
            }
        }
        like
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
