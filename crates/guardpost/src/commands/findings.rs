//! `guardpost findings`: what a service has found.

use anyhow::{Result, bail};
use findings::Finding;
use findings::format::summary;
use store::{FindingQuery, Scope, Store};

use crate::cli::FindingsArgs;
use crate::filter::Filter;
use crate::output::{self, Format, say};
use crate::serve;

/// Prints the findings of a data directory.
pub fn run(args: &FindingsArgs) -> Result<()> {
    let filter = Filter::new(&args.types, args.min_severity)?;
    let format = Format::choose(args.format, None)?;
    if format == Format::Html {
        bail!("--format html is for scans; give table, json, csv, ocsf or asff");
    }
    if !args.data_dir.join("guardpost.db").exists() {
        bail!("`{}` is not the data directory of a service", args.data_dir.display());
    }
    let mut findings = all(&*serve::open_store(&args.data_dir)?)?;
    findings.retain(|it| filter.shows(it) && (args.archived || !it.service.archived));
    findings.sort_by(|a, b| {
        let key = |it: &Finding| (it.severity, it.service.event_last_seen);
        key(b).cmp(&key(a)).then_with(|| a.id.cmp(&b.id))
    });
    let is_colored = output::is_colored(args.no_color, None);
    output::write(&output::plain(format, &findings, is_colored), None)?;
    say(&format!("{}\n", summary(&findings)));
    Ok(())
}

/// Every finding of a store.
fn all(store: &dyn Store) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut token = None;
    loop {
        let limit = FindingQuery::LIMIT_MAX;
        let query = FindingQuery { limit, token, ..FindingQuery::default() };
        let page = store.list_findings(&query)?;
        findings.extend(store.get_findings(&Scope::all(), &page.items)?);
        token = page.next;
        if token.is_none() {
            return Ok(findings);
        }
    }
}
