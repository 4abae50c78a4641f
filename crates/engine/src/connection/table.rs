//! The connections of one interface: sets of eight tags and deadlines in one cache line, values apart.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::followed::Followed;

/// Most connections that are followed at one interface.
pub(super) const CONNECTIONS_MAX: usize = 4096;
/// Connections that compete for room: a set.
const WAYS: usize = 8;
const SETS_MAX: usize = CONNECTIONS_MAX / WAYS;
/// How long a decided connection is kept after its deadline, seconds: its reverse line may come as late as
/// rows may be (the default of the lateness bound).
const KEPT_SECS: u32 = 900;
/// Sets that a table may keep for ever; a larger one is looked at again after `TIDY_SECS`.
const SETS_SMALL: usize = 8;
const TIDY_SECS: u32 = 3600;

/// Eight tags and deadlines. A place is free where the deadline is zero.
#[derive(Clone, Copy, PartialEq, Debug)]
#[repr(align(64))]
struct Set {
    tags: [u32; WAYS],
    deadlines: [u32; WAYS],
}

/// A place in the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place(u32);

/// Connections by their two ends. Where one stands depends on the lines of the interface alone, so a saved
/// table is restored place by place.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Table {
    /// A power of two, at most `SETS_MAX`; empty when nothing is followed.
    sets: Vec<Set>,
    /// Eight for each set.
    values: Vec<Followed>,
    /// Places of undecided connections, some of them outdated.
    undecided: Vec<u32>,
    /// When the table is looked at for what is over, seconds since 1970; zero while it is small.
    tidy_at: u32,
}

impl Set {
    const EMPTY: Set = Set { tags: [0; WAYS], deadlines: [0; WAYS] };
}

