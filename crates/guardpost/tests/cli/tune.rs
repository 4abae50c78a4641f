//! `tune`, `scan --shadow`, and `explain` of a finding.

use serde_json::Value;

use crate::common::Folder;

/// Two weeks of a team, then a day on which one of them keeps access in a strange way.
fn simulated() -> Folder {
    let folder = Folder::new();
    let ran =
        folder.run(&["simulate", "Persistence:IAMUser/Anomalous", "--out", "sim", "--days", "14"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    folder
}

const SECTION: &str = "iam.anomalous_behavior";

#[test]
fn thresholds_are_told_with_what_they_would_have_given() {
    let folder = simulated();
    let args = ["tune", "sim/AWSLogs", "--no-intel-dir", "--budget", "0.2"];
    let ran = folder.run(&[&args[..], &["--format", "json"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    let families = told["families"].as_array().unwrap();
    let family = families.iter().find(|it| it["family"] == SECTION).unwrap();
    let alarms = |value: u64| {
        let settings = family["settings"].as_array().unwrap();
        settings.iter().find(|it| it["floor_milli"] == value).unwrap()["alarms"].as_u64().unwrap()
    };
    assert!(alarms(500) >= alarms(1000) && alarms(1000) == 1, "{family}");
    assert_eq!(family["examples"][0]["type"], "Persistence:IAMUser/AnomalousBehavior");
    let text = folder.run(&args).out;
    assert!(
        text.contains("floor_milli is 1,000") && text.contains("by day: 2026-01-21 1"),
        "{text}"
    );
}

#[test]
fn a_scan_in_shadow_mode_raises_nothing_that_scores_and_proposes() {
    let folder = simulated();
    let types = ["--types", "*AnomalousBehavior*"];
    let scan = ["scan", "sim/AWSLogs", "--no-intel-dir", "--format", "json"];
    let open = folder.run(&[&scan[..], &types].concat());
    assert_eq!(open.findings().len(), 1, "{}", open.err);
    let shadow = folder.run(&[&scan[..], &types, &["--shadow"]].concat());
    assert!(shadow.findings().is_empty());
    let line = format!("Shadow    {SECTION}: 1 alarm at floor_milli 1,000 not raised");
    assert!(shadow.err.contains(&line), "{}", shadow.err);
    // What does not score is raised as ever.
    let all = |more: &[&str]| folder.run(&[&scan[..], more].concat()).findings().len();
    assert_eq!(all(&["--shadow=0.5"]), all(&[]) - 1);
}

#[test]
fn a_finding_is_explained_on_one_screen() {
    let folder = simulated();
    let scan = folder.run(&["scan", "sim/AWSLogs", "--no-intel-dir", "--format", "json"]);
    folder.write("findings.jsonl", &scan.out);
    let findings = scan.findings();
    let finding = findings.iter().find(|it| it["type"] == "Persistence:IAMUser/AnomalousBehavior");
    let id = finding.unwrap()["id"].as_str().unwrap();
    let ran = folder.run(&["explain", "findings.jsonl", "--id", &id[..8]]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.lines().count() <= 23, "{}", ran.out);
    assert!(ran.out.lines().all(|it| it.chars().count() <= 80), "{}", ran.out);
    for part in ["score of the hour (model", "floor_milli", "probability", "usual: "] {
        assert!(ran.out.contains(part), "{part} in\n{}", ran.out);
    }
    let line = scan.out.lines().find(|it| it.contains(id)).unwrap();
    assert_eq!(folder.run_with(&["explain", "-"], line.as_bytes()).out, ran.out);
    let several = folder.run(&["explain", "findings.jsonl"]);
    assert!(
        several.code == 1 && several.err.contains("give one of them with --id"),
        "{}",
        several.err
    );
    folder.write("garbage.json", "not json");
    let garbage = folder.run(&["explain", "garbage.json"]);
    assert!(garbage.code == 1 && garbage.err.contains("holds no findings"), "{}", garbage.err);
}
