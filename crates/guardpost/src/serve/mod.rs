//! `guardpost serve`: logs in, findings kept, day and night.
//!
//! Sources offer objects to the *recorder*, which puts them on disk and into the *journal* before it says that
//! they are taken. The *worker* reads the journal: rows to batches to findings, each batch committed to the store
//! once. At marks it writes a *snapshot*; after a crash the latest one is restored and the journal worked on from
//! there, and what was committed already is passed over.

mod audit;
mod controls;
mod disk;
mod ended;
pub mod evidence;
mod guardduty;
mod http;
mod journal;
pub mod keys;
mod listener;
mod lists;
mod notice;
pub mod publish;
mod push;
mod recorder;
mod running;
mod s3;
mod spool;
mod status;
mod suppressions;
mod tls;
mod watch;
mod worker;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context as _, Result};
use api::{Limits, Locations};
use axum::Router;
use engine::model::AccountId;
use intel::IntelBuilder;
use store::{SqliteStore, Store};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Semaphore, oneshot};
use tokio_rustls::TlsAcceptor;

pub use disk::make_private_dir;

use crate::config::Config;
use crate::knowledge::Knowledge;
use crate::output::say;
use audit::AuditFiles;
use disk::{private, sync_dir};
use http::router;
use keys::KeyFile;
use listener::{Bounded, ClientAddr};
use push::{DELIVERIES_MAX, Push};
use running::{Running, start, stop};

/// How long clients have to end when the service does.
const FAREWELL: Duration = Duration::from_secs(10);

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
    /// The lists of it, to which those of the API are added.
    pub lists: IntelBuilder,
}

/// Runs until it is told to end.
pub fn run(request: Request) -> Result<()> {
    make_private_dir(&request.data_dir)?;
    let _lock = disk::lock(&request.data_dir)?;
    let store = open_store(&request.data_dir)?;
    let management = management(&request.config)?;
    let keys = Arc::new(KeyFile::open(&request.keys)?.with_management(management));
    let locations = Locations {
        http: request.config.serve.allow_http,
        file: !request.config.serve.lists_dir.is_empty(),
    };
    let settings = &request.config.serve;
    let tls = tls::acceptor(&settings.tls_certificate, &settings.tls_key)?;
    let is_tls = tls.is_some();
    let per_second = settings.requests_per_second;
    let limits = Limits { per_second, locations, is_tls, ..Limits::default() };
    let (listen, data_dir, key_path) =
        (request.listen, request.data_dir.clone(), request.keys.clone());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start threads")?;
    let listener = runtime
        .block_on(TcpListener::bind(listen))
        .with_context(|| format!("cannot listen on {listen}; --listen gives another address"))?;
    let signals = {
        let _context = runtime.enter();
        Signals::catch()?
    };
    let audit_days = request.config.serve.audit_days;
    let running = start(request, &store)?;
    let audit = AuditFiles::open(&data_dir, audit_days, Arc::clone(&running.status))?;
    let audit = Arc::new(audit);
    let scheme = if is_tls { "https" } else { "http" };
    let address = format!("{scheme}://{}", listener.local_addr()?);
    say(&greeting(&address, &data_dir, &key_path, keys.all().is_empty()));
    let push = Push {
        offers: running.offers.clone(),
        keys: Arc::clone(&keys),
        status: Arc::clone(&running.status),
        room: Arc::new(Semaphore::new(DELIVERIES_MAX)),
    };
    let app = router(
        push,
        guardduty::router(store, keys, (Arc::clone(&running.notice) as _, audit), limits),
    );
    let served = runtime.block_on(serve((listener, tls), app, &running, signals));
    runtime.shutdown_timeout(Duration::from_secs(5));
    say("ending: what was taken in is worked on, then a snapshot is written\n");
    stop(running)?;
    served
}

/// The management account of the organization, if there is one.
fn management(config: &Config) -> Result<Option<AccountId>> {
    let text = config.serve.management_account.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let account = AccountId::from_digits(text.as_bytes());
    account.map(Some).with_context(|| {
        format!("serve.management_account is `{text}`: give the twelve digits of an account")
    })
}

/// Answers until somebody or something ends the service.
async fn serve(
    (listener, tls): (TcpListener, Option<TlsAcceptor>),
    app: Router,
    running: &Running,
    mut signals: Signals,
) -> Result<()> {
    let (leave, left) = oneshot::channel::<()>();
    let left = async move { _ = left.await.is_ok() };
    let listener = Bounded::new(listener, tls)?;
    let app = app.into_make_service_with_connect_info::<ClientAddr>();
    let server = axum::serve(listener, app).with_graceful_shutdown(left);
    let mut server = tokio::spawn(server.into_future());
    tokio::select! {
        () = signals.any() => {}
        () = running.broken.notified() => {}
        served = &mut server => return served.context("serving HTTP")?.context("serving HTTP"),
    }
    running.is_stopping.store(true, Ordering::SeqCst);
    // Without the server there is nobody to be told.
    let _gone = leave.send(());
    if let Ok(served) = tokio::time::timeout(FAREWELL, &mut server).await {
        return served.context("serving HTTP")?.context("serving HTTP");
    }
    server.abort();
    Ok(())
}

/// The store of a data directory; it can be read while the service runs.
pub fn open_store(data_dir: &Path) -> Result<Arc<dyn Store>> {
    let path = data_dir.join("guardpost.db");
    Ok(Arc::new(SqliteStore::open(path)?))
}

fn greeting(address: &str, data_dir: &Path, keys: &Path, needs_key: bool) -> String {
    let mut text = format!(
        "guardpost {} listens on {address}, keeps everything in {}\n",
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

/// The signals that end the service. They are caught from the moment they are made.
struct Signals([Signal; 2]);

impl Signals {
    fn catch() -> Result<Signals> {
        let about = "cannot catch signals";
        let kinds = [SignalKind::terminate(), SignalKind::interrupt()];
        let [term, interrupt] = kinds.map(|it| signal(it).context(about));
        Ok(Signals([term?, interrupt?]))
    }

    /// Waits for one of them.
    async fn any(&mut self) {
        let [term, interrupt] = &mut self.0;
        tokio::select! {
            _ = term.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}
