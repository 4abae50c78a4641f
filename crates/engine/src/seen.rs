//! Which API calls were delivered already.

use std::collections::BTreeMap;

use foldhash::fast::FixedState;
use hashbrown::HashSet;
use model::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

/// A call is known again until the watermark is this much past it.
const KEPT_HOURS: i64 = 24;
/// Most calls that are remembered; the oldest hour is forgotten first.
const CALLS_MAX: usize = 8 << 20;

/// The calls of the last day, by hash of their eventID.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Seen {
    #[serde(serialize_with = "in_order")]
    hours: BTreeMap<i64, HashSet<u64, FixedState>>,
    len: usize,
    /// The day of the latest watermark.
    pub(crate) day: Option<i64>,
}

/// Equal states give equal bytes: a set lies in memory as it grew.
fn in_order<S: Serializer>(
    hours: &BTreeMap<i64, HashSet<u64, FixedState>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(hours.iter().map(|(hour, ids)| {
        let mut ids: Vec<u64> = ids.iter().copied().collect();
        ids.sort_unstable();
        (hour, ids)
    }))
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

    #[test]
    fn equal_states_give_equal_bytes() {
        let of = |ids: &mut dyn Iterator<Item = u64>| {
            let mut seen = Seen::default();
            for id in ids {
                seen.admit(id, Timestamp::from_secs(0), Timestamp::from_secs(0));
            }
            postcard::to_allocvec(&seen).unwrap()
        };
        let ids = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let bytes = of(&mut (1..100).map(ids));
        assert_eq!(bytes, of(&mut (1..100).rev().map(ids)));
        let back: Seen = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(postcard::to_allocvec(&back).unwrap(), bytes);
    }
}
