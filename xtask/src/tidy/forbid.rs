//! `unsafe` lives in the crate `kernels` alone, and every other crate root forbids it.

use super::report::Report;
use super::tree::{File, Tree};

const FORBID: &str = "#![forbid(unsafe_code)]";

/// Reports `unsafe` outside `kernels` and crate roots that do not forbid it.
pub(crate) fn check(tree: &Tree, report: &mut Report) {
    for file in tree.rust().filter(|file| file.crate_folder() != Some("kernels")) {
        if is_root(file) && !file.code.lines().any(|line| line == FORBID) {
            report.error(&file.path, format!("`{FORBID}` is missing"));
        }
        for (line, code) in file.code_lines() {
            let mut words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
            if words.any(|word| word == "unsafe") {
                report.error_at(&file.path, line, "`unsafe` outside the crate `kernels`");
            }
        }
    }
}

fn is_root(file: &File) -> bool {
    file.path.ends_with("/src/lib.rs") || file.path.ends_with("/src/main.rs")
}

#[cfg(test)]
mod tests {
    use super::super::tree::temporary::problems;
    use super::*;

    #[test]
    fn a_crate_root_must_forbid_unsafe_code() {
        let path = "crates/model/src/lib.rs";
        assert_eq!(problems(check, &[(path, "//! A.\n#![forbid(unsafe_code)]\n")]), [""; 0]);
        assert_eq!(
            problems(check, &[(path, "//! A.\n// #![forbid(unsafe_code)]\n")]),
            ["error: crates/model/src/lib.rs: `#![forbid(unsafe_code)]` is missing"]
        );
    }

    #[test]
    fn unsafe_code_is_for_kernels() {
        let text = "fn a() {\n    unsafe { b() }\n}\n";
        assert_eq!(problems(check, &[("crates/kernels/src/a.rs", text)]), [""; 0]);
        assert_eq!(
            problems(check, &[("crates/model/src/a.rs", text)]),
            ["error: crates/model/src/a.rs:2: `unsafe` outside the crate `kernels`"]
        );
    }

    #[test]
    fn the_word_in_a_comment_or_text_is_no_code() {
        let text = "// unsafe\nfn a(unsafe_code: &str) {}\nconst B: &str = \"unsafe\";\n";
        assert_eq!(problems(check, &[("crates/model/src/a.rs", text)]), [""; 0]);
    }
}
