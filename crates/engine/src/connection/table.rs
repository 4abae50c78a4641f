//! The connections of one interface: sets of eight, whose tags and deadlines lie in one cache line.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::followed::{Addrs, Followed};
use crate::kind::LocalFlow;

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

/// The lowest bit of a tag says that its connection is decided, so that most questions are answered without
/// the connection.
const DECIDED: u32 = 1;

/// Eight tags and deadlines, and the connections behind them. A place is free where the deadline is zero.
#[derive(Clone, Copy, PartialEq, Debug)]
#[repr(align(64))]
struct Set {
    tags: [u32; WAYS],
    deadlines: [u32; WAYS],
    values: [Followed; WAYS],
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
    /// The addresses of each place; none as long as all are IPv4.
    wide: Vec<Addrs>,
    /// Places of undecided connections, some of them outdated.
    undecided: Vec<u32>,
    /// When the table is looked at for what is over, seconds since 1970; zero while it is small.
    tidy_at: u32,
}

impl Set {
    const EMPTY: Set =
        Set { tags: [0; WAYS], deadlines: [0; WAYS], values: [Followed::EMPTY; WAYS] };

    /// The ways with a tag, one bit for each. No early exit: no branch depends on where the tag stands.
    #[inline]
    fn hits(&self, tag: u32) -> u32 {
        let mut hits = 0u32;
        for way in 0..WAYS {
            let is = (self.tags[way] ^ tag) & !DECIDED == 0 && self.deadlines[way] != 0;
            hits |= u32::from(is) << way;
        }
        hits
    }

