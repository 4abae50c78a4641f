//! Logs of S3, told of by a queue or listed: every form of notification, redelivery, kills, what cannot be read.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod fake;
mod listed;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fake::{BUCKET, Fake};
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long anything may take before a test fails.
const PATIENCE: Duration = Duration::from_mins(2);

fn guardpost() -> Command {
    Command::new(env!("CARGO_BIN_EXE_guardpost"))
}

/// A scan learns from a week of an archive; so does the service here.
const LEARNING: &str = "
[detectors.iam.anomalous_behavior]
learning_days = 7
[detectors.s3.anomalous_behavior]
learning_days = 7
[detectors.iam.anomalous_model_invocation]
learning_days = 7
";

/// A call days after all others, so that their windows close.
const LAST: &str = r#"{"Records":[{"eventVersion":"1.08","userIdentity":{"type":"AWSService",
    "invokedBy":"ec2.amazonaws.com"},"eventTime":"2026-03-20T00:00:00Z","eventSource":"sts.amazonaws.com",
    "eventName":"AssumeRole","awsRegion":"us-east-1","sourceIPAddress":"ec2.amazonaws.com",
    "userAgent":"ec2.amazonaws.com","eventID":"00000000-0000-4000-8000-000000000001",
    "eventType":"AwsApiCall","recipientAccountId":"111122223333"}]}"#;

/// A running service.
struct Service {
    child: Child,
    url: String,
}

impl Service {
    fn start(dir: &Path, fake: &Fake, more: &str) -> Service {
        let queue =
            format!("[[serve.queues]]\nurl = \"{}\"\nwait_secs = 1\n{more}", fake.queue_url());
        Service::of(dir, fake, &queue)
    }

    /// With these sources.
    fn of(dir: &Path, fake: &Fake, sources: &str) -> Service {
        let config = dir.join("settings.toml");
        // Time goes on by the logs alone, and snapshots come often.
        let text = format!("[serve]\ntick_secs = 3600\nsnapshot_secs = 1\n{sources}{LEARNING}");
        fs::write(&config, text).unwrap();
        let mut child = guardpost()
            .args(["serve", "--listen", "127.0.0.1:0", "--no-intel-dir", "--config"])
            .arg(&config)
            .arg("--data-dir")
            .arg(dir.join("data"))
            .env("AWS_ENDPOINT_URL", &fake.url)
            .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_REGION", "us-east-1")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        let url = line.split_whitespace().find(|it| it.starts_with("http://"));
        let url = url.unwrap_or_else(|| panic!("{line}")).trim_end_matches(',').to_owned();
        // A full pipe would stop the service.
        std::thread::spawn(move || lines.for_each(drop));
        Service { child, url }
    }

    fn get(&self, path: &str) -> String {
        ureq::get(format!("{}{path}", self.url))
            .call()
            .unwrap()
            .body_mut()
            .read_to_string()
            .unwrap()
    }

