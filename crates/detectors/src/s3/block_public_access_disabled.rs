//! Block Public Access of a bucket or of a whole account is turned off.

use std::time::Duration;

use engine::findings::{Data, Draft, FindingType, Reason, ResourceRole};
use engine::intel::Category;
use engine::inventory::{BlockPublicAccess, read_block};
use engine::model::{AccountId, Scope, Severity};
use engine::telemetry::ApiCall;
use engine::{ApiCalls, Context, Detector, Event, Interest, Out, Spec};
use serde_json::Value;

use super::exposure::{Exposure, audience, just_before, words};

const FALSE_POSITIVES: &str = "Buckets of websites and downloads need the block off, and infrastructure code \
    writes the settings anew at each run. Benign when the caller can name the bucket that has to be public \
    and the call is the last step of a change that was agreed upon.";

/// The whole account.
pub const ACCOUNT: FindingType = FindingType {
    name: "Policy:S3/AccountBlockPublicAccessDisabled",
    severity: Severity::LOW,
    title: "Block Public Access of an account was turned off",
    about: "Block Public Access for the whole account, which overrides what single buckets allow, was turned off \
        in whole or in part. From now on a bucket's own settings, policy and access control list decide \
        alone: every bucket that was public in them is public at once.",
    detection: "A successful PutAccountPublicAccessBlock (PutPublicAccessBlock of S3 Control) with at least one \
        of the four settings off, or DeleteAccountPublicAccessBlock. Quiet where the settings before the call \
        are known and the call only turns settings on.",
    false_positives: FALSE_POSITIVES,
    response: "Ask the caller why. If nobody can say, turn all four settings on again \
        (`aws s3control put-public-access-block`), which takes effect at once, then look for buckets that \
        were public in the meantime (`aws s3api get-bucket-policy-status`) and what was read from them. If \
        the caller did not do it, disable the credential.",
    techniques: &["T1562.001", "T1530"],
    data: &[Data::CloudTrailManagement],
    aggregation: "credential of the caller",
    is_own: false,
};

/// One bucket.
pub const BUCKET: FindingType = FindingType {
    name: "Policy:S3/BucketBlockPublicAccessDisabled",
    severity: Severity::LOW,
    title: "Block Public Access of an S3 bucket was turned off",
    about: "Block Public Access of a bucket was turned off in whole or in part. A policy or access control list \
        that lets the public in is no longer held back, unless the account's own block does. The finding says \
        whom the bucket's policy and list let in now, as far as they are known.",
    detection: "A successful PutBucketPublicAccessBlock with at least one of the four settings off, or \
        DeleteBucketPublicAccessBlock. Quiet where the settings before the call are known and the call only \
        turns settings on.",
    false_positives: FALSE_POSITIVES,
    response: "Ask the caller why. If nobody can say, turn all four settings on again \
        (`aws s3api put-public-access-block`), which takes effect at once. Then look at the bucket's policy \
        and access control list, and at the S3 data events for who read or wrote in the meantime. If the \
        caller did not do it, disable the credential.",
    techniques: &["T1562.001", "T1530"],
    data: &[Data::CloudTrailManagement],
    aggregation: "bucket and credential of the caller",
    is_own: false,
};

/// In order. S3 and S3 Control write both names for both levels.
const CALLS: &[&str] = &[
    "DeleteAccountPublicAccessBlock",
    "DeleteBucketPublicAccessBlock",
    "DeletePublicAccessBlock",
    "PutAccountPublicAccessBlock",
    "PutBucketPublicAccessBlock",
    "PutPublicAccessBlock",
];

tunables! {
    /// Block Public Access of buckets and accounts that is turned off.
    pub struct BlockPublicAccessDisabled {
        /// Whether the family is on.
        pub enabled: bool = true,
    }
}

impl Detector for BlockPublicAccessDisabled {
    type Reads = ApiCalls;
    type State = ();

    const SPEC: Spec = Spec {
        name: "s3/block_public_access_disabled",
        // A call about an account names no bucket.
        scope: Scope::Session,
        idle: Duration::from_hours(1),
        version: 1,
        types: &[&ACCOUNT, &BUCKET],
        interest: Interest::Calls(CALLS),
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
        let request: Value = serde_json::from_str(event.request()).unwrap_or_default();
        let is_removed = event.event_name().starts_with("Delete");
        let asked = request
            .get("PublicAccessBlockConfiguration")
            .or_else(|| request.get("publicAccessBlockConfiguration"))
            .and_then(read_block);
        // What cannot be read says nothing.
        let Some(after) = asked.or(is_removed.then(BlockPublicAccess::default)) else { return };
        let before = if event.bucket().is_empty() {
            let owner = account_of(&request).unwrap_or(event.row.account);
            ctx.inventory.account_block(owner, just_before(event))
        } else {
            ctx.inventory.bucket(event.bucket(), just_before(event)).and_then(|it| it.block)
        };
        if weakens(before, after) {
            out.raise(draft(before, after, event, ctx));
        }
    }
}

