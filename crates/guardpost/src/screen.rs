//! One finding on one screen: why it was raised, and what would have been usual.

use std::fmt::Write as _;

use findings::{Finding, Reason};

use crate::text::{minutes, visible, wrap};

/// A terminal as it was always.
pub const COLUMNS: usize = 80;
/// Lines, one of them left for the prompt.
pub const LINES: usize = 23;
/// Lines that the last words may take: what is not shown, and where the rest stands.
const LAST_LINES: usize = 2;
/// Lines of a reason, and of what it is compared with.
const REASON_LINES: usize = 3;
const USUAL_LINES: usize = 2;

/// Writes a finding for a screen of [`COLUMNS`] and [`LINES`]. The reasons come in the order of the finding, which is
/// that of their weight; those that find no room are counted.
pub fn screen(finding: &Finding) -> String {
    let mut out = head(finding);
    let reasons = finding.explanation().map(|it| it.reasons).unwrap_or_default();
    let mut left = LINES.saturating_sub(out.lines().count() + LAST_LINES);
    let mut shown = 0;
    for reason in &reasons {
        let text = lines_of(reason);
        let lines = text.lines().count();
        if lines > left {
            break;
        }
        left -= lines;
        shown += 1;
        out.push_str(&text);
    }
    if reasons.is_empty() {
        out.push_str(
            "The finding has no reasons: it was not raised by Guardpost, or is a sample.\n",
        );
    }
    if shown < reasons.len() {
        // Writing to a string cannot fail, here and below.
        let _ok = writeln!(
            out,
            "{} more in service.additionalInfo.guardpost.reasons",
            reasons.len() - shown
        );
    }
    let _ok = writeln!(out, "What to do: guardpost explain '{}'", visible(&finding.finding_type));
    out
}

/// What, who, where and when.
fn head(finding: &Finding) -> String {
    let service = &finding.service;
    let fact = |text: &str| cut(&visible(text), COLUMNS);
    let mut out = String::new();
    let _ok = writeln!(out, "{}", fact(&finding.finding_type));
    let who = format!(
        "{} {} of account {} in {}, severity {}",
        finding.resource.resource_type,
        finding.resource.name(),
        finding.account_id,
        finding.region.as_str(),
        finding.severity.value()
    );
    let _ok = writeln!(out, "{}", fact(&who));
    let (first, last) = (minutes(service.event_first_seen), minutes(service.event_last_seen));
    let times =
        if service.count == 1 { "once".to_owned() } else { format!("{} times", service.count) };
    let _ok = writeln!(out, "{}\n", fact(&format!("{first} to {last} UTC, {times}")));
    out
}

/// What was measured; below it what was seen and what it is compared with.
fn lines_of(reason: &Reason) -> String {
    let mut out = String::new();
    let is_short = reason.what.len() + reason.value.len() + 2 <= COLUMNS;
    let value = visible(&reason.value);
    if is_short {
        let _ok = writeln!(out, "{}: {value}", visible(&reason.what));
    } else {
        let _ok = writeln!(out, "{}:", cut(&visible(&reason.what), COLUMNS - 1));
        out.push_str(&paragraph(&value, "  ", REASON_LINES));
    }
    if !reason.threshold.is_empty() {
        let usual = visible(&reason.threshold);
        let word = if usual.starts_with("usual: ") { "" } else { "compared with " };
        out.push_str(&paragraph(&format!("{word}{usual}"), "    ", USUAL_LINES));
    }
    out
}

/// A text in at most so many lines.
fn paragraph(text: &str, indent: &str, lines: usize) -> String {
    let wrapped = wrap(text, COLUMNS, indent);
    let mut out = String::new();
    let count = wrapped.lines().count();
    for (number, line) in wrapped.lines().take(lines).enumerate() {
        let is_cut = number + 1 == lines && count > lines;
        let line = if is_cut { cut(&format!("{line} …"), COLUMNS) } else { cut(line, COLUMNS) };
        let _ok = writeln!(out, "{line}");
    }
    out
}

/// A text in at most so many columns.
fn cut(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    text.chars().take(columns - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The findings of the fixtures of a family.
    fn findings(text: &str) -> Vec<Finding> {
        let mut values: Vec<serde_json::Value> = serde_json::from_str(text).expect("a golden file");
        for value in &mut values {
            for member in ["createdAt", "updatedAt"] {
                value[member] = "2026-01-01T00:00:00.000Z".into();
            }
        }
        values.into_iter().map(|it| serde_json::from_value(it).expect("a finding")).collect()
    }

    macro_rules! golden {
        ($name:literal) => {
            findings(include_str!(concat!("../../../fixtures/", $name, ".findings.json")))
        };
    }

    fn fits(text: &str) {
        assert!(text.lines().count() <= LINES, "{text}");
        assert!(text.lines().all(|it| it.chars().count() <= COLUMNS), "{text}");
    }

    #[test]
    fn every_anomaly_fits_on_a_screen_and_says_what_would_have_been_usual() {
        let all = [
            golden!("iam/anomalous_behavior/each_tactic"),
            golden!("ec2/traffic_volume_unusual/new_and_known_host"),
        ];
        for finding in all.iter().flatten() {
            let text = screen(finding);
            fits(&text);
        }
        let text = screen(&all[0][0]);
        for part in ["model backoff-1", "probability", "floor_milli", "usual: "] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }

    #[test]
    fn what_finds_no_room_is_counted_and_hostile_text_stays_in_its_place() {
        let mut finding = golden!("iam/anomalous_behavior/each_tactic").remove(0);
        let reasons: Vec<Reason> = (0..40)
            .map(|it| {
                Reason::new(
                    "word ".repeat(50).as_str(),
                    format!("\u{1b}[31m{it}\n{}", "x".repeat(300)),
                    "y".repeat(500),
                )
            })
            .collect();
        finding.set_explanation(&findings::Explanation {
            reasons,
            ..finding.explanation().expect("one")
        });
        let text = screen(&finding);
        fits(&text);
        assert!(!text.contains('\u{1b}') && text.contains("more in service"), "{text}");
    }
}
