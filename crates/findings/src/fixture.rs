//! Drafts and types for this crate's tests.

use model::{AccountId, Origin, Region, Severity, Timestamp};

use crate::{Data, Draft, EvidenceRef, FindingType};

/// A type that is raised from flows.
pub(crate) const SSH: &FindingType = &FindingType {
    name: "UnauthorizedAccess:EC2/SSHBruteForce",
    severity: Severity::LOW,
    title: "SSH brute force attack",
    about: "Many short SSH connections from one address: somebody guesses passwords.",
    detection: "Counts connections to port 22 per remote address and compares with `attempts`.",
    false_positives: "Configuration management and monitoring that log in often.",
    response: "Check the authentication log of the instance for an accepted login from this address.",
    techniques: &["T1110.001"],
    data: &[Data::VpcFlow],
    aggregation: "the instance that is attacked",
    is_own: false,
};

/// A draft of one occurrence, `minute` minutes after 2026-03-01T12:00:00Z.
pub(crate) fn draft(finding_type: &'static FindingType, key: &str, minute: i64) -> Draft {
    let time = Timestamp::parse("2026-03-01T12:00:00Z").unwrap().millis() + minute * 60_000;
    let time = Timestamp::from_millis(time);
    let account = AccountId::new(111_122_223_333).unwrap();
    let mut draft = Draft::new(finding_type, account, Region::new("eu-central-1"), key, time);
    draft.title = format!("198.51.100.7 performs SSH brute force attacks against {key}.");
    draft.evidence.push(EvidenceRef {
        time,
        origin: Origin { object: 1, len: 100, offset: minute.unsigned_abs() * 100 },
    });
    draft
}
