//! Fragments of the changelog say in their name what kind of change they tell.

use super::report::Report;
use super::tree::Tree;

const KINDS: &[&str] = &["add", "fix", "change", "break"];

/// Reports files of `changelog.d` that are not `<slug>.{add,fix,change,break}.md`, or empty.
pub(crate) fn check(tree: &Tree, report: &mut Report) {
    for (name, file) in tree.below("changelog.d").filter(|(name, _)| *name != "README.md") {
        if !is_fragment(name) {
            report.error(&file.path, "name it <slug>.{add,fix,change,break}.md");
        } else if file.text.trim().is_empty() {
            report.error(&file.path, "is empty");
        }
    }
}

fn is_fragment(name: &str) -> bool {
    let Some((slug, kind)) = name.strip_suffix(".md").and_then(|stem| stem.rsplit_once('.')) else {
        return false;
    };
    let is_slug = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    KINDS.contains(&kind) && !slug.is_empty() && slug.chars().all(is_slug)
}

#[cfg(test)]
mod tests {
    use super::super::tree::temporary::problems;
    use super::*;

    fn count(name: &str, text: &str) -> usize {
        problems(check, &[(&format!("changelog.d/{name}"), text)]).len()
    }

    #[test]
    fn names_and_contents_are_checked() {
        assert_eq!(count("port-scan.add.md", "Detects port scans.\n"), 0);
        assert_eq!(count("README.md", "How to.\n"), 0);
        for name in
            ["port-scan.md", "port-scan.added.md", "Port scan.add.md", ".add.md", "a.add.txt"]
        {
            assert_eq!(count(name, "Text.\n"), 1, "{name}");
        }
        assert_eq!(count("port-scan.add.md", "\n"), 1);
    }
}
