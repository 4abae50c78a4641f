//! Two tables of counts, kept true by every write, so that common statistics read no findings.

use super::backend::{Session, Value};
use crate::StoreError;

/// A table of counts: its name, the columns that tell its cells apart, as `finding` has them too.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    columns: &'static [&'static str],
}

pub(crate) const BY_TYPE: Table = Table {
    name: "tally",
    columns: &["account", "region", "type", "severity", "archived", "resource_type"],
};
pub(crate) const BY_DAY: Table =
    Table { name: "tally_day", columns: &["account", "region", "day", "severity", "archived"] };

/// Where a finding is counted: its values of all columns in [`CELL_COLUMNS`], and when it was updated.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Cell {
    pub(crate) values: [Value; 7],
    pub(crate) updated: i64,
}

/// The columns of [`Cell::values`].
pub(crate) const CELL_COLUMNS: [&str; 7] =
    ["account", "region", "type", "severity", "archived", "resource_type", "day"];

impl Table {
    /// Whether the table has the column.
    pub(crate) fn has(&self, column: &str) -> bool {
        self.columns.contains(&column)
    }

    /// The values of the cell that this table tells apart.
    fn place(&self, cell: &Cell) -> Vec<Value> {
        let values = CELL_COLUMNS.iter().zip(&cell.values);
        let find = |column: &&str| values.clone().find(|it| it.0 == column).map(|it| it.1.clone());
        self.columns.iter().filter_map(find).collect()
    }

    /// The condition for one cell, whose parameters are numbered after `before` others.
    fn at_place(&self, before: usize) -> String {
        let conditions = self.columns.iter().zip(before + 1..);
        let conditions: Vec<String> =
            conditions.map(|(column, n)| format!("{column} = ${n}")).collect();
        format!("WHERE {}", conditions.join(" AND "))
    }

    /// Counts one finding more.
    fn add(&self, session: &mut dyn Session, cell: &Cell) -> Result<(), StoreError> {
        let (name, columns) = (self.name, self.columns.join(", "));
        let values: Vec<String> = (1..=self.columns.len()).map(|it| format!("${it}")).collect();
        let last = format!("${}", self.columns.len() + 1);
        let sql = format!(
            "INSERT INTO {name} ({columns}, total, last) VALUES ({}, 1, {last}) \
             ON CONFLICT ({columns}) DO UPDATE SET total = {name}.total + 1, \
             last = CASE WHEN excluded.last > {name}.last THEN excluded.last ELSE {name}.last END",
            values.join(", ")
        );
        let mut parameters = self.place(cell);
        parameters.push(Value::Int(cell.updated));
        session.execute(&sql, &parameters)?;
        Ok(())
    }

    /// Counts findings less that are not in `finding` any more.
    pub(crate) fn remove(
        &self,
        session: &mut dyn Session,
        cell: &Cell,
        count: i64,
    ) -> Result<(), StoreError> {
        let (name, condition, place) = (self.name, self.at_place(0), self.place(cell));
        let sql = format!("SELECT total, last FROM {name} {condition}");
        let found = session.one(&sql, &place, |row| (row.int(0), row.int(1)))?;
        let Some((total, last)) = found else {
            return Err(session.damaged("a finding was not counted"));
        };
        if total <= count {
            session.execute(&format!("DELETE FROM {name} {condition}"), &place)?;
            return Ok(());
        }
        let last = if cell.updated == last {
            let sql =
                format!("SELECT updated FROM finding {condition} ORDER BY updated DESC LIMIT 1");
            session.one(&sql, &place, |row| row.int(0))?.unwrap_or(last)
        } else {
            last
        };
        let sql = format!("UPDATE {name} SET total = $1, last = $2 {}", self.at_place(2));
        let mut parameters = vec![Value::Int(total - count), Value::Int(last)];
        parameters.extend(place);
        session.execute(&sql, &parameters)?;
        Ok(())
    }
}

/// The cell of the finding with this identifier.
pub(crate) fn cell(session: &mut dyn Session, id: &str) -> Result<Option<Cell>, StoreError> {
    let sql = format!("SELECT {}, updated FROM finding WHERE id = $1", CELL_COLUMNS.join(", "));
    session.one(&sql, &[id.into()], |row| Cell {
        values: std::array::from_fn(|it| row.values.get(it).cloned().unwrap_or(Value::Null)),
        updated: row.int(CELL_COLUMNS.len()),
    })
}

/// A finding that `finding` has by now was written over what it was before.
pub(crate) fn moved(
    session: &mut dyn Session,
    before: Option<&Cell>,
    after: &Cell,
) -> Result<(), StoreError> {
    if before == Some(after) {
        return Ok(());
    }
    for table in [BY_TYPE, BY_DAY] {
        table.add(session, after)?;
        if let Some(before) = before {
            table.remove(session, before, 1)?;
        }
    }
    Ok(())
}
