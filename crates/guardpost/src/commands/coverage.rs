//! `guardpost coverage`: which types of finding could be raised on these logs, and what to change.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use findings::Data;
use intel::Category;
use model::Timestamp;
use serde::Serialize;

use crate::catalog;
use crate::cli::{CoverageArgs, ListFormat, ScanArgs};
use crate::config::Config;
use crate::coverage::{Coverage, Given, State, has_custom_rules, judge};
use crate::output::write;
use crate::scan::Request;
use crate::sources;
use crate::text::{count, minutes};
use crate::window::Window;

/// Runs the command.
pub fn run(args: &CoverageArgs) -> Result<()> {
    let window = Window::parse(args.since.as_deref(), args.until.as_deref())?;
    let config = args.config.as_deref().map(Config::load).transpose()?.unwrap_or_default();
    let asked = ScanArgs {
        threat_list: args.threat_list.clone(),
        trusted_list: args.trusted_list.clone(),
        inventory: args.inventory.clone(),
        stored: args.stored.clone(),
        ..ScanArgs::default()
    };
    let knowledge = super::scan::knowledge(&asked, &config)?;
    let (intel, has_inventory) = (knowledge.intel.clone(), knowledge.inventory.is_some());
    let stored = knowledge.stored.clone();
    let found = sources::find(&args.paths, None, config.scan.file_bytes)?;
    let types: Vec<_> = detectors::registry(&config.in_force()).finding_types();
    let has_custom_rules = has_custom_rules(&config.detectors);
    let threads = args.threads.map(usize::from);
    let request =
        Request { found, knowledge, config, window, threads, is_hashed: false, baseline: None };
    let scan = super::scan::execute_shown(request, false)?;
    let written = written(&args.threat_list);
    let tally = &scan.outcome.tally;
    let (intel, written, stored) = (&*intel, &*written, &*stored);
    let given = Given { tally, intel, written, stored, has_inventory, has_custom_rules };
    let rows = judge(&types, &given);
    let text = match args.format {
        ListFormat::Json => json(&rows, &given)?,
        ListFormat::Table => table(&rows, &given),
    };
    write(&text, None)
}

/// When the files of lists were last written.
fn written(lists: &[String]) -> Vec<(Category, Timestamp)> {
    let mut written = Vec::new();
    for argument in lists {
        let (category, path) = match argument.split_once('=') {
            Some((category, path)) if !Path::new(argument).exists() => (category.parse(), path),
            _ => (Ok(Category::Threat), argument.as_str()),
        };
        let time = std::fs::metadata(path).and_then(|it| it.modified()).ok();
        let since = time.and_then(|it| it.duration_since(std::time::UNIX_EPOCH).ok());
        if let (Ok(category), Some(since)) = (category, since) {
            let secs = i64::try_from(since.as_secs()).unwrap_or(i64::MAX / 1000);
            written.push((category, Timestamp::from_secs(secs)));
        }
    }
    written
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Source {
    kind: &'static str,
    records: u64,
    accounts: usize,
    first: Timestamp,
    last: Timestamp,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    #[serde(rename = "type")]
    finding_type: &'static str,
    family: &'static str,
    state: State,
    data: Vec<&'static str>,
    gaps: Vec<Missing<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Missing<'a> {
    what: &'a str,
    remedy: &'a str,
    is_blocking: bool,
}

#[derive(Serialize)]
struct Whole<'a> {
    sources: Vec<Source>,
    types: Vec<Row<'a>>,
}

fn json(rows: &[Coverage], given: &Given<'_>) -> Result<String> {
    let sources = given.tally.kinds().map(|(kind, it)| Source {
        kind: kind.as_str(),
        records: it.records,
        accounts: it.accounts.len(),
        first: it.first,
        last: it.last,
    });
    let types = rows.iter().map(|it| {
        let name = it.finding_type.name;
        let gaps = it.gaps.iter().map(|gap| Missing {
            what: &gap.what,
            remedy: &gap.remedy,
            is_blocking: gap.is_blocking,
        });
        Row {
            finding_type: name,
            family: catalog::find_served(name).map_or("", |it| it.family),
            state: it.state(),
            data: it.finding_type.data.iter().copied().map(Data::as_str).collect(),
            gaps: gaps.collect(),
        }
    });
    let whole = Whole { sources: sources.collect(), types: types.collect() };
    let mut text = serde_json::to_string_pretty(&whole).context("cannot write the table")?;
    text.push('\n');
    Ok(text)
}

fn table(rows: &[Coverage], given: &Given<'_>) -> String {
    let mut out = String::new();
    let width = rows.iter().map(|it| it.finding_type.name.len()).max().unwrap_or_default();
    // Writing to a string cannot fail.
    let _ok = writeln!(out, "{:<width$}  {:<7}  WHAT IS MISSING", "TYPE", "STATE");
    for it in rows {
        let line =
            format!("{:<width$}  {:<7}  {}", it.finding_type.name, it.state().as_str(), it.note());
        let _ok = writeln!(out, "{}", line.trim_end());
    }
    let with = |state| rows.iter().filter(|it| it.state() == state).count() as u64;
    let _ok = writeln!(
        out,
        "\n{}: {} ready, {} limited, {} blind",
        count(rows.len() as u64, "finding type"),
        with(State::Ready),
        with(State::Limited),
        with(State::Blind)
    );
    for (kind, it) in given.tally.kinds() {
        let (records, first, last) =
            (count(it.records, "record"), minutes(it.first), minutes(it.last));
        let _ok = writeln!(out, "Read      {}: {records}, {first} to {last}", kind.as_str());
    }
    for (remedy, gap_count, blocked) in remedies(rows) {
        let blind = if blocked > 0 { format!(", {blocked} of them blind") } else { String::new() };
        let types = count(gap_count, "type");
        let _ok = writeln!(out, "Change    {remedy} ({types}{blind})");
    }
    out
}

/// What to change: how many types it concerns, and how many of them cannot be raised; what helps most first.
fn remedies(rows: &[Coverage]) -> Vec<(&str, u64, u64)> {
    let mut remedies: Vec<(&str, u64, u64)> = Vec::new();
    for gap in rows.iter().flat_map(|it| &it.gaps) {
        let blocked = u64::from(gap.is_blocking);
        match remedies.iter_mut().find(|it| it.0 == gap.remedy) {
            Some(it) => (it.1, it.2) = (it.1 + 1, it.2 + blocked),
            None => remedies.push((&gap.remedy, 1, blocked)),
        }
    }
    remedies.sort_by(|a, b| (b.2, b.1).cmp(&(a.2, a.1)).then(a.0.cmp(b.0)));
    remedies
}
