//! What a handler works with: who calls, when, and the documents of the account.

use std::slice;

use model::{AccountId, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};
use store::{Change, ControlEntry, Document, DocumentKey, DocumentQuery, Owner, StoreError};

use crate::control::Control;
use crate::error::Refusal;
use crate::kinds;
use crate::percent::hex;
use crate::resources::detectors::DetectorResource;
use crate::state::State;

/// One request on its way through a handler.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) state: &'a State,
    /// Account of the access key and Region of the signature.
    pub(crate) owner: Owner,
    pub(crate) now: Timestamp,
}

/// A document with what it says.
pub(crate) struct Stored<T> {
    document: Document,
    pub(crate) body: T,
}

/// Bytes of a hash that make 32 hexadecimal digits.
const ID_BYTES: usize = 16;
/// Results on a page unless the caller asks for fewer.
const PAGE: i64 = 50;

impl Context<'_> {
    /// The account of the caller as its twelve digits.
    pub(crate) fn account(&self) -> String {
        self.owner.account.to_string()
    }

    /// The caller's detector, if `id` is it.
    pub(crate) fn detector(&self, id: &str) -> Result<Stored<DetectorResource>, Refusal> {
        let is_id = |it: u8| it.is_ascii_digit() || it.is_ascii_lowercase();
        if id.len() != 2 * ID_BYTES || !id.bytes().all(is_id) {
            return Err(Refusal::parameter("detectorId"));
        }
        self.find(kinds::DETECTORS, id)?.ok_or_else(|| Refusal::not_owned("detectorId"))
    }

    pub(crate) fn key(&self, kind: &str, id: &str) -> DocumentKey {
        DocumentKey::new(self.owner, kind, id)
    }

    /// A document of the caller.
    pub(crate) fn find<T: DeserializeOwned>(
        &self,
        kind: &str,
        id: &str,
    ) -> Result<Option<Stored<T>>, Refusal> {
        self.find_of(self.owner, kind, id)
    }

    /// A document of anybody: relations between accounts have two ends.
    pub(crate) fn find_of<T: DeserializeOwned>(
        &self,
        owner: Owner,
        kind: &str,
        id: &str,
    ) -> Result<Option<Stored<T>>, Refusal> {
        let key = DocumentKey::new(owner, kind, id);
        self.state.store.document(&key).map_err(|it| refuse(&it))?.map(Stored::read).transpose()
    }

    /// The same Region of another account.
    pub(crate) fn owner_of(&self, account: AccountId) -> Owner {
        Owner::new(account, self.owner.region)
    }

    /// A page of the caller's documents and the token of the next one, which is empty behind the last.
    pub(crate) fn list<T: DeserializeOwned>(
        &self,
        kind: &str,
        max_results: Option<i64>,
        token: Option<String>,
    ) -> Result<(Vec<Stored<T>>, String), Refusal> {
        let limit = page_size(max_results);
        let query = DocumentQuery { owner: Some(self.owner), kind: kind.to_owned(), limit, token };
        let page = self.state.store.list_documents(&query).map_err(|it| refuse(&it))?;
        let items = page.items.into_iter().map(Stored::read).collect::<Result<_, _>>()?;
        Ok((items, page.next.unwrap_or_default()))
    }

    /// All documents of a kind; the number of each is bounded where they are made.
    pub(crate) fn all<T: DeserializeOwned>(&self, kind: &str) -> Result<Vec<Stored<T>>, Refusal> {
        let (mut items, mut token) = (Vec::new(), None);
        loop {
            let query = DocumentQuery {
                owner: Some(self.owner),
                kind: kind.to_owned(),
                limit: DocumentQuery::LIMIT_MAX,
                token,
            };
            let page = self.state.store.list_documents(&query).map_err(|it| refuse(&it))?;
            for document in page.items {
                items.push(Stored::read(document)?);
            }
            token = page.next;
            if token.is_none() {
                return Ok(items);
            }
        }
    }

    /// Writes documents and the entry of the control journal that tells of them, all or nothing.
    pub(crate) fn apply(&self, changes: &[Change]) -> Result<(), Refusal> {
        self.control(changes, &Control::of(changes))
    }

    /// Writes documents that no detector cares for.
    pub(crate) fn apply_quietly(&self, changes: &[Change]) -> Result<(), Refusal> {
        self.state.store.apply(changes, None).map_err(|it| refuse(&it))?;
        Ok(())
    }

    pub(crate) fn control(&self, changes: &[Change], control: &Control) -> Result<(), Refusal> {
        let body = serde_json::to_value(control).map_err(|_| Refusal::internal())?;
        let entry = ControlEntry::new(self.now, body);
        let sequence = self.state.store.apply(changes, Some(&entry)).map_err(|it| refuse(&it))?;
        if let Some(sequence) = sequence {
            self.state.controls.written(sequence);
        }
        Ok(())
    }

    /// Makes a document that belongs to the detector.
    ///
    /// The detector is written as it was along with it: what is made at the same time, or a detector that is
    /// deleted meanwhile, makes this request begin anew, so numbers that were counted before still hold.
    pub(crate) fn create_under(
        &self,
        detector: &Stored<DetectorResource>,
        kind: &str,
        id: &str,
        body: &impl Serialize,
    ) -> Result<(), Refusal> {
        let made = self.create(kind, id, body)?;
        let control = Control::of(slice::from_ref(&made));
        self.control(&[made, detector.update()?], &control)
    }

    /// A change that makes a document.
    pub(crate) fn create(
        &self,
        kind: &str,
        id: &str,
        body: &impl Serialize,
    ) -> Result<Change, Refusal> {
        Ok(Change::create(self.key(kind, id), to_value(body)?))
    }

    /// An identifier: the same for the same client token, so that a call that is sent twice makes one thing.
    pub(crate) fn new_id(&self, kind: &str, name: &str, client_token: Option<&str>) -> String {
        let mut hash = Sha256::new();
        let owner = format!("{}\n{}\n{kind}\n", self.owner.account, self.owner.region.as_str());
        hash.update(owner);
        match client_token.filter(|it| !it.is_empty()) {
            Some(token) => hash.update(format!("token\n{token}")),
            None => hash.update(format!("{}\n{name}", self.now.millis())),
        }
        let mut digits = hex(&hash.finalize());
        digits.truncate(2 * ID_BYTES);
        digits
    }
}

