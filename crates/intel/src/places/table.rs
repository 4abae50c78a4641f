//! The built-in table of places and its format.

use model::Addr;

use super::Place;

/// The decoded table.
#[derive(Default)]
pub(super) struct Table {}

impl Table {
    pub(super) fn decode(_bytes: &[u8]) -> Table {
        Table {}
    }

    /// Fills in what is not known yet.
    pub(super) fn fill<'a>(&'a self, _addr: Addr, _place: &mut Place<'a>) {}
}
