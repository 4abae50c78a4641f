//! What `guardpost coverage` says of logs that lack something.
#![expect(clippy::unwrap_used, reason = "the program and the folder of a test are there")]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn run(folder: &Path, args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_guardpost"))
        .args(args)
        .current_dir(folder)
        .env("XDG_DATA_HOME", folder)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn coverage(folder: &Path, more: &[&str]) -> Value {
    let args = [&["coverage", "logs", "--format", "json"], more].concat();
    serde_json::from_str(&run(folder, &args)).unwrap()
}

fn row<'a>(whole: &'a Value, name: &str) -> &'a Value {
    whole["types"].as_array().unwrap().iter().find(|it| it["type"] == name).unwrap()
}

fn gaps(row: &Value) -> String {
    let gaps = row["gaps"].as_array().unwrap().iter();
    gaps.map(|it| it["what"].as_str().unwrap()).collect::<Vec<_>>().join("; ")
}

/// A folder with one log.
fn folder(name: &str, text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("logs")).unwrap();
    std::fs::write(folder.path().join("logs").join(name), text).unwrap();
    folder
}

const FLOW: &str =
    "2 111122223333 eni-1 10.0.0.1 192.0.2.1 40000 443 6 9 900 1767600000 1767600590 ACCEPT OK\n";

#[test]
fn the_default_format_of_flow_logs_lacks_fields_and_a_fine_interval() {
    let folder = folder("flow.log", FLOW);
    let whole = coverage(folder.path(), &[]);
    let scan = row(&whole, "Recon:EC2/Portscan");
    assert_eq!(scan["state"], "limited");
    for part in
        ["tcp-flags", "no flow record of rejected packets", "instances", "0 days of history"]
    {
        assert!(gaps(scan).contains(part), "{part}: {scan}");
    }
    let guesses = row(&whole, "UnauthorizedAccess:EC2/SSHBruteForce");
    assert!(gaps(guesses).contains("590 s"), "{guesses}");
    let root = row(&whole, "Policy:IAMUser/RootCredentialUsage");
    assert_eq!(
        (&root["state"], root["data"][0].as_str().unwrap()),
        (&"blind".into(), "CloudTrail management events")
    );
    assert_eq!(gaps(root), "no CloudTrail management events");
    let sources = whole["sources"].as_array().unwrap();
    assert_eq!((sources.len(), &sources[0]["records"]), (1, &1.into()));
}

#[test]
fn only_rejected_packets_make_a_sweep_invisible() {
    let folder = folder("flow.log", &FLOW.replace("ACCEPT", "REJECT"));
    let whole = coverage(folder.path(), &[]);
    let sweep = row(&whole, "Impact:EC2/PortSweep");
    assert_eq!(sweep["state"], "blind");
    assert!(sweep["gaps"][0]["remedy"].as_str().unwrap().contains("--traffic-type ALL"), "{sweep}");
}

#[test]
fn a_list_is_missing_then_there_then_stale() {
    let folder = folder("flow.log", FLOW);
    let name = "Backdoor:EC2/C&CActivity.B";
    let state = |more: &[&str]| {
        let whole = coverage(folder.path(), more);
        let row = row(&whole, name);
        (row["state"].as_str().unwrap().to_owned(), gaps(row))
    };
    let missing = ("blind".to_owned(), "no list of command-and-control addresses".to_owned());
    assert_eq!(state(&[]), missing);
    let list = folder.path().join("c2.txt");
    std::fs::write(&list, "192.0.2.66\n").unwrap();
    let given = ["--threat-list", "command-and-control=c2.txt"];
    assert_eq!(state(&given), ("ready".to_owned(), String::new()));
    let file = std::fs::File::options().append(true).open(&list).unwrap();
    let day = std::time::Duration::from_hours(24);
    // 2025-11-26T08:09:50Z, 39 days and some before the end of the log.
    let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_767_600_590) - 40 * day;
    file.set_modified(old).unwrap();
    let (state, gaps) = state(&given);
    assert_eq!(state, "limited");
    assert!(gaps.contains("39 days older"), "{gaps}");
}

#[test]
fn a_trail_of_writing_events_shows_no_reconnaissance() {
    let record = concat!(
        r#"{"eventVersion":"1.09","userIdentity":{"type":"Root","accountId":"111122223333"},"#,
        r#""eventTime":"2026-01-05T10:00:00Z","eventSource":"iam.amazonaws.com","eventName":"CreateUser","#,
        r#""awsRegion":"us-east-1","sourceIPAddress":"192.0.2.1","readOnly":false,"managementEvent":true,"#,
        r#""eventID":"00000001-1111-4111-8111-000000000000","recipientAccountId":"111122223333","#,
        r#""eventType":"AwsApiCall","eventCategory":"Management"}"#
    );
    let folder = folder("trail.json", &format!(r#"{{"Records":[{record}]}}"#));
    let whole = coverage(folder.path(), &[]);
    let recon = row(&whole, "Recon:IAMUser/TorIPCaller");
    assert_eq!(recon["state"], "blind");
    assert!(gaps(recon).contains("no management event that reads"), "{recon}");
    assert_eq!(row(&whole, "Policy:IAMUser/RootCredentialUsage")["state"], "ready");
    // Custom detection rules are off by default.
    let name = "Persistence:IAM/AccountManipulation";
    assert_eq!(gaps(row(&whole, name)), "its custom detection rules are off");
    let settings = "[detectors.rules.custom_detection]\nrules = [\"IAMAccessKeyCreated\"]\n";
    std::fs::write(folder.path().join("guardpost.toml"), settings).unwrap();
    let whole = coverage(folder.path(), &["-c", "guardpost.toml"]);
    assert_eq!(row(&whole, name)["state"], "ready");
}

#[test]
fn the_table_says_what_to_change_first() {
    let folder = folder("flow.log", FLOW);
    let text = run(folder.path(), &["coverage", "logs"]);
    let changes: Vec<&str> = text.lines().filter(|it| it.starts_with("Change")).collect();
    assert!(changes.iter().any(|it| it.contains("create a trail")), "{text}");
    let blind = |it: &&str| -> u32 {
        let before = it.split(" of them blind").next().unwrap();
        before.rsplit(' ').next().unwrap().parse().unwrap_or(0)
    };
    let counts: Vec<u32> = changes.iter().map(blind).collect();
    assert!(counts[0] > 5 && counts.is_sorted_by(|a, b| a >= b), "{text}");
    assert!(text.contains("Read      VPC flow logs: 1 record, 2026-01-05"), "{text}");
}
