//! The driver of a scan: plan, run, and what is to be known of it afterwards.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use engine::{Control, Engine, Intake, Inventory, Registry, SnapshotError};
use findings::{CoverageRow, ListUsed, Report, ReportFinding};
use intel::Intel;
use model::Timestamp;
use store::{FindingStore as _, StoredFinding};
use telemetry::{Interest, Options};

use crate::baseline::{Baseline, Known};
use crate::config::Config;
use crate::coverage::Given;
use crate::filter::Filter;
use crate::knowledge::Knowledge;
use crate::pipeline::{self, Job, Observer, Outcome, Progress, Reading};
use crate::plan::{Plan, plan};
use crate::sources::{Found, Object};
use crate::tally::Tally;
use crate::window::Window;
use crate::{catalog, coverage, evidence};

/// What a scan is asked for.
pub struct Request {
    /// The objects.
    pub found: Found,
    /// What is known beside them.
    pub knowledge: Knowledge,
    /// Settings.
    pub config: Config,
    /// Event time that counts.
    pub window: Window,
    /// Threads; one per core if not given.
    pub threads: Option<usize>,
    /// Whether the report is to name the SHA-256 of each input.
    pub is_hashed: bool,
    /// Where what is learnt comes from and goes to.
    pub baseline: Option<Baseline>,
}

/// What a scan gave.
pub struct Scan {
    /// The objects in the order in which they were read.
    pub objects: Vec<Object>,
    /// What was found and counted.
    pub outcome: Outcome,
    /// What could be seen.
    pub coverage: Vec<CoverageRow>,
    /// Objects with the content of another.
    pub duplicates: u64,
    /// Objects outside of the time asked for.
    pub outside_files: u64,
    /// Files without a byte.
    pub empty: u64,
    /// Whether descriptions of resources were given.
    pub has_inventory: bool,
    /// Days of each account's history from which it was learnt what is usual, if anything learns.
    pub learning_days: Option<u32>,
    /// What was known before, by a baseline.
    pub known: Option<Known>,
    /// Where what was learnt was left, and from which records.
    pub kept: Option<String>,
    /// What is to be told to the user.
    pub warnings: Vec<String>,
    /// Where the built-in places come from.
    pub attribution: String,
    /// The lists in force.
    pub lists: Vec<ListUsed>,
    /// SHA-256 of the settings.
    pub settings: String,
    /// When it began.
    pub started: Timestamp,
    /// How long it took.
    pub elapsed: Duration,
    /// Threads that were used.
    pub threads: usize,
}

/// Plans and runs a scan. `begin` is told the bytes and files to be read, `watch` how far it has come.
pub fn execute(
    request: Request,
    begin: &mut dyn FnMut(u64, u64),
    watch: &mut dyn FnMut(&Progress),
) -> Result<Scan> {
    execute_observed(request, &mut (), begin, watch)
}

/// Plans and runs a scan. `observer` looks at its batches, `begin` is told the bytes and files to be read, `watch`
/// how far it has come.
pub fn execute_observed(
    request: Request,
    observer: &mut dyn Observer,
    begin: &mut dyn FnMut(u64, u64),
    watch: &mut dyn FnMut(&Progress),
) -> Result<Scan> {
    let (clock, started) = (Instant::now(), crate::clock::now());
    let threads = threads(&request);
    let possible = Window::possible(started);
    let Request { found, knowledge, config, mut window, is_hashed, mut baseline, .. } = request;
    let known = baseline.as_ref().and_then(Baseline::known);
    if let Some(known) = known {
        window.since = window.since.max(known.until);
    }
    let Plan { objects, starts, duplicates, outside, unreadable } =
        plan(found.objects, &window, &possible, threads);
    if objects.is_empty() && unreadable.is_empty() {
        bail!("no file lies in the time asked for; check --since, --until and --baseline");
    }
    let mut settings = config.in_force();
    let learning_days = settings.learn_within(span_days(&starts, known.map(|it| it.since)));
    let registry = Arc::new(detectors::registry(&settings));
    let types = registry.finding_types();
    let mut engine =
        Engine::new(Arc::clone(&registry), Arc::clone(&knowledge.intel), config.engine());
    baseline.as_mut().map_or(Ok(()), |it| it.resume(&mut engine))?;
    let options = Options { limits: config.limits.clone(), interest: interest(&registry) };
    let mut intake = Intake::new(config.intake(possible.until));
    if let Some(inventory) = &knowledge.inventory {
        intake.control(Control::Inventory(Arc::clone(inventory)));
    }
    begin(objects.iter().map(|it| it.size).sum(), objects.len() as u64);
    let job = Job {
        objects: &objects,
        starts: &starts,
        lateness: config.engine().lateness,
        reading: Reading {
            options: Arc::new(options),
            window,
            possible,
            is_hashed,
            first_object: 0,
            accounts: Arc::default(),
        },
        engine,
        intake,
        threads,
        commit_time: started,
        is_learning_kept: baseline.is_some(),
    };
    let mut outcome = pipeline::run(job, observer, watch);
    outcome.unreadable.extend(unreadable);
    outcome.unreadable.extend(found.unreadable);
    outcome.unreadable.sort();
    let learnt = outcome.learnt.take();
    let given = Given {
        tally: &outcome.tally,
        intel: &knowledge.intel,
        written: &[],
        stored: &knowledge.stored,
        has_inventory: knowledge.inventory.is_some(),
        has_custom_rules: coverage::has_custom_rules(&config.detectors),
    };
    let mut warnings = knowledge.warnings;
    warnings.extend(baseline.iter().flat_map(|it| it.warnings().iter().cloned()));
    let kept = keep(baseline.as_ref(), known, learnt, &outcome.tally)?;
    Ok(Scan {
        known,
        kept,
        coverage: coverage::rows(&types, &given),
        objects,
        outcome,
        duplicates,
        outside_files: outside,
        empty: found.empty,
        has_inventory: knowledge.inventory.is_some(),
        learning_days,
        warnings,
        lists: lists(&knowledge.intel),
        settings: config.fingerprint(),
        attribution: knowledge.intel.places().attribution().to_owned(),
        started,
        elapsed: clock.elapsed(),
        threads,
    })
}

