//! `cargo xtask samples`: the logs that `guardpost demo` scans, made from a seed.
//!
//! The crate `simulate` makes them; here they are written, or compared with what is there.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// Where the samples lie, below the root of the repository.
const FOLDER: &str = "crates/guardpost/samples";
/// Parts of the folder that are made here; the rest is written by hand.
const PARTS: [&str; 3] = ["AWSLogs", "inventory", "lists"];
const SEED: u64 = 20_260_302;

/// Runs `samples [--check]`: writes the samples, or fails if they differ from what would be written.
pub(crate) fn run(is_check: bool) -> Result<()> {
    let folder = crate::cargo::root().join(FOLDER);
    let wanted = simulate::samples::build(SEED);
    if is_check {
        return check(&folder, &wanted);
    }
    for part in PARTS {
        let path = folder.join(part);
        if path.is_dir() {
            fs::remove_dir_all(&path)
                .with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    let mut total = 0;
    for (name, text) in &wanted {
        let path = folder.join(name);
        let bytes = if is_packed(name) { pack(text)? } else { text.clone().into_bytes() };
        total += bytes.len();
        fs::create_dir_all(path.parent().unwrap_or(&folder))?;
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    println!("{FOLDER}: {} files, {total} bytes", wanted.len());
    Ok(())
}

/// Compares contents, not compressed bytes: those depend on the version of the compressor.
fn check(folder: &Path, wanted: &BTreeMap<String, String>) -> Result<()> {
    let mut found = BTreeMap::new();
    for part in PARTS {
        read(folder, part, &mut found)?;
    }
    let names = wanted.keys().chain(found.keys());
    match names.into_iter().find(|&name| wanted.get(name) != found.get(name)) {
        Some(name) => bail!("{FOLDER}/{name} is out of date: run `cargo xtask samples`"),
        None => Ok(()),
    }
}

fn read(folder: &Path, name: &str, found: &mut BTreeMap<String, String>) -> Result<()> {
    let path = folder.join(name);
    if path.is_dir() {
        for entry in fs::read_dir(&path)? {
            read(folder, &format!("{name}/{}", entry?.file_name().to_string_lossy()), found)?;
        }
    } else if path.is_file() {
        let bytes = fs::read(&path)?;
        let mut text = String::new();
        if is_packed(name) {
            GzDecoder::new(bytes.as_slice()).read_to_string(&mut text)
        } else {
            bytes.as_slice().read_to_string(&mut text)
        }
        .with_context(|| format!("cannot read {}", path.display()))?;
        found.insert(name.to_owned(), text);
    }
    Ok(())
}

fn is_packed(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|it| it == "gz")
}

fn pack(text: &str) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes())?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_samples_are_what_the_seed_makes() {
        run(true).unwrap();
    }

    #[test]
    fn public_addresses_are_reserved_for_documentation() {
        let allowed = ["10.", "192.0.2.", "198.51.100.", "203.0.113."];
        for (name, text) in simulate::samples::build(SEED) {
            for word in text.split(|it: char| !it.is_ascii_digit() && it != '.') {
                let parts: Vec<&str> = word.split('.').collect();
                let is_address =
                    parts.len() == 4 && parts.iter().all(|it| it.parse::<u8>().is_ok());
                let is_allowed = allowed.iter().any(|it| word.starts_with(it));
                assert!(!is_address || is_allowed, "{word} in {name}");
            }
        }
    }

    #[test]
    fn a_changed_file_is_named() {
        let folder = tempfile_folder();
        let wanted = BTreeMap::from([("lists/a.txt".to_owned(), "192.0.2.1\n".to_owned())]);
        let message = check(&folder, &wanted).unwrap_err().to_string();
        assert!(message.contains("lists/a.txt is out of date"), "{message}");
        fs::create_dir_all(folder.join("lists")).unwrap();
        fs::write(folder.join("lists/a.txt"), "192.0.2.1\n").unwrap();
        check(&folder, &wanted).unwrap();
        fs::write(folder.join("lists/b.txt"), "").unwrap();
        assert!(check(&folder, &wanted).unwrap_err().to_string().contains("lists/b.txt"));
        fs::remove_dir_all(folder).unwrap();
    }

    fn tempfile_folder() -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("xtask-samples-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }
}
