//! Whom a policy lets in, and what it allows.

use engine::inventory::public_statements;
use engine::model::AccountId;
use serde_json::Value;

use super::call::Call;
use super::json::{at, list};

/// A policy document, which calls carry as an object or as text, sometimes URL-encoded.
pub(super) fn document(value: &Value) -> Value {
    match value {
        Value::String(text) if text.starts_with('%') => {
            serde_json::from_str(&decoded(text)).unwrap_or(Value::Null)
        }
        Value::String(text) => serde_json::from_str(text).unwrap_or(Value::Null),
        value => value.clone(),
    }
}

fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let digit = |it: Option<u8>| it.and_then(|it| char::from(it).to_digit(16));
        match byte {
            b'%' => match (digit(bytes.next()), digit(bytes.next())) {
                (Some(high), Some(low)) => out.push((high << 4 | low) as u8),
                _ => return String::new(),
            },
            byte => out.push(byte),
        }
    }
    String::from_utf8(out).unwrap_or_default()
}

/// Whether a resource policy lets everyone in: an Allow for every principal that no condition narrows.
pub(super) fn is_public(policy: &Value) -> bool {
    public_statements(policy).next().is_some()
}

/// Principals of Allow statements that belong to accounts which are neither the trail's nor of the
/// organization, at most [`FOREIGN_MAX`].
pub(super) fn foreign_principals(policy: &Value, call: &Call<'_, '_>) -> Vec<String> {
    let mut found = Vec::new();
    for statement in list(policy, "Statement").filter(|it| is_allow(it)) {
        let foreign = principals(statement).filter(|it| call.is_foreign(it));
        found.extend(foreign.map(str::to_owned));
    }
    found.sort_unstable();
    found.dedup();
    found.truncate(FOREIGN_MAX);
    found
}

const FOREIGN_MAX: usize = 8;

fn is_allow(statement: &Value) -> bool {
    at(statement, "Effect") == "Allow"
}

/// The AWS principals of a statement.
fn principals(statement: &Value) -> impl Iterator<Item = &str> {
    list(statement, "Principal.AWS").filter_map(Value::as_str)
}

/// Whether a role's trust policy names the role itself.
pub(super) fn trusts_itself(policy: &Value, account: AccountId, role: &str) -> bool {
    let is_itself = |principal: &str| {
        principal.contains(&format!("::{account}:role/"))
            && principal.rsplit('/').next() == Some(role)
    };
    list(policy, "Statement").filter(|it| is_allow(it)).flat_map(principals).any(is_itself)
}

/// Whether an identity policy allows everything on everything, or everything of IAM.
pub(super) fn is_administrative(policy: &Value) -> bool {
    let has = |statement: &Value, member: &str, wanted: &[&str]| {
        list(statement, member)
            .filter_map(Value::as_str)
            .any(|it| wanted.iter().any(|wanted| it.eq_ignore_ascii_case(wanted)))
    };
    list(policy, "Statement").filter(|it| is_allow(it)).any(|it| {
        let is_free = at(it, "Condition").is_null();
        is_free && has(it, "Action", &["*", "*:*", "iam:*"]) && has(it, "Resource", &["*"])
    })
}

/// Managed policies of AWS that give everything, or IAM and with it everything.
pub(super) fn is_administrator_arn(arn: &str) -> bool {
    let name = arn.split_once(":aws:policy/").map_or("", |(_, name)| name);
    matches!(name, "AdministratorAccess" | "IAMFullAccess")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_are_read_as_object_text_and_encoded() {
        let policy = json!({"Statement": []});
        assert_eq!(document(&policy), policy);
        assert_eq!(document(&json!(r#"{"Statement":[]}"#)), policy);
        assert_eq!(document(&json!("%7B%22Statement%22%3A%5B%5D%7D")), policy);
        assert_eq!(document(&json!("%7")), Value::Null);
    }

    #[test]
    fn everything_on_everything_is_administrative() {
        let policy = |action: Value, resource: &str, rest: Value| {
            let mut it = json!({"Effect": "Allow", "Action": action, "Resource": resource});
            if !rest.is_null() {
                it["Condition"] = rest;
            }
            json!({ "Statement": it })
        };
        assert!(is_administrative(&policy(json!("*"), "*", Value::Null)));
        assert!(is_administrative(&policy(json!(["s3:Get*", "iam:*"]), "*", Value::Null)));
        assert!(!is_administrative(&policy(json!("s3:*"), "*", Value::Null)));
        assert!(!is_administrative(&policy(json!("*"), "arn:aws:s3:::b", Value::Null)));
        assert!(!is_administrative(&policy(json!("*"), "*", json!({"Bool": {}}))));
        assert!(is_administrator_arn("arn:aws:iam::aws:policy/AdministratorAccess"));
        assert!(!is_administrator_arn("arn:aws:iam::111122223333:policy/AdministratorAccess"));
    }

    #[test]
    fn a_role_may_trust_itself() {
        let account = AccountId::new(111_122_223_333).unwrap();
        let policy = json!({"Statement": [{"Effect": "Allow",
            "Principal": {"AWS": ["arn:aws:iam::111122223333:role/team/app"]}}]});
        assert!(trusts_itself(&policy, account, "app"));
        assert!(!trusts_itself(&policy, account, "other"));
    }
}
