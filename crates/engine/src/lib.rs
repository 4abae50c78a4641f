//! Journal, router, key groups, state, wake-ups, profiles, signals and snapshots: pure computation.
//!
//! The engine knows no concrete detector. It does no I/O, reads no clock and starts no thread: a driver
//! hands it batches and an [`Executor`], and gets drafts back. The same batches give the same drafts.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod baseline;
mod batch;
mod connection;
mod context;
mod core;
mod describe;
mod describe_function;
mod detector;
mod disabled;
mod entities;
mod executor;
mod flow_lines;
mod intake;
pub mod inventory;
mod key_group;
mod kind;
mod names;
mod out;
mod profiles;
mod registry;
mod router;
mod seen;
mod signal;
mod snapshot;
pub mod stats;
mod table;
mod work;

pub use baseline::Learnt;
pub use batch::{Batch, Control};
pub use connection::{Connection, ConnectionSettings, Outcome, Side};
pub use context::{Context, EntityInfo};
pub use core::{BatchOutput, Counters, Engine, EngineOptions, Suppression};
pub use describe::{Ends, port_name};
pub use detector::{Detector, Feedback, Interest, Spec};
pub use disabled::{Disabled, Off, RuleMode, RuleModes};
pub use executor::{Executor, Serial};
pub use flow_lines::{FlowLines, SharedFlows};
pub use intake::{Intake, IntakeOptions, SourceId};
pub use inventory::{Descriptions, Inventory, Purpose};
pub use kind::{
    ApiCalls, Connections, DnsQueries, Event, FlowBlock, Flows, Kind, LocalFlow, Signals,
};
pub use out::Out;
pub use profiles::{Closed, Profile, Profiles, Summary};
pub use registry::Registry;
pub use signal::{Signal, anchors_of};
pub use snapshot::SnapshotError;

// What detectors need is re-exported, so that they depend on the engine alone.
pub use {findings, intel, model, telemetry};
