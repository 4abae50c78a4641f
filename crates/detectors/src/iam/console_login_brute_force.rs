//! Somebody guesses console passwords, of one user or of many, and may have found one.

use std::time::Duration;

use engine::findings::{Data, Draft, EvidenceRef, FindingType, Reason, ResourceRole};
use engine::intel::Category;
use engine::model::{Addr, Scope, Severity, Timestamp, hash64};
use engine::telemetry::Caller;
use engine::{ApiCalls, Context, Detector, Event, Interest, Out, Spec};
use serde::{Deserialize, Serialize};

/// Passwords guessed.
pub const CONSOLE_LOGIN_BRUTE_FORCE: FindingType = FindingType {
    name: "CredentialAccess:IAMUser/ConsoleLoginBruteForce",
    severity: Severity::MEDIUM,
    title: "Passwords of the AWS console are being guessed",
    about: "Sign-ins to the AWS console failed again and again, for one user or from one address for many. \
        Somebody tries passwords, often ones that leaked elsewhere. If a sign-in then succeeds, the password \
        was found.",
    detection: "At least `user_failures` failed ConsoleLogin events of one IAM user or of root within \
        `window_secs`, from whatever addresses; or at least `source_failures` from one address that tries \
        `source_users` or more different users. High if a sign-in of the user, or from the address, succeeds \
        within the window after it.",
    false_positives: "A user who forgot the password, or a password manager with an old one. Benign when the \
        user confirms the attempts and the address is theirs: few people try ten times.",
    response: "If a sign-in succeeded: end the user's sessions, set a new password, check MFA devices and \
        access keys, and look at everything that was done since. If none did: make sure that the user has \
        MFA, and block the address where you can. Names of users that do not exist are hidden in the \
        records.",
    techniques: &["T1110"],
    data: &[Data::CloudTrailManagement],
    aggregation: "user, or address where it tries many",
    is_own: true,
};

tunables! {
    /// Passwords of the console that are guessed: one of Guardpost's own types.
    pub struct ConsoleLoginBruteForce {
        /// Whether the family is on.
        pub enabled: bool = true,
        /// Time within which failed sign-ins are counted, in seconds.
        pub window_secs: u32 = 3600,
        /// Failed sign-ins of one user within the window.
        pub user_failures: u32 = 10 => 2..=State::FAILURES_MAX as i64,
        /// Failed sign-ins from one address within the window.
        pub source_failures: u32 = 20 => 2..=State::FAILURES_MAX as i64,
        /// Different users that one address must have tried.
        pub source_users: u32 = 5 => 1..=State::FAILURES_MAX as i64,
    }
}

/// Failed sign-ins of an account.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// By user or address, the least recently tried first, at most [`State::TRIED_MAX`].
    tried: Vec<Tried>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Tried {
    key: String,
    /// The latest failures in the order in which they came, at most [`State::FAILURES_MAX`].
    failures: Vec<Failure>,
    /// Until when the guessing that was reported goes on.
    reported_until: Option<Timestamp>,
}

#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Failure {
    time: Timestamp,
    user: u64,
    evidence: EvidenceRef,
}

impl State {
    const TRIED_MAX: usize = 256;
    const FAILURES_MAX: usize = 64;

    fn take(&mut self, key: &str) -> Option<Tried> {
        let at = self.tried.iter().position(|it| it.key == key)?;
        Some(self.tried.remove(at))
    }

    fn put(&mut self, tried: Tried) {
        if self.tried.len() >= State::TRIED_MAX {
            self.tried.remove(0);
        }
        self.tried.push(tried);
    }
}

/// How CloudTrail writes the name of a user that does not exist.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

impl Detector for ConsoleLoginBruteForce {
    type Reads = ApiCalls;
    type State = State;

    const SPEC: Spec = Spec {
        name: "iam/console_login_brute_force",
        scope: Scope::Account,
        idle: Duration::from_hours(24),
        version: 1,
        types: &[&CONSOLE_LOGIN_BRUTE_FORCE],
        interest: Interest::Calls(&["ConsoleLogin"]),
    };

    fn wants(&self, event: &Event<'_, ApiCalls>) -> bool {
        self.enabled
            && event.event_source() == "signin.amazonaws.com"
            && matches!(event.row.caller, Caller::IamUser | Caller::Root)
            && event.row.source.is_known()
            && !event.listed.contains(Category::Trusted)
    }

    fn observe(
        &self,
        state: &mut State,
        event: &Event<'_, ApiCalls>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let is_failure = event.response().contains("\"Failure\"");
        let user = user_name(event);
        let keys = [Key::User(user), Key::Source(event.row.source)];
        for key in keys.into_iter().filter(|it| !matches!(it, Key::User(HIDDEN))) {
            let found = if is_failure {
                self.failed(state, &key, user, event)
            } else {
                succeeded(state, &key, event)
            };
            if let Some(found) = found {
                out.raise(draft(&key, &found, event, ctx));
            }
        }
    }
}

/// What failures are counted by.
enum Key<'k> {
    User(&'k str),
    Source(Addr),
}

impl Key<'_> {
    fn text(&self) -> String {
        match self {
            Key::User(user) => format!("user {user}"),
            Key::Source(address) => format!("address {address}"),
        }
    }
}

