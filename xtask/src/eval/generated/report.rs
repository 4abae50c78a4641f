//! The report of generated scenarios, as Markdown: the same results give the same text.

use std::fmt::Write as _;

use simulate::topology::{CASES, Verdict};
use simulate::traffic::{Activity, Group, attacks};

use super::Results;
use super::notes::notes;
use super::stat::share_lower;
use super::tally::{Others, Row};
use super::targets::{Outcome, quiet, successes, targets};

/// The report.
pub(super) fn report(results: &Results) -> String {
    let mut out = String::new();
    for part in [
        target_table,
        note_list,
        attack_table,
        quiet_table,
        success_table,
        place_table,
        rule_table,
        data,
    ] {
        out.push_str(&part(results));
        out.push('\n');
    }
    out
}

/// The table of targets.
pub(super) fn target_table(results: &Results) -> String {
    let mut out =
        "## Targets\n\n| detection | target | figure | at 95 % | |\n|---|---|---|---|---|\n"
            .to_owned();
    for it in targets(results) {
        let outcome = match it.outcome {
            Outcome::Met => "met",
            Outcome::Missed => "**missed**",
            Outcome::NotShown => "not shown",
            Outcome::Reported => "",
        };
        // Writing to a string cannot fail, here and below.
        let _ok = writeln!(
            out,
            "| {} | {} | {} | {} | {outcome} |",
            it.detection, it.aim, it.figure, it.bound
        );
    }
    out
}

/// What is missed, and why.
pub(super) fn note_list(results: &Results) -> String {
    let mut out = "## What is missed, and why\n\n".to_owned();
    let notes = notes(results);
    for note in &notes {
        let _ok = writeln!(out, "- {note}");
    }
    if notes.is_empty() {
        out.push_str("Nothing.\n");
    }
    out
}

fn attack_table(results: &Results) -> String {
    let mut out = "## Attacks\n\n\
        Found are hosts for which all types that are expected were raised.\n\
        *Worst* is the seed with the smallest share.\n\
        *Simple rule* is what 25 failures in 15 minutes, or 30 logins in 30 minutes, point at.\n\
        *Others* are further types that were raised, and for how many hosts.\n\n\
        | scenario | what happens | found | at 95 % | worst | simple rule | others |\n\
        |---|---|---|---|---|---|---|\n"
        .to_owned();
    for activity in attacks() {
        let Some(row) = results.tally.rows.get(activity.name) else { continue };
        let rule = match activity.group {
            Group::Scan | Group::ScanSecond | Group::ScanSlow => row.baseline[0].to_string(),
            Group::Guess | Group::Success | Group::Failure => row.baseline[1].to_string(),
            _ => "–".to_owned(),
        };
        let worst = row.by_seed.values().map(|it| it.0 as f64 / it.1 as f64).fold(1.0, f64::min);
        let _ok = writeln!(
            out,
            "| {} | {} | {} of {} | ≥ {:.3} | {worst:.2} | {rule} | {} |",
            activity.name,
            activity.about,
            row.found,
            row.hosts,
            share_lower(row.found, row.hosts),
            others(row, |it| it.findings.to_string())
        );
    }
    out
}

fn quiet_table(results: &Results) -> String {
    let mut out = "## Where nothing is wrong\n\n\
        A finding is one for each host and type; in brackets how many of them were first seen on the first day of \
        the logs, and how often they were raised in all.\n\
        *Simple rules* are alarms of 25 failures in 15 minutes and of 30 logins in 30 minutes.\n\n\
        | activity | what happens | host-days | false findings | simple rules |\n|---|---|---|---|---|\n"
        .to_owned();
    for activity in quiet() {
        let Some(row) = results.tally.rows.get(activity.name) else { continue };
        let [failures, logins] = row.baseline_alarms;
        let text = others(row, |it| {
            format!("{} ({} on the first day, {} times)", it.findings, it.first_day, it.occurrences)
        });
        let days = row.host_hours / 24;
        let _ok = writeln!(
            out,
            "| {} | {} | {days} | {text} | {failures}, {logins} |",
            activity.name, activity.about
        );
    }
    out
}

fn others(row: &Row, text: impl Fn(&Others) -> String) -> String {
    let all: Vec<String> =
        row.others.iter().map(|(name, it)| format!("{name}: {}", text(it))).collect();
    if all.is_empty() { "–".to_owned() } else { all.join(", ") }
}

