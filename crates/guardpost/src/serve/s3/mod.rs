//! Logs that AWS writes to S3: queues that tell of new objects.

mod event;
mod fetch;
mod key;
mod parallel;
mod queue;
mod tally;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::SyncSender;

use anyhow::{Context as _, Result, bail};
use aws::Client;
use aws::s3::S3;
use aws::sqs::Queue;

use super::recorder::Offer;
use super::status::Status;
use crate::config::{Config, QueueConfig};
use crate::text::visible;
use fetch::Fetch;
use queue::Receiver;
pub(super) use tally::Tally;

/// Most sources of each kind.
const SOURCES_MAX: usize = 64;

/// Something that offers objects until the service ends.
pub(super) type Source = Box<dyn FnOnce(&SyncSender<Offer>) + Send>;

/// The sources that the settings name. Nobody is asked yet: AWS may be away when the service starts.
pub(super) fn sources(
    config: &Config,
    data_dir: &Path,
    (status, is_stopping): (&Arc<Status>, &Arc<AtomicBool>),
) -> Result<Vec<Source>> {
    let queues = &config.serve.queues;
    if queues.is_empty() {
        return Ok(Vec::new());
    }
    if queues.len() > SOURCES_MAX {
        bail!("serve.queues: more than {SOURCES_MAX}");
    }
    let client = Client::of_process();
    let mut sources: Vec<Source> = Vec::new();
    for settings in queues {
        let about = || format!("serve.queues: `{}`", visible(&settings.url));
        let queue =
            Queue::new(&client, &settings.url, Some(&settings.region)).with_context(about)?;
        let tally = Arc::new(Tally::new(format!("queue {}", queue_name(&settings.url))));
        status.add_source(Arc::clone(&tally));
        let fetch = Arc::new(Fetch {
            s3: S3::new(client.clone()),
            region: queue.region().to_owned(),
            dir: data_dir.to_owned(),
            most: config.scan.file_bytes,
            at_a_time: settings.fetches,
            status: Arc::clone(status),
            tally,
            is_stopping: Arc::clone(is_stopping),
        });
        sources.extend(receivers(settings, &queue, &fetch));
    }
    Ok(sources)
}

fn receivers(settings: &QueueConfig, queue: &Queue, fetch: &Arc<Fetch>) -> Vec<Source> {
    let receiver = |at: usize| -> Source {
        let receiver = Receiver {
            queue: queue.clone(),
            settings: settings.clone(),
            fetch: Arc::clone(fetch),
            is_first: at == 0,
            is_stopping: Arc::clone(&fetch.is_stopping),
        };
        Box::new(move |offers| receiver.run(offers))
    };
    (0..settings.receivers).map(receiver).collect()
}

/// Account and name of a queue.
fn queue_name(url: &str) -> String {
    let path = url.split_once("://").map_or(url, |it| it.1);
    visible(path.split_once('/').map_or(path, |it| it.1))
}
