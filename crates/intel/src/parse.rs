//! Reading lists in any format: what is kept, what is refused and within which bounds.
//!
//! A list is hostile or at least careless input: what cannot be read is counted and a few samples are
//! kept, and the rest is used.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use model::{Addr, Hasher64};

use crate::entry::Entry;
use crate::format::ListFormat;
use crate::formats::{columns, csv, stix_json, stix_xml, txt};

/// The largest list that is read, by GuardDuty's own limit for list files.
pub(crate) const MAX_LIST_BYTES: usize = 35 << 20;
/// Entries of one list that are kept; further ones are refused.
pub(crate) const MAX_LIST_ENTRIES: usize = 5_000_000;
/// Problems of one list that are described; further ones are only counted.
const MAX_PROBLEMS: usize = 100;
/// Bytes of a line that a problem quotes.
const MAX_QUOTED_BYTES: usize = 120;
/// Different threat names of one list that are kept.
const MAX_LABELS: usize = 10_000;
/// Bytes of a threat name that are kept.
const MAX_LABEL_BYTES: usize = 200;

/// A line of a list that was not used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListProblem {
    /// The line, counted from 1, or the object of a bundle in JSON; 0 stands for the list as a whole.
    pub line: u64,
    /// The beginning of the line, without control characters.
    pub text: String,
    /// What is wrong.
    pub cause: &'static str,
}

/// Addresses from `first` to `last` inclusive.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Range<T> {
    pub(crate) first: T,
    pub(crate) last: T,
    pub(crate) label: u32,
}

/// A listed name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct ListedName {
    pub(crate) text: Box<str>,
    pub(crate) wildcard: bool,
    pub(crate) label: u32,
}

/// The entries of a list, sorted and each once.
#[derive(Clone, Debug, Default)]
pub struct ParsedList {
    pub(crate) v4: Vec<Range<u32>>,
    pub(crate) v6: Vec<Range<u128>>,
    pub(crate) names: Vec<ListedName>,
    pub(crate) files: Vec<([u8; 32], u32)>,
    /// Threat names, in the order of their first use.
    pub(crate) labels: Vec<String>,
    /// Lines, or parts of them, that were refused, described or not.
    pub refused: u64,
    /// How many were refused for which cause.
    pub causes: BTreeMap<&'static str, u64>,
}

impl ParsedList {
    /// Stands where an entry has no threat name.
    pub(crate) const NO_LABEL: u32 = u32::MAX;

    /// The number of different entries.
    pub fn len(&self) -> u64 {
        (self.v4.len() + self.v6.len() + self.names.len() + self.files.len()) as u64
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A hash of the entries and their threat names, whatever their order in the list was.
    pub fn content_hash(&self) -> u64 {
        let label = |it: u32| self.labels.get(it as usize).map_or("", String::as_str).as_bytes();
        let mut hash = Hasher64::default();
        for it in &self.v4 {
            hash =
                hash.number(u64::from(it.first) << 32 | u64::from(it.last)).bytes(label(it.label));
        }
        for it in &self.v6 {
            hash = hash.bytes(&it.first.to_le_bytes()).bytes(&it.last.to_le_bytes());
            hash = hash.bytes(label(it.label));
        }
        for it in &self.names {
            hash = hash.bytes(it.text.as_bytes()).number(u64::from(it.wildcard));
            hash = hash.bytes(label(it.label));
        }
        for it in &self.files {
            hash = hash.bytes(&it.0).bytes(label(it.1));
        }
        hash.finish()
    }

    /// All ranges in the bits of [`Addr`], with their labels.
    pub(crate) fn addr_ranges(&self) -> impl Iterator<Item = (u128, u128, u32)> {
        let v4 = |it: u32| Addr::from_v4(it).bits();
        let mapped = self.v4.iter().map(move |it| (v4(it.first), v4(it.last), it.label));
        mapped.chain(self.v6.iter().map(|it| (it.first, it.last, it.label)))
    }

    fn normalize(&mut self) {
        self.v4.sort_unstable();
        self.v4.dedup_by_key(|it| (it.first, it.last));
        self.v6.sort_unstable();
        self.v6.dedup_by_key(|it| (it.first, it.last));
        self.names.sort_unstable();
        self.names.dedup_by(|later, first| {
            (&later.text, later.wildcard) == (&first.text, first.wildcard)
        });
        self.files.sort_unstable();
        self.files.dedup_by_key(|it| it.0);
    }
}

/// Collects entries and problems while a list is read.
#[derive(Default)]
pub(crate) struct Reading {
    pub(crate) list: ParsedList,
    problems: Vec<ListProblem>,
    label_numbers: HashMap<String, u32>,
}

impl Reading {
    /// Reads one indicator of a line.
    pub(crate) fn entry(&mut self, line: u64, text: &str, label: &str) {
        if self.list.len() as usize >= MAX_LIST_ENTRIES {
            return self.problem(line, text, "the list has more entries than are kept");
        }
        match Entry::parse(text) {
            Ok(entry) => {
                let label = self.label(label);
                self.keep(entry, label);
            }
            Err(cause) => self.problem(line, text, cause),
        }
    }

