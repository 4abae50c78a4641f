//! The finding types of custom detection rules: `Tactic:Service/Technique`.

use engine::findings::{Data, FindingType};
use engine::model::Severity;

/// What all of them share.
const BASE: FindingType = FindingType {
    name: "",
    severity: Severity::MEDIUM,
    title: "",
    about: "",
    detection: "",
    false_positives: "",
    response: "",
    techniques: &[],
    data: &[Data::CloudTrailManagement],
    aggregation: "credential of the caller",
    is_own: false,
};

/// The password of a Windows instance was retrieved.
pub(in super::super) const EC2_UNSECURED_CREDENTIALS: FindingType = FindingType {
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

/// The master password of a database was reset.
pub(in super::super) const RDS_CREDENTIALS: FindingType = FindingType {
    name: "CredentialAccess:RDS/ModifyAuthenticationProcess",
    severity: Severity::HIGH,
    title: "The master password of a database was reset",
    about: "Somebody set a new master password of an RDS database. Whoever knows it can read and change \
        everything in the database.",
    detection: "Rule RDSMasterPasswordReset: a successful ModifyDBInstance or ModifyDBCluster with \
        masterUserPassword. Off unless the rule is named in the setting `rules`.",
    false_positives: "Administrators rotate the password or regain access to a database. Benign when a \
        change ticket names the database and the caller is who rotates passwords.",
    response: "Ask the caller. If they cannot explain it, set the password again (or let Secrets Manager \
        manage it), look at sign-ins to the database since, and disable the caller's credential.",
    techniques: &["T1556"],
    ..BASE
};

/// Records or protections of EC2 were changed.
pub(in super::super) const EC2_DISABLE_OR_MODIFY_TOOLS: FindingType = FindingType {
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
pub(in super::super) const ORGANIZATIONS_HIERARCHY: FindingType = FindingType {
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
pub(in super::super) const ORGANIZATIONS_DISABLE_OR_MODIFY_TOOLS: FindingType = FindingType {
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

/// IAM authentication of a database was turned off.
pub(in super::super) const RDS_AUTHENTICATION: FindingType = FindingType {
    name: "DefenseImpairment:RDS/ModifyAuthenticationProcess",
    title: "IAM authentication of a database was turned off",
    about: "A database no longer accepts IAM credentials. From now on passwords alone count, which AWS \
        neither limits in time nor records.",
    detection: "Rule RDSIAMAuthDisabled: a successful ModifyDBInstance or ModifyDBCluster with \
        enableIAMDatabaseAuthentication false. Off unless the rule is named in the setting `rules`.",
    false_positives: "Applications go back to passwords for performance or compatibility. Benign when the \
        database's owner planned it.",
    response: "Ask the caller and the database's owner. Turn IAM authentication on again where it is \
        meant to be on, and look for fresh users in the database.",
    techniques: &["T1556"],
    ..BASE
};

/// Logging of DNS queries was turned off.
pub(in super::super) const RESOLVER_DISABLE_OR_MODIFY_TOOLS: FindingType = FindingType {
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

/// A bucket was made to take objects under customer-provided keys.
pub(in super::super) const S3_DISABLE_OR_MODIFY_TOOLS: FindingType = FindingType {
    name: "DefenseImpairment:S3/DisableOrModifyTools",
    severity: Severity::HIGH,
    title: "A bucket was made to take objects under customer-provided keys",
    about: "Encryption with keys that the caller provides (SSE-C) is no longer blocked for a bucket. \
        Ransomware uses it to encrypt objects under a key that only the intruder has.",
    detection: "Rule S3CustomerProvidedKeysEnabled: a successful PutBucketEncryption whose rule sets the \
        blocked encryption types to NONE. Off unless the rule is named in the setting `rules`.",
    false_positives: "A few applications need customer-provided keys. Benign when the bucket's owner \
        knows of one.",
    response: "Block SSE-C again (`aws s3api put-bucket-encryption`, BlockedEncryptionTypes SSE-C). Look \
        in the S3 data events for objects written with customer-provided keys since, protect backups, and \
        ask the caller.",
    techniques: &["T1685", "T1486"],
    ..BASE
};

/// Scripts of notebooks were created or changed.
pub(in super::super) const SAGEMAKER_INTERPRETER: FindingType = FindingType {
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
pub(in super::super) const EC2_TRANSFER_DATA: FindingType = FindingType {
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

/// A database snapshot was shared with everyone.
pub(in super::super) const RDS_TRANSFER_DATA: FindingType = FindingType {
    name: "Exfiltration:RDS/TransferDataToCloudAccount",
    severity: Severity::HIGH,
    title: "A database snapshot was shared with everyone",
    about: "Anyone with an AWS account can restore a database from a snapshot of yours and read all of \
        it, without a trace in your account.",
    detection: "Rule RDSSnapshotPubliclyShared: a successful ModifyDBSnapshotAttribute or \
        ModifyDBClusterSnapshotAttribute that adds `all` to restore. Off unless the rule is named in the \
        setting `rules`.",
    false_positives: "Snapshots of sample data are published on purpose. Benign when the database never \
        held anything else.",
    response: "Remove `all` from the snapshot's restore attribute at once. Consider the data as known, \
        and follow your rules for breaches. Ask the caller; if they cannot explain it, disable their \
        credential.",
    techniques: &["T1537"],
    ..BASE
};

/// A bucket policy was opened to others.
pub(in super::super) const S3_TRANSFER_DATA: FindingType = FindingType {
    name: "Exfiltration:S3/TransferDataToCloudAccount",
    severity: Severity::HIGH,
    title: "A bucket policy was opened to others",
    about: "A bucket's policy lets in everyone, or an account that is not of the organization. Data can \
        be copied from the bucket by credentials that you do not control.",
    detection: "Rule S3BucketPolicyExternalAccess: a successful PutBucketPolicy with an Allow for \
        everyone that no condition narrows and Block Public Access does not take away, or for a principal \
        of an account that is neither the own one nor known to be of the organization. Off unless the \
        rule is named in the setting `rules`.",
    false_positives: "Partners, vendors and AWS services' own accounts (load balancer logs in older \
        Regions) are let in on purpose. Benign when the account is known and the policy narrow.",
    response: "Decide whether the other account is meant to have access. If not, restore the former \
        policy, look in the S3 data events for what it read, and ask the caller.",
    techniques: &["T1537"],
    ..BASE
};

/// The objects of a bucket were made to expire within a day.
pub(in super::super) const S3_DATA_DESTRUCTION: FindingType = FindingType {
    name: "Impact:S3/DataDestruction",
    title: "The objects of a bucket were made to expire within a day",
    about: "A lifecycle rule deletes the objects of a bucket within a day. Intruders destroy data this \
        way for ransom or to cover tracks: no DeleteObject call is needed.",
    detection: "Rule S3LifecycleRapidExpiration: a successful PutBucketLifecycle whose enabled rule \
        expires objects, or their former versions, after one day. Off unless the rule is named in the \
        setting `rules`.",
    false_positives: "Buckets of temporary files are emptied daily on purpose. Benign when the rule is \
        limited to a prefix of such files, or the bucket holds nothing else.",
    response: "Remove the rule at once: S3 works it off within a day, at midnight UTC. Turn versioning \
        on, look at what is gone already, and ask the caller; if they cannot explain it, disable their \
        credential.",
    techniques: &["T1485"],
    ..BASE
};

/// Amazon SES was made ready to send e-mail.
pub(in super::super) const SES_HIJACKING: FindingType = FindingType {
    name: "Impact:SES/ResourceHijacking",
    title: "Amazon SES was made ready to send e-mail",
    about: "Sending by Amazon SES was turned on for the account, or production access was asked for. \
        Intruders with stolen credentials do this first, to send spam and phishing at your cost and in \
        your name.",
    detection: "Rules SESAccountSendingEnabled (Low): a successful UpdateAccountSendingEnabled or \
        PutAccountSendingAttributes that turns sending on. SESProductionAccessEnabled (Medium): a \
        successful PutAccountDetails that asks for production access. Off unless the rule is named in the \
        setting `rules`.",
    false_positives: "Teams that begin to send e-mail do the same. Benign when the caller is of such a \
        team and the account is meant for it.",
    response: "Ask the caller. If they cannot explain it, turn sending off (`aws sesv2 \
        put-account-sending-attributes --no-sending-enabled`), disable the credential, and look for fresh \
        identities and e-mail sent.",
    techniques: &["T1496"],
    ..BASE
};

/// A console sign-in without MFA.
pub(in super::super) const IAM_VALID_ACCOUNTS: FindingType = FindingType {
    name: "InitialAccess:IAM/ValidAccounts",
    title: "A console sign-in without MFA",
    about: "An IAM user or root signed in to the console with a password alone. Whoever guesses, phishes \
        or finds the password can do the same.",
    detection: "Rule ConsoleLoginWithoutMFA: a successful ConsoleLogin of an IAM user or root whose \
        record says MFAUsed No. Federated users count not: their identity provider asks for MFA. Off \
        unless the rule is named in the setting `rules`.",
    false_positives: "Users who have no MFA yet. It is a gap, not an attack, when address and browser are \
        those of the user.",
    response: "Ask the user whether they signed in. Register MFA for the user, and deny everything \
        without MFA by policy. If the sign-in is not theirs, change the password and end the sessions.",
    techniques: &["T1078.004"],
    ..BASE
};

/// A database was made reachable from the Internet.
pub(in super::super) const RDS_PUBLIC: FindingType = FindingType {
    name: "InitialAccess:RDS/ExploitPublicFacingApplication",
    severity: Severity::HIGH,
    title: "A database was made reachable from the Internet",
    about: "An RDS database got a public address. If its security groups let strangers in, everyone can \
        try passwords and exploits on it.",
    detection: "Rule RDSPubliclyAccessible: a successful CreateDBInstance or ModifyDBInstance with \
        publiclyAccessible true. Off unless the rule is named in the setting `rules`.",
    false_positives: "Databases that partners reach by an allow-list. Benign when the security groups let \
        only known addresses in.",
    response: "Set the database back to private (`aws rds modify-db-instance --no-publicly-accessible`), \
        check its security groups, look at failed and successful sign-ins since, and ask the caller.",
    techniques: &["T1190"],
    ..BASE
};

/// An SSH key was pushed to an instance.
pub(in super::super) const EC2_REMOTE_SERVICES: FindingType = FindingType {
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
pub(in super::super) const EC2_BOOT_SCRIPTS: FindingType = FindingType {
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
pub(in super::super) const EC2_EXTERNAL_REMOTE_SERVICES: FindingType = FindingType {
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

/// A way to come back was made in IAM.
pub(in super::super) const IAM_ACCOUNT_MANIPULATION: FindingType = FindingType {
    name: "Persistence:IAM/AccountManipulation",
    title: "A way to come back was made in IAM",
    about: "An access key or console password was made or changed, or a role was opened to others. \
        Intruders do this to keep access when the credential that they came with is gone.",
    detection: "Rules IAMAccessKeyCreated (Low): a successful CreateAccessKey. IAMRoleTrustPolicyModified \
        (Medium): a successful UpdateAssumeRolePolicy after which everyone, a principal outside of the \
        organization or the role itself may assume the role. IAMUserLoginProfileCreated (High): \
        CreateLoginProfile. IAMUserLoginProfileUpdated (Medium): UpdateLoginProfile. Off unless the rule \
        is named in the setting `rules`.",
    false_positives: "Keys and passwords are rotated, users are set up, vendors get roles. Benign when \
        the caller is who maintains users, or rotates their own key, at the usual time.",
    response: "Ask the caller and the user concerned. If they cannot explain it, delete the key or \
        password or restore the trust policy, look at what was done with it, and disable the caller's \
        credential.",
    techniques: &["T1098.001", "T1098"],
    ..BASE
};

/// Everyone was allowed to use a Lambda function.
pub(in super::super) const LAMBDA_ACCOUNT_MANIPULATION: FindingType = FindingType {
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
pub(in super::super) const LAMBDA_AUTHENTICATION: FindingType = FindingType {
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

/// A trust anchor of IAM Roles Anywhere was created.
pub(in super::super) const ROLES_ANYWHERE: FindingType = FindingType {
    name: "Persistence:RolesAnywhere/AccountManipulation",
    title: "A trust anchor of IAM Roles Anywhere was created",
    about: "The account trusts another certificate authority: whoever has a certificate of it can get \
        credentials of roles from outside of AWS, for years and without a key in IAM.",
    detection: "Rule RolesAnywhereTrustAnchorCreated: a successful CreateTrustAnchor. Off unless the rule \
        is named in the setting `rules`.",
    false_positives: "Teams that run workloads outside of AWS set this up once. Benign when the authority \
        is your own and the owner knows.",
    response: "Look at the anchor's certificate and at the profiles and roles that trust it. If it is not \
        yours, disable and delete it, revoke the roles' sessions, and disable the caller's credential.",
    techniques: &["T1098.001"],
    ..BASE
};

/// Rights were added to a user or role.
pub(in super::super) const IAM_ESCALATION: FindingType = FindingType {
    name: "PrivilegeEscalation:IAM/AccountManipulation",
    title: "Rights were added to a user or role",
    about: "A managed policy that gives much was attached to a user or role, or a key for models was \
        made. Intruders raise the rights of what they control.",
    detection: "Rules AdminPolicyAttachedToRole and AdminPolicyAttachedToUser (High): AdministratorAccess \
        or IAMFullAccess was attached. SESFullAccessPolicyAttachedToRole and \
        SESFullAccessPolicyAttachedToUser (Medium): AmazonSESFullAccess was attached. \
        BedrockServiceCredentialCreated (Medium): a CreateServiceSpecificCredential for Bedrock. \
        Successful calls count. Off unless the rule is named in the setting `rules`.",
    false_positives: "Administrators set up roles and users. Benign when the caller is the usual \
        deployment role or an administrator, and a change ticket names the user or role.",
    response: "Detach the policy or delete the credential. Look at what the user or role did since, and \
        ask the caller; if they cannot explain it, disable their credential.",
    techniques: &["T1098.001", "T1098.003"],
    ..BASE
};

/// A domain was added to Amazon SES as a sender.
pub(in super::super) const SES_ACCOUNTS: FindingType = FindingType {
    name: "ResourceDevelopment:SES/CompromiseAccounts",
    title: "A domain was added to Amazon SES as a sender",
    about: "A domain was added to SES. Once its DNS entries are there, e-mail can be sent in its name: \
        intruders prepare phishing this way.",
    detection: "Rule SESDomainIdentityVerified: a successful VerifyDomainIdentity, or a \
        CreateEmailIdentity of a domain. Off unless the rule is named in the setting `rules`.",
    false_positives: "Teams add domains that they send from. Benign when the domain is yours and the \
        caller is of such a team.",
    response: "Ask the caller. If the domain is not yours, delete the identity, turn sending off, and \
        disable the credential.",
    techniques: &["T1586.002"],
    ..BASE
};
