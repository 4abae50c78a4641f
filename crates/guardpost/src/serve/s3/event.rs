//! What a message of a queue says: which objects were written to S3.
//!
//! S3 sends its own form, or one of SNS around it, or EventBridge sends another; CloudTrail tells SNS by itself.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/configure-sns-notifications-for-cloudtrail.html>

use serde::Deserialize;

/// Longest message, in bytes: SQS takes no longer one.
const MESSAGE_MAX: usize = 1 << 20;
/// Most objects of one message: S3 tells of one at a time, CloudTrail of a few.
const OBJECTS_MAX: usize = 1000;
/// Longest key in S3, in bytes.
const KEY_MAX: usize = 1024;
/// Envelopes of SNS around each other.
const ENVELOPES_MAX: u32 = 2;

/// An object that a message names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Named {
    /// The Region of the bucket, if it is told.
    pub(super) region: Option<String>,
    /// The bucket.
    pub(super) bucket: String,
    /// The key, as it is.
    pub(super) key: String,
    /// The version, where the bucket has versions.
    pub(super) version: Option<String>,
    /// The size in bytes, if it is told.
    pub(super) size: Option<u64>,
}

/// What a message says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Notice {
    /// The objects that were written.
    pub(super) objects: Vec<Named>,
    /// What else it tells of: tests, deletions.
    pub(super) others: u64,
}

/// All forms in one: which members there are tells them apart.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Wire {
    #[serde(rename = "Records")]
    records: Option<Vec<Record>>,
    #[serde(rename = "Event")]
    event: Option<String>,
    #[serde(rename = "Type")]
    kind: Option<String>,
    #[serde(rename = "Message")]
    message: Option<String>,
    source: Option<String>,
    #[serde(rename = "detail-type")]
    detail_type: Option<String>,
    region: Option<String>,
    detail: Option<S3>,
    #[serde(rename = "s3Bucket")]
    trail_bucket: Option<String>,
    #[serde(rename = "s3ObjectKey")]
    trail_keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    event_source: String,
    event_name: String,
    aws_region: Option<String>,
    s3: Option<S3>,
}

