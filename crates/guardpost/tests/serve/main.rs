//! The service as its users run it: logs pushed and watched, killed at any moment, asked over HTTP.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod audit;
mod backup;
mod effect;
mod feedback;
mod publish;
mod rules;
mod service;
mod tls;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::MultiGzDecoder;
use serde_json::Value;
use tempfile::TempDir;

use service::{KEY, Service, findings, guardpost, make_key, make_key_of};

const DAY: &str = "2026-03-04";

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/AWSLogs/111122223333")
}

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// A day of the samples as a live account delivers it: a quarter of an hour at a time.
fn deliveries() -> Vec<Vec<u8>> {
    let mut paths = Vec::new();
    files(&samples(), &mut paths);
    paths.sort();
    let mut slots: BTreeMap<(String, u8, String), Vec<String>> = BTreeMap::new();
    for path in paths {
        let mut text = String::new();
        MultiGzDecoder::new(fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
        if text.starts_with("{\"Records\"") {
            let document: Value = serde_json::from_str(&text).unwrap();
            for record in document["Records"].as_array().unwrap() {
                let time = record["eventTime"].as_str().unwrap();
                slots.entry((slot(time), 0, String::new())).or_default().push(record.to_string());
            }
        } else if text.starts_with('{') {
            for line in text.lines() {
                let record: Value = serde_json::from_str(line).unwrap();
                let time = record["query_timestamp"].as_str().unwrap();
                slots.entry((slot(time), 2, String::new())).or_default().push(line.to_owned());
            }
        } else {
            let (head, rows) = text.split_once('\n').unwrap();
            let start = head.split(' ').position(|it| it == "start").unwrap();
            for row in rows.lines() {
                let seconds = row.split(' ').nth(start).unwrap().parse().unwrap();
                let time = model::Timestamp::from_secs(seconds).to_string();
                slots.entry((slot(&time), 1, head.to_owned())).or_default().push(row.to_owned());
            }
        }
    }
    let of_day = slots.into_iter().filter(|((slot, ..), _)| slot.starts_with(DAY));
    of_day
        .map(|((_, kind, head), lines)| match kind {
            0 => format!("{{\"Records\":[{}]}}", lines.join(",")).into_bytes(),
            1 => format!("{head}\n{}\n", lines.join("\n")).into_bytes(),
            _ => format!("{}\n", lines.join("\n")).into_bytes(),
        })
        .collect()
}

/// The quarter of an hour of a time such as `2026-03-04T12:34:56Z`.
fn slot(time: &str) -> String {
    let minutes: u32 = time[14..16].parse().unwrap();
    format!("{}{:02}", &time[..14], minutes / 15 * 15)
}

/// Pushes everything, killing the service at `kills`: the number of the delivery, and how long after it was sent.
fn run(deliveries: &[Vec<u8>], kills: &[(usize, Duration)]) -> Vec<Value> {
    let dir = TempDir::new().unwrap();
    make_key(dir.path(), "111122223333");
    let mut service = Service::start(dir.path(), &[]);
    for (at, delivery) in deliveries.iter().enumerate() {
        let kill = kills.iter().find(|it| it.0 == at);
        if let Some((_, after)) = kill {
            std::thread::scope(|scope| {
                let pushing = &service;
                let push = scope.spawn(move || pushing.push(delivery));
                std::thread::sleep(*after);
                let id = pushing.child.id().to_string();
                assert!(Command::new("kill").args(["-KILL", &id]).status().unwrap().success());
                // Whether it was taken: whoever delivers does not know and delivers again.
                push.join().unwrap();
            });
            service.kill();
            service = Service::start(dir.path(), &[]);
        }
        assert!(service.push(delivery), "delivery {at}");
        if !kills.is_empty() && at % 4 == 0 {
            // Queues deliver now and then twice.
            let known = service.metric("objects_known_total");
            assert!(service.push(delivery), "delivery {at} again");
            assert_eq!(service.metric("objects_known_total"), known + 1, "delivery {at}");
        }
    }
    service.wait("working", |it| it.metric("journal_backlog") == 0);
    service.end();
    findings(dir.path())
}

/// `GUARDPOST_CRASHES` asks for more kills than the few of every day.
#[test]
fn a_service_that_is_killed_finds_what_an_undisturbed_one_finds() {
    let deliveries = deliveries();
    let undisturbed = run(&deliveries, &[]);
    assert!(undisturbed.len() > 5, "{} findings", undisturbed.len());
    let wanted: usize =
        std::env::var("GUARDPOST_CRASHES").ok().and_then(|it| it.parse().ok()).unwrap_or(4);
    // A fixed sequence: what fails once fails again, as far as the machine is the same.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut kills: Vec<(usize, Duration)> = (0..wanted)
        .map(|_| (random(deliveries.len() as u64) as usize, Duration::from_micros(random(30_000))))
        .collect();
    kills.sort_unstable();
    kills.dedup_by_key(|it| it.0);
    let disturbed = run(&deliveries, &kills);
    for (one, other) in undisturbed.iter().zip(&disturbed) {
        assert_eq!(one, other);
    }
    assert_eq!(undisturbed.len(), disturbed.len());
}

#[test]
fn files_of_a_watched_directory_are_taken_once() {
    let dir = TempDir::new().unwrap();
    let watched = dir.path().join("logs");
    fs::create_dir(&watched).unwrap();
    let more = ["--watch", watched.to_str().unwrap()];
    let service = Service::start(dir.path(), &more);
    let deliveries = deliveries();
    for (at, delivery) in deliveries.iter().take(12).enumerate() {
        fs::write(watched.join(format!("{at}.log")), delivery).unwrap();
    }
    service.wait("taking in", |it| it.metric("objects_total") == 12);
    service.wait("working", |it| it.metric("journal_backlog") == 0);
    let records = service.metric("records_total");
    service.kill();
    // The list of what was taken may be lost: contents are known as well.
    fs::remove_file(dir.path().join("data/watched.0")).unwrap();
    let service = Service::start(dir.path(), &more);
    fs::write(watched.join("more.log"), &deliveries[12]).unwrap();
    service.wait("taking in", |it| it.metric("objects_total") == 1);
    service.wait("working", |it| it.metric("journal_backlog") == 0);
    assert!(records > 0);
    service.end();
}

#[test]
fn logs_of_other_accounts_than_the_key_s_are_left_out() {
    let dir = TempDir::new().unwrap();
    make_key(dir.path(), "999988887777");
    let service = Service::start(dir.path(), &[]);
    let deliveries = deliveries();
    assert!(service.push(&deliveries[0]));
    service.wait("working", |it| it.metric("journal_backlog") == 0);
    assert_eq!(service.metric("records_total"), 0);
    assert!(service.metric("records_foreign_total") > 0);
    let denied = ureq::post(format!("{}/ingest/logs", service.url)).send("{}");
    assert!(matches!(denied, Err(ureq::Error::StatusCode(401))), "{denied:?}");
    assert!(service.push(&deliveries[0]), "once more is no error");
    assert_eq!(service.metric("objects_known_total"), 1);
    // Whoever delivers under the right account must not find the log taken by somebody else.
    make_key_of(dir.path(), "111122223333", "ingest", "GPTESTTESTTEST01");
    let pair = format!("Bearer GPTESTTESTTEST01:{}", KEY.1);
    let sent = ureq::post(format!("{}/ingest/logs", service.url))
        .header("authorization", pair)
        .send(&deliveries[0]);
    assert!(sent.is_ok(), "{sent:?}");
    service.wait("working", |it| it.metric("journal_backlog") == 0);
    assert!(service.metric("records_total") > 0);
    service.end();
}

#[test]
fn firehose_delivers_and_is_answered_in_its_protocol() {
    let dir = TempDir::new().unwrap();
    make_key(dir.path(), "111122223333");
    let service = Service::start(dir.path(), &[]);
    let records: Vec<Value> = deliveries()[..4]
        .iter()
        .map(|it| serde_json::json!({ "data": STANDARD.encode(it) }))
        .collect();
    let body = serde_json::json!({ "requestId": "r-1", "timestamp": 1, "records": records });
    let deliver = |pair: &str, id: &str| {
        let sent = ureq::post(format!("{}/ingest/firehose", service.url))
            .config()
            .http_status_as_error(false)
            .build()
            .header("x-amz-firehose-request-id", id)
            .header("x-amz-firehose-access-key", pair)
            .send(body.to_string());
        let mut answer = sent.unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), serde_json::from_str::<Value>(&text).unwrap())
    };
    let (status, answer) = deliver(&format!("{}:{}", KEY.0, KEY.1), "r-1");
    assert_eq!((status, &answer["requestId"], &answer["known"]), (200, &"r-1".into(), &0.into()));
    assert!(answer["timestamp"].as_u64().unwrap() > 1_600_000_000_000);
    service.wait("working", |it| it.metric("journal_backlog") == 0);
    assert!(service.metric("records_total") > 0);
    let (status, answer) = deliver("GPTESTTESTTEST00:wrong", "r-1");
    assert_eq!((status, answer["errorMessage"].is_string()), (401, true));
    let (status, answer) = deliver(&format!("{}:{}", KEY.0, KEY.1), "r-2");
    assert_eq!((status, answer["errorMessage"].is_string()), (400, true));
    service.end();
}

