//! `guardpost serve`: logs in, findings kept, day and night.
//!
//! Sources offer objects to the *recorder*, which puts them on disk and into the *journal* before it says that
//! they are taken. The *worker* reads the journal: rows to batches to findings, each batch committed to the store
//! once. At marks it writes a *snapshot*; after a crash the latest one is restored and the journal worked on from
//! there, and what was committed already is passed over.

pub mod evidence;
mod guardduty;
mod http;
mod journal;
pub mod keys;
mod push;
mod recorder;
mod spool;
mod status;
mod suppressions;
mod watch;
mod worker;

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use engine::model::Timestamp;
use engine::{Control, Engine, Intake};
use store::{SqliteStore, Store};
use tokio::sync::{Notify, Semaphore};

use crate::config::Config;
use crate::knowledge::Knowledge;
use crate::output::say;
use crate::pipeline::{Reading, Threads};
use crate::scan;
use crate::window::Window;
use http::router;
use journal::{Entry, Journal};
use keys::KeyFile;
use push::{DELIVERIES_MAX, Push};
use recorder::{Offer, Pace, Recorder, Work};
use spool::Spool;
use status::Status;
use suppressions::Suppressions;
use watch::Watch;
use worker::{Position, Worker, latest_snapshot};

/// Offers that wait for the recorder.
const OFFERS: usize = 64;
/// Entries that wait for the worker: the recorder takes nothing more in while there are so many.
const ENTRIES: usize = 64;

/// What the service is asked for.
pub struct Request {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// Where access keys are kept.
    pub keys: PathBuf,
    /// Directories that are watched.
    pub watch: Vec<PathBuf>,
    /// Settings.
    pub config: Config,
    /// What is known beside the logs.
    pub knowledge: Knowledge,
}

/// Threads that run until the service ends.
struct Running {
    status: Arc<Status>,
    is_stopping: Arc<AtomicBool>,
    /// Told when a thread ends that should not.
    broken: Arc<Notify>,
    suppressions: Arc<Suppressions>,
    offers: SyncSender<Offer>,
    watchers: Vec<JoinHandle<()>>,
    recorder: JoinHandle<Result<()>>,
    worker: JoinHandle<Result<()>>,
}

/// Runs until it is told to end.
pub fn run(request: Request) -> Result<()> {
    make_private_dir(&request.data_dir)?;
    let _lock = lock(&request.data_dir)?;
    let store = open_store(&request.data_dir)?;
    let keys = Arc::new(KeyFile::open(&request.keys)?);
    let (listen, data_dir, key_path) =
        (request.listen, request.data_dir.clone(), request.keys.clone());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start threads")?;
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind(listen))
        .with_context(|| format!("cannot listen on {listen}; --listen gives another address"))?;
    let running = start(request, &store)?;
    say(&greeting(listener.local_addr()?, &data_dir, &key_path, keys.all().is_empty()));
    let push = Push {
        offers: running.offers.clone(),
        keys: Arc::clone(&keys),
        status: Arc::clone(&running.status),
        room: Arc::new(Semaphore::new(DELIVERIES_MAX)),
    };
    let app = router(push, guardduty::router(store, keys, Arc::clone(&running.suppressions)));
    let (is_stopping, broken) = (Arc::clone(&running.is_stopping), Arc::clone(&running.broken));
    let served = runtime.block_on(async {
        axum::serve(listener, app)
            .with_graceful_shutdown(async move {
                tokio::select! {
                    () = ended() => {}
                    () = broken.notified() => {}
                }
                is_stopping.store(true, Ordering::SeqCst);
            })
            .await
    });
    runtime.shutdown_timeout(Duration::from_secs(5));
    say("ending: what was taken in is worked on, then a snapshot is written\n");
    stop(running)?;
    served.context("serving HTTP")
}

