//! A finding as the tree that paths of criteria walk.

use findings::Finding;
use model::Timestamp;
use serde_json::{Map, Value};

use super::fields::{Field, Kind};

/// Most values of one field that are looked at in one finding.
const VALUES_MAX: usize = 4096;

/// A finding's JSON in which the text of `service.additionalInfo.value` is expanded beside it.
#[derive(Clone, PartialEq, Debug)]
pub struct Document(Value);

/// One value of a field, in the form in which its kind compares.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Scalar {
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
}

impl Document {
    /// Takes the JSON of a finding.
    pub fn new(mut finding: Value) -> Document {
        if let Some(info) = finding.pointer_mut("/service/additionalInfo")
            && let Some(info) = info.as_object_mut()
            && let Some(Value::String(text)) = info.get("value")
            && let Ok(keys) = serde_json::from_str::<Map<String, Value>>(text)
        {
            for (key, value) in keys {
                // `value` and `type` are members of the shape itself.
                if key != "value" && key != "type" {
                    info.insert(key, value);
                }
            }
        }
        Document(finding)
    }

    /// Takes a finding.
    pub fn of(finding: &Finding) -> Document {
        Document::new(serde_json::to_value(finding).unwrap_or_default())
    }

    /// All values of a field: arrays on the way stand for each of their elements.
    pub(crate) fn values(&self, field: &Field) -> Vec<Scalar> {
        let mut values = Vec::new();
        walk(&self.0, &field.path, field.kind, &mut values);
        values
    }
}

fn walk(value: &Value, path: &str, kind: Kind, values: &mut Vec<Scalar>) {
    if values.len() >= VALUES_MAX {
        return;
    }
    match value {
        Value::Array(items) => items.iter().for_each(|it| walk(it, path, kind, values)),
        _ if path.is_empty() => match value {
            Value::Object(members) if kind == Kind::Map => {
                members.values().for_each(|it| walk(it, path, kind, values));
            }
            _ => values.extend(scalar(value, kind)),
        },
        Value::Object(members) => {
            // A key of a map may itself hold dots.
            if let Some(whole) = members.get(path) {
                walk(whole, "", kind, values);
            } else if let Some((first, rest)) = path.split_once('.')
                && let Some(member) = members.get(first)
            {
                walk(member, rest, kind, values);
            }
        }
        _ => {}
    }
}

/// The value in the form of its kind; none when it has another type.
fn scalar(value: &Value, kind: Kind) -> Option<Scalar> {
    match kind {
        Kind::Text | Kind::Any | Kind::Map => match value {
            Value::String(text) => Some(Scalar::Text(text.clone())),
            Value::Number(_) | Value::Bool(_) => Some(Scalar::Text(value.to_string())),
            _ => None,
        },
        Kind::Number | Kind::Severity => match value {
            Value::Number(number) => match number.as_i64() {
                Some(whole) => Some(Scalar::Int(whole)),
                None => number.as_f64().map(Scalar::Float),
            },
            Value::String(text) => number(text),
            _ => None,
        },
        Kind::Bool => match value {
            Value::Bool(it) => Some(Scalar::Bool(*it)),
            Value::String(text) => text.parse().ok().map(Scalar::Bool),
            _ => None,
        },
        Kind::Time => match value {
            Value::String(text) => Timestamp::parse(text).ok().map(|it| Scalar::Int(it.millis())),
            // Timestamps of the interface model are seconds since 1970.
            Value::Number(number) => number.as_f64().map(|it| Scalar::Int((it * 1000.0) as i64)),
            _ => None,
        },
    }
}

/// Reads a number from text.
pub(crate) fn number(text: &str) -> Option<Scalar> {
    if let Ok(whole) = text.parse() {
        return Some(Scalar::Int(whole));
    }
    text.parse().ok().filter(|it: &f64| it.is_finite()).map(Scalar::Float)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(finding: Value, path: &str, expected: &[Scalar]) {
        assert_eq!(Document::new(finding).values(&Field::find(path).unwrap()), expected, "{path}");
    }

    #[test]
    fn arrays_stand_for_their_elements() {
        let finding = json!({"resource": {"instanceDetails": {
            "networkInterfaces": [
                {"securityGroups": [{"groupId": "sg-1"}, {"groupId": "sg-2"}], "ipv6Addresses": []},
                {"securityGroups": [{"groupId": "sg-3"}], "ipv6Addresses": ["2001:db8::1"]},
            ],
        }}});
        let path = "resource.instanceDetails.networkInterfaces.securityGroups.groupId";
        let text = |it: &str| Scalar::Text(it.to_owned());
        check(finding.clone(), path, &[text("sg-1"), text("sg-2"), text("sg-3")]);
        let path = "resource.instanceDetails.networkInterfaces.ipv6Addresses";
        check(finding.clone(), path, &[text("2001:db8::1")]);
        check(finding, "resource.instanceDetails.instanceId", &[]);
    }

    #[test]
    fn additional_info_is_expanded() {
        let value =
            r#"{"threatListName":"drop","unusual":{"port":[8080]},"sample":true,"type":"x"}"#;
        let finding = json!({"service": {"additionalInfo": {"value": value, "type": "default"}}});
        let text = |it: &str| Scalar::Text(it.to_owned());
        check(finding.clone(), "service.additionalInfo.threatListName", &[text("drop")]);
        check(finding.clone(), "service.additionalInfo.unusual.port", &[text("8080")]);
        check(finding.clone(), "service.additionalInfo.sample", &[text("true")]);
        check(finding, "service.additionalInfo.type", &[text("default")]);
        let old = json!({"service": {"additionalInfo": {"threatListName": "drop"}}});
        check(old, "service.additionalInfo.threatListName", &[text("drop")]);
    }

    #[test]
    fn times_are_milliseconds() {
        let at = Scalar::Int(1_535_293_043_000);
        check(
            json!({"updatedAt": "2018-08-26T14:17:23.000Z"}),
            "updatedAt",
            std::slice::from_ref(&at),
        );
        let path = "resource.eksClusterDetails.createdAt";
        let finding = json!({"resource": {"eksClusterDetails": {"createdAt": 1_535_293_043.0}}});
        check(finding, path, &[at]);
        check(json!({"updatedAt": "yesterday"}), "updatedAt", &[]);
    }

    #[test]
    fn below_a_key_of_a_map_everything_counts() {
        let finding = json!({"service": {"detection": {"anomaly": {"profiles": {"user.x": {
            "api": [{"profileType": "FREQUENCY", "observations": {"text": ["GetObject"]}}],
        }}}}}});
        let text = |it: &str| Scalar::Text(it.to_owned());
        let path = "service.detection.anomaly.profiles.user.x";
        check(finding, path, &[text("GetObject"), text("FREQUENCY")]);
    }
}
