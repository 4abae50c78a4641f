//! The catalogue: complete, sorted, and every type either raised or in the list of those that are not.

use std::collections::BTreeSet;

use guardpost::catalog::{served, unserved_lines};
use serde_json::Value;

use crate::common::Folder;

/// Active types of GuardDuty's documentation (2026-10).
const CATALOGUE: usize = 229;
/// Types that it names as retired.
const RETIRED: usize = 22;

#[test]
fn the_catalogue_is_complete() {
    let unserved: Vec<&str> = unserved_lines().collect();
    assert!(unserved.is_sorted(), "the list is sorted");
    let unserved: BTreeSet<&str> = unserved.into_iter().collect();
    let served: Vec<_> = served().iter().map(|it| it.finding_type).collect();
    for it in &served {
        assert!(!unserved.contains(it.name), "{} is raised: take it out of unserved.txt", it.name);
    }
    let ours = served.iter().filter(|it| !it.is_own).count();
    assert_eq!(ours + unserved.len(), CATALOGUE, "raised and not raised make the catalogue");
    let own = served.len() - ours;
    let told = format!(
        "{ours} of the {CATALOGUE} names in the catalogue are raised, and {own} of our own;"
    );
    assert!(include_str!("../../../../README.md").contains(&told), "the README must say: {told}");
}

#[test]
fn the_list_is_given_as_json() {
    let ran = Folder::new().run(&["types", "--format", "json"]);
    let list: Vec<Value> = serde_json::from_str(&ran.out).unwrap();
    assert!(list.len() >= CATALOGUE);
    let find = |name: &str| list.iter().find(|it| it["type"] == name).unwrap();
    let entry = find(crate::common::C2);
    assert_eq!((&entry["served"], &entry["severity"]), (&true.into(), &8.into()));
    for member in ["title", "about", "detection", "false_positives", "response", "aggregation"] {
        assert!(!entry[member].as_str().unwrap().is_empty(), "{member}");
    }
    assert_eq!(entry["data"][0], "Route 53 Resolver query logs");
    let name = unserved_lines().next().unwrap();
    assert_eq!((&find(name)["served"], &find(name)["title"]), (&false.into(), &Value::Null));
}

#[test]
fn a_type_is_explained_by_name_case_or_part() {
    let folder = Folder::new();
    for name in [crate::common::C2, "backdoor:ec2/c&cactivity.b!dns", "ec2/phishingdomainrequest!"]
    {
        let ran = folder.run(&["explain", name]);
        assert_eq!(ran.code, 0, "{ran:?}");
        for part in ["Severity", "What to do", "ATT&CK", "Route 53 Resolver"] {
            assert!(ran.out.contains(part), "{part}: {}", ran.out);
        }
    }
    folder
        .run(&["explain", "DGADomainRequest"])
        .fails(&["types", "Trojan:EC2/DGADomainRequest.C!DNS"]);
    folder.run(&["explain", "DropPiont!DNS"]).fails(&["did you mean", "Trojan:EC2/DropPoint!DNS"]);
    folder.run(&["explain", "zzzzzzzzzzzzzzzzzzzzz"]).fails(&["guardpost types"]);
}

#[test]
fn a_retired_type_names_its_successors() {
    let all = guardpost::catalog::names();
    let retired: Vec<_> = guardpost::catalog::retired().collect();
    assert!(retired.is_sorted_by_key(|it| it.name) && retired.len() == RETIRED);
    for it in &retired {
        assert!(!all.contains(&it.name), "{} is in the catalogue", it.name);
        assert!(it.successors.iter().all(|name| all.contains(name)), "{it:?}");
    }
    let folder = Folder::new();
    for asked in [&["explain"][..], &["scan", ".", "--types"]] {
        let asked = [asked, &["cryptocurrency:EC2/BitcoinTool.A"]].concat();
        folder.run(&asked).fails(&["retired", "CryptoCurrency:EC2/BitcoinTool.B"]);
    }
    folder.run(&["explain", "UnauthorizedAccess:EC2/TorIPCaller"]).fails(&["no type took"]);
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = Folder::new();
    let program = folder.run(&["manual"]).out;
    for command in
        ["scan", "summary", "demo", "types", "explain", "config", "check-config", "completions"]
    {
        assert!(
            program.contains(&format!("guardpost\\-{}", command.replace('-', "\\-"))),
            "{command}"
        );
        let page = folder.run(&["manual", command]).out;
        assert!(page.contains(&format!(".TH guardpost-{command} 1")), "{command}");
    }
    let wrong = folder.run(&["manual", "nope"]);
    assert_eq!(wrong.code, 1);
    assert!(wrong.err.contains("there is no command `nope`"), "{}", wrong.err);
}
