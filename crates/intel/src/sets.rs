//! Interned sets of lists: what a verdict stands for.

use hashbrown::HashMap;

/// What the lists say of something: the number of an interned set of lists. It is meaningful only to
/// the [`Intel`](crate::Intel) that gave it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Verdict(pub(crate) u32);

impl Verdict {
    /// No list knows anything.
    pub const NONE: Verdict = Verdict(0);

    /// Whether no list knows anything.
    #[inline]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}

/// Sets of list numbers, each held once, numbered in the order of first use. Number 0 is the empty set.
#[derive(Debug)]
pub(crate) struct Sets {
    numbers: HashMap<Box<[u32]>, u32>,
    members: Vec<Box<[u32]>>,
}

impl Sets {
    pub(crate) fn new() -> Sets {
        let empty: Box<[u32]> = Box::default();
        Sets { numbers: HashMap::from_iter([(empty.clone(), 0)]), members: vec![empty] }
    }

    /// Interns a sorted set without duplicates.
    pub(crate) fn intern(&mut self, lists: &[u32]) -> Verdict {
        if let Some(&number) = self.numbers.get(lists) {
            return Verdict(number);
        }
        let number = self.members.len() as u32;
        self.numbers.insert(lists.into(), number);
        self.members.push(lists.into());
        Verdict(number)
    }

    /// The lists of a set, in the order in which they were added.
    pub(crate) fn lists(&self, verdict: Verdict) -> &[u32] {
        self.members.get(verdict.0 as usize).map_or(&[], |it| it)
    }

    /// All sets by number.
    pub(crate) fn into_members(self) -> Vec<Box<[u32]>> {
        self.members
    }
}
