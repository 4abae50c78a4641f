//! `guardpost backup`: a copy of a service's data, while it runs.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use store::SqliteStore;

use crate::cli::BackupArgs;
use crate::output::say;
use crate::serve::make_private_dir;

const DATABASE: &str = "guardpost.db";
/// What the files of listed buckets begin with.
const LISTED: &str = "listed.";
/// Objects on their way in: nobody was told that they are taken.
const COMING: &str = "coming";

/// Copies a data directory.
///
/// The order decides, whatever comes in meanwhile: the journal goes on where the database's snapshot ends, what
/// was seen of listed buckets is written after the journal, and objects are in the spool before the journal names
/// them. What is copied later may know more, never less.
pub fn run(args: &BackupArgs) -> Result<()> {
    let (from, to) = (&args.data_dir, &args.out);
    if !from.join(DATABASE).exists() {
        bail!("`{}` is not the data directory of a service", from.display());
    }
    if to.exists() {
        bail!("`{}` exists; --out names a new directory", to.display());
    }
    make_private_dir(to)?;
    SqliteStore::open(from.join(DATABASE))?
        .backup(to.join(DATABASE))
        .with_context(|| format!("cannot copy the database to `{}`", to.display()))?;
    let mut bytes = fs::metadata(to.join(DATABASE)).map_or(0, |it| it.len());
    bytes += copy_listed(from, to)?;
    for part in ["audit", "journal", "spool"] {
        bytes += copy_dir(&from.join(part), &to.join(part))?;
    }
    bytes += copy(&from.join("keys.json"), &to.join("keys.json"))?;
    say(&format!(
        "{bytes} bytes are in {}: a data directory to start a service with\n",
        to.display()
    ));
    Ok(())
}

/// Copies what was seen of listed buckets.
fn copy_listed(from: &Path, to: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read `{}`", from.display()))? {
        let entry = entry.with_context(|| format!("cannot read `{}`", from.display()))?;
        let name = entry.file_name();
        let text = name.to_string_lossy();
        if text.starts_with(LISTED) && !text.ends_with(".new") {
            bytes += copy(&entry.path(), &to.join(&name))?;
        }
    }
    Ok(bytes)
}

/// Copies a directory and tells how many bytes. What is deleted meanwhile is needed no more.
fn copy_dir(from: &Path, to: &Path) -> Result<u64> {
    make_private_dir(to)?;
    let mut bytes = 0;
    let entries = match fs::read_dir(from) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        entries => entries.with_context(|| format!("cannot read `{}`", from.display()))?,
    };
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot read `{}`", from.display()))?;
        let (name, path) = (entry.file_name(), entry.path());
        let kind =
            entry.file_type().with_context(|| format!("cannot read `{}`", path.display()))?;
        if kind.is_dir() && name != COMING {
            bytes += copy_dir(&path, &to.join(name))?;
        } else if kind.is_file() {
            bytes += copy(&path, &to.join(name))?;
        }
    }
    Ok(bytes)
}

/// Copies a file for its owner alone.
fn copy(from: &Path, to: &Path) -> Result<u64> {
    let mut source = match File::open(from) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        source => source.with_context(|| format!("cannot read `{}`", from.display()))?,
    };
    let mut options = OpenOptions::new();
    let target = options.write(true).create_new(true).mode(0o600).open(to);
    let mut target = target.with_context(|| format!("cannot make `{}`", to.display()))?;
    let copied = io::copy(&mut source, &mut target).and_then(|bytes| {
        target.sync_all()?;
        Ok(bytes)
    });
    copied.with_context(|| format!("cannot copy `{}` to `{}`", from.display(), to.display()))
}
