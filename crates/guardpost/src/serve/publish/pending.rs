//! What a sink has still to publish, kept in documents of the store.

use std::collections::BTreeMap;

use anyhow::Result;
use api::kinds;
use engine::model::Timestamp;
use findings::detector_id;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Change, DocumentKey, DocumentQuery, OutboxEntry, Owner, Store};

/// The kind of the documents of a sink.
pub(super) fn kind(sink: &str) -> String {
    format!("deliveries.{sink}")
}

/// A finding that waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Waiting {
    /// When the sink heard of it first, in milliseconds since 1970.
    pub(super) since: i64,
    /// Whether it was not published before.
    pub(super) is_new: bool,
    /// Attempts that failed.
    pub(super) attempts: u32,
    /// When it is tried again, in milliseconds since 1970.
    pub(super) not_before: i64,
}

/// Everything that waits for one sink.
pub(super) struct Pending {
    kind: String,
    waiting: BTreeMap<DocumentKey, Waiting>,
}

impl Pending {
    /// What the store has.
    pub(super) fn open(store: &dyn Store, sink: &str) -> Result<Pending> {
        let kind = kind(sink);
        let mut waiting = BTreeMap::new();
        for document in all(store, &kind)? {
            if let Ok(it) = serde_json::from_value(document.body) {
                waiting.insert(document.key, it);
            }
        }
        Ok(Pending { kind, waiting })
    }

    /// Adds what changed. A finding that waits already keeps its place.
    pub(super) fn add(
        &mut self,
        store: &dyn Store,
        entries: &[OutboxEntry],
        now: Timestamp,
    ) -> Result<()> {
        let mut added = BTreeMap::new();
        for entry in entries {
            let key = DocumentKey::new(entry.owner, self.kind.clone(), &*entry.id);
            if !self.waiting.contains_key(&key) {
                let (since, is_new) = (now.millis(), entry.is_new);
                added.insert(key, Waiting { since, is_new, attempts: 0, not_before: since });
            }
        }
        let change = |(key, it): (&DocumentKey, &Waiting)| Change::put(key.clone(), json!(it));
        store.apply(&added.iter().map(change).collect::<Vec<_>>(), None)?;
        self.waiting.append(&mut added);
        Ok(())
    }

    /// What is due, in the order in which it came.
    pub(super) fn due(
        &self,
        store: &dyn Store,
        now: Timestamp,
    ) -> Result<Vec<(DocumentKey, Waiting)>> {
        let mut frequencies: BTreeMap<Owner, i64> = BTreeMap::new();
        let mut due = Vec::new();
        for (key, waiting) in &self.waiting {
            if now.millis() < waiting.not_before {
                continue;
            }
            if !waiting.is_new {
                let owner = key.owner;
                let every = match frequencies.get(&owner) {
                    Some(every) => *every,
                    None => *frequencies.entry(owner).or_insert(frequency(store, owner)?),
                };
                if now.millis() < window_end(waiting.since, every) {
                    continue;
                }
            }
            due.push((key.clone(), *waiting));
        }
        due.sort_by_key(|(_, it)| (it.attempts, it.since));
        Ok(due)
    }

    /// Changes what is known of a finding that waits.
    pub(super) fn put(
        &mut self,
        store: &dyn Store,
        key: DocumentKey,
        waiting: Waiting,
    ) -> Result<()> {
        store.apply(&[Change::put(key.clone(), json!(waiting))], None)?;
        self.waiting.insert(key, waiting);
        Ok(())
    }

    /// It waits no more.
    pub(super) fn remove(&mut self, store: &dyn Store, key: &DocumentKey) -> Result<()> {
        store.apply(&[Change::delete(key.clone())], None)?;
        self.waiting.remove(key);
        Ok(())
    }
}

/// Every document of a kind.
pub(super) fn all(store: &dyn Store, kind: &str) -> Result<Vec<store::Document>> {
    let (mut found, mut token) = (Vec::new(), None);
    loop {
        let page = store.list_documents(&DocumentQuery {
            owner: None,
            kind: kind.to_owned(),
            limit: DocumentQuery::LIMIT_MAX,
            token,
        })?;
        found.extend(page.items);
        token = page.next;
        if token.is_none() {
            return Ok(found);
        }
    }
}

/// How often updates of findings of an owner are published, in milliseconds: six hours unless its detector says
/// otherwise.
fn frequency(store: &dyn Store, owner: Owner) -> Result<i64> {
    const MINUTE: i64 = 60_000;
    let id = detector_id(owner.account, &owner.region);
    let detector = store.document(&DocumentKey::new(owner, kinds::DETECTORS, id))?;
    let frequency = detector.as_ref().and_then(|it| it.body["findingPublishingFrequency"].as_str());
    Ok(match frequency {
        Some("FIFTEEN_MINUTES") => 15 * MINUTE,
        Some("ONE_HOUR") => 60 * MINUTE,
        _ => 360 * MINUTE,
    })
}

/// The end of the window that a time lies in. Windows begin at midnight: each finding has at most one update in each.
fn window_end(since: i64, every: i64) -> i64 {
    (since.div_euclid(every) + 1) * every
}

#[cfg(test)]
mod tests {
    use engine::model::{AccountId, Region};
    use store::InMemory;

    use super::*;

    const MINUTE: i64 = 60_000;
    /// Ten past twelve on some day.
    const START: i64 = (20_000 * 1440 + 730) * MINUTE;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_millis(START + minute * MINUTE)
    }

    #[test]
    fn new_findings_are_due_at_once_and_updates_by_the_detector_s_frequency() {
        let store = InMemory::new();
        let owner = Owner::new(AccountId::new(111_122_223_333).unwrap(), Region::new("us-east-1"));
        let mut pending = Pending::open(&store, "s").unwrap();
        let entry =
            |id: &str, is_new| OutboxEntry { sequence: 1, id: id.to_owned(), owner, is_new };
        let entries = [entry("new", true), entry("old", false)];
        pending.add(&store, &entries, at(0)).unwrap();
        // Once more while it waits: its place is kept.
        pending.add(&store, &[entry("old", false)], at(4)).unwrap();
        let due = |pending: &Pending, minute: i64| -> Vec<String> {
            let due = pending.due(&store, at(minute)).unwrap();
            due.into_iter().map(|(key, _)| key.id).collect()
        };
        assert_eq!(due(&pending, 0), ["new"]);
        let new = DocumentKey::new(owner, kind("s"), "new");
        pending.remove(&store, &new).unwrap();
        for (frequency, minutes) in
            [("FIFTEEN_MINUTES", 5), ("ONE_HOUR", 50), ("SIX_HOURS", 350), ("none", 350)]
        {
            let id = detector_id(owner.account, &owner.region);
            let detector = DocumentKey::new(owner, kinds::DETECTORS, id);
            let body = json!({ "findingPublishingFrequency": frequency });
            store.apply(&[Change::put(detector, body)], None).unwrap();
            assert_eq!(due(&pending, minutes - 1), [""; 0], "{frequency}");
            assert_eq!(due(&pending, minutes), ["old"], "{frequency}");
        }
        let old = DocumentKey::new(owner, kind("s"), "old");
        let waiting = pending.waiting[&old];
        let later = Waiting { attempts: 1, not_before: at(900).millis(), ..waiting };
        pending.put(&store, old, later).unwrap();
        // Another start knows the same.
        let again = Pending::open(&store, "s").unwrap();
        assert_eq!(again.waiting, pending.waiting);
        assert_eq!((due(&again, 899), due(&again, 900)), (vec![], vec!["old".to_owned()]));
    }
}
