//! The threads of the service: started over what is on disk, ended in the order in which they hand on.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use engine::model::Timestamp;
use engine::{Control, Engine, EngineOptions, Intake};
use intel::IntelBuilder;
use store::Store;

use super::Request;
use super::controls::{self, InForce};
use super::ended::{Ended, spawn};
use super::journal::{Entry, Journal};
use super::lists::{Loader, Places};
use super::notice::Notice;
use super::publish;
use super::recorder::{Offer, Pace, Recorded, Recorder, Work};
use super::s3::{self, Source};
use super::spool::Spool;
use super::status::Status;
use super::suppressions::Suppressions;
use super::watch::Watch;
use super::worker::{Position, Worker, latest_snapshot};
use crate::config::Config;
use crate::knowledge::Knowledge;
use crate::pipeline::{Reading, Threads};
use crate::scan;
use crate::window::Window;

/// Offers that wait for the recorder.
const OFFERS: usize = 64;
/// Entries that wait for the worker: the recorder takes nothing more in while there are so many.
const ENTRIES: usize = 64;

/// Threads that run until the service ends.
pub(super) struct Running {
    pub(super) status: Arc<Status>,
    pub(super) is_stopping: Arc<AtomicBool>,
    /// Told when a thread ends that should not.
    pub(super) broken: Arc<Ended>,
    pub(super) notice: Arc<Notice>,
    pub(super) offers: SyncSender<Offer>,
    sources: Vec<JoinHandle<Result<()>>>,
    recorder: JoinHandle<Result<()>>,
    worker: JoinHandle<Result<()>>,
}

/// Opens what is on disk and starts the threads. They work first on what the latest snapshot does not cover.
pub(super) fn start(request: Request, store: &Arc<dyn Store>) -> Result<Running> {
    let Request { data_dir, watch, config, knowledge, lists, .. } = request;
    let places = Places::new(&config.serve)?;
    let status = Arc::new(Status::new(Duration::from_hours(config.serve.evidence_hours)));
    let is_stopping = Arc::new(AtomicBool::new(false));
    let watches = watches(watch, &data_dir, &config, (&status, &is_stopping))?;
    let mut offering = s3::sources(&config, &data_dir, (&status, &is_stopping))?;
    let watch = |it: Watch| -> Source { Box::new(move |offers| it.run(offers)) };
    offering.extend(watches.into_iter().map(watch));
    let known = Known { config: &config, knowledge: &knowledge, lists };
    let Disk { journal, spool, replay, worker, recorded, controls } =
        open(&data_dir, known, (Arc::clone(store), &status, &is_stopping))?;
    let (offers, offered) = sync_channel(OFFERS);
    let (out, work) = sync_channel(ENTRIES);
    let started = Entry::Started {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        settings: config.fingerprint(),
        intel: knowledge.intel.version(),
    };
    let pace = Pace {
        tick: Duration::from_secs(config.serve.tick_secs),
        snapshot: Duration::from_secs(config.serve.snapshot_secs),
        object_bytes: config.scan.file_bytes,
    };
    let recorder = Recorder::new(journal, spool, recorded, pace, Arc::clone(&status), out.clone())
        .with_controls(controls);
    let suppressions = Arc::clone(&worker.suppressions);
    let notice = Arc::new(Notice { suppressions, status: Arc::clone(&status) });
    let broken = Arc::new(Ended::default());
    let worker = spawn("worker", &broken, move || worker.run(&work))?;
    let recorder =
        spawn("recorder", &broken, move || record(recorder, replay, out, started, &offered))?;
    let mut sources = Vec::new();
    for source in offering {
        let offers = offers.clone();
        let run = move || {
            source(&offers);
            Ok(())
        };
        sources.push(spawn("source", &broken, run)?);
    }
    let shared = (Arc::clone(store), Arc::clone(&status), Arc::clone(&is_stopping));
    for publisher in publish::open(&config.serve, &data_dir, &shared)? {
        // Nobody waits for them at the end: what is on its way is published again after the next start.
        let _publisher = spawn("publish", &broken, move || {
            publisher.run();
            Ok(())
        })?;
    }
    let (loads, ended) = (Arc::clone(store), Arc::clone(&is_stopping));
    let loader = Loader { store: loads, status: Arc::clone(&status), is_stopping: ended, places };
    // Nobody waits for it at the end: what it is reading is read again after the next start.
    let _loader = spawn("lists", &broken, move || {
        loader.run();
        Ok(())
    })?;
    Ok(Running { status, is_stopping, broken, notice, offers, sources, recorder, worker })
}