    /// Whether a connection may be forgotten: it is decided and was silent since its deadline. One that is
    /// undecided waits for the watermark.
    #[inline]
    fn is_over(&self, way: usize, now: u32) -> bool {
        self.tags[way] & DECIDED != 0 && self.deadlines[way].saturating_add(KEPT_SECS) <= now
    }
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
            kernels::prefetch(&set.tags);
        }
    }

    /// Asks for the connection with a tag, if there is one.
    #[inline]
    pub(super) fn prefetch_place(&self, tag: u32) {
        if let Some(set) = self.sets.get(self.set_of(tag)) {
            let hits = set.hits(tag);
            if hits != 0 {
                kernels::prefetch(&set.values[hits.trailing_zeros() as usize % WAYS]);
            }
        }
    }

    /// The place of the connection that a line belongs to.
    #[inline]
    pub(super) fn find(&self, tag: u32, flow: &LocalFlow) -> Option<Place> {
        let number = self.set_of(tag);
        let set = self.sets.get(number)?;
        let mut hits = set.hits(tag);
        while hits != 0 {
            let way = hits.trailing_zeros() as usize % WAYS;
            let place = Place((number * WAYS + way) as u32);
            if set.values[way].is_of(flow, || self.addrs(place)) {
                return Some(place);
            }
            hits &= hits - 1;
        }
        None
    }

    /// The addresses of the connection at a place.
    #[inline]
    pub(super) fn addrs(&self, place: Place) -> Addrs {
        let wide = || self.wide.get(place.0 as usize).copied().unwrap_or_default();
        self.get(place).addrs().unwrap_or_else(wide)
    }

    /// Puts a connection at a place that was made for it.
    #[inline]
    pub(super) fn put(&mut self, place: Place, (value, addrs): (Followed, Addrs)) {
        if value.is_wide() {
            self.wide.resize(self.sets.len() * WAYS, Addrs::default());
            self.wide[place.0 as usize] = addrs;
        }
        *self.value(place) = value;
        self.mark(place, value.is_decided());
    }

    /// Notes whether the connection at a place is decided.
    #[inline]
    pub(super) fn mark(&mut self, place: Place, is_decided: bool) {
        let tag = &mut self.sets[place.0 as usize / WAYS].tags[place.0 as usize % WAYS];
        *tag = *tag & !DECIDED | u32::from(is_decided);
    }

    /// Whether the connection at a place is over.
    #[inline]
    pub(super) fn is_over(&self, place: Place, now: u32) -> bool {
        self.sets[place.0 as usize / WAYS].is_over(place.0 as usize % WAYS, now)
    }

    /// The connection at a place with its addresses.
    pub(super) fn entry(&self, place: Place) -> (Followed, Addrs) {
        (*self.get(place), self.addrs(place))
    }

    #[inline]
    fn get(&self, place: Place) -> &Followed {
        &self.sets[place.0 as usize / WAYS].values[place.0 as usize % WAYS]
    }

    #[inline]
    pub(super) fn value(&mut self, place: Place) -> &mut Followed {
        &mut self.sets[place.0 as usize / WAYS].values[place.0 as usize % WAYS]
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
    /// or that of the connection whose deadline comes first, which is given out if it is undecided.
    pub(super) fn place(&mut self, tag: u32, now: u32) -> (Place, Option<(Followed, Addrs)>) {
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
            if !is_free && !set.is_over(way, now) && len < SETS_MAX {
                self.rebuild(len * 2, now);
                continue;
            }
            let is_undecided = set.tags[way] & DECIDED == 0;
            set.tags[way] = tag;
            // Taken from now on; the caller says until when.
            set.deadlines[way] = 1;
            let place = Place(place as u32);
            // A decided one is not looked at: its memory would have to be waited for.
            return (place, (!is_free && is_undecided).then(|| self.entry(place)));
        }
    }

    /// Takes out what is undecided at its deadline. Gives the earliest deadline that is left, zero if none is.
    pub(super) fn expire(&mut self, now: u32, mut decide: impl FnMut(Followed, Addrs, u32)) -> u32 {
        let mut earliest = 0;
        let mut undecided = std::mem::take(&mut self.undecided);
        // A place that was given to another connection may be named twice.
        undecided.sort_unstable();
        undecided.dedup();
        undecided.retain(|&it| {
            let place = Place(it);
            let deadline = self.deadline(place);
            let set = &mut self.sets[it as usize / WAYS];
            if deadline == 0 || set.tags[it as usize % WAYS] & DECIDED != 0 {
                return false;
            }
            if deadline > now {
                earliest = if earliest == 0 { deadline } else { earliest.min(deadline) };
                return true;
            }
            set.deadlines[it as usize % WAYS] = 0;
            let (value, addrs) = self.entry(place);
            decide(value, addrs, deadline);
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
        let is_kept = |set: &Set, way: &usize| set.deadlines[*way] != 0 && !set.is_over(*way, now);
        let kept_of = |set: &Set| (0..WAYS).filter(|way| is_kept(set, way)).count();
        let kept: usize = self.sets.iter().map(kept_of).sum();
        // A quarter full at most: a fuller table would soon grow again.
        let fitting = (kept / (WAYS / 4)).next_power_of_two().max(1);
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
            self.wide.clear();
            self.undecided.clear();
            for (number, set) in old.sets.iter().enumerate() {
                for way in 0..WAYS {
                    let (tag, deadline) = (set.tags[way], set.deadlines[way]);
                    let value = set.values[way];
                    if deadline == 0 || set.is_over(way, now) {
                        continue;
                    }
                    let to = self.set_of(tag);
                    let Some(free) = self.sets[to].deadlines.iter().position(|it| *it == 0) else {
                        // Crowded classes of a table that was to shrink.
                        len *= 2;
                        continue 'larger;
                    };
                    let addrs = old.addrs(Place((number * WAYS + way) as u32));
                    self.restore((to * WAYS + free, tag, deadline), (value, addrs));
                }
            }
            break;
        }
        self.tidy_at = match old.tidy_at {
            0 if len > SETS_SMALL => now.saturating_add(TIDY_SECS),
            at => at,
        };
    }

    fn restore(&mut self, (at, tag, deadline): (usize, u32, u32), entry: (Followed, Addrs)) {
        let set = &mut self.sets[at / WAYS];
        (set.tags[at % WAYS], set.deadlines[at % WAYS]) = (tag, deadline);
        self.put(Place(at as u32), entry);
        if !entry.0.is_decided() {
            self.undecided.push(at as u32);
        }
    }
}

