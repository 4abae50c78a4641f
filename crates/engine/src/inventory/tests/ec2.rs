//! Instances, interfaces and addresses through time.

use super::*;

pub(super) fn run_instances(clock: &str, instance: &str, interface: &str, private: &str) -> Record {
    let launched = at(clock).millis();
    let response = format!(
        r#"{{"requestId":"59dbff89","reservationId":"r-1","ownerId":"111122223333","groupSet":{{}},
        "instancesSet":{{"items":[{{"instanceId":"{instance}","imageId":"ami-0abc",
        "instanceState":{{"code":0,"name":"pending"}},"instanceType":"t3.micro","launchTime":{launched},
        "placement":{{"availabilityZone":"us-east-1b","tenancy":"default"}},
        "iamInstanceProfile":{{"arn":"arn:aws:iam::111122223333:instance-profile/web","id":"AIPAEXAMPLE"}},
        "subnetId":"subnet-1","vpcId":"vpc-1","privateIpAddress":"{private}",
        "tagSet":{{"items":[{{"key":"Name","value":"web"}}]}},
        "networkInterfaceSet":{{"items":[{{"networkInterfaceId":"{interface}","subnetId":"subnet-1",
        "vpcId":"vpc-1","ownerId":"111122223333","status":"in-use","interfaceType":"interface",
        "privateIpAddress":"{private}","privateDnsName":"ip-x.ec2.internal","ipv6AddressesSet":{{}},
        "groupSet":{{"items":[{{"groupId":"sg-1","groupName":"ssh"}}]}},
        "attachment":{{"attachmentId":"eni-attach-{instance}","deviceIndex":0,"attachTime":{launched}}},
        "privateIpAddressesSet":{{"item":[{{"privateIpAddress":"{private}","primary":true,
        "privateDnsName":"ip-x.ec2.internal"}}]}},"tagSet":{{}}}}]}}}}]}}}}"#
    );
    ec2("RunInstances", clock, r#"{"instanceType":"t3.micro"}"#, &response)
}

pub(super) fn ec2(name: &str, clock: &str, request: &str, response: &str) -> Record {
    Record::new("ec2", name, clock, request, response)
}

#[test]
fn a_launch_makes_instance_and_interface_known() {
    let inventory = learnt(&[run_instances("10:00:00", "i-1", "eni-1", "10.0.0.3")]);
    assert!(inventory.instance(ACCOUNT, "i-1", at("09:59:00")).is_none());
    let fact = inventory.instance(ACCOUNT, "i-1", at("10:00:00")).unwrap();
    assert_eq!((&*fact.instance_type, &*fact.state), ("t3.micro", "running"));
    assert_eq!(fact.region.as_str(), "us-east-1");
    let interface = inventory.interface(ACCOUNT, "eni-1", at("11:00:00")).unwrap();
    assert_eq!((&*interface.instance, &*interface.vpc), ("i-1", "vpc-1"));
    assert_eq!(interface.private[0].address, ip("10.0.0.3"));
    let found = inventory.instance_of_address(ACCOUNT, "vpc-1", ip("10.0.0.3"), at("11:00:00"));
    assert_eq!(found, Some("i-1"));
    assert_eq!(
        inventory.instance_of_address(ACCOUNT, "vpc-2", ip("10.0.0.3"), at("11:00:00")),
        None
    );

    let details = inventory.instance_details(ACCOUNT, "i-1", at("11:00:00"));
    assert_eq!(details.launch_time.as_deref(), Some("2026-01-31T10:00:00.000Z"));
    assert_eq!(details.iam_instance_profile.unwrap().id.as_deref(), Some("AIPAEXAMPLE"));
    assert_eq!(details.tags[0].value, "web");
    let shown = &details.network_interfaces[0];
    assert_eq!(shown.private_ip_address.as_deref(), Some("10.0.0.3"));
    assert_eq!(shown.security_groups[0].group_name.as_deref(), Some("ssh"));
}

