//! The finding types of custom detection rules about EC2, Lambda, `SageMaker`, Organizations and network logs.

use engine::findings::FindingType;
use engine::model::Severity;

use super::types::BASE;

/// The password of a Windows instance was retrieved.
pub(super) const EC2_UNSECURED_CREDENTIALS: FindingType = FindingType {
    name: "CredentialAccess:EC2/UnsecuredCredentials",
    title: "The password of a Windows instance was retrieved",
    about: "Somebody fetched the encrypted administrator password that EC2 keeps for a Windows instance. \
        With the instance's key pair it can be read and used to sign in.",
    detection: "Rule EC2PasswordDataRetrieved: a successful GetPasswordData. Off unless the rule is named \
        in the setting `rules`.",
    false_positives: "Administrators fetch the password of a fresh instance once. Benign when the caller \
        owns the instance, which was launched a short time before.",
    response: "Ask the caller. If they cannot explain it, change the administrator's password on the \
        instance, look for sign-ins since, and find out who holds the key pair.",
    techniques: &["T1552"],
    ..BASE
};

/// Records or protections of EC2 were changed.
pub(super) const EC2_DISABLE_OR_MODIFY_TOOLS: FindingType = FindingType {
    name: "DefenseImpairment:EC2/DisableOrModifyTools",
    title: "Records or protections of EC2 were changed",
    about: "VPC flow logs were deleted, so that traffic leaves no record, or an instance was protected \
        from termination, as intruders do with instances of their own.",
    detection: "Rules EC2TerminationProtectionEnabled (Low): a successful ModifyInstanceAttribute that \
        turns disableApiTermination on. VPCFlowLogsDeleted (High): a successful DeleteFlowLogs. Off \
        unless the rule is named in the setting `rules`.",
    false_positives: "Environments are taken down together with their flow logs, and important instances \
        are protected on purpose. Benign when the caller is the usual deployment role and the VPC or \
        instance is its own.",
    response: "Create the flow log again. Look at what the instance or VPC did since, and ask the caller; \
        if they cannot explain the call, disable their credential. Remove the protection of instances \
        that nobody knows.",
    techniques: &["T1685.002", "T1685"],
    ..BASE
};

/// An account left its organization, or tried to.
pub(super) const ORGANIZATIONS_HIERARCHY: FindingType = FindingType {
    name: "DefenseImpairment:Organizations/ModifyCloudResourceHierarchy",
    severity: Severity::HIGH,
    title: "An account left its organization, or tried to",
    about: "The account called LeaveOrganization. Outside of the organization its policies, trails and \
        detectors no longer hold, and its bills go elsewhere.",
    detection: "Rule OrganizationLeaveAttempt: a LeaveOrganization, also one that failed. Off unless the \
        rule is named in the setting `rules`.",
    false_positives: "Accounts move to another organization after a sale or merger. Benign when the \
        management account's owners planned it.",
    response: "Ask the caller and the owners of the management account. Deny \
        organizations:LeaveOrganization by a service control policy. If the account has left, treat it as \
        compromised: disable the caller's credential and secure the root user.",
    techniques: &["T1666"],
    ..BASE
};

/// A policy of the organization was detached or disabled.
pub(super) const ORGANIZATIONS_DISABLE_OR_MODIFY_TOOLS: FindingType = FindingType {
    name: "DefenseImpairment:Organizations/DisableOrModifyTools",
    severity: Severity::HIGH,
    title: "A policy of the organization was detached or disabled",
    about: "A policy of the organization, such as a service control policy, no longer holds for an \
        account, a unit or anywhere: what it forbade is allowed again.",
    detection: "Rule OrganizationPolicyDisabled: a successful DisablePolicyType or DetachPolicy. Off \
        unless the rule is named in the setting `rules`.",
    false_positives: "Administrators replace policies or reorganize units. Benign when another policy was \
        attached right before, and the caller is who maintains policies.",
    response: "Attach the policy again. Look at what was done in the accounts concerned since, and ask \
        the caller; if they cannot explain it, disable their credential and look at everything else it \
        did in the management account.",
    techniques: &["T1685"],
    ..BASE
};

