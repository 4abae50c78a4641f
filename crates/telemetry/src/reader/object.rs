//! One object, from bytes to blocks of rows.

use std::sync::Arc;

use model::{Origin, Timestamp};

use super::records::Records;
use crate::codec::Window;
use crate::json::{Splitter, Step};
use crate::sniff::{Layout, layout};
use crate::{
    ApiRows, Cause, DnsRows, FlowRows, Format, Hint, Interest, Limits, Report, envelope, hint,
};

/// Rows of one kind, at most [`Limits::block_rows`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Block {
    /// Flow log records.
    Flows(FlowRows),
    /// Resolver queries.
    Queries(DnsRows),
    /// CloudTrail records.
    ApiCalls(ApiRows),
}

impl Block {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Block::Flows(flows) => flows.rows.len(),
            Block::Queries(queries) => queries.rows.len(),
            Block::ApiCalls(calls) => calls.rows.len(),
        }
    }

    /// Whether there are no rows. A reader gives no such block.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Time of the first row.
    pub fn first_time(&self) -> Option<Timestamp> {
        match self {
            Block::Flows(flows) => {
                flows.rows.first().map(|it| Timestamp::from_secs(it.start.into()))
            }
            Block::Queries(queries) => {
                queries.rows.first().map(|it| Timestamp::from_secs(it.time.into()))
            }
            Block::ApiCalls(calls) => calls.rows.first().map(|it| it.time),
        }
    }
}

/// What is equal for all readers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// Bounds on what is read.
    pub limits: Limits,
    /// Which API calls keep their parameters.
    pub interest: Interest,
}

/// Reads one object block by block. The format is told from the content, compression too.
pub struct ObjectReader {
    object: u32,
    hint: Hint,
    window: Window,
    layout: Layout,
    splitter: Splitter,
    records: Records,
    /// Where to go on in the window.
    at: usize,
    /// Bytes that were reported.
    counted: u64,
    /// The object was cut or damaged, so its last line is no record.
    is_cut: bool,
    ended: bool,
}

impl ObjectReader {
    /// Takes an object: its number in the journal, its key or path, and its bytes as stored.
    pub fn new(object: u32, key: &str, bytes: Vec<u8>, options: Arc<Options>) -> ObjectReader {
        ObjectReader::with_buffer(object, key, bytes, Vec::new(), options)
    }

    /// As [`ObjectReader::new`], with the buffer of a reader that has ended: [`ObjectReader::into_buffer`].
    /// This saves asking the system for memory again and clearing it.
    pub fn with_buffer(
        object: u32,
        key: &str,
        bytes: Vec<u8>,
        buffer: Vec<u8>,
        options: Arc<Options>,
    ) -> ObjectReader {
        let hint = hint(key);
        let window = Window::new(bytes, buffer, &options.limits);
        ObjectReader {
            object,
            layout: layout(window.text(), hint.kind),
            splitter: Splitter::new(&options.limits),
            records: Records::new(object, &hint, options),
            hint,
            window,
            at: 0,
            counted: 0,
            is_cut: false,
            ended: false,
        }
    }

    /// The buffer, for the next reader.
    pub fn into_buffer(self) -> Vec<u8> {
        self.window.into_buffer()
    }

    /// What the key says.
    pub fn hint(&self) -> &Hint {
        &self.hint
    }

    /// What the records are, by the first of them; `None` before it was read.
    pub fn format(&self) -> Option<Format> {
        self.records.format()
    }

    /// The next block of rows; `None` at the end. What is skipped is counted in `report`.
    pub fn next_block(&mut self, report: &mut Report) -> Option<Block> {
        loop {
            if let Some(block) = self.records.full_block() {
                return Some(block);
            }
            if self.ended {
                return self.records.last_block();
            }
            self.account(report);
            self.step(report);
        }
    }

    /// Counts bytes, and what went wrong while decompressing them.
    fn account(&mut self, report: &mut Report) {
        let end = self.window.base() + self.window.text().len() as u64;
        report.bytes += end - self.counted;
        self.counted = end;
        if let Some(cause) = self.window.take_problem() {
            self.is_cut = true;
            report.skip(cause, self.object, end, b"");
        }
    }

    /// Works on until a block may be full or more text is needed.
    fn step(&mut self, report: &mut Report) {
        match self.layout {
            Layout::Empty => {
                if self.window.is_last() {
                    self.ended = true;
                } else {
                    self.window.advance(self.window.text().len());
                    self.layout = layout(self.window.text(), self.hint.kind);
                }
            }
            Layout::Unknown => {
                report.skip(Cause::UnknownFormat, self.object, 0, self.window.text());
                self.ended = true;
            }
            Layout::Json => self.json(report),
            Layout::QueryLines | Layout::FlowLines => self.lines(report),
            Layout::EncodedLines => self.encoded(report),
        }
    }

