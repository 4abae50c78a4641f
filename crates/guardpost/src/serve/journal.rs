//! The journal on disk: everything that decides a result, in order, before it is worked on.
//!
//! A segment is a file of entries, each with its length and a checksum. An entry counts once it is flushed: what
//! a crash left of a last, unfinished one is cut off when the journal is opened. A segment begins at every
//! [`Entry::Mark`], so that whole segments can be dropped once a later snapshot covers them.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use engine::model::{AccountId, Timestamp, hash64};
use serde::{Deserialize, Serialize};

use crate::text::visible;

/// First bytes of a segment and the version of its layout.
const MAGIC: [u8; 8] = *b"GPJRNL\0\x01";
/// Longest entry, in bytes.
const ENTRY_MAX: usize = 64 << 20;
/// Length and checksum before an entry.
const HEAD: usize = 4 + 8;

/// Something that decides results.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Entry {
    /// The program started with these settings and lists. For people: it changes nothing.
    Started {
        /// Version of the program.
        version: String,
        /// SHA-256 of the settings.
        settings: String,
        /// Hash of the lists in force.
        intel: u64,
    },
    /// Objects that are read together.
    Objects {
        /// Number of the first one; the others follow without gaps.
        first: u32,
        /// When they were taken: records much later than this are impossible.
        at: Timestamp,
        /// The objects in the order in which they are read.
        objects: Vec<Accepted>,
    },
    /// Event time went on to this time although nothing came.
    Tick(Timestamp),
    /// The open batch ends here: a snapshot can be taken.
    Mark,
    /// What the control journal of the store says up to this entry takes effect.
    Controls(u64),
    /// The open batch ends here: nothing more came for a moment, and nobody is to wait for what it holds.
    Cut,
}

/// An object that was taken into the spool.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Accepted {
    /// The name that people see.
    pub(super) name: String,
    /// Path or key: its folders may tell account, Region and time.
    pub(super) key: String,
    /// Size as stored, in bytes.
    pub(super) size: u64,
    /// The first half of the SHA-256 of its bytes.
    pub(super) content: [u8; 16],
    /// When its records begin, about.
    pub(super) start: Timestamp,
    /// The account that whoever delivered it may deliver logs of; none if of all.
    pub(super) account: Option<AccountId>,
}

impl Accepted {
    /// What it is known by when it is delivered again: for whom else the same bytes were taken does not count.
    pub(super) fn known_by(&self) -> [u8; 16] {
        known_by(self.content, self.account)
    }
}

/// The content, told apart by the account that it was taken for.
pub(super) fn known_by(content: [u8; 16], account: Option<AccountId>) -> [u8; 16] {
    let number = u128::from(account.map_or(0, AccountId::number));
    (u128::from_le_bytes(content) ^ number).to_le_bytes()
}

/// The journal, open for writing.
#[derive(Debug)]
pub(super) struct Journal {
    dir: PathBuf,
    /// The segment that is written: the number of its first entry, and its file.
    segment: (u64, File),
    next: u64,
}

/// What is in a journal.
#[derive(Debug, Default)]
pub(super) struct Opened {
    /// Entries with their numbers, in order.
    pub(super) entries: Vec<(u64, Entry)>,
    /// Bytes of an unfinished last entry that were cut off.
    pub(super) cut_off: u64,
}

impl Journal {
    /// Opens or makes the journal in a directory and reads what is in it.
    pub(super) fn open(dir: &Path) -> Result<(Journal, Opened)> {
        super::make_private_dir(dir)?;
        let segments = segments(dir)?;
        let mut opened = Opened::default();
        let mut next = segments.first().copied().unwrap_or(1);
        for (at, &first) in segments.iter().enumerate() {
            let path = path(dir, first);
            if first != next {
                bail!(
                    "{}: the entries {next} to {} before it are missing; restore the data directory from a backup",
                    shown(&path),
                    first.saturating_sub(1)
                );
            }
            let bytes = fs::read(&path).with_context(|| format!("cannot read {}", shown(&path)))?;
            let (entries, good) = read(&bytes).with_context(|| shown(&path))?;
            let rest = bytes.get(good..).unwrap_or_default();
            let is_last = at + 1 == segments.len();
            // A crash tears the last entry; whole ones behind it were kept, and somebody was told so.
            if !rest.is_empty() && (!is_last || holds_entry(rest)) {
                bail!(
                    "{}: damaged at byte {good}, and later entries build on it; restore the data directory from a \
                     backup",
                    shown(&path)
                );
            }
            if good < bytes.len() {
                opened.cut_off = (bytes.len() - good) as u64;
                let file = OpenOptions::new().write(true).open(&path)?;
                file.set_len(good as u64)?;
                file.sync_all()?;
            }
            next += entries.len() as u64;
            opened.entries.extend((first..).zip(entries));
        }
        let first = segments.last().copied().unwrap_or(1);
        let file = segment(dir, first)?;
        Ok((Journal { dir: dir.to_owned(), segment: (first, file), next }, opened))
    }

