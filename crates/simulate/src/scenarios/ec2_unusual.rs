//! What instances do that they have not done before.

use crate::flow::{Connection, UDP};
use crate::scenarios::Scenario;
use crate::stage::Stage;
use crate::time::MINUTE;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::of(
        "DefenseEvasion:EC2/UnusualDNSResolver",
        "An instance asks a public resolver, as it never did.",
        |stage| {
            let (host, resolver) = (stage.host(), stage.listed_address("encrypted-dns"));
            for part in 0..3 {
                let it = stage.connection(stage.at(part * MINUTE), (&host.ip, &resolver), 53);
                stage.connect(&Connection {
                    secs: 0,
                    protocol: UDP,
                    sent: (1, 72),
                    received: (1, 120),
                    ..it
                });
            }
            stage.expect_instance(&host);
        },
    ),
    Scenario::of(
        "DefenseEvasion:EC2/UnusualDoHActivity",
        "An instance asks a public resolver over HTTPS, as it never did.",
        |stage| greet(stage, Some("encrypted-dns"), 443),
    ),
    Scenario::of(
        "DefenseEvasion:EC2/UnusualDoTActivity",
        "An instance asks a public resolver over TLS, as it never did.",
        |stage| greet(stage, Some("encrypted-dns"), 853),
    ),
    Scenario::of(
        "Behavior:EC2/NetworkPortUnusual",
        "An instance talks to a port of a stranger that nobody in the account uses.",
        |stage| greet(stage, None, 6667),
    )
    .after(9),
    Scenario::of(
        "Behavior:EC2/TrafficVolumeUnusual",
        "An instance sends a quarter of a gigabyte to a stranger, as it never did.",
        |stage| {
            let (host, stranger) = (stage.host(), stage.stranger());
            for part in 0..2 {
                let it = stage.connection(stage.at(part), (&host.ip, &stranger), 443);
                let sent = (90_000, 126_000_000);
                stage.connect(&Connection { secs: 50, sent, received: (30_000, 1_560_000), ..it });
            }
            stage.expect_instance(&host);
        },
    )
    .after(9),
];

/// Four connections to an address, on the list of a category or on none.
fn greet(stage: &mut Stage<'_>, category: Option<&str>, port: u16) {
    let host = stage.host();
    let address = match category {
        Some(category) => stage.listed_address(category),
        None => stage.stranger(),
    };
    for part in 0..4 {
        let it = stage.connection(stage.at(part * 5 * MINUTE), (&host.ip, &address), port);
        stage.connect(&Connection { sent: (20, 3_000), received: (20, 9_000), ..it });
    }
    stage.expect_instance(&host);
}