#[test]
fn an_unknown_instance_still_has_its_id_in_a_finding() {
    let details = Inventory::default().instance_details(ACCOUNT, "i-9", at("10:00:00"));
    assert_eq!(details.instance_id.as_deref(), Some("i-9"));
    assert!(details.network_interfaces.is_empty());
}

#[test]
fn accounts_do_not_see_each_other() {
    let inventory = learnt(&[run_instances("10:00:00", "i-1", "eni-1", "10.0.0.3")]);
    let other = AccountId::new(444_455_556_666).unwrap();
    assert!(inventory.interface(other, "eni-1", at("11:00:00")).is_none());
    assert!(inventory.is_org_account(ACCOUNT));
    assert!(!inventory.is_org_account(other));
}

#[test]
fn elastic_addresses_move_with_time_in_any_order_of_learning() {
    let allocate = ec2(
        "AllocateAddress",
        "09:00:00",
        r#"{"domain":"vpc"}"#,
        r#"{"publicIp":"198.51.100.7","domain":"vpc","allocationId":"eipalloc-1"}"#,
    );
    let records = |by: &str| {
        vec![
            run_instances("10:00:00", "i-1", "eni-1", "10.0.0.3"),
            run_instances("10:00:00", "i-2", "eni-2", "10.0.0.4"),
            ec2(
                "AssociateAddress",
                "11:00:00",
                &format!(r#"{{"publicIp":"198.51.100.7",{by}}}"#),
                r#"{"_return":true,"associationId":"eipassoc-1"}"#,
            ),
            ec2(
                "DisassociateAddress",
                "12:00:00",
                r#"{"associationId":"eipassoc-1"}"#,
                r#"{"_return":true}"#,
            ),
            ec2(
                "AssociateAddress",
                "13:00:00",
                r#"{"publicIp":"198.51.100.7","networkInterfaceId":"eni-2"}"#,
                r#"{"associationId":"eipassoc-2"}"#,
            ),
        ]
    };
    for by in [r#""networkInterfaceId":"eni-1""#, r#""instanceId":"i-1""#] {
        in_both_orders(records(by), |inventory| {
            let public = ip("198.51.100.7");
            let holder = |clock| inventory.instance_of_address(ACCOUNT, "", public, at(clock));
            assert_eq!(holder("10:30:00"), None);
            assert_eq!(holder("11:30:00"), Some("i-1"));
            assert_eq!(holder("12:30:00"), None);
            assert_eq!(holder("13:30:00"), Some("i-2"));
            let of = |id, from, to| inventory.addresses_of_instance(ACCOUNT, id, at(from), at(to));
            assert_eq!(of("i-1", "11:30:00", "11:30:00"), [ip("10.0.0.3"), public]);
            assert_eq!(of("i-1", "12:30:00", "13:30:00"), [ip("10.0.0.3")]);
            // The slack of the caller reaches back to the association.
            assert_eq!(of("i-1", "11:30:00", "13:30:00"), [ip("10.0.0.3"), public]);
            let interface = inventory.interface(ACCOUNT, "eni-1", at("11:30:00")).unwrap();
            assert_eq!(interface.public, [public]);
            let details = inventory.instance_details(ACCOUNT, "i-2", at("14:00:00"));
            assert_eq!(details.network_interfaces[0].public_ip.as_deref(), Some("198.51.100.7"));
        });
    }
    let by_allocation = ec2(
        "AssociateAddress",
        "11:00:00",
        r#"{"allocationId":"eipalloc-1","networkInterfaceId":"eni-1"}"#,
        r#"{"associationId":"eipassoc-1"}"#,
    );
    let release = ec2(
        "ReleaseAddress",
        "12:00:00",
        r#"{"allocationId":"eipalloc-1"}"#,
        r#"{"_return":true}"#,
    );
    let launch = run_instances("10:00:00", "i-1", "eni-1", "10.0.0.3");
    let inventory = learnt(&[launch, allocate, by_allocation, release]);
    let holder = |clock| inventory.instance_of_address(ACCOUNT, "", ip("198.51.100.7"), at(clock));
    assert_eq!((holder("11:30:00"), holder("12:30:00")), (Some("i-1"), None));
}

#[test]
fn attachments_begin_and_end_in_any_order_of_learning() {
    let records = vec![
        ec2(
            "CreateNetworkInterface",
            "09:00:00",
            r#"{"subnetId":"subnet-1","description":"second"}"#,
            r#"{"requestId":"x","networkInterface":{"networkInterfaceId":"eni-5","subnetId":"subnet-1",
            "vpcId":"vpc-1","description":"second","status":"pending","privateIpAddress":"10.0.0.5",
            "interfaceType":"interface","groupSet":{"items":[{"groupId":"sg-2"}]},
            "ipv6AddressesSet":{"item":[{"ipv6Address":"2001:db8::5"}]},
            "privateIpAddressesSet":{"item":[{"privateIpAddress":"10.0.0.6","primary":false},
            {"privateIpAddress":"10.0.0.5","primary":true}]}}}"#,
        ),
        ec2(
            "AttachNetworkInterface",
            "10:00:00",
            r#"{"networkInterfaceId":"eni-5","instanceId":"i-5","deviceIndex":1}"#,
            r#"{"requestId":"x","attachmentId":"eni-attach-5"}"#,
        ),
        ec2(
            "DetachNetworkInterface",
            "11:00:00",
            r#"{"attachmentId":"eni-attach-5","force":false}"#,
            r#"{"_return":true}"#,
        ),
        ec2(
            "DeleteNetworkInterface",
            "12:00:00",
            r#"{"networkInterfaceId":"eni-5"}"#,
            r#"{"_return":true}"#,
        ),
    ];
    in_both_orders(records, |inventory| {
        let interface = |clock| inventory.interface(ACCOUNT, "eni-5", at(clock));
        assert_eq!(&*interface("09:30:00").unwrap().instance, "");
        let attached = interface("10:30:00").unwrap();
        assert_eq!((&*attached.instance, &*attached.description), ("i-5", "second"));
        let private: Vec<Addr> = attached.private.iter().map(|kept| kept.address).collect();
        assert_eq!(private, [ip("10.0.0.5"), ip("10.0.0.6")]);
        assert_eq!(attached.ipv6, [ip("2001:db8::5")]);
        assert_eq!(&*interface("11:30:00").unwrap().instance, "");
        assert!(interface("12:30:00").is_none());
        let times = (at("10:10:00"), at("10:20:00"));
        let addresses = inventory.addresses_of_instance(ACCOUNT, "i-5", times.0, times.1);
        assert_eq!(addresses, [ip("10.0.0.5"), ip("10.0.0.6"), ip("2001:db8::5")]);
        assert_eq!(
            inventory.instance_details(ACCOUNT, "i-5", at("10:30:00")).network_interfaces.len(),
            1
        );
    });
}

