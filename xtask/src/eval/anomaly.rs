//! `cargo xtask eval anomaly`: how well anomalous behavior is found in populations with attacks among them.
//!
//! Every seed is a population of `simulate::population`. What is measured: recall of the attacks at a budget of false
//! alarms, against two baselines in the same run. A false alarm is an identity's day on which some hour without
//! an attack reaches the threshold: findings of one identity and type are one finding.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use engine::intel::{Category, IntelBuilder, Places, parse_list};
use engine::telemetry::{
    ApiRows, Block, Interest, Limits, ObjectReader, Options as Reading, Report,
};
use engine::{
    Batch, Engine, EngineOptions, Executor, Intake, IntakeOptions, Inventory, Registry, Serial,
    SourceId,
};
use simulate::population::{Injection, Level, Population};

mod listeners;
mod measure;

use listeners::{Baseline, Listener};
use measure::{Alarm, Measured, Scorer};

const USAGE: &str = "\
cargo xtask eval anomaly [--seeds FROM-TO] [--verbose yes]

  --seeds     seeds of populations, 101-110 unless given; those below 100 were used to tune";

/// The first day whose alarms count: attacks begin then.
const FIRST_DAY: i64 = 16;
/// Calls that are given at once.
const ROWS: usize = 1000;

/// Runs the evaluation and prints its table.
pub(super) fn run(args: &[String]) -> Result<()> {
    let (mut seeds, mut is_verbose) = (101..=110, false);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let value = args.next().with_context(|| format!("{arg} takes a value\n\n{USAGE}"))?;
        match arg.as_str() {
            "--seeds" => {
                let (from, to) = value.split_once('-').unwrap_or((value, value));
                seeds = from.parse::<u64>()?..=to.parse::<u64>()?;
            }
            "--verbose" => is_verbose = true,
            _ => bail!("cannot understand `{arg}`\n\n{USAGE}"),
        }
    }
    let mut all = Vec::new();
    for seed in seeds {
        let measured = population(seed, is_verbose)?;
        measured.print_line(seed);
        all.push(measured);
    }
    measure::print(&all);
    Ok(())
}

/// Runs one population through parser, intake and engine.
fn population(seed: u64, is_verbose: bool) -> Result<Measured> {
    let mut population = Population::new(seed);
    let injections = population.injections().to_vec();
    let principals = population.principals();
    let mut registry = Registry::new();
    let mut settings = detectors::Settings::default();
    settings.iam.anomalous_behavior.signal_milli = 1;
    settings.s3.anomalous_behavior.signal_milli = 1;
    registry.add(settings.iam.anomalous_behavior);
    registry.add(settings.s3.anomalous_behavior);
    registry.add(Listener);
    registry.add(Baseline);
    let mut run = Run::new(Arc::new(registry), &population)?;
    let mut number = 0;
    while let Some(files) = population.next_day() {
        let mut day = ApiRows::default();
        for (key, text) in files {
            run.read(number, &key, text.into_bytes(), &mut day);
            number += 1;
        }
        run.give(&day);
        run.work(false);
    }
    run.work(true);
    if is_verbose {
        run.print_alarms(&injections);
    }
    Ok(measure::measure(principals, run.records, &run.alarms, &run.findings, &injections))
}

/// A raised finding: identity, hour, and what it names.
pub(super) struct Found {
    pub(super) identity: String,
    pub(super) hour: i64,
    pub(super) named: String,
}

struct Run {
    engine: Engine,
    intake: Intake,
    options: Arc<Reading>,
    report: Report,
    records: u64,
    alarms: Vec<Alarm>,
    findings: Vec<Found>,
}

impl Run {
    fn new(registry: Arc<Registry>, population: &Population) -> Result<Run> {
        let mut intel = IntelBuilder::new().with_builtin();
        let (list, _) = parse_list("vpn.txt", population.vpn_list().as_bytes());
        intel.add_list("vpn", Category::Vpn, None, list);
        let intel = intel.with_places(Places::from_mmdb(population.places())?).build();
        let names = registry.calls_of_interest();
        let names = names.into_iter().chain(Inventory::CALLS.iter().copied());
        let interest = Interest::new(names.map(|it| (it, Interest::ALL)));
        Ok(Run {
            engine: Engine::new(registry, Arc::new(intel), EngineOptions::default()),
            intake: Intake::new(IntakeOptions::default()),
            options: Arc::new(Reading { limits: Limits::default(), interest }),
            report: Report::default(),
            records: 0,
            alarms: Vec::new(),
            findings: Vec::new(),
        })
    }

    fn read(&mut self, object: u32, key: &str, bytes: Vec<u8>, day: &mut ApiRows) {
        let mut reader = ObjectReader::new(object, key, bytes, self.options.clone());
        while let Some(block) = reader.next_block(&mut self.report) {
            if let Block::ApiCalls(rows) = block {
                day.append(rows);
            }
        }
    }

    /// Gives the calls of a day in the order of their times, as a driver merges files that overlap.
    fn give(&mut self, day: &ApiRows) {
        self.records += day.rows.len() as u64;
        let mut order: Vec<usize> = (0..day.rows.len()).collect();
        order.sort_by_key(|it| day.rows[*it].time);
        for part in order.chunks(ROWS) {
            let mut rows = ApiRows::default();
            for it in part {
                rows.push_from(day, *it);
            }
            self.intake.calls(SourceId::new("calls"), rows);
        }
    }

    fn work(&mut self, is_last: bool) {
        if is_last {
            self.intake.finish(Duration::from_hours(25));
        }
        let batches: Vec<Batch> = self.intake.take();
        let executor: &dyn Executor = &Serial;
        for batch in batches {
            for draft in self.engine.process(&batch, executor).drafts {
                match Scorer::of(draft.finding_type.name) {
                    Some(scorer) => self.alarms.push(Alarm {
                        scorer,
                        identity: draft.key.clone(),
                        hour: draft.first.hour(),
                        score: draft.count,
                        named: draft.title.clone(),
                    }),
                    None => self.findings.push(Found {
                        identity: draft.key.rsplit(' ').next().unwrap_or("").to_owned(),
                        hour: draft.last.hour(),
                        named: draft
                            .reasons
                            .iter()
                            .map(|it| it.what.as_str())
                            .collect::<Vec<_>>()
                            .join(","),
                    }),
                }
            }
        }
    }

    /// The highest scores of hours without an attack, and those of the attacks.
    fn print_alarms(&self, injections: &[Injection]) {
        let attacked: BTreeMap<(&str, i64), Level> = injections
            .iter()
            .flat_map(|it| it.hours.iter().map(|hour| ((it.identity.as_str(), *hour), it.level)))
            .collect();
        let mut shown: Vec<&Alarm> =
            self.alarms.iter().filter(|it| it.scorer == Scorer::Model).collect();
        shown.sort_by_key(|it| std::cmp::Reverse(it.score));
        let mut benign = 0;
        for it in injections {
            println!("attack {} {:?} {}", it.level.as_str(), it.hours, it.identity);
        }
        for it in shown {
            let level = attacked.get(&(it.identity.as_str(), it.hour));
            if level.is_none() {
                benign += 1;
                if benign > 150 {
                    continue;
                }
            }
            let level = level.map_or("-", |it| it.as_str());
            println!("{:>6} {level:<12} {} {} {}", it.score, it.hour, it.identity, it.named);
        }
    }
}
