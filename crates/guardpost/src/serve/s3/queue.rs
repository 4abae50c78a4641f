//! A queue of SQS that tells which objects were written: they are fetched and recorded, then it may forget.
//!
//! A message is deleted once all of its objects are on disk and in the journal. Until then it is hidden from other
//! receivers, for longer where that takes longer; what fails comes again, and in the end goes where the queue's
//! redrive policy says.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use aws::sqs::{self, Message, Queue};

use super::event::{self, Named, Notice};
use super::fetch::Fetch;
use super::key::is_other;
use super::tally::Cause;
use crate::config::QueueConfig;
use crate::serve::recorder::Offer;
use crate::text::visible;

/// Bytes of objects that are fetched before they are recorded, as far as messages tell.
const TOGETHER_BYTES: u64 = 256 << 20;
/// After a failure nobody is asked for so long at first, and at last.
const RETRY: [Duration; 2] = [Duration::from_secs(1), Duration::from_mins(1)];
/// How often the queue is asked for its length.
const LENGTH: Duration = Duration::from_mins(1);

/// One that receives messages of a queue.
pub(super) struct Receiver {
    pub(super) queue: Queue,
    pub(super) settings: QueueConfig,
    pub(super) fetch: Arc<Fetch>,
    /// Whether this one asks for the queue's length.
    pub(super) is_first: bool,
    pub(super) is_stopping: Arc<AtomicBool>,
}

/// A message and what it says.
struct Read {
    receipt: String,
    notice: Result<Notice, String>,
}

impl Receiver {
    /// Receives until the service ends.
    pub(super) fn run(&self, offers: &SyncSender<Offer>) {
        let (mut wait, mut asked) = (RETRY[0], None::<Instant>);
        while !self.is_stopping() {
            if self.is_first && asked.is_none_or(|it| it.elapsed() > LENGTH) {
                asked = Some(Instant::now());
                self.length();
            }
            match self.round(offers) {
                Ok(()) => wait = RETRY[0],
                Err(error) => {
                    if !self.is_stopping() {
                        self.complain(&format!("{error:#}"));
                        self.sleep(wait);
                    }
                    wait = (wait * 2).min(RETRY[1]);
                }
            }
        }
    }

    fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::SeqCst)
    }

    /// In steps: ending must not wait.
    fn sleep(&self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end && !self.is_stopping() {
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn complain(&self, words: &str) {
        let tally = &self.fetch.tally;
        if tally.may_complain() {
            self.fetch.status.log(&format!("{}: {words}", tally.name));
        }
    }

    /// Asks how many messages wait. Credentials that do not allow it are no problem.
    fn length(&self) {
        const NAME: &str = "ApproximateNumberOfMessages";
        if let Ok(found) = self.queue.attributes(&[NAME])
            && let Some(length) = found.get(NAME).and_then(|it| it.parse().ok())
        {
            self.fetch.tally.waiting.store(length, Ordering::Relaxed);
        }
    }

    fn hidden(&self) -> Duration {
        Duration::from_secs(self.settings.visibility_secs)
    }

    /// Receives messages, takes what they tell of, and deletes those that are done.
    fn round(&self, offers: &SyncSender<Offer>) -> Result<()> {
        let begin = Instant::now();
        let messages = self.receive()?;
        let read = |it: Message| Read { notice: event::read(&it.body), receipt: it.receipt };
        let messages: Vec<Read> = messages.into_iter().map(read).collect();
        let held = Held {
            queue: &self.queue,
            hidden: self.hidden(),
            receipts: Mutex::new((begin, messages.iter().map(|it| it.receipt.clone()).collect())),
        };
        for some in portions(&messages) {
            if self.is_stopping() {
                break;
            }
            self.work(some, &held, offers)?;
        }
        if self.is_stopping() {
            held.give_back();
        }
        Ok(())
    }

    /// Waits for messages, and takes more while there are more: objects are read in the order of their records.
    fn receive(&self) -> Result<Vec<Message>, aws::Error> {
        let wait = Duration::from_secs(self.settings.wait_secs);
        let mut messages = self.queue.receive(wait, self.hidden())?;
        let mut last = messages.len();
        while last == sqs::TOGETHER
            && messages.len() < self.settings.together
            && !self.is_stopping()
        {
            // What was received before must not be lost for what was not.
            let Ok(more) = self.queue.receive(Duration::ZERO, self.hidden()) else { break };
            last = more.len();
            messages.extend(more);
        }
        let tally = &self.fetch.tally;
        tally.messages.fetch_add(messages.len() as u64, Ordering::Relaxed);
        tally.answered(messages.iter().filter_map(|it| it.sent).min());
        Ok(messages)
    }

    fn work(&self, messages: &[Read], held: &Held<'_>, offers: &SyncSender<Offer>) -> Result<()> {
        let mut wanted: Vec<&Named> = Vec::new();
        // Of each message: whether it is done for its own part, and where its objects stand.
        let mut parts = Vec::with_capacity(messages.len());
        for message in messages {
            let from = wanted.len();
            let is_fine = self.sort(message, &mut wanted);
            parts.push((is_fine, from..wanted.len()));
        }
        let taken = self.fetch.take(&wanted, offers, &|| held.keep())?;
        let is_taken = |it: &std::ops::Range<usize>| {
            taken.get(it.clone()).is_some_and(|it| it.iter().all(Result::is_ok))
        };
        let done =
            messages.iter().zip(&parts).filter(|(_, (is_fine, part))| *is_fine && is_taken(part));
        let done: Vec<&str> = done.map(|(it, _)| it.receipt.as_str()).collect();
        held.done(messages);
        // What is not deleted comes again and is known by its content.
        self.queue.delete(&done)?;
        Ok(())
    }

    /// Adds what is to be fetched for a message. Tells whether the message can be deleted once that is done.
    fn sort<'m>(&self, message: &'m Read, wanted: &mut Vec<&'m Named>) -> bool {
        let tally = &self.fetch.tally;
        let notice = match &message.notice {
            Ok(notice) => notice,
            Err(words) => {
                tally.failed(Cause::Message);
                self.complain(&format!("left a message in the queue: {words}"));
                return false;
            }
        };
        let mut skipped = notice.others;
        let mut is_fine = true;
        for named in &notice.objects {
            if !self.settings.buckets.is_empty() && !self.settings.buckets.contains(&named.bucket) {
                is_fine = false;
                tally.failed(Cause::Bucket);
                self.complain(&format!(
                    "left a message in the queue: bucket `{}` is not among serve.queues.buckets",
                    visible(&named.bucket)
                ));
            } else if is_other(&named.key) || named.size == Some(0) {
                skipped += 1;
            } else {
                wanted.push(named);
            }
        }
        tally.skipped.fetch_add(skipped, Ordering::Relaxed);
        is_fine
    }
}

