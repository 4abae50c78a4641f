//! A directory that is watched: files that appear in it and no longer change are offered.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, channel};
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use engine::model::{Hasher64, hash64};

use super::recorder::{Answer, Body, Item, Offer};
use super::status::Status;
use crate::plan::{Plan, plan};
use crate::sources::{self, Content, Found, Object};
use crate::window::Window;

/// Files that are taken in together: the records of all of them are read in order.
const TOGETHER: usize = 16_384;

/// A watched directory.
pub(super) struct Watch {
    dir: PathBuf,
    poll: Duration,
    file_bytes: u64,
    status: Arc<Status>,
    is_stopping: Arc<AtomicBool>,
    known: Known,
    /// Files that were seen once: a file that still grows is left alone.
    seen: BTreeMap<PathBuf, u64>,
}

impl Watch {
    /// Watches a directory; what was taken earlier is remembered in `file`.
    pub(super) fn new(
        dir: PathBuf,
        file: &Path,
        (poll, file_bytes): (Duration, u64),
        status: Arc<Status>,
        is_stopping: Arc<AtomicBool>,
    ) -> Result<Watch> {
        fs::read_dir(&dir).with_context(|| format!("cannot watch `{}`", dir.display()))?;
        let known = Known::open(file)?;
        let seen = BTreeMap::new();
        Ok(Watch { dir, poll, file_bytes, status, is_stopping, known, seen })
    }

    /// Offers files until the service ends.
    pub(super) fn run(mut self, offers: &SyncSender<Offer>) {
        while !self.is_stopping.load(Ordering::SeqCst) {
            if let Err(error) = self.look(offers) {
                self.status.log(&format!("watching `{}`: {error:#}", self.dir.display()));
            }
            // In steps: ending must not wait for the next look.
            let mut left = self.poll;
            while left > Duration::ZERO && !self.is_stopping.load(Ordering::SeqCst) {
                let step = left.min(Duration::from_millis(100));
                std::thread::sleep(step);
                left -= step;
            }
        }
    }

    fn look(&mut self, offers: &SyncSender<Offer>) -> Result<()> {
        let Found { objects, unreadable, .. } =
            match sources::find(std::slice::from_ref(&self.dir), None, self.file_bytes) {
                Ok(found) => found,
                // An empty directory is one that waits for its first file.
                Err(_) if fs::read_dir(&self.dir).is_ok() => Found::default(),
                Err(error) => return Err(error),
            };
        let mut fresh = Vec::new();
        let mut seen = BTreeMap::new();
        for object in objects {
            let Content::File(path) = &object.content else { continue };
            let Some(print) = print(path) else { continue };
            if self.known.holds(print) {
                continue;
            }
            if self.seen.get(path) == Some(&print) {
                fresh.push(object);
            } else {
                seen.insert(path.clone(), print);
            }
        }
        self.seen = seen;
        for it in unreadable {
            let print = hash64(format!("{} {}", it.name, it.cause).as_bytes());
            if self.known.unreadable.insert(print) {
                self.status.log(&format!("cannot read {}: {}", it.name, it.cause));
            }
        }
        let possible = Window::possible(crate::clock::now());
        // An archive that is put there at once is taken in the order of its records.
        let Plan { objects, .. } = plan(fresh.clone(), &Window::default(), &possible, 1);
        let planned: BTreeSet<&str> = objects.iter().map(|it| it.name.as_str()).collect();
        let copies = fresh.iter().filter(|it| !planned.contains(it.name.as_str()));
        for chunk in objects.iter().chain(copies).collect::<Vec<_>>().chunks(TOGETHER) {
            if self.is_stopping.load(Ordering::SeqCst) {
                break;
            }
            self.offer(chunk, offers)?;
        }
        Ok(())
    }

    fn offer(&mut self, objects: &[&Object], offers: &SyncSender<Offer>) -> Result<()> {
        let (mut items, mut prints) = (Vec::new(), Vec::new());
        for object in objects {
            let Content::File(path) = &object.content else { continue };
            let Some(print) = print(path) else { continue };
            prints.push((print, object.name.clone()));
            items.push(Item {
                name: object.name.clone(),
                key: object.key.clone(),
                account: None,
                body: Body::File(path.clone()),
            });
        }
        let (answer, answered) = channel();
        // Whoever offered may have ended.
        let answer = Box::new(move |it| _ = answer.send(it).is_ok());
        offers.send(Offer { items, answer }).ok().context("ending")?;
        let answers = answered.recv().context("ending")?;
        for ((print, name), answer) in prints.into_iter().zip(answers) {
            match answer {
                Answer::Taken => self.known.add(print)?,
                Answer::Known => {
                    self.known.add(print)?;
                    self.status.known.fetch_add(1, Ordering::Relaxed);
                }
                Answer::Refused(cause) => {
                    self.known.add(print)?;
                    self.status.refused.fetch_add(1, Ordering::Relaxed);
                    self.status.log(&format!("left out {name}: {cause}"));
                }
                // It is offered again at the next look; the recorder says now and then why.
                Answer::Failed(_) => {}
            }
        }
        Ok(())
    }
}

/// What tells a state of a file from others.
fn print(path: &Path) -> Option<u64> {
    let metadata = fs::metadata(path).ok()?;
    let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let hash = Hasher64::default().bytes(path.as_os_str().as_encoded_bytes());
    Some(hash.number(metadata.len()).number(modified.as_nanos() as u64).finish())
}

/// States of files that were taken or refused, also before the start.
struct Known {
    file: File,
    prints: BTreeSet<u64>,
    unreadable: BTreeSet<u64>,
}

impl Known {
    fn open(path: &Path) -> Result<Known> {
        let about = || format!("cannot open `{}`", path.display());
        let bytes = if path.exists() { fs::read(path).with_context(about)? } else { Vec::new() };
        let (whole, _torn) = bytes.as_chunks::<8>();
        let prints = whole.iter().map(|it| u64::from_le_bytes(*it)).collect();
        let mut options = OpenOptions::new();
        options.write(true).create(true);
        let file = super::private(&mut options).open(path).with_context(about)?;
        // What a crash left of a last one is written over.
        file.set_len(whole.len() as u64 * 8).with_context(about)?;
        let mut known = Known { file, prints, unreadable: BTreeSet::new() };
        std::io::Seek::seek(&mut known.file, std::io::SeekFrom::End(0)).with_context(about)?;
        Ok(known)
    }

    fn holds(&self, print: u64) -> bool {
        self.prints.contains(&print)
    }

    fn add(&mut self, print: u64) -> Result<()> {
        // Not flushed: what a crash forgets is offered again and known by its content.
        self.file.write_all(&print.to_le_bytes())?;
        self.prints.insert(print);
        Ok(())
    }
}
