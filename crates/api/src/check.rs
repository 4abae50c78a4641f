//! Checks the values of a request against the interface model before any handler sees them.
//!
//! Clients check required members at most: ranges, patterns and choices arrive as they were written.

use serde_json::{Map, Number, Value};

use crate::error::Refusal;

/// What a value must look like.
#[derive(Debug)]
pub(crate) enum Shape {
    Text { min: usize, max: usize, pattern: Option<fn(&str) -> bool> },
    OneOf(&'static [&'static str]),
    Integer { min: i64, max: i64 },
    Flag,
    List { of: &'static Shape, min: usize, max: usize },
    Map { key: &'static Shape, value: &'static Shape, min: usize, max: usize },
    Structure(&'static [Member]),
}

/// A member of a structure.
#[derive(Debug)]
pub(crate) struct Member {
    /// The name in JSON; labels of the path begin small, as in the service's messages.
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    pub(crate) is_required: bool,
    pub(crate) shape: &'static Shape,
}

/// Where a request carries a member.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    Body,
    Label,
    Query,
}

/// What is wrong with a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    Kind,
    Range,
    Value,
    Missing,
}

/// Checks the members of a request and turns numbers and flags that came as text into what they are.
pub(crate) fn check(input: &mut Map<String, Value>, members: &[Member]) -> Result<(), Refusal> {
    for member in members {
        check_member(input, member).map_err(|fault| match fault {
            Fault::Missing => Refusal::missing(),
            Fault::Kind => Refusal::json(),
            Fault::Range => Refusal::range(member.name),
            Fault::Value => Refusal::parameter(member.name),
        })?;
    }
    Ok(())
}

fn check_member(input: &mut Map<String, Value>, member: &Member) -> Result<(), Fault> {
    match input.get_mut(member.name) {
        None | Some(Value::Null) if member.is_required => Err(Fault::Missing),
        None => Ok(()),
        Some(Value::Null) => {
            input.remove(member.name);
            Ok(())
        }
        Some(value) => member.shape.check(value),
    }
}

impl Shape {
    fn check(&self, value: &mut Value) -> Result<(), Fault> {
        match self {
            Shape::Text { min, max, pattern } => {
                let text = as_text(value)?;
                let length = text.chars().count();
                let is_right = pattern.is_none_or(|it| it(text));
                or(length >= *min && length <= *max && is_right, Fault::Value)
            }
            Shape::OneOf(values) => or(values.contains(&as_text(value)?), Fault::Value),
            Shape::Integer { min, max } => {
                let number = as_integer(value)?;
                or(number >= *min && number <= *max, Fault::Range)
            }
            Shape::Flag => as_flag(value),
            Shape::List { of, min, max } => {
                let Value::Array(values) = value else { return Err(Fault::Kind) };
                or(values.len() >= *min && values.len() <= *max, Fault::Range)?;
                values.iter_mut().try_for_each(|it| of.check(it))
            }
            Shape::Map { key, value: of, min, max } => {
                let Value::Object(values) = value else { return Err(Fault::Kind) };
                or(values.len() >= *min && values.len() <= *max, Fault::Range)?;
                values.iter_mut().try_for_each(|(name, it)| {
                    key.check(&mut Value::String(name.clone()))?;
                    of.check(it)
                })
            }
            Shape::Structure(members) => {
                let Value::Object(values) = value else { return Err(Fault::Kind) };
                members.iter().try_for_each(|it| check_member(values, it))
            }
        }
    }
}

fn or(is_right: bool, fault: Fault) -> Result<(), Fault> {
    if is_right { Ok(()) } else { Err(fault) }
}

/// Values of criteria are texts for the model; a number or flag says the same.
fn as_text(value: &mut Value) -> Result<&str, Fault> {
    if value.is_number() || value.is_boolean() {
        *value = Value::String(value.to_string());
    }
    value.as_str().ok_or(Fault::Kind)
}

/// The query carries text, and some clients write numbers of criteria as text.
fn as_integer(value: &mut Value) -> Result<i64, Fault> {
    if let Value::String(text) = value {
        let number: i64 = text.parse().map_err(|_| Fault::Value)?;
        *value = Value::Number(Number::from(number));
    }
    if let Some(number) = value.as_f64().filter(|it| it.fract() == 0.0 && it.abs() < 1e15) {
        *value = Value::Number(Number::from(number as i64));
    }
    value.as_i64().ok_or(Fault::Kind)
}

