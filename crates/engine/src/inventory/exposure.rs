//! Whether a bucket's policy and access control list let the public in.
//!
//! Follows S3's own meaning of "public"
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html>).

use serde_json::Value;

use super::buckets::{AclGrant, BlockPublicAccess, BucketFact};

/// What the public may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Access {
    /// Read objects or list the bucket.
    pub read: bool,
    /// Write or delete objects, or change who may.
    pub write: bool,
}

impl Access {
    fn any(self) -> bool {
        self.read || self.write
    }

    fn add(&mut self, other: Access) {
        self.read |= other.read;
        self.write |= other.write;
    }
}

/// How far a bucket is open to the public.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Exposure {
    /// By its policy as written.
    pub policy: Access,
    /// By its access control list as written.
    pub acl: Access,
    /// Whether public policies have no effect.
    pub is_policy_restricted: bool,
    /// Whether public grants have no effect.
    pub is_acl_ignored: bool,
}

impl Exposure {
    /// Works it out from what is known; what is not known counts as closed.
    pub fn of(fact: &BucketFact, account: BlockPublicAccess) -> Exposure {
        let bucket = fact.block.unwrap_or_default();
        let mut policy = fact.policy.as_deref().map(policy_access).unwrap_or_default();
        match fact.policy_is_public {
            // S3's own judgment is better than ours; it does not tell reading from writing.
            Some(false) => policy = Access::default(),
            Some(true) if !policy.any() => policy.read = true,
            _ => {}
        }
        Exposure {
            policy,
            acl: fact.acl.as_deref().map(acl_access).unwrap_or_default(),
            is_policy_restricted: bucket.restrict_public_buckets || account.restrict_public_buckets,
            is_acl_ignored: bucket.ignore_public_acls || account.ignore_public_acls,
        }
    }

    /// Whether the public has any access after the blocks.
    pub fn is_public(&self) -> bool {
        (self.policy.any() && !self.is_policy_restricted)
            || (self.acl.any() && !self.is_acl_ignored)
    }
}

/// What an access control list grants to everyone, or to everyone with an AWS account.
pub fn acl_access(grants: &[AclGrant]) -> Access {
    let mut access = Access::default();
    for grant in grants {
        let group = grant.grantee.rsplit('/').next().unwrap_or("");
        if !matches!(group, "AllUsers" | "AuthenticatedUsers") {
            continue;
        }
        access.add(match &*grant.permission {
            "READ" => Access { read: true, write: false },
            "WRITE" | "WRITE_ACP" => Access { read: false, write: true },
            "FULL_CONTROL" => Access { read: true, write: true },
            _ => Access::default(),
        });
    }
    access
}

/// What a policy allows to everyone. A policy that cannot be read allows nothing.
pub fn policy_access(policy: &str) -> Access {
    let mut access = Access::default();
    let Ok(policy) = serde_json::from_str::<Value>(policy) else { return access };
    for statement in public_statements(&policy) {
        access.add(action_access(statement));
    }
    access
}

/// The statements of a policy, of any service, that allow something to everyone.
pub fn public_statements(policy: &Value) -> impl Iterator<Item = &Value> {
    one_or_many(policy.get("Statement")).iter().filter(|statement| {
        let allows = statement.get("Effect").and_then(Value::as_str) == Some("Allow");
        allows && is_everyone(statement) && !is_restricted(statement.get("Condition"))
    })
}

fn one_or_many(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(values)) => values,
        Some(value) => std::slice::from_ref(value),
        None => &[],
    }
}

fn is_everyone(statement: &Value) -> bool {
    // An Allow for everyone but some is an Allow for the public.
    if statement.get("NotPrincipal").is_some() {
        return true;
    }
    match statement.get("Principal") {
        Some(Value::String(principal)) => principal == "*",
        Some(Value::Object(kinds)) => one_or_many(kinds.get("AWS")).iter().any(|p| p == "*"),
        _ => false,
    }
}

/// Condition keys that, with a fixed value, keep the public out.
const RESTRICTING: &[&str] = &[
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "aws:username",
    "aws:vpcsourceip",
    "kms:calleraccount",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
];

