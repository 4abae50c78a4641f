//! JSON as readable, colored HTML.
//!
//! The text is scanned, not parsed: members keep their order, and a record that was cut shows as far as
//! it goes.

use crate::escape::Html;
use crate::format::put;

/// Deepest indentation, in levels.
const INDENT_MAX: usize = 24;

/// Writes a record into a `pre` element: indented when it is JSON, else as it is.
pub(crate) fn json_view(out: &mut String, text: &str) {
    out.push_str("<pre>");
    if text.trim_start().starts_with(['{', '[']) {
        View { text: text.trim(), at: 0, depth: 0 }.run(out);
    } else {
        put(out, format_args!("{}", Html(text.trim_end())));
    }
    out.push_str("</pre>\n");
}

struct View<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl View<'_> {
    fn run(mut self, out: &mut String) {
        while let Some(byte) = self.text.as_bytes().get(self.at).copied() {
            match byte {
                b'"' => self.string(out),
                b'{' | b'[' => self.open(out, byte),
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.line(out);
                    out.push(char::from(byte));
                    self.at += 1;
                }
                b',' => {
                    out.push(',');
                    self.line(out);
                    self.at += 1;
                }
                b':' => {
                    out.push_str(": ");
                    self.at += 1;
                }
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                _ => self.scalar(out),
            }
        }
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn line(&self, out: &mut String) {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", self.depth.min(INDENT_MAX)));
    }

    /// Empty objects and arrays stay on their line.
    fn open(&mut self, out: &mut String, byte: u8) {
        out.push(char::from(byte));
        self.at += 1;
        let space = self.rest().len() - self.rest().trim_start().len();
        let next = self.rest().as_bytes().get(space).copied();
        if matches!(next, Some(b'}' | b']')) {
            out.push(if byte == b'{' { '}' } else { ']' });
            self.at += space + 1;
        } else {
            self.depth += 1;
            self.line(out);
        }
    }

    fn string(&mut self, out: &mut String) {
        let len = string_len(self.rest());
        let (string, after) = self.rest().split_at(len);
        let class = if after.trim_start().starts_with(':') { "k" } else { "s" };
        put(out, format_args!("<span class=\"{class}\">{}</span>", Html(string)));
        self.at += len;
    }

    fn scalar(&mut self, out: &mut String) {
        let rest = self.rest();
        let end = rest.find(|it: char| "\",:{}[]".contains(it) || it.is_ascii_whitespace());
        let len = end.unwrap_or(rest.len());
        let word = rest.get(..len).unwrap_or_default();
        put(out, format_args!("<span class=\"v\">{}</span>", Html(word)));
        self.at += len;
    }
}

/// Length of the string that `text` begins with, its quotes included.
fn string_len(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let mut out = String::new();
        json_view(&mut out, text);
        let plain = ["k", "s", "v"].iter().fold(out.replace("</span>", ""), |text, class| {
            text.replace(&format!("<span class=\"{class}\">"), "")
        });
        assert_eq!(plain.replace("&quot;", "\""), format!("<pre>{expected}</pre>\n"));
    }

    #[test]
    fn members_keep_their_order() {
        check(
            r#"{"b":1,"a":[true,{}],"c":[ ]}"#,
            "{\n  \"b\": 1,\n  \"a\": [\n    true,\n    {}\n  ],\n  \"c\": []\n}",
        );
    }

    #[test]
    fn what_was_cut_shows_as_far_as_it_goes() {
        check(r#"{"a":"x\"y"#, "{\n  \"a\": \"x\\\"y");
        check("[[[", "[\n  [\n    [\n      ");
    }

    #[test]
    fn other_text_is_kept() {
        check("2 111122223333 eni-1 <b>\n", "2 111122223333 eni-1 &lt;b&gt;");
    }

    #[test]
    fn nesting_does_not_blow_up() {
        let mut out = String::new();
        json_view(&mut out, &"[".repeat(4096));
        assert!(out.len() < 4096 * 64);
    }
}
