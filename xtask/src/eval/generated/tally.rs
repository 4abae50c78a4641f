//! What all worlds gave together, by activity.

use std::collections::{BTreeMap, BTreeSet};

use simulate::traffic::Activity;

use super::play::{Found, Played};

/// The types that are about scans and sweeps.
pub(super) const SCANS: &[&str] = &["Recon:EC2/Portscan", "Impact:EC2/PortSweep"];
/// Those about guesses.
pub(super) const GUESSES: &[&str] = &[
    "UnauthorizedAccess:EC2/SSHBruteForce",
    "UnauthorizedAccess:EC2/RDPBruteForce",
    "Impact:EC2/WinRMBruteForce",
];

/// What is known of an activity.
#[derive(Default)]
pub(super) struct Row {
    pub(super) hosts: u64,
    pub(super) host_hours: u64,
    /// Hosts for which all that is expected was raised.
    pub(super) found: u64,
    /// Found and all hosts by seed.
    pub(super) by_seed: BTreeMap<u64, (u64, u64)>,
    /// Hosts for which a likely success is said.
    pub(super) successes: u64,
    /// Hosts that the simple rules point at: failures, logins.
    pub(super) baseline: [u64; 2],
    /// How often the simple rules fired.
    pub(super) baseline_alarms: [u64; 2],
    /// Findings that are not expected, by type.
    pub(super) others: BTreeMap<String, Others>,
}

/// Findings that are not expected, of one type.
#[derive(Default, Clone, Copy)]
pub(super) struct Others {
    /// Findings, one for each host.
    pub(super) findings: u64,
    /// How often they were raised.
    pub(super) occurrences: u64,
    /// Those that were first seen on the first day of the logs.
    pub(super) first_day: u64,
}

/// Everything.
#[derive(Default)]
pub(super) struct Tally {
    /// By place in the tables of activities.
    pub(super) rows: BTreeMap<&'static str, Row>,
    pub(super) worlds: u64,
    pub(super) lines: u64,
    pub(super) seeds: BTreeSet<u64>,
    /// Findings that belong to no host.
    pub(super) stray: u64,
}

impl Tally {
    pub(super) fn add(&mut self, played: &Played) {
        self.worlds += 1;
        self.lines += played.lines;
        self.stray += played.stray;
        self.seeds.insert(played.plan.seed);
        let nothing = Found::default();
        for (number, activity) in (0..).zip(&played.plan.hosts) {
            let found = played.found.get(&number).unwrap_or(&nothing);
            let row = self.rows.entry(activity.name).or_default();
            row.add(activity, found, played.plan.seed);
            row.host_hours += u64::from(played.plan.hours);
            for (rule, fired) in
                [&played.baseline.scans, &played.baseline.guesses].iter().enumerate()
            {
                let alarms = fired.get(&number).copied().unwrap_or(0);
                row.baseline[rule] += u64::from(alarms > 0);
                row.baseline_alarms[rule] += alarms;
            }
        }
    }
}

impl Row {
    fn add(&mut self, activity: &Activity, found: &Found, seed: u64) {
        let is_found = activity.expects.iter().all(|it| found.types.contains_key(*it));
        self.hosts += 1;
        self.found += u64::from(is_found);
        let of_seed = self.by_seed.entry(seed).or_default();
        of_seed.0 += u64::from(is_found);
        of_seed.1 += 1;
        self.successes += u64::from(found.types.values().any(|it| it.is_success));
        for (name, raised) in &found.types {
            if activity.expects.contains(&name.as_str()) {
                continue;
            }
            let others = self.others.entry(name.clone()).or_default();
            others.findings += raised.findings;
            others.occurrences += raised.occurrences;
            others.first_day += u64::from(raised.is_on_first_day);
        }
    }

    /// Findings of some types that are not expected.
    pub(super) fn others_of(&self, types: &[&str]) -> Others {
        let mut sum = Others::default();
        for (_, it) in self.others.iter().filter(|it| types.contains(&it.0.as_str())) {
            sum.findings += it.findings;
            sum.occurrences += it.occurrences;
            sum.first_day += it.first_day;
        }
        sum
    }
}
