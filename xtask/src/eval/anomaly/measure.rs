//! Recall at a budget, average precision, and the table.

use std::collections::{BTreeMap, BTreeSet};

use simulate::population::{Injection, Level};

use super::{FIRST_DAY, Found};

/// Who gave a score.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Scorer {
    Model,
    FirstSeen,
    NewBoth,
    /// The model of calls to buckets and objects: a family, and a budget, of its own.
    Objects,
}

impl Scorer {
    const ALL: [Scorer; 4] = [Scorer::Model, Scorer::FirstSeen, Scorer::NewBoth, Scorer::Objects];

    /// Who is to find an attack.
    fn of_level(level: Level) -> Scorer {
        if level == Level::Bucket { Scorer::Objects } else { Scorer::Model }
    }

    pub(super) fn of(name: &str) -> Option<Scorer> {
        match name {
            "eval/model" => Some(Scorer::Model),
            "eval/objects" => Some(Scorer::Objects),
            "eval/first_seen" => Some(Scorer::FirstSeen),
            "eval/new_both" => Some(Scorer::NewBoth),
            _ => None,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Scorer::Model => "back-off model",
            Scorer::Objects => "back-off model of objects",
            Scorer::FirstSeen => "count of first-seen values",
            Scorer::NewBoth => "new network and new API",
        }
    }
}

/// A score of an hour.
pub(super) struct Alarm {
    pub(super) scorer: Scorer,
    pub(super) identity: String,
    pub(super) hour: i64,
    pub(super) score: u64,
    pub(super) named: String,
}

/// False alarms a day that recall is told at.
const BUDGETS: [u64; 2] = [1, 3];

/// What one scorer gave.
#[derive(Default, Clone)]
struct Curve {
    /// Scores of the attacks, by level.
    attacks: Vec<(Level, u64)>,
    /// Worst scores of identity-days without an attack.
    benign: Vec<u64>,
    days: u64,
}

impl Curve {
    /// The score that must be exceeded for at most so many false alarms a day.
    fn threshold(&self, a_day: u64) -> u64 {
        let mut scores = self.benign.clone();
        scores.sort_unstable_by(|a, b| b.cmp(a));
        scores.get((a_day * self.days) as usize).copied().unwrap_or(0)
    }

    /// The share of the attacks of these levels that exceed a score.
    fn recall(&self, threshold: u64, is_of: impl Fn(Level) -> bool) -> f64 {
        let of: Vec<u64> = self.attacks.iter().filter(|it| is_of(it.0)).map(|it| it.1).collect();
        let found = of.iter().filter(|it| **it > threshold).count();
        found as f64 / of.len().max(1) as f64
    }

    fn average_precision(&self, is_of: impl Fn(Level) -> bool) -> f64 {
        let attacks = self.attacks.iter().filter(|it| is_of(it.0)).map(|it| (it.1, true));
        let mut all: Vec<(u64, bool)> =
            attacks.chain(self.benign.iter().map(|it| (*it, false))).collect();
        // Among equals the false ones come first.
        all.sort_unstable_by_key(|&(score, is_attack)| (std::cmp::Reverse(score), is_attack));
        let total = all.iter().filter(|it| it.1).count();
        let (mut found, mut sum) = (0, 0.0);
        for (rank, (score, is_attack)) in all.iter().enumerate() {
            if *is_attack && *score > 0 {
                found += 1;
                sum += f64::from(found) / (rank + 1) as f64;
            }
        }
        sum / total.max(1) as f64
    }
}

/// What a population gave.
pub(super) struct Measured {
    principals: usize,
    records: u64,
    curves: BTreeMap<Scorer, Curve>,
    /// At the shipped settings: attacks found by level, of how many; identity-days with false findings; days.
    found: BTreeMap<Level, (u64, u64)>,
    /// Attacks of one attribute that were found and whose finding names it.
    named: (u64, u64),
    false_findings: u64,
    days: u64,
}

/// What findings call the attribute of an attack of one attribute.
fn words(level: Level) -> Option<&'static [&'static str]> {
    Some(match level {
        Level::Country => &["unusual country", "unusual network (ASN)"],
        Level::Anonymizing => &["unusual kind of network"],
        Level::Hour => &["unusual hour of the week"],
        Level::Region => &["unusual Region"],
        Level::Launch => &["unusual instance type", "unusual number of instances"],
        Level::Bucket => &["unusual bucket"],
        Level::Failures => &["burst of failed calls in the hour"],
        Level::Noisy | Level::Medium | Level::Inplace | Level::CredOnly => return None,
    })
}

