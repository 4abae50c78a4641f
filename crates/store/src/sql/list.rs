//! Pages of findings.

use std::ops::ControlFlow;

use super::backend::{Backend, Row, Session, Value};
use super::filter::Filter;
use crate::criteria::{FindingDocument, Hot, SortKey};
use crate::query::Position;
use crate::{FindingQuery, Page, StoreError};

pub(crate) fn list<B: Backend>(
    session: &mut dyn Session,
    query: &FindingQuery,
    after: Option<&Position>,
) -> Result<Page<String>, StoreError> {
    let filter = Filter::new::<B>(session, &query.scope, &query.criteria)?;
    let found = match query.sort.field.hot {
        Some(hot) => by_column(session, query, filter, hot, after)?,
        None => by_document(session, query, filter, after)?,
    };
    Ok(query.page(found))
}

/// In the order of a column: the database sorts, and stops when the page is full.
fn by_column(
    session: &mut dyn Session,
    query: &FindingQuery,
    mut filter: Filter,
    hot: Hot,
    after: Option<&Position>,
) -> Result<Vec<Position>, StoreError> {
    let column = hot.column();
    let (direction, comes_after) = if query.sort.descending { ("DESC", "<") } else { ("ASC", ">") };
    if let Some(after) = after {
        let key = match &after.key {
            SortKey::Int(number) => Value::Int(*number),
            SortKey::Text(text) => Value::Text(text.clone()),
            SortKey::Float(_) | SortKey::Missing => return Err(StoreError::BadToken),
        };
        if matches!(key, Value::Text(_)) != hot.is_text() {
            return Err(StoreError::BadToken);
        }
        let (key, id) = (filter.parameter(key), filter.parameter(after.id.as_str()));
        filter.condition(format!("({column}, f.id) {comes_after} ({key}, {id})"));
    }
    let is_cold = !query.criteria.cold.is_empty();
    let (document, from) =
        if is_cold { (", d.finding", filter.with_documents()) } else { ("", "finding f") };
    let mut sql = format!(
        "SELECT f.id, {column}{document} FROM {from}{} \
         ORDER BY {column} {direction}, f.id {direction}",
        filter.sql()
    );
    let wanted = query.limit() + 1;
    if !is_cold {
        let limit = filter.parameter(wanted as i64);
        sql.push_str(" LIMIT ");
        sql.push_str(&limit);
    }
    let mut candidates = Candidates { query, found: Vec::new() };
    candidates.read(
        session,
        &sql,
        &filter.parameters,
        |row, document| {
            let key = match row.values.get(1) {
                Some(Value::Text(text)) => SortKey::Text(text.clone()),
                _ => SortKey::Int(row.int(1)),
            };
            let matches = document.is_none_or(|it| query.criteria.matches_cold(it));
            matches.then_some(key)
        },
        |found| {
            if found.len() >= wanted { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        },
    )?;
    Ok(candidates.found)
}

/// In the order of a field of the document: everything that passes is looked at, the page is kept.
fn by_document(
    session: &mut dyn Session,
    query: &FindingQuery,
    mut filter: Filter,
    after: Option<&Position>,
) -> Result<Vec<Position>, StoreError> {
    let from = filter.with_documents();
    let sql = format!("SELECT f.id, f.n, d.finding FROM {from}{}", filter.sql());
    let wanted = query.limit() + 1;
    let settle = |found: &mut Vec<Position>| {
        found.sort_by(|a, b| query.sort.cmp(a, b));
        found.truncate(wanted);
    };
    let mut candidates = Candidates { query, found: Vec::new() };
    candidates.read(
        session,
        &sql,
        &filter.parameters,
        |_, document| {
            let document = document.filter(|it| query.criteria.matches_cold(it))?;
            Some(query.sort.document_key(document))
        },
        |found| {
            if let Some(after) = after
                && found.last().is_some_and(|it| !query.sort.is_before(after, it))
            {
                found.pop();
            }
            if found.len() >= 2 * wanted {
                settle(found);
            }
            ControlFlow::Continue(())
        },
    )?;
    settle(&mut candidates.found);
    Ok(candidates.found)
}

/// Findings of an answer that may be on the page.
struct Candidates<'a> {
    query: &'a FindingQuery,
    found: Vec<Position>,
}

impl Candidates<'_> {
    /// Reads rows of (identifier, column, document). `judge` gives the sort key of those that pass,
    /// `taken` looks at what was found after each.
    fn read(
        &mut self,
        session: &mut dyn Session,
        sql: &str,
        parameters: &[Value],
        judge: impl Fn(&Row<'_>, Option<&FindingDocument>) -> Option<SortKey>,
        taken: impl Fn(&mut Vec<Position>) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        debug_assert!(self.query.limit() > 0);
        let mut damage = None;
        let found = &mut self.found;
        session.query(sql, parameters, &mut |row| {
            let document = match row.optional_text(2).map(serde_json::from_str) {
                None => None,
                Some(Ok(value)) => Some(FindingDocument::new(value)),
                Some(Err(error)) => {
                    damage = Some(error.to_string());
                    return Ok(ControlFlow::Break(()));
                }
            };
            let Some(key) = judge(row, document.as_ref()) else {
                return Ok(ControlFlow::Continue(()));
            };
            found.push(Position { key, id: row.text(0).to_owned() });
            Ok(taken(found))
        })?;
        damage.map_or(Ok(()), |it| Err(session.damaged(&it)))
    }
}
