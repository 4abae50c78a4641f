//! The program that is judged: what it knows and what a scan with it finds.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

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
    name: String,
    served: bool,
}

#[derive(Deserialize)]
struct Finding {
    #[serde(rename = "type")]
    finding_type: String,
}

impl Product {
    /// The given program, or one that is built now.
    pub(crate) fn get(program: Option<&Path>) -> Result<Product> {
        let program = match program {
            Some(program) => program.to_owned(),
            None => build()?,
        };
        let text = cargo::output(Command::new(&program).args(["types", "--format", "json"]))?;
        let types: Vec<Type> =
            serde_json::from_str(&text).context("cannot read the list of finding types")?;
        let catalog = types.into_iter().map(|it| (it.name, it.served)).collect();
        Ok(Product { program, catalog })
    }
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
        for line in cargo::output(&mut command)?.lines() {
            let finding: Finding =
                serde_json::from_str(line).context("a finding cannot be read")?;
            *found.entry(finding.finding_type).or_default() += 1;
        }
        Ok(found)
    }

    fn is_served(&self, name: &str) -> bool {
        self.catalog.get(name).copied().unwrap_or(false)
    }
}

fn build() -> Result<PathBuf> {
    if !cargo(&["build", "--package", "guardpost"]).status()?.success() {
        bail!("cannot build guardpost");
    }
    Ok(cargo::metadata()?.target_directory.join("debug").join("guardpost"))
}
