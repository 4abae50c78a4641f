//! Findings as JSON lines at the end of a file.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::event::Event;
use super::{Failure, Sink};

/// Largest file of findings that were given up, in bytes; further ones are counted only.
const DEAD_LETTERS_MAX: u64 = 64 << 20;

/// A file that findings are appended to. It is opened for each, so that it can be moved away.
pub(super) struct Lines(pub(super) PathBuf);

impl Sink for Lines {
    fn publish(&mut self, event: &Event) -> Result<(), Failure> {
        let line = findings::format::json([&event.finding]);
        append(&self.0, line.trim_end(), u64::MAX)
            .map_err(|error| Failure { reason: error.to_string(), is_final: false })
    }
}

/// Appends a line unless the file is full.
pub(super) fn append_bounded(path: &Path, line: &str) -> io::Result<()> {
    append(path, line, DEAD_LETTERS_MAX)
}

fn append(path: &Path, line: &str, most: u64) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    let mut file = crate::serve::private(&mut options).open(path)?;
    if file.metadata()?.len() >= most {
        return Ok(());
    }
    file.write_all(format!("{line}\n").as_bytes())?;
    file.sync_data()
}
