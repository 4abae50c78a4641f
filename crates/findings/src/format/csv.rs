//! Comma-separated values (RFC 4180) that no spreadsheet takes for formulas.

use crate::Finding;
use crate::escape::Visible;

const HEADER: [&str; 14] = [
    "severity",
    "band",
    "type",
    "title",
    "account",
    "region",
    "resource_type",
    "resource",
    "count",
    "first_seen",
    "last_seen",
    "archived",
    "id",
    "description",
];

/// Writes a header and one record per finding.
///
/// A cell that begins with a character that spreadsheets act on is led by an apostrophe
/// (<https://owasp.org/www-community/attacks/CSV_Injection>).
pub fn csv<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> String {
    let mut out = String::new();
    record(&mut out, &HEADER.map(str::to_owned));
    for it in findings {
        let service = &it.service;
        record(
            &mut out,
            &[
                it.severity.value().to_string(),
                it.band().to_string(),
                it.finding_type.clone(),
                it.title.clone(),
                it.account_id.to_string(),
                it.region.to_string(),
                it.resource.resource_type.clone(),
                it.resource.name().to_owned(),
                service.count.to_string(),
                service.event_first_seen.to_string(),
                service.event_last_seen.to_string(),
                service.archived.to_string(),
                it.id.clone(),
                it.description.clone(),
            ],
        );
    }
    out
}

fn record(out: &mut String, cells: &[String; HEADER.len()]) {
    for (at, text) in cells.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        cell(out, text);
    }
    out.push_str("\r\n");
}

fn cell(out: &mut String, text: &str) {
    // Judged before controls are escaped: a leading tab or line end is what spreadsheets strip.
    let is_formula = text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        || text.starts_with(['\t', '\r', '\n']);
    let mut text = Visible(text).to_string();
    if is_formula {
        text.insert(0, '\'');
    }
    if text.contains([',', '"', '\'', ' ']) {
        out.push('"');
        out.push_str(&text.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(&text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::format::check_golden;

    #[test]
    fn records_are_as_recorded() {
        let samples = fixture::samples();
        let text = csv(samples.iter().map(|it| &it.finding));
        // Version control may change line ends, so the recorded file has plain ones.
        assert_eq!(text.matches("\r\n").count(), samples.len() + 1);
        check_golden("findings.csv", &text.replace("\r\n", "\n"));
    }

    #[test]
    fn formulas_are_text() {
        let cases = [
            ("=1+1", "\"'=1+1\""),
            ("  @SUM(A1)", "\"'  @SUM(A1)\""),
            ("\t=1", "\"'\\u{9}=1\""),
            ("＝1", "\"'＝1\""),
            ("a=\"b\"", "\"a=\"\"b\"\"\""),
            ("a\r\n=1", "a\\u{d}\\u{a}=1"),
        ];
        for (text, expected) in cases {
            let mut out = String::new();
            cell(&mut out, text);
            assert_eq!(out, expected);
        }
    }
}
