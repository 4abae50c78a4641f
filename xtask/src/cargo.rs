//! Calls of cargo and git, and what cargo says of the workspace.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A member of the workspace.
#[derive(Deserialize, Debug)]
pub(crate) struct Package {
    /// Name in Cargo.toml.
    pub name: String,
    /// Absolute path of its Cargo.toml.
    pub manifest_path: PathBuf,
    /// Direct dependencies of every kind.
    pub dependencies: Vec<Dependency>,
    /// What is built of it.
    pub targets: Vec<Target>,
}

/// A library, program, test or bench of a member.
#[derive(Deserialize, Debug)]
pub(crate) struct Target {
    /// `lib`, `bin`, `test`, …
    pub kind: Vec<String>,
}

/// A direct dependency of a member.
#[derive(Deserialize, Debug)]
pub(crate) struct Dependency {
    /// Name of the package.
    pub name: String,
    /// `dev`, `build` or nothing for an ordinary one.
    pub kind: Option<String>,
}

/// What `cargo metadata` prints, as far as it is read here.
#[derive(Deserialize, Debug)]
pub(crate) struct Metadata {
    /// The members.
    pub packages: Vec<Package>,
    /// Where cargo puts what it builds.
    pub target_directory: PathBuf,
}

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// A cargo command, run in the workspace's folder by the cargo that runs this program.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(root()).args(args);
    command
}

/// Standard output of a command that must succeed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} failed\n{}", String::from_utf8_lossy(&output.stderr).trim_end());
    }
    String::from_utf8(output.stdout).with_context(|| format!("output of {command:?} is not UTF-8"))
}

/// The members of the workspace and their direct dependencies.
pub(crate) fn metadata() -> Result<Metadata> {
    let text = output(&mut cargo(&["metadata", "--format-version", "1", "--no-deps"]))?;
    serde_json::from_str(&text).context("cannot read the output of cargo metadata")
}

/// Whether cargo has the named subcommand, such as `nextest`.
pub(crate) fn has_subcommand(name: &str) -> bool {
    let file = format!("cargo-{name}");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let home = std::env::var_os("CARGO_HOME").map(|home| PathBuf::from(home).join("bin"));
    std::env::split_paths(&path).chain(home).any(|dir| dir.join(&file).is_file())
}

/// Paths that differ from the last commit, untracked files included, relative to the workspace.
pub(crate) fn changed_files() -> Result<Vec<String>> {
    let git = |args: &[&str]| output(Command::new("git").current_dir(root()).args(args));
    let tracked = git(&["diff", "--name-only", "HEAD"])?;
    let untracked = git(&["ls-files", "--others", "--exclude-standard"])?;
    Ok(tracked.lines().chain(untracked.lines()).map(str::to_owned).collect())
}
