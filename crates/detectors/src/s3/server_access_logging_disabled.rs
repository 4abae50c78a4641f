//! A bucket stops writing its server access log.

use std::time::Duration;

use engine::findings::{Data, FindingType, Reason, ResourceRole};
use engine::intel::Category;
use engine::model::{Scope, Severity};
use engine::telemetry::ApiCall;
use engine::{ApiCalls, Context, Detector, Event, Interest, Out, Spec};
use serde_json::Value;

/// The type.
pub const SERVER_ACCESS_LOGGING_DISABLED: FindingType = FindingType {
    name: "Stealth:S3/ServerAccessLoggingDisabled",
    severity: Severity::LOW,
    title: "Server access logging of an S3 bucket was turned off",
    about: "The bucket no longer writes a log of the requests made to it. Whoever is about to read or destroy \
        its objects leaves fewer traces, unless a trail records S3 data events.",
    detection: "A successful PutBucketLogging whose BucketLoggingStatus names no target (no LoggingEnabled). \
        Turning logging on, or to another target bucket, does not count, nor does a caller on a trusted list.",
    false_positives: "Logging is turned off before a bucket is deleted or where a trail's data events replace \
        it, and infrastructure code writes the setting anew. Benign when the caller confirms it and requests \
        to the bucket are still recorded somewhere.",
    response: "Ask the caller why. If nobody can say, turn logging on again, look at the credential's other \
        calls before and after, and at the S3 data events of the bucket, if a trail has them. If the caller \
        did not do it, disable the credential.",
    techniques: &["T1562.008"],
    data: &[Data::CloudTrailManagement],
    aggregation: "bucket and credential of the caller",
    is_own: false,
};

tunables! {
    /// Buckets whose server access logging is turned off.
    pub struct ServerAccessLoggingDisabled {
        /// Whether the family is on.
        pub enabled: bool = true,
    }
}

impl Detector for ServerAccessLoggingDisabled {
    type Reads = ApiCalls;
    type State = ();

    const SPEC: Spec = Spec {
        name: "s3/server_access_logging_disabled",
        scope: Scope::Bucket,
        idle: Duration::from_hours(1),
        version: 1,
        types: &[&SERVER_ACCESS_LOGGING_DISABLED],
        interest: Interest::Calls(&["PutBucketLogging"]),
    };

    fn wants(&self, event: &Event<'_, ApiCalls>) -> bool {
        self.enabled
            && event.row.is_success()
            && !event.row.is(ApiCall::SERVICE_EVENT)
            && event.event_source() == "s3.amazonaws.com"
            && !event.listed.contains(Category::Trusted)
            && is_off(event.request())
    }

    fn observe(
        &self,
        (): &mut (),
        event: &Event<'_, ApiCalls>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let mut draft = ctx.bucket_draft(&SERVER_ACCESS_LOGGING_DISABLED, event);
        let (bucket, api, user) = (event.bucket(), event.event_name(), event.caller_label());
        draft.role = ResourceRole::Target;
        draft.title =
            format!("Amazon S3 server access logging was disabled for S3 bucket {bucket}.");
        draft.description = format!(
            "Amazon S3 server access logging was disabled for S3 bucket {bucket} by {user} calling {api}. If \
             this behavior is not expected, it may indicate a configuration mistake or that your credentials \
             are compromised."
        );
        if let Some(action) = &mut draft.action.aws_api_call_action {
            action.affected_resources.insert("AWS::S3::Bucket".to_owned(), bucket.to_owned());
        }
        draft.reasons.push(Reason::new("target of the log", "none", ""));
        out.raise(draft);
    }
}

/// Whether a `PutBucketLogging` sets no target. What cannot be read sets none and takes none away.
fn is_off(request: &str) -> bool {
    let Ok(request) = serde_json::from_str::<Value>(request) else { return false };
    let member =
        |value: &Value, names: [&str; 2]| names.iter().find_map(|it| value.get(it)).cloned();
    match member(&request, ["BucketLoggingStatus", "bucketLoggingStatus"]) {
        Some(Value::Object(status)) => {
            let status = Value::Object(status);
            member(&status, ["LoggingEnabled", "loggingEnabled"]).is_none_or(|it| it.is_null())
        }
        // An empty element is written as empty text, or as nothing.
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Null) => true,
        Some(_) => false,
        None => request.get("bucketName").is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_target_is_off() {
        for (request, expected) in [
            (
                r#"{"bucketName":"b","BucketLoggingStatus":{"xmlns":"http://s3.amazonaws.com/doc/2006-03-01/"}}"#,
                true,
            ),
            (r#"{"bucketName":"b","BucketLoggingStatus":{}}"#, true),
            (r#"{"bucketName":"b","BucketLoggingStatus":""}"#, true),
            (r#"{"bucketName":"b","BucketLoggingStatus":{"LoggingEnabled":null}}"#, true),
            (r#"{"bucketName":"b","logging":""}"#, true),
            (
                r#"{"bucketName":"b","BucketLoggingStatus":{"LoggingEnabled":{"TargetBucket":"l","TargetPrefix":""}}}"#,
                false,
            ),
            (r#"{"BucketLoggingStatus":7}"#, false),
            ("{}", false),
            ("7", false),
            ("", false),
        ] {
            assert_eq!(is_off(request), expected, "{request}");
        }
    }
}
