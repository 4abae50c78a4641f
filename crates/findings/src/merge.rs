//! How drafts become a finding: merging, and writing the merged draft in GuardDuty's form.
//!
//! Merging is associative and commutative, so neither the order of drafts nor their grouping into
//! batches shows in a finding.

use std::cmp::Ordering;
use std::time::Duration;

use model::{Region, Timestamp};

use crate::finding::{AdditionalInfo, Evidence, Finding, Service};
use crate::{Action, Data, Draft, Explanation, detector_id, finding_id};

/// How long GuardDuty keeps a finding after its last occurrence; later activity makes a new one
/// (<https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings.html>).
pub const RETENTION: Duration = Duration::from_hours(90 * 24);

impl Draft {
    /// Adds the occurrences of another draft with the same [`Draft::aggregation_key`].
    ///
    /// Occurrences add, the severity is the greater one, first and last seen widen, the evidence is the
    /// [`Draft::EVIDENCE_MAX`] smallest by (time, origin). The details are those of the draft that ends
    /// later; among equals their serialized form decides, so that the order of merging does not.
    pub fn merge(&mut self, mut other: Draft) {
        if self.cmp_details(&other) == Ordering::Less {
            std::mem::swap(self, &mut other);
        }
        self.count = self.count.saturating_add(other.count);
        self.severity = self.severity.max(other.severity);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.evidence.append(&mut other.evidence);
        self.settle_evidence();
    }

    /// Brings the evidence into the form that merging keeps: sorted, distinct, bounded.
    pub fn settle_evidence(&mut self) {
        self.evidence.sort_unstable();
        self.evidence.dedup();
        self.evidence.truncate(Draft::EVIDENCE_MAX);
    }

    /// Whether this draft is too late for a finding that was last seen at `last_seen`: it opens a new
    /// generation.
    pub fn opens_generation(&self, last_seen: Timestamp) -> bool {
        self.first > last_seen + RETENTION
    }

    /// A total order for drafts of one aggregation key that does not depend on how they arrived.
    pub fn cmp_time(&self, other: &Draft) -> Ordering {
        self.first.cmp(&other.first).then_with(|| self.cmp_details(other))
    }

    fn cmp_details(&self, other: &Draft) -> Ordering {
        // Serializing is left for ties, which are rare.
        self.last.cmp(&other.last).then_with(|| self.details().cmp(&other.details()))
    }

    /// The details as bytes: whole, since a hash could collide and then the order would matter.
    fn details(&self) -> Vec<u8> {
        let details = (
            (&self.title, &self.description),
            (&self.resource, &self.action),
            (&self.additional, &self.intel, &self.reasons),
        );
        serde_json::to_vec(&details).unwrap_or_default()
    }
}

impl Finding {
    /// Writes a merged draft as the finding of the given generation, with its reasons as explanation.
    pub fn from_draft(draft: &Draft, generation: u32, commits: Commits) -> Finding {
        let detector = detector_id(draft.account, &draft.region);
        let id = finding_id(&draft.aggregation_key(), generation);
        let mut finding = Finding {
            schema_version: Finding::SCHEMA_VERSION.to_owned(),
            account_id: draft.account,
            region: draft.region,
            partition: draft.region.partition().to_owned(),
            arn: finding_arn(draft, &draft.region, &detector, &id),
            id,
            finding_type: draft.finding_type.name.to_owned(),
            resource: draft.resource.clone(),
            service: service(draft, detector),
            severity: draft.severity,
            confidence: None,
            created_at: commits.first,
            updated_at: commits.last,
            title: if draft.title.is_empty() { draft.finding_type.title } else { &draft.title }
                .to_owned(),
            description: draft.description.clone(),
            associated_attack_sequence_arn: None,
            custom_detection_rule_name: custom_rule(draft).map(str::to_owned),
        };
        finding.set_explanation(&Explanation::from_draft(draft));
        finding
    }
}

/// When a finding was committed first and last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Commits {
    /// `createdAt`.
    pub first: Timestamp,
    /// `updatedAt`.
    pub last: Timestamp,
}

fn finding_arn(draft: &Draft, region: &Region, detector: &str, id: &str) -> String {
    let (partition, account) = (region.partition(), draft.account);
    format!("arn:{partition}:guardduty:{region}:{account}:detector/{detector}/finding/{id}")
}

