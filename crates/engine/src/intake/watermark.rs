//! How far event time has certainly come.

use std::collections::BTreeMap;
use std::time::Duration;

use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::SourceId;

/// The watermark over all source groups: the earliest of their latest times, less the lateness bound.
///
/// A source group that fell behind the latest row of all by more than the idle bound does not count, so a
/// silent source freezes nobody. The watermark never goes back.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Watermarks {
    lateness: Duration,
    idle: Duration,
    sources: BTreeMap<SourceId, Timestamp>,
    latest: Timestamp,
    watermark: Timestamp,
}

impl Watermarks {
    pub(super) fn new(lateness: Duration, idle: Duration) -> Watermarks {
        Watermarks {
            lateness,
            idle,
            sources: BTreeMap::new(),
            latest: Timestamp::MIN,
            watermark: Timestamp::MIN,
        }
    }

    /// The same marks under other bounds.
    pub(super) fn with(self, lateness: Duration, idle: Duration) -> Watermarks {
        Watermarks { lateness, idle, ..self }
    }

    pub(super) fn watermark(&self) -> Timestamp {
        self.watermark
    }

    /// The latest event time of all.
    pub(super) fn latest(&self) -> Option<Timestamp> {
        (self.latest != Timestamp::MIN).then_some(self.latest)
    }

    pub(super) fn set(&mut self, watermark: Timestamp) {
        self.watermark = self.watermark.max(watermark);
    }

    /// Takes rows of a source in turn, up to the one at which the watermark would pass a full hour: that one
    /// belongs to the next batch. Gives the number of rows taken, the watermark that the caller sets, and
    /// whether it passes a full hour.
    pub(super) fn advance(
        &mut self,
        source: SourceId,
        times: impl Iterator<Item = Timestamp>,
    ) -> (usize, Timestamp, bool) {
        let mut seen = self.sources.get(&source).copied().unwrap_or(Timestamp::MIN);
        let mut others: Vec<Timestamp> =
            self.sources.iter().filter(|(id, _)| **id != source).map(|(_, it)| *it).collect();
        others.sort_unstable_by_key(|it| std::cmp::Reverse(*it));
        // Before the first watermark, the first row says which hour is open.
        let mut hour = (self.watermark != Timestamp::MIN).then(|| self.watermark.hour());
        let mut next = self.watermark;
        let (mut taken, mut passes_hour) = (0, false);
        for time in times {
            if time > seen {
                // Seen even when it is left for the next batch, where it passes nothing any more.
                seen = time;
                self.latest = self.latest.max(time);
                next = next.max(self.earliest(seen, &mut others) - self.lateness);
                if next.hour() > *hour.get_or_insert(next.hour()) {
                    passes_hour = true;
                    break;
                }
            }
            taken += 1;
        }
        self.sources.insert(source, seen);
        (taken, next, passes_hour)
    }

    /// Time passed although no row came.
    pub(super) fn tick(&mut self, now: Timestamp) -> Timestamp {
        self.latest = self.latest.max(now);
        let mut all: Vec<Timestamp> = self.sources.values().copied().collect();
        all.sort_unstable_by_key(|it| std::cmp::Reverse(*it));
        let earliest = self.earliest(self.latest, &mut all);
        self.watermark.max(earliest - self.lateness)
    }

    /// The earliest latest time among live sources; `others` lies latest first and loses idle sources.
    fn earliest(&self, seen: Timestamp, others: &mut Vec<Timestamp>) -> Timestamp {
        let oldest_live = self.latest - self.idle;
        while others.last().is_some_and(|it| *it < oldest_live) {
            others.pop();
        }
        let own = if seen < oldest_live { self.latest } else { seen };
        others.last().map_or(own, |it| own.min(*it))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_secs(minutes * 60)
    }

    fn marks() -> Watermarks {
        Watermarks::new(Duration::from_mins(15), Duration::from_mins(10))
    }

    fn push(marks: &mut Watermarks, source: u64, minutes: i64) -> Timestamp {
        let (_, next, _) = marks.advance(SourceId(source), [at(minutes)].into_iter());
        marks.set(next);
        next
    }

    #[test]
    fn the_slowest_live_source_holds_the_watermark() {
        let mut marks = marks();
        push(&mut marks, 1, 100);
        assert_eq!(push(&mut marks, 2, 95), at(85), "it never goes back");
        assert_eq!(push(&mut marks, 1, 104), at(85), "source 2 stands at 95");
        assert_eq!(push(&mut marks, 2, 103), at(88));
    }

    #[test]
    fn a_silent_source_freezes_nobody() {
        let mut marks = marks();
        push(&mut marks, 1, 100);
        push(&mut marks, 2, 100);
        assert_eq!(push(&mut marks, 1, 111), at(96));
        assert_eq!(push(&mut marks, 1, 200), at(185));
    }

    #[test]
    fn time_passes_without_rows() {
        let mut marks = marks();
        push(&mut marks, 1, 100);
        assert_eq!(marks.tick(at(160)), at(145));
    }
}
