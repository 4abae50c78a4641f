//! `guardpost intel`: lists from public feeds and files, kept between runs.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use intel::Category;
use model::Timestamp;
use serde::Serialize;

use crate::cli::{
    IntelAddArgs, IntelArgs, IntelCommand, IntelListArgs, IntelLookupArgs, IntelUpdateArgs,
    ListFormat, StoredArgs,
};
use crate::config::Config;
use crate::intel::directory::{Directory, LIST_MAX, is_name, read};
use crate::intel::index::{Confidence, Entry, Index, age, entries};
use crate::intel::load::{self, Loaded};
use crate::intel::lookup::{Answer, Hit, Value, look_up};
use crate::intel::settings::IntelConfig;
use crate::intel::update::{Addition, Manner, Outcome, Report, add, update};
use crate::knowledge::{Collector, category_and_path, unpacked};
use crate::output::{say, write};
use crate::text::{count, visible, wrap};

/// Some feed could not be refreshed.
const FAILED: u8 = 1;
/// Columns of the lists' line in the summary.
const LINE_WIDTH: usize = 90;

/// Runs one of the commands and gives its exit code.
pub fn run(command: &IntelCommand) -> Result<u8> {
    match command {
        IntelCommand::Update(args) => run_update(args),
        IntelCommand::Add(args) => run_add(args).map(|()| 0),
        IntelCommand::List(args) => run_list(args).map(|()| 0),
        IntelCommand::Lookup(args) => run_lookup(args).map(|()| 0),
    }
}

/// Adds the lists of the intel directory that a run is to use. Without `--intel-dir` there may be none.
pub(super) fn stored(
    args: &StoredArgs,
    config: &IntelConfig,
    collector: &mut Collector,
) -> Result<()> {
    let directory = match &args.intel_dir {
        _ if args.no_intel_dir => return Ok(()),
        Some(path) => {
            let directory = Directory::new(path.clone());
            if !directory.exists() {
                let shown = directory.shown();
                bail!(
                    "--intel-dir `{shown}`: no lists; run `guardpost intel update --dir {shown}`"
                );
            }
            directory
        }
        None => match Directory::standard().filter(Directory::exists) {
            Some(directory) => directory,
            None => return Ok(()),
        },
    };
    load::load(&directory, config, crate::clock::now(), collector)
        .context("lists of the intel directory; --no-intel-dir goes without them")
}

/// What the summary of a scan says of the lists of the intel directory; empty without lists.
pub(super) fn lists_line(lists: &[Loaded]) -> String {
    if lists.is_empty() {
        return String::new();
    }
    let lists: Vec<String> = lists.iter().map(Loaded::line).collect();
    let text = wrap(&lists.join("; "), LINE_WIDTH, "          ");
    format!("Lists     {}\n", text.trim_start())
}

fn directory(path: Option<&PathBuf>) -> Result<Directory> {
    match path {
        Some(path) => Ok(Directory::new(path.clone())),
        None => Directory::standard()
            .context("neither XDG_DATA_HOME nor HOME says where your data lies: give --dir"),
    }
}

fn config(path: Option<&Path>) -> Result<IntelConfig> {
    Ok(path.map(Config::load).transpose()?.unwrap_or_default().intel)
}

fn run_update(args: &IntelUpdateArgs) -> Result<u8> {
    let IntelArgs { dir, config: path } = &args.shared;
    let (directory, config) = (directory(dir.as_ref())?, config(path.as_deref())?);
    let mut feeds = config.feeds()?;
    for name in &args.feeds {
        let shown = visible(name);
        match feeds.iter().find(|it| it.name == *name) {
            None => bail!("no feed `{shown}`; `guardpost intel list` names all"),
            Some(feed) if !feed.enabled => bail!(
                "feed `{shown}` is off ({}); to turn it on, put `enabled = true` into [intel.feeds.{shown}] of \
                 the configuration",
                feed.terms
            ),
            Some(_) => {}
        }
    }
    feeds.retain(|it| it.enabled && (args.feeds.is_empty() || args.feeds.contains(&it.name)));
    let width = feeds.iter().map(|it| it.name.len()).max().unwrap_or_default();
    let manner =
        Manner { bounds: config.bounds(), is_forced: args.force, now: crate::clock::now() };
    let reports = update(&directory, &feeds, manner, &mut |report| {
        say(&report_line(report, width, manner.now));
    })?;
    let with = |wanted: fn(&Outcome) -> bool| {
        reports.iter().filter(|it| wanted(&it.outcome)).count() as u64
    };
    let failed = with(|it| matches!(it, Outcome::Failed(_)));
    let loaded = with(|it| matches!(it, Outcome::Loaded { .. }));
    let feeds = count(reports.len() as u64, "feed");
    write(&format!("{feeds}: {loaded} loaded, {failed} failed; {}\n", directory.shown()), None)?;
    Ok(if failed > 0 { FAILED } else { 0 })
}

