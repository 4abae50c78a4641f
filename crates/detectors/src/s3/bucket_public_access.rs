//! A bucket's policy or access control list is changed so that the public gets in.

use std::time::Duration;

use engine::findings::{Data, Draft, FindingType, Reason, ResourceRole};
use engine::intel::Category;
use engine::inventory::{AclGrant, acl_access, policy_access};
use engine::model::{Scope, Severity, Timestamp};
use engine::telemetry::ApiCall;
use engine::{ApiCalls, Context, Detector, Event, Interest, Out, Spec};
use serde_json::Value;

const AGGREGATION: &str = "bucket and credential of the caller";
const FALSE_POSITIVES: &str = "Buckets of websites, downloads and open data are public on purpose. Benign when \
    the bucket is meant to be public and holds nothing else: check its tags, its owner and what is in it. \
    A bucket that is served by CloudFront needs no public policy.";
const RESPONSE: &str = "Decide whether the bucket is meant to be public. If not, turn Block Public Access on \
    for the bucket (`aws s3api put-public-access-block`), which takes effect at once, then mend the policy \
    or the access control list. Look at the S3 data events or the server access log for who read or \
    wrote in the meantime, and ask the caller; if they did not do it, disable the credential.";

/// Everyone on the Internet.
pub const ANONYMOUS: FindingType = FindingType {
    name: "Policy:S3/BucketAnonymousAccessGranted",
    severity: Severity::HIGH,
    title: "Anonymous access to an S3 bucket was granted",
    about: "A change of the bucket's policy or access control list lets everyone on the Internet in, \
        without credentials.",
    detection: "A successful PutBucketPolicy or PutBucketAcl after which everyone is allowed a call of S3: \
        an Allow for every principal that no condition narrows to known networks, organizations, accounts \
        or ARNs and that no Deny for everyone takes back, or a grant to AllUsers. Quiet where Block Public \
        Access of the bucket or account takes the effect away. Making the same change again counts again.",
    false_positives: FALSE_POSITIVES,
    response: RESPONSE,
    techniques: &["T1530", "T1098"],
    data: &[Data::CloudTrailManagement],
    aggregation: AGGREGATION,
    is_own: false,
};

/// Everyone with an AWS account.
pub const PUBLIC: FindingType = FindingType {
    name: "Policy:S3/BucketPublicAccessGranted",
    severity: Severity::HIGH,
    title: "Access to an S3 bucket was granted to all AWS users",
    about: "A change of the bucket's policy or access control list lets everyone in who has any AWS account, \
        not only principals of yours. AWS accounts are free.",
    detection: "A successful PutBucketPolicy or PutBucketAcl after which every authenticated AWS principal is \
        allowed a call of S3, but anonymous callers are not: an Allow for every principal with a condition \
        that only asks for some ARN, organization or kind of principal, or a grant to AuthenticatedUsers. \
        Quiet where Block Public Access of the bucket or account takes the effect away. Making the same \
        change again counts again.",
    false_positives: FALSE_POSITIVES,
    response: RESPONSE,
    techniques: &["T1530", "T1098"],
    data: &[Data::CloudTrailManagement],
    aggregation: AGGREGATION,
    is_own: false,
};

tunables! {
    /// Buckets that are opened to the public.
    pub struct BucketPublicAccess {
        /// Whether the family is on.
        pub enabled: bool = true,
    }
}

impl Detector for BucketPublicAccess {
    type Reads = ApiCalls;
    type State = ();

    const SPEC: Spec = Spec {
        name: "s3/bucket_public_access",
        scope: Scope::Bucket,
        idle: Duration::from_hours(1),
        version: 1,
        types: &[&ANONYMOUS, &PUBLIC],
        interest: Interest::Calls(&["PutBucketAcl", "PutBucketPolicy"]),
    };

    fn wants(&self, event: &Event<'_, ApiCalls>) -> bool {
        self.enabled
            && event.row.is_success()
            && !event.row.is(ApiCall::SERVICE_EVENT)
            && event.event_source() == "s3.amazonaws.com"
            && !event.listed.contains(Category::Trusted)
    }

