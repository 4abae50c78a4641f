//! The finding types of Guardpost's own rules, in GuardDuty's grammar.

use engine::findings::{Data, FindingType};
use engine::model::Severity;

/// What all of them share.
const BASE: FindingType = FindingType {
    name: "",
    severity: Severity::HIGH,
    title: "",
    about: "",
    detection: "",
    false_positives: "",
    response: "",
    techniques: &[],
    data: &[Data::CloudTrailManagement],
    aggregation: "credential of the caller, what was changed, and the resource",
    is_own: true,
};

/// What the types of resources that everyone may use share.
const PUBLIC: FindingType = FindingType {
    false_positives: "Some resources are public on purpose, such as published images, sample data and \
        webhooks. Benign when the owner meant it and the resource holds nothing else.",
    response: "Take the permission back at once. Consider what could be read as known to others, rotate \
        secrets that were within reach, look at who used the resource since, and ask the caller; if they \
        cannot explain it, disable their credential.",
    techniques: &["T1537", "T1098"],
    ..BASE
};

/// How calls open resources; what a policy is, where one does.
macro_rules! opened {
    ($calls:literal) => {
        concat!(
            "A successful call: ",
            $calls,
            " A policy lets everyone in by an Allow for every principal that no condition narrows to known \
             networks, organizations, accounts or ARNs."
        )
    };
}

/// A service that detects or records was switched off.
pub(in super::super) const DETECTION_DISABLED: FindingType = FindingType {
    name: "DefenseEvasion:IAMUser/DetectionDisabled",
    title: "A service that detects or records was switched off",
    about: "GuardDuty, Security Hub, Config, Macie, Access Analyzer, VPC flow logs or resolver query logs \
        were switched off, deleted or made to show less. Intruders do this before they do what would be \
        seen.",
    detection: "Successful calls: GuardDuty's DeleteDetector, UpdateDetector with enable false, calls \
        that take members out, and calls that archive, trust or no longer export findings; \
        DisableSecurityHub, BatchDisableStandards; StopConfigurationRecorder, \
        DeleteConfigurationRecorder, DeleteDeliveryChannel; DisableMacie, UpdateMacieSession with PAUSED; \
        DeleteAnalyzer; DeleteFlowLogs; DeleteResolverQueryLogConfig and \
        DisassociateResolverQueryLogConfig. CloudTrail has a type of its own. Medium for what only \
        narrows detection.",
    false_positives: "Environments are taken down together with their detection, and organizations move \
        it to another account. Benign when the caller is the usual deployment role or the security team \
        and a change ticket names it.",
    response: "Switch the service on again at once. Look at everything that the caller did before and \
        since, in every Region, and ask them; if they cannot explain it, disable their credential. Deny \
        these calls by a service control policy.",
    techniques: &["T1562.001", "T1562.008"],
    ..BASE
};

/// A KMS key is to be deleted.
pub(in super::super) const KEY_DELETION_SCHEDULED: FindingType = FindingType {
    name: "Impact:KMS/KeyDeletionScheduled",
    severity: Severity::MEDIUM,
    title: "A KMS key is to be deleted",
    about: "A KMS key was scheduled for deletion, or its imported material was deleted. What was \
        encrypted with it, such as disks, backups and objects, can then be read by nobody: intruders \
        destroy data or extort this way.",
    detection: "A successful ScheduleKeyDeletion or DeleteImportedKeyMaterial.",
    false_positives: "Unused keys are retired on purpose, after a waiting period of 7 to 30 days. Benign \
        when CloudTrail shows no use of the key for a long time and its owner knows.",
    response: "Cancel the deletion (`aws kms cancel-key-deletion`, then enable-key), or import the \
        material again. Find out what is encrypted with the key, and ask the caller; if they cannot \
        explain it, disable their credential.",
    techniques: &["T1485", "T1486"],
    ..BASE
};

