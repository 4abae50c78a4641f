//! SIMD field splitting, numbers and addresses from text, prefetch: the only crate with `unsafe`.
//!
//! Every public function is safe to call with any input: bounds are checked here, once per line, and each
//! SIMD routine has a scalar twin that machines without AVX2 use and that tests compare it with.
#![warn(missing_docs)]
#![warn(clippy::undocumented_unsafe_blocks)]
#![expect(
    clippy::inline_always,
    reason = "what a kernel calls must become part of the function that is compiled for AVX2"
)]

mod decimal;
mod dispatch;
mod ipv4;
mod ipv6;
mod json;
mod lines;
mod prefetch;
#[cfg(test)]
mod random;
mod split;

pub use decimal::decimal;
pub use dispatch::{Kernel, Simd, dispatch, dispatch_scalar};
pub use ipv4::parse_ipv4;
pub use ipv6::parse_ipv6;
pub use json::JsonMarks;
pub use lines::{Field, Line, Lines, Wide};
pub use prefetch::prefetch;
pub use split::Splitter;