    fn observe(
        &self,
        (): &mut (),
        event: &Event<'_, ApiCalls>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let Ok(request) = serde_json::from_str::<Value>(event.request()) else { return };
        let is_policy = event.event_name() == "PutBucketPolicy";
        let after = if is_policy {
            policy_audience(request.get("bucketPolicy").unwrap_or(&Value::Null))
        } else {
            acl_audience(&requested_grants(&request))
        };
        if after != Audience::Nobody && !is_blocked(is_policy, event, ctx) {
            out.raise(draft(after, is_policy, event, ctx));
        }
    }
}

/// Who of the public gets in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Audience {
    Nobody,
    /// Everyone with an AWS account.
    Authenticated,
    /// Everyone.
    Anonymous,
}

impl Audience {
    const fn as_str(self) -> &'static str {
        match self {
            Audience::Nobody => "nobody of the public",
            Audience::Authenticated => "everyone with an AWS account",
            Audience::Anonymous => "everyone",
        }
    }
}

/// Whether Block Public Access takes the effect of such a grant away.
fn is_blocked(is_policy: bool, event: &Event<'_, ApiCalls>, ctx: &Context<'_>) -> bool {
    let (bucket, time) = (event.bucket(), event.time());
    let fact = ctx.inventory.bucket(bucket, time);
    let owner = fact.map(|it| it.account).filter(|it| it.is_known()).unwrap_or(event.row.account);
    let blocks = [
        fact.and_then(|it| it.block).unwrap_or_default(),
        ctx.inventory.account_block(owner, time).unwrap_or_default(),
    ];
    blocks
        .iter()
        .any(|it| if is_policy { it.restrict_public_buckets } else { it.ignore_public_acls })
}

/// Who got in by the policy or the list just before the call; nothing when not known.
fn before(is_policy: bool, event: &Event<'_, ApiCalls>, ctx: &Context<'_>) -> Option<Audience> {
    let just_before = Timestamp::from_millis(event.time().millis().saturating_sub(1));
    let fact = ctx.inventory.bucket(event.bucket(), just_before)?;
    if !is_policy {
        return fact.acl.as_deref().map(acl_audience);
    }
    match fact.policy.as_deref()? {
        "" => Some(Audience::Nobody),
        text => serde_json::from_str(text).ok().map(|policy| policy_audience(&policy)),
    }
}

/// Who of the public a policy lets in. CloudTrail writes the policy as an object, or as its text; what
/// cannot be read lets nobody in.
fn policy_audience(policy: &Value) -> Audience {
    let parsed;
    let policy = match policy {
        Value::String(text) => {
            parsed = serde_json::from_str(text).unwrap_or(Value::Null);
            &parsed
        }
        _ => policy,
    };
    let statements = many(policy.get("Statement"));
    let allowed = |statement: &Value| {
        let alone = serde_json::json!({ "Statement": [statement] }).to_string();
        let access = policy_access(&alone);
        (access.read || access.write) && !statements.iter().any(|deny| takes_back(deny, statement))
    };
    let audiences = statements.iter().filter(|it| allowed(it)).map(audience);
    audiences.max().unwrap_or(Audience::Nobody)
}

fn many(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(values)) => values,
        Some(value) => std::slice::from_ref(value),
        None => &[],
    }
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
            _ => !operator.contains("Not") && !operator.ends_with("IfExists"),
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

/// Whether a Deny keeps the whole public from everything that an Allow gives.
fn takes_back(deny: &Value, allow: &Value) -> bool {
    let text = |name: &str| deny.get(name).and_then(Value::as_str);
    let is_everyone = match deny.get("Principal") {
        Some(Value::String(principal)) => principal == "*",
        Some(Value::Object(kinds)) => many(kinds.get("AWS")).iter().any(|it| it == "*"),
        // Everyone but those named.
        _ => deny.get("NotPrincipal").is_some(),
    };
    text("Effect") == Some("Deny")
        && is_everyone
        && covers(deny, allow, "Action", true)
        && covers(deny, allow, "Resource", false)
        && denies_strangers(deny)
}

