//! What clients of the API set takes effect in the service that runs.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::service::{Service, findings, make_key, make_key_of};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const ADMIN: &str = "GPTESTTESTADMIN0";
/// Addresses of a threat list, and one that the trusted list has too.
pub(crate) const LISTED: &str = "198.51.100.66";
const TRUSTED: &str = "198.51.100.77";
const CALLER: &str = "Recon:IAMUser/MaliciousIPCaller.Custom";
const READER: &str = "UnauthorizedAccess:S3/MaliciousIPCaller.Custom";
pub(crate) const TALKER: &str = "UnauthorizedAccess:EC2/MaliciousIPCaller.Custom";

/// A service with a detector, and the lists in `lists`.
pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) service: Service,
    detector: String,
    settings: String,
}

impl World {
    pub(crate) fn start() -> World {
        World::start_with(|_| String::new())
    }

    /// Starts with more settings of `[serve]`, which may name files of the directory.
    pub(crate) fn start_with(settings: impl FnOnce(&Path) -> String) -> World {
        let dir = TempDir::new().unwrap();
        make_key(dir.path(), ACCOUNT);
        make_key_of(dir.path(), ACCOUNT, "admin", ADMIN);
        fs::create_dir(dir.path().join("lists")).unwrap();
        let settings = settings(dir.path());
        let service = start(dir.path(), &settings);
        let made = service.ok(ADMIN, "POST", "/detector", &json!({"enable": true}));
        let detector = made["detectorId"].as_str().unwrap().to_owned();
        World { dir, service, detector, settings }
    }

    pub(crate) fn kill(self) -> World {
        self.service.kill();
        let service = start(self.dir.path(), &self.settings);
        World { service, ..self }
    }

    /// Ends the service and starts one over another directory.
    pub(crate) fn move_to(self, dir: TempDir) -> World {
        self.service.kill();
        fs::create_dir(dir.path().join("lists")).unwrap();
        let service = start(dir.path(), &self.settings);
        World { dir, service, ..self }
    }

    pub(crate) fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        self.service.ok(ADMIN, method, &format!("/detector/{}{path}", self.detector), body)
    }

    /// Makes a list of a kind such as `threatintelset` and waits until it was read.
    pub(crate) fn list(&self, kind: &str, text: &str, status: &str) -> String {
        let file = self.dir.path().join("lists").join(format!("{kind}.txt"));
        fs::write(&file, text).unwrap();
        let location = format!("file://{}", file.display());
        let body = json!({"name": format!("our {kind}"), "format": "TXT", "location": location, "activate": true});
        let made = self.call("POST", &format!("/{kind}"), &body);
        let id = made.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned();
        self.wait_for(&format!("/{kind}/{id}"), status);
        id
    }

    fn wait_for(&self, list: &str, status: &str) {
        self.service.wait(status, |_| self.call("GET", list, &Value::Null)["status"] == status);
    }

    /// Pushes a log and waits until it was worked on.
    pub(crate) fn push(&self, log: &str) {
        let before = self.service.metric("snapshots_total");
        assert!(self.service.push(log.as_bytes()));
        // What waits in an open batch is committed before a snapshot.
        self.service.wait("working", |it| it.metric("snapshots_total") > before);
    }

    /// Waits for findings of a type to have occurred so often.
    pub(crate) fn expect(&self, kind: &str, count: u64) {
        self.service.wait(kind, |_| self.count(kind) >= count);
        assert_eq!(self.count(kind), count, "{kind}");
    }

    /// Types of findings with how often they occurred.
    fn found(&self) -> Vec<(String, u64)> {
        let count = |it: &Value| it["service"]["count"].as_u64().unwrap();
        let found = findings(self.dir.path());
        found.iter().map(|it| (it["type"].as_str().unwrap().to_owned(), count(it))).collect()
    }

    fn count(&self, kind: &str) -> u64 {
        self.found().iter().filter(|it| it.0 == kind).map(|it| it.1).sum()
    }
}

fn start(dir: &Path, settings: &str) -> Service {
    let settings = format!("lists_dir = \"{}\"\n{settings}", dir.join("lists").display());
    Service::start_with(dir, &[], &settings)
}

