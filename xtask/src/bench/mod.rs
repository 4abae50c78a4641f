//! `cargo xtask bench`: speed and memory against a frozen floor program, as a Markdown table.

mod data;
mod duck;
mod growth;
pub(crate) mod measure;
mod options;
mod programs;
mod sources;
mod stat;
mod table;

use anyhow::{Context, Result};
use options::{Options, Part};
use programs::Programs;
use std::fs;

/// Rounds in which every case runs once, in turn, so that all of them see the same load.
const ROUNDS: usize = 3;

/// Builds the programs, writes the data that is missing, measures and prints.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let options = Options::parse(args)?;
    let programs = Programs::build(options.product.as_deref())?;
    print_conditions(&options)?;
    for part in options.parts() {
        let text = match part {
            Part::Source(source) => sources::run(&options, &programs, source)?,
            Part::Growth => growth::run(&options, &programs)?,
        };
        println!("\n{}", text.trim_end());
    }
    Ok(())
}

/// What the figures were measured on and with.
fn print_conditions(options: &Options) -> Result<()> {
    let processors = fs::read_to_string("/proc/cpuinfo").context("cannot read /proc/cpuinfo")?;
    let model = processors.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown processor", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let count = processors.lines().filter(|line| line.starts_with("processor")).count();
    let load = fs::read_to_string("/proc/loadavg").context("cannot read /proc/loadavg")?;
    let load = load.split(' ').next().unwrap_or("unknown");
    let rustc = crate::cargo::output(std::process::Command::new("rustc").arg("--version"))?;
    println!(
        "- Machine: {count} × {model}; load at the start {load} (above 1 the figures mean little)."
    );
    println!("- Built with {}, release profile, generic target.", rustc.trim());
    println!(
        "- CPU is user and system time of the process; {ROUNDS} rounds, all cases in turn in each."
    );
    println!("- Ratios are the median of the ratios within a round, with minimum and maximum.");
    println!(
        "- Files are in the page cache. A peak below 10 MiB may be that of the measuring program."
    );
    if options.small {
        println!(
            "- **Small sets, a twentieth of the usual: only for a look, not for publishing.**"
        );
    }
    Ok(())
}
