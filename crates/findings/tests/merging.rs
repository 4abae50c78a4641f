//! Merging keeps findings small, whatever they are made of.

use findings::{Data, Draft, EvidenceRef, FindingType};
use model::{AccountId, Origin, Region, Severity, Timestamp};

static SCAN: FindingType = FindingType {
    name: "Test:EC2/Scan",
    severity: Severity::LOW,
    title: "a test",
    about: "",
    detection: "",
    false_positives: "",
    response: "",
    techniques: &[],
    data: &[Data::VpcFlow],
    aggregation: "",
    is_own: false,
};

fn draft(minute: u32) -> Draft {
    let time = Timestamp::from_secs(i64::from(minute) * 60);
    let account = AccountId::new(111_122_223_333).expect("twelve digits");
    let mut draft = Draft::new(&SCAN, account, Region::new("us-east-1"), "i-1", time);
    let origin = Origin { object: 0, len: 100, offset: u64::from(minute) * 100 };
    draft.evidence.push(EvidenceRef { time, origin });
    draft
}

#[test]
fn the_earliest_evidence_stays_and_no_more_than_the_bound() {
    let mut merged = draft(20);
    (0..20).rev().for_each(|minute| merged.merge(draft(minute)));
    let minutes: Vec<i64> = merged.evidence.iter().map(|it| it.time.secs() / 60).collect();
    assert_eq!(minutes, (0..Draft::EVIDENCE_MAX as i64).collect::<Vec<_>>());
    assert_eq!(merged.count, 21);
}
