//! What a case is scanned from: files of the data set, one line of one, or a log made of names.

use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::expectations::{Case, fits};
use super::names;

/// Most bytes of a file of which a line is taken or a log is made.
const TEXT_MAX: u64 = 256 << 20;

/// Files and lists of a scan. What was made for it goes with it.
pub(crate) struct Material {
    /// What is scanned.
    pub(crate) paths: Vec<PathBuf>,
    /// Lists as `CATEGORY=PATH`.
    pub(crate) lists: Vec<String>,
    /// Custom detection rules that are on.
    pub(crate) custom_rules: Option<String>,
    _made: Option<tempfile::TempDir>,
}

/// Finds or makes what a case needs; nothing if a file of it is not there.
pub(crate) fn prepare(case: &Case, data: &Path, folder: &str) -> Result<Option<Material>> {
    let mut paths = Vec::new();
    for pattern in &case.files {
        let found = find(&data.join(folder), pattern)?;
        if found.is_empty() {
            return Ok(None);
        }
        paths.extend(found);
    }
    let mut lists = Vec::new();
    for list in &case.lists {
        let (category, path) = list.split_once('=').context("a list has no category")?;
        let path = data.join(path);
        if !path.is_file() {
            return Ok(None);
        }
        lists.push(format!("{category}={}", path.display()));
    }
    let custom_rules = case.custom_rules.clone();
    if case.line.is_none() && case.names.is_none() {
        return Ok(Some(Material { paths, lists, custom_rules, _made: None }));
    }
    let [path] = paths.as_slice() else { bail!("name one file") };
    let text = read(path)?;
    let text = match (&case.names, case.line) {
        (Some(names), _) => names::log(names, &text),
        (None, Some(line)) => {
            let line = text.lines().nth(line - 1).context("the file has fewer lines")?;
            format!("{line}\n")
        }
        (None, None) => text,
    };
    let made = tempfile::tempdir()?;
    let path = made.path().join("made.json");
    fs::write(&path, text)?;
    Ok(Some(Material { paths: vec![path], lists, custom_rules, _made: Some(made) }))
}

/// The files below a folder that fit, in order. A pattern may name folders, and has `*` in its last part.
fn find(folder: &Path, pattern: &str) -> Result<Vec<PathBuf>> {
    let (below, pattern) = pattern.rsplit_once('/').unwrap_or(("", pattern));
    let folder = folder.join(below);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        let name = path.file_name().map(|it| it.to_string_lossy().into_owned());
        if path.is_file() && name.is_some_and(|it| fits(pattern, &it)) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The text of a file, decompressed if its name ends in `.gz`.
fn read(path: &Path) -> Result<String> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut bytes = Vec::new();
    if path.extension().is_some_and(|it| it == "gz") {
        MultiGzDecoder::new(file).take(TEXT_MAX).read_to_end(&mut bytes)?;
    } else {
        file.take(TEXT_MAX).read_to_end(&mut bytes)?;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
