//! Small, bounded, serializable summaries that detectors keep inside their states.

mod bounded_map;
mod tag_index;

pub use bounded_map::{BoundedMap, Evicted};

#[cfg(test)]
mod testing;
