//! Every simulated attack is found, and nothing else: each scenario alone, and all in one world.
#![expect(clippy::unwrap_used, reason = "what a test makes is there")]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use guardpost::catalog;
use guardpost::config::Config;
use guardpost::coverage::{Coverage, Given, State, has_custom_rules};
use guardpost::filter::Filter;
use guardpost::knowledge::Collector;
use guardpost::scan::{Request, execute};
use guardpost::sources::{Content, Found, Object};
use guardpost::window::Window;
use serde_json::Value;
use simulate::{Expected, Options, Scenario, Simulation, scenarios, simulate};

/// Types that are raised and have no scenario yet. The list may only shrink.
const NOT_SIMULATED: &[&str] = &[];

/// A finding as far as it is compared.
#[derive(Clone, PartialEq, Debug)]
struct Raised {
    finding_type: String,
    account: String,
    resource: Value,
}

/// Scans what was made, in memory, as the printed command does. A type that is raised is not called blind.
fn scan(made: &Simulation) -> Vec<Raised> {
    let (mut collector, mut found) = (Collector::new(), Found::default());
    for (name, text) in &made.files {
        if let Some(list) = name.strip_prefix("lists/") {
            let category = list.trim_end_matches(".txt");
            collector.list(category.parse().unwrap(), category, name, text.as_bytes()).unwrap();
        } else if name.starts_with("inventory/") {
            collector.inventory(name, text.as_bytes()).unwrap();
        } else {
            // Objects in memory live as long as the program.
            let bytes: &'static [u8] = Box::leak(text.clone().into_boxed_str()).as_bytes();
            let key = name.trim_end_matches(".gz").to_owned();
            let (content, size) = (Content::Embedded(bytes), bytes.len() as u64);
            found.objects.push(Object { name: key.clone(), key, content, size });
        }
    }
    if let Some(bytes) = &made.places {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        collector.places(file.path()).unwrap();
    }
    let knowledge = collector.build();
    let (intel, has_inventory) = (knowledge.intel.clone(), knowledge.inventory.is_some());
    let mut config = Config::default();
    let rules: Vec<String> = made.rules.iter().map(|it| (*it).to_owned()).collect();
    config.select(&rules, false).unwrap();
    let has_custom_rules = has_custom_rules(&config.detectors);
    let request = Request {
        found,
        knowledge,
        config,
        window: Window::default(),
        threads: Some(1),
        is_hashed: false,
        baseline: None,
    };
    let scan = execute(request, &mut |_, _| {}, &mut |_| {}).unwrap();
    assert_eq!(scan.failed(), 0, "every record is read");
    assert_eq!(scan.outcome.counters.late, 0, "no record is late");
    let findings = scan.findings(&Filter::default());
    let (tally, written) = (&scan.outcome.tally, &[]);
    let given =
        Given { tally, intel: &intel, written, stored: &[], has_inventory, has_custom_rules };
    for it in &findings {
        let coverage = Coverage::new(it.draft.finding_type, &given);
        assert_ne!(
            coverage.state(),
            State::Blind,
            "{}: {}",
            it.draft.finding_type.name,
            coverage.note()
        );
    }
    let raised = findings.iter().map(|it| {
        let finding = serde_json::to_value(&it.finding).unwrap();
        let text = |name: &str| finding[name].as_str().unwrap().to_owned();
        let (finding_type, account) = (text("type"), text("accountId"));
        Raised { finding_type, account, resource: finding["resource"].clone() }
    });
    raised.collect()
}

/// Whether `whole` holds all that `part` says.
fn holds(whole: &Value, part: &Value) -> bool {
    match part {
        Value::Object(members) => members.iter().all(|(name, it)| holds(&whole[name], it)),
        Value::Array(items) => items.iter().enumerate().all(|(at, it)| holds(&whole[at], it)),
        _ => whole == part,
    }
}

fn is_meant(raised: &Raised, expected: &Expected) -> bool {
    raised.finding_type == expected.finding_type
        && raised.account == expected.account
        && holds(&raised.resource, &expected.resource)
}

/// What is wrong: findings that are missing, and those that nobody expects.
fn problems(chosen: &[&'static Scenario], options: Options) -> Vec<String> {
    let made = simulate(chosen, options);
    let mut raised = scan(&made);
    let mut problems = Vec::new();
    for expected in &made.expected {
        match raised.iter().position(|it| is_meant(it, expected)) {
            Some(at) => _ = raised.swap_remove(at),
            None => problems.push(format!("missing: {expected:?}")),
        }
    }
    problems.extend(
        raised
            .iter()
            .map(|it| format!("not expected: {} {} {}", it.finding_type, it.account, it.resource)),
    );
    problems
}

fn served() -> BTreeSet<&'static str> {
    catalog::served().iter().map(|it| it.finding_type.name).collect()
}

