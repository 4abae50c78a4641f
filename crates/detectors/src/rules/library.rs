//! The custom detection rules as a library that clients look through.

use engine::findings::FindingType;
use engine::model::Severity;

use super::custom::rules;
use super::rule::Rule;

/// What a client is told of a custom detection rule.
#[derive(Clone, Copy, Debug)]
pub struct LibraryRule {
    /// Its name, such as `VPCFlowLogsDeleted`.
    pub name: &'static str,
    /// The type that it raises.
    pub finding_type: &'static FindingType,
    /// The severity of its findings.
    pub severity: Severity,
    /// `eventSource` of the calls without `.amazonaws.com`.
    pub source: &'static str,
    /// Names of the calls.
    pub calls: &'static [&'static str],
    /// Whether calls that failed count.
    pub counts_attempts: bool,
    /// What was done; `{}` stands for the resource.
    pub summary: &'static str,
    /// Why that matters, a sentence.
    pub why: &'static str,
}

/// Every custom detection rule.
pub fn library() -> impl Iterator<Item = LibraryRule> {
    let of = |it: &'static Rule| LibraryRule {
        name: it.name,
        finding_type: it.finding_type,
        severity: it.severity,
        source: it.source,
        calls: it.calls,
        counts_attempts: it.counts_attempts,
        summary: it.summary,
        why: it.why,
    };
    rules().map(of)
}
