//! A world played: its logs are written into a folder, scanned as any others, and the folder is removed.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};
use simulate::traffic::{LISTED, Plan, World, interface_id, listed_address};

use super::baseline::Baseline;
use crate::eval::finding::Finding;
use crate::eval::product::Product;

/// What was found of one host.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Found {
    /// Findings by type: whether there is a likely success, occurrences.
    pub(super) types: BTreeMap<String, Raised>,
}

/// A finding.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Raised {
    pub(super) findings: u64,
    pub(super) occurrences: u64,
    pub(super) is_success: bool,
    /// Seconds since 1970 of the earliest.
    pub(super) is_on_first_day: bool,
}

/// What a world gave.
pub(super) struct Played {
    pub(super) plan: Plan,
    pub(super) lines: u64,
    /// By number of the host.
    pub(super) found: BTreeMap<u32, Found>,
    pub(super) baseline: Baseline,
    /// Findings that belong to no host.
    pub(super) stray: u64,
}

/// Plays a world and scans it.
pub(super) fn play(plan: Plan, product: &Product) -> Result<Played> {
    let folder = tempfile::tempdir()?;
    let mut world = World::new(plan.clone());
    let mut baseline = Baseline::default();
    let mut hour = plan.start;
    while let Some(file) = world.next_file(&mut |line| baseline.see(line)) {
        hour += 3600;
        baseline.judge(hour);
        let path = folder.path().join(&file.key);
        fs::create_dir_all(path.parent().context("a key has folders")?)?;
        fs::write(&path, file.bytes)?;
    }
    let lines = world.lines();
    let mut args = Vec::new();
    for (category, numbers) in LISTED {
        let path = folder.path().join(format!("{category}.txt"));
        let entries: Vec<String> = numbers.map(listed_address).collect();
        fs::write(&path, entries.join("\n"))?;
        args.extend(["--threat-list".to_owned(), format!("{category}={}", path.display())]);
    }
    let findings = product.findings(&folder.path().join("AWSLogs"), &args)?;
    let (found, stray) = by_host(&findings, &plan)?;
    Ok(Played { plan, lines, found, baseline, stray })
}

/// Findings by the host whose interface they name.
fn by_host(findings: &[Finding], plan: &Plan) -> Result<(BTreeMap<u32, Found>, u64)> {
    let numbers: BTreeMap<String, u32> =
        (0..).zip(&plan.hosts).map(|(number, _)| (interface_id(number), number)).collect();
    let first_day = model_time(plan.start + 86_400);
    let (mut found, mut stray) = (BTreeMap::new(), 0);
    for finding in findings {
        let Some(number) = finding.interface().and_then(|it| numbers.get(it)) else {
            stray += 1;
            continue;
        };
        let host: &mut Found = found.entry(*number).or_default();
        let raised = host.types.entry(finding.kind.clone()).or_default();
        raised.findings += 1;
        raised.occurrences += finding.count();
        raised.is_success |= finding.is_likely_success();
        raised.is_on_first_day |=
            finding.first_seen().context("a finding has no time")? < first_day.as_str();
    }
    Ok((found, stray))
}

/// As findings write times, to be compared as text.
fn model_time(at: i64) -> String {
    simulate::time::time(at)
}
