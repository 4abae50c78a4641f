//! Descriptions, alone and against calls.

use super::ec2::{ec2, run_instances};
use super::*;
use crate::inventory::DescribeError;

const INSTANCES: &str = r#"{"Reservations":[{"ReservationId":"r-1","OwnerId":"111122223333","Groups":[],"Instances":[{
    "InstanceId":"i-1","ImageId":"ami-0abc","State":{"Code":16,"Name":"running"},"InstanceType":"t3.micro",
    "LaunchTime":"2026-01-31T10:00:00+00:00","Placement":{"AvailabilityZone":"eu-west-1a","Tenancy":"default"},
    "VpcId":"vpc-1","SubnetId":"subnet-1","Platform":"windows","Tags":[{"Key":"Name","Value":"web"}],
    "IamInstanceProfile":{"Arn":"arn:aws:iam::111122223333:instance-profile/web","Id":"AIPAEXAMPLE"},
    "NetworkInterfaces":[{"NetworkInterfaceId":"eni-1","OwnerId":"111122223333","VpcId":"vpc-1","SubnetId":"subnet-1",
    "Description":"","InterfaceType":"interface","PrivateIpAddress":"10.0.0.3","PrivateDnsName":"ip-x.ec2.internal",
    "Attachment":{"AttachmentId":"eni-attach-1","AttachTime":"2026-01-30T08:00:00+00:00","DeviceIndex":0},
    "Association":{"IpOwnerId":"amazon","PublicDnsName":"ec2-x.compute.amazonaws.com","PublicIp":"198.51.100.1"},
    "Groups":[{"GroupId":"sg-1","GroupName":"ssh"}],"Ipv6Addresses":[{"Ipv6Address":"2001:db8::1"}],
    "PrivateIpAddresses":[{"Primary":true,"PrivateIpAddress":"10.0.0.3","PrivateDnsName":"ip-x.ec2.internal",
    "Association":{"IpOwnerId":"amazon","PublicIp":"198.51.100.1"}},
    {"Primary":false,"PrivateIpAddress":"10.0.0.4","Association":{"IpOwnerId":"111122223333","PublicIp":"198.51.100.2"}}]}]}]}]}"#;

#[test]
fn described_facts_hold_from_creation() {
    let inventory = described("instances.json", INSTANCES);
    let day = |text| Timestamp::parse(text).unwrap();
    assert!(inventory.instance(ACCOUNT, "i-1", day("2026-01-30T07:59:59Z")).is_none());
    let early = inventory.interface(ACCOUNT, "eni-1", day("2026-01-30T09:00:00Z")).unwrap();
    // The automatic address came with the latest launch; the elastic one is not older than known.
    assert_eq!(early.public, [ip("198.51.100.2")]);
    let late = inventory.interface(ACCOUNT, "eni-1", at("10:00:00")).unwrap();
    assert_eq!(late.public, [ip("198.51.100.1"), ip("198.51.100.2")]);
    let fact = inventory.instance(ACCOUNT, "i-1", at("10:00:00")).unwrap();
    assert_eq!((fact.region.as_str(), fact.launched), ("eu-west-1", Some(at("10:00:00"))));
    let details = inventory.instance_details(ACCOUNT, "i-1", at("11:00:00"));
    assert_eq!(details.platform.as_deref(), Some("windows"));
    assert_eq!(details.network_interfaces[0].ipv6_addresses, ["2001:db8::1"]);
}

#[test]
fn a_call_contradicts_a_description() {
    let stop = ec2(
        "StopInstances",
        "12:00:00",
        r#"{"instancesSet":{"items":[{"instanceId":"i-1"}]}}"#,
        r#"{"instancesSet":{"items":[{"instanceId":"i-1","currentState":{"name":"stopping"}}]}}"#,
    );
    let moved = ec2(
        "DisassociateAddress",
        "12:00:00",
        r#"{"publicIp":"198.51.100.2"}"#,
        r#"{"_return":true}"#,
    );
    for is_first in [true, false] {
        let mut inventory = Inventory::default();
        let describe = |inventory: &mut Inventory| {
            inventory.add_description("instances.json", INSTANCES.as_bytes(), None, None).unwrap();
        };
        if is_first {
            describe(&mut inventory);
        }
        moved.teach(&mut inventory);
        if !is_first {
            describe(&mut inventory);
        }
        stop.teach(&mut inventory);
        let public = |clock| inventory.interface(ACCOUNT, "eni-1", at(clock)).unwrap().public;
        assert_eq!(public("11:00:00").len(), 2);
        assert_eq!(public("12:30:00"), []);
        assert_eq!(&*inventory.instance(ACCOUNT, "i-1", at("12:30:00")).unwrap().state, "stopped");
    }
}

