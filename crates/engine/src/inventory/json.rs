//! Lenient reading of JSON as AWS writes it, in CloudTrail and in descriptions.
//!
//! CloudTrail spells EC2's members in lower camel case and wraps lists as `{"items": […]}` or
//! `{"item": …}`; descriptions use upper camel case and plain arrays. Both are read by one set of functions.

use model::{AccountId, Addr, Timestamp};
use serde_json::Value;

use super::timeline::Text;

/// Longest text that is kept of a member, in bytes.
pub(super) const TEXT_MAX: usize = 1024;

/// Most elements that are read of one list.
pub(super) const LIST_MAX: usize = 4096;

static NULL: Value = Value::Null;

/// A member by its name in lower camel case, or with its first letter in upper case.
pub(super) fn get<'v>(value: &'v Value, name: &str) -> &'v Value {
    if let Some(member) = value.get(name) {
        return member;
    }
    let mut upper = String::with_capacity(name.len());
    let mut letters = name.chars();
    upper.extend(letters.next().map(|first| first.to_ascii_uppercase()));
    upper.push_str(letters.as_str());
    value.get(&upper).unwrap_or(&NULL)
}

/// The first of several members that is present and not null.
pub(super) fn pick<'v>(value: &'v Value, names: &[&str]) -> &'v Value {
    names.iter().map(|name| get(value, name)).find(|member| !member.is_null()).unwrap_or(&NULL)
}

/// What a wrapper such as `CreateNatGatewayRequest` or `CreateNatGatewayResponse` holds, else the value
/// itself: CloudTrail wraps the newer calls of EC2.
pub(super) fn body(value: &Value) -> &Value {
    let Value::Object(members) = value else { return value };
    members
        .iter()
        .find(|(name, inner)| {
            inner.is_object() && (name.ends_with("Request") || name.ends_with("Response"))
        })
        .map_or(value, |(_, inner)| inner)
}

/// Text of a string, number or truth value, cut at [`TEXT_MAX`]; `None` when absent or empty.
pub(super) fn text(value: &Value) -> Option<Text> {
    match value {
        Value::String(text) if !text.is_empty() => Some(cut(text, TEXT_MAX)),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Bool(flag) => Some(if *flag { "true" } else { "false" }.into()),
        // S3 writes headers and query parameters as lists of one.
        Value::Array(values) if values.len() == 1 => match values.first() {
            Some(Value::String(text)) if !text.is_empty() => Some(cut(text, TEXT_MAX)),
            _ => None,
        },
        _ => None,
    }
}

/// The first bytes of a text, ended at a letter's boundary.
pub(super) fn cut(text: &str, max: usize) -> Text {
    if text.is_empty() {
        return Text::default();
    }
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or("").into()
}

pub(super) fn member_text(value: &Value, name: &str) -> Option<Text> {
    text(get(value, name))
}

/// The elements of a list in any of its spellings, at most [`LIST_MAX`].
pub(super) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    let mut inner = value;
    // S3 writes a list of one as its element: an element has members of its own kind.
    let is_element = ["Key", "Grantee"].iter().any(|name| value.get(*name).is_some());
    if let Value::Object(members) = value
        && !is_element
    {
        inner = ["items", "item", "member"].iter().find_map(|name| members.get(*name)).unwrap_or(
            // `assignedPrivateIpAddressSetType` and the like: a wrapper of one list.
            match members.values().next() {
                Some(only @ Value::Array(_)) if members.len() == 1 => only,
                _ => &NULL,
            },
        );
    }
    let (many, one) = match inner {
        Value::Array(values) => (values.as_slice(), None),
        Value::Null => (&[][..], None),
        single => (&[][..], Some(single)),
    };
    many.iter().chain(one).take(LIST_MAX)
}

/// A truth value as such or as text.
pub(super) fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// An address in text.
pub(super) fn address(value: &Value) -> Option<Addr> {
    value.as_str().and_then(Addr::parse)
}

/// An account as text or number.
pub(super) fn account(value: &Value) -> Option<AccountId> {
    match value {
        Value::String(text) => AccountId::from_digits(text.as_bytes()),
        Value::Number(number) => number.as_u64().and_then(AccountId::new),
        _ => None,
    }
    .filter(|account| account.is_known())
}

/// A time in ISO 8601, in seconds or in milliseconds since 1970.
pub(super) fn time(value: &Value) -> Option<Timestamp> {
    /// Numbers from here on are milliseconds: as seconds they would lie after the year 5000.
    const MILLIS_FROM: f64 = 1e11;
    match value {
        Value::String(text) => Timestamp::parse(text).ok(),
        Value::Number(number) => {
            let number = number.as_f64().filter(|n| (0.0..1e14).contains(n))?;
            let millis = if number < MILLIS_FROM { number * 1000.0 } else { number };
            Some(Timestamp::from_millis(millis as i64))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_are_read_in_every_spelling() {
        let counts = |value: Value| list(&value).count();
        assert_eq!(counts(json!([1, 2])), 2);
        assert_eq!(counts(json!({"items": [1, 2, 3]})), 3);
        assert_eq!(counts(json!({"item": {"a": 1}})), 1);
        assert_eq!(counts(json!({"assignedPrivateIpAddressSetType": [1, 2]})), 2);
        assert_eq!(counts(json!({"Key": "a", "Value": "b"})), 1);
        assert_eq!(counts(json!({})), 0);
        assert_eq!(counts(json!(null)), 0);
        assert_eq!(counts(Value::Array(vec![json!(1); LIST_MAX + 1])), LIST_MAX);
    }

    #[test]
    fn values_are_read_in_every_type() {
        assert_eq!(flag(&json!("TRUE")), Some(true));
        assert_eq!(flag(&json!(1)), None);
        assert_eq!(time(&json!("2026-01-31T10:00:00+00:00")), time(&json!(1_769_853_600)));
        assert_eq!(time(&json!(1_769_853_600_000_i64)), time(&json!(1_769_853_600)));
        assert_eq!(time(&json!(-1e300)), None);
        assert_eq!(account(&json!(111_122_223_333_u64)), account(&json!("111122223333")));
        assert_eq!(text(&json!(["private"])).as_deref(), Some("private"));
        assert_eq!(text(&json!("é".repeat(TEXT_MAX))).map(|text| text.len()), Some(TEXT_MAX));
        assert_eq!(cut("aé", 2).as_ref(), "a");
        let wrapped = json!({"CreateNatGatewayRequest": {"SubnetId": "subnet-1"}});
        assert_eq!(member_text(body(&wrapped), "subnetId").as_deref(), Some("subnet-1"));
    }
}
