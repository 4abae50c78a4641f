//! The finding types of custom detection rules about S3, RDS and SES.

use engine::findings::FindingType;
use engine::model::Severity;

use super::types::BASE;

/// The master password of a database was reset.
pub(super) const RDS_CREDENTIALS: FindingType = FindingType {
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

/// IAM authentication of a database was turned off.
pub(super) const RDS_AUTHENTICATION: FindingType = FindingType {
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

/// A bucket was made to take objects under customer-provided keys.
pub(super) const S3_DISABLE_OR_MODIFY_TOOLS: FindingType = FindingType {
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

/// A database snapshot was shared with everyone.
pub(super) const RDS_TRANSFER_DATA: FindingType = FindingType {
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
pub(super) const S3_TRANSFER_DATA: FindingType = FindingType {
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
pub(super) const S3_DATA_DESTRUCTION: FindingType = FindingType {
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
pub(super) const SES_HIJACKING: FindingType = FindingType {
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

/// A database was made reachable from the Internet.
pub(super) const RDS_PUBLIC: FindingType = FindingType {
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

/// A domain was added to Amazon SES as a sender.
pub(super) const SES_ACCOUNTS: FindingType = FindingType {
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
