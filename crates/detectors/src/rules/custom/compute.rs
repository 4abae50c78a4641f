//! Rules about EC2, Lambda, `SageMaker`, Organizations and the logs of the network.

use engine::model::Severity;
use serde_json::Value;

use super::super::call::Call;
use super::super::json::{list, text};
use super::super::ports::opened_group;
use super::super::rule::{Match, Rule, hit};
use super::compute_types::{
    EC2_BOOT_SCRIPTS, EC2_DISABLE_OR_MODIFY_TOOLS, EC2_EXTERNAL_REMOTE_SERVICES,
    EC2_REMOTE_SERVICES, EC2_TRANSFER_DATA, EC2_UNSECURED_CREDENTIALS, LAMBDA_ACCOUNT_MANIPULATION,
    LAMBDA_AUTHENTICATION, ORGANIZATIONS_DISABLE_OR_MODIFY_TOOLS, ORGANIZATIONS_HIERARCHY,
    RESOLVER_DISABLE_OR_MODIFY_TOOLS, SAGEMAKER_INTERPRETER,
};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "EC2PasswordDataRetrieved",
        finding_type: &EC2_UNSECURED_CREDENTIALS,
        severity: Severity::MEDIUM,
        counts_attempts: false,
        source: "ec2",
        calls: &["GetPasswordData"],
        summary: "The Windows administrator password of EC2 instance {} was retrieved",
        why: "Whoever has the key pair too can sign in to the instance.",
        condition: |call| hit("AWS::EC2::Instance", call.text("instanceId")),
    },
    Rule {
        name: "EC2TerminationProtectionEnabled",
        finding_type: &EC2_DISABLE_OR_MODIFY_TOOLS,
        severity: Severity::LOW,
        counts_attempts: false,
        source: "ec2",
        calls: &["ModifyInstanceAttribute"],
        summary: "Termination protection of EC2 instance {} was turned on",
        why: "Intruders protect instances that they started, such as miners, from being removed.",
        condition: |call| {
            if call.flag("disableApiTermination")? {
                hit("AWS::EC2::Instance", call.text("instanceId"))?
                    .because("disableApiTermination", "true")
            } else {
                None
            }
        },
    },
    Rule {
        name: "VPCFlowLogsDeleted",
        finding_type: &EC2_DISABLE_OR_MODIFY_TOOLS,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "ec2",
        calls: &["DeleteFlowLogs"],
        summary: "The VPC flow logs {} were deleted",
        why: "What the network carries from now on leaves no record.",
        condition: flow_logs,
    },
    Rule {
        name: "AMIExternalAccess",
        finding_type: &EC2_TRANSFER_DATA,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "ec2",
        calls: &["ModifyImageAttribute"],
        summary: "The image {} was shared outside of the organization",
        why: "Whoever may launch an image can copy what is on its disks.",
        condition: |call| {
            let with = shared_with(call, "launchPermission.add")?;
            hit("AWS::EC2::Image", call.text("imageId"))?.because("shared with", &with)
        },
    },
    Rule {
        name: "EBSSnapshotExternalAccess",
        finding_type: &EC2_TRANSFER_DATA,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "ec2",
        calls: &["ModifySnapshotAttribute"],
        summary: "The EBS snapshot {} was shared outside of the organization",
        why: "Whoever may make volumes of a snapshot can copy what is on it.",
        condition: |call| {
            let with = shared_with(call, "createVolumePermission.add")?;
            hit("AWS::EC2::Snapshot", call.text("snapshotId"))?.because("shared with", &with)
        },
    },
    Rule {
        name: "EC2InstanceSSHKeyPushed",
        finding_type: &EC2_REMOTE_SERVICES,
        severity: Severity::MEDIUM,
        counts_attempts: false,
        source: "ec2-instance-connect",
        calls: &["SendSSHPublicKey", "SendSerialConsoleSSHPublicKey"],
        summary: "An SSH key was pushed to EC2 instance {}",
        why: "Whoever has the private key can sign in to the instance within the next minute.",
        condition: |call| hit("AWS::EC2::Instance", call.text("instanceId")),
    },
    Rule {
        name: "EC2UserDataModified",
        finding_type: &EC2_BOOT_SCRIPTS,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "ec2",
        calls: &["ModifyInstanceAttribute"],
        summary: "The user data of EC2 instance {} was modified",
        why: "User data runs as root when an instance starts: it can keep an intruder's code on the instance.",
        condition: |call| {
            if call.has("userData") || call.text("attribute") == "userData" {
                hit("AWS::EC2::Instance", call.text("instanceId"))?.because("attribute", "userData")
            } else {
                None
            }
        },
    },
    Rule {
        name: "EC2SecurityGroupPublicSSH",
        finding_type: &EC2_EXTERNAL_REMOTE_SERVICES,
        severity: Severity::MEDIUM,
        counts_attempts: false,
        source: "ec2",
        calls: &["AuthorizeSecurityGroupIngress", "ModifySecurityGroupRules"],
        summary: "Security group {} was opened to the Internet for SSH",
        why: "Everyone can now try to sign in to what the group protects.",
        condition: |call| {
            let opened = opened_group(call).into_iter().find(|it| it.has(22))?;
            let group = call.any_text(&["groupId", "groupName"]);
            hit("AWS::EC2::SecurityGroup", group)?.because("opened", &opened.to_string())
        },
    },
    Rule {
        name: "DNSQueryLogsDeleted",
        finding_type: &RESOLVER_DISABLE_OR_MODIFY_TOOLS,
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
        name: "OrganizationLeaveAttempt",
        finding_type: &ORGANIZATIONS_HIERARCHY,
        severity: Severity::HIGH,
        counts_attempts: true,
        source: "organizations",
        calls: &["LeaveOrganization"],
        summary: "An attempt to take account {} out of its organization was made",
        why: "The organization's policies, trails and detectors no longer hold in the account.",
        condition: |call| hit("AWS::Organizations::Account", &call.account().to_string()),
    },
    Rule {
        name: "OrganizationPolicyDisabled",
        finding_type: &ORGANIZATIONS_DISABLE_OR_MODIFY_TOOLS,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "organizations",
        calls: &["DisablePolicyType", "DetachPolicy"],
        summary: "The organization's policy {} was detached or disabled",
        why: "What the policy forbade is allowed again in the accounts concerned.",
        condition: |call| {
            let found =
                hit("AWS::Organizations::Policy", call.any_text(&["policyId", "policyType"]))?;
            match call.any_text(&["targetId", "rootId"]) {
                "" => Some(found),
                target => found.because("taken from", target),
            }
        },
    },
    Rule {
        name: "SageMakerLifecycleConfigModified",
        finding_type: &SAGEMAKER_INTERPRETER,
        severity: Severity::MEDIUM,
        counts_attempts: false,
        source: "sagemaker",
        calls: &["CreateNotebookInstanceLifecycleConfig", "UpdateNotebookInstanceLifecycleConfig"],
        summary: "The SageMaker notebook lifecycle configuration {} was created or changed",
        why: "Its scripts run as root whenever a notebook that uses it starts.",
        condition: |call| {
            let name = call.text("notebookInstanceLifecycleConfigName");
            let has_script =
                list(&call.request, "onCreate").chain(list(&call.request, "onStart")).next();
            has_script.and_then(|_| hit("AWS::SageMaker::NotebookInstanceLifecycleConfig", name))
        },
    },
    Rule {
        name: "LambdaFunctionPublicAccess",
        finding_type: &LAMBDA_ACCOUNT_MANIPULATION,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "lambda",
        calls: &["AddPermission"],
        summary: "Everyone was allowed to use Lambda function {}",
        why: "Anyone with an AWS account can now invoke the function.",
        condition: function_for_everyone,
    },
    Rule {
        name: "LambdaFunctionUrlPublicAccess",
        finding_type: &LAMBDA_AUTHENTICATION,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "lambda",
        calls: &["CreateFunctionUrlConfig", "UpdateFunctionUrlConfig"],
        summary: "A URL of Lambda function {} that asks for no authentication was made",
        why: "Everyone on the Internet who knows the URL can run the function.",
        condition: |call| {
            if call.text("authType") == "NONE" {
                hit("AWS::Lambda::Function", call.text("functionName"))?.because("authType", "NONE")
            } else {
                None
            }
        },
    },
];

