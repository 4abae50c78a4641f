//! The interface model, as far as the wire needs it.

use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that a service's model says of its operations and shapes.
#[derive(Deserialize, Debug)]
pub(crate) struct Model {
    pub operations: BTreeMap<String, Operation>,
    pub shapes: BTreeMap<String, Shape>,
}

/// One operation.
#[derive(Deserialize, Debug)]
pub(crate) struct Operation {
    pub name: String,
    pub http: Http,
    pub input: Option<Reference>,
    pub output: Option<Reference>,
    #[serde(default)]
    pub errors: Vec<Reference>,
}

/// How an operation is called.
#[derive(Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Http {
    pub method: String,
    pub request_uri: String,
    #[serde(default = "ok")]
    pub response_code: u16,
}

fn ok() -> u16 {
    200
}

/// A shape by its name.
#[derive(Deserialize, Debug)]
pub(crate) struct Reference {
    pub shape: String,
}

/// A member of a structure.
#[derive(Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Member {
    pub shape: String,
    pub location: Option<String>,
    pub location_name: Option<String>,
}

/// What a value must look like.
#[derive(Deserialize, Debug)]
pub(crate) struct Shape {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub members: BTreeMap<String, Member>,
    #[serde(default)]
    pub required: BTreeSet<String>,
    pub member: Option<Reference>,
    pub key: Option<Reference>,
    pub value: Option<Reference>,
    pub min: Option<serde_json::Number>,
    pub max: Option<serde_json::Number>,
    pub pattern: Option<String>,
    #[serde(rename = "enum", default)]
    pub values: Vec<String>,
}

/// The finding is written by the crate `findings`; its shapes get no types.
const OPAQUE: &str = "Finding";

/// Operations with one of these in their names are served by handlers that read checked members themselves:
/// four families of lists are one, and what is absent has nothing to say.
const UNTYPED: [&str; 7] = [
    "IPSet",
    "ThreatIntelSet",
    "TrustedEntitySet",
    "ThreatEntitySet",
    "Malware",
    "Coverage",
    "Investigation",
];

impl Model {
    pub(crate) fn shape(&self, name: &str) -> Result<&Shape> {
        self.shapes.get(name).with_context(|| format!("the model has no shape {name}"))
    }

    /// Whether values of the shape are carried as they are.
    pub(crate) fn is_opaque(name: &str) -> bool {
        name == OPAQUE
    }

    /// The shapes that `roots` are made of, themselves included.
    pub(crate) fn reached<'a>(
        &'a self,
        roots: impl Iterator<Item = &'a Reference>,
    ) -> Result<BTreeSet<&'a str>> {
        let mut waiting: Vec<&str> = roots.map(|it| it.shape.as_str()).collect();
        let mut reached = BTreeSet::new();
        while let Some(name) = waiting.pop() {
            if Model::is_opaque(name) || !reached.insert(name) {
                continue;
            }
            let shape = self.shape(name)?;
            waiting.extend(shape.members.values().map(|it| it.shape.as_str()));
            let parts = [&shape.member, &shape.key, &shape.value];
            waiting.extend(parts.into_iter().flatten().map(|it| it.shape.as_str()));
        }
        Ok(reached)
    }

    /// The operations that have types.
    pub(crate) fn typed<'a>(
        &'a self,
        unserved: &'a BTreeSet<String>,
    ) -> impl Iterator<Item = &'a Operation> {
        self.served(unserved).filter(|it| !UNTYPED.iter().any(|part| it.name.contains(part)))
    }

    /// The operations whose requests are checked.
    pub(crate) fn served<'a>(
        &'a self,
        unserved: &'a BTreeSet<String>,
    ) -> impl Iterator<Item = &'a Operation> {
        self.operations.values().filter(|it| !unserved.contains(&it.name))
    }
}

impl Member {
    /// The name as JSON has it; labels of the path begin small too, as messages of the service write them.
    pub(crate) fn wire_name<'a>(&'a self, name: &'a str) -> String {
        let wire = self.location_name.as_deref().unwrap_or(name);
        match self.location.as_deref() {
            Some("uri") => super::names::lower_first(wire),
            _ => wire.to_owned(),
        }
    }
}
