//! What the service answers over HTTP: logs that are pushed, health, metrics, and everything else by the API.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::middleware;
use axum::routing::{get, post};

use super::push::{self, BODY_MAX, Push};
use super::status::Status;

/// Everything that is served.
pub(super) fn router(push: Push, api: Router) -> Router {
    let status = Arc::clone(&push.status);
    let ingest = Router::new()
        .route("/ingest/firehose", post(push::firehose))
        .route("/ingest/logs", post(push::logs))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(middleware::from_fn_with_state(push.clone(), push::admit))
        .with_state(push);
    let about = Router::new()
        .route("/healthz", get(health))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(status);
    ingest.merge(about).fallback_service(api)
}

/// `GET /healthz`: the process works.
async fn health(State(status): State<Arc<Status>>) -> String {
    match status.problem() {
        Some((at, problem)) => format!("ok\nlast problem {at}: {problem}\n"),
        None => "ok\n".to_owned(),
    }
}

/// `GET /readyz`: what was recorded before the start is worked on again, new logs are worked on at once.
async fn ready(State(status): State<Arc<Status>>) -> (StatusCode, String) {
    if status.is_replaying() {
        let words = format!("replaying, {} entries to go\n", status.backlog());
        (StatusCode::SERVICE_UNAVAILABLE, words)
    } else {
        (StatusCode::OK, "ready\n".to_owned())
    }
}

/// `GET /metrics` in the text form of Prometheus.
async fn metrics(State(status): State<Arc<Status>>) -> String {
    let count = |it: &AtomicU64| it.load(Ordering::Relaxed);
    let counters = [
        ("objects_total", "Objects that were taken in", count(&status.objects)),
        ("bytes_total", "Their bytes as they came", count(&status.bytes)),
        ("records_total", "Records that were worked on", count(&status.records)),
        ("records_skipped_total", "Records that were skipped", count(&status.skipped)),
        (
            "records_foreign_total",
            "Records of other accounts than the key's",
            count(&status.foreign),
        ),
        ("objects_unreadable_total", "Objects that could not be read", count(&status.unreadable)),
        ("objects_known_total", "Objects that were delivered again", count(&status.known)),
        ("objects_refused_total", "Objects that were turned away", count(&status.refused)),
        ("findings_opened_total", "Findings that were opened", count(&status.opened)),
        ("findings_updated_total", "Updates of findings", count(&status.updated)),
        ("batches_total", "Batches that were committed", count(&status.batches)),
        ("snapshots_total", "Snapshots that were taken", count(&status.snapshots)),
    ];
    let mut text = String::new();
    let mut add = |name: &str, help: &str, kind: &str, value: &dyn std::fmt::Display| {
        // Writing to a string cannot fail.
        let _ok = writeln!(
            text,
            "# HELP guardpost_{name} {help}\n# TYPE guardpost_{name} {kind}\nguardpost_{name} {value}"
        );
    };
    for (name, help, value) in counters {
        add(name, help, "counter", &value);
    }
    add("journal_backlog", "Entries of the journal to be worked on", "gauge", &status.backlog());
    if let Some(latest) = status.latest() {
        let lag = crate::clock::now().since(latest).as_secs_f64();
        add("event_lag_seconds", "Age of the latest event", "gauge", &lag);
    }
    text
}
