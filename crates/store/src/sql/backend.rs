//! What a database has to bring: transactions, rows, and the words in which dialects differ.

use std::ops::ControlFlow;

use crate::StoreError;

/// A value of a parameter or a column.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Int(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value::Text(value.to_owned())
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Value {
        Value::Bytes(value.to_vec())
    }
}

/// One row of an answer.
pub(crate) struct Row<'a> {
    pub(crate) values: &'a [Value],
}

impl Row<'_> {
    /// A column of whole numbers; zero when it holds something else, which the schema prevents.
    pub(crate) fn int(&self, column: usize) -> i64 {
        match self.values.get(column) {
            Some(Value::Int(value)) => *value,
            _ => 0,
        }
    }

    /// A column of text; empty when it holds something else.
    pub(crate) fn text(&self, column: usize) -> &str {
        match self.values.get(column) {
            Some(Value::Text(value)) => value,
            _ => "",
        }
    }

    /// A column of text that may be null.
    pub(crate) fn optional_text(&self, column: usize) -> Option<&str> {
        match self.values.get(column) {
            Some(Value::Text(value)) => Some(value),
            _ => None,
        }
    }

    /// A column of bytes; empty when it holds something else.
    pub(crate) fn bytes(&self, column: usize) -> &[u8] {
        match self.values.get(column) {
            Some(Value::Bytes(value)) => value,
            _ => &[],
        }
    }
}

/// One transaction.
///
/// Statements number their parameters `$1`, `$2`, …, each first named in this order.
pub(crate) trait Session {
    /// Runs a statement and tells how many rows it changed.
    fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, StoreError>;

    /// Asks a question; the answer is read until the receiver breaks off or fails.
    fn query(
        &mut self,
        sql: &str,
        parameters: &[Value],
        receive: &mut dyn FnMut(&Row<'_>) -> Result<ControlFlow<()>, StoreError>,
    ) -> Result<(), StoreError>;

    /// The error for what is in the database and cannot be read.
    fn damaged(&self, detail: &str) -> StoreError;
}

impl dyn Session + '_ {
    /// The first row of an answer.
    pub(crate) fn one<T>(
        &mut self,
        sql: &str,
        parameters: &[Value],
        read: impl Fn(&Row<'_>) -> T,
    ) -> Result<Option<T>, StoreError> {
        let mut found = None;
        self.query(sql, parameters, &mut |row| {
            found = Some(read(row));
            Ok(ControlFlow::Break(()))
        })?;
        Ok(found)
    }

    /// All rows of an answer.
    pub(crate) fn all<T>(
        &mut self,
        sql: &str,
        parameters: &[Value],
        read: impl Fn(&Row<'_>) -> T,
    ) -> Result<Vec<T>, StoreError> {
        let mut found = Vec::new();
        self.query(sql, parameters, &mut |row| {
            found.push(read(row));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    }
}

/// A database.
pub(crate) trait Backend: Send + Sync {
    /// Most findings that it holds; what exists is still updated beyond it.
    fn limit(&self) -> usize;

    /// Runs `work` in a transaction that sees one state of the database and changes nothing.
    fn read<T>(
        &self,
        what: &'static str,
        work: impl FnOnce(&mut dyn Session) -> Result<T, StoreError>,
    ) -> Result<T, StoreError>;

    /// Runs `work` in a transaction that is alone in writing; an error undoes all of it.
    fn write<T>(
        &self,
        what: &'static str,
        work: impl FnOnce(&mut dyn Session) -> Result<T, StoreError>,
    ) -> Result<T, StoreError>;

    /// The condition that `column` matches a pattern with `*` and `?` given as `parameter`.
    fn like(column: &str, parameter: usize) -> String;

    /// The expression for a field of the document `d.finding` that is indexed, if the database does so.
    fn indexed(path: &str) -> Option<String>;

    /// The parameter for [`Backend::like`].
    fn pattern(pattern: &str) -> String;
}