#[test]
fn every_type_that_is_raised_has_a_scenario() {
    let simulated: BTreeSet<&str> = scenarios::all().iter().flat_map(|it| it.types()).collect();
    let named: BTreeSet<&str> = scenarios::all().iter().map(|it| it.name).collect();
    let lacking: BTreeSet<&str> = NOT_SIMULATED.iter().copied().collect();
    let has_one = |name: &&str| simulated.contains(name) && named.contains(name);
    let mut missing = served();
    missing.retain(|it| !has_one(it) && !lacking.contains(it));
    assert!(missing.is_empty(), "no scenario for {missing:#?}");
    let done: Vec<_> = lacking.iter().filter(|it| has_one(it)).collect();
    assert!(done.is_empty(), "{done:?} have one: take them off the list");
    for name in lacking {
        assert!(served().contains(name), "{name} is not raised: take it off the list");
    }
    for name in simulated {
        assert!(served().contains(name), "{name} is simulated and not raised");
    }
}

#[test]
fn each_scenario_alone_gives_what_it_says() {
    // Most of the time of a small scan goes into the built-in lists.
    const THREADS: usize = 2;
    let all = scenarios::all();
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let parts = all.chunks(all.len().div_ceil(THREADS));
        let threads: Vec<_> = parts
            .map(|part| scope.spawn(|| part.iter().flat_map(|it| alone(it)).collect::<Vec<_>>()))
            .collect();
        threads.into_iter().flat_map(|it| it.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn alone(scenario: &'static Scenario) -> Vec<String> {
    let problems = problems(&[scenario], Options::default());
    problems.into_iter().map(|it| format!("{}: {it}", scenario.name)).collect()
}

#[test]
fn all_scenarios_in_one_world_give_their_union() {
    let problems = problems(&scenarios::all(), Options::default());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn another_seed_and_another_start_give_the_same_findings() {
    let start = Options::START + 100 * simulate::time::DAY;
    let options = Options { seed: 7, start, ..Options::default() };
    let problems = problems(&scenarios::all(), options);
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn ordinary_activity_raises_nothing() {
    // Five weeks each of seeds 1 to 3.
    for seed in 1..=3 {
        let made = simulate(&[], Options { seed, days: 35, ..Options::default() });
        assert!(made.records > 10_000, "{}", made.records);
        let raised = scan(&made);
        assert!(raised.is_empty(), "seed {seed}: {raised:#?}");
    }
}

/// Runs the program in a folder: exit code and both outputs.
fn run(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_guardpost"))
        .args(args)
        .current_dir(folder)
        .env("XDG_DATA_HOME", folder)
        .output()
        .unwrap();
    let text = |it: &[u8]| String::from_utf8(it.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_printed_command_finds_what_the_folder_holds() {
    let folder = tempfile::tempdir().unwrap();
    let name = "UnauthorizedAccess:IAMUser/TorIPCaller";
    let made = ["simulate", name, "--out", "made", "--start", "2026-02-02", "--seed", "3"];
    let (code, out, err) = run(folder.path(), &made);
    assert_eq!(code, 0, "{err}");
    let summary = std::fs::read(folder.path().join("made/expected.json")).unwrap();
    let summary: Value = serde_json::from_slice(&summary).unwrap();
    assert_eq!(summary["start"], "2026-02-02T00:00:00Z");
    let words: Vec<&str> =
        summary["scan"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    assert!(out.ends_with(&format!("\n  guardpost {}\n", words.join(" "))), "{out}");
    let (code, found, err) = run(folder.path(), &[&words[..], &["-f", "json", "-q"]].concat());
    assert_eq!(code, 0, "{err}");
    let findings: Vec<Value> = found.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    assert_eq!(findings.len(), 1, "{found}");
    let expected = &summary["expected"][0];
    assert_eq!((&findings[0]["type"], &expected["type"]), (&name.into(), &name.into()));
    assert!(holds(&findings[0]["resource"], &expected["resource"]), "{expected}");
    // A folder that holds something is left alone.
    let (code, _, err) = run(folder.path(), &made);
    assert!(code == 1 && err.contains("is not empty"), "{err}");
}

#[test]
fn the_list_names_every_scenario() {
    let (code, out, _) = run(Path::new("."), &["simulate", "--list"]);
    assert_eq!((code, out.lines().count()), (0, scenarios::all().len()));
    for it in scenarios::all() {
        assert!(out.contains(it.name) && out.contains(it.about), "{}", it.name);
    }
    let (code, _, err) = run(Path::new("."), &["simulate", "portscan"]);
    assert!(code != 0 && err.contains("--out"), "{err}");
}