pub(in super::super) fn flow_logs(call: &Call<'_, '_>) -> Option<Match> {
    // `{"DeleteFlowLogsRequest": {"FlowLogId": {"content": "fl-…", "tag": 1}}}`, or a list of such.
    let ids: Vec<&str> = ["flowLogId", "flowLogIds"]
        .iter()
        .flat_map(|it| list(&call.request, it))
        .map(|it| match it {
            Value::String(id) => id.as_str(),
            it => text(it, "content"),
        })
        .filter(|it| !it.is_empty())
        .collect();
    hit("AWS::EC2::FlowLog", &ids.join(", "))
}

/// Everyone, or the accounts outside of the organization, that a permission was given to.
pub(in super::super) fn shared_with(call: &Call<'_, '_>, path: &str) -> Option<String> {
    let mut with: Vec<&str> = Vec::new();
    for it in list(&call.request, path) {
        if text(it, "group") == "all" {
            return Some("everyone".to_owned());
        }
        if call.is_foreign(text(it, "userId")) {
            with.push(text(it, "userId"));
        }
    }
    (!with.is_empty()).then(|| with.join(", "))
}

/// A permission for everyone that nothing narrows to a resource, account or organization.
pub(in super::super) fn function_for_everyone(call: &Call<'_, '_>) -> Option<Match> {
    let is_everyone = call.text("principal") == "*";
    let is_narrow = ["sourceArn", "sourceAccount", "principalOrgID"].iter().any(|it| call.has(it));
    if !is_everyone || is_narrow {
        return None;
    }
    hit("AWS::Lambda::Function", call.text("functionName"))?.because("principal", "*")
}
