//! Runs one program and says what it used.
//!
//! The operating system adds up what all finished children of a process have used. A process that runs a
//! single child therefore knows exactly what that one used: `cargo xtask measure` is that process.

use super::programs::Line;
use crate::cargo;
use anyhow::{Context, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use serde::{Deserialize, Serialize};
use std::process::{Command, Stdio};
use std::time::Instant;

/// What a program used.
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Debug)]
pub(crate) struct Sample {
    /// User and system time, seconds.
    pub cpu: f64,
    /// Seconds by the clock.
    pub wall: f64,
    /// Largest resident set, KiB.
    pub peak_kib: u64,
}

/// Runs a program through a process of its own.
pub(crate) fn measure(line: &Line) -> Result<Sample> {
    let this = std::env::current_exe().context("cannot find this program")?;
    let text = cargo::output(Command::new(this).arg("measure").args(line))?;
    serde_json::from_str(&text).context("cannot read what was measured")
}

/// `cargo xtask measure PROGRAM ARGUMENT…`: runs the program without output and prints a [`Sample`].
pub(crate) fn run(args: &[String]) -> Result<()> {
    let Some((program, rest)) = args.split_first() else { bail!("measure needs a program") };
    let start = Instant::now();
    let status = Command::new(program)
        .args(rest)
        .stdout(Stdio::null())
        .status()
        .with_context(|| format!("cannot run {program}"))?;
    let wall = start.elapsed().as_secs_f64();
    if !status.success() {
        bail!("`{}` failed: {status}", args.join(" "));
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("cannot ask for the usage")?;
    let peak_kib = u64::try_from(usage.max_rss()).context("the resident set is negative")?;
    let cpu = seconds(usage.user_time()) + seconds(usage.system_time());
    println!("{}", serde_json::to_string(&Sample { cpu, wall, peak_kib })?);
    Ok(())
}

fn seconds(time: TimeVal) -> f64 {
    time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6
}