#[test]
fn addresses_are_assigned_and_unassigned() {
    let records = vec![
        run_instances("10:00:00", "i-1", "eni-1", "10.0.0.3"),
        ec2(
            "AssignPrivateIpAddresses",
            "11:00:00",
            r#"{"networkInterfaceId":"eni-1","secondaryPrivateIpAddressCount":1}"#,
            r#"{"requestId":"x","_return":true,"networkInterfaceId":"eni-1",
            "assignedPrivateIpAddressesSet":{"assignedPrivateIpAddressSetType":[{"privateIpAddress":"10.0.0.9"}]}}"#,
        ),
        ec2(
            "AssignIpv6Addresses",
            "11:10:00",
            r#"{"AssignIpv6AddressesRequest":{"NetworkInterfaceId":"eni-1","Ipv6AddressCount":1}}"#,
            r#"{"AssignIpv6AddressesResponse":{"assignedIpv6Addresses":{"item":"2001:db8::9"},"networkInterfaceId":"eni-1"}}"#,
        ),
        ec2(
            "UnassignPrivateIpAddresses",
            "12:00:00",
            r#"{"networkInterfaceId":"eni-1","privateIpAddressesSet":{"items":[{"privateIpAddress":"10.0.0.9"}]}}"#,
            r#"{"_return":true}"#,
        ),
    ];
    in_both_orders(records, |inventory| {
        let count = |clock| {
            let interface = inventory.interface(ACCOUNT, "eni-1", at(clock)).unwrap();
            (interface.private.len(), interface.ipv6.len())
        };
        assert_eq!(count("10:30:00"), (1, 0));
        assert_eq!(count("11:30:00"), (2, 1));
        assert_eq!(count("12:30:00"), (1, 1));
        let holder =
            |clock| inventory.instance_of_address(ACCOUNT, "vpc-1", ip("10.0.0.9"), at(clock));
        assert_eq!((holder("11:30:00"), holder("12:30:00")), (Some("i-1"), None));
    });
}

