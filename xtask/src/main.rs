//! The repository's own tool: checks, generated files and benchmarks, run as `cargo xtask`.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool reports on the terminal"
)]

mod bench;
mod cargo;
mod check;
mod clients;
mod dga;
mod docs;
mod emulator;
mod eval;
mod eval_names;
mod geo;
mod samples;
mod tidy;
mod wire;

use anyhow::{Result, bail};
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask COMMAND

  check [--fast]   everything a machine can check; --fast: format, lints and unit tests of what changed, tidy
  check --clients  the HTTP API under boto3, the AWS CLI and the Rust SDK, which it builds in target/clients
  check --emulator the service under an emulator of S3 and SQS, which it installs in target/emulator
  tidy             rules of the repository that no other tool knows
  docs [--check]   writes the reference; --check: fails if a page is out of date
  bench [--small] [--only PART] [--inject] [--product PROGRAM]
                   speed and memory against a frozen floor program, as a Markdown table
  dga --names FILE --packages FILE [--write]
                   trains the model of names made by algorithms (run it optimized) and prints its card
  eval [--data DIR] [--only FOLDER] [--short] [--product PROGRAM]
                   what is found in generated scenarios and public data sets, against targets and expectations
  eval-names --product PROGRAM [--short]
                   tunnels and made names in generated resolver logs; writes docs/quality-names.md
  geo [--from DIR] builds the tables of places and of AWS ranges again
  samples [--check]
                   writes the logs that `guardpost demo` scans; --check: fails if they differ
  wire --model FILE [--check]
                   types and checks of the HTTP API from GuardDuty's interface model (service-2.json of botocore)";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<()> {
    let Some((command, rest)) = args.split_first() else { bail!("a command is needed\n\n{USAGE}") };
    match (command.as_str(), words(rest).as_slice()) {
        ("check", []) => check::run(check::Mode::Full),
        ("check", ["--fast"]) => check::run(check::Mode::Fast),
        ("check", ["--clients"]) => clients::run(),
        ("check", ["--emulator"]) => emulator::run(),
        ("tidy", []) => tidy::run(&cargo::root()),
        ("docs", []) => docs::run(false),
        ("docs", ["--check"]) => docs::run(true),
        ("bench", _) => bench::run(rest),
        ("dga", _) => dga::run(rest),
        ("eval", _) => eval::run(rest),
        ("eval-names", _) => eval_names::run(rest),
        ("geo", _) => geo::run(rest),
        ("samples", []) => samples::run(false),
        ("samples", ["--check"]) => samples::run(true),
        ("wire", _) => wire::run(rest),
        ("measure", _) => bench::measure::run(rest),
        ("help" | "--help" | "-h", []) => {
            println!("{USAGE}");
            Ok(())
        }
        _ => bail!("cannot understand `{}`\n\n{USAGE}", args.join(" ")),
    }
}

fn words(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(args: &[&str]) -> String {
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        run(&args).unwrap_err().to_string()
    }

    #[test]
    fn unknown_arguments_are_answered_with_the_usage() {
        for args in
            [&["checks"][..], &["check", "--quick"], &["check", "--client"], &["tidy", "x"], &[]]
        {
            assert!(message(args).ends_with(USAGE), "{args:?}");
        }
    }
}
