//! One condition on one field.

use super::document::{Scalar, number};
use super::fields::{Field, Kind};
use super::pattern::Pattern;

/// A field and what is asked of it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Clause {
    pub(crate) field: Field,
    pub(crate) test: Test,
}

/// What is asked.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Test {
    OneOf(Vec<Operand>),
    NoneOf(Vec<Operand>),
    Compare(Comparison, i64),
    Like(Vec<Pattern>),
    Unlike(Vec<Pattern>),
}

/// The four comparisons.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Comparison {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// A value of `equals` or `notEquals`, read by the kind of its field.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Operand {
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    /// A severity: everything from the number up to the next one.
    Band(i64),
}

impl Clause {
    /// Whether the values of the field pass; with `must_be_known`, no values fail every test.
    pub(crate) fn holds(&self, values: &[Scalar], must_be_known: bool) -> bool {
        if values.is_empty() && must_be_known {
            return false;
        }
        match &self.test {
            Test::OneOf(operands) => values.iter().any(|it| is_one_of(it, operands)),
            Test::NoneOf(operands) => !values.iter().any(|it| is_one_of(it, operands)),
            Test::Compare(comparison, bound) => {
                let kind = self.field.kind;
                values.iter().any(|it| compares(it, kind, *comparison, *bound))
            }
            Test::Like(patterns) => values.iter().any(|it| is_like(it, patterns)),
            Test::Unlike(patterns) => !values.iter().any(|it| is_like(it, patterns)),
        }
    }
}

#[expect(clippy::float_cmp, reason = "`equals` means equal")]
fn is_one_of(value: &Scalar, operands: &[Operand]) -> bool {
    operands.iter().any(|operand| match (operand, value) {
        (Operand::Text(a), Scalar::Text(b)) => a == b,
        (Operand::Int(a) | Operand::Band(a), Scalar::Int(b)) => a == b,
        (Operand::Int(a), Scalar::Float(b)) => *a as f64 == *b,
        (Operand::Float(a), Scalar::Float(b)) => a == b,
        (Operand::Float(a), Scalar::Int(b)) => *a == *b as f64,
        (Operand::Bool(a), Scalar::Bool(b)) => a == b,
        (Operand::Band(a), Scalar::Float(b)) => *a as f64 == b.floor(),
        _ => false,
    })
}

fn compares(value: &Scalar, kind: Kind, comparison: Comparison, bound: i64) -> bool {
    match value {
        Scalar::Int(it) => comparison.holds(it, &bound),
        Scalar::Float(it) => comparison.holds(it, &(bound as f64)),
        // Only text that may hold a number is compared.
        Scalar::Text(it) if kind != Kind::Text => match number(it) {
            Some(Scalar::Int(it)) => comparison.holds(&it, &bound),
            Some(Scalar::Float(it)) => comparison.holds(&it, &(bound as f64)),
            _ => false,
        },
        _ => false,
    }
}

fn is_like(value: &Scalar, patterns: &[Pattern]) -> bool {
    match value {
        Scalar::Text(text) => patterns.iter().any(|it| it.matches(text)),
        _ => false,
    }
}

impl Comparison {
    fn holds<T: PartialOrd>(self, value: &T, bound: &T) -> bool {
        match self {
            Comparison::Greater => value > bound,
            Comparison::GreaterOrEqual => value >= bound,
            Comparison::Less => value < bound,
            Comparison::LessOrEqual => value <= bound,
        }
    }
}
