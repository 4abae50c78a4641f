//! What was found against what was expected.

use std::collections::BTreeMap;
use std::fmt;

use super::expectations::{Case, fits};

/// What is said of a type in a case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// It had to be found and was.
    Found,
    /// It had to be found and was not, or too seldom.
    Missed,
    /// It had to be found and nothing raises it yet.
    NotServed,
    /// It could be found; the number says whether it was.
    May,
    /// It must not be found and was.
    Fired,
    /// Nothing was found of what must not be.
    Quiet,
    /// Nothing is said of it and it was found.
    Extra,
    /// A file of the case is not there.
    Absent,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Outcome::Found => "found",
            Outcome::Missed => "MISSED",
            Outcome::NotServed => "not served yet",
            Outcome::May => "may",
            Outcome::Fired => "FIRED, must not",
            Outcome::Quiet => "quiet",
            Outcome::Extra => "extra",
            Outcome::Absent => "absent",
        })
    }
}

/// A line of the table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Row {
    /// The finding type; empty where the line is about the whole case.
    pub(crate) finding_type: String,
    /// Findings of it.
    pub(crate) found: u64,
    pub(crate) outcome: Outcome,
}

impl Row {
    /// A line about a whole case.
    pub(crate) fn of_case(outcome: Outcome) -> Row {
        Row { finding_type: String::new(), found: 0, outcome }
    }
}

/// Compares the numbers of findings by type with a case.
pub(crate) fn compare(
    case: &Case,
    found: &BTreeMap<String, u64>,
    is_served: &dyn Fn(&str) -> bool,
) -> Vec<Row> {
    let count = |name: &String| found.get(name).copied().unwrap_or(0);
    let row =
        |name: &String, outcome| Row { finding_type: name.clone(), found: count(name), outcome };
    let mut rows = Vec::new();
    for name in &case.must {
        let outcome = if count(name) >= case.at_least.unwrap_or(1) {
            Outcome::Found
        } else if is_served(name) {
            Outcome::Missed
        } else {
            Outcome::NotServed
        };
        rows.push(row(name, outcome));
    }
    for name in &case.may {
        let is_open = count(name) > 0 || is_served(name);
        rows.push(row(name, if is_open { Outcome::May } else { Outcome::NotServed }));
    }
    let others = found.keys().filter(|it| !case.must.contains(it) && !case.may.contains(it));
    for name in others {
        let is_wrong = case.must_not.iter().any(|it| fits(it, name));
        rows.push(row(name, if is_wrong { Outcome::Fired } else { Outcome::Extra }));
    }
    if !case.must_not.is_empty() && rows.iter().all(|it| it.outcome != Outcome::Fired) {
        rows.push(Row::of_case(Outcome::Quiet));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcomes(case: &Case, found: &[(&str, u64)]) -> Vec<(String, u64, Outcome)> {
        let found = found.iter().map(|&(name, count)| (name.to_owned(), count)).collect();
        let rows = compare(case, &found, &|name| name != "Later");
        rows.into_iter().map(|it| (it.finding_type, it.found, it.outcome)).collect()
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&it| it.to_owned()).collect()
    }

    #[test]
    fn what_must_be_found_is_found_missed_or_not_served() {
        let case = Case { must: names(&["A", "B", "Later"]), ..Case::default() };
        let expected = vec![
            ("A".to_owned(), 2, Outcome::Found),
            ("B".to_owned(), 0, Outcome::Missed),
            ("Later".to_owned(), 0, Outcome::NotServed),
        ];
        assert_eq!(outcomes(&case, &[("A", 2)]), expected);
    }

    #[test]
    fn too_few_findings_are_a_miss() {
        let case = Case { must: names(&["A"]), at_least: Some(3), ..Case::default() };
        assert_eq!(outcomes(&case, &[("A", 2)])[0].2, Outcome::Missed);
        assert_eq!(outcomes(&case, &[("A", 3)])[0].2, Outcome::Found);
    }

    #[test]
    fn named_types_are_exempt_from_patterns() {
        let case = Case {
            must: names(&["A"]),
            may: names(&["B"]),
            must_not: names(&["*"]),
            ..Case::default()
        };
        let rows = outcomes(&case, &[("A", 1), ("B", 1)]);
        assert_eq!(rows.last().unwrap().2, Outcome::Quiet);
        let rows = outcomes(&case, &[("A", 1), ("C", 1)]);
        assert_eq!(rows.last().unwrap(), &("C".to_owned(), 1, Outcome::Fired));
    }

    #[test]
    fn types_that_nothing_is_said_of_are_extra() {
        let case = Case { must_not: names(&["A*"]), ..Case::default() };
        assert_eq!(outcomes(&case, &[("B", 1)])[0].2, Outcome::Extra);
    }
}