    /// The number that the next entry gets.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Writes an entry and gives its number once it is on disk. After [`Entry::Mark`] a new segment begins.
    pub(super) fn append(&mut self, entry: &Entry) -> Result<u64> {
        let body = postcard::to_stdvec(entry).context("cannot write the journal")?;
        if body.len() > ENTRY_MAX {
            bail!("an entry of the journal has {} bytes, more than {ENTRY_MAX}", body.len());
        }
        let mut bytes = Vec::with_capacity(HEAD + body.len());
        bytes.extend((body.len() as u32).to_le_bytes());
        bytes.extend(hash64(&body).to_le_bytes());
        bytes.extend(body);
        let file = &mut self.segment.1;
        let before = file.metadata()?.len();
        let written = file.write_all(&bytes).and_then(|()| file.sync_data());
        if let Err(error) = written {
            // A torn entry would hide those after it.
            file.set_len(before).and_then(|()| file.sync_data()).ok();
            return Err(error).with_context(|| format!("cannot write {}", shown(&self.dir)));
        }
        let number = self.next;
        self.next += 1;
        // Without a new segment the old one goes on: the mark is written, and a replay will see it.
        if *entry == Entry::Mark
            && let Ok(file) = segment(&self.dir, self.next)
        {
            self.segment = (self.next, file);
        }
        Ok(number)
    }

    /// Drops the segments whose entries all lie before `number`.
    pub(super) fn forget_before(&mut self, number: u64) -> Result<()> {
        let segments = segments(&self.dir)?;
        for pair in segments.windows(2) {
            if let [first, after] = *pair
                && after <= number
                && first != self.segment.0
            {
                fs::remove_file(path(&self.dir, first))?;
            }
        }
        Ok(())
    }
}

fn shown(path: &Path) -> String {
    format!("`{}`", visible(&path.to_string_lossy()))
}

fn path(dir: &Path, first: u64) -> PathBuf {
    dir.join(format!("{first:020}.log"))
}

/// The first numbers of all segments, ascending.
fn segments(dir: &Path) -> Result<Vec<u64>> {
    let mut segments = Vec::new();
    for file in fs::read_dir(dir).with_context(|| format!("cannot read {}", shown(dir)))? {
        let name = file?.file_name();
        segments.extend(name.to_str().and_then(|it| it.strip_suffix(".log")?.parse::<u64>().ok()));
    }
    segments.sort_unstable();
    Ok(segments)
}

/// Opens or makes a segment for appending.
fn segment(dir: &Path, first: u64) -> Result<File> {
    let path = path(dir, first);
    let about = || format!("cannot write {}", shown(&path));
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    let mut file = super::private(&mut options).open(&path).with_context(about)?;
    if file.metadata()?.len() == 0 {
        file.write_all(&MAGIC).and_then(|()| file.sync_all()).with_context(about)?;
        super::sync_dir(dir).with_context(about)?;
    }
    Ok(file)
}

/// The entries of a segment, and how many of its bytes are good.
fn read(bytes: &[u8]) -> Result<(Vec<Entry>, usize)> {
    // A crash may come between making a segment and writing its first bytes.
    if bytes.len() < MAGIC.len() && MAGIC.starts_with(bytes) {
        return Ok((Vec::new(), 0));
    }
    let Some(mut rest) = bytes.strip_prefix(&MAGIC) else {
        bail!("this is no journal of this version; start with an empty data directory");
    };
    let mut entries = Vec::new();
    while let Some((entry, after)) = first_of(rest) {
        entries.push(entry);
        rest = after;
    }
    Ok((entries, bytes.len() - rest.len()))
}

/// Whether a whole entry lies anywhere behind the first byte.
fn holds_entry(bytes: &[u8]) -> bool {
    (1..bytes.len()).any(|at| bytes.get(at..).and_then(first_of).is_some())
}

