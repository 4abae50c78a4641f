//! The account of changes over the API: a file a day in the data directory, CloudTrail records line by line.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};
use api::Audit;
use engine::model::Timestamp;
use serde_json::Value;

use super::disk::{make_private_dir, private, sync_dir};
use super::status::Status;

const ENDING: &str = ".jsonl";
/// Longest file: whoever has a key may ask for changes day and night.
const DAY_MAX: u64 = 1 << 30;
/// Length of a day in a name: `2026-01-05`.
const DAY_LEN: usize = 10;

/// Writes the records of changes.
pub(super) struct AuditFiles {
    dir: PathBuf,
    /// Days for which files are kept.
    days: i64,
    status: Arc<Status>,
    /// The day that was written last, its file and how long that is.
    open: Mutex<Option<(String, File, u64)>>,
}

impl AuditFiles {
    /// Files below the data directory.
    pub(super) fn open(data_dir: &Path, days: u64, status: Arc<Status>) -> Result<AuditFiles> {
        let dir = data_dir.join("audit");
        make_private_dir(&dir)?;
        let days = i64::try_from(days).unwrap_or(i64::MAX);
        Ok(AuditFiles { dir, days, status, open: Mutex::default() })
    }

    fn write(&self, time: Timestamp, record: &Value) -> Result<()> {
        let day = day_of(time);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.as_ref().is_none_or(|it| it.0 != day) {
            let path = self.dir.join(format!("{day}{ENDING}"));
            let mut options = OpenOptions::new();
            options.append(true).create(true);
            let file = private(&mut options).open(&path);
            let file = file.with_context(|| format!("cannot open `{}`", path.display()))?;
            sync_dir(&self.dir)?;
            let len =
                file.metadata().with_context(|| format!("cannot read `{}`", path.display()))?;
            *open = Some((day, file, len.len()));
            self.forget(time)?;
        }
        let Some((_, file, len)) = open.as_mut() else { return Ok(()) };
        let line = format!("{record}\n");
        *len += line.len() as u64;
        if *len > DAY_MAX {
            bail!("the file of the day is full");
        }
        // One write: a line is there as a whole or, after a full disk, cut off.
        file.write_all(line.as_bytes())?;
        file.sync_data()?;
        Ok(())
    }

    /// Deletes the files of days that are over for so long.
    fn forget(&self, now: Timestamp) -> Result<()> {
        let first = Timestamp::from_secs((now.day() - self.days).max(0) * 24 * 3600);
        let first = day_of(first);
        for entry in fs::read_dir(&self.dir)? {
            let name = entry?.file_name();
            let day = name.to_str().and_then(|it| it.strip_suffix(ENDING));
            if day.is_some_and(|it| it.len() == DAY_LEN && it < first.as_str()) {
                fs::remove_file(self.dir.join(name))?;
            }
        }
        Ok(())
    }
}

impl Audit for AuditFiles {
    fn record(&self, time: Timestamp, record: &Value) {
        // The change is made: that it could not be written down is a problem for the operator.
        if let Err(error) = self.write(time, record) {
            let name = record["eventName"].as_str().unwrap_or_default();
            self.status.log(&format!("a change ({name}) is not in the audit log: {error:#}"));
        }
    }
}

fn day_of(time: Timestamp) -> String {
    time.to_string().get(..DAY_LEN).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    #[test]
    fn a_day_has_a_file_and_old_ones_go() {
        let dir = tempfile::tempdir().unwrap();
        let status = Arc::new(Status::new(Duration::from_secs(1)));
        let audit = AuditFiles::open(dir.path(), 30, Arc::clone(&status)).unwrap();
        let record = |day: &str, number: u64| {
            let time = Timestamp::parse(&format!("{day}T12:00:00Z")).unwrap();
            audit.record(time, &json!({"eventName": "UpdateDetector", "n": number}));
        };
        fs::write(dir.path().join("audit/notes.jsonl"), "ours").unwrap();
        record("2026-01-05", 1);
        record("2026-01-05", 2);
        record("2026-02-04", 3);
        let names = || {
            let entries = fs::read_dir(dir.path().join("audit")).unwrap();
            let mut names: Vec<String> =
                entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        };
        assert_eq!(names(), ["2026-01-05.jsonl", "2026-02-04.jsonl", "notes.jsonl"]);
        let first = dir.path().join("audit/2026-01-05.jsonl");
        let text = fs::read_to_string(&first).unwrap();
        assert_eq!(text.lines().count(), 2, "{text}");
        assert_eq!(fs::metadata(&first).unwrap().permissions().mode() & 0o777, 0o600);
        record("2026-02-05", 4);
        assert_eq!(names(), ["2026-02-04.jsonl", "2026-02-05.jsonl", "notes.jsonl"]);
        // What cannot be written is told.
        fs::remove_dir_all(dir.path().join("audit")).unwrap();
        record("2026-02-06", 5);
        let (_, problem) = status.problem().unwrap();
        assert!(problem.contains("UpdateDetector") && problem.contains("2026-02-06"), "{problem}");
    }
}