#[test]
fn a_service_starts_again_after_nothing_but_garbage() {
    let dir = TempDir::new().unwrap();
    make_key(dir.path(), "111122223333");
    let service = Service::start(dir.path(), &[]);
    for at in 0..3 {
        assert!(service.push(format!("garbage {at}").as_bytes()));
        // A snapshot a second.
        std::thread::sleep(Duration::from_millis(1200));
    }
    service.end();
    let service = Service::start(dir.path(), &[]);
    assert_eq!(service.get("/readyz"), "ready\n");
    let deliveries = deliveries();
    assert!(service.push(&deliveries[0]));
    service.wait("working", |it| it.metric("journal_backlog") == 0);
    assert!(service.metric("records_total") > 0);
    service.end();
}

#[test]
fn a_lost_journal_is_noticed() {
    let dir = TempDir::new().unwrap();
    make_key(dir.path(), "111122223333");
    let service = Service::start(dir.path(), &[]);
    assert!(service.push(&deliveries()[0]));
    service.end();
    fs::remove_dir_all(dir.path().join("data/journal")).unwrap();
    let refused = guardpost()
        .args(["serve", "--listen", "127.0.0.1:0", "--no-intel-dir", "--data-dir"])
        .arg(dir.path().join("data"))
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && words.contains("the journal ends at entry 0"), "{words}");
}

