//! The thirteen places that credentials of instances are used from: what is found of each.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};
use simulate::topology::{CASES, Verdict, topology};

use super::worlds::START;
use crate::eval::finding::Finding;
use crate::eval::product::Product;

const SEED: u64 = 73_001;
/// Instances of each case.
const INSTANCES: u32 = 10;
const FAMILY: &str = "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.";
/// Severity from which a finding is High.
const HIGH: f64 = 7.0;

/// Instances by what was found, for each case.
pub(super) type Confusion = Vec<BTreeMap<Verdict, u64>>;

/// Makes the cases, scans them together and says what was found of each instance.
pub(super) fn play(product: &Product) -> Result<Confusion> {
    let made = topology(SEED, START, INSTANCES);
    let folder = tempfile::tempdir()?;
    let mut args = Vec::new();
    for (name, text) in &made.files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().context("a file has a folder")?)?;
        fs::write(&path, text)?;
        let path = path.to_string_lossy().into_owned();
        if name == "settings.toml" {
            args.extend(["--config".to_owned(), path]);
        } else if name.starts_with("inventory/") {
            args.extend(["--inventory".to_owned(), path]);
        } else if let Some(list) = name.strip_prefix("lists/") {
            let category = list.trim_end_matches(".txt");
            args.extend(["--threat-list".to_owned(), format!("{category}={path}")]);
        }
    }
    let findings = product.findings(&folder.path().join("AWSLogs"), &args)?;
    let mut confusion = vec![BTreeMap::new(); CASES.len()];
    for (instance, number) in &made.instances {
        let of_it = findings.iter().filter(|it| it.is_of_instance(instance));
        let verdict = of_it.filter_map(verdict).max().unwrap_or(Verdict::InOrder);
        if let Some(row) = confusion.get_mut(*number) {
            *row.entry(verdict).or_default() += 1;
        }
    }
    Ok(confusion)
}

fn verdict(finding: &Finding) -> Option<Verdict> {
    match finding.kind.strip_prefix(FAMILY)? {
        "OutsideAWS" => Some(Verdict::OutsideAws),
        "InsideAWS" if finding.severity < HIGH => Some(Verdict::Affiliated),
        "InsideAWS" => Some(Verdict::InsideAws),
        _ => None,
    }
}

/// Cases of which every instance was judged rightly.
pub(super) fn right(confusion: &Confusion) -> usize {
    let is_right = |(row, case): &(&BTreeMap<Verdict, u64>, &simulate::topology::Case)| {
        row.keys().all(|it| *it == case.right)
    };
    confusion.iter().zip(&CASES).filter(is_right).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severity_tells_the_organization_from_strangers() {
        let of = |name: &str, severity: f64| {
            let text = format!(r#"{{"type":"{FAMILY}{name}","severity":{severity}}}"#);
            verdict(&serde_json::from_str(&text).unwrap())
        };
        assert_eq!(of("InsideAWS", 8.0), Some(Verdict::InsideAws));
        assert_eq!(of("InsideAWS", 5.0), Some(Verdict::Affiliated));
        assert_eq!(of("OutsideAWS", 8.0), Some(Verdict::OutsideAws));
        assert_eq!(of("Other", 8.0), None);
    }
}
