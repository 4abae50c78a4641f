//! A service as its users run it, for tests: a process of its own, asked over HTTP.

pub(crate) mod client;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long anything may take before a test fails.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);
/// The key that delivers logs.
pub(crate) const KEY: (&str, &str) = ("GPTESTTESTTEST00", "secret-of-the-test-key");

pub(crate) fn guardpost() -> Command {
    Command::new(env!("CARGO_BIN_EXE_guardpost"))
}

/// A running service.
pub(crate) struct Service {
    pub(crate) child: Child,
    pub(crate) url: String,
}

impl Service {
    pub(crate) fn start(dir: &Path, more: &[&str]) -> Service {
        Service::start_with(dir, more, "")
    }

    /// Starts with more settings of `[serve]`.
    pub(crate) fn start_with(dir: &Path, more: &[&str], settings: &str) -> Service {
        let config = dir.join("settings.toml");
        // Time goes on by the logs alone, and snapshots come often.
        let snapshots = if settings.contains("snapshot_secs") { "" } else { "snapshot_secs = 1\n" };
        let settings = format!("[serve]\ntick_secs = 3600\n{snapshots}poll_secs = 1\n{settings}");
        fs::write(&config, settings).unwrap();
        let mut child = guardpost()
            .args(["serve", "--listen", "127.0.0.1:0", "--no-intel-dir", "--config"])
            .arg(&config)
            .arg("--data-dir")
            .arg(dir.join("data"))
            .args(more)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        let url = line.split_whitespace().find(|it| it.starts_with("http"));
        let url = url.unwrap_or_else(|| panic!("{line}")).trim_end_matches(',').to_owned();
        // A full pipe would stop the service.
        std::thread::spawn(move || lines.for_each(drop));
        Service { child, url }
    }

    /// Pushes a log; tells whether it was taken.
    pub(crate) fn push(&self, body: &[u8]) -> bool {
        let pair = format!("Bearer {}:{}", KEY.0, KEY.1);
        let sent = ureq::post(format!("{}/ingest/logs", self.url))
            .header("authorization", pair)
            .send(body);
        sent.is_ok()
    }

    pub(crate) fn get(&self, path: &str) -> String {
        let answer = ureq::get(format!("{}{path}", self.url)).call();
        answer.unwrap().body_mut().read_to_string().unwrap()
    }

    pub(crate) fn metric(&self, name: &str) -> u64 {
        let text = self.get("/metrics");
        let line = text.lines().find_map(|it| it.strip_prefix(&format!("guardpost_{name} ")));
        line.unwrap_or_else(|| panic!("{name} in {text}")).parse().unwrap()
    }

    pub(crate) fn wait(&self, what: &str, is_done: impl Fn(&Service) -> bool) {
        let begin = Instant::now();
        while !is_done(self) {
            assert!(begin.elapsed() < PATIENCE, "{what}: {}", self.get("/metrics"));
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn end(mut self) {
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

pub(crate) fn make_key(dir: &Path, account: &str) {
    make_key_of(dir, account, "ingest", KEY.0);
}

/// Makes a key with the secret of all keys of tests.
pub(crate) fn make_key_of(dir: &Path, account: &str, role: &str, id: &str) {
    let made = guardpost()
        .args(["keys", "create", "--role", role, "--account", account])
        .args(["--access-key-id", id, "--secret-access-key", KEY.1, "--data-dir"])
        .arg(dir.join("data"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
}

/// The records behind a finding as they are printed.
pub(crate) fn evidence(dir: &Path, id: &str) -> String {
    let printed =
        guardpost().args(["evidence", id, "--data-dir"]).arg(dir.join("data")).output().unwrap();
    assert!(printed.status.success(), "{printed:?}");
    String::from_utf8(printed.stdout).unwrap()
}

/// The findings of a data directory with their evidence, without the times at which they were written.
pub(crate) fn findings(dir: &Path) -> Vec<Value> {
    let printed = guardpost()
        .args(["findings", "--format", "json", "--data-dir"])
        .arg(dir.join("data"))
        .output()
        .unwrap();
    assert!(printed.status.success(), "{printed:?}");
    let text = String::from_utf8(printed.stdout).unwrap();
    let mut findings: Vec<Value> = text
        .lines()
        .map(|line| {
            let mut finding: Value = serde_json::from_str(line).unwrap();
            for name in ["createdAt", "updatedAt"] {
                finding.as_object_mut().unwrap().remove(name);
            }
            let evidence = evidence(dir, finding["id"].as_str().unwrap());
            assert!(evidence.contains("SHA-256"), "{evidence}");
            finding["evidence"] = evidence.into();
            finding
        })
        .collect();
    findings.sort_by_key(|it| it["id"].to_string());
    findings
}
