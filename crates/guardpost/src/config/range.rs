//! Whether the numbers of a configuration file are allowed.

use anyhow::{Result, bail};
use detectors::{Field, Section};
use toml::{Table, Value};

/// Most settings that one message names.
const TOLD_MAX: usize = 20;

/// Fails on numbers out of their range, with section, setting, value and what is allowed. Names and types are
/// not judged here.
pub(super) fn check(file: &Table, sections: &[Section]) -> Result<()> {
    let mut wrong = Vec::new();
    for section in sections {
        for (name, table) in tables(file, &section.name) {
            for field in &section.fields {
                for value in table.get(field.name).into_iter().flat_map(numbers) {
                    if !is_allowed(value, field) {
                        wrong.push(message(&name, field, value));
                    }
                }
            }
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let more = wrong.len().saturating_sub(TOLD_MAX);
    wrong.truncate(TOLD_MAX);
    if more > 0 {
        wrong.push(format!("and {more} more"));
    }
    bail!("{}", wrong.join("\n"))
}

/// The section of a name, or all of them where there may be several, with their places in the file.
fn tables<'f>(file: &'f Table, name: &str) -> Vec<(String, &'f Table)> {
    let (parent, last) = name.rsplit_once('.').unwrap_or(("", name));
    let mut parts = parent.split('.').filter(|it| !it.is_empty());
    let parent = parts.try_fold(file, |table, part| table.get(part)?.as_table());
    match parent.and_then(|it| it.get(last)) {
        Some(Value::Table(table)) => vec![(name.to_owned(), table)],
        Some(Value::Array(all)) => {
            let table =
                |(at, it): (usize, &'f Value)| Some((format!("{name}[{at}]"), it.as_table()?));
            all.iter().enumerate().filter_map(table).collect()
        }
        _ => Vec::new(),
    }
}

/// The value, or the elements of a list.
fn numbers(value: &Value) -> &[Value] {
    match value {
        Value::Array(values) => values,
        value => std::slice::from_ref(value),
    }
}

fn is_allowed(value: &Value, field: &Field) -> bool {
    match value {
        Value::Integer(number) => field.range.contains(number),
        // A number that is none is in no range.
        Value::Float(number) => {
            (*field.range.start() as f64..=*field.range.end() as f64).contains(number)
        }
        _ => true,
    }
}

fn message(section: &str, field: &Field, value: &Value) -> String {
    let (least, most) = (field.range.start(), field.range.end());
    format!("{section}.{} = {value} is out of range: give {least} to {most}", field.name)
}

#[cfg(test)]
mod tests {
    use super::super::sections::{repeated, sections};
    use super::*;

    fn checked(text: &str) -> Result<(), String> {
        let repeated = repeated().expect("defaults").into_iter().map(|it| it.0);
        let sections: Vec<Section> = sections().into_iter().chain(repeated).collect();
        check(&text.parse().expect("TOML"), &sections).map_err(|error| error.to_string())
    }

    #[test]
    fn zero_and_negative_numbers_are_refused() {
        for (text, expected) in [
            (
                "[detectors.ec2.port_scan]\nports = 0",
                "detectors.ec2.port_scan.ports = 0 is out of range: give 1 to 65535",
            ),
            (
                "[detectors.ec2.port_sweep]\nfail_per_mille = 1001",
                "detectors.ec2.port_sweep.fail_per_mille = 1001 is out of range: give 1 to 1000",
            ),
            (
                "[detectors.ec2.port_scan]\nwindow_secs = -1",
                "detectors.ec2.port_scan.window_secs = -1 is out of range: give 1 to 7776000",
            ),
            (
                "[[serve.queues]]\nurl = \"a\"\n[[serve.queues]]\ntogether = 9",
                "serve.queues[1].together = 9 is out of range: give 10 to 1000",
            ),
            ("[scan]\nthreads = 1025", "scan.threads = 1025 is out of range: give 0 to 1024"),
        ] {
            assert_eq!(checked(text), Err(expected.to_owned()));
        }
    }

    #[test]
    fn each_element_of_a_list_is_judged() {
        let list = |ports: &str| checked(&format!("[detectors.ec2.tor]\nvisitor_ports = {ports}"));
        assert_eq!(list("[]"), Ok(()));
        assert_eq!(list("[1, 65535]"), Ok(()));
        assert!(list("[443, 0]").unwrap_err().contains("visitor_ports = 0"));
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let text = "[detectors.ec2.port_scan]\nports = 0\nknown_days = 91";
        assert_eq!(checked(text).unwrap_err().lines().count(), 2);
    }

    #[test]
    fn a_float_that_is_no_number_is_refused() {
        assert!(checked("[scan]\nthreads = nan").is_err());
    }
}
