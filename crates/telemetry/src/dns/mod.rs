//! Route 53 Resolver query logs: JSON records, one a line, to [`DnsRows`].
//!
//! Members by <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html>.
//! Records may also be spread over lines or follow each other on one line. The text needs no padding: the
//! first and the last line of a text take the complete path.

#![expect(
    clippy::inline_always,
    reason = "what a kernel calls must become part of the function that is compiled for AVX2"
)]

mod complete;
mod fast;
mod hosts;
mod json;
mod names;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use kernels::{Kernel, Lines, Simd, Splitter};
use model::Origin;

use crate::{Cause, DnsQuery, DnsRows, Hint, Limits, Report};

use complete::Unread;
use fast::Prefixes;
use hosts::Hosts;
use json::{Cursor, Fault};

/// Text that is worked on with 32-bit positions, in bytes.
const PIECE_BYTES: usize = 1 << 30;

/// Bytes before a piece that stay readable for the fast path.
const MARGIN: usize = 64;

/// How much of a record is looked at to tell its format.
const LOOK_BYTES: usize = 4096;

/// How deep a record may be that is looked at.
const LOOK_DEPTH: u16 = 64;

/// Reads the query records of one object.
pub struct DnsParser {
    splitter: Splitter,
    records: Records,
}

/// All of the parser but the work space of the splitter, whose lists are borrowed meanwhile.
struct Records {
    object: u32,
    record_bytes: usize,
    block_rows: usize,
    depth: u16,
    /// Inside of a line that is dropped up to its newline.
    is_skipping: bool,
    /// The record to go on at is none of a query log.
    is_at_other: bool,
    prefixes: Prefixes,
    hosts: Hosts,
}

impl DnsParser {
    /// Prepares for an object: its number in the journal, what its key says, the bounds.
    pub fn new(object: u32, hint: &Hint, limits: &Limits) -> DnsParser {
        DnsParser {
            splitter: Splitter::new(),
            records: Records {
                object,
                record_bytes: limits.record_bytes,
                block_rows: limits.block_rows,
                depth: limits.depth,
                is_skipping: false,
                is_at_other: false,
                prefixes: Prefixes::new(),
                hosts: Hosts::new(hint),
            },
        }
    }

    /// Reads whole records of `text` from position `from` on, until `out` holds [`Limits::block_rows`] rows.
    /// Returns where to go on.
    ///
    /// `base` is the offset of `text[0]` in the decompressed object. `last` says that the text ends the
    /// object; else a record that the text cuts is left for the next call. `out` is either empty or the
    /// block of the previous call. A record that is none of a query log is not passed over:
    /// [`DnsParser::is_at_other`]. Counts rows in [`Report::records`] and everything else by its cause.
    #[expect(
        clippy::too_many_arguments,
        reason = "a text with its place, and where to put what; the reader alone calls this"
    )]
    pub fn parse(
        &mut self,
        text: &[u8],
        from: usize,
        base: u64,
        last: bool,
        out: &mut DnsRows,
        report: &mut Report,
    ) -> usize {
        if self.records.hosts.attach(out) {
            self.records.prefixes.clear();
        }
        self.records.is_at_other = false;
        let mut at = from.min(text.len());
        loop {
            let skip = at.saturating_sub(MARGIN);
            let end = text.len().min(skip + PIECE_BYTES);
            let piece = Piece {
                text: &text[skip..end],
                at: at - skip,
                last: last && end == text.len(),
                rest: text.len() - at,
                splitter: &mut self.splitter,
                sink: Sink { records: &mut self.records, base: base + skip as u64, out, report },
            };
            let next = skip + kernels::dispatch(piece);
            let is_full = out.rows.len() >= self.records.block_rows;
            if next == at || next == text.len() || is_full || self.records.is_at_other {
                return next;
            }
            at = next;
        }
    }

    /// Whether the last call of [`DnsParser::parse`] ended at a record that has neither the name nor the time
    /// of a query: something else that was joined to the log.
    pub fn is_at_other(&self) -> bool {
        self.records.is_at_other
    }

    /// Whether a record is one of a query log.
    ///
    /// Its own members decide: what lies deeper may be written by anybody, such as the keys of tags in the
    /// parameters of an API call, and must not turn a file of calls into a query log.
    pub fn looks_like(record: &[u8]) -> bool {
        let head = &record[..record.len().min(LOOK_BYTES)];
        let (mut has_name, mut has_time) = (false, false);
        let mut cursor = Cursor::new(head, 0, LOOK_DEPTH);
        let read = cursor.object(|cursor, key| {
            has_name |= key == b"query_name";
            has_time |= key == b"query_timestamp";
            cursor.skip()
        });
        // Only the start of a long record is there.
        matches!(read, Ok(()) | Err(Fault::Ended)) && has_name && has_time
    }
}

