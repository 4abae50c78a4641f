//! The targets, and the figures beside them.

use simulate::topology::CASES;
use simulate::traffic::{Activity, Group, attacks, look_alikes, ordinary};

use super::Results;
use super::places;
use super::stat::{count_upper, share_lower};
use super::tally::{GUESSES, Others, Row, SCANS};

/// Whether a target is met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    Met,
    Missed,
    /// The figure is good enough, and what was seen is too little to show it at 95 %.
    NotShown,
    /// There is no target: the figure is reported.
    Reported,
}

/// A target and its figure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Target {
    pub(super) detection: &'static str,
    pub(super) aim: &'static str,
    pub(super) figure: String,
    /// What the figure is at worst, at 95 %.
    pub(super) bound: String,
    pub(super) outcome: Outcome,
}

/// What no attack is.
pub(super) fn quiet() -> impl Iterator<Item = &'static Activity> {
    ordinary().chain(look_alikes())
}

/// All targets, in the order of the table.
pub(super) fn targets(results: &Results) -> Vec<Target> {
    let of = |groups: &'static [Group]| attacks().filter(|it| groups.contains(&it.group));
    let guesses = &[Group::Guess, Group::Success, Group::Failure];
    vec![
        recall(
            results,
            "scans and sweeps, 100 targets in 15 minutes",
            "recall 1.0",
            1.0,
            of(&[Group::Scan]),
        ),
        recall(
            results,
            "scans and sweeps, one a second",
            "recall 0.95",
            0.95,
            of(&[Group::ScanSecond]),
        ),
        recall(
            results,
            "scans and sweeps, one in 30 seconds",
            "recall 0.8",
            0.8,
            of(&[Group::ScanSlow]),
        ),
        false_scans(results),
        recall(results, "brute force, 30 attempts in 30 minutes", "recall 0.99", 0.99, of(guesses)),
        false_guesses(results),
        success(results),
        recall(results, "denial of service, five forms", "all", 1.0, of(&[Group::Flood])),
        recall(results, "spam, mining, Tor", "all", 1.0, of(&[Group::Bot])),
        recall(results, "port never used", "all", 1.0, of(&[Group::Port])),
        false_others(results),
        credentials(results),
    ]
}

fn recall(
    results: &Results,
    detection: &'static str,
    aim: &'static str,
    least: f64,
    of: impl Iterator<Item = &'static Activity>,
) -> Target {
    let rows: Vec<&Row> = of.filter_map(|it| results.tally.rows.get(it.name)).collect();
    let (found, all) = (rows.iter().map(|it| it.found).sum(), rows.iter().map(|it| it.hosts).sum());
    let share = found as f64 / (all as f64).max(1.0);
    Target {
        detection,
        aim,
        figure: format!("{share:.3} ({found} of {all} hosts)"),
        bound: format!("≥ {:.3}", share_lower(found, all)),
        outcome: if share >= least { Outcome::Met } else { Outcome::Missed },
    }
}

/// Findings of some types where everything is in order, and the hours in which hosts were watched.
pub(super) fn false_of(results: &Results, types: &[&str]) -> (Others, u64) {
    let (mut sum, mut hours) = (Others::default(), 0);
    for row in quiet().filter_map(|it| results.tally.rows.get(it.name)) {
        let others = row.others_of(types);
        sum.findings += others.findings;
        sum.occurrences += others.occurrences;
        sum.first_day += others.first_day;
        hours += row.host_hours;
    }
    (sum, hours)
}

fn rate(count: u64, exposure: f64, most: f64) -> (f64, f64, Outcome) {
    let (rate, bound) = (count as f64 / exposure, count_upper(count) / exposure);
    let outcome = match () {
        () if bound <= most => Outcome::Met,
        () if rate <= most => Outcome::NotShown,
        () => Outcome::Missed,
    };
    (rate, bound, outcome)
}

fn false_scans(results: &Results) -> Target {
    let (others, hours) = false_of(results, SCANS);
    let (rate, bound, outcome) = rate(others.findings, hours as f64, 1e-5);
    Target {
        detection: "scans and sweeps, false findings",
        aim: "1e-5 per host-hour",
        figure: format!("{rate:.1e} ({} in {hours} host-hours)", others.findings),
        bound: format!("≤ {bound:.1e}"),
        outcome,
    }
}

fn false_guesses(results: &Results) -> Target {
    let (others, hours) = false_of(results, GUESSES);
    let days = hours / 24;
    let (rate, bound, outcome) = rate(others.findings, days as f64 / 1000.0, 1.0);
    Target {
        detection: "brute force, false findings",
        aim: "1 per 1,000 host-days",
        figure: format!(
            "{rate:.2} ({} in {days} host-days, {} of them begin on the first day of the logs)",
            others.findings, others.first_day
        ),
        bound: format!("≤ {bound:.2}"),
        outcome,
    }
}

/// Hosts with a likely success said rightly, wrongly, and all with a success.
pub(super) fn successes(results: &Results) -> (u64, u64, u64) {
    let (mut right, mut wrong, mut all) = (0, 0, 0);
    for activity in attacks() {
        let Some(row) = results.tally.rows.get(activity.name) else { continue };
        if activity.group == Group::Success {
            right += row.successes;
            all += row.hosts;
        } else {
            wrong += row.successes;
        }
    }
    (right, wrong, all)
}

fn success(results: &Results) -> Target {
    let (right, wrong, all) = successes(results);
    let said = right + wrong;
    let precision = right as f64 / (said as f64).max(1.0);
    Target {
        detection: "brute force, likely success",
        aim: "precision 0.9",
        figure: format!(
            "{precision:.3} ({right} of {said} said; {right} of {all} successes found)"
        ),
        bound: format!("≥ {:.3}", share_lower(right, said)),
        outcome: if precision >= 0.9 { Outcome::Met } else { Outcome::Missed },
    }
}

fn false_others(results: &Results) -> Target {
    let (mut findings, mut hours) = (0, 0);
    for row in quiet().filter_map(|it| results.tally.rows.get(it.name)) {
        let of_others = |it: &(&String, &Others)| {
            !SCANS.contains(&it.0.as_str()) && !GUESSES.contains(&it.0.as_str())
        };
        findings += row.others.iter().filter(of_others).map(|it| it.1.findings).sum::<u64>();
        hours += row.host_hours;
    }
    let weeks = hours as f64 / (24.0 * 7.0) / 100.0;
    Target {
        detection: "all other types of flow logs, false findings",
        aim: "none set",
        figure: format!(
            "{:.2} per 100 instances and week ({findings} findings)",
            findings as f64 / weeks
        ),
        bound: format!("≤ {:.2}", count_upper(findings) / weeks),
        outcome: Outcome::Reported,
    }
}

fn credentials(results: &Results) -> Target {
    let right = places::right(&results.confusion);
    Target {
        detection: "credentials of instances, 13 places",
        aim: "all right",
        figure: format!("{right} of {}", CASES.len()),
        bound: "–".to_owned(),
        outcome: if right == CASES.len() { Outcome::Met } else { Outcome::Missed },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_must_be_shown() {
        assert_eq!(rate(0, 400_000.0, 1e-5).2, Outcome::Met);
        assert_eq!(rate(0, 200_000.0, 1e-5).2, Outcome::NotShown);
        assert_eq!(rate(9, 400_000.0, 1e-5).2, Outcome::Missed);
    }
}
