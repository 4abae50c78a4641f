//! What a reader counted: good records, records without data, and what was skipped and why.

use std::collections::BTreeMap;

use serde::Serialize;

/// Why something was skipped.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The record is not valid JSON.
    InvalidJson,
    /// The record holds bytes that are not UTF-8.
    InvalidUtf8,
    /// An address field holds something else.
    InvalidAddress,
    /// A number field holds something else or is out of range.
    InvalidNumber,
    /// A time field holds something else.
    InvalidTime,
    /// A field without which the record means nothing is absent.
    MissingField,
    /// A line has more or fewer fields than its header names.
    WrongFieldCount,
    /// The record is longer than [`crate::Limits::record_bytes`].
    RecordTooLong,
    /// The record is nested deeper than [`crate::Limits::depth`].
    TooDeep,
    /// The object ends inside of a record or of a compressed stream.
    Truncated,
    /// The compressed stream is damaged.
    CorruptCompression,
    /// The object grows beyond [`crate::Limits::object_bytes`] or [`crate::Limits::ratio`].
    DecompressionBomb,
    /// The content is none of the formats that are read.
    UnknownFormat,
    /// A CloudTrail digest file: it lists hashes of log files and holds no events.
    Digest,
}

impl Cause {
    /// Every cause, in its order.
    pub const ALL: [Cause; 14] = [
        Cause::InvalidJson,
        Cause::InvalidUtf8,
        Cause::InvalidAddress,
        Cause::InvalidNumber,
        Cause::InvalidTime,
        Cause::MissingField,
        Cause::WrongFieldCount,
        Cause::RecordTooLong,
        Cause::TooDeep,
        Cause::Truncated,
        Cause::CorruptCompression,
        Cause::DecompressionBomb,
        Cause::UnknownFormat,
        Cause::Digest,
    ];

    /// What is wrong, in a few words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Cause::InvalidJson => "invalid JSON",
            Cause::InvalidUtf8 => "not UTF-8",
            Cause::InvalidAddress => "invalid address",
            Cause::InvalidNumber => "invalid number",
            Cause::InvalidTime => "invalid time",
            Cause::MissingField => "missing field",
            Cause::WrongFieldCount => "wrong number of fields",
            Cause::RecordTooLong => "record too long",
            Cause::TooDeep => "nested too deeply",
            Cause::Truncated => "cut off",
            Cause::CorruptCompression => "damaged compression",
            Cause::DecompressionBomb => "decompresses to too much",
            Cause::UnknownFormat => "unknown format",
            Cause::Digest => "CloudTrail digest",
        }
    }

    /// What to check or do about it.
    pub const fn remedy(self) -> &'static str {
        match self {
            Cause::InvalidJson => {
                "compare the sample with the source; an edited or cut copy is usual"
            }
            Cause::InvalidUtf8 => "convert the file to UTF-8",
            Cause::InvalidAddress | Cause::InvalidNumber | Cause::InvalidTime => {
                "compare the sample with the source; for flow logs, check that the header line names the \
                 columns in the order of the lines"
            }
            Cause::MissingField => "use the complete records as AWS delivers them",
            Cause::WrongFieldCount => {
                "flow logs in a custom format need their header line; files of the same object must not be \
                 joined with files of another format"
            }
            Cause::RecordTooLong => "check whether lines or records lost their separators",
            Cause::TooDeep => "no AWS record is nested this deeply; treat the source as hostile",
            Cause::Truncated => "fetch the object again; the records before the cut were read",
            Cause::CorruptCompression => {
                "fetch the object again; what was decompressed before the damage was read"
            }
            Cause::DecompressionBomb => {
                "no log compresses this well; treat the source as hostile, or split the object"
            }
            Cause::UnknownFormat => {
                "give CloudTrail records, VPC flow logs or Route 53 Resolver query logs, plain, gzip or zstd; \
                 unpack xz, bzip2 and zip files first"
            }
            Cause::Digest => "nothing to do: digests hold no events",
        }
    }

    /// Whether data was lost, as opposed to content that is none of ours.
    pub const fn is_failure(self) -> bool {
        !matches!(self, Cause::Digest)
    }
}

/// The start of one skipped record.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Sample {
    /// Number of the object in the journal.
    pub object: u32,
    /// First byte of the record in the decompressed object.
    pub offset: u64,
    /// At most [`Sample::TEXT_MAX`] bytes of the record; control characters are escaped and what is not
    /// UTF-8 is replaced, so that it can be printed.
    pub text: String,
}

impl Sample {
    /// Longest text, in bytes.
    pub const TEXT_MAX: usize = 200;

