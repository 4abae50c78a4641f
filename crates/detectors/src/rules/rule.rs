//! A rule, and the finding that it makes.

use engine::findings::{Draft, FindingType, Reason, ResourceRole};
use engine::model::Severity;
use engine::{ApiCalls, Event};

use super::call::Call;

/// A row of a table of rules.
pub(super) struct Rule {
    /// Name of the rule, as GuardDuty writes such names.
    pub(super) name: &'static str,
    pub(super) finding_type: &'static FindingType,
    pub(super) severity: Severity,
    /// Whether calls that failed count.
    pub(super) counts_attempts: bool,
    /// `eventSource` without `.amazonaws.com`.
    pub(super) source: &'static str,
    /// Names of calls, without version suffixes.
    pub(super) calls: &'static [&'static str],
    /// What was done; `{}` stands for the resource.
    pub(super) summary: &'static str,
    /// Why that matters, a sentence.
    pub(super) why: &'static str,
    /// The condition.
    pub(super) condition: fn(&Call<'_, '_>) -> Option<Match>,
}

/// What a condition found.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Match {
    /// What was looked at, and its value.
    reasons: Vec<(&'static str, String)>,
    /// `CloudFormation`'s name of the resource's kind.
    kind: &'static str,
    /// Id, name or ARN of the resource.
    resource: String,
    /// Severity where it is not the rule's.
    severity: Option<Severity>,
}

/// Longest text of a parameter that a finding shows.
const SHOWN_MAX: usize = 200;

fn shown(text: &str) -> String {
    text.chars().take(SHOWN_MAX).collect()
}

/// A match that concerns a resource.
#[expect(clippy::unnecessary_wraps, reason = "conditions end with it")]
pub(super) fn hit(kind: &'static str, resource: &str) -> Option<Match> {
    Some(Match { kind, resource: shown(resource), ..Match::default() })
}

impl Match {
    /// The resource concerned, empty if none.
    pub(super) fn resource(&self) -> &str {
        &self.resource
    }

    /// Adds what was looked at.
    #[expect(clippy::unnecessary_wraps, reason = "conditions end with it")]
    pub(super) fn because(mut self, what: &'static str, value: &str) -> Option<Match> {
        self.reasons.push((what, shown(value)));
        Some(self)
    }

    /// With a severity of its own.
    #[expect(clippy::unnecessary_wraps, reason = "conditions end with it")]
    pub(super) fn severe(mut self, severity: Severity) -> Option<Match> {
        self.severity = Some(severity);
        Some(self)
    }
}

impl Rule {
    /// Whether the rule reads such a call.
    pub(super) fn reads(&self, event: &Event<'_, ApiCalls>) -> bool {
        let is_done = event.row.is_success() && event.row.error_message.len == 0;
        (is_done || self.counts_attempts)
            && event.event_source().strip_suffix(".amazonaws.com") == Some(self.source)
            && self.calls.contains(&event.event_name())
    }

    /// The severity of a match.
    pub(super) fn severity_of(&self, found: &Match) -> Severity {
        found.severity.unwrap_or(self.severity)
    }

    /// The finding of a match. Its key is the credential, with the bucket if there is one.
    pub(super) fn draft(&self, found: &Match, call: &Call<'_, '_>) -> Draft {
        let (event, ctx) = (call.event, call.ctx);
        let mut draft = if event.bucket().is_empty() {
            ctx.caller_draft(self.finding_type, event)
        } else {
            ctx.bucket_draft(self.finding_type, event)
        };
        let (api, user) = (event.event_name(), event.caller_label());
        draft.role = ResourceRole::Target;
        draft.severity = self.severity_of(found);
        let resource = if found.resource.is_empty() { "(not named)" } else { &found.resource };
        let summary = self.summary.replacen("{}", resource, 1);
        draft.title = format!("{summary} by {user}.");
        let from = if event.row.source.is_known() {
            format!("IP address {}", event.row.source)
        } else {
            event.source_text().to_owned()
        };
        draft.description = format!("{summary} by {user} calling {api} from {from}. {}", self.why);
        if !found.kind.is_empty()
            && !found.resource.is_empty()
            && let Some(action) = &mut draft.action.aws_api_call_action
        {
            action.affected_resources.insert(found.kind.to_owned(), found.resource.clone());
        }
        for (what, value) in &found.reasons {
            draft.reasons.push(Reason::new(what, value, ""));
        }
        draft.reasons.push(Reason::new("rule", self.name, ""));
        draft
    }
}

/// Most distinct calls of the rules of a family.
const CALLS_MAX: usize = 128;

/// The number of distinct calls that tables read.
pub(super) const fn count(tables: &[&[Rule]]) -> usize {
    collect(tables).1
}

/// The names of the calls that tables read, sorted, each once: the engine asks a detector as often as it
/// names a call.
pub(super) const fn calls<const N: usize>(tables: &[&[Rule]]) -> [&'static str; N] {
    let (all, len) = collect(tables);
    assert!(len == N, "the number of names is that of `count`");
    let mut names = [""; N];
    let mut done = 0;
    while done < N {
        let mut at = done;
        while at > 0 && is_less(all[done].as_bytes(), names[at - 1].as_bytes()) {
            names[at] = names[at - 1];
            at -= 1;
        }
        names[at] = all[done];
        done += 1;
    }
    names
}

const fn collect(tables: &[&[Rule]]) -> ([&'static str; CALLS_MAX], usize) {
    let mut names = [""; CALLS_MAX];
    let (mut len, mut table) = (0, 0);
    while table < tables.len() {
        let mut rule = 0;
        while rule < tables[table].len() {
            let calls = tables[table][rule].calls;
            let mut call = 0;
            while call < calls.len() {
                if !contains(&names, len, calls[call]) {
                    names[len] = calls[call];
                    len += 1;
                }
                call += 1;
            }
            rule += 1;
        }
        table += 1;
    }
    (names, len)
}

/// The rule types of tables in order, each once.
pub(super) const fn types<const N: usize>(tables: &[&[Rule]]) -> [&'static FindingType; N] {
    let mut types = [tables[0][0].finding_type; N];
    let (mut len, mut table) = (0, 0);
    while table < tables.len() {
        let mut rule = 0;
        while rule < tables[table].len() {
            let it = tables[table][rule].finding_type;
            let (mut at, mut is_new) = (0, true);
            while at < len {
                if is_equal(types[at].name.as_bytes(), it.name.as_bytes()) {
                    is_new = false;
                }
                at += 1;
            }
            if is_new {
                types[len] = it;
                len += 1;
            }
            rule += 1;
        }
        table += 1;
    }
    assert!(len == N, "the number of types is that of the distinct types");
    types
}

const fn contains(names: &[&str], len: usize, name: &str) -> bool {
    let mut at = 0;
    while at < len {
        if is_equal(names[at].as_bytes(), name.as_bytes()) {
            return true;
        }
        at += 1;
    }
    false
}

const fn is_less(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() {
        if one[at] != other[at] {
            return one[at] < other[at];
        }
        at += 1;
    }
    one.len() < other.len()
}

const fn is_equal(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}
