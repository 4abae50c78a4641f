//! The words every crate shares: time, accounts, Regions, addresses, entities, origins, severities.
//!
//! Pure data. Nothing here reads a clock, a file or the network.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod account;
mod addr;
mod entity;
mod hash;
mod origin;
mod region;
mod severity;
mod time;

pub use account::AccountId;
pub use addr::Addr;
pub use entity::{Entity, EntityId, Scope};
pub use hash::{Hasher64, hash64, hash128};
pub use origin::Origin;
pub use region::Region;
pub use severity::{Severity, SeverityBand};
pub use time::{ParseTimeError, Timestamp};
