//! Rules about resources that are opened to everyone.

use engine::model::Severity;

use super::super::call::Call;
use super::super::json::{at, list, text};
use super::super::policy::{document, is_public};
use super::super::rule::{Match, Rule, hit};
use super::types::{
    EC2_PUBLIC, ECR_PUBLIC, KMS_PUBLIC, LAMBDA_PUBLIC, RDS_PUBLIC, SECRETS_PUBLIC, SNS_PUBLIC,
    SQS_PUBLIC,
};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "ImagePublic",
        finding_type: &EC2_PUBLIC,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "ec2",
        calls: &["ModifyImageAttribute"],
        summary: "The image {} was made public",
        why: "Anyone with an AWS account can copy what is on its disks.",
        condition: |call| {
            for_all(call, "launchPermission.add")?;
            hit("AWS::EC2::Image", call.text("imageId"))?.because("launch permission", "all")
        },
    },
    Rule {
        name: "VolumeSnapshotPublic",
        finding_type: &EC2_PUBLIC,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "ec2",
        calls: &["ModifySnapshotAttribute"],
        summary: "The EBS snapshot {} was made public",
        why: "Anyone with an AWS account can copy what is on it.",
        condition: |call| {
            for_all(call, "createVolumePermission.add")?;
            hit("AWS::EC2::Snapshot", call.text("snapshotId"))?.because("volume permission", "all")
        },
    },
    Rule {
        name: "DatabaseSnapshotPublic",
        finding_type: &RDS_PUBLIC,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "rds",
        calls: &["ModifyDBClusterSnapshotAttribute", "ModifyDBSnapshotAttribute"],
        summary: "The RDS snapshot {} was made public",
        why: "Anyone with an AWS account can restore the database from it.",
        condition: |call| {
            let is_restore = call.text("attributeName") == "restore";
            let is_all = list(&call.request, "valuesToAdd").any(|it| it == "all");
            let id = call.any_text(&["dBSnapshotIdentifier", "dBClusterSnapshotIdentifier"]);
            if is_restore && is_all {
                hit("AWS::RDS::DBSnapshot", id)?.because("restore", "all")
            } else {
                None
            }
        },
    },
    Rule {
        name: "KeyPolicyPublic",
        finding_type: &KMS_PUBLIC,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "kms",
        calls: &["CreateKey", "PutKeyPolicy"],
        summary: "The policy of KMS key {} was opened to everyone",
        why: "Anyone with an AWS account can use the key, and what it protects is protected no more.",
        condition: |call| {
            let id = match call.text("keyId") {
                "" => text(&call.response, "keyMetadata.keyId"),
                id => id,
            };
            opened(call, "policy", "AWS::KMS::Key", id)
        },
    },
    Rule {
        name: "QueuePolicyPublic",
        finding_type: &SQS_PUBLIC,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "sqs",
        calls: &["AddPermission", "CreateQueue", "SetQueueAttributes"],
        summary: "The SQS queue {} was opened to everyone",
        why: "Anyone with an AWS account can read, send or delete messages.",
        condition: |call| {
            let queue = call.any_text(&["queueUrl", "queueName"]);
            if call.name() == "AddPermission" {
                let accounts =
                    list(&call.request, "aWSAccountIds").chain(list(&call.request, "accountIds"));
                let is_everyone = { accounts }.any(|it| it == "*");
                return is_everyone.then(|| hit("AWS::SQS::Queue", queue)).flatten();
            }
            opened(call, "attributes.policy", "AWS::SQS::Queue", queue)
        },
    },
    Rule {
        name: "TopicPolicyPublic",
        finding_type: &SNS_PUBLIC,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "sns",
        calls: &["CreateTopic", "SetTopicAttributes"],
        summary: "The SNS topic {} was opened to everyone",
        why: "Anyone with an AWS account can subscribe or publish.",
        condition: |call| {
            let topic = call.any_text(&["topicArn", "name"]);
            if call.name() == "CreateTopic" {
                return opened(call, "attributes.policy", "AWS::SNS::Topic", topic);
            }
            let is_policy = call.text("attributeName") == "Policy";
            is_policy.then(|| opened(call, "attributeValue", "AWS::SNS::Topic", topic)).flatten()
        },
    },
    Rule {
        name: "SecretPolicyPublic",
        finding_type: &SECRETS_PUBLIC,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "secretsmanager",
        calls: &["PutResourcePolicy"],
        summary: "The secret {} was opened to everyone",
        why: "Anyone with an AWS account who can use its key can read it.",
        condition: |call| {
            opened(call, "resourcePolicy", "AWS::SecretsManager::Secret", call.text("secretId"))
        },
    },
    Rule {
        name: "RepositoryPolicyPublic",
        finding_type: &ECR_PUBLIC,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "ecr",
        calls: &["SetRepositoryPolicy"],
        summary: "The ECR repository {} was opened to everyone",
        why: "Anyone with an AWS account can pull its images, or push images that you run.",
        condition: |call| {
            opened(call, "policyText", "AWS::ECR::Repository", call.text("repositoryName"))
        },
    },
    Rule {
        name: "FunctionPublic",
        finding_type: &LAMBDA_PUBLIC,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "lambda",
        calls: &["AddLayerVersionPermission", "AddPermission"],
        summary: "The Lambda function or layer {} was opened to everyone",
        why: "Anyone with an AWS account can use it.",
        condition: |call| {
            let members = ["sourceArn", "sourceAccount", "principalOrgID", "organizationId"];
            let is_narrow = members.iter().any(|it| call.has(it));
            if call.text("principal") != "*" || is_narrow {
                return None;
            }
            let name = call.any_text(&["functionName", "layerName"]);
            hit("AWS::Lambda::Function", name)?.because("principal", "*")
        },
    },
    Rule {
        name: "FunctionUrlPublic",
        finding_type: &LAMBDA_PUBLIC,
        severity: Severity::MEDIUM,
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

/// Whether a permission was given to all.
fn for_all(call: &Call<'_, '_>, path: &str) -> Option<()> {
    list(&call.request, path).any(|it| text(it, "group") == "all").then_some(())
}

/// A resource whose policy, a member of the request, lets everyone in.
fn opened(call: &Call<'_, '_>, member: &str, kind: &'static str, resource: &str) -> Option<Match> {
    let policy = document(at(&call.request, member));
    is_public(&policy).then(|| hit(kind, resource)).flatten()?.because("lets in", "everyone")
}
