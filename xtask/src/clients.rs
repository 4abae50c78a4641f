//! `cargo xtask check --clients`: the HTTP API under the clients that people have, in an environment of its own.

use crate::cargo::{self, cargo};
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What is installed; versions are not pinned, since clients of every age should work.
const PACKAGES: [&str; 2] = ["boto3", "awscli"];
const SCRIPT: &str = "crates/api/tests/clients/lifecycle.py";
/// The Rust SDK is a package of its own: nobody else should have to build it.
const SDK: &str = "crates/api/tests/clients/sdk/Cargo.toml";

/// Starts the server over a store in memory and drives it.
pub(crate) fn run() -> Result<()> {
    let target = cargo::metadata()?.target_directory;
    let python = environment(&target.join("clients"), &PACKAGES, "aws")?;
    let build = ["build", "--quiet", "--package", "guardpost-api", "--example", "memory_server"];
    succeed(&mut cargo(&build))?;
    let server = Server::start(&target.join("debug/examples/memory_server"))?;
    let mut script = Command::new(python);
    script.arg(cargo::root().join(SCRIPT)).env("AWS_ENDPOINT_URL_GUARDDUTY", &server.endpoint);
    // Nothing of the user's own settings may play a part.
    for name in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"] {
        script.env(name, target.join("clients/none"));
    }
    succeed(script.env_remove("AWS_PROFILE").env_remove("AWS_ENDPOINT_URL"))?;
    let mut sdk = cargo(&["run", "--quiet", "--manifest-path", SDK, "--target-dir"]);
    sdk.arg(target.join("clients/sdk"));
    succeed(sdk.env("AWS_ENDPOINT_URL_GUARDDUTY", &server.endpoint))
}

/// The Python of a virtual environment with packages; it is made once, until it has the program.
pub(crate) fn environment(folder: &Path, packages: &[&str], program: &str) -> Result<PathBuf> {
    let python = folder.join("bin/python");
    if !folder.join("bin").join(program).is_file() {
        succeed(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        succeed(Command::new(&python).args(install).args(packages))?;
    }
    Ok(python)
}

pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    if !status.success() {
        bail!("{command:?}: {status}");
    }
    Ok(())
}

/// The server; it ends when its input does.
struct Server {
    child: Child,
    endpoint: String,
}

impl Server {
    fn start(program: &Path) -> Result<Server> {
        let mut child = Command::new(program)
            .arg("127.0.0.1:0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {}", program.display()))?;
        let output = child.stdout.take().context("the server has no output")?;
        let mut endpoint = String::new();
        BufReader::new(output).read_line(&mut endpoint).context("the server says nothing")?;
        Ok(Server { child, endpoint: endpoint.trim().to_owned() })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        if let Err(error) = self.child.wait() {
            eprintln!("xtask: the server did not end: {error}");
        }
    }
}
