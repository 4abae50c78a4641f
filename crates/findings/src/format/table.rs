//! A table for terminals: grouped by severity, most severe first.

use std::cmp::Reverse;

use model::SeverityBand;

use crate::Finding;
use crate::escape::{Visible, columns};
use crate::format::{minutes, put, thousands};

/// How a table is laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TableOptions {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether severities are colored: the caller knows the terminal and `NO_COLOR`.
    pub is_colored: bool,
}

/// From this width on a finding takes one line, below it takes two.
const WIDE: usize = 150;
/// Narrowest table; a smaller terminal wraps.
const NARROWEST: usize = 60;
const BAND_WIDTH: usize = 8;
const TIME_WIDTH: usize = 16;
const RESOURCE_MAX: usize = 28;
const GAP: &str = "  ";

/// Lays findings out for a terminal. Text from records is escaped and cut to fit.
pub fn table(findings: &[&Finding], options: TableOptions) -> String {
    let mut findings = findings.to_vec();
    findings.sort_by_key(|it| Reverse(it.band()));
    let mut out = String::new();
    let layout = Layout::of(&findings, options);
    layout.header(&mut out);
    let mut last = None;
    for finding in findings {
        if last.is_some_and(|it| it != finding.band()) {
            out.push('\n');
        }
        last = Some(finding.band());
        layout.row(&mut out, finding);
    }
    out
}

struct Layout {
    is_colored: bool,
    is_wide: bool,
    count: usize,
    finding_type: usize,
    resource: usize,
    title: usize,
}

impl Layout {
    fn of(findings: &[&Finding], options: TableOptions) -> Layout {
        let widest = |name: &str, text: &dyn Fn(&Finding) -> String| {
            findings.iter().map(|it| width(&text(it))).fold(width(name), usize::max)
        };
        let count = widest("COUNT", &|it| thousands(it.service.count));
        let resource = widest("RESOURCE", &|it| it.resource.name().to_owned()).min(RESOURCE_MAX);
        let total = options.width.max(NARROWEST);
        let is_wide = total >= WIDE;
        let finding_type = widest("TYPE", &|it| it.finding_type.clone()).min(total / 3);
        let indent = BAND_WIDTH + GAP.len();
        let before_type = indent + TIME_WIDTH + GAP.len() + count + GAP.len();
        let title = if is_wide {
            total - before_type.min(total) - finding_type - resource - 2 * GAP.len()
        } else {
            total - indent
        };
        let finding_type = if is_wide { finding_type } else { total - before_type.min(total) };
        let is_colored = options.is_colored;
        Layout { is_colored, is_wide, count, finding_type, resource, title }
    }

    fn header(&self, out: &mut String) {
        let count = self.count;
        let mut line = format!("{:<BAND_WIDTH$}{GAP}{:<TIME_WIDTH$}{GAP}", "SEVERITY", "LAST SEEN");
        put(&mut line, format_args!("{:>count$}{GAP}", "COUNT"));
        if self.is_wide {
            let (kind, resource) = (self.finding_type, self.resource);
            put(
                &mut line,
                format_args!("{:<kind$}{GAP}{:<resource$}{GAP}TITLE", "TYPE", "RESOURCE"),
            );
        } else {
            line.push_str("TYPE, TITLE");
        }
        let (start, end) = if self.is_colored { ("\u{1b}[2m", RESET) } else { ("", "") };
        put(out, format_args!("{start}{line}{end}\n"));
    }

    fn row(&self, out: &mut String, finding: &Finding) {
        let band = finding.band();
        let (start, end) = if self.is_colored { (color(band), RESET) } else { ("", "") };
        let count = self.count;
        put(out, format_args!("{start}{band:<BAND_WIDTH$}{end}{GAP}"));
        let time = minutes(finding.service.event_last_seen);
        put(out, format_args!("{time:<TIME_WIDTH$}{GAP}"));
        put(out, format_args!("{:>count$}{GAP}", thousands(finding.service.count)));
        let finding_type = fit(&finding.finding_type, self.finding_type);
        let title = fit(&finding.title, self.title);
        if self.is_wide {
            let resource = pad(fit(finding.resource.name(), self.resource), self.resource);
            let finding_type = pad(finding_type, self.finding_type);
            put(out, format_args!("{finding_type}{GAP}{resource}{GAP}{title}\n"));
        } else {
            put(out, format_args!("{finding_type}\n{:BAND_WIDTH$}{GAP}{title}\n", ""));
        }
    }
}

const RESET: &str = "\u{1b}[0m";

fn color(band: SeverityBand) -> &'static str {
    match band {
        SeverityBand::Critical => "\u{1b}[1;97;41m",
        SeverityBand::High => "\u{1b}[1;31m",
        SeverityBand::Medium => "\u{1b}[33m",
        SeverityBand::Low => "\u{1b}[36m",
    }
}

fn width(text: &str) -> usize {
    Visible(text).to_string().chars().map(columns).sum()
}

/// Escapes, and cuts with an ellipsis what takes more than `max` columns.
fn fit(text: &str, max: usize) -> String {
    let text = Visible(text).to_string();
    if text.chars().map(columns).sum::<usize>() <= max {
        return text;
    }
    let mut used = 0;
    let mut cut: String = text
        .chars()
        .take_while(|&it| {
            used += columns(it);
            used < max
        })
        .collect();
    cut.push('…');
    cut
}

fn pad(mut text: String, to: usize) -> String {
    let missing = to.saturating_sub(text.chars().map(columns).sum());
    text.extend(std::iter::repeat_n(' ', missing));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::format::check_golden;

    fn render(width: usize, is_colored: bool) -> String {
        let samples = fixture::samples();
        let findings: Vec<&Finding> = samples.iter().map(|it| &it.finding).collect();
        table(&findings, TableOptions { width, is_colored })
    }

    #[test]
    fn tables_are_as_recorded() {
        check_golden("table-160.txt", &render(160, false));
        check_golden("table-80.txt", &render(80, false));
        check_golden("table-160-color.txt", &render(160, true));
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for size in [0, 60, 80, 149, 150, 151, 200, 400] {
            for line in render(size, false).lines() {
                let used: usize = line.chars().map(columns).sum();
                assert!(used <= size.max(NARROWEST), "{used} of {size}: {line}");
            }
        }
    }

    #[test]
    fn hostile_text_cannot_reach_the_terminal() {
        let mut finding = fixture::samples().remove(0).finding;
        finding.title = "\u{1b}[2J\u{202e}gone\n".to_owned();
        finding.finding_type = "a\u{9b}31m".to_owned();
        finding.service.count = u64::MAX;
        let text = table(&[&finding], TableOptions { width: 160, is_colored: false });
        assert!(text.chars().all(|it| it == '\n' || !crate::escape::is_active(it)));
        assert!(text.contains(r"\u{1b}[2J\u{202e}gone\u{a}"));
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(fit("日本語日本語", 7), "日本語…");
        assert_eq!(pad("日".to_owned(), 4), "日  ");
    }
}
