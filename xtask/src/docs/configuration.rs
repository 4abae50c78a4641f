//! The reference of settings, from `guardpost config`.

use super::NOTE;
use std::collections::BTreeMap;

/// The whole file in one page.
pub(super) fn page(config: &str) -> String {
    format!(
        "# Configuration\n\n{NOTE}\n\n\
         Give a file with `--config`; it may hold any part of what follows. `guardpost check-config FILE` says \
         whether it is right, and unknown settings and values out of range are errors.\n\n\
         ```toml\n{}\n```\n",
        config.trim()
    )
}

/// The text of each section by its name, without what stands above its header.
pub(super) fn sections(config: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut current: Option<(String, String)> = None;
    for block in config.split("\n\n") {
        let header = block.lines().find(|it| it.starts_with('['));
        if let Some(header) = header {
            found.extend(current.take());
            let name = header.trim_matches(['[', ']']).to_owned();
            let start = block.find(header).unwrap_or(0);
            current = Some((name, block.get(start..).unwrap_or_default().trim().to_owned()));
        }
    }
    found.extend(current);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_found_by_name() {
        let config = "# Head.\n\n# About scans.\n[ec2.port_scan]\n# Ports.\nports = 25\n\n# Other.\n[iam.a]\nb = 1\n";
        let sections = sections(config);
        assert_eq!(sections["ec2.port_scan"], "[ec2.port_scan]\n# Ports.\nports = 25");
        assert_eq!(sections["iam.a"], "[iam.a]\nb = 1");
        assert!(page(config).contains("```toml\n# Head.\n"));
    }
}
