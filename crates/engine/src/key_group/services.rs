//! Rows by the detectors that ask for the port of their service: most rows are of interest to none of them.

use super::Part;
use crate::kind::Kind;
use crate::registry;

/// The rows of each such detector, and where those of each entity lie.
#[derive(Default)]
pub(super) struct Services {
    pub(super) lists: Vec<(Vec<u32>, Vec<Part>)>,
}

impl Services {
    /// Sorts the rows of some entities, which are all rows of the block.
    pub(super) fn sort<K: Kind>(
        &mut self,
        asked: &registry::Services,
        parts: &[Part],
        block: K::Block<'_>,
    ) {
        self.lists.resize_with(asked.len, Default::default);
        for (rows, parts) in &mut self.lists {
            rows.clear();
            parts.clear();
        }
        for part in parts {
            let mut seen = 0u8;
            for index in part.begin..part.end {
                let service = K::service(K::row(block, index));
                let mut bits = service.map_or(0, |it| asked.of(it));
                seen |= bits;
                while bits != 0 {
                    self.lists[bits.trailing_zeros() as usize].0.push(index);
                    bits &= bits - 1;
                }
            }
            while seen != 0 {
                let (rows, parts) = &mut self.lists[seen.trailing_zeros() as usize];
                let begin = parts.last().map_or(0, |it| it.end);
                parts.push(Part { entity: part.entity, begin, end: rows.len() as u32 });
                seen &= seen - 1;
            }
        }
    }
}
