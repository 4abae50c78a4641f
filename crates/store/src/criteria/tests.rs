//! What criteria mean, case by case.

use findings::{
    Action, Commits, Draft, Finding, FindingType, IamInstanceProfile, InstanceDetails,
    NetworkConnectionAction, NetworkInterface, PortDetails, RemoteIpDetails, Resource,
    SecurityGroup,
};
use model::{AccountId, Region, Severity, Timestamp};
use serde_json::json;

use super::*;

const PROBE: &FindingType = &FindingType {
    name: "Recon:EC2/PortProbeUnprotectedPort",
    severity: Severity::LOW,
    title: "Port probe",
    about: "",
    detection: "",
    false_positives: "",
    response: "",
    techniques: &[],
    data: &[],
    aggregation: "",
    is_own: false,
};

fn finding() -> Finding {
    let time = Timestamp::parse("2026-03-01T12:00:00Z").unwrap();
    let account = AccountId::new(111_122_223_333).unwrap();
    let mut draft = Draft::new(PROBE, account, Region::new("eu-central-1"), "i-1", time);
    let group = |id: &str| SecurityGroup { group_id: id.to_owned(), ..SecurityGroup::default() };
    let interface = |ids: &[&str]| NetworkInterface {
        security_groups: ids.iter().map(|it| group(it)).collect(),
        ..NetworkInterface::default()
    };
    draft.resource = Resource {
        resource_type: "Instance".to_owned(),
        instance_details: Some(InstanceDetails {
            instance_id: Some("i-1".to_owned()),
            iam_instance_profile: Some(IamInstanceProfile::default()),
            network_interfaces: vec![interface(&["sg-1", "sg-2"]), interface(&["sg-3"])],
            ..InstanceDetails::default()
        }),
        ..Resource::default()
    };
    draft.action = Action::network_connection(NetworkConnectionAction {
        protocol: "TCP".to_owned(),
        local_port_details: Some(PortDetails { port: 22, port_name: "SSH".to_owned() }),
        remote_ip_details: Some(RemoteIpDetails {
            ip_address_v4: Some("198.51.100.7".to_owned()),
            ..RemoteIpDetails::default()
        }),
        ..NetworkConnectionAction::default()
    });
    draft.additional.insert("threatListName".to_owned(), json!("drop"));
    draft.additional.insert("inBytes".to_owned(), json!("4096"));
    draft.count = 3;
    Finding::from_draft(&draft, 0, Commits { first: time, last: time })
}

#[expect(clippy::needless_pass_by_value, reason = "cases are written where they are checked")]
fn parse(field: &str, condition: Value) -> Result<Criteria, CriteriaError> {
    Criteria::parse(&json!({"criterion": {field: condition}}))
}

#[expect(clippy::needless_pass_by_value, reason = "cases are written where they are checked")]
fn check(field: &str, condition: Value, expected: bool) {
    let criteria = parse(field, condition.clone()).unwrap();
    let finding = finding();
    assert_eq!(criteria.matches(&finding), expected, "{field} {condition}");
    let document = FindingDocument::of(&finding);
    assert_eq!(criteria.matches_document(&document), expected, "document, {field} {condition}");
}

#[expect(clippy::needless_pass_by_value, reason = "cases are written where they are checked")]
fn check_error(criteria: Value, expected: &str) {
    assert_eq!(Criteria::parse(&criteria).unwrap_err().to_string(), expected);
}

#[test]
fn equals_is_any_of_the_values() {
    check("type", json!({"equals": ["Policy:S3/X", PROBE.name]}), true);
    check("type", json!({"Eq": ["recon:ec2/portprobeunprotectedport"]}), false);
    check("accountId", json!({"eq": ["111122223333"]}), true);
    check("accountId", json!({"notEquals": ["111122223333", "444455556666"]}), false);
    check("region", json!({"neq": ["eu-west-1", "eu-west-2"]}), true);
}

#[test]
fn an_array_stands_for_its_elements() {
    let path = "resource.instanceDetails.networkInterfaces.securityGroups.groupId";
    check(path, json!({"equals": ["sg-3"]}), true);
    check(path, json!({"equals": ["sg-4"]}), false);
    check(path, json!({"notEquals": ["sg-3"]}), false);
    check(path, json!({"notEquals": ["sg-4"]}), true);
    check(path, json!({"matches": ["sg-?"], "notMatches": ["sg-4*"]}), true);
}

#[test]
fn an_absent_field_passes_only_negative_operators() {
    let path = "resource.accessKeyDetails.userName";
    for (condition, expected) in [
        (json!({"equals": ["x"]}), false),
        (json!({"matches": ["*"]}), false),
        (json!({"notEquals": ["x"]}), true),
        (json!({"notMatches": ["*"]}), true),
    ] {
        check(path, condition.clone(), expected);
        assert!(!parse(path, condition).unwrap().matches_known(&finding()));
    }
    let known = parse("region", json!({"notEquals": ["x"]})).unwrap();
    assert!(known.matches_known(&finding()));
}

#[test]
fn times_are_milliseconds() {
    let noon = 1_772_366_400_000_i64;
    check("updatedAt", json!({"greaterThanOrEqual": noon, "lessThan": noon + 1}), true);
    check("updatedAt", json!({"Gt": noon}), false);
    check("service.eventLastSeen", json!({"lte": noon}), true);
    check("createdAt", json!({"equals": [noon.to_string()]}), true);
    check("createdAt", json!({"equals": ["2026-03-01T13:00:00+01:00"]}), true);
}

