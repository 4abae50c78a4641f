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