/// A network was opened to the Internet on administrative ports.
pub(in super::super) const ADMINISTRATIVE_PORT_OPENED: FindingType = FindingType {
    name: "Policy:EC2/AdministrativePortOpened",
    severity: Severity::MEDIUM,
    title: "A network was opened to the Internet on administrative ports",
    about: "A security group or network ACL lets the whole Internet reach ports by which hosts are \
        administered or databases are asked, such as SSH, RDP, SMB, WinRM, MySQL or Redis.",
    detection: "A successful AuthorizeSecurityGroupIngress or ModifySecurityGroupRules that lets \
        0.0.0.0/0 or ::/0 reach such a port (High for more than 1,024 ports at once), or a \
        CreateNetworkAclEntry or ReplaceNetworkAclEntry that lets it in by a rule for such ports; ACL \
        rules for all traffic or wide ranges do not count.",
    false_positives: "Bastions that are meant to be public, load balancers in front, and tests. Benign \
        when nothing listens on the port behind the group, or the owner knows.",
    response: "Revoke the rule or narrow it to known addresses; use Session Manager or a VPN instead. \
        Look at sign-ins to what is behind the group since, and ask the caller.",
    techniques: &["T1562.007", "T1133"],
    ..BASE
};

/// A role was opened to strangers.
pub(in super::super) const EXTERNAL_ROLE_TRUST: FindingType = FindingType {
    name: "Persistence:IAMUser/ExternalRoleTrust",
    severity: Severity::MEDIUM,
    title: "A role was opened to strangers",
    about: "A role's trust policy lets a principal outside of the organization, or everyone, get \
        credentials of the role. Intruders leave such a role behind to come back.",
    detection: "A successful CreateRole or UpdateAssumeRolePolicy with an Allow for a principal of an \
        account that is neither the own one nor known to be of the organization, or for everyone without \
        a condition that narrows it (High). Accounts of the organization are known from the logs and from \
        `--inventory`.",
    false_positives: "Vendors of monitoring, backup and billing tools get roles on purpose, mostly with \
        an external id. Benign when the account is the vendor's by its documentation.",
    response: "Find out whose account it is. If nobody knows, restore the trust policy or delete the \
        role, revoke its sessions, and look at AssumeRole calls for it since. Disable the caller's \
        credential if they cannot explain it.",
    techniques: &["T1098", "T1199"],
    ..BASE
};

/// Rights of an administrator were granted.
pub(in super::super) const ADMINISTRATOR_GRANTED: FindingType = FindingType {
    name: "PrivilegeEscalation:IAMUser/AdministratorGranted",
    severity: Severity::MEDIUM,
    title: "Rights of an administrator were granted",
    about: "A policy that allows everything was attached to a user, group or role, or was written. \
        Intruders raise the rights of what they control this way.",
    detection: "A successful AttachUserPolicy, AttachRolePolicy or AttachGroupPolicy of \
        AdministratorAccess or IAMFullAccess, or a CreatePolicy, CreatePolicyVersion or Put…Policy whose \
        document allows `*` or `iam:*` on every resource without a condition.",
    false_positives: "Administrators set up roles for administrators. Benign when the caller is the usual \
        deployment role or an administrator, and a change ticket names the user or role.",
    response: "Detach the policy. Look at what the user or role did since, and ask the caller; if they \
        cannot explain it, disable both credentials.",
    techniques: &["T1098.003", "T1548"],
    ..BASE
};

/// A credential of the root user was changed.
pub(in super::super) const ROOT_CREDENTIAL_CHANGED: FindingType = FindingType {
    name: "Persistence:IAMUser/RootCredentialChanged",
    title: "A credential of the root user was changed",
    about: "The root user's access key was created, or its MFA device was added or removed. Whoever has \
        them has the account; root needs no access keys at all.",
    detection: "A successful CreateAccessKey, DeactivateMFADevice, DeleteVirtualMFADevice or \
        EnableMFADevice by root for root. Low where MFA was put on.",
    false_positives: "The owner of the account replaces a lost MFA device. Benign when the owner of the \
        root mailbox confirms the time and address.",
    response: "Ask whoever holds the root credentials. If nobody can explain it: recover the root user by \
        its mailbox, change the password, delete its keys, set MFA up anew, and look at everything root \
        did.",
    techniques: &["T1098.001", "T1556.006"],
    ..BASE
};

