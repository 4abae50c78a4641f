//! Lists in columns: which one holds the indicators is found by its heading and its content.
//!
//! Quoted cells are read by RFC 4180, except that a cell may not span lines.

use crate::entry::Entry;
use crate::formats::txt;
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
    if first_row(bytes).is_some_and(is_plain) {
        return false;
    }
    let Some(layout) = Layout::find(bytes) else { return false };
    // One entry with a score behind it is plain text, too.
    layout.separator != b'\t' || layout.headed
}

/// Whether a line is one of plain text: an entry and a comment, which may hold any separator, or a line of a
/// hosts file.
fn is_plain(line: &[u8]) -> bool {
    let Ok(line) = str::from_utf8(line) else { return false };
    let commented = line.split_once('#').filter(|it| it.0.ends_with([' ', '\t']));
    commented.is_some_and(|it| is_indicator(it.0)) || txt::hosts(line).is_some()
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
        let separator = separator(sample.first()?);
        let table: Vec<Vec<String>> = sample.iter().map(|it| split(it, separator)).collect();
        let first = table.first()?;
        let headed_by_row = !first.iter().any(|it| is_indicator(it));
        let headings = if headed_by_row {
            first.clone()
        } else {
            commented_headings(bytes, separator, first.len())
        };
        let headings: Vec<String> = headings.iter().map(|it| heading(it)).collect();
        let data = table.get(usize::from(headed_by_row)..).unwrap_or_default();
        let columns = data.iter().map(Vec::len).max().unwrap_or(0);
        let indicators = indicator_columns(data, columns, &headings);
        let label = LABEL_HEADINGS
            .iter()
            .find_map(|it| headings.iter().position(|heading| heading == it))
            .filter(|it| !indicators.contains(it));
        let headed = !headings.is_empty();
        let found = !indicators.is_empty() && (columns > 1 || headed);
        found.then_some(Layout { separator, indicators, label, headed, headed_by_row })
    }
}

/// The most frequent separator of a line; of equally frequent ones the first named.
fn separator(line: &[u8]) -> u8 {
    let count = |separator: &u8| line.split(|b| b == separator).count();
    SEPARATORS.into_iter().rev().max_by_key(count).unwrap_or(b',')
}

/// The columns that are headed as indicators and hold some; without such the one that holds most, of
/// equally good ones the first.
fn indicator_columns(data: &[Vec<String>], columns: usize, headings: &[String]) -> Vec<usize> {
    let holds = |row: &&Vec<String>, at: usize| row.get(at).is_some_and(|it| is_indicator(it));
    let score = |at: usize| data.iter().filter(|row| holds(row, at)).count();
    let known =
        |at: &usize| headings.get(*at).is_some_and(|it| INDICATOR_HEADINGS.contains(&it.as_str()));
    let named: Vec<usize> = (0..columns).filter(known).filter(|it| score(*it) > 0).collect();
    if !named.is_empty() {
        return named;
    }
    let best = (0..columns).rev().max_by_key(|it| score(*it));
    best.filter(|it| score(*it) > 0).into_iter().collect()
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

/// A heading in lower case, with underscores.
pub(crate) fn heading(text: &str) -> String {
    text.trim().to_ascii_lowercase().replace([' ', '-'], "_")
}

/// The lines that are neither empty nor comments.
pub(crate) fn rows(bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    lines(bytes).filter(|it| !it.1.is_empty() && !it.1.starts_with(b"#"))
}

fn is_indicator(cell: &str) -> bool {
    Entry::parse(without_port(cell.trim())).is_ok()
}

/// Takes the address of `192.0.2.1:443`, as lists of command and control servers write it.
pub(crate) fn without_port(text: &str) -> &str {
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

/// The first line that is neither empty nor a comment.
pub(crate) fn first_row(bytes: &[u8]) -> Option<&[u8]> {
    rows(bytes).next().map(|it| it.1)
}

/// The cells of a row. What is not UTF-8 is replaced.
pub(crate) fn split(line: &[u8], separator: u8) -> Vec<String> {
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

#[cfg(test)]
mod tests {
    use crate::format::ListFormat;
    use crate::parse::parse_list;

    /// Reads a list; gives its number of entries, refused rows and threat names.
    fn check(text: &str) -> (u64, u64, Vec<String>) {
        assert_eq!(ListFormat::detect("list", text.as_bytes()), ListFormat::Csv, "{text}");
        let (list, _) = parse_list("list", text.as_bytes());
        (list.len(), list.refused, list.labels.clone())
    }

    #[test]
    fn headings_name_the_columns() {
        let text = "Kind, Indicator, Description\n\
                    IPv4, 198.51.100.1, one\nCIDR, 192.0.2.0/24, two\nDomain name, example.com, one\n";
        assert_eq!(check(text), (3, 0, vec!["one".into(), "two".into()]));
    }

    #[test]
    fn headings_may_stand_in_a_comment() {
        let text = "# a feed\n# \"first_seen_utc\",\"dst_ip\",\"dst_port\",\"malware\"\n\
                    \"2026-01-01\",\"198.51.100.1\",\"443\",\"Some, bot\"\n";
        assert_eq!(check(text), (1, 0, vec!["Some, bot".into()]));
    }

    #[test]
    fn without_headings_the_content_names_the_column() {
        let text = "1;198.51.100.1:8443;x\n2;198.51.100.2;y\n3;nothing;z\n";
        assert_eq!(check(text), (2, 1, Vec::new()));
    }

    #[test]
    fn several_columns_may_hold_indicators() {
        let text = "number,sha256,ip,domain\n\
                    1,,198.51.100.1,example.com\n2,,,example.org\n3,,,\n";
        assert_eq!(check(text), (3, 1, Vec::new()));
    }

    #[test]
    fn quotes_are_undone() {
        let text = "domain,threat\n\"example.com\",\"the \"\"worst\"\"\"\n";
        assert_eq!(check(text), (1, 0, vec!["the \"worst\"".into()]));
    }

    #[test]
    fn plain_lists_are_not_taken_for_columns() {
        for text in
            ["192.0.2.1\n192.0.2.2\n", "192.0.2.1\t3\n192.0.2.2\t9\n", "example.com\n", "#\n"]
        {
            assert_eq!(ListFormat::detect("list", text.as_bytes()), ListFormat::Txt, "{text}");
        }
    }
}
