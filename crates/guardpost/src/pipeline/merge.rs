//! Objects that overlap in time, merged: the earliest rows first.
//!
//! Objects are let in by their time in the plan. Of those that are in, the one with the earliest rows gives
//! rows up to a little after the earliest rows of the others, so that the journal is in time order within
//! the lateness bound however long the files are. Which object comes next depends on the content of the
//! objects and on constants, not on threads.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::task::ObjectDone;
use super::timed::{Rows, Timed};
use engine::SourceId;
use model::Timestamp;

/// Most objects that are in at a time.
const OBJECTS_MAX: usize = 256;
/// Most bytes that they take, as stored and for their windows.
pub(super) const BYTES_MAX: u64 = 256 << 20;
/// What an object takes at most beside its stored bytes.
const WINDOW_BYTES: u64 = 12 << 20;
/// Logs decompress to about so many times their size.
const RATIO: u64 = 12;

/// Memory that an open object takes, about.
pub(super) fn cost(stored: u64) -> u64 {
    stored.saturating_add(stored.saturating_mul(RATIO).min(WINDOW_BYTES))
}

/// What gives the blocks of objects, each object's in its order.
pub(super) trait Supply {
    /// The next block of an object; `None` at its end.
    fn next(&mut self, number: usize) -> Option<Timed>;
    /// What an object gave that has ended.
    fn end(&mut self, number: usize) -> ObjectDone;
}

/// What comes next.
pub(super) enum Piece {
    /// Rows for the journal.
    Block {
        /// The object that they come from.
        number: usize,
        /// Stored bytes of it that were read, about.
        read: u64,
        /// The group that their lateness is judged in.
        source: SourceId,
        /// The rows.
        rows: Rows,
    },
    /// The object with this number has ended.
    End(usize, ObjectDone),
}

/// An object that is to be merged.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    /// Its time in the plan.
    pub(super) time: Timestamp,
    /// Its size as stored.
    pub(super) size: u64,
}

/// Merges the blocks of objects.
pub(super) struct Merge {
    entries: Vec<Entry>,
    /// The first object that is not in yet.
    next: usize,
    /// The objects that are in.
    inside: BTreeSet<usize>,
    cost: u64,
    /// Rows of each object that is in, by their earliest time.
    heads: BTreeMap<(Timestamp, usize), Timed>,
    /// The object whose rows were all given.
    empty: Option<usize>,
    slack: Duration,
}

impl Merge {
    /// `lateness` is what the journal's writer allows.
    pub(super) fn new(entries: Vec<Entry>, lateness: Duration) -> Merge {
        Merge {
            entries,
            next: 0,
            inside: BTreeSet::new(),
            cost: 0,
            heads: BTreeMap::new(),
            empty: None,
            slack: lateness / 2,
        }
    }

    /// What comes next; `None` at the end.
    pub(super) fn next(&mut self, supply: &mut dyn Supply) -> Option<Piece> {
        loop {
            if let Some(number) = self.empty.take()
                && let Some(end) = self.refill(number, supply)
            {
                return Some(end);
            }
            let Some(number) = self.admissible() else { break };
            self.next += 1;
            self.inside.insert(number);
            self.cost += self.cost_of(number);
            self.empty = Some(number);
        }
        let ((_, number), timed) = self.heads.pop_first()?;
        let (source, read) = (timed.source, timed.read);
        let (rows, rest) = timed.take(self.bound(), self.slack);
        match rest {
            Some(rest) => _ = self.heads.insert((rest.first, number), rest),
            None => self.empty = Some(number),
        }
        Some(Piece::Block { number, read, source, rows })
    }

    fn refill(&mut self, number: usize, supply: &mut dyn Supply) -> Option<Piece> {
        if let Some(timed) = supply.next(number) {
            self.heads.insert((timed.first, number), timed);
            return None;
        }
        self.inside.remove(&number);
        self.cost = self.cost.saturating_sub(self.cost_of(number));
        Some(Piece::End(number, supply.end(number)))
    }

    fn cost_of(&self, number: usize) -> u64 {
        self.entries.get(number).map_or(0, |it| cost(it.size))
    }

    /// The next object, if it is its turn and there is room.
    fn admissible(&self) -> Option<usize> {
        let entry = self.entries.get(self.next)?;
        let Some(((earliest, _), _)) = self.heads.first_key_value() else { return Some(self.next) };
        let is_due = entry.time <= *earliest + self.slack;
        (is_due && self.has_room()).then_some(self.next)
    }

    fn has_room(&self) -> bool {
        let cost = self.cost + self.cost_of(self.next);
        self.inside.len() < OBJECTS_MAX && cost <= BYTES_MAX
    }