fn success_table(results: &Results) -> String {
    let mut out = "## Likely success of guesses\n\n\
        | scenario | hosts | said to have had success |\n|---|---|---|\n"
        .to_owned();
    let is_asked =
        |it: &&Activity| matches!(it.group, Group::Success | Group::Failure | Group::Guess);
    for activity in attacks().filter(is_asked) {
        let Some(row) = results.tally.rows.get(activity.name) else { continue };
        if activity.group != Group::Guess || row.successes > 0 {
            let _ok = writeln!(out, "| {} | {} | {} |", activity.name, row.hosts, row.successes);
        }
    }
    let (right, wrong, all) = successes(results);
    let _ok = writeln!(
        out,
        "\nSaid rightly of {right} hosts of {all}, wrongly of {wrong}, over all scenarios of guesses. \
         In the open successes are rarer than here, and the precision is smaller if anything is said wrongly."
    );
    out
}

fn place_table(results: &Results) -> String {
    let mut out = "## Places that credentials of instances are used from\n\n\
        Instances by what was found; what is right is in bold.\n\n\
        | place | nothing | InsideAWS, Medium | InsideAWS, High | OutsideAWS, High |\n|---|---|---|---|---|\n"
        .to_owned();
    let columns = [Verdict::InOrder, Verdict::Affiliated, Verdict::InsideAws, Verdict::OutsideAws];
    for (case, row) in CASES.iter().zip(&results.confusion) {
        let cell = |it: Verdict| {
            let count = row.get(&it).copied().unwrap_or(0);
            if it == case.right { format!("**{count}**") } else { count.to_string() }
        };
        let _ok = writeln!(out, "| {} | {} |", case.name, columns.map(cell).join(" | "));
    }
    out
}

fn rule_table(results: &Results) -> String {
    let mut out = "## Compared with simple rules\n\n\
        | rule | attacks pointed at | by Guardpost | alarms where nothing is wrong, per 1,000 host-days | by Guardpost |\n\
        |---|---|---|---|---|\n"
        .to_owned();
    let scans = [Group::Scan, Group::ScanSecond, Group::ScanSlow];
    let guesses = [Group::Guess, Group::Success, Group::Failure];
    let rules = [
        ("25 distinct failures in 15 minutes", 0, &scans, super::tally::SCANS),
        ("30 logins of a pair in 30 minutes", 1, &guesses, super::tally::GUESSES),
    ];
    for (name, rule, groups, types) in rules {
        let rows = attacks().filter(|it| groups.contains(&it.group));
        let rows: Vec<&Row> = rows.filter_map(|it| results.tally.rows.get(it.name)).collect();
        let sum = |of: &dyn Fn(&Row) -> u64| rows.iter().map(|it| of(it)).sum::<u64>();
        let (pointed, found, hosts) =
            (sum(&|it| it.baseline[rule]), sum(&|it| it.found), sum(&|it| it.hosts));
        let (mut alarms, mut raised, mut hours) = (0, 0, 0);
        for row in quiet().filter_map(|it| results.tally.rows.get(it.name)) {
            alarms += row.baseline_alarms[rule];
            raised += row.others_of(types).occurrences;
            hours += row.host_hours;
        }
        let per = |count: u64| count as f64 * 24_000.0 / hours as f64;
        let _ok = writeln!(
            out,
            "| {name} | {pointed} of {hosts} | {found} of {hosts} | {:.1} | {:.1} |",
            per(alarms),
            per(raised)
        );
    }
    out.push_str(
        "\nBoth columns of alarms count every occurrence, not only the first of a host.\n",
    );
    out
}

fn data(results: &Results) -> String {
    let tally = &results.tally;
    let seeds: Vec<String> = tally.seeds.iter().map(u64::to_string).collect();
    format!(
        "## Data\n\n\
         {} worlds with {} lines of flow logs, version 5 with TCP flags, half of the worlds in records of one minute \
         and half of ten; seeds {}; every host is scanned with nothing known of it: no description, no list but those \
         of mining pools and Tor relays.\n\
         Findings that belong to none of the hosts: {}.\n\
         Settings are the defaults, hash {:016x}; the places of credentials declare the egress VPC and the range of \
         the office.\n",
        tally.worlds,
        tally.lines,
        seeds.join(", "),
        tally.stray,
        results.settings
    )
}
