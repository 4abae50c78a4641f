//! A bucket's policy or access control list is changed so that the public gets in.

use std::time::Duration;

use engine::findings::{Data, Draft, FindingType, Reason, ResourceRole};
use engine::intel::Category;
use engine::inventory::requested_acl;
use engine::model::{Scope, Severity};
use engine::telemetry::ApiCall;
use engine::{ApiCalls, Context, Detector, Event, Interest, Out, Spec};
use serde_json::Value;

use super::exposure::{Audience, Exposure, Grant, audience, blocked, just_before, words};
use super::{acl, policy};

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

/// Longest request that is read, in bytes: S3 takes policies of up to 20 KB, which CloudTrail may escape.
const REQUEST_MAX: usize = 64 * 1024;

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
            && event.request().len() <= REQUEST_MAX
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
            policy::grants(request.get("bucketPolicy").unwrap_or(&Value::Null))
        } else {
            acl::grants(&requested_acl(&request).unwrap_or_default())
        };
        let fact = ctx.inventory.bucket(event.bucket(), event.time());
        let [is_policy_blocked, is_acl_blocked] = blocked(fact, event, ctx, event.time());
        let is_blocked = if is_policy { is_policy_blocked } else { is_acl_blocked };
        if !after.is_empty() && !is_blocked {
            out.raise(draft(&after, is_policy, event, ctx));
        }
    }
}

fn draft(
    after: &[Grant],
    is_policy: bool,
    event: &Event<'_, ApiCalls>,
    ctx: &Context<'_>,
) -> Draft {
    let is_anonymous = audience(after) == Audience::Anonymous;
    let mut draft = ctx.bucket_draft(if is_anonymous { &ANONYMOUS } else { &PUBLIC }, event);
    let (bucket, api, user) = (event.bucket(), event.event_name(), event.caller_label());
    let what = if is_anonymous { "Public Anonymous Access" } else { "Public Access" };
    let exposure = Exposure::of(event, ctx, just_before(event));
    let (by, before) = if is_policy {
        ("let in by the policy", exposure.policy)
    } else {
        ("let in by the access control list", exposure.acl)
    };
    let (effect, change) = (words(after), change(before.as_deref(), after));
    draft.role = ResourceRole::Target;
    draft.title = format!("Amazon S3 {what} was granted for the S3 bucket {bucket}.");
    draft.description = format!(
        "Amazon S3 {what} was granted for the S3 bucket {bucket} by {user} calling {api}. By this {effect}; \
         {change}. If this behavior is not expected, it may indicate a configuration mistake or that your \
         credentials are compromised."
    );
    if let Some(action) = &mut draft.action.aws_api_call_action {
        action.affected_resources.insert("AWS::S3::Bucket".to_owned(), bucket.to_owned());
    }
    let known = before.as_deref().map_or("not known".to_owned(), words);
    draft.reasons.push(Reason::new(by, effect, format!("before the call: {known}")));
    draft
}

/// What is new about a policy or list, in words.
fn change(before: Option<&[Grant]>, after: &[Grant]) -> String {
    let Some(before) = before else { return "what held before is not known".to_owned() };
    let is_new = |grant: &&Grant| {
        !before.iter().any(|it| {
            it.ability == grant.ability
                && it.audience >= grant.audience
                && (it.resource == grant.resource
                    || policy::is_under(it.resource.as_bytes(), grant.resource.as_bytes()))
        })
    };
    let new: Vec<Grant> = after.iter().filter(is_new).cloned().collect();
    if new.is_empty() {
        "the public had this access before".to_owned()
    } else if before.is_empty() {
        "before, nobody of the public got in".to_owned()
    } else {
        format!("new is that {}", words(&new))
    }
}

#[cfg(test)]
mod tests {
    use super::super::exposure::Ability;
    use super::*;

    #[test]
    fn hostile_policies_are_evaluated_in_bounded_steps() {
        let statement = |effect: &str, pattern: &str| {
            let patterns = vec![format!("\"{pattern}\""); 300].join(",");
            format!(
                r#"{{"Effect":"{effect}","Principal":"*","Action":[{patterns}],"Resource":[{patterns}]}}"#
            )
        };
        let allows = vec![statement("Allow", "s3:*a*a*a*a"); 20].join(",");
        let denies = vec![statement("Deny", "s3:*a*a*a*b"); 20].join(",");
        let text = format!(r#"{{"Statement":[{allows},{denies}]}}"#);
        let grants = policy::grants(&serde_json::from_str(&text).unwrap());
        assert!(grants.len() <= 20 * 64 * Ability::ALL.len());
    }

    #[test]
    fn the_change_names_what_is_new() {
        let grant = |ability, resource: &str| Grant {
            audience: Audience::Anonymous,
            ability,
            resource: resource.to_owned(),
        };
        let narrow = [grant(Ability::Read, "arn:aws:s3:::b/pub/*")];
        let wide =
            [grant(Ability::Read, "arn:aws:s3:::b/*"), grant(Ability::Write, "arn:aws:s3:::b/*")];
        assert_eq!(change(None, &narrow), "what held before is not known");
        assert_eq!(change(Some(&[]), &narrow), "before, nobody of the public got in");
        assert_eq!(change(Some(&wide), &narrow), "the public had this access before");
        assert_eq!(
            change(Some(&narrow), &wide),
            "new is that everyone may read objects and write objects"
        );
    }
}
