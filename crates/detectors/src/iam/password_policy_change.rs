//! Somebody weakens the account's password policy, or tries to.

use std::fmt::Display;
use std::time::Duration;

use engine::findings::{Data, Draft, FindingType, Reason, ResourceRole};
use engine::intel::Category;
use engine::model::{Scope, Severity};
use engine::telemetry::ApiCall;
use engine::{ApiCalls, Context, Detector, Event, Interest, Out, Spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Password policy weakened.
pub const PASSWORD_POLICY_CHANGE: FindingType = FindingType {
    name: "Stealth:IAMUser/PasswordPolicyChange",
    severity: Severity::LOW,
    title: "The account's password policy was weakened",
    about: "Somebody changed the policy for passwords of IAM users so that it asks for less, removed it, or \
        tried to. Intruders do this to give users that they control a password of their choice, or to make \
        guessing easier.",
    detection: "An UpdateAccountPasswordPolicy that lowers a requirement (length, kinds of characters, age, \
        reuse, or what happens to expired passwords), or a DeleteAccountPasswordPolicy; a denied attempt \
        counts. The policy before is that of the latest successful call of the records. Where none is known \
        the new policy is compared with AWS's default: eight characters of three kinds. Settings that a call \
        leaves out go back to the API's defaults. Low, Medium or High with the number and weight of the \
        requirements that fell.",
    false_positives: "Administrators follow newer guidance that drops expiry and kinds of characters in favor \
        of length, and infrastructure as code may write the policy anew. Benign when a change ticket names \
        the new values and the caller is the usual deployment role.",
    response: "Compare the policy with what your organization asks for (`aws iam \
        get-account-password-policy`) and set it again. Look for users whose password was created or changed \
        since (CreateLoginProfile, UpdateLoginProfile, ChangePassword), and ask the caller; if they cannot \
        explain it, disable their credential.",
    techniques: &["T1556"],
    data: &[Data::CloudTrailManagement],
    aggregation: "credential of the caller",
    is_own: false,
};

tunables! {
    /// Changes that weaken the password policy.
    pub struct PasswordPolicyChange {
        /// Whether the family is on.
        pub enabled: bool = true,
        /// Points of weakening from which a finding is Medium: an age or reuse rule or a kind of characters
        /// that fell counts one, a length below the former one, and one below eight characters two.
        pub medium_points: u32 = 3,
        /// Points of weakening from which a finding is High.
        pub high_points: u32 = 5,
    }
}

/// A password policy; `None` where there is no such rule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Policy {
    length: u64,
    /// Symbols, numbers, upper case, lower case.
    kinds: [bool; 4],
    /// Days after which a password expires.
    max_age: Option<u64>,
    /// Former passwords that must not be used again.
    reuse: Option<u64>,
    /// Whether an administrator has to reset an expired password.
    hard_expiry: bool,
}

/// Members of the request in the order of [`Policy::kinds`], and what they ask for.
const KINDS: [(&str, &str); 4] = [
    ("requireSymbols", "symbols"),
    ("requireNumbers", "numbers"),
    ("requireUppercaseCharacters", "upper-case letters"),
    ("requireLowercaseCharacters", "lower-case letters"),
];

/// The policy of an account that has set none: eight characters of three kinds
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html>).
const DEFAULT_LENGTH: u64 = 8;
const DEFAULT_KINDS: usize = 3;

impl Policy {
    /// The policy after a successful call. What is left out gets the default of
    /// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html>.
    fn requested(request: &Value) -> Policy {
        let flag = |name: &str| request.get(name).and_then(Value::as_bool).unwrap_or(false);
        let number = |name: &str| request.get(name).and_then(Value::as_u64).filter(|it| *it > 0);
        Policy {
            length: number("minimumPasswordLength").unwrap_or(6),
            kinds: KINDS.map(|(name, _)| flag(name)),
            max_age: number("maxPasswordAge"),
            reuse: number("passwordReusePrevention"),
            hard_expiry: flag("hardExpiry"),
        }
    }

    fn kind_count(&self) -> usize {
        self.kinds.iter().filter(|it| **it).count()
    }
}