/// Whether the Deny's condition holds for every stranger: it is absent, or it lets only those through
/// whom an Allow with the opposite condition would.
fn denies_strangers(deny: &Value) -> bool {
    let Some(condition) = deny.get("Condition") else { return true };
    let Some(operators) = condition.as_object() else { return false };
    operators.iter().all(|(operator, keys)| {
        let Some(keys) = keys.as_object() else { return false };
        let positive = operator.trim_end_matches("IfExists").replacen("Not", "", 1);
        operator.contains("Not")
            && keys.iter().all(|(key, values)| {
                // Judged by the same rules as an Allow: a fixed value of a key that names networks or
                // principals keeps the public out.
                let opposite = serde_json::json!({ "Statement": [{
                    "Effect": "Allow", "Principal": "*", "Action": "s3:*",
                    "Condition": { positive.as_str(): { key.as_str(): values } },
                }]});
                !policy_access(&opposite.to_string()).read
            })
    })
}

/// Whether every entry of the Allow's member falls under one of the Deny's.
fn covers(deny: &Value, allow: &Value, member: &str, ignores_case: bool) -> bool {
    let denied = many(deny.get(member));
    let allowed = many(allow.get(member));
    let as_text = |value: &Value| {
        let text = value.as_str().unwrap_or("");
        if ignores_case { text.to_ascii_lowercase() } else { text.to_owned() }
    };
    let matches = |inner: &Value| {
        denied.iter().any(|outer| is_under(as_text(outer).as_bytes(), as_text(inner).as_bytes()))
    };
    if allowed.is_empty() {
        // `NotAction` and `NotResource` may be anything.
        return denied
            .iter()
            .any(|it| matches!(it.as_str(), Some("*" | "s3:*" | "arn:aws:s3:::*")));
    }
    allowed.iter().all(matches)
}

/// Whether a pattern with `*` covers a text, whose own wildcards stand for themselves.
fn is_under(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t, mut star) = (0, 0, None);
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

/// Most grants of a request that are read: S3's own limit.
const GRANTS_MAX: usize = 100;

/// Groups and permissions that a `PutBucketAcl` asks for.
fn requested_grants(request: &Value) -> Vec<AclGrant> {
    let member = |value: &'_ Value, name: &str| value.get(name).cloned().unwrap_or(Value::Null);
    let grant = |group: &str, permission: &str| AclGrant {
        grantee: group.into(),
        permission: permission.into(),
    };
    let list = member(&member(request, "AccessControlPolicy"), "AccessControlList");
    let mut grants: Vec<AclGrant> = many(list.get("Grant"))
        .iter()
        .take(GRANTS_MAX)
        .filter_map(|it| {
            let uri = it.get("Grantee")?.get("URI")?.as_str()?;
            Some(grant(uri, it.get("Permission")?.as_str()?))
        })
        .collect();
    // Headers come as text or as a list of texts.
    let header = |name: &str| many(request.get(name)).iter().find_map(Value::as_str).unwrap_or("");
    match header("x-amz-acl") {
        "public-read" => grants.push(grant("AllUsers", "READ")),
        "public-read-write" => grants.push(grant("AllUsers", "FULL_CONTROL")),
        "authenticated-read" => grants.push(grant("AuthenticatedUsers", "READ")),
        _ => {}
    }
    for (name, permission) in [
        ("x-amz-grant-read", "READ"),
        ("x-amz-grant-write", "WRITE"),
        ("x-amz-grant-write-acp", "WRITE_ACP"),
        ("x-amz-grant-full-control", "FULL_CONTROL"),
    ] {
        for grantee in header(name).split(',').take(GRANTS_MAX) {
            let grantee = grantee.split_once('=').map_or(grantee, |(_, uri)| uri);
            grants.push(grant(grantee.trim().trim_matches('"'), permission));
        }
    }
    grants
}

