//! Records of any format to rows, through whatever they are wrapped in.

use std::collections::VecDeque;
use std::sync::Arc;

use model::Origin;

use super::{Block, Options};
use crate::cloudtrail::{CloudTrailParser, Outcome};
use crate::codec::{self, PADDING};
use crate::dns::DnsParser;
use crate::envelope::{self, Contents};
use crate::flow::FlowParser;
use crate::json::{Splitter, Step};
use crate::{ApiRows, Cause, DnsRows, FlowRows, Format, Hint, Limits, Report};

/// Deepest nesting of envelopes, compressed and encoded texts inside of a record.
const WRAPPINGS_MAX: u8 = 6;

/// Calls after which the size of the others is guessed.
const SAMPLE: usize = 16;

/// Reads records and keeps the rows until a block is full.
pub(super) struct Records {
    options: Arc<Options>,
    object: u32,
    cloudtrail: CloudTrailParser,
    flow: FlowParser,
    dns: DnsParser,
    calls: ApiRows,
    flows: FlowRows,
    queries: DnsRows,
    ready: VecDeque<Block>,
    format: Option<Format>,
    /// Bytes that came out of compressed texts inside of records, against [`Limits::object_bytes`].
    inflated: u64,
    /// A copy of a record with padding behind it.
    padded: Vec<u8>,
}

impl Records {
    pub(super) fn new(object: u32, hint: &Hint, options: Arc<Options>) -> Records {
        Records {
            object,
            cloudtrail: CloudTrailParser::new(Arc::clone(&options), hint),
            flow: FlowParser::new(object, hint, &options.limits),
            dns: DnsParser::new(object, hint, &options.limits),
            calls: ApiRows::default(),
            flows: FlowRows::default(),
            queries: DnsRows::default(),
            ready: VecDeque::new(),
            format: None,
            inflated: 0,
            padded: Vec::new(),
            options,
        }
    }

    /// What the first record was.
    pub(super) fn format(&self) -> Option<Format> {
        self.format
    }

    /// The next full block.
    pub(super) fn full_block(&mut self) -> Option<Block> {
        self.ready.pop_front()
    }

    /// Whether a full block waits.
    pub(super) fn has_full_block(&self) -> bool {
        !self.ready.is_empty()
    }

    /// A block that is not full, at the end.
    pub(super) fn last_block(&mut self) -> Option<Block> {
        if !self.flows.rows.is_empty() {
            Some(Block::Flows(std::mem::take(&mut self.flows)))
        } else if !self.queries.rows.is_empty() {
            Some(Block::Queries(std::mem::take(&mut self.queries)))
        } else if !self.calls.rows.is_empty() {
            Some(Block::ApiCalls(std::mem::take(&mut self.calls)))
        } else {
            None
        }
    }

    /// Sets full blocks aside.
    fn cut_blocks(&mut self) {
        let most = self.options.limits.block_rows.max(1);
        if self.flows.rows.len() >= most {
            self.ready.push_back(Block::Flows(std::mem::take(&mut self.flows)));
        }
        if self.queries.rows.len() >= most {
            self.ready.push_back(Block::Queries(std::mem::take(&mut self.queries)));
        }
        // Spans reach 4 GiB: parameters may fill them before the rows do.
        if self.calls.rows.len() >= most || self.calls.text.len() > TEXT_MAX {
            self.ready.push_back(Block::ApiCalls(std::mem::take(&mut self.calls)));
        }
    }

    /// Reads flow log lines of the object itself; where to go on.
    pub(super) fn flow_lines(
        &mut self,
        text: &[u8],
        from: usize,
        base: u64,
        last: bool,
        report: &mut Report,
    ) -> usize {
        self.format.get_or_insert(Format::Flow);
        let next = self.flow.parse(text, from, base, last, &mut self.flows, report);
        self.cut_blocks();
        next
    }

    /// Reads query log lines of the object itself; where to go on.
    pub(super) fn query_lines(
        &mut self,
        text: &[u8],
        from: usize,
        base: u64,
        last: bool,
        report: &mut Report,
    ) -> usize {
        self.format.get_or_insert(Format::Dns);
        let next = self.dns.parse(text, from, base, last, &mut self.queries, report);
        self.cut_blocks();
        next
    }

    /// Whether [`Records::query_lines`] ended at a record of another format.
    pub(super) fn is_at_other(&self) -> bool {
        self.dns.is_at_other()
    }

    /// Reads the CloudTrail record that the text at an offset starts with, if the fast path can: its length.
    pub(super) fn quick(&mut self, text: &[u8], offset: u64, report: &mut Report) -> Option<usize> {
        let len = self.cloudtrail.quick(text, self.object, offset, &mut self.calls)?;
        if self.calls.rows.len() == SAMPLE {
            self.reserve_calls(text.len(), offset);
        }
        self.format.get_or_insert(Format::CloudTrail);
        report.records += 1;
        self.cut_blocks();
        Some(len)
    }

    /// Reserves for the calls of the text that is left what the first ones took, since growing step by
    /// step asks for twice the memory, all of it fresh.
    fn reserve_calls(&mut self, left: usize, offset: u64) {
        let start = self.calls.origins.first().map_or(offset, |it| it.offset);
        let per_row = (offset.saturating_sub(start) as usize / SAMPLE).max(1);
        let rows = (left / per_row * 9 / 8).min(self.options.limits.block_rows);
        self.calls.text.reserve((self.calls.text.len() / SAMPLE * rows).min(left));
        self.calls.rows.reserve(rows);
        self.calls.origins.reserve(rows);
    }

