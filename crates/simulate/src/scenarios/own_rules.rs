//! Guardpost's own types: changes that open an account to strangers or hide what is done in it.

use serde_json::json;

use crate::calls::{Api, BROWSER, Caller};
use crate::scenarios::Scenario;
use crate::scenarios::iam::once;
use crate::stage::{OFFICE, Stage};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::of(
        "DefenseEvasion:IAMUser/DetectionDisabled",
        "The recorder of AWS Config is stopped.",
        |stage| {
            once(
                stage,
                Api::writing(
                    "config",
                    "StopConfigurationRecorder",
                    r#"{"configurationRecorderName":"default"}"#,
                ),
            );
        },
    ),
    Scenario::of("Impact:KMS/KeyDeletionScheduled", "A key is to be deleted in a week.", |stage| {
        once(
            stage,
            Api::writing(
                "kms",
                "ScheduleKeyDeletion",
                r#"{"keyId":"1234abcd-12ab-34cd-56ef-1234567890ab","pendingWindowInDays":7}"#,
            ),
        );
    }),
    Scenario::of(
        "Policy:EC2/AdministrativePortOpened",
        "A security group lets everybody use RDP.",
        |stage| {
            once(
                stage,
                Api::writing(
                    "ec2",
                    "AuthorizeSecurityGroupIngress",
                    r#"{"groupId":"sg-0a1b2c3d4e5f60001","ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":3389,"toPort":3389,"groups":{},"ipRanges":{"items":[{"cidrIp":"0.0.0.0/0"}]},"ipv6Ranges":{},"prefixListIds":{}}]}}"#,
                ),
            );
        },
    ),
    Scenario::of(
        "Policy:EC2/PublicAccessGranted",
        "A snapshot of a volume is shared with everybody.",
        |stage| {
            once(
                stage,
                Api::writing(
                    "ec2",
                    "ModifySnapshotAttribute",
                    r#"{"snapshotId":"snap-0a1b2c3d4e5f60001","createVolumePermission":{"add":{"items":[{"group":"all"}]}},"attributeType":"CREATE_VOLUME_PERMISSION"}"#,
                ),
            );
        },
    ),
    Scenario::of(
        "Policy:ECR/PublicAccessGranted",
        "Everybody may pull the images of a repository.",
        |stage| {
            once(
                stage,
                Api::writing(
                    "ecr",
                    "SetRepositoryPolicy",
                    r#"{"repositoryName":"app","policyText":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"ecr:BatchGetImage\",\"Resource\":\"*\"}]}","force":false}"#,
                ),
            );
        },
    ),
    Scenario::of("Policy:KMS/PublicAccessGranted", "Everybody may use a key.", |stage| {
        once(
            stage,
            Api::writing(
                "kms",
                "PutKeyPolicy",
                r#"{"keyId":"1234abcd-12ab-34cd-56ef-1234567890ab","policyName":"default","policy":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"*\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}]}"}"#,
            ),
        );
    }),
    Scenario::of("Policy:Lambda/PublicAccessGranted", "Everybody may use a layer.", |stage| {
        once(
            stage,
            Api::writing(
                "lambda",
                "AddLayerVersionPermission20181031",
                r#"{"layerName":"tools","versionNumber":1,"statementId":"open","action":"lambda:GetLayerVersion","principal":"*"}"#,
            ),
        );
    }),
    Scenario::of("Policy:SNS/PublicAccessGranted", "Everybody may publish to a topic.", |stage| {
        once(
            stage,
            Api::writing(
                "sns",
                "SetTopicAttributes",
                r#"{"topicArn":"arn:aws:sns:us-east-1:111122223333:orders","attributeName":"Policy","attributeValue":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"*\"},\"Action\":\"sns:Publish\",\"Resource\":\"*\"}]}"}"#,
            ),
        );
    }),
    Scenario::of("Policy:SQS/PublicAccessGranted", "Everybody may use a queue.", |stage| {
        once(
            stage,
            Api::writing(
                "sqs",
                "SetQueueAttributes",
                r#"{"queueUrl":"https://sqs.us-east-1.amazonaws.com/111122223333/orders","attributes":{"Policy":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"sqs:*\",\"Resource\":\"*\"}]}"}}"#,
            ),
        );
    }),
    Scenario::of(
        "Policy:SecretsManager/PublicAccessGranted",
        "Everybody may read a secret.",
        |stage| {
            once(
                stage,
                Api::writing(
                    "secretsmanager",
                    "PutResourcePolicy",
                    r#"{"secretId":"prod/db","resourcePolicy":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"secretsmanager:GetSecretValue\",\"Resource\":\"*\"}]}"}"#,
                ),
            );
        },
    ),
    Scenario::of(
        "Persistence:IAMUser/ExternalRoleTrust",
        "A role trusts a strange account.",
        |stage| {
            once(
                stage,
                Api::writing(
                    "iam",
                    "CreateRole",
                    r#"{"roleName":"support","assumeRolePolicyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::999988887777:root\"},\"Action\":\"sts:AssumeRole\"}]}"}"#,
                ),
            );
        },
    ),
    Scenario::of(
        "PrivilegeEscalation:IAMUser/AdministratorGranted",
        "A group becomes administrators.",
        |stage| {
            once(
                stage,
                Api::writing(
                    "iam",
                    "AttachGroupPolicy",
                    r#"{"groupName":"backup","policyArn":"arn:aws:iam::aws:policy/AdministratorAccess"}"#,
                ),
            );
        },
    ),
    Scenario::of(
        "Policy:RDS/PublicAccessGranted",
        "A snapshot of a cluster is shared with everybody.",
        |stage| {
            let request = r#"{"dBClusterSnapshotIdentifier":"orders-2026","attributeName":"restore","valuesToAdd":["all"]}"#;
            let person = stage.person();
            let api = Api::writing("rds", "ModifyDBClusterSnapshotAttribute", request);
            stage.call(stage.at(0), &person.from(OFFICE), api);
            // The custom rule that says the same says it alone.
            if stage.has_rule("RDSSnapshotPubliclyShared") {
                let key = json!({ "accessKeyDetails": { "accessKeyId": person.key } });
                stage.expect("Exfiltration:RDS/TransferDataToCloudAccount", key);
            } else {
                stage.expect_key(&person);
            }
        },
    ),
    Scenario::named(
        "Persistence:IAMUser/RootCredentialChanged",
        &["Persistence:IAMUser/RootCredentialChanged", "Policy:IAMUser/RootCredentialUsage"],
        "Root makes an access key for itself.",
        |stage| {
            stage.own_account();
            let root = Caller::root(&stage.account(), OFFICE).with_agent(BROWSER);
            stage.call(stage.at(0), &root, Api::writing("iam", "CreateAccessKey", "null"));
            stage.expect_all(&json!({ "accessKeyDetails": { "userType": "Root" } }));
        },
    ),
    Scenario::of(
        "CredentialAccess:IAMUser/BulkSecretReads",
        "A user reads thirty secrets within five minutes.",
        |stage| {
            let person = stage.person();
            for number in 0..30 {
                let request = format!(r#"{{"secretId":"prod/service-{number}"}}"#);
                let get = Api::reading("secretsmanager", "GetSecretValue", &request);
                stage.call(stage.at(10 * number), &person.from(OFFICE), get);
            }
            stage.expect_key(&person);
        },
    ),
    Scenario::of(
        "CredentialAccess:IAMUser/ConsoleLoginBruteForce",
        "A stranger guesses the console password of a user fifteen times.",
        guesses,
    ),
];

fn guesses(stage: &mut Stage<'_>) {
    let (person, stranger) = (stage.person(), stage.stranger());
    // A sign-in that fails names no key.
    let caller = person.without_key().from(&stranger).with_agent(BROWSER);
    let failed = Api::sign_in(false).responding(r#"{"ConsoleLogin":"Failure"}"#);
    for number in 0..15 {
        stage.call(stage.at(60 * number), &caller, failed);
    }
    stage.expect_all(&json!({ "accessKeyDetails": { "userName": person.name } }));
}