/// The high half of a hash of the two ends: its high bits choose the set.
pub(super) fn tag_of(key: u64) -> u32 {
    let mixed = (key ^ key >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as u32
}

impl Table {
    #[cfg(test)]
    fn len(&self) -> usize {
        self.sets.iter().flat_map(|it| it.deadlines).filter(|it| *it != 0).count()
    }

    fn set_of(&self, tag: u32) -> usize {
        ((u64::from(tag) * self.sets.len() as u64) >> 32) as usize
    }

    /// Asks for the cache line where a connection is looked for.
    #[inline]
    pub(super) fn prefetch(&self, tag: u32) {
        if let Some(set) = self.sets.get(self.set_of(tag)) {
            kernels::prefetch(set);
        }
    }

    /// Asks for the first cache lines: all of a small table's look-up.
    #[inline]
    pub(super) fn prefetch_first(&self) {
        if let (Some(set), Some(value)) = (self.sets.first(), self.values.first()) {
            kernels::prefetch(set);
            kernels::prefetch(value);
        }
    }

    /// The place of a connection for which `is` holds.
    #[inline]
    pub(super) fn find(&self, tag: u32, is: impl Fn(&Followed) -> bool) -> Option<Place> {
        let number = self.set_of(tag);
        let set = self.sets.get(number)?;
        // No early exit: no branch depends on where the tag stands.
        let mut hits = 0u32;
        for way in 0..WAYS {
            hits |= u32::from(set.tags[way] == tag && set.deadlines[way] != 0) << way;
        }
        while hits != 0 {
            let place = number * WAYS + hits.trailing_zeros() as usize;
            if is(&self.values[place]) {
                return Some(Place(place as u32));
            }
            hits &= hits - 1;
        }
        None
    }

    #[inline]
    pub(super) fn value(&mut self, place: Place) -> &mut Followed {
        &mut self.values[place.0 as usize]
    }

    #[inline]
    pub(super) fn deadline(&self, place: Place) -> u32 {
        self.sets[place.0 as usize / WAYS].deadlines[place.0 as usize % WAYS]
    }

    #[inline]
    pub(super) fn set_deadline(&mut self, place: Place, deadline: u32) {
        self.sets[place.0 as usize / WAYS].deadlines[place.0 as usize % WAYS] = deadline.max(1);
    }

    /// Remembers that the connection at a place waits for its deadline.
    pub(super) fn wait(&mut self, place: Place) {
        self.undecided.push(place.0);
    }

    /// Makes room for a connection: a free place, one of a connection that is over, one of a larger table,
    /// or that of the connection whose deadline comes first, which is given out.
    pub(super) fn place(&mut self, tag: u32, now: u32) -> (Place, Option<Followed>) {
        loop {
            let (number, len) = (self.set_of(tag), self.sets.len());
            let Some(set) = self.sets.get_mut(number) else {
                self.rebuild(1, now);
                continue;
            };
            // Free places come first, since their deadline is zero.
            let way = (0..WAYS).min_by_key(|&way| (set.deadlines[way], set.tags[way])).unwrap_or(0);
            let place = number * WAYS + way;
            let is_free = set.deadlines[way] == 0;
            let value = &self.values[place];
            if !is_free && !is_over(value, set.deadlines[way], now) && len < SETS_MAX {
                self.rebuild(len * 2, now);
                continue;
            }
            set.tags[way] = tag;
            // Taken from now on; the caller says until when.
            set.deadlines[way] = 1;
            return (Place(place as u32), (!is_free).then_some(*value));
        }
    }

    /// Takes out what is undecided at its deadline. Gives the earliest deadline that is left, zero if none is.
    pub(super) fn expire(&mut self, now: u32, mut decide: impl FnMut(Followed)) -> u32 {
        let mut earliest = 0;
        let mut undecided = std::mem::take(&mut self.undecided);
        // A place that was given to another connection may be named twice.
        undecided.sort_unstable();
        undecided.dedup();
        undecided.retain(|&it| {
            let place = Place(it);
            let deadline = self.deadline(place);
            let value = self.values[it as usize];
            if deadline == 0 || value.is_decided() {
                return false;
            }
            if deadline > now {
                earliest = if earliest == 0 { deadline } else { earliest.min(deadline) };
                return true;
            }
            self.sets[it as usize / WAYS].deadlines[it as usize % WAYS] = 0;
            decide(value);
            false
        });
        self.undecided = undecided;
        if self.tidy_at != 0 && self.tidy_at <= now {
            self.tidy(now);
        }
        earliest
    }

    /// When a large table is to be looked at, seconds since 1970; zero while it is small.
    pub(super) fn tidy_at(&self) -> u32 {
        self.tidy_at
    }

    /// Gives memory back where most is over.
    fn tidy(&mut self, now: u32) {
        let places = self.sets.iter().zip(self.values.chunks(WAYS)).flat_map(|(set, values)| {
            set.deadlines.into_iter().zip(values).filter(|(deadline, _)| *deadline != 0)
        });
        let kept = places.filter(|(deadline, value)| !is_over(value, *deadline, now)).count();
        let fitting = (kept / (WAYS / 2)).next_power_of_two().max(1);
        if fitting * 2 < self.sets.len() {
            self.rebuild(fitting, now);
        }
        self.tidy_at = if self.sets.len() > SETS_SMALL { now.saturating_add(TIDY_SECS) } else { 0 };
    }

    /// Moves what is not over to a table of at least so many sets.
    fn rebuild(&mut self, mut len: usize, now: u32) {
        let old = std::mem::take(self);
        'larger: loop {
            self.sets = vec![Set::EMPTY; len];
            self.values = vec![Followed::default(); len * WAYS];
            self.undecided.clear();
            for (number, set) in old.sets.iter().enumerate() {
                for way in 0..WAYS {
                    let (tag, deadline) = (set.tags[way], set.deadlines[way]);
                    let value = old.values[number * WAYS + way];
                    if deadline == 0 || is_over(&value, deadline, now) {
                        continue;
                    }
                    let to = self.set_of(tag);
                    let Some(free) = self.sets[to].deadlines.iter().position(|it| *it == 0) else {
                        // Crowded classes of a table that was to shrink.
                        len *= 2;
                        continue 'larger;
                    };
                    self.put(to * WAYS + free, tag, deadline, value);
                }
            }
            break;
        }
        self.tidy_at = match old.tidy_at {
            0 if len > SETS_SMALL => now.saturating_add(TIDY_SECS),
            at => at,
        };
    }

    fn put(&mut self, place: usize, tag: u32, deadline: u32, value: Followed) {
        let set = &mut self.sets[place / WAYS];
        (set.tags[place % WAYS], set.deadlines[place % WAYS]) = (tag, deadline);
        self.values[place] = value;
        if !value.is_decided() {
            self.undecided.push(place as u32);
        }
    }
}

/// Whether a connection may be forgotten: it is decided and was silent since its deadline. One that is
/// undecided waits for the watermark.
pub(super) fn is_over(value: &Followed, deadline: u32, now: u32) -> bool {
    value.is_decided() && deadline.saturating_add(KEPT_SECS) <= now
}

