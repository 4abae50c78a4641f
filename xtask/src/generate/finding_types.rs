//! The reference of finding types, written from what the binary says of itself.

use crate::cargo::{self, cargo};
use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What every entry of `guardpost types --format json` says.
#[derive(Deserialize, Debug)]
struct Entry {
    name: String,
    /// Whether Guardpost raises it; else it is a type of the catalog that it does not serve, without texts.
    served: bool,
}

/// An entry that is served: all of it must be there.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct FindingType {
    name: String,
    #[serde(rename = "served")]
    _served: bool,
    severity: f64,
    /// The word for the severity.
    band: String,
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
    /// Path of the source below `crates/detectors/src`, without ending.
    family: String,
}

/// Builds `docs/finding-types.md`.
pub(crate) fn build() -> Result<String> {
    let args = ["run", "--quiet", "--package", "guardpost", "--", "types", "--format", "json"];
    page(&cargo::output(&mut cargo(&args))?)
}

fn page(json: &str) -> Result<String> {
    let values: Vec<Value> =
        serde_json::from_str(json).context("cannot read the list of finding types")?;
    let (mut served, mut unserved) = (Vec::<FindingType>::new(), Vec::new());
    for value in values {
        let entry = Entry::deserialize(&value).context("a finding type without a name")?;
        if entry.served {
            let context = || format!("cannot read the finding type {}", entry.name);
            served.push(serde_json::from_value(value).with_context(context)?);
        } else {
            unserved.push(entry.name);
        }
    }
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
        unserved.iter().try_for_each(|it| writeln!(out, "- `{it}`"))?;
    }
    Ok(out)
}

/// Types by the resource affected (what stands between colon and slash), in the order of their names.
fn by_resource(types: &[FindingType]) -> BTreeMap<&str, Vec<&FindingType>> {
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
         | Severity | Data | ATT&CK | One finding per | Source |\n|---|---|---|---|---|\n\
         | {} ({}) | {} | {} | {} | [{family}](../crates/detectors/src/{family}.rs) |\n",
        it.name,
        it.title.trim_end_matches('.'),
        cell(&it.band),
        it.severity,
        cell(&it.data.join(" or ")),
        techniques,
        cell(&it.aggregation),
        family = it.family,
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
      {"name": "Recon:EC2/Portscan", "severity": 5, "band": "Medium", "served": true,
       "title": "An instance scans ports", "about": "It asked many ports.", "detection": "By ports.",
       "false_positives": "Scanners.", "response": "Ask the owner.", "techniques": ["T1046", "T1595.001"],
       "data": ["VPC flow logs"], "aggregation": "instance | address", "own": false, "family": "ec2/port_scan"},
      {"name": "Trojan:EC2/DropPoint", "severity": null, "served": false, "title": null, "own": false}
    ]"#;

    #[test]
    fn a_served_type_has_a_section() {
        let page = page(SAMPLE).unwrap();
        let expected = "## EC2\n\n### Recon:EC2/Portscan\n\nAn instance scans ports.\n\n\
            | Severity | Data | ATT&CK | One finding per | Source |\n|---|---|---|---|---|\n\
            | Medium (5) | VPC flow logs | [T1046](https://attack.mitre.org/techniques/T1046/), \
            [T1595.001](https://attack.mitre.org/techniques/T1595/001/) | instance \\| address | \
            [ec2/port_scan](../crates/detectors/src/ec2/port_scan.rs) |\n\n\
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
    fn an_unknown_field_and_a_missing_text_are_errors() {
        assert!(page(&SAMPLE.replace("\"own\"", "\"ours\"")).is_err());
        assert!(page(&SAMPLE.replace("\"By ports.\"", "null")).is_err());
    }
}
