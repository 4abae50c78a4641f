//! The GuardDuty-compatible HTTP API: existing clients work by changing the endpoint.
//!
//! Knows no engine, no detector and no log format: what it changes goes into the store, findings come from there.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod audit;
mod check;
mod context;
mod control;
mod epoch;
mod error;
mod handler;
mod input;
mod keys;
pub mod kinds;
mod operation;
mod patterns;
mod percent;
mod rate;
mod report;
mod resources;
mod service;
mod sigv4;
mod state;
#[cfg(test)]
mod testing;
mod wire;

pub use audit::{Audit, NoAudit, Peer};
pub use control::{Control, ControlContent, ControlDocument, ControlFeedback, Judged};
pub use keys::{Key, Keys, Role};
pub use report::{loaded, report};
pub use resources::{is_associated, scope_of};
pub use service::router;
pub use state::{Clock, Controls, DetectionRule, Limits, Locations, State};
