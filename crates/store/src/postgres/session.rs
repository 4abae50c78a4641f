//! One transaction of a PostgreSQL connection.

use std::collections::BTreeMap;
use std::error::Error;
use std::ops::ControlFlow;

use bytes::BytesMut;
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use postgres::{Statement, Transaction};

use crate::StoreError;
use crate::sql::backend::{Row, Session, Value};

/// Rows that are fetched at once: an answer that is broken off has not been sent as a whole.
const FETCH: i32 = 256;
/// Most statements that a connection keeps prepared; questions with many conditions vary without end.
const STATEMENTS_MAX: usize = 256;

pub(super) struct PostgresSession<'a, 'b> {
    pub(super) transaction: &'a mut Transaction<'b>,
    pub(super) statements: &'a mut BTreeMap<String, Statement>,
    pub(super) place: &'a str,
    /// What the transaction is for.
    pub(super) what: &'static str,
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(value) => value.to_sql(ty, out),
            // The one character that text of PostgreSQL cannot hold.
            Value::Text(value) if value.contains('\0') => {
                value.replace('\0', "\u{fffd}").to_sql(ty, out)
            }
            Value::Text(value) => value.to_sql(ty, out),
            Value::Bytes(value) => value.to_sql(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        [Type::INT8, Type::TEXT, Type::BYTEA].contains(ty)
    }

    to_sql_checked!();
}

impl PostgresSession<'_, '_> {
    fn error(&self, source: postgres::Error) -> StoreError {
        let place = self.place.to_owned();
        StoreError::Database { what: self.what, place, source: source.into() }
    }

    fn prepare(&mut self, sql: &str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        if self.statements.len() >= STATEMENTS_MAX {
            self.statements.clear();
        }
        let statement = self.transaction.prepare(sql).map_err(|it| self.error(it))?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

fn references(parameters: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    parameters.iter().map(|it| it as &(dyn ToSql + Sync)).collect()
}

impl Session for PostgresSession<'_, '_> {
    fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, StoreError> {
        let statement = self.prepare(sql)?;
        let done = self.transaction.execute(&statement, &references(parameters));
        done.map_err(|it| self.error(it))
    }

    fn query(
        &mut self,
        sql: &str,
        parameters: &[Value],
        receive: &mut dyn FnMut(&Row<'_>) -> Result<ControlFlow<()>, StoreError>,
    ) -> Result<(), StoreError> {
        let statement = self.prepare(sql)?;
        let portal = self.transaction.bind(&statement, &references(parameters));
        let portal = portal.map_err(|it| self.error(it))?;
        loop {
            let rows =
                self.transaction.query_portal(&portal, FETCH).map_err(|it| self.error(it))?;
            for row in &rows {
                let values: Result<Vec<Value>, _> =
                    (0..row.len()).map(|it| value(row, it)).collect();
                let values = values.map_err(|it| self.error(it))?;
                if receive(&Row { values: &values })?.is_break() {
                    return Ok(());
                }
            }
            if rows.len() < FETCH as usize {
                return Ok(());
            }
        }
    }

    fn damaged(&self, detail: &str) -> StoreError {
        StoreError::Damaged { path: self.place.into(), detail: detail.to_owned() }
    }
}

/// A column in the form that all back ends share.
fn value(row: &postgres::Row, column: usize) -> Result<Value, postgres::Error> {
    let kind = row.columns().get(column).map(|it| it.type_().clone());
    Ok(match kind {
        Some(Type::INT8) => row.try_get::<_, Option<i64>>(column)?.map_or(Value::Null, Value::Int),
        Some(Type::INT4) => {
            let number = row.try_get::<_, Option<i32>>(column)?;
            number.map_or(Value::Null, |it| Value::Int(i64::from(it)))
        }
        Some(Type::BYTEA) => {
            row.try_get::<_, Option<Vec<u8>>>(column)?.map_or(Value::Null, Value::Bytes)
        }
        _ => row.try_get::<_, Option<String>>(column)?.map_or(Value::Null, Value::Text),
    })
}
