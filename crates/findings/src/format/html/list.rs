//! The timeline and the list of findings, with the filters of both.

use std::collections::{BTreeMap, BTreeSet};

use model::{SeverityBand, Timestamp};

use crate::ReportFinding;
use crate::escape::Html;
use crate::format::html::class;
use crate::format::html::entities::{Entities, Kind};
use crate::format::html::parts::cut;
use crate::format::html::timeline::Timeline;
use crate::format::words::{self, Labels};
use crate::format::{put, seconds, thousands};

/// Most choices of one filter.
const CHOICES_MAX: usize = 400;

/// Findings in the order of the page, and what the parts of the page know of them.
pub(crate) struct List<'a> {
    /// Those that are listed.
    pub(crate) shown: &'a [&'a ReportFinding<'a>],
    /// How many there are in all.
    pub(crate) total: usize,
    /// How many of the first have a section.
    pub(crate) full: usize,
    /// Whom they concern.
    pub(crate) entities: &'a Entities,
}

impl List<'_> {
    /// Writes the timeline, the filters and the list.
    pub(crate) fn write(&self, out: &mut String) {
        let Some(timeline) = Timeline::new(self.shown) else {
            out.push_str(
                "<section class=\"panel\" id=\"findings\">\n<h2>Findings</h2>\n<p class=\"empty\">No findings. \
                 See below what was read and which types of finding could be seen in it.</p>\n</section>\n",
            );
            return;
        };
        out.push_str("<section class=\"panel\" id=\"timeline\">\n<h2>Timeline</h2>\n");
        timeline.draw(out, self.shown);
        self.filters(out);
        out.push_str(
            "</section>\n<section class=\"panel list\" id=\"findings\">\n<h2>Findings</h2>\n",
        );
        if self.shown.len() < self.total {
            put(
                out,
                format_args!(
                    "<p class=\"empty\">The {} most severe of {} findings are shown. The JSON output has \
                     all of them.</p>\n",
                    thousands(self.shown.len() as u64),
                    thousands(self.total as u64)
                ),
            );
        }
        if self.full < self.shown.len() {
            put(
                out,
                format_args!(
                    "<p class=\"empty\">The first {} are explained below; those behind them are listed \
                     only.</p>\n",
                    thousands(self.full as u64)
                ),
            );
        }
        out.push_str(
            "<div class=\"scroll\"><table id=\"rows\">\n<thead><tr><th>Severity</th><th>Finding</th>\
             <th>Resource</th><th>First to last seen (UTC)</th><th class=\"n\">Count</th></tr></thead>\n<tbody>\n",
        );
        let labels = Labels::new(self.shown.iter().map(|it| it.finding));
        let span = Span::of(self.shown);
        for number in 0..self.shown.len() {
            self.row(out, number, &labels, &timeline, &span);
        }
        out.push_str(
            "</tbody>\n</table></div>\n<p class=\"empty\" id=\"nothing\" hidden>No finding fits the \
             filters.</p>\n</section>\n",
        );
    }

    fn filters(&self, out: &mut String) {
        out.push_str("<div class=\"filters\" role=\"search\">\n<div class=\"chips\">");
        for band in SeverityBand::ALL.into_iter().rev() {
            if self.shown.iter().all(|it| it.finding.band() != band) {
                continue;
            }
            let class = class(band);
            put(
                out,
                format_args!(
                    "<label class=\"chip {class}\"><input type=\"checkbox\" id=\"show-{class}\" checked>\
                     {band}</label>\n"
                ),
            );
        }
        let count = thousands(self.shown.len() as u64);
        put(
            out,
            format_args!(
                "<output id=\"shown\" aria-live=\"polite\">{count} of {count}</output></div>\n\
                 <div class=\"choices\" id=\"choices\" hidden>\n<label>Text<input type=\"search\" id=\"search\" \
                 placeholder=\"words, all of them\"></label>\n"
            ),
        );
        let findings = || self.shown.iter().map(|it| it.finding);
        choice(out, "Type", "type", findings().map(|it| it.finding_type.as_str()));
        let accounts: Vec<String> = findings().map(|it| it.account_id.to_string()).collect();
        choice(out, "Account", "account", accounts.iter().map(String::as_str));
        choice(out, "Region", "region", findings().map(|it| it.region.as_str()));
        self.concerns(out);
        out.push_str(
            "<label>Order<select id=\"order\"><option value=\"\">Severity</option>\
             <option value=\"last\">Last seen</option><option value=\"first\">First seen</option>\
             <option value=\"count\">Count</option></select></label>\n\
             <button type=\"button\" id=\"reset\">Clear</button>\n</div>\n\
             <p class=\"keys caption\" id=\"keys\" hidden>Keys: <kbd>/</kbd> text, <kbd>j</kbd> <kbd>k</kbd> next \
             and previous finding, <kbd>Esc</kbd> clear. Choose a bar of the timeline to see its findings only, \
             with Shift a second one for all between.</p>\n</div>\n",
        );
    }

    /// The choice of a resource, principal, address or name.
    fn concerns(&self, out: &mut String) {
        out.push_str("<label>Resource<select data-of=\"e\"><option value=\"\">All</option>\n");
        for kind in Kind::ALL {
            let of_kind = || self.entities.all.iter().enumerate().filter(|it| it.1.kind == kind);
            if of_kind().next().is_none() {
                continue;
            }
            put(out, format_args!("<optgroup label=\"{}\">", kind.many()));
            for (number, it) in of_kind() {
                put(
                    out,
                    format_args!(
                        "<option value=\"{number}\">{} ({})</option>",
                        Html(&cut(&it.label)),
                        it.findings.len()
                    ),
                );
            }
            out.push_str("</optgroup>\n");
        }
        out.push_str("</select></label>\n");
    }

    fn row(
        &self,
        out: &mut String,
        number: usize,
        labels: &Labels,
        timeline: &Timeline,
        span: &Span,
    ) {
        let Some(finding) = self.shown.get(number).map(|it| it.finding) else { return };
        let class = class(finding.band());
        let service = &finding.service;
        let of: Vec<String> =
            self.entities.of_finding(number).iter().map(ToString::to_string).collect();
        put(
            out,
            format_args!(
                "<tr class=\"item {class}\" data-b=\"{}\" data-e=\"{}\" data-type=\"{}\" data-account=\"{}\" \
                 data-region=\"{}\" data-first=\"{}\" data-last=\"{}\" data-count=\"{}\">\
                 <td><span class=\"pill {class}\">{}</span></td><td>",
                timeline.bar_of(finding),
                of.join(" "),
                Html(&cut(&finding.finding_type)),
                finding.account_id,
                Html(finding.region.as_str()),
                service.event_first_seen.millis(),
                service.event_last_seen.millis(),
                service.count,
                finding.band(),
            ),
        );
        let title = words::headline(finding);
        let (id, title) = (Html(&finding.id), cut(&title));
        if number < self.full {
            put(out, format_args!("<a href=\"#f-{id}\">{}</a>", Html(&title)));
        } else {
            put(out, format_args!("{}", Html(&title)));
        }
        put(
            out,
            format_args!(
                "<br><code class=\"type\">{}</code></td><td class=\"who\"><span class=\"kind\">{}</span>",
                Html(&cut(&finding.finding_type)),
                Html(&cut(&finding.resource.resource_type)),
            ),
        );
        let name = labels.resource(finding);
        if let Some(it) = self.entities.resource(number, finding) {
            put(
                out,
                format_args!(
                    "<br><a href=\"#{}\"><code>{}</code></a>",
                    it.anchor,
                    Html(&cut(&name))
                ),
            );
        } else if name != finding.resource.resource_type {
            put(out, format_args!("<br><code>{}</code>", Html(&cut(&name))));
        }
        out.push_str("</td><td class=\"time\">");
        if service.event_first_seen != service.event_last_seen {
            put(out, format_args!("{}<br>", seconds(service.event_first_seen)));
        }
        put(out, format_args!("{}", seconds(service.event_last_seen)));
        span.draw(out, service.event_first_seen, service.event_last_seen);
        put(out, format_args!("</td><td class=\"n\">{}</td></tr>\n", thousands(service.count)));
    }
}

