//! Formats, told from content: nobody is asked which one a file has.

use serde::Serialize;

/// What the records of an object are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// CloudTrail records.
    CloudTrail,
    /// VPC flow log lines.
    Flow,
    /// Route 53 Resolver query log records.
    Dns,
    /// Records inside of envelopes: EventBridge, CloudWatch Logs, Firehose.
    Envelope,
}
