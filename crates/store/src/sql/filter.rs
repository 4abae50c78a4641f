//! Scope and criteria as conditions on the narrow table.

use super::backend::{Backend, Value};
use crate::criteria::{Clause, Comparison, Hot, Operand, Pattern, Test};
use crate::{Criteria, Scope};

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

/// A growing `WHERE` with its parameters.
#[derive(Default)]
pub(crate) struct Filter {
    conditions: Vec<String>,
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
    pub(crate) fn new<B: Backend>(scope: &Scope, criteria: &Criteria) -> Filter {
        let mut filter = Filter::default();
        filter.scope(scope);
        for clause in &criteria.hot {
            filter.clause::<B>(clause);
        }
        filter
    }

    /// Narrows a statement that reads documents by what is indexed; the documents are judged all the same.
    pub(crate) fn narrow<B: Backend>(&mut self, criteria: &Criteria) {
        for clause in &criteria.cold {
            let Test::OneOf(operands) = &clause.test else { continue };
            let path = INDEXED.into_iter().find(|it| *it == clause.field.path);
            if let Some(expression) = path.and_then(B::indexed) {
                let list = self.operands(operands);
                self.condition(one_of(&expression, &list));
            }
        }
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

    fn clause<B: Backend>(&mut self, clause: &Clause) {
        let Some(column) = clause.field.hot.map(Hot::column) else { return };
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

fn one_of(column: &str, list: &[String]) -> String {
    match list {
        [] => "1 = 0".to_owned(),
        [one] => format!("{column} = {one}"),
        _ => format!("{column} IN ({})", list.join(", ")),
    }
}
