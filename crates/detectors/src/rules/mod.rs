//! Rules over single CloudTrail records: GuardDuty's custom detection rules, and rules of Guardpost's own.
//!
//! A rule is a row of a table: which calls, on what condition, and what a finding says. One family drives
//! each table. What needs a state, a baseline or a look-up of its own is a family instead.

mod call;
mod custom;
pub mod custom_detection;
mod json;
mod library;
mod own;
pub mod own_rules;
mod policy;
mod ports;
mod rule;
mod selection;

pub use custom_detection::CustomDetection;
pub use library::{LibraryRule, library};
pub use selection::{Selection, UnknownRule};

use crate::Settings;

/// The settings in which Guardpost's own rules know which custom detection rules raise findings: what both say,
/// the custom rule says alone.
pub(crate) fn agreed(mut settings: Settings) -> Settings {
    settings.rules.own_rules.custom = settings.rules.custom_detection.raising();
    settings
}
