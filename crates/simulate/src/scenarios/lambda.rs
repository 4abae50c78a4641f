//! What Lambda functions exchange with others, and the uses of their credentials and of tasks'.

use serde_json::json;

use crate::calls::{Api, CLI, Caller};
use crate::flow::Connection;
use crate::scenarios::Scenario;
use crate::stage::{Stage, TaskKind};
use crate::time::MINUTE;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::of(
        "Backdoor:Lambda/C&CActivity.B",
        "A function reports to a command and control server.",
        |stage| listed(stage, "command-and-control", 443),
    ),
    Scenario::of(
        "CryptoCurrency:Lambda/BitcoinTool.B",
        "A function works for a mining pool.",
        |stage| listed(stage, "mining-pool", 3333),
    ),
    Scenario::of("Trojan:Lambda/BlackholeTraffic", "A function sends to a sinkhole.", |stage| {
        listed(stage, "sinkhole", 80);
    }),
    Scenario::of("Trojan:Lambda/DropPoint", "A function uploads to a drop point.", |stage| {
        listed(stage, "drop-point", 443);
    }),
    Scenario::of(
        "UnauthorizedAccess:Lambda/MaliciousIPCaller.Custom",
        "A function talks to an address on your own threat list.",
        |stage| listed(stage, "threat", 8009),
    ),
    Scenario::of(
        "UnauthorizedAccess:Lambda/TorClient",
        "A function builds circuits through a Tor relay.",
        |stage| listed(stage, "tor-relay", 9001),
    ),
    Scenario::of(
        "UnauthorizedAccess:Lambda/TorRelay",
        "Fourteen Tor relays connect to the interface of a function.",
        tor_relay,
    ),
    Scenario::of(
        "UnauthorizedAccess:IAMUser/ResourceCredentialExfiltration.OutsideAWS",
        "Credentials of a function are used on the Internet.",
        outside,
    ),
    Scenario::of(
        "UnauthorizedAccess:IAMUser/ResourceCredentialExfiltration.InsideAWS",
        "Credentials of a task are used on an instance of somebody else.",
        inside,
    ),
];

/// Exchanges with an address on the list of a category.
pub(super) fn listed(stage: &mut Stage<'_>, category: &str, port: u16) {
    let (function, address) = (stage.function(), stage.listed_address(category));
    for part in 0..6 {
        let it = stage.connection(stage.at(part * 10 * MINUTE), (&function.ip, &address), port);
        stage.connect(&Connection { sent: (60, 21_000), received: (70, 34_000), ..it });
    }
    stage.expect_function(&function);
}

fn tor_relay(stage: &mut Stage<'_>) {
    let function = stage.function();
    for number in 0..14 {
        let relay = stage.listed_address("tor-relay");
        let it = stage.connection(stage.at(number * 10 * MINUTE), (&relay, &function.ip), 9001);
        stage.connect(&Connection { sent: (60, 30_000), received: (60, 30_000), ..it });
    }
    stage.expect_function(&function);
}

fn outside(stage: &mut Stage<'_>) {
    let (since, stranger) = (stage.at(-600), stage.stranger());
    let (thief, key) = stage.task(TaskKind::Function, since, &stranger);
    steal(stage, &thief);
    stage.expect_all(&json!({ "accessKeyDetails": { "accessKeyId": key } }));
}

/// The first address of EC2 that a task's session calls from is taken as its own.
fn inside(stage: &mut Stage<'_>) {
    let since = stage.at(-600);
    let [own, stranger] = [(); 2].map(|()| stage.listed_address("aws-ec2"));
    let (task, key) = stage.task(TaskKind::Task, since, &own);
    stage.call(stage.at(-300), &task, Api::reading("s3", "ListBuckets", "null"));
    steal(stage, &Caller { source: stranger, ..task });
    stage.expect_all(&json!({ "accessKeyDetails": { "accessKeyId": key } }));
}

fn steal(stage: &mut Stage<'_>, thief: &Caller) {
    let thief = thief.clone().with_agent(CLI);
    stage.call(stage.at(0), &thief, Api::reading("sts", "GetCallerIdentity", "null"));
    stage.call(stage.at(30), &thief, Api::reading("s3", "ListBuckets", "null"));
}
