//! How a list is written: the formats that GuardDuty takes, and columns of any other kind.

use std::fmt;
use std::str::FromStr;

use crate::formats::{columns, csv};
use crate::parse::is_json;

/// Bytes at the beginning of a list that tell its format.
const SNIFFED_BYTES: usize = 4096;

/// How a list is written. Its text name is GuardDuty's own, as in `OTX_CSV`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ListFormat {
    /// One entry a line; `#` and `;` begin comments.
    Txt,
    /// Comma-separated values or a relative of them; a column holds the indicators.
    Csv,
    /// A package of STIX 1.x in XML, or a bundle of STIX 2.x in JSON.
    Stix,
    /// Open Threat Exchange.
    OtxCsv,
    /// The reputation feed of `AlienVault`.
    AlienVault,
    /// Proofpoint's lists of addresses or names.
    ProofPoint,
    /// `FireEye` iSIGHT.
    FireEye,
}

impl ListFormat {
    /// Every format.
    pub const ALL: [ListFormat; 7] = [
        ListFormat::Txt,
        ListFormat::Csv,
        ListFormat::Stix,
        ListFormat::OtxCsv,
        ListFormat::AlienVault,
        ListFormat::ProofPoint,
        ListFormat::FireEye,
    ];

    /// The name that GuardDuty gives the format
    /// (<https://docs.aws.amazon.com/guardduty/latest/APIReference/API_CreateThreatIntelSet.html>); `CSV` is ours.
    pub const fn as_str(self) -> &'static str {
        match self {
            ListFormat::Txt => "TXT",
            ListFormat::Csv => "CSV",
            ListFormat::Stix => "STIX",
            ListFormat::OtxCsv => "OTX_CSV",
            ListFormat::AlienVault => "ALIEN_VAULT",
            ListFormat::ProofPoint => "PROOF_POINT",
            ListFormat::FireEye => "FIRE_EYE",
        }
    }

    /// Finds the format by the name of the list and its first lines.
    pub fn detect(name: &str, bytes: &[u8]) -> ListFormat {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let begin = bytes.get(..SNIFFED_BYTES).unwrap_or(bytes);
        if is_json(begin) || is_stix_xml(begin) {
            return ListFormat::Stix;
        }
        for (format, layout) in [
            (ListFormat::OtxCsv, &columns::OTX_CSV),
            (ListFormat::ProofPoint, &columns::PROOF_POINT),
            (ListFormat::FireEye, &columns::FIRE_EYE),
            (ListFormat::AlienVault, &columns::ALIEN_VAULT),
        ] {
            if columns::fits(layout, bytes) {
                return format;
            }
        }
        let has_name = name
            .get(name.len().saturating_sub(4)..)
            .is_some_and(|it| it.eq_ignore_ascii_case(".csv"));
        if has_name || csv::looks_like_csv(bytes) { ListFormat::Csv } else { ListFormat::Txt }
    }
}

/// Whether a text is XML: no other format begins with a tag.
fn is_stix_xml(begin: &[u8]) -> bool {
    begin.trim_ascii_start().starts_with(b"<")
}

/// A text that names no format.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "unknown format `{0}`; known are TXT, CSV, STIX, OTX_CSV, ALIEN_VAULT, PROOF_POINT and FIRE_EYE"
)]
pub struct UnknownFormat(String);

impl FromStr for ListFormat {
    type Err = UnknownFormat;
    fn from_str(text: &str) -> Result<ListFormat, UnknownFormat> {
        let found = ListFormat::ALL.into_iter().find(|it| it.as_str() == text);
        found.ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

impl fmt::Display for ListFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_have_names() {
        for format in ListFormat::ALL {
            assert_eq!(format.as_str().parse(), Ok(format));
        }
        assert!("txt".parse::<ListFormat>().is_err());
    }

    #[test]
    fn the_first_lines_tell_the_format() {
        for (text, format) in [
            ("192.0.2.1\n", ListFormat::Txt),
            ("192.0.2.1 # 4#2\n", ListFormat::Txt),
            ("\u{feff}<?xml version=\"1.0\"?>", ListFormat::Stix),
            ("  {\"type\":\"bundle\"", ListFormat::Stix),
            ("ip,category,score\n", ListFormat::ProofPoint),
            ("ip,malware\n192.0.2.1,x\n", ListFormat::Csv),
            ("", ListFormat::Txt),
        ] {
            assert_eq!(ListFormat::detect("list", text.as_bytes()), format, "{text}");
        }
    }
}
