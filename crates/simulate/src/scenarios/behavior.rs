//! What can only be found by who knows what is usual: two weeks of a team, then something else.

use crate::calls::{Api, Caller};
use crate::scenarios::Scenario;
use crate::stage::{OFFICE, Person, Stage};
use crate::time::{HOUR, MINUTE};

/// Days of the team before the attack: half of them are enough to learn.
const LEARNING_DAYS: u32 = 16;
/// People of the team: enough calls to learn from.
const TEAM: usize = 10;
/// A program that nobody of the team uses.
const STRANGE_AGENT: &str = "aws-sdk-php/3.300.0 OS/Linux lang/php#8.2.15";

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::of(
        "Discovery:IAMUser/AnomalousBehavior",
        "A user's key lists all of IAM from a network that nobody of the team uses.",
        |stage| foreign(stage, &[READ_ALL, Api::reading("iam", "ListPolicies", "null")]),
    )
    .after(LEARNING_DAYS),
    Scenario::of(
        "InitialAccess:IAMUser/AnomalousBehavior",
        "A user's key opens a session on an instance from a network that nobody of the team uses.",
        |stage| foreign(stage, &[Api::writing("ssm", "StartSession", r#"{"target":"i-0123456789abcdef0"}"#)]),
    )
    .after(LEARNING_DAYS),
    Scenario::of(
        "Persistence:IAMUser/AnomalousBehavior",
        "A user's key imports a key pair from a network that nobody of the team uses.",
        |stage| foreign(stage, &[Api::writing("ec2", "ImportKeyPair", r#"{"keyName":"backup"}"#)]),
    )
    .after(LEARNING_DAYS),
    Scenario::of(
        "PrivilegeEscalation:IAMUser/AnomalousBehavior",
        "A user's key puts the user into a group from a network that nobody of the team uses.",
        |stage| foreign(stage, &[Api::writing("iam", "AddUserToGroup", r#"{"groupName":"staff","userName":"x"}"#)]),
    )
    .after(LEARNING_DAYS),
    Scenario::of(
        "CredentialAccess:IAMUser/AnomalousBehavior",
        "A user's key reads a secret from a network that nobody of the team uses.",
        |stage| foreign(stage, &[Api::reading("secretsmanager", "GetSecretValue", r#"{"secretId":"database"}"#)]),
    )
    .after(LEARNING_DAYS),
    Scenario::of(
        "DefenseEvasion:IAMUser/AnomalousBehavior",
        "A user's key deletes alarms from a network that nobody of the team uses.",
        |stage| foreign(stage, &[Api::writing("monitoring", "DeleteAlarms", r#"{"alarmNames":["cost"]}"#)]),
    )
    .after(LEARNING_DAYS),
    Scenario::of(
        "Exfiltration:IAMUser/AnomalousBehavior",
        "A user's key copies a volume from a network that nobody of the team uses.",
        |stage| foreign(stage, &[Api::writing("ec2", "CreateSnapshot", r#"{"volumeId":"vol-0123456789abcdef0"}"#)]),
    )
    .after(LEARNING_DAYS),
    Scenario::of(
        "Impact:IAMUser/AnomalousBehavior",
        "A user's key deletes a network's rules from a network that nobody of the team uses.",
        |stage| foreign(stage, &[Api::writing("ec2", "DeleteSecurityGroup", r#"{"groupId":"sg-0123456789abcdef0"}"#)]),
    )
    .after(LEARNING_DAYS),
    Scenario::of(
        "Discovery:S3/AnomalousBehavior",
        "A user's key lists a bucket that the user never used, from elsewhere.",
        |stage| foreign_objects(stage, "ListObjects"),
    )
    .after(LEARNING_DAYS),
    Scenario::of(
        "Exfiltration:S3/AnomalousBehavior",
        "A user's key reads a bucket that the user never used, from elsewhere.",
        |stage| foreign_objects(stage, "GetObject"),
    )
    .after(LEARNING_DAYS),
    Scenario::of(
        "Impact:S3/AnomalousBehavior.Delete",
        "A user's key deletes objects of a bucket that the user never used, from elsewhere.",
        |stage| foreign_objects(stage, "DeleteObject"),
    )
    .after(LEARNING_DAYS),
    Scenario::of(
        "Impact:S3/AnomalousBehavior.Permission",
        "A user's key changes the access control of objects that the user never used, from elsewhere.",
        |stage| foreign_objects(stage, "PutObjectAcl"),
    )
    .after(LEARNING_DAYS),
    Scenario::of(
        "Impact:S3/AnomalousBehavior.Write",
        "A user's key writes to a bucket that the user never used, from elsewhere.",
        |stage| foreign_objects(stage, "PutObject"),
    )
    .after(LEARNING_DAYS),
    Scenario::of(
        "Impact:IAMUser/AnomalousModelInvocation",
        "A user's key calls a model that nobody of the team calls, from elsewhere.",
        |stage| foreign_model(stage, 400),
    )
    .after(LEARNING_DAYS),
    Scenario::named(
        "Impact:IAMUser/CostHarvesting",
        &["Impact:IAMUser/AnomalousModelInvocation", "Impact:IAMUser/CostHarvesting"],
        "A user's key sends long texts to a model that nobody of the team calls, from elsewhere.",
        |stage| foreign_model(stage, 90_000),
    )
    .after(LEARNING_DAYS),
];

/// A call that reads everything.
const READ_ALL: Api<'static> = Api::reading("iam", "GetAccountAuthorizationDetails", "null");

/// People who work in one account.
fn team(stage: &mut Stage<'_>) -> Vec<Person> {
    stage.own_account();
    (0..TEAM).map(|_| stage.person()).collect()
}

/// Calls that nobody of the team makes, with a key of one of them, from elsewhere.
fn foreign(stage: &mut Stage<'_>, calls: &[Api<'_>]) {
    let team = team(stage);
    let Some(victim) = team.first() else { return };
    let caller = victim.from(&stage.stranger()).with_agent(STRANGE_AGENT);
    for (number, api) in (0..).zip(calls) {
        stage.call(stage.at(number * MINUTE), &caller, *api);
    }
    stage.expect_key(victim);
}

/// Calls to another team's bucket, with a key of somebody, from elsewhere.
fn foreign_objects(stage: &mut Stage<'_>, name: &str) {
    let (team, [_, bucket]) = readers(stage);
    let Some(victim) = team.first() else { return };
    let caller = victim.from(&stage.stranger()).with_agent(STRANGE_AGENT);
    for number in 0..3 {
        let request = format!(r#"{{"bucketName":"{bucket}","key":"reports/{number}.csv"}}"#);
        let is_read = matches!(name, "GetObject" | "ListObjects");
        let api = Api { is_read, is_data: true, ..Api::writing("s3", name, &request) };
        stage.call(stage.at(number * MINUTE), &caller, api);
    }
    stage.expect_bucket(&bucket);
}

/// Days of calls of a small model by a team, then calls of a large one from elsewhere.
fn foreign_model(stage: &mut Stage<'_>, tokens: u32) {
    let team = team(stage);
    let invoke = |stage: &mut Stage<'_>, at: i64, caller: &Caller, model: &str, tokens: u32| {
        let request = format!(r#"{{"modelId":"{model}"}}"#);
        let additional = format!(r#"{{"inputTokens":{tokens},"outputTokens":90}}"#);
        let api = Api {
            is_read: true,
            is_data: true,
            additional: &additional,
            ..Api::writing("bedrock", "InvokeModel", &request)
        };
        stage.call(at, caller, api);
    };
    for midnight in stage.learning_days() {
        for (number, person) in (0..).zip(&team) {
            for call in 0..3 {
                let at = midnight + (9 + 2 * call) * HOUR + number * MINUTE;
                let tokens = 300 + u32::try_from(stage.random.between(0, 200)).unwrap_or(0);
                invoke(stage, at, &person.from(OFFICE), "example.small-v1:0", tokens);
            }
        }
    }
    let Some(victim) = team.first() else { return };
    let caller = victim.from(&stage.stranger()).with_agent(STRANGE_AGENT);
    for number in 0..if tokens > 1000 { 8 } else { 2 } {
        invoke(stage, stage.at(number * 20), &caller, "example.large-v2:0", tokens);
    }
    stage.expect_key(victim);
}

/// Days of reading in two buckets by a team; gives the team and the buckets.
fn readers(stage: &mut Stage<'_>) -> (Vec<Person>, [String; 2]) {
    let team = team(stage);
    let buckets = [stage.bucket(), stage.bucket()];
    for midnight in stage.learning_days() {
        for (number, person) in (0..).zip(&team) {
            let Some(bucket) = buckets.get(usize::from(number % 5 == 4)) else { continue };
            for call in 0..8 {
                let key = stage.random.between(0, 1 << 30);
                let request = format!(r#"{{"bucketName":"{bucket}","key":"reports/{key}.csv"}}"#);
                let at = midnight + 9 * HOUR + call * HOUR + number * MINUTE;
                let api = Api::new("s3", "GetObject", &request);
                stage.call(at, &person.from(OFFICE), api);
            }
        }
    }
    (team, buckets)
}
