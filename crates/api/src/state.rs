//! What the program that runs the API hands to it.

use std::sync::Arc;
use std::time::Duration;

use findings::FindingType;
use model::{Severity, Timestamp};
use store::Store;

use crate::audit::Audit;
use crate::keys::Keys;

/// Everything that requests are answered from.
#[derive(Clone)]
pub struct State {
    /// Findings and resources.
    pub store: Arc<dyn Store>,
    /// Who may call.
    pub keys: Arc<dyn Keys>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Hears of changes that concern detection.
    pub controls: Arc<dyn Controls>,
    /// Keeps an account of changes.
    pub audit: Arc<dyn Audit>,
    /// The types of findings there are, for samples.
    pub finding_types: &'static [&'static FindingType],
    /// The custom detection rules there are.
    pub rules: &'static [DetectionRule],
    /// Bounds of requests.
    pub limits: Limits,
}

/// A custom detection rule, as clients are told of it.
#[derive(Clone, PartialEq, Debug)]
pub struct DetectionRule {
    /// Lower-case words with hyphens, such as `vpc-flow-logs-deleted`.
    pub id: String,
    /// Its name, such as `VPCFlowLogsDeleted`: what findings and settings call it.
    pub name: String,
    /// What it is for, at most 1,024 characters.
    pub description: String,
    /// `CRITICAL`, `HIGH`, `MEDIUM` or `LOW`.
    pub severity: Severity,
    /// The purpose in the types that it raises.
    pub tactic: String,
    /// ATT&CK techniques.
    pub technique: String,
    /// The service that the calls belong to.
    pub service: String,
    /// What it asks of a CloudTrail record, as SQL, at most 4,096 characters.
    pub expression: String,
    /// Since when there is the rule.
    pub since: Timestamp,
}

/// Tells the time; tests replace it.
pub trait Clock: Send + Sync {
    /// The present time.
    fn now(&self) -> Timestamp;
}

/// Hears of changes that concern detection.
///
/// The change itself is an entry of the store's control journal, see [`crate::Control`], written in one
/// transaction with the documents. This call only says that there is one.
pub trait Controls: Send + Sync {
    /// An entry with this number was written.
    fn written(&self, sequence: u64);
}

/// Bounds of requests.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Largest body in bytes.
    pub body_bytes: usize,
    /// How long a request may take, its body included.
    pub timeout: Duration,
    /// Requests that are worked on at once; others wait.
    pub concurrent: usize,
    /// Requests per second of one key, twice as many at once; without limit at zero.
    pub per_second: u32,
    /// Whether connections are protected, by this process or by what stands in front of it. Only then are
    /// payloads accepted that are not signed.
    pub is_tls: bool,
    /// Where lists may be.
    pub locations: Locations,
}

/// Which locations of lists are taken, beside S3 and addresses over TLS.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Locations {
    /// `http://`, which anybody on the way can change.
    pub http: bool,
    /// `file://`, which the program confines to a directory.
    pub file: bool,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            body_bytes: 1 << 20,
            timeout: Duration::from_secs(30),
            concurrent: 64,
            per_second: 0,
            is_tls: false,
            locations: Locations::default(),
        }
    }
}