/// Where rows and counts go.
struct Sink<'a> {
    records: &'a mut Records,
    /// Offset of the piece in the object.
    base: u64,
    out: &'a mut DnsRows,
    report: &'a mut Report,
}

/// A text with positions of 32 bits, and where to go on in it.
struct Piece<'a> {
    text: &'a [u8],
    at: usize,
    last: bool,
    /// Bytes of the text from `at` on, what follows the piece included.
    rest: usize,
    splitter: &'a mut Splitter,
    sink: Sink<'a>,
}

/// How the reading of a record or a window ended.
enum Step {
    /// Go on here.
    Next(usize),
    /// Go on here once there is more text.
    Wait(usize),
}

impl Kernel for Piece<'_> {
    /// Where to go on.
    type Output = usize;

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) -> usize {
        while self.at < self.text.len() && self.sink.has_room() {
            if self.sink.records.is_skipping {
                self.at = self.sink.drop_line(self.text, self.at, self.last);
                continue;
            }
            let start = self.at;
            let is_first = self.sink.out.rows.is_empty();
            let lines = self.splitter.strings(simd, self.text, start);
            let step = if lines.is_empty() {
                self.sink.record(self.text, self.at, self.last)
            } else {
                self.sink.window(simd, self.text, lines, self.last)
            };
            match step {
                Step::Next(at) => self.at = at,
                Step::Wait(at) => return at,
            }
            if is_first {
                self.sink.reserve(self.at - start, self.rest);
            }
        }
        self.at
    }
}

