//! What callers do with buckets and objects.

use serde_json::json;

use crate::calls::Api;
use crate::scenarios::Scenario;
use crate::scenarios::iam::{KALI, PARROT, PENTOO};
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
    Scenario::of(
        "Policy:S3/AccountBlockPublicAccessDisabled",
        "A user turns Block Public Access of the account off.",
        open_account,
    ),
    Scenario::of(
        "Policy:S3/BucketBlockPublicAccessDisabled",
        "A user turns Block Public Access of a bucket off.",
        open_bucket,
    ),
    Scenario::of(
        "Stealth:S3/ServerAccessLoggingDisabled",
        "A user turns the access log of a bucket off.",
        no_access_log,
    ),
    Scenario::of(
        "PenTest:S3/KaliLinux",
        "Objects are listed from a computer that runs Kali.",
        |stage| with_agent(stage, KALI),
    ),
    Scenario::of(
        "PenTest:S3/ParrotLinux",
        "Objects are listed from a computer that runs Parrot.",
        |stage| with_agent(stage, PARROT),
    ),
    Scenario::of(
        "PenTest:S3/PentooLinux",
        "Objects are listed from a computer that runs Pentoo.",
        |stage| with_agent(stage, PENTOO),
    ),
];

/// `PublicAccessBlockConfiguration` with everything off.
const NOTHING_BLOCKED: &str = r#"{"BlockPublicAcls":false,"IgnorePublicAcls":false,"BlockPublicPolicy":false,"RestrictPublicBuckets":false}"#;

/// A call on a bucket; `rest` is appended to its request.
pub(super) fn on_bucket(stage: &mut Stage<'_>, name: &'static str, rest: &str) {
    let (person, bucket) = (stage.person(), stage.bucket());
    let request = format!(r#"{{"bucketName":"{bucket}"{rest}}}"#);
    stage.call(stage.at(0), &person.from(OFFICE), Api::writing("s3", name, &request));
    stage.expect_bucket(&bucket);
}

/// The setting belongs to the account.
pub(super) fn open_account(stage: &mut Stage<'_>) {
    stage.own_account();
    let person = stage.person();
    let request = format!(
        r#"{{"accountId":"{}","PublicAccessBlockConfiguration":{NOTHING_BLOCKED}}}"#,
        person.account
    );
    let put = Api::writing("s3", "PutAccountPublicAccessBlock", &request);
    stage.call(stage.at(0), &person.from(OFFICE), put);
    stage.expect_key(&person);
}

pub(super) fn open_bucket(stage: &mut Stage<'_>) {
    let rest =
        format!(r#","publicAccessBlock":"","PublicAccessBlockConfiguration":{NOTHING_BLOCKED}"#);
    on_bucket(stage, "PutBucketPublicAccessBlock", &rest);
}

pub(super) fn no_access_log(stage: &mut Stage<'_>) {
    let status = r#"{"xmlns":"http://s3.amazonaws.com/doc/2006-03-01/"}"#;
    on_bucket(
        stage,
        "PutBucketLogging",
        &format!(r#","logging":"","BucketLoggingStatus":{status}"#),
    );
}

/// Objects are listed with this user agent.
pub(super) fn with_agent(stage: &mut Stage<'_>, agent: &str) {
    let (person, bucket) = (stage.person(), stage.bucket());
    let list = object_request(&bucket, "ListObjects");
    let caller = person.from(OFFICE).with_agent(agent);
    stage.call(stage.at(0), &caller, Api::new("s3", "ListObjects", &list));
    stage.expect_bucket(&bucket);
}

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
    let transfer = "Exfiltration:S3/TransferDataToCloudAccount";
    if stage.has_rule("S3BucketPolicyExternalAccess") && !stage.types().contains(&transfer) {
        stage.expect(transfer, json!({ "s3BucketDetails": [{ "name": bucket }] }));
    }
}

fn public_list(stage: &mut Stage<'_>) {
    let (person, bucket) = (stage.person(), stage.bucket());
    let request =
        format!(r#"{{"bucketName":"{bucket}","x-amz-acl":"authenticated-read","acl":""}}"#);
    stage.call(stage.at(0), &person.from(OFFICE), Api::writing("s3", "PutBucketAcl", &request));
    stage.expect_bucket(&bucket);
}
