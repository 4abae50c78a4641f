//! The intel directory: lists from public feeds and from files, kept between runs.

pub mod directory;
pub mod feeds;
pub mod fetch;
pub mod index;
pub mod load;
pub mod lookup;
pub mod settings;
pub mod shape;
pub mod update;
