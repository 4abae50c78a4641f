//! `cargo xtask eval-names`: how well tunnels and names made by algorithms are found in resolver query logs, and
//! what is found where nothing is wrong. Writes `docs/quality-names.md`.

mod profiles;
mod report;
mod tunnels;
mod words;
mod world;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::cargo;
use crate::dga::{STYLES, Words, made};
use profiles::PROFILES;
use report::Report;
use tunnels::{RATES, SIZES, TOOLS};
use world::{Ask, Host, instance};

const USAGE: &str = "cargo xtask eval-names --product PROGRAM [--short]";
const TYPES: [&str; 2] = ["Trojan:EC2/DNSDataExfiltration", "Trojan:EC2/DGADomainRequest.B"];
/// First seeds; no threshold was chosen on them.
const QUIET_SEED: u64 = 80_001;
const ATTACK_SEED: u64 = 81_001;
/// Hosts of each profile in a quiet world, days, worlds.
const HOSTS: usize = 16;
const DAYS: i64 = 28;
const WORLDS: u64 = 10;
const ATTACK_WORLDS: u64 = 5;
/// Hours before an attack begins.
const LEARNING: i64 = 26;
/// Distinct names that a host with an algorithm asks for.
const NAMES: [usize; 3] = [5, 10, 20];

/// Plays all worlds and writes the report.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let (mut product, mut is_short) = (None, false);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--short" => is_short = true,
            "--product" => product = Some(PathBuf::from(args.next().context(USAGE)?)),
            _ => bail!("cannot understand `{arg}`\n\n{USAGE}"),
        }
    }
    let product = product.context(USAGE)?;
    let words = Words(words::WORDS.split_whitespace().map(str::to_owned).collect());
    let mut report = Report::default();
    let (worlds, days) = if is_short { (1, 3) } else { (WORLDS, DAYS) };
    for number in 0..worlds {
        quiet(&product, QUIET_SEED + number, days, &words, &mut report)?;
        println!("quiet world {} of {worlds}", number + 1);
    }
    let worlds = if is_short { 1 } else { ATTACK_WORLDS };
    for number in 0..worlds {
        tunnels(&product, ATTACK_SEED + number, &words, &mut report)?;
        algorithms(&product, ATTACK_SEED + 100 + number, &words, &mut report)?;
        println!("world with attacks {} of {worlds}", number + 1);
    }
    let text = report.text();
    println!("{text}");
    if !is_short {
        fs::write(cargo::root().join("docs/quality-names.md"), text)?;
    }
    Ok(())
}

/// A world in which nothing is wrong.
fn quiet(product: &Path, seed: u64, days: i64, words: &Words, report: &mut Report) -> Result<()> {
    let folder = tempfile::tempdir()?;
    for hour in 0..days * 24 {
        let mut lines = Vec::new();
        for number in 0..PROFILES.len() * HOSTS {
            let mut host = Host::new(number, hour, seed, words, &mut lines);
            (PROFILES[number % PROFILES.len()].hour)(&mut host);
        }
        report.queries += lines.len() as u64;
        write(folder.path(), hour, lines)?;
    }
    let found = scan(product, folder.path())?;
    for (number, profile) in
        (0..PROFILES.len() * HOSTS).map(|it| (it, &PROFILES[it % PROFILES.len()]))
    {
        let row = report.quiet.entry(profile.name).or_default();
        row.host_days += days as u64;
        for (at, kind) in TYPES.iter().enumerate() {
            if let Some(findings) = found.get(&(instance(number), (*kind).to_owned())) {
                row.findings[at] += findings;
                row.hosts[at] += 1;
            }
        }
    }
    Ok(())
}

/// Hosts with a tunnel each, after a day of ordinary activity.
fn tunnels(product: &Path, seed: u64, words: &Words, report: &mut Report) -> Result<()> {
    let mut cases = Vec::new();
    for tool in TOOLS {
        for rate in RATES {
            cases.extend(SIZES.map(|size| (tool, rate, size)));
        }
    }
    let found = attacked(product, seed, words, cases.len(), |host, number| {
        let (tool, rate, size) = cases[number];
        tunnels::play(host, tool, rate, size);
    })?;
    for (number, (tool, rate, size)) in cases.iter().enumerate() {
        let is_found = found.contains_key(&(instance(number), TYPES[0].to_owned()));
        let rate = format!("{rate}");
        let row = report.tunnels.entry((tool.name, *size)).or_default();
        row.push((rate, is_found));
    }
    Ok(())
}

/// Hosts that ask for names of a family each.
fn algorithms(product: &Path, seed: u64, words: &Words, report: &mut Report) -> Result<()> {
    let cases: Vec<_> = STYLES.iter().flat_map(|style| NAMES.map(|it| (style, it))).collect();
    let found = attacked(product, seed, words, cases.len(), |host, number| {
        let (style, count) = cases[number];
        for (at, label) in made(style, count, words, seed).iter().enumerate() {
            let ends = ["com", "net", "org", "info", "biz", "ru"];
            let name = format!("{label}.{}", host.rng.pick(&ends));
            host.ask(at as f64 * 20.0, Ask { name: &name, kind: "A", exists: false });
        }
    })?;
    for (number, (style, count)) in cases.iter().enumerate() {
        let is_found = found.contains_key(&(instance(number), TYPES[1].to_owned()));
        let row = report.algorithms.entry((style.kind, *count)).or_default();
        row.entry(style.name).or_default().push(is_found);
    }
    Ok(())
}

/// A world of workstations and web servers in which every host does something in one hour.
fn attacked(
    product: &Path,
    seed: u64,
    words: &Words,
    hosts: usize,
    mut attack: impl FnMut(&mut Host<'_>, usize),
) -> Result<Found> {
    let folder = tempfile::tempdir()?;
    // The slowest tunnel needs some hours.
    for hour in 0..LEARNING + 4 {
        let mut lines = Vec::new();
        for number in 0..hosts {
            let mut host = Host::new(number, hour, seed, words, &mut lines);
            (PROFILES[number % 2].hour)(&mut host);
            if hour == LEARNING {
                attack(&mut host, number);
            }
        }
        write(folder.path(), hour, lines)?;
    }
    scan(product, folder.path())
}

fn write(folder: &Path, hour: i64, mut lines: Vec<(i64, String)>) -> Result<()> {
    lines.sort_by_key(|it| it.0);
    let text: String = lines.into_iter().map(|it| it.1).collect();
    fs::write(folder.join(format!("{hour:05}.jsonl")), text)?;
    Ok(())
}

/// Findings by instance and type.
type Found = BTreeMap<(String, String), u64>;

fn scan(product: &Path, folder: &Path) -> Result<Found> {
    let mut command = Command::new(product);
    command.arg("scan").arg(folder).args(["--format", "json", "--quiet", "--no-intel-dir"]);
    let output = command.output().with_context(|| product.display().to_string())?;
    let mut found = Found::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let finding: Value = serde_json::from_str(line)?;
        let text =
            |at: &str| finding.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
        let key = (text("/resource/instanceDetails/instanceId"), text("/type"));
        *found.entry(key).or_default() += 1;
    }
    Ok(found)
}
