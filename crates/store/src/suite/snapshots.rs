//! Cases of snapshots.

use crate::{BlobHash, Part, SnapshotWritten, Store, StoreError};

fn part(name: &str, bytes: &[u8]) -> (String, Part) {
    (name.to_owned(), Part::Bytes(bytes.to_vec()))
}

fn unchanged(name: &str) -> (String, Part) {
    (name.to_owned(), Part::Unchanged)
}

pub(crate) fn the_latest_snapshot_is_read(store: &dyn Store) {
    assert_eq!(store.snapshot().unwrap(), None);
    store.write_snapshot(3, &[part("b", b"2"), part("a", b"1")]).unwrap();
    store.write_snapshot(5, &[part("a", b"3"), unchanged("b"), part("c", b"")]).unwrap();
    let snapshot = store.snapshot().unwrap().unwrap();
    assert_eq!(snapshot.mark, 5);
    let expected = [("a", &b"3"[..]), ("b", b"2"), ("c", b"")];
    assert_eq!(snapshot.parts, expected.map(|it| (it.0.to_owned(), it.1.to_vec())));
}

pub(crate) fn only_changed_parts_are_written(store: &dyn Store) {
    let written = store.write_snapshot(1, &[part("a", b"11"), part("b", b"222")]).unwrap();
    assert_eq!(written, SnapshotWritten { written: 2, bytes: 5, reused: 0 });
    let parts = [part("a", b"11"), unchanged("b"), part("c", b"11"), part("d", b"4")];
    let written = store.write_snapshot(2, &parts).unwrap();
    assert_eq!(written, SnapshotWritten { written: 1, bytes: 1, reused: 3 });
}

pub(crate) fn contents_of_old_snapshots_are_deleted(store: &dyn Store) {
    store.write_snapshot(1, &[part("a", b"1"), part("b", b"stays")]).unwrap();
    store.write_snapshot(2, &[part("a", b"2"), unchanged("b")]).unwrap();
    assert!(store.blob(&BlobHash::of(b"1")).unwrap().is_some());
    store.write_snapshot(3, &[part("a", b"3"), unchanged("b")]).unwrap();
    assert!(store.blob(&BlobHash::of(b"1")).unwrap().is_none());
    for kept in [&b"2"[..], b"3", b"stays"] {
        assert!(store.blob(&BlobHash::of(kept)).unwrap().is_some());
    }
}

pub(crate) fn an_unchanged_part_needs_one_before(store: &dyn Store) {
    let error = store.write_snapshot(1, &[part("a", b"1"), unchanged("b")]).unwrap_err();
    assert!(matches!(error, StoreError::MissingPart { part } if part == "b"));
    assert_eq!(store.snapshot().unwrap(), None);
}
