//! What `aws … describe-*` tells of the accounts, and the lists of indicators.

use serde_json::{Value, json};

use super::world::{
    BAD_CALLER, C2_ADDRESS, CUSTOM_ADDRESS, DEV, DROP_ADDRESS, EAST, HOSTS, Host, NAT_PRIVATE,
    NAT_PUBLIC, Network, POOL_ADDRESS, PROD, TOR_EXIT, TOR_RELAY, WEST,
};

const SINCE: &str = "2026-01-12T08:00:00+00:00";

/// The files by name.
pub(super) fn files() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for (account, region) in [(PROD, EAST), (PROD, WEST), (DEV, WEST)] {
        let hosts = HOSTS.iter().filter(|it| it.account == account && it.region == region);
        let reservations: Vec<Value> = hosts.map(reservation).collect();
        let text = json!({ "account": account, "region": region, "Reservations": reservations });
        files.push((format!("inventory/instances-{account}-{region}.json"), pretty(&text)));
    }
    let gateways = json!({
        "account": PROD,
        "region": EAST,
        "NatGateways": [{
            "NatGatewayId": "nat-0a1b2c3d4e5f60001",
            "VpcId": Network::of(PROD, EAST).vpc,
            "SubnetId": Network::of(PROD, EAST).subnet,
            "State": "available",
            "CreateTime": SINCE,
            "NatGatewayAddresses": [{
                "AllocationId": "eipalloc-0a1b2c3d4e5f60001",
                "NetworkInterfaceId": "eni-0a1b2c3d4e5f600f0",
                "PrivateIp": NAT_PRIVATE,
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

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn reservation(host: &Host) -> Value {
    let network = host.network();
    let mut interface = json!({
        "NetworkInterfaceId": host.interface(),
        "OwnerId": host.account,
        "VpcId": network.vpc,
        "SubnetId": network.subnet,
        "InterfaceType": "interface",
        "PrivateIpAddress": host.ip,
        "Attachment": { "AttachTime": SINCE, "DeviceIndex": 0, "Status": "attached" },
        "Groups": [{ "GroupId": format!("sg-0a1b2c3d4e5f6{:04x}", host.number), "GroupName": host.role }],
        "Ipv6Addresses": [],
        "PrivateIpAddresses": [{ "Primary": true, "PrivateIpAddress": host.ip }]
    });
    if let Some(public) = host.public {
        let association = json!({ "IpOwnerId": host.account, "PublicIp": public });
        interface["Association"] = association.clone();
        interface["PrivateIpAddresses"][0]["Association"] = association;
    }
    json!({
        "ReservationId": format!("r-0a1b2c3d4e5f6{:04x}", host.number),
        "OwnerId": host.account,
        "Groups": [],
        "Instances": [{
            "InstanceId": host.id(),
            "ImageId": "ami-0a1b2c3d4e5f60001",
            "State": { "Code": 16, "Name": "running" },
            "InstanceType": host.kind,
            "LaunchTime": SINCE,
            "Placement": { "AvailabilityZone": network.zone, "Tenancy": "default" },
            "VpcId": network.vpc,
            "SubnetId": network.subnet,
            "PrivateIpAddress": host.ip,
            "IamInstanceProfile": {
                "Arn": format!("arn:aws:iam::{}:instance-profile/{}", host.account, host.role),
                "Id": format!("AIPAEXAMPLE{}", host.role.to_uppercase())
            },
            "Tags": [{ "Key": "Name", "Value": host.name }],
            "NetworkInterfaces": [interface]
        }]
    })
}