#[test]
fn a_description_tells_more_than_the_launch() {
    let launch = || run_instances("10:00:00", "i-1", "eni-1", "10.0.0.3");
    let json = INSTANCES.replace("2026-01-30T08:00:00", "2026-01-31T10:00:00");
    for is_first in [true, false] {
        let mut inventory = Inventory::default();
        if is_first {
            launch().teach(&mut inventory);
        }
        inventory.add_description("instances.json", json.as_bytes(), None, None).unwrap();
        if !is_first {
            launch().teach(&mut inventory);
        }
        let interface = inventory.interface(ACCOUNT, "eni-1", at("10:00:00")).unwrap();
        assert_eq!((interface.private.len(), interface.public.len()), (2, 2));
    }
}

#[test]
fn other_descriptions_are_read() {
    let mut inventory = Inventory::default();
    let documents = [
        r#"{"account":"111122223333","region":"us-east-1","describe-nat-gateways":{"NatGateways":[{"NatGatewayId":"nat-1","SubnetId":"subnet-1","VpcId":"vpc-1","CreateTime":"2026-01-31T09:00:00+00:00",
            "NatGatewayAddresses":[{"PublicIp":"198.51.100.7","AllocationId":"eipalloc-1"}]}]}}"#,
        r#"{"NetworkInterfaces":[{"NetworkInterfaceId":"eni-8","OwnerId":"111122223333","VpcId":"vpc-1","InterfaceType":"lambda",
            "Description":"AWS Lambda VPC ENI-f","PrivateIpAddress":"10.0.0.8","Groups":[],"TagSet":[]}]}"#,
        r#"{"account":"111122223333","Addresses":[{"PublicIp":"198.51.100.9","AllocationId":"eipalloc-9","NetworkInterfaceId":"eni-8"}]}"#,
        r#"[{"VpcEndpoints":[{"VpcEndpointId":"vpce-1","VpcId":"vpc-1","OwnerId":"111122223333"}]},
            {"Accounts":[{"Id":"444455556666","Status":"ACTIVE"}]}]"#,
        r#"{"Images":[{"ImageId":"ami-0abc","Description":"Amazon Linux","CreationDate":"2024-01-01T00:00:00.000Z"}]}"#,
    ];
    for json in documents {
        let summary = inventory.add_description("x.json", json.as_bytes(), None, None).unwrap();
        assert!(summary.learnt > 0 && summary.ignored == 0, "{summary:?} {json}");
    }
    assert_eq!(inventory.egress_addresses(ACCOUNT, "vpc-1", at("10:00:00")), [ip("198.51.100.7")]);
    let interface = inventory.interface(ACCOUNT, "eni-8", at("10:00:00")).unwrap();
    assert_eq!(
        (&*interface.interface_type, interface.public.as_slice()),
        ("lambda", &[ip("198.51.100.9")][..])
    );
    assert!(inventory.vpc_endpoint("vpce-1").is_some());
    assert!(inventory.is_org_account(AccountId::new(444_455_556_666).unwrap()));
    assert_eq!(inventory.image_description("ami-0abc"), Some("Amazon Linux"));
}

