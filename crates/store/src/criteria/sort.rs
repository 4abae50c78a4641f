//! In which order findings are listed.

use std::cmp::Ordering;

use findings::Finding;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::document::{Scalar, number};
use super::error::{CriteriaError, quoted};
use super::fields::{Field, Hot, Kind};
use super::{FindingDocument, Row};
use crate::query::Position;

/// An order of findings: by one field, then by identifier in the same direction.
///
/// Of a field with several values the smallest counts, descending the greatest. Findings without the
/// field come last in both directions. Text goes by bytes; in fields that may hold either, numbers come
/// before text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sort {
    pub(crate) field: Field,
    pub(crate) descending: bool,
}

impl Sort {
    /// By a documented field; upwards unless told otherwise.
    pub fn by(field: &str, descending: bool) -> Result<Sort, CriteriaError> {
        let unknown = || CriteriaError::UnknownField { field: quoted(field) };
        Ok(Sort { field: Field::find(field).ok_or_else(unknown)?, descending })
    }

    /// Reads `{"attributeName": "severity", "orderBy": "DESC"}`, with the names of the wire or
    /// capitalized ones. Without a field it is the default, without an order `ASC`.
    pub fn parse(sort: &Value) -> Result<Sort, CriteriaError> {
        if sort.is_null() {
            return Ok(Sort::default());
        }
        let members = sort.as_object();
        let members =
            members.ok_or_else(|| CriteriaError::NotAnObject { what: "the sort order".into() })?;
        let (mut field, mut order) = (None, None);
        for (name, value) in members.iter().filter(|it| !it.1.is_null()) {
            let text = value.as_str().unwrap_or_default();
            match name.as_str() {
                "attributeName" | "AttributeName" => field = Some(text),
                "orderBy" | "OrderBy" => order = Some(text),
                _ => return Err(CriteriaError::UnknownField { field: quoted(name) }),
            }
        }
        let descending = match order {
            None => field.is_none(),
            Some("ASC") => false,
            Some("DESC") => true,
            Some(other) => return Err(CriteriaError::BadOrder { order: quoted(other) }),
        };
        Sort::by(field.unwrap_or(Hot::Updated.path()), descending)
    }

    /// Where the finding stands in this order.
    pub(crate) fn key(&self, finding: &Finding) -> SortKey {
        match self.field.hot {
            Some(hot) => SortKey::of(&Row::of(finding).value(hot), self.field.kind),
            None => self.document_key(&FindingDocument::of(finding)),
        }
    }

    /// Where the document stands in this order.
    pub(crate) fn document_key(&self, document: &FindingDocument) -> SortKey {
        let values = document.values(&self.field);
        let keys = values.iter().map(|it| SortKey::of(it, self.field.kind));
        let best =
            if self.descending { keys.max_by(SortKey::cmp) } else { keys.min_by(SortKey::cmp) };
        best.unwrap_or(SortKey::Missing)
    }

    /// Compares two findings by key and identifier.
    pub(crate) fn cmp(&self, a: &Position, b: &Position) -> Ordering {
        let missing = |it: &Position| it.key == SortKey::Missing;
        let order = a.key.cmp(&b.key).then_with(|| a.id.cmp(&b.id));
        let order = if self.descending { order.reverse() } else { order };
        missing(a).cmp(&missing(b)).then(order)
    }

    /// Whether `b` comes after `a`.
    pub(crate) fn is_before(&self, a: &Position, b: &Position) -> bool {
        self.cmp(a, b) == Ordering::Less
    }
}

impl Default for Sort {
    /// What changed last comes first.
    fn default() -> Sort {
        let path = Hot::Updated.path().to_owned();
        Sort { field: Field { path, kind: Kind::Time, hot: Some(Hot::Updated) }, descending: true }
    }
}

/// The value that a finding is sorted by.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) enum SortKey {
    Int(i64),
    Float(f64),
    Text(String),
    Missing,
}

impl SortKey {
    fn of(value: &Scalar, kind: Kind) -> SortKey {
        match value {
            Scalar::Int(it) => SortKey::Int(*it),
            Scalar::Float(it) => SortKey::Float(*it),
            Scalar::Bool(it) => SortKey::Int(i64::from(*it)),
            Scalar::Text(text) if kind == Kind::Text => SortKey::Text(text.clone()),
            Scalar::Text(text) => match number(text) {
                Some(Scalar::Int(it)) => SortKey::Int(it),
                Some(Scalar::Float(it)) => SortKey::Float(it),
                _ => SortKey::Text(text.clone()),
            },
        }
    }

    pub(crate) fn cmp(&self, other: &SortKey) -> Ordering {
        match (self, other) {
            (SortKey::Int(a), SortKey::Int(b)) => a.cmp(b),
            (SortKey::Text(a), SortKey::Text(b)) => a.cmp(b),
            (SortKey::Int(a), SortKey::Float(b)) => (*a as f64).total_cmp(b),
            (SortKey::Float(a), SortKey::Int(b)) => a.total_cmp(&(*b as f64)),
            (SortKey::Float(a), SortKey::Float(b)) => a.total_cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            SortKey::Int(_) | SortKey::Float(_) => 0,
            SortKey::Text(_) => 1,
            SortKey::Missing => 2,
        }
    }
}
