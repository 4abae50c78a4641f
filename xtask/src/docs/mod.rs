//! `cargo xtask docs`: the reference, written from what the program says of itself, and committed.

mod catalog;
mod configuration;
mod finding_type;

use crate::cargo::{self, cargo};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The folder of finding types: a page each and an index. Nothing else lies there.
const TYPES: &str = "docs/finding-types";
const CONFIGURATION: &str = "docs/configuration.md";
const NOTE: &str = "This page is written by `cargo xtask docs` from the source: do not edit it.";

/// Pages by their path from the root of the workspace.
type Pages = BTreeMap<String, String>;

/// Writes every page, or with `check` fails and names those that are out of date.
pub(crate) fn run(check: bool) -> Result<()> {
    let types = guardpost(&["types", "--format", "json"])?;
    let config = guardpost(&["config"])?;
    let sections = configuration::sections(&config);
    let mut pages = catalog::pages(&types, &sections)?;
    pages.insert(CONFIGURATION.to_owned(), configuration::page(&config));
    run_in(&cargo::root(), &pages, check)
}

fn guardpost(args: &[&str]) -> Result<String> {
    let mut all = vec!["run", "--quiet", "--package", "guardpost", "--"];
    all.extend(args);
    cargo::output(&mut cargo(&all))
}

fn run_in(root: &Path, pages: &Pages, check: bool) -> Result<()> {
    let mut stale = Vec::new();
    for (name, text) in pages {
        let path = root.join(name);
        if fs::read_to_string(&path).is_ok_and(|it| it == *text) {
            continue;
        }
        stale.push(name.clone());
        if !check {
            let folder = path.parent().unwrap_or(root);
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot create {}", folder.display()))?;
            fs::write(&path, text).with_context(|| format!("cannot write {name}"))?;
        }
    }
    for name in left_over(root, Path::new(TYPES), pages)? {
        if !check {
            fs::remove_file(root.join(&name)).with_context(|| format!("cannot remove {name}"))?;
        }
        stale.push(name);
    }
    match (stale.is_empty(), check) {
        (true, _) => Ok(()),
        (false, true) => bail!("out of date, run `cargo xtask docs`: {}", stale.join(", ")),
        (false, false) => {
            println!("{} pages written or removed", stale.len());
            Ok(())
        }
    }
}

/// Files below `folder` that are no page.
fn left_over(root: &Path, folder: &Path, pages: &Pages) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let Ok(entries) = fs::read_dir(root.join(folder)) else { return Ok(names) };
    for entry in entries {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            names.extend(left_over(root, &path, pages)?);
        } else {
            let name = path.to_string_lossy().replace('\\', "/");
            if !pages.contains_key(&name) {
                names.push(name);
            }
        }
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stale_missing_and_left_over_pages_are_named_until_they_are_mended() {
        let root = std::env::temp_dir().join(format!("docs-{}", std::process::id()));
        let page = format!("{TYPES}/EC2/a.md");
        let pages = Pages::from([(page.clone(), "text\n".to_owned())]);
        let message = || run_in(&root, &pages, true).unwrap_err().to_string();
        assert_eq!(message(), format!("out of date, run `cargo xtask docs`: {page}"));
        run_in(&root, &pages, false).unwrap();
        run_in(&root, &pages, true).unwrap();
        fs::write(root.join(&page), "edited\n").unwrap();
        assert_eq!(message(), format!("out of date, run `cargo xtask docs`: {page}"));
        run_in(&root, &pages, false).unwrap();
        fs::write(root.join(TYPES).join("EC2/gone.md"), "old\n").unwrap();
        assert!(message().ends_with("docs/finding-types/EC2/gone.md"));
        run_in(&root, &pages, false).unwrap();
        run_in(&root, &pages, true).unwrap();
        fs::remove_dir_all(root).unwrap();
    }
}