    fn json(&mut self, report: &mut Report) {
        let (text, base, last) = (self.window.text(), self.window.base(), self.window.is_last());
        if let Some(start) = self.splitter.element(text, self.at) {
            let rest = text.get(start..).unwrap_or_default();
            if let Some(len) = self.records.quick(rest, base + start as u64, report) {
                self.at = start + len;
                return;
            }
        }
        match self.splitter.next(text, base, self.at, last) {
            Step::Record { start, end, .. } => {
                let record = text.get(start..end).unwrap_or_default();
                let origin = self.origin(start, end);
                self.at = match self.records.record(record, origin, 0, report) {
                    Ok(()) => end,
                    Err(()) => self.splitter.recover(text, base, start, end),
                };
            }
            Step::Bad { cause, start, end } => {
                let piece = text.get(start..end).unwrap_or_default();
                report.skip(cause, self.object, base + start as u64, piece);
                self.at = end;
            }
            Step::More { keep } => {
                self.window.advance(keep);
                self.at = 0;
            }
            Step::End => self.ended = true,
        }
    }

    fn origin(&self, start: usize, end: usize) -> Origin {
        Origin {
            object: self.object,
            len: u32::try_from(end - start).unwrap_or(u32::MAX),
            offset: self.window.base() + start as u64,
        }
    }

    fn lines(&mut self, report: &mut Report) {
        let (base, last) = (self.window.base(), self.window.is_last());
        let mut text = self.window.text();
        if last && self.is_cut {
            // A cut line would be read as a shorter number or name.
            text =
                text.get(..memchr::memrchr(b'\n', text).map_or(0, |at| at + 1)).unwrap_or_default();
        }
        let next = if self.layout == Layout::FlowLines {
            self.records.flow_lines(text, self.at, base, last, report)
        } else {
            self.records.query_lines(text, self.at, base, last, report)
        };
        let progress = next > self.at;
        self.at = next.max(self.at);
        if self.layout == Layout::QueryLines && self.records.is_at_other() {
            // Logs of several kinds, joined.
            self.layout = Layout::Json;
            return;
        }
        if self.records.has_full_block() {
            return;
        }
        if last && (self.at >= text.len() || !progress) {
            self.ended = true;
        } else if !last && (!progress || self.at >= text.len()) {
            self.next_window(report);
        }
    }

    /// Goes on to the text behind what was read; a line that fills a whole window is skipped.
    fn next_window(&mut self, report: &mut Report) {
        let text = self.window.text();
        if self.at == 0 && text.len() >= self.window.size() {
            let done = memchr::memchr(b'\n', text).map_or(text.len(), |at| at + 1);
            report.skip(Cause::RecordTooLong, self.object, self.window.base(), text);
            self.window.advance(done);
        } else {
            self.window.advance(self.at);
        }
        self.at = 0;
    }

    fn encoded(&mut self, report: &mut Report) {
        let (text, last) = (self.window.text(), self.window.is_last());
        let rest = text.get(self.at..).unwrap_or_default();
        let len = match memchr::memchr(b'\n', rest) {
            Some(at) => at + 1,
            None if last => rest.len(),
            None => return self.next_window(report),
        };
        if rest.is_empty() {
            self.ended = true;
            return;
        }
        let (start, end) = (self.at, self.at + len);
        let line = text.get(start..end).unwrap_or_default();
        let origin = self.origin(start, end);
        self.at = end;
        if !line.trim_ascii().is_empty() {
            if envelope::is_encoded_gzip(line) {
                self.records.unwrap(line, origin, 0, report);
            } else {
                report.skip(Cause::UnknownFormat, self.object, origin.offset, line);
            }
        }
    }
}

/// Decompressed bytes that [`first_time`] reads at most.
const HEAD_MAX: u64 = 4 << 20;

/// Time of an object for ordering: that of its key, else of its first record whose time is possible. `head`
/// is the object or its first bytes.
pub fn first_time(
    key: &str,
    head: &[u8],
    is_possible: impl Fn(Timestamp) -> bool,
) -> Option<Timestamp> {
    if let Some(time) = hint(key).time.filter(|it| is_possible(*it)) {
        return Some(time);
    }
    let limits = Limits { object_bytes: HEAD_MAX, block_rows: 1, ..Limits::default() };
    let options = Options { limits, interest: Interest::default() };
    let mut reader = ObjectReader::new(0, key, head.to_vec(), Arc::new(options));
    let mut report = Report::default();
    while let Some(block) = reader.next_block(&mut report) {
        if let Some(time) = block.first_time().filter(|it| is_possible(*it)) {
            return Some(time);
        }
    }
    None
}
