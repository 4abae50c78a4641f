//! `cargo xtask eval volumes`: thefts of data, what resembles them, and the page about both.
//!
//! What is unusual about a volume takes a week to learn, so these worlds last longer than the others.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use simulate::traffic::{Activity, Group, Plan, attacks, look_alikes, ordinary};

use super::play;
use super::stat::{count_upper, share_lower};
use super::tally::{Others, Row, Tally};
use super::worlds::START;
use crate::cargo;
use crate::eval::product::Product;

const TYPE: &str = "Behavior:EC2/TrafficVolumeUnusual";
const DAY: u32 = 24;
const INTERVALS: [u32; 2] = [60, 600];
const ATTACK_SEED: u64 = 74_001;
/// Days before and after thefts begin, and hosts of each kind.
const LEARNING_DAYS: u32 = 8;
const THEFT_DAYS: u32 = 8;
const HOSTS: usize = 30;
/// Worlds in which everything is in order.
const QUIET_SEED: u64 = 75_001;
const QUIET_WORLDS: u64 = 4;
const QUIET_DAYS: u32 = 16;
const ORDINARY_HOSTS: usize = 4;
/// Days of an interface that nothing is judged in.
const LEARNT_FROM: u32 = 7;

const HEAD: &str = "\
# Quality of the detection of unusual volumes

What is found of thefts of data over the network, and what is found where nothing is wrong.
This page is written by a program; the same program and data give the same bytes.

```sh
cargo xtask eval volumes
```

## How it is measured

Hosts of a made-up network ([`simulate::traffic`](../crates/simulate/src/traffic/volumes.rs)) write flow logs of version 5, half of the worlds in records of one minute and half of ten, and the program scans them as any logs.
Thefts begin within the week after the first eight days, each at its own hour; where nothing is wrong, hosts are watched for sixteen, of which the first seven are learnt from and left out of the exposure.
Each world of the second kind has one host of each look-alike of every detector and four of each ordinary activity.

- Who wrote the generators knew the detector's thresholds. One thing was changed after the first run: all 120 thefts of a world began in the same hour of one account, which `wave_hosts` takes for a backup of a fleet, so that none was found; now they begin at hours of their own. **Whoever robs ten or more hosts of an account in one hour is missed** at the shipped settings.
- Bounds are one-sided at 95 %, Clopper and Pearson's for shares and Garwood's for counts.

";

/// What is known of what is not as it should be.
const NOTES: &[(&str, &str)] = &[
    (
        "theft from a database",
        "ten times the dumps of its nights is what makes a volume unusual to the host, so smaller thefts hide",
    ),
    ("first release", "it is unusual and in order, which no flow log tells"),
];

/// Plays the worlds and writes the page.
pub(crate) fn run(product: &Product) -> Result<()> {
    let mut tally = Tally::default();
    for plan in worlds() {
        let played = play::play(plan, product)?;
        println!("-- seed {}: {} lines", played.plan.seed, played.lines);
        tally.add(&played);
    }
    let page = format!("{HEAD}{}", report(&tally, product.settings_hash()?));
    print!("{page}");
    let path = cargo::root().join("docs").join("quality-volumes.md");
    std::fs::write(path, page).context("cannot write docs/quality-volumes.md")
}

fn thefts() -> impl Iterator<Item = &'static Activity> {
    attacks().filter(|it| matches!(it.group, Group::Theft | Group::HiddenTheft))
}

fn quiet() -> impl Iterator<Item = &'static Activity> {
    ordinary().chain(look_alikes())
}

fn worlds() -> Vec<Plan> {
    let attacked = (ATTACK_SEED..).zip(INTERVALS).map(|(seed, interval)| {
        let hosts = thefts().flat_map(|it| vec![it; HOSTS]).collect();
        let attack = LEARNING_DAYS * DAY;
        Plan { seed, start: START, hours: attack + THEFT_DAYS * DAY, attack, interval, hosts }
    });
    let quiet = (0..QUIET_WORLDS).map(|number| {
        let many = ordinary().flat_map(|it| vec![it; ORDINARY_HOSTS]);
        let hosts = many.chain(look_alikes()).collect();
        let interval = INTERVALS[(number % 2) as usize];
        let (seed, hours) = (QUIET_SEED + number, QUIET_DAYS * DAY);
        Plan { seed, start: START, hours, attack: u32::MAX, interval, hosts }
    });
    attacked.chain(quiet).collect()
}

