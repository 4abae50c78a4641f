//! The table of an evaluation and its last line.

use std::fmt::Write as _;

use super::Results;
use super::compare::{Outcome, Row};

const TYPE_WIDTH: usize = 70;
const OUTCOME_WIDTH: usize = 16;

/// Data sets, cases and what was found in them.
pub(crate) fn table(results: &[Results]) -> String {
    let mut out = String::new();
    for result in results {
        // Writing to a string cannot fail.
        let _ok = match &result.remark {
            Some(remark) => writeln!(out, "{}: {remark}", result.folder),
            None => writeln!(out, "{}", result.folder),
        };
        for (name, rows) in &result.cases {
            let _ok = writeln!(out, "  {name}");
            for row in rows {
                let _ok = writeln!(out, "    {}", line(row));
            }
        }
    }
    out
}

/// The table as a section of the published report: numbers by data set.
pub(crate) fn section(results: &[Results]) -> String {
    let mut out = "| data set | as expected | missed | fired wrongly | not served yet | extra |\n\
        |---|---|---|---|---|---|\n"
        .to_owned();
    let mut wrong = String::new();
    for result in results {
        let rows = || result.cases.iter().flat_map(|it| &it.1);
        let count = |of: &[Outcome]| rows().filter(|it| of.contains(&it.outcome)).count();
        let _ok = match &result.remark {
            Some(remark) => writeln!(out, "| {} | {remark} | | | | |", result.folder),
            None => writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} |",
                result.folder,
                count(&[Outcome::Found, Outcome::Quiet]),
                count(&[Outcome::Missed]),
                count(&[Outcome::Fired]),
                count(&[Outcome::NotServed]),
                count(&[Outcome::Extra]) + rows().filter(|it| is_found_may(it)).count()
            ),
        };
        for (name, rows) in &result.cases {
            let is_wrong = |it: &&Row| matches!(it.outcome, Outcome::Missed | Outcome::Fired);
            for row in rows.iter().filter(is_wrong) {
                let outcome = if row.outcome == Outcome::Missed { "missed" } else { "fired" };
                let _ok =
                    writeln!(wrong, "- {}, {name}: {} {outcome}.", result.folder, row.finding_type);
            }
        }
    }
    if !wrong.is_empty() {
        let _ok = write!(out, "\n{wrong}");
    }
    out
}

fn line(row: &Row) -> String {
    let Row { finding_type, found, outcome } = row;
    if finding_type.is_empty() {
        return format!("{outcome}");
    }
    format!("{outcome:<OUTCOME_WIDTH$}{finding_type:<TYPE_WIDTH$} {found:>6}")
}

/// How many lines of which kind there are, and whether an expectation does not hold.
pub(crate) fn summary(results: &[Results]) -> (String, bool) {
    let rows = || results.iter().flat_map(|it| &it.cases).flat_map(|(_, rows)| rows);
    let count = |outcome: Outcome| rows().filter(|it| it.outcome == outcome).count();
    let right = count(Outcome::Found) + count(Outcome::Quiet);
    let extra = count(Outcome::Extra) + rows().filter(|it| is_found_may(it)).count();
    let (missed, fired) = (count(Outcome::Missed), count(Outcome::Fired));
    let absent = results.iter().filter(|it| it.remark.as_deref() == Some("absent")).count()
        + count(Outcome::Absent);
    let line = format!(
        "{right} as expected, {missed} missed, {fired} fired wrongly, {} not served yet, {extra} extra, \
         {absent} absent",
        count(Outcome::NotServed),
    );
    (line, missed + fired > 0)
}

fn is_found_may(row: &Row) -> bool {
    row.outcome == Outcome::May && row.found > 0
}