/// Who of the public grants let in.
fn acl_audience(grants: &[AclGrant]) -> Audience {
    let audience = |grant: &AclGrant| {
        let access = acl_access(std::slice::from_ref(grant));
        match (access.read || access.write, grant.grantee.ends_with("AllUsers")) {
            (false, _) => Audience::Nobody,
            (true, false) => Audience::Authenticated,
            (true, true) => Audience::Anonymous,
        }
    };
    grants.iter().map(audience).max().unwrap_or(Audience::Nobody)
}

fn draft(
    after: Audience,
    is_policy: bool,
    event: &Event<'_, ApiCalls>,
    ctx: &Context<'_>,
) -> Draft {
    let is_anonymous = after == Audience::Anonymous;
    let mut draft = ctx.bucket_draft(if is_anonymous { &ANONYMOUS } else { &PUBLIC }, event);
    let (bucket, api, user) = (event.bucket(), event.event_name(), event.caller_label());
    let what = if is_anonymous { "Public Anonymous Access" } else { "Public Access" };
    draft.role = ResourceRole::Target;
    draft.title = format!("Amazon S3 {what} was granted for the S3 bucket {bucket}.");
    draft.description = format!(
        "Amazon S3 {what} was granted for the S3 bucket {bucket} by {user} calling {api}. If this behavior \
         is not expected, it may indicate a configuration mistake or that your credentials are compromised."
    );
    if let Some(action) = &mut draft.action.aws_api_call_action {
        action.affected_resources.insert("AWS::S3::Bucket".to_owned(), bucket.to_owned());
    }
    let by = if is_policy { "let in by the policy" } else { "let in by the access control list" };
    let known = before(is_policy, event, ctx).map_or("not known", Audience::as_str);
    draft.reasons.push(Reason::new(by, after.as_str(), format!("before the call: {known}")));
    draft
}

#[cfg(test)]
mod tests {
    use super::Audience::{Anonymous, Authenticated, Nobody};
    use super::*;

    fn policy(statements: &str) -> Audience {
        policy_audience(
            &serde_json::from_str(&format!(r#"{{"Statement":[{statements}]}}"#)).unwrap(),
        )
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
    fn grants_are_read_in_all_three_forms() {
        for (request, expected) in [
            (r#"{"x-amz-acl":"public-read"}"#, Anonymous),
            (r#"{"x-amz-acl":["public-read-write"]}"#, Anonymous),
            (r#"{"x-amz-acl":["authenticated-read"]}"#, Authenticated),
            (r#"{"x-amz-acl":["private"]}"#, Nobody),
            (r#"{"x-amz-acl":"log-delivery-write"}"#, Nobody),
            (
                r#"{"x-amz-grant-read":"uri=\"http://acs.amazonaws.com/groups/global/AllUsers\""}"#,
                Anonymous,
            ),
            (
                r#"{"AccessControlPolicy":{"AccessControlList":{"Grant":[{"Grantee":{"xsi:type":"Group",
                    "URI":"http://acs.amazonaws.com/groups/global/AuthenticatedUsers"},
                    "Permission":"WRITE"}]}}}"#,
                Authenticated,
            ),
            (
                r#"{"AccessControlPolicy":{"AccessControlList":{"Grant":{"Grantee":{"xsi:type":"Group",
                    "URI":"http://acs.amazonaws.com/groups/s3/LogDelivery"},"Permission":"WRITE"}}}}"#,
                Nobody,
            ),
            (r#"{"AccessControlPolicy":7}"#, Nobody),
            ("7", Nobody),
        ] {
            let request = serde_json::from_str(request).unwrap();
            assert_eq!(acl_audience(&requested_grants(&request)), expected, "{request}");
        }
    }

    #[test]
    fn policies_that_cannot_be_read_let_nobody_in() {
        for text in [r#""x""#, "7", "null", r#"{"Statement":7}"#, r#"{"Statement":[[]]}"#] {
            assert_eq!(policy_audience(&serde_json::from_str(text).unwrap()), Nobody, "{text}");
        }
        let text =
            serde_json::json!({ "Statement": serde_json::from_str::<Value>(&allow("")).unwrap() });
        assert_eq!(policy_audience(&Value::String(text.to_string())), Anonymous);
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
