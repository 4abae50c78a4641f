//! Logs of a made-up AWS world in native formats: ordinary activity, and attacks that are known to be in it.
//!
//! Everything is a function of seed and start: no clock, no I/O. Addresses are those reserved for
//! documentation.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod background;
pub mod calls;
mod describe;
pub mod flow;
pub mod logs;
pub mod places;
pub mod population;
pub mod random;
pub mod samples;
pub mod scenarios;
mod simulation;
mod stage;
pub mod time;
pub mod topology;
pub mod traffic;
pub mod world;

pub use scenarios::Scenario;
pub use simulation::{Expected, Options, PLACES, Simulation, simulate};
pub use stage::{Person, Stage, TaskKind};
