//! The report: one HTML file that needs nothing else and asks nobody for anything.
//!
//! The page allows itself no source but its own style and script, named by hash, so that markup which
//! came through a record would still not run.

mod appendix;
mod detectors;
mod entities;
mod entity_view;
mod json_view;
mod list;
mod overview;
mod parts;
mod section;
mod timeline;

use std::cmp::Reverse;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::SeverityBand;
use sha2::{Digest, Sha256};

use crate::escape::Html;
use crate::format::html::entities::Entities;
use crate::format::html::list::List;
use crate::format::put;
use crate::{Report, ReportFinding};

const STYLE: &str = concat!(include_str!("style.css"), include_str!("print.css"));
const SCRIPT: &str = include_str!("filter.js");

/// Most findings that are listed; a page beyond that is too slow to open.
const LISTED_MAX: usize = 5_000;
/// Most findings that are explained.
const FULL_MAX: usize = 2_000;
/// Bytes of the explanations from which on they go without records.
const RECORDS_BYTES: usize = 12 << 20;
/// Most bytes of the explanations.
const FULL_BYTES: usize = 24 << 20;

/// Writes the report: the same for the same findings and facts, whatever their order. Its size is bounded.
pub fn html(report: &Report<'_>) -> String {
    let mut findings: Vec<&ReportFinding<'_>> = report.findings.iter().collect();
    findings.sort_by_key(|it| {
        let finding = it.finding;
        (Reverse(finding.severity), Reverse(finding.service.event_last_seen), &finding.id)
    });
    let shown = findings.get(..LISTED_MAX).unwrap_or(&findings);
    let entities = Entities::new(shown);
    let (sections, full) = sections(shown, &entities);
    let list = List { shown, total: findings.len(), full, entities: &entities };
    let mut out = String::with_capacity(sections.len() * 2);
    head(&mut out, &report.title);
    bar(&mut out, &entities, report);
    overview::masthead(&mut out, report, &findings);
    out.push_str("<main>\n");
    overview::tiles(&mut out, &findings);
    overview::resources(&mut out, shown, &entities);
    list.write(&mut out);
    out.push_str(&sections);
    entity_view::entities(&mut out, &entities, shown, full);
    detectors::detectors(&mut out, report, &findings);
    appendix::inputs(&mut out, &report.inputs);
    appendix::making(&mut out, report);
    put(&mut out, format_args!("</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"));
    out
}

/// The explanations of findings, and how many there are: the first, as far as there is room.
fn sections(shown: &[&ReportFinding<'_>], entities: &Entities) -> (String, usize) {
    let mut out = String::new();
    for (number, it) in shown.iter().enumerate() {
        if number >= FULL_MAX || out.len() >= FULL_BYTES {
            return (out, number);
        }
        let related = entities.of_finding(number).iter().filter_map(|it| entities.all.get(*it));
        let related: Vec<_> = related.collect();
        let has_records = out.len() < RECORDS_BYTES;
        section::section(&mut out, it, &related, has_records);
    }
    (out, shown.len())
}

fn bar(out: &mut String, entities: &Entities, report: &Report<'_>) {
    let mut parts = vec![("top", "Summary")];
    if !report.findings.is_empty() {
        parts.push(("timeline", "Timeline"));
    }
    parts.push(("findings", "Findings"));
    if !entities.all.is_empty() {
        parts.push(("entities", "Concerned"));
    }
    parts.extend([("coverage", "Looked for"), ("inputs", "Read"), ("making", "Made")]);
    overview::bar(out, &parts);
}

fn head(out: &mut String, title: &str) {
    let (style, script) = (hash(STYLE), hash(SCRIPT));
    put(
        out,
        format_args!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
             style-src '{style}'; script-src '{script}'; base-uri 'none'; form-action 'none'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <meta name=\"referrer\" content=\"no-referrer\">\n\
             <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
            Html(title)
        ),
    );
}

/// The name of an inline style or script in a content security policy.
fn hash(content: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(content)))
}

