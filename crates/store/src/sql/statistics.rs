//! Counts of findings.

use std::ops::ControlFlow;

use model::{AccountId, Severity, Timestamp};

use super::backend::{Backend, Row, Session};
use super::filter::Filter;
use super::tally;
use crate::criteria::{FindingDocument, Hot};
use crate::statistics::Tally;
use crate::{Group, GroupBy, GroupKey, StatisticsQuery, StoreError};

pub(crate) fn statistics<B: Backend>(
    session: &mut dyn Session,
    query: &StatisticsQuery,
) -> Result<Vec<Group>, StoreError> {
    let filter = Filter::new::<B>(session, &query.scope, &query.criteria)?;
    let groups = if query.criteria.cold.is_empty() {
        by_columns(session, query, filter)?
    } else {
        by_documents(session, query, filter)?
    };
    Ok(query.settle(groups))
}

const fn columns(group_by: GroupBy) -> &'static str {
    match group_by {
        GroupBy::Account => "f.account",
        GroupBy::Date => "f.day, f.severity",
        GroupBy::FindingType => "f.type",
        GroupBy::Resource => "f.account, f.resource_type, f.resource_id",
        GroupBy::Severity => "f.severity",
    }
}

/// The database counts.
fn by_columns(
    session: &mut dyn Session,
    query: &StatisticsQuery,
    mut filter: Filter,
) -> Result<Vec<Group>, StoreError> {
    let columns = columns(query.group_by);
    let direction = if query.ascending { "ASC" } else { "DESC" };
    let order = match query.group_by {
        GroupBy::Date => format!("f.day {direction}, f.severity {direction}"),
        // What settling does with equal numbers, so that the limit cuts in the same place.
        _ => format!("1 {direction}, {columns}"),
    };
    let condition = filter.sql();
    let limit = filter.parameter(query.limit() as i64);
    let (counted, table) = match counts(query) {
        Some(table) => ("CAST(SUM(f.total) AS BIGINT), MAX(f.last)", table.name),
        None => ("COUNT(*), MAX(f.updated)", "finding"),
    };
    let sql = format!(
        "SELECT {counted}, {columns} FROM {table} f{condition} \
         GROUP BY {columns} ORDER BY {order} LIMIT {limit}"
    );
    let mut groups = Vec::new();
    session.query(&sql, &filter.parameters, &mut |row| {
        groups.extend(key(query.group_by, row).map(|key| Group {
            key,
            total: row.int(0).cast_unsigned(),
            last_generated: Timestamp::from_millis(row.int(1)),
        }));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(groups)
}

/// The table that has counted already what is asked for, if one has.
fn counts(query: &StatisticsQuery) -> Option<tally::Table> {
    let table = match query.group_by {
        GroupBy::Account | GroupBy::FindingType | GroupBy::Severity => tally::BY_TYPE,
        GroupBy::Date => tally::BY_DAY,
        GroupBy::Resource => return None,
    };
    let has = |hot: Hot| hot.column().strip_prefix("f.").is_some_and(|it| table.has(it));
    let clauses = &query.criteria.hot;
    clauses.iter().all(|it| it.field.hot.is_some_and(has)).then_some(table)
}

/// Every document that may pass is looked at.
fn by_documents(
    session: &mut dyn Session,
    query: &StatisticsQuery,
    mut filter: Filter,
) -> Result<Vec<Group>, StoreError> {
    let columns = columns(query.group_by);
    let from = filter.with_documents();
    let sql = format!("SELECT d.finding, f.updated, {columns} FROM {from}{}", filter.sql());
    let (mut tally, mut damage) = (Tally::new(query.group_by), None);
    session.query(&sql, &filter.parameters, &mut |row| {
        match serde_json::from_str(row.text(0)).map(FindingDocument::new) {
            Ok(document) if query.criteria.matches_cold(&document) => {
                if let Some(key) = key(query.group_by, row) {
                    tally.add_key(key, Timestamp::from_millis(row.int(1)));
                }
            }
            Ok(_) => {}
            Err(error) => {
                damage = Some(error.to_string());
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    damage.map_or(Ok(tally.groups()), |it| Err(session.damaged(&it)))
}

/// What a row of two other columns and [`columns`] has in common with others.
fn key(group_by: GroupBy, row: &Row<'_>) -> Option<GroupKey> {
    let account = || row.text(2).parse::<AccountId>().ok();
    let severity = |column| u8::try_from(row.int(column)).ok().and_then(Severity::new);
    Some(match group_by {
        GroupBy::Account => GroupKey::Account(account()?),
        GroupBy::Date => {
            GroupKey::Date { day: Timestamp::from_millis(row.int(2)), severity: severity(3)? }
        }
        GroupBy::FindingType => GroupKey::FindingType(row.text(2).to_owned()),
        GroupBy::Resource => GroupKey::Resource {
            account: account()?,
            resource_type: row.text(3).to_owned(),
            resource_id: row.text(4).to_owned(),
        },
        GroupBy::Severity => GroupKey::Severity(severity(2)?),
    })
}
