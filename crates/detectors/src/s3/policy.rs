//! What a bucket policy lets the public do: Allow less Deny, by principal, action, resource and condition.
//!
//! Not an automated proof as S3's own is: conditions that combine in ways which no rule below knows count as
//! S3's definition of "public" reads them
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html>).

use engine::inventory::{holds_without_key, policy_access};
use serde_json::{Value, json};

use super::exposure::{Ability, Audience, Grant};

/// Longest policy that is evaluated, in bytes. S3 allows 20 KB
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html>).
const POLICY_MAX: usize = 32 * 1024;
/// Most statements that are read.
const STATEMENTS_MAX: usize = 128;
/// Most actions or resources of one statement that are read.
const PATTERNS_MAX: usize = 64;
/// Longest pattern that covers another, in bytes: an object's key has at most 1024.
const PATTERN_MAX: usize = 2048;

/// What a policy lets the public do. CloudTrail writes the policy as an object, descriptions write its text;
/// what cannot be read lets nobody in.
pub(super) fn grants(policy: &Value) -> Vec<Grant> {
    let parsed;
    let policy = match policy {
        Value::String(text) if text.len() <= POLICY_MAX => {
            parsed = serde_json::from_str(text).unwrap_or(Value::Null);
            &parsed
        }
        _ => policy,
    };
    let statements = many(policy.get("Statement"));
    let statements = statements.get(..STATEMENTS_MAX).unwrap_or(statements);
    let denies: Vec<&Value> =
        statements.iter().filter(|it| is_effect(it, "Deny") && denies_strangers(it)).collect();
    let mut grants = Vec::new();
    for allow in statements.iter().filter(|it| is_effect(it, "Allow") && is_public(it)) {
        let audience = audience(allow);
        for resource in resources(allow) {
            let denies: Vec<&Value> =
                denies.iter().copied().filter(|it| covers_resource(it, resource)).collect();
            let is_allowed = |action: &str| {
                names_action(allow, action) && !denies.iter().any(|it| names_action(it, action))
            };
            let abilities =
                Ability::ALL.iter().filter(|it| it.actions().iter().any(|it| is_allowed(it)));
            let mut abilities: Vec<Ability> = abilities.copied().collect();
            let is_other = |it: &Value| {
                it.as_str().is_some_and(|it| is_s3(it) && is_allowed(&it.to_ascii_lowercase()))
            };
            if abilities.is_empty() && patterns(allow, "Action").iter().any(is_other) {
                abilities.push(Ability::Other);
            }
            let grant = |ability| Grant { audience, ability, resource: resource.to_owned() };
            grants.extend(abilities.into_iter().map(grant));
        }
    }
    grants
}

fn is_effect(statement: &Value, effect: &str) -> bool {
    statement.get("Effect").and_then(Value::as_str) == Some(effect)
}

fn is_s3(action: &str) -> bool {
    action == "*" || action.get(..3).is_some_and(|it| it.eq_ignore_ascii_case("s3:"))
}

/// Whether principal and condition let the public in, whatever it may do then.
fn is_public(statement: &Value) -> bool {
    let mut alone = statement.clone();
    if let Some(members) = alone.as_object_mut() {
        members.remove("NotAction");
        members.insert("Action".to_owned(), "s3:*".into());
    }
    policy_access(&json!({ "Statement": [alone] }).to_string()).read
}

fn many(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(values)) => values,
        Some(value) => std::slice::from_ref(value),
        None => &[],
    }
}

fn patterns<'s>(statement: &'s Value, member: &str) -> &'s [Value] {
    let all = many(statement.get(member));
    all.get(..PATTERNS_MAX).unwrap_or(all)
}

/// The resources of a statement; `NotResource` may be anything.
fn resources(statement: &Value) -> Vec<&str> {
    if statement.get("Resource").is_none() {
        return vec!["*"];
    }
    patterns(statement, "Resource").iter().filter_map(Value::as_str).collect()
}

