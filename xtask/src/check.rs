//! `cargo xtask check`: everything a machine can check, step by step.

use crate::cargo::{self, cargo};
use crate::{docs, eval, tidy};
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// How much is checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    /// Everything, as in CI.
    Full,
    /// What can be known before a commit within a minute.
    Fast,
}

/// Runs every step, then fails with the names of those that failed.
pub(crate) fn run(mode: Mode) -> Result<()> {
    let mut steps = Steps::default();
    match mode {
        Mode::Full => full(&mut steps),
        Mode::Fast => fast(&mut steps)?,
    }
    steps.finish()
}

fn full(steps: &mut Steps) {
    steps.command("format", &mut cargo(&["fmt", "--all", "--check"]));
    steps.call("tidy", || tidy::run(&cargo::root()));
    let lints = ["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"];
    steps.command("clippy", &mut cargo(&lints));
    // Fuzz targets are built with a nightly toolchain and never run here; that they compile is known without
    // both, and without the C++ of the fuzzer that a link would need.
    let fuzz = ["check", "--manifest-path", "fuzz/Cargo.toml", "--bins", "--quiet"];
    steps.command("fuzz targets", cargo(&fuzz).env("CUSTOM_LIBFUZZER_PATH", "/none/libfuzzer.a"));
    let mut docs = cargo(&["doc", "--workspace", "--no-deps", "--quiet"]);
    steps.command("docs", docs.env("RUSTDOCFLAGS", "-D warnings"));
    steps.call("reference", || docs::run(true));
    if cargo::has_subcommand("deny") {
        // Advisories need the network and change without a commit: they are for a scheduled run.
        steps.command("deny", &mut cargo(&["deny", "check", "licenses", "bans", "sources"]));
    } else {
        println!("-- deny: cargo-deny is not installed, left out");
    }
    steps.command("doctests", &mut cargo(&["test", "--workspace", "--doc", "--quiet"]));
    steps.command("tests", &mut tests(&["--workspace"], &["--lib", "--bins", "--tests"]));
    steps.call("evaluation", || eval::short(None));
}

fn fast(steps: &mut Steps) -> Result<()> {
    steps.command("format", &mut cargo(&["fmt", "--all", "--check"]));
    steps.call("tidy", || tidy::run(&cargo::root()));
    let metadata = cargo::metadata()?;
    let changed = changed_packages(&cargo::root(), &metadata, &cargo::changed_files()?);
    if changed.is_empty() {
        println!("-- no crate differs from the last commit: no lints, no tests");
        return Ok(());
    }
    let names: Vec<&str> = changed.iter().map(|package| package.name.as_str()).collect();
    println!("-- changed: {}", names.join(", "));
    let packages: Vec<&str> = names.iter().flat_map(|name| ["-p", name]).collect();
    let mut clippy = cargo(&["clippy", "--quiet", "--all-targets"]);
    steps.command("clippy", clippy.args(&packages).args(["--", "-D", "warnings"]));
    // Cargo refuses `--lib` where no package has a library.
    let has_lib = changed.iter().any(|package| package.targets.iter().any(is_lib));
    let targets: &[&str] = if has_lib { &["--lib", "--bins"] } else { &["--bins"] };
    steps.command("unit tests", &mut tests(&packages, targets));
    Ok(())
}

/// The test runner at hand: nextest if it is installed, else cargo's own.
fn tests(packages: &[&str], targets: &[&str]) -> Command {
    let nextest = cargo::has_subcommand("nextest");
    let start: &[&str] = if nextest {
        &["nextest", "run", "--no-tests=pass", "--no-fail-fast"]
    } else {
        &["test", "--no-fail-fast"]
    };
    let mut command = cargo(start);
    command.args(packages).args(targets);
    command
}

fn is_lib(target: &cargo::Target) -> bool {
    target.kind.iter().any(|kind| kind == "lib")
}

/// The packages that own one of `files`; all of them if a file outside of them decides how they are built.
fn changed_packages<'a>(
    root: &Path,
    metadata: &'a cargo::Metadata,
    files: &[String],
) -> Vec<&'a cargo::Package> {
    let shared = ["Cargo.toml", "Cargo.lock", "clippy.toml", "rust-toolchain.toml"];
    let all = files.iter().any(|file| shared.contains(&file.as_str()));
    let owns = |package: &cargo::Package| {
        let dir = package.manifest_path.parent().unwrap_or(root);
        files.iter().any(|file| root.join(file).starts_with(dir))
    };
    metadata.packages.iter().filter(|package| all || owns(package)).collect()
}

/// Runs steps, prints the time of each and keeps the names of those that failed.
#[derive(Default)]
struct Steps {
    failed: Vec<&'static str>,
}

impl Steps {
    fn command(&mut self, name: &'static str, command: &mut Command) {
        self.call(name, || {
            let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
            if !status.success() {
                bail!("{status}");
            }
            Ok(())
        });
    }

    fn call(&mut self, name: &'static str, step: impl FnOnce() -> Result<()>) {
        println!("-- {name}");
        let start = Instant::now();
        let result = step();
        let seconds = start.elapsed().as_secs_f64();
        match result {
            Ok(()) => println!("-- {name}: ok, {seconds:.1} s"),
            Err(error) => {
                println!("-- {name}: failed, {seconds:.1} s: {error:#}");
                self.failed.push(name);
            }
        }
    }

    fn finish(self) -> Result<()> {
        if !self.failed.is_empty() {
            bail!("failed: {}", self.failed.join(", "));
        }
        println!("-- all steps ok");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata() -> cargo::Metadata {
        let package = |name: &str, dir: &str| cargo::Package {
            name: name.to_owned(),
            manifest_path: format!("/repo/{dir}/Cargo.toml").into(),
            dependencies: Vec::new(),
            targets: Vec::new(),
        };
        cargo::Metadata {
            packages: vec![package("a", "crates/a"), package("b", "crates/b")],
            target_directory: "/repo/target".into(),
        }
    }

    fn changed(files: &[&str]) -> Vec<String> {
        let files: Vec<String> = files.iter().map(|&file| file.to_owned()).collect();
        let metadata = metadata();
        let changed = changed_packages(Path::new("/repo"), &metadata, &files);
        changed.iter().map(|package| package.name.clone()).collect()
    }

    #[test]
    fn a_file_changes_the_package_that_owns_it() {
        assert_eq!(changed(&["crates/a/src/lib.rs", "README.md"]), ["a"]);
        assert_eq!(changed(&["crates/ab/src/lib.rs"]), [""; 0]);
    }

    #[test]
    fn the_shared_manifest_changes_every_package() {
        assert_eq!(changed(&["Cargo.lock"]), ["a", "b"]);
    }

    #[test]
    fn a_failed_step_is_named_and_the_next_one_still_runs() {
        let mut steps = Steps::default();
        let mut second = false;
        steps.call("first", || bail!("broken"));
        steps.call("second", || {
            second = true;
            Ok(())
        });
        assert!(second);
        assert_eq!(steps.finish().unwrap_err().to_string(), "failed: first");
    }

    #[test]
    fn a_command_that_exits_with_an_error_fails_its_step() {
        let mut steps = Steps::default();
        steps.command("broken", &mut Command::new("false"));
        assert_eq!(steps.failed, ["broken"]);
    }
}