    /// Takes the start of a record.
    pub fn new(object: u32, offset: u64, bytes: &[u8]) -> Sample {
        let head = &bytes[..bytes.len().min(Sample::TEXT_MAX)];
        let mut text = String::with_capacity(head.len());
        for c in String::from_utf8_lossy(head).chars() {
            let before = text.len();
            // Bidirectional and other format characters can turn printed text around: escaped as well.
            if c.is_control() || is_format(c) {
                text.extend(c.escape_default());
            } else {
                text.push(c);
            }
            if text.len() > Sample::TEXT_MAX {
                text.truncate(before);
                break;
            }
        }
        Sample { object, offset, text }
    }
}

/// Characters that are invisible or change the direction of what follows (Unicode category Cf, the part
/// that terminals act on).
const fn is_format(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Counts of one reader, or of many after [`Report::merge`].
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Report {
    /// Records that became rows.
    pub records: u64,
    /// Flow log lines that say that there was no traffic: NODATA.
    pub no_data: u64,
    /// Flow log lines that say that AWS left records out: SKIPDATA.
    pub skip_data: u64,
    /// Control messages and test events: they hold no records.
    pub control: u64,
    /// Decompressed bytes.
    pub bytes: u64,
    skipped: BTreeMap<Cause, (u64, Sample)>,
}

impl Report {
    /// Counts a skipped record. The sample of a cause is the first in the order of (object, offset).
    pub fn skip(&mut self, cause: Cause, object: u32, offset: u64, bytes: &[u8]) {
        match self.skipped.get_mut(&cause) {
            Some((count, sample)) => {
                *count += 1;
                if (object, offset) < (sample.object, sample.offset) {
                    *sample = Sample::new(object, offset, bytes);
                }
            }
            None => {
                self.skipped.insert(cause, (1, Sample::new(object, offset, bytes)));
            }
        }
    }

    /// Adds the counts of another report; the result does not depend on the order of merging.
    pub fn merge(&mut self, other: Report) {
        self.records += other.records;
        self.no_data += other.no_data;
        self.skip_data += other.skip_data;
        self.control += other.control;
        self.bytes += other.bytes;
        for (cause, (count, sample)) in other.skipped {
            match self.skipped.get_mut(&cause) {
                Some((total, kept)) => {
                    *total += count;
                    if sample < *kept {
                        *kept = sample;
                    }
                }
                None => {
                    self.skipped.insert(cause, (count, sample));
                }
            }
        }
    }

    /// What was skipped, by cause: number and sample.
    pub fn skipped(&self) -> impl Iterator<Item = (Cause, u64, &Sample)> {
        self.skipped.iter().map(|(cause, (count, sample))| (*cause, *count, sample))
    }

    /// How often something was skipped for this cause.
    pub fn count(&self, cause: Cause) -> u64 {
        self.skipped.get(&cause).map_or(0, |(count, _)| *count)
    }

    /// How often something was skipped that should have been read: all causes but [`Cause::Digest`].
    pub fn failed(&self) -> u64 {
        self.skipped().filter(|(cause, ..)| cause.is_failure()).map(|(_, count, _)| count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_short_and_printable() {
        let sample = Sample::new(1, 2, "a\u{1b}[31m\n\u{202e}ü".as_bytes());
        assert_eq!(sample.text, "a\\u{1b}[31m\\n\\u{202e}ü");
        let long = Sample::new(0, 0, &[0xff; 4000]);
        assert!(long.text.len() <= Sample::TEXT_MAX && !long.text.is_empty());
        assert!(Sample::new(0, 0, &[0x1b; 4000]).text.len() <= Sample::TEXT_MAX);
    }

    #[test]
    fn merging_is_independent_of_the_order() {
        let mut a = Report { records: 2, bytes: 10, ..Report::default() };
        a.skip(Cause::InvalidJson, 7, 5, b"later");
        let mut b = Report { records: 3, no_data: 1, ..Report::default() };
        b.skip(Cause::InvalidJson, 2, 9, b"first");
        b.skip(Cause::InvalidJson, 2, 3, b"really first");
        b.skip(Cause::Digest, 2, 0, b"{}");
        let mut ab = a.clone();
        ab.merge(b.clone());
        b.merge(a);
        assert_eq!(ab, b);
        assert_eq!((ab.records, ab.failed(), ab.count(Cause::InvalidJson)), (5, 3, 3));
        let (_, _, sample) = ab.skipped().next().unwrap();
        assert_eq!(sample.text, "really first");
    }

    #[test]
    fn every_cause_has_words() {
        for cause in Cause::ALL {
            assert!(!cause.as_str().is_empty() && !cause.remedy().is_empty());
        }
    }
}