#[test]
fn an_address_given_again_belongs_to_its_latest_holder() {
    // A Spot interruption ends an instance without a call.
    let inventory = learnt(&[
        run_instances("10:00:00", "i-1", "eni-1", "10.0.0.3"),
        run_instances("14:00:00", "i-2", "eni-2", "10.0.0.3"),
    ]);
    let holder = |clock| inventory.instance_of_address(ACCOUNT, "vpc-1", ip("10.0.0.3"), at(clock));
    assert_eq!((holder("11:00:00"), holder("15:00:00")), (Some("i-1"), Some("i-2")));
}

#[test]
fn termination_ends_state_and_addresses() {
    let change = |name: &str, clock: &str, state: &str| {
        let set = format!(
            r#"{{"instancesSet":{{"items":[{{"instanceId":"i-1","currentState":{{"code":1,"name":"{state}"}},
            "previousState":{{"name":"x"}}}}]}}}}"#
        );
        ec2(name, clock, r#"{"instancesSet":{"items":[{"instanceId":"i-1"}]}}"#, &set)
    };
    let inventory = learnt(&[
        run_instances("10:00:00", "i-1", "eni-1", "10.0.0.3"),
        change("StopInstances", "11:00:00", "stopping"),
        change("StartInstances", "12:00:00", "pending"),
        change("TerminateInstances", "13:00:00", "shutting-down"),
    ]);
    let state =
        |clock| inventory.instance(ACCOUNT, "i-1", at(clock)).map(|fact| fact.state.to_string());
    assert_eq!(state("11:30:00").as_deref(), Some("stopped"));
    assert_eq!(state("12:30:00").as_deref(), Some("running"));
    assert_eq!(
        inventory.instance(ACCOUNT, "i-1", at("12:30:00")).unwrap().launched,
        Some(at("12:00:00"))
    );
    assert_eq!(state("13:30:00").as_deref(), Some("terminated"));
    assert_eq!(
        inventory.instance_of_address(ACCOUNT, "vpc-1", ip("10.0.0.3"), at("13:30:00")),
        None
    );
    assert_eq!(inventory.addresses_of_instance(ACCOUNT, "i-1", at("13:30:00"), at("14:00:00")), []);
}

