//! Local ids of what repeats within a block: fixed-width keys in an open-addressing table.

use std::collections::BTreeMap;

const INITIAL_SLOTS: usize = 2048;

/// Numbers keys in the order of their first appearance within a block.
///
/// Keys are `W` words, made of the short text that names an interface or a host. Longer names go to an
/// ordered map: they do not occur in AWS's logs. The hash has no secret, so that hostile keys can make a
/// block's look-ups slow; the rows of a block bound that.
pub(crate) struct Interner<const W: usize> {
    slots: Vec<Slot<W>>,
    /// Slots of other generations are free.
    generation: u32,
    used: usize,
    long: BTreeMap<Box<[u8]>, u32>,
    next: u32,
}

#[derive(Clone, Copy)]
struct Slot<const W: usize> {
    key: [u64; W],
    id: u32,
    generation: u32,
}

impl<const W: usize> Slot<W> {
    const FREE: Slot<W> = Slot { key: [0; W], id: 0, generation: 0 };
}

impl<const W: usize> Interner<W> {
    pub(crate) fn new() -> Interner<W> {
        Interner {
            slots: vec![Slot::FREE; INITIAL_SLOTS],
            generation: 1,
            used: 0,
            long: BTreeMap::new(),
            next: 0,
        }
    }

    /// Prepares for a block that holds `len` ids. Everything is forgotten unless it is the block of the last
    /// call, gone on with. Returns whether it was forgotten.
    pub(crate) fn attach(&mut self, len: usize) -> bool {
        if len != 0 && len == self.next as usize {
            return false;
        }
        self.next = len as u32;
        self.used = 0;
        self.long.clear();
        if self.generation == u32::MAX {
            self.slots.fill(Slot::FREE);
            self.generation = 0;
        }
        self.generation += 1;
        true
    }

    /// The id of a key that was added.
    #[inline(always)]
    pub(crate) fn get(&self, key: &[u64; W]) -> Option<u32> {
        let mask = self.slots.len() - 1;
        let mut at = hash(key) as usize & mask;
        loop {
            let slot = &self.slots[at & mask];
            if slot.generation != self.generation {
                return None;
            }
            if slot.key == *key {
                return Some(slot.id);
            }
            at += 1;
        }
    }

    /// Adds a key that has no id and returns the next one.
    #[inline(never)]
    pub(crate) fn add(&mut self, key: [u64; W]) -> u32 {
        if (self.used + 1) * 2 > self.slots.len() {
            self.grow();
        }
        let id = self.next;
        self.place(Slot { key, id, generation: self.generation });
        self.used += 1;
        self.next += 1;
        id
    }

    /// The id of a name that is too long for a key.
    pub(crate) fn get_long(&self, name: &[u8]) -> Option<u32> {
        self.long.get(name).copied()
    }

    /// Adds a name that is too long for a key.
    pub(crate) fn add_long(&mut self, name: &[u8]) -> u32 {
        let id = self.next;
        self.long.insert(name.into(), id);
        self.next += 1;
        id
    }

    fn place(&mut self, slot: Slot<W>) {
        let mask = self.slots.len() - 1;
        let mut at = hash(&slot.key) as usize & mask;
        while self.slots[at].generation == self.generation {
            at = (at + 1) & mask;
        }
        self.slots[at] = slot;
    }

    fn grow(&mut self) {
        let larger = vec![Slot::FREE; self.slots.len() * 4];
        let old = std::mem::replace(&mut self.slots, larger);
        for slot in old {
            if slot.generation == self.generation {
                self.place(slot);
            }
        }
    }
}

/// The words of a name of at most 8 × `W` bytes, as [`kernels::Field::words`] reads them: the last eight
/// bytes first, a partial word at the low end.
pub(crate) fn words<const W: usize>(name: &[u8]) -> [u64; W] {
    let mut words = [0; W];
    for (word, chunk) in words.iter_mut().zip(name.rchunks(8)) {
        let mut bytes = [0u8; 8];
        bytes[..chunk.len()].copy_from_slice(chunk);
        *word = u64::from_le_bytes(bytes);
    }
    words
}

#[inline(always)]
fn hash<const W: usize>(key: &[u64; W]) -> u64 {
    let mut sum = 0x9e37_79b9_7f4a_7c15u64;
    for (i, word) in key.iter().enumerate() {
        // Products of different odd numbers are summed, so that no multiplication waits for another.
        sum = sum.wrapping_add(word.rotate_left(i as u32 * 13).wrapping_mul(ODD[i % ODD.len()]));
    }
    let mixed = (sum ^ sum >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
    mixed ^ mixed >> 29
}

const ODD: [u64; 5] = [
    0xa076_1d64_78bd_642f,
    0xe703_7ed1_a0b4_28db,
    0x8ebc_6af0_9c88_c6e3,
    0x5899_65cc_7537_4cc3,
    0x1d8e_4e27_c47d_124f,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_count_up_within_a_block() {
        let mut interner = Interner::<2>::new();
        assert!(interner.attach(0));
        for i in 0..10_000u64 {
            assert_eq!(interner.get(&[i, 7]), None);
            assert_eq!(interner.add([i, 7]), i as u32);
        }
        assert!((0..10_000u64).all(|i| interner.get(&[i, 7]) == Some(i as u32)));
        assert!(!interner.attach(10_000));
        assert_eq!(interner.get(&[5, 7]), Some(5));
        assert_eq!(interner.add_long(b"a long name"), 10_000);
        assert_eq!(interner.get_long(b"a long name"), Some(10_000));
        assert!(interner.attach(3));
        assert_eq!((interner.get(&[5, 7]), interner.get_long(b"a long name")), (None, None));
        assert_eq!(interner.add([5, 7]), 3);
        assert!(interner.attach(0));
        assert_eq!(interner.get(&[5, 7]), None);
    }
}
