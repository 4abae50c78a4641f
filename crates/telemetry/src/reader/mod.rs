//! Objects to blocks of rows.

mod evidence;
mod object;
mod records;
#[cfg(test)]
mod tests;

pub use evidence::extract;
pub use object::{Block, ObjectReader, Options, first_time};
