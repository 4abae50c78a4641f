//! Sets of logs below `bench-data`, written once.

use super::options::Source;
use super::programs::Programs;
use crate::cargo;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// Holds the arguments of a set that was written to its end.
const MARK: &str = "arguments.txt";

/// A set of logs.
#[derive(Debug)]
pub(crate) struct Set {
    /// Logs below `AWSLogs`, lists below `intel` if they were asked for.
    pub folder: PathBuf,
    /// What the floor counts in it.
    pub facts: Facts,
}

/// What the floor prints.
#[derive(Deserialize, Debug)]
pub(crate) struct Facts {
    /// Records.
    pub events: u64,
    /// Distinct keys; of flows those are the interfaces, and one key for records without data.
    pub keys: u64,
    /// Bytes of the files.
    pub packed_bytes: u64,
    /// Bytes after decompression.
    pub raw_bytes: u64,
}

impl Set {
    /// The folder that a scan is given.
    pub(crate) fn logs(&self) -> PathBuf {
        self.folder.join("AWSLogs")
    }
}

/// The set of that name and of those arguments of the generator, written if it is not there.
pub(crate) fn set(programs: &Programs, source: Source, name: &str, args: &[String]) -> Result<Set> {
    let folder = cargo::root().join("bench-data").join(name);
    let mark = folder.join(MARK);
    let wanted = args.join(" ");
    if fs::read_to_string(&mark).ok().as_deref() != Some(wanted.as_str()) {
        if folder.exists() {
            fs::remove_dir_all(&folder)
                .with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        eprintln!("writing {}", folder.display());
        cargo::output(Command::new(&programs.generate).arg("--out").arg(&folder).args(args))?;
        fs::write(&mark, &wanted).with_context(|| format!("cannot write {}", mark.display()))?;
    }
    let line = programs.floor(source, &folder);
    let (program, rest) = line.split_first().context("the floor has no command line")?;
    let facts = cargo::output(Command::new(program).args(rest))?;
    let facts = serde_json::from_str(&facts).context("cannot read what the floor prints")?;
    Ok(Set { folder, facts })
}
