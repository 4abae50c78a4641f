//! Wire formats of AWS logs to typed events: bytes in, rows out.
//!
//! Knows no finding, no clock, no disk and no network. A bad record never fails a file: it is counted by
//! cause with one sample kept, and the rest is read.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod cloudtrail;
mod codec;
mod dns;
mod envelope;
mod flow;
mod json;
mod key;
mod limits;
#[cfg(test)]
mod random;
mod reader;
mod report;
mod rows;
mod sniff;

pub use cloudtrail::Interest;
pub use codec::{decompressed, is_read_whole};
pub use dns::DnsParser;
pub use flow::FlowParser;
pub use key::{Hint, hint};
pub use limits::Limits;
pub use reader::{Block, ObjectReader, Options, extract, first_time};
pub use report::{Cause, Report, Sample};
pub use rows::{
    ApiCall, ApiRows, Caller, DnsHost, DnsQuery, DnsRows, Flow, FlowInterface, FlowRows, Span,
};
pub use sniff::Format;
