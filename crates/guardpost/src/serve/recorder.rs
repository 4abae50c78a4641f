//! What takes objects in: onto disk, into the journal, on to the worker; whoever gave them is told only then.

use std::collections::{BTreeSet, VecDeque};
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use engine::model::{AccountId, Timestamp};
use serde::{Deserialize, Serialize};

use super::journal::{Accepted, Entry, Journal, known_by};
use super::spool::{Kept, Spool};
use super::status::Status;
use crate::plan::{Plan, plan};
use crate::window::Window;

/// Objects from which on no further offer is recorded together with others.
const GROUP_MAX: usize = 256;
/// How long what came may wait in an open batch.
const OPEN: Duration = Duration::from_millis(300);
/// How long a change that was made over the API waits at most when nothing comes.
const CONTROLS: Duration = Duration::from_millis(100);
/// What goes wrong again and again is said so often.
const COMPLAINTS: Duration = Duration::from_secs(30);
/// Contents that are known again when they are delivered once more.
const SEEN_MAX: usize = 1 << 18;

/// Objects on their way in, which are recorded and read together.
pub(super) struct Offer {
    /// The objects.
    pub(super) items: Vec<Item>,
    /// Who is told what became of each.
    pub(super) answer: Box<dyn FnOnce(Vec<Answer>) + Send>,
}

/// An object on its way in.
pub(super) struct Item {
    /// The name that people see.
    pub(super) name: String,
    /// Path or key: its folders may tell account, Region and time.
    pub(super) key: String,
    /// The account that its records must be of; none if of any.
    pub(super) account: Option<AccountId>,
    /// Its bytes.
    pub(super) body: Body,
}

/// Where the bytes of an offer are.
pub(super) enum Body {
    /// Here.
    Bytes(Vec<u8>),
    /// In a file, which may be gone later.
    File(PathBuf),
    /// In a file that is open and goes when it is closed.
    Open(File),
}

/// What became of an offer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    /// It is on disk and in the journal.
    Taken,
    /// The same bytes were taken before.
    Known,
    /// It is too large or has no byte: offering it again is of no use.
    Refused(String),
    /// It could not be read or written, which may pass.
    Failed(String),
}

/// An entry for the worker.
pub(super) struct Work {
    /// Its number in the journal.
    pub(super) number: u64,
    /// The entry.
    pub(super) entry: Entry,
    /// With [`Entry::Mark`]: the recorder's part of a snapshot.
    pub(super) recorded: Option<Recorded>,
}

/// What the recorder knows.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Recorded {
    /// The number that the next object gets.
    pub(super) next_object: u32,
    /// Contents that were taken, the oldest first.
    pub(super) seen: VecDeque<[u8; 16]>,
}

/// How often what is written without being asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Event time goes on when nothing came for so long.
    pub(super) tick: Duration,
    /// A snapshot is taken so often.
    pub(super) snapshot: Duration,
    /// Largest object, in bytes as it comes.
    pub(super) object_bytes: u64,
}

/// The recorder's own state.
pub(super) struct Recorder {
    journal: Journal,
    spool: Spool,
    recorded: Recorded,
    contents: BTreeSet<[u8; 16]>,
    pace: Pace,
    status: Arc<Status>,
    out: SyncSender<Work>,
    last_entry: Instant,
    last_mark: Instant,
    is_unmarked: bool,
    /// Since when objects may wait in the open batch.
    open_since: Option<Instant>,
    last_complaint: Option<Instant>,
    /// The last entry of the control journal that is in the journal.
    controls: u64,
}

impl Recorded {
    /// Brings it up to date with an entry that was written after it was saved.
    pub(super) fn replay(&mut self, entry: &Entry) {
        if let Entry::Objects { first, objects, .. } = entry {
            self.next_object = *first + objects.len() as u32;
            self.seen.extend(objects.iter().map(Accepted::known_by));
        }
    }
}

