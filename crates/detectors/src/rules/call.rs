//! One call as rules see it: the record and its parameters.

use engine::inventory::BlockPublicAccess;
use engine::model::AccountId;
use engine::telemetry::Caller;
use engine::{ApiCalls, Context, Event};
use serde_json::Value;

use super::json;

/// A call with its parameters parsed.
pub(super) struct Call<'a, 'e> {
    pub(super) event: &'a Event<'e, ApiCalls>,
    pub(super) ctx: &'a Context<'a>,
    /// `requestParameters`; null where they cannot be read.
    pub(super) request: Value,
    /// `responseElements`; null where they cannot be read.
    pub(super) response: Value,
    /// `additionalEventData`; null where it cannot be read.
    pub(super) additional: Value,
}

impl<'a, 'e> Call<'a, 'e> {
    pub(super) fn new(event: &'a Event<'e, ApiCalls>, ctx: &'a Context<'a>) -> Call<'a, 'e> {
        let parsed = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
        Call {
            event,
            ctx,
            request: unwrapped(parsed(event.request())),
            response: parsed(event.response()),
            additional: parsed(event.additional()),
        }
    }

    pub(super) fn name(&self) -> &'e str {
        self.event.event_name()
    }

    pub(super) fn text(&self, path: &str) -> &str {
        json::text(&self.request, path)
    }

    /// The first of several members that is there.
    pub(super) fn any_text(&self, paths: &[&str]) -> &str {
        paths.iter().map(|it| self.text(it)).find(|it| !it.is_empty()).unwrap_or("")
    }

    pub(super) fn flag(&self, path: &str) -> Option<bool> {
        json::flag(&self.request, path)
    }

    pub(super) fn has(&self, path: &str) -> bool {
        !json::at(&self.request, path).is_null()
    }

    /// The account of the trail.
    pub(super) fn account(&self) -> AccountId {
        self.event.row.account
    }

    /// Whether an account, as digits or in an ARN, is neither the trail's nor known to be of the organization.
    pub(super) fn is_foreign(&self, account: &str) -> bool {
        let digits = if account.starts_with("arn:") {
            account.split(':').nth(4).unwrap_or("")
        } else {
            account
        };
        AccountId::from_digits(digits.as_bytes()).is_some_and(|it| {
            it.is_known() && it != self.account() && !self.ctx.inventory.is_org_account(it)
        })
    }

    /// Whether root called.
    pub(super) fn is_root(&self) -> bool {
        self.event.row.caller == Caller::Root
    }

    /// Block Public Access of the bucket and its account, where it is known.
    pub(super) fn blocks_policy(&self) -> bool {
        let (bucket, time) = (self.event.bucket(), self.event.time());
        let fact = self.ctx.inventory.bucket(bucket, time);
        let own = fact.and_then(|it| it.block).unwrap_or_default();
        let account = self.ctx.inventory.account_block(self.account(), time).unwrap_or_default();
        let blocks = |it: BlockPublicAccess| it.restrict_public_buckets;
        blocks(own) || blocks(account)
    }
}

/// CloudTrail wraps the newer calls of EC2: `{"ModifySecurityGroupRulesRequest": {…}}`.
fn unwrapped(value: Value) -> Value {
    match value {
        Value::Object(mut members)
            if members.len() == 1 && members.keys().all(|it| it.ends_with("Request")) =>
        {
            let name = members.keys().next().cloned().unwrap_or_default();
            members.remove(&name).unwrap_or_default()
        }
        value => value,
    }
}
