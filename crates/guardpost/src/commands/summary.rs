//! `guardpost summary`: what the logs say of one principal or instance.

use anyhow::{Context as _, Result};
use findings::format::visible_json;

use crate::cli::{ListFormat, ScanArgs, SummaryArgs};
use crate::config::Config;
use crate::filter::Filter;
use crate::output::{self, say};
use crate::scan::Request;
use crate::sources;
use crate::subject::{self, Collector, table, view};
use crate::summary::summary;
use crate::text::visible;
use crate::window::Window;

/// Runs the command.
pub fn run(args: &SummaryArgs) -> Result<()> {
    let subject = subject::subject(args.principal.as_deref(), args.instance.as_deref())?;
    let window = Window::parse(args.since.as_deref(), args.until.as_deref())?;
    let config = args.config.as_deref().map(Config::load).transpose()?.unwrap_or_default();
    let knowledge = super::scan::knowledge(&asked(args), &config)?;
    let lists = super::intel::lists_line(&knowledge.stored);
    let intel = knowledge.intel.clone();
    let file = args.output.as_deref();
    output::check(file)?;
    let found = sources::find(&args.paths, file, config.scan.file_bytes)?;
    let threads = args.threads.map(usize::from);
    let request =
        Request { found, knowledge, config, window, threads, is_hashed: false, baseline: None };
    let mut collector = Collector::new(subject.clone());
    let scan = super::scan::execute_observed(request, args.quiet, &mut collector)?;
    let mut findings = scan.findings(&Filter::default());
    findings.retain(|it| subject.concerns(&it.finding, |id| collector.is_own(id)));
    let view = view(&collector, &findings, &intel, usize::from(args.top));
    let format = args.format.unwrap_or_else(|| form(args));
    let text = match format {
        ListFormat::Json => {
            let text = serde_json::to_string_pretty(&view).context("cannot write the summary")?;
            format!("{}\n", visible_json(&text))
        }
        ListFormat::Table => table(&view),
    };
    output::write(&text, file)?;
    if !view.others.is_empty() {
        let others: Vec<String> = view.others.iter().map(|it| visible(it)).collect();
        say(&format!("Hint      seen in these logs instead:\n  {}\n", others.join("\n  ")));
    }
    if !args.quiet {
        let gap = if file.is_none() { "\n" } else { "" };
        say(&format!("{gap}{lists}{}", summary(&scan, 0)));
    }
    Ok(())
}

/// The form by the name of the file; a table where it says nothing.
fn form(args: &SummaryArgs) -> ListFormat {
    let extension = args.output.as_deref().and_then(|it| it.extension());
    if extension.is_some_and(|it| it.eq_ignore_ascii_case("json")) {
        ListFormat::Json
    } else {
        ListFormat::Table
    }
}

/// What `scan` would be asked for.
fn asked(args: &SummaryArgs) -> ScanArgs {
    ScanArgs {
        threat_list: args.threat_list.clone(),
        trusted_list: args.trusted_list.clone(),
        inventory: args.inventory.clone(),
        geo: args.geo.clone(),
        stored: args.stored.clone(),
        ..ScanArgs::default()
    }
}
