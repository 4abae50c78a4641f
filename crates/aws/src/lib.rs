//! The client of AWS's own APIs: credentials and Region as other tools find them, signatures, bounded requests.
//!
//! It knows services and nothing of what they are asked for. [`Client::call`] speaks to any of them; `s3` and
//! `sqs` have the operations that logs come in by. Requests block: a thread waits for its answer, and every
//! request has a time and a size that it may take.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod client;
mod credentials;
mod encode;
mod endpoint;
mod error;
mod http;
pub mod s3;
mod settings;
mod sign;
pub mod sqs;
#[cfg(test)]
mod testing;
mod xml;

pub use client::{Answer, Client, Opened, Request};
pub use endpoint::is_region;
pub use error::Error;
pub use settings::Settings;
pub use xml::text_of;
