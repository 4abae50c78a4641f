//! The programs that are measured, built in release mode.

use super::options::Source;
use crate::cargo::{self, cargo};
use anyhow::{Result, bail};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Where the programs are.
#[derive(Debug)]
pub(crate) struct Programs {
    /// Writes the data.
    pub generate: PathBuf,
    floor: PathBuf,
    product: PathBuf,
}

/// A command line.
pub(crate) type Line = Vec<OsString>;

impl Programs {
    /// Builds the programs, each by itself: features that another asks for must not change the floor.
    pub(crate) fn build(product: Option<&Path>) -> Result<Programs> {
        Ok(Programs {
            generate: build("bench-generate")?,
            floor: build("bench-floor")?,
            product: product.map_or_else(|| build("guardpost"), |path| Ok(path.to_owned()))?,
        })
    }

    /// The floor on a folder.
    pub(crate) fn floor(&self, source: Source, data: &Path) -> Line {
        vec![self.floor.clone().into(), source.name().into(), data.into()]
    }

    /// Decompression alone.
    pub(crate) fn inflate(&self, source: Source, data: &Path) -> Line {
        let mut line = self.floor(source, data);
        line.push("--inflate-only".into());
        line
    }

    /// A scan of a folder.
    pub(crate) fn scan(&self, data: &Path, threads: usize) -> Line {
        let mut line: Line = vec![self.product.clone().into(), "scan".into(), data.into()];
        // Lists that whoever measures keeps are no part of the product.
        let rest = ["--no-intel-dir", "--format", "json", "--output", "/dev/null", "--threads"];
        line.extend(rest.map(OsString::from));
        line.push(threads.to_string().into());
        line
    }
}

fn build(package: &str) -> Result<PathBuf> {
    let mut command = cargo(&["build", "--release", "--package", package]);
    if !command.status()?.success() {
        bail!("cannot build {package}");
    }
    Ok(cargo::metadata()?.target_directory.join("release").join(package))
}
