//! Cases of what waits for sinks.

use super::{START, account, all, commit, criteria, draft, owner};
use crate::{Commit, Scope, Store, StoreError, Suppression};

/// What waits for a sink: identifier and whether it is new.
fn waiting(store: &dyn Store, sink: &str) -> Vec<(String, bool)> {
    let entries = store.outbox(sink, 100).unwrap();
    assert!(entries.iter().all(|it| it.owner.account == account(0)));
    assert!(entries.is_sorted_by_key(|it| it.sequence));
    entries.into_iter().map(|it| (it.id, it.is_new)).collect()
}

fn acknowledge(store: &dyn Store, sink: &str) {
    let last = store.outbox(sink, 100).unwrap().last().map_or(0, |it| it.sequence);
    store.acknowledge(sink, last).unwrap();
}

fn id(store: &dyn Store, key: &str) -> String {
    let key = draft(key, START).aggregation_key();
    let id = findings::finding_id(&key, 0);
    assert!(all(store).iter().any(|it| it.id == id));
    id
}

pub(crate) fn without_sinks_nothing_is_collected(store: &dyn Store) {
    commit(store, 0, vec![draft("i-1", START)]);
    assert!(matches!(store.outbox("a", 1), Err(StoreError::UnknownSink { .. })));
    assert!(matches!(store.acknowledge("a", 1), Err(StoreError::UnknownSink { .. })));
    store.add_sink("a").unwrap();
    assert!(waiting(store, "a").is_empty());
    commit(store, 1, vec![draft("i-2", START), draft("i-1", START)]);
    let mut found = waiting(store, "a");
    found.sort();
    let mut expected = [(id(store, "i-1"), false), (id(store, "i-2"), true)];
    expected.sort();
    assert_eq!(found, expected);
    store.remove_sink("a").unwrap();
    assert!(matches!(store.outbox("a", 1), Err(StoreError::UnknownSink { .. })));
}

pub(crate) fn each_sink_has_its_own_cursor(store: &dyn Store) {
    store.add_sink("a").unwrap();
    store.add_sink("b").unwrap();
    commit(store, 0, vec![draft("i-1", START)]);
    acknowledge(store, "a");
    store.add_sink("a").unwrap();
    commit(store, 1, vec![draft("i-1", START)]);
    let id = id(store, "i-1");
    assert_eq!(waiting(store, "a"), [(id.clone(), false)]);
    assert_eq!(waiting(store, "b"), [(id, true)]);
    acknowledge(store, "a");
    acknowledge(store, "b");
    assert!(waiting(store, "a").is_empty() && waiting(store, "b").is_empty());
    // An old acknowledgement takes nothing back, one of the future skips nothing.
    store.acknowledge("a", 1).unwrap();
    store.acknowledge("a", 1_000_000).unwrap();
    commit(store, 2, vec![draft("i-2", START)]);
    assert_eq!(waiting(store, "a").len(), 1);
    assert_eq!(store.outbox("b", 0).unwrap(), []);
}

pub(crate) fn a_finding_waits_once(store: &dyn Store) {
    store.add_sink("a").unwrap();
    commit(store, 0, vec![draft("i-1", START)]);
    commit(store, 1, vec![draft("i-2", START)]);
    commit(store, 2, vec![draft("i-1", START)]);
    assert_eq!(waiting(store, "a"), [(id(store, "i-2"), true), (id(store, "i-1"), true)]);
    store.expire(START + findings::RETENTION * 2).unwrap();
    assert!(waiting(store, "a").is_empty());
}

pub(crate) fn what_is_suppressed_is_not_published(store: &dyn Store) {
    store.add_sink("a").unwrap();
    let criteria = criteria(serde_json::json!({"severity": {"lt": 4}}));
    let suppressions = [Suppression { scope: Scope::all(), criteria }];
    for batch in 0..2 {
        let drafts = vec![draft("i-1", START)];
        store.commit(Commit { batch, drafts, time: START, suppressions: &suppressions }).unwrap();
    }
    assert!(waiting(store, "a").is_empty());
    // What a person archived is published still, and so is what a person brought back.
    let ids = [id(store, "i-1")];
    store.set_archived(&Scope::of(owner(0)), &ids, true).unwrap();
    commit(store, 2, vec![draft("i-1", START)]);
    assert!(waiting(store, "a").is_empty());
    store.set_archived(&Scope::of(owner(0)), &ids, false).unwrap();
    commit(store, 3, vec![draft("i-1", START)]);
    assert_eq!(waiting(store, "a").len(), 1);
    store.set_archived(&Scope::of(owner(0)), &ids, true).unwrap();
    acknowledge(store, "a");
    commit(store, 4, vec![draft("i-1", START)]);
    assert_eq!(waiting(store, "a").len(), 1);
}
