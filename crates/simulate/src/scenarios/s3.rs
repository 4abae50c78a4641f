//! What callers do with buckets and objects.

use crate::calls::Api;
use crate::scenarios::Scenario;
use crate::stage::{OFFICE, Stage};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::of(
        "Discovery:S3/MaliciousIPCaller",
        "Objects are listed from a malicious address.",
        |stage| listed(stage, "malicious-caller", "ListObjects"),
    ),
    Scenario::of(
        "Discovery:S3/MaliciousIPCaller.Custom",
        "Objects are listed from an address on your own threat list.",
        |stage| listed(stage, "threat", "ListObjects"),
    ),
    Scenario::of("Discovery:S3/TorIPCaller", "Objects are listed from a Tor exit.", |stage| {
        listed(stage, "tor-exit", "ListObjects");
    }),
    Scenario::of(
        "Exfiltration:S3/MaliciousIPCaller",
        "Objects are read from a malicious address.",
        |stage| listed(stage, "malicious-caller", "GetObject"),
    ),
    Scenario::of(
        "Impact:S3/MaliciousIPCaller",
        "Objects are deleted from a malicious address.",
        |stage| listed(stage, "malicious-caller", "DeleteObject"),
    ),
    Scenario::of(
        "UnauthorizedAccess:S3/MaliciousIPCaller.Custom",
        "Objects are read from an address on your own threat list.",
        |stage| listed(stage, "threat", "GetObject"),
    ),
    Scenario::of(
        "UnauthorizedAccess:S3/TorIPCaller",
        "Objects are written from a Tor exit.",
        |stage| listed(stage, "tor-exit", "PutObject"),
    ),
    Scenario::of(
        "Policy:S3/BucketAnonymousAccessGranted",
        "A user opens a bucket to everybody.",
        |stage| policy(stage, r#""*""#, ""),
    ),
    Scenario::of(
        "Policy:S3/BucketPublicAccessGranted",
        "A user opens a bucket to everybody with an AWS account.",
        public_list,
    ),
];

/// The request of a call for an object, or of a list of objects.
pub(super) fn object_request(bucket: &str, api: &str) -> String {
    if api == "ListObjects" {
        format!(r#"{{"bucketName":"{bucket}","prefix":""}}"#)
    } else {
        format!(r#"{{"bucketName":"{bucket}","key":"orders.csv"}}"#)
    }
}

/// A data call from an address on the list of a category.
pub(super) fn listed(stage: &mut Stage<'_>, category: &str, api: &'static str) {
    let (person, bucket) = (stage.person(), stage.bucket());
    let address = stage.listed_address(category);
    let request = object_request(&bucket, api);
    for number in 0..3 {
        stage.call(stage.at(number * 7), &person.from(&address), Api::new("s3", api, &request));
    }
    stage.expect_bucket(&bucket);
}

/// A policy for a principal; `more` is appended to its statement.
pub(super) fn policy(stage: &mut Stage<'_>, principal: &str, more: &str) {
    let (person, bucket) = (stage.person(), stage.bucket());
    let request = format!(
        concat!(
            r#"{{"bucketName":"{bucket}","bucketPolicy":{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","#,
            r#""Principal":{principal},"Action":"s3:GetObject","Resource":"arn:aws:s3:::{bucket}/*"{more}}}]}},"policy":""}}"#
        ),
        bucket = bucket,
        principal = principal,
        more = more
    );
    stage.call(stage.at(0), &person.from(OFFICE), Api::writing("s3", "PutBucketPolicy", &request));
    stage.expect_bucket(&bucket);
}

fn public_list(stage: &mut Stage<'_>) {
    let (person, bucket) = (stage.person(), stage.bucket());
    let request =
        format!(r#"{{"bucketName":"{bucket}","x-amz-acl":"authenticated-read","acl":""}}"#);
    stage.call(stage.at(0), &person.from(OFFICE), Api::writing("s3", "PutBucketAcl", &request));
    stage.expect_bucket(&bucket);
}
