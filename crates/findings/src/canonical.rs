//! The form in which findings of two runs are compared.

use serde_json::Value;

use crate::{EXPLANATION_KEY, Finding};

/// The finding without what may differ between two runs over the same records: commit times, and the
/// places where evidence was read. The text of `additionalInfo.value` is given as JSON.
pub fn canonical(finding: &Finding) -> Value {
    let mut value = serde_json::to_value(finding).unwrap_or_default();
    if let Some(members) = value.as_object_mut() {
        members.remove("createdAt");
        members.remove("updatedAt");
    }
    let mut keys = finding.service.additional_info.keys();
    let evidence = keys.get_mut(EXPLANATION_KEY).and_then(|it| it.get_mut("evidence"));
    for record in evidence.and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(members) = record.as_object_mut() {
            members.remove("file");
            members.remove("offset");
        }
    }
    if let Some(info) = value.pointer_mut("/service/additionalInfo") {
        *info = Value::Object(keys);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn times_of_commits_and_places_of_evidence_do_not_count() {
        let one = fixture::samples().remove(0);
        let mut other = one.clone();
        other.finding.created_at = one.finding.updated_at;
        other.finding.updated_at = one.finding.created_at;
        for record in &mut other.explanation.evidence {
            record.file = "elsewhere".to_owned();
            record.offset += 1;
        }
        other.finding.set_explanation(&other.explanation);
        assert_ne!(one.finding, other.finding);
        assert_eq!(canonical(&one.finding), canonical(&other.finding));
        other.explanation.evidence[0].sha256 = "0".repeat(64);
        other.finding.set_explanation(&other.explanation);
        assert_ne!(canonical(&one.finding), canonical(&other.finding));
    }
}
