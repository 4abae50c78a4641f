//! Tests that run the built program.

mod codes;
mod common;
mod demo;
mod order;
mod rules;
mod samples;
mod scan;
mod summary;
mod types;
