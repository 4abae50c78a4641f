//! Puts the parts of a request together: labels of the path, the query and the body become one object.

use serde_json::{Map, Value};

use crate::check::{self, Place, Shape};
use crate::error::Refusal;
use crate::operation::{Labels, Operation};
use crate::percent;

/// The members of a request by their names in JSON, checked against the interface model.
///
/// A name that the body and the path have in common is taken from the path.
pub(crate) fn assemble(
    operation: &Operation,
    labels: &Labels<'_>,
    query: &str,
    body: &[u8],
) -> Result<Map<String, Value>, Refusal> {
    let mut input = read_body(body)?;
    // Clients of other versions send members that this model does not know.
    let is_in_body =
        |name: &str| operation.members.iter().any(|it| it.name == name && it.place == Place::Body);
    input.retain(|name, _| is_in_body(name));
    let pairs = percent::pairs(query).ok_or_else(Refusal::missing)?;
    for member in operation.members.iter().filter(|it| it.place == Place::Query) {
        let mut values =
            pairs.iter().filter(|(name, _)| name == member.name).map(|(_, it)| it.clone().into());
        let value = match member.shape {
            Shape::List { .. } => {
                Some(values.collect::<Vec<Value>>()).filter(|it| !it.is_empty()).map(Value::Array)
            }
            _ => values.next(),
        };
        if let Some(value) = value {
            input.insert(member.name.to_owned(), value);
        }
    }
    for (label, segment) in labels {
        let name = lower_first(label);
        let value = percent::decode(segment).ok_or_else(|| Refusal::parameter(&name))?;
        input.insert(name, Value::String(value));
    }
    // An empty token is the first page: SDKs send back the empty token of a last page.
    if input.get("nextToken").is_some_and(|it| it == "") {
        input.remove("nextToken");
    }
    check::check(&mut input, operation.members)?;
    Ok(input)
}

/// An absent body is an empty object: most operations have no required member.
fn read_body(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    serde_json::from_slice(body).map_err(|_| Refusal::json())
}

fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
