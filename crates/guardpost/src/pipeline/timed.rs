//! A block on its way into the journal, taken off in time order.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use engine::{Intake, SharedFlows, SourceId};
use model::{Origin, Timestamp};
use telemetry::{ApiRows, Block, DnsQuery, DnsRows, Span};

/// Rows on their way to the journal's writer.
pub enum Rows {
    /// A range of a block, which is not copied.
    Flows(Arc<SharedFlows>, Range<usize>),
    /// Queries.
    Queries(DnsRows),
    /// API calls.
    ApiCalls(ApiRows),
}

impl Rows {
    /// Number of rows.
    #[expect(clippy::len_without_is_empty, reason = "there is always a row")]
    pub fn len(&self) -> usize {
        match self {
            Rows::Flows(_, range) => range.len(),
            Rows::Queries(rows) => rows.rows.len(),
            Rows::ApiCalls(rows) => rows.rows.len(),
        }
    }

    /// Gives the rows to the journal's writer.
    pub fn enter(self, source: SourceId, intake: &mut Intake) {
        match self {
            Rows::Flows(block, range) => intake.flow_range(source, &block, range),
            Rows::Queries(rows) => intake.queries(source, rows),
            Rows::ApiCalls(rows) => intake.calls(source, rows),
        }
    }
}

/// A block with the times of its rows.
pub(super) struct Timed {
    pub(super) source: SourceId,
    /// Stored bytes of its object that were read with it, about.
    pub(super) read: u64,
    /// All rows, also those that were taken off.
    rows: Rows,
    /// Time of the earliest row that was not taken off.
    pub(super) first: Timestamp,
    /// Time of the latest row.
    pub(super) last: Timestamp,
    /// Rows that were taken off, once the rows are sorted.
    taken: usize,
    is_sorted: bool,
}

impl Timed {
    /// A block that has rows.
    pub(super) fn new(source: SourceId, block: Block) -> Timed {
        let rows = match block {
            Block::Flows(rows) => {
                let len = rows.rows.len();
                Rows::Flows(Arc::new(SharedFlows::from(rows)), 0..len)
            }
            Block::Queries(rows) => Rows::Queries(rows),
            Block::ApiCalls(rows) => Rows::ApiCalls(rows),
        };
        let (mut first, mut last) = (Timestamp::MAX, Timestamp::MIN);
        let mut is_sorted = true;
        each_time(&rows, |time| {
            is_sorted &= time >= last;
            first = first.min(time);
            last = last.max(time);
        });
        Timed { source, read: 0, rows, first, last, taken: 0, is_sorted }
    }

    /// Memory that it takes, about.
    pub(super) fn bytes(&self) -> usize {
        let origins = self.rows.len() * size_of::<Origin>();
        origins
            + match &self.rows {
                Rows::Flows(block, _) => size_of_val(block.rows()),
                Rows::Queries(it) => size_of_val(it.rows.as_slice()) + it.text.len(),
                Rows::ApiCalls(it) => size_of_val(it.rows.as_slice()) + it.text.len(),
            }
    }

    /// Takes the rows up to `bound` off, the earliest at least; gives them and what is left. Rows are put in
    /// order where they span more than `slack`.
    pub(super) fn take(mut self, bound: Timestamp, slack: Duration) -> (Rows, Option<Timed>) {
        if !self.is_sorted && (self.last > bound || self.last.since(self.first) > slack) {
            sort(&mut self.rows);
            self.is_sorted = true;
        }
        if self.last <= bound && self.taken == 0 {
            return (self.rows, None);
        }
        let (from, len) = (self.taken, self.rows.len());
        let until = self.count(bound).max(self.taken + 1);
        let piece = match &self.rows {
            Rows::Flows(block, _) => Rows::Flows(Arc::clone(block), from..until),
            Rows::Queries(rows) => Rows::Queries(queries(rows, from, until)),
            Rows::ApiCalls(rows) => Rows::ApiCalls(calls(rows, from, until)),
        };
        if until >= len {
            return (piece, None);
        }
        self.taken = until;
        self.first = time_at(&self.rows, until);
        (piece, Some(self))
    }

    /// Rows up to `bound`; they are sorted.
    fn count(&self, bound: Timestamp) -> usize {
        let secs = |it: u32| Timestamp::from_secs(i64::from(it));
        match &self.rows {
            Rows::Flows(it, _) => it.rows().partition_point(|row| secs(row.start) <= bound),
            Rows::Queries(it) => it.rows.partition_point(|row| secs(row.time) <= bound),
            Rows::ApiCalls(it) => it.rows.partition_point(|row| row.time <= bound),
        }
    }
}

fn each_time(rows: &Rows, mut tell: impl FnMut(Timestamp)) {
    let secs = |it: u32| Timestamp::from_secs(i64::from(it));
    match rows {
        Rows::Flows(it, _) => it.rows().iter().for_each(|row| tell(secs(row.start))),
        Rows::Queries(it) => it.rows.iter().for_each(|row| tell(secs(row.time))),
        Rows::ApiCalls(it) => it.rows.iter().for_each(|row| tell(row.time)),
    }
}

