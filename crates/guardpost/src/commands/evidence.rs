//! `guardpost evidence`: the records behind a finding of a service.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail};
use store::{Owner, Scope};

use crate::cli::EvidenceArgs;
use crate::output::write;
use crate::serve;
use crate::serve::evidence::read;
use crate::text::visible;

/// Prints the records of a finding.
pub fn run(args: &EvidenceArgs) -> Result<()> {
    if !args.data_dir.join("guardpost.db").exists() {
        bail!("`{}` is not the data directory of a service", args.data_dir.display());
    }
    let store = serve::open_store(&args.data_dir)?;
    let found = store.get_findings(&Scope::all(), std::slice::from_ref(&args.id))?;
    let finding = found.into_iter().next();
    let finding = finding.with_context(|| {
        format!("there is no finding `{}`; `guardpost findings` shows them", visible(&args.id))
    })?;
    let owner = Owner { account: finding.account_id, region: finding.region };
    let kept = read(&*store, owner, &finding.id)?;
    // Writing to a string cannot fail.
    let mut text = String::new();
    let _ok = writeln!(text, "{}\n{}", finding.finding_type, visible(&finding.title));
    for it in &kept.records {
        let _ok = writeln!(
            text,
            "\n{}  {} at {}, {} bytes, SHA-256 {}\n{}",
            it.time,
            visible(&it.file),
            it.offset,
            it.length,
            it.sha256,
            visible(it.text.trim_end())
        );
    }
    if kept.records.is_empty() {
        text.push_str(
            "\nno record was kept: its log was dropped before, see serve.evidence_hours\n",
        );
    }
    write(&text, None)
}
