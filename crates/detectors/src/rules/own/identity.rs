//! Rules about who may act: trust, administrators and root.

use engine::model::Severity;

use super::super::call::Call;
use super::super::json::at;
use super::super::policy::{
    document, foreign_principals, is_administrative, is_administrator_arn, is_public,
};
use super::super::rule::{Match, Rule, hit};
use super::types::{ADMINISTRATOR_GRANTED, EXTERNAL_ROLE_TRUST, ROOT_CREDENTIAL_CHANGED};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "RoleTrustsStrangers",
        finding_type: &EXTERNAL_ROLE_TRUST,
        severity: Severity::MEDIUM,
        counts_attempts: false,
        source: "iam",
        calls: &["CreateRole", "UpdateAssumeRolePolicy"],
        summary: "Role {} was opened to principals outside of the organization",
        why: "Whoever is trusted can get credentials of the role whenever they like.",
        condition: |call| {
            let member = if call.name() == "CreateRole" {
                "assumeRolePolicyDocument"
            } else {
                "policyDocument"
            };
            let policy = document(at(&call.request, member));
            let found = hit("AWS::IAM::Role", call.text("roleName"))?;
            if is_public(&policy) {
                return found.because("trusts", "everyone")?.severe(Severity::HIGH);
            }
            match foreign_principals(&policy, call) {
                foreign if foreign.is_empty() => None,
                foreign => found.because("trusts", &foreign.join(", ")),
            }
        },
    },
    Rule {
        name: "AdministratorPolicyAttached",
        finding_type: &ADMINISTRATOR_GRANTED,
        severity: Severity::MEDIUM,
        counts_attempts: false,
        source: "iam",
        calls: &["AttachGroupPolicy", "AttachRolePolicy", "AttachUserPolicy"],
        summary: "An administrator policy was attached to {}",
        why: "Whoever controls it can do everything in the account.",
        condition: |call| {
            let arn = call.text("policyArn");
            if is_administrator_arn(arn) { grantee(call)?.because("policy", arn) } else { None }
        },
    },
    Rule {
        name: "AdministratorPolicyWritten",
        finding_type: &ADMINISTRATOR_GRANTED,
        severity: Severity::MEDIUM,
        counts_attempts: false,
        source: "iam",
        calls: &[
            "CreatePolicy",
            "CreatePolicyVersion",
            "PutGroupPolicy",
            "PutRolePolicy",
            "PutUserPolicy",
        ],
        summary: "A policy that allows everything was written for {}",
        why: "Whoever has the policy can do everything in the account.",
        condition: |call| {
            if is_administrative(&document(at(&call.request, "policyDocument"))) {
                let name = call.any_text(&["policyName", "policyArn"]).to_owned();
                grantee(call)?.because("policy", &name)
            } else {
                None
            }
        },
    },
    Rule {
        name: "RootKeyCreated",
        finding_type: &ROOT_CREDENTIAL_CHANGED,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "iam",
        calls: &["CreateAccessKey"],
        summary: "An access key of the root user of account {} was created",
        why: "It can do everything, cannot be limited, and is valid until somebody deletes it.",
        condition: |call| {
            // Root makes keys for users as well, and names them then.
            let is_own = call.is_root() && matches!(call.text("userName"), "" | "root");
            is_own.then(|| hit("AWS::IAM::User", &call.account().to_string())).flatten()
        },
    },
    Rule {
        name: "RootMfaChanged",
        finding_type: &ROOT_CREDENTIAL_CHANGED,
        severity: Severity::HIGH,
        counts_attempts: false,
        source: "iam",
        calls: &["DeactivateMFADevice", "DeleteVirtualMFADevice", "EnableMFADevice"],
        summary: "The MFA of the root user of account {} was changed",
        why: "Whoever holds the root user's MFA device keeps everybody else out.",
        condition: |call| {
            let is_own = call.is_root()
                && (matches!(call.text("userName"), "root" | "Root")
                    || call.text("userName").is_empty() && call.has("serialNumber")
                    || call.text("serialNumber").ends_with(":mfa/root-account-mfa-device"));
            let found =
                is_own.then(|| hit("AWS::IAM::User", &call.account().to_string())).flatten()?;
            let found = found.because("call", call.name())?;
            // Putting MFA on is what root should do; losing it is not.
            let is_on = call.name() == "EnableMFADevice";
            if is_on { found.severe(Severity::LOW) } else { Some(found) }
        },
    },
];

fn grantee(call: &Call<'_, '_>) -> Option<Match> {
    for (member, kind) in [
        ("roleName", "AWS::IAM::Role"),
        ("userName", "AWS::IAM::User"),
        ("groupName", "AWS::IAM::Group"),
        ("policyArn", "AWS::IAM::ManagedPolicy"),
    ] {
        if !call.text(member).is_empty() {
            return hit(kind, call.text(member));
        }
    }
    hit("AWS::IAM::ManagedPolicy", call.text("policyName"))
}
