//! `guardpost scan`: logs to findings.

use anyhow::Result;
use findings::Finding;
use findings::format::summary as findings_line;
use store::StoredFinding;

use crate::baseline::Baseline;
use crate::cli::ScanArgs;
use crate::config::Config;
use crate::filter::Filter;
use crate::knowledge::{Collector, Knowledge};
use crate::output::{self, Format, say};
use crate::pipeline::Observer;
use crate::progress::Bar;
use crate::scan::{self, Request, Scan};
use crate::sources;
use crate::summary::summary;
use crate::tuning::Scores;
use crate::window::Window;

/// `--fail-on`: there is such a finding.
const FOUND: u8 = 2;
/// `--strict`: something was skipped.
const SKIPPED: u8 = 3;

/// Runs the command and gives its exit code.
pub fn run(args: &ScanArgs) -> Result<u8> {
    // Everything that can be wrong with the request is checked before a log is opened.
    let window = Window::parse(args.since.as_deref(), args.until.as_deref())?;
    let filter = Filter::new(&args.types, args.min_severity)?;
    let mut config = args.config.as_deref().map(Config::load).transpose()?.unwrap_or_default();
    config.select(&args.custom_rules, args.strict_catalogue)?;
    let floors = args.shadow.map(|_| super::tune::listen(&mut config)).transpose()?;
    let mut scores = floors.as_ref().map(|_| Scores::new(filter.clone(), true));
    let knowledge = knowledge(args, &config)?;
    let lists = super::intel::lists_line(&knowledge.stored);
    let baseline = args.baseline.as_deref().map(Baseline::open).transpose()?;
    let file = args.output.as_deref();
    output::check(file)?;
    let format = Format::choose(args.format, file)?;
    let found = sources::find(&args.paths, file, config.scan.file_bytes)?;
    let request = Request {
        found,
        knowledge,
        config,
        window,
        threads: args.threads.map(usize::from),
        is_hashed: format == Format::Html,
        baseline,
    };
    let mut nobody = ();
    let observer: &mut dyn Observer = match &mut scores {
        Some(scores) => scores,
        None => &mut nobody,
    };
    let scan = execute_observed(request, args.quiet, observer)?;
    let findings = scan.findings(&filter);
    let (findings, lost) = explained(&scan, &findings, format);
    let is_colored = output::is_colored(args.no_color, file);
    let text = output::render(format, &scan, &findings, is_colored, command_line());
    output::write(&text, file)?;
    if !args.quiet {
        let plain = findings.iter().map(|it| &it.finding);
        let written = file.map(|it| format!(" in {}", crate::text::visible(&it.to_string_lossy())));
        let line = format!("{}{}", findings_line(plain), written.unwrap_or_default());
        let gap =
            if format == Format::Table && !text.is_empty() && file.is_none() { "\n" } else { "" };
        say(&format!("{gap}{line}\n{lists}{}", summary(&scan, lost)));
    }
    if let (Some(scores), Some(floors), Some(budget)) = (&scores, &floors, args.shadow) {
        let tunings = super::tune::tunings(scores, floors, &scan, budget);
        say(&super::tune::proposals(&tunings, budget));
    }
    Ok(exit_code(args, &scan, findings.iter().map(|it| &it.finding)))
}

/// Runs a scan with a bar at the terminal.
pub(super) fn execute_shown(request: Request, is_quiet: bool) -> Result<Scan> {
    execute_observed(request, is_quiet, &mut ())
}

/// Runs a scan with a bar at the terminal, and somebody who looks at its batches.
pub(super) fn execute_observed(
    request: Request,
    is_quiet: bool,
    observer: &mut dyn Observer,
) -> Result<Scan> {
    let bar = std::cell::RefCell::new(Bar::new(is_quiet));
    let scan = scan::execute_observed(
        request,
        observer,
        &mut |bytes, files| bar.borrow_mut().begin(bytes, files),
        &mut |progress| bar.borrow_mut().show(progress),
    );
    bar.borrow().end();
    scan
}

/// The findings with evidence where the form shows it: fetching it reads objects again.
fn explained(
    scan: &Scan,
    findings: &[&StoredFinding],
    format: Format,
) -> (Vec<StoredFinding>, u64) {
    if format.has_evidence() {
        scan.explained(findings)
    } else {
        (findings.iter().map(|&it| it.clone()).collect(), 0)
    }
}

/// What the options give beside the logs.
pub(super) fn knowledge(args: &ScanArgs, config: &Config) -> Result<Knowledge> {
    let mut collector = Collector::new();
    super::intel::stored(&args.stored, &config.intel, &mut collector)?;
    args.threat_list.iter().try_for_each(|it| collector.threat_list(it))?;
    args.trusted_list.iter().try_for_each(|it| collector.trusted_list(it))?;
    args.inventory.iter().try_for_each(|it| collector.inventory_file(it))?;
    args.geo.iter().try_for_each(|it| collector.places(it))?;
    Ok(collector.build())
}

/// A finding that was asked for goes before what was skipped: it is what must be looked at first.
fn exit_code<'a>(args: &ScanArgs, scan: &Scan, mut shown: impl Iterator<Item = &'a Finding>) -> u8 {
    if args.fail_on.is_some_and(|band| shown.any(|it| it.band() >= band)) {
        FOUND
    } else if args.strict && scan.failed() > 0 {
        SKIPPED
    } else {
        0
    }
}

/// The command line as it was given.
pub(super) fn command_line() -> String {
    let quote = |it: String| {
        if it.contains([' ', '*', '?', '"', '$', '`']) { format!("'{it}'") } else { it }
    };
    let mut words = std::env::args_os().map(|it| it.to_string_lossy().into_owned());
    let program = words.next().unwrap_or_default();
    let program = program.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    let words: Vec<String> = std::iter::once(program).chain(words.map(quote)).collect();
    words.join(" ")
}
