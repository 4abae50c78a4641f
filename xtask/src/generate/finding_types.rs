//! The reference of finding types, written from what the binary says of itself.

use crate::cargo::{self, cargo};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// One entry of `guardpost types --format json`.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct FindingType {
    name: String,
    severity: String,
    /// Whether Guardpost raises it; else it is a type of the catalog that it does not serve.
    served: bool,
    title: String,
    about: String,
    detection: String,
    false_positives: String,
    response: String,
    techniques: Vec<String>,
    data: Vec<String>,
    aggregation: String,
    /// Whether the type is Guardpost's own and not part of GuardDuty's catalog.
    own: bool,
}

/// Builds `docs/finding-types.md`.
pub(crate) fn build() -> Result<String> {
    let args = ["run", "--quiet", "--package", "guardpost", "--", "types", "--format", "json"];
    page(&cargo::output(&mut cargo(&args))?)
}

fn page(json: &str) -> Result<String> {
    let types: Vec<FindingType> =
        serde_json::from_str(json).context("cannot read the list of finding types")?;
    let (served, unserved): (Vec<_>, Vec<_>) = types.iter().partition(|it| it.served);
    let mut out = String::from(
        "# Finding types\n\n\
         This page is generated from the finding types in the source by `cargo xtask gen`: do not edit it.\n",
    );
    if served.is_empty() {
        out.push_str("\nNo finding type is served.\n");
    }
    for (resource, types) in by_resource(&served) {
        writeln!(out, "\n## {resource}")?;
        types.iter().try_for_each(|it| section(&mut out, it))?;
    }
    if !unserved.is_empty() {
        out.push_str(
            "\n## Not served\n\nTypes of GuardDuty's catalog that Guardpost does not raise:\n\n",
        );
        unserved.iter().try_for_each(|it| writeln!(out, "- `{}`", it.name))?;
    }
    Ok(out)
}

/// Types by the resource affected (what stands between colon and slash), in the order of their names.
fn by_resource<'a>(types: &[&'a FindingType]) -> BTreeMap<&'a str, Vec<&'a FindingType>> {
    let mut groups = BTreeMap::<&str, Vec<&FindingType>>::new();
    for it in types {
        let rest = it.name.split_once(':').map_or(it.name.as_str(), |(_, rest)| rest);
        groups.entry(rest.split('/').next().unwrap_or(rest)).or_default().push(it);
    }
    for types in groups.values_mut() {
        types.sort_by(|a, b| a.name.cmp(&b.name));
    }
    groups
}

fn section(out: &mut String, it: &FindingType) -> Result<()> {
    let own = if it.own { " It is Guardpost's own type, not one of GuardDuty's." } else { "" };
    let links: Vec<String> = it.techniques.iter().map(|id| technique(id)).collect();
    let techniques = if links.is_empty() { "–".to_owned() } else { links.join(", ") };
    write!(
        out,
        "\n### {}\n\n{}.{own}\n\n\
         | Severity | Data | ATT&CK | One finding per |\n|---|---|---|---|\n| {} | {} | {} | {} |\n",
        it.name,
        it.title.trim_end_matches('.'),
        cell(&it.severity),
        cell(&it.data.join(" or ")),
        techniques,
        cell(&it.aggregation),
    )?;
    let parts = [
        ("What it means", &it.about),
        ("How it is detected", &it.detection),
        ("False positives", &it.false_positives),
        ("How to respond", &it.response),
    ];
    for (heading, text) in parts {
        writeln!(out, "\n**{heading}.** {}", text.trim())?;
    }
    Ok(())
}

/// A link to a technique; a sub-technique `T1110.001` lies below its technique.
fn technique(id: &str) -> String {
    format!("[{id}](https://attack.mitre.org/techniques/{}/)", id.replace('.', "/"))
}

/// Text that cannot end its table cell.
fn cell(text: &str) -> String {
    text.trim().replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r#"[
      {"name": "Recon:EC2/Portscan", "severity": "Medium", "served": true,
       "title": "An instance scans ports", "about": "It asked many ports.", "detection": "By ports.",
       "false_positives": "Scanners.", "response": "Ask the owner.", "techniques": ["T1046", "T1595.001"],
       "data": ["VPC flow logs"], "aggregation": "instance | address", "own": false},
      {"name": "Trojan:EC2/DropPoint", "severity": "Medium", "served": false,
       "title": "", "about": "", "detection": "", "false_positives": "", "response": "", "techniques": [],
       "data": [], "aggregation": "", "own": false}
    ]"#;

    #[test]
    fn a_served_type_has_a_section() {
        let page = page(SAMPLE).unwrap();
        let expected = "## EC2\n\n### Recon:EC2/Portscan\n\nAn instance scans ports.\n\n\
            | Severity | Data | ATT&CK | One finding per |\n|---|---|---|---|\n\
            | Medium | VPC flow logs | [T1046](https://attack.mitre.org/techniques/T1046/), \
            [T1595.001](https://attack.mitre.org/techniques/T1595/001/) | instance \\| address |\n\n\
            **What it means.** It asked many ports.\n\n**How it is detected.** By ports.\n\n\
            **False positives.** Scanners.\n\n**How to respond.** Ask the owner.\n";
        assert!(page.contains(expected), "{page}");
    }

    #[test]
    fn a_type_that_is_not_served_is_only_named() {
        let page = page(SAMPLE).unwrap();
        assert!(page.ends_with("does not raise:\n\n- `Trojan:EC2/DropPoint`\n"), "{page}");
        assert!(!page.contains("### Trojan"), "{page}");
    }

    #[test]
    fn an_unknown_field_is_an_error() {
        assert!(page(&SAMPLE.replace("\"own\"", "\"ours\"")).is_err());
    }
}
