//! One principal reads many secrets in a short time.

use std::time::Duration;

use engine::findings::{Data, Draft, EvidenceRef, FindingType, Reason, ResourceRole};
use engine::intel::Category;
use engine::model::{Scope, Severity, Timestamp, hash64};
use engine::telemetry::ApiCall;
use engine::{ApiCalls, Context, Detector, Event, Interest, Out, Spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Many secrets read.
pub const BULK_SECRET_READS: FindingType = FindingType {
    name: "CredentialAccess:IAMUser/BulkSecretReads",
    severity: Severity::MEDIUM,
    title: "Many secrets were read in a short time",
    about: "One user or role read many different secrets of Secrets Manager, or encrypted parameters of \
        Systems Manager, within minutes. Programs read a few that they know; intruders list all and read \
        them one by one.",
    detection: "Successful GetSecretValue, BatchGetSecretValue, GetParameter, GetParameters or \
        GetParametersByPath calls with decryption for at least `secrets` different names within \
        `window_secs`, by a principal that did not do so on `known_days` earlier days. Calls that an AWS \
        service makes do not count.",
    false_positives: "Jobs that rotate, back up or migrate secrets, and deployments that read a whole \
        configuration. Benign when the principal is such a job's; it goes quiet after a few days.",
    response: "Ask the owner of the credential. If they cannot explain it, disable it or revoke the role's \
        sessions, and rotate every secret that was read: the CloudTrail records name them. Find out how the \
        credential got into other hands.",
    techniques: &["T1555.006"],
    data: &[Data::CloudTrailManagement],
    aggregation: "principal",
    is_own: true,
};

tunables! {
    /// Many secrets that are read in a short time: one of Guardpost's own types.
    pub struct BulkSecretReads {
        /// Whether the family is on.
        pub enabled: bool = true,
        /// Time within which different secrets are counted, in seconds.
        pub window_secs: u32 = 600,
        /// Different secrets within the window.
        pub secrets: u32 = 20 => 2..=State::READS_MAX as i64,
        /// Earlier days with as many reads after which a principal is known for them; 0 knows nobody.
        pub known_days: u32 = 2 => 0..=State::DAYS_MAX as i64,
    }
}

/// What one principal read.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// Secrets with the latest time, the least recently read first, at most [`State::READS_MAX`].
    reads: Vec<Read>,
    /// Days on which there were many, at most [`State::DAYS_MAX`].
    busy_days: Vec<i64>,
    /// Until when reads that were reported go on.
    reported_until: Option<Timestamp>,
}

#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Read {
    secret: u64,
    time: Timestamp,
    evidence: EvidenceRef,
}

impl State {
    const READS_MAX: usize = 128;
    const DAYS_MAX: usize = 14;

    fn add(&mut self, secret: u64, time: Timestamp, evidence: EvidenceRef) -> bool {
        let known = self.reads.iter().position(|it| it.secret == secret);
        let is_new = known.is_none();
        if let Some(at) = known {
            self.reads.remove(at);
        } else if self.reads.len() >= State::READS_MAX {
            self.reads.remove(0);
        }
        self.reads.push(Read { secret, time, evidence });
        is_new
    }

    /// Notes that the day is a busy one. Returns the number of earlier ones.
    fn busy(&mut self, day: i64) -> usize {
        if !self.busy_days.contains(&day) {
            if self.busy_days.len() >= State::DAYS_MAX {
                self.busy_days.remove(0);
            }
            self.busy_days.push(day);
        }
        self.busy_days.iter().filter(|it| **it < day).count()
    }
}

/// The calls that are read. `wants` looks for them too: events of other detectors of a scope come along.
const CALLS: [&str; 5] = [
    "BatchGetSecretValue",
    "GetParameter",
    "GetParameters",
    "GetParametersByPath",
    "GetSecretValue",
];

impl Detector for BulkSecretReads {
    type Reads = ApiCalls;
    type State = State;

    const SPEC: Spec = Spec {
        name: "iam/bulk_secret_reads",
        scope: Scope::Principal,
        idle: Duration::from_hours(14 * 24),
        version: 1,
        types: &[&BULK_SECRET_READS],
        interest: Interest::Calls(&CALLS),
    };

    fn wants(&self, event: &Event<'_, ApiCalls>) -> bool {
        self.enabled
            && event.row.is_success()
            && event.row.invoked_by.len == 0
            && !event.row.is(ApiCall::SERVICE_EVENT)
            && matches!(event.event_source(), "secretsmanager.amazonaws.com" | "ssm.amazonaws.com")
            && !event.listed.contains(Category::Trusted)
    }

