//! Objects of S3 onto disk, several at a time, and into the journal.

use std::fs::File;
use std::io::{Seek as _, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, TrySendError, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};
use aws::s3::{Place, ReadError, S3};

use super::event::Named;
use super::parallel::parallel;
use super::tally::{Cause, Tally};
use crate::serve::recorder::{Answer, Body, Item, Offer};
use crate::serve::status::Status;
use crate::text::visible;

/// How often those who wait look at what else is to be done.
const STEP: Duration = Duration::from_millis(100);

/// What it takes to fetch objects for a source.
pub(super) struct Fetch {
    pub(super) s3: S3,
    /// The Region of buckets of which nobody says where they lie.
    pub(super) region: String,
    /// Where objects lie until they are in the spool. They have no names there: nothing is left after a crash.
    pub(super) dir: PathBuf,
    /// Largest object, in bytes.
    pub(super) most: u64,
    /// Objects that are fetched at a time.
    pub(super) at_a_time: usize,
    pub(super) status: Arc<Status>,
    pub(super) tally: Arc<Tally>,
    pub(super) is_stopping: Arc<AtomicBool>,
}

/// Why an object was not taken in, and in words.
type Failure = (Cause, String);

impl Fetch {
    /// Fetches objects and has them recorded together; tells of each whether it is in the journal or why
    /// it is not. While that takes time, `pause` is called. An error means that the service ends.
    pub(super) fn take(
        &self,
        objects: &[&Named],
        offers: &SyncSender<Offer>,
        pause: &(dyn Fn() + Sync),
    ) -> Result<Vec<Result<(), Cause>>> {
        let fetched = self.all(objects, pause);
        let (mut items, mut failures, mut sizes) = (Vec::new(), Vec::new(), Vec::new());
        for (named, fetched) in objects.iter().zip(fetched) {
            failures.push(match fetched {
                Ok((file, size)) => {
                    items.push(Item {
                        name: name(named),
                        key: named.key.clone(),
                        account: None,
                        body: Body::Open(file),
                    });
                    sizes.push(size);
                    None
                }
                Err(failure) => Some(failure),
            });
        }
        let answers = if items.is_empty() { Vec::new() } else { offer(items, offers, pause)? };
        let mut answers = answers.into_iter().zip(sizes);
        let mut taken = Vec::with_capacity(objects.len());
        for (named, failure) in objects.iter().zip(failures) {
            let outcome = match failure {
                Some(failure) => Err(failure),
                None => answers.next().map_or_else(
                    || Err((Cause::Disk, "no answer".to_owned())),
                    |(answer, size)| self.answered(answer, size),
                ),
            };
            taken.push(outcome.as_ref().copied().map_err(|it| it.0));
            self.note(named, outcome);
        }
        Ok(taken)
    }

    fn answered(&self, answer: Answer, size: u64) -> Result<(), Failure> {
        match answer {
            Answer::Taken => {
                self.tally.objects.fetch_add(1, Ordering::Relaxed);
                self.tally.bytes.fetch_add(size, Ordering::Relaxed);
                Ok(())
            }
            Answer::Known => {
                self.status.known.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Answer::Refused(words) => {
                self.status.refused.fetch_add(1, Ordering::Relaxed);
                Err((Cause::Refused, words))
            }
            Answer::Failed(words) => Err((Cause::Disk, words)),
        }
    }

    fn note(&self, named: &Named, outcome: Result<(), Failure>) {
        let name = name(named);
        let Err((cause, words)) = outcome else { return self.tally.has(&name) };
        if self.is_stopping.load(Ordering::SeqCst) && cause == Cause::Unavailable {
            return;
        }
        self.tally.failed(cause);
        self.tally.lacks(&name, cause);
        if self.tally.may_complain() {
            let (source, name) = (&self.tally.name, visible(&name));
            self.status
                .log(&format!("{source}: cannot take {name} in ({}): {words}", cause.name()));
        }
    }

    /// Fetches all, some at a time; the order stays.
    fn all(
        &self,
        objects: &[&Named],
        pause: &(dyn Fn() + Sync),
    ) -> Vec<Result<(File, u64), Failure>> {
        parallel(objects, self.at_a_time, |named| {
            pause();
            self.one(named, pause)
        })
    }

    fn one(&self, named: &Named, pause: &(dyn Fn() + Sync)) -> Result<(File, u64), Failure> {
        if self.is_stopping.load(Ordering::SeqCst) {
            return Err((Cause::Unavailable, "the service is ending".to_owned()));
        }
        if named.size.is_some_and(|it| it > self.most) {
            return Err((
                Cause::Refused,
                format!("larger than {} bytes (scan.file_bytes)", self.most),
            ));
        }
        let disk = |it: std::io::Error| (Cause::Disk, it.to_string());
        let mut file = tempfile::tempfile_in(&self.dir).map_err(disk)?;
        let place = Place {
            region: named.region.as_deref().unwrap_or(&self.region),
            bucket: &named.bucket,
            key: &named.key,
            version: named.version.as_deref(),
        };
        let size = self
            .s3
            .get(&place, self.most, &mut file, &mut || pause())
            .map_err(|it| failure(&it))?;
        file.seek(SeekFrom::Start(0)).map_err(disk)?;
        Ok((file, size))
    }
}

/// The name that people see.
fn name(named: &Named) -> String {
    format!("s3://{}/{}", named.bucket, named.key)
}

fn failure(error: &ReadError) -> Failure {
    let cause = match error {
        ReadError::Write(_) => Cause::Disk,
        ReadError::Service(aws::Error::TooLarge(_)) => Cause::Refused,
        ReadError::Service(it) if it.is_missing() => Cause::Missing,
        ReadError::Service(it) if it.is_denied() => Cause::Denied,
        ReadError::Service(_) => Cause::Unavailable,
    };
    (cause, error.to_string())
}

/// Has objects recorded and waits for what became of each. The recorder takes nothing more in while the worker
/// is behind: then it takes time.
fn offer(
    items: Vec<Item>,
    offers: &SyncSender<Offer>,
    pause: &(dyn Fn() + Sync),
) -> Result<Vec<Answer>> {
    let (answer, answered) = channel();
    // Whoever offered may have ended.
    let answer = Box::new(move |it| _ = answer.send(it).is_ok());
    let mut offer = Offer { items, answer };
    loop {
        match offers.try_send(offer) {
            Ok(()) => break,
            Err(TrySendError::Full(back)) => {
                offer = back;
                pause();
                thread::sleep(STEP);
            }
            Err(TrySendError::Disconnected(_)) => bail!("the service is ending"),
        }
    }
    loop {
        match answered.recv_timeout(STEP) {
            Ok(answers) => return Ok(answers),
            Err(RecvTimeoutError::Timeout) => pause(),
            Err(RecvTimeoutError::Disconnected) => bail!("the service is ending"),
        }
    }
}
