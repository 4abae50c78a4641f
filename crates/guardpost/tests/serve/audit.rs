//! Every change over the API is written down, as CloudTrail would.

use std::fs;

use serde_json::{Value, json};

use crate::effect::{ACCOUNT, ADMIN, World};
use crate::service::guardpost;

#[test]
fn changes_are_written_down_as_cloudtrail_would() {
    let world = World::start();
    world.call("POST", "", &json!({"findingPublishingFrequency": "ONE_HOUR"}));
    world.call("GET", "", &Value::Null);
    let (status, _) = world.service.call(ADMIN, "POST", "/detector", &json!({"enable": true}));
    assert_eq!(status, 400, "there is one");
    let audit = world.dir.path().join("data/audit");
    let file = fs::read_dir(&audit).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(file).unwrap();
    let records: Vec<Value> = text.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    let names: Vec<_> = records
        .iter()
        .map(|it| (it["eventName"].as_str().unwrap(), it["errorCode"].as_str()))
        .collect();
    assert_eq!(
        names,
        [
            ("CreateDetector", None),
            ("UpdateDetector", None),
            ("CreateDetector", Some("BadRequestException")),
        ]
    );
    assert_eq!(records[1]["requestParameters"]["findingPublishingFrequency"], "ONE_HOUR");
    for record in &records {
        assert_eq!(record["sourceIPAddress"], "127.0.0.1");
        assert_eq!(
            (&record["recipientAccountId"], &record["awsRegion"]),
            (&json!(ACCOUNT), &json!("us-east-1"))
        );
    }
    // What reads CloudTrail reads it.
    let scanned =
        guardpost().arg("scan").arg(&audit).args(["--strict", "--no-intel-dir"]).output().unwrap();
    let said = String::from_utf8(scanned.stderr).unwrap();
    assert!(scanned.status.success() && said.contains("3 records"), "{said}");
    world.service.end();
}
