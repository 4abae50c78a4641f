//! Tests that run the built program.

mod codes;
mod common;
mod demo;
mod order;
mod samples;
mod scan;
mod types;