    /// Up to which time rows may be given before those of the other objects.
    fn bound(&self) -> Timestamp {
        let others = self.heads.first_key_value().map(|((time, _), _)| *time);
        // An object for which there is no room holds nobody back.
        let next = self.entries.get(self.next).filter(|_| self.has_room()).map(|it| it.time);
        let earliest = others.into_iter().chain(next).min();
        earliest.map_or(Timestamp::MAX, |it| it + self.slack)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use model::Origin;
    use telemetry::{Block, Flow, FlowRows};

    use super::*;

    const MINUTE: u32 = 60;

    struct Blocks(Vec<VecDeque<Vec<u32>>>);

    impl Supply for Blocks {
        fn next(&mut self, number: usize) -> Option<Timed> {
            let times = self.0[number].pop_front()?;
            let mut rows = FlowRows::default();
            for start in times {
                rows.rows.push(Flow {
                    src: model::Addr::default(),
                    dst: model::Addr::default(),
                    bytes: 0,
                    packets: 0,
                    start,
                    end: start,
                    interface: 0,
                    src_port: 0,
                    dst_port: 0,
                    protocol: 6,
                    tcp_flags: 0,
                    marks: 0,
                    traffic_path: 0,
                });
                rows.origins.push(Origin { object: number as u32, len: 1, offset: 0 });
            }
            rows.interfaces.push(telemetry::FlowInterface::default());
            Some(Timed::new(SourceId(number as u64), Block::Flows(rows)))
        }

        fn end(&mut self, _: usize) -> ObjectDone {
            ObjectDone::default()
        }
    }

    fn merged(objects: &[(u32, u64, &[&[u32]])]) -> (Vec<u32>, Vec<usize>) {
        let entry =
            |it: &(u32, u64, _)| Entry { time: Timestamp::from_secs(i64::from(it.0)), size: it.1 };
        let entries = objects.iter().map(entry).collect();
        let blocks = |it: &&[&[u32]]| it.iter().map(|it| it.to_vec()).collect();
        let mut supply = Blocks(objects.iter().map(|it| blocks(&it.2)).collect());
        let mut merge = Merge::new(entries, Duration::from_mins(15));
        let (mut times, mut ends) = (Vec::new(), Vec::new());
        while let Some(piece) = merge.next(&mut supply) {
            match piece {
                Piece::Block { rows: Rows::Flows(block, range), .. } => {
                    times.extend(block.rows()[range].iter().map(|it| it.start));
                }
                Piece::Block { .. } => panic!("another kind"),
                Piece::End(number, _) => ends.push(number),
            }
        }
        (times, ends)
    }

    /// How far behind the latest row before it a row is at most.
    fn disorder(times: &[u32]) -> u32 {
        let mut latest = 0;
        let behind = times.iter().map(|it| {
            latest = latest.max(*it);
            latest - it
        });
        behind.max().unwrap()
    }

    #[test]
    fn long_files_that_overlap_come_in_time_order() {
        let a: Vec<u32> = (0..600).map(|it| it * MINUTE).collect();
        let b: Vec<u32> = (0..600).map(|it| it * MINUTE + 30).collect();
        let c: Vec<u32> = (0..100).rev().map(|it| (300 + it) * MINUTE + 7).collect();
        let (times, ends) = merged(&[
            (0, 100, &[&a[..250], &a[250..]]),
            (30, 100, &[&b]),
            (300 * MINUTE, 100, &[&c]),
        ]);
        assert_eq!(times.len(), 1300);
        assert!(disorder(&times) <= 8 * MINUTE, "{}", disorder(&times));
        assert_eq!(ends, [2, 0, 1]);
    }

    #[test]
    fn files_one_after_the_other_are_not_cut() {
        let (times, ends) = merged(&[(0, 10, &[&[0, 10], &[20]]), (9999, 10, &[&[9999], &[9000]])]);
        assert_eq!(times, [0, 10, 20, 9999, 9000]);
        assert_eq!(ends, [0, 1]);
    }

    #[test]
    fn what_has_no_room_waits_and_nothing_is_lost() {
        let times: Vec<u32> = (0..10).collect();
        let object = (0, BYTES_MAX, [times.as_slice()]);
        let objects: Vec<_> = (0..5).map(|_| (object.0, object.1, &object.2[..])).collect();
        let (times, ends) = merged(&objects);
        assert_eq!(times.len(), 50);
        assert_eq!(ends, [0, 1, 2, 3, 4]);
        assert_eq!(merged(&[(0, 5, &[]), (0, 5, &[])]).1, [0, 1]);
    }
}
