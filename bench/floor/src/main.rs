//! The floor that speed is measured against: decompress, parse the needed fields, count by one small key.
//!
//! It detects nothing, knows no other order of fields than that of `bench-generate`, and stops at the first
//! surprise: a limit, not a product. It shares no code with Guardpost, so that no change of the product
//! moves it. For each source it is the fastest of the parsers that were tried (six for CloudTrail, four
//! for flows, five for DNS): sonic-rs into borrowed structs, and positions of all separators by SIMD.
//! Built for the generic target; AVX2 is chosen at run time.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool reports on the terminal"
)]

mod cloudtrail;
mod count;
mod decimal;
mod dns;
mod files;
mod flow;
mod positions;

use anyhow::{Context, Result, bail};
use count::Counts;
use files::Reader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

const USAGE: &str = "\
bench-floor cloudtrail|flow|dns DIR [--inflate-only] [--threads 1]

Reads every .gz file below DIR and prints one line of JSON.";

/// What is read.
#[derive(Clone, Copy, Debug)]
enum Source {
    CloudTrail,
    Flow,
    Dns,
}

/// The command line.
#[derive(Debug)]
struct Options {
    source: Source,
    folder: PathBuf,
    inflate_only: bool,
    threads: usize,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match parse(&args).and_then(|options| run(&options)) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("bench-floor: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn parse(args: &[String]) -> Result<Options> {
    let [source, folder, rest @ ..] = args else { bail!("{USAGE}") };
    let source = match source.as_str() {
        "cloudtrail" => Source::CloudTrail,
        "flow" => Source::Flow,
        "dns" => Source::Dns,
        _ => bail!("{USAGE}"),
    };
    let folder = PathBuf::from(folder);
    let mut options = Options { source, folder, inflate_only: false, threads: 1 };
    let mut rest = rest.iter();
    while let Some(arg) = rest.next() {
        match arg.as_str() {
            "--inflate-only" => options.inflate_only = true,
            "--threads" => {
                let value = rest.next().context("--threads takes a value")?;
                options.threads = value.parse().context("--threads takes a whole number")?;
            }
            _ => bail!("{USAGE}"),
        }
    }
    Ok(options)
}

/// Works through all files and returns the line to print.
fn run(options: &Options) -> Result<String> {
    let list = files::below(&options.folder)?;
    let next = AtomicUsize::new(0);
    let work = || worker(options, &list, &next);
    let total = thread::scope(|scope| {
        let threads: Vec<_> = (0..options.threads.max(1)).map(|_| scope.spawn(work)).collect();
        let results = threads.into_iter().map(thread::ScopedJoinHandle::join);
        let counts = results.map(|it| it.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        counts.reduce(|a, b| Ok(a?.merge(b?))).unwrap_or_else(|| Ok(Counts::default()))
    })?;
    Ok(total.to_json())
}

fn worker(options: &Options, list: &[PathBuf], next: &AtomicUsize) -> Result<Counts> {
    let mut counts = Counts::default();
    let mut reader = Reader::default();
    while let Some(path) = list.get(next.fetch_add(1, Ordering::Relaxed)) {
        one(options, path, &mut reader, &mut counts)
            .with_context(|| format!("cannot work on {}", path.display()))?;
    }
    Ok(counts)
}

fn one(options: &Options, path: &Path, reader: &mut Reader, counts: &mut Counts) -> Result<()> {
    let (packed, raw) = reader.read(path)?;
    counts.packed_bytes += packed;
    counts.raw_bytes += raw.len() as u64;
    match options.source {
        _ if options.inflate_only => Ok(()),
        Source::CloudTrail => cloudtrail::count(raw, counts),
        Source::Flow => flow::count(raw, counts),
        Source::Dns => dns::count(raw, counts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_read() {
        let args = ["flow", "dir", "--threads", "2", "--inflate-only"].map(str::to_owned);
        let options = parse(&args).unwrap();
        assert!(matches!(options.source, Source::Flow) && options.inflate_only);
        assert_eq!(options.threads, 2);
        assert!(parse(&["flows".to_owned(), "dir".to_owned()]).is_err());
        assert!(parse(&["flow".to_owned()]).is_err());
    }
}
