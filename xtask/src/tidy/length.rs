//! Files stay short enough to be read at once.

use super::report::Report;
use super::tree::{File, Tree};

/// More lines without tests than this are a warning.
const WARN: usize = 400;
/// More lines without tests than this are an error.
const FAIL: usize = 800;

/// Reports long Rust files; the module of unit tests does not count, generated files are left out.
pub(crate) fn check(tree: &Tree, report: &mut Report) {
    for file in tree.rust().filter(|file| !is_generated(file)) {
        let lines = file.product().count();
        if lines > FAIL {
            report.error(&file.path, format!("{lines} lines without tests, at most {FAIL}"));
        } else if lines > WARN {
            report.warn(&file.path, format!("{lines} lines without tests, aim for {WARN} at most"));
        }
    }
}

fn is_generated(file: &File) -> bool {
    file.path.split('/').any(|part| part == "wire")
}

#[cfg(test)]
mod tests {
    use super::super::tree::temporary::problems;
    use super::*;

    #[test]
    fn long_files_are_reported() {
        let text = |lines: usize| "fn a() {}\n".repeat(lines);
        assert_eq!(problems(check, &[("src/a.rs", &text(400))]), [""; 0]);
        assert_eq!(
            problems(check, &[("src/a.rs", &text(401))]),
            ["warning: src/a.rs: 401 lines without tests, aim for 400 at most"]
        );
        assert_eq!(
            problems(check, &[("src/a.rs", &text(801))]),
            ["error: src/a.rs: 801 lines without tests, at most 800"]
        );
    }

    #[test]
    fn tests_and_generated_files_do_not_count() {
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "    fn a() {}\n".repeat(900));
        let wire = "fn a() {}\n".repeat(900);
        assert_eq!(problems(check, &[("src/a.rs", &tests), ("src/wire/a.rs", &wire)]), [""; 0]);
    }
}