/// Opens what is on disk, works on what the latest snapshot does not cover, and starts the threads.
fn start(request: Request, store: &Arc<dyn Store>) -> Result<Running> {
    let Request { data_dir, watch, config, knowledge, .. } = request;
    let serve = config.serve.clone();
    let status = Arc::new(Status::new(Duration::from_hours(serve.evidence_hours)));
    let is_stopping = Arc::new(AtomicBool::new(false));
    let (journal, opened) = Journal::open(&data_dir.join("journal"))?;
    if opened.cut_off > 0 {
        status.log(&format!(
            "cut {} bytes of an unfinished entry off the journal: nobody was told that it is kept",
            opened.cut_off
        ));
    }
    let spool = Spool::open(&data_dir.join("spool"))?;
    let (mut worker, mut position) = worker(
        &config,
        &knowledge,
        Arc::clone(store),
        spool.clone(),
        Arc::clone(&status),
        Arc::clone(&is_stopping),
    )?;
    let replay: Vec<(u64, Entry)> =
        opened.entries.into_iter().filter(|it| it.0 > position.entry).collect();
    check_gap(&position, &replay, journal.next())?;
    for (_, entry) in &replay {
        position.recorded.replay(entry);
    }
    status.replay_until(journal.next() - 1, position.entry);
    status.keep_from(position.before.0, position.before.1);
    worker.snapshot_at = (position.entry + 1, position.recorded.next_object);
    let (offers, offered) = sync_channel(OFFERS);
    let (out, work) = sync_channel(ENTRIES);
    let started = Entry::Started {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        settings: config.fingerprint(),
        intel: knowledge.intel.version(),
    };
    let pace = Pace {
        tick: Duration::from_secs(serve.tick_secs),
        snapshot: Duration::from_secs(serve.snapshot_secs),
        object_bytes: config.scan.file_bytes,
    };
    let recorder =
        Recorder::new(journal, spool, position.recorded, pace, Arc::clone(&status), out.clone());
    let suppressions = Arc::clone(&worker.suppressions);
    let broken = Arc::new(Notify::new());
    let tell = Arc::clone(&broken);
    let worker = spawn("worker", move || {
        let worked = worker.run(&work);
        tell.notify_one();
        worked
    })?;
    let tell = Arc::clone(&broken);
    let recorder = spawn("recorder", move || {
        let recorded = record(recorder, replay, out, started, &offered);
        tell.notify_one();
        recorded
    })?;
    let known = data_dir.join("watched");
    let mut watchers = Vec::new();
    for (at, dir) in watch.into_iter().enumerate() {
        let file = known.with_extension(at.to_string());
        let bounds = (Duration::from_secs(serve.poll_secs), config.scan.file_bytes);
        let (status, stopping) = (Arc::clone(&status), Arc::clone(&is_stopping));
        let watch = Watch::new(dir, &file, bounds, status, stopping)?;
        let offers = offers.clone();
        watchers.push(spawn("watch", move || watch.run(&offers))?);
    }
    Ok(Running { status, is_stopping, broken, suppressions, offers, watchers, recorder, worker })
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
    recorder.record(started)?;
    recorder.run(offered)
}

fn spawn<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>> {
    thread::Builder::new().name(name.to_owned()).spawn(work).context("cannot start a thread")
}

/// Ends: sources, recorder, worker, in this order. What was recorded and not worked on stays in the journal.
fn stop(running: Running) -> Result<()> {
    let Running { is_stopping, offers, watchers, recorder, worker, .. } = running;
    is_stopping.store(true, Ordering::SeqCst);
    drop(offers);
    let panicked = |_| anyhow!("a thread panicked");
    watchers.into_iter().try_for_each(|it| it.join().map_err(panicked))?;
    let recorded = recorder.join().map_err(panicked)?;
    worker.join().map_err(panicked)?.context("working on the journal")?;
    recorded.context("recording")
}

/// The worker with what the latest snapshot holds, and where that stands.
fn worker(
    config: &Config,
    knowledge: &Knowledge,
    store: Arc<dyn Store>,
    spool: Spool,
    status: Arc<Status>,
    is_stopping: Arc<AtomicBool>,
) -> Result<(Worker, Position)> {
    let registry = Arc::new(detectors::registry(&config.in_force()));
    let options =
        telemetry::Options { limits: config.limits.clone(), interest: scan::interest(&registry) };
    let mut engine = Engine::new(registry, Arc::clone(&knowledge.intel), config.engine());
    // The recorder says by entry what is impossible: the journal's writer may not depend on the start.
    let intake_options = config.intake(Timestamp::MAX);
    let (intake, position) = match latest_snapshot(&*store)? {
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
        failed: None,
    };
    Ok((worker, position))
}

/// The journal must go on where the snapshot ends.
fn check_gap(position: &Position, replay: &[(u64, Entry)], next: u64) -> Result<()> {
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

/// The store of a data directory; it can be read while the service runs.
pub fn open_store(data_dir: &Path) -> Result<Arc<dyn Store>> {
    let path = data_dir.join("guardpost.db");
    Ok(Arc::new(SqliteStore::open(path)?))
}

fn greeting(listens: SocketAddr, data_dir: &Path, keys: &Path, needs_key: bool) -> String {
    let mut text = format!(
        "guardpost {} listens on http://{listens}, keeps everything in {}\n",
        env!("CARGO_PKG_VERSION"),
        data_dir.display()
    );
    if needs_key {
        // Writing to a string cannot fail.
        let _ok = writeln!(
            text,
            "no access key yet: guardpost keys create --keys {} --account ACCOUNT --role admin|ingest",
            keys.display()
        );
    }
    text
}

/// Waits for the signal to end.
async fn ended() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut term) = signal(SignalKind::terminate()) else {
        // Without signals only a kill ends the process.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// Only one process works on a data directory.
fn lock(data_dir: &Path) -> Result<File> {
    let path = data_dir.join("lock");
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    let file = private(&mut options)
        .open(&path)
        .with_context(|| format!("cannot open `{}`", path.display()))?;
    if file.try_lock().is_err() {
        bail!("another guardpost works on `{}`; stop it first", data_dir.display());
    }
    Ok(file)
}

/// Makes a directory that only its owner can read.
pub fn make_private_dir(path: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(path).with_context(|| format!("cannot make `{}`", path.display()))
}

/// Files of the service are for its user alone.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600)
}

/// Flushes the names in a directory.
fn sync_dir(dir: &Path) -> std::io::Result<()> {
    File::open(dir)?.sync_all()
}
