//! The rows that parsers make: batch-local, packed, owned and `Send`.
//!
//! High-volume rows are `Copy` and at most 64 bytes; what repeats (interfaces, hosts) and what varies in
//! length (names, answers) lies beside them and is reached by a local id or a [`Span`]. Local ids have no
//! meaning outside of their block and cannot be serialized.

mod api;
mod dns;
mod flow;

pub use api::{ApiCall, ApiRows, Caller};
pub use dns::{DnsHost, DnsQuery, DnsRows};
pub use flow::{Flow, FlowInterface, FlowRows};
use serde::{Deserialize, Serialize};

/// A piece of a block's text: byte offset and length.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub offset: u32,
    /// Length in bytes; zero when the field is absent.
    pub len: u32,
}

impl Span {
    /// The text of the span; empty when the span lies outside of `text`.
    #[inline]
    pub fn of<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.offset as usize..(self.offset + self.len) as usize).unwrap_or("")
    }

    /// Appends `piece` to `text` and returns where it lies. Pieces that no longer fit into 4 GiB are left out.
    pub fn push(text: &mut String, piece: &str) -> Span {
        if piece.is_empty() || text.len() + piece.len() > u32::MAX as usize {
            return Span::default();
        }
        let span = Span { offset: text.len() as u32, len: piece.len() as u32 };
        text.push_str(piece);
        span
    }

    /// The same piece after its text was appended to another that was `base` bytes long.
    #[must_use]
    pub fn shifted(self, base: u32) -> Span {
        if self.len == 0 { self } else { Span { offset: self.offset + base, len: self.len } }
    }
}