    fn keep(&mut self, entry: Entry, label: u32) {
        let list = &mut self.list;
        match entry {
            Entry::V4 { first, last } => list.v4.push(Range { first, last, label }),
            Entry::V6 { first, last } => list.v6.push(Range { first, last, label }),
            Entry::Name { text, wildcard } => list.names.push(ListedName { text, wildcard, label }),
            Entry::File(hash) => list.files.push((hash, label)),
        }
    }

    fn label(&mut self, text: &str) -> u32 {
        let text = text.trim();
        if text.is_empty() {
            return ParsedList::NO_LABEL;
        }
        let text = quote(text, MAX_LABEL_BYTES);
        if let Some(&number) = self.label_numbers.get(&text) {
            return number;
        }
        let number = self.list.labels.len();
        if number >= MAX_LABELS {
            return ParsedList::NO_LABEL;
        }
        self.list.labels.push(text.clone());
        self.label_numbers.insert(text, number as u32);
        number as u32
    }

    pub(crate) fn problem(&mut self, line: u64, text: &str, cause: &'static str) {
        self.list.refused += 1;
        *self.list.causes.entry(cause).or_default() += 1;
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(ListProblem { line, text: quote(text, MAX_QUOTED_BYTES), cause });
        }
    }
}

/// The beginning of a text, whole characters, control characters replaced.
fn quote(text: &str, max_bytes: usize) -> String {
    let end = text.floor_char_boundary(max_bytes);
    let shown = text.get(..end).unwrap_or_default();
    shown.chars().map(|it| if it.is_control() { '\u{fffd}' } else { it }).collect()
}

/// Reads a list whose format is found by its name and content.
pub fn parse_list(name: &str, bytes: &[u8]) -> (ParsedList, Vec<ListProblem>) {
    parse_list_as(ListFormat::detect(name, bytes), bytes)
}

/// Reads a list of a known format.
pub fn parse_list_as(format: ListFormat, bytes: &[u8]) -> (ParsedList, Vec<ListProblem>) {
    let mut reading = Reading::default();
    if bytes.len() > MAX_LIST_BYTES {
        reading.problem(0, "", "the list is larger than 35 MB; nothing of it is used");
    } else {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        match format {
            ListFormat::Txt => txt::read(bytes, &mut reading),
            ListFormat::Csv => csv::read(bytes, &mut reading),
            ListFormat::Stix if is_json(bytes) => stix_json::read(bytes, &mut reading),
            ListFormat::Stix => stix_xml::read(bytes, &mut reading),
            ListFormat::OtxCsv => columns::read(&columns::OTX_CSV, bytes, &mut reading),
            ListFormat::AlienVault => columns::read(&columns::ALIEN_VAULT, bytes, &mut reading),
            ListFormat::ProofPoint => columns::read(&columns::PROOF_POINT, bytes, &mut reading),
            ListFormat::FireEye => columns::read(&columns::FIRE_EYE, bytes, &mut reading),
        }
    }
    reading.list.normalize();
    (reading.list, reading.problems)
}

