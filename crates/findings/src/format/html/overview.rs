//! The top of the report: masthead, severity tiles and the list of findings.

use std::collections::BTreeSet;

use model::SeverityBand;

use crate::escape::Html;
use crate::format::html::class;
use crate::format::{minutes, put, seconds, summary, thousands, words};
use crate::{Report, ReportFinding};

/// Most accounts or Regions that the masthead names.
const NAMES_MAX: usize = 6;

/// Title, period, accounts and Regions.
pub(crate) fn masthead(out: &mut String, report: &Report<'_>, findings: &[&ReportFinding<'_>]) {
    put(
        out,
        format_args!(
            "<header class=\"masthead\"><div class=\"wrap\">\n<p class=\"brand\">\
             <svg viewBox=\"0 0 24 24\" width=\"20\" height=\"20\" aria-hidden=\"true\">\
             <path d=\"M12 2 4 5v6c0 5 3.4 9.3 8 11 4.6-1.7 8-6 8-11V5z\"/>\
             <path class=\"tick\" d=\"m8.2 12 2.7 2.7 5-5.4\"/></svg>Guardpost</p>\n\
             <h1>{}</h1>\n<p class=\"lead\">{}</p>\n<dl class=\"facts\">\n",
            Html(&report.title),
            summary(findings.iter().map(|it| it.finding)),
        ),
    );
    if let (Some(first), Some(last)) = (report.inputs.first, report.inputs.last) {
        fact(out, "Records from", &format!("{} to {} UTC", minutes(first), minutes(last)));
    }
    fact(out, "Records read", &thousands(report.inputs.records));
    fact(out, "Accounts", &names(findings.iter().map(|it| it.finding.account_id.to_string())));
    fact(out, "Regions", &names(findings.iter().map(|it| it.finding.region.to_string())));
    if let Some(time) = &report.generated_at {
        fact(out, "Report made", time);
    }
    out.push_str("</dl>\n</div></header>\n");
}

fn fact(out: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        put(out, format_args!("<div><dt>{name}</dt><dd>{}</dd></div>\n", Html(value)));
    }
}

fn names(all: impl Iterator<Item = String>) -> String {
    let all: BTreeSet<String> = all.filter(|it| !it.is_empty()).collect();
    let shown: Vec<&str> = all.iter().take(NAMES_MAX).map(String::as_str).collect();
    let text = shown.join(", ");
    if all.len() > NAMES_MAX { format!("{text} and {} more", all.len() - NAMES_MAX) } else { text }
}

/// One tile per severity band.
pub(crate) fn tiles(out: &mut String, findings: &[&ReportFinding<'_>]) {
    out.push_str("<section class=\"tiles\" aria-label=\"Findings by severity\">\n");
    for band in SeverityBand::ALL.into_iter().rev() {
        let of_band = || findings.iter().filter(|it| it.finding.band() == band);
        let count = of_band().count() as u64;
        let occurrences =
            of_band().fold(0u64, |sum, it| sum.saturating_add(it.finding.service.count));
        let none = if count == 0 { " none" } else { "" };
        put(
            out,
            format_args!(
                "<div class=\"tile {}{none}\"><p class=\"name\">{band}</p><p class=\"number\">{}</p>\
                 <p class=\"note\">{} {}</p></div>\n",
                class(band),
                thousands(count),
                thousands(occurrences),
                if occurrences == 1 { "occurrence" } else { "occurrences" },
            ),
        );
    }
    out.push_str("</section>\n");
}

/// The resources that several findings concern, each a filter of the list.
pub(crate) fn resources(out: &mut String, findings: &[&ReportFinding<'_>]) {
    let groups = words::groups(findings.iter().map(|it| it.finding));
    if groups.is_empty() {
        return;
    }
    out.push_str(
        "<section class=\"panel resources\" id=\"resources\">\n<h2>Resources with several findings</h2>\n\
         <div class=\"scroll\"><table>\n<thead><tr><th>Resource</th><th>Findings</th><th>Types</th></tr>\
         </thead>\n<tbody>\n",
    );
    for group in groups {
        let resource = &group.finding.resource;
        put(
            out,
            format_args!(
                "<tr><td class=\"who\"><span class=\"kind\">{}</span><br>\
                 <a href=\"#findings\" data-filter=\"{}\"><code>{}</code></a></td><td class=\"bands\">",
                Html(&resource.resource_type),
                Html(resource.name()),
                Html(&words::resource(resource)),
            ),
        );
        for (band, count) in group.bands {
            let class = class(band);
            put(out, format_args!("<span class=\"pill {class}\">{count} {band}</span> "));
        }
        let types: Vec<String> = group
            .types
            .iter()
            .map(|it| format!("<code class=\"type\">{}</code>", Html(it)))
            .collect();
        put(out, format_args!("</td><td>{}</td></tr>\n", types.join("<br>")));
    }
    out.push_str("</tbody>\n</table></div>\n</section>\n");
}

/// The list with its filters.
pub(crate) fn list(out: &mut String, shown: &[&ReportFinding<'_>], total: usize) {
    out.push_str("<section class=\"panel list\" id=\"findings\">\n<h2>Findings</h2>\n");
    if shown.is_empty() {
        out.push_str(
            "<p class=\"empty\">No findings. See below what was read and which types of finding \
             could be seen in it.</p>\n</section>\n",
        );
        return;
    }
    filters(out, shown);
    if shown.len() < total {
        put(
            out,
            format_args!(
                "<p class=\"empty\">The {} most severe of {} findings are shown. The JSON output has \
                 all of them.</p>\n",
                thousands(shown.len() as u64),
                thousands(total as u64)
            ),
        );
    }
    out.push_str(
        "<div class=\"scroll\"><table>\n<thead><tr><th>Severity</th><th>Finding</th><th>Resource</th>\
         <th>Last seen (UTC)</th><th class=\"n\">Count</th></tr></thead>\n<tbody>\n",
    );
    for it in shown {
        row(out, it);
    }
    out.push_str("</tbody>\n</table></div>\n</section>\n");
}

fn filters(out: &mut String, shown: &[&ReportFinding<'_>]) {
    out.push_str("<div class=\"filters\">\n");
    for band in SeverityBand::ALL.into_iter().rev() {
        if shown.iter().all(|it| it.finding.band() != band) {
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
    let count = thousands(shown.len() as u64);
    put(
        out,
        format_args!(
            "<input type=\"search\" id=\"search\" placeholder=\"Filter by type, resource, address…\" \
             aria-label=\"Filter findings\" hidden>\n\
             <output id=\"shown\" aria-live=\"polite\">{count} of {count}</output>\n</div>\n"
        ),
    );
}

fn row(out: &mut String, it: &ReportFinding<'_>) {
    let finding = it.finding;
    let class = class(finding.band());
    let name = words::resource(&finding.resource);
    let is_named = name != finding.resource.resource_type;
    let resource =
        if is_named { format!("<br><code>{}</code>", Html(&name)) } else { String::new() };
    put(
        out,
        format_args!(
            "<tr class=\"item {class}\"><td><span class=\"pill {class}\">{}</span></td>\
             <td><a href=\"#f-{}\">{}</a><br><code class=\"type\">{}</code></td>\
             <td class=\"who\"><span class=\"kind\">{}</span>{}</td>\
             <td class=\"time\">{}</td><td class=\"n\">{}</td></tr>\n",
            finding.band(),
            Html(&finding.id),
            Html(&words::headline(finding)),
            Html(&finding.finding_type),
            Html(&finding.resource.resource_type),
            resource,
            seconds(finding.service.event_last_seen),
            thousands(finding.service.count),
        ),
    );
}
