//! Tests that run the built program.

mod baseline;
mod codes;
mod common;
mod demo;
mod order;
mod rules;
mod samples;
mod scan;
mod summary;
mod tune;
mod types;