/// Logging of DNS queries was turned off.
pub(super) const RESOLVER_DISABLE_OR_MODIFY_TOOLS: FindingType = FindingType {
    name: "DefenseImpairment:Route53Resolver/DisableOrModifyTools",
    title: "Logging of DNS queries was turned off",
    about: "Route 53 Resolver no longer logs the queries of one or more VPCs: command and control or \
        tunnels over DNS leave no record.",
    detection: "Rule DNSQueryLogsDeleted: a successful DeleteResolverQueryLogConfig or \
        DisassociateResolverQueryLogConfig. Off unless the rule is named in the setting `rules`.",
    false_positives: "VPCs are taken down together with their logging. Benign when the VPC is gone too \
        and the caller is the usual deployment role.",
    response: "Associate the VPC with a query logging configuration again. Look at what the VPC's hosts \
        did since, and ask the caller; if they cannot explain it, disable their credential.",
    techniques: &["T1685.002"],
    ..BASE
};

/// Scripts of notebooks were created or changed.
pub(super) const SAGEMAKER_INTERPRETER: FindingType = FindingType {
    name: "Execution:SageMaker/CommandAndScriptingInterpreter",
    title: "Scripts of notebooks were created or changed",
    about: "A lifecycle configuration holds scripts that run as root when a SageMaker notebook is created \
        or started. Intruders put theirs there to get the notebook's role.",
    detection: "Rule SageMakerLifecycleConfigModified: a successful CreateNotebookInstanceLifecycleConfig \
        or UpdateNotebookInstanceLifecycleConfig with a script. Off unless the rule is named in the \
        setting `rules`.",
    false_positives: "Data teams maintain these scripts. Benign when the caller is one of them or their \
        pipeline; read the script.",
    response: "Read the scripts (`aws sagemaker describe-notebook-instance-lifecycle-config`). If they \
        are not yours, stop the notebooks that use the configuration, delete it, and revoke the sessions \
        of their roles.",
    techniques: &["T1059"],
    ..BASE
};

/// An image or snapshot was shared outside of the organization.
pub(super) const EC2_TRANSFER_DATA: FindingType = FindingType {
    name: "Exfiltration:EC2/TransferDataToCloudAccount",
    severity: Severity::HIGH,
    title: "An image or snapshot was shared outside of the organization",
    about: "An AMI or EBS snapshot was shared with an account that is not of the organization, or with \
        everyone. Whoever may use it can copy what is on its disks, keys and customer data included, \
        without a trace in your account.",
    detection: "Rule AMIExternalAccess: a successful ModifyImageAttribute that adds a launch permission. \
        EBSSnapshotExternalAccess: a successful ModifySnapshotAttribute that adds a permission to create \
        volumes. Both for everyone, or for an account that is neither the own one nor known to be of the \
        organization. Off unless the rule is named in the setting `rules`.",
    false_positives: "Vendors publish images, and partners share them. Benign when the account is a known \
        partner's or the image is a product and holds no secrets.",
    response: "Take the permission back at once (`aws ec2 reset-image-attribute`, \
        `reset-snapshot-attribute`). Consider everything on the disk as known to the other account: \
        rotate keys and passwords. Ask the caller; if they cannot explain it, disable their credential.",
    techniques: &["T1537"],
    ..BASE
};

/// An SSH key was pushed to an instance.
pub(super) const EC2_REMOTE_SERVICES: FindingType = FindingType {
    name: "LateralMovement:EC2/RemoteServices",
    title: "An SSH key was pushed to an instance",
    about: "EC2 Instance Connect put an SSH key on an instance for a minute: whoever holds the private \
        key can sign in. Intruders get from stolen AWS credentials to the host this way.",
    detection: "Rule EC2InstanceSSHKeyPushed: a successful SendSSHPublicKey or \
        SendSerialConsoleSSHPublicKey. Off unless the rule is named in the setting `rules`.",
    false_positives: "Administrators who use EC2 Instance Connect do this every time. Benign when the \
        caller is one of them and came from their usual address.",
    response: "Ask the caller. If they cannot explain it, isolate the instance, look at what was run on \
        it since (and revoke its role's sessions), and disable the credential.",
    techniques: &["T1021.004"],
    ..BASE
};

