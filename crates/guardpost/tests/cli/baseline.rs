//! `scan --baseline`: what is learnt survives between scans.

use std::collections::BTreeSet;

use crate::common::{Folder, Ran};

/// Two weeks of logs and the day of the attacks, 2026-01-19; of types that are learnt.
fn simulated() -> Folder {
    let folder = Folder::new();
    for (out, name) in [
        ("logs/1", "Behavior:EC2/TrafficVolumeUnusual"),
        ("logs/2", "Persistence:IAMUser/Anomalous"),
    ] {
        let ran = folder.run(&["simulate", name, "--out", out, "--days", "14"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
    }
    folder
}

fn scan(folder: &Folder, more: &[&str]) -> Ran {
    let (first, second) = ("logs/1/AWSLogs", "logs/2/AWSLogs");
    let args = ["scan", first, second, "--format", "json", "--no-intel-dir", "--threads", "1"];
    let ran = folder.run(&[&args, more].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    ran
}

/// Types and identifiers of findings that were last seen on the last day, and how often if it was on that day alone.
fn of_last_day(ran: &Ran) -> BTreeSet<String> {
    let findings = ran.findings();
    let last = findings
        .iter()
        .filter(|it| it["service"]["eventLastSeen"].as_str().is_some_and(|it| it >= "2026-01-19"));
    last.map(|it| {
        let is_new = it["service"]["eventFirstSeen"].as_str().is_some_and(|it| it >= "2026-01-19");
        let count = if is_new { it["service"]["count"].to_string() } else { "more".to_owned() };
        format!("{} {} {count}", it["type"], it["id"])
    })
    .collect()
}

#[test]
fn a_day_after_two_weeks_gives_what_it_gives_within_the_whole() {
    let folder = simulated();
    let whole = of_last_day(&scan(&folder, &[]));
    for name in ["Behavior:EC2/TrafficVolumeUnusual", "Persistence:IAMUser/AnomalousBehavior"] {
        assert!(whole.iter().any(|it| it.contains(name)), "{whole:?}");
    }
    let first = scan(&folder, &["--until", "2026-01-18", "--baseline", "usual.gp"]);
    assert!(first.err.contains("usual.gp: what was learnt from 2026-01-05"), "{}", first.err);
    // Without it nothing is known on the last day.
    let alone = of_last_day(&scan(&folder, &["--since", "2026-01-19"]));
    assert!(!alone.iter().any(|it| it.contains("TrafficVolumeUnusual")), "{alone:?}");
    let last = scan(&folder, &["--since", "2026-01-19", "--baseline", "usual.gp"]);
    let begun = |all: &BTreeSet<String>| -> BTreeSet<String> {
        all.iter().filter(|it| !it.ends_with("more")).cloned().collect()
    };
    let last = of_last_day(&last);
    assert!(begun(&whole).is_subset(&last) && begun(&whole).len() >= 2, "{whole:?} {last:?}");
    let ids = |all: &BTreeSet<String>| -> BTreeSet<String> {
        all.iter().filter_map(|it| Some(it.rsplit_once(' ')?.0.to_owned())).collect()
    };
    assert_eq!(ids(&last), ids(&whole));
    // A second time everything is known already.
    let again = scan(&folder, &["--baseline", "usual.gp"]);
    assert!(again.err.contains("records before are left out"), "{}", again.err);
    assert!(of_last_day(&again).is_subset(&last));
}

#[test]
fn a_file_that_is_no_baseline_is_refused_before_anything_is_read() {
    let folder = Folder::new();
    folder.write("findings.json", "{}");
    let ran = folder.run(&["scan", "nowhere", "--baseline", "findings.json"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("is no baseline and stays as it is"), "{}", ran.err);
}
