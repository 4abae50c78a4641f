//! A bucket that is listed again and again: what a look sees for the first time is fetched and recorded.
//!
//! Below `AWSLogs` keys tell the day: a look begins some days before the last complete one, so that its cost does not
//! grow with the archive. Elsewhere the order of keys says nothing of time, and everything is listed. Objects are
//! known by key, content and size, so that late ones are seen wherever they sort, and none is taken twice.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use aws::s3::{Listed, Listing};
use engine::model::{Hasher64, Timestamp};
use telemetry::hint;

use super::event::Named;
use super::fetch::Fetch;
use super::folder::Folder;
use super::key::is_other;
use super::taken::{Taken, TakenFile};
use super::tally::Cause;
use crate::config::BucketConfig;
use crate::serve::recorder::Offer;

/// Every so many looks new folders are looked for, and what was denied is tried again.
const WALK: u64 = 10;
/// Folders that are listed.
const FOLDERS_MAX: usize = 100_000;
/// Objects that one look may see.
const SEEN_MAX: usize = 4_000_000;
/// Objects that are taken before a look goes on.
const FRESH_MAX: usize = 100_000;
/// Bytes of objects that are fetched before they are recorded; one object may have more.
const TOGETHER_BYTES: u64 = 256 << 20;

/// One that lists.
pub(super) struct Lister {
    settings: BucketConfig,
    fetch: Fetch,
    file: TakenFile,
    taken: Taken,
    /// Folders that the last walk found something in.
    folders: Vec<Folder>,
    /// What was denied since then.
    denied: BTreeSet<u64>,
    looks: u64,
}

/// An object that was not taken yet.
struct Fresh {
    print: u64,
    time: Option<Timestamp>,
    modified: Option<Timestamp>,
    named: Named,
}

/// What a look sees.
#[derive(Default)]
struct Look {
    prints: BTreeSet<u64>,
    fresh: Vec<Fresh>,
    folders: Vec<Folder>,
    /// Whether something that was not taken is left for later looks.
    leaves: bool,
}

impl Lister {
    /// Goes on with what was taken.
    pub(super) fn new(settings: BucketConfig, fetch: Fetch, file: TakenFile) -> Lister {
        let taken = file.kept().clone();
        let (folders, denied) = (Vec::new(), BTreeSet::new());
        Lister { settings, fetch, file, taken, folders, denied, looks: 0 }
    }

    /// Lists until the service ends.
    pub(super) fn run(mut self, offers: &SyncSender<Offer>) {
        while !self.is_stopping() {
            if let Err(error) = self.look(offers)
                && !self.is_stopping()
                && self.fetch.tally.may_complain()
            {
                let name = &self.fetch.tally.name;
                self.fetch.status.log(&format!("{name}: {error:#}"));
            }
            // In steps: ending must not wait.
            let end = Instant::now() + Duration::from_secs(self.settings.list_secs);
            while Instant::now() < end && !self.is_stopping() {
                thread::sleep(Duration::from_millis(100));
            }
        }
    }

    fn is_stopping(&self) -> bool {
        self.fetch.is_stopping.load(Ordering::SeqCst)
    }

    /// Lists, takes what is new, and moves the mark if nothing is left behind it.
    fn look(&mut self, offers: &SyncSender<Offer>) -> Result<()> {
        let today = crate::clock::now().day();
        let is_walk = self.looks.is_multiple_of(WALK);
        if is_walk {
            self.denied.clear();
        }
        let mut look = self.list(is_walk, self.first_day(today), offers)?;
        self.take(&mut look, offers)?;
        if is_walk {
            self.folders = look.folders;
        }
        // A look that failed is made again as it was to be.
        self.looks += 1;
        if !look.leaves {
            // What this look did not see no later one will.
            self.taken.prints.retain(|it| look.prints.contains(it));
            self.taken.through = Some(today);
            self.file.keep(&self.taken)?;
        }
        self.fetch.tally.waiting.store(0, Ordering::Relaxed);
        Ok(())
    }

    /// The first day that is listed. A clock that was wrong in the meantime must not keep days out.
    fn first_day(&self, today: i64) -> i64 {
        match self.taken.through {
            Some(through) => through.min(today).saturating_sub(self.settings.lookback_days),
            None => today.saturating_sub(self.settings.first_days),
        }
    }