impl Sink<'_> {
    #[inline(always)]
    fn has_room(&self) -> bool {
        self.out.rows.len() < self.records.block_rows
    }

    /// Reserves for `rest` bytes what the first `read` bytes took: growing step by step asks for twice the
    /// memory, all of it fresh.
    #[inline(never)]
    fn reserve(&mut self, read: usize, rest: usize) {
        let rows = self.out.rows.len();
        if rows == 0 || read == 0 {
            return;
        }
        let text = self.out.text.len() / rows;
        let more = (rest / read.div_ceil(rows) * 9 / 8).min(self.records.block_rows);
        self.out.rows.reserve(more);
        self.out.origins.reserve(more);
        self.out.text.reserve((text * more).min(rest));
    }

    /// Reads lines until the window ends or the block is full.
    #[inline(always)]
    fn window<S: Simd>(&mut self, simd: S, text: &[u8], mut lines: Lines<'_>, last: bool) -> Step {
        let room = self.records.block_rows.saturating_sub(self.out.rows.len()).min(lines.len());
        self.out.rows.reserve(room);
        self.out.origins.reserve(room);
        while self.has_room() {
            let Some(line) = lines.next_line() else { break };
            let text_len = self.out.text.len();
            let Records { prefixes, hosts, .. } = &mut *self.records;
            if let Some(row) = fast::read(simd, text, &line, prefixes, hosts, self.out) {
                self.push(row, line.start(), line.end());
                continue;
            }
            self.out.text.truncate(text_len);
            if let Some(step) = self.line(text, line.start(), &mut lines, last) {
                return step;
            }
        }
        Step::Next(lines.position())
    }

    /// Reads records from the start of a line until one ends with its line, as the first usually does.
    /// `None` if `lines` go on there.
    #[inline(never)]
    fn line(
        &mut self,
        text: &[u8],
        mut at: usize,
        lines: &mut Lines<'_>,
        last: bool,
    ) -> Option<Step> {
        loop {
            match self.record(text, at, last) {
                Step::Next(next) => at = next,
                wait @ Step::Wait(_) => return Some(wait),
            }
            if !self.has_room() || self.records.is_skipping {
                return Some(Step::Next(at));
            }
            lines.skip_to(at);
            match lines.position().cmp(&at) {
                Ordering::Equal => return None,
                // The record ended behind the window.
                Ordering::Less => return Some(Step::Next(at)),
                // Another one follows on the same line.
                Ordering::Greater => {}
            }
        }
    }

    /// Reads one record of any form, or passes over white space up to a newline.
    fn record(&mut self, text: &[u8], at: usize, last: bool) -> Step {
        let (start, is_line_end) = pass_space(text, at);
        if is_line_end || start == text.len() {
            return Step::Next(start);
        }
        let limit = text.len().min(start.saturating_add(self.records.record_bytes));
        let text_len = self.out.text.len();
        let Records { hosts, depth, .. } = &mut *self.records;
        let unread = match complete::read(&text[..limit], start, *depth, hosts, self.out) {
            Ok((row, end)) => {
                self.push(row, start, end);
                return Step::Next(pass_space(text, end).0);
            }
            Err(unread) => unread,
        };
        self.out.text.truncate(text_len);
        let cause = match unread {
            Unread::Record { cause, end } => {
                self.skip(cause, &text[start..end], start);
                return Step::Next(pass_space(text, end).0);
            }
            Unread::Other => {
                self.records.is_at_other = true;
                return Step::Wait(start);
            }
            Unread::Json(Fault::Ended) if limit < text.len() => Cause::RecordTooLong,
            Unread::Json(Fault::Ended) if !last => return Step::Wait(start),
            Unread::Json(Fault::Ended) => Cause::Truncated,
            Unread::Json(Fault::Invalid) => Cause::InvalidJson,
            Unread::Json(Fault::TooDeep) => Cause::TooDeep,
        };
        let newline = memchr::memchr(b'\n', &text[start..]);
        if newline.is_none() && !last && limit == text.len() {
            // The sample must not depend on where the text is cut.
            return Step::Wait(start);
        }
        let end = newline.map_or(text.len(), |it| start + it);
        self.skip(cause, &text[start..end], start);
        Step::Next(self.drop_line(text, start, last))
    }

    /// Where the next line starts, or the end of the text: the rest of the line will be dropped then.
    fn drop_line(&mut self, text: &[u8], at: usize, last: bool) -> usize {
        let newline = memchr::memchr(b'\n', &text[at..]);
        self.records.is_skipping = newline.is_none() && !last;
        newline.map_or(text.len(), |it| at + it + 1)
    }

    #[inline(always)]
    fn push(&mut self, row: DnsQuery, start: usize, end: usize) {
        self.out.rows.push(row);
        self.out.origins.push(Origin {
            object: self.records.object,
            len: (end - start) as u32,
            offset: self.base + start as u64,
        });
        self.report.records += 1;
    }

    fn skip(&mut self, cause: Cause, record: &[u8], start: usize) {
        self.report.skip(cause, self.records.object, self.base + start as u64, record);
    }
}

/// Passes over white space, at most up to the next line; says whether a newline was passed.
fn pass_space(text: &[u8], mut at: usize) -> (usize, bool) {
    while let Some(b' ' | b'\t' | b'\r' | b'\n') = text.get(at) {
        at += 1;
        if text[at - 1] == b'\n' {
            return (at, true);
        }
    }
    (at, false)
}
