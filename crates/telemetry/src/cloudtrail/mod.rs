//! CloudTrail records to rows.

mod event;
mod interest;
mod name;
mod parser;
mod quick;
#[cfg(test)]
mod tests;

pub(crate) use event::Shape;
pub use interest::Interest;
pub(crate) use parser::{CloudTrailParser, Outcome};