/// The class of a severity's elements.
fn class(band: SeverityBand) -> &'static str {
    match band {
        SeverityBand::Critical => "critical",
        SeverityBand::High => "high",
        SeverityBand::Medium => "medium",
        SeverityBand::Low => "low",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::fixture;
    use crate::format::check_golden;

    #[test]
    fn the_page_is_as_recorded() {
        let samples = fixture::samples();
        let findings: Vec<ReportFinding<'_>> =
            samples.iter().map(fixture::Sample::report).collect();
        check_golden("report.html", &html(&fixture::report(&findings)));
    }

    #[test]
    fn a_page_without_findings_says_so() {
        let page = html(&fixture::report(&[]));
        assert!(page.contains("No findings"));
        assert!(page.contains("What was read") && page.contains("What was looked for"));
        assert!(!page.contains("<svg class=\"timeline\""));
    }

    const EVIL: &str =
        "</script><img src=x onerror=alert(1)>\u{202e}\u{1b}[31m\"'` ${x} {{y}} &lt;b";

    /// Puts hostile text in place of every text that may be any.
    fn poison<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
        fn paths(value: &Value, at: &str, all: &mut Vec<String>) {
            match value {
                Value::String(_) => all.push(at.to_owned()),
                Value::Array(items) => {
                    items
                        .iter()
                        .enumerate()
                        .for_each(|(n, it)| paths(it, &format!("{at}/{n}"), all));
                }
                Value::Object(members) => {
                    members.iter().for_each(|(name, it)| paths(it, &format!("{at}/{name}"), all));
                }
                _ => {}
            }
        }
        let mut json = serde_json::to_value(value).unwrap();
        let mut all = Vec::new();
        paths(&json, "", &mut all);
        for path in all {
            let before = json.clone();
            *json.pointer_mut(&path).unwrap() = EVIL.into();
            if T::deserialize(&json).is_err() {
                json = before;
            }
        }
        T::deserialize(&json).unwrap()
    }

    #[test]
    fn nothing_from_a_record_becomes_markup() {
        let mut samples = fixture::samples();
        for sample in &mut samples {
            sample.finding = poison(&sample.finding);
            sample.explanation = poison(&sample.explanation);
            for record in &mut sample.explanation.evidence {
                record.text = format!("{{\"{EVIL}\": \"{EVIL}");
            }
        }
        let findings: Vec<ReportFinding<'_>> =
            samples.iter().map(fixture::Sample::report).collect();
        let mut report = fixture::report(&findings);
        let evil = || EVIL.to_owned();
        (report.title, report.command, report.settings) = (evil(), evil(), evil());
        report.versions = vec![evil()];
        report.not_served = vec![evil()];
        for it in &mut report.lists {
            (it.name, it.category, it.origin) = (evil(), evil(), evil());
        }
        for it in &mut report.inputs.files {
            (it.name, it.format, it.sha256) = (evil(), evil(), evil());
        }
        report.inputs.kinds.iter_mut().for_each(|it| it.name = evil());
        for it in &mut report.inputs.skipped {
            (it.cause, it.sample) = (evil(), evil());
        }
        for it in &mut report.coverage {
            (it.finding_type, it.title) = (evil(), evil());
            it.gaps.iter_mut().for_each(|it| (it.what, it.remedy) = (evil(), evil()));
        }
        let page = html(&report);
        assert!(page.matches("&lt;img src=x").count() > 200, "it is shown as text");
        assert!(!page.contains("<img") && !page.contains("onerror=alert(1)>"));
        assert!(page.chars().all(|it| it == '\n' || it == '\t' || !crate::escape::is_active(it)));
        for (needle, count) in [("<script>", 1), ("</script>", 1), ("<style>", 1), ("</style>", 1)]
        {
            assert_eq!(page.matches(needle).count(), count, "{needle}");
        }
        // Every attribute is still closed: no quote of a record is outside of text.
        assert!(!page.contains("\u{202e}\"") && !page.contains("${x} {{y}} &lt;b\""));
    }

    #[test]
    fn links_lead_somewhere_both_ways() {
        let samples = fixture::samples();
        let findings: Vec<ReportFinding<'_>> =
            samples.iter().map(fixture::Sample::report).collect();
        let page = html(&fixture::report(&findings));
        let ids: Vec<&str> =
            page.split(" id=\"").skip(1).filter_map(|it| it.split('"').next()).collect();
        let unique: std::collections::BTreeSet<&&str> = ids.iter().collect();
        assert_eq!(unique.len(), ids.len(), "ids stand for one element each");
        for link in page.split("href=\"#").skip(1).filter_map(|it| it.split('"').next()) {
            assert!(ids.contains(&link), "#{link}");
        }
        let of_entity = page.split("class=\"panel entity").nth(1).unwrap();
        let id = of_entity.split("id=\"").nth(1).unwrap().split('"').next().unwrap();
        let finding = of_entity.split("href=\"#f-").nth(1).unwrap().split('"').next().unwrap();
        let section = page.split(&format!("id=\"f-{finding}\"")).nth(1).unwrap();
        let section = section.split("</article>").next().unwrap();
        assert!(section.contains(&format!("href=\"#{id}\"")), "the finding leads back");
    }

    #[test]
    fn the_order_of_findings_makes_no_difference() {
        let samples = fixture::samples();
        let mut findings: Vec<ReportFinding<'_>> =
            samples.iter().map(fixture::Sample::report).collect();
        let page = html(&fixture::report(&findings));
        findings.reverse();
        assert!(html(&fixture::report(&findings)) == page);
    }

    #[test]
    fn thousands_of_large_findings_give_a_bounded_page_that_says_so() {
        let sample = fixture::samples().remove(0);
        let mut samples = vec![sample; 7_000];
        for (number, it) in samples.iter_mut().enumerate() {
            it.finding.id = format!("{number:032x}");
            it.finding.description = "x".repeat(50_000);
            it.finding.account_id = model::AccountId::new(number as u64 + 1).unwrap();
            for record in &mut it.explanation.evidence {
                record.text = "<".repeat(16 * 1024);
            }
        }
        let findings: Vec<ReportFinding<'_>> =
            samples.iter().map(fixture::Sample::report).collect();
        let page = html(&fixture::report(&findings));
        assert!(page.len() < 48 << 20, "{}", page.len());
        assert!(page.contains("The 5,000 most severe of 7,000 findings are shown."));
        assert!(page.contains("are explained below; those behind them are listed only."));
        assert!(page.contains("The records are left out to keep the size of this page bounded."));
        assert!(page.contains("more with less severe findings have no section here"));
    }

    #[test]
    fn the_page_asks_nobody_for_anything() {
        let samples = fixture::samples();
        let findings: Vec<ReportFinding<'_>> =
            samples.iter().map(fixture::Sample::report).collect();
        let page = html(&fixture::report(&findings));
        for needle in
            [" src=", "@import", "url(", "<link", "style=", " onclick", " onload", "fetch("]
        {
            assert!(!page.contains(needle), "{needle}");
        }
    }
}