fn is_restricted(condition: Option<&Value>) -> bool {
    let Some(Value::Object(operators)) = condition else { return false };
    operators.iter().any(|(operator, keys)| {
        // `StringNotEquals` leaves everyone else in, and `Null` names no one.
        if operator.contains("Not") || operator == "Null" {
            return false;
        }
        let Value::Object(keys) = keys else { return false };
        keys.iter().any(|(key, values)| {
            let key = key.to_ascii_lowercase();
            let is_asked_for = !holds_without_key(operator)
                || (!operator.ends_with("IfExists") && ALWAYS_THERE.contains(&key.as_str()))
                || requires(operators, &key);
            is_asked_for
                && RESTRICTING.contains(&key.as_str())
                && !one_or_many(Some(values)).is_empty()
                && one_or_many(Some(values)).iter().all(|it| is_fixed(&key, it))
        })
    })
}

/// Keys that every request from the Internet has, one without credentials too.
const ALWAYS_THERE: &[&str] = &["aws:principalaccount", "aws:sourceip", "aws:userid"];

/// Whether an operator lets through who has no such key: one with `…IfExists`, and `ForAllValues:…`, since all of
/// no values are as they are to be (IAM User Guide, "Set operators for multivalued context keys").
pub fn holds_without_key(operator: &str) -> bool {
    operator.ends_with("IfExists") || operator.to_ascii_lowercase().starts_with("forallvalues:")
}

/// Whether a `Null` condition asks for a key, in lower case, to be there.
fn requires(operators: &serde_json::Map<String, Value>, key: &str) -> bool {
    let nulls = operators.get("Null").and_then(Value::as_object);
    nulls.into_iter().flatten().any(|(it, values)| {
        let values = one_or_many(Some(values));
        it.eq_ignore_ascii_case(key)
            && !values.is_empty()
            && values.iter().all(|it| it == "false" || *it == Value::Bool(false))
    })
}

/// Whether a condition's value names someone: no wildcard or variable, unless in an ARN of a fixed account or
/// in a path of a fixed organization, and no range that covers a great part of the Internet (S3 takes /8 as the
/// limit of IPv4 and /32 of IPv6).
fn is_fixed(key: &str, value: &Value) -> bool {
    let Some(text) = value.as_str() else { return false };
    if key.ends_with("orgpaths")
        && let Some((organization, _)) = text.split_once('/')
    {
        return !organization.is_empty() && !organization.contains(['*', '?', '$']);
    }
    if let Some((address, bits)) = text.split_once('/')
        && let (Ok(ip), Ok(bits)) = (address.parse::<std::net::IpAddr>(), bits.parse::<u8>())
    {
        return bits >= if ip.is_ipv4() { 8 } else { 32 };
    }
    if text.starts_with("arn:") {
        let account = text.split(':').nth(4).unwrap_or("");
        return account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    }
    !text.is_empty() && !text.contains(['*', '?', '$'])
}