    fn list(&mut self, is_walk: bool, day: i64, offers: &SyncSender<Offer>) -> Result<Look> {
        let mut look = Look::default();
        let mut todo =
            if is_walk { vec![Folder::whole(&self.settings.prefix)] } else { self.folders.clone() };
        while let Some(folder) = todo.pop() {
            let is_first = folder.prefix == self.settings.prefix;
            let (mut has_objects, mut token) = (false, None::<String>);
            let (mut years, after) = (Vec::<Folder>::new(), folder.after(day));
            loop {
                if self.is_stopping() {
                    bail!("the service is ending");
                }
                let page = self.fetch.s3.list(&Listing {
                    region: &self.fetch.region,
                    bucket: &self.settings.bucket,
                    prefix: &folder.prefix,
                    by_folder: folder.dates.is_none(),
                    after: &after,
                    token: token.as_deref(),
                });
                let page = page.inspect_err(|it| {
                    let cause = if it.is_denied() { Cause::Denied } else { Cause::Unavailable };
                    self.fetch.tally.failed(cause);
                })?;
                for listed in page.objects {
                    if folder.holds(&listed.key) {
                        has_objects = true;
                        self.see(listed, &mut look)?;
                    }
                }
                for below in page.folders.iter().filter(|_| is_walk) {
                    match Folder::of_year(below) {
                        Some(year) if years.contains(&year) => {}
                        Some(year) => years.push(year),
                        None => todo.push(Folder::whole(below)),
                    }
                }
                if todo.len() + look.folders.len() > FOLDERS_MAX {
                    bail!("more than {FOLDERS_MAX} folders: give a narrower prefix");
                }
                if look.fresh.len() >= FRESH_MAX {
                    self.take(&mut look, offers)?;
                }
                token = page.next;
                if token.is_none() {
                    break;
                }
            }
            todo.extend(years);
            if is_walk && (folder.dates.is_some() || has_objects || is_first) {
                look.folders.push(folder);
            }
        }
        self.fetch.tally.answered(look.fresh.iter().filter_map(|it| it.modified).min());
        Ok(look)
    }

    fn see(&mut self, listed: Listed, look: &mut Look) -> Result<()> {
        let Listed { key, size, etag, modified } = listed;
        let hash = Hasher64::default().bytes(key.as_bytes()).number(size);
        let print = hash.bytes(etag.as_bytes()).finish();
        let is_new_here = look.prints.insert(print);
        if look.prints.len() > SEEN_MAX {
            bail!("more than {SEEN_MAX} objects at a look: give a narrower prefix or fewer days");
        }
        if self.denied.contains(&print) {
            look.leaves = true;
        } else if !is_new_here || self.taken.prints.contains(&print) {
            // Taken, or seen in this look already.
        } else if is_other(&key) || size == 0 {
            self.fetch.tally.skipped.fetch_add(1, Ordering::Relaxed);
            self.taken.prints.insert(print);
        } else {
            let (time, bucket) = (hint(&key).time, self.settings.bucket.clone());
            let named = Named { region: None, bucket, key, version: None, size: Some(size) };
            look.fresh.push(Fresh { print, time, modified, named });
        }
        Ok(())
    }

    /// Takes objects in the order of their times, some together.
    fn take(&mut self, look: &mut Look, offers: &SyncSender<Offer>) -> Result<()> {
        let mut fresh = std::mem::take(&mut look.fresh);
        fresh.sort_by(|a, b| (a.time, &a.named.key).cmp(&(b.time, &b.named.key)));
        let mut rest = fresh.as_slice();
        while !rest.is_empty() {
            if self.is_stopping() {
                bail!("the service is ending");
            }
            self.fetch.tally.waiting.store(rest.len() as u64, Ordering::Relaxed);
            let (some, later) = rest.split_at(portion(rest, self.settings.together));
            rest = later;
            let named: Vec<&Named> = some.iter().map(|it| &it.named).collect();
            let taken = self.fetch.take(&named, offers, &|| {})?;
            for (it, taken) in some.iter().zip(taken) {
                match taken {
                    Ok(()) | Err(Cause::Refused) => _ = self.taken.prints.insert(it.print),
                    // It was deleted meanwhile: nothing is left to wait for.
                    Err(Cause::Missing) => {}
                    Err(Cause::Denied) => {
                        self.denied.insert(it.print);
                        look.leaves = true;
                    }
                    Err(_) => look.leaves = true,
                }
            }
            self.file.keep(&self.taken)?;
        }
        Ok(())
    }
}

/// How many of the first objects are taken together, one at least.
fn portion(fresh: &[Fresh], most: usize) -> usize {
    let mut bytes = 0u64;
    let fits = |it: &&Fresh| {
        bytes = bytes.saturating_add(it.named.size.unwrap_or_default());
        bytes <= TOGETHER_BYTES
    };
    fresh.iter().take(most).take_while(fits).count().max(1).min(fresh.len())
}
