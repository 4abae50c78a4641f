//! Runs the built program on logs in a folder of its own.
#![expect(clippy::unwrap_used, reason = "the folder and the program of a test are there")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder with logs.
pub(crate) struct Folder(TempDir);

/// What a run printed.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Folder {
    pub(crate) fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file, folders included.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Runs the program in the folder.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, b"")
    }

    /// Runs the program in the folder with this standard input.
    pub(crate) fn run_with(&self, args: &[&str], input: &[u8]) -> Ran {
        let mut child = Command::new(env!("CARGO_BIN_EXE_guardpost"))
            .args(args)
            .current_dir(self.path())
            .env_remove("NO_COLOR")
            .env("XDG_DATA_HOME", self.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that fails before it reads closes the pipe.
        let _closed = child.stdin.take().unwrap().write_all(input);
        Ran::of(&child.wait_with_output().unwrap())
    }
}

impl Ran {
    fn of(output: &Output) -> Ran {
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout.clone()).unwrap(),
            err: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    /// The findings of JSON output, without the times of writing, which differ between runs.
    pub(crate) fn findings(&self) -> Vec<Value> {
        let mut findings: Vec<Value> =
            self.out.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
        for finding in &mut findings {
            let finding = finding.as_object_mut().unwrap();
            assert!(finding.remove("createdAt").is_some() && finding.remove("updatedAt").is_some());
        }
        findings
    }

    /// The types of the findings.
    pub(crate) fn types(&self) -> Vec<String> {
        let name = |it: &Value| it["type"].as_str().unwrap().to_owned();
        self.findings().iter().map(name).collect()
    }

    /// Asserts that the run failed with a message that holds all of `parts`.
    #[track_caller]
    pub(crate) fn fails(&self, parts: &[&str]) {
        assert_eq!(self.code, 1, "{self:?}");
        assert!(self.err.starts_with("error: ") && self.out.is_empty(), "{self:?}");
        for part in parts {
            assert!(self.err.contains(part), "`{part}` is not in: {}", self.err);
        }
    }
}

/// The name that raises [`C2`].
pub(crate) const C2_NAME: &str = "guarddutyc2activityb.com";
/// The type that the name raises.
pub(crate) const C2: &str = "Backdoor:EC2/C&CActivity.B!DNS";

/// A line of a resolver query log; `minute` counts from 2026-01-05T10:00Z.
pub(crate) fn query(minute: u64, instance: u64, name: &str) -> String {
    let (hour, of_hour) = (10 + minute / 60, minute % 60);
    let name = serde_json::to_string(&format!("{name}.")).unwrap();
    format!(
        concat!(
            r#"{{"version":"1.100000","account_id":"111122223333","region":"us-east-1","#,
            r#""vpc_id":"vpc-0a1b2c3d4e5f60718","query_timestamp":"2026-01-05T{hour:02}:{of_hour:02}:00Z","#,
            r#""query_name":{name},"query_type":"A","query_class":"IN","rcode":"NXDOMAIN","answers":[],"#,
            r#""srcaddr":"10.0.{instance}.10","srcport":"40000","transport":"UDP","#,
            r#""srcids":{{"instance":"i-{instance:017x}"}}}}"#
        ),
        hour = hour,
        of_hour = of_hour,
        name = name,
        instance = instance
    ) + "\n"
}

/// Lines without a finding, with one that raises a finding in the middle.
pub(crate) fn log(minute: u64, instance: u64) -> String {
    let ordinary = |at| query(minute + at, instance, "www.example.com");
    let found = query(minute + 5, instance, C2_NAME);
    (0..5).map(ordinary).chain([found]).chain((6..10).map(ordinary)).collect()
}

/// Compressed as AWS delivers it.
pub(crate) fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}
