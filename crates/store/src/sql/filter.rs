//! Scope and criteria as conditions on the narrow table.

use super::backend::{Backend, Session, Value};
use crate::criteria::{Clause, Comparison, Hot, Operand, Pattern, Scalar, Test};
use crate::{Criteria, Scope, StoreError};

/// Accounts that are passed as parameters; more are written into the statement.
const ACCOUNT_PARAMETERS: usize = 100;

/// Fields of documents that a back end may have indexes for: text, and no array on the way.
pub(crate) const INDEXED: [&str; 8] = [
    "resource.instanceDetails.instanceId",
    "resource.accessKeyDetails.accessKeyId",
    "resource.accessKeyDetails.principalId",
    "resource.accessKeyDetails.userName",
    "resource.lambdaDetails.functionName",
    "service.action.networkConnectionAction.remoteIpDetails.ipAddressV4",
    "service.action.awsApiCallAction.remoteIpDetails.ipAddressV4",
    "service.action.dnsRequestAction.domain",
];

/// Types that a pattern is replaced by; more stay a pattern.
const TYPES_MAX: usize = 500;
/// Findings of some types of which a page is found sooner in the order of the page than by type.
const PLENTY: i64 = 20_000;

/// A growing `WHERE` with its parameters.
#[derive(Clone, Default)]
pub(crate) struct Filter {
    conditions: Vec<String>,
    /// Every type with the number of its findings, if a pattern asks for types.
    types: Option<Vec<(String, i64)>>,
    is_narrowed: bool,
    pub(crate) parameters: Vec<Value>,
}

impl Hot {
    /// The name of the column.
    pub(crate) const fn column(self) -> &'static str {
        match self {
            Hot::Id => "f.id",
            Hot::Account => "f.account",
            Hot::Region => "f.region",
            Hot::Type => "f.type",
            Hot::Severity => "f.severity",
            Hot::Archived => "f.archived",
            Hot::ResourceType => "f.resource_type",
            Hot::Created => "f.created",
            Hot::Updated => "f.updated",
            Hot::FirstSeen => "f.first_seen",
            Hot::LastSeen => "f.last_seen",
            Hot::Count => "f.count",
        }
    }
}

impl Filter {
    /// Everything of the scope that passes the clauses on columns. Those on documents are judged later.
    pub(crate) fn new<B: Backend>(
        session: &mut dyn Session,
        scope: &Scope,
        criteria: &Criteria,
    ) -> Result<Filter, StoreError> {
        let types = if criteria.hot.iter().any(has_type_pattern) { types(session)? } else { None };
        let mut filter = Filter { types, ..Filter::default() };
        filter.scope(scope);
        let has_owner = scope.accounts.is_some();
        for clause in &criteria.hot {
            filter.clause::<B>(clause, has_owner);
        }
        filter.narrow::<B>(criteria);
        Ok(filter)
    }

    /// Narrows a statement that reads documents by what is indexed; the documents are judged all the same.
    fn narrow<B: Backend>(&mut self, criteria: &Criteria) {
        for clause in &criteria.cold {
            let Test::OneOf(operands) = &clause.test else { continue };
            let path = INDEXED.into_iter().find(|it| *it == clause.field.path);
            if let Some(expression) = path.and_then(B::indexed) {
                let list = self.operands(operands);
                self.condition(one_of(&expression, &list));
                self.is_narrowed = true;
            }
        }
    }

