//! Cases of resources of the API and of the control journal.

use serde_json::{Value, json};

use super::{START, owner};
use crate::{Change, ControlEntry, Document, DocumentKey, DocumentQuery, Store, StoreError};

fn key(number: u64, kind: &str, id: &str) -> DocumentKey {
    DocumentKey::new(owner(number), kind, id)
}

fn put(store: &dyn Store, key: DocumentKey, body: Value) {
    store.apply(&[Change::put(key, body)], None).unwrap();
}

pub(crate) fn documents_are_kept_by_key(store: &dyn Store) {
    let a = key(0, "filters", "a");
    assert_eq!(store.document(&a).unwrap(), None);
    put(store, a.clone(), json!({"rank": 1}));
    put(store, key(1, "filters", "a"), json!(2));
    put(store, key(0, "members", "a"), json!(3));
    put(store, a.clone(), json!({"rank": 2.5, "name": "ü"}));
    let document = store.document(&a).unwrap().unwrap();
    assert_eq!((document.version, document.body), (2, json!({"rank": 2.5, "name": "ü"})));
    store.apply(&[Change::delete(a.clone())], None).unwrap();
    assert_eq!(store.document(&a).unwrap(), None);
    assert_eq!(store.document(&key(1, "filters", "a")).unwrap().unwrap().body, json!(2));
}

pub(crate) fn changes_are_made_as_a_whole(store: &dyn Store) {
    let (a, b) = (key(0, "filters", "a"), key(0, "filters", "b"));
    let entry = ControlEntry::new(START, json!("x"));
    put(store, a.clone(), json!(1));
    let changes = [Change::create(b.clone(), json!(1)), Change::create(a.clone(), json!(2))];
    let error = store.apply(&changes, Some(&entry)).unwrap_err();
    assert!(matches!(error, StoreError::Conflict { id, .. } if id == "a"));
    assert_eq!(store.document(&b).unwrap(), None);
    assert!(store.control_entries(0, 10).unwrap().is_empty());
    // Later changes see earlier ones.
    let changes = [
        Change::create(b.clone(), json!(1)),
        Change::put(b.clone(), json!(2)),
        Change::delete(a.clone()),
        Change::create(a.clone(), json!(3)),
    ];
    assert_eq!(store.apply(&changes, Some(&entry)).unwrap(), Some(1));
    let version = |key| store.document(key).unwrap().unwrap().version;
    assert_eq!((version(&b), version(&a)), (2, 1));
}

pub(crate) fn expectations_are_checked(store: &dyn Store) {
    let a = key(0, "filters", "a");
    let conflict = |change| {
        assert!(matches!(store.apply(&[change], None), Err(StoreError::Conflict { .. })));
    };
    conflict(Change::delete(a.clone()));
    store.apply(&[Change::create(a.clone(), json!(1))], None).unwrap();
    conflict(Change::create(a.clone(), json!(2)));
    let read = store.document(&a).unwrap().unwrap();
    store.apply(&[Change::update(&read, json!(3))], None).unwrap();
    conflict(Change::update(&read, json!(4)));
    assert_eq!(store.document(&a).unwrap().unwrap().body, json!(3));
}

pub(crate) fn pages_of_documents_are_stable(store: &dyn Store) {
    for n in (0..12).rev() {
        put(store, key(n % 2, "filters", &format!("f{n:02}")), json!(n));
        put(store, key(n % 2, "members", &format!("f{n:02}")), json!(n));
    }
    let kind = "filters".to_owned();
    let mut query = DocumentQuery { owner: Some(owner(1)), kind, limit: 4, token: None };
    let first = store.list_documents(&query).unwrap();
    put(store, key(1, "filters", "f00"), json!(0));
    store.apply(&[Change::delete(key(1, "filters", "f01"))], None).unwrap();
    query.token = first.next;
    let second = store.list_documents(&query).unwrap();
    let ids = |page: Vec<Document>| page.into_iter().map(|it| it.key.id).collect::<Vec<_>>();
    assert_eq!(ids(first.items), ["f01", "f03", "f05", "f07"]);
    assert_eq!(ids(second.items), ["f09", "f11"]);
    assert_eq!(second.next, None);
    let mut query = DocumentQuery { owner: None, limit: 5, token: None, ..query };
    let mut everybody = Vec::new();
    loop {
        let page = store.list_documents(&query).unwrap();
        everybody.extend(page.items.into_iter().map(|it| (it.key.owner, it.key.id)));
        query.token = page.next;
        if query.token.is_none() {
            break;
        }
    }
    assert_eq!(everybody.len(), 12);
    assert!(everybody.is_sorted());
    let token = Some("nonsense".to_owned());
    let query = DocumentQuery { token, ..query };
    assert!(matches!(store.list_documents(&query), Err(StoreError::BadToken)));
}

pub(crate) fn large_documents_are_refused(store: &dyn Store) {
    let body = json!("x".repeat(Document::BODY_MAX));
    let error = store.apply(&[Change::put(key(0, "filters", "a"), body)], None).unwrap_err();
    assert!(matches!(error, StoreError::TooLarge { .. }));
    let id = "x".repeat(Document::NAME_MAX + 1);
    let error = store.apply(&[Change::put(key(0, "filters", &id), json!(1))], None).unwrap_err();
    assert!(matches!(error, StoreError::TooLarge { .. }));
}

pub(crate) fn control_entries_are_numbered(store: &dyn Store) {
    for n in 1..=5 {
        let entry = ControlEntry::new(START, json!({ "n": n }));
        assert_eq!(store.apply(&[], Some(&entry)).unwrap(), Some(n));
    }
    assert_eq!(store.apply(&[], None).unwrap(), None);
    let numbers = |after, limit| -> Vec<u64> {
        store.control_entries(after, limit).unwrap().iter().map(|it| it.sequence).collect()
    };
    assert_eq!(numbers(0, 100), [1, 2, 3, 4, 5]);
    assert_eq!(numbers(2, 2), [3, 4]);
    assert_eq!(numbers(5, 2), [0; 0]);
    store.trim_control(5).unwrap();
    assert_eq!(numbers(0, 100), [0; 0]);
    let entry = ControlEntry::new(START, json!({ "n": 6 }));
    assert_eq!(store.apply(&[], Some(&entry)).unwrap(), Some(6));
    let found = store.control_entries(0, 1).unwrap();
    assert_eq!(found, [ControlEntry { sequence: 6, ..entry }]);
}

pub(crate) fn contents_live_as_long_as_what_refers_to_them(store: &dyn Store) {
    let hash = store.put_blob(b"192.0.2.1\n").unwrap();
    assert_eq!(store.put_blob(b"192.0.2.1\n").unwrap(), hash);
    let other = store.put_blob(b"other").unwrap();
    for _ in 0..2 {
        let blobs = vec![hash];
        let entry = ControlEntry { blobs, ..ControlEntry::new(START, json!("list")) };
        store.apply(&[], Some(&entry)).unwrap();
    }
    store.trim_control(1).unwrap();
    assert_eq!(store.control_entries(0, 9).unwrap()[0].blobs, [hash]);
    assert_eq!(store.blob(&hash).unwrap().as_deref(), Some(&b"192.0.2.1\n"[..]));
    store.trim_control(2).unwrap();
    assert_eq!(store.blob(&hash).unwrap(), None);
    assert!(store.blob(&other).unwrap().is_some());
}
