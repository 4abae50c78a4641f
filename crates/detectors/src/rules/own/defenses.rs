//! Rules about detection that is switched off, keys that are to be deleted, and networks that are opened.

use engine::model::Severity;
use serde_json::Value;

use super::super::custom::flow_logs;
use super::super::json::{list, number};
use super::super::ports::{Opened, opened_acl, opened_group};
use super::super::rule::{Match, Rule, hit};
use super::types::{ADMINISTRATIVE_PORT_OPENED, DETECTION_DISABLED, KEY_DELETION_SCHEDULED};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "GuardDutyDisabled",
        finding_type: &DETECTION_DISABLED,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "guardduty",
        calls: &[
            "DeleteDetector",
            "DeleteMembers",
            "DisassociateFromAdministratorAccount",
            "DisassociateFromMasterAccount",
            "DisassociateMembers",
            "StopMonitoringMembers",
            "UpdateDetector",
        ],
        summary: "Amazon GuardDuty detector {} was switched off",
        why: "Threats to the account are no longer looked for.",
        condition: |call| {
            let is_update = call.name() == "UpdateDetector";
            if is_update && call.flag("enable") != Some(false) {
                return None;
            }
            hit("AWS::GuardDuty::Detector", call.text("detectorId"))
        },
    },
    Rule {
        name: "GuardDutyBlinded",
        finding_type: &DETECTION_DISABLED,
        severity: Severity::MEDIUM,
        counts_attempts: false,
        source: "guardduty",
        calls: &[
            "CreateFilter",
            "CreateIPSet",
            "CreateTrustedEntitySet",
            "DeletePublishingDestination",
        ],
        summary: "Amazon GuardDuty detector {} was made to show less",
        why: "Findings are archived unread, addresses are trusted, or findings are no longer exported.",
        condition: |call| {
            let found = hit("AWS::GuardDuty::Detector", call.text("detectorId"))?;
            match call.name() {
                "CreateFilter" if call.text("action") != "ARCHIVE" => None,
                name => found.because("call", name),
            }
        },
    },
    Rule {
        name: "SecurityHubDisabled",
        finding_type: &DETECTION_DISABLED,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "securityhub",
        calls: &["DisableSecurityHub", "DisableSecurityHubV2", "BatchDisableStandards"],
        summary: "AWS Security Hub was switched off, or standards of it,",
        why: "Findings and checks of configurations are no longer collected.",
        condition: |call| {
            let standards: Vec<&str> = list(&call.request, "standardsSubscriptionArns")
                .filter_map(Value::as_str)
                .collect();
            hit("AWS::SecurityHub::Standard", &standards.join(", "))
        },
    },
    Rule {
        name: "ConfigDisabled",
        finding_type: &DETECTION_DISABLED,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "config",
        calls: &[
            "StopConfigurationRecorder",
            "DeleteConfigurationRecorder",
            "DeleteDeliveryChannel",
        ],
        summary: "AWS Config recorder or channel {} was stopped or deleted",
        why: "Changes of resources are no longer recorded.",
        condition: |call| {
            let name = call.any_text(&["configurationRecorderName", "deliveryChannelName"]);
            hit("AWS::Config::ConfigurationRecorder", name)
        },
    },
    Rule {
        name: "MacieDisabled",
        finding_type: &DETECTION_DISABLED,
        severity: Severity::MEDIUM,
        counts_attempts: false,
        source: "macie2",
        calls: &["DisableMacie", "UpdateMacieSession"],
        summary: "Amazon Macie was switched off",
        why: "Sensitive data and public buckets are no longer looked for.",
        condition: |call| {
            let is_update = call.name() == "UpdateMacieSession";
            if is_update && call.text("status") != "PAUSED" {
                return None;
            }
            hit("AWS::Macie::Session", "")
        },
    },
    Rule {
        name: "AccessAnalyzerDeleted",
        finding_type: &DETECTION_DISABLED,
        severity: Severity::MEDIUM,
        counts_attempts: false,
        source: "access-analyzer",
        calls: &["DeleteAnalyzer"],
        summary: "IAM Access Analyzer {} was deleted",
        why: "Access from outside is no longer looked for.",
        condition: |call| hit("AWS::AccessAnalyzer::Analyzer", call.text("analyzerName")),
    },
    Rule {
        name: "FlowLogsDeleted",
        finding_type: &DETECTION_DISABLED,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "ec2",
        calls: &["DeleteFlowLogs"],
        summary: "VPC flow logs {} were deleted",
        why: "What the network carries from now on leaves no record.",
        condition: flow_logs,
    },
    Rule {
        name: "ResolverLogsDeleted",
        finding_type: &DETECTION_DISABLED,
        severity: Severity::MEDIUM,
        counts_attempts: false,
        source: "route53resolver",
        calls: &["DeleteResolverQueryLogConfig", "DisassociateResolverQueryLogConfig"],
        summary: "Resolver query logging {} was deleted or taken from a VPC",
        why: "Which names hosts ask for from now on leaves no record.",
        condition: |call| {
            let id = call.text("resolverQueryLogConfigId");
            hit("AWS::Route53Resolver::ResolverQueryLoggingConfig", id)
        },
    },
    Rule {
        name: "KeyDeletionScheduled",
        finding_type: &KEY_DELETION_SCHEDULED,
        severity: Severity::MEDIUM,
        counts_attempts: false,
        source: "kms",
        calls: &["ScheduleKeyDeletion", "DeleteImportedKeyMaterial"],
        summary: "KMS key {} was scheduled for deletion, or its material was deleted,",
        why: "Without the key nobody can read what was encrypted with it, ever.",
        condition: |call| {
            let found = hit("AWS::KMS::Key", call.text("keyId"))?;
            match number(&call.request, "pendingWindowInDays") {
                Some(days) => found.because("days until deletion", &days.to_string()),
                None => Some(found),
            }
        },
    },
    Rule {
        name: "SecurityGroupOpened",
        finding_type: &ADMINISTRATIVE_PORT_OPENED,
        severity: Severity::MEDIUM,
        counts_attempts: false,
        source: "ec2",
        calls: &["AuthorizeSecurityGroupIngress", "ModifySecurityGroupRules"],
        summary: "Security group {} was opened to the Internet on administrative ports",
        why: "Scanners find such hosts within minutes, and try passwords and exploits.",
        condition: |call| {
            let opened = opened_group(call).into_iter().find(Opened::has_administrative)?;
            let group = call.any_text(&["groupId", "groupName"]);
            opening(hit("AWS::EC2::SecurityGroup", group)?, &opened)
        },
    },
    Rule {
        name: "NetworkAclOpened",
        finding_type: &ADMINISTRATIVE_PORT_OPENED,
        severity: Severity::MEDIUM,
        counts_attempts: false,
        source: "ec2",
        calls: &["CreateNetworkAclEntry", "ReplaceNetworkAclEntry"],
        summary: "Network ACL {} was opened to the Internet on administrative ports",
        why: "Where security groups are open too, scanners find hosts within minutes.",
        condition: |call| {
            // Wide ranges let answers in, which an ACL, that knows no connections, has to.
            let opened =
                opened_acl(call).filter(|it| it.has_administrative() && it.len() <= 1024)?;
            opening(hit("AWS::EC2::NetworkAcl", call.text("networkAclId"))?, &opened)
        },
    },
];

/// Everything at once is more than a port.
fn opening(found: Match, opened: &Opened) -> Option<Match> {
    let found = found.because("opened", &opened.to_string())?;
    if opened.len() > 1024 { found.severe(Severity::HIGH) } else { Some(found) }
}
