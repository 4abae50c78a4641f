//! VPC flow logs: text lines of any order of columns to [`FlowRows`].
//!
//! Fields by <https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>, versions 2 to 11.
//! The text needs no padding: the first and the last line of a text take the complete path.

#![expect(
    clippy::inline_always,
    reason = "what a kernel calls must become part of the function that is compiled for AVX2"
)]

mod columns;
pub(crate) mod intern;
mod record;
#[cfg(test)]
mod tests;

use kernels::{Kernel, Lines, Simd, Splitter};
use model::Origin;

use crate::{Cause, FlowRows, Hint, Limits, Report};

use columns::{Columns, Layout};
use record::{Fields, Interfaces, Skip};

/// Text that is worked on with 32-bit positions, in bytes.
const PIECE_BYTES: usize = 1 << 30;

/// Bytes before a piece that stay readable for the fast path.
const MARGIN: usize = 64;

/// What a line takes at least, about, and most rows that room is made for before they are there.
const LINE_BYTES: usize = 80;
const ROOM_ROWS_MAX: usize = 1 << 16;

/// Most fields that are told apart in a line that is longer than a window.
const FIELDS_MAX: usize = 512;

/// Reads the flow records of one object.
pub struct FlowParser {
    splitter: Splitter,
    records: Records,
}

/// All of the parser but the work space of the splitter, whose lists are borrowed meanwhile.
struct Records {
    object: u32,
    record_bytes: usize,
    block_rows: usize,
    layout: Layout,
    /// The missing columns were named in the report.
    is_lack_reported: bool,
    /// Inside of a line that is too long: everything up to its newline is dropped.
    is_skipping: bool,
    interfaces: Interfaces,
}

impl FlowParser {
    /// Prepares for an object: its number in the journal, what its key says, the bounds. Until a header line
    /// says otherwise, lines have the fourteen columns of version 2.
    pub fn new(object: u32, hint: &Hint, limits: &Limits) -> FlowParser {
        FlowParser {
            splitter: Splitter::new(),
            records: Records {
                object,
                record_bytes: limits.record_bytes,
                block_rows: limits.block_rows,
                layout: Layout::Known(Columns::DEFAULT),
                is_lack_reported: false,
                is_skipping: false,
                interfaces: Interfaces::new(hint.account, hint.region),
            },
        }
    }

    /// Reads whole lines of `text` from position `from` on, until `out` holds [`Limits::block_rows`] rows.
    /// Returns where to go on.
    ///
    /// `base` is the offset of `text[0]` in the decompressed object. `last` says that the text ends the
    /// object, so that a line without newline is a record; else it is left for the next call. `out` is
    /// either empty or the block of the previous call. Counts rows in [`Report::records`], lines without
    /// data in [`Report::no_data`] and [`Report::skip_data`], and everything else by its cause. Header
    /// lines, also between records, set the columns.
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
        out: &mut FlowRows,
        report: &mut Report,
    ) -> usize {
        self.records.interfaces.attach(out);
        let mut at = from.min(text.len());
        if out.rows.is_empty() {
            // Room at once: growing would copy the block time and again, mostly into fresh memory.
            let lines = (text.len() - at) / LINE_BYTES + 1;
            let room = lines.min(self.records.block_rows).min(ROOM_ROWS_MAX);
            out.rows.reserve(room);
            out.origins.reserve(room);
        }
        loop {
            let skip = at.saturating_sub(MARGIN);
            let end = text.len().min(skip + PIECE_BYTES);
            let piece = Piece {
                text: &text[skip..end],
                at: at - skip,
                base: base + skip as u64,
                last: last && end == text.len(),
                splitter: &mut self.splitter,
                sink: Sink { records: &mut self.records, out, report },
            };
            let next = skip + kernels::dispatch(piece);
            if next == at || next == text.len() || out.rows.len() >= self.records.block_rows {
                return next;
            }
            at = next;
        }
    }

    /// Whether a line is a header or a record of flow logs, without its newline.
    pub fn looks_like(line: &[u8]) -> bool {
        if Layout::from_header(line).is_some() {
            return true;
        }
        let mut fields = line.split(|b| *b == b' ');
        let (version, second, third) = (fields.next(), fields.next(), fields.next());
        let is_version = version
            .is_some_and(|it| matches!(it.len(), 1 | 2) && it.iter().all(u8::is_ascii_digit));
        is_version
            && match second {
                Some(GATEWAY) => true,
                _ => third.is_some_and(|it| it.starts_with(b"eni-")),
            }
    }
}

/// Second field of a transit gateway's flow log.
const GATEWAY: &[u8] = b"TransitGateway";

/// Where rows and counts go.
struct Sink<'a> {
    records: &'a mut Records,
    out: &'a mut FlowRows,
    report: &'a mut Report,
}

/// A text with positions of 32 bits, and where to go on in it.
struct Piece<'a> {
    text: &'a [u8],
    at: usize,
    base: u64,
    last: bool,
    splitter: &'a mut Splitter,
    sink: Sink<'a>,
}

impl Kernel for Piece<'_> {
    /// Where to go on.
    type Output = usize;

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) -> usize {
        while self.at < self.text.len() && self.sink.has_room() {
            let lines = self.splitter.fields(simd, self.text, self.at);
            let next = match self.sink.records.layout {
                // The default order, as a constant, saves a third of the instructions.
                _ if self.sink.records.is_skipping => self.at,
                Layout::Known(Columns::DEFAULT) => {
                    self.sink.window(simd, self.text, self.base, lines, &Columns::DEFAULT)
                }
                Layout::Known(columns) => {
                    self.sink.window(simd, self.text, self.base, lines, &columns)
                }
                Layout::Lacking(_) | Layout::Foreign => {
                    self.sink.window_of_others(self.text, self.base, lines)
                }
            };
            if next == self.at && !self.unsplit_line() {
                break;
            }
            self.at = self.at.max(next);
        }
        self.at
    }
}

