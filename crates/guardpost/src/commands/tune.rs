//! `guardpost tune`: how many findings each threshold would have given on one's own archive.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Result, bail};
use findings::format::visible_json;
use serde_json::json;

use crate::cli::{ListFormat, ScanArgs, TuneArgs};
use crate::config::Config;
use crate::filter::Filter;
use crate::output::{say, write};
use crate::scan::{Request, Scan};
use crate::sources;
use crate::summary::summary;
use crate::tally::Kind;
use crate::text::{count, thousands, visible, wrap};
use crate::tuning::{LOWEST, Scores, Setting, Tuning};
use crate::window::Window;

/// Entries of each list.
const LIST_MAX: usize = 8;
const EXAMPLES_MAX: usize = 5;
const WIDTH: usize = 96;

/// Runs the command.
pub fn run(args: &TuneArgs) -> Result<()> {
    let window = Window::parse(args.since.as_deref(), args.until.as_deref())?;
    let filter = Filter::new(&args.types, None)?;
    let mut config = args.config.as_deref().map(Config::load).transpose()?.unwrap_or_default();
    let floors = listen(&mut config)?;
    let knowledge = super::scan::knowledge(&asked(args), &config)?;
    let found = sources::find(&args.paths, None, config.scan.file_bytes)?;
    let threads = args.threads.map(usize::from);
    let request =
        Request { found, knowledge, config, window, threads, is_hashed: false, baseline: None };
    let mut scores = Scores::new(filter, false);
    let scan = super::scan::execute_observed(request, args.quiet, &mut scores)?;
    let tunings = tunings(&scores, &floors, &scan, args.budget);
    let text = match args.format {
        ListFormat::Json => {
            let value = json!({ "budget": args.budget, "families": tunings });
            format!("{}\n", visible_json(&format!("{value:#}")))
        }
        ListFormat::Table => tunings.iter().map(|it| table(it, args.budget)).collect(),
    };
    write(&text, None)?;
    if !args.quiet {
        say(&format!("\n{}", summary(&scan, 0)));
    }
    Ok(())
}

/// Makes the families that score tell all scores. Gives their thresholds as they were.
pub(super) fn listen(config: &mut Config) -> Result<BTreeMap<&'static str, u32>> {
    let floors = Scores::listen(&mut config.detectors);
    if floors.is_empty() {
        bail!(
            "no family that scores is on: enable `anomalous_behavior` in [detectors.iam.…] or [detectors.s3.…]"
        );
    }
    Ok(floors)
}

/// What each family's thresholds would have given.
pub(super) fn tunings(
    scores: &Scores,
    floors: &BTreeMap<&'static str, u32>,
    scan: &Scan,
    budget: f64,
) -> Vec<Tuning> {
    let days = judged_days(scan);
    floors.iter().map(|(section, floor)| scores.tuning(section, *floor, days, budget)).collect()
}

/// Days of the logs behind those that are learnt from.
fn judged_days(scan: &Scan) -> u32 {
    let calls = || scan.outcome.tally.kinds();
    let calls = || calls().filter(|it| !matches!(it.0, Kind::Flow | Kind::Query)).map(|it| it.1);
    let span = calls().map(|it| it.first).min().zip(calls().map(|it| it.last).max());
    let days = span.map_or(0, |(first, last)| last.day() - first.day() + 1);
    let learnt = i64::from(scan.learning_days.unwrap_or(0));
    u32::try_from(days - learnt).unwrap_or(0)
}

/// What a scan in shadow mode says instead of raising.
pub(super) fn proposals(tunings: &[Tuning], budget: f64) -> String {
    let mut out = String::new();
    for it in tunings {
        let at = |value: u32| it.settings.iter().find(|it| it.floor_milli == value);
        let alarms = |value: u32| count(at(value).map_or(0, |it| it.alarms), "alarm");
        // Writing to a string cannot fail, here and below.
        let _ok = writeln!(
            out,
            "Shadow    {}: {} at floor_milli {} not raised, in {}; {} at {}, which keeps to {budget} a day",
            it.family,
            alarms(it.current),
            thousands(it.current.into()),
            count(it.days.into(), "judged day"),
            alarms(it.proposed),
            thousands(it.proposed.into())
        );
    }
    out
}

