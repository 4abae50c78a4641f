//! The drivers: configuration, sources, the pipeline over threads, and what people see of it.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod baseline;
pub mod catalog;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod coverage;
pub mod evidence;
pub mod filter;
pub mod intel;
pub mod knowledge;
pub mod output;
pub mod pipeline;
pub mod plan;
pub mod progress;
pub mod scan;
pub mod screen;
pub mod serve;
pub mod sources;
pub mod subject;
pub mod summary;
pub mod tally;
pub mod text;
pub mod tuning;
pub mod window;
