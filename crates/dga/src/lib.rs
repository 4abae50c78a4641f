//! How names look that algorithms make: a small model with integer arithmetic and its features. And the names
//! that known families make on a day.
//!
//! Pure data and computation: the weights are an asset that `cargo xtask dga` writes, and
//! `assets/MODEL_CARD.md` says what from.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod families;
mod features;
mod known;
mod memo;
mod model;

pub use features::{CHAIN_LEN, FEATURES, Features, chain_index, features, likely_cost, symbol};
pub use known::{Known, known};
pub use model::{BUCKETS, Leaf, Model, Node, NotAModel, Tree, grams};
