//! What is worse than in the published report.

use simulate::topology::CASES;
use simulate::traffic::attacks;

use super::targets::quiet;
use super::{Results, places};

/// How much smaller a share of found hosts may be.
const SLACK: f64 = 0.03;

/// Compares with the tables of a published report: shares of attacks that are smaller, false findings of types
/// that were not raised before, and places of credentials that are judged wrongly.
pub(super) fn regressions(results: &Results, published: &str) -> Vec<String> {
    // The tables before that one are of targets, not of activities.
    let published = published.split_once("## Attacks").map_or(published, |it| it.1);
    let mut worse = Vec::new();
    for activity in attacks() {
        let Some(row) = results.tally.rows.get(activity.name) else { continue };
        let Some(share) = cells(published, activity.name).and_then(|it| share(it.get(2)?)) else {
            worse.push(format!("{}: not published yet", activity.name));
            continue;
        };
        if (row.found as f64) < (share - SLACK) * row.hosts as f64 - f64::EPSILON {
            worse.push(format!(
                "{}: {} of {} found, {share:.2} before",
                activity.name, row.found, row.hosts
            ));
        }
    }
    for activity in quiet() {
        let Some(row) = results.tally.rows.get(activity.name) else { continue };
        let Some(cells) = cells(published, activity.name) else {
            worse.push(format!("{}: not published yet", activity.name));
            continue;
        };
        let before = cells.get(3).copied().unwrap_or_default();
        for name in row.others.keys().filter(|it| !before.contains(&format!("{it}:"))) {
            worse.push(format!("{}: {name} was not raised before", activity.name));
        }
    }
    let right = places::right(&results.confusion);
    if right < CASES.len() {
        worse.push(format!("credentials of instances: {right} of {} places right", CASES.len()));
    }
    worse
}

/// The cells of the row of a table that begins with a name.
fn cells<'p>(published: &'p str, name: &str) -> Option<Vec<&'p str>> {
    let cells = |line: &'p str| -> Vec<&'p str> {
        line.trim_matches('|').split('|').map(str::trim).collect()
    };
    published
        .lines()
        .filter(|it| it.starts_with("| "))
        .map(cells)
        .find(|it| it.len() > 4 && it[0] == name)
}

/// `59 of 60` as a share.
fn share(cell: &str) -> Option<f64> {
    let (found, all) = cell.split_once(" of ")?;
    Some(found.parse::<f64>().ok()? / all.parse::<f64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::generated::tally::{Others, Row, Tally};
    use std::collections::BTreeMap;

    const PUBLISHED: &str =
        "| UDP scan | text | 60 of 60 | ≥ 0.95 |\n| crawler | text | 100 | – | 1, 2 |\n";

    fn results(found: u64, others: &[&str]) -> Results {
        let others = others.iter().map(|it| ((*it).to_owned(), Others::default())).collect();
        let rows = BTreeMap::from([
            ("UDP scan", Row { found, hosts: 10, ..Row::default() }),
            ("crawler", Row { others, ..Row::default() }),
        ]);
        let confusion = CASES.iter().map(|it| BTreeMap::from([(it.right, 1)])).collect();
        Results { tally: Tally { rows, ..Tally::default() }, confusion, settings: 0 }
    }

    #[test]
    fn what_is_as_before_is_no_regression() {
        let published = PUBLISHED.replace("≥ 0.95 |", "≥ 0.95 | 1 | 2 |");
        assert_eq!(regressions(&results(10, &[]), &published), [""; 0]);
    }

    #[test]
    fn smaller_shares_and_new_false_findings_are() {
        let published = PUBLISHED.replace("≥ 0.95 |", "≥ 0.95 | 1 | 2 |");
        let worse = regressions(&results(9, &["Impact:EC2/PortSweep"]), &published);
        assert_eq!(worse.len(), 2, "{worse:?}");
        assert_eq!(regressions(&results(10, &[]), "").len(), 2);
    }
}
