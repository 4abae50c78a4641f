//! The top of the report: masthead, bar of links, severity tiles and the most affected resources.

use std::collections::BTreeSet;

use model::SeverityBand;

use crate::escape::Html;
use crate::format::html::class;
use crate::format::html::entities::Entities;
use crate::format::html::parts::{cut, fact, pills};
use crate::format::words::{self, Labels};
use crate::format::{minutes, put, summary, thousands};
use crate::{Report, ReportFinding};

/// Most accounts or Regions that the masthead names.
const NAMES_MAX: usize = 6;
/// Most types that are named of a resource.
const TYPES_MAX: usize = 6;

/// Title, period, accounts and Regions.
pub(crate) fn masthead(out: &mut String, report: &Report<'_>, findings: &[&ReportFinding<'_>]) {
    put(
        out,
        format_args!(
            "<header class=\"masthead\" id=\"top\"><div class=\"wrap\">\n<h1>{}</h1>\n<p class=\"lead\">{}</p>\n<dl class=\"facts\">\n",
            Html(&report.title),
            summary(findings.iter().map(|it| it.finding)),
        ),
    );
    if let (Some(first), Some(last)) = (report.inputs.first, report.inputs.last) {
        fact(out, "Records from", &format!("{} to {} UTC", minutes(first), minutes(last)), false);
    }
    fact(out, "Records read", &thousands(report.inputs.records), false);
    fact(
        out,
        "Accounts",
        &names(findings.iter().map(|it| it.finding.account_id.to_string())),
        false,
    );
    fact(out, "Regions", &names(findings.iter().map(|it| it.finding.region.to_string())), false);
    let seen = report.coverage.iter().filter(|it| !it.is_blind()).count() as u64;
    if !report.coverage.is_empty() {
        let all = thousands(report.coverage.len() as u64);
        fact(out, "Detections that could fire", &format!("{} of {all}", thousands(seen)), false);
    }
    out.push_str("</dl>\n</div></header>\n");
}

fn names(all: impl Iterator<Item = String>) -> String {
    let all: BTreeSet<String> = all.filter(|it| !it.is_empty()).collect();
    let shown: Vec<&str> = all.iter().take(NAMES_MAX).map(String::as_str).collect();
    let text = shown.join(", ");
    if all.len() > NAMES_MAX { format!("{text} and {} more", all.len() - NAMES_MAX) } else { text }
}

/// The links to the parts of the page, and the switch of its colors. Both work without the script.
pub(crate) fn bar(out: &mut String, parts: &[(&str, &str)]) {
    out.push_str(
        "<nav class=\"topbar\" aria-label=\"Parts of the report\"><div class=\"wrap\"><p class=\"brand\">\
         <svg viewBox=\"0 0 24 24\" width=\"20\" height=\"20\" aria-hidden=\"true\">\
         <path d=\"M12 2 4 5v6c0 5 3.4 9.3 8 11 4.6-1.7 8-6 8-11V5z\"/>\
         <path class=\"tick\" d=\"m8.2 12 2.7 2.7 5-5.4\"/></svg>Guardpost</p><p class=\"parts\">",
    );
    for (anchor, name) in parts {
        put(out, format_args!("<a href=\"#{anchor}\">{name}</a>"));
    }
    out.push_str("</p>\n<fieldset class=\"theme\"><legend>Colors</legend>");
    for (id, name) in [("auto", "Auto"), ("light", "Light"), ("dark", "Dark")] {
        let checked = if id == "auto" { " checked" } else { "" };
        put(
            out,
            format_args!(
                "<label><input type=\"radio\" name=\"theme\" id=\"theme-{id}\"{checked}>{name}</label>"
            ),
        );
    }
    out.push_str("</fieldset></div></nav>\n");
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

/// The resources that several findings concern.
pub(crate) fn resources(out: &mut String, findings: &[&ReportFinding<'_>], entities: &Entities) {
    let groups = words::groups(findings.iter().map(|it| it.finding));
    if groups.is_empty() {
        return;
    }
    let labels = Labels::new(findings.iter().map(|it| it.finding));
    out.push_str(
        "<section class=\"panel resources\" id=\"resources\">\n<h2>Most affected</h2>\n\
         <div class=\"scroll\"><table>\n<thead><tr><th>Resource</th><th>Findings</th><th>Types</th></tr>\
         </thead>\n<tbody>\n",
    );
    for group in groups {
        let number = findings.iter().position(|it| it.finding.id == group.finding.id);
        let entity = number.and_then(|it| entities.resource(it, group.finding));
        put(
            out,
            format_args!(
                "<tr><td class=\"who\"><span class=\"kind\">{}</span><br>",
                Html(&cut(&group.finding.resource.resource_type)),
            ),
        );
        let name = labels.resource(group.finding);
        match entity {
            Some(it) => put(
                out,
                format_args!("<a href=\"#{}\"><code>{}</code></a>", it.anchor, Html(&cut(&name))),
            ),
            None => put(out, format_args!("<code>{}</code>", Html(&cut(&name)))),
        }
        out.push_str("</td><td class=\"bands\">");
        pills(out, &group.bands);
        let types = group.types.iter().take(TYPES_MAX);
        let mut types: Vec<String> =
            types.map(|it| format!("<code class=\"type\">{}</code>", Html(&cut(it)))).collect();
        if group.types.len() > TYPES_MAX {
            let more = group.types.len() - TYPES_MAX;
            types.push(format!("<span class=\"of\">and {more} more</span>"));
        }
        put(out, format_args!("</td><td class=\"types\">{}</td></tr>\n", types.join(" ")));
    }
    out.push_str("</tbody>\n</table></div>\n</section>\n");
}
