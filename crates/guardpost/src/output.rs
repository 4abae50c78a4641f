//! Findings to standard output or a file.

use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use findings::format::{TableOptions, asff, csv, html, json, ocsf, table};
use findings::{Explanation, Finding, ReportFinding};
use store::StoredFinding;

use crate::scan::Scan;
use crate::text::visible;

/// Columns where the terminal does not say.
const WIDTH: usize = 120;

/// A form of output.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// For people, on a terminal.
    Table,
    /// One finding a line, as GuardDuty exports them.
    #[value(alias = "jsonl")]
    Json,
    /// One file with findings, evidence and what was read.
    Html,
    /// For spreadsheets.
    Csv,
    /// One Detection Finding of the Open Cybersecurity Schema Framework a line.
    Ocsf,
    /// One finding of the AWS Security Finding Format a line, for Security Hub.
    Asff,
}

impl Format {
    /// The form asked for; else that of the file's name; else a table for people and JSON for programs.
    pub fn choose(asked: Option<Format>, file: Option<&Path>) -> Result<Format> {
        if let Some(format) = asked {
            return Ok(format);
        }
        let Some(file) = file else {
            return Ok(if io::stdout().is_terminal() { Format::Table } else { Format::Json });
        };
        let extension = file.extension().unwrap_or_default().to_ascii_lowercase();
        match extension.to_str() {
            Some("html" | "htm") => Ok(Format::Html),
            Some("csv") => Ok(Format::Csv),
            Some("txt") => Ok(Format::Table),
            Some("json" | "jsonl" | "ndjson") => Ok(Format::Json),
            // A pipe or device, for a program like standard output.
            _ if file.exists() && !file.is_file() => Ok(Format::Json),
            _ => bail!(
                "--output `{}`: the name does not tell the form; end it in .json, .jsonl, .html, .csv or \
                 .txt, or say --format",
                visible(&file.to_string_lossy())
            ),
        }
    }

    /// Whether records are shown.
    pub const fn has_evidence(self) -> bool {
        matches!(self, Format::Json | Format::Html | Format::Ocsf | Format::Asff)
    }
}

/// Writes findings, explained where the form shows evidence.
pub fn render(
    format: Format,
    scan: &Scan,
    findings: &[StoredFinding],
    is_colored: bool,
    command: String,
) -> String {
    if format == Format::Html {
        let rows: Vec<ReportFinding<'_>> = findings
            .iter()
            .map(|it| ReportFinding {
                finding: &it.finding,
                explanation: explanation(it),
                finding_type: it.draft.finding_type,
            })
            .collect();
        return html(&scan.report(&rows, command));
    }
    plain(format, findings.iter().map(|it| &it.finding), is_colored)
}

/// Writes findings in a form that needs nothing but them; nothing as HTML.
pub fn plain<'f>(
    format: Format,
    findings: impl IntoIterator<Item = &'f Finding>,
    is_colored: bool,
) -> String {
    let plain: Vec<&Finding> = findings.into_iter().collect();
    match format {
        Format::Table if !plain.is_empty() => {
            table(&plain, TableOptions { width: width(), is_colored })
        }
        Format::Table | Format::Html => String::new(),
        Format::Json => json(plain),
        Format::Csv => csv(plain),
        Format::Ocsf => ocsf(plain),
        Format::Asff => asff(plain),
    }
}

fn explanation(stored: &StoredFinding) -> Explanation {
    stored.finding.explanation().unwrap_or_else(|| Explanation::from_draft(&stored.draft))
}

fn width() -> usize {
    terminal_size::terminal_size().map_or(WIDTH, |(width, _)| usize::from(width.0))
}

/// Whether colors are wanted (<https://no-color.org>).
pub fn is_colored(no_color: bool, file: Option<&Path>) -> bool {
    let is_refused = no_color || std::env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|it| it == "dumb");
    !is_refused && !is_dumb && file.is_none() && io::stdout().is_terminal()
}

/// Says before a long scan whether a file could be written after it. What stands in it stays until then.
pub fn check(file: Option<&Path>) -> Result<()> {
    let Some(path) = file else { return Ok(()) };
    let about = || format!("cannot write `{}`", visible(&path.to_string_lossy()));
    if path.exists() {
        fs::OpenOptions::new().append(true).open(path).with_context(about)?;
        return Ok(());
    }
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::read_dir(folder).with_context(about)?;
    Ok(())
}

/// Writes to a file, or to standard output. A reader that goes away early is no error.
pub fn write(text: &str, file: Option<&Path>) -> Result<()> {
    if let Some(path) = file {
        let about = || format!("cannot write `{}`", visible(&path.to_string_lossy()));
        return fs::write(path, text).with_context(about);
    }
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to standard output"),
    }
}

/// Says something beside the output.
pub fn say(text: &str) {
    // Nobody is left to be told when standard error is gone.
    let _gone = io::stderr().lock().write_all(text.as_bytes());
}
