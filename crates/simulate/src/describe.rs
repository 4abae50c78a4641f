//! What `aws … describe-*` tells of hosts.

use serde_json::{Value, json};

use crate::world::Host;

/// As files have it: with line breaks, and one at the end.
pub(crate) fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// `describe-nat-gateways` of the gateways that hosts of one account and Region leave by.
pub(crate) fn gateways<'a>(hosts: impl Iterator<Item = &'a Host>, since: &str) -> Option<Value> {
    let (mut gateways, mut seen, mut owner) = (Vec::new(), Vec::new(), None);
    for host in hosts {
        let Some(nat) = host.nat.as_ref().filter(|it| !seen.contains(&&it.interface)) else {
            continue;
        };
        seen.push(&nat.interface);
        owner = Some((&host.account, &host.region));
        let network = host.network();
        let id = nat.interface.trim_start_matches("eni-");
        gateways.push(json!({
            "NatGatewayId": format!("nat-{id}"),
            "VpcId": network.vpc,
            "SubnetId": network.subnet,
            "State": "available",
            "CreateTime": since,
            "NatGatewayAddresses": [{
                "AllocationId": format!("eipalloc-{id}"),
                "NetworkInterfaceId": nat.interface,
                "PrivateIp": nat.private,
                "PublicIp": nat.public
            }]
        }));
    }
    let (account, region) = owner?;
    Some(json!({ "account": account, "region": region, "NatGateways": gateways }))
}

/// `describe-network-interfaces` of the interfaces of functions among hosts of one account and Region.
pub(crate) fn interfaces<'a>(hosts: impl Iterator<Item = &'a Host>) -> Option<Value> {
    let (mut interfaces, mut owner) = (Vec::new(), None);
    for host in hosts {
        let Some(function) = &host.function else { continue };
        owner = Some((&host.account, &host.region));
        let network = host.network();
        let id = format!("01234567-89ab-cdef-0123-{:012x}", host.number);
        interfaces.push(json!({
            "NetworkInterfaceId": host.interface(),
            "InterfaceType": "lambda",
            "Description": format!("AWS Lambda VPC ENI-{function}-{id}"),
            "OwnerId": host.account,
            "VpcId": network.vpc,
            "SubnetId": network.subnet,
            "AvailabilityZone": network.zone,
            "PrivateIpAddress": host.ip,
            "PrivateIpAddresses": [{ "Primary": true, "PrivateIpAddress": host.ip }],
            "Groups": [],
            "Status": "in-use"
        }));
    }
    let (account, region) = owner?;
    Some(json!({ "account": account, "region": region, "NetworkInterfaces": interfaces }))
}

/// A reservation of `describe-instances` with one instance, launched at `since`.
pub(crate) fn reservation(host: &Host, since: &str) -> Value {
    let network = host.network();
    let mut interface = json!({
        "NetworkInterfaceId": host.interface(),
        "OwnerId": &host.account,
        "VpcId": network.vpc,
        "SubnetId": network.subnet,
        "InterfaceType": "interface",
        "PrivateIpAddress": &*host.ip,
        "Attachment": { "AttachTime": since, "DeviceIndex": 0, "Status": "attached" },
        "Groups": [{ "GroupId": format!("sg-0a1b2c3d4e5f6{:04x}", host.number), "GroupName": &*host.role }],
        "Ipv6Addresses": [],
        "PrivateIpAddresses": [{ "Primary": true, "PrivateIpAddress": &*host.ip }]
    });
    if let Some(public) = &host.public {
        let association = json!({ "IpOwnerId": &*host.account, "PublicIp": &**public });
        interface["Association"] = association.clone();
        interface["PrivateIpAddresses"][0]["Association"] = association;
    }
    let mut tags = vec![json!({ "Key": "Name", "Value": host.name })];
    tags.extend(host.tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })));
    json!({
        "ReservationId": format!("r-0a1b2c3d4e5f6{:04x}", host.number),
        "OwnerId": &*host.account,
        "Groups": [],
        "Instances": [{
            "InstanceId": host.id(),
            "ImageId": "ami-0a1b2c3d4e5f60001",
            "State": { "Code": 16, "Name": "running" },
            "InstanceType": &*host.kind,
            "LaunchTime": since,
            "Placement": { "AvailabilityZone": network.zone, "Tenancy": "default" },
            "VpcId": network.vpc,
            "SubnetId": network.subnet,
            "PrivateIpAddress": &*host.ip,
            "IamInstanceProfile": {
                "Arn": format!("arn:aws:iam::{}:instance-profile/{}", host.account, host.role),
                "Id": format!("AIPAEXAMPLE{}", host.role.to_uppercase())
            },
            "Tags": tags,
            "NetworkInterfaces": [interface]
        }]
    })
}
