//! Finds the position of a key by 32-bit tags: a row of up to 64, or sets of eight above.
//!
//! The tag's high bits choose the set, so a set splits in two when the table doubles and no key has to
//! be read again. Where a tag stands has no influence on what the map holds or evicts.

/// Keys of a set, and of a class of keys that compete for room in a large map.
pub(super) const WAYS: usize = 8;
/// Entries up to which tags are a plain row.
pub(super) const ROW: usize = 64;
const CHUNK: usize = 16;
const FREE: u32 = u32::MAX;
/// Sets of the smallest table: room for twice a row.
const FIRST_BITS: u32 = 4;

/// Spreads a key; callers may use small numbers (ports, days) as keys.
#[inline]
pub(super) fn tag_of(key: u64) -> u32 {
    let mixed = (key ^ (key >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as u32
}

/// Eight tags and the positions of their entries: one cache line.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Set {
    tags: [u32; WAYS],
    positions: [u32; WAYS],
}

impl Set {
    const EMPTY: Set = Set { tags: [0; WAYS], positions: [FREE; WAYS] };

    fn way(&self, position: u32) -> Option<usize> {
        self.positions.iter().position(|&it| it == position)
    }

    /// Takes a free way. Returns `false` if there is none.
    fn put(&mut self, tag: u32, position: u32) -> bool {
        let Some(way) = self.way(FREE) else { return false };
        self.tags[way] = tag;
        self.positions[way] = position;
        true
    }
}

/// Tags of all entries of a map; entry `i` of a row has tag `i`.
#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "a row read in place saves the second cache miss")]
pub(super) enum TagIndex {
    Row([u32; ROW]),
    Sets { shift: u32, sets: Vec<Set> },
}

impl TagIndex {
    /// Makes the index of entries with these tags, in this order.
    pub(super) fn build(tags: &[u32]) -> Self {
        if tags.len() <= ROW {
            let mut row = [0; ROW];
            row[..tags.len()].copy_from_slice(tags);
            return TagIndex::Row(row);
        }
        // As many sets as the entries fill: fewer would be split at once, and a set must not be finer
        // than a class.
        let bits = (tags.len() / WAYS).ilog2().max(FIRST_BITS);
        let mut index = TagIndex::Sets { shift: 32 - bits, sets: vec![Set::EMPTY; 1 << bits] };
        for (position, &tag) in tags.iter().enumerate() {
            index.push(tag, position);
        }
        index
    }

    /// Asks for the tags that a look-up reads first.
    #[inline]
    pub(super) fn prefetch(&self, tag: u32) {
        match self {
            TagIndex::Row(row) => kernels::prefetch(row),
            TagIndex::Sets { shift, sets } => kernels::prefetch(&sets[(tag >> shift) as usize]),
        }
    }

    /// The position of the entry with this tag for which `is` holds. `len` is the number of entries.
    #[inline]
    pub(super) fn find(&self, tag: u32, len: usize, is: impl Fn(usize) -> bool) -> Option<usize> {
        match self {
            TagIndex::Row(row) => {
                // All chunks before the first branch, which would be hard to predict for each of them.
                let (chunks, _) = row.as_chunks::<CHUNK>();
                let mut hits = 0u64;
                for (i, chunk) in chunks.iter().take(len.div_ceil(CHUNK)).enumerate() {
                    hits |= u64::from(equal(chunk, tag)) << (i * CHUNK);
                }
                while hits != 0 {
                    let position = hits.trailing_zeros() as usize;
                    if is(position) {
                        return Some(position);
                    }
                    hits &= hits - 1;
                }
                None
            }
            TagIndex::Sets { shift, sets } => {
                let set = &sets[(tag >> shift) as usize];
                let mut hits = equal(&set.tags, tag);
                while hits != 0 {
                    let position = set.positions[hits.trailing_zeros() as usize % WAYS] as usize;
                    if is(position) {
                        return Some(position);
                    }
                    hits &= hits - 1;
                }
                None
            }
        }
    }

    /// The positions of the entries whose tag is that of `tag` above the lowest `shift` bits, if there
    /// are `WAYS` of them. There are never more.
    pub(super) fn full_class(&self, tag: u32, shift: u32, len: usize) -> Option<[usize; WAYS]> {
        let mut class = [0; WAYS];
        match self {
            TagIndex::Row(row) => {
                let mates = row[..len].iter().filter(|&&it| it >> shift == tag >> shift).count();
                if mates < WAYS {
                    return None;
                }
                let found = (0..len).filter(|&i| row[i] >> shift == tag >> shift);
                class.iter_mut().zip(found).for_each(|(to, from)| *to = from);
            }
            TagIndex::Sets { shift: set_shift, sets } => {
                let set = &sets[(tag >> set_shift) as usize];
                for (way, to) in class.iter_mut().enumerate() {
                    if set.positions[way] == FREE || set.tags[way] >> shift != tag >> shift {
                        return None;
                    }
                    *to = set.positions[way] as usize;
                }
            }
        }
        Some(class)
    }

    /// Adds the entry at `position`, which is the last. Its class must not be full.
    pub(super) fn push(&mut self, tag: u32, position: usize) {
        match self {
            TagIndex::Row(row) => {
                if let Some(slot) = row.get_mut(position) {
                    *slot = tag;
                    return;
                }
                let mut tags = row.to_vec();
                tags.push(tag);
                *self = TagIndex::build(&tags);
            }
            TagIndex::Sets { shift, sets } => {
                while !sets[(tag >> *shift) as usize].put(tag, position as u32) {
                    *shift -= 1;
                    *sets = split(sets, *shift);
                }
            }
        }
    }

    /// Gives the entry at `position` another tag, of the same class if the index has sets.
    pub(super) fn replace(&mut self, old: u32, new: u32, position: usize) {
        match self {
            TagIndex::Row(row) => row[position] = new,
            TagIndex::Sets { shift, sets } => {
                let set = &mut sets[(old >> *shift) as usize];
                if let Some(way) = set.way(position as u32) {
                    set.tags[way] = new;
                }
            }
        }
    }

    /// Forgets the entry at `position`; the last entry, at `last`, takes its place.
    pub(super) fn swap_remove(&mut self, (tag, position): (u32, usize), last: (u32, usize)) {
        match self {
            TagIndex::Row(row) => row[position] = row[last.1],
            TagIndex::Sets { shift, sets } => {
                let set = &mut sets[(tag >> *shift) as usize];
                if let Some(way) = set.way(position as u32) {
                    set.positions[way] = FREE;
                }
                let set = &mut sets[(last.0 >> *shift) as usize];
                if let Some(way) = set.way(last.1 as u32) {
                    set.positions[way] = position as u32;
                }
            }
        }
    }
}

/// One bit for each tag that is equal. The loop has no branch, so it becomes vector compares.
#[inline]
fn equal<const N: usize>(tags: &[u32; N], tag: u32) -> u32 {
    let mut bits = 0;
    for (i, &it) in tags.iter().enumerate() {
        bits |= u32::from(it == tag) << i;
    }
    bits
}

/// A table of twice the size: each set has room for its half of the old one.
fn split(sets: &[Set], shift: u32) -> Vec<Set> {
    let mut halves = vec![Set::EMPTY; sets.len() * 2];
    for set in sets {
        for (&tag, &position) in set.tags.iter().zip(&set.positions) {
            if position != FREE {
                halves[(tag >> shift) as usize].put(tag, position);
            }
        }
    }
    halves
}
