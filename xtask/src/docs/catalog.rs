//! The index of finding types: what of GuardDuty's catalogue is served, and where it is explained.

use super::finding_type::{FindingType, cell, page};
use super::{NOTE, Pages, TYPES};
use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What every entry of `guardpost types --format json` says.
#[derive(Deserialize, Debug)]
struct Entry {
    #[serde(rename = "type")]
    name: String,
    /// Whether Guardpost raises it; else it is a type of the catalogue that it does not serve, without texts.
    served: bool,
}

/// The index and a page for each type that is served.
pub(super) fn pages(json: &str, sections: &BTreeMap<String, String>) -> Result<Pages> {
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
    let mut pages = Pages::new();
    pages.insert(format!("{TYPES}/README.md"), index(&served, &unserved)?);
    for it in &served {
        let section = sections.get(&it.family.replace('/', "."));
        pages.insert(format!("{TYPES}/{}", it.path()), page(it, section.map(String::as_str))?);
    }
    Ok(pages)
}

fn index(served: &[FindingType], unserved: &[String]) -> Result<String> {
    let own = served.iter().filter(|it| it.own).count();
    let ours = served.len() - own;
    let mut out = format!(
        "# Finding types\n\n{NOTE}\n\n\
         {ours} of the {} types in GuardDuty's catalogue are served, and {own} of Guardpost's own.\n",
        ours + unserved.len(),
    );
    for (resource, types) in by_resource(served) {
        writeln!(out, "\n## {resource}\n\n| type | severity | data |\n|---|---|---|")?;
        for it in types {
            let (name, path, band) = (&it.name, it.path(), cell(&it.band));
            let own = if it.own { " (Guardpost's own)" } else { "" };
            let data = cell(&it.data.join(" or "));
            writeln!(out, "| [{name}]({path}){own} | {band} | {data} |")?;
        }
    }
    if !unserved.is_empty() {
        out.push_str("\n## Not served\n\nNothing raises these types of the catalogue yet:\n\n");
        unserved.iter().try_for_each(|it| writeln!(out, "- `{it}`"))?;
    }
    Ok(out)
}

/// Types by the resource affected, in the order of their names.
fn by_resource(types: &[FindingType]) -> BTreeMap<&str, Vec<&FindingType>> {
    let mut groups = BTreeMap::<&str, Vec<&FindingType>>::new();
    for it in types {
        groups.entry(it.affected()).or_default().push(it);
    }
    for types in groups.values_mut() {
        types.sort_by(|a, b| a.name.cmp(&b.name));
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docs::finding_type::tests::SAMPLE;

    fn pages() -> Pages {
        let sections = BTreeMap::from([(
            "ec2.port_scan".to_owned(),
            "[ec2.port_scan]\nports = 25".to_owned(),
        )]);
        super::pages(SAMPLE, &sections).unwrap()
    }

    #[test]
    fn served_types_have_pages_and_the_others_are_named() {
        let pages = pages();
        let names: Vec<&String> = pages.keys().collect();
        let page = "docs/finding-types/EC2/Recon-Portscan.md";
        assert_eq!(names, [page, "docs/finding-types/README.md"]);
        let index = &pages["docs/finding-types/README.md"];
        assert!(index.contains("1 of the 2 types in GuardDuty's catalogue are served, and 0 of"));
        let row = "| [Recon:EC2/Portscan](EC2/Recon-Portscan.md) | Medium | VPC flow logs |\n";
        assert!(index.contains(row), "{index}");
        assert!(index.ends_with("yet:\n\n- `Trojan:EC2/DropPoint`\n"), "{index}");
        assert!(pages[page].contains("```toml\n[ec2.port_scan]\nports = 25\n```\n"));
    }

    #[test]
    fn an_unknown_field_and_a_missing_text_are_errors() {
        let build = |json: String| super::pages(&json, &BTreeMap::new());
        assert!(build(SAMPLE.replace("\"own\"", "\"ours\"")).is_err());
        assert!(build(SAMPLE.replace("\"By ports.\"", "null")).is_err());
    }
}
