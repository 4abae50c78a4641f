//! Lambda functions and the interfaces that serve them.

use super::*;

fn lambda(name: &str, clock: &str, request: &str, response: &str) -> Record {
    Record::new("lambda", name, clock, request, response)
}

fn function(role: &str) -> String {
    format!(
        r#"{{"functionName":"f","functionArn":"arn:aws:lambda:us-east-1:111122223333:function:f","role":"arn:aws:iam::111122223333:role/{role}",
        "vpcConfig":{{"subnetIds":["subnet-1"],"securityGroupIds":["sg-1"],"vpcId":"vpc-1"}},"lastModified":"2026-01-31T10:00:00.000+0000"}}"#
    )
}

fn role(inventory: &Inventory, clock: &str) -> Option<String> {
    let fact = inventory.function(ACCOUNT, "f", at(clock)).filter(|it| !it.deleted)?;
    Some(fact.config.role.rsplit('/').next().unwrap_or_default().to_owned())
}

#[test]
fn functions_are_known_from_their_calls() {
    let request = r#"{"functionName":"f","tags":{"team":"mail"}}"#;
    let mut inventory = Inventory::default();
    for record in [
        lambda("CreateFunction", "10:00:00", request, &function("one")),
        lambda("UpdateFunctionConfiguration", "11:00:00", "{}", &function("two")),
        lambda("DeleteFunction", "12:00:00", r#"{"functionName":"f","qualifier":"3"}"#, ""),
        lambda(
            "DeleteFunction",
            "13:00:00",
            r#"{"functionName":"arn:aws:lambda:us-east-1:111122223333:function:f"}"#,
            "",
        ),
        lambda("CreateFunction", "14:00:00", "{}", r#"{"role":"x"}"#),
    ] {
        record.teach(&mut inventory);
    }
    for (clock, expected) in [
        ("09:00:00", None),
        ("10:00:00", Some("one")),
        ("11:30:00", Some("two")),
        ("12:30:00", Some("two")),
        ("13:00:00", None),
    ] {
        assert_eq!(role(&inventory, clock).as_deref(), expected, "{clock}");
    }
    let fact = inventory.function(ACCOUNT, "f", at("11:00:00")).unwrap();
    assert_eq!((&*fact.tags[0].key, &*fact.tags[0].value), ("team", "mail"));
    assert_eq!(fact.config.modified, Some(at("10:00:00")));
    assert_eq!(inventory.counts().unreadable, 1);
}

#[test]
fn functions_are_described_with_their_tags() {
    let mut inventory = Inventory::default();
    let list = format!(r#"{{"Functions":[{}]}}"#, function("described"));
    let one = format!(
        r#"{{"Configuration":{},"Code":{{}},"Tags":{{"team":"mail"}}}}"#,
        function("described")
    );
    for json in [list, one] {
        let summary = inventory.add_description("x.json", json.as_bytes(), None, None).unwrap();
        assert_eq!((summary.learnt, summary.ignored), (1, 0), "{json}");
    }
    assert_eq!(role(&inventory, "00:00:00").as_deref(), Some("described"));
    assert_eq!(inventory.function(ACCOUNT, "f", at("00:00:00")).unwrap().tags.len(), 1);
}

#[test]
fn interfaces_name_their_function_or_are_told_by_subnet_and_groups() {
    let interface = |id: &str, kind: &str, description: &str, group: &str| {
        format!(
            r#"{{"NetworkInterfaceId":"{id}","OwnerId":"111122223333","VpcId":"vpc-1","SubnetId":"subnet-1","InterfaceType":"{kind}",
            "Description":"{description}","Groups":[{{"GroupId":"{group}"}}]}}"#
        )
    };
    let named = "AWS Lambda VPC ENI-other-01234567-89ab-cdef-0123-456789abcdef";
    let interfaces = [
        interface("eni-1", "lambda", named, "sg-1"),
        interface("eni-2", "lambda", "", "sg-1"),
        interface("eni-3", "lambda", "", "sg-2"),
        interface("eni-4", "interface", "AWS Lambda VPC ENI: 01234567", "sg-1"),
        interface("eni-5", "interface", "ELB app/x/1", "sg-1"),
    ];
    let json = format!(
        r#"{{"NetworkInterfaces":[{}],"Functions":[{}]}}"#,
        interfaces.join(","),
        function("r")
    );
    let mut inventory = Inventory::default();
    inventory.add_description("x.json", json.as_bytes(), None, None).unwrap();
    for (id, expected) in [
        ("eni-1", Some("other")),
        ("eni-2", Some("f")),
        ("eni-3", Some("eni-3")),
        ("eni-4", Some("f")),
        ("eni-5", None),
        ("eni-6", None),
    ] {
        let found = inventory.function_of_interface(ACCOUNT, id, at("10:00:00"));
        assert_eq!(found, expected, "{id}");
    }
}
