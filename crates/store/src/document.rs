//! Resources of the API as JSON documents, and the journal of what changed them.
//!
//! A resource is known by owner, kind and identifier, so a new kind needs no change of the schema.

use model::Timestamp;
use serde_json::Value;

use crate::query::decode;
use crate::{BlobHash, Owner, StoreError};

/// Where a document is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DocumentKey {
    /// Whose it is.
    pub owner: Owner,
    /// The noun of the resource, such as `filters`.
    pub kind: String,
    /// What tells it from others of its kind and owner.
    pub id: String,
}

impl DocumentKey {
    /// The key of these parts.
    pub fn new(owner: Owner, kind: impl Into<String>, id: impl Into<String>) -> DocumentKey {
        DocumentKey { owner, kind: kind.into(), id: id.into() }
    }
}

/// A resource of the API.
#[derive(Clone, PartialEq, Debug)]
pub struct Document {
    /// Where it is.
    pub key: DocumentKey,
    /// 1 when it was made, one more with each change.
    pub version: u64,
    /// What it says.
    pub body: Value,
}

impl Document {
    /// Largest body in bytes of JSON.
    pub const BODY_MAX: usize = 1 << 20;
    /// Longest kind and identifier in bytes.
    pub const NAME_MAX: usize = 2048;
}

/// What a change expects of the document before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expected {
    /// Nothing: the last one wins.
    Any,
    /// There is none.
    Absent,
    /// There is one.
    Present,
    /// There is one of this version.
    Version(u64),
}

impl Expected {
    pub(crate) fn accepts(self, version: Option<u64>) -> bool {
        match self {
            Expected::Any => true,
            Expected::Absent => version.is_none(),
            Expected::Present => version.is_some(),
            Expected::Version(expected) => version == Some(expected),
        }
    }
}

/// A change of one document.
#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    /// Which document.
    pub key: DocumentKey,
    /// What it says from then on; none deletes it.
    pub body: Option<Value>,
    /// What it has to be like before.
    pub expected: Expected,
}

impl Change {
    /// Writes a document, whether there is one or not.
    pub fn put(key: DocumentKey, body: Value) -> Change {
        Change { key, body: Some(body), expected: Expected::Any }
    }

    /// Writes a document that must not exist.
    pub fn create(key: DocumentKey, body: Value) -> Change {
        Change { key, body: Some(body), expected: Expected::Absent }
    }

    /// Writes a document over the version that was read.
    pub fn update(read: &Document, body: Value) -> Change {
        let expected = Expected::Version(read.version);
        Change { key: read.key.clone(), body: Some(body), expected }
    }

    /// Deletes a document that must exist.
    pub fn delete(key: DocumentKey) -> Change {
        Change { key, body: None, expected: Expected::Present }
    }

    /// Checks the sizes and gives the body as text.
    pub(crate) fn text(&self) -> Result<Option<String>, StoreError> {
        let names = [("the kind of a document", &self.key.kind), ("its identifier", &self.key.id)];
        for (what, name) in names {
            if name.len() > Document::NAME_MAX {
                let (size, max) = (name.len(), Document::NAME_MAX);
                return Err(StoreError::TooLarge { what, size, max });
            }
        }
        let text = self.body.as_ref().map(Value::to_string);
        match text.as_ref().map(String::len) {
            Some(size) if size > Document::BODY_MAX => {
                Err(StoreError::TooLarge { what: "a document", size, max: Document::BODY_MAX })
            }
            _ => Ok(text),
        }
    }

    pub(crate) fn conflict(&self) -> StoreError {
        StoreError::Conflict { kind: self.key.kind.clone(), id: self.key.id.clone() }
    }
}

/// A question for documents of one kind, in the order of (account, Region, identifier).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DocumentQuery {
    /// Whose documents; none for everybody's.
    pub owner: Option<Owner>,
    /// The kind.
    pub kind: String,
    /// How many on a page, 1 to [`DocumentQuery::LIMIT_MAX`]; other numbers are brought into that range.
    pub limit: usize,
    /// [`crate::Page::next`] of the page before.
    pub token: Option<String>,
}

impl DocumentQuery {
    /// Most documents on a page.
    pub const LIMIT_MAX: usize = 1000;

    pub(crate) fn limit(&self) -> usize {
        self.limit.clamp(1, DocumentQuery::LIMIT_MAX)
    }

    /// The key after which the page begins.
    pub(crate) fn position(&self) -> Result<Option<DocumentKey>, StoreError> {
        let Some(token) = &self.token else { return Ok(None) };
        let (owner, id): (Owner, String) = decode(token)?;
        Ok(Some(DocumentKey { owner, kind: self.kind.clone(), id }))
    }

    /// Makes a page from at most one more document than fits.
    pub(crate) fn page(&self, mut found: Vec<Document>) -> crate::Page<Document> {
        let has_more = found.len() > self.limit();
        found.truncate(self.limit());
        let last = found.last().filter(|_| has_more);
        let next = last.map(|it| crate::query::encode(&(it.key.owner, &it.key.id)));
        crate::Page { items: found, next }
    }
}

/// An entry of the control journal: what changed how findings are made.
#[derive(Clone, PartialEq, Debug)]
pub struct ControlEntry {
    /// Its number, one more than that of the entry before; given by the store.
    pub sequence: u64,
    /// When it was written.
    pub time: Timestamp,
    /// What changed.
    pub body: Value,
    /// Contents that it refers to; they are kept as long as the entry.
    pub blobs: Vec<BlobHash>,
}

impl ControlEntry {
    /// An entry to be written; its number is given later.
    pub fn new(time: Timestamp, body: Value) -> ControlEntry {
        ControlEntry { sequence: 0, time, body, blobs: Vec::new() }
    }
}