fn watches(
    dirs: Vec<PathBuf>,
    data_dir: &Path,
    config: &Config,
    (status, is_stopping): (&Arc<Status>, &Arc<AtomicBool>),
) -> Result<Vec<Watch>> {
    let bounds = (Duration::from_secs(config.serve.poll_secs), config.scan.file_bytes);
    let own = data_dir.canonicalize().context("the data directory")?;
    let watch = |(at, dir): (usize, PathBuf)| {
        if dir.canonicalize().is_ok_and(|it| own.starts_with(it)) {
            bail!(
                "--watch `{}` holds the data directory, whose files are no logs; give another --data-dir",
                dir.display()
            );
        }
        let known = data_dir.join(format!("watched.{at}"));
        Watch::new(dir, &known, bounds, Arc::clone(status), Arc::clone(is_stopping))
    };
    dirs.into_iter().enumerate().map(watch).collect()
}

/// What is on disk, opened.
struct Disk {
    journal: Journal,
    spool: Spool,
    /// Entries that the latest snapshot does not cover.
    replay: Vec<(u64, Entry)>,
    worker: Worker,
    recorded: Recorded,
    /// The last entry of the control journal that the journal has.
    controls: u64,
}

/// What the worker is made with.
struct Known<'a> {
    config: &'a Config,
    knowledge: &'a Knowledge,
    lists: IntelBuilder,
}

fn open(
    data_dir: &Path,
    known: Known<'_>,
    (store, status, is_stopping): (Arc<dyn Store>, &Arc<Status>, &Arc<AtomicBool>),
) -> Result<Disk> {
    let (journal, opened) = Journal::open(&data_dir.join("journal"))?;
    if opened.cut_off > 0 {
        status.log(&format!(
            "cut {} bytes of an unfinished entry off the journal: nobody was told that it is kept",
            opened.cut_off
        ));
    }
    let spool = Spool::open(&data_dir.join("spool"))?;
    let shared = (Arc::clone(status), Arc::clone(is_stopping));
    let (mut worker, position) = worker(known, store, spool.clone(), shared)?;
    let replay: Vec<(u64, Entry)> =
        opened.entries.into_iter().filter(|it| it.0 > position.entry).collect();
    check_gap(&position, &replay, journal.next())?;
    status.replay_until(journal.next() - 1, position.entry);
    status.keep_from(position.before.0, position.before.1);
    worker.snapshot_at = (position.entry + 1, position.recorded.next_object);
    let mut recorded = position.recorded;
    let mut controls = worker.controls.through;
    for (_, entry) in &replay {
        recorded.replay(entry);
        if let Entry::Controls(through) = entry {
            controls = controls.max(*through);
        }
    }
    status.control_worked(worker.controls.through);
    status.control_written(controls::latest(&*worker.store, controls)?);
    Ok(Disk { journal, spool, replay, worker, recorded, controls })
}

/// Hands the worker what is to be worked on again, then records what comes.
fn record(
    mut recorder: Recorder,
    replay: Vec<(u64, Entry)>,
    out: SyncSender<Work>,
    started: Entry,
    offered: &Receiver<Offer>,
) -> Result<()> {
    for (number, entry) in replay {
        let work = Work { number, entry, recorded: None };
        out.send(work).ok().context("the worker has stopped")?;
    }
    drop(out);
    recorder.start(started)?;
    recorder.run(offered)
}