pub(super) fn measure(
    principals: usize,
    records: u64,
    alarms: &[Alarm],
    findings: &[Found],
    injections: &[Injection],
) -> Measured {
    let start = injections.iter().map(|it| it.at / 86_400).min().unwrap_or(0);
    let last = alarms.iter().map(|it| it.hour / 24).max().unwrap_or(0);
    let first = start.min(last);
    let days = (simulate::population::DAYS - FIRST_DAY) as u64;
    let attacked: BTreeSet<(&str, i64)> = injections
        .iter()
        .flat_map(|it| it.hours.iter().map(|hour| (it.identity.as_str(), *hour)))
        .collect();
    let mut curves = BTreeMap::new();
    for scorer in Scorer::ALL {
        let of = || alarms.iter().filter(|it| it.scorer == scorer);
        let mut hours: BTreeMap<(&str, i64), u64> = BTreeMap::new();
        let mut benign: BTreeMap<(&str, i64), u64> = BTreeMap::new();
        for it in of() {
            let key = (it.identity.as_str(), it.hour);
            let score = hours.entry(key).or_default();
            *score = it.score.max(*score);
            if !attacked.contains(&key) && it.hour / 24 >= first {
                let day = benign.entry((key.0, it.hour / 24)).or_default();
                *day = it.score.max(*day);
            }
        }
        let attacks = injections.iter().map(|it| {
            let scores = it.hours.iter().filter_map(|hour| hours.get(&(&*it.identity, *hour)));
            (it.level, scores.max().copied().unwrap_or(0))
        });
        let curve =
            Curve { attacks: attacks.collect(), benign: benign.into_values().collect(), days };
        curves.insert(scorer, curve);
    }
    let mut found: BTreeMap<Level, (u64, u64)> = BTreeMap::new();
    let mut named = (0, 0);
    for it in injections {
        let of: Vec<&Found> = findings
            .iter()
            .filter(|found| found.identity == it.identity && it.hours.contains(&found.hour))
            .collect();
        let entry = found.entry(it.level).or_default();
        entry.0 += u64::from(!of.is_empty());
        entry.1 += 1;
        if let (Some(words), false) = (words(it.level), of.is_empty()) {
            named.1 += 1;
            let is_named =
                of.iter().any(|found| words.iter().any(|word| found.named.contains(word)));
            named.0 += u64::from(is_named);
        }
    }
    let false_days: BTreeSet<(&str, i64)> = findings
        .iter()
        .filter(|it| !attacked.contains(&(it.identity.as_str(), it.hour)))
        .map(|it| (it.identity.as_str(), it.hour / 24))
        .collect();
    Measured {
        principals,
        records,
        curves,
        found,
        named,
        false_findings: false_days.len() as u64,
        days,
    }
}

fn is_level(level: Level) -> bool {
    Level::ALL.iter().position(|it| *it == level).is_some_and(|it| it < Level::LEVELS)
}

impl Measured {
    fn curve(&self, scorer: Scorer) -> Curve {
        self.curves.get(&scorer).cloned().unwrap_or_default()
    }

    pub(super) fn print_line(&self, seed: u64) {
        let curve = self.curve(Scorer::Model);
        let [one, three] = BUDGETS.map(|it| curve.threshold(it));
        let by_level: Vec<String> = Level::ALL
            .iter()
            .map(|level| {
                let of = |it| it == *level;
                format!(
                    "{} {:.2}/{:.2}",
                    level.as_str(),
                    curve.recall(one, of),
                    curve.recall(three, of)
                )
            })
            .collect();
        println!(
            "seed {seed}: {} principals, {} records; thresholds {one}/{three}; recall {:.2}/{:.2}, AP {:.2}; {}",
            self.principals,
            self.records,
            curve.recall(one, is_level),
            curve.recall(three, is_level),
            curve.average_precision(is_level),
            by_level.join(", ")
        );
    }
}

/// Mean and the worst of all populations.
fn mean_worst(values: &[f64]) -> String {
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    let worst = values.iter().copied().fold(f64::INFINITY, f64::min);
    format!("{mean:.2} (worst {worst:.2})")
}

/// Prints the tables.
pub(super) fn print(all: &[Measured]) {
    let over = |of: &dyn Fn(&Measured) -> f64| mean_worst(&all.iter().map(of).collect::<Vec<_>>());
    println!(
        "\n| scorer | recall at 1 a day | at 3 a day | average precision |\n|---|---|---|---|"
    );
    for scorer in Scorer::ALL.into_iter().filter(|it| *it != Scorer::Objects) {
        let recall = |a_day: u64| {
            over(&|it: &Measured| {
                let curve = it.curve(scorer);
                curve.recall(curve.threshold(a_day), is_level)
            })
        };
        let precision = over(&|it: &Measured| it.curve(scorer).average_precision(is_level));
        println!("| {} | {} | {} | {precision} |", scorer.as_str(), recall(1), recall(3));
    }
    println!(
        "\n| attack | recall at 1 a day | at 3 a day | found at the shipped settings |\n|---|---|---|---|"
    );
    for level in Level::ALL {
        let recall = |a_day: u64| {
            over(&|it: &Measured| {
                let curve = it.curve(Scorer::of_level(level));
                curve.recall(curve.threshold(a_day), |it| it == level)
            })
        };
        let (found, of) = all
            .iter()
            .filter_map(|it| it.found.get(&level))
            .fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
        println!("| {} | {} | {} | {found} of {of} |", level.as_str(), recall(1), recall(3));
    }
    let sum = |of: &dyn Fn(&Measured) -> u64| all.iter().map(of).sum::<u64>();
    println!(
        "\nAt the shipped settings: {:.2} identity-days with a false finding a day; of {} attacks of one attribute that \
         were found, {} findings name it.",
        sum(&|it| it.false_findings) as f64 / sum(&|it| it.days).max(1) as f64,
        sum(&|it| it.named.1),
        sum(&|it| it.named.0)
    );
}