fn time_at(rows: &Rows, at: usize) -> Timestamp {
    let secs = |it: u32| Timestamp::from_secs(i64::from(it));
    let time = match rows {
        Rows::Flows(it, _) => it.rows().get(at).map(|row| secs(row.start)),
        Rows::Queries(it) => it.rows.get(at).map(|row| secs(row.time)),
        Rows::ApiCalls(it) => it.rows.get(at).map(|row| row.time),
    };
    time.unwrap_or(Timestamp::MAX)
}

/// Sorts by time; rows of the same time stay in the order of the file.
fn sort(rows: &mut Rows) {
    match rows {
        Rows::Flows(block, _) => {
            // Nobody else has the block before its first rows were given.
            if let Some(block) = Arc::get_mut(block) {
                let (rows, origins) = block.rows_mut();
                sort_rows(rows, origins, |row| i64::from(row.start));
            }
        }
        Rows::Queries(it) => {
            sort_rows(&mut it.rows, &mut it.origins, |row| i64::from(row.time));
        }
        Rows::ApiCalls(it) => {
            sort_rows(&mut it.rows, &mut it.origins, |row| row.time.millis());
        }
    }
}

fn sort_rows<R: Copy>(rows: &mut [R], origins: &mut [Origin], time: impl Fn(&R) -> i64) {
    let mut pairs: Vec<(R, Origin)> = rows.iter().copied().zip(origins.iter().copied()).collect();
    pairs.sort_by_key(|(row, _)| time(row));
    for ((row, origin), pair) in rows.iter_mut().zip(origins.iter_mut()).zip(pairs) {
        (*row, *origin) = pair;
    }
}

/// Local ids of a piece: those that its rows use, in the order of their first use.
#[derive(Default)]
struct LocalIds {
    by_old: BTreeMap<u32, u32>,
}

impl LocalIds {
    /// The id in the piece, and whether it is used for the first time.
    fn of(&mut self, old: u32) -> (u32, bool) {
        let next = self.by_old.len() as u32;
        let id = *self.by_old.entry(old).or_insert(next);
        (id, id == next)
    }
}

fn queries(rows: &DnsRows, from: usize, until: usize) -> DnsRows {
    let mut piece = DnsRows::default();
    let mut ids = LocalIds::default();
    for row in rows.rows.get(from..until).unwrap_or_default() {
        let (host, is_new) = ids.of(row.host);
        if is_new {
            piece.hosts.push(rows.hosts.get(row.host as usize).cloned().unwrap_or_default());
        }
        let name = Span::push(&mut piece.text, row.name.of(&rows.text));
        let answers = Span::push(&mut piece.text, row.answers.of(&rows.text));
        piece.rows.push(DnsQuery { host, name, answers, ..*row });
    }
    piece.origins.extend_from_slice(rows.origins.get(from..until).unwrap_or_default());
    piece
}

fn calls(rows: &ApiRows, from: usize, until: usize) -> ApiRows {
    let mut piece = ApiRows::default();
    (from..until).for_each(|index| piece.push_from(rows, index));
    piece
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_hold_what_the_block_held() {
        let mut rows = DnsRows::default();
        for (at, time) in [30, 10, 40, 20].into_iter().enumerate() {
            let text = format!("n{time}.example.com");
            let name = Span::push(&mut rows.text, &text);
            let (host, answers) = ((at % 2) as u32, Span::default());
            let hash = model::hash64(text.as_bytes());
            rows.rows.push(DnsQuery {
                name_hash: hash,
                name,
                answers,
                time,
                host,
                qtype: 1,
                answer_count: 0,
                rcode: 0,
                marks: 0,
            });
            rows.origins.push(Origin { object: 0, len: 1, offset: at as u64 });
        }
        for name in ["even", "odd"] {
            rows.hosts.push(telemetry::DnsHost { vpc: name.into(), ..Default::default() });
        }
        let timed = Timed::new(SourceId(1), Block::Queries(rows));
        assert_eq!((timed.first.secs(), timed.last.secs()), (10, 40));
        let mut rest = Some(timed);
        let mut seen = Vec::new();
        for bound in [20, 5, 99] {
            let (piece, left) =
                rest.take().unwrap().take(Timestamp::from_secs(bound), Duration::ZERO);
            let Rows::Queries(piece) = piece else { panic!("another kind") };
            for (row, origin) in piece.rows.iter().zip(&piece.origins) {
                let vpc = piece.hosts[row.host as usize].vpc.to_string();
                seen.push((piece.name(row).to_owned(), vpc, origin.offset, bound));
            }
            rest = left;
        }
        assert!(rest.is_none());
        let expected = [
            ("n10.example.com", "odd", 1, 20),
            ("n20.example.com", "odd", 3, 20),
            ("n30.example.com", "even", 0, 5),
            ("n40.example.com", "even", 2, 99),
        ];
        let expected =
            expected.map(|(name, vpc, at, bound)| (name.to_owned(), vpc.to_owned(), at, bound));
        assert_eq!(seen, expected);
    }
}