/// Place, tag, deadline, connection and the addresses that are not IPv4.
type Saved = (u32, u32, u32, Followed, Option<Addrs>);

impl Serialize for Table {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let places = 0..self.sets.len() * WAYS;
        let taken: Vec<Saved> = places
            .map(|it| {
                let set = &self.sets[it / WAYS];
                let (value, addrs) = self.entry(Place(it as u32));
                let wide = value.is_wide().then_some(addrs);
                (it as u32, set.tags[it % WAYS], set.deadlines[it % WAYS], value, wide)
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
        let mut table = Table { sets, tidy_at, ..Table::default() };
        for (place, tag, deadline, value, wide) in taken {
            if place as usize / WAYS != table.set_of(tag) || place as usize >= len * WAYS {
                return Err(D::Error::custom("a connection at a place that is not its own"));
            }
            let place = (place as usize, tag, deadline.max(1));
            table.restore(place, (value, wide.unwrap_or_default()));
        }
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    use model::{Addr, Origin};

    use super::*;
    use crate::connection::Outcome;

    /// The line of a connection; every third is between IPv6 addresses.
    fn line(number: u32) -> LocalFlow {
        let remote = match number % 3 {
            0 => Addr::from_bits(0x2001_0db8 << 96 | u128::from(number)),
            _ => Addr::from_v4(number),
        };
        LocalFlow {
            remote,
            local: Addr::from_v4(0),
            bytes: 1,
            packets: 1,
            start: 0,
            end: 0,
            row: 0,
            local_port: 1,
            remote_port: 2,
            protocol: 6,
            tcp_flags: 0,
            marks: 0,
            is_outbound: true,
        }
    }

    fn add(table: &mut Table, number: u32, now: u32, outcome: Outcome) -> Option<Addr> {
        let (place, evicted) = table.place(tag_of(u64::from(number)), now);
        let (mut value, addrs) = Followed::begin(&line(number), Origin::default());
        value.decide(outcome);
        table.put(place, (value, addrs));
        table.set_deadline(place, now + 120);
        if outcome == Outcome::Undecided {
            table.wait(place);
        }
        evicted.map(|it| it.1.remote)
    }

    fn has(table: &Table, number: u32) -> bool {
        table.find(tag_of(u64::from(number)), &line(number)).is_some()
    }

    #[test]
    fn holds_what_is_open_and_gives_memory_back() {
        let mut table = Table::default();
        for number in 0..2000 {
            assert_eq!(add(&mut table, number, 1000, Outcome::Answered), None);
        }
        assert!((0..2000).all(|it| has(&table, it)));
        assert!(table.tidy_at() > 1000);
        table.expire(1000 + TIDY_SECS + 1, |_, _, _| panic!("nothing waits"));
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
            assert_eq!(table.expire(1120 + 250, |_, it, _| decided.push(it.remote)), 1120 + 255);
            decided.sort_unstable();
            let mut expected: Vec<Addr> = (0..=50).map(|it| line(it * 5).remote).collect();
            expected.sort_unstable();
            assert_eq!(decided, expected);
        }
    }

    #[test]
    fn a_full_table_gives_out_the_one_that_ends_first() {
        let mut table = Table::default();
        let evicted: Vec<Addr> = (0..6000)
            .filter_map(|it| add(&mut table, it, 1000 + it / 100, Outcome::Undecided))
            .collect();
        assert!(table.len() > CONNECTIONS_MAX * 8 / 10 && table.len() <= CONNECTIONS_MAX);
        assert_eq!(table.len() + evicted.len(), 6000);
        assert!(postcard::from_bytes::<Table>(&[3, 0, 0]).is_err());
    }
}