impl<T> Stored<T> {
    fn read(document: Document) -> Result<Stored<T>, Refusal>
    where
        T: DeserializeOwned,
    {
        // The store holds what this crate wrote: anything else is a fault of ours.
        let body =
            serde_json::from_value(document.body.clone()).map_err(|_| Refusal::internal())?;
        Ok(Stored { document, body })
    }

    pub(crate) fn id(&self) -> &str {
        &self.document.key.id
    }

    /// A change that writes the body back, if nobody else did meanwhile.
    pub(crate) fn update(&self) -> Result<Change, Refusal>
    where
        T: Serialize,
    {
        Ok(Change::update(&self.document, to_value(&self.body)?))
    }

    pub(crate) fn delete(&self) -> Change {
        Change::delete(self.document.key.clone())
    }
}

/// As many as the caller asks for; the range was checked.
pub(crate) fn page_size(max_results: Option<i64>) -> usize {
    max_results.unwrap_or(PAGE).clamp(1, PAGE) as usize
}

/// Without members that are null: they are absent on the wire.
pub(crate) fn to_value(body: &impl Serialize) -> Result<Value, Refusal> {
    let mut value = serde_json::to_value(body).map_err(|_| Refusal::internal())?;
    strip(&mut value);
    Ok(value)
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, it| !it.is_null());
            members.values_mut().for_each(strip);
        }
        Value::Array(values) => values.iter_mut().for_each(strip),
        _ => {}
    }
}

/// What a caller hears of a store that refuses. What went wrong inside is not the caller's to know.
pub(crate) fn refuse(error: &StoreError) -> Refusal {
    match error {
        StoreError::BadToken => Refusal::parameter("nextToken"),
        StoreError::Conflict { .. } => Refusal::overtaken(),
        StoreError::TooLarge { .. } => Refusal::range(""),
        StoreError::TooMany { .. } => {
            Refusal::bad("LimitExceededException", "the maximum number of resources is reached")
        }
        _ => Refusal::internal(),
    }
}