/// Messages as many at a time as their objects fit, one at least.
fn portions(messages: &[Read]) -> Vec<&[Read]> {
    let size = |it: &Read| {
        let objects = it.notice.as_ref().map_or(&[][..], |it| &it.objects);
        objects.iter().map(|it| it.size.unwrap_or(1 << 20)).fold(0, u64::saturating_add)
    };
    let (mut portions, mut from, mut bytes) = (Vec::new(), 0, 0u64);
    for (at, message) in messages.iter().enumerate() {
        let size = size(message);
        if at > from && bytes.saturating_add(size) > TOGETHER_BYTES {
            portions.extend(messages.get(from..at));
            (from, bytes) = (at, 0);
        }
        bytes = bytes.saturating_add(size);
    }
    portions.extend(messages.get(from..).filter(|it| !it.is_empty()));
    portions
}

/// Messages that are hidden from others until they are done.
struct Held<'q> {
    queue: &'q Queue,
    hidden: Duration,
    /// Since when, and those that are not done.
    receipts: Mutex<(Instant, Vec<String>)>,
}

impl Held<'_> {
    /// Hides them for longer, if it is time. Where another thread does so, this one goes on.
    fn keep(&self) {
        let Ok(mut receipts) = self.receipts.try_lock() else { return };
        if receipts.0.elapsed() < self.hidden / 2 {
            return;
        }
        receipts.0 = Instant::now();
        let all: Vec<&str> = receipts.1.iter().map(String::as_str).collect();
        // Those that are seen by others are fetched twice and known the second time.
        let _seen = self.queue.hide(&all, self.hidden);
    }

    /// These need not be hidden any longer than they are.
    fn done(&self, messages: &[Read]) {
        let Ok(mut receipts) = self.receipts.lock() else { return };
        receipts.1.retain(|it| !messages.iter().any(|done| done.receipt == *it));
    }

    /// Others may have the rest at once.
    fn give_back(&self) {
        let Ok(receipts) = self.receipts.lock() else { return };
        let all: Vec<&str> = receipts.1.iter().map(String::as_str).collect();
        let _late = self.queue.hide(&all, Duration::ZERO);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(sizes: &[u64]) -> Read {
        let named = |size: &u64| Named {
            region: None,
            bucket: "logs".to_owned(),
            key: "k".to_owned(),
            version: None,
            size: Some(*size),
        };
        let objects = sizes.iter().map(named).collect();
        Read { receipt: String::new(), notice: Ok(Notice { objects, others: 0 }) }
    }

    fn lengths(messages: &[Read]) -> Vec<usize> {
        portions(messages).iter().map(|it| it.len()).collect()
    }

    #[test]
    fn portions_are_as_large_as_their_objects_allow() {
        let small = || message(&[1, 2]);
        let half = || message(&[TOGETHER_BYTES / 4, TOGETHER_BYTES / 4]);
        let huge = || message(&[u64::MAX, 1]);
        assert_eq!(lengths(&[]), [0; 0]);
        assert_eq!(lengths(&[small(), small()]), [2]);
        assert_eq!(lengths(&[half(), half(), half()]), [2, 1]);
        assert_eq!(lengths(&[small(), huge(), small()]), [1, 1, 1]);
        let broken = Read { receipt: String::new(), notice: Err(String::new()) };
        assert_eq!(lengths(&[broken]), [1]);
    }
}