fn report_line(report: &Report, width: usize, now: Timestamp) -> String {
    let name = &report.name;
    let kept = |entry: &Entry| {
        format!("{}, {} old, in use", entries(entry.entries), age(entry.age_secs(now)))
    };
    let (what, text) = match (&report.outcome, &report.entry) {
        (Outcome::Loaded { before }, Some(entry)) => {
            let before = before.map_or_else(|| "new".to_owned(), |it| format!("{it} before"));
            let refused = match entry.refused {
                0 => String::new(),
                refused => format!(", {} not used", count(refused, "line")),
            };
            let hash = &entry.sha256;
            ("loaded", format!("{} ({before}){refused}, SHA-256 {hash}", entries(entry.entries)))
        }
        (Outcome::Loaded { .. }, None) => ("loaded", String::new()),
        (Outcome::NotModified, entry) => {
            ("same", entry.as_ref().map_or_else(String::new, |it| entries(it.entries)))
        }
        (Outcome::Fresh, entry) => ("not due", entry.as_ref().map_or_else(String::new, kept)),
        (Outcome::Failed(why), Some(entry)) => ("FAILED", format!("{why}; {}", kept(entry))),
        (Outcome::Failed(why), None) => ("FAILED", format!("{why}; there is no list of it")),
    };
    format!("{name:<width$}  {what:<7}  {text}\n")
}

fn run_add(args: &IntelAddArgs) -> Result<()> {
    let directory = directory(args.dir.as_ref())?;
    let about = || format!("cannot add `{}`", visible(&args.file));
    let (category, path) = category_and_path(&args.file).with_context(about)?;
    let path = Path::new(path);
    let name = match &args.name {
        Some(name) => name.clone(),
        None => name_of(path),
    };
    if !is_name(&name) {
        bail!("{}: --name takes lower-case letters, digits, `-` and `_`, at most 64", about());
    }
    if IntelConfig::default().feeds()?.iter().any(|it| it.name == name) {
        bail!("{}: `{name}` is the name of a feed; give another by --name", about());
    }
    let bytes = read(path, LIST_MAX).with_context(about)?;
    let bytes = unpacked(bytes, LIST_MAX).with_context(about)?;
    let source = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let source = source.to_string_lossy().into_owned();
    let addition = Addition { name: &name, category, source, bytes: &bytes };
    let (entry, problem) = add(&directory, addition, crate::clock::now())?;
    let count_of = entries(entry.entries);
    write(&format!("{name} ({category}): {count_of} in {}\n", directory.shown()), None)?;
    if let Some(problem) = problem {
        say(&format!("note: {} not used; {problem}\n", count(entry.refused, "line")));
    }
    Ok(())
}

/// A name for the list of a file.
fn name_of(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    let is_kept = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_';
    let name: String = stem.chars().map(|it| if is_kept(it) { it } else { '-' }).take(64).collect();
    name.trim_matches('-').to_owned()
}

/// A list or a feed as `intel list` shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    name: String,
    category: Category,
    enabled: bool,
    entries: Option<u64>,
    age_secs: Option<u64>,
    stale: bool,
    confidence: Confidence,
    license: String,
    source: String,
    fetched: Option<String>,
    sha256: Option<String>,
    last_error: Option<String>,
}

fn run_list(args: &IntelListArgs) -> Result<()> {
    let IntelArgs { dir, config: path } = &args.shared;
    let (directory, config) = (directory(dir.as_ref())?, config(path.as_deref())?);
    let rows = rows(&directory.index()?, &config, crate::clock::now())?;
    let text = match args.format {
        ListFormat::Json => {
            let mut text = serde_json::to_string_pretty(&rows).context("cannot write the list")?;
            text.push('\n');
            text
        }
        ListFormat::Table => table(&rows, &directory),
    };
    write(&text, None)
}

fn rows(index: &Index, config: &IntelConfig, now: Timestamp) -> Result<Vec<Row>> {
    let stored = index.lists.iter().map(|it| Row {
        name: it.name.clone(),
        category: it.category,
        enabled: config.is_used(&it.name),
        entries: Some(it.entries),
        age_secs: Some(it.age_secs(now)),
        stale: it.is_stale(now),
        confidence: it.confidence,
        license: it.license.clone(),
        source: it.source.clone(),
        fetched: Some(it.fetched.to_string()),
        sha256: Some(it.sha256.clone()),
        last_error: Some(it.last_error.clone()).filter(|it| !it.is_empty()),
    });
    let feeds = config.feeds()?.into_iter().filter(|it| index.get(&it.name).is_none());
    let feeds = feeds.map(|it| Row {
        name: it.name,
        category: it.category,
        enabled: it.enabled,
        entries: None,
        age_secs: None,
        stale: false,
        confidence: it.confidence,
        license: it.terms,
        source: it.url,
        fetched: None,
        sha256: None,
        last_error: None,
    });
    let mut rows: Vec<Row> = stored.chain(feeds).collect();
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(rows)
}