    /// The value of a metric, whatever source it is of; with a cause in quotation marks, of that one.
    fn metric(&self, name: &str, cause: &str) -> u64 {
        let text = self.get("/metrics");
        let mut lines = text.lines().filter(|it| it.starts_with(&format!("guardpost_{name}")));
        let line =
            lines.find(|it| it.contains(cause)).unwrap_or_else(|| panic!("{name} in {text}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }

    fn wait(&self, what: &str, is_done: impl Fn(&Service) -> bool) {
        let begin = Instant::now();
        while !is_done(self) {
            assert!(
                begin.elapsed() < PATIENCE,
                "{what}: {}{}",
                self.get("/metrics"),
                self.get("/healthz")
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn end(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // A test that failed leaves none behind.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// Keys and contents of the samples, and of the last call.
fn objects() -> Vec<(String, Vec<u8>)> {
    let mut paths = Vec::new();
    files(&samples().join("AWSLogs"), &mut paths);
    let key = |it: &Path| it.strip_prefix(samples()).unwrap().to_str().unwrap().to_owned();
    let mut objects: Vec<_> = paths.iter().map(|it| (key(it), fs::read(it).unwrap())).collect();
    objects.push(("later/a b+c=é%/last.json".to_owned(), LAST.as_bytes().to_vec()));
    objects
}

/// A key as S3 writes it in its own notifications.
fn encoded(key: &str) -> String {
    let key = key.replace('%', "%25").replace('+', "%2B").replace('=', "%3D");
    key.replace('é', "%C3%A9").replace(' ', "+")
}

fn of_s3(key: &str, size: usize) -> Value {
    json!({ "Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1", "eventName": "ObjectCreated:Put",
        "s3": { "bucket": { "name": BUCKET }, "object": { "key": encoded(key), "size": size, "eTag": "e" } },
    }] })
}

/// The same in one form after the other.
fn notification(at: usize, key: &str, size: usize) -> Value {
    match at % 4 {
        0 => of_s3(key, size),
        1 => json!({ "Type": "Notification", "Message": of_s3(key, size).to_string() }),
        2 => json!({
            "version": "0", "source": "aws.s3", "detail-type": "Object Created", "region": "us-east-1",
            "detail": { "bucket": { "name": BUCKET }, "object": { "key": key, "size": size } },
        }),
        _ => {
            let inner = json!({ "s3Bucket": BUCKET, "s3ObjectKey": [key] });
            json!({ "Type": "Notification", "Message": inner.to_string() })
        }
    }
}

/// Findings that a command prints, without what differs from run to run.
fn findings(command: &mut Command) -> Vec<Value> {
    let printed = command.output().unwrap();
    assert!([Some(0), Some(1), Some(2)].contains(&printed.status.code()), "{printed:?}");
    let text = String::from_utf8(printed.stdout).unwrap();
    let finding = |line: &str| {
        let mut finding: Value = serde_json::from_str(line).unwrap();
        for name in ["createdAt", "updatedAt"] {
            finding.as_object_mut().unwrap().remove(name);
        }
        // The service keeps the records behind a finding beside it; where they come from differs.
        let value = finding.pointer_mut("/service/additionalInfo/value").unwrap();
        let mut info: Value = serde_json::from_str(value.as_str().unwrap()).unwrap();
        info["guardpost"]["evidence"] = Value::Null;
        *value = info.to_string().into();
        finding
    };
    let mut findings: Vec<Value> = text.lines().map(finding).collect();
    findings.sort_by_key(|it| it["id"].to_string());
    findings
}

fn found(dir: &Path) -> Vec<Value> {
    findings(guardpost().args(["findings", "--format", "json", "--data-dir"]).arg(dir.join("data")))
}

/// Findings of a scan of the same objects, by the same settings.
fn scanned(dir: &Path) -> Vec<Value> {
    for (key, bytes) in objects() {
        let path = dir.join("logs").join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let config = dir.join("scan.toml");
    fs::write(&config, LEARNING).unwrap();
    let mut scan = guardpost();
    scan.args(["scan", "--no-intel-dir", "--format", "json", "--config"]).arg(config);
    findings(scan.arg(dir.join("logs")))
}

/// One receiver that takes everything at once: logs of weeks are read in their order.
const AT_ONCE: &str = "receivers = 1\ntogether = 1000\n";

fn is_done(service: &Service, fake: &Fake) -> bool {
    fake.left() == 0 && service.metric("journal_backlog ", "") == 0
}

/// Everything that is to be told, in one form after the other.
fn tell_all(fake: &Fake) -> usize {
    let objects = objects();
    for (at, (key, bytes)) in objects.iter().enumerate() {
        fake.put(key, bytes);
        fake.send(&notification(at, key, bytes.len()));
    }
    objects.len()
}

#[test]
fn every_form_of_notification_leads_to_the_findings_of_a_scan() {
    let (dir, fake) = (TempDir::new().unwrap(), Fake::start());
    let count = tell_all(&fake);
    // Queues deliver now and then twice.
    let (key, bytes) = objects().swap_remove(0);
    fake.send(&of_s3(&key, bytes.len()));
    // The first requests fail as services do now and then.
    fake.state().failures = 2;
    let service = Service::start(dir.path(), &fake, AT_ONCE);
    service.wait("working", |it| is_done(it, &fake));
    assert_eq!(service.metric("source_objects_total", "queue"), count as u64);
    assert_eq!(service.metric("objects_known_total", ""), 1);
    assert_eq!(service.metric("source_gaps", "queue"), 0);
    service.end();
    let (served, scanned) = (found(dir.path()), scanned(dir.path()));
    assert!(scanned.len() > 5, "{} findings", scanned.len());
    assert_eq!(served, scanned);
}

#[test]
fn a_service_that_is_killed_takes_everything_once() {
    let (dir, fake) = (TempDir::new().unwrap(), Fake::start());
    fake.state().hidden = Some(Duration::from_secs(1));
    tell_all(&fake);
    for kill in 0..5 {
        let before = fake.state().asked.get("ReceiveMessage").copied().unwrap_or_default();
        let service = Service::start(dir.path(), &fake, AT_ONCE);
        service.wait("receiving", |_| {
            fake.state().asked.get("ReceiveMessage").is_some_and(|it| *it > before)
        });
        // Somewhere between the first message and the last deletion.
        std::thread::sleep(Duration::from_millis(kill * 90));
        service.kill();
        // Messages that it held are visible again.
        std::thread::sleep(Duration::from_millis(1100));
    }
    fake.state().hidden = None;
    let service = Service::start(dir.path(), &fake, AT_ONCE);
    service.wait("working", |it| is_done(it, &fake));
    service.end();
    assert_eq!(found(dir.path()), scanned(dir.path()));
}

#[test]
fn what_cannot_be_read_stays_in_the_queue_and_stops_nothing() {
    let (dir, fake) = (TempDir::new().unwrap(), Fake::start());
    fake.state().hidden = Some(Duration::from_secs(1));
    let mut objects = objects();
    let (key, bytes) = objects.swap_remove(0);
    fake.put(&key, &bytes);
    fake.put("denied.json", b"{}");
    fake.state().denied.push("denied.json".to_owned());
    fake.send(&of_s3("late/a b+c=d.json", bytes.len()));
    fake.send(&of_s3("denied.json", 2));
    fake.send(&json!("nothing that tells of objects"));
    fake.send(&json!({ "Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": BUCKET }));
    fake.send(&of_s3("AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/03/02/x.json.gz", 9));
    let mut elsewhere = of_s3("x.json", 9);
    elsewhere["Records"][0]["s3"]["bucket"]["name"] = "of-somebody-else".into();
    fake.send(&elsewhere);
    fake.send(&of_s3(&key, bytes.len()));
    let more = format!("{AT_ONCE}buckets = [\"{BUCKET}\"]\n");
    let service = Service::start(dir.path(), &fake, &more);
    service.wait("the one that is fine", |it| it.metric("source_objects_total", "queue") == 1);
    service.wait("deleting", |_| fake.left() == 4);
    for (cause, least) in [("missing", 1), ("denied", 1), ("message", 1), ("bucket", 1)] {
        let cause = format!("cause=\"{cause}\"");
        assert!(service.metric("source_failures_total", &cause) >= least, "{cause}");
    }
    assert_eq!(service.metric("source_skipped_total", "queue"), 2, "the test and the digest");
    assert_eq!(service.metric("source_gaps", "queue"), 2);
    let health = service.get("/healthz");
    assert!(health.contains("missing: s3://logs/late/a b+c=d.json"), "{health}");
    // A gap is filled when the object is there after all.
    fake.put("late/a b+c=d.json", &objects[0].1);
    service.wait("the late one", |it| it.metric("source_gaps", "queue") == 1 && fake.left() == 3);
    service.end();
}