impl Recorder {
    /// Goes on with a journal.
    pub(super) fn new(
        journal: Journal,
        spool: Spool,
        recorded: Recorded,
        pace: Pace,
        status: Arc<Status>,
        out: SyncSender<Work>,
    ) -> Recorder {
        let contents = recorded.seen.iter().copied().collect();
        let now = Instant::now();
        let (last_entry, last_mark, is_unmarked) = (now, now, true);
        Recorder {
            journal,
            spool,
            recorded,
            contents,
            pace,
            status,
            out,
            last_entry,
            last_mark,
            is_unmarked,
            open_since: None,
            last_complaint: None,
            controls: 0,
        }
    }

    /// Says how much of the control journal is in the journal already.
    #[must_use]
    pub(super) fn with_controls(mut self, through: u64) -> Recorder {
        self.controls = through;
        self
    }

    /// Notes a start, if there is room for it.
    pub(super) fn start(&mut self, started: Entry) -> Result<()> {
        let before = self.journal.next();
        match self.record(started) {
            Err(error) if self.journal.next() == before => {
                self.complain(&format!("cannot write the journal: {error:#}"));
                Ok(())
            }
            done => done,
        }
    }

    /// Takes offers until everybody who offers has gone, then marks the end. An error means that the journal or
    /// the worker is lost: nothing more can be taken.
    pub(super) fn run(mut self, offers: &Receiver<Offer>) -> Result<()> {
        loop {
            self.tolerate(Recorder::controls)?;
            match offers.recv_timeout(self.until_due()) {
                Ok(first) => {
                    let offers = group(first, offers);
                    // What was changed before it came holds for it.
                    self.tolerate(Recorder::controls)?;
                    self.take(offers)?;
                }
                Err(RecvTimeoutError::Timeout) => self.tolerate(Recorder::tick)?,
                Err(RecvTimeoutError::Disconnected) => {
                    return if self.is_unmarked { self.mark() } else { Ok(()) };
                }
            }
            self.tolerate(Recorder::cut)?;
            if self.is_unmarked && self.last_mark.elapsed() >= self.pace.snapshot {
                self.tolerate(Recorder::mark)?;
            }
        }
    }

    /// Does something that can wait: a full disk is no reason to end. An error means that the worker is gone.
    fn tolerate(&mut self, work: fn(&mut Recorder) -> Result<()>) -> Result<()> {
        let before = self.journal.next();
        match work(self) {
            Err(error) if self.journal.next() == before => {
                self.last_mark = Instant::now();
                self.complain(&format!("cannot write the journal: {error:#}"));
                Ok(())
            }
            done => done,
        }
    }

    fn until_due(&self) -> Duration {
        let tick = self.pace.tick.saturating_sub(self.last_entry.elapsed());
        let mark = self.pace.snapshot.saturating_sub(self.last_mark.elapsed());
        let cut = self.open_since.map(|it| OPEN.saturating_sub(it.elapsed()));
        let next = if self.is_unmarked { tick.min(mark) } else { tick };
        next.min(cut.unwrap_or(Duration::MAX)).clamp(Duration::from_millis(10), CONTROLS)
    }

    /// What came is worked on soon, unless the worker is behind: then it fills batches by itself.
    fn cut(&mut self) -> Result<()> {
        match self.open_since {
            Some(since) if since.elapsed() >= OPEN && self.status.is_idle() => {
                self.record(Entry::Cut)
            }
            _ => Ok(()),
        }
    }

    /// Time went on although nothing came, unless the worker has still to see what came.
    fn tick(&mut self) -> Result<()> {
        if self.last_entry.elapsed() < self.pace.tick {
            return Ok(());
        }
        self.last_entry = Instant::now();
        match self.status.event_time_now() {
            Some(now) if self.status.is_idle() => self.record(Entry::Tick(now)),
            _ => Ok(()),
        }
    }

