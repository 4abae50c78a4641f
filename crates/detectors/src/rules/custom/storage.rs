//! Rules about S3, RDS and SES.

use engine::model::Severity;
use serde_json::Value;

use super::super::call::Call;
use super::super::json::{at, list, number, text};
use super::super::policy::{document, foreign_principals, is_public};
use super::super::rule::{Match, Rule, hit};
use super::storage_types::{
    RDS_AUTHENTICATION, RDS_CREDENTIALS, RDS_PUBLIC, RDS_TRANSFER_DATA, S3_DATA_DESTRUCTION,
    S3_DISABLE_OR_MODIFY_TOOLS, S3_TRANSFER_DATA, SES_ACCOUNTS, SES_HIJACKING,
};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "S3BucketPolicyExternalAccess",
        finding_type: &S3_TRANSFER_DATA,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "s3",
        calls: &["PutBucketPolicy"],
        summary: "The policy of S3 bucket {} was opened to others",
        why: "Somebody outside of the organization can now reach what is in the bucket.",
        condition: |call| {
            let policy = document(at(&call.request, "bucketPolicy"));
            let foreign = foreign_principals(&policy, call);
            let found = hit("AWS::S3::Bucket", call.event.bucket())?;
            if is_public(&policy) && !call.blocks_policy() {
                found.because("lets in", "everyone")
            } else if !foreign.is_empty() {
                found.because("lets in", &foreign.join(", "))
            } else {
                None
            }
        },
    },
    Rule {
        name: "S3CustomerProvidedKeysEnabled",
        finding_type: &S3_DISABLE_OR_MODIFY_TOOLS,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "s3",
        calls: &["PutBucketEncryption"],
        summary: "S3 bucket {} was made to take objects under customer-provided keys",
        why: "Ransomware encrypts objects under a key of its own (SSE-C), which AWS does not have.",
        condition: |call| {
            let rules = list(&call.request, "serverSideEncryptionConfiguration.rule");
            let blocked = rules.flat_map(|it| list(it, "blockedEncryptionTypes.encryptionType"));
            let is_unblocked = blocked.filter_map(Value::as_str).any(|it| it == "NONE");
            let found = hit("AWS::S3::Bucket", call.event.bucket())?;
            if is_unblocked { found.because("blocked encryption types", "NONE") } else { None }
        },
    },
    Rule {
        name: "S3LifecycleRapidExpiration",
        finding_type: &S3_DATA_DESTRUCTION,
        severity: Severity::MEDIUM,
        counts_attempts: false,
        source: "s3",
        calls: &["PutBucketLifecycle", "PutBucketLifecycleConfiguration"],
        summary: "The objects of S3 bucket {} were made to expire within a day",
        why: "Lifecycle rules delete without any DeleteObject that somebody would notice.",
        condition: expiration,
    },
    Rule {
        name: "RDSMasterPasswordReset",
        finding_type: &RDS_CREDENTIALS,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "rds",
        calls: &["ModifyDBInstance", "ModifyDBCluster"],
        summary: "The master password of RDS database {} was reset",
        why: "Whoever set the password can sign in to the database as its administrator.",
        condition: |call| {
            if call.has("masterUserPassword") {
                database(call)?.because("member of the request", "masterUserPassword")
            } else {
                None
            }
        },
    },
    Rule {
        name: "RDSIAMAuthDisabled",
        finding_type: &RDS_AUTHENTICATION,
        severity: Severity::MEDIUM,
        counts_attempts: false,
        source: "rds",
        calls: &["ModifyDBInstance", "ModifyDBCluster"],
        summary: "IAM authentication of RDS database {} was turned off",
        why: "Passwords, which CloudTrail does not see, are the only way in from now on.",
        condition: |call| {
            if call.flag("enableIAMDatabaseAuthentication") == Some(false) {
                database(call)?.because("enableIAMDatabaseAuthentication", "false")
            } else {
                None
            }
        },
    },
    Rule {
        name: "RDSPubliclyAccessible",
        finding_type: &RDS_PUBLIC,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "rds",
        calls: &["CreateDBInstance", "ModifyDBInstance"],
        summary: "RDS database {} was made reachable from the Internet",
        why: "Its name resolves to a public address: security groups alone keep strangers out.",
        condition: |call| {
            if call.flag("publiclyAccessible") == Some(true) {
                database(call)?.because("publiclyAccessible", "true")
            } else {
                None
            }
        },
    },
    Rule {
        name: "RDSSnapshotPubliclyShared",
        finding_type: &RDS_TRANSFER_DATA,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "rds",
        calls: &["ModifyDBSnapshotAttribute", "ModifyDBClusterSnapshotAttribute"],
        summary: "The RDS snapshot {} was shared with everyone",
        why: "Anyone with an AWS account can restore the database from it.",
        condition: public_snapshot,
    },
    Rule {
        name: "SESAccountSendingEnabled",
        finding_type: &SES_HIJACKING,
        severity: Severity::LOW,
        counts_attempts: false,
        source: "ses",
        calls: &["UpdateAccountSendingEnabled", "PutAccountSendingAttributes"],
        summary: "Sending of e-mail by Amazon SES was turned on for account {}",
        why: "Intruders turn on what was turned off, to send spam and phishing.",
        condition: |call| {
            let is_on = call.flag("enabled").or(call.flag("sendingEnabled")) == Some(true);
            let found = hit("AWS::SES::Account", &call.account().to_string())?;
            if is_on { found.because("sending enabled", "true") } else { None }
        },
    },
    Rule {
        name: "SESProductionAccessEnabled",
        finding_type: &SES_HIJACKING,
        severity: Severity::MEDIUM,
        counts_attempts: false,
        source: "ses",
        calls: &["PutAccountDetails"],
        summary: "Production access to Amazon SES was asked for in account {}",
        why: "Outside of the sandbox SES sends to any recipient: what spammers need.",
        condition: |call| {
            let found = hit("AWS::SES::Account", &call.account().to_string())?;
            if call.flag("productionAccessEnabled") == Some(true) {
                found.because("productionAccessEnabled", "true")
            } else {
                None
            }
        },
    },
    Rule {
        name: "SESDomainIdentityVerified",
        finding_type: &SES_ACCOUNTS,
        severity: Severity::MEDIUM,
        counts_attempts: false,
        source: "ses",
        calls: &["VerifyDomainIdentity", "CreateEmailIdentity"],
        summary: "The domain {} was added to Amazon SES as a sender",
        why: "Intruders add domains to send phishing in their name.",
        condition: |call| match call.any_text(&["domain", "emailIdentity"]) {
            "" => None,
            // A single address is no domain.
            name if name.contains('@') => None,
            domain => hit("AWS::SES::EmailIdentity", domain),
        },
    },
];

