//! Which IAM users AWS has put into quarantine, since a key of theirs was found in public.
//!
//! It raises nothing by itself: [`super::compromised_credentials`] reads what it teaches.

use std::time::Duration;

use engine::model::{AccountId, Scope, hash64};
use engine::{ApiCalls, Context, Detector, Event, Interest, Out, Profile, Profiles, Spec};
use serde_json::Value;

tunables! {
    /// Learns which users AWS has put into quarantine; raises nothing by itself.
    pub struct Quarantine {
        /// Whether the family is on.
        pub enabled: bool = true,
    }
}

/// Users that were put into quarantine, and those that were released.
static QUARANTINE: Profile = Profile { name: "iam/quarantined_users", hours: 90 * 24, keys: 4096 };

/// The managed policies by which AWS restricts users with leaked keys, whatever their version
/// (<https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCompromisedKeyQuarantineV3.html>).
const POLICY: &str = ":aws:policy/AWSCompromisedKeyQuarantine";

const ATTACHED: u64 = 1;
const DETACHED: u64 = 2;

/// Whether a policy was attached to the user in an earlier hour and not detached since.
pub(super) fn is_quarantined(profiles: &Profiles, account: AccountId, user: &str) -> bool {
    let count = |kind| profiles.count(&QUARANTINE, account, lesson(user, kind));
    count(ATTACHED) > count(DETACHED)
}

fn lesson(user: &str, kind: u64) -> u64 {
    hash64(user.as_bytes()) ^ kind
}

/// The calls that are read. `wants` looks for them too: events of other detectors of a scope come along.
const CALLS: [&str; 2] = ["AttachUserPolicy", "DetachUserPolicy"];

impl Detector for Quarantine {
    type Reads = ApiCalls;
    type State = ();

    const SPEC: Spec = Spec {
        name: "iam/quarantine",
        scope: Scope::Account,
        idle: Duration::from_hours(1),
        version: 1,
        types: &[],
        interest: Interest::Calls(&CALLS),
    };

    fn wants(&self, event: &Event<'_, ApiCalls>) -> bool {
        self.enabled && event.row.is_success() && event.event_source() == "iam.amazonaws.com"
    }

    fn observe(
        &self,
        (): &mut (),
        event: &Event<'_, ApiCalls>,
        _: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let Ok(request) = serde_json::from_str::<Value>(event.request()) else { return };
        let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or("");
        if text("policyArn").contains(POLICY) && !text("userName").is_empty() {
            let is_attached = event.event_name() == "AttachUserPolicy";
            let kind = if is_attached { ATTACHED } else { DETACHED };
            out.teach(&QUARANTINE, lesson(text("userName"), kind), 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attaching_and_detaching_are_lessons_of_their_own() {
        assert_ne!(lesson("alice", ATTACHED), lesson("alice", DETACHED));
        assert_ne!(lesson("alice", ATTACHED), lesson("bob", ATTACHED));
    }
}