    /// Reads one JSON record; `Err` when it is not valid JSON.
    pub(super) fn record(
        &mut self,
        record: &[u8],
        origin: Origin,
        wrappings: u8,
        report: &mut Report,
    ) -> Result<(), ()> {
        // Checked here: sonic-rs hands out parts of its text before it knows that they are UTF-8.
        let Ok(text) = std::str::from_utf8(record) else {
            report.skip(Cause::InvalidUtf8, self.object, origin.offset, record);
            return Ok(());
        };
        match self.cloudtrail.parse(text, origin, &mut self.calls) {
            Outcome::Row => {
                self.format.get_or_insert(Format::CloudTrail);
                report.records += 1;
                self.cut_blocks();
            }
            Outcome::Other(shape) if shape & crate::cloudtrail::Shape::QUERY != 0 => {
                self.format.get_or_insert(Format::Dns);
                self.query(record, origin, report);
            }
            Outcome::Other(shape) => match envelope::open(text, shape) {
                Contents::Pieces(pieces) => {
                    self.format.get_or_insert(Format::Envelope);
                    for piece in pieces {
                        self.unwrap(&piece, origin, wrappings + 1, report);
                    }
                }
                Contents::Control => report.control += 1,
                Contents::Bad(cause) => report.skip(cause, self.object, origin.offset, record),
            },
            Outcome::Bad(cause) => {
                report.skip(cause, self.object, origin.offset, record);
                if cause == Cause::InvalidJson {
                    return Err(());
                }
            }
        }
        Ok(())
    }

    /// Reads a text that lay inside of a record: JSON, flow log lines, or either compressed or encoded.
    pub(super) fn unwrap(
        &mut self,
        piece: &[u8],
        origin: Origin,
        wrappings: u8,
        report: &mut Report,
    ) {
        if wrappings > WRAPPINGS_MAX {
            report.skip(Cause::TooDeep, self.object, origin.offset, piece);
            return;
        }
        let text = piece.trim_ascii();
        if codec::is_compressed(piece) {
            let inner = self.inflate(piece, origin, report);
            self.unwrap(&inner, origin, wrappings + 1, report);
        } else if matches!(text.first(), Some(b'{' | b'[')) {
            self.values(text, origin, wrappings, report);
        } else if envelope::is_encoded_gzip(text) {
            match envelope::decode(text) {
                Some(inner) => self.unwrap(&inner, origin, wrappings + 1, report),
                None => report.skip(Cause::Truncated, self.object, origin.offset, text),
            }
        } else if FlowParser::looks_like(text.split(|b| *b == b'\n').next().unwrap_or_default()) {
            self.flow_text(text, origin, report);
        } else {
            report.skip(Cause::UnknownFormat, self.object, origin.offset, text);
        }
    }

    fn values(&mut self, text: &[u8], origin: Origin, wrappings: u8, report: &mut Report) {
        let mut splitter = Splitter::new(&self.options.limits);
        let mut at = 0;
        loop {
            match splitter.next(text, 0, at, true) {
                Step::Record { start, end, .. } => {
                    let record = text.get(start..end).unwrap_or_default();
                    at = match self.record(record, origin, wrappings, report) {
                        Ok(()) => end,
                        Err(()) => splitter.recover(text, 0, start, end),
                    };
                }
                Step::Bad { cause, start, end } => {
                    let piece = text.get(start..end).unwrap_or_default();
                    report.skip(cause, self.object, origin.offset, piece);
                    at = end;
                }
                Step::More { .. } | Step::End => return,
            }
        }
    }

    /// Decompresses a text within what is left of the object's allowance.
    fn inflate(&mut self, piece: &[u8], origin: Origin, report: &mut Report) -> Vec<u8> {
        let left = self.options.limits.object_bytes.saturating_sub(self.inflated);
        let limits = Limits { object_bytes: left.min(INFLATED_MAX), ..self.options.limits.clone() };
        let (text, problem) = codec::decode_all(piece.to_vec(), &limits);
        self.inflated += text.len() as u64;
        if let Some(cause) = problem {
            report.skip(cause, self.object, origin.offset, piece);
        }
        text
    }

    fn query(&mut self, record: &[u8], origin: Origin, report: &mut Report) {
        self.padded.clear();
        // One line, as the parser of lines wants it: JSON has no line ends inside of strings.
        let line = |b: &u8| if matches!(b, b'\n' | b'\r') { b' ' } else { *b };
        self.padded.extend(record.iter().map(line));
        self.padded.resize(record.len() + PADDING, 0);
        let text = self.padded.get(..record.len()).unwrap_or_default();
        let before = self.queries.origins.len();
        self.dns.parse(text, 0, origin.offset, true, &mut self.queries, report);
        self.queries.origins.iter_mut().skip(before).for_each(|it| *it = origin);
        self.cut_blocks();
    }

    fn flow_text(&mut self, piece: &[u8], origin: Origin, report: &mut Report) {
        self.padded.clear();
        self.padded.extend_from_slice(piece);
        self.padded.resize(piece.len() + PADDING, 0);
        let mut at = 0;
        while at < piece.len() {
            let text = self.padded.get(..piece.len()).unwrap_or_default();
            let before = self.flows.origins.len();
            let next = self.flow.parse(text, at, origin.offset, true, &mut self.flows, report);
            self.flows.origins.iter_mut().skip(before).for_each(|it| *it = origin);
            self.cut_blocks();
            if next <= at {
                return;
            }
            at = next;
        }
    }
}

/// Text of a block of API calls after which it is cut.
const TEXT_MAX: usize = 256 << 20;

/// Most bytes that one compressed text inside of a record may become.
const INFLATED_MAX: u64 = 64 << 20;