fn action_access(statement: &Value) -> Access {
    if statement.get("NotAction").is_some() {
        return Access { read: true, write: true };
    }
    let mut access = Access::default();
    for action in one_or_many(statement.get("Action")).iter().filter_map(Value::as_str) {
        let action = action.to_ascii_lowercase();
        let Some(verb) = action.strip_prefix("s3:").or((action == "*").then_some("*")) else {
            continue;
        };
        if verb.starts_with('*') {
            access.add(Access { read: true, write: true });
        } else if ["get", "list", "head"].iter().any(|read| verb.starts_with(read)) {
            access.read = true;
        } else {
            access.write = true;
        }
    }
    access
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(rest: &str) -> (bool, bool) {
        let access = policy_access(&format!(r#"{{"Statement":{{{rest},"Resource":"*"}}}}"#));
        (access.read, access.write)
    }

    fn condition(condition: &str) -> bool {
        let head = r#""Effect":"Allow","Principal":{"AWS":["*"]},"Action":"s3:GetObject""#;
        statement(&format!(r#"{head},"Condition":{condition}"#)).0
    }

    #[test]
    fn actions_tell_reading_from_writing() {
        let allow = |action: &str| {
            statement(&format!(r#""Effect":"Allow","Principal":"*","Action":{action}"#))
        };
        assert_eq!(allow(r#""s3:GetObject""#), (true, false));
        assert_eq!(allow(r#"["s3:ListBucket","s3:PutObject"]"#), (true, true));
        assert_eq!(allow(r#""s3:DeleteObject*""#), (false, true));
        assert_eq!(allow(r#""s3:*""#), (true, true));
        assert_eq!(allow(r#""*""#), (true, true));
        assert_eq!(allow(r#""sqs:SendMessage""#), (false, false));
    }

    #[test]
    fn only_everyone_is_the_public() {
        let by = |principal: &str| {
            statement(&format!(r#""Effect":"Allow",{principal},"Action":"s3:GetObject""#)).0
        };
        assert!(by(r#""Principal":{"AWS":"*"}"#));
        assert!(by(r#""NotPrincipal":{"AWS":"111122223333"}"#));
        assert!(!by(r#""Principal":{"AWS":"arn:aws:iam::111122223333:root"}"#));
        assert!(!by(r#""Principal":{"Service":"cloudtrail.amazonaws.com"}"#));
        assert!(!statement(r#""Effect":"Deny","Principal":"*","Action":"s3:*""#).0);
    }

    #[test]
    fn conditions_with_fixed_values_keep_the_public_out() {
        for kept_out in [
            r#"{"StringEquals":{"aws:SourceVpce":"vpce-1"}}"#,
            r#"{"StringEquals":{"AWS:PrincipalOrgID":["o-1","o-2"]}}"#,
            r#"{"IpAddress":{"aws:SourceIp":["198.51.100.0/24","2001:db8::/32"]}}"#,
            r#"{"ArnLike":{"aws:SourceArn":"arn:aws:cloudfront::111122223333:distribution/*"}}"#,
            r#"{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":["o-a1/r-ab12/ou-1/*"]}}"#,
            r#"{"ForAllValues:IpAddress":{"aws:SourceIp":"198.51.100.0/24"}}"#,
            r#"{"ForAllValues:StringEquals":{"aws:PrincipalOrgID":["o-1"]},"Null":{"aws:PrincipalOrgID":"false"}}"#,
            r#"{"StringEqualsIfExists":{"aws:SourceVpce":"vpce-1"},"Null":{"aws:SourceVpce":false}}"#,
        ] {
            assert!(!condition(kept_out), "{kept_out}");
        }
        for let_in in [
            r#"{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}"#,
            r#"{"IpAddress":{"aws:SourceIp":["198.51.100.0/24","0.0.0.0/1"]}}"#,
            r#"{"StringLike":{"aws:PrincipalOrgID":"o-*"}}"#,
            r#"{"StringNotEquals":{"aws:SourceVpce":"vpce-1"}}"#,
            r#"{"Bool":{"aws:SecureTransport":"true"}}"#,
            r#"{"Null":{"aws:SourceVpce":"false"}}"#,
            r#"{"StringEquals":{"aws:SourceVpce":[]}}"#,
            r#"{"ForAllValues:StringEquals":{"aws:PrincipalOrgID":["o-1"]}}"#,
            r#"{"ForAllValues:StringEquals":{"aws:PrincipalOrgID":["o-1"]},"Null":{"aws:PrincipalOrgID":"true"}}"#,
            r#"{"StringEqualsIfExists":{"aws:SourceVpce":"vpce-1"}}"#,
            r#"{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":["o-*/r-ab12/*"]}}"#,
            r#""x""#,
        ] {
            assert!(condition(let_in), "{let_in}");
        }
    }

    #[test]
    fn blocks_and_the_verdict_of_s3_count() {
        let policy = r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*"}]}"#;
        let fact = BucketFact { policy: Some(policy.into()), ..BucketFact::default() };
        assert!(Exposure::of(&fact, BlockPublicAccess::default()).is_public());
        assert!(!Exposure::of(&fact, BlockPublicAccess::ALL).is_public());
        let judged = BucketFact { policy_is_public: Some(false), ..fact.clone() };
        assert!(!Exposure::of(&judged, BlockPublicAccess::default()).is_public());
        let blocked = BucketFact { block: Some(BlockPublicAccess::ALL), ..fact };
        assert!(!Exposure::of(&blocked, BlockPublicAccess::default()).is_public());
        assert!(!Exposure::of(&BucketFact::default(), BlockPublicAccess::default()).is_public());
        assert_eq!(policy_access("not json"), Access::default());
    }
}