fn table(tuning: &Tuning, budget: f64) -> String {
    let mut out = String::new();
    let _ok = writeln!(
        out,
        "{}: {} judged, floor_milli is {}; {} keeps to {budget} a day\n",
        tuning.family,
        count(tuning.days.into(), "day"),
        thousands(tuning.current.into()),
        thousands(tuning.proposed.into())
    );
    if tuning.days == 0 {
        out.push_str(
            "  The logs are no longer than what is learnt from: give some more weeks.\n\n",
        );
        return out;
    }
    if tuning.settings.first().is_none_or(|it| it.alarms == 0) {
        let _ok = writeln!(out, "  No hour scored {} or more.\n", thousands(LOWEST.into()));
        return out;
    }
    let _ok = writeln!(out, "  floor_milli            findings  alarms  a day  most on a day");
    for it in &tuning.settings {
        row(&mut out, tuning, it);
    }
    if let Some(it) = tuning.settings.iter().find(|it| it.floor_milli == tuning.proposed) {
        let _ok = writeln!(out, "\n  At {}:", thousands(tuning.proposed.into()));
        list(&mut out, "by day", &it.by_day, false);
        list(&mut out, "by entity", &it.by_entity, true);
    }
    for it in tuning.examples.iter().take(EXAMPLES_MAX) {
        let _ok = writeln!(
            out,
            "\n  {}  {:.3}  {}  {}",
            it.time.get(..16).unwrap_or(&it.time).replace('T', " "),
            f64::from(it.score_milli) / 1000.0,
            it.finding_type,
            visible(&it.entity)
        );
        let _ok = writeln!(out, "{}", wrap(&visible(&it.text), WIDTH, "    "));
    }
    if tuning.lost > 0 {
        let _ok = writeln!(out, "\n  {} beyond what is kept", count(tuning.lost, "alarm"));
    }
    let _ok = writeln!(
        out,
        "\n  To take it over:\n    [detectors.{}]\n    floor_milli = {}\n",
        tuning.family, tuning.proposed
    );
    out
}

fn row(out: &mut String, tuning: &Tuning, it: &Setting) {
    let mark = match it.floor_milli {
        value if value == tuning.current && value == tuning.proposed => "now, proposed",
        value if value == tuning.current => "now",
        value if value == tuning.proposed => "proposed",
        _ => "",
    };
    // The day with most alarms, the earliest among equals.
    let most = it.by_day.iter().max_by(|a, b| a.1.cmp(b.1).then_with(|| b.0.cmp(a.0)));
    let most = most.map_or(String::new(), |(day, number)| format!("{number} on {day}"));
    let line = format!(
        "  {:>11} {mark:<13} {:>6}  {:>6}  {:>5.1}  {most}",
        thousands(it.floor_milli.into()),
        thousands(it.findings),
        thousands(it.alarms),
        it.per_day
    );
    let _ok = writeln!(out, "{}", line.trim_end());
}

/// Names and numbers in a line; those with most first, or in their own order.
fn list(out: &mut String, what: &str, numbers: &BTreeMap<String, u64>, is_by_number: bool) {
    let mut numbers: Vec<_> = numbers.iter().collect();
    if is_by_number {
        numbers.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
    }
    let shown: Vec<String> =
        numbers.iter().take(LIST_MAX).map(|it| format!("{} {}", visible(it.0), it.1)).collect();
    let more = numbers.len().saturating_sub(LIST_MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let _ok =
        writeln!(out, "{}", wrap(&format!("{what}: {}{more}", shown.join(", ")), WIDTH, "    "));
}

/// What `scan` would be asked for.
fn asked(args: &TuneArgs) -> ScanArgs {
    ScanArgs {
        threat_list: args.threat_list.clone(),
        trusted_list: args.trusted_list.clone(),
        inventory: args.inventory.clone(),
        geo: args.geo.clone(),
        stored: args.stored.clone(),
        ..ScanArgs::default()
    }
}