#[test]
fn buckets_are_described_in_parts() {
    let policy = r#"{"bucket":"logs","get-bucket-policy":{"Policy":"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"s3:*\",\"Resource\":\"*\"}]}"},
        "get-bucket-policy-status":{"PolicyStatus":{"IsPublic":true}}}"#;
    let acl = r#"{"bucket":"logs","Owner":{"ID":"abc"},"Grants":[{"Grantee":{"Type":"Group","URI":"http://acs.amazonaws.com/groups/global/AllUsers"},"Permission":"READ"}]}"#;
    let list = r#"{"Buckets":[{"Name":"logs","CreationDate":"2026-01-31T08:00:00+00:00"}],"Owner":{"DisplayName":"x","ID":"abc"}}"#;
    let place = r#"{"bucket":"logs","LocationConstraint":null}"#;
    let mut inventory = Inventory::default();
    for json in [policy, acl, list, place] {
        inventory.add_description("x.json", json.as_bytes(), Some(ACCOUNT), None).unwrap();
    }
    let fact = inventory.bucket("logs", at("09:00:00")).unwrap();
    assert_eq!((fact.account, fact.region.as_str(), &*fact.owner), (ACCOUNT, "us-east-1", "abc"));
    assert_eq!((fact.created, fact.policy_is_public), (Some(at("08:00:00")), Some(true)));
    let permission = |inventory: &Inventory| {
        inventory
            .bucket_detail("logs", "aws", at("09:00:00"))
            .public_access
            .unwrap()
            .effective_permission
    };
    assert_eq!(permission(&inventory), "PUBLIC");
    let block = r#"{"PublicAccessBlockConfiguration":{"BlockPublicAcls":true,"IgnorePublicAcls":true,"BlockPublicPolicy":true,"RestrictPublicBuckets":true}}"#;
    inventory.add_description("x.json", block.as_bytes(), Some(ACCOUNT), None).unwrap();
    assert_eq!(permission(&inventory), "NOT_PUBLIC");
}

#[test]
fn errors_say_what_to_do() {
    let mut inventory = Inventory::default();
    let mut fail =
        |json: &str| inventory.add_description("x.json", json.as_bytes(), None, None).unwrap_err();
    assert!(matches!(fail("{"), DescribeError::Json { .. }));
    let unknown = fail(r#"{"Volumes":[],"Evil\u001b[31m":1}"#).to_string();
    assert!(
        unknown.contains("x.json") && unknown.contains("Volumes") && !unknown.contains('\u{1b}'),
        "{unknown}"
    );
    let missing = fail(r#"{"NatGateways":[{"NatGatewayId":"nat-1"}]}"#).to_string();
    assert!(missing.contains("account of NatGateways") && missing.contains("wrap"), "{missing}");
    let bucket = fail(r#"{"Policy":"{}"}"#).to_string();
    assert!(bucket.contains("bucket of Policy"), "{bucket}");
    assert!(matches!(fail("[]"), DescribeError::Unknown { .. }));
}

#[test]
fn descriptions_are_learnt_beside_what_is_known() {
    let detached = ec2(
        "DetachNetworkInterface",
        "12:00:00",
        r#"{"attachmentId":"eni-attach-1"}"#,
        r#"{"_return":true}"#,
    );
    let mut descriptions = crate::inventory::Descriptions::default();
    descriptions.add("instances.json", INSTANCES.as_bytes(), Some(ACCOUNT), None).unwrap();
    assert!(descriptions.add("bad.json", b"{\"Reservations\":1", None, None).is_err());
    let mut alone = Inventory::default();
    alone.learn_descriptions(&descriptions);
    assert_eq!(alone, described("instances.json", INSTANCES));

    let mut live = Inventory::default();
    run_instances("09:00:00", "i-2", "eni-2", "10.0.0.9").teach(&mut live);
    detached.teach(&mut live);
    live.learn_descriptions(&descriptions);
    // What was known stays, and what a call said before its object was described takes effect.
    assert!(live.instance(ACCOUNT, "i-2", at("12:00:00")).is_some());
    let holder = |clock| live.interface(ACCOUNT, "eni-1", at(clock)).unwrap().instance.to_string();
    assert_eq!((holder("11:00:00"), holder("12:00:00")), ("i-1".to_owned(), String::new()));
    // A second time changes nothing.
    let once = live.clone();
    live.learn_descriptions(&descriptions);
    assert_eq!(live, once);
}
