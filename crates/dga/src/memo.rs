//! What was judged lately, by thread: hosts ask for the same names again and again, and a label goes through all
//! trees.

use std::cell::RefCell;
use std::hash::{BuildHasher, RandomState};

/// Places, a power of two; half a mebibyte with labels of ordinary length.
const PLACES: usize = 1 << 13;

struct Memo {
    hasher: RandomState,
    places: Vec<(Box<str>, u8)>,
}

thread_local! {
    static MEMO: RefCell<Memo> =
        RefCell::new(Memo { hasher: RandomState::new(), places: vec![Default::default(); PLACES] });
}

/// The judgement of a label, made anew if it is not remembered. Never changes a result: labels are compared.
pub(crate) fn recall(label: &str, judge: impl FnOnce() -> u8) -> u8 {
    MEMO.with_borrow_mut(|memo| {
        let place = memo.hasher.hash_one(label) as usize % PLACES;
        let (known, value) = &mut memo.places[place];
        if known.is_empty() || **known != *label {
            (*known, *value) = (label.into(), judge());
        }
        *value
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_judged_once_and_never_taken_for_another() {
        let mut judged = 0;
        for round in 0..2 {
            for number in 0..200u8 {
                let value = recall(&format!("label{number}"), || {
                    judged += 1;
                    number
                });
                assert_eq!(value, number, "{round}");
            }
        }
        // Few of them share a place.
        assert!((200..300).contains(&judged), "{judged}");
        for number in 0..50_000u32 {
            let label = number.to_string();
            assert_eq!(recall(&label, || label.len() as u8), label.len() as u8);
        }
    }
}
