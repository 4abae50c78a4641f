//! Pages of findings.

use std::ops::ControlFlow;

use super::backend::{Backend, Session, Value};
use super::filter::Filter;
use super::from_json;
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
        Some(hot) => by_column(session, query, &filter, hot, after)?,
        None => by_document(session, query, filter, after)?,
    };
    Ok(query.page(found))
}

/// Candidates that are looked at for each finding that is wanted, before it is known how rare they are.
const AT_FIRST: usize = 4;
/// Most candidates of one step.
const STEP_MAX: usize = 4096;

/// In the order of a column: the database sorts the narrow rows, and documents are read one by one until
/// the page is full.
fn by_column(
    session: &mut dyn Session,
    query: &FindingQuery,
    filter: &Filter,
    hot: Hot,
    after: Option<&Position>,
) -> Result<Vec<Position>, StoreError> {
    let wanted = query.limit() + 1;
    let is_cold = !query.criteria.cold.is_empty();
    let (mut found, mut after) = (Vec::new(), after.cloned());
    let mut step = if is_cold { (AT_FIRST * wanted).min(STEP_MAX) } else { wanted };
    loop {
        let candidates = candidates(session, query, filter.clone(), hot, after.as_ref(), step)?;
        let is_last = candidates.len() < step;
        after = candidates.last().map(|it| it.0.clone());
        for (position, n) in candidates {
            if !is_cold || query.criteria.matches_cold(&document(session, n)?) {
                found.push(position);
            }
            if found.len() == wanted {
                return Ok(found);
            }
        }
        if is_last {
            return Ok(found);
        }
        step = (step * AT_FIRST).min(STEP_MAX);
    }
}

/// The next findings that pass the clauses on columns, with the numbers of their documents.
fn candidates(
    session: &mut dyn Session,
    query: &FindingQuery,
    mut filter: Filter,
    hot: Hot,
    after: Option<&Position>,
    limit: usize,
) -> Result<Vec<(Position, i64)>, StoreError> {
    let column = hot.column();
    let (direction, comes_after) = if query.sort.descending { ("DESC", "<") } else { ("ASC", ">") };
    if let Some(after) = after {
        let key = match &after.key {
            SortKey::Int(number) if !hot.is_text() => Value::Int(*number),
            SortKey::Text(text) if hot.is_text() => Value::Text(text.clone()),
            _ => return Err(StoreError::BadToken),
        };
        let (key, id) = (filter.parameter(key), filter.parameter(after.id.as_str()));
        filter.condition(format!("({column}, f.id) {comes_after} ({key}, {id})"));
    }
    let from = filter.from();
    let condition = filter.sql();
    let limit = filter.parameter(limit as i64);
    let sql = format!(
        "SELECT f.id, {column}, f.n FROM {from}{condition} \
         ORDER BY {column} {direction}, f.id {direction} LIMIT {limit}"
    );
    session.all(&sql, &filter.parameters, |row| {
        let key = match row.values.get(1) {
            Some(Value::Text(text)) => SortKey::Text(text.clone()),
            _ => SortKey::Int(row.int(1)),
        };
        (Position { key, id: row.text(0).to_owned() }, row.int(2))
    })
}

fn document(session: &mut dyn Session, n: i64) -> Result<FindingDocument, StoreError> {
    let sql = "SELECT finding FROM finding_document WHERE n = $1";
    let text = session.one(sql, &[n.into()], |row| row.text(0).to_owned())?.unwrap_or_default();
    from_json(session, &text).map(FindingDocument::new)
}

/// In the order of a field of the document: everything that passes is looked at, the page is kept.
fn by_document(
    session: &mut dyn Session,
    query: &FindingQuery,
    mut filter: Filter,
    after: Option<&Position>,
) -> Result<Vec<Position>, StoreError> {
    let from = filter.with_documents();
    let sql = format!("SELECT f.id, d.finding FROM {from}{}", filter.sql());
    let wanted = query.limit() + 1;
    let settle = |found: &mut Vec<Position>| {
        found.sort_by(|a, b| query.sort.cmp(a, b));
        found.truncate(wanted);
    };
    let (mut found, mut damage) = (Vec::new(), None);
    session.query(&sql, &filter.parameters, &mut |row| {
        let document = match serde_json::from_str(row.text(1)) {
            Ok(value) => FindingDocument::new(value),
            Err(error) => {
                damage = Some(error.to_string());
                return Ok(ControlFlow::Break(()));
            }
        };
        let position =
            Position { key: query.sort.document_key(&document), id: row.text(0).to_owned() };
        let is_behind = after.is_none_or(|after| query.sort.is_before(after, &position));
        if is_behind && query.criteria.matches_cold(&document) {
            found.push(position);
            if found.len() >= 2 * wanted {
                settle(&mut found);
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    settle(&mut found);
    damage.map_or(Ok(found), |it| Err(session.damaged(&it)))
}