#[derive(Deserialize)]
struct S3 {
    bucket: Bucket,
    object: Object,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
struct Object {
    key: String,
    size: Option<u64>,
    #[serde(alias = "version-id", alias = "versionId")]
    version: Option<String>,
}

/// Reads a message. An error says why it is none that tells of objects.
pub(super) fn read(body: &str) -> Result<Notice, String> {
    of(body, 0)
}

fn of(body: &str, depth: u32) -> Result<Notice, String> {
    if body.len() > MESSAGE_MAX {
        return Err(format!("longer than {MESSAGE_MAX} bytes"));
    }
    let wire: Wire = serde_json::from_str(body).map_err(|it| format!("no notification: {it}"))?;
    if let Some(records) = wire.records {
        return of_s3(records);
    }
    if wire.event.as_deref() == Some("s3:TestEvent") {
        return Ok(Notice { others: 1, ..Notice::default() });
    }
    if let (Some("Notification"), Some(message)) = (wire.kind.as_deref(), &wire.message) {
        if depth == ENVELOPES_MAX {
            return Err("envelopes of SNS around each other".to_owned());
        }
        return of(message, depth + 1);
    }
    if wire.source.as_deref() == Some("aws.s3") {
        return of_event_bridge(wire.detail_type.as_deref(), wire.region, wire.detail);
    }
    if let Some(bucket) = wire.trail_bucket {
        let object = |key| named(None, bucket.clone(), key, None, None);
        return limited(wire.trail_keys.into_iter().map(object).collect(), 0);
    }
    Err("neither a notification of S3, by itself, by SNS or by EventBridge, nor one of CloudTrail"
        .to_owned())
}

fn of_s3(records: Vec<Record>) -> Result<Notice, String> {
    let (mut objects, mut others) = (Vec::new(), 0);
    for record in records {
        let is_created = record.event_name.starts_with("ObjectCreated:")
            || record.event_name.starts_with("s3:ObjectCreated:");
        match record.s3 {
            Some(it) if is_created && record.event_source.ends_with(":s3") => {
                let key = aws::s3::decode_key(&it.object.key);
                let key = key.ok_or_else(|| "s3.object.key is not URL-encoded".to_owned())?;
                objects.push(named(
                    record.aws_region,
                    it.bucket.name,
                    key,
                    it.object.version,
                    it.object.size,
                ));
            }
            _ => others += 1,
        }
    }
    limited(objects, others)
}

/// EventBridge gives keys as they are.
fn of_event_bridge(
    kind: Option<&str>,
    region: Option<String>,
    detail: Option<S3>,
) -> Result<Notice, String> {
    match (kind, detail) {
        (Some("Object Created"), Some(it)) => limited(
            vec![named(region, it.bucket.name, it.object.key, it.object.version, it.object.size)],
            0,
        ),
        (Some("Object Created"), None) => Err("`detail` names no object".to_owned()),
        _ => Ok(Notice { others: 1, ..Notice::default() }),
    }
}

fn named(
    region: Option<String>,
    bucket: String,
    key: String,
    version: Option<String>,
    size: Option<u64>,
) -> Named {
    let given = |it: &String| !it.is_empty() && it != "null";
    // A Region that is none is left away: it would become a part of a host's name.
    Named {
        region: region.filter(|it| aws::is_region(it)),
        bucket,
        key,
        version: version.filter(given),
        size,
    }
}

fn limited(objects: Vec<Named>, others: u64) -> Result<Notice, String> {
    if objects.len() > OBJECTS_MAX {
        return Err(format!("names more than {OBJECTS_MAX} objects"));
    }
    let is_wrong = |it: &&Named| {
        let version = it.version.as_ref().map_or(0, String::len);
        !aws::s3::is_bucket(&it.bucket)
            || it.key.is_empty()
            || it.key.len() > KEY_MAX
            || version > KEY_MAX
    };
    if objects.iter().any(|it| is_wrong(&it)) {
        return Err("names an object with no possible bucket, key or version".to_owned());
    }
    Ok(Notice { objects, others })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn s3(name: &str, key: &str) -> Value {
        json!({ "Records": [{
            "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-west-1", "eventName": name,
            "s3": { "bucket": { "name": "logs" }, "object": { "key": key, "size": 7, "eTag": "e", "versionId": "v" } },
        }] })
    }

    fn keys(body: &Value) -> Vec<String> {
        read(&body.to_string()).unwrap().objects.into_iter().map(|it| it.key).collect()
    }

    #[test]
    fn notifications_of_s3_have_encoded_keys() {
        let notice = read(&s3("ObjectCreated:Put", "a+b/c%2Bd%3D%C3%A9").to_string()).unwrap();
        let expected = Named {
            region: Some("eu-west-1".to_owned()),
            bucket: "logs".to_owned(),
            key: "a b/c+d=é".to_owned(),
            version: Some("v".to_owned()),
            size: Some(7),
        };
        assert_eq!(notice, Notice { objects: vec![expected], others: 0 });
    }

    #[test]
    fn notifications_come_through_topics() {
        let inner = s3("ObjectCreated:CompleteMultipartUpload", "k").to_string();
        let sns =
            json!({ "Type": "Notification", "MessageId": "m", "TopicArn": "t", "Message": inner });
        assert_eq!(keys(&sns), ["k"]);
        let endless = (0..4)
            .fold(inner, |it, _| json!({ "Type": "Notification", "Message": it }).to_string());
        assert!(read(&endless).unwrap_err().contains("envelopes"));
    }

    #[test]
    fn event_bridge_gives_keys_as_they_are() {
        let event = |kind| {
            json!({
                "version": "0", "source": "aws.s3", "detail-type": kind, "region": "ca-central-1",
                "detail": { "version": "0", "bucket": { "name": "logs" },
                    "object": { "key": "day=01/a+b%2B", "size": 5, "version-id": "v" } },
            })
        };
        let notice = read(&event("Object Created").to_string()).unwrap();
        assert_eq!(notice.objects[0].key, "day=01/a+b%2B");
        assert_eq!(notice.objects[0].region.as_deref(), Some("ca-central-1"));
        assert_eq!(read(&event("Object Deleted").to_string()).unwrap().others, 1);
    }

    #[test]
    fn cloud_trail_tells_of_its_files() {
        let body = json!({ "s3Bucket": "logs", "s3ObjectKey": ["AWSLogs/1.json.gz", "AWSLogs/2.json.gz"] });
        let sns = json!({ "Type": "Notification", "Message": body.to_string() });
        assert_eq!(keys(&sns), ["AWSLogs/1.json.gz", "AWSLogs/2.json.gz"]);
    }

    #[test]
    fn tests_and_deletions_are_none_of_objects() {
        let test = json!({ "Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "logs" });
        for body in [test, s3("ObjectRemoved:Delete", "k"), s3("ObjectRestore:Post", "k")] {
            assert_eq!(
                read(&body.to_string()).unwrap(),
                Notice { objects: vec![], others: 1 },
                "{body}"
            );
        }
        assert_eq!(read(r#"{"Records":[]}"#).unwrap(), Notice::default());
    }

    #[test]
    fn hostile_messages_are_refused() {
        let with = |bucket: &str, key: &str| {
            let mut it = s3("ObjectCreated:Put", key);
            it["Records"][0]["s3"]["bucket"]["name"] = bucket.into();
            it.to_string()
        };
        let many =
            json!({ "s3Bucket": "logs", "s3ObjectKey": vec!["k"; OBJECTS_MAX + 1] }).to_string();
        for body in [
            String::new(),
            "null".to_owned(),
            "[]".to_owned(),
            "{}".to_owned(),
            "\u{0}".to_owned(),
            "[".repeat(100_000),
            " ".repeat(MESSAGE_MAX + 1),
            many,
            r#"{"Records":{}}"#.to_owned(),
            r#"{"Type":"SubscriptionConfirmation","Message":"x"}"#.to_owned(),
            r#"{"source":"aws.s3","detail-type":"Object Created"}"#.to_owned(),
            with("evil.example/x?", "k"),
            with("logs", ""),
            with("logs", "%zz"),
            with("logs", &"k".repeat(KEY_MAX + 1)),
        ] {
            assert!(read(&body).is_err(), "{body:.100}");
        }
        let mut region = s3("ObjectCreated:Put", "k");
        region["Records"][0]["awsRegion"] = "evil.example/".into();
        assert_eq!(read(&region.to_string()).unwrap().objects[0].region, None);
    }
}
