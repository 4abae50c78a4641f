//! What one host asked below one domain within a day.

use engine::findings::EvidenceRef;
use engine::model::hash64;
use serde::{Deserialize, Serialize};

use super::encoded::is_encoded;
use super::seen::Seen;

/// Length of the window, from the first query in it.
const DAY_SECS: u32 = 86_400;
const HOUR_SECS: u32 = 3600;
/// Length of a burst of queries by types that bring data in.
const BURST_SECS: u32 = 600;
/// Labels of a name that are looked at.
const LABELS_MAX: usize = 32;
/// Shorter pieces of a name hold no data.
const PIECE_MIN: usize = 3;
/// Records that are kept as evidence.
const EVIDENCE_MAX: usize = 7;

/// Query types whose answers carry data of any kind: CNAME, NULL, MX, TXT, KEY, SRV, and 65399, which a
/// tunnel uses. 0 are types that nobody knows.
const CARRIERS: [u16; 8] = [0, 5, 10, 15, 16, 25, 33, 65_399];
const NULL: u16 = 10;
const PRIVATE: u16 = 65_399;
const TXT: u16 = 16;

/// Counts over a window.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// Queries, repeated ones too.
    pub(crate) queries: u32,
    /// Queries of types that carry data.
    pub(crate) carriers: u32,
    /// Names that were not asked for before in the window.
    pub(crate) names: u32,
    /// Those of them with a label that looks like encoded data.
    pub(crate) encoded: u32,
    /// Those of them that NULL or private types were asked for.
    pub(crate) null: u32,
    /// Bytes of those names' pieces.
    pub(crate) bytes: u32,
    /// Bytes of the pieces that no name had before: what the names told.
    pub(crate) fresh: u32,
}

impl Tally {
    fn since(self, base: Tally) -> Tally {
        Tally {
            queries: self.queries.saturating_sub(base.queries),
            carriers: self.carriers.saturating_sub(base.carriers),
            names: self.names.saturating_sub(base.names),
            encoded: self.encoded.saturating_sub(base.encoded),
            null: self.null.saturating_sub(base.null),
            bytes: self.bytes.saturating_sub(base.bytes),
            fresh: self.fresh.saturating_sub(base.fresh),
        }
    }

    /// Whether the share of names with encoded data and that of new bytes both reach so many thousandths.
    pub(crate) fn is_encoded(&self, encoded_per_mille: u32, fresh_per_mille: u32) -> bool {
        is_share(self.encoded, self.names, encoded_per_mille)
            && is_share(self.fresh, self.bytes, fresh_per_mille)
    }

    /// Whether at least half of the queries were of types that carry data.
    pub(crate) fn is_carrier(&self) -> bool {
        is_share(self.carriers, self.queries, 500)
    }
}

/// Thousandths of `whole` that `part` is.
pub(crate) fn per_mille(part: u32, whole: u32) -> u64 {
    u64::from(part) * 1000 / u64::from(whole.max(1))
}

fn is_share(part: u32, whole: u32, least_per_mille: u32) -> bool {
    whole > 0 && per_mille(part, whole) >= u64::from(least_per_mille)
}

/// A name to show in a finding.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Case {
    /// The name asked for.
    pub(crate) name: Box<str>,
    /// Second of the query.
    pub(crate) time: u32,
    pub(crate) is_tcp: bool,
    pub(crate) is_blocked: bool,
}

/// What a host asked below a domain.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Pair {
    /// First second of the window.
    start: u32,
    /// Number of the window's hour that `base` was taken at.
    hour: u32,
    /// First second of the burst, and names in it that TXT, NULL or private types were asked for.
    burst: (u32, u32),
    day: Tally,
    base: Tally,
    seen: Seen,
    /// Hours in which this pair was counted as usual in the account.
    pub(crate) taught: u32,
    pub(crate) is_taught: bool,
    pub(crate) is_raised: bool,
    /// What is reported at the end of the hour, unless others ask for the same.
    pub(crate) held: Option<Box<Case>>,
    pub(crate) evidence: Vec<EvidenceRef>,
}

