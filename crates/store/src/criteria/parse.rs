//! Reads criteria from JSON.

use model::Timestamp;
use serde_json::{Map, Value};

use super::Criteria;
use super::clause::{Clause, Comparison, Operand, Test};
use super::document::{Scalar, number};
use super::error::{CriteriaError, quoted};
use super::fields::{Field, Kind};
use super::pattern::Pattern;

pub(super) fn criteria(criteria: &Value) -> Result<Criteria, CriteriaError> {
    let Some(members) = object(criteria, "the criteria")? else { return Ok(Criteria::default()) };
    let mut criterion = None;
    for (name, value) in members {
        match name.as_str() {
            "criterion" | "Criterion" => criterion = object(value, "`criterion`")?,
            _ => return Err(CriteriaError::UnknownField { field: quoted(name) }),
        }
    }
    let Some(fields) = criterion else { return Ok(Criteria::default()) };
    if fields.len() > Criteria::FIELDS_MAX {
        let (count, max) = (fields.len(), Criteria::FIELDS_MAX);
        return Err(CriteriaError::TooManyFields { count, max });
    }
    let mut criteria = Criteria::default();
    for (path, condition) in fields {
        let unknown = || CriteriaError::UnknownField { field: quoted(path) };
        let field = Field::find(path).ok_or_else(unknown)?;
        for test in tests(&field, condition)? {
            let clause = Clause { field: field.clone(), test };
            let clauses = if field.hot.is_some() { &mut criteria.hot } else { &mut criteria.cold };
            clauses.push(clause);
        }
    }
    Ok(criteria)
}

fn object<'a>(
    value: &'a Value,
    what: &str,
) -> Result<Option<&'a Map<String, Value>>, CriteriaError> {
    match value {
        Value::Null => Ok(None),
        Value::Object(members) => Ok(Some(members)),
        _ => Err(CriteriaError::NotAnObject { what: what.to_owned() }),
    }
}

/// The tests of one field; SDKs write members that are not set as null.
fn tests(field: &Field, condition: &Value) -> Result<Vec<Test>, CriteriaError> {
    let what = format!("the condition of `{}`", field.path);
    let members = object(condition, &what)?.into_iter().flatten();
    let mut tests = Vec::new();
    for (operator, value) in members.filter(|it| !it.1.is_null()) {
        tests.push(Reader { field, operator }.test(value)?);
    }
    if tests.is_empty() {
        return Err(CriteriaError::NoCondition { field: field.path.clone() });
    }
    Ok(tests)
}

/// Reads what is asked of a field by one operator.
struct Reader<'a> {
    field: &'a Field,
    operator: &'a str,
}

