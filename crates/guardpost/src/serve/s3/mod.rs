//! Logs that AWS writes to S3: queues that tell of new objects, and buckets that are listed.

mod bucket;
mod event;
mod fetch;
mod folder;
mod key;
mod parallel;
mod queue;
mod taken;
mod tally;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::SyncSender;

use anyhow::{Context as _, Result, bail};
use aws::Client;
use aws::s3::{S3, is_bucket};
use aws::sqs::Queue;

use super::recorder::Offer;
use super::status::Status;
use crate::config::{BucketConfig, Config, QueueConfig};
use crate::text::visible;
use bucket::Lister;
use fetch::Fetch;
use queue::Receiver;
use taken::TakenFile;
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
    let buckets = &config.serve.buckets;
    if queues.is_empty() && buckets.is_empty() {
        return Ok(Vec::new());
    }
    for (name, count) in [("queues", queues.len()), ("buckets", buckets.len())] {
        if count > SOURCES_MAX {
            bail!("serve.{name}: more than {SOURCES_MAX}");
        }
    }
    let client = Client::of_process();
    let fetch = |name: String, region: String, at_a_time: usize| {
        let tally = Arc::new(Tally::new(name));
        status.add_source(Arc::clone(&tally));
        Fetch {
            s3: S3::new(client.clone()),
            region,
            dir: data_dir.to_owned(),
            most: config.scan.file_bytes,
            at_a_time,
            status: Arc::clone(status),
            tally,
            is_stopping: Arc::clone(is_stopping),
        }
    };
    let mut sources: Vec<Source> = Vec::new();
    for settings in queues {
        let about = || format!("serve.queues: `{}`", visible(&settings.url));
        let queue =
            Queue::new(&client, &settings.url, Some(&settings.region)).with_context(about)?;
        let name = format!("queue {}", queue_name(&settings.url));
        let fetch = Arc::new(fetch(name, queue.region().to_owned(), settings.fetches));
        sources.extend(receivers(settings, &queue, &fetch));
    }
    let mut names = BTreeSet::new();
    for settings in buckets {
        let name = format!("s3://{}/{}", visible(&settings.bucket), visible(&settings.prefix));
        let about = || format!("serve.buckets: `{name}`");
        if !is_bucket(&settings.bucket) {
            bail!("serve.buckets: `{}` is no name of a bucket", visible(&settings.bucket));
        }
        if !names.insert((&settings.bucket, &settings.prefix)) {
            bail!("{}: given twice", about());
        }
        let given = Some(settings.region.as_str()).filter(|it| !it.is_empty());
        let region = client.region(given).with_context(about)?;
        let taken = TakenFile::open(data_dir, &settings.bucket, &settings.prefix)?;
        let fetch = fetch(format!("bucket {name}"), region, settings.fetches);
        sources.push(lister(settings, fetch, taken));
    }
    Ok(sources)
}

fn lister(settings: &BucketConfig, fetch: Fetch, taken: TakenFile) -> Source {
    let lister = Lister::new(settings.clone(), fetch, taken);
    Box::new(move |offers| lister.run(offers))
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
