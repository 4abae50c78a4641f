//! Formats, told from content: nobody is asked which one a file has.

use serde::Serialize;

use crate::dns::DnsParser;
use crate::envelope::is_encoded_gzip;
use crate::flow::FlowParser;

/// What the records of an object are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// CloudTrail records.
    CloudTrail,
    /// VPC flow log lines.
    Flow,
    /// Route 53 Resolver query log records.
    Dns,
    /// Records inside of envelopes: EventBridge, CloudWatch Logs, Firehose, output of the AWS CLI.
    Envelope,
}

/// How a text is cut into records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Layout {
    /// There is nothing but white space.
    Empty,
    /// JSON values in any arrangement.
    Json,
    /// A resolver query on each line.
    QueryLines,
    /// A flow log record on each line, perhaps behind a header.
    FlowLines,
    /// Base64 of gzip on each line.
    EncodedLines,
    /// None of these.
    Unknown,
}

/// Begins of compressed files that are not read. What damage left of a log does not begin so.
const PACKED: [&[u8]; 6] = [
    b"\xfd7zXZ\0",         // xz
    b"BZh",                // bzip2
    b"PK\x03\x04",         // zip
    b"7z\xbc\xaf\x27\x1c", // 7-Zip
    b"\x04\x22\x4d\x18",   // LZ4
    b"\xff\x06\0\0sNaPpY", // Snappy
];

/// Lines that are looked at before a text is given up.
const LINES_MAX: usize = 16;

/// Bytes that are looked at.
const HEAD_MAX: usize = 16 << 10;

/// Tells the layout from the start of a text; `kind` is what the object's key says, for texts whose first
/// lines are damaged.
pub(crate) fn layout(text: &[u8], kind: Option<Format>) -> Layout {
    if PACKED.iter().any(|it| text.starts_with(it)) {
        return Layout::Unknown;
    }
    let text = without_bom(text).trim_ascii_start();
    let first = line(text);
    match text.first() {
        None => return Layout::Empty,
        Some(b'{') if DnsParser::looks_like(first) => return Layout::QueryLines,
        Some(b'{' | b'[') => return Layout::Json,
        Some(_) if is_encoded_gzip(text) => return Layout::EncodedLines,
        Some(_) => {}
    }
    for line in lines(text) {
        if FlowParser::looks_like(line) {
            return Layout::FlowLines;
        }
        // Behind damage or the time that log exports put before each record.
        if line.contains(&b'{') {
            return Layout::Json;
        }
    }
    match kind {
        Some(Format::Flow) if first.is_ascii() => Layout::FlowLines,
        _ => Layout::Unknown,
    }
}

fn without_bom(text: &[u8]) -> &[u8] {
    text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text)
}

fn line(text: &[u8]) -> &[u8] {
    lines(text).next().unwrap_or_default()
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let head = text.get(..HEAD_MAX).unwrap_or(text);
    head.split(|b| *b == b'\n').take(LINES_MAX)
}