    /// What was changed over the API takes effect before what comes next.
    fn controls(&mut self) -> Result<()> {
        let written = self.status.controls_written();
        if written > self.controls {
            self.record(Entry::Controls(written))?;
            self.controls = written;
        }
        Ok(())
    }

    fn mark(&mut self) -> Result<()> {
        self.record(Entry::Mark)?;
        self.last_mark = Instant::now();
        self.is_unmarked = false;
        let (before, objects) = self.status.kept_from();
        // What is kept for longer than needed does no harm; the next mark tries again.
        if let Err(error) = self.journal.forget_before(before) {
            self.status.log(&format!("cannot drop old entries of the journal: {error:#}"));
        }
        if let Err(error) = self.spool.forget(objects, self.status.spool_age) {
            self.status.log(&format!("cannot drop old objects of the spool: {error:#}"));
        }
        Ok(())
    }

    /// Writes an entry and hands it to the worker.
    fn record(&mut self, entry: Entry) -> Result<()> {
        let number = self.journal.append(&entry)?;
        match entry {
            Entry::Objects { .. } => _ = self.open_since.get_or_insert_with(Instant::now),
            Entry::Tick(_) | Entry::Mark | Entry::Cut => self.open_since = None,
            Entry::Started { .. } | Entry::Controls(_) => {}
        }
        let recorded = (entry == Entry::Mark).then(|| self.recorded.clone());
        self.status.recorded(number);
        self.is_unmarked = true;
        self.out.send(Work { number, entry, recorded }).ok().context("the worker has stopped")
    }

