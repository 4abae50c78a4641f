//! Why a finding was raised: reasons, the records that support it, and what to do.
//!
//! In JSON it travels in `service.additionalInfo.value` under the key `guardpost`.

use std::fmt::Write as _;

use model::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::finding::iso;
use crate::{AdditionalInfo, Draft, EvidenceRef, Finding, Reason, redact};

/// The key of `service.additionalInfo.value` that holds the explanation.
pub const EXPLANATION_KEY: &str = "guardpost";

/// Why a finding was raised.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// Values that were measured, each with what it was compared with.
    #[serde(default)]
    pub reasons: Vec<Reason>,
    /// Records that support the finding, by time, secrets redacted.
    #[serde(default)]
    pub evidence: Vec<EvidenceRecord>,
    /// ATT&CK technique identifiers.
    #[serde(default)]
    pub techniques: Vec<String>,
    /// What to check first and what to do.
    #[serde(default)]
    pub response: String,
}

impl Explanation {
    /// What a draft and its type say. The evidence is empty: whoever can read the sources adds it.
    pub fn from_draft(draft: &Draft) -> Explanation {
        Explanation {
            reasons: draft.reasons.clone(),
            evidence: Vec::new(),
            techniques: draft.finding_type.techniques.iter().map(|&it| it.to_owned()).collect(),
            response: draft.finding_type.response.to_owned(),
        }
    }
}

/// One record that supports a finding.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceRecord {
    /// Event time of the record.
    #[serde(with = "iso")]
    pub time: Timestamp,
    /// The file or object that holds it.
    pub file: String,
    /// First byte of the record in the decompressed file.
    pub offset: u64,
    /// Length of the record in bytes.
    pub length: u64,
    /// SHA-256 of the record's bytes as they were read, in hexadecimal digits.
    pub sha256: String,
    /// The record without secrets, at most [`EvidenceRecord::TEXT_MAX`] bytes.
    pub text: String,
}

impl EvidenceRecord {
    /// Most bytes of a record that are shown.
    pub const TEXT_MAX: usize = 16 * 1024;

    /// Makes evidence from the bytes that `reference` points to. Secrets are removed from the text, which
    /// is cut after that; bytes that are not UTF-8 are replaced.
    pub fn new(reference: EvidenceRef, file: &str, record: &[u8]) -> EvidenceRecord {
        EvidenceRecord {
            time: reference.time,
            file: file.to_owned(),
            offset: reference.origin.offset,
            length: record.len() as u64,
            sha256: hex(&Sha256::digest(record)),
            text: cut(redact(&String::from_utf8_lossy(record)), EvidenceRecord::TEXT_MAX),
        }
    }
}

impl Finding {
    /// Puts the explanation into `service.additionalInfo`, in place of one that is there.
    pub fn set_explanation(&mut self, explanation: &Explanation) {
        let mut keys = self.service.additional_info.keys();
        if let Ok(value) = serde_json::to_value(explanation) {
            keys.insert(EXPLANATION_KEY.to_owned(), value);
        }
        let expanded = std::mem::take(&mut self.service.additional_info.expanded);
        self.service.additional_info = AdditionalInfo { expanded, ..AdditionalInfo::of(&keys) };
    }

    /// The explanation that the finding carries.
    pub fn explanation(&self) -> Option<Explanation> {
        let value = self.service.additional_info.keys().remove(EXPLANATION_KEY)?;
        serde_json::from_value(value).ok()
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ok = write!(text, "{byte:02x}");
    }
    text
}

/// Cuts at a character's boundary.
pub(crate) fn cut(mut text: String, max: usize) -> String {
    if text.len() > max {
        text.truncate(text.floor_char_boundary(max));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use model::Origin;

    use super::*;

    #[test]
    fn evidence_hides_secrets_and_names_the_bytes_as_read() {
        let origin = Origin { object: 1, len: 9, offset: 7 };
        let reference = EvidenceRef { time: Timestamp::from_secs(0), origin };
        let record = EvidenceRecord::new(reference, "a.json", br#"{"password":"abc"}"#);
        assert_eq!(record.text, r#"{"password":"[redacted]"}"#);
        assert_eq!((record.offset, record.length), (7, 18));
        // By `printf '{"password":"abc"}' | sha256sum`.
        assert_eq!(
            record.sha256,
            "ea63d636ab8c6e11193a9c3ba3aa629072c2c208a02756602f1fefa32303b8ab"
        );
        let long =
            EvidenceRecord::new(reference, "a", &b"\xc3\xa9".repeat(EvidenceRecord::TEXT_MAX));
        assert!(long.text.len() <= EvidenceRecord::TEXT_MAX + '…'.len_utf8());
    }
}
