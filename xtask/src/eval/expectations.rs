//! What is expected of the data sets: facts about public material, by the public name of its folder.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::collections::BTreeMap;

use super::product::Catalog;

const COMMITTED: &str = include_str!("expectations.toml");

/// All data sets that something is expected of, by the name of their folder.
#[derive(Deserialize, Debug)]
#[serde(transparent)]
pub(crate) struct Expectations {
    pub(crate) folders: BTreeMap<String, Folder>,
}

/// A data set.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct Folder {
    /// What the material is.
    about: String,
    /// Where it comes from, with commit and license.
    origin: String,
    /// Why nothing can be expected of it yet.
    pub(crate) note: Option<String>,
    /// What is scanned by itself.
    #[serde(default)]
    pub(crate) case: Vec<Case>,
}

/// One scan and what it must, may and must not give.
#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// Files in the folder; `*` stands for any text.
    pub(crate) files: Vec<String>,
    /// Only this line of the file, counted from 1.
    pub(crate) line: Option<usize>,
    /// The file holds names, of which a log of queries is made.
    pub(crate) names: Option<Names>,
    /// Lists that the scan gets, as `CATEGORY=FOLDER/FILE`.
    #[serde(default)]
    pub(crate) lists: Vec<String>,
    /// Custom detection rules that are on, as `--custom-rules` takes them.
    pub(crate) custom_rules: Option<String>,
    /// Types that the log alone settles.
    #[serde(default)]
    pub(crate) must: Vec<String>,
    /// Findings of each type in `must` that are the least.
    pub(crate) at_least: Option<u64>,
    /// Types that would be right and need more than this log, such as a baseline or a list.
    #[serde(default)]
    pub(crate) may: Vec<String>,
    /// Types, or patterns of them, that would be false; `must` and `may` go first.
    #[serde(default)]
    pub(crate) must_not: Vec<String>,
    /// What the label says.
    #[serde(default)]
    pub(crate) label: String,
}

/// How names become queries.
#[derive(Deserialize, Clone, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct Names {
    /// Column of the name, counted from 1; columns are separated by tabs.
    pub(crate) column: usize,
    /// Column whose value has a host of its own; without it a host has `per_host` names in turn.
    pub(crate) host_column: Option<usize>,
    /// Most names that a host asks for.
    pub(crate) per_host: usize,
    /// How the queries are answered.
    pub(crate) rcode: String,
}

impl Expectations {
    /// Those that are committed with this program.
    pub(crate) fn committed() -> Result<Expectations> {
        Expectations::parse(COMMITTED).context("cannot use expectations.toml")
    }

    /// Reads and checks the text of a file.
    pub(crate) fn parse(text: &str) -> Result<Expectations> {
        let expectations: Expectations = toml::from_str(text)?;
        for (name, folder) in &expectations.folders {
            if folder.about.is_empty() || folder.origin.is_empty() {
                bail!("{name}: say what it is and where it comes from");
            }
            if folder.note.is_some() != folder.case.is_empty() {
                bail!("{name}: give cases, or a note that says why there are none");
            }
            for case in &folder.case {
                case.check().with_context(|| format!("{name}: {}", case.name()))?;
            }
        }
        Ok(expectations)
    }

    /// Fails on the name of a type that the product does not know.
    pub(crate) fn check_types(&self, catalog: &Catalog) -> Result<()> {
        for (name, folder) in &self.folders {
            for case in &folder.case {
                let exact = case.must.iter().chain(&case.may);
                let plain = case.must_not.iter().filter(|it| !it.contains('*'));
                if let Some(unknown) = exact.chain(plain).find(|it| !catalog.contains_key(*it)) {
                    bail!("{name}: {}: there is no finding type `{unknown}`", case.name());
                }
            }
        }
        Ok(())
    }
}

impl Case {
    /// How the case is named in the table.
    pub(crate) fn name(&self) -> String {
        let files = self.files.join(" ");
        let line = self.line.map(|it| format!(" line {it}")).unwrap_or_default();
        let label =
            if self.label.is_empty() { String::new() } else { format!(" ({})", self.label) };
        format!("{files}{line}{label}")
    }

    fn check(&self) -> Result<()> {
        if self.files.is_empty() {
            bail!("name its files");
        }
        if self.must.is_empty() && self.may.is_empty() && self.must_not.is_empty() {
            bail!("expect something of it");
        }
        if self.line == Some(0) || self.names.as_ref().is_some_and(|it| it.column == 0) {
            bail!("lines and columns are counted from 1");
        }
        if let Some(list) = self.lists.iter().find(|it| !it.contains('=')) {
            bail!("`{list}` is no CATEGORY=FOLDER/FILE");
        }
        let escapes = |it: &str| it.starts_with('/') || it.split('/').any(|part| part == "..");
        if let Some(path) = self.files.iter().chain(&self.lists).find(|it| escapes(it)) {
            bail!("`{path}` leaves the folder");
        }
        Ok(())
    }
}

/// Whether a text fits a pattern, in which `*` stands for any text.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    loop {
        if fits(rest, text) {
            return true;
        }
        let mut chars = text.chars();
        if chars.next().is_none() {
            return false;
        }
        text = chars.as_str();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_expectations_can_be_used() {
        let expectations = Expectations::committed().unwrap();
        assert!(expectations.folders.len() > 3);
    }

    #[test]
    fn stars_stand_for_any_text() {
        assert!(fits("*", "") && fits("*", "a") && fits("a*c*", "abcd") && fits("a", "a"));
        assert!(!fits("a*c", "abcd") && !fits("a", "ab") && !fits("b*", "ab"));
    }

    #[test]
    fn expectations_that_say_nothing_are_refused() {
        let head = "[x]\nabout = \"a\"\norigin = \"b\"\n";
        for rest in [
            "",
            "[[x.case]]\nfiles = [\"a\"]",
            "[[x.case]]\nfiles = []\nmust = [\"T\"]",
            "[[x.case]]\nfiles = [\"../a\"]\nmust = [\"T\"]",
            "[[x.case]]\nfiles = [\"a\"]\nline = 0\nmust = [\"T\"]",
            "note = \"why\"\n[[x.case]]\nfiles = [\"a\"]\nmust = [\"T\"]",
        ] {
            assert!(Expectations::parse(&format!("{head}{rest}")).is_err(), "{rest}");
        }
    }
}
