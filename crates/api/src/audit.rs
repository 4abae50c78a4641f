//! An account of every change that somebody asked for, in CloudTrail's own format.

use std::net::IpAddr;

use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use model::{AccountId, Timestamp};
use serde_json::{Map, Value, json};

use crate::error::Refusal;
use crate::operation::Operation;

/// Longest text of parameters or of an answer that is kept; CloudTrail leaves out what is longer than 100 kB.
const TEXT_MAX: usize = 100_000;
/// Longest name of a program.
const AGENT_MAX: usize = 1024;

/// Takes records of changes.
pub trait Audit: Send + Sync {
    /// Keeps a record, an object of JSON. Called on a thread that may block.
    fn record(&self, time: Timestamp, record: &Value);
}

/// Nobody keeps records.
pub struct NoAudit;

impl Audit for NoAudit {
    fn record(&self, _: Timestamp, _: &Value) {}
}

/// Where a request came from, if the program that runs the API says so: an extension of the request.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// Who asks, from where.
#[derive(Clone, Debug, Default)]
pub(crate) struct Caller {
    peer: Option<IpAddr>,
    agent: String,
}

impl Caller {
    pub(crate) fn of(parts: &Parts) -> Caller {
        Caller { peer: parts.extensions.get::<Peer>().map(|it| it.0), agent: agent(&parts.headers) }
    }
}

fn agent(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|it| it.to_str().ok()).unwrap_or_default();
    agent.chars().take(AGENT_MAX).collect()
}

/// A change that was asked for.
pub(crate) struct Change<'a> {
    pub(crate) operation: &'a Operation,
    pub(crate) account: AccountId,
    pub(crate) access_key: &'a str,
    pub(crate) region: &'a str,
    pub(crate) caller: &'a Caller,
    pub(crate) request_id: &'a str,
    /// The request's members; none if they could not be understood.
    pub(crate) input: Option<&'a Map<String, Value>>,
}

impl Change<'_> {
    /// The record of it
    /// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>).
    pub(crate) fn record(&self, now: Timestamp, answer: &Result<Value, Refusal>) -> Value {
        let account = self.account.to_string();
        let source = self.caller.peer.map_or_else(String::new, |it| it.to_string());
        let mut record = json!({
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "IAMUser",
                "principalId": self.access_key,
                "arn": format!("arn:aws:iam::{account}:user/{}", self.access_key),
                "accountId": account,
                "accessKeyId": self.access_key,
                "userName": self.access_key,
            },
            "eventTime": whole_seconds(now),
            "eventSource": "guardduty.amazonaws.com",
            "eventName": self.operation.name,
            "awsRegion": self.region,
            "sourceIPAddress": source,
            "userAgent": self.caller.agent,
            "requestParameters": self.input.map_or(Value::Null, |it| bounded(json!(it))),
            "responseElements": null,
            "requestID": self.request_id,
            "eventID": self.request_id,
            "readOnly": false,
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "recipientAccountId": account,
            "eventCategory": "Management",
        });
        match answer {
            Ok(output) => record["responseElements"] = bounded(output.clone()),
            Err(refusal) => {
                record["errorCode"] = json!(refusal.name.as_str());
                record["errorMessage"] = json!(refusal.message);
            }
        }
        record
    }
}

fn bounded(value: Value) -> Value {
    if value.to_string().len() > TEXT_MAX { json!({ "omitted": true }) } else { value }
}

fn whole_seconds(time: Timestamp) -> String {
    Timestamp::from_secs(time.secs()).to_string().replacen(".000Z", "Z", 1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::{ACCOUNT, REGION, Server};

    #[test]
    fn changes_are_recorded_and_looks_are_not() {
        let server = Server::start();
        let id = server.detector("admin");
        let target = format!("/detector/{id}");
        server.ok("GET", &target, &serde_json::Value::Null);
        let name =
            json!({"name": "a%b", "findingCriteria": {"criterion": {"severity": {"gte": 1}}}});
        server.refused("POST", &format!("{target}/filter"), &name);
        server.call("reader", "POST", &target, &json!({"enable": false}));
        let records = server.audited();
        let names: Vec<&str> = records.iter().map(|it| it["eventName"].as_str().unwrap()).collect();
        assert_eq!(names, ["CreateDetector", "CreateFilter", "UpdateDetector"]);
        let [made, refused, denied] = [&records[0], &records[1], &records[2]];
        assert_eq!(made["responseElements"]["detectorId"], id.as_str());
        assert_eq!(made["requestParameters"], json!({"enable": true}));
        assert_eq!(
            (&made["recipientAccountId"], &made["awsRegion"]),
            (&json!(ACCOUNT), &json!(REGION))
        );
        assert_eq!(made["userIdentity"]["accessKeyId"], "admin");
        assert_eq!(made["eventTime"], "2026-03-01T12:00:00Z");
        assert_eq!(made.get("errorCode"), None);
        assert_eq!(refused["errorCode"], "BadRequestException");
        assert_eq!(refused["requestParameters"]["name"], "a%b");
        assert_eq!(denied["errorCode"], "AccessDeniedException");
        assert_ne!(made["eventID"], refused["eventID"]);
    }

    #[test]
    fn a_long_request_is_left_out() {
        let server = Server::start();
        let accounts: Vec<String> =
            (0..20_000u64).map(|it| (111_122_223_333 + it).to_string()).collect();
        let body = json!({"ruleId": "rule-a", "mode": "LIVE", "includeAccountIds": accounts});
        server.call("admin", "POST", "/custom-detection-rule/org-configuration", &body);
        assert_eq!(server.audited()[0]["requestParameters"], json!({"omitted": true}));
    }
}