/// What is known of an account's policy.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum State {
    /// No call told.
    #[default]
    Unknown,
    /// It was deleted: AWS's default holds.
    Default,
    /// It was set.
    Set(Policy),
}

/// A requirement that fell.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Fallen {
    what: &'static str,
    before: String,
    after: String,
    points: u32,
}

fn fallen(what: &'static str, before: &dyn Display, after: &dyn Display, points: u32) -> Fallen {
    Fallen { what, before: before.to_string(), after: after.to_string(), points }
}

/// Requirements of a policy that another no longer has.
fn compare(before: &State, after: Option<&Policy>) -> Vec<Fallen> {
    const AWS_DEFAULT: &str = "not known; AWS's default is 8";
    let mut out = Vec::new();
    let (length, kinds) =
        after.map_or((DEFAULT_LENGTH, DEFAULT_KINDS), |it| (it.length, it.kind_count()));
    let below = |limit: u64| if length < DEFAULT_LENGTH && limit >= DEFAULT_LENGTH { 2 } else { 1 };
    let State::Set(before) = before else {
        let is_known = *before == State::Default;
        let Some(_) = after else {
            if !is_known {
                out.push(fallen("own password policy", &"not known", &"none", 1));
            }
            return out;
        };
        if length < DEFAULT_LENGTH {
            let before = if is_known { "8" } else { AWS_DEFAULT };
            out.push(fallen("minimum length", &before, &length, 2));
        }
        if kinds < DEFAULT_KINDS {
            let lost = (DEFAULT_KINDS - kinds) as u32;
            let before = if is_known { "3" } else { "not known; AWS's default is 3" };
            out.push(fallen("kinds of characters", &before, &kinds, lost));
        }
        return out;
    };
    if length < before.length {
        out.push(fallen("minimum length", &before.length, &length, below(before.length)));
    }
    if let Some(after) = after {
        for ((_, what), (was, is)) in
            KINDS.into_iter().zip(before.kinds.into_iter().zip(after.kinds))
        {
            if was && !is {
                out.push(fallen(what, &"required", &"not required", 1));
            }
        }
    } else if before.kind_count() > DEFAULT_KINDS {
        out.push(fallen("kinds of characters", &before.kind_count(), &DEFAULT_KINDS, 1));
    }
    let none = |it: Option<u64>| it.map_or_else(|| "none".to_owned(), |it| it.to_string());
    let (age, reuse) = (after.and_then(|it| it.max_age), after.and_then(|it| it.reuse));
    if before.max_age.is_some_and(|was| age.is_none_or(|is| is > was)) {
        out.push(fallen("days until a password expires", &none(before.max_age), &none(age), 1));
    }
    if before.reuse.is_some_and(|was| reuse.is_none_or(|is| is < was)) {
        let what = "former passwords that must not come back";
        out.push(fallen(what, &none(before.reuse), &none(reuse), 1));
    }
    if before.hard_expiry && age.is_some() && !after.is_some_and(|it| it.hard_expiry) {
        out.push(fallen("reset of expired passwords", &"by an administrator", &"by the user", 1));
    }
    out
}

/// The calls that are read. `wants` looks for them too: events of other detectors of a scope come along.
const CALLS: [&str; 2] = ["DeleteAccountPasswordPolicy", "UpdateAccountPasswordPolicy"];

impl Detector for PasswordPolicyChange {
    type Reads = ApiCalls;
    type State = State;

    const SPEC: Spec = Spec {
        name: "iam/password_policy_change",
        scope: Scope::Account,
        // A policy is set once and holds for years.
        idle: Duration::from_hours(5 * 366 * 24),
        version: 1,
        types: &[&PASSWORD_POLICY_CHANGE],
        interest: Interest::Calls(&CALLS),
    };

    fn wants(&self, event: &Event<'_, ApiCalls>) -> bool {
        self.enabled
            && event.event_source() == "iam.amazonaws.com"
            && !event.row.is(ApiCall::SERVICE_EVENT)
    }

