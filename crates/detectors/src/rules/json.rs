//! Reading parameters of calls, whose spelling differs by service.

use serde_json::Value;

static NULL: Value = Value::Null;

/// Most elements that are read of one list.
const LIST_MAX: usize = 1000;

/// A member by a path such as `launchPermission.add`; letter case does not matter, since services spell
/// their members differently. Null where there is none.
pub(super) fn at<'v>(value: &'v Value, path: &str) -> &'v Value {
    path.split('.').fold(value, |value, name| {
        let Value::Object(members) = value else { return &NULL };
        members.iter().find(|(it, _)| it.eq_ignore_ascii_case(name)).map_or(&NULL, |(_, it)| it)
    })
}

/// The text of a member, empty where there is none. Lists of one, as S3 writes headers, count as their element.
pub(super) fn text<'v>(value: &'v Value, path: &str) -> &'v str {
    match at(value, path) {
        Value::String(text) => text,
        Value::Array(values) => match values.as_slice() {
            [Value::String(text)] => text,
            _ => "",
        },
        _ => "",
    }
}

/// A truth value, as such or as text.
pub(super) fn flag(value: &Value, path: &str) -> Option<bool> {
    match at(value, path) {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        // EC2 wraps attributes: `{"value": true}`.
        Value::Object(_) => match at(value, path).get("value") {
            Some(Value::Bool(flag)) => Some(*flag),
            _ => None,
        },
        _ => None,
    }
}

/// A whole number, as such or as text.
pub(super) fn number(value: &Value, path: &str) -> Option<i64> {
    match at(value, path) {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// The elements of a list in any of its spellings: plain, wrapped as `{"items": […]}`, or a single element.
pub(super) fn list<'v>(value: &'v Value, path: &str) -> impl Iterator<Item = &'v Value> {
    let mut inner = at(value, path);
    if let Value::Object(members) = inner {
        let wrapped = ["items", "item", "member"].iter().find_map(|name| members.get(*name));
        inner = wrapped.unwrap_or(inner);
    }
    match inner {
        Value::Array(values) => values.as_slice(),
        Value::Null => &[],
        one => std::slice::from_ref(one),
    }
    .iter()
    .take(LIST_MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_found_in_every_spelling() {
        let value = json!({"dBInstanceIdentifier": "db", "A": {"b": ["x"]}, "n": "22",
            "disableApiTermination": {"value": true}, "on": "TRUE"});
        assert_eq!(text(&value, "dbInstanceIdentifier"), "db");
        assert_eq!(text(&value, "a.B"), "x");
        assert_eq!(number(&value, "n"), Some(22));
        assert_eq!(flag(&value, "disableApiTermination"), Some(true));
        assert_eq!(flag(&value, "on"), Some(true));
        assert!(at(&value, "a.b.c").is_null());
        assert_eq!(list(&json!({"a": {"items": [1, 2]}}), "a").count(), 2);
        assert_eq!(list(&json!({"a": {"x": 1}}), "a").count(), 1);
        assert_eq!(list(&json!({}), "a").count(), 0);
    }
}
