//! Lists of the API: read from their locations when they are activated, and told to the control journal.
//!
//! A list is `ACTIVE` once the worker has it: whoever sees that may rely on it for what comes then.

mod location;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use api::kinds;
use intel::{ListFormat, parse_list_as};
use serde_json::Value;
use store::{Document, DocumentQuery, Store};

pub(super) use location::Places;

use super::status::Status;

/// How often it is looked whether somebody changed something, and whether the worker has a list.
const LOOK: Duration = Duration::from_millis(50);
/// How long a store that failed is left alone.
const RETRY: Duration = Duration::from_secs(2);

/// What reads lists.
pub(super) struct Loader {
    pub(super) store: Arc<dyn Store>,
    pub(super) status: Arc<Status>,
    pub(super) is_stopping: Arc<AtomicBool>,
    pub(super) places: Places,
}

impl Loader {
    /// Reads what is activated until the service ends.
    pub(super) fn run(&self) {
        let mut seen = None;
        while !self.is_stopping() {
            let written = Some(self.status.controls_written());
            if seen != written {
                match self.look() {
                    Ok(()) => seen = written,
                    Err(error) => {
                        self.status.log(&format!("cannot read lists of the API: {error:#}"));
                        thread::sleep(RETRY);
                    }
                }
            }
            thread::sleep(LOOK);
        }
    }

    fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::SeqCst)
    }

    /// Reads every list that waits for it.
    fn look(&self) -> Result<()> {
        for kind in kinds::LISTS {
            let mut query = DocumentQuery {
                owner: None,
                kind: kind.to_owned(),
                limit: DocumentQuery::LIMIT_MAX,
                token: None,
            };
            loop {
                let page = self.store.list_documents(&query)?;
                for list in page.items.iter().filter(|it| it.body["status"] == "ACTIVATING") {
                    self.load(list)?;
                }
                query.token = page.next;
                if query.token.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    fn load(&self, list: &Document) -> Result<()> {
        if self.is_stopping() {
            return Ok(());
        }
        let read = self.content(&list.body);
        let hash = read.as_ref().ok().map(|it| self.store.put_blob(it)).transpose()?;
        let now = crate::clock::now();
        let entry = api::loaded(&*self.store, list, hash, now)?.unwrap_or_default();
        if let Ok(bytes) = &read {
            // Before the entry referred to it, the content may have gone with another list's.
            self.store.put_blob(bytes)?;
        }
        self.status.control_written(entry);
        while self.status.controls_worked() < entry {
            if self.is_stopping() {
                return Ok(());
            }
            thread::sleep(LOOK);
        }
        if let Err(reason) = &read {
            self.status.log(&format!(
                "the list `{}` of account {} could not be loaded: {reason}",
                crate::text::visible(list.body["name"].as_str().unwrap_or_default()),
                list.key.owner.account
            ));
        }
        // Somebody may have changed it meanwhile: then it is looked at again.
        api::report(&*self.store, list, read.as_ref().map(|_| ()).map_err(String::as_str), now)?;
        Ok(())
    }

    /// What is at the location, if it is a list of the format that was named.
    fn content(&self, list: &Value) -> Result<Vec<u8>, String> {
        let text = |name: &str| list.get(name).and_then(Value::as_str).unwrap_or_default();
        let format: ListFormat = text("format").parse().map_err(|it| format!("{it}"))?;
        let bytes = self.places.read(text("location")).map_err(|it| format!("{it:#}"))?;
        let (entries, problems) = parse_list_as(format, &bytes);
        if entries.is_empty() {
            let first = problems.first().map_or("it is empty", |it| it.cause);
            return Err(format!("no usable entry, read as {format}: {first}"));
        }
        Ok(bytes)
    }
}