#[test]
fn tags_profiles_groups_and_types_change() {
    let records = vec![
        run_instances("10:00:00", "i-1", "eni-1", "10.0.0.3"),
        ec2(
            "CreateTags",
            "11:00:00",
            r#"{"resourcesSet":{"items":[{"resourceId":"i-1"},{"resourceId":"vol-1"}]},"tagSet":{"items":[{"key":"Env","value":"prod"},{"key":"Name","value":"web2"}]}}"#,
            r#"{"_return":true}"#,
        ),
        ec2(
            "DeleteTags",
            "12:00:00",
            r#"{"resourcesSet":{"items":[{"resourceId":"i-1"}]},"tagSet":{"items":[{"key":"Name"},{"key":"Env","value":"test"}]}}"#,
            r#"{"_return":true}"#,
        ),
        ec2(
            "ReplaceIamInstanceProfileAssociation",
            "12:30:00",
            r#"{"ReplaceIamInstanceProfileAssociationRequest":{"AssociationId":"iip-assoc-1","IamInstanceProfile":{"Name":"admin"}}}"#,
            r#"{"ReplaceIamInstanceProfileAssociationResponse":{"iamInstanceProfileAssociation":{"instanceId":"i-1","associationId":"iip-assoc-2","iamInstanceProfile":{"arn":"arn:aws:iam::111122223333:instance-profile/admin","id":"AIPAADMIN"}}}}"#,
        ),
        ec2(
            "ModifyInstanceAttribute",
            "12:40:00",
            r#"{"instanceId":"i-1","instanceType":{"value":"m5.large"}}"#,
            r#"{"_return":true}"#,
        ),
    ];
    in_both_orders(records, |inventory| {
        let tags = |clock| {
            let fact = inventory.instance(ACCOUNT, "i-1", at(clock)).unwrap();
            fact.tags.iter().map(|tag| format!("{}={}", tag.key, tag.value)).collect::<Vec<_>>()
        };
        assert_eq!(tags("10:30:00"), ["Name=web"]);
        assert_eq!(tags("11:30:00"), ["Env=prod", "Name=web2"]);
        assert_eq!(tags("12:10:00"), ["Env=prod"]);
        let fact = inventory.instance(ACCOUNT, "i-1", at("13:00:00")).unwrap();
        assert_eq!((&*fact.profile_id, &*fact.instance_type), ("AIPAADMIN", "m5.large"));
    });
    let groups = ec2(
        "ModifyInstanceAttribute",
        "12:00:00",
        r#"{"instanceId":"i-1","groupSet":{"items":[{"groupId":"sg-9"}]}}"#,
        r#"{"_return":true}"#,
    );
    let inventory = learnt(&[run_instances("10:00:00", "i-1", "eni-1", "10.0.0.3"), groups]);
    let group = |clock| {
        inventory.interface(ACCOUNT, "eni-1", at(clock)).unwrap().security_groups[0]
            .group_id
            .clone()
    };
    assert_eq!((group("11:00:00"), group("12:30:00")), ("sg-1".to_owned(), "sg-9".to_owned()));
}

#[test]
fn gateways_give_egress_addresses_while_they_exist() {
    let records = [
        ec2(
            "AllocateAddress",
            "09:00:00",
            "{}",
            r#"{"publicIp":"198.51.100.7","allocationId":"eipalloc-1"}"#,
        ),
        ec2(
            "CreateNatGateway",
            "10:00:00",
            r#"{"CreateNatGatewayRequest":{"AllocationId":"eipalloc-1","SubnetId":"subnet-1"}}"#,
            r#"{"CreateNatGatewayResponse":{"xmlns":"http://ec2.amazonaws.com/doc/2016-11-15/","natGateway":{
            "subnetId":"subnet-1","natGatewayAddressSet":{"item":{"allocationId":"eipalloc-1"}},
            "vpcId":"vpc-1","natGatewayId":"nat-1","state":"pending"},"requestId":"x"}}"#,
        ),
        ec2(
            "DeleteNatGateway",
            "12:00:00",
            r#"{"DeleteNatGatewayRequest":{"NatGatewayId":"nat-1"}}"#,
            r#"{"DeleteNatGatewayResponse":{"natGatewayId":"nat-1"}}"#,
        ),
    ];
    let inventory = learnt(&records);
    let egress = |clock| inventory.egress_addresses(ACCOUNT, "vpc-1", at(clock));
    assert_eq!(egress("09:30:00"), []);
    assert_eq!(egress("11:00:00"), [ip("198.51.100.7")]);
    assert_eq!(egress("12:00:00"), []);
}

#[test]
fn endpoints_name_their_owner() {
    let inventory = learnt(&[ec2(
        "CreateVpcEndpoint",
        "10:00:00",
        r#"{"CreateVpcEndpointRequest":{"VpcId":"vpc-1","ServiceName":"com.amazonaws.us-east-1.s3"}}"#,
        r#"{"CreateVpcEndpointResponse":{"vpcEndpoint":{"vpcEndpointId":"vpce-1","vpcId":"vpc-1","ownerId":111122223333}}}"#,
    )]);
    let endpoint = inventory.vpc_endpoint("vpce-1").unwrap();
    assert_eq!((endpoint.account, &*endpoint.vpc), (ACCOUNT, "vpc-1"));
    assert!(inventory.vpc_endpoint("vpce-2").is_none());
}
