//! The data directory: for its owner alone, and for one process at a time.

use std::fs::{self, File, OpenOptions};
use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// Only one process works on a data directory.
pub(super) fn lock(data_dir: &Path) -> Result<File> {
    let path = data_dir.join("lock");
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    let file = private(&mut options)
        .open(&path)
        .with_context(|| format!("cannot open `{}`", path.display()))?;
    if file.try_lock().is_err() {
        bail!("another guardpost works on `{}`; stop it first", data_dir.display());
    }
    Ok(file)
}

/// Makes a directory that only its owner can read.
pub fn make_private_dir(path: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(path).with_context(|| format!("cannot make `{}`", path.display()))
}

/// Files of the service are for its user alone.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600)
}

/// Flushes the names in a directory.
pub(super) fn sync_dir(dir: &Path) -> std::io::Result<()> {
    File::open(dir)?.sync_all()
}
