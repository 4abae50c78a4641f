//! The samples that come with the program.

use std::path::Path;

use crate::common::Folder;

#[test]
fn the_demo_writes_a_report() {
    let folder = Folder::new();
    let ran = folder.run(&["demo"]);
    if !Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").is_dir() {
        ran.fails(&["built without samples"]);
        return;
    }
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out.starts_with("SEVERITY") && ran.err.contains("guardpost-report.html"),
        "{ran:?}"
    );
    let page = std::fs::read_to_string(folder.path().join("guardpost-report.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains("What was looked for"));
    assert!(page.contains("Looked for, not found") && page.contains("SHA-256 of the settings"));
    assert_eq!(folder.run(&["demo"]).code, 0);
    let again = std::fs::read_to_string(folder.path().join("guardpost-report.html")).unwrap();
    assert!(again == page, "the same input gives the same bytes");
}
