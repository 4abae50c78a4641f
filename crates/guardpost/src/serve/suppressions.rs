//! Filters of the API that archive: read again when somebody changed one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use store::{Criteria, Document, DocumentQuery, Store, StoreError, Suppression};

use super::status::Status;

/// The filters that archive, in force.
pub(super) struct Suppressions {
    store: Arc<dyn Store>,
    status: Arc<Status>,
    is_stale: AtomicBool,
    known: RwLock<Arc<[Suppression]>>,
}

impl Suppressions {
    /// Those of a store.
    pub(super) fn new(store: Arc<dyn Store>, status: Arc<Status>) -> Suppressions {
        let known = RwLock::new(Arc::from([]));
        Suppressions { store, status, is_stale: AtomicBool::new(true), known }
    }

    /// Those that are in force now.
    pub(super) fn now(&self) -> Arc<[Suppression]> {
        if self.is_stale.swap(false, Ordering::SeqCst) {
            match self.read() {
                Ok(read) => *self.known.write().unwrap_or_else(PoisonError::into_inner) = read,
                Err(error) => {
                    // Those that were known stay in force until the next try.
                    self.is_stale.store(true, Ordering::SeqCst);
                    self.status.log(&format!("cannot read the filters: {error}"));
                }
            }
        }
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Somebody may have changed one.
    pub(super) fn stale(&self) {
        self.is_stale.store(true, Ordering::SeqCst);
    }

    fn read(&self) -> Result<Arc<[Suppression]>, StoreError> {
        let mut found = Vec::new();
        let mut token = None;
        loop {
            let page = self.store.list_documents(&DocumentQuery {
                owner: None,
                kind: api::kinds::FILTERS.to_owned(),
                limit: DocumentQuery::LIMIT_MAX,
                token,
            })?;
            for document in &page.items {
                found.extend(self.suppression(document)?);
            }
            token = page.next;
            if token.is_none() {
                return Ok(found.into());
            }
        }
    }

    /// The suppression that a filter is, if it archives. An administrator's is for its members as well.
    fn suppression(&self, document: &Document) -> Result<Option<Suppression>, StoreError> {
        let archives = document.body.get("action").is_some_and(|it| it == "ARCHIVE");
        let Some(criteria) = document.body.get("findingCriteria").filter(|_| archives) else {
            return Ok(None);
        };
        match Criteria::parse(criteria) {
            Ok(criteria) => {
                let scope = api::scope_of(&*self.store, document.key.owner)?;
                Ok(Some(Suppression { scope, criteria }))
            }
            Err(error) => {
                self.status.log(&format!("filter {} is not used: {error}", document.key.id));
                Ok(None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use engine::model::{AccountId, Region};
    use serde_json::json;
    use store::{Change, DocumentKey, InMemory, Owner, Scope};

    use super::*;

    #[test]
    fn filters_that_archive_are_in_force_once_they_are_written() {
        let store: Arc<dyn Store> = Arc::new(InMemory::new());
        let status = Arc::new(Status::new(Duration::ZERO));
        let suppressions = Suppressions::new(Arc::clone(&store), status);
        assert_eq!(suppressions.now().len(), 0);
        let account = AccountId::new(111_122_223_333).unwrap();
        let owner = Owner { account, region: Region::new("us-east-1") };
        for (name, action) in [("quiet", "ARCHIVE"), ("saved", "NOOP")] {
            let key = DocumentKey::new(owner, api::kinds::FILTERS, name);
            let criteria = json!({ "criterion": { "severity": { "lt": 4 } } });
            let body = json!({ "action": action, "findingCriteria": criteria });
            store.apply(&[Change::create(key, body)], None).unwrap();
        }
        assert_eq!(suppressions.now().len(), 0, "nobody was told");
        suppressions.stale();
        assert_eq!(suppressions.now().len(), 1);
        assert_eq!(suppressions.now()[0].scope, Scope::of(owner));
    }
}
