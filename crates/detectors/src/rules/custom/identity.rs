//! Rules about IAM, IAM Roles Anywhere and sign-ins to the console.

use engine::model::Severity;
use engine::telemetry::Caller;

use super::super::call::Call;
use super::super::json::{at, text};
use super::super::policy::{
    document, foreign_principals, is_administrator_arn, is_public, trusts_itself,
};
use super::super::rule::{Match, Rule, hit};
use super::identity_types::{
    IAM_ACCOUNT_MANIPULATION, IAM_ESCALATION, IAM_VALID_ACCOUNTS, ROLES_ANYWHERE,
};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "ConsoleLoginWithoutMFA",
        finding_type: &IAM_VALID_ACCOUNTS,
        severity: Severity::MEDIUM,
        counts_attempts: false,
        source: "signin",
        calls: &["ConsoleLogin"],
        summary: "{} signed in to the console without MFA",
        why: "The password alone was enough: whoever learns it can do the same.",
        condition: |call| {
            let row = call.event.row;
            // Who signs in by another identity provider uses that provider's MFA.
            let is_own = matches!(row.caller, Caller::IamUser | Caller::Root);
            let is_success = text(&call.response, "ConsoleLogin") == "Success";
            if is_own && is_success && text(&call.additional, "MFAUsed") == "No" {
                hit("AWS::IAM::User", call.event.caller_label())?.because("MFAUsed", "No")
            } else {
                None
            }
        },
    },
    Rule {
        name: "IAMAccessKeyCreated",
        finding_type: &IAM_ACCOUNT_MANIPULATION,
        severity: Severity::LOW,
        counts_attempts: false,
        source: "iam",
        calls: &["CreateAccessKey"],
        summary: "An access key was created for {}",
        why: "Access keys are valid until somebody deletes them: intruders make one to come back.",
        condition: |call| hit("AWS::IAM::User", user(call)),
    },
    Rule {
        name: "IAMRoleTrustPolicyModified",
        finding_type: &IAM_ACCOUNT_MANIPULATION,
        severity: Severity::MEDIUM,
        counts_attempts: false,
        source: "iam",
        calls: &["UpdateAssumeRolePolicy"],
        summary: "The trust policy of role {} was loosened",
        why: "Somebody who could not assume the role before now can.",
        condition: |call| {
            let role = call.text("roleName");
            let policy = document(at(&call.request, "policyDocument"));
            let foreign = foreign_principals(&policy, call);
            let found = hit("AWS::IAM::Role", role)?;
            if is_public(&policy) {
                found.because("trusts", "everyone")
            } else if !foreign.is_empty() {
                found.because("trusts", &foreign.join(", "))
            } else if trusts_itself(&policy, call.account(), role) {
                found.because("trusts", "the role itself")
            } else {
                None
            }
        },
    },
    Rule {
        name: "IAMUserLoginProfileCreated",
        finding_type: &IAM_ACCOUNT_MANIPULATION,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "iam",
        calls: &["CreateLoginProfile"],
        summary: "A console password was created for IAM user {}",
        why: "A user who could only call APIs can now sign in to the console.",
        condition: |call| hit("AWS::IAM::User", user(call)),
    },
    Rule {
        name: "IAMUserLoginProfileUpdated",
        finding_type: &IAM_ACCOUNT_MANIPULATION,
        severity: Severity::MEDIUM,
        counts_attempts: false,
        source: "iam",
        calls: &["UpdateLoginProfile"],
        summary: "The console password of IAM user {} was changed",
        why: "Whoever changed the password can sign in as the user.",
        condition: |call| hit("AWS::IAM::User", user(call)),
    },
    Rule {
        name: "AdminPolicyAttachedToRole",
        finding_type: &IAM_ESCALATION,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "iam",
        calls: &["AttachRolePolicy"],
        summary: "An administrator policy was attached to role {}",
        why: "Whoever can assume the role can do everything in the account.",
        condition: |call| attached(call, "AWS::IAM::Role", "roleName", is_administrator_arn),
    },
    Rule {
        name: "AdminPolicyAttachedToUser",
        finding_type: &IAM_ESCALATION,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "iam",
        calls: &["AttachUserPolicy"],
        summary: "An administrator policy was attached to IAM user {}",
        why: "The user can do everything in the account.",
        condition: |call| attached(call, "AWS::IAM::User", "userName", is_administrator_arn),
    },
    Rule {
        name: "SESFullAccessPolicyAttachedToRole",
        finding_type: &IAM_ESCALATION,
        severity: Severity::MEDIUM,
        counts_attempts: false,
        source: "iam",
        calls: &["AttachRolePolicy"],
        summary: "Full access to Amazon SES was given to role {}",
        why: "Intruders use stolen credentials to send spam and phishing through SES.",
        condition: |call| attached(call, "AWS::IAM::Role", "roleName", is_ses),
    },
    Rule {
        name: "SESFullAccessPolicyAttachedToUser",
        finding_type: &IAM_ESCALATION,
        severity: Severity::MEDIUM,
        counts_attempts: false,
        source: "iam",
        calls: &["AttachUserPolicy"],
        summary: "Full access to Amazon SES was given to IAM user {}",
        why: "Intruders use stolen credentials to send spam and phishing through SES.",
        condition: |call| attached(call, "AWS::IAM::User", "userName", is_ses),
    },
    Rule {
        name: "BedrockServiceCredentialCreated",
        finding_type: &IAM_ESCALATION,
        severity: Severity::MEDIUM,
        counts_attempts: false,
        source: "iam",
        calls: &["CreateServiceSpecificCredential"],
        summary: "A long-term API key of Amazon Bedrock was created for IAM user {}",
        why: "The key invokes models at the account's cost from anywhere.",
        condition: |call| {
            if call.text("serviceName") == "bedrock.amazonaws.com" {
                hit("AWS::IAM::User", user(call))?.because("serviceName", "bedrock.amazonaws.com")
            } else {
                None
            }
        },
    },
    Rule {
        name: "RolesAnywhereTrustAnchorCreated",
        finding_type: &ROLES_ANYWHERE,
        severity: Severity::MEDIUM,
        counts_attempts: false,
        source: "rolesanywhere",
        calls: &["CreateTrustAnchor"],
        summary: "The IAM Roles Anywhere trust anchor {} was created",
        why: "Whoever has a certificate of that authority can get credentials of roles from outside AWS.",
        condition: |call| hit("AWS::RolesAnywhere::TrustAnchor", call.text("name")),
    },
];

/// The user concerned; calls about the caller leave the name out.
fn user<'c>(call: &'c Call<'_, '_>) -> &'c str {
    match call.text("userName") {
        "" => call.event.caller_label(),
        name => name,
    }
}

fn attached(
    call: &Call<'_, '_>,
    kind: &'static str,
    member: &str,
    is_wanted: fn(&str) -> bool,
) -> Option<Match> {
    let arn = call.text("policyArn");
    if is_wanted(arn) { hit(kind, call.text(member))?.because("policy", arn) } else { None }
}

fn is_ses(arn: &str) -> bool {
    arn.ends_with(":aws:policy/AmazonSESFullAccess")
}
