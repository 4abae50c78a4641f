//! What AWS's tester of GuardDuty does (<https://github.com/awslabs/amazon-guardduty-tester>), where it leaves
//! CloudTrail records, flow records or queries.

use serde_json::json;

use crate::calls::Api;
use crate::flow::{Connection, Outcome, UDP};
use crate::scenarios::Scenario;
use crate::scenarios::ec2_floods::flood;
use crate::scenarios::ec2_flow::{brute_force, port_scan};
use crate::scenarios::ec2_names::prepared_names;
use crate::scenarios::iam::{KALI, LIST_USERS, listed};
use crate::scenarios::iam_changes::weak_passwords;
use crate::scenarios::lambda;
use crate::scenarios::s3::{self, object_request};
use crate::stage::{OFFICE, Stage};

const OUTSIDE: &str = "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS";
const POSTS: &str = "A kilobyte is posted to a test domain of AWS.";
const LIST_BUCKETS: Api<'static> = Api::reading("s3", "ListBuckets", "null");

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::named("ec2/C&CActivity.B!DNS", &["Backdoor:EC2/C&CActivity.B!DNS"], POSTS, |it| {
        post(it, "c2.guarddutyc2activityb.com");
    }),
    Scenario::named(
        "ec2/BitcoinTool.B!DNS",
        &["CryptoCurrency:EC2/BitcoinTool.B!DNS"],
        POSTS,
        |it| post(it, "crypto.guarddutyc2activityb.com"),
    ),
    Scenario::named(
        "ec2/AbusedDomainRequest.Reputation",
        &["Impact:EC2/AbusedDomainRequest.Reputation"],
        POSTS,
        |it| post(it, "abused-rep.guarddutyc2activityb.com"),
    ),
    Scenario::named(
        "ec2/BitcoinDomainRequest.Reputation",
        &["Impact:EC2/BitcoinDomainRequest.Reputation"],
        POSTS,
        |it| post(it, "crypto-rep.guarddutyc2activityb.com"),
    ),
    Scenario::named(
        "ec2/MaliciousDomainRequest.Reputation",
        &["Impact:EC2/MaliciousDomainRequest.Reputation"],
        POSTS,
        |it| post(it, "malicious-rep.guarddutyc2activityb.com"),
    ),
    Scenario::named(
        "ec2/SuspiciousDomainRequest.Reputation",
        &["Impact:EC2/SuspiciousDomainRequest.Reputation"],
        POSTS,
        |it| post(it, "suspicious-rep.guarddutyc2activityb.com"),
    ),
    Scenario::named("ec2/DropPoint!DNS", &["Trojan:EC2/DropPoint!DNS"], POSTS, |it| {
        post(it, "guarddutydroppointactivity.com");
    }),
    Scenario::named(
        "ec2/BlackholeTraffic!DNS",
        &["Trojan:EC2/BlackholeTraffic!DNS"],
        POSTS,
        |it| {
            post(it, "guarddutyblackholeactivity.com");
        },
    ),
    Scenario::named(
        "ec2/PhishingDomainRequest!DNS",
        &["Trojan:EC2/PhishingDomainRequest!DNS"],
        POSTS,
        |it| post(it, "guarddutyphishingactivity.com"),
    ),
    Scenario::named(
        "ec2/DriveBySourceTraffic!DNS",
        &["Trojan:EC2/DriveBySourceTraffic!DNS"],
        POSTS,
        |it| post(it, "guarddutydrivebyactivity.com"),
    ),
    Scenario::named(
        "ec2/DGADomainRequest.C!DNS",
        &["Trojan:EC2/DGADomainRequest.C!DNS"],
        POSTS,
        |it| post(it, "guarddutydgaactivity.com"),
    ),
    Scenario::named(
        "ec2/DNSDataExfiltration",
        &["Trojan:EC2/DNSDataExfiltration", "Backdoor:EC2/C&CActivity.B!DNS"],
        "929 prepared names of encoded data are asked for.",
        |it| prepared_names(it, "guarddutyc2activityb.com", 929),
    ),
    Scenario::named(
        "ec2/Portscan",
        &["Recon:EC2/Portscan"],
        "nmap tries a thousand ports of a private host.",
        |it| port_scan(it, 1000),
    ),
    Scenario::named(
        "ec2/SSHBruteForce",
        &["UnauthorizedAccess:EC2/SSHBruteForce"],
        "crowbar tries keys of many users, two hundred and forty times.",
        |it| brute_force(it, 22, 240, 3),
    ),
    Scenario::named(
        "ec2/RDPBruteForce",
        &["UnauthorizedAccess:EC2/RDPBruteForce"],
        "hydra tries two hundred and fifty-six passwords.",
        |it| brute_force(it, 3389, 256, 3),
    ),
    Scenario::named(
        "ec2/DenialOfService-UDP",
        &["Backdoor:EC2/DenialOfService.Udp", "Backdoor:EC2/DenialOfService.UdpOnTcpPorts"],
        "Four hundred thousand datagrams of 256 bytes go to port 80 of a public address.",
        |it| flood(it, (UDP, 80), 284, 400_000),
    ),
    Scenario::named(
        "ec2/DenialOfService-DNS",
        &["Backdoor:EC2/DenialOfService.Dns"],
        "Four hundred thousand datagrams of 64 bytes go to port 53 of a public address.",
        |it| flood(it, (UDP, 53), 92, 400_000),
    ),
    Scenario::named(
        "ec2/MaliciousIPCaller.Custom",
        &["UnauthorizedAccess:EC2/MaliciousIPCaller.Custom"],
        "A kilobyte is posted to port 8009 of an address on a custom list.",
        |it| {
            let (host, address) = (it.host(), it.listed_address("threat"));
            let post = it.connection(it.at(0), (&host.ip, &address), 8009);
            it.connect(&Connection { sent: (7, 1_700), received: (5, 600), ..post });
            it.expect_instance(&host);
        },
    ),
    Scenario::named(
        "iam/KaliLinux",
        &["PenTest:IAMUser/KaliLinux"],
        "GetUser is called with the user agent of Kali.",
        |it| {
            let person = it.person();
            let get = Api::reading("iam", "GetUser", "null");
            it.call(it.at(0), &person.from(OFFICE).with_agent(KALI), get);
            it.expect_key(&person);
        },
    ),
    Scenario::named(
        "iam/ReconMaliciousIPCaller-Custom",
        &["Recon:IAMUser/MaliciousIPCaller.Custom"],
        "Buckets are listed from an address on a custom list.",
        |it| listed(it, "threat", LIST_BUCKETS),
    ),
    Scenario::named(
        "iam/UnauthMaliciousIPCaller-Custom",
        &["UnauthorizedAccess:IAMUser/MaliciousIPCaller.Custom"],
        "GetUser fails from an address on a custom list.",
        |it| {
            let get = Api::reading("iam", "GetUser", r#"{"userName":"admin"}"#);
            listed(it, "threat", Api { error: "NoSuchEntityException", ..get });
        },
    ),
    Scenario::named(
        "iam/ReconTorIPCaller",
        &["Recon:IAMUser/TorIPCaller", OUTSIDE],
        "Buckets are listed over Tor with the credentials of an instance.",
        |it| over_tor(it, LIST_BUCKETS, None),
    ),
    Scenario::named(
        "iam/InstanceCredentialExfiltration-OutsideAWS",
        &["UnauthorizedAccess:IAMUser/TorIPCaller", OUTSIDE],
        "A sign-in token is asked for over Tor with the credentials of an instance.",
        |it| over_tor(it, Api::reading("signin", "GetSigninToken", "null"), None),
    ),
    Scenario::named(
        "iam/CloudTrailLoggingDisabled",
        &["Stealth:IAMUser/CloudTrailLoggingDisabled"],
        "A trail is stopped.",
        |it| {
            let person = it.person();
            let stop = Api::writing("cloudtrail", "StopLogging", r#"{"name":"tester-trail"}"#);
            it.call(it.at(0), &person.from(OFFICE), stop);
            it.expect_key(&person);
        },
    ),
    Scenario::named(
        "iam/PasswordPolicyChange",
        &["Stealth:IAMUser/PasswordPolicyChange"],
        "Passwords may have six characters.",
        weak_passwords,
    ),
    Scenario::named(
        "s3/DiscoveryMaliciousIPCaller-Custom",
        &["Discovery:S3/MaliciousIPCaller.Custom"],
        "Objects are listed from an address on a custom list.",
        |it| s3::listed(it, "threat", "ListObjects"),
    ),
    Scenario::named(
        "s3/UnauthMaliciousIPCaller-Custom",
        &["UnauthorizedAccess:S3/MaliciousIPCaller.Custom"],
        "An object is read from an address on a custom list.",
        |it| s3::listed(it, "threat", "GetObject"),
    ),
    Scenario::named(
        "s3/DiscoveryTorIPCaller",
        &["Discovery:S3/TorIPCaller", OUTSIDE],
        "Objects are listed over Tor with the credentials of an instance.",
        |it| over_tor(it, LIST_USERS, Some("ListObjects")),
    ),
    Scenario::named(
        "s3/UnauthTorIPCaller",
        &["UnauthorizedAccess:S3/TorIPCaller", OUTSIDE],
        "An object is read over Tor with the credentials of an instance.",
        |it| over_tor(it, LIST_USERS, Some("GetObject")),
    ),
    Scenario::named(
        "s3/BucketAnonymousAccessGranted",
        &["Policy:S3/BucketAnonymousAccessGranted"],
        "A policy lets everybody read.",
        |it| s3::policy(it, r#""*""#, ""),
    ),
    Scenario::named(
        "s3/BucketPublicAccessGranted",
        &["Policy:S3/BucketPublicAccessGranted"],
        "A policy lets every principal of AWS read.",
        |it| {
            let condition = r#","Condition":{"StringLike":{"aws:PrincipalArn":"arn:aws:iam::*"}}"#;
            s3::policy(it, r#"{"AWS":"*"}"#, condition);
        },
    ),
    Scenario::named(
        "lambda/MaliciousIPCaller.Custom",
        &["UnauthorizedAccess:Lambda/MaliciousIPCaller.Custom"],
        "A function connects to port 8009 of an address on a custom list.",
        |it| lambda::listed(it, "threat", 8009),
    ),
    Scenario::named(
        "s3/KaliLinux",
        &["PenTest:S3/KaliLinux"],
        "Objects are listed with the user agent of Kali.",
        |it| s3::with_agent(it, KALI),
    ),
    Scenario::named(
        "s3/AccountBlockPublicAccessDisabled",
        &["Policy:S3/AccountBlockPublicAccessDisabled"],
        "Block Public Access of the account is turned off.",
        s3::open_account,
    ),
    Scenario::named(
        "s3/BucketBlockPublicAccessDisabled",
        &["Policy:S3/BucketBlockPublicAccessDisabled"],
        "Block Public Access of a bucket is turned off.",
        s3::open_bucket,
    ),
    Scenario::named(
        "s3/ServerAccessLoggingDisabled",
        &["Stealth:S3/ServerAccessLoggingDisabled"],
        "The access log of a bucket is turned off.",
        s3::no_access_log,
    ),
];

/// Asks for a test domain and posts to where it leads, which does not answer.
fn post(stage: &mut Stage<'_>, name: &str) {
    let (host, address) = (stage.host(), stage.stranger());
    stage.query(stage.at(0), &host, name, &[&address]);
    let it = stage.connection(stage.at(1), (&host.ip, &address), 80);
    stage.connect(&it.probe(Outcome::Silent));
    stage.expect_instance(&host);
}

/// A call over Tor with the credentials of an instance; on a bucket, if a data call is named.
fn over_tor(stage: &mut Stage<'_>, api: Api<'_>, data: Option<&'static str>) {
    let (host, exit) = (stage.host(), stage.listed_address("tor-exit"));
    let thief = stage.credentials(&host, stage.at(0), &exit);
    let key = stage.credentials_key(&host, stage.at(0));
    let mut resource = json!({ "accessKeyDetails": { "accessKeyId": key } });
    if let Some(data) = data {
        let bucket = stage.bucket();
        stage.call(stage.at(0), &thief, Api::new("s3", data, &object_request(&bucket, data)));
        resource = json!({ "s3BucketDetails": [{ "name": bucket }] });
    } else {
        stage.call(stage.at(0), &thief, api);
    }
    for finding_type in stage.types() {
        let instance = json!({ "instanceDetails": { "instanceId": host.id() } });
        let resource = if finding_type == OUTSIDE { instance } else { resource.clone() };
        stage.expect(finding_type, resource);
    }
}
