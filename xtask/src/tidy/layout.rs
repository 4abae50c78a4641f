//! White space and width of lines.

use super::report::Report;
use super::tree::Tree;

/// Most characters in a line of Rust. The content of a literal does not count: a log record stands on one
/// line in its file and is best read so in a test.
const WIDTH: usize = 120;

/// Reports trailing space, tabs, carriage returns, a missing last line end and wide lines of Rust.
pub(crate) fn check(tree: &Tree, report: &mut Report) {
    for file in &tree.files {
        if !file.text.is_empty() && !file.text.ends_with('\n') {
            report.error(&file.path, "the last line does not end");
        }
        let mut code = file.code.split('\n');
        for (n, line) in file.text.split('\n').enumerate() {
            let code = code.next().unwrap_or_default();
            if line.ends_with([' ', '\t', '\r']) {
                report.error_at(&file.path, n + 1, "space at the end of the line");
            } else if line.contains('\t') {
                report.error_at(&file.path, n + 1, "a tab");
            }
            let width = line.chars().count();
            if file.extension() == "rs" && width > WIDTH && !is_mostly_literal(line, code) {
                report.error_at(&file.path, n + 1, format!("{width} columns, at most {WIDTH}"));
            }
        }
    }
}

/// Whether the line is narrow enough without the contents of its literals. Comments are no literals.
fn is_mostly_literal(line: &str, code: &str) -> bool {
    let words: Vec<&str> = code.split_whitespace().collect();
    let is_comment = line.trim_start().starts_with("//");
    !is_comment && words.join(" ").chars().count() <= WIDTH
}

#[cfg(test)]
mod tests {
    use super::super::tree::temporary::problems;
    use super::*;

    fn one(path: &str, text: &str) -> String {
        problems(check, &[(path, text)]).join("; ")
    }

    #[test]
    fn white_space_is_reported_in_every_text() {
        assert_eq!(one("a.md", "b \n"), "error: a.md:1: space at the end of the line");
        assert_eq!(one("a.rs", "b\r\n"), "error: a.rs:1: space at the end of the line");
        assert_eq!(one("a.toml", "b\n\tc\n"), "error: a.toml:2: a tab");
        assert_eq!(one("a.rs", "b"), "error: a.rs: the last line does not end");
        assert_eq!(one("a.rs", "b\n\nc\n"), "");
    }

    #[test]
    fn native_logs_may_hold_what_they_like() {
        assert_eq!(one("fixtures/ec2/port_scan/a.log", "b \t\r\n"), "");
    }

    #[test]
    fn only_rust_has_a_width() {
        let text = format!("{}\n", "é".repeat(121));
        assert_eq!(one("a.rs", &text), "error: a.rs:1: 121 columns, at most 120");
        let comment = format!("// {}\n", "é".repeat(121));
        assert_eq!(one("a.rs", &comment), "error: a.rs:1: 124 columns, at most 120");
        assert_eq!(one("a.rs", &format!("let a = \"{}\";\n", "é".repeat(121))), "");
        assert_eq!(one("a.md", &text), "");
        assert_eq!(one("b.rs", &format!("{}\n", "é".repeat(120))), "");
    }
}
