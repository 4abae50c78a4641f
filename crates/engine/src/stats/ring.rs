//! The last `N` items.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// Fewest items that memory is asked for.
const FIRST: usize = 4;

/// At most `N` items; the oldest goes first. An empty ring allocates nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "VecDeque<T>")]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub struct Ring<T, const N: usize>(VecDeque<T>);

impl<T, const N: usize> Ring<T, N> {
    /// Adds an item. Returns the oldest if it had to go.
    pub fn push(&mut self, item: T) -> Option<T> {
        const { assert!(N > 0, "a ring holds at least one item") };
        let gone = if self.0.len() >= N { self.0.pop_front() } else { None };
        if self.0.len() == self.0.capacity() {
            self.0.reserve_exact(self.0.len().max(FIRST).min(N - self.0.len()));
        }
        self.0.push_back(item);
        gone
    }

    /// Items, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        self.0.iter()
    }

    /// Items to be changed, the oldest first.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut T> + ExactSizeIterator {
        self.0.iter_mut()
    }

    /// The newest item.
    pub fn newest(&self) -> Option<&T> {
        self.0.back()
    }

    /// The oldest item.
    pub fn oldest(&self) -> Option<&T> {
        self.0.front()
    }

    /// Removes the oldest item.
    pub fn pop_oldest(&mut self) -> Option<T> {
        self.0.pop_front()
    }

    /// Number of items.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the next item pushes the oldest out.
    pub fn is_full(&self) -> bool {
        self.0.len() >= N
    }

    /// Removes all items and gives their memory back.
    pub fn clear(&mut self) {
        self.0 = VecDeque::new();
    }
}

impl<T, const N: usize> Default for Ring<T, N> {
    fn default() -> Self {
        Ring(VecDeque::new())
    }
}

impl<T, const N: usize> TryFrom<VecDeque<T>> for Ring<T, N> {
    type Error = &'static str;

    fn try_from(items: VecDeque<T>) -> Result<Self, Self::Error> {
        if items.len() > N {
            Err("ring holds more items than it has room for")
        } else {
            Ok(Ring(items))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::{Rng, restored};

    #[test]
    fn holds_the_last_items_in_order() {
        let mut rng = Rng::new(3);
        let (mut ring, mut model) = (Ring::<u64, 7>::default(), Vec::new());
        for step in 0..500 {
            let item = rng.next();
            model.push(item);
            let gone = (model.len() > 7).then(|| model.remove(0));
            assert_eq!(ring.push(item), gone);
            assert!(ring.0.capacity() <= 8);
            if rng.below(5) == 0 {
                assert_eq!(ring.pop_oldest(), Some(model.remove(0)));
            }
            assert!(ring.iter().eq(&model));
            assert_eq!((ring.newest(), ring.oldest()), (model.last(), model.first()));
            if step % 50 == 0 {
                ring = restored(&ring);
            }
        }
    }

    #[test]
    fn refuses_more_than_it_has_room_for() {
        let bytes = postcard::to_stdvec(&[1u8, 2, 3].as_slice()).unwrap();
        assert!(postcard::from_bytes::<Ring<u8, 2>>(&bytes).is_err());
    }
}