/// The user data of an instance was modified.
pub(super) const EC2_BOOT_SCRIPTS: FindingType = FindingType {
    name: "Persistence:EC2/BootOrLogonInitializationScripts",
    severity: Severity::HIGH,
    title: "The user data of an instance was modified",
    about: "User data runs as root when an instance boots. Intruders stop an instance, put a script there \
        and start it again, and have the instance and its role.",
    detection: "Rule EC2UserDataModified: a successful ModifyInstanceAttribute of userData. Off unless \
        the rule is named in the setting `rules`.",
    false_positives: "Administrators change boot scripts of single instances by hand. Benign when the \
        caller is the owner; read the script.",
    response: "Read the user data (`aws ec2 describe-instance-attribute --attribute userData`). If it is \
        not yours, isolate the instance, revoke the sessions of its role, and rebuild it. Disable the \
        caller's credential.",
    techniques: &["T1037"],
    ..BASE
};

/// A security group was opened to the Internet for SSH.
pub(super) const EC2_EXTERNAL_REMOTE_SERVICES: FindingType = FindingType {
    name: "Persistence:EC2/ExternalRemoteServices",
    title: "A security group was opened to the Internet for SSH",
    about: "A security group lets everyone on the Internet reach port 22. Scanners find such hosts within \
        minutes and try passwords; intruders open it to come back.",
    detection: "Rule EC2SecurityGroupPublicSSH: a successful AuthorizeSecurityGroupIngress or \
        ModifySecurityGroupRules that lets 0.0.0.0/0 or ::/0 reach a range of TCP ports with 22, or \
        everything. Off unless the rule is named in the setting `rules`.",
    false_positives: "Bastions that are meant to be public, and tests. Benign when the group's hosts \
        accept keys alone and the owner knows.",
    response: "Revoke the rule (`aws ec2 revoke-security-group-ingress`) or narrow it to known addresses; \
        use Session Manager instead. Look at sign-ins to the group's hosts since, and ask the caller.",
    techniques: &["T1133"],
    ..BASE
};

/// Everyone was allowed to use a Lambda function.
pub(super) const LAMBDA_ACCOUNT_MANIPULATION: FindingType = FindingType {
    name: "Persistence:Lambda/AccountManipulation",
    severity: Severity::HIGH,
    title: "Everyone was allowed to use a Lambda function",
    about: "The resource policy of a function lets any AWS account use it. Intruders leave such a door to \
        functions that do their work.",
    detection: "Rule LambdaFunctionPublicAccess: a successful AddPermission for the principal `*` without \
        a source ARN, source account or organization. Off unless the rule is named in the setting \
        `rules`.",
    false_positives: "Functions behind a public URL, and public tools. Benign when the function is meant \
        to be public and checks its callers.",
    response: "Remove the permission (`aws lambda remove-permission`). Read the function's code and role, \
        look at its invocations since, and ask the caller.",
    techniques: &["T1098"],
    ..BASE
};

/// A function URL without authentication was made.
pub(super) const LAMBDA_AUTHENTICATION: FindingType = FindingType {
    name: "Persistence:Lambda/ModifyAuthenticationProcess",
    severity: Severity::HIGH,
    title: "A function URL without authentication was made",
    about: "A Lambda function got an HTTPS address that asks for no AWS credentials, or lost that check. \
        Intruders use it to run their function from anywhere.",
    detection: "Rule LambdaFunctionUrlPublicAccess: a successful CreateFunctionUrlConfig or \
        UpdateFunctionUrlConfig with authType NONE. Off unless the rule is named in the setting `rules`.",
    false_positives: "Webhooks and public APIs. Benign when the function is meant to be public and checks \
        its callers itself.",
    response: "Set the URL's authType to AWS_IAM or delete the URL. Read the function's code and role, \
        look at its invocations since, and ask the caller.",
    techniques: &["T1556"],
    ..BASE
};
