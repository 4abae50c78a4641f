//! The page of one finding type.

use super::NOTE;
use anyhow::Result;
use serde::Deserialize;
use std::fmt::Write as _;

/// An entry of `guardpost types --format json` that is served: all of it must be there.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct FindingType {
    #[serde(rename = "type")]
    pub(super) name: String,
    #[serde(rename = "served")]
    _served: bool,
    severity: f64,
    /// The word for the severity.
    pub(super) band: String,
    title: String,
    about: String,
    detection: String,
    false_positives: String,
    response: String,
    techniques: Vec<String>,
    pub(super) data: Vec<String>,
    aggregation: String,
    /// Whether the type is Guardpost's own and not part of GuardDuty's catalogue.
    pub(super) own: bool,
    /// Path of the source below `crates/detectors/src`, without ending.
    pub(super) family: String,
}

impl FindingType {
    /// Purpose, resource affected and the rest of the name.
    fn parts(&self) -> (&str, &str, &str) {
        let (purpose, rest) = self.name.split_once(':').unwrap_or(("", &self.name));
        let (affected, rest) = rest.split_once('/').unwrap_or((rest, ""));
        (purpose, affected, rest)
    }

    /// The resource affected: what stands between colon and slash.
    pub(super) fn affected(&self) -> &str {
        self.parts().1
    }

    /// Path of its page in the folder of finding types.
    pub(super) fn path(&self) -> String {
        let (purpose, affected, rest) = self.parts();
        let rest = rest.replace(['&', '!', '/', ':'], "-");
        format!("{affected}/{purpose}-{rest}.md")
    }
}

/// The page; `settings` is its family's section of the configuration file.
pub(super) fn page(it: &FindingType, settings: Option<&str>) -> Result<String> {
    let own = if it.own { " It is Guardpost's own type, not one of GuardDuty's." } else { "" };
    let links: Vec<String> = it.techniques.iter().map(|id| technique(id)).collect();
    let techniques = if links.is_empty() { "–".to_owned() } else { links.join(", ") };
    let mut out = format!(
        "# {}\n\n{NOTE}\n\n{}.{own}\n\n\
         | Severity | Data | ATT&CK | One finding per | Source |\n|---|---|---|---|---|\n\
         | {} ({}) | {} | {} | {} | [{family}](../../../crates/detectors/src/{family}.rs) |\n",
        it.name,
        it.title.trim_end_matches('.'),
        cell(&it.band),
        it.severity,
        cell(&it.data.join(" or ")),
        techniques,
        cell(&it.aggregation),
        family = it.family,
    );
    let parts = [
        ("What it means", &it.about),
        ("How it is detected", &it.detection),
        ("False positives", &it.false_positives),
        ("How to respond", &it.response),
    ];
    for (heading, text) in parts {
        writeln!(out, "\n## {heading}\n\n{}", text.trim())?;
    }
    if let Some(settings) = settings {
        writeln!(
            out,
            "\n## Settings\n\nWith their defaults, shared by all types of the family:\n\n```toml\n{settings}\n```"
        )?;
    }
    Ok(out)
}

/// A link to a technique; a sub-technique `T1110.001` lies below its technique.
fn technique(id: &str) -> String {
    format!("[{id}](https://attack.mitre.org/techniques/{}/)", id.replace('.', "/"))
}

/// Text that cannot end its table cell.
pub(super) fn cell(text: &str) -> String {
    text.trim().replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::docs) const SAMPLE: &str = r#"[
      {"type": "Recon:EC2/Portscan", "severity": 5, "band": "Medium", "served": true,
       "title": "An instance scans ports", "about": "It asked many ports.", "detection": "By ports.",
       "false_positives": "Scanners.", "response": "Ask the owner.", "techniques": ["T1046", "T1595.001"],
       "data": ["VPC flow logs"], "aggregation": "instance | address", "own": false, "family": "ec2/port_scan"},
      {"type": "Trojan:EC2/DropPoint", "severity": null, "served": false, "title": null, "own": false}
    ]"#;

    fn sample() -> FindingType {
        let values: Vec<serde_json::Value> = serde_json::from_str(SAMPLE).unwrap();
        serde_json::from_value(values[0].clone()).unwrap()
    }

    #[test]
    fn a_page_says_all_of_it() {
        let page = page(&sample(), None).unwrap();
        let expected = "An instance scans ports.\n\n\
            | Severity | Data | ATT&CK | One finding per | Source |\n|---|---|---|---|---|\n\
            | Medium (5) | VPC flow logs | [T1046](https://attack.mitre.org/techniques/T1046/), \
            [T1595.001](https://attack.mitre.org/techniques/T1595/001/) | instance \\| address | \
            [ec2/port_scan](../../../crates/detectors/src/ec2/port_scan.rs) |\n\n\
            ## What it means\n\nIt asked many ports.\n\n## How it is detected\n\nBy ports.\n\n\
            ## False positives\n\nScanners.\n\n## How to respond\n\nAsk the owner.\n";
        assert!(page.starts_with("# Recon:EC2/Portscan\n"), "{page}");
        assert!(page.ends_with(expected), "{page}");
    }

    #[test]
    fn names_become_paths() {
        let path = |name: &str| FindingType { name: name.to_owned(), ..sample() }.path();
        assert_eq!(path("Backdoor:EC2/C&CActivity.B!DNS"), "EC2/Backdoor-C-CActivity.B-DNS.md");
        assert_eq!(
            path("Policy:S3/BucketPublicAccessGranted"),
            "S3/Policy-BucketPublicAccessGranted.md"
        );
    }
}
