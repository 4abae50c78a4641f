//! Ties an operation to the function that does it.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::context::{Context, to_value};
use crate::error::Refusal;

/// An operation that is served.
pub(crate) struct Route {
    pub(crate) name: &'static str,
    pub(crate) handler: &'static (dyn Handler + Sync),
}

/// Does an operation whose request was checked.
pub(crate) trait Handler {
    fn call(&self, context: &Context<'_>, input: Map<String, Value>) -> Result<Value, Refusal>;
}

/// A function from the request's type to the response's.
pub(crate) struct Typed<I, O>(pub(crate) fn(&Context<'_>, I) -> Result<O, Refusal>);

impl<I: DeserializeOwned, O: Serialize> Handler for Typed<I, O> {
    fn call(&self, context: &Context<'_>, input: Map<String, Value>) -> Result<Value, Refusal> {
        let input = serde_json::from_value(Value::Object(input)).map_err(|_| Refusal::json())?;
        to_value(&(self.0)(context, input)?)
    }
}

/// A row of a family's table.
pub(crate) const fn route(name: &'static str, handler: &'static (dyn Handler + Sync)) -> Route {
    Route { name, handler }
}
