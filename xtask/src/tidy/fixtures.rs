//! Fixtures are small, their origin is stated, and no golden outlives its input.

use super::report::Report;
use super::tree::Tree;

const README: &str = "fixtures/README.md";
const GOLDEN: &str = ".findings.json";
const INPUTS: &[&str] = &["json", "log", "jsonl"];
const MAX_BYTES: u64 = 64 * 1024;

/// Reports large fixtures, inputs without a line in the README and goldens without an input.
///
/// A line of the README names a case (`ec2/port_scan/one_host`), one of its files or the folder of a
/// family (`ec2/port_scan/`), in backticks.
pub(crate) fn check(tree: &Tree, report: &mut Report) {
    let readme = tree.get(README).map_or("", |file| file.text.as_str());
    for (path, file) in tree.below("fixtures").filter(|(path, _)| *path != "README.md") {
        if file.size > MAX_BYTES {
            let size = file.size;
            report.error(
                &file.path,
                format!("{size} bytes, at most {MAX_BYTES}: keep what the case needs"),
            );
        }
        if let Some(case) = path.strip_suffix(GOLDEN) {
            let belongs = |(other, _): (&str, _)| other.strip_prefix(case).is_some_and(is_input);
            if !tree.below("fixtures").any(belongs) {
                report.error(&file.path, "no input belongs to this golden");
            }
        } else if !is_described(readme, path) {
            report.error(&file.path, format!("no line in {README} says where it comes from"));
        }
    }
}

/// Whether what follows the name of a case is that of a log: `.log`, or `.day1.json` of a case in parts.
fn is_input(rest: &str) -> bool {
    let rest = rest.strip_suffix(".gz").unwrap_or(rest);
    let extension = rest.rsplit_once('.').map_or("", |(_, extension)| extension);
    let is_other = rest.ends_with(GOLDEN) || rest.ends_with(".inventory.json");
    rest.starts_with('.') && INPUTS.contains(&extension) && !is_other
}

/// Whether a line names the file, its case (the name up to the first dot) or the folder of its family.
fn is_described(readme: &str, path: &str) -> bool {
    let Some((folder, name)) = path.rsplit_once('/') else { return false };
    let case = name.split('.').next().unwrap_or(name);
    let family = if folder.contains('/') { format!("{folder}/") } else { path.to_owned() };
    let names = [path.to_owned(), format!("{folder}/{case}"), family];
    names.iter().any(|name| readme.contains(&format!("`{name}`")))
}

#[cfg(test)]
mod tests {
    use super::super::tree::temporary::problems;
    use super::*;

    const INPUT: (&str, &str) = ("fixtures/ec2/port_scan/one.log", "2 …\n");
    const README_LINE: (&str, &str) = (README, "| `ec2/port_scan/` | written by hand |\n");

    #[test]
    fn a_fixture_needs_a_line_on_its_origin() {
        let expected = "error: fixtures/ec2/port_scan/one.log: no line in fixtures/README.md says where it comes from";
        assert_eq!(problems(check, &[INPUT]), [expected]);
        assert_eq!(problems(check, &[INPUT, (README, "`ec2/` all\n")]), [expected]);
        assert_eq!(problems(check, &[INPUT, README_LINE]), [""; 0]);
        assert_eq!(problems(check, &[INPUT, (README, "`ec2/port_scan/one`\n")]), [""; 0]);
        assert_eq!(problems(check, &[INPUT, (README, "`ec2/port_scan/on`\n")]), [expected]);
        assert_eq!(problems(check, &[INPUT, (README, "`ec2/port_scan/one.log`\n")]), [""; 0]);
    }

    #[test]
    fn a_golden_needs_its_input() {
        let golden = ("fixtures/ec2/port_scan/one.findings.json", "[]\n");
        assert_eq!(problems(check, &[INPUT, README_LINE, golden]), [""; 0]);
        let expected =
            "error: fixtures/ec2/port_scan/one.findings.json: no input belongs to this golden";
        assert_eq!(problems(check, &[README_LINE, golden]), [expected]);
    }

    #[test]
    fn a_case_may_come_in_parts_but_a_description_is_no_input() {
        let golden = ("fixtures/ec2/port_scan/one.findings.json", "[]\n");
        let count = |input| problems(check, &[README_LINE, golden, (input, "{}\n")]).len();
        assert_eq!(count("fixtures/ec2/port_scan/one.day1.json"), 0);
        assert_eq!(count("fixtures/ec2/port_scan/one.log.gz"), 0);
        assert_eq!(count("fixtures/ec2/port_scan/one.inventory.json"), 1);
        assert_eq!(count("fixtures/ec2/port_scan/one_more.log"), 1);
        assert_eq!(count("fixtures/ec2/port_scan/one.settings.toml"), 1);
    }

    #[test]
    fn a_fixture_is_small() {
        let large = "x".repeat(64 * 1024 + 1);
        let expected = "error: fixtures/ec2/port_scan/one.log: 65537 bytes, at most 65536: keep what the case needs";
        assert_eq!(problems(check, &[(INPUT.0, &large), README_LINE]), [expected]);
    }
}
