//! The report as Markdown.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::profiles::PROFILES;
use super::tunnels::{SIZES, TOOLS};
use super::{ATTACK_SEED, DAYS, HOSTS, NAMES, QUIET_SEED, WORLDS};
use crate::dga::Kind;

/// Where nothing is wrong.
#[derive(Default)]
pub(super) struct Quiet {
    pub(super) host_days: u64,
    /// Findings and hosts with some, of data in names and of names made by algorithms.
    pub(super) findings: [u64; 2],
    pub(super) hosts: [u64; 2],
}

#[derive(Default)]
pub(super) struct Report {
    pub(super) queries: u64,
    pub(super) quiet: BTreeMap<&'static str, Quiet>,
    /// By tool and bytes: rate and whether it was found.
    pub(super) tunnels: BTreeMap<(&'static str, usize), Vec<(String, bool)>>,
    /// By kind and number of names: family and whether each host was found.
    pub(super) algorithms: BTreeMap<(Kind, usize), BTreeMap<&'static str, Vec<bool>>>,
}

fn share(found: impl Iterator<Item = bool>) -> (usize, usize) {
    found.fold((0, 0), |(yes, all), it| (yes + usize::from(it), all + 1))
}

impl Report {
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        _ = write!(
            out,
            "# Quality of detection in names\n\n\
             Written by `cargo xtask eval-names --product target/release/guardpost`; do not edit.\n\
             How well the model of names does on families that it was not trained on, and on public lists, says \
             [its card](../crates/dga/assets/MODEL_CARD.md).\n\n\
             ## How it is measured\n\n\
             Hosts of a made-up network ask a resolver; its query logs are scanned by the program as any logs are, \
             with its own lists and settings. Seeds from {QUIET_SEED} and {ATTACK_SEED} on. Who wrote the \
             generators knew the detectors: these are the figures of a friendly judge.\n\n\
             ## Where nothing is wrong\n\n\
             {WORLDS} networks of {} hosts for {DAYS} days, {} queries.\n\n\
             | hosts | what they do | host-days | data in names: findings (hosts) | made names: findings (hosts) |\n\
             |---|---|---|---|---|\n",
            HOSTS * PROFILES.len(),
            self.queries
        );
        let mut all = Quiet::default();
        for profile in PROFILES {
            let Some(row) = self.quiet.get(profile.name) else { continue };
            let Quiet { host_days, findings, hosts } = row;
            _ = writeln!(
                out,
                "| {} | {} | {host_days} | {} ({}) | {} ({}) |",
                profile.name, profile.about, findings[0], hosts[0], findings[1], hosts[1]
            );
            all.host_days += host_days;
            for (sum, findings) in all.findings.iter_mut().zip(findings) {
                *sum += findings;
            }
        }
        let rate = |at: usize| all.findings[at] as f64 * 10_000.0 / (all.host_days as f64).max(1.0);
        _ = writeln!(
            out,
            "\nPer 10,000 host-days: {:.2} of data in names (target at most 1), {:.2} of made names, in {} host-days.\n",
            rate(0),
            rate(1),
            all.host_days
        );
        self.attacks(&mut out);
        out
    }

    fn attacks(&self, out: &mut String) {
        _ = writeln!(
            out,
            "## Tunnels\n\nA tunnel carries so many bytes and stops, at 0.1, 1, 10 and 100 queries a second; the host \
             was seen for 26 hours before. Target: all at 2,048 bytes.\n\n| in the manner of | {} |\n|---|{}|",
            SIZES.map(|it| format!("{it} bytes")).join(" | "),
            SIZES.map(|_| "---").join("|")
        );
        for tool in TOOLS {
            let cells = SIZES.map(|size| {
                let runs = self.tunnels.get(&(tool.name, size)).map_or(&[][..], Vec::as_slice);
                let (found, all) = share(runs.iter().map(|it| it.1));
                format!("{found} of {all}")
            });
            _ = writeln!(out, "| {} | {} |", tool.name, cells.join(" | "));
        }
        _ = writeln!(
            out,
            "\n## Names made by algorithms\n\nHosts among workstations and web servers that ask for so many distinct \
             names of one family within an hour; means count each family once. The model that ships has seen these \
             families, with other words: its card has the figures for families that it has not seen.\n\n\
             | families | {} |\n|---|{}|",
            NAMES.map(|it| format!("{it} names")).join(" | "),
            NAMES.map(|_| "---").join("|")
        );
        for (kind, what) in [(Kind::Random, "random-looking"), (Kind::Words, "words")] {
            let cells = NAMES.map(|names| {
                let families = self.algorithms.get(&(kind, names));
                let shares: Vec<f64> = families
                    .into_iter()
                    .flatten()
                    .map(|(_, hosts)| {
                        let (found, all) = share(hosts.iter().copied());
                        found as f64 / all as f64
                    })
                    .collect();
                format!("{:.3}", shares.iter().sum::<f64>() / shares.len().max(1) as f64)
            });
            _ = writeln!(out, "| {what} | {} |", cells.join(" | "));
        }
    }
}
