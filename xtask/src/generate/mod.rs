//! `cargo xtask gen`: files that are written from other files and committed.

mod finding_types;

use crate::cargo;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;

/// A generated file.
struct Generated {
    /// Path from the root of the workspace.
    path: &'static str,
    /// Builds the whole content.
    build: fn() -> Result<String>,
}

const FILES: &[Generated] =
    &[Generated { path: "docs/finding-types.md", build: finding_types::build }];

/// Writes every generated file, or with `check` fails and names those that are out of date.
pub(crate) fn run(check: bool) -> Result<()> {
    run_in(&cargo::root(), FILES, check)
}

fn run_in(root: &Path, files: &[Generated], check: bool) -> Result<()> {
    let mut stale = Vec::new();
    for file in files {
        let built = (file.build)().with_context(|| format!("cannot build {}", file.path))?;
        let path = root.join(file.path);
        let is_current = fs::read_to_string(&path).is_ok_and(|text| text == built);
        match (is_current, check) {
            (true, _) => {}
            (false, true) => stale.push(file.path),
            (false, false) => {
                let folder = path.parent().unwrap_or(root);
                fs::create_dir_all(folder)
                    .with_context(|| format!("cannot create {}", folder.display()))?;
                fs::write(&path, built).with_context(|| format!("cannot write {}", file.path))?;
                println!("wrote {}", file.path);
            }
        }
    }
    if !stale.is_empty() {
        bail!("out of date, run `cargo xtask gen`: {}", stale.join(", "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_file_is_named_until_it_is_written() {
        let root = std::env::temp_dir().join(format!("gen-{}", std::process::id()));
        let files = [Generated { path: "docs/a.md", build: || Ok("text\n".to_owned()) }];
        let message = run_in(&root, &files, true).unwrap_err().to_string();
        assert_eq!(message, "out of date, run `cargo xtask gen`: docs/a.md");
        run_in(&root, &files, false).unwrap();
        run_in(&root, &files, true).unwrap();
        fs::write(root.join("docs/a.md"), "edited\n").unwrap();
        run_in(&root, &files, true).unwrap_err();
        fs::remove_dir_all(root).unwrap();
    }
}
