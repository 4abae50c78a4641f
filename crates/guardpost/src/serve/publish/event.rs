//! A finding as it is published: the event that GuardDuty sends to EventBridge
//! (<https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings_eventbridge.html>).

use engine::model::Timestamp;
use findings::Finding;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// One state of a finding.
pub(super) struct Event {
    /// The same for the same state of the finding: what is published again is known by it.
    pub(super) id: String,
    pub(super) finding: Finding,
}

impl Event {
    pub(super) fn of(finding: Finding) -> Event {
        let state = (&finding.id, finding.updated_at.millis(), finding.service.count);
        Event { id: uuid(&format!("{state:?}")), finding }
    }

    /// When the finding came to this state.
    pub(super) fn time(&self) -> Timestamp {
        self.finding.updated_at
    }

    /// The whole event.
    pub(super) fn body(&self) -> Value {
        let seconds = Timestamp::from_secs(self.time().secs()).to_string();
        json!({
            "version": "0",
            "id": self.id,
            "detail-type": "GuardDuty Finding",
            "source": "aws.guardduty",
            "account": self.finding.account_id.to_string(),
            "time": seconds.replace(".000Z", "Z"),
            "region": self.finding.region.as_str(),
            "resources": [],
            "detail": self.finding,
        })
    }

    /// A line for those that were given up.
    pub(super) fn dead_letter(&self, reason: &str) -> String {
        json!({ "reason": reason, "event": self.body() }).to_string()
    }
}

/// A UUID of version 8 (RFC 9562 section 5.8) from the hash of a text.
fn uuid(text: &str) -> String {
    let hash = Sha256::digest(text);
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(&hash).for_each(|(byte, it)| *byte = *it);
    let number = u128::from_be_bytes(bytes);
    let number = number & !(0xf << 76) | 0x8 << 76;
    let number = number & !(0x3 << 62) | 0x2 << 62;
    let digits = format!("{number:032x}");
    let part = |begin: usize, end: usize| digits.get(begin..end).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_have_the_form_of_a_uuid_and_follow_from_the_text() {
        let one = uuid("a");
        assert_eq!(one.len(), 36);
        let parts: Vec<&str> = one.split('-').collect();
        assert!(parts[2].starts_with('8') && "89ab".contains(&parts[3][..1]), "{one}");
        assert_eq!(uuid("a"), one);
        assert_ne!(uuid("b"), one);
    }
}