fn report(tally: &Tally, settings: u64) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail, here and below.
    let _ok =
        writeln!(out, "## Figures\n\n| what | target | figure | at 95 % |\n|---|---|---|---|");
    for (what, target, group) in [
        ("thefts by hosts that send less", "all", Group::Theft),
        ("thefts by hosts with large backups", "none set", Group::HiddenTheft),
    ] {
        let rows = thefts().filter(|it| it.group == group);
        let rows: Vec<&Row> = rows.filter_map(|it| tally.rows.get(it.name)).collect();
        let (found, hosts) = (
            rows.iter().map(|it| it.found).sum::<u64>(),
            rows.iter().map(|it| it.hosts).sum::<u64>(),
        );
        let _ok = writeln!(
            out,
            "| {what} | {target} | {found} of {hosts} | ≥ {:.3} |",
            share_lower(found, hosts)
        );
    }
    let rows = || quiet().filter_map(|it| Some((it, tally.rows.get(it.name)?)));
    let findings: u64 = rows().map(|it| others(it.1).findings).sum();
    let days: u64 = rows().map(|it| judged_days(it.1)).sum();
    let weeks = days as f64 / 700.0;
    let _ok = writeln!(
        out,
        "| false findings | per 100 instances and week, none set | {:.2} ({findings} in {days} host-days) | ≤ {:.2} |",
        findings as f64 / weeks,
        count_upper(findings) / weeks
    );
    let _ok = writeln!(
        out,
        "\n## Thefts\n\n| theft | what happens | found | worst seed |\n|---|---|---|---|"
    );
    for (it, row) in thefts().filter_map(|it| Some((it, tally.rows.get(it.name)?))) {
        let worst = row.by_seed.values().map(|it| it.0 as f64 / it.1 as f64).fold(1.0, f64::min);
        let _ok = writeln!(
            out,
            "| {} | {} | {} of {} | {worst:.2} |",
            it.name, it.about, row.found, row.hosts
        );
    }
    let _ok = writeln!(
        out,
        "\n## Where nothing is wrong\n\n\
         A finding is one for each host; in brackets how often they were raised in all.\n\n\
         | activity | what happens | host-days judged | false findings |\n|---|---|---|---|"
    );
    for (it, row) in rows() {
        let others = others(row);
        let text = match others.findings {
            0 => "–".to_owned(),
            number => format!("{number} ({} times)", others.occurrences),
        };
        let _ok = writeln!(out, "| {} | {} | {} | {text} |", it.name, it.about, judged_days(row));
    }
    out.push_str(&notes(tally));
    let seeds: Vec<String> = tally.seeds.iter().map(u64::to_string).collect();
    let _ok = writeln!(
        out,
        "\n## Data\n\n{} worlds with {} lines of flow logs, seeds {}; every host is scanned with nothing known of \
         it.\nSettings are the defaults, hash {settings:016x}.",
        tally.worlds,
        tally.lines,
        seeds.join(", ")
    );
    out
}

fn others(row: &Row) -> Others {
    row.others_of(&[TYPE])
}

/// Days of hosts behind those that are learnt from.
fn judged_days(row: &Row) -> u64 {
    row.host_hours / 24 - row.hosts * u64::from(LEARNT_FROM)
}

/// What is not as it should be, and why.
fn notes(tally: &Tally) -> String {
    let mut out = "\n## What is missed or false, and why\n\n".to_owned();
    let why =
        |name: &str| NOTES.iter().find(|it| it.0 == name).map_or("not looked into", |it| it.1);
    for it in thefts() {
        let Some(row) = tally.rows.get(it.name).filter(|it| it.found < it.hosts) else { continue };
        let missed = row.hosts - row.found;
        let _ok =
            writeln!(out, "- {}: {missed} of {} not found: {}.", it.name, row.hosts, why(it.name));
    }
    for it in quiet() {
        let Some(row) = tally.rows.get(it.name) else { continue };
        let number = others(row).findings;
        if number > 0 {
            let _ok =
                writeln!(out, "- {}: {number} of {} hosts: {}.", it.name, row.hosts, why(it.name));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worlds_last_longer_than_what_is_learnt_from() {
        for plan in worlds() {
            assert!(plan.hours > LEARNT_FROM * DAY + DAY, "{}", plan.seed);
        }
        assert!(thefts().all(|it| it.expects == [TYPE]));
    }
}