impl Piece<'_> {
    /// Handles a line that has no newline within the window. False if it must wait for more text.
    #[cold]
    #[inline(never)]
    fn unsplit_line(&mut self) -> bool {
        let rest = &self.text[self.at..];
        let newline = memchr::memchr(b'\n', rest);
        if self.sink.records.is_skipping {
            self.sink.records.is_skipping = newline.is_none();
            self.at += newline.map_or(rest.len(), |it| it + 1);
            return true;
        }
        let len = newline.unwrap_or(rest.len());
        if newline.is_none() && !self.last && len <= self.sink.records.record_bytes {
            return false;
        }
        self.sink.records.is_skipping = newline.is_none() && !self.last;
        let spaces = memchr::memchr_iter(b' ', &rest[..len.min(self.sink.records.record_bytes)]);
        let mut ends: Vec<u32> =
            spaces.take(FIELDS_MAX).map(|space| (self.at + space) as u32).collect();
        ends.push((self.at + len) as u32);
        let before = self.sink.out.rows.len();
        self.sink.line(&Fields::new(self.text, self.at, &ends), self.at, self.base);
        self.sink.report.records += (self.sink.out.rows.len() - before) as u64;
        self.at += len + usize::from(newline.is_some());
        true
    }
}

impl Sink<'_> {
    #[inline(always)]
    fn has_room(&self) -> bool {
        self.out.rows.len() < self.records.block_rows
    }

    /// Reads lines until the window ends, the block is full or the columns change; returns where to go on.
    #[inline(always)]
    fn window<S: Simd>(
        &mut self,
        simd: S,
        text: &[u8],
        base: u64,
        mut lines: Lines<'_>,
        columns: &Columns,
    ) -> usize {
        let room = self.records.block_rows.saturating_sub(self.out.rows.len()).min(lines.len());
        self.out.rows.reserve(room);
        self.out.origins.reserve(room);
        let before = self.out.rows.len();
        while self.has_room() {
            let Some(line) = lines.next_line() else { break };
            let fields = Fields::new(text, line.start(), line.marks());
            if fields.count() == columns.count as usize
                && let Some(wide) = line.wide()
                && let Some(flow) = record::fast(
                    simd,
                    &wide,
                    columns,
                    &mut self.records.interfaces,
                    &fields,
                    self.out,
                )
            {
                let offset = base + line.start() as u64;
                let len = (line.end() - line.start()) as u32;
                self.out.rows.push(flow);
                self.out.origins.push(Origin { object: self.records.object, len, offset });
            } else if self.line(&fields, line.start(), base) {
                break;
            }
        }
        self.report.records += (self.out.rows.len() - before) as u64;
        lines.position()
    }

    /// As `window` where no line can become a row until a header comes.
    #[cold]
    #[inline(never)]
    fn window_of_others(&mut self, text: &[u8], base: u64, mut lines: Lines<'_>) -> usize {
        while let Some(line) = lines.next_line() {
            let fields = Fields::new(text, line.start(), line.marks());
            if self.line(&fields, line.start(), base) {
                break;
            }
        }
        lines.position()
    }

    /// Handles a line of any kind. True if it was a header.
    #[inline(never)]
    fn line(&mut self, fields: &Fields<'_>, start: usize, base: u64) -> bool {
        let line = fields.line();
        if line.iter().all(u8::is_ascii_whitespace) {
            return false;
        }
        let offset = base + start as u64;
        let cause = match self.read(fields) {
            Ok(flow) => {
                let origin = Origin {
                    object: self.records.object,
                    len: line.len().min(u32::MAX as usize) as u32,
                    offset,
                };
                self.out.rows.push(flow);
                self.out.origins.push(origin);
                return false;
            }
            Err(Skip::NoData) => {
                self.report.no_data += 1;
                return false;
            }
            Err(Skip::LeftOut) => {
                self.report.skip_data += 1;
                return false;
            }
            Err(Skip::Bad(cause)) => cause,
        };
        if let Some(layout) = Layout::from_header(line) {
            self.records.layout = layout;
            return true;
        }
        self.skip(cause, line, offset);
        false
    }

    fn read(&mut self, fields: &Fields<'_>) -> Result<crate::Flow, Skip> {
        if fields.line().len() > self.records.record_bytes {
            return Err(Skip::Bad(Cause::RecordTooLong));
        }
        match &self.records.layout {
            Layout::Known(columns) if fields.count() == columns.count as usize => {
                record::complete(fields, columns, &mut self.records.interfaces, self.out)
            }
            Layout::Known(_) if fields.get(1) == GATEWAY => Err(Skip::Bad(Cause::UnknownFormat)),
            Layout::Known(_) => Err(Skip::Bad(Cause::WrongFieldCount)),
            Layout::Lacking(_) => Err(Skip::Bad(Cause::MissingField)),
            Layout::Foreign => Err(Skip::Bad(Cause::UnknownFormat)),
        }
    }

    fn skip(&mut self, cause: Cause, line: &[u8], offset: u64) {
        if let Layout::Lacking(names) = &self.records.layout
            && !self.records.is_lack_reported
        {
            self.records.is_lack_reported = true;
            let sample = [b"the header lacks ", names.as_bytes(), b": ", line].concat();
            self.report.skip(cause, self.records.object, offset, &sample);
            return;
        }
        self.report.skip(cause, self.records.object, offset, line);
    }
}