fn table(rows: &[Row], directory: &Directory) -> String {
    let head = ["NAME", "CATEGORY", "STATE", "ENTRIES", "AGE", "CONFIDENCE", "LICENSE", "SOURCE"];
    let mut cells = vec![head.map(str::to_owned)];
    for it in rows {
        let state = match (it.enabled, it.entries) {
            (false, _) => "off",
            (true, None) => "not loaded",
            (true, Some(_)) if it.stale => "stale",
            (true, Some(_)) => "on",
        };
        let dash = || "-".to_owned();
        cells.push([
            visible(&it.name),
            it.category.as_str().to_owned(),
            state.to_owned(),
            it.entries.map_or_else(dash, crate::text::thousands),
            it.age_secs.map_or_else(dash, age),
            it.confidence.as_str().to_owned(),
            visible(&it.license),
            visible(&it.source),
        ]);
    }
    let mut widths = [0; 8];
    for row in &cells {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut out = String::new();
    for row in &cells {
        let mut line = String::new();
        for (width, cell) in widths.iter().zip(row) {
            // Writing to a string cannot fail.
            let _ok = write!(line, "{cell:<width$}  ");
        }
        let _ok = writeln!(out, "{}", line.trim_end());
    }
    let _ok = writeln!(out, "\nDirectory: {}", directory.shown());
    for it in rows {
        if let Some(error) = &it.last_error {
            let _ok = writeln!(out, "{} could not be refreshed: {}", it.name, visible(error));
        }
    }
    out
}

fn run_lookup(args: &IntelLookupArgs) -> Result<()> {
    let IntelArgs { dir, config: path } = &args.shared;
    let value = Value::parse(&args.value)?;
    let config = config(path.as_deref())?;
    let directory = match dir {
        Some(path) => Some(Directory::new(path.clone())),
        None => Directory::standard().filter(Directory::exists),
    };
    let mut collector = Collector::new();
    args.geo.iter().try_for_each(|it| collector.places(it))?;
    let mut index = Index::default();
    if let Some(directory) = &directory {
        load::load(directory, &config, crate::clock::now(), &mut collector)?;
        index = directory.index()?;
    }
    let knowledge = collector.build();
    for warning in &knowledge.warnings {
        say(&format!("note: {warning}\n"));
    }
    let stored = directory.as_ref().map(|it| (it, &index));
    let answer = look_up(&value, &knowledge.intel, stored);
    let text = match args.format {
        ListFormat::Json => {
            let mut text =
                serde_json::to_string_pretty(&answer).context("cannot write the answer")?;
            text.push('\n');
            text
        }
        ListFormat::Table => shown(&answer),
    };
    write(&text, None)
}

fn shown(answer: &Answer) -> String {
    let mut out = format!("{}\n", visible(&answer.value));
    let mut line = |label: &str, text: &str| {
        // Writing to a string cannot fail.
        let _ok = writeln!(out, "{label:<12}{text}");
    };
    if let Some(place) = &answer.place {
        let city = place.city.as_deref().map_or_else(String::new, |it| format!("{it}, "));
        line("Place", &visible(&format!("{city}{} ({})", place.country, place.country_code)));
        if place.asn != 0 {
            line("Network", &visible(&format!("AS{} {}", place.asn, place.organization)));
        }
    }
    if let Some(registrable) = &answer.registrable {
        line("Domain", &visible(registrable));
    }
    if let Some(matched) = answer.matched.as_ref().filter(|it| **it != answer.value) {
        line("Listed as", &visible(matched));
    }
    let categories: Vec<&str> = answer.categories.iter().map(|it| it.as_str()).collect();
    let categories = if categories.is_empty() { "none".to_owned() } else { categories.join(", ") };
    line("Categories", &categories);
    for hit in &answer.hits {
        line("", &hit_line(hit));
        if let Some(text) = &hit.line {
            line("", &format!("  {text}"));
        }
    }
    out
}

fn hit_line(hit: &Hit) -> String {
    let mut text = format!("{}: {}", hit.category, visible(&hit.list));
    if let Some(threat) = &hit.threat {
        let _ok = write!(text, ", {threat}");
    }
    if let Some(confidence) = hit.confidence {
        let _ok = write!(text, ", confidence {}", confidence.as_str());
    }
    if let (Some(fetched), Some(added)) = (&hit.fetched, &hit.added) {
        let _ok = write!(text, ", loaded {fetched}, list kept since {added}");
    }
    text
}
