//! A credential is used that is known to be in wrong hands.

use std::time::Duration;

use engine::findings::{Data, Draft, FindingType, Reason, ResourceRole};
use engine::intel::{Category, Indicator, Verdict};
use engine::model::{Scope, Severity, Timestamp};
use engine::telemetry::{ApiCall, Caller};
use engine::{ApiCalls, Context, Detector, Event, Interest, Out, Spec};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::quarantine::is_quarantined;

/// Compromised credentials used.
pub const COMPROMISED_CREDENTIALS: FindingType = FindingType {
    name: "CredentialAccess:IAMUser/CompromisedCredentials",
    severity: Severity::HIGH,
    title: "An API was invoked with credentials that are known to be compromised",
    about: "An API was called with an access key that a list calls compromised, or with a key of an IAM user \
        that AWS has put into quarantine because a key of theirs was found in public, such as in a \
        repository. Whoever found the key may be the one who uses it.",
    detection: "Any call, failed ones included, with a long-term access key on a list of the \
        category `compromised-key`; and, where `count_quarantined` is set, any call with a long-term key of an IAM \
        user to whom a policy AWSCompromisedKeyQuarantine was attached in an earlier hour of the last 90 days \
        and not detached since. Calls that an AWS service makes on the account's behalf do not count.",
    false_positives: "The owner goes on using the key while it is being replaced. The user may have got a new \
        key while the quarantine policy is still attached: detach it once all former keys are deleted. Benign \
        when address and user agent are those of the owner's usual work, but the key must be replaced all \
        the same.",
    response: "Deactivate the access key at once, then delete it. List everything that it did since it leaked, \
        in every Region: users, keys, roles and policies that were made, instances, functions and models that \
        were started. Remove the key from where it was found; it stays in the history of a repository. Detach \
        the quarantine policy only when the user has no former key left.",
    techniques: &["T1552", "T1078.004"],
    data: &[Data::CloudTrailManagement, Data::CloudTrailS3],
    aggregation: "credential of the caller",
    is_own: false,
};

tunables! {
    /// Calls with access keys that are known to be compromised.
    pub struct CompromisedCredentials {
        /// Whether the family is on.
        pub enabled: bool = true,
        /// Whether calls by users count whom AWS has put into quarantine.
        pub count_quarantined: bool = true,
    }
}

/// What a compromised key has called.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// Calls by service and name in order of their first use, at most [`State::CALLS_MAX`].
    calls: Vec<Called>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Called {
    service: String,
    api: String,
    count: u64,
    first: Timestamp,
    last: Timestamp,
}

impl State {
    const CALLS_MAX: usize = 32;

    fn add(&mut self, service: &str, api: &str, time: Timestamp) {
        if let Some(it) = self.calls.iter_mut().find(|it| it.api == api && it.service == service) {
            it.count += 1;
            (it.first, it.last) = (it.first.min(time), it.last.max(time));
        } else if self.calls.len() < State::CALLS_MAX {
            self.calls.push(Called {
                service: service.to_owned(),
                api: api.to_owned(),
                count: 1,
                first: time,
                last: time,
            });
        }
    }
}

impl Detector for CompromisedCredentials {
    type Reads = ApiCalls;
    type State = State;

    const SPEC: Spec = Spec {
        name: "iam/compromised_credentials",
        scope: Scope::Session,
        idle: Duration::from_hours(30 * 24),
        version: 1,
        types: &[&COMPROMISED_CREDENTIALS],
        interest: Interest::Every,
    };

    fn wants(&self, event: &Event<'_, ApiCalls>) -> bool {
        let row = event.row;
        // Long-term keys are what leaks and is listed, and are a small part of all calls.
        self.enabled
            && matches!(row.caller, Caller::IamUser | Caller::Root)
            && event.access_key_id().starts_with("AKIA")
            && row.invoked_by.len == 0
            && !row.is(ApiCall::SERVICE_EVENT | ApiCall::INSIGHT)
            && !event.listed.contains(Category::Trusted)
    }

    fn observe(
        &self,
        state: &mut State,
        event: &Event<'_, ApiCalls>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let Some(cause) = self.cause(event, ctx) else { return };
        state.add(event.event_source(), event.event_name(), event.time());
        out.raise(draft(state, &cause, event, ctx));
    }
}

/// Why a credential counts as compromised.
enum Cause {
    Listed(Verdict),
    Quarantined,
}

impl CompromisedCredentials {
    fn cause(&self, event: &Event<'_, ApiCalls>, ctx: &Context<'_>) -> Option<Cause> {
        // Looking names up for each call would be for nothing where there is no such list.
        if ctx.intel.all_lists().iter().any(|it| it.category == Category::CompromisedKey) {
            let verdict = ctx.intel.name(event.access_key_id()).verdict;
            let (account, region) = (event.row.account, event.row.region);
            if ctx.intel.categories(verdict, account, region).contains(Category::CompromisedKey) {
                return Some(Cause::Listed(verdict));
            }
        }
        (self.count_quarantined
            && event.row.caller == Caller::IamUser
            && is_quarantined(ctx.profiles, ctx.entity.account, event.user_name()))
        .then_some(Cause::Quarantined)
    }
}

fn draft(state: &State, cause: &Cause, event: &Event<'_, ApiCalls>, ctx: &Context<'_>) -> Draft {
    let mut draft = ctx.caller_draft(&COMPROMISED_CREDENTIALS, event);
    let (api, user, key) = (event.event_name(), event.caller_label(), event.access_key_id());
    draft.role = ResourceRole::Target;
    draft.title = format!("API {api} was invoked with compromised credentials of {user}.");
    let why = match cause {
        Cause::Listed(verdict) => {
            let mut threats = ctx.threats(*verdict, Indicator::Name(key));
            threats.retain(|it| !it.threat_list_name.is_empty());
            draft.intel = threats;
            draft.reasons.push(Reason::new("access key on a list", key, "compromised-key"));
            "is on a list of compromised keys"
        }
        Cause::Quarantined => {
            draft.reasons.push(Reason::new("user in quarantine by AWS", user, "count_quarantined"));
            "belongs to a user whom AWS has put into quarantine because a key was found in public"
        }
    };
    draft.description = format!(
        "API {api} was invoked with the access key {key} of {user}, which {why}. Whoever obtained the key may \
         be using it."
    );
    let calls: Vec<Value> = state
        .calls
        .iter()
        .map(|it| {
            json!({
                "api": it.api,
                "serviceName": it.service,
                "count": it.count,
                "firstSeen": it.first.to_string(),
                "lastSeen": it.last.to_string(),
            })
        })
        .collect();
    draft.additional.insert("apiCalls".to_owned(), Value::Array(calls));
    draft
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_summed_and_bounded() {
        let mut state = State::default();
        let at = Timestamp::from_secs;
        state.add("iam.amazonaws.com", "ListUsers", at(20));
        state.add("iam.amazonaws.com", "ListUsers", at(10));
        let it = &state.calls[0];
        assert_eq!((it.count, it.first, it.last), (2, at(10), at(20)));
        for n in 0..100 {
            state.add("ec2.amazonaws.com", &format!("Call{n}"), at(30));
        }
        assert_eq!(state.calls.len(), State::CALLS_MAX);
    }
}