impl Reader<'_> {
    fn test(&self, value: &Value) -> Result<Test, CriteriaError> {
        Ok(match lower_first(self.operator).as_str() {
            "eq" | "equals" => Test::OneOf(self.operands(value)?),
            "neq" | "notEquals" => Test::NoneOf(self.operands(value)?),
            "gt" | "greaterThan" => self.compare(Comparison::Greater, value)?,
            "gte" | "greaterThanOrEqual" => self.compare(Comparison::GreaterOrEqual, value)?,
            "lt" | "lessThan" => self.compare(Comparison::Less, value)?,
            "lte" | "lessThanOrEqual" => self.compare(Comparison::LessOrEqual, value)?,
            "matches" => Test::Like(self.patterns(value)?),
            "notMatches" => Test::Unlike(self.patterns(value)?),
            _ => {
                return Err(CriteriaError::UnknownOperator {
                    field: self.field.path.clone(),
                    operator: quoted(self.operator),
                });
            }
        })
    }

    fn operands(&self, value: &Value) -> Result<Vec<Operand>, CriteriaError> {
        self.list(value, Criteria::VALUES_MAX)?.into_iter().map(|it| self.operand(it)).collect()
    }

    fn operand(&self, text: &str) -> Result<Operand, CriteriaError> {
        if text.len() > Criteria::VALUE_LEN_MAX {
            return Err(self.bad_value(text, "at most 4096 bytes long"));
        }
        match self.field.kind {
            Kind::Text | Kind::Any | Kind::Map => Ok(Operand::Text(text.to_owned())),
            Kind::Number => match number(text) {
                Some(Scalar::Int(it)) => Ok(Operand::Int(it)),
                Some(Scalar::Float(it)) => Ok(whole(it).map_or(Operand::Float(it), Operand::Int)),
                _ => Err(self.bad_value(text, "a number")),
            },
            Kind::Severity => match number(text) {
                Some(Scalar::Int(it)) => Ok(Operand::Band(it)),
                Some(Scalar::Float(it)) => Ok(whole(it).map_or(Operand::Float(it), Operand::Band)),
                _ => Err(self.bad_value(text, "a number")),
            },
            Kind::Bool => match text {
                "true" => Ok(Operand::Bool(true)),
                "false" => Ok(Operand::Bool(false)),
                _ => Err(self.bad_value(text, "`true` or `false`")),
            },
            Kind::Time => {
                let millis = text.parse().ok();
                let time = || Timestamp::parse(text).ok().map(Timestamp::millis);
                let wanted = "a time in milliseconds since 1970 or in ISO 8601";
                millis.or_else(time).map(Operand::Int).ok_or_else(|| self.bad_value(text, wanted))
            }
        }
    }

    fn compare(&self, comparison: Comparison, value: &Value) -> Result<Test, CriteriaError> {
        match self.field.kind {
            Kind::Text => return Err(self.not_applicable("text")),
            Kind::Bool => return Err(self.not_applicable("true or false")),
            _ => {}
        }
        let bound = value.as_i64().or_else(|| value.as_f64().and_then(whole));
        let bound = bound.ok_or_else(|| self.bad_value(&value.to_string(), "a whole number"))?;
        Ok(Test::Compare(comparison, bound))
    }

    fn patterns(&self, value: &Value) -> Result<Vec<Pattern>, CriteriaError> {
        match self.field.kind {
            Kind::Number | Kind::Severity => return Err(self.not_applicable("numbers")),
            Kind::Time => return Err(self.not_applicable("a time")),
            Kind::Bool => return Err(self.not_applicable("true or false")),
            Kind::Text | Kind::Any | Kind::Map => {}
        }
        let mut patterns = Vec::new();
        for text in self.list(value, Criteria::PATTERNS_MAX)? {
            if text.is_empty() || text.chars().count() > Criteria::PATTERN_LEN_MAX {
                return Err(self.bad_value(text, "1 to 512 characters long"));
            }
            patterns.push(Pattern::new(text));
        }
        Ok(patterns)
    }

    fn list<'v>(&self, value: &'v Value, max: usize) -> Result<Vec<&'v str>, CriteriaError> {
        let texts: Option<Vec<&str>> = value
            .as_array()
            .filter(|it| (1..=max).contains(&it.len()))
            .and_then(|it| it.iter().map(Value::as_str).collect());
        texts.ok_or_else(|| CriteriaError::BadList {
            field: self.field.path.clone(),
            operator: self.operator.to_owned(),
            max,
        })
    }

    fn bad_value(&self, value: &str, expected: &'static str) -> CriteriaError {
        CriteriaError::BadValue {
            field: self.field.path.clone(),
            operator: self.operator.to_owned(),
            value: quoted(value),
            expected,
        }
    }

    fn not_applicable(&self, holds: &'static str) -> CriteriaError {
        CriteriaError::NotApplicable {
            field: self.field.path.clone(),
            operator: self.operator.to_owned(),
            holds,
        }
    }
}

/// `GreaterThan` as `greaterThan`: command line tools capitalize what the wire does not.
fn lower_first(operator: &str) -> String {
    let mut chars = operator.chars();
    chars.next().map(|it| it.to_ascii_lowercase()).into_iter().chain(chars).collect()
}

/// The number, if it is whole and fits.
fn whole(number: f64) -> Option<i64> {
    // Doubles hold every whole number up to here.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}
