//! Every case of `fixtures/` gives the findings that lie beside it. `UPDATE_GOLDEN=1` refreshes them.

#[cfg(test)]
mod harness;

use std::collections::BTreeSet;

use harness::{Run, cases, findings, fixtures};
use serde_json::Value;

#[test]
fn every_case_gives_its_findings() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    for case in cases() {
        let got = serde_json::to_string_pretty(&findings(&case, &Run::default())).unwrap() + "\n";
        let golden = fixtures().join(format!("{}.findings.json", case.name));
        if update {
            std::fs::write(&golden, &got).unwrap();
        } else if std::fs::read_to_string(&golden).ok().as_deref() != Some(&got) {
            wrong.push(case.name);
        }
    }
    assert!(wrong.is_empty(), "differ from their goldens (UPDATE_GOLDEN=1 refreshes): {wrong:?}");
}

/// The findings types that each folder's goldens hold, and whether it has a quiet case.
#[test]
fn every_family_has_a_firing_case_for_each_type_and_a_quiet_case() {
    let mut missing = Vec::new();
    for spec in detectors::registry(&detectors::Settings::default()).specs() {
        let folder = format!("{}/", spec.name);
        let (mut fired, mut has_quiet) = (BTreeSet::new(), false);
        for case in cases().iter().filter(|it| it.name.starts_with(&folder)) {
            let golden = fixtures().join(format!("{}.findings.json", case.name));
            let golden: Vec<Value> =
                serde_json::from_str(&std::fs::read_to_string(golden).unwrap_or_default())
                    .unwrap_or_default();
            has_quiet |= golden.is_empty();
            fired.extend(golden.iter().filter_map(|it| it["type"].as_str().map(str::to_owned)));
        }
        missing.extend(
            spec.types
                .iter()
                .filter(|it| !fired.contains(it.name))
                .map(|it| format!("{}: no case raises {}", spec.name, it.name)),
        );
        if !has_quiet {
            missing.push(format!("{}: no quiet case", spec.name));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
