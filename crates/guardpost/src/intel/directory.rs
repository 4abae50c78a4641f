//! The intel directory on disk: lists by their content's hash, and the index that names them.
//!
//! A list is written before the index that names it, each by a temporary file and a rename, so that a
//! reader sees either the old state or the new one.

use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use super::index::{Entry, Index, VERSION};
use crate::text::{size, visible};

/// Largest index, in bytes.
const INDEX_MAX: u64 = 4 << 20;
/// Largest list, in bytes.
pub const LIST_MAX: u64 = 35 << 20;
/// Most lists.
pub const LISTS_MAX: usize = 1000;
/// Longest name of a list.
const NAME_MAX: usize = 64;
const INDEX: &str = "index.json";
const LOCK: &str = ".lock";

/// An intel directory, which may not exist yet.
#[derive(Clone, Debug)]
pub struct Directory(PathBuf);

/// Held while the directory is changed.
pub struct Lock {
    _file: File,
}

impl Directory {
    /// The directory at a path.
    pub fn new(path: PathBuf) -> Directory {
        Directory(path)
    }

    /// `guardpost/intel` in the user's data directory; `None` where there is none.
    pub fn standard() -> Option<Directory> {
        let absolute =
            |name| std::env::var_os(name).map(PathBuf::from).filter(|it| it.is_absolute());
        let data = absolute("XDG_DATA_HOME")
            .or_else(|| absolute("HOME").map(|home| home.join(".local").join("share")));
        data.map(|it| Directory(it.join("guardpost").join("intel")))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The path for messages.
    pub fn shown(&self) -> String {
        visible(&self.0.to_string_lossy())
    }

    /// Whether there is an index.
    pub fn exists(&self) -> bool {
        self.0.join(INDEX).exists()
    }

    /// Makes the directory if it is not there, and keeps others from changing it.
    pub fn lock(&self) -> Result<Lock> {
        let about = || format!("cannot write to `{}`", self.shown());
        fs::create_dir_all(&self.0).with_context(about)?;
        let file = File::create(self.0.join(LOCK)).with_context(about)?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => {
                bail!("`{}` is being changed by another run of guardpost", self.shown())
            }
            Err(TryLockError::Error(error)) => Err(error).with_context(about),
        }
    }

    /// The index; an empty one if there is none.
    pub fn index(&self) -> Result<Index> {
        let path = self.0.join(INDEX);
        if !path.exists() {
            return Ok(Index::default());
        }
        let about = || format!("cannot read `{}`", visible(&path.to_string_lossy()));
        let bytes = read(&path, INDEX_MAX).with_context(about)?;
        let index: Index = serde_json::from_slice(&bytes).with_context(about)?;
        if index.version != VERSION {
            bail!("{}: version {} is not known here; update Guardpost", about(), index.version);
        }
        if index.lists.len() > LISTS_MAX {
            bail!("{}: more than {LISTS_MAX} lists", about());
        }
        // Names of files come from a file: none may lead out of the directory.
        if let Some(entry) = index.lists.iter().find(|it| !is_name(&it.name) || !is_file(&it.file))
        {
            bail!("{}: `{}` is no name of a list", about(), visible(&entry.name));
        }
        Ok(index)
    }

    /// The content of a list, whose hash must be that of the index.
    pub fn list(&self, entry: &Entry) -> Result<Vec<u8>> {
        let path = self.0.join(&entry.file);
        let bytes = read(&path, LIST_MAX)
            .with_context(|| format!("cannot read `{}`", visible(&path.to_string_lossy())))?;
        if sha256(&bytes) != entry.sha256 {
            bail!("`{}` is not what was fetched: its SHA-256 differs", visible(&entry.file));
        }
        Ok(bytes)
    }

    /// Writes the content of a list and gives the name of its file.
    pub fn write_list(&self, _lock: &Lock, name: &str, bytes: &[u8]) -> Result<String> {
        let hash = sha256(bytes);
        let file = format!("{name}.{}.list", hash.get(..16).unwrap_or_default());
        self.write(&file, bytes)?;
        Ok(file)
    }

    /// Writes the index, then removes lists that it does not name.
    pub fn write_index(&self, _lock: &Lock, index: &Index) -> Result<()> {
        let mut text = serde_json::to_vec_pretty(index).context("cannot write the index")?;
        text.push(b'\n');
        self.write(INDEX, &text)?;
        let about = || format!("cannot tidy up `{}`", self.shown());
        for entry in fs::read_dir(&self.0).with_context(about)? {
            let entry = entry.with_context(about)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if is_file(&name) && index.lists.iter().all(|it| it.file != name) {
                fs::remove_file(entry.path()).with_context(about)?;
            }
        }
        Ok(())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.0.join(name);
        let about = || format!("cannot write `{}`", visible(&path.to_string_lossy()));
        let mut file = NamedTempFile::new_in(&self.0).with_context(about)?;
        file.write_all(bytes).with_context(about)?;
        file.as_file().sync_all().with_context(about)?;
        file.persist(&path).with_context(about)?;
        Ok(())
    }
}

/// Whether a text can be the name of a list: lower case, digits, `-` and `_`.
pub fn is_name(text: &str) -> bool {
    (1..=NAME_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-' || it == b'_')
}

/// Whether a text is the name of a list's file.
fn is_file(text: &str) -> bool {
    let parts = text.strip_suffix(".list").and_then(|it| it.rsplit_once('.'));
    parts.is_some_and(|(name, hash)| {
        is_name(name) && hash.len() == 16 && hash.bytes().all(|it| it.is_ascii_hexdigit())
    })
}

/// The SHA-256 in hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes in hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut out, byte| {
        // Writing to a string cannot fail.
        let _ok = write!(out, "{byte:02x}");
        out
    })
}

/// Reads a file of a bounded size.
pub fn read(path: &Path, max: u64) -> Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    File::open(path)?.take(max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max {
        bail!("larger than {}", size(max));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_lead_out_of_the_directory() {
        assert!(is_name("tor-exits") && is_file("tor-exits.0123456789abcdef.list"));
        for name in ["", "..", "a/b", "A", "a.b", "ä", &"a".repeat(65)] {
            assert!(!is_name(name), "{name}");
        }
        for name in
            ["index.json", "../x.0123456789abcdef.list", "x.list", "x.0123456789abcdeg.list"]
        {
            assert!(!is_file(name), "{name}");
        }
    }

    #[test]
    fn two_runs_do_not_change_it_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::new(folder.path().join("intel"));
        let lock = directory.lock().unwrap();
        assert!(directory.lock().is_err());
        drop(lock);
        assert!(directory.lock().is_ok());
    }

    #[test]
    fn an_index_that_names_other_files_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::new(folder.path().to_owned());
        assert_eq!(directory.index().unwrap(), Index::default());
        let entry = r#"{"version":1,"lists":[{"name":"x","category":"tor-exit","license":"","source":"",
            "shape":"auto","file":"../x","sha256":"","bytes":1,"entries":1,"refused":0,
            "confidence":"high","added":"2026-01-01T00:00:00Z","fetched":"2026-01-01T00:00:00Z",
            "checked":"2026-01-01T00:00:00Z","refresh_secs":0}]}"#;
        fs::write(folder.path().join(INDEX), entry).unwrap();
        assert!(directory.index().unwrap_err().to_string().contains("no name of a list"));
    }
}