/// The first entry, if it is whole.
fn first_of(mut bytes: &[u8]) -> Option<(Entry, &[u8])> {
    let mut head = [0; HEAD];
    bytes.read_exact(&mut head).ok()?;
    let [a, b, c, d, sum @ ..] = head;
    let length = u32::from_le_bytes([a, b, c, d]) as usize;
    let body = bytes.get(..length).filter(|_| length <= ENTRY_MAX)?;
    if hash64(body) != u64::from_le_bytes(sum) {
        return None;
    }
    Some((postcard::from_bytes(body).ok()?, bytes.get(length..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tick(minute: i64) -> Entry {
        Entry::Tick(Timestamp::from_secs(minute * 60))
    }

    fn entries(dir: &Path) -> Vec<(u64, Entry)> {
        Journal::open(dir).unwrap().1.entries
    }

    #[test]
    fn entries_are_numbered_over_segments() {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, _) = Journal::open(dir.path()).unwrap();
        let written = [tick(1), Entry::Mark, tick(2), Entry::Mark, tick(3)];
        let numbers: Vec<u64> = written.iter().map(|it| journal.append(it).unwrap()).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5]);
        let expected: Vec<_> = numbers.into_iter().zip(written).collect();
        assert_eq!(entries(dir.path()), expected);
        journal.forget_before(4).unwrap();
        assert_eq!(entries(dir.path()), expected[2..], "the second segment has entry 4");
        journal.forget_before(5).unwrap();
        assert_eq!(entries(dir.path()), expected[4..]);
        let (mut journal, _) = Journal::open(dir.path()).unwrap();
        assert_eq!(journal.append(&tick(9)).unwrap(), 6);
    }

    #[test]
    fn an_unfinished_last_entry_is_cut_off() {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, _) = Journal::open(dir.path()).unwrap();
        journal.append(&tick(1)).unwrap();
        let file = path(dir.path(), 1);
        let whole = fs::read(&file).unwrap();
        journal.append(&tick(2)).unwrap();
        let both = fs::read(&file).unwrap();
        for cut in whole.len() + 1..both.len() {
            fs::write(&file, &both[..cut]).unwrap();
            let (mut journal, opened) = Journal::open(dir.path()).unwrap();
            assert_eq!(opened.cut_off, (cut - whole.len()) as u64);
            assert_eq!(opened.entries, [(1, tick(1))]);
            assert_eq!(journal.append(&tick(3)).unwrap(), 2);
            assert_eq!(entries(dir.path()), [(1, tick(1)), (2, tick(3))]);
        }
    }

    #[test]
    fn damage_before_other_segments_is_an_error_that_names_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, _) = Journal::open(dir.path()).unwrap();
        for entry in [tick(1), Entry::Mark, tick(2)] {
            journal.append(&entry).unwrap();
        }
        let file = path(dir.path(), 1);
        let whole = fs::read(&file).unwrap();
        let mut bytes = whole.clone();
        bytes[MAGIC.len() + HEAD] ^= 1;
        fs::write(&file, &bytes).unwrap();
        let error = format!("{:#}", Journal::open(dir.path()).unwrap_err());
        assert!(error.contains("00001.log") && error.contains("backup"), "{error}");
        // In the last segment as well, where an entry behind it is whole.
        let last = tempfile::tempdir().unwrap();
        let (mut journal, _) = Journal::open(last.path()).unwrap();
        for entry in [tick(1), tick(2)] {
            journal.append(&entry).unwrap();
        }
        for at in [MAGIC.len(), MAGIC.len() + HEAD] {
            let mut bytes = fs::read(path(last.path(), 1)).unwrap();
            bytes[at] ^= 1;
            let damaged = tempfile::tempdir().unwrap();
            fs::write(path(damaged.path(), 1), &bytes).unwrap();
            let error = format!("{:#}", Journal::open(damaged.path()).unwrap_err());
            assert!(error.contains("backup"), "{error}");
            assert_eq!(fs::read(path(damaged.path(), 1)).unwrap(), bytes, "nothing is cut off");
        }
        fs::remove_file(&file).unwrap();
        fs::write(path(dir.path(), 2), &whole[..MAGIC.len()]).unwrap();
        let error = format!("{:#}", Journal::open(dir.path()).unwrap_err());
        assert!(error.contains("entries 2 to 2"), "{error}");
    }
}
