//! Where records come from: files, directories, standard input.

mod files;
mod object;

pub use files::{Found, Unreadable, find};
pub use object::{Content, Object};