fn service(draft: &Draft, detector_id: String) -> Service {
    let has_action = draft.action != Action::default();
    let intel = &draft.intel;
    Service {
        service_name: Finding::SERVICE_NAME.to_owned(),
        detector_id,
        action: has_action.then(|| draft.action.clone()),
        evidence: (!intel.is_empty())
            .then(|| Evidence { threat_intelligence_details: intel.clone() }),
        detection: draft.additional.get(Draft::DETECTION).cloned(),
        resource_role: Some(draft.role),
        additional_info: additional_info(draft),
        feature_name: feature_name(draft).map(str::to_owned),
        event_first_seen: draft.first,
        event_last_seen: draft.last,
        archived: false,
        count: draft.count,
        user_feedback: None,
    }
}

fn custom_rule(draft: &Draft) -> Option<&str> {
    draft.additional.get(Draft::CUSTOM_RULE)?.as_str()
}

/// The keys of a draft but those that are members of the finding.
fn additional_info(draft: &Draft) -> AdditionalInfo {
    const MEMBERS: [&str; 2] = [Draft::CUSTOM_RULE, Draft::DETECTION];
    if MEMBERS.iter().all(|it| !draft.additional.contains_key(*it)) {
        return AdditionalInfo::of(&draft.additional);
    }
    let mut additional = draft.additional.clone();
    additional.retain(|key, _| !MEMBERS.contains(&key.as_str()));
    AdditionalInfo::of(&additional)
}

/// The feature of the source that fits the action, since a type may be raised from several.
fn feature_name(draft: &Draft) -> Option<&'static str> {
    let fits = |data: &Data| match draft.action.action_type.as_str() {
        "DNS_REQUEST" => *data == Data::ResolverQuery,
        "NETWORK_CONNECTION" | "PORT_PROBE" => *data == Data::VpcFlow,
        "AWS_API_CALL" => !matches!(data, Data::ResolverQuery | Data::VpcFlow),
        _ => true,
    };
    let sources = draft.finding_type.data;
    sources.iter().find(|it| fits(it)).or(sources.first()).map(|it| it.feature_name())
}

#[cfg(test)]
mod tests {
    use model::Severity;

    use super::*;
    use crate::fixture::{SSH, draft};
    use crate::{Reason, canonical};

    /// xorshift64* (S. Vigna, <https://arxiv.org/abs/1402.6246>).
    struct Random(u64);

    impl Random {
        fn below(&mut self, end: u64) -> u64 {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
            (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % end
        }
    }

    /// Drafts with many ties in everything that merging decides by.
    fn some_drafts(random: &mut Random) -> Vec<Draft> {
        let mut drafts = Vec::new();
        for _ in 0..=random.below(12) {
            let mut it = draft(SSH, "i-1", random.below(5) as i64);
            it.last = it.first + Duration::from_mins(random.below(3));
            it.count = random.below(4);
            it.severity = Severity::new(1 + random.below(9) as u8).unwrap();
            it.title = format!("title {}", random.below(2));
            it.reasons.push(Reason::new("attempts", random.below(3), 10));
            for _ in 0..random.below(9) {
                it.evidence.extend(draft(SSH, "i-1", random.below(20) as i64).evidence);
            }
            drafts.push(it);
        }
        drafts
    }

    fn merge_all(drafts: Vec<Draft>) -> Draft {
        let mut drafts = drafts.into_iter();
        let mut merged = drafts.next().unwrap();
        merged.settle_evidence();
        drafts.for_each(|it| merged.merge(it));
        merged
    }

    #[test]
    fn neither_order_nor_grouping_shows() {
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        for _ in 0..500 {
            let mut drafts = some_drafts(&mut random);
            let expected = merge_all(drafts.clone());
            for _ in 0..8 {
                for at in (1..drafts.len()).rev() {
                    drafts.swap(at, random.below(at as u64 + 1) as usize);
                }
                let size = 1 + random.below(drafts.len() as u64) as usize;
                let groups = drafts.chunks(size).map(|it| merge_all(it.to_vec())).collect();
                let merged = merge_all(groups);
                assert_eq!(merged, expected);
                let commits =
                    |n| Commits { first: Timestamp::from_secs(n), last: Timestamp::from_secs(n) };
                assert_eq!(
                    canonical(&Finding::from_draft(&merged, 0, commits(1))),
                    canonical(&Finding::from_draft(&expected, 0, commits(2))),
                );
            }
        }
    }

    #[test]
    fn details_are_those_of_the_latest() {
        let mut merged = draft(SSH, "i-1", 5);
        merged.title = "later".to_owned();
        let mut earlier = draft(SSH, "i-1", 1);
        earlier.title = "earlier".to_owned();
        earlier.severity = Severity::HIGH;
        merged.merge(earlier.clone());
        assert_eq!(merged.title, "later");
        assert_eq!((merged.count, merged.severity), (2, Severity::HIGH));
        assert_eq!(merged.first, earlier.first);
        assert_eq!(merged.evidence.len(), 2);
    }
}
