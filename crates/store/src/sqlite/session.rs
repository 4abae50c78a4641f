//! One transaction of an SQLite connection.

use std::ops::ControlFlow;
use std::path::Path;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{ErrorCode, ToSql, Transaction};

use crate::StoreError;
use crate::sql::backend::{Row, Session, Value};

pub(super) struct SqliteSession<'a> {
    pub(super) transaction: &'a Transaction<'a>,
    pub(super) path: &'a Path,
    /// What the transaction is for.
    pub(super) what: &'static str,
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(value) => ValueRef::Integer(*value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

impl SqliteSession<'_> {
    fn error(&self, error: rusqlite::Error) -> StoreError {
        self::error(self.path, self.what, error)
    }
}

impl Session for SqliteSession<'_> {
    fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, StoreError> {
        let statement = self.transaction.prepare_cached(sql);
        let done = statement.and_then(|mut it| it.execute(rusqlite::params_from_iter(parameters)));
        done.map(|count| count as u64).map_err(|error| self.error(error))
    }

    fn query(
        &mut self,
        sql: &str,
        parameters: &[Value],
        receive: &mut dyn FnMut(&Row<'_>) -> Result<ControlFlow<()>, StoreError>,
    ) -> Result<(), StoreError> {
        let mut statement = self.transaction.prepare_cached(sql).map_err(|it| self.error(it))?;
        let columns = statement.column_count();
        let parameters = rusqlite::params_from_iter(parameters);
        let mut rows = statement.query(parameters).map_err(|it| self.error(it))?;
        let mut values = vec![Value::Null; columns];
        while let Some(row) = rows.next().map_err(|it| self.error(it))? {
            for (column, value) in values.iter_mut().enumerate() {
                *value = match row.get_ref(column).map_err(|it| self.error(it))? {
                    ValueRef::Null => Value::Null,
                    ValueRef::Integer(it) => Value::Int(it),
                    // No column holds floating numbers.
                    ValueRef::Real(it) => Value::Int(it as i64),
                    ValueRef::Text(it) => Value::Text(String::from_utf8_lossy(it).into_owned()),
                    ValueRef::Blob(it) => Value::Bytes(it.to_vec()),
                };
            }
            if receive(&Row { values: &values })?.is_break() {
                break;
            }
        }
        // Statements that change something have done so before their first row.
        Ok(())
    }

    fn damaged(&self, detail: &str) -> StoreError {
        StoreError::Damaged { path: self.path.to_owned(), detail: detail.to_owned() }
    }
}

/// What SQLite says, with the remedy where there is one.
pub(super) fn error(path: &Path, what: &'static str, error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            StoreError::Locked { path: path.to_owned() }
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::Damaged { path: path.to_owned(), detail: error.to_string() }
        }
        _ => StoreError::Database {
            what,
            place: path.display().to_string(),
            source: Box::new(error),
        },
    }
}
