//! Marks of unfinished work and lints that are silenced without a reason.

use super::report::Report;
use super::tree::Tree;

const MARKS: &[(&str, &str)] = &[
    ("todo!", "`todo!`: finish it or say in the text that it is left out"),
    ("unimplemented!", "`unimplemented!`: finish it or say in the text that it is left out"),
    ("#[ignore", "`#[ignore]`: a test runs or is not there"),
    ("#[allow(", "`#[allow]`: use `#[expect(lint, reason = \"…\")]`"),
    ("#![allow(", "`#![allow]`: use `#![expect(lint, reason = \"…\")]`"),
];

/// Reports the marks above and every `expect` attribute without a reason.
pub(crate) fn check(tree: &Tree, report: &mut Report) {
    for file in tree.rust() {
        for (line, code) in file.code_lines() {
            for (mark, message) in MARKS {
                if code.contains(mark) {
                    report.error_at(&file.path, line, *message);
                }
            }
        }
        for (line, attribute) in expectations(&file.code) {
            if !attribute.contains("reason") {
                report.error_at(&file.path, line, "`expect` without a reason");
            }
        }
    }
}

/// The `expect` attributes of a file with their line numbers.
fn expectations(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let starts = code.match_indices("#[expect(").chain(code.match_indices("#![expect("));
    starts.filter_map(|(at, _)| {
        let (before, rest) = code.split_at_checked(at)?;
        let end = rest.find(")]").unwrap_or(rest.len());
        Some((before.matches('\n').count() + 1, rest.get(..end)?))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tree::temporary::problems;
    use super::*;

    #[test]
    fn every_mark_is_found_in_product_and_tests() {
        for (mark, message) in MARKS {
            let text = format!("fn a() {{}}\n{mark}\n");
            for path in ["src/a.rs", "tests/a.rs"] {
                let expected = format!("error: {path}:2: {message}");
                assert_eq!(problems(check, &[(path, &text)]), [expected]);
            }
        }
    }

    #[test]
    fn marks_in_comments_and_texts_are_no_marks() {
        let text = "// todo!()\nconst A: &str = \"#[allow(b)]\";\n";
        assert_eq!(problems(check, &[("src/a.rs", text)]), [""; 0]);
    }

    #[test]
    fn an_expectation_has_a_reason() {
        let good = "#[expect(\n    b,\n    reason = \"c\"\n)]\nfn a() {}\n";
        assert_eq!(problems(check, &[("src/a.rs", good)]), [""; 0]);
        let bad = "//! A.\n#![expect(b)]\n";
        let expected = "error: src/a.rs:2: `expect` without a reason";
        assert_eq!(problems(check, &[("src/a.rs", bad)]), [expected]);
    }
}