fn database(call: &Call<'_, '_>) -> Option<Match> {
    match call.text("dBInstanceIdentifier") {
        "" => hit("AWS::RDS::DBCluster", call.text("dBClusterIdentifier")),
        id => hit("AWS::RDS::DBInstance", id),
    }
}

/// A snapshot that everyone may restore.
pub(in super::super) fn public_snapshot(call: &Call<'_, '_>) -> Option<Match> {
    let is_restore = call.text("attributeName") == "restore";
    let is_all = list(&call.request, "valuesToAdd").filter_map(Value::as_str).any(|it| it == "all");
    if !is_restore || !is_all {
        return None;
    }
    match call.text("dBSnapshotIdentifier") {
        "" => hit("AWS::RDS::DBClusterSnapshot", call.text("dBClusterSnapshotIdentifier")),
        id => hit("AWS::RDS::DBSnapshot", id),
    }?
    .because("restore", "all")
}

/// Most days after which objects count as destroyed.
const RAPID_DAYS: i64 = 1;

/// An enabled rule that expires objects, or their former versions, within a day. Rules that only end uploads
/// or remove markers destroy nothing.
fn expiration(call: &Call<'_, '_>) -> Option<Match> {
    let is_rapid = |rule: &&Value| {
        let days = ["expiration.days", "noncurrentVersionExpiration.noncurrentDays"];
        text(rule, "status") == "Enabled"
            && days.iter().any(|it| number(rule, it).is_some_and(|it| it <= RAPID_DAYS))
    };
    let found = list(&call.request, "lifecycleConfiguration.rule").find(is_rapid)?;
    let name = text(found, "ID");
    hit("AWS::S3::Bucket", call.event.bucket())?.because("rule that expires within a day", name)
}
