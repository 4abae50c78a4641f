//! One object: its name, its key and its bytes as stored.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempPath;

/// Where the bytes of an object lie.
#[derive(Clone, Debug)]
pub enum Content {
    /// In a file.
    File(PathBuf),
    /// In a copy of what could be read only once. The copy is removed with its last user.
    Spool(Arc<TempPath>),
    /// In a file, from a position on.
    Part(PathBuf, u64),
    /// In the program.
    Embedded(&'static [u8]),
}

/// An object that records are read from.
#[derive(Clone, Debug)]
pub struct Object {
    /// The name that people see.
    pub name: String,
    /// Absolute path or key: its folders may tell account, Region, format and time.
    pub key: String,
    /// Where its bytes lie.
    pub content: Content,
    /// Size as stored, in bytes.
    pub size: u64,
}

impl Content {
    /// Whether it is the same file.
    pub fn is_same_place(&self, other: &Content) -> bool {
        match (self, other) {
            (Content::File(a), Content::File(b)) | (Content::Part(a, _), Content::Part(b, _)) => {
                a == b
            }
            (Content::Spool(a), Content::Spool(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl Object {
    /// The whole content. A file that grew meanwhile is read up to the size that was planned with.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        self.part(0, self.size)
    }

    /// At most `most` bytes from the start.
    pub fn head(&self, most: u64) -> io::Result<Vec<u8>> {
        self.part(0, most.min(self.size))
    }

    /// The last eight bytes, in which gzip keeps checksum and length
    /// (RFC 1952); zero where there are fewer.
    pub fn trailer(&self) -> io::Result<u64> {
        let bytes = self.part(self.size.saturating_sub(8), 8)?;
        let mut trailer = [0; 8];
        trailer.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        Ok(u64::from_le_bytes(trailer))
    }

    fn part(&self, from: u64, len: u64) -> io::Result<Vec<u8>> {
        match &self.content {
            Content::File(path) => read_part(path, from, len),
            Content::Part(path, start) => read_part(path, start + from, len.min(self.size)),
            Content::Spool(path) => read_part(path, from, len),
            Content::Embedded(bytes) => {
                let rest = bytes.get(from as usize..).unwrap_or_default();
                Ok(rest.get(..len as usize).unwrap_or(rest).to_vec())
            }
        }
    }
}

fn read_part(path: &Path, from: u64, len: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    if from > 0 {
        file.seek(SeekFrom::Start(from))?;
    }
    let mut bytes = Vec::with_capacity(usize::try_from(len).map_err(io::Error::other)?);
    file.take(len).read_to_end(&mut bytes)?;
    Ok(bytes)
}
