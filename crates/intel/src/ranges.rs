//! Address ranges: flattened to disjoint ones, found behind a bitmap of what any list touches.
//!
//! Sorted disjoint ranges with a bitmap and buckets in front were measured against prefix tries: most
//! addresses are on no list, and one bit of a 2 MB bitmap says so.

use std::collections::BTreeSet;

use model::Addr;

use crate::parse::{ParsedList, Range};
use crate::sets::{Sets, Verdict};

/// What ranges are made of: IPv4 addresses or the bits of IPv6 addresses.
pub(crate) trait Bits: Copy + Ord {
    /// The next address, if there is one.
    fn next(self) -> Option<Self>;
}

impl Bits for u32 {
    fn next(self) -> Option<u32> {
        self.checked_add(1)
    }
}

impl Bits for u128 {
    fn next(self) -> Option<u128> {
        self.checked_add(1)
    }
}

/// From this address on (up to the next boundary) the verdict holds.
pub(crate) struct Boundary<T> {
    pub(crate) from: T,
    pub(crate) verdict: Verdict,
}

/// The ranges of all lists, flattened step by step.
pub(crate) struct Flattener<T> {
    /// (address, list, whether the list begins to hold there).
    edges: Vec<(T, u32, bool)>,
}

impl<T: Bits> Flattener<T> {
    pub(crate) fn new() -> Flattener<T> {
        Flattener { edges: Vec::new() }
    }

    /// Adds one list's ranges, sorted by their first address; they may overlap.
    pub(crate) fn add(&mut self, list: u32, ranges: &[Range<T>]) {
        let mut open: Option<(T, T)> = None;
        for range in ranges {
            match &mut open {
                // Overlapping or adjacent: the list holds throughout.
                Some((_, last)) if last.next().is_none_or(|next| range.first <= next) => {
                    *last = range.last.max(*last);
                }
                _ => {
                    self.close(list, open.replace((range.first, range.last)));
                }
            }
        }
        self.close(list, open);
    }

    fn close(&mut self, list: u32, span: Option<(T, T)>) {
        let Some((first, last)) = span else { return };
        self.edges.push((first, list, true));
        if let Some(end) = last.next() {
            self.edges.push((end, list, false));
        }
    }

    /// The boundaries in ascending order, each with another verdict than the one before it.
    pub(crate) fn finish(mut self, sets: &mut Sets) -> Vec<Boundary<T>> {
        self.edges.sort_unstable();
        let mut boundaries: Vec<Boundary<T>> = Vec::new();
        let mut holding: Vec<u32> = Vec::new();
        let mut edges = self.edges.into_iter().peekable();
        while let Some((at, list, begins)) = edges.next() {
            match (holding.binary_search(&list), begins) {
                (Err(place), true) => holding.insert(place, list),
                (Ok(place), false) => {
                    holding.remove(place);
                }
                _ => {}
            }
            if edges.peek().is_some_and(|next| next.0 == at) {
                continue;
            }
            let verdict = sets.intern(&holding);
            if boundaries.last().map_or(Verdict::NONE, |it| it.verdict) != verdict {
                boundaries.push(Boundary { from: at, verdict });
            }
        }
        boundaries
    }
}

/// A set of small numbers, one bit each. Empty, it takes no memory.
#[derive(Default)]
pub(crate) struct Bitmap(Vec<u64>);

impl Bitmap {
    pub(crate) fn new(bits: usize) -> Bitmap {
        Bitmap(vec![0; bits.div_ceil(64)])
    }

    /// Sets the bits of an inclusive range, whole words at a time.
    pub(crate) fn set(&mut self, first: usize, last: usize) {
        let (first_word, last_word) = (first / 64, last / 64);
        for index in first_word..=last_word {
            let mut word = u64::MAX;
            if index == first_word {
                word &= u64::MAX << (first % 64);
            }
            if index == last_word {
                word &= u64::MAX >> (63 - last % 64);
            }
            if let Some(slot) = self.0.get_mut(index) {
                *slot |= word;
            }
        }
    }

    #[inline]
    pub(crate) fn get(&self, bit: usize) -> bool {
        self.0.get(bit / 64).is_some_and(|word| word >> (bit % 64) & 1 != 0)
    }
}

/// The threat names of a list's ranges: the narrowest range decides.
#[derive(Clone, Debug, Default)]
pub(crate) struct Labels {
    /// (first address, label that holds from there on), ascending.
    boundaries: Vec<(u128, u32)>,
}

impl Labels {
    /// Takes (first, last, label) in the bits of [`Addr`].
    pub(crate) fn new(ranges: impl Iterator<Item = (u128, u128, u32)>) -> Labels {
        let mut edges: Vec<(u128, bool, u128, u32)> = Vec::new();
        for (first, last, label) in ranges {
            let width = last.saturating_sub(first);
            edges.push((first, true, width, label));
            if let Some(end) = last.next() {
                edges.push((end, false, width, label));
            }
        }
        edges.sort_unstable();
        let mut boundaries: Vec<(u128, u32)> = Vec::new();
        // Ranges of equal width that hold one address begin at different addresses or are equal, so
        // the end of one never removes another's label wrongly: equal pairs are counted once.
        let mut holding: BTreeSet<(u128, u32, u128)> = BTreeSet::new();
        for (at, begins, width, label) in edges {
            if begins {
                holding.insert((width, label, at));
            } else {
                holding.remove(&(width, label, at - width - 1));
            }
            let label = holding.first().map_or(ParsedList::NO_LABEL, |it| it.1);
            match boundaries.last_mut() {
                Some(last) if last.0 == at => last.1 = label,
                _ => boundaries.push((at, label)),
            }
        }
        Labels { boundaries }
    }

    /// The label of the narrowest range that holds the address.
    pub(crate) fn get(&self, addr: Addr) -> Option<u32> {
        let after = self.boundaries.partition_point(|it| it.0 <= addr.bits());
        let label = self.boundaries.get(after.checked_sub(1)?)?.1;
        (label != ParsedList::NO_LABEL).then_some(label)
    }
}
