//! Lists in columns: which one holds the indicators is found by its heading and its content.
//!
//! Quoted cells are read by RFC 4180, except that a cell may not span lines.

use crate::entry::Entry;
use crate::parse::{Reading, lines};

/// Rows that are looked at to find the separator and the columns.
const SAMPLE_ROWS: usize = 50;
/// Cells of a row that are read.
const MAX_CELLS: usize = 64;
const SEPARATORS: [u8; 4] = [b',', b'\t', b';', b'|'];
/// Headings of columns that hold indicators, in lower case.
const INDICATOR_HEADINGS: [&str; 24] = [
    "indicator",
    "indicator_value",
    "ioc",
    "ioc_value",
    "ip",
    "ips",
    "ip_address",
    "ipaddress",
    "address",
    "ipv4",
    "ipv6",
    "cidr",
    "network",
    "prefix",
    "range",
    "dst_ip",
    "src_ip",
    "domain",
    "domain_name",
    "hostname",
    "host",
    "fqdn",
    "sha256",
    "sha256_hash",
];
/// Headings of columns that hold threat names, the best first.
const LABEL_HEADINGS: [&str; 9] = [
    "threat_name",
    "threat",
    "malware",
    "malware_family",
    "malware_printable",
    "family",
    "name",
    "description",
    "category",
];

/// Whether the first line that is no comment has an indicator in one of several cells.
pub(crate) fn looks_like_csv(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let Some(layout) = Layout::find(bytes) else { return false };
    // One entry with a score behind it is plain text, too.
    layout.separator != b'\t' || layout.headed
}

/// Reads all rows.
pub(crate) fn read(bytes: &[u8], reading: &mut Reading) {
    let Some(layout) = Layout::find(bytes) else {
        return reading.problem(0, "", "no column holds indicators");
    };
    for (number, line) in rows(bytes).skip(usize::from(layout.headed_by_row)) {
        let cells = split(line, layout.separator);
        let cell = |at: usize| cells.get(at).map_or("", String::as_str).trim();
        let label = layout.label.map_or("", cell);
        let mut found = false;
        for text in layout.indicators.iter().map(|&at| cell(at)).filter(|it| !it.is_empty()) {
            found = true;
            reading.entry(number, without_port(text), label);
        }
        if !found {
            reading.problem(number, &String::from_utf8_lossy(line), "no indicator in the row");
        }
    }
}

/// Where things stand in the rows.
struct Layout {
    separator: u8,
    indicators: Vec<usize>,
    label: Option<usize>,
    /// There is a line of headings, be it a row or a comment.
    headed: bool,
    /// The first row holds the headings.
    headed_by_row: bool,
}

impl Layout {
    fn find(bytes: &[u8]) -> Option<Layout> {
        let sample: Vec<&[u8]> = rows(bytes).take(SAMPLE_ROWS + 1).map(|it| it.1).collect();
        let first = *sample.first()?;
        let count = |separator: u8| first.iter().filter(|b| **b == separator).count();
        // Of equally frequent separators the first named wins.
        let separator = SEPARATORS.into_iter().rev().max_by_key(|it| count(*it))?;
        if count(separator) == 0 && sample.len() < 2 {
            return None;
        }
        let split_row = |line: &&[u8]| split(line, separator);
        let table: Vec<Vec<String>> = sample.iter().map(split_row).collect();
        let hits = |row: &Vec<String>, at: usize| row.get(at).is_some_and(|it| is_indicator(it));
        let headed_by_row =
            table.first().is_some_and(|row| (0..row.len()).all(|at| !hits(row, at)));
        let headings = if headed_by_row {
            table.first().cloned().unwrap_or_default()
        } else {
            commented_headings(bytes, separator, table.first().map_or(0, Vec::len))
        };
        let headings: Vec<String> = headings.iter().map(|it| heading(it)).collect();
        let data = table.get(usize::from(headed_by_row)..).unwrap_or_default();
        let score = |at: usize| data.iter().filter(|row| hits(row, at)).count();
        let columns = data.iter().map(Vec::len).max().unwrap_or(0);
        let known = |at: &usize| {
            headings.get(*at).is_some_and(|it| INDICATOR_HEADINGS.contains(&it.as_str()))
        };
        let mut indicators: Vec<usize> =
            (0..columns).filter(known).filter(|it| score(*it) > 0).collect();
        if indicators.is_empty() {
            // Of equally good columns the first.
            let best = (0..columns).rev().max_by_key(|it| score(*it))?;
            if score(best) == 0 {
                return None;
            }
            indicators.push(best);
        }
        let label = LABEL_HEADINGS
            .iter()
            .find_map(|it| headings.iter().position(|heading| heading == it))
            .filter(|it| !indicators.contains(it));
        let headed = !headings.is_empty();
        (columns > 1 || headed).then_some(Layout {
            separator,
            indicators,
            label,
            headed,
            headed_by_row,
        })
    }
}

/// Headings in the last comment before the first row, if it has as many cells.
fn commented_headings(bytes: &[u8], separator: u8, cells: usize) -> Vec<String> {
    let comments =
        lines(bytes).map(|it| it.1).take_while(|it| it.is_empty() || it.starts_with(b"#"));
    let last = comments.filter(|it| !it.is_empty()).last().unwrap_or_default();
    let text = last.strip_prefix(b"#").unwrap_or_default().trim_ascii();
    let headings = split(text, separator);
    if cells > 1 && headings.len() == cells { headings } else { Vec::new() }
}

fn heading(text: &str) -> String {
    text.trim().to_ascii_lowercase().replace([' ', '-'], "_")
}

/// The lines that are neither empty nor comments.
fn rows(bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    lines(bytes).filter(|it| !it.1.is_empty() && !it.1.starts_with(b"#"))
}

fn is_indicator(cell: &str) -> bool {
    Entry::parse(without_port(cell.trim())).is_ok()
}

/// Takes the address of `192.0.2.1:443`, as lists of command and control servers write it.
fn without_port(text: &str) -> &str {
    match text.split_once(':') {
        Some((host, port))
            if host.contains('.')
                && !port.is_empty()
                && port.bytes().all(|b| b.is_ascii_digit()) =>
        {
            host
        }
        _ => text,
    }
}

/// The cells of a row. What is not UTF-8 is replaced.
fn split(line: &[u8], separator: u8) -> Vec<String> {
    let mut cells = Vec::new();
    let mut cell = Vec::new();
    let mut quoted = false;
    let mut bytes = line.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if quoted && bytes.next_if_eq(&b'"').is_some() => cell.push(b'"'),
            b'"' if quoted => quoted = false,
            b'"' if cell.trim_ascii().is_empty() => {
                cell.clear();
                quoted = true;
            }
            _ if byte == separator && !quoted => {
                cells.push(String::from_utf8_lossy(&cell).into_owned());
                cell.clear();
                if cells.len() == MAX_CELLS {
                    return cells;
                }
            }
            _ => cell.push(byte),
        }
    }
    cells.push(String::from_utf8_lossy(&cell).into_owned());
    cells
}
