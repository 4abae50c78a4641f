//! A finding as far as it is judged.

use serde::Deserialize;
use serde_json::Value;

/// A finding in the format of a scan.
#[derive(Deserialize, Debug)]
pub(crate) struct Finding {
    /// Its type.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) severity: f64,
    #[serde(default)]
    resource: Value,
    #[serde(default)]
    service: Value,
}

impl Finding {
    /// The network interface that it is about.
    pub(crate) fn interface(&self) -> Option<&str> {
        let action = self.service.pointer("/action/networkConnectionAction/localNetworkInterface");
        let resource = "/instanceDetails/networkInterfaces/0/networkInterfaceId";
        action.or_else(|| self.resource.pointer(resource))?.as_str()
    }

    /// Whether it is about an instance, or about credentials of one.
    pub(crate) fn is_of_instance(&self, id: &str) -> bool {
        let instance = self.resource.pointer("/instanceDetails/instanceId").and_then(Value::as_str);
        let key = "/accessKeyDetails/principalId";
        let session = self.resource.pointer(key).and_then(Value::as_str);
        instance == Some(id) || session.is_some_and(|it| it.rsplit(':').next() == Some(id))
    }

    /// How often it was raised.
    pub(crate) fn count(&self) -> u64 {
        self.service.get("count").and_then(Value::as_u64).unwrap_or(1)
    }

    /// When it was first seen, as text.
    pub(crate) fn first_seen(&self) -> Option<&str> {
        self.service.get("eventFirstSeen")?.as_str()
    }

    /// Whether guesses are said to have had success.
    pub(crate) fn is_likely_success(&self) -> bool {
        let text = self.service.pointer("/additionalInfo/value").and_then(Value::as_str);
        let value = text.and_then(|it| serde_json::from_str::<Value>(it).ok());
        value.is_some_and(|it| it.get("likelySuccess") == Some(&Value::Bool(true)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_judged_is_read_of_a_finding() {
        let text = r#"{"type":"T","severity":8,"resource":{"instanceDetails":{"networkInterfaces":
            [{"networkInterfaceId":"eni-1"}]}},"service":{"count":3,"eventFirstSeen":"2026-06-01T00:00:00Z",
            "additionalInfo":{"value":"{\"likelySuccess\":true}"}}}"#;
        let finding: Finding = serde_json::from_str(text).unwrap();
        assert_eq!(finding.interface(), Some("eni-1"));
        assert_eq!((finding.count(), finding.severity), (3, 8.0));
        assert!(finding.is_likely_success());
        assert_eq!(finding.first_seen(), Some("2026-06-01T00:00:00Z"));
        let bare: Finding = serde_json::from_str(r#"{"type":"T"}"#).unwrap();
        assert_eq!((bare.interface(), bare.count(), bare.is_likely_success()), (None, 1, false));
    }
}