/// A filter by one value; nothing where there is nothing to choose.
fn choice<'a>(out: &mut String, name: &str, of: &str, values: impl Iterator<Item = &'a str>) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    values.for_each(|it| *counts.entry(it).or_default() += 1);
    if counts.len() < 2 {
        return;
    }
    put(
        out,
        format_args!("<label>{name}<select data-of=\"{of}\"><option value=\"\">All</option>\n"),
    );
    for (value, count) in counts.iter().take(CHOICES_MAX).filter(|it| !it.0.is_empty()) {
        let value = cut(value);
        put(out, format_args!("<option value=\"{0}\">{0} ({count})</option>\n", Html(&value)));
    }
    out.push_str("</select></label>\n");
}

/// The time that all findings take, as the width of a small chart.
struct Span {
    first: i64,
    length: i64,
}

impl Span {
    const WIDTH: i64 = 120;
    /// Narrowest mark.
    const MARK: i64 = 3;

    fn of(findings: &[&ReportFinding<'_>]) -> Span {
        let times: BTreeSet<i64> = findings
            .iter()
            .map(|it| &it.finding.service)
            .flat_map(|it| [it.event_first_seen.millis(), it.event_last_seen.millis()])
            .collect();
        let first = times.first().copied().unwrap_or_default();
        let last = times.last().copied().unwrap_or_default();
        Span { first, length: last.saturating_sub(first).max(1) }
    }

    fn at(&self, time: Timestamp) -> i64 {
        let part = i128::from(time.millis().saturating_sub(self.first)) * i128::from(Span::WIDTH);
        let at = i64::try_from(part / i128::from(self.length)).unwrap_or(Span::WIDTH);
        at.clamp(0, Span::WIDTH)
    }

    fn draw(&self, out: &mut String, first: Timestamp, last: Timestamp) {
        let x = self.at(first).min(Span::WIDTH - Span::MARK);
        let width = (self.at(last) - x).max(Span::MARK);
        put(
            out,
            format_args!(
                "<svg class=\"span\" viewBox=\"0 0 {} 6\" aria-hidden=\"true\"><line x1=\"0\" x2=\"{}\" y1=\"3\" \
                 y2=\"3\"/><rect x=\"{x}\" width=\"{width}\" height=\"6\" rx=\"1.5\"/></svg>",
                Span::WIDTH,
                Span::WIDTH
            ),
        );
    }
}
