//! Every Rust file starts with a sentence on what it is for.

use super::report::Report;
use super::tree::Tree;

/// Reports files whose first line is not `//! …`.
pub(crate) fn check(tree: &Tree, report: &mut Report) {
    for file in tree.rust() {
        let first = file.text.lines().next().unwrap_or_default();
        if !first.starts_with("//! ") {
            report.error(&file.path, "the first line must be `//! ` and what the file is for");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::temporary::problems;
    use super::*;

    #[test]
    fn the_first_line_must_be_module_documentation() {
        assert_eq!(problems(check, &[("src/a.rs", "//! What it does.\nuse b;\n")]), [""; 0]);
        for text in ["", "use b;\n", "\n//! Late.\n", "//!\n//! Empty.\n", "// Plain.\n"] {
            assert_eq!(problems(check, &[("src/a.rs", text)]).len(), 1, "{text:?}");
        }
    }
}