    /// `finding f` with the documents as `d`. An index on documents comes first where one is asked:
    /// SQLite keeps the order of a cross join, others find it by themselves.
    pub(crate) fn with_documents(&mut self) -> &'static str {
        self.condition("d.n = f.n".to_owned());
        if self.is_narrowed {
            return "finding_document d CROSS JOIN finding f";
        }
        "finding f, finding_document d"
    }

    /// `finding f`, and the documents only where an index on them is asked.
    pub(crate) fn from(&mut self) -> &'static str {
        if self.is_narrowed { self.with_documents() } else { "finding f" }
    }

    /// Adds a parameter and gives its name.
    pub(crate) fn parameter(&mut self, value: impl Into<Value>) -> String {
        self.parameters.push(value.into());
        format!("${}", self.parameters.len())
    }

    pub(crate) fn condition(&mut self, condition: String) {
        self.conditions.push(condition);
    }

    /// ` WHERE …`, or nothing when everything passes.
    pub(crate) fn sql(&self) -> String {
        if self.conditions.is_empty() {
            return String::new();
        }
        format!(" WHERE {}", self.conditions.join(" AND "))
    }

    fn scope(&mut self, scope: &Scope) {
        if let Some(accounts) = &scope.accounts {
            let list: Vec<String> = if accounts.len() > ACCOUNT_PARAMETERS {
                accounts.iter().map(|it| format!("'{it}'")).collect()
            } else {
                accounts.iter().map(|it| self.parameter(it.to_string().as_str())).collect()
            };
            self.condition(one_of("f.account", &list));
        }
        if let Some(region) = &scope.region {
            let parameter = self.parameter(region.as_str());
            self.condition(format!("f.region = {parameter}"));
        }
    }

    fn clause<B: Backend>(&mut self, clause: &Clause, has_owner: bool) {
        let column = match clause.field.hot {
            // Half of everything: no index is better than that of the owner.
            Some(Hot::Archived) if has_owner => "(f.archived + 0)",
            Some(hot) => hot.column(),
            None => return,
        };
        if let Some(condition) = self.type_pattern(clause) {
            self.condition(condition);
            return;
        }
        let condition = match &clause.test {
            Test::OneOf(operands) => one_of(column, &self.operands(operands)),
            Test::NoneOf(operands) => format!("NOT ({})", one_of(column, &self.operands(operands))),
            Test::Compare(comparison, bound) => {
                let operator = match comparison {
                    Comparison::Greater => ">",
                    Comparison::GreaterOrEqual => ">=",
                    Comparison::Less => "<",
                    Comparison::LessOrEqual => "<=",
                };
                format!("{column} {operator} {}", self.parameter(*bound))
            }
            Test::Like(patterns) => self.like::<B>(column, patterns.iter().map(Pattern::text)),
            Test::Unlike(patterns) => {
                format!("NOT {}", self.like::<B>(column, patterns.iter().map(Pattern::text)))
            }
        };
        self.condition(condition);
    }

    /// A pattern of types as the types that it is for: there are few of them, and their findings have
    /// been counted.
    fn type_pattern(&mut self, clause: &Clause) -> Option<String> {
        if !has_type_pattern(clause) {
            return None;
        }
        let types = self.types.take()?;
        let matches = |it: &&(String, i64)| {
            let value = [Scalar::Text(it.0.clone())];
            clause.holds(&value, false)
        };
        let matching: Vec<&(String, i64)> = types.iter().filter(matches).collect();
        let total: i64 = matching.iter().map(|it| it.1).sum();
        let condition = (matching.len() <= TYPES_MAX).then(|| {
            let list: Vec<String> =
                matching.iter().map(|it| self.parameter(it.0.as_str())).collect();
            // The index of types would find them all before it sorts them.
            one_of(if total > PLENTY { "(f.type || '')" } else { "f.type" }, &list)
        });
        self.types = Some(types);
        condition
    }

    /// The operands that a column can be equal to: those of numbers are whole.
    fn operands(&mut self, operands: &[Operand]) -> Vec<String> {
        let value = |operand: &Operand| match operand {
            Operand::Text(text) => Some(Value::Text(text.clone())),
            Operand::Int(number) | Operand::Band(number) => Some(Value::Int(*number)),
            Operand::Bool(it) => Some(Value::Int(i64::from(*it))),
            Operand::Float(_) => None,
        };
        operands.iter().filter_map(value).map(|it| self.parameter(it)).collect()
    }

    fn like<'a, B: Backend>(
        &mut self,
        column: &str,
        patterns: impl Iterator<Item = &'a str>,
    ) -> String {
        let mut conditions = Vec::new();
        for pattern in patterns {
            self.parameters.push(Value::Text(B::pattern(pattern)));
            conditions.push(B::like(column, self.parameters.len()));
        }
        format!("({})", conditions.join(" OR "))
    }
}

fn has_type_pattern(clause: &Clause) -> bool {
    clause.field.hot == Some(Hot::Type) && matches!(clause.test, Test::Like(_) | Test::Unlike(_))
}

/// Every type with the number of its findings.
fn types(session: &mut dyn Session) -> Result<Option<Vec<(String, i64)>>, StoreError> {
    let sql = "SELECT type, CAST(SUM(total) AS BIGINT) FROM tally GROUP BY type ORDER BY type";
    session.all(sql, &[], |row| (row.text(0).to_owned(), row.int(1))).map(Some)
}

fn one_of(column: &str, list: &[String]) -> String {
    match list {
        [] => "1 = 0".to_owned(),
        [one] => format!("{column} = {one}"),
        _ => format!("{column} IN ({})", list.join(", ")),
    }
}
