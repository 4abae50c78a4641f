//! Which API calls were delivered already.

use std::collections::BTreeMap;

use foldhash::fast::FixedState;
use hashbrown::HashSet;
use model::Timestamp;
use serde::{Deserialize, Serialize};

/// A call is known again until the watermark is this much past it.
const KEPT_HOURS: i64 = 24;
/// Most calls that are remembered; the oldest hour is forgotten first.
const CALLS_MAX: usize = 8 << 20;

/// The calls of the last day, by hash of their eventID.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Seen {
    hours: BTreeMap<i64, HashSet<u64, FixedState>>,
    len: usize,
    /// The day of the latest watermark.
    pub(crate) day: Option<i64>,
}

impl Seen {
    /// Whether the call is new; remembers it.
    pub(crate) fn admit(&mut self, event_id: u64, time: Timestamp, watermark: Timestamp) -> bool {
        if event_id == 0 {
            return true;
        }
        let hour = time.hour();
        if watermark != Timestamp::MIN && watermark.hour() - hour > KEPT_HOURS {
            // Too old to tell; it is counted as late elsewhere.
            return true;
        }
        let is_new = self.hours.entry(hour).or_default().insert(event_id);
        self.len += usize::from(is_new);
        is_new
    }

    /// Forgets what is too old or too much.
    pub(crate) fn forget(&mut self, watermark: Timestamp) {
        while let Some(entry) = self.hours.first_entry() {
            let is_old = watermark != Timestamp::MIN && watermark.hour() - entry.key() > KEPT_HOURS;
            if !is_old && self.len <= CALLS_MAX {
                break;
            }
            self.len -= entry.remove().len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_delivery_is_known_for_a_day() {
        let at = |hours: i64| Timestamp::from_secs(hours * 3600);
        let mut seen = Seen::default();
        assert!(seen.admit(7, at(0), at(0)));
        assert!(!seen.admit(7, at(0), at(24)));
        seen.forget(at(25));
        assert_eq!(seen.len, 0);
    }
}