/// Whether a text begins like JSON.
pub(crate) fn is_json(bytes: &[u8]) -> bool {
    matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'['))
}

/// The lines of a list with their numbers, trimmed.
pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    (1..).zip(bytes.split(|&b| b == b'\n').map(<[u8]>::trim_ascii))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_txt(text: &[u8]) -> (ParsedList, Vec<ListProblem>) {
        parse_list("list.txt", text)
    }

    #[test]
    fn plain_lists_are_read() {
        let text = b"\xef\xbb\xbf# a comment\r\n\r\n192.0.2.1\r\n; another\r\n192.0.2.0/24 # network\r\n\
            198.51.100.1 - 198.51.100.9\r\n203.0.113.5\t7\r\n2001:db8::/32\nexample.com\n*.example.org\n\
            0A0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a\n192.0.2.1";
        let (list, problems) = check_txt(text);
        assert_eq!(problems, []);
        assert_eq!(
            (list.v4.len(), list.v6.len(), list.names.len(), list.files.len()),
            (4, 1, 2, 1)
        );
        assert_eq!((list.len(), list.refused), (8, 0));
    }

    #[test]
    fn bad_lines_are_counted_and_described() {
        let (list, problems) = check_txt(b"192.0.2.1\nnonsense\n\xff\xfe\n192.0.2.2 and more\n");
        assert_eq!((list.len(), list.refused), (1, 3));
        assert_eq!(problems.iter().map(|it| it.line).collect::<Vec<_>>(), [2, 3, 4]);
        assert_eq!(problems[0].text, "nonsense");
    }

    #[test]
    fn hostile_lists_stay_within_bounds() {
        let (list, problems) = check_txt(&b"!\n".repeat(10_000));
        assert_eq!((list.refused, problems.len()), (10_000, MAX_PROBLEMS));
        let (list, problems) = check_txt(&b"\x1b[2J\xc3\xa4".repeat(100_000));
        assert_eq!((list.len(), problems.len()), (0, 1));
        assert!(problems[0].text.len() <= 3 * MAX_QUOTED_BYTES);
        assert!(!problems[0].text.contains('\x1b'));
        let (list, problems) = check_txt(&vec![b'1'; MAX_LIST_BYTES + 1]);
        assert!(list.is_empty());
        assert_eq!((problems.len(), problems[0].line), (1, 0));
        for bytes in
            [&b""[..], b"\n", b"\xef\xbb\xbf", b"\0\0\0", b",,,,\n,,,,", b"\"", b"#", b"a,b"]
        {
            for name in ["x.csv", "x.txt"] {
                assert!(parse_list(name, bytes).0.is_empty());
            }
        }
    }

    #[test]
    fn every_cut_of_a_list_is_read_without_panic() {
        let text =
            "indicator,name\n\"192.0.2.1\",\"Häs, comma\"\n*.example.org,x\n::1/128,y\n1-2,z\n";
        for cut in 0..text.len() {
            let bytes = &text.as_bytes()[..cut];
            let count = text.lines().count() as u64;
            for format in [ListFormat::Txt, ListFormat::Csv] {
                let (list, _) = parse_list_as(format, bytes);
                assert!(list.len() + list.refused <= count);
            }
        }
    }

    #[test]
    fn equal_entries_have_equal_hashes_in_any_order() {
        let hash = |text: &str| check_txt(text.as_bytes()).0.content_hash();
        assert_eq!(hash("192.0.2.1\nexample.com"), hash("example.com\n192.0.2.1\n192.0.2.1"));
        assert_ne!(hash("example.com"), hash("*.example.com"));
        assert_ne!(hash("192.0.2.1"), hash("192.0.2.2"));
    }
}
