//! A table for terminals: grouped by severity, most severe first.

use std::cmp::Reverse;

use model::SeverityBand;

use crate::Finding;
use crate::escape::{Visible, columns};
use crate::format::words::{Group, Labels, groups, headline};
use crate::format::{minutes, put, thousands};

/// How a table is laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TableOptions {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether severities are colored: the caller knows the terminal and `NO_COLOR`.
    pub is_colored: bool,
}

/// Narrowest table; a smaller terminal wraps.
const NARROWEST: usize = 60;
const BAND_WIDTH: usize = 8;
const TIME_WIDTH: usize = 16;
/// Most columns of a resource.
const RESOURCE_MAX: usize = 44;
/// Behind a type, a resource is cut where at least so many columns are left for it, else left out.
const RESOURCE_MIN: usize = 20;
/// Lines that a title may take.
const TITLE_LINES: usize = 2;
/// Types that are named of a resource.
const TYPES_MAX: usize = 4;
const GAP: &str = "  ";

/// Lays findings out for a terminal: one line for each if all fit, else two or three. Text from records is
/// escaped and cut to fit. Resources that several findings concern are listed below.
pub fn table(findings: &[&Finding], options: TableOptions) -> String {
    let mut findings = findings.to_vec();
    findings.sort_by_key(|it| Reverse(it.band()));
    let mut out = String::new();
    let layout = Layout::of(&findings, options);
    layout.header(&mut out);
    let mut last = None;
    for finding in &findings {
        if last.is_some_and(|it| it != finding.band()) {
            out.push('\n');
        }
        last = Some(finding.band());
        layout.row(&mut out, finding);
    }
    layout.groups(&mut out, &groups(findings));
    out
}

struct Layout {
    labels: Labels,
    is_colored: bool,
    /// Whether a finding takes one line.
    is_wide: bool,
    total: usize,
    count: usize,
    finding_type: usize,
    /// Where a finding takes several lines, it follows the type.
    resource: usize,
    title: usize,
}

impl Layout {
    fn of(findings: &[&Finding], options: TableOptions) -> Layout {
        let labels = Labels::new(findings.iter().copied());
        let widest = |name: &str, text: &dyn Fn(&Finding) -> String| {
            findings.iter().map(|it| width(&text(it))).fold(width(name), usize::max)
        };
        let total = options.width.max(NARROWEST);
        let count = widest("COUNT", &|it| thousands(it.service.count));
        let resource = widest("RESOURCE", &|it| labels.resource(it)).min(RESOURCE_MAX);
        let finding_type = widest("TYPE", &|it| it.finding_type.clone());
        let title = widest("TITLE", &headline);
        let indent = BAND_WIDTH + GAP.len();
        let rest = total.saturating_sub(indent + TIME_WIDTH + GAP.len() + count + GAP.len());
        let is_colored = options.is_colored;
        if finding_type + resource + title + 2 * GAP.len() <= rest {
            return Layout {
                labels,
                is_colored,
                is_wide: true,
                total,
                count,
                finding_type,
                resource,
                title,
            };
        }
        let finding_type = rest;
        let title = total - indent;
        Layout { labels, is_colored, is_wide: false, total, count, finding_type, resource, title }
    }

    fn header(&self, out: &mut String) {
        let (count, kind, resource) = (self.count, self.finding_type, self.resource);
        let mut line = format!("{:<BAND_WIDTH$}{GAP}{:<TIME_WIDTH$}{GAP}", "SEVERITY", "LAST SEEN");
        put(&mut line, format_args!("{:>count$}{GAP}", "COUNT"));
        if self.is_wide {
            let columns = format!("{:<kind$}{GAP}{:<resource$}{GAP}TITLE", "TYPE", "RESOURCE");
            line.push_str(&columns);
        } else {
            line.push_str("TYPE, RESOURCE, TITLE");
        }
        self.dim(out, &line);
    }

    fn dim(&self, out: &mut String, line: &str) {
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
        let kind = fit(&finding.finding_type, self.finding_type);
        let resource = self.labels.resource(finding);
        if self.is_wide {
            let kind = pad(kind, self.finding_type);
            let resource = pad(fit(&resource, self.resource), self.resource);
            put(
                out,
                format_args!("{kind}{GAP}{resource}{GAP}{}\n", fit(&headline(finding), self.title)),
            );
            return;
        }
        let room = self.finding_type.saturating_sub(width(&kind) + GAP.len());
        if room >= width(&resource).min(RESOURCE_MIN) {
            let (start, end) = if self.is_colored { ("\u{1b}[2m", RESET) } else { ("", "") };
            let resource = fit(&resource, room);
            put(out, format_args!("{kind}{GAP}{start}{resource}{end}\n"));
        } else {
            put(out, format_args!("{kind}\n"));
        }
        for line in wrap(&headline(finding), self.title) {
            put(out, format_args!("{:BAND_WIDTH$}{GAP}{line}\n", ""));
        }
    }

    /// Resources that several findings concern.
    fn groups(&self, out: &mut String, groups: &[Group<'_>]) {
        if groups.is_empty() {
            return;
        }
        out.push('\n');
        self.dim(out, "RESOURCES WITH SEVERAL FINDINGS");
        for group in groups {
            let counts: Vec<String> = group
                .bands
                .iter()
                .map(|(band, count)| format!("{count} {}", band.to_string().to_lowercase()))
                .collect();
            let named = group.types.iter().take(TYPES_MAX).copied();
            let mut types = named.collect::<Vec<_>>().join(", ");
            if group.types.len() > TYPES_MAX {
                put(&mut types, format_args!(" and {} more", group.types.len() - TYPES_MAX));
            }
            let resource = self.labels.resource(group.finding);
            let text = format!("{resource}: {}", counts.join(", "));
            put(out, format_args!("{}\n", fit(&text, self.total)));
            for line in wrap(&types, self.total - GAP.len()) {
                put(out, format_args!("{GAP}{line}\n"));
            }
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

/// Breaks between words; what does not fit the last line is cut.
fn wrap(text: &str, max: usize) -> Vec<String> {
    let text = Visible(text).to_string();
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let wide: usize = word.chars().map(columns).sum();
        if used > 0 && used + 1 + wide > max && lines.len() < TITLE_LINES {
            lines.push(String::new());
            used = 0;
        }
        let Some(line) = lines.last_mut() else { break };
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += wide;
    }
    lines.iter().map(|it| fit(it, max)).collect()
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
        check_golden("table-250.txt", &render(250, false));
        check_golden("table-120.txt", &render(120, false));
        check_golden("table-80.txt", &render(80, false));
        check_golden("table-120-color.txt", &render(120, true));
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
    fn long_titles_are_wrapped_and_then_cut() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("one two three four five", 7), ["one two", "three …"]);
        assert_eq!(wrap("abcdefghijkl", 7), ["abcdef…"]);
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(fit("日本語日本語", 7), "日本語…");
        assert_eq!(pad("日".to_owned(), 4), "日  ");
    }
}
