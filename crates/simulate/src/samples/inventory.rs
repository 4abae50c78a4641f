//! What `aws … describe-*` tells of the accounts, and the lists of indicators.

use serde_json::{Value, json};

use crate::describe::{pretty, reservation};
use crate::world::Network;

use super::world::{
    BAD_CALLER, C2_ADDRESS, CUSTOM_ADDRESS, DEV, DROP_ADDRESS, EAST, HOSTS, NAT_PRIVATE,
    NAT_PUBLIC, POOL_ADDRESS, PROD, TOR_EXIT, TOR_RELAY, WEST,
};

const SINCE: &str = "2026-01-12T08:00:00+00:00";

/// The files by name.
pub(super) fn files() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for (account, region) in [(PROD, EAST), (PROD, WEST), (DEV, WEST)] {
        let hosts = HOSTS.iter().filter(|it| it.account == account && it.region == region);
        let reservations: Vec<Value> = hosts.map(|it| reservation(it, SINCE)).collect();
        let text = json!({ "account": account, "region": region, "Reservations": reservations });
        files.push((format!("inventory/instances-{account}-{region}.json"), pretty(&text)));
    }
    let network = Network::new(1, EAST);
    let gateways = json!({
        "account": PROD,
        "region": EAST,
        "NatGateways": [{
            "NatGatewayId": "nat-0a1b2c3d4e5f60001",
            "VpcId": network.vpc,
            "SubnetId": network.subnet,
            "State": "available",
            "CreateTime": SINCE,
            "NatGatewayAddresses": [{
                "AllocationId": "eipalloc-0a1b2c3d4e5f60001",
                "NetworkInterfaceId": "eni-0a1b2c3d4e5f600f0",
                "PrivateIp":NAT_PRIVATE,
                "PublicIp": NAT_PUBLIC
            }]
        }]
    });
    files.push((format!("inventory/nat-gateways-{PROD}-{EAST}.json"), pretty(&gateways)));
    for (account, buckets) in [
        (
            PROD,
            &[
                "example-site",
                "example-customers",
                "example-backups",
                "example-reports",
                "example-artifacts",
            ][..],
        ),
        (DEV, &["example-lab", "example-scratch"]),
    ] {
        let buckets: Vec<Value> =
            buckets.iter().map(|it| json!({ "Name": it, "CreationDate": SINCE })).collect();
        let text = json!({ "account": account, "Buckets": buckets });
        files.push((format!("inventory/buckets-{account}.json"), pretty(&text)));
    }
    for (category, about, address) in [
        ("tor-exit", "An exit node of the Tor network", TOR_EXIT),
        ("tor-relay", "A relay of the Tor network", TOR_RELAY),
        ("malicious-caller", "Calls APIs with stolen keys", BAD_CALLER),
        ("command-and-control", "A command and control server", C2_ADDRESS),
        ("mining-pool", "A pool of miners", POOL_ADDRESS),
        ("drop-point", "A place for stolen data", DROP_ADDRESS),
        ("threat", "Seen by ourselves in an earlier incident", CUSTOM_ADDRESS),
    ] {
        files.push((
            format!("lists/{category}.txt"),
            format!("# {about} of the samples.\n{address}\n"),
        ));
    }
    files
}
