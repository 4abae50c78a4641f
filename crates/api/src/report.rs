//! For who loads lists and publishes findings: how it went, written where clients read it.

use model::Timestamp;
use serde_json::{Value, json};
use store::{BlobHash, Change, ControlEntry, Document, Store, StoreError};

use crate::control::{Control, ControlContent};
use crate::kinds;

/// Longest reason that is kept, in characters.
const REASON_MAX: usize = 1000;

/// Writes into the control journal what was read for a list, and tells the number of the entry.
///
/// From there on the list is in force with that content, or out of force without one, unless it was changed
/// meanwhile; [`report`] tells clients. The content has to be in the store.
pub fn loaded(
    store: &dyn Store,
    read: &Document,
    content: Option<BlobHash>,
    now: Timestamp,
) -> Result<Option<u64>, StoreError> {
    let content_of_list = ControlContent {
        owner: read.key.owner,
        kind: read.key.kind.clone(),
        id: read.key.id.clone(),
        location: read.body["location"].as_str().unwrap_or_default().to_owned(),
        hash: content.map(|it| it.to_string()),
    };
    let control = Control { contents: vec![content_of_list], ..Control::default() };
    let mut entry = ControlEntry::new(now, json!(control));
    entry.blobs.extend(content);
    store.apply(&[], Some(&entry))
}

/// Writes what became of a list or a publishing destination that was read from the store.
///
/// A list becomes `ACTIVE` or `ERROR`, with the reason; a destination `PUBLISHING` or, from `now` on,
/// `UNABLE_TO_PUBLISH_FIX_DESTINATION_PROPERTY`. Tells whether it was written: somebody who changed the
/// resource since it was read is right, and what was read is out of date. The control journal hears nothing.
pub fn report(
    store: &dyn Store,
    read: &Document,
    outcome: Result<(), &str>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let mut body = read.body.clone();
    if !body.is_object() {
        return Ok(false);
    }
    if read.key.kind == kinds::PUBLISHING_DESTINATIONS {
        let failing = &body["publishingFailureStartTimestamp"];
        let since = failing.as_i64().filter(|it| *it > 0).unwrap_or(now.millis());
        body["status"] = json!(match outcome {
            Ok(()) => "PUBLISHING",
            Err(_) => "UNABLE_TO_PUBLISH_FIX_DESTINATION_PROPERTY",
        });
        body["publishingFailureStartTimestamp"] = json!(outcome.map_or(since, |()| 0));
    } else {
        body["status"] = json!(outcome.map_or("ERROR", |()| "ACTIVE"));
        body["errorDetails"] = match outcome {
            Ok(()) => Value::Null,
            Err(reason) => json!(reason.chars().take(REASON_MAX).collect::<String>()),
        };
    }
    if body == read.body {
        return Ok(true);
    }
    match store.apply(&[Change::update(read, body)], None) {
        Ok(_) => Ok(true),
        Err(StoreError::Conflict { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use store::DocumentQuery;

    use super::*;
    use crate::testing::Server;

    fn only(server: &Server, kind: &str) -> Document {
        let (kind, limit) = (kind.to_owned(), 10);
        let query = DocumentQuery { owner: None, kind, limit, token: None };
        server.store.list_documents(&query).unwrap().items.remove(0)
    }

    #[test]
    fn clients_see_what_became_of_a_list() {
        let server = Server::start();
        let target = format!("/detector/{}/threatentityset", server.detector("admin"));
        let body = json!({"name": "a", "format": "TXT", "location": "s3://b/k", "activate": true});
        let made = server.ok("POST", &target, &body);
        let one = format!("{target}/{}", made["threatEntitySetId"].as_str().unwrap());
        let now = Timestamp::from_secs(1_772_366_400);
        let heard = server.controls().len();
        let first = only(&server, kinds::THREAT_ENTITY_SETS);
        assert!(report(&*server.store, &first, Err("no such key"), now).unwrap());
        let list = server.ok("GET", &one, &Value::Null);
        assert_eq!(
            (&list["status"], &list["errorDetails"]),
            (&json!("ERROR"), &json!("no such key"))
        );
        // What was read before is out of date.
        assert!(!report(&*server.store, &first, Ok(()), now).unwrap());
        let second = only(&server, kinds::THREAT_ENTITY_SETS);
        assert!(report(&*server.store, &second, Ok(()), now).unwrap());
        let list = server.ok("GET", &one, &Value::Null);
        assert_eq!((&list["status"], &list["errorDetails"]), (&json!("ACTIVE"), &Value::Null));
        assert_eq!(server.controls().len(), heard);
    }

    #[test]
    fn a_destination_fails_since_it_first_did() {
        let server = Server::start();
        let target = format!("/detector/{}/publishingDestination", server.detector("admin"));
        let properties = json!({"destinationArn": "arn:aws:s3:::bucket"});
        let body = json!({"destinationType": "S3", "destinationProperties": properties});
        let made = server.ok("POST", &target, &body);
        let one = format!("{target}/{}", made["destinationId"].as_str().unwrap());
        for (millis, outcome, status, since) in [
            (1000, Ok(()), "PUBLISHING", 0),
            (2000, Err("denied"), "UNABLE_TO_PUBLISH_FIX_DESTINATION_PROPERTY", 2000),
            (3000, Err("denied"), "UNABLE_TO_PUBLISH_FIX_DESTINATION_PROPERTY", 2000),
            (4000, Ok(()), "PUBLISHING", 0),
        ] {
            let read = only(&server, kinds::PUBLISHING_DESTINATIONS);
            assert!(
                report(&*server.store, &read, outcome, Timestamp::from_millis(millis)).unwrap()
            );
            let found = server.ok("GET", &one, &Value::Null);
            assert_eq!(found["status"], status);
            assert_eq!(found["publishingFailureStartTimestamp"], since);
        }
    }
}