fn user_name<'e>(event: &Event<'e, ApiCalls>) -> &'e str {
    match event.user_name() {
        "" if event.row.caller == Caller::Root => "root",
        "" => HIDDEN,
        name => name,
    }
}

/// Guessing to be reported.
#[derive(Debug)]
struct Found {
    first: Timestamp,
    count: u64,
    /// Failures in the window.
    failures: usize,
    users: usize,
    evidence: Vec<EvidenceRef>,
    threshold: &'static str,
    is_success: bool,
}

impl ConsoleLoginBruteForce {
    fn window(&self) -> Duration {
        Duration::from_secs(u64::from(self.window_secs))
    }

    fn failed(
        &self,
        state: &mut State,
        key: &Key<'_>,
        user: &str,
        event: &Event<'_, ApiCalls>,
    ) -> Option<Found> {
        let (text, time) = (key.text(), event.time());
        let mut tried = state.take(&text).unwrap_or(Tried {
            key: text,
            failures: Vec::new(),
            reported_until: None,
        });
        let (from, window) = (time - self.window(), self.window());
        tried.failures.retain(|it| it.time >= from);
        if tried.failures.len() >= State::FAILURES_MAX {
            tried.failures.remove(0);
        }
        let user = hash64(user.as_bytes());
        tried.failures.push(Failure { time, user, evidence: event.evidence() });
        let (failures, users) = (tried.failures.len(), users(&tried));
        let (needed, users_needed, threshold) = match key {
            Key::User(_) => (self.user_failures, 1, "user_failures"),
            Key::Source(_) => (self.source_failures, self.source_users, "source_failures"),
        };
        let goes_on = tried.reported_until.is_some_and(|until| time <= until);
        let is_enough = failures >= needed as usize && users >= users_needed as usize;
        let found = (goes_on || is_enough).then(|| {
            tried.reported_until = tried.reported_until.max(Some(time + window));
            let earliest = tried.failures.iter().map(|it| it.time).min().unwrap_or(time);
            Found {
                first: if goes_on { time } else { earliest },
                count: if goes_on { 1 } else { failures as u64 },
                failures,
                users,
                evidence: evidence(&tried),
                threshold,
                is_success: false,
            }
        });
        state.put(tried);
        found
    }
}

/// A sign-in that succeeded after guessing.
fn succeeded(state: &mut State, key: &Key<'_>, event: &Event<'_, ApiCalls>) -> Option<Found> {
    let tried = state.take(&key.text())?;
    let time = event.time();
    let is_after = tried.reported_until.is_some_and(|until| time <= until)
        && tried.failures.iter().any(|it| it.time <= time);
    let threshold = match key {
        Key::User(_) => "user_failures",
        Key::Source(_) => "source_failures",
    };
    is_after.then(|| Found {
        first: time,
        count: 1,
        failures: tried.failures.len(),
        users: users(&tried),
        evidence: evidence(&tried),
        threshold,
        is_success: true,
    })
}

fn users(tried: &Tried) -> usize {
    let mut users: Vec<u64> = tried.failures.iter().map(|it| it.user).collect();
    users.sort_unstable();
    users.dedup();
    users.len()
}

fn evidence(tried: &Tried) -> Vec<EvidenceRef> {
    tried.failures.iter().take(Draft::EVIDENCE_MAX - 1).map(|it| it.evidence).collect()
}

fn draft(key: &Key<'_>, found: &Found, event: &Event<'_, ApiCalls>, ctx: &Context<'_>) -> Draft {
    let mut draft = ctx.caller_draft(&CONSOLE_LOGIN_BRUTE_FORCE, event);
    draft.key = key.text();
    draft.role = ResourceRole::Target;
    draft.first = found.first;
    draft.count = found.count;
    draft.evidence.extend(&found.evidence);
    draft.evidence.sort_unstable();
    draft.evidence.dedup();
    let (failures, source) = (found.failures, event.row.source);
    let what = match key {
        Key::User(user) => format!("Console passwords of {user} are being guessed"),
        Key::Source(address) => {
            format!("{address} is guessing console passwords of {} users", found.users)
        }
    };
    draft.title = format!("{what}.");
    draft.description = format!("{what}: {failures} sign-ins failed, the latest from {source}.");
    if found.is_success {
        draft.severity = Severity::HIGH;
        let user = user_name(event);
        draft.title = format!("{what}, and {user} signed in.");
        draft.description = format!(
            "{what}: {failures} sign-ins failed, and then {user} signed in from {source}. The password may \
             have been found."
        );
        draft.reasons.push(Reason::new("sign-in after the guesses", user, ""));
    }
    draft.reasons.push(Reason::new("failed sign-ins", failures, found.threshold));
    if let Key::Source(_) = key {
        draft.reasons.push(Reason::new("users that were tried", found.users, "source_users"));
    }
    draft
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tried_users_are_bounded_and_renewed() {
        let mut state = State::default();
        for n in 0..State::TRIED_MAX + 5 {
            let key = n.to_string();
            state.put(Tried { key, failures: Vec::new(), reported_until: None });
        }
        assert_eq!(state.tried.len(), State::TRIED_MAX);
        let again = state.take("5").unwrap();
        state.put(again);
        assert_eq!(state.tried.last().unwrap().key, "5");
        assert!(state.take("4").is_none());
    }
}
