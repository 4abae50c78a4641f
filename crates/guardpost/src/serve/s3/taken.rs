//! What was taken of a bucket, kept over restarts.
//!
//! It is written after the recorder's answer, so it never says more than the journal has. What a crash keeps from
//! being written is fetched again and known by its content.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use engine::model::{Hasher64, hash64};
use serde::{Deserialize, Serialize};

use crate::serve::{private, sync_dir};

/// First bytes of the file and the version of its layout.
const MAGIC: [u8; 8] = *b"GPTAKEN\x01";

/// What was taken.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Taken {
    /// The day on which the last complete look began.
    pub(super) through: Option<i64>,
    /// Objects by key, content and size that a look may see again.
    pub(super) prints: BTreeSet<u64>,
}

/// The file that keeps it.
pub(super) struct TakenFile {
    path: PathBuf,
    dir: PathBuf,
    kept: Taken,
}

impl TakenFile {
    /// Opens the file of a prefix; one that is not there stands for nothing taken.
    pub(super) fn open(dir: &Path, bucket: &str, prefix: &str) -> Result<TakenFile> {
        // The length keeps the end of one apart from the beginning of the other.
        let hash = Hasher64::default().number(bucket.len() as u64).bytes(bucket.as_bytes());
        let name = format!("listed.{:016x}", hash.bytes(prefix.as_bytes()).finish());
        let path = dir.join(name);
        let about = || format!("cannot read `{}`", path.display());
        let kept = if path.exists() {
            let Some(kept) = read(&fs::read(&path).with_context(about)?) else {
                bail!(
                    "`{}` is damaged or of another version: remove it, and the bucket is listed as at first",
                    path.display()
                );
            };
            kept
        } else {
            Taken::default()
        };
        Ok(TakenFile { path, dir: dir.to_owned(), kept })
    }

    /// What is in it.
    pub(super) fn kept(&self) -> &Taken {
        &self.kept
    }

    /// What is written before it takes the place of the file: of its own, since buckets are listed side by side.
    fn fresh(&self) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(".new");
        name.into()
    }

    /// Replaces it, if anything has changed.
    pub(super) fn keep(&mut self, taken: &Taken) -> Result<()> {
        if *taken == self.kept {
            return Ok(());
        }
        let about = || format!("cannot write `{}`", self.path.display());
        let body = postcard::to_stdvec(taken).with_context(about)?;
        let new = self.fresh();
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        let mut file = private(&mut options).open(&new).with_context(about)?;
        file.write_all(&MAGIC)
            .and_then(|()| file.write_all(&hash64(&body).to_le_bytes()))
            .and_then(|()| file.write_all(&body))
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&new, &self.path))
            .and_then(|()| sync_dir(&self.dir))
            .with_context(about)?;
        self.kept = taken.clone();
        Ok(())
    }
}

fn read(bytes: &[u8]) -> Option<Taken> {
    let (sum, body) = bytes.strip_prefix(&MAGIC)?.split_first_chunk::<8>()?;
    (hash64(body) == u64::from_le_bytes(*sum)).then(|| postcard::from_bytes(body).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_is_kept_by_bucket_and_prefix() {
        let dir = tempfile::tempdir().unwrap();
        let open = |bucket, prefix| TakenFile::open(dir.path(), bucket, prefix);
        let taken = Taken { through: Some(3), prints: BTreeSet::from([1, u64::MAX]) };
        open("logs", "a/").unwrap().keep(&taken).unwrap();
        assert_eq!(*open("logs", "a/").unwrap().kept(), taken);
        for (bucket, prefix) in [("logs", "b/"), ("logsa", "/"), ("other", "a/")] {
            assert_eq!(*open(bucket, prefix).unwrap().kept(), Taken::default());
        }
        let [one, other] = ["a/", "b/"].map(|it| open("logs", it).unwrap().fresh());
        assert_ne!(one, other, "both may be written at once");
        let path = open("logs", "a/").unwrap().path;
        let mut bytes = fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, bytes).unwrap();
        let error = open("logs", "a/").err().unwrap().to_string();
        assert!(error.contains("listed.") && error.contains("remove it"), "{error}");
    }
}