/// Whether a statement is about an action, given in lower case.
fn names_action(statement: &Value, action: &str) -> bool {
    let names = |member: &str| {
        patterns(statement, member)
            .iter()
            .filter_map(Value::as_str)
            .any(|it| is_under(it.to_ascii_lowercase().as_bytes(), action.as_bytes()))
    };
    match statement.get("NotAction") {
        Some(_) => !names("NotAction"),
        None => names("Action"),
    }
}

fn covers_resource(deny: &Value, resource: &str) -> bool {
    // What `NotResource` leaves out may be what the Allow is about.
    let all = patterns(deny, "Resource").iter().filter_map(Value::as_str);
    all.into_iter().any(|it| is_under(it.as_bytes(), resource.as_bytes()))
}

/// The entries of a condition: operator, key in lower case, values.
fn conditions(statement: &Value) -> Vec<(&str, String, &[Value])> {
    let operators = statement.get("Condition").and_then(Value::as_object);
    let entries = operators.into_iter().flatten().filter_map(|(operator, keys)| {
        Some(keys.as_object()?.iter().map(move |(key, values)| {
            (operator.as_str(), key.to_ascii_lowercase(), many(Some(values)))
        }))
    });
    entries.flatten().collect()
}

/// Keys that a request without credentials does not have
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>).
const OF_PRINCIPALS: &[&str] =
    &["aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:username"];

/// Who gets in by a statement that lets the public in.
fn audience(statement: &Value) -> Audience {
    let asks_for_principal = conditions(statement).iter().any(|(operator, key, values)| {
        let is_present = match *operator {
            "Null" => values.iter().all(|it| it == "false" || *it == Value::Bool(false)),
            _ => !operator.contains("Not") && !holds_without_key(operator),
        };
        match key.as_str() {
            // Anonymous callers have these, with the value `Anonymous` or `anonymous`.
            "aws:principaltype" | "aws:principalaccount" | "aws:userid" => {
                is_present
                    && *operator != "Null"
                    && values.iter().filter_map(Value::as_str).all(|it| {
                        !it.eq_ignore_ascii_case("anonymous") && !it.starts_with(['*', '?', '$'])
                    })
            }
            key => is_present && OF_PRINCIPALS.contains(&key),
        }
    });
    if asks_for_principal { Audience::Authenticated } else { Audience::Anonymous }
}

/// Whether a Deny holds for every stranger: it is for everyone, and its condition is absent or lets only those
/// through whom an Allow with the opposite condition would.
fn denies_strangers(deny: &Value) -> bool {
    let is_everyone = match deny.get("Principal") {
        Some(Value::String(principal)) => principal == "*",
        Some(Value::Object(kinds)) => many(kinds.get("AWS")).iter().any(|it| it == "*"),
        // Everyone but those named.
        _ => deny.get("NotPrincipal").is_some(),
    };
    if !is_everyone {
        return false;
    }
    let Some(condition) = deny.get("Condition") else { return true };
    let Some(operators) = condition.as_object() else { return false };
    operators.iter().all(|(operator, keys)| {
        let Some(keys) = keys.as_object() else { return false };
        // Who has no such key is denied by all but `ForAnyValue`.
        let of_all = operator.strip_prefix("ForAllValues:").unwrap_or(operator);
        let positive = of_all.trim_end_matches("IfExists").replacen("Not", "", 1);
        operator.contains("Not")
            && !operator.starts_with("ForAnyValue:")
            && keys.iter().all(|(key, values)| {
                // Judged by the same rules as an Allow: a fixed value of a key that names networks or
                // principals keeps the public out.
                !is_public(&json!({
                    "Effect": "Allow", "Principal": "*",
                    "Condition": { positive.as_str(): { key.as_str(): values } },
                }))
            })
    })
}

/// Whether a pattern with `*` covers a text, whose own wildcards stand for themselves.
pub(super) fn is_under(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t, mut star) = (0, 0, None);
    if pattern.len().max(text.len()) > PATTERN_MAX {
        return false;
    }
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, t));
            p += 1;
        } else if pattern.get(p) == text.get(t) {
            (p, t) = (p + 1, t + 1);
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            (p, t) = (at + 1, from + 1);
        } else {
            return false;
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|it| *it == b'*'))
}

