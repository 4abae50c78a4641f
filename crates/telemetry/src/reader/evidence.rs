//! The bytes of records again, for evidence.

use model::Origin;

use crate::Limits;
use crate::codec::Window;

/// Longest record that is fetched, in bytes.
const RECORD_MAX: u32 = 64 << 20;

/// Fetches records of one object by their origins, in one pass. `wanted` is sorted by offset; several may be
/// equal. A record that lies beyond the text, or beyond damage, is `None`.
pub fn extract(bytes: Vec<u8>, wanted: &[Origin]) -> Vec<Option<Vec<u8>>> {
    let limits = Limits { object_bytes: u64::MAX, ratio: u32::MAX, ..Limits::default() };
    let mut found: Vec<Vec<u8>> = wanted.iter().map(|_| Vec::new()).collect();
    let mut window = Window::new(bytes, Vec::new(), &limits);
    let mut first = 0;
    loop {
        let (base, end) = (window.base(), window.base() + window.text().len() as u64);
        for (origin, piece) in wanted.iter().zip(&mut found).skip(first) {
            if origin.offset >= end {
                break;
            }
            let from = origin.offset.max(base) - base;
            let until = last_byte(origin).min(end).max(base) - base;
            piece.extend_from_slice(
                window.text().get(from as usize..until as usize).unwrap_or_default(),
            );
        }
        first += wanted.iter().skip(first).take_while(|it| last_byte(it) <= end).count();
        if window.is_last() || first >= wanted.len() {
            break;
        }
        window.advance(window.text().len());
    }
    wanted
        .iter()
        .zip(found)
        .map(|(origin, piece)| (piece.len() as u64 == u64::from(origin.len)).then_some(piece))
        .collect()
}

/// The end of a record; that of one that is too long is its start.
fn last_byte(origin: &Origin) -> u64 {
    let len = if origin.len > RECORD_MAX { 0 } else { origin.len };
    origin.offset.saturating_add(u64::from(len))
}