    fn observe(
        &self,
        state: &mut State,
        event: &Event<'_, ApiCalls>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let is_delete = event.event_name() == "DeleteAccountPasswordPolicy";
        let request = serde_json::from_str::<Value>(event.request());
        // A denied call may have no parameters: nobody knows what it asked for.
        let after = match request {
            Ok(request) if !is_delete && request.is_object() => Some(Policy::requested(&request)),
            _ if is_delete => None,
            _ => return,
        };
        let fell = compare(state, after.as_ref());
        if event.row.is_success() {
            *state = after.map_or(State::Default, State::Set);
        }
        if !fell.is_empty() && !event.listed.contains(Category::Trusted) {
            out.raise(self.draft(&fell, event, ctx));
        }
    }
}

impl PasswordPolicyChange {
    fn draft(&self, fell: &[Fallen], event: &Event<'_, ApiCalls>, ctx: &Context<'_>) -> Draft {
        let mut draft = ctx.caller_draft(&PASSWORD_POLICY_CHANGE, event);
        let (api, user) = (event.event_name(), event.caller_label());
        let points: u32 = fell.iter().map(|it| it.points).sum();
        draft.role = ResourceRole::Target;
        draft.severity = match points {
            it if it >= self.high_points => Severity::HIGH,
            it if it >= self.medium_points => Severity::MEDIUM,
            _ => Severity::LOW,
        };
        let is_done = event.row.is_success();
        let what = if is_done {
            format!("The account password policy was weakened by {user} calling {api}")
        } else {
            format!("{user} tried to weaken the account password policy by calling {api}")
        };
        draft.title = format!("{what}.");
        let list: Vec<String> = fell
            .iter()
            .map(|it| format!("{} {} (before: {})", it.what, it.after, it.before))
            .collect();
        let outcome = if is_done {
            String::new()
        } else {
            format!(" The call failed with {}.", event.error_code())
        };
        draft.description = format!("{what}: {}.{outcome}", list.join(", "));
        for it in fell {
            let what = format!("weaker requirement: {}", it.what);
            draft.reasons.push(Reason::new(&what, &it.after, format!("before: {}", it.before)));
        }
        draft.reasons.push(Reason::new(
            "points of weakening",
            points,
            "medium_points, high_points",
        ));
        draft
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(text: &str) -> Policy {
        Policy::requested(&serde_json::from_str(text).unwrap())
    }

    const STRONG: &str = r#"{"minimumPasswordLength":14,"requireSymbols":true,"requireNumbers":true,
        "requireUppercaseCharacters":true,"requireLowercaseCharacters":true,"maxPasswordAge":90,
        "passwordReusePrevention":24,"hardExpiry":true}"#;

    fn points(before: &State, after: &str) -> (usize, u32) {
        let fell = compare(before, Some(&policy(after)));
        (fell.len(), fell.iter().map(|it| it.points).sum())
    }

    #[test]
    fn requirements_that_fall_are_named() {
        let strong = State::Set(policy(STRONG));
        assert_eq!(points(&strong, STRONG), (0, 0));
        // Everything that is left out falls: length, four kinds, age, reuse. Nothing expires any more.
        assert_eq!(points(&strong, r#"{"minimumPasswordLength":6}"#), (7, 8));
        assert_eq!(points(&strong, &STRONG.replace("14", "16").replace("90", "30")), (0, 0));
        assert_eq!(points(&strong, &STRONG.replace("14", "12")), (1, 1));
        assert_eq!(points(&strong, &STRONG.replace(":90", ":365")), (1, 1));
        assert_eq!(points(&strong, &STRONG.replace(":24", ":3")), (1, 1));
        assert_eq!(points(&strong, &STRONG.replace("\"hardExpiry\":true", "\"x\":1")), (1, 1));
        assert_eq!(compare(&strong, None).len(), 4);
    }

    #[test]
    fn an_unknown_policy_is_compared_with_the_default() {
        for before in [State::Unknown, State::Default] {
            assert_eq!(points(&before, STRONG), (0, 0));
            assert_eq!(points(&before, r#"{"minimumPasswordLength":6}"#), (2, 5));
            let two = r#"{"minimumPasswordLength":12,"requireNumbers":true,"requireSymbols":true}"#;
            assert_eq!(points(&before, two), (1, 1));
        }
        assert_eq!(compare(&State::Unknown, None).len(), 1);
        assert_eq!(compare(&State::Default, None).len(), 0);
    }
}
