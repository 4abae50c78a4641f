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
use super::s3::Tally;
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
    let mut text = "ok\n".to_owned();
    text.extend(status.sources().iter().map(|it| it.health()));
    if let Some((at, problem)) = status.problem() {
        // Writing to a string cannot fail.
        let _ok = writeln!(text, "last problem {at}: {problem}");
    }
    text
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
        (
            "records_late_total",
            "Records that came after their time had passed",
            count(&status.late),
        ),
        ("batches_total", "Batches that were committed", count(&status.batches)),
        ("snapshots_total", "Snapshots that were taken", count(&status.snapshots)),
        ("published_total", "Findings and updates that sinks have taken", count(&status.published)),
        ("publish_failures_total", "Attempts to publish that failed", count(&status.unpublished)),
        ("dead_letters_total", "Findings that were given up", count(&status.dead_letters)),
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
    text.push_str(&metrics_of(&status.sources()));
    text.push_str(&dry_runs(&status));
    text
}

/// Matches of custom detection rules in dry run.
fn dry_runs(status: &Status) -> String {
    let (name, counted) = ("guardpost_dry_run_matches_total", status.all_counted());
    let mut text = String::new();
    if !counted.is_empty() {
        text = format!(
            "# HELP {name} Matches of custom detection rules in dry run\n# TYPE {name} counter\n"
        );
    }
    for ((rule, account), count) in counted {
        // Writing to a string cannot fail.
        let _ok = writeln!(text, "{name}{{rule=\"{rule}\",account=\"{account}\"}} {count}");
    }
    text
}

/// Metrics of the sources that count by themselves.
fn metrics_of(sources: &[Arc<Tally>]) -> String {
    let mut text = String::new();
    if sources.is_empty() {
        return text;
    }
    let mut family = |name: &str, help: &str, kind: &str, values: &[(String, f64)]| {
        // Writing to a string cannot fail.
        let _ok = writeln!(text, "# HELP guardpost_{name} {help}\n# TYPE guardpost_{name} {kind}");
        for (labels, value) in values {
            let _ok = writeln!(text, "guardpost_{name}{{{labels}}} {value}");
        }
    };
    let label = |it: &Tally| format!("source=\"{}\"", escaped(&it.name));
    let each = |of: &dyn Fn(&Tally) -> Option<f64>| -> Vec<(String, f64)> {
        sources.iter().filter_map(|it| Some((label(it), of(it)?))).collect()
    };
    let count = |it: &AtomicU64| Some(it.load(Ordering::Relaxed) as f64);
    let messages = each(&|it| count(&it.messages));
    family("source_messages_total", "Messages that were received", "counter", &messages);
    let objects = each(&|it| count(&it.objects));
    family("source_objects_total", "Objects of a source that were taken in", "counter", &objects);
    let bytes = each(&|it| count(&it.bytes));
    family("source_bytes_total", "Their bytes as they came", "counter", &bytes);
    let skipped = each(&|it| count(&it.skipped));
    family("source_skipped_total", "What was told of and is no log", "counter", &skipped);
    let failures: Vec<_> = sources
        .iter()
        .flat_map(|it| {
            it.failures()
                .map(|(cause, count)| (format!("{},cause=\"{cause}\"", label(it)), count as f64))
        })
        .collect();
    family("source_failures_total", "What could not be taken in, by cause", "counter", &failures);
    let gaps = each(&|it| Some(it.gaps() as f64));
    family("source_gaps", "Objects that are known of and not taken in yet", "gauge", &gaps);
    let waiting = each(&|it| count(&it.waiting));
    family(
        "source_waiting_messages",
        "Messages, or listed objects, that wait, about",
        "gauge",
        &waiting,
    );
    let oldest = each(&Tally::oldest_secs);
    family(
        "source_oldest_message_seconds",
        "Age of the oldest message, or new object, of the last ones",
        "gauge",
        &oldest,
    );
    text
}

/// A value of a label.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
