//! JSON lines: one finding a line, as GuardDuty exports them.

use crate::Finding;
use crate::escape::is_active;
use crate::format::put;

/// Writes each finding on a line of its own.
///
/// Characters that a terminal acts on are written as JSON escapes: the same value, harmless to look at.
pub fn json<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> String {
    let mut out = String::new();
    for finding in findings {
        line(&mut out, &serde_json::to_string(finding).unwrap_or_default());
    }
    out
}

/// Appends a JSON document as a line, its active characters as escapes.
pub(super) fn line(out: &mut String, document: &str) {
    for c in document.chars() {
        if is_active(c) { escape(out, c) } else { out.push(c) }
    }
    out.push('\n');
}

/// A JSON document on any number of lines with its active characters as escapes.
pub fn visible_json(document: &str) -> String {
    let mut out = String::with_capacity(document.len());
    for c in document.chars() {
        // Line ends stand between members only: serializers escape those of texts.
        if is_active(c) && c != '\n' { escape(&mut out, c) } else { out.push(c) }
    }
    out
}

fn escape(out: &mut String, c: char) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        put(out, format_args!("\\u{unit:04x}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::format::check_golden;

    #[test]
    fn lines_are_as_recorded_and_read_back() {
        let samples = fixture::samples();
        let text = json(samples.iter().map(|it| &it.finding));
        check_golden("findings.jsonl", &text);
        for (line, sample) in text.lines().zip(&samples) {
            let back: Finding = serde_json::from_str(line).unwrap();
            assert_eq!(back, sample.finding);
            assert_eq!(back.explanation().as_ref(), Some(&sample.explanation));
        }
        assert_eq!(text.lines().count(), samples.len());
    }

    #[test]
    fn active_characters_become_escapes() {
        let mut finding = fixture::samples().remove(0).finding;
        finding.title = "a\u{9b}31m\u{202e}\u{e0041}".to_owned();
        let text = json([&finding]);
        assert!(text.contains(r"a\u009b31m\u202e\udb40\udc41"));
        assert_eq!(serde_json::from_str::<Finding>(&text).unwrap(), finding);
    }
}