fn as_flag(value: &mut Value) -> Result<(), Fault> {
    match value {
        Value::Bool(_) => Ok(()),
        Value::String(text) => {
            *value = Value::Bool(text.parse().map_err(|_| Fault::Value)?);
            Ok(())
        }
        _ => Err(Fault::Kind),
    }
}

pub(crate) const fn text(min: usize, max: usize, pattern: Option<fn(&str) -> bool>) -> Shape {
    Shape::Text { min, max, pattern }
}

pub(crate) const fn one_of(values: &'static [&'static str]) -> Shape {
    Shape::OneOf(values)
}

pub(crate) const fn integer(min: i64, max: i64) -> Shape {
    Shape::Integer { min, max }
}

pub(crate) const fn flag() -> Shape {
    Shape::Flag
}

pub(crate) const fn list(of: &'static Shape, min: usize, max: usize) -> Shape {
    Shape::List { of, min, max }
}

pub(crate) const fn map(
    key: &'static Shape,
    value: &'static Shape,
    min: usize,
    max: usize,
) -> Shape {
    Shape::Map { key, value, min, max }
}

pub(crate) const fn structure(members: &'static [Member]) -> Shape {
    Shape::Structure(members)
}

pub(crate) const fn body(name: &'static str, shape: &'static Shape) -> Member {
    Member { name, place: Place::Body, is_required: false, shape }
}

pub(crate) const fn label(name: &'static str, shape: &'static Shape) -> Member {
    Member { name, place: Place::Label, is_required: false, shape }
}

pub(crate) const fn query(name: &'static str, shape: &'static Shape) -> Member {
    Member { name, place: Place::Query, is_required: false, shape }
}

impl Member {
    pub(crate) const fn required(self) -> Member {
        Member { is_required: true, ..self }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    static TEXT: Shape = text(1, 4, None);
    static RANK: Shape = integer(1, 100);
    static TEXTS: Shape = list(&TEXT, 0, 2);
    static ACTION: Shape = one_of(&["NOOP", "ARCHIVE"]);
    static ENABLE: Shape = flag();
    static INNER: Shape = structure(&[body("rank", &RANK).required()]);
    static TAGS: Shape = map(&TEXT, &TEXT, 1, 2);
    const MEMBERS: &[Member] = &[
        body("name", &TEXT).required(),
        query("maxResults", &RANK),
        body("findingIds", &TEXTS),
        body("action", &ACTION),
        body("enable", &ENABLE),
        body("inner", &INNER),
        body("tags", &TAGS),
    ];

    fn message(mut input: Value) -> Result<Value, String> {
        input.as_object_mut().unwrap().entry("name").or_insert(json!("n"));
        let mut input = input.as_object().unwrap().clone();
        check(&mut input, MEMBERS).map(|()| Value::Object(input)).map_err(|it| {
            it.message.trim_start_matches("The request is rejected because ").to_owned()
        })
    }

    #[test]
    fn what_came_as_text_becomes_what_it_is() {
        assert_eq!(
            message(json!({"maxResults": "7", "enable": "true", "name": 8, "other": {}})).unwrap(),
            json!({"maxResults": 7, "enable": true, "name": "8", "other": {}})
        );
        assert_eq!(message(json!({"inner": {"rank": 3.0}})).unwrap()["inner"]["rank"], json!(3));
        assert_eq!(message(json!({"action": null})).unwrap(), json!({"name": "n"}));
    }

    #[test]
    fn faults_are_worded_as_the_service_does() {
        for (input, expected) in [
            (json!({"name": null}), "the required query or path parameters are not specified."),
            (json!({"name": "12345"}), "the parameter name has an invalid value."),
            (json!({"name": []}), "the JSON could not be processed."),
            (json!({"maxResults": 0}), "the parameter maxResults is out-of-bounds."),
            (json!({"maxResults": "x"}), "the parameter maxResults has an invalid value."),
            (
                json!({"findingIds": ["a", "b", "c"]}),
                "the number of requested finding IDs is out-of-bounds.",
            ),
            (json!({"action": "DELETE"}), "the parameter action has an invalid value."),
            (json!({"inner": {}}), "the required query or path parameters are not specified."),
            (
                json!({"inner": {"rank": 101}}),
                "an invalid or out-of-range value is specified as an input parameter.",
            ),
            (json!({"tags": {"": "v"}}), "the parameter tags has an invalid value."),
            (json!({"enable": 1}), "the JSON could not be processed."),
            (json!({"inner": {"rank": 1e300}}), "the JSON could not be processed."),
        ] {
            assert_eq!(message(input.clone()), Err(expected.to_owned()), "{input}");
        }
    }
}
