//! The samples that come with the program.

use std::path::Path;

use crate::common::Folder;

/// The page that shows what the demo prints.
const README: &str = include_str!("../../../../README.md");

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

#[test]
fn the_readme_shows_what_the_demo_prints() {
    let shown = README.split("```text\n").nth(1).and_then(|it| it.split("```").next()).unwrap();
    let ran = Folder::new().run(&["demo"]);
    let printed = format!("{}{}", ran.out, ran.err);
    let mut lines = printed.lines();
    // The speed is that of the machine, and what stands between the lines of the page may be left out at `…`.
    for line in shown.lines().filter(|it| !matches!(*it, "…" | "") && !it.starts_with("Time ")) {
        assert!(lines.any(|it| it == line), "not printed, or not in this order: {line}");
    }
    assert!(shown.lines().count() > 40);
}
