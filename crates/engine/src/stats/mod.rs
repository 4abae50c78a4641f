//! Small, bounded, serializable summaries that detectors keep inside their states.
//!
//! All are deterministic: equal input in equal order gives equal content, equal content gives equal
//! bytes, and a restored summary goes on as the saved one would have. Those that are empty allocate
//! nothing.

mod array;
pub mod backoff;
mod bounded_map;
mod distinct;
mod first_seen;
mod flatness;
mod heavy;
mod histogram;
mod ring;
mod tag_index;
#[cfg(test)]
mod testing;
mod usage;
mod walk;
mod window;

pub use bounded_map::{BoundedMap, Evicted};
pub use distinct::Distinct;
pub use first_seen::{FirstSeen, Seen};
pub use flatness::{Flatness, Size, flatness};
pub use heavy::{Counter, Heavy};
pub use histogram::Histogram;
pub use kernels::prefetch;
pub use ring::Ring;
pub use usage::{ATTRIBUTES_MAX, Usage, UsageKey};
pub use walk::{Verdict, Walk, WalkSteps};
pub use window::{WindowCount, WindowDistinct};