    fn observe(
        &self,
        state: &mut State,
        event: &Event<'_, ApiCalls>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let time = event.time();
        let window = Duration::from_secs(u64::from(self.window_secs));
        let from = time - window;
        state.reads.retain(|it| it.time >= from);
        let mut fresh = 0;
        for secret in secrets(event) {
            fresh += u64::from(state.add(secret, time, event.evidence()));
        }
        if fresh == 0 || state.reads.len() < self.secrets as usize {
            return;
        }
        let known = state.busy(time.day());
        if self.known_days > 0 && known >= self.known_days as usize {
            return;
        }
        let goes_on = state.reported_until.is_some_and(|until| time <= until);
        state.reported_until = state.reported_until.max(Some(time + window));
        out.raise(draft(state, if goes_on { Some(fresh) } else { None }, event, ctx));
    }
}

/// Hashes of the secrets that a call reads. A path stands for itself: its parameters are not in the record.
fn secrets(event: &Event<'_, ApiCalls>) -> Vec<u64> {
    let Ok(request) = serde_json::from_str::<Value>(event.request()) else { return Vec::new() };
    let is_parameter = event.event_source() == "ssm.amazonaws.com";
    // Parameters that are not decrypted are no secrets.
    if is_parameter && request.get("withDecryption") != Some(&Value::Bool(true)) {
        return Vec::new();
    }
    let mut names: Vec<u64> = ["secretId", "secretIdList", "name", "names", "path", "filters"]
        .iter()
        .filter_map(|it| request.get(*it))
        .flat_map(|it| match it {
            Value::Array(values) => values.as_slice(),
            one => std::slice::from_ref(one),
        })
        .take(State::READS_MAX)
        .map(|it| {
            it.as_str().map_or_else(|| hash64(it.to_string().as_bytes()), |it| hash64(name(it)))
        })
        .collect();
    names.dedup();
    names
}

/// The name of a secret, which may be given as its ARN with six random characters at the end.
fn name(secret: &str) -> &[u8] {
    let name = secret.split_once(":secret:").map_or(secret, |(_, name)| {
        let cut = name.len().checked_sub(7).and_then(|at| name.split_at_checked(at));
        cut.filter(|(_, tail)| tail.starts_with('-')).map_or(name, |(name, _)| name)
    });
    name.as_bytes()
}

/// `fresh` secrets more than were reported before; all of the window at first.
fn draft(
    state: &State,
    fresh: Option<u64>,
    event: &Event<'_, ApiCalls>,
    ctx: &Context<'_>,
) -> Draft {
    let mut draft = ctx.caller_draft(&BULK_SECRET_READS, event);
    let (user, api, count) = (event.caller_label(), event.event_name(), state.reads.len());
    draft.key = ctx.entity.name.to_string();
    draft.role = ResourceRole::Target;
    draft.count = fresh.unwrap_or(count as u64);
    if fresh.is_none() {
        draft.first = state.reads.iter().map(|it| it.time).min().unwrap_or(draft.first);
        draft
            .evidence
            .extend(state.reads.iter().take(Draft::EVIDENCE_MAX - 1).map(|it| it.evidence));
        draft.evidence.sort_unstable();
        draft.evidence.dedup();
    }
    draft.title = format!("{user} read many secrets in a short time.");
    draft.description = format!(
        "{user} read {count} different secrets within minutes, the latest by calling {api}. This can be an \
         intruder who collects credentials."
    );
    draft.reasons.push(Reason::new("different secrets in the window", count, "secrets"));
    draft
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_one_by_its_name_or_its_arn() {
        let arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-a1B2c3";
        assert_eq!(name(arn), b"prod/db");
        assert_eq!(name("prod/db"), b"prod/db");
        assert_eq!(name("arn:aws:secretsmanager:us-east-1:111122223333:secret:x"), b"x");
    }

    #[test]
    fn reads_and_days_are_bounded() {
        let mut state = State::default();
        let evidence =
            EvidenceRef { time: Timestamp::from_secs(0), origin: engine::model::Origin::default() };
        for n in 0..300 {
            assert!(state.add(n, Timestamp::from_secs(0), evidence));
        }
        assert!(!state.add(299, Timestamp::from_secs(1), evidence));
        assert_eq!(state.reads.len(), State::READS_MAX);
        assert_eq!((0..40).map(|day| state.busy(day)).max(), Some(State::DAYS_MAX - 1));
    }
}