/// The lists in force, those that were given first.
fn lists(intel: &Intel) -> Vec<ListUsed> {
    let mut lists: Vec<ListUsed> = intel
        .all_lists()
        .iter()
        .map(|it| ListUsed {
            name: it.name.clone(),
            category: it.category.as_str().to_owned(),
            entries: it.entries,
            origin: if it.builtin { "built in" } else { "given" }.to_owned(),
        })
        .collect();
    lists.sort_by(|a, b| (&b.origin, &a.category, &a.name).cmp(&(&a.origin, &b.category, &b.name)));
    lists
}

/// Leaves what was learnt where it is wanted. Gives the line that says so.
fn keep(
    baseline: Option<&Baseline>,
    known: Option<Known>,
    learnt: Option<Result<Vec<u8>, SnapshotError>>,
    tally: &Tally,
) -> Result<Option<String>> {
    let Some((baseline, learnt)) = baseline.zip(learnt) else { return Ok(None) };
    let kinds = || tally.kinds().map(|it| it.1);
    let Some(last) = kinds().map(|it| it.last).max() else { return Ok(None) };
    let since = kinds().map(|it| it.first).chain(known.map(|it| it.since)).min().unwrap_or(last);
    baseline.keep(learnt, since, last).map(Some)
}

/// Days from the first object, or what was learnt before, to the last object, as far as their starts are known.
fn span_days(starts: &[Timestamp], learnt: Option<Timestamp>) -> u32 {
    let known = || starts.iter().copied().chain(learnt).filter(|it| *it != Timestamp::MIN);
    let (first, last) = (known().min(), known().max());
    let days = first.zip(last).map_or(0, |(first, last)| last.day() - first.day());
    u32::try_from(days).unwrap_or(0)
}

fn threads(request: &Request) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let configured = Some(request.config.scan.threads).filter(|it| *it > 0);
    request.threads.or(configured).unwrap_or_else(cores).max(1)
}

/// The calls whose parameters detectors and the inventory read.
pub(crate) fn interest(registry: &Registry) -> Interest {
    let names = registry.calls_of_interest().into_iter().chain(Inventory::CALLS.iter().copied());
    Interest::new(names.map(|it| (it, Interest::ALL)))
}

/// Whether it stands for matches of a custom detection rule in dry run.
fn is_counted_only(finding: &StoredFinding) -> bool {
    finding.draft.counted_rule().is_some()
}

impl Scan {
    /// The findings that are shown, most severe first.
    pub fn findings(&self, filter: &Filter) -> Vec<&StoredFinding> {
        let mut findings = self.outcome.store.findings();
        findings.retain(|it| !is_counted_only(it) && filter.shows(&it.finding));
        findings
    }

    /// Matches of custom detection rules that were only counted: names of the rules and numbers.
    pub fn dry_run(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for it in self.outcome.store.findings() {
            if let Some(rule) = it.draft.counted_rule() {
                *counts.entry(rule.to_owned()).or_default() += it.draft.count;
            }
        }
        counts
    }

    /// The findings with their evidence, as they are given out. Also how many records could not be fetched.
    pub fn explained(&self, findings: &[&StoredFinding]) -> (Vec<StoredFinding>, u64) {
        let (explanations, lost) = evidence::explain(findings, &self.objects, self.threads);
        let explained = findings.iter().zip(explanations).map(|(&finding, explanation)| {
            let mut finding = finding.clone();
            finding.finding.set_explanation(&explanation);
            finding
        });
        (explained.collect(), lost)
    }

    /// The HTML report of findings that were explained.
    pub fn report<'a>(&self, findings: &'a [ReportFinding<'a>], command: String) -> Report<'a> {
        let mut versions = vec![format!("guardpost {}", env!("CARGO_PKG_VERSION"))];
        versions.extend(self.attribution.lines().map(str::to_owned));
        Report {
            title: "Guardpost report".to_owned(),
            versions,
            command,
            settings: self.settings.clone(),
            lists: self.lists.clone(),
            findings,
            inputs: crate::summary::inputs(self),
            coverage: self.coverage.clone(),
            not_served: catalog::unserved().map(str::to_owned).collect(),
        }
    }

    /// Records and files that should have been read and were not.
    pub fn failed(&self) -> u64 {
        let outcome = &self.outcome;
        outcome.report.failed() + outcome.unreadable.len() as u64 + outcome.impossible
    }
}
