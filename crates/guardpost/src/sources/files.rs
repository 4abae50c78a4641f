//! Files, directories and standard input to objects.

use std::collections::BTreeSet;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use tempfile::NamedTempFile;

use super::{Content, Object};
use crate::text::{size, visible};

/// Deepest directory below a path that was given.
const DEPTH_MAX: usize = 128;

/// What lies below the paths.
#[derive(Default, Debug)]
pub struct Found {
    /// Every file that can be read.
    pub objects: Vec<Object>,
    /// What cannot be read.
    pub unreadable: Vec<Unreadable>,
    /// Files without a byte.
    pub empty: u64,
}

/// A file or directory that cannot be read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Unreadable {
    /// Its path.
    pub name: String,
    /// Why, with what to do.
    pub cause: String,
}

/// Finds the files below `paths`; `-` is standard input. Names in directories that begin with a dot are
/// passed over, a file that is reached in several ways is taken once, and links that lead back are followed
/// once. A path that does not exist is an error; what cannot be read below a directory is listed.
pub fn find(paths: &[PathBuf], output: Option<&Path>, file_bytes_max: u64) -> Result<Found> {
    let mut walk = Walk { found: Found::default(), seen: BTreeSet::new(), most: file_bytes_max };
    // What an earlier run wrote is no log.
    walk.seen.extend(output.and_then(|it| fs::canonicalize(it).ok()));
    for path in paths {
        if path.as_os_str() == "-" {
            walk.spool("-", "-", io::stdin().lock()).context("cannot read standard input")?;
            continue;
        }
        let shown = visible(&path.to_string_lossy());
        let about = || format!("cannot read `{shown}`");
        let metadata = fs::metadata(path).with_context(about)?;
        if metadata.is_dir() {
            fs::read_dir(path).with_context(about)?;
        } else if metadata.is_file() {
            File::open(path).with_context(about)?;
        }
        walk.path(path, &metadata, 0);
    }
    let mut found = walk.found;
    found.unreadable.sort();
    if found.objects.is_empty() {
        let names: Vec<_> = paths.iter().map(|it| visible(&it.to_string_lossy())).collect();
        let names = names.join("`, `");
        if let Some(first) = found.unreadable.first() {
            bail!("nothing to read in `{names}`: {}: {}", first.name, first.cause);
        }
        if found.empty > 0 {
            bail!("nothing to read in `{names}`: only empty files; check how they were copied");
        }
        bail!(
            "no files below `{names}`; give the folder that holds AWSLogs, or files of CloudTrail, VPC \
             flow or Route 53 Resolver query logs"
        );
    }
    Ok(found)
}

struct Walk {
    found: Found,
    /// Files and directories that were taken, by their canonical paths.
    seen: BTreeSet<PathBuf>,
    most: u64,
}

impl Walk {
    fn unreadable(&mut self, path: &Path, cause: &dyn ToString) {
        let name = path.to_string_lossy().into_owned();
        self.found.unreadable.push(Unreadable { name, cause: cause.to_string() });
    }

    fn path(&mut self, path: &Path, metadata: &Metadata, depth: usize) {
        let canonical = match fs::canonicalize(path) {
            Ok(canonical) => canonical,
            // Pipes of a shell have no path that leads anywhere.
            Err(_) if !metadata.is_dir() && !metadata.is_file() => path.to_owned(),
            Err(error) => return self.unreadable(path, &error),
        };
        if !self.seen.insert(canonical) {
            return;
        }
        if metadata.is_dir() {
            self.directory(path, depth);
        } else if metadata.is_file() {
            self.file(path, metadata.len());
        } else if depth == 0 {
            let (name, key) = names(path);
            let spooled = File::open(path).and_then(|file| self.spool(&name, &key, file));
            if let Err(error) = spooled {
                self.unreadable(path, &error);
            }
        } else {
            self.unreadable(path, &"neither file nor directory; give it by itself to read it");
        }
    }

    fn directory(&mut self, path: &Path, depth: usize) {
        if depth >= DEPTH_MAX {
            return self.unreadable(path, &format!("more than {DEPTH_MAX} directories deep"));
        }
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) => return self.unreadable(path, &error),
        };
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.unreadable(path, &error);
                    continue;
                }
            };
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let path = entry.path();
            match fs::metadata(&path) {
                Ok(metadata) => self.path(&path, &metadata, depth + 1),
                Err(error) => self.unreadable(&path, &error),
            }
        }
    }

    fn file(&mut self, path: &Path, bytes: u64) {
        if bytes == 0 {
            self.found.empty += 1;
            return;
        }
        if bytes > self.most {
            let (most, bytes) = (size(self.most), size(bytes));
            let cause = format!(
                "{bytes} are more than {most}; split it or raise file_bytes in [scan] of the configuration"
            );
            return self.unreadable(path, &cause);
        }
        let (name, key) = names(path);
        self.found.objects.push(Object {
            name,
            key,
            content: Content::File(path.to_owned()),
            size: bytes,
        });
    }

    /// Keeps what can be read only once, for reading and for evidence.
    fn spool(&mut self, name: &str, key: &str, source: impl Read) -> io::Result<()> {
        let mut file = NamedTempFile::new()?;
        let bytes = io::copy(&mut source.take(self.most.saturating_add(1)), &mut file)?;
        if bytes == 0 {
            self.found.empty += 1;
        } else if bytes > self.most {
            return Err(io::Error::other(format!("more than {}; split it", size(self.most))));
        } else {
            let content = Content::Spool(Arc::new(file.into_temp_path()));
            let (name, key) = (name.to_owned(), key.to_owned());
            self.found.objects.push(Object { name, key, content, size: bytes });
        }
        Ok(())
    }
}

/// The name as given, and the absolute path, whose folders may tell more.
fn names(path: &Path) -> (String, String) {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    (path.to_string_lossy().into_owned(), absolute.to_string_lossy().into_owned())
}
