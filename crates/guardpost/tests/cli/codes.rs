//! Exit codes, and messages about what was asked for.

use crate::common::{Folder, log};

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("a.log", log(0, 1));
    folder
}

#[test]
fn findings_fail_only_when_asked_for() {
    let folder = folder();
    assert_eq!(folder.run(&["scan", "a.log"]).code, 0);
    assert_eq!(folder.run(&["scan", "a.log", "--fail-on", "high"]).code, 2);
    assert_eq!(folder.run(&["scan", "a.log", "--fail-on", "low"]).code, 2);
    assert_eq!(folder.run(&["scan", "a.log", "--fail-on", "critical"]).code, 0);
}

#[test]
fn strict_fails_for_anything_skipped() {
    let folder = folder();
    assert_eq!(folder.run(&["scan", ".", "--strict"]).code, 0);
    folder.write("b.txt", "not a log\n");
    assert_eq!(folder.run(&["scan", "."]).code, 0);
    assert_eq!(folder.run(&["scan", ".", "--strict"]).code, 3);
    assert_eq!(folder.run(&["scan", ".", "--strict", "--fail-on", "high"]).code, 2);
}

#[test]
fn wrong_use_says_what_is_wrong() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    let fails = |args: &[&str], parts: &[&str]| folder.run(args).fails(parts);
    fails(&["scan", "nowhere"], &["nowhere", "No such file"]);
    fails(&["scan", "empty"], &["no files below `empty`", "AWSLogs"]);
    fails(&["scan", "a.log", "--since", "yesterday"], &["--since `yesterday`", "2026-01-31"]);
    fails(&["scan", "a.log", "--until", "2026-02-30"], &["--until `2026-02-30`"]);
    fails(&["scan", "a.log", "--since", "2026-02-02", "--until", "2026-02-01"], &["--since"]);
    fails(&["scan", "a.log", "--types", "nonsense"], &["`nonsense`", "guardpost types"]);
    fails(&["scan", "a.log", "--min-severity", "huge"], &["huge", "critical"]);
    fails(&["scan", "a.log", "--output", "no/such/folder"], &["no/such/folder"]);
    fails(&["scan"], &["PATH"]);
    fails(&["frobnicate"], &["frobnicate"]);
    assert_eq!(folder.run(&["--help"]).code, 0);
    assert!(folder.run(&["scan", "--help"]).out.contains("Exit codes"));
}

#[test]
fn lists_and_descriptions_that_cannot_be_used_are_named() {
    let folder = folder();
    folder.write("list.txt", "!!!\n");
    folder.write("blank.txt", "# nothing\n");
    folder.write("inventory.json", "{\"Nonsense\": []}");
    folder.write("places.mmdb", "no database");
    let fails = |args: &[&str], parts: &[&str]| {
        folder.run(&[&["scan", "a.log"], args].concat()).fails(parts);
    };
    fails(&["--threat-list", "missing.txt"], &["--threat-list", "missing.txt", "No such file"]);
    fails(&["--threat-list", "tor=list.txt"], &["unknown category `tor`", "tor-exit"]);
    fails(&["--threat-list", "list.txt"], &["list.txt", "line 1"]);
    fails(&["--trusted-list", "blank.txt"], &["--trusted-list", "blank.txt", "no entry"]);
    fails(&["--inventory", "inventory.json"], &["inventory.json", "describe-instances"]);
    fails(&["--geo", "places.mmdb"], &["--geo", "places.mmdb"]);
}

#[test]
fn lines_of_a_list_that_are_not_used_are_told() {
    let folder = folder();
    folder.write("list.txt", "198.51.100.7\n!!!\n");
    let ran = folder.run(&["scan", "a.log", "--threat-list", "list.txt"]);
    let note = "1 line of `list.txt`, read as TXT, not used: line 2: ";
    assert!(ran.code == 0 && ran.err.contains(note), "{}", ran.err);
}

#[test]
fn settings_are_checked_by_name_and_range() {
    let folder = folder();
    let check = |text: &str, parts: &[&str]| {
        folder.write("c.toml", text);
        folder.run(&["check-config", "c.toml"]).fails(parts);
        folder.run(&["scan", "a.log", "--config", "c.toml"]).fails(parts);
    };
    check("[scan]\nthreds = 1\n", &["c.toml", "line 2", "threds", "threads"]);
    check("[detectors.ec2.nonsense]\n", &["c.toml", "nonsense"]);
    check("[intake]\nbatch_rows = 0\n", &["intake.batch_rows = 0", "1 to"]);
    check(
        "[detectors.ec2.port_scan]\nports = 0\nwindow_secs = -1\n",
        &["c.toml", "detectors.ec2.port_scan.ports = 0", "1 to 65535", "window_secs = -1"],
    );
    check("[intake]\nbatch_rows = \"many\"\n", &["c.toml", "line 2"]);
    folder.write("c.toml", folder.run(&["config"]).out);
    let ran = folder.run(&["check-config", "c.toml"]);
    assert!(ran.code == 0 && ran.out.contains("every setting has its default"), "{ran:?}");
}
