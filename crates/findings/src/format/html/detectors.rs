//! The detections: what was raised, what ran and found nothing, and what could not be seen.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::escape::Html;
use crate::format::html::parts::{cut, plural};
use crate::format::{put, thousands};
use crate::{CoverageRow, Report, ReportFinding};

/// Most types that are listed of those that the program does not know.
const NAMES_MAX: usize = 400;

/// Writes the section.
pub(crate) fn detectors(out: &mut String, report: &Report<'_>, findings: &[&ReportFinding<'_>]) {
    let rows = &report.coverage;
    let mut raised: BTreeMap<&str, usize> = BTreeMap::new();
    for it in findings {
        *raised.entry(it.finding.finding_type.as_str()).or_default() += 1;
    }
    let fired = |it: &&CoverageRow| raised.contains_key(it.finding_type.as_str());
    let blind = rows.iter().filter(|it| it.is_blind() && !fired(it)).count();
    put(
        out,
        format_args!(
            "<section class=\"panel\" id=\"coverage\">\n<h2>What was looked for</h2>\n<p class=\"caption\">\
             {} of finding: {} raised, {} looked for and not found, {} that could not be seen in these logs. \
             Where something could not be seen, its absence from this report says nothing.</p>\n",
            plural(rows.len(), "type"),
            thousands(rows.iter().filter(fired).count() as u64),
            thousands(rows.iter().filter(|it| !it.is_blind() && !fired(it)).count() as u64),
            thousands(blind as u64),
        ),
    );
    let group = |keep: &dyn Fn(&&CoverageRow) -> bool| rows.iter().filter(keep).collect::<Vec<_>>();
    let is_limited = |it: &&CoverageRow| !it.gaps.is_empty();
    table(out, "Raised", &group(&|it| fired(it)), &raised);
    table(
        out,
        "Looked for, not found",
        &group(&|it| !fired(it) && !it.is_blind() && !is_limited(it)),
        &raised,
    );
    table(
        out,
        "Looked for with limits, not found",
        &group(&|it| !fired(it) && !it.is_blind() && is_limited(it)),
        &raised,
    );
    table(out, "Could not be seen", &group(&|it| !fired(it) && it.is_blind()), &raised);
    remedies(out, rows);
    not_served(out, &report.not_served);
    out.push_str("</section>\n");
}

fn table(out: &mut String, name: &str, rows: &[&CoverageRow], raised: &BTreeMap<&str, usize>) {
    if rows.is_empty() {
        return;
    }
    put(
        out,
        format_args!(
            "<details><summary>{name} <span class=\"of\">{}</span></summary>\n<div class=\"scroll\">\
             <table class=\"types\"><thead><tr><th>Type of finding</th><th>Reads</th><th>Limits</th>\
             </tr></thead>\n<tbody>\n",
            thousands(rows.len() as u64)
        ),
    );
    for it in rows {
        row(out, it, raised.get(it.finding_type.as_str()).copied());
    }
    out.push_str("</tbody></table></div></details>\n");
}

fn row(out: &mut String, row: &CoverageRow, raised: Option<usize>) {
    put(
        out,
        format_args!(
            "<tr><td><code>{}</code><br><span class=\"kind\">{}</span>",
            Html(&cut(&row.finding_type)),
            Html(&cut(&row.title))
        ),
    );
    if let Some(count) = raised {
        put(out, format_args!(" <strong>{}</strong>", plural(count, "finding")));
    }
    let needed: Vec<&str> = row.needed.iter().map(|it| it.as_str()).collect();
    put(out, format_args!("</td><td>{}</td><td>", needed.join(" or ")));
    if !row.is_seen && row.gaps.is_empty() {
        out.push_str("<span class=\"mark no\">none of these was read</span>");
    }
    for (at, gap) in row.gaps.iter().enumerate() {
        let (line, class) =
            (if at > 0 { "<br>" } else { "" }, if gap.is_blocking { "no" } else { "partly" });
        let what = cut(&gap.what);
        put(out, format_args!("{line}<span class=\"mark {class}\">{}</span>", Html(&what)));
    }
    if row.is_seen && row.gaps.is_empty() {
        out.push_str("<span class=\"mark yes\">none known</span>");
    }
    out.push_str("</td></tr>\n");
}

/// What to change to see more; what helps most first.
fn remedies(out: &mut String, rows: &[CoverageRow]) {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for gap in rows.iter().flat_map(|it| &it.gaps).filter(|it| !it.remedy.is_empty()) {
        let count = counts.entry(gap.remedy.as_str()).or_default();
        *count = (count.0 + usize::from(gap.is_blocking), count.1 + 1);
    }
    if counts.is_empty() {
        return;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|it| (Reverse(it.1), it.0));
    out.push_str(
        "<details><summary>What to change to see more</summary>\n<div class=\"scroll\"><table><thead><tr>\
         <th>Change</th><th class=\"n\">Types it opens</th><th class=\"n\">Types it sharpens</th></tr></thead>\n\
         <tbody>\n",
    );
    for (remedy, (blocked, all)) in counts {
        put(
            out,
            format_args!(
                "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
                Html(&cut(remedy)),
                thousands(blocked as u64),
                thousands((all - blocked) as u64)
            ),
        );
    }
    out.push_str("</tbody></table></div></details>\n");
}

fn not_served(out: &mut String, names: &[String]) {
    if names.is_empty() {
        return;
    }
    put(
        out,
        format_args!(
            "<details><summary>Types of Amazon GuardDuty that this version does not know \
             <span class=\"of\">{}</span></summary>\n<p class=\"names\">",
            thousands(names.len() as u64)
        ),
    );
    for name in names.iter().take(NAMES_MAX) {
        put(out, format_args!("<code>{}</code> ", Html(&cut(name))));
    }
    out.push_str("</p></details>\n");
}
