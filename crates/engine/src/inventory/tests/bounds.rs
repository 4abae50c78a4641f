//! Hostile input, snapshots and the list of calls.

use super::ec2::{ec2, run_instances};
use super::*;

#[test]
fn the_list_of_calls_is_sorted_and_names_what_teaches() {
    assert!(Inventory::CALLS.is_sorted());
    let network = Inventory::CALLS.iter().filter(|name| Inventory::teaches_network(name)).count();
    assert_eq!(network, 21);
    assert!(!Inventory::teaches_network("AssumeRole"));
}

#[test]
fn failed_and_foreign_calls_teach_nothing() {
    let mut inventory = Inventory::default();
    run_instances("10:00:00", "i-1", "eni-1", "10.0.0.3")
        .span(|call| &mut call.error_code, "Client.UnauthorizedOperation")
        .teach(&mut inventory);
    Record::new(
        "redshift",
        "CreateTags",
        "10:00:00",
        r#"{"resourcesSet":{"items":[{"resourceId":"i-1"}]}}"#,
        "",
    )
    .teach(&mut inventory);
    assert!(inventory.instance(ACCOUNT, "i-1", at("11:00:00")).is_none());
}

#[test]
fn hostile_json_is_counted() {
    let deep = format!("{}1{}", "[".repeat(120), "]".repeat(120));
    let shapes = [
        "",
        "null",
        "1",
        "[]",
        "{}",
        "\"x\"",
        "true",
        deep.as_str(),
        r#"{"instancesSet":[],"networkInterface":7,"credentials":[],"bucketName":{"a":1}}"#,
        r#"{"instancesSet":{"items":{"instanceId":{"x":1}}},"bucketName":[],"publicIp":"999.1.1.1"}"#,
        r#"{"networkInterfaceId":9,"attachmentId":null,"instanceId":false,"launchTime":-1e300}"#,
        r#"{"instancesSet":{"items":[{"instanceId":"i-1","launchTime":1e400,"tagSet":{"items":[1,null,{}]}}]}}"#,
    ];
    let mut inventory = Inventory::default();
    let mut calls = 0;
    for name in Inventory::CALLS {
        for service in ["ec2", "s3", "sts", "organizations"] {
            for request in shapes {
                for response in shapes {
                    // The last shape is no JSON to the reader: its number is out of range.
                    let mut record = Record::new(service, name, "10:00:00", "", "");
                    record = record.span(|call| &mut call.request, request);
                    record = record.span(|call| &mut call.response, response);
                    record.teach(&mut inventory);
                    calls += 1;
                }
            }
        }
    }
    let counts = inventory.counts();
    assert_eq!(counts.learnt + counts.unreadable, calls);
    assert!(counts.unreadable > counts.learnt, "{counts:?}");
}

#[test]
fn lists_and_texts_are_cut() {
    let long = "x".repeat(5000);
    let addresses: Vec<String> = (0..5000u32)
        .map(|n| format!(r#"{{"privateIpAddress":"10.1.{}.{}"}}"#, n / 250, n % 250))
        .collect();
    let response = format!(
        r#"{{"networkInterface":{{"networkInterfaceId":"eni-1","description":"{long}","privateIpAddressesSet":{{"item":[{}]}}}}}}"#,
        addresses.join(",")
    );
    let inventory = learnt(&[ec2("CreateNetworkInterface", "10:00:00", "{}", &response)]);
    let interface = inventory.interface(ACCOUNT, "eni-1", at("10:00:00")).unwrap();
    assert_eq!((interface.description.len(), interface.private.len()), (1024, 256));
}

#[test]
fn a_busy_interface_keeps_its_latest_history() {
    let mut inventory = learnt(&[run_instances("10:00:00", "i-1", "eni-1", "10.0.0.3")]);
    for minute in 0..40 {
        let request =
            format!(r#"{{"networkInterfaceId":"eni-1","privateIpAddress":"10.0.1.{minute}"}}"#);
        ec2("AssignPrivateIpAddresses", &format!("11:{minute:02}:00"), &request, "")
            .teach(&mut inventory);
    }
    let count = |clock| inventory.interface(ACCOUNT, "eni-1", at(clock)).unwrap().private.len();
    assert_eq!(count("12:00:00"), 41);
    assert_eq!(count("11:30:00"), 32);
    // Before the history that is kept, its base holds.
    assert_eq!(count("10:30:00"), 25);
    run_instances("09:00:00", "i-1", "eni-1", "10.0.0.3").teach(&mut inventory);
    assert_eq!(inventory.counts().too_old, 1);
}

#[test]
fn an_inventory_survives_a_snapshot() {
    let mut inventory = learnt(&[
        run_instances("10:00:00", "i-1", "eni-1", "10.0.0.3"),
        Record::new("s3", "CreateBucket", "10:00:00", r#"{"bucketName":"logs"}"#, ""),
        // Groups whose names are not known.
        Record::new(
            "ec2",
            "ModifyNetworkInterfaceAttribute",
            "10:00:00",
            r#"{"networkInterfaceId":"eni-1","groupSet":{"items":[{"groupId":"sg-9"}]}}"#,
            "",
        ),
        Record::new(
            "lambda",
            "CreateFunction",
            "10:00:00",
            "{}",
            r#"{"functionName":"f","vpcConfig":{"securityGroupIds":["sg-9"]}}"#,
        ),
        Record::new(
            "sts",
            "GetSessionToken",
            "10:00:00",
            "",
            r#"{"credentials":{"accessKeyId":"ASIAX"}}"#,
        ),
    ]);
    let bytes = postcard::to_stdvec(&inventory).unwrap();
    let read: Inventory = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(read, inventory);
    // What is learnt afterwards is the same, and so are the bytes.
    let mut read = read;
    for copy in [&mut read, &mut inventory] {
        run_instances("09:00:00", "i-1", "eni-1", "10.0.0.3").teach(copy);
    }
    assert_eq!(postcard::to_stdvec(&read).unwrap(), postcard::to_stdvec(&inventory).unwrap());
}