/// Ends: sources, recorder, worker, in this order. What was recorded and not worked on stays in the journal.
pub(super) fn stop(running: Running) -> Result<()> {
    let Running { is_stopping, broken, offers, sources, recorder, worker, .. } = running;
    is_stopping.store(true, Ordering::SeqCst);
    drop(offers);
    // Whatever ended and how: the others hand on what they have.
    let ended: Vec<_> = sources.into_iter().map(JoinHandle::join).collect();
    let (recorded, worked) = (recorder.join(), worker.join());
    // Threads that nobody waits for are among those that may have panicked.
    if let Some(name) = broken.panicked() {
        bail!("the thread `{name}` panicked: what was taken in is worked on after the next start");
    }
    let panicked = |_| anyhow!("a thread panicked");
    worked.map_err(panicked)?.context("working on the journal")?;
    recorded.map_err(panicked)?.context("recording")?;
    ended.into_iter().try_for_each(|it| it.map_err(panicked)?)
}

/// The worker with what the latest snapshot holds, and where that stands.
fn worker(
    Known { config, knowledge, lists }: Known<'_>,
    store: Arc<dyn Store>,
    spool: Spool,
    (status, is_stopping): (Arc<Status>, Arc<AtomicBool>),
) -> Result<(Worker, Position)> {
    let detectors = config.in_force();
    let registry = Arc::new(detectors::registry_offering_rules(&detectors));
    let rules = detectors.rules.custom_detection;
    let options =
        telemetry::Options { limits: config.limits.clone(), interest: scan::interest(&registry) };
    let saved = latest_snapshot(&*store)?;
    let controls = match saved.as_ref().and_then(|it| it.controls.as_deref()) {
        Some(bytes) => InForce::restore(bytes)?,
        None => InForce::default(),
    };
    let kept = saved.as_ref().map(|it| it.contents.clone()).unwrap_or_default();
    let intel = controls.intel(&lists, &*store, &|it| status.log(it));
    let settings = EngineOptions { disabled: controls.disabled(&rules), ..config.engine() };
    let mut engine = Engine::new(registry, intel, settings);
    // The recorder says by entry what is impossible: the journal's writer may not depend on the start.
    let intake_options = config.intake(Timestamp::MAX);
    let (intake, position) = match saved {
        Some(saved) => {
            engine.restore(&saved.engine)?;
            (Intake::restore(intake_options, &saved.intake)?, saved.position)
        }
        None => (Intake::new(intake_options), Position::default()),
    };
    let mut intake = intake;
    if let Some(inventory) = &knowledge.inventory {
        intake.control(Control::Inventory(Arc::clone(inventory)));
    }
    let threads = match config.scan.threads {
        0 => thread::available_parallelism().map_or(1, usize::from),
        given => given,
    };
    let worker = Worker {
        engine,
        intake,
        executor: Arc::new(Threads::new(threads)),
        reading: Reading {
            options: Arc::new(options),
            window: Window::default(),
            possible: Window::default(),
            is_hashed: false,
            first_object: 0,
            accounts: Arc::default(),
        },
        lateness: config.engine().lateness,
        suppressions: Arc::new(Suppressions::new(Arc::clone(&store), Arc::clone(&status))),
        store,
        spool,
        status,
        is_stopping,
        snapshot_at: (0, 0),
        kept: (controls.through, kept),
        controls,
        lists,
        rules,
        expired_on: None,
        failed: None,
    };
    Ok((worker, position))
}

/// The journal must go on where the snapshot ends.
fn check_gap(position: &Position, replay: &[(u64, Entry)], next: u64) -> Result<()> {
    if next <= position.entry {
        bail!(
            "the journal ends at entry {}, but the latest snapshot at {}: restore the whole data directory from one \
             backup",
            next - 1,
            position.entry
        );
    }
    let first = replay.first().map_or(next, |it| it.0);
    if first > position.entry + 1 {
        bail!(
            "the journal begins at entry {first}, but the latest snapshot ends at {}: restore the whole data \
             directory from one backup",
            position.entry
        );
    }
    Ok(())
}