impl Pair {
    /// Takes a query. Whether the name is new within the window.
    ///
    /// `subdomain` is the name up to the dot before the registrable domain.
    pub(crate) fn add(&mut self, time: u32, qtype: u16, name_hash: u64, subdomain: &[u8]) -> bool {
        self.turn(time);
        let is_carrier = CARRIERS.contains(&qtype);
        self.day.queries = self.day.queries.saturating_add(1);
        self.day.carriers = self.day.carriers.saturating_add(u32::from(is_carrier));
        if self.is_raised || !self.seen.insert(name_hash) {
            return false;
        }
        let is_null = matches!(qtype, NULL | PRIVATE);
        let (bytes, fresh, encoded) = self.read(subdomain);
        let day = &mut self.day;
        day.names = day.names.saturating_add(1);
        day.null = day.null.saturating_add(u32::from(is_null));
        day.encoded = day.encoded.saturating_add(u32::from(encoded));
        day.bytes = day.bytes.saturating_add(bytes);
        day.fresh = day.fresh.saturating_add(fresh);
        self.burst.1 += u32::from(is_null || qtype == TXT);
        true
    }

    /// Bytes of the pieces of a name, of those that are new, and whether a label is encoded.
    fn read(&mut self, subdomain: &[u8]) -> (u32, u32, bool) {
        let (mut bytes, mut fresh, mut encoded) = (0, 0, false);
        for label in subdomain.split(|it| *it == b'.').take(LABELS_MAX) {
            encoded = encoded || is_encoded(label);
            for piece in label.split(|it| *it == b'-').filter(|it| it.len() >= PIECE_MIN) {
                bytes += piece.len() as u32;
                fresh += if self.seen.insert(hash64(piece)) { piece.len() as u32 } else { 0 };
            }
        }
        (bytes, fresh, encoded)
    }

    /// Begins windows anew whose time is over. A late query counts in the window that is open.
    fn turn(&mut self, time: u32) {
        if self.day.queries == 0 || time >= self.start.saturating_add(DAY_SECS) {
            let (taught, held) = (self.taught, self.held.take());
            *self = Pair { start: time, burst: (time, 0), taught, held, ..Pair::default() };
            return;
        }
        let hour = time.saturating_sub(self.start) / HOUR_SECS;
        if hour > self.hour {
            (self.hour, self.base) = (hour, self.day);
            (self.is_taught, self.is_raised) = (false, false);
            self.evidence = Vec::new();
            if self.seen.is_worn() {
                self.seen = Seen::default();
            }
        }
        if time >= self.burst.0.saturating_add(BURST_SECS) {
            self.burst = (time, 0);
        }
    }

    /// Counts of the hour of the window that is open.
    pub(crate) fn hour(&self) -> Tally {
        self.day.since(self.base)
    }

    /// Counts of the day that is open.
    pub(crate) fn day(&self) -> Tally {
        self.day
    }

    /// New names within ten minutes that TXT, NULL or private types were asked for.
    pub(crate) fn burst(&self) -> u32 {
        self.burst.1
    }

    /// Keeps the record of a new name, the first ones of an hour.
    pub(crate) fn keep(&mut self, evidence: EvidenceRef) {
        if self.evidence.len() < EVIDENCE_MAX {
            self.evidence.push(evidence);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(pair: &mut Pair, time: u32, subdomain: &str) -> bool {
        pair.add(time, 1, hash64(subdomain.as_bytes()), subdomain.as_bytes())
    }

    #[test]
    fn only_what_is_new_counts() {
        let mut pair = Pair::default();
        assert!(ask(&mut pair, 10, "first.constant"));
        assert!(!ask(&mut pair, 11, "first.constant"));
        assert!(ask(&mut pair, 12, "second.constant"));
        let hour = pair.hour();
        assert_eq!((hour.queries, hour.names, hour.bytes, hour.fresh), (3, 2, 27, 19));
        assert_eq!(per_mille(hour.fresh, hour.bytes), 703);
    }

    #[test]
    fn hours_and_days_begin_with_the_first_query() {
        let mut pair = Pair::default();
        ask(&mut pair, 1000, "one");
        ask(&mut pair, 1000 + HOUR_SECS, "two");
        assert_eq!((pair.hour().names, pair.day().names), (1, 2));
        ask(&mut pair, 900, "late");
        assert_eq!((pair.hour().names, pair.day().names), (2, 3));
        ask(&mut pair, 1000 + DAY_SECS, "three");
        assert_eq!((pair.hour().names, pair.day().names), (1, 1));
    }

    #[test]
    fn bursts_count_types_that_bring_data_in() {
        let mut pair = Pair::default();
        for (at, qtype) in [(0, TXT), (1, NULL), (2, PRIVATE), (3, 1)] {
            pair.add(at, qtype, u64::from(at) << 33, b"abc");
        }
        assert_eq!((pair.burst(), pair.hour().null, pair.hour().carriers), (3, 2, 3));
        pair.add(BURST_SECS, TXT, 9 << 40, b"abc");
        assert_eq!(pair.burst(), 1);
    }
}
