//! GuardDuty's custom detection rules, each switched on by its scenario.

use crate::calls::{Api, BROWSER};
use crate::scenarios::Scenario;
use crate::scenarios::iam::once;
use crate::scenarios::s3::{on_bucket, policy};
use crate::stage::{OFFICE, Stage};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::of("CredentialAccess:EC2/UnsecuredCredentials", "The Windows password of an instance is asked for.", |stage| { once(stage, Api::writing("ec2", "GetPasswordData", r#"{"instanceId":"i-0a1b2c3d4e5f60001"}"#)); }).with_rules(&["EC2PasswordDataRetrieved"]),
    Scenario::of("CredentialAccess:RDS/ModifyAuthenticationProcess", "The master password of a database is reset.", |stage| { once(stage, Api::writing("rds", "ModifyDBInstance", r#"{"dBInstanceIdentifier":"orders","applyImmediately":true,"masterUserPassword":"****"}"#)); }).with_rules(&["RDSMasterPasswordReset"]),
    Scenario::of("DefenseImpairment:EC2/DisableOrModifyTools", "An instance is protected against termination.", |stage| { once(stage, Api::writing("ec2", "ModifyInstanceAttribute", r#"{"instanceId":"i-0a1b2c3d4e5f60001","disableApiTermination":{"value":true}}"#)); }).with_rules(&["EC2TerminationProtectionEnabled"]),
    Scenario::of("DefenseImpairment:Organizations/DisableOrModifyTools", "A policy is detached from an organizational unit.", |stage| { once(stage, Api::writing("organizations", "DetachPolicy", r#"{"policyId":"p-examplepolicy111","targetId":"ou-examplerootid111-exampleouid111"}"#)); }).with_rules(&["OrganizationPolicyDisabled"]),
    Scenario::of("DefenseImpairment:Organizations/ModifyCloudResourceHierarchy", "An account leaves its organization.", |stage| { once(stage, Api::writing("organizations", "LeaveOrganization", "null")); }).with_rules(&["OrganizationLeaveAttempt"]),
    Scenario::of("DefenseImpairment:RDS/ModifyAuthenticationProcess", "A database no longer asks IAM who signs in.", |stage| { once(stage, Api::writing("rds", "ModifyDBInstance", r#"{"dBInstanceIdentifier":"orders","enableIAMDatabaseAuthentication":false}"#)); }).with_rules(&["RDSIAMAuthDisabled"]),
    Scenario::of("DefenseImpairment:Route53Resolver/DisableOrModifyTools", "The logging of queries is deleted.", |stage| { once(stage, Api::writing("route53resolver", "DeleteResolverQueryLogConfig", r#"{"resolverQueryLogConfigId":"rqlc-0a1b2c3d4e5f6000"}"#)); }).with_rules(&["DNSQueryLogsDeleted"]),
    Scenario::of("Execution:SageMaker/CommandAndScriptingInterpreter", "A notebook gets a script that runs at its start.", |stage| { once(stage, Api::writing("sagemaker", "CreateNotebookInstanceLifecycleConfig", r#"{"notebookInstanceLifecycleConfigName":"setup","onStart":[{"content":"***"}]}"#)); }).with_rules(&["SageMakerLifecycleConfigModified"]),
    Scenario::of("Exfiltration:EC2/TransferDataToCloudAccount", "An image is shared with a strange account.", |stage| { once(stage, Api::writing("ec2", "ModifyImageAttribute", r#"{"imageId":"ami-0a1b2c3d4e5f60001","launchPermission":{"add":{"items":[{"userId":"999988887777"}]}},"attributeType":"launchPermission"}"#)); }).with_rules(&["AMIExternalAccess"]),
    Scenario::of("Exfiltration:RDS/TransferDataToCloudAccount", "A snapshot of a database is shared with everybody.", |stage| { once(stage, Api::writing("rds", "ModifyDBSnapshotAttribute", r#"{"dBSnapshotIdentifier":"orders-2026","attributeName":"restore","valuesToAdd":["all"]}"#)); }).with_rules(&["RDSSnapshotPubliclyShared"]),
    Scenario::of("Impact:SES/ResourceHijacking", "An account asks to send mail to everybody.", |stage| { once(stage, Api::writing("ses", "PutAccountDetails", r#"{"productionAccessEnabled":true,"mailType":"MARKETING","websiteURL":"https://example.com"}"#)); }).with_rules(&["SESProductionAccessEnabled"]),
    Scenario::of("InitialAccess:RDS/ExploitPublicFacingApplication", "A database is made reachable from the Internet.", |stage| { once(stage, Api::writing("rds", "ModifyDBInstance", r#"{"dBInstanceIdentifier":"orders","publiclyAccessible":true}"#)); }).with_rules(&["RDSPubliclyAccessible"]),
    Scenario::of("LateralMovement:EC2/RemoteServices", "A key for SSH is pushed to an instance.", |stage| { once(stage, Api::writing("ec2-instance-connect", "SendSSHPublicKey", r#"{"instanceId":"i-0a1b2c3d4e5f60001","instanceOSUser":"ec2-user","sSHPublicKey":"ssh-ed25519 AAAA example"}"#)); }).with_rules(&["EC2InstanceSSHKeyPushed"]),
    Scenario::of("Persistence:EC2/BootOrLogonInitializationScripts", "The start script of an instance is changed.", |stage| { once(stage, Api::writing("ec2", "ModifyInstanceAttribute", r#"{"instanceId":"i-0a1b2c3d4e5f60001","userData":"<sensitiveDataRemoved>"}"#)); }).with_rules(&["EC2UserDataModified"]),
    Scenario::of("Persistence:EC2/ExternalRemoteServices", "A security group lets everybody use SSH.", |stage| { once(stage, Api::writing("ec2", "AuthorizeSecurityGroupIngress", r#"{"groupId":"sg-0a1b2c3d4e5f60001","ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":22,"toPort":22,"groups":{},"ipRanges":{"items":[{"cidrIp":"0.0.0.0/0"}]},"ipv6Ranges":{},"prefixListIds":{}}]}}"#)); }).with_rules(&["EC2SecurityGroupPublicSSH"]),
    Scenario::of("Persistence:IAM/AccountManipulation", "A user gets a password for the console.", |stage| { once(stage, Api::writing("iam", "CreateLoginProfile", r#"{"userName":"backup","passwordResetRequired":false}"#)); }).with_rules(&["IAMUserLoginProfileCreated"]),
    Scenario::of("Persistence:Lambda/AccountManipulation", "Everybody may call a function.", |stage| { once(stage, Api::writing("lambda", "AddPermission20150331v2", r#"{"functionName":"report","statementId":"open","action":"lambda:InvokeFunction","principal":"*"}"#)); }).with_rules(&["LambdaFunctionPublicAccess"]),
    Scenario::of("Persistence:Lambda/ModifyAuthenticationProcess", "A function gets an address that asks for no credentials.", |stage| { once(stage, Api::writing("lambda", "CreateFunctionUrlConfig", r#"{"functionName":"hook","authType":"NONE"}"#)); }).with_rules(&["LambdaFunctionUrlPublicAccess"]),
    Scenario::of("Persistence:RolesAnywhere/AccountManipulation", "A strange authority may issue credentials.", |stage| { once(stage, Api::writing("rolesanywhere", "CreateTrustAnchor", r#"{"name":"anchor","enabled":true,"source":{"sourceType":"CERTIFICATE_BUNDLE"}}"#)); }).with_rules(&["RolesAnywhereTrustAnchorCreated"]),
    Scenario::of("PrivilegeEscalation:IAM/AccountManipulation", "A user gets a lasting key for Bedrock.", |stage| { once(stage, Api::writing("iam", "CreateServiceSpecificCredential", r#"{"userName":"backup","serviceName":"bedrock.amazonaws.com"}"#)); }).with_rules(&["BedrockServiceCredentialCreated"]),
    Scenario::of("ResourceDevelopment:SES/CompromiseAccounts", "A domain is added as a sender of mail.", |stage| { once(stage, Api::writing("ses", "CreateEmailIdentity", r#"{"emailIdentity":"mail.example.com"}"#)); }).with_rules(&["SESDomainIdentityVerified"]),
    Scenario::of("Exfiltration:S3/TransferDataToCloudAccount", "The policy of a bucket lets a strange account read.", |stage| policy(stage, r#"{"AWS":"arn:aws:iam::999988887777:root"}"#, "")).with_rules(&["S3BucketPolicyExternalAccess"]),
    Scenario::of("DefenseImpairment:S3/DisableOrModifyTools", "A bucket takes objects that only the writer can decrypt.", |stage| {
        let rule = r#"{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"},"BlockedEncryptionTypes":{"EncryptionType":"NONE"}}"#;
        let rest = format!(r#","encryption":"","ServerSideEncryptionConfiguration":{{"Rule":{rule}}}"#);
        on_bucket(stage, "PutBucketEncryption", &rest);
    }).with_rules(&["S3CustomerProvidedKeysEnabled"]),
    Scenario::of("Impact:S3/DataDestruction", "The objects of a bucket are to expire within a day.", |stage| {
        let rule = r#"{"ID":"clean","Status":"Enabled","Filter":{"Prefix":""},"Expiration":{"Days":1}}"#;
        let rest = format!(r#","lifecycle":"","LifecycleConfiguration":{{"Rule":{rule}}}"#);
        on_bucket(stage, "PutBucketLifecycle", &rest);
    }).with_rules(&["S3LifecycleRapidExpiration"]),
    Scenario::of("InitialAccess:IAM/ValidAccounts", "A user signs in to the console without MFA.", sign_in).with_rules(&["ConsoleLoginWithoutMFA"]),
];

fn sign_in(stage: &mut Stage<'_>) {
    let person = stage.person();
    stage.call(stage.at(0), &person.from(OFFICE).with_agent(BROWSER), Api::sign_in(false));
    stage.expect_key(&person);
}
