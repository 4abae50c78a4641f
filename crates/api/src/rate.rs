//! How often a key may call: a token bucket for each.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use model::Timestamp;

/// A request, in the thousandths that a rate of one per second brings in a millisecond.
const REQUEST: u64 = 1000;
/// A key that was quiet may call as often at once as else in this many seconds.
const BURST_SECONDS: u64 = 2;
/// Buckets that are kept before full ones are dropped. Only keys that exist have one.
const KEPT: usize = 1024;

/// The buckets of all keys.
pub(crate) struct Rates {
    per_second: u64,
    buckets: Mutex<HashMap<String, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    /// Thousandths of requests.
    left: u64,
    /// In milliseconds; when `left` was true.
    since: i64,
}

impl Rates {
    /// So many requests per second; without limit at zero.
    pub(crate) fn new(per_second: u32) -> Rates {
        Rates { per_second: u64::from(per_second), buckets: Mutex::default() }
    }

    /// Takes a request from the key's bucket; false if there is none left.
    pub(crate) fn take(&self, access_key: &str, now: Timestamp) -> bool {
        if self.per_second == 0 {
            return true;
        }
        let now = now.millis();
        let full = self.per_second * BURST_SECONDS * REQUEST;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= KEPT && !buckets.contains_key(access_key) {
            // A full bucket is as good as none.
            buckets.retain(|_, it| self.filled(*it, now).left < full);
        }
        let bucket = buckets.get(access_key).copied().unwrap_or(Bucket { left: full, since: now });
        let mut bucket = self.filled(bucket, now);
        let is_taken = bucket.left >= REQUEST;
        if is_taken {
            bucket.left -= REQUEST;
        }
        buckets.insert(access_key.to_owned(), bucket);
        is_taken
    }

    /// The bucket at a later time. A clock that is set back brings nothing, and the wait starts there.
    fn filled(&self, bucket: Bucket, now: i64) -> Bucket {
        let full = self.per_second * BURST_SECONDS * REQUEST;
        let passed = u64::try_from(now.saturating_sub(bucket.since)).unwrap_or(0);
        let left = bucket.left.saturating_add(passed.saturating_mul(self.per_second)).min(full);
        Bucket { left, since: now }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(rates: &Rates, key: &str, millis: i64, tries: usize) -> usize {
        let now = Timestamp::from_millis(millis);
        (0..tries).filter(|_| rates.take(key, now)).count()
    }

    #[test]
    fn a_bucket_empties_and_fills() {
        let rates = Rates::new(5);
        assert_eq!(taken(&rates, "a", 10_000, 50), 10);
        assert_eq!(taken(&rates, "b", 10_000, 50), 10, "another key has its own");
        assert_eq!(taken(&rates, "a", 10_199, 50), 0);
        assert_eq!(taken(&rates, "a", 10_200, 50), 1);
        assert_eq!(taken(&rates, "a", 11_200, 50), 5);
        assert_eq!(taken(&rates, "a", 99_000, 50), 10, "no more than the burst");
    }

    #[test]
    fn a_clock_that_is_set_back_neither_brings_nor_locks_out() {
        let rates = Rates::new(5);
        assert_eq!(taken(&rates, "a", 10_000, 50), 10);
        assert_eq!(taken(&rates, "a", 0, 50), 0);
        assert_eq!(taken(&rates, "a", 1_000, 50), 5);
    }

    #[test]
    fn zero_is_no_limit_and_full_buckets_are_dropped() {
        assert_eq!(taken(&Rates::new(0), "a", 0, 5000), 5000);
        let rates = Rates::new(1);
        for number in 0..KEPT {
            assert!(rates.take(&number.to_string(), Timestamp::from_millis(0)));
        }
        assert!(rates.take("late", Timestamp::from_millis(5_000)));
        assert_eq!(rates.buckets.lock().unwrap().len(), 1);
    }
}
