//! What somebody thinks of a finding decides what is learnt of it.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};

use crate::effect::{ACCOUNT, World};
use crate::files;
use crate::service::{findings, guardpost};

const KIND: &str = "Persistence:IAMUser/AnomalousBehavior";

/// The account that does it where it is simulated.
const SIMULATED: &str = "444455500001";

/// Seventeen days of calls, the last of them with one that is unusual, by file, as of the account.
fn logs(dir: &Path) -> Vec<String> {
    let made = guardpost().args(["simulate", KIND, "--out"]).arg(dir).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let mut found = Vec::new();
    files(&dir.join("AWSLogs"), &mut found);
    // By the time in their names.
    found.sort();
    let read = |it: &std::path::PathBuf| {
        let mut text = String::new();
        MultiGzDecoder::new(fs::File::open(it).unwrap()).read_to_string(&mut text).unwrap();
        text.replace(SIMULATED, ACCOUNT)
    };
    let of_account = format!("{SIMULATED}_CloudTrail");
    found.iter().filter(|it| it.to_string_lossy().contains(&of_account)).map(read).collect()
}

/// How often the activity was seen when it comes again a day later, after somebody said this of it.
fn seen_again(opinion: Option<&str>) -> u64 {
    let world = World::start();
    let logs = logs(&world.dir.path().join("simulated"));
    for log in &logs {
        assert!(world.service.push(log.as_bytes()));
    }
    world.expect(KIND, 1);
    let found = findings(world.dir.path());
    let finding = found.iter().find(|it| it["type"] == KIND).unwrap();
    if let Some(opinion) = opinion {
        let body = json!({"findingIds": [finding["id"]], "feedback": opinion});
        world.call("POST", "/findings/feedback", &body);
    }
    let world = world.kill();
    for log in again(&logs) {
        world.push(&log);
    }
    let found = findings(world.dir.path());
    let of_kind = found.iter().filter(|it| it["type"] == KIND);
    of_kind.map(|it| it["service"]["count"].as_u64().unwrap()).sum()
}

/// The unusual call a day later, and an ordinary one that lets time pass.
fn again(logs: &[String]) -> [String; 2] {
    let mut records = logs.iter().flat_map(|it| {
        let mut log: Value = serde_json::from_str(it).unwrap();
        log["Records"].as_array_mut().unwrap().drain(..).collect::<Vec<_>>()
    });
    let unusual = records.find(|it| it["eventName"] == "ImportKeyPair").unwrap();
    let mut call = unusual.clone();
    call["eventTime"] = "2026-01-22T10:00:00Z".into();
    call["eventID"] = "00000001-1111-4111-8111-000000000001".into();
    let mut later = call.clone();
    later["eventTime"] = "2026-01-22T15:00:00Z".into();
    later["eventID"] = "00000001-1111-4111-8111-000000000002".into();
    later["eventName"] = "DescribeInstances".into();
    later["userIdentity"] = json!({
        "type": "AWSService", "invokedBy": "autoscaling.amazonaws.com",
    });
    [call, later].map(|it| json!({ "Records": [it] }).to_string())
}

#[test]
fn what_is_not_useful_becomes_usual() {
    assert_eq!(seen_again(None), 2);
    assert_eq!(seen_again(Some("USEFUL")), 2);
    assert_eq!(seen_again(Some("NOT_USEFUL")), 1);
}
