//! A batch: the recorded unit of work.

use std::sync::Arc;

use findings::Draft;
use intel::Intel;
use model::{AccountId, Region, Timestamp};
use telemetry::{ApiRows, DnsRows};

use crate::disabled::Disabled;
use crate::flow_lines::FlowLines;
use crate::inventory::Descriptions;

/// The rows that were taken together, and the watermark after them.
///
/// Nothing that batches share (facts, profiles, lists, evictions) changes while a batch is worked on. A
/// batch without rows is a tick: it carries the passing of time.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Number in the journal, from 1.
    pub number: u64,
    /// Flow rows in journal order.
    pub flows: FlowLines,
    /// Resolver queries in journal order.
    pub queries: DnsRows,
    /// API calls in (time, eventID) order.
    pub calls: ApiRows,
    /// Every source has delivered what happened before this time, lateness included.
    pub watermark: Timestamp,
    /// Changes that take effect before the rows of this batch.
    pub controls: Vec<Control>,
}

impl Batch {
    /// A batch without rows.
    pub fn tick(number: u64, watermark: Timestamp) -> Batch {
        Batch {
            number,
            flows: FlowLines::default(),
            queries: DnsRows::default(),
            calls: ApiRows::default(),
            watermark,
            controls: Vec::new(),
        }
    }

    /// Number of rows of all kinds.
    pub fn len(&self) -> usize {
        self.flows.len() + self.queries.rows.len() + self.calls.rows.len()
    }

    /// Whether the batch has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A change of what decides results; recorded in the journal by content hash, between batches.
#[derive(Clone)]
pub enum Control {
    /// Other lists and tables are in force.
    Intel(Arc<Intel>),
    /// Facts from outside of the logs, learnt beside those that are known.
    Inventory(Arc<Descriptions>),
    /// Other types of findings are switched off.
    Disabled(Arc<Disabled>),
    /// Somebody judged a finding.
    Feedback {
        /// Account of the finding.
        account: AccountId,
        /// Region of the finding.
        region: Region,
        /// Type of the finding.
        finding_type: String,
        /// Aggregation key of the finding, as in [`Draft::key`].
        key: String,
        /// Whether it was worth reporting.
        useful: bool,
    },
}

impl Control {
    /// The feedback for the finding that a draft belongs to.
    pub fn feedback(draft: &Draft, useful: bool) -> Control {
        Control::Feedback {
            account: draft.account,
            region: draft.region,
            finding_type: draft.finding_type.name.to_owned(),
            key: draft.key.clone(),
            useful,
        }
    }
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Control::Intel(intel) => write!(f, "Intel({:016x})", intel.version()),
            Control::Inventory(_) => f.write_str("Inventory"),
            Control::Disabled(disabled) => write!(f, "{disabled:?}"),
            Control::Feedback { finding_type, key, useful, .. } => {
                write!(f, "Feedback({finding_type} {key} useful={useful})")
            }
        }
    }
}
