//! What callers do in the management of an account.

use serde_json::json;

use crate::calls::{Api, BROWSER, CLI, Caller};
use crate::scenarios::Scenario;
use crate::stage::{OFFICE, Person, Stage};

/// The command line under Kali.
pub(super) const KALI: &str = "aws-cli/2.23.6 md/awscrt#1.0.0.dev0 ua/2.0 os/linux#6.12.13-cloud-amd64 md/arch#x86_64 \
     lang/python#3.13.2 md/pyimpl#CPython md/distrib#kali.2025";
/// The command line under Parrot.
pub(super) const PARROT: &str = "aws-cli/2.23.6 md/distrib#parrot.6";
/// The command line under Pentoo.
pub(super) const PENTOO: &str = "aws-cli/2.23.6 md/distrib#pentoo.2024";
/// A call that reads.
pub(super) const LIST_USERS: Api<'static> = Api::reading("iam", "ListUsers", "null");
const CREATE_USER: Api<'static> = Api::writing("iam", "CreateUser", r#"{"userName":"backup"}"#);

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::of(
        "Recon:IAMUser/MaliciousIPCaller",
        "A user's key lists users from a malicious address.",
        |stage| listed(stage, "malicious-caller", LIST_USERS),
    ),
    Scenario::of(
        "Recon:IAMUser/MaliciousIPCaller.Custom",
        "A user's key lists users from an address on your own threat list.",
        |stage| listed(stage, "threat", LIST_USERS),
    ),
    Scenario::of(
        "Recon:IAMUser/TorIPCaller",
        "A user's key lists users from a Tor exit.",
        |stage| listed(stage, "tor-exit", LIST_USERS),
    ),
    Scenario::of(
        "UnauthorizedAccess:IAMUser/MaliciousIPCaller",
        "A user's key tries to create a user from a malicious address.",
        |stage| listed(stage, "malicious-caller", CREATE_USER.denied()),
    ),
    Scenario::of(
        "UnauthorizedAccess:IAMUser/MaliciousIPCaller.Custom",
        "A user's key tries to create a user from an address on your own threat list.",
        |stage| listed(stage, "threat", CREATE_USER.denied()),
    ),
    Scenario::of(
        "UnauthorizedAccess:IAMUser/TorIPCaller",
        "A user's key tries to create a user from a Tor exit.",
        |stage| listed(stage, "tor-exit", CREATE_USER.denied()),
    ),
    Scenario::of(
        "PenTest:IAMUser/KaliLinux",
        "A user calls from a computer that runs Kali.",
        |stage| with_agent(stage, KALI),
    ),
    Scenario::of("Stealth:IAMUser/CloudTrailLoggingDisabled", "A user stops a trail.", |stage| {
        once(stage, Api::writing("cloudtrail", "StopLogging", r#"{"name":"main"}"#));
    }),
    Scenario::of("Policy:IAMUser/RootCredentialUsage", "Root signs in and looks around.", root),
    Scenario::of(
        "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS",
        "Credentials of an instance's role are used on the Internet.",
        |stage| stolen_role(stage, None),
    ),
    Scenario::of(
        "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.InsideAWS",
        "Credentials of an instance's role are used on an instance of somebody else.",
        |stage| stolen_role(stage, Some("aws-ec2")),
    ),
];

/// A call of a user.
pub(super) fn once(stage: &mut Stage<'_>, api: Api<'_>) -> Person {
    let person = stage.person();
    stage.call(stage.at(0), &person.from(OFFICE), api);
    stage.expect_key(&person);
    person
}

pub(super) fn with_agent(stage: &mut Stage<'_>, agent: &str) {
    let person = stage.person();
    stage.call(stage.at(0), &person.from(OFFICE).with_agent(agent), LIST_USERS);
    stage.expect_key(&person);
}

/// A call from an address on the list of a category.
pub(super) fn listed(stage: &mut Stage<'_>, category: &str, api: Api<'_>) {
    let (person, address) = (stage.person(), stage.listed_address(category));
    stage.call(stage.at(0), &person.from(&address), api);
    stage.expect_key(&person);
}

fn root(stage: &mut Stage<'_>) {
    stage.own_account();
    let root = Caller::root(&stage.account(), OFFICE).with_agent(BROWSER);
    stage.call(stage.at(0), &root, Api::sign_in(true));
    stage.call(stage.at(60), &root, LIST_USERS);
    stage.expect_all(&json!({ "accessKeyDetails": { "userType": "Root" } }));
}

fn stolen_role(stage: &mut Stage<'_>, category: Option<&str>) {
    let host = stage.host();
    let address = match category {
        Some(category) => stage.listed_address(category),
        None => stage.stranger(),
    };
    let thief = stage.credentials(&host, stage.at(0), &address).with_agent(CLI);
    stage.call(stage.at(0), &thief, Api::reading("sts", "GetCallerIdentity", "null"));
    stage.call(stage.at(30), &thief, Api::reading("s3", "ListBuckets", "null"));
    stage.expect_instance(&host);
}