/// An image or EBS snapshot was made public.
pub(in super::super) const EC2_PUBLIC: FindingType = FindingType {
    name: "Policy:EC2/PublicAccessGranted",
    title: "An image or EBS snapshot was made public",
    about: "Anyone with an AWS account can copy what is on the disks of an image or snapshot, keys and \
        customer data included. It may be a mistake, or an intruder takes data out this way.",
    detection: opened!(
        "a ModifyImageAttribute that adds the launch permission for all, or a ModifySnapshotAttribute \
         that adds the permission to create volumes for all."
    ),
    ..PUBLIC
};

/// A database snapshot was made public.
pub(in super::super) const RDS_PUBLIC: FindingType = FindingType {
    name: "Policy:RDS/PublicAccessGranted",
    title: "A database snapshot was made public",
    about: "Anyone with an AWS account can restore a database from a snapshot and read all of it. It may \
        be a mistake, or an intruder takes data out this way.",
    detection: opened!(
        "a ModifyDBSnapshotAttribute or ModifyDBClusterSnapshotAttribute that adds `all` to restore."
    ),
    ..PUBLIC
};

/// A KMS key was opened to everyone.
pub(in super::super) const KMS_PUBLIC: FindingType = FindingType {
    name: "Policy:KMS/PublicAccessGranted",
    title: "A KMS key was opened to everyone",
    about: "Anyone with an AWS account can use a key: what it protects is protected no more. It may be a \
        mistake, or an intruder takes data out this way.",
    detection: opened!("a CreateKey or PutKeyPolicy whose policy lets everyone in."),
    ..PUBLIC
};

/// A queue was opened to everyone.
pub(in super::super) const SQS_PUBLIC: FindingType = FindingType {
    name: "Policy:SQS/PublicAccessGranted",
    title: "A queue was opened to everyone",
    about: "Anyone with an AWS account can read, send or delete messages of a queue. It may be a mistake, \
        or an intruder takes data out this way.",
    detection: opened!(
        "a CreateQueue or SetQueueAttributes whose policy lets everyone in, or an AddPermission for \
         `*`."
    ),
    ..PUBLIC
};

/// A topic was opened to everyone.
pub(in super::super) const SNS_PUBLIC: FindingType = FindingType {
    name: "Policy:SNS/PublicAccessGranted",
    title: "A topic was opened to everyone",
    about: "Anyone with an AWS account can subscribe to a topic or publish to it. It may be a mistake, or \
        an intruder takes data out this way.",
    detection: opened!("a CreateTopic or SetTopicAttributes whose policy lets everyone in."),
    ..PUBLIC
};

/// A secret was opened to everyone.
pub(in super::super) const SECRETS_PUBLIC: FindingType = FindingType {
    name: "Policy:SecretsManager/PublicAccessGranted",
    title: "A secret was opened to everyone",
    about: "Anyone with an AWS account who may use its key can read a secret. It may be a mistake, or an \
        intruder takes data out this way.",
    detection: opened!("a PutResourcePolicy that lets everyone in."),
    ..PUBLIC
};

/// A container repository was opened to everyone.
pub(in super::super) const ECR_PUBLIC: FindingType = FindingType {
    name: "Policy:ECR/PublicAccessGranted",
    title: "A container repository was opened to everyone",
    about: "Anyone with an AWS account can pull images of a repository, or push images that you run. It \
        may be a mistake, or an intruder takes data out this way.",
    detection: opened!("a SetRepositoryPolicy that lets everyone in."),
    ..PUBLIC
};

/// A function was opened to everyone.
pub(in super::super) const LAMBDA_PUBLIC: FindingType = FindingType {
    name: "Policy:Lambda/PublicAccessGranted",
    title: "A function was opened to everyone",
    about: "Anyone can run a function, or use a layer, by its policy or by a URL that asks for no \
        credentials. It may be a mistake, or an intruder takes data out this way.",
    detection: opened!(
        "an AddPermission or AddLayerVersionPermission for `*` without source or organization, or a \
         CreateFunctionUrlConfig or UpdateFunctionUrlConfig with authType NONE (Medium)."
    ),
    techniques: &["T1098", "T1648"],
    ..PUBLIC
};
