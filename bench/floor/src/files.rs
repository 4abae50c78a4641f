//! Files below a folder, read and decompressed into buffers that are used again.

use anyhow::{Context, Result};
use libdeflater::Decompressor;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Every `.gz` file below a folder, in the order of the paths.
pub(crate) fn below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    walk(folder, &mut files)?;
    files.sort();
    Ok(files)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "gz") {
            files.push(path);
        }
    }
    Ok(())
}

/// Reads files with libdeflate.
pub(crate) struct Reader {
    decompressor: Decompressor,
    packed: Vec<u8>,
    raw: Vec<u8>,
}

impl Default for Reader {
    fn default() -> Self {
        Reader { decompressor: Decompressor::new(), packed: Vec::new(), raw: Vec::new() }
    }
}

impl Reader {
    /// Size of the file and its content. The file is one gzip member of less than 4 GiB.
    pub(crate) fn read(&mut self, path: &Path) -> Result<(u64, &[u8])> {
        self.packed.clear();
        File::open(path)?.read_to_end(&mut self.packed)?;
        let end = self.packed.last_chunk::<4>().context("the file is too short for gzip")?;
        let size = u32::from_le_bytes(*end) as usize;
        if self.raw.len() < size {
            self.raw.resize(size, 0);
        }
        let written = self.decompressor.gzip_decompress(&self.packed, &mut self.raw)?;
        Ok((self.packed.len() as u64, &self.raw[..written]))
    }
}
