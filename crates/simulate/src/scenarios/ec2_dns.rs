//! What instances ask the resolver for.

use crate::scenarios::Scenario;
use crate::stage::Stage;
use crate::time::HOUR;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::of(
        "Backdoor:EC2/C&CActivity.B!DNS",
        "An instance asks for the name of a command and control server.",
        |stage| listed(stage, "command-and-control"),
    ),
    Scenario::of(
        "CryptoCurrency:EC2/BitcoinTool.B!DNS",
        "An instance asks for the name of a mining pool.",
        |stage| listed(stage, "mining-pool"),
    ),
    Scenario::of(
        "Trojan:EC2/BlackholeTraffic!DNS",
        "An instance asks for a name that leads to a sinkhole.",
        |stage| listed(stage, "sinkhole"),
    ),
    Scenario::of(
        "Trojan:EC2/DGADomainRequest.C!DNS",
        "An instance asks for a name that an algorithm made.",
        |stage| listed(stage, "dga"),
    ),
    Scenario::of(
        "Trojan:EC2/DriveBySourceTraffic!DNS",
        "An instance asks for the name of a source of drive-by downloads.",
        |stage| listed(stage, "drive-by"),
    ),
    Scenario::of(
        "Trojan:EC2/DropPoint!DNS",
        "An instance asks for the name of a drop point.",
        |stage| listed(stage, "drop-point"),
    ),
    Scenario::of(
        "Trojan:EC2/PhishingDomainRequest!DNS",
        "An instance asks for the name of a phishing site.",
        |stage| listed(stage, "phishing"),
    ),
    Scenario::of(
        "Impact:EC2/MaliciousDomainRequest.Custom",
        "An instance asks for a name on your own threat list.",
        |stage| listed(stage, "threat"),
    ),
    Scenario::of(
        "Impact:EC2/AbusedDomainRequest.Reputation",
        "An instance asks for a new name under an abused domain.",
        |stage| listed(stage, "abused"),
    ),
    Scenario::of(
        "Impact:EC2/BitcoinDomainRequest.Reputation",
        "An instance asks for a name of cryptocurrency with a low reputation.",
        |stage| listed(stage, "bitcoin-reputation"),
    ),
    Scenario::of(
        "Impact:EC2/MaliciousDomainRequest.Reputation",
        "An instance asks for a name that is known to be malicious.",
        |stage| listed(stage, "malicious"),
    ),
    Scenario::of(
        "Impact:EC2/SuspiciousDomainRequest.Reputation",
        "An instance asks for a new name that looks suspicious.",
        |stage| listed(stage, "suspicious"),
    ),
    Scenario::of(
        "UnauthorizedAccess:EC2/MetadataDNSRebind",
        "An instance asks for a public name that leads to the metadata service.",
        |stage| {
            let (host, name) = (stage.host(), stage.domain());
            stage.query(stage.at(0), &host, &name, &["169.254.169.254"]);
            stage.expect_instance(&host);
        },
    ),
];

/// A name on the list of a category, asked for every hour.
fn listed(stage: &mut Stage<'_>, category: &str) {
    let host = stage.host();
    let name = stage.listed_domain(category);
    let answer = stage.stranger();
    for hour in 0..3 {
        stage.query(stage.at(hour * HOUR), &host, &name, &[&answer]);
    }
    stage.expect_instance(&host);
}