    /// Keeps, orders and records offers, then answers them.
    fn take(&mut self, offers: Vec<Offer>) -> Result<()> {
        let (mut kept, mut outcomes) = (Vec::new(), Vec::new());
        let mut contents = BTreeSet::new();
        for Offer { items, answer } in offers {
            let mut answers = Vec::with_capacity(items.len());
            for Item { name, key, account, body } in items {
                answers.push(match self.keep(kept.len(), (&name, &key), body) {
                    Err(refusal) => {
                        if let Answer::Failed(cause) = &refusal {
                            self.complain(&format!("cannot take {name} in: {cause}"));
                        }
                        refusal
                    }
                    Ok(it) if !self.is_new(known_by(it.content, account), &mut contents) => {
                        it.remove();
                        Answer::Known
                    }
                    Ok(it) => {
                        kept.push((it, account));
                        Answer::Taken
                    }
                });
            }
            outcomes.push((answer, answers));
        }
        let before = self.journal.next();
        let written = if kept.is_empty() { Ok(()) } else { self.write(kept) };
        for (answer, mut answers) in outcomes {
            if let Err(error) = &written {
                // Also one that is known may be known from this group alone.
                let kept =
                    answers.iter_mut().filter(|it| matches!(it, Answer::Taken | Answer::Known));
                kept.for_each(|it| *it = Answer::Failed(format!("{error:#}")));
            }
            answer(answers);
        }
        match written {
            // It is in the journal, but nobody works on it any more.
            Err(error) if self.journal.next() > before => Err(error),
            Err(error) => {
                self.complain(&format!("cannot take objects in: {error:#}"));
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Whether nobody delivered it before, nor in this group.
    fn is_new(&self, known: [u8; 16], group: &mut BTreeSet<[u8; 16]>) -> bool {
        !self.contents.contains(&known) && group.insert(known)
    }

    /// Says what goes wrong again and again, now and then.
    fn complain(&mut self, problem: &str) {
        if self.last_complaint.is_none_or(|it| it.elapsed() > COMPLAINTS) {
            self.last_complaint = Some(Instant::now());
            self.status.log(problem);
        }
    }

    fn keep(&self, ordinal: usize, names: (&str, &str), body: Body) -> Result<Kept, Answer> {
        let most = self.pace.object_bytes;
        let kept = match body {
            Body::Bytes(bytes) => self.spool.keep(ordinal, names, &mut bytes.as_slice(), most),
            Body::Open(mut file) => self.spool.keep(ordinal, names, &mut file, most),
            Body::File(path) => match File::open(path) {
                Ok(mut file) => self.spool.keep(ordinal, names, &mut file as &mut dyn Read, most),
                // It may become readable, or files may be closed again.
                Err(error) => return Err(Answer::Failed(error.to_string())),
            },
        };
        match kept {
            Ok(kept) if kept.size == 0 => {
                kept.remove();
                Err(Answer::Refused("no byte in it".to_owned()))
            }
            Ok(kept) => Ok(kept),
            Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
                Err(Answer::Refused(error.to_string()))
            }
            Err(error) => Err(Answer::Failed(error.to_string())),
        }
    }

    /// Puts objects into the order of their records, numbers them and records them.
    fn write(&mut self, kept: Vec<(Kept, Option<AccountId>)>) -> Result<()> {
        let at = crate::clock::now();
        let (ordered, rest): (Vec<_>, Vec<_>) = in_order(kept, at).into_iter().unzip();
        let first = self.recorded.next_object;
        self.spool.number(first, &ordered).context("cannot write the spool")?;
        let accepted = ordered.iter().zip(rest).map(|(it, (account, start))| Accepted {
            name: it.name.clone(),
            key: it.key.clone(),
            size: it.size,
            content: it.content,
            start,
            account,
        });
        let objects: Vec<Accepted> = accepted.collect();
        let (count, bytes) = (objects.len() as u64, objects.iter().map(|it| it.size).sum());
        let entry = Entry::Objects { first, at, objects };
        let before = self.journal.next();
        self.recorded.replay(&entry);
        let known: Vec<_> = self.recorded.seen.iter().rev().take(ordered.len()).copied().collect();
        self.contents.extend(&known);
        if let Err(error) = self.record(entry) {
            // Only if the journal did not take it: the worker's end is everybody's end.
            if self.journal.next() == before {
                self.recorded.next_object = first;
                for it in &known {
                    self.contents.remove(it);
                    self.recorded.seen.pop_back();
                }
            }
            return Err(error);
        }
        // After the entry: who sees the objects counted sees them in the backlog as well.
        self.status.taken(count, bytes);
        self.last_entry = Instant::now();
        while self.recorded.seen.len() > SEEN_MAX {
            if let Some(oldest) = self.recorded.seen.pop_front() {
                self.contents.remove(&oldest);
            }
        }
        Ok(())
    }
}

/// Objects in the order of their records, with the accounts that they are of and when they begin.
fn in_order(
    kept: Vec<(Kept, Option<AccountId>)>,
    at: Timestamp,
) -> Vec<(Kept, (Option<AccountId>, Timestamp))> {
    let objects = kept.iter().map(|it| it.0.object()).collect();
    let Plan { objects, starts, .. } = plan(objects, &Window::default(), &Window::possible(at), 1);
    let mut kept: Vec<_> = kept.into_iter().map(Some).collect();
    let mut ordered = Vec::with_capacity(kept.len());
    for (object, start) in objects.iter().zip(starts) {
        let is_it = |it: &Kept| it.object().content.is_same_place(&object.content);
        let found = kept.iter_mut().find(|it| it.as_ref().is_some_and(|it| is_it(&it.0)));
        let found = found.and_then(Option::take);
        ordered.extend(found.map(|(it, account)| (it, (account, start))));
    }
    // What the plan takes for a copy by a weaker hash, or cannot open, goes first.
    let left = kept.into_iter().flatten().map(|(it, account)| (it, (account, Timestamp::MIN)));
    left.chain(ordered).collect()
}

/// Offers that wait, as many as are recorded together.
fn group(first: Offer, offers: &Receiver<Offer>) -> Vec<Offer> {
    let mut count = first.items.len();
    let mut group = vec![first];
    while count < GROUP_MAX {
        let Ok(next) = offers.try_recv() else { break };
        count += next.items.len();
        group.push(next);
    }
    group
}
