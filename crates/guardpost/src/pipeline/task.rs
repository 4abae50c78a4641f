//! Reading one object, a block at a time, by whichever thread has time for it.

use std::fmt::Write as _;
use std::io;
use std::sync::Arc;

use engine::SourceId;
use findings::InputFile;
use model::AccountId;
use sha2::{Digest as _, Sha256};
use telemetry::{Block, ObjectReader, Options, Report};

use super::timed::Timed;
use crate::sources::Object;
use crate::tally::Tally;
use crate::window::{self, Window};

/// How objects are read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Bounds and interest of the parsers.
    pub options: Arc<Options>,
    /// Rows outside are dropped.
    pub window: Window,
    /// Rows outside are impossible: one of them would hold its whole object back.
    pub possible: Window,
    /// Whether the SHA-256 of every object is computed.
    pub is_hashed: bool,
    /// The number that the first object has in the journal.
    pub first_object: u32,
    /// By number of the object: the account that its records must be of.
    pub accounts: Arc<[Option<AccountId>]>,
}

/// Text of an object that is read at once, in bytes.
const SMALL_BYTES: u64 = 8 << 20;

/// An object that is being read.
pub(super) struct Task {
    reader: ObjectReader,
    window: Window,
    possible: Window,
    account: Option<AccountId>,
    /// Size as stored and, about, as text.
    sizes: (u64, u64),
    sources: [SourceId; 3],
    done: ObjectDone,
}

/// What an object gave.
#[derive(Default, Debug)]
pub struct ObjectDone {
    /// What was skipped and counted.
    pub report: Report,
    /// What was taken.
    pub tally: Tally,
    /// Rows with impossible times.
    pub impossible: u64,
    /// Rows outside of the time asked for.
    pub outside: u64,
    /// Rows of other accounts than the object may have.
    pub foreign: u64,
    /// SHA-256 of the stored bytes in hexadecimal digits, when asked for.
    pub sha256: String,
    /// Why it could not be read at all.
    pub error: Option<String>,
}

impl ObjectDone {
    /// Of an object that could not be opened.
    pub(super) fn failed(error: &io::Error) -> ObjectDone {
        ObjectDone { error: Some(error.to_string()), ..ObjectDone::default() }
    }

    /// As a line of the report.
    pub fn input_file(&self, object: &Object) -> InputFile {
        InputFile {
            name: object.name.clone(),
            format: self.tally.names(),
            bytes: object.size,
            records: self.tally.records(),
            skipped: self.report.failed() + u64::from(self.error.is_some()),
            sha256: self.sha256.clone(),
        }
    }
}

impl Task {
    /// Opens an object; `buffer` is that of a task that has ended.
    pub(super) fn open(
        number: usize,
        object: &Object,
        reading: &Reading,
        buffer: Vec<u8>,
    ) -> io::Result<Task> {
        let bytes = object.read()?;
        let mut done = ObjectDone::default();
        if reading.is_hashed {
            for byte in Sha256::digest(&bytes) {
                // Writing to a string cannot fail.
                let _ok = write!(done.sha256, "{byte:02x}");
            }
        }
        let sizes = (object.size, text_size(&bytes));
        let account = reading.accounts.get(number).copied().flatten();
        let number = u32::try_from(number).map_err(io::Error::other)?;
        let number = reading.first_object.checked_add(number).ok_or_else(full)?;
        let options = Arc::clone(&reading.options);
        let reader = ObjectReader::with_buffer(number, &object.key, bytes, buffer, options);
        let hint = reader.hint();
        // Lateness is judged among logs of one kind, account and Region: they come by one way.
        let source = |kind| {
            SourceId::new(&format!("{kind} {} {}", hint.account.number(), hint.region.as_str()))
        };
        let sources = [source("flow"), source("query"), source("call")];
        let Reading { window, possible, .. } = *reading;
        Ok(Task { reader, window, possible, account, sizes, sources, done })
    }

    /// Whether to read on after blocks of so many bytes. Small objects are read at once: their rows take less
    /// memory than their text, and a buffer for text that is used again at once stays in the cache.
    pub(super) fn reads_on(&self, bytes: usize) -> bool {
        // The size of the text is what the object says, so the rows are bounded as well.
        self.sizes.1 <= SMALL_BYTES && (bytes as u64) < SMALL_BYTES
    }

    /// The next block; `None` at the end.
    pub(super) fn advance(&mut self) -> Option<Timed> {
        loop {
            let mut block = self.reader.next_block(&mut self.done.report)?;
            self.done.impossible += self.possible.keep(&mut block);
            self.done.outside += self.window.keep(&mut block);
            if let Some(account) = self.account {
                self.done.foreign += window::keep_account(&mut block, account);
            }
            if block.is_empty() {
                continue;
            }
            self.done.tally.add(&block);
            let [flow, query, call] = self.sources;
            let source = match &block {
                Block::Flows(_) => flow,
                Block::Queries(_) => query,
                Block::ApiCalls(_) => call,
            };
            let mut timed = Timed::new(source, block);
            timed.read = self.read();
            return Some(timed);
        }
    }

    /// Stored bytes that were read, about.
    fn read(&self) -> u64 {
        let (stored, text) = self.sizes;
        let part = self.done.report.bytes as f64 / text.max(1) as f64;
        (stored as f64 * part.min(1.0)) as u64
    }

    /// Ends reading: what was counted, and the buffer for the next task.
    pub(super) fn close(self) -> (ObjectDone, Vec<u8>) {
        (self.done, self.reader.into_buffer())
    }
}

fn full() -> io::Error {
    io::Error::other("the journal has no more numbers for objects")
}

/// Size of the text, about: for showing how far reading has come.
fn text_size(stored: &[u8]) -> u64 {
    /// How much smaller logs become, where the object does not say.
    const RATIO: u64 = 8;
    let len = stored.len() as u64;
    match stored {
        // gzip ends with the size modulo 2^32 (RFC 1952).
        [0x1f, 0x8b, .., a, b, c, d] => u64::from(u32::from_le_bytes([*a, *b, *c, *d])).max(len),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => len.saturating_mul(RATIO),
        _ => len,
    }
}
