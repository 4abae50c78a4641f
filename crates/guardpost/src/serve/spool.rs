//! Objects at rest until no replay and no evidence needs them any more.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use crate::sources::{Content, Object};

/// Objects in one directory.
const FAN_OUT: u32 = 4096;
/// Longest name or key, in bytes.
const NAME_MAX: usize = 4096;

/// The directory of objects.
#[derive(Clone, Debug)]
pub(super) struct Spool {
    dir: PathBuf,
}

/// An object that is on disk and has no number yet.
#[derive(Debug)]
pub(super) struct Kept {
    /// Where it lies.
    file: PathBuf,
    /// The name that people see.
    pub(super) name: String,
    /// Path or key.
    pub(super) key: String,
    /// Size as it came, in bytes.
    pub(super) size: u64,
    /// The first half of the SHA-256 of its bytes.
    pub(super) content: [u8; 16],
    /// Bytes of the file before those of the object.
    head: u64,
}

impl Spool {
    /// Opens or makes the spool in a directory. What was on its way in at a crash is removed: nobody was told
    /// that it is kept.
    pub(super) fn open(dir: &Path) -> Result<Spool> {
        let coming = dir.join("coming");
        let about = || format!("cannot make `{}`", coming.display());
        if coming.exists() {
            fs::remove_dir_all(&coming).with_context(about)?;
        }
        super::make_private_dir(&coming)?;
        Ok(Spool { dir: dir.to_owned() })
    }

    /// Writes an object to disk, at most `most` bytes of it.
    pub(super) fn keep(
        &self,
        ordinal: usize,
        (name, key): (&str, &str),
        bytes: &mut dyn Read,
        most: u64,
    ) -> io::Result<Kept> {
        let file = self.dir.join("coming").join(ordinal.to_string());
        let names = [cut(name), cut(key)];
        let mut head = Vec::new();
        for text in names {
            head.extend((text.len() as u32).to_le_bytes());
            head.extend(text.as_bytes());
        }
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        let mut out = super::private(&mut options).open(&file)?;
        out.write_all(&head)?;
        let mut hash = Sha256::new();
        let mut size = 0u64;
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = bytes.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            size += read as u64;
            if size > most {
                fs::remove_file(&file)?;
                return Err(io::Error::new(
                    io::ErrorKind::FileTooLarge,
                    format!("larger than {most} bytes (scan.file_bytes)"),
                ));
            }
            let part = buffer.get(..read).unwrap_or_default();
            hash.update(part);
            out.write_all(part)?;
        }
        out.sync_data()?;
        let mut content = [0; 16];
        content.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
        let [name, key] = names.map(str::to_owned);
        Ok(Kept { file, name, key, size, content, head: head.len() as u64 })
    }

    /// Gives objects their numbers, from `first` on. Durable once this returns.
    pub(super) fn number(&self, first: u32, kept: &[Kept]) -> io::Result<()> {
        let mut dirs = Vec::new();
        for (number, kept) in (first..).zip(kept) {
            let to = self.path(number);
            let dir = to.parent().unwrap_or(&self.dir).to_owned();
            if dirs.last() != Some(&dir) {
                fs::create_dir_all(&dir)?;
                dirs.push(dir);
            }
            fs::rename(&kept.file, to)?;
        }
        dirs.iter().try_for_each(|it| super::sync_dir(it))?;
        super::sync_dir(&self.dir)
    }

    /// Where an object lies.
    pub(super) fn path(&self, number: u32) -> PathBuf {
        self.dir.join(format!("{:06}", number / FAN_OUT)).join(format!("{number:010}"))
    }

    /// An object by its number.
    pub(super) fn object(&self, number: u32) -> io::Result<Object> {
        let path = self.path(number);
        let mut file = File::open(&path)?;
        let len = file.metadata()?.len();
        let (name, key) = (text(&mut file)?, text(&mut file)?);
        let head = 8 + (name.len() + key.len()) as u64;
        let content = Content::Part(path, head);
        Ok(Object { name, key, content, size: len.saturating_sub(head) })
    }

    /// Removes objects before the number `before` that are older than `age`. Gives how many.
    pub(super) fn forget(&self, before: u32, age: Duration) -> io::Result<u64> {
        let mut removed = 0;
        let now = SystemTime::now();
        for dir in fs::read_dir(&self.dir)? {
            let dir = dir?.path();
            let Some(part) = number_of(&dir) else { continue };
            if part > before / FAN_OUT {
                continue;
            }
            for file in fs::read_dir(&dir)? {
                let file = file?;
                let is_before = number_of(&file.path()).is_some_and(|it| it < before);
                let since = now.duration_since(file.metadata()?.modified()?).unwrap_or_default();
                if is_before && since > age {
                    fs::remove_file(file.path())?;
                    removed += 1;
                }
            }
            // Fails while something is in it.
            let _in_use = fs::remove_dir(&dir);
        }
        Ok(removed)
    }
}

impl Kept {
    /// Removes an object that is not wanted after all.
    pub(super) fn remove(&self) {
        // What is left is removed at the next start.
        let _left = fs::remove_file(&self.file);
    }

    /// As something that can be read.
    pub(super) fn object(&self) -> Object {
        Object {
            name: self.name.clone(),
            key: self.key.clone(),
            content: Content::Part(self.file.clone(), self.head),
            size: self.size,
        }
    }
}

fn number_of(path: &Path) -> Option<u32> {
    path.file_name()?.to_str()?.parse().ok()
}

fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(NAME_MAX)).unwrap_or("")
}

fn text(file: &mut File) -> io::Result<String> {
    let mut length = [0; 4];
    file.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > NAME_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the spool's file is damaged"));
    }
    let mut bytes = vec![0; length];
    file.read_exact(&mut bytes)?;
    String::from_utf8(bytes).map_err(|it| io::Error::new(io::ErrorKind::InvalidData, it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_come_back_as_they_were_kept() {
        let dir = tempfile::tempdir().unwrap();
        let spool = Spool::open(dir.path()).unwrap();
        let keep = |at: usize, text: &str| {
            let names = (format!("name {at}"), format!("a/key/{at}"));
            spool.keep(at, (&names.0, &names.1), &mut text.as_bytes(), 100).unwrap()
        };
        let kept = [keep(0, "one"), keep(1, "another one")];
        assert_eq!(kept[1].object().read().unwrap(), b"another one");
        spool.number(4095, &kept).unwrap();
        let object = spool.object(4096).unwrap();
        assert_eq!((object.name.as_str(), object.key.as_str()), ("name 1", "a/key/1"));
        assert_eq!((object.read().unwrap(), object.size), (b"another one".to_vec(), 11));
        assert_eq!(spool.object(4095).unwrap().trailer().unwrap(), {
            u64::from_le_bytes(*b"one\0\0\0\0\0")
        });
        assert_eq!(spool.forget(4096, Duration::ZERO).unwrap(), 1);
        assert!(spool.object(4095).is_err() && spool.object(4096).is_ok());
        assert_eq!(spool.forget(9999, Duration::from_hours(1)).unwrap(), 0);
    }

    #[test]
    fn what_is_too_large_is_not_kept() {
        let dir = tempfile::tempdir().unwrap();
        let spool = Spool::open(dir.path()).unwrap();
        let error = spool.keep(0, ("n", "k"), &mut [0u8; 101].as_slice(), 100).unwrap_err();
        assert!(error.to_string().contains("100 bytes"), "{error}");
        assert_eq!(fs::read_dir(dir.path().join("coming")).unwrap().count(), 0);
    }
}
