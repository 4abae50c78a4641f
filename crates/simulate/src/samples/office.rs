//! Ordinary calls: people in office hours, deployments, services, instances.

use crate::calls::{Api, BROWSER, Caller, SDK, call};
use crate::logs::Logs;
use crate::random::Random;
use crate::time::{DAY, HOUR, MINUTE};

use super::world::{DAYS, DEV, EAST, HOSTS, OFFICE, PROD, START, WEST, at};

/// Account, name, key.
const PEOPLE: [(&str, &str, &str); 5] = [
    (PROD, "alice", "AKIAEXAMPLEALICE0001"),
    (PROD, "bob", "AKIAEXAMPLEBOB000001"),
    (PROD, "carol", "AKIAIOSFODNN7EXAMPLE"),
    (DEV, "dave", "AKIAEXAMPLEDAVE00001"),
    (DEV, "erin", "AKIAEXAMPLEERIN00001"),
];

/// Calls of people at work: service, name, request.
const WORK: [(&str, &str, &str); 14] = [
    ("ec2", "DescribeInstances", r#"{"instancesSet":{},"filterSet":{}}"#),
    ("ec2", "DescribeVolumes", r#"{"volumeSet":{},"filterSet":{}}"#),
    ("ec2", "DescribeSecurityGroups", r#"{"securityGroupSet":{},"filterSet":{}}"#),
    ("s3", "ListBuckets", "null"),
    (
        "s3",
        "GetBucketPolicy",
        r#"{"bucketName":"example-site","Host":"s3.amazonaws.com","policy":""}"#,
    ),
    ("s3", "GetObject", r#"{"bucketName":"example-reports","key":"2026/03/summary.csv"}"#),
    ("s3", "ListObjects", r#"{"bucketName":"example-reports","prefix":"2026/03/"}"#),
    ("iam", "ListRoles", "null"),
    ("iam", "GetRole", r#"{"roleName":"web"}"#),
    ("logs", "DescribeLogGroups", r#"{"limit":50}"#),
    ("monitoring", "DescribeAlarms", r#"{"maxRecords":100}"#),
    ("cloudtrail", "LookupEvents", r#"{"maxResults":50}"#),
    ("lambda", "ListFunctions20150331", r#"{"maxItems":50}"#),
    ("rds", "DescribeDBInstances", "null"),
];

/// Calls of a deployment, in order.
const DEPLOYMENT: [(&str, &str, &str); 7] = [
    ("ecr", "GetAuthorizationToken", "{}"),
    ("ecr", "BatchCheckLayerAvailability", r#"{"repositoryName":"api"}"#),
    ("ecr", "PutImage", r#"{"repositoryName":"api","imageTag":"latest"}"#),
    ("s3", "PutObject", r#"{"bucketName":"example-artifacts","key":"api/build.tar.gz"}"#),
    ("ecs", "RegisterTaskDefinition", r#"{"family":"api"}"#),
    ("ecs", "UpdateService", r#"{"cluster":"main","service":"api"}"#),
    ("ecs", "DescribeServices", r#"{"cluster":"main","services":["api"]}"#),
];

/// Adds the calls.
pub(super) fn write(logs: &mut Logs, seed: u64) {
    for day in 0..DAYS {
        for (number, person) in (0..).zip(PEOPLE) {
            work(logs, day, person, &mut Random::new(seed, 100 + number * 10 + day.unsigned_abs()));
        }
        let random = &mut Random::new(seed, 200 + day.unsigned_abs());
        for hour in [9, 11, 14, 16] {
            deploy(logs, at(day, hour, 5) + random.secs(0, 1500));
        }
        scaling(logs, day);
        for hour in 0..24 {
            services(logs, at(day, hour, 0) + random.secs(0, 600));
            instances(logs, at(day, hour, 0), random);
        }
    }
    administration(logs);
}

fn work(
    logs: &mut Logs,
    day: i64,
    (account, name, key): (&'static str, &str, &str),
    random: &mut Random,
) {
    let region = if account == PROD { EAST } else { WEST };
    let caller = Caller::user(account, name, key, OFFICE);
    let mut time = at(day, 8, 30) + random.secs(0, 3600);
    let sign_in = Api {
        response: r#"{"ConsoleLogin":"Success"}"#,
        is_read: false,
        is_sign_in: true,
        ..Api::new("signin", "ConsoleLogin", "null")
    };
    // People mistype.
    if random.between(0, 3) == 0 {
        let failed = sign_in.responding(r#"{"ConsoleLogin":"Failure"}"#);
        call(logs, EAST, time - 30, &caller.clone().with_agent(BROWSER), failed);
    }
    call(logs, EAST, time, &caller.clone().with_agent(BROWSER), sign_in);
    while time < at(day, 17, 30) {
        time += random.secs(60, 1500);
        let of_day = (time - START) % DAY;
        if (12 * HOUR..13 * HOUR).contains(&of_day) {
            continue;
        }
        let Some((service, api, request)) = random.pick(&WORK) else { return };
        let api = Api::new(service, api, request);
        let api = if random.between(0, 25) == 0 { api.denied() } else { api };
        call(logs, region, time, &caller, api);
    }
}

/// A pipeline signs in with a token of its own and rolls out.
fn deploy(logs: &mut Logs, time: i64) {
    let key = format!("ASIAEXAMPLECI{:07}", (time - START) % 10_000_000);
    let session = format!("run-{}", (time - START) / MINUTE);
    let caller = Caller::role(PROD, ("ci", &session, &key), time, "198.51.100.20", "");
    let web = Caller {
        account: PROD.to_owned(),
        identity: concat!(
            r#"{"type":"WebIdentityUser","principalId":"arn:aws:iam::111122223333:oidc-provider/ci.example.com"#,
            r#":sts.amazonaws.com:repo","userName":"repo:example/api","identityProvider":"ci.example.com"}"#
        )
        .to_owned(),
        source: "198.51.100.20".to_owned(),
        agent: SDK.to_owned(),
    };
    let request = format!(
        r#"{{"roleArn":"arn:aws:iam::111122223333:role/ci","roleSessionName":"{session}"}}"#
    );
    let response = format!(r#"{{"credentials":{{"accessKeyId":"{key}"}}}}"#);
    let api = Api::new("sts", "AssumeRoleWithWebIdentity", &request).responding(&response);
    call(logs, EAST, time, &web, api);
    for (number, (service, name, request)) in (1..).zip(DEPLOYMENT) {
        call(logs, EAST, time + 15 * number, &caller, Api::new(service, name, request));
    }
}

/// In the morning an instance is added, in the evening it goes.
fn scaling(logs: &mut Logs, day: i64) {
    let service = "autoscaling.amazonaws.com";
    let identity = concat!(
        r#"{"type":"AssumedRole","principalId":"AROAEXAMPLESCALING:AutoScaling","#,
        r#""arn":"arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling","#,
        r#""accountId":"111122223333","sessionContext":{"sessionIssuer":{"type":"Role","#,
        r#""principalId":"AROAEXAMPLESCALING","arn":"arn:aws:iam::111122223333:role/AWSServiceRoleForAutoScaling","#,
        r#""accountId":"111122223333","userName":"AWSServiceRoleForAutoScaling"},"attributes":{}},"#,
        r#""invokedBy":"autoscaling.amazonaws.com"}"#
    );
    let caller = Caller { identity: identity.to_owned(), ..Caller::service(PROD, service) };
    let id = format!("i-0a1b2c3d4e5f7{day:04x}");
    let request =
        r#"{"instancesSet":{"items":[{"minCount":1,"maxCount":1}]},"instanceType":"c6i.large"}"#;
    let response = format!(
        r#"{{"ownerId":"111122223333","instancesSet":{{"items":[{{"instanceId":"{id}","instanceType":"c6i.large"}}]}}}}"#
    );
    let run = Api::new("ec2", "RunInstances", request).responding(&response);
    call(logs, EAST, at(day, 8, 2), &caller, run);
    let request = format!(r#"{{"instancesSet":{{"items":[{{"instanceId":"{id}"}}]}}}}"#);
    call(logs, EAST, at(day, 19, 2), &caller, Api::new("ec2", "TerminateInstances", &request));
}

/// Services look after their own: trails write, Config records, roles are assumed.
fn services(logs: &mut Logs, time: i64) {
    for (account, region) in [(PROD, EAST), (PROD, WEST), (DEV, WEST)] {
        let trail = Caller::service(account, "cloudtrail.amazonaws.com");
        let request =
            r#"{"bucketName":"example-trail","Host":"example-trail.s3.amazonaws.com","acl":""}"#;
        call(logs, region, time, &trail, Api::new("s3", "GetBucketAcl", request));
        let config = Caller::service(account, "config.amazonaws.com");
        let request = format!(
            r#"{{"roleArn":"arn:aws:iam::{account}:role/config","roleSessionName":"AWSConfig-Describe"}}"#
        );
        call(logs, region, time + 40, &config, Api::new("sts", "AssumeRole", &request));
    }
}

/// Every instance reports to Systems Manager; some do their work.
fn instances(logs: &mut Logs, time: i64, random: &mut Random) {
    for host in &HOSTS {
        let time = time + random.secs(0, 3000);
        let caller = Caller::instance(host, START, time, host.egress());
        let request = format!(r#"{{"instanceId":"{}","agentVersion":"3.2.2303.0"}}"#, host.id());
        let update =
            Api { is_read: false, ..Api::new("ssm", "UpdateInstanceInformation", &request) };
        call(logs, &host.region, time, &caller, update);
        if host.name == "db-1" && (time - START) % DAY < HOUR {
            let request = r#"{"bucketName":"example-backups","key":"db/nightly.dump"}"#;
            call(logs, EAST, time + 60, &caller, Api::new("s3", "PutObject", request));
        }
        if host.role == "web" {
            let request = r#"{"bucketName":"example-site","key":"assets/index.html"}"#;
            call(logs, EAST, time + 90, &caller, Api::new("s3", "GetObject", request));
        }
    }
}

/// Changes that look like the intruders' and are not.
fn administration(logs: &mut Logs) {
    let alice = Caller::user(PROD, "alice", "AKIAEXAMPLEALICE0001", OFFICE);
    let request = concat!(
        r#"{"bucketName":"example-artifacts","bucketPolicy":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","#,
        r#""Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"s3:GetObject","#,
        r#""Resource":"arn:aws:s3:::example-artifacts/*"}]},"policy":""}"#
    );
    call(logs, EAST, at(1, 10, 12), &alice, Api::new("s3", "PutBucketPolicy", request));
    let request = r#"{"name":"main","enableLogFileValidation":true,"isMultiRegionTrail":true}"#;
    call(logs, EAST, at(1, 10, 20), &alice, Api::new("cloudtrail", "UpdateTrail", request));
    let erin = Caller::user(DEV, "erin", "AKIAEXAMPLEERIN00001", OFFICE);
    let request = r#"{"bucketName":"example-scratch"}"#;
    call(logs, WEST, at(3, 15, 1), &erin, Api::new("s3", "DeleteBucket", request));
}
