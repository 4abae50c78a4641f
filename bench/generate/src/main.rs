//! Writes CloudTrail, VPC flow and Resolver query logs in the S3 key layout in which AWS delivers them.
//!
//! The same arguments give the same bytes, whatever `--threads` is: every file has its own stream of
//! random numbers, seeded by (seed, source, number of the file). Known departures from life: CloudTrail
//! compresses about 7:1 (real trails repeat more), addresses are IPv4 only, flow rows lie in time order
//! within a file, and most pairs of addresses occur once.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool reports on the terminal"
)]

mod cloudtrail;
mod dns;
mod flow;
mod inject;
mod jobs;
mod lists;
mod object;
mod options;
mod rng;
mod text;
mod world;

use anyhow::{Context, Result};
use options::Options;
use std::fs;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.is_empty() || args.iter().any(|arg| arg == "--help") {
        println!("{}", options::USAGE);
        return ExitCode::SUCCESS;
    }
    match Options::parse(&args).and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-generate: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    let written = jobs::run(options)?;
    if let Some(wanted) = &options.inject {
        let attacks = inject::build(&options.world, wanted);
        let mut truth = String::new();
        for attack in &attacks {
            object::write(options, &attack.object(), &attack.body)?;
            eprintln!("injected {} ({} records)", attack.name, attack.records);
            truth.push_str(&attack.truth);
            truth.push('\n');
        }
        let path = options.out.join("truth.ndjson");
        fs::write(&path, truth).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if options.lists {
        lists::write(&options.world, &options.out.join("intel"))?;
    }
    eprintln!("{} files, {} bytes uncompressed", written.files, written.bytes);
    Ok(())
}
