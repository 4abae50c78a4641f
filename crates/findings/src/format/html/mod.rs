//! The report: one HTML file that needs nothing else and asks nobody for anything.
//!
//! The page allows itself no source but its own style and script, named by hash, so that markup which
//! came through a record would still not run.

mod appendix;
mod json_view;
mod overview;
mod section;
mod timeline;

use std::cmp::Reverse;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::SeverityBand;
use sha2::{Digest, Sha256};

use crate::escape::Html;
use crate::format::put;
use crate::{Report, ReportFinding};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("filter.js");

/// Most findings that are shown in full and in the list; a page beyond that is too slow to open.
const FINDINGS_MAX: usize = 2_000;

/// Writes the report.
pub fn html(report: &Report<'_>) -> String {
    let mut findings: Vec<&ReportFinding<'_>> = report.findings.iter().collect();
    findings.sort_by_key(|it| {
        let finding = it.finding;
        (Reverse(finding.severity), Reverse(finding.service.event_last_seen), &finding.id)
    });
    let shown = findings.get(..FINDINGS_MAX).unwrap_or(&findings);
    let mut out = String::new();
    head(&mut out, &report.title);
    overview::masthead(&mut out, report, &findings);
    out.push_str("<main id=\"top\">\n");
    overview::tiles(&mut out, &findings);
    timeline::timeline(&mut out, &findings);
    overview::resources(&mut out, shown);
    overview::list(&mut out, shown, findings.len());
    for finding in shown {
        section::section(&mut out, finding);
    }
    appendix::inputs(&mut out, &report.inputs);
    appendix::coverage(&mut out, &report.coverage);
    appendix::making(&mut out, report);
    put(&mut out, format_args!("</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"));
    out
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
        assert!(page.contains("What was read"));
        assert!(!page.contains("<svg class=\"timeline\""));
    }

    #[test]
    fn nothing_from_a_record_becomes_markup() {
        const EVIL: &str = "</script><img src=x onerror=alert(1)>\u{202e}\"'";
        let mut sample = fixture::samples().remove(0);
        let finding = &mut sample.finding;
        finding.title = EVIL.to_owned();
        finding.description = EVIL.to_owned();
        finding.id = EVIL.to_owned();
        finding.finding_type = EVIL.to_owned();
        finding.resource.resource_type = EVIL.to_owned();
        if let Some(action) = &mut finding.service.action {
            action.action_type = EVIL.to_owned();
        }
        for record in &mut sample.explanation.evidence {
            record.text = format!("{{\"{EVIL}\": \"{EVIL}");
            record.file = EVIL.to_owned();
        }
        for reason in &mut sample.explanation.reasons {
            reason.value = EVIL.to_owned();
        }
        sample.explanation.techniques = vec![EVIL.to_owned()];
        let findings = [sample.report()];
        let mut report = fixture::report(&findings);
        report.title = EVIL.to_owned();
        report.command = EVIL.to_owned();
        for it in &mut report.inputs.files {
            it.name = EVIL.to_owned();
        }
        for it in &mut report.inputs.skipped {
            it.sample = EVIL.to_owned();
        }
        for it in &mut report.coverage {
            it.note = EVIL.to_owned();
        }
        let page = html(&report);
        assert!(!page.contains("<img"));
        assert!(!page.contains('\u{202e}'));
        assert_eq!(page.matches("<script>").count(), 1);
        assert_eq!(page.matches("</script>").count(), 1);
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