/// Flow records of an instance that talks to an address at this minute.
pub(crate) fn flows(minute: u64, remote: &str) -> String {
    let start = 1_767_607_200 + minute * 60;
    let line = |source: &str, target: &str, ports: &str, path: &str| {
        format!(
            "5 {ACCOUNT} eni-0a1b2c3d4e5f60005 {source} {target} {ports} 6 12 2400 {start} {} ACCEPT OK vpc-0a1b2c3d4e5f60001 \
             subnet-0a1b2c3d4e5f60001 i-0a1b2c3d4e5f60005 3 IPv4 {source} {target} us-east-1 use1-az1 {path}\n",
            start + 20
        )
    };
    format!(
        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action \
         log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id flow-direction \
         traffic-path\n{}{}",
        line("10.0.1.5", remote, &format!("{} 443", 41_000 + minute), "egress 8"),
        line(remote, "10.0.1.5", &format!("443 {}", 41_000 + minute), "ingress -"),
    )
}

/// A call from an address at this minute after ten.
pub(crate) fn call(minute: u64, source: &str) -> String {
    let time = format!("2026-01-05T{:02}:{:02}:00Z", 10 + minute / 60, minute % 60);
    let record = json!({
        "eventVersion": "1.09", "eventTime": time, "eventSource": "s3.amazonaws.com", "eventName": "ListBuckets",
        "userIdentity": {
            "type": "IAMUser", "principalId": "AIDAEXAMPLEALICE00001", "accountId": ACCOUNT, "userName": "alice",
            "arn": "arn:aws:iam::111122223333:user/alice", "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
        },
        "awsRegion": "us-east-1", "sourceIPAddress": source, "userAgent": "aws-cli/2.15.30", "requestParameters": null,
        "responseElements": null, "eventID": format!("00000001-1111-4111-8111-{minute:012}"), "readOnly": true,
        "eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": ACCOUNT, "eventCategory": "Management",
    });
    json!({ "Records": [record] }).to_string()
}

/// An object that is read from an address at this minute after ten.
fn object_read(minute: u64, source: &str) -> String {
    let mut log: Value = serde_json::from_str(&call(minute, source)).unwrap();
    let record = &mut log["Records"][0];
    record["eventName"] = json!("GetObject");
    record["requestParameters"] = json!({"bucketName": "reports", "key": "a"});
    record["resources"] =
        json!([{"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::reports", "accountId": ACCOUNT}]);
    record["managementEvent"] = json!(false);
    record["eventCategory"] = json!("Data");
    log.to_string()
}

#[test]
fn lists_raise_findings_and_trusted_ones_silence_them() {
    let world = World::start();
    world.push(&flows(0, LISTED));
    assert_eq!(world.found(), []);
    let threats = world.list("threatintelset", &format!("{LISTED}\n{TRUSTED}\n"), "ACTIVE");
    let trusted = world.list("ipset", &format!("{TRUSTED}\n"), "ACTIVE");
    world.push(&flows(1, LISTED));
    world.push(&flows(2, TRUSTED));
    world.expect(TALKER, 1);
    assert_eq!(world.found().len(), 1);
    // Calls wait for those that come late.
    for (minute, source) in [(3, LISTED), (4, TRUSTED), (90, "192.0.2.9")] {
        world.push(&call(minute, source));
    }
    world.expect(CALLER, 1);
    assert_eq!(world.found().len(), 2);
    for finding in findings(world.dir.path()) {
        assert!(finding.to_string().contains("our threatintelset"), "{finding}");
    }
    // Without the trusted list the threat list counts.
    world.call("POST", &format!("/ipset/{trusted}"), &json!({"activate": false}));
    world.push(&flows(91, TRUSTED));
    world.expect(TALKER, 2);
    world.call("DELETE", &format!("/threatintelset/{threats}"), &Value::Null);
    world.push(&flows(92, LISTED));
    world.expect(TALKER, 2);
    world.service.end();
}

#[test]
fn a_list_that_cannot_be_read_says_why_and_is_read_again_on_demand() {
    let world = World::start();
    let id = world.list("threatintelset", "nothing of use\n", "ERROR");
    // Only lists of entities tell the reason over the API.
    let entities = world.list("threatentityset", "nothing of use\n", "ERROR");
    let one = format!("/threatentityset/{entities}");
    let reason = world.call("GET", &one, &Value::Null)["errorDetails"].to_string();
    assert!(reason.contains("no usable entry"), "{reason}");
    for (location, expected) in [
        ("s3://bucket/key", "serve.list_buckets"),
        ("https://127.0.0.1:9/list", "no public address"),
        ("file:///etc/hostname", "no such file in serve.lists_dir"),
    ] {
        world.call("POST", &one, &json!({"location": location, "activate": true}));
        world.wait_for(&one, "ERROR");
        let reason = world.call("GET", &one, &Value::Null)["errorDetails"].to_string();
        assert!(reason.contains(expected), "{location}: {reason}");
    }
    world.push(&flows(0, LISTED));
    assert_eq!(world.found(), []);
    fs::write(world.dir.path().join("lists/threatintelset.txt"), LISTED).unwrap();
    world.call("POST", &format!("/threatintelset/{id}"), &json!({"activate": true}));
    world.wait_for(&format!("/threatintelset/{id}"), "ACTIVE");
    world.push(&flows(1, LISTED));
    world.expect(TALKER, 1);
    world.service.end();
}

