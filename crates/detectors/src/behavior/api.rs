//! What a call is for, and how much an unusual one of its kind weighs.

/// What an intruder would want from a call.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize,
)]
pub(crate) enum Tactic {
    Discovery,
    InitialAccess,
    Persistence,
    PrivilegeEscalation,
    CredentialAccess,
    DefenseEvasion,
    Impact,
    Exfiltration,
}

/// Names that give out or take a credential.
const CREDENTIALS: &[&str] = &[
    "BatchGetSecretValue",
    "GenerateDbAuthToken",
    "GetPasswordData",
    "GetSecretValue",
    "GetClusterCredentials",
    "GetFederationToken",
];
/// Names that begin a session.
const SESSIONS: &[&str] = &[
    "ConsoleLogin",
    "GetAuthorizationToken",
    "GetSessionToken",
    "GetSigninToken",
    "ResumeSession",
    "SendSSHPublicKey",
    "SendSerialConsoleSSHPublicKey",
    "StartSession",
];
/// Names that blind or disarm.
const DEFENSES: &[&str] = &[
    "DeactivateMFADevice",
    "DeleteAlarms",
    "DeleteConfigRule",
    "DeleteConfigurationRecorder",
    "DeleteDeliveryChannel",
    "DeleteDetector",
    "DeleteEventDataStore",
    "DeleteFlowLogs",
    "DeleteLogGroup",
    "DeleteLogStream",
    "DeleteMembers",
    "DeleteTrail",
    "DeleteWebACL",
    "DisableAlarmActions",
    "DisableSecurityHub",
    "DisassociateFromAdministratorAccount",
    "DisassociateFromMasterAccount",
    "LeaveOrganization",
    "PutEventSelectors",
    "StopConfigurationRecorder",
    "StopEventDataStoreIngestion",
    "StopLogging",
    "StopMonitoringMembers",
    "UpdateDetector",
    "UpdateTrail",
];
/// Names that copy data to where others reach it.
const COPIES: &[&str] = &[
    "CopyDBSnapshot",
    "CopySnapshot",
    "CreateDBSnapshot",
    "CreateImage",
    "CreateInstanceExportTask",
    "CreateSnapshot",
    "CreateSnapshots",
    "ExportImage",
    "ModifyDBClusterSnapshotAttribute",
    "ModifyDBSnapshotAttribute",
    "ModifyImageAttribute",
    "ModifySnapshotAttribute",
    "PutBucketReplication",
    "RestoreDBClusterFromSnapshot",
    "RestoreDBInstanceFromDBSnapshot",
    "StartExportTask",
];
/// Names that give rights.
const RIGHTS: &[&str] = &[
    "AddRoleToInstanceProfile",
    "AddUserToGroup",
    "AssociateIamInstanceProfile",
    "AttachGroupPolicy",
    "AttachRolePolicy",
    "AttachUserPolicy",
    "CreatePolicy",
    "CreatePolicyVersion",
    "DeleteRolePermissionsBoundary",
    "DeleteUserPermissionsBoundary",
    "PutGroupPolicy",
    "PutRolePolicy",
    "PutUserPolicy",
    "ReplaceIamInstanceProfileAssociation",
    "SetDefaultPolicyVersion",
    "UpdateAssumeRolePolicy",
];
/// Names of the calls that consoles and tools make all the time.
const EVERYDAY: &[&str] = &[
    "DescribeInstances",
    "DescribeRegions",
    "DescribeSecurityGroups",
    "DescribeSubnets",
    "DescribeVpcs",
    "GetAccountSummary",
    "GetCallerIdentity",
    "ListBuckets",
    "ListRoles",
    "ListUsers",
];
/// First words of the names of calls that create what stays.
const MAKERS: &[&str] =
    &["Add", "Allocate", "Authorize", "Create", "Enable", "Import", "Modify", "Upload"];
const READERS: &[&str] = &[
    "BatchGet", "Describe", "Detect", "Get", "Head", "List", "Lookup", "Query", "Scan", "Search",
    "Select", "Simulate", "View",
];

/// Of what kind a call is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Kind {
    pub(crate) tactic: Tactic,
    /// Thousandths.
    pub(crate) weight: u32,
}

/// The kind of a call; `is_read` says what the record says of it, if it does.
pub(crate) fn kind(service: &str, name: &str, is_read: Option<bool>) -> Kind {
    let is = |names: &[&str]| names.contains(&name);
    let begins = |words: &[&str]| words.iter().any(|it| name.starts_with(it));
    let is_iam = service == "iam" || service == "sso" || service == "identitystore";
    let (tactic, weight) = if is(CREDENTIALS) {
        (Tactic::CredentialAccess, 1400)
    } else if is(DEFENSES) {
        (Tactic::DefenseEvasion, 1600)
    } else if is(COPIES) {
        (Tactic::Exfiltration, 1300)
    } else if is(RIGHTS) {
        (Tactic::PrivilegeEscalation, 1500)
    } else if is(SESSIONS) || name.starts_with("AssumeRole") {
        (Tactic::InitialAccess, if name == "ConsoleLogin" { 600 } else { 1000 })
    } else if is(EVERYDAY) {
        (Tactic::Discovery, 600)
    } else if is_read.unwrap_or_else(|| begins(READERS)) {
        (Tactic::Discovery, 1000)
    } else if begins(MAKERS) {
        (Tactic::Persistence, if is_iam { 1500 } else { 1200 })
    } else {
        (Tactic::Impact, if is_iam { 1500 } else { 1200 })
    };
    Kind { tactic, weight }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_a_call_is_for() {
        for (service, name, is_read, tactic) in [
            ("secretsmanager", "GetSecretValue", Some(true), Tactic::CredentialAccess),
            ("cloudtrail", "StopLogging", Some(false), Tactic::DefenseEvasion),
            ("ec2", "CreateSnapshot", Some(false), Tactic::Exfiltration),
            ("iam", "CreateAccessKey", Some(false), Tactic::Persistence),
            ("ec2", "ModifyInstanceAttribute", Some(false), Tactic::Persistence),
            ("iam", "PutUserPolicy", Some(false), Tactic::PrivilegeEscalation),
            ("ssm", "StartSession", Some(false), Tactic::InitialAccess),
            ("ec2", "DeleteSecurityGroup", Some(false), Tactic::Impact),
            ("iam", "UpdateUser", Some(false), Tactic::Impact),
            ("iam", "GetRolePolicy", Some(true), Tactic::Discovery),
            ("iam", "ListAccessKeys", None, Tactic::Discovery),
        ] {
            assert_eq!(kind(service, name, is_read).tactic, tactic, "{name}");
        }
        assert!(
            kind("ec2", "DescribeInstances", None).weight
                < kind("ec2", "DescribeImages", None).weight
        );
    }
}
