//! The commands, and how they end.

pub mod backup;
pub mod config;
pub mod coverage;
pub mod demo;
pub mod evidence;
pub mod explain;
pub mod findings;
pub mod intel;
pub mod manual;
pub mod scan;
pub mod serve;
pub mod simulate;
pub mod summary;
pub mod tune;
pub mod types;

use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory as _, Parser as _};

use crate::cli::{Cli, Command};
use crate::output::{say, write};

/// Something could not be done.
const FAILED: u8 = 1;

/// Runs the command line of the process.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to standard output and are no failure.
            let code = if error.use_stderr() { FAILED } else { 0 };
            let _gone = error.print();
            return ExitCode::from(code);
        }
    };
    match run(cli.command) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            say(&format!("error: {}\n", message(&error)));
            ExitCode::from(FAILED)
        }
    }
}

/// The error and its causes. What a cause says on several lines, such as the place in a file, starts on a
/// line of its own.
fn message(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        let cause = cause.trim_end();
        if text.ends_with(cause) {
            continue;
        }
        if !text.is_empty() {
            text.push_str(if cause.contains('\n') { ":\n" } else { ": " });
        }
        text.push_str(cause);
    }
    text
}

fn run(command: Command) -> Result<u8> {
    match command {
        Command::Scan(args) => scan::run(&args),
        Command::Demo(args) => demo::run(&args).map(|()| 0),
        Command::Simulate(args) => simulate::run(&args).map(|()| 0),
        Command::Summary(args) => summary::run(&args).map(|()| 0),
        Command::Tune(args) => tune::run(&args).map(|()| 0),
        Command::Coverage(args) => coverage::run(&args).map(|()| 0),
        Command::Intel(command) => intel::run(&command),
        Command::Serve(args) => serve::run(*args).map(|()| 0),
        Command::Backup(args) => backup::run(&args).map(|()| 0),
        Command::Evidence(args) => evidence::run(&args).map(|()| 0),
        Command::Findings(args) => findings::run(&args).map(|()| 0),
        Command::Keys(command) => serve::keys(&command).map(|()| 0),
        Command::Types(args) => types::run(&args).map(|()| 0),
        Command::Explain(args) => explain::run(&args).map(|()| 0),
        Command::Config => config::print().map(|()| 0),
        Command::CheckConfig(args) => config::check(&args).map(|()| 0),
        Command::Manual(args) => manual::run(&args).map(|()| 0),
        Command::Completions(args) => {
            let mut script = Vec::new();
            clap_complete::generate(args.shell, &mut Cli::command(), "guardpost", &mut script);
            write(&String::from_utf8_lossy(&script), None).map(|()| 0)
        }
    }
}
