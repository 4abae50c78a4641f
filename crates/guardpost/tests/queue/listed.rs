//! A bucket that is listed.

use std::time::Duration;

use tempfile::TempDir;

use super::fake::{BUCKET, Fake};
use super::{Service, found, objects, scanned};

fn bucket(more: &str) -> String {
    format!("[[serve.buckets]]\nbucket = \"{BUCKET}\"\nlist_secs = 1\n{more}")
}

/// The samples are older than any clock: everything is looked at.
const ALL_DAYS: &str = "first_days = 3650\nlookback_days = 3650\n";

fn put_all(fake: &Fake) -> u64 {
    let objects = objects();
    for (key, bytes) in &objects {
        fake.put(key, bytes);
    }
    objects.len() as u64
}

/// Waits until so many objects were taken, here and before, and worked on.
fn wait(service: &Service, count: u64) {
    service.wait("listing", |it| {
        let known = it.metric("objects_known_total", "");
        it.metric("source_objects_total", "bucket") + known >= count
            && it.metric("journal_backlog ", "") == 0
    });
}

/// Waits for two listings: whatever was there before the first of them was seen.
fn wait_looks(service: &Service, fake: &Fake) {
    let roots = || fake.state().listed.len();
    let before = roots();
    service.wait("looking", |_| roots() > before + 40);
}

#[test]
fn a_listing_leads_to_the_findings_of_a_scan_and_nothing_is_read_again() {
    let (dir, fake) = (TempDir::new().unwrap(), Fake::start());
    let count = put_all(&fake);
    fake.put("AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/03/02/x.json.gz", b"digest");
    fake.state().failures = 1;
    let service = Service::of(dir.path(), &fake, &bucket(ALL_DAYS));
    wait(&service, count);
    wait_looks(&service, &fake);
    assert_eq!(service.metric("source_objects_total", "bucket"), count);
    assert_eq!(service.metric("source_skipped_total", "bucket"), 1);
    service.end();
    // What was taken is remembered; what is written afterwards is seen wherever it sorts.
    let more = b"{\"Records\":[]}";
    for key in ["AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/01/0.json", "a/first", "z/last"]
    {
        fake.put(key, &[more.as_slice(), key.as_bytes()].concat());
    }
    let service = Service::of(dir.path(), &fake, &bucket(ALL_DAYS));
    wait(&service, 3);
    wait_looks(&service, &fake);
    assert_eq!(service.metric("source_objects_total", "bucket"), 3);
    assert_eq!(service.metric("objects_known_total", ""), 0);
    service.end();
    let (served, scanned) = (found(dir.path()), scanned(dir.path()));
    assert!(scanned.len() > 5, "{} findings", scanned.len());
    assert_eq!(served, scanned);
}

#[test]
fn a_service_that_is_killed_while_it_lists_takes_everything_once() {
    let (dir, fake) = (TempDir::new().unwrap(), Fake::start());
    put_all(&fake);
    for kill in 0..4 {
        let before = fake.state().listed.len();
        let service = Service::of(dir.path(), &fake, &bucket(ALL_DAYS));
        service.wait("listing", |_| fake.state().listed.len() > before);
        // Somewhere between the first page and the end of the look.
        std::thread::sleep(Duration::from_millis(kill * 60));
        service.kill();
    }
    let service = Service::of(dir.path(), &fake, &bucket(ALL_DAYS));
    wait_looks(&service, &fake);
    service.wait("working", |it| it.metric("journal_backlog ", "") == 0);
    service.end();
    assert_eq!(found(dir.path()), scanned(dir.path()));
}

#[test]
fn what_is_denied_is_told_and_taken_when_it_may_be_read() {
    let (dir, fake) = (TempDir::new().unwrap(), Fake::start());
    let (key, bytes) = objects().swap_remove(0);
    fake.put(&key, &bytes);
    fake.put("denied.json", b"{\"Records\":[]}");
    fake.state().denied.push("denied.json".to_owned());
    let service = Service::of(dir.path(), &fake, &bucket(ALL_DAYS));
    service.wait("the one that is fine", |it| {
        it.metric("source_objects_total", "bucket") == 1 && it.metric("source_gaps", "bucket") == 1
    });
    let health = service.get("/healthz");
    assert!(health.contains("denied: s3://logs/denied.json"), "{health}");
    // After a restart it is still known to be missing, and read at once.
    service.end();
    fake.state().denied.clear();
    let service = Service::of(dir.path(), &fake, &bucket(ALL_DAYS));
    service.wait("the other", |it| it.metric("source_objects_total", "bucket") == 1);
    assert_eq!(service.metric("source_gaps", "bucket"), 0);
    service.end();
}

#[test]
fn days_before_the_first_look_are_not_listed_below_the_folders_of_aws() {
    let (dir, fake) = (TempDir::new().unwrap(), Fake::start());
    fake.put("AWSLogs/111122223333/CloudTrail/us-east-1/2016/03/02/x.json", b"{}");
    fake.put("AWSLogs/111122223333/CloudTrail/us-east-1/2199/03/02/x.json", b"{\"Records\":[]}");
    let prefix = "prefix = \"AWSLogs/\"\nfirst_days = 0\n";
    let service = Service::of(dir.path(), &fake, &bucket(prefix));
    wait(&service, 1);
    service.end();
    let state = fake.state();
    let begun = state.listed.iter().find(|it| !it.is_empty()).unwrap();
    assert!(begun.starts_with("AWSLogs/111122223333/CloudTrail/us-east-1/20"), "{begun}");
    assert_eq!(state.reads, 1);
}
