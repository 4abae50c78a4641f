//! Changes to an account, and uses of credentials that only their place or history makes strange.

use serde_json::json;

use crate::calls::{Api, Caller};
use crate::places::{BERLIN, SAO_PAULO};
use crate::scenarios::Scenario;
use crate::scenarios::iam::{LIST_USERS, PARROT, PENTOO, once, with_agent};
use crate::stage::{OFFICE, Stage};

const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
     Chrome/120.0 Safari/537.36";

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::of(
        "PenTest:IAMUser/ParrotLinux",
        "A user calls from a computer that runs Parrot.",
        |stage| with_agent(stage, PARROT),
    ),
    Scenario::of(
        "PenTest:IAMUser/PentooLinux",
        "A user calls from a computer that runs Pentoo.",
        |stage| with_agent(stage, PENTOO),
    ),
    Scenario::of(
        "Stealth:IAMUser/PasswordPolicyChange",
        "A user lets passwords have six characters.",
        weak_passwords,
    ),
    Scenario::of(
        "DefenseEvasion:IAMUser/BedrockLoggingDisabled",
        "A user turns the logging of model invocations off.",
        |stage| {
            let name = "DeleteModelInvocationLoggingConfiguration";
            once(stage, Api::writing("bedrock", name, "null"));
        },
    ),
    Scenario::of(
        "CredentialAccess:IAMUser/CompromisedCredentials",
        "A user works with a key that was found in a public repository.",
        |stage| {
            let person = stage.person();
            stage.list("compromised-key", &person.key);
            stage.call(stage.at(0), &person.from(OFFICE), LIST_USERS);
            stage.expect_key(&person);
        },
    ),
    Scenario::of(
        "UnauthorizedAccess:IAMUser/ConsoleLoginSuccess.B",
        "A user who signed in in Berlin signs in in Sao Paulo an hour later.",
        far_away,
    )
    .after(5),
    Scenario::of(
        "Policy:IAMUser/ShortTermRootCredentialUsage",
        "A short root session removes the policy of a bucket.",
        |stage| {
            stage.own_account();
            let (account, key) = (stage.account(), "ASIAEXAMPLESHORTROOT1");
            let root = Caller::assumed_root(&account, key, stage.at(0), OFFICE);
            let request = format!(r#"{{"bucketName":"{}","policy":""}}"#, stage.bucket());
            stage.call(stage.at(60), &root, Api::writing("s3", "DeleteBucketPolicy", &request));
            stage.expect_all(&json!({ "accessKeyDetails": { "accessKeyId": key } }));
        },
    ),
];

/// The policy belongs to the account.
pub(super) fn weak_passwords(stage: &mut Stage<'_>) {
    stage.own_account();
    let request = r#"{"minimumPasswordLength":6}"#;
    once(stage, Api::writing("iam", "UpdateAccountPasswordPolicy", request));
}

fn far_away(stage: &mut Stage<'_>) {
    let (person, stranger) = (stage.person(), stage.stranger());
    stage.place(OFFICE, BERLIN);
    stage.place(&stranger, SAO_PAULO);
    let thief = person.from(&stranger).with_agent(CHROME);
    stage.call(stage.at(0), &thief, Api::sign_in(true));
    stage.expect_all(&json!({ "accessKeyDetails": { "userName": person.name } }));
}