#[cfg(test)]
mod tests {
    use super::super::exposure::Audience::{Anonymous, Authenticated, Nobody};
    use super::*;

    fn of(statements: &str) -> Vec<Grant> {
        grants(&serde_json::from_str(&format!(r#"{{"Statement":[{statements}]}}"#)).unwrap())
    }

    fn policy(statements: &str) -> Audience {
        of(statements).iter().map(|it| it.audience).max().unwrap_or(Nobody)
    }

    fn abilities(statements: &str) -> Vec<Ability> {
        of(statements).iter().map(|it| it.ability).collect()
    }

    fn allow(rest: &str) -> String {
        format!(
            r#"{{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"{rest}}}"#
        )
    }

    fn condition(operator: &str, key: &str, value: &str) -> Audience {
        policy(&allow(&format!(r#","Condition":{{"{operator}":{{"{key}":{value}}}}}"#)))
    }

    #[test]
    fn conditions_tell_everyone_from_every_principal() {
        assert_eq!(policy(&allow("")), Anonymous);
        for (operator, key, value, expected) in [
            ("StringLike", "aws:PrincipalArn", r#""arn:aws:iam::*""#, Authenticated),
            ("ArnLike", "aws:PrincipalArn", r#""arn:aws:iam::111122223333:*""#, Nobody),
            ("StringLikeIfExists", "aws:PrincipalArn", r#""arn:aws:iam::*""#, Anonymous),
            ("StringLike", "aws:PrincipalOrgID", r#""o-*""#, Authenticated),
            ("StringEquals", "aws:PrincipalOrgID", r#""o-example""#, Nobody),
            ("ForAllValues:StringEquals", "aws:PrincipalOrgID", r#"["o-example"]"#, Anonymous),
            (
                "ForAllValues:ArnLike",
                "aws:PrincipalArn",
                r#""arn:aws:iam::111122223333:*""#,
                Anonymous,
            ),
            ("ForAllValues:StringEquals", "aws:SourceVpce", r#""vpce-1""#, Anonymous),
            ("ForAllValues:IpAddress", "aws:SourceIp", r#""198.51.100.0/24""#, Nobody),
            ("ForAnyValue:StringEquals", "aws:PrincipalOrgID", r#"["o-example"]"#, Nobody),
            ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", r#""o-a1/r-ab12/ou-1/*""#, Nobody),
            ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", r#""o-a1/*""#, Nobody),
            ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", r#""o-*/*""#, Authenticated),
            ("Null", "aws:PrincipalArn", r#""false""#, Authenticated),
            ("Null", "aws:PrincipalArn", r#""true""#, Anonymous),
            ("StringEquals", "aws:PrincipalType", r#"["User","AssumedRole"]"#, Authenticated),
            ("StringEquals", "aws:PrincipalType", r#"["User","Anonymous"]"#, Anonymous),
            ("IpAddress", "aws:SourceIp", r#""198.51.100.0/24""#, Nobody),
            ("IpAddress", "aws:SourceIp", r#""0.0.0.0/0""#, Anonymous),
            ("StringEquals", "aws:SourceVpce", r#""vpce-1""#, Nobody),
            ("Bool", "aws:SecureTransport", r#""true""#, Anonymous),
        ] {
            assert_eq!(condition(operator, key, value), expected, "{operator} {key} {value}");
        }
    }

    #[test]
    fn a_deny_for_strangers_takes_back_what_it_covers() {
        let deny = |action: &str, resource: &str, rest: &str| {
            format!(
                r#"{{"Effect":"Deny","Principal":"*","Action":"{action}","Resource":"{resource}"{rest}}}"#
            )
        };
        for (deny, expected) in [
            (deny("s3:*", "arn:aws:s3:::b/*", ""), Nobody),
            (deny("S3:Get*", "*", ""), Nobody),
            (deny("s3:PutObject", "*", ""), Anonymous),
            (deny("s3:*", "arn:aws:s3:::b/private/*", ""), Anonymous),
            (
                deny(
                    "s3:*",
                    "*",
                    r#","Condition":{"StringNotEquals":{"aws:SourceVpce":"vpce-1"}}"#,
                ),
                Nobody,
            ),
            (
                deny(
                    "s3:*",
                    "*",
                    r#","Condition":{"ForAllValues:StringNotEquals":{"aws:SourceVpce":"vpce-1"}}"#,
                ),
                Nobody,
            ),
            (
                deny(
                    "s3:*",
                    "*",
                    r#","Condition":{"ForAnyValue:StringNotEquals":{"aws:SourceVpce":"vpce-1"}}"#,
                ),
                Anonymous,
            ),
            (
                deny(
                    "s3:*",
                    "*",
                    r#","Condition":{"NotIpAddress":{"aws:SourceIp":"198.51.100.0/24"}}"#,
                ),
                Nobody,
            ),
            (
                deny("s3:*", "*", r#","Condition":{"Bool":{"aws:SecureTransport":"false"}}"#),
                Anonymous,
            ),
            (
                deny("s3:*", "*", r#","Condition":{"StringEquals":{"aws:SourceVpce":"vpce-1"}}"#),
                Anonymous,
            ),
        ] {
            assert_eq!(policy(&format!("{},{deny}", allow(""))), expected, "{deny}");
        }
    }

    #[test]
    fn a_partial_deny_leaves_the_rest() {
        let all = r#"{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}"#;
        let every = [Ability::List, Ability::Read, Ability::Write, Ability::Delete];
        let perms = [Ability::ReadPermissions, Ability::ChangePermissions];
        assert_eq!(abilities(all), [&every[..], &perms[..]].concat());
        let deny =
            r#"{"Effect":"Deny","Principal":"*","Action":["s3:Put*","s3:Delete*"],"Resource":"*"}"#;
        let rest = [Ability::List, Ability::Read, Ability::ReadPermissions];
        assert_eq!(abilities(&format!("{all},{deny}")), rest);
    }

    #[test]
    fn actions_become_abilities() {
        for (action, expected) in [
            (r#""Action":"s3:GetObject""#, &[Ability::Read][..]),
            (r#""Action":["s3:ListBucket","s3:PutObject"]"#, &[Ability::List, Ability::Write][..]),
            (r#""Action":"s3:PutBucketPolicy""#, &[Ability::ChangePermissions][..]),
            (r#""Action":"s3:GetBucketLocation""#, &[Ability::Other][..]),
            (r#""Action":"sqs:SendMessage""#, &[][..]),
            (
                r#""NotAction":["s3:Delete*","s3:Put*","s3:List*","s3:Get*Acl","s3:GetBucket*"]"#,
                &[Ability::Read][..],
            ),
        ] {
            let statement = format!(
                r#"{{"Effect":"Allow","Principal":"*",{action},"Resource":"arn:aws:s3:::b"}}"#
            );
            assert_eq!(abilities(&statement), expected, "{action}");
        }
    }

    #[test]
    fn policies_that_cannot_be_read_let_nobody_in() {
        for text in [r#""x""#, "7", "null", r#"{"Statement":7}"#, r#"{"Statement":[[]]}"#] {
            assert_eq!(grants(&serde_json::from_str(text).unwrap()), [], "{text}");
        }
        let text = format!(r#"{{"Statement":[{}]}}"#, allow(""));
        assert_eq!(grants(&Value::String(text)).len(), 1);
    }

    #[test]
    fn patterns_cover_texts() {
        for (pattern, text, expected) in [
            ("s3:*", "s3:get*", true),
            ("s3:get*", "s3:*", false),
            ("*", "", true),
            ("a*c*", "abcbd", true),
            ("a*d", "abc", false),
            ("", "a", false),
        ] {
            assert_eq!(is_under(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }
}
