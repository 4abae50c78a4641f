//! Names of detector resources and findings that are the same in every run.

use model::{AccountId, Region};
use sha2::{Digest, Sha256};

use crate::explanation::hex;
use crate::{Draft, ResourceRole};

/// Bytes of a hash that make 32 hexadecimal digits.
const ID_BYTES: usize = 16;

/// The identifier of the detector resource of an account and Region: 32 lower-case alphanumerics.
pub fn detector_id(account: AccountId, region: &Region) -> String {
    hash_of(&[b"guardpost detector", account.to_string().as_bytes(), region.as_str().as_bytes()])
}

/// The identifier of a finding: 32 hexadecimal digits, equal for equal arguments and on every machine.
pub fn finding_id(key: &AggregationKey, generation: u32) -> String {
    hash_of(&[
        detector_id(key.account, &key.region).as_bytes(),
        key.finding_type.as_bytes(),
        key.key.as_bytes(),
        match key.role {
            ResourceRole::Target => b"TARGET",
            ResourceRole::Actor => b"ACTOR",
        },
        &generation.to_le_bytes(),
    ])
}

/// What makes two drafts the same finding.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AggregationKey {
    /// The account that owns the resource.
    pub account: AccountId,
    /// The Region of the activity.
    pub region: Region,
    /// The type string.
    pub finding_type: &'static str,
    /// The draft's own key.
    pub key: String,
    /// The side that the resource is on.
    pub role: ResourceRole,
}

impl Draft {
    /// What makes another draft the same finding as this one.
    pub fn aggregation_key(&self) -> AggregationKey {
        AggregationKey {
            account: self.account,
            region: self.region,
            finding_type: self.finding_type.name,
            key: self.key.clone(),
            role: self.role,
        }
    }
}

/// Hashes the parts with their lengths, so that no two lists of parts give the same bytes.
fn hash_of(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hex(hasher.finalize().get(..ID_BYTES).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn identifiers_are_stable_and_32_digits_long() {
        let region = Region::new("eu-central-1");
        let detector = detector_id(AccountId::new(111_122_223_333).unwrap(), &region);
        assert_eq!(detector, "444374fca1da4bc6484ddeebc7067f2c");
        let key = fixture::draft(fixture::SSH, "i-1", 0).aggregation_key();
        assert_eq!(finding_id(&key, 0).len(), 32);
        assert_eq!(finding_id(&key, 0), finding_id(&key.clone(), 0));
    }

    #[test]
    fn every_part_of_the_identity_counts() {
        let key = fixture::draft(fixture::SSH, "i-1", 0).aggregation_key();
        let others = [
            AggregationKey { account: AccountId::new(444_455_556_666).unwrap(), ..key.clone() },
            AggregationKey { region: Region::new("us-east-1"), ..key.clone() },
            AggregationKey { finding_type: "Trojan:EC2/DropPoint", ..key.clone() },
            AggregationKey { key: "i-2".to_owned(), ..key.clone() },
            AggregationKey { role: ResourceRole::Actor, ..key.clone() },
        ];
        let mut ids: Vec<String> = others.iter().map(|it| finding_id(it, 0)).collect();
        ids.push(finding_id(&key, 0));
        ids.push(finding_id(&key, 1));
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 7);
    }
}
