//! Texts that many facts share: names of calls, roles and services.

use model::hash64;

use super::json::{TEXT_MAX, cut};
use super::timeline::Text;

/// Texts that are remembered.
const PLACES: usize = 2048;

/// The texts that were used last, by hash. A cache: it changes no fact, only where its text lies.
#[derive(Debug, Default)]
pub(super) struct Texts(Vec<Text>);

impl Texts {
    /// The text, cut at [`TEXT_MAX`]; the same piece of memory as before where it is still remembered.
    pub(super) fn share(&mut self, text: &str) -> Text {
        if text.is_empty() {
            return Text::default();
        }
        if self.0.is_empty() {
            self.0.resize(PLACES, Text::default());
        }
        let place = self.0.get_mut(hash64(text.as_bytes()) as usize % PLACES);
        match place {
            Some(known) if **known == *text => known.clone(),
            Some(known) => {
                *known = cut(text, TEXT_MAX);
                known.clone()
            }
            None => cut(text, TEXT_MAX),
        }
    }
}

/// Inventories are equal whatever is remembered.
impl PartialEq for Texts {
    fn eq(&self, _: &Texts) -> bool {
        true
    }
}

impl Clone for Texts {
    fn clone(&self) -> Texts {
        Texts::default()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn equal_texts_lie_in_one_place() {
        let mut texts = Texts::default();
        let first = texts.share("AssumeRole");
        assert!(Arc::ptr_eq(&first, &texts.share("AssumeRole")));
        for n in 0..10_000 {
            let text = n.to_string();
            assert_eq!(*texts.share(&text), *text);
        }
        assert_eq!(&*texts.share(""), "");
        assert_eq!(texts.share(&"x".repeat(TEXT_MAX + 1)).len(), TEXT_MAX);
    }
}