#[test]
fn what_came_is_worked_on_though_nothing_more_comes() {
    // Neither a tick nor a snapshot ends the batch.
    let world = World::start_with(|_| "snapshot_secs = 3600\n".to_owned());
    world.list("threatintelset", LISTED, "ACTIVE");
    assert!(world.service.push(flows(0, LISTED).as_bytes()));
    world.expect(TALKER, 1);
    assert_eq!(world.service.metric("snapshots_total"), 0);
    world.service.end();
}

#[test]
fn records_that_come_late_are_counted() {
    let world = World::start();
    world.push(&flows(100, "192.0.2.9"));
    assert_eq!(world.service.metric("records_late_total"), 0);
    world.push(&flows(0, "192.0.2.9"));
    assert_eq!(world.service.metric("records_late_total"), 2);
    world.service.end();
}

#[test]
fn what_is_switched_off_raises_nothing_from_then_on() {
    let world = World::start();
    world.list("threatintelset", LISTED, "ACTIVE");
    world.push(&flows(1, LISTED));
    world.expect(TALKER, 1);
    world.call("POST", "", &json!({"enable": false}));
    world.push(&flows(2, LISTED));
    let world = world.kill();
    world.push(&flows(3, LISTED));
    world.expect(TALKER, 1);
    // Over a snapshot as well.
    let world = world.kill();
    world.push(&flows(4, LISTED));
    world.expect(TALKER, 1);
    world.call("POST", "", &json!({"enable": true}));
    world.push(&flows(5, LISTED));
    world.expect(TALKER, 2);
    // A feature that the type does not need.
    let features = json!({"features": [{"name": "S3_DATA_EVENTS", "status": "DISABLED"}]});
    world.call("POST", "", &features);
    world.push(&flows(6, LISTED));
    world.expect(TALKER, 3);
    world.push(&object_read(7, LISTED));
    world.push(&call(90, "192.0.2.9"));
    assert_eq!(world.count(READER), 0);
    let features = json!({"features": [{"name": "S3_DATA_EVENTS", "status": "ENABLED"}]});
    world.call("POST", "", &features);
    world.push(&object_read(91, LISTED));
    world.push(&call(180, "192.0.2.9"));
    world.expect(READER, 1);
    world.call("DELETE", "", &Value::Null);
    world.push(&flows(181, LISTED));
    world.expect(TALKER, 3);
    world.service.end();
}

/// The same changes between the same logs, with the service killed after some of them.
fn changes(kills: &[u64]) -> Vec<Value> {
    let mut world = World::start();
    let mut threats = String::new();
    for step in 0..12 {
        match step {
            2 => threats = world.list("threatintelset", LISTED, "ACTIVE"),
            5 => drop(world.list("trustedentityset", LISTED, "ACTIVE")),
            7 => {
                let listed = world.call("GET", "/trustedentityset", &Value::Null);
                let id = listed["trustedEntitySetIds"][0].as_str().unwrap();
                world.call("DELETE", &format!("/trustedentityset/{id}"), &Value::Null);
            }
            9 => drop(world.call("DELETE", &format!("/threatintelset/{threats}"), &Value::Null)),
            _ => {}
        }
        for log in [flows(step * 20, LISTED), call(step * 20, LISTED)] {
            assert!(world.service.push(log.as_bytes()));
        }
        if kills.contains(&step) {
            if step % 2 == 0 {
                // The list is in a snapshot; else it is in the journal alone.
                let snapshots = world.service.metric("snapshots_total");
                world.service.wait("a snapshot", |it| it.metric("snapshots_total") > snapshots);
            }
            world = world.kill();
        }
    }
    world.service.end();
    findings(world.dir.path())
}

#[test]
fn a_service_that_is_killed_has_the_same_lists_in_force() {
    let undisturbed = changes(&[]);
    // Two flows before and after the trusted list each.
    let counts: Vec<&Value> = undisturbed.iter().map(|it| &it["service"]["count"]).collect();
    assert_eq!(counts, [&json!(5), &json!(5)], "{undisturbed:#?}");
    assert_eq!(changes(&[2, 4, 6, 9, 10]), undisturbed);
    assert_eq!(changes(&[3, 5, 7, 8, 11]), undisturbed);
}