/// Place, tag, deadline and connection.
type Saved = (u32, u32, u32, Followed);

impl Serialize for Table {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let places = 0..self.values.len();
        let taken: Vec<Saved> = places
            .map(|it| {
                let set = self.sets[it / WAYS];
                (it as u32, set.tags[it % WAYS], set.deadlines[it % WAYS], self.values[it])
            })
            .filter(|it| it.2 != 0)
            .collect();
        (self.sets.len() as u32, self.tidy_at, taken).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Table {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (len, tidy_at, taken): (u32, u32, Vec<Saved>) = Deserialize::deserialize(deserializer)?;
        let len = len as usize;
        if len > SETS_MAX || (len != 0 && !len.is_power_of_two()) {
            return Err(D::Error::custom("no such table of connections"));
        }
        let sets = vec![Set::EMPTY; len];
        let values = vec![Followed::default(); len * WAYS];
        let mut table = Table { sets, values, undecided: Vec::new(), tidy_at };
        for (place, tag, deadline, value) in taken {
            if place as usize / WAYS != table.set_of(tag) || place as usize >= table.values.len() {
                return Err(D::Error::custom("a connection at a place that is not its own"));
            }
            table.put(place as usize, tag, deadline.max(1), value);
        }
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    use model::Addr;

    use super::*;
    use crate::connection::Outcome;

    fn value(number: u32, outcome: Outcome) -> Followed {
        let mut value = Followed::default();
        (value.remote, value.outcome) = (Addr::from_v4(number), outcome);
        value
    }

    fn add(table: &mut Table, number: u32, now: u32, outcome: Outcome) -> Option<Followed> {
        let (place, evicted) = table.place(tag_of(u64::from(number)), now);
        *table.value(place) = value(number, outcome);
        table.set_deadline(place, now + 120);
        if outcome == Outcome::Undecided {
            table.wait(place);
        }
        evicted
    }

    fn has(table: &Table, number: u32) -> bool {
        let tag = tag_of(u64::from(number));
        table.find(tag, |it| it.remote == Addr::from_v4(number)).is_some()
    }

    #[test]
    fn holds_what_is_open_and_gives_memory_back() {
        let mut table = Table::default();
        for number in 0..2000 {
            assert_eq!(add(&mut table, number, 1000, Outcome::Answered), None);
        }
        assert!((0..2000).all(|it| has(&table, it)));
        assert!(table.tidy_at() > 1000);
        table.expire(1000 + TIDY_SECS + 1, |_| panic!("nothing waits"));
        assert_eq!((table.len(), table.sets.len(), table.tidy_at()), (0, 1, 0));
    }

    #[test]
    fn what_is_over_gives_its_place_without_growth() {
        let mut table = Table::default();
        for number in 0..10_000 {
            add(&mut table, number, 1000 + number * 300, Outcome::Answered);
        }
        assert_eq!(table.sets.len(), 1);
    }

    #[test]
    fn undecided_ones_wait_for_their_deadline_even_when_they_are_moved() {
        let mut table = Table::default();
        for number in 0..500 {
            let outcome = if number % 5 == 0 { Outcome::Undecided } else { Outcome::Answered };
            add(&mut table, number, 1000 + number, outcome);
        }
        let bytes = postcard::to_stdvec(&table).unwrap();
        let mut copy: Table = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(postcard::to_stdvec(&copy).unwrap(), bytes);
        for table in [&mut table, &mut copy] {
            let mut decided = Vec::new();
            assert_eq!(table.expire(1120 + 250, |it| decided.push(it.remote)), 1120 + 255);
            decided.sort_unstable();
            let expected: Vec<Addr> = (0..=50).map(|it| Addr::from_v4(it * 5)).collect();
            assert_eq!(decided, expected);
        }
    }

    #[test]
    fn a_full_table_gives_out_the_one_that_ends_first() {
        let mut table = Table::default();
        let evicted: Vec<Followed> = (0..6000)
            .filter_map(|it| add(&mut table, it, 1000 + it / 100, Outcome::Undecided))
            .collect();
        assert!(table.len() > CONNECTIONS_MAX * 8 / 10 && table.len() <= CONNECTIONS_MAX);
        assert_eq!(table.len() + evicted.len(), 6000);
        assert!(postcard::from_bytes::<Table>(&[3, 0, 0]).is_err());
    }
}