#[test]
fn clients_that_linger_do_not_keep_the_service_from_ending() {
    let dir = TempDir::new().unwrap();
    let service = Service::start(dir.path(), &[]);
    let address = service.url.trim_start_matches("http://").to_owned();
    let mut client = std::net::TcpStream::connect(address).unwrap();
    std::io::Write::write_all(&mut client, b"GET /heal").unwrap();
    service.end();
    // It has ended although the client is still there.
    drop(client);
}

#[test]
fn the_data_directory_is_not_watched() {
    let dir = TempDir::new().unwrap();
    let refused = guardpost()
        .args(["serve", "--listen", "127.0.0.1:0", "--no-intel-dir", "--data-dir"])
        .arg(dir.path().join("data"))
        .arg("--watch")
        .arg(dir.path())
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && words.contains("--data-dir"), "{words}");
}

#[test]
fn two_services_do_not_share_a_data_directory() {
    let dir = TempDir::new().unwrap();
    let service = Service::start(dir.path(), &[]);
    let other = guardpost()
        .args(["serve", "--listen", "127.0.0.1:0", "--no-intel-dir", "--data-dir"])
        .arg(dir.path().join("data"))
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(!other.status.success() && words.contains("another guardpost"), "{words}");
    assert_eq!(service.get("/healthz"), "ok\n");
    assert_eq!(service.get("/readyz"), "ready\n");
    service.end();
}
