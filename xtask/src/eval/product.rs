//! The program that is judged: what it knows and what a scan with it finds.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use simulate::random::mix;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::finding::Finding;
use super::material::Material;
use crate::cargo::{self, cargo};

/// Every finding type, and whether the product raises it.
pub(crate) type Catalog = BTreeMap<String, bool>;

/// What can scan.
pub(crate) trait Scans {
    /// Findings by type.
    fn scan(&self, material: &Material) -> Result<BTreeMap<String, u64>>;
    /// Whether a type is raised at all.
    fn is_served(&self, name: &str) -> bool;
}

/// A build of guardpost.
pub(crate) struct Product {
    program: PathBuf,
    pub(crate) catalog: Catalog,
}

#[derive(Deserialize)]
struct Type {
    #[serde(rename = "type")]
    name: String,
    served: bool,
}

impl Product {
    /// The given program, or one that is built now, optimized or not.
    pub(crate) fn get(program: Option<&Path>, is_release: bool) -> Result<Product> {
        let program = match program {
            Some(program) => program.to_owned(),
            None => build(is_release)?,
        };
        let text = cargo::output(Command::new(&program).args(["types", "--format", "json"]))?;
        let types: Vec<Type> =
            serde_json::from_str(&text).context("cannot read the list of finding types")?;
        let catalog = types.into_iter().map(|it| (it.name, it.served)).collect();
        Ok(Product { program, catalog })
    }

    /// Hash of the settings that a scan has without a configuration.
    pub(crate) fn settings_hash(&self) -> Result<u64> {
        let text = cargo::output(Command::new(&self.program).arg("config"))?;
        Ok(text.bytes().fold(0, |hash, byte| mix(hash ^ u64::from(byte))))
    }

    /// What a scan of a folder finds, with further arguments. Lists that the user keeps are not used.
    pub(crate) fn findings(&self, folder: &Path, args: &[String]) -> Result<Vec<Finding>> {
        let mut command = Command::new(&self.program);
        command.arg("scan").arg(folder).args(["--format", "json", "--quiet", "--no-intel-dir"]);
        parse(&cargo::output(command.args(args))?)
    }
}

fn parse(lines: &str) -> Result<Vec<Finding>> {
    let finding = |line| serde_json::from_str(line).context("a finding cannot be read");
    lines.lines().map(finding).collect()
}

impl Scans for Product {
    fn scan(&self, material: &Material) -> Result<BTreeMap<String, u64>> {
        let mut command = Command::new(&self.program);
        command.arg("scan").args(&material.paths).args([
            "--format",
            "json",
            "--quiet",
            "--no-intel-dir",
        ]);
        for list in &material.lists {
            command.args(["--threat-list", list]);
        }
        if let Some(rules) = &material.custom_rules {
            command.args(["--custom-rules", rules]);
        }
        let mut found = BTreeMap::new();
        for finding in parse(&cargo::output(&mut command)?)? {
            *found.entry(finding.kind).or_default() += 1;
        }
        Ok(found)
    }

    fn is_served(&self, name: &str) -> bool {
        self.catalog.get(name).copied().unwrap_or(false)
    }
}

fn build(is_release: bool) -> Result<PathBuf> {
    let mut command = cargo(&["build", "--package", "guardpost"]);
    if !command.args(is_release.then_some("--release")).status()?.success() {
        bail!("cannot build guardpost");
    }
    let profile = if is_release { "release" } else { "debug" };
    Ok(cargo::metadata()?.target_directory.join(profile).join("guardpost"))
}