#[test]
fn numbers_and_text_that_holds_them_are_compared() {
    check("severity", json!({"Gte": 2, "Lt": 4}), true);
    check("severity", json!({"equals": ["1", "2", "3"]}), true);
    check("severity", json!({"equals": ["2.0"]}), true);
    check("severity", json!({"equals": ["2.5"]}), false);
    check("service.count", json!({"greaterThan": 2}), true);
    let port = "service.action.networkConnectionAction.localPortDetails.port";
    check(port, json!({"equals": ["22"]}), true);
    check(port, json!({"lessThan": 22.0}), false);
    check("service.additionalInfo.inBytes", json!({"greaterThan": 1000}), true);
    check("service.additionalInfo.threatListName", json!({"greaterThan": 0}), false);
    check("service.additionalInfo.threatListName", json!({"equals": ["drop"]}), true);
}

#[test]
fn a_fractional_severity_belongs_to_the_whole_number_below() {
    let criteria = parse("severity", json!({"equals": ["7"]})).unwrap();
    for (severity, expected) in [(7.0, true), (7.9, true), (8.0, false), (6.9, false)] {
        let document = FindingDocument::new(json!({"severity": severity}));
        assert_eq!(criteria.matches_document(&document), expected, "{severity}");
    }
}

#[test]
fn truth_values() {
    check("service.archived", json!({"equals": ["false"]}), true);
    check("service.archived", json!({"notEquals": ["false"]}), false);
    check("service.action.networkConnectionAction.blocked", json!({"equals": ["true"]}), false);
}

#[test]
fn fields_are_joined_by_and() {
    let both = json!({"Criterion": {
        "severity": {"Eq": ["2"]},
        "service.action.networkConnectionAction.remoteIpDetails.ipAddressV4":
            {"Matches": ["198.51.100.*"], "Equals": null},
    }});
    assert!(Criteria::parse(&both).unwrap().matches(&finding()));
    let other = json!({"criterion": {
        "severity": {"eq": ["2"]}, "service.action.actionType": {"eq": ["DNS_REQUEST"]},
    }});
    assert!(!Criteria::parse(&other).unwrap().matches(&finding()));
}

#[test]
fn no_criterion_asks_for_everything() {
    for criteria in [json!(null), json!({}), json!({"criterion": null}), json!({"criterion": {}})] {
        let criteria = Criteria::parse(&criteria).unwrap();
        assert!(criteria.is_empty());
        assert!(criteria.matches(&finding()));
    }
}

#[test]
fn errors_name_field_and_operator() {
    let one = |field: &str, condition: Value| json!({"criterion": {field: condition}});
    check_error(json!([]), "the criteria is not an object");
    check_error(json!({"x": 1}), "`x` is not a field of findings");
    check_error(one("resource.x", json!({"eq": ["1"]})), "`resource.x` is not a field of findings");
    check_error(one("type", json!({"like": ["x"]})), "`like` of `type` is not an operator");
    check_error(one("type", json!({})), "`type` has no condition");
    check_error(one("type", json!({"eq": null})), "`type` has no condition");
    let list = "`eq` of `type` has to be a list of 1 to 50 texts";
    check_error(one("type", json!({"eq": []})), list);
    check_error(one("type", json!({"eq": vec!["x"; 51]})), list);
    check_error(one("type", json!({"eq": [1]})), list);
    let five = "`Matches` of `type` has to be a list of 1 to 5 texts";
    check_error(one("type", json!({"Matches": vec!["x"; 6]})), five);
    let long = "x".repeat(513);
    let message =
        format!("`{}` in `matches` of `type` is not 1 to 512 characters long", "x".repeat(100));
    check_error(one("type", json!({"matches": [long]})), &message);
    check_error(
        one("severity", json!({"gt": "x"})),
        "`\"x\"` in `gt` of `severity` is not a whole number",
    );
    check_error(
        one("service.archived", json!({"eq": ["yes"]})),
        "`yes` in `eq` of `service.archived` is not `true` or `false`",
    );
    check_error(one("type", json!({"gt": 1})), "`gt` cannot be asked of `type`, which holds text");
    check_error(
        one("updatedAt", json!({"matches": ["*"]})),
        "`matches` cannot be asked of `updatedAt`, which holds a time",
    );
    let fields: serde_json::Map<String, Value> = (0..51)
        .map(|it| {
            let path = format!("service.action.awsApiCallAction.affectedResources.{it}");
            (path, json!({"eq": ["x"]}))
        })
        .collect();
    let message = "criteria name 51 fields, at most 50 are allowed";
    check_error(json!({"criterion": fields}), message);
}

#[test]
fn sort_orders_are_read() {
    let sort = Sort::parse(&json!({"attributeName": "severity", "orderBy": "DESC"})).unwrap();
    assert_eq!(sort, Sort::by("severity", true).unwrap());
    let sort = Sort::parse(&json!({"AttributeName": "service.count"})).unwrap();
    assert_eq!(sort, Sort::by("service.count", false).unwrap());
    assert_eq!(Sort::parse(&json!({})).unwrap(), Sort::default());
    let error = Sort::parse(&json!({"orderBy": "UP"})).unwrap_err();
    assert_eq!(error.to_string(), "`UP` is neither ASC nor DESC");
    assert!(Sort::by("nonsense", false).is_err());
}
