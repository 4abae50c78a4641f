//! Custom detection rules and Guardpost's own types, on and off.

use crate::common::Folder;

/// Flow logs are deleted: a custom detection rule, and a type of Guardpost's own.
const TRAIL: &str = r#"{"Records":[{"eventVersion":"1.09","userIdentity":{"type":"IAMUser",
"principalId":"AIDAEXAMPLEALICE00001","arn":"arn:aws:iam::111122223333:user/alice",
"accountId":"111122223333","accessKeyId":"AKIAIOSFODNN7EXAMPLE","userName":"alice"},
"eventTime":"2026-01-05T10:00:00Z","eventSource":"ec2.amazonaws.com","eventName":"DeleteFlowLogs",
"awsRegion":"us-east-1","sourceIPAddress":"198.51.100.7","userAgent":"aws-cli/2.15.30",
"requestParameters":{"DeleteFlowLogsRequest":{"FlowLogId":{"content":"fl-0123456789abcdef0","tag":1}}},
"responseElements":null,"requestID":"00000001-0000-4000-8000-000000000000",
"eventID":"00000001-1111-4111-8111-000000000000","readOnly":false,"eventType":"AwsApiCall",
"managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management"}]}"#;

const CUSTOM: &str = "DefenseImpairment:EC2/DisableOrModifyTools";
const OWN: &str = "DefenseEvasion:IAMUser/DetectionDisabled";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("trail.json", TRAIL);
    folder
}

/// Which of the two types are found, and what is said beside the findings.
fn found(folder: &Folder, args: &[&str]) -> (bool, bool, String) {
    let run = folder.run(&[&["scan", "trail.json", "--format", "json"], args].concat());
    assert_eq!(run.code, 0, "{}", run.err);
    (run.out.contains(CUSTOM), run.out.contains(OWN), run.err)
}

#[test]
fn custom_rules_are_off_until_they_are_named() {
    let folder = folder();
    let found = |args: &[&str]| found(&folder, args).0;
    assert!(!found(&[]));
    assert!(found(&["--custom-rules", "all"]));
    assert!(found(&["--custom-rules", "vpcflowlogsdeleted,EC2UserDataModified"]));
    assert!(!found(&["--custom-rules", "EC2UserDataModified"]));
    folder.run(&["scan", "trail.json", "--custom-rules", "FlowLogs"]).fails(&[
        "--custom-rules",
        "`FlowLogs`",
        "VPCFlowLogsDeleted",
    ]);
}

#[test]
fn a_finding_of_a_custom_rule_names_the_rule() {
    let run = folder().run(&["scan", "trail.json", "--format", "json", "--custom-rules", "all"]);
    assert!(run.out.contains("\"customDetectionRuleName\":\"VPCFlowLogsDeleted\""), "{}", run.out);
}

#[test]
fn a_dry_run_counts_and_finds_nothing() {
    let folder = folder();
    for rules in ["dry-run", "dry-run,VPCFlowLogsDeleted"] {
        let (custom, _, said) = found(&folder, &["--custom-rules", rules]);
        assert!(!custom, "{rules}");
        assert!(said.contains("VPCFlowLogsDeleted: 1 match"), "{said}");
    }
    let run = folder.run(&[
        "scan",
        "trail.json",
        "--custom-rules",
        "dry-run",
        "--strict-catalogue",
        "--fail-on",
        "low",
    ]);
    assert_eq!(run.code, 0, "what is only counted fails nothing: {}", run.err);
}

#[test]
fn the_strict_catalogue_has_no_types_of_our_own() {
    let folder = folder();
    assert!(found(&folder, &[]).1);
    assert!(!found(&folder, &["--strict-catalogue"]).1);
    folder.write("strict.toml", "[scan]\nstrict_catalogue = true\n");
    assert!(!found(&folder, &["--config", "strict.toml"]).1);
}

#[test]
fn the_configuration_file_names_rules_too() {
    let folder = folder();
    folder
        .write("on.toml", "[detectors.rules.custom_detection]\nrules = [\"VPCFlowLogsDeleted\"]\n");
    assert!(found(&folder, &["--config", "on.toml"]).0);
    folder.write("off.toml", "[detectors.rules.custom_detection]\nrules = [\"NoSuchRule\"]\n");
    folder.run(&["scan", "trail.json", "--config", "off.toml"]).fails(&[
        "off.toml",
        "NoSuchRule",
        "VPCFlowLogsDeleted",
    ]);
}
