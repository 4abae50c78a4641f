//! The published report, `docs/quality.md`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::cargo;

const HEAD: &str = "\
# Quality of detection

What is found of attacks, and what is found where nothing is wrong.
This page is written by a program; the same program and data give the same bytes.

```sh
cargo xtask eval               # generated scenarios
cargo xtask eval --data DIR    # public data sets as well
cargo xtask eval --short       # what `cargo xtask check` runs: less exposure, compared with this page
```

## How it is measured

Whoever attacks, or looks like it, is a host among others in a made-up network ([`simulate::traffic`](../crates/simulate/src/traffic/mod.rs)); its flow logs are written to files and scanned by the program as any logs are.
Anomalies of API calls have a [page of their own](quality-behavior.md), and so have [unusual volumes](quality-volumes.md).
Not judged yet: generated domain names, tunnels over DNS, attack sequences, the time until a finding is raised, and the size of states.

- Sizes and rates are those of tools and services; who wrote them knew the thresholds of the detectors, so the figures are those of a friendly judge.
- No detector was tuned on these seeds. The generators were changed after their first run in six points, each because of what networks do and not of what was found: addresses on lists are no longer drawn by chance; the type of WinRM guesses was misspelled; SYNs of one port within an interval are one record; SYNs that are sent again have the flag in every record; there is one success for twelve failures instead of one for two; and the look-alike *download server* was added because a false finding of another host showed what it would show.
- Records of VPC flow logs are in order and complete; no interface has more than one address.
- Attacks begin after 26 hours of ordinary traffic of the same host. Quiet worlds have no such time: what is raised on the first day of the logs counts.
- Hosts where nothing is wrong are 17 of each ordinary activity and one of each look-alike in a world, for a week: many more look-alikes than in most networks.
- Bounds are one-sided at 95 %, Clopper and Pearson's for shares and Garwood's for counts.

";
const PUBLIC: &str = "## Public material\n";
const ABOUT_PUBLIC: &str = "\
What scans of public data sets find, against `xtask/src/eval/expectations.toml`, which names their origins.
These are expectations that hold or do not, and no rates; *extra* is what nothing is said of, and what could be found and was.

";
const NO_PUBLIC: &str = "Not run yet: `cargo xtask eval --data DIR`.\n";

fn path() -> PathBuf {
    cargo::root().join("docs").join("quality.md")
}

/// The report as it is published.
pub(crate) fn read() -> Result<String> {
    fs::read_to_string(path()).context("cannot read docs/quality.md")
}

/// Publishes a report. Without a new section of public material the old one stays.
pub(crate) fn write(generated: &str, public: Option<&str>) -> Result<()> {
    let old = read().unwrap_or_default();
    fs::write(path(), page(&old, generated, public)).context("cannot write docs/quality.md")
}

fn page(old: &str, generated: &str, public: Option<&str>) -> String {
    let kept = old.split_once(PUBLIC).map(|it| it.1.trim_start());
    let public = match (public, kept) {
        (Some(public), _) => format!("{ABOUT_PUBLIC}{public}"),
        (None, Some(kept)) => kept.to_owned(),
        (None, None) => NO_PUBLIC.to_owned(),
    };
    format!("{HEAD}{generated}{PUBLIC}\n{public}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_of_this_program() {
        assert!(read().unwrap().starts_with(HEAD), "run `cargo xtask eval`");
    }

    #[test]
    fn what_is_not_run_again_stays() {
        let first = page("", "a\n", None);
        assert!(first.ends_with(&format!("a\n{PUBLIC}\n{NO_PUBLIC}")), "{first}");
        let second = page(&first, "b\n", Some("| x |\n"));
        assert!(second.contains("b\n") && second.ends_with("| x |\n"));
        assert_eq!(page(&second, "b\n", None), second);
    }
}