fn account_of(request: &Value) -> Option<AccountId> {
    request.get("accountId")?.as_str().and_then(|it| AccountId::from_digits(it.as_bytes()))
}

/// Names and values of the four settings.
fn settings(block: BlockPublicAccess) -> [(&'static str, bool); 4] {
    [
        ("BlockPublicAcls", block.block_public_acls),
        ("IgnorePublicAcls", block.ignore_public_acls),
        ("BlockPublicPolicy", block.block_public_policy),
        ("RestrictPublicBuckets", block.restrict_public_buckets),
    ]
}

/// Whether some setting is off after the call and the call does not only turn settings on.
///
/// Settings that are off before and after count: a description that was made after the call says of the time
/// before it what the call brought about.
fn weakens(before: Option<BlockPublicAccess>, after: BlockPublicAccess) -> bool {
    let is_off = settings(after).iter().any(|it| !it.1);
    let Some(before) = before else { return is_off };
    let changes = || settings(before).into_iter().zip(settings(after)).map(|(a, b)| (a.1, b.1));
    let only_turns_on =
        changes().any(|it| it == (false, true)) && !changes().any(|it| it == (true, false));
    is_off && !only_turns_on
}

fn draft(
    before: Option<BlockPublicAccess>,
    after: BlockPublicAccess,
    event: &Event<'_, ApiCalls>,
    ctx: &Context<'_>,
) -> Draft {
    let (bucket, api, user) = (event.bucket(), event.event_name(), event.caller_label());
    let (mut draft, concerned) = if bucket.is_empty() {
        (ctx.caller_draft(&ACCOUNT, event), "the account".to_owned())
    } else {
        (ctx.bucket_draft(&BUCKET, event), format!("S3 bucket {bucket}"))
    };
    let off = names(after, false);
    draft.role = ResourceRole::Target;
    draft.title = format!("Amazon S3 Block Public Access was disabled for {concerned}.");
    draft.description = format!(
        "Amazon S3 Block Public Access was disabled for {concerned} by {user} calling {api}. Off is now {off}.{} \
         If this behavior is not expected, it may indicate a configuration mistake or that your credentials are \
         compromised.",
        effect(event, ctx)
    );
    if let Some(action) = &mut draft.action.aws_api_call_action
        && !bucket.is_empty()
    {
        action.affected_resources.insert("AWS::S3::Bucket".to_owned(), bucket.to_owned());
    }
    let before = before.map_or("not known".to_owned(), |it| format!("on was {}", names(it, true)));
    let reason = Reason::new("settings that are off", off, format!("before the call: {before}"));
    draft.reasons.push(reason);
    draft
}

fn names(block: BlockPublicAccess, value: bool) -> String {
    let named = settings(block).into_iter().filter(|it| it.1 == value).map(|it| it.0);
    let names: Vec<&str> = named.collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

/// Whom the bucket's policy and list let in now, in words; empty when nothing is known or nobody.
fn effect(event: &Event<'_, ApiCalls>, ctx: &Context<'_>) -> String {
    if event.bucket().is_empty() {
        return String::new();
    }
    let now = Exposure::of(event, ctx, event.time()).known();
    let earlier = Exposure::of(event, ctx, just_before(event)).known();
    match (now.is_empty(), audience(&earlier) == audience(&now)) {
        (true, _) => String::new(),
        (false, true) => {
            format!(" By the bucket's policy and access control list {}.", words(&now))
        }
        (false, false) => {
            format!(" The bucket's policy and access control list take effect: {}.", words(&now))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(bits: [bool; 4]) -> BlockPublicAccess {
        BlockPublicAccess {
            block_public_acls: bits[0],
            ignore_public_acls: bits[1],
            block_public_policy: bits[2],
            restrict_public_buckets: bits[3],
        }
    }

    #[test]
    fn only_what_leaves_something_off_weakens() {
        const ON: bool = true;
        const OFF: bool = false;
        for (before, after, expected) in [
            (None, [OFF; 4], true),
            (None, [ON, ON, OFF, ON], true),
            (None, [ON; 4], false),
            (Some([ON; 4]), [OFF; 4], true),
            (Some([OFF; 4]), [ON; 4], false),
            (Some([OFF; 4]), [ON, ON, OFF, OFF], false),
            (Some([OFF; 4]), [OFF; 4], true),
            (Some([OFF, ON, ON, ON]), [ON, OFF, ON, ON], true),
        ] {
            assert_eq!(weakens(before.map(block), block(after)), expected, "{before:?} {after:?}");
        }
    }

    #[test]
    fn settings_are_named() {
        assert_eq!(
            names(block([true, false, true, false]), false),
            "IgnorePublicAcls, RestrictPublicBuckets"
        );
        assert_eq!(names(BlockPublicAccess::ALL, false), "nothing");
    }
}
