//! Counts over a sliding window of a few buckets.
//!
//! Time is in seconds; the width of a bucket is given with each call, since it is a detector's setting
//! and states know no settings. A window that is given another width starts anew.

use std::array;

use serde::{Deserialize, Serialize};

use super::{Distinct, array as any_array};

/// How many events the last `N` buckets hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowCount<const N: usize> {
    clock: Clock,
    #[serde(with = "any_array")]
    counts: [u32; N],
}

/// How many distinct values the last `N` buckets hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowDistinct<const N: usize> {
    clock: Clock,
    #[serde(with = "any_array")]
    sets: [Distinct; N],
}

/// The newest bucket, by number since 1970, and its width.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Clock {
    newest: u32,
    width: u32,
}

/// Where a row goes in a ring of buckets.
enum Place {
    /// All buckets must be cleared first.
    Restart(usize),
    /// The bucket of this index; `fresh` buckets, of which it is the last, must be cleared first.
    Bucket {
        index: usize,
        fresh: usize,
    },
    TooOld,
}

impl<const N: usize> WindowCount<N> {
    /// Counts `n` events. Late rows count in their own bucket; those before the window are ignored.
    pub fn add(&mut self, now: u32, n: u32, width: u32) {
        if let Some(count) = self.clock.bucket(&mut self.counts, now, width) {
            *count = count.saturating_add(n);
        }
    }

    /// Events in the `N` buckets that end with the one of `now`.
    pub fn total(&self, now: u32) -> u64 {
        self.clock.live(&self.counts, now).map(|&it| u64::from(it)).sum()
    }
}

impl<const N: usize> WindowDistinct<N> {
    /// Adds a value. Returns `true` if it is surely new within the window, as `Distinct::insert`.
    /// Late values go to their own bucket; those before the window are ignored.
    pub fn insert(&mut self, now: u32, value: u64, width: u32) -> bool {
        let Some(set) = self.clock.bucket(&mut self.sets, now, width) else { return false };
        if !set.insert(value) {
            return false;
        }
        // The value's own set holds it by now; no other live set may.
        let live = self.clock.live(&self.sets, self.clock.newest_second());
        live.filter(|it| it.may_hold(value)).count() == 1
    }

    /// Distinct values in the `N` buckets that end with the one of `now`. Merges the buckets: ask when
    /// something is new, not for each row.
    pub fn count(&self, now: u32) -> u64 {
        self.union(now).estimate()
    }

    /// All values of the `N` buckets that end with the one of `now`.
    pub fn union(&self, now: u32) -> Distinct {
        let mut sets = self.clock.live(&self.sets, now).filter(|it| !it.is_empty());
        let mut union = sets.next().cloned().unwrap_or_default();
        sets.for_each(|it| union.merge(it));
        union
    }
}

impl<const N: usize> Default for WindowCount<N> {
    fn default() -> Self {
        WindowCount { clock: Clock::default(), counts: [0; N] }
    }
}

impl<const N: usize> Default for WindowDistinct<N> {
    fn default() -> Self {
        WindowDistinct { clock: Clock::default(), sets: array::from_fn(|_| Distinct::default()) }
    }
}

impl Clock {
    /// The bucket of `now`, after those that the window has left are emptied.
    fn bucket<'a, T: Default, const N: usize>(
        &mut self,
        buckets: &'a mut [T; N],
        now: u32,
        width: u32,
    ) -> Option<&'a mut T> {
        let index = match self.place::<N>(now, width) {
            Place::TooOld => return None,
            Place::Restart(index) => {
                buckets.fill_with(T::default);
                index
            }
            Place::Bucket { index, fresh } => {
                for back in 0..fresh {
                    buckets[(index + N - back) % N] = T::default();
                }
                index
            }
        };
        buckets.get_mut(index)
    }

    fn place<const N: usize>(&mut self, now: u32, width: u32) -> Place {
        const { assert!(N > 0, "a window has at least one bucket") };
        let width = width.max(1);
        let number = now / width;
        let index = number as usize % N;
        let old = *self;
        if number > old.newest || width != old.width {
            *self = Clock { newest: number, width };
        }
        if width != old.width || (number > old.newest && (number - old.newest) as usize >= N) {
            return Place::Restart(index);
        }
        if number <= old.newest && (old.newest - number) as usize >= N {
            return Place::TooOld;
        }
        Place::Bucket { index, fresh: number.saturating_sub(old.newest) as usize }
    }

    /// A time within the newest bucket.
    fn newest_second(self) -> u32 {
        self.newest.saturating_mul(self.width.max(1))
    }

    /// The buckets held that lie in the window which ends with the bucket of `now`.
    fn live<T, const N: usize>(self, buckets: &[T; N], now: u32) -> impl Iterator<Item = &T> {
        let (last, newest) = (now / self.width.max(1), self.newest);
        let oldest = (u64::from(last.max(newest)) + 1).saturating_sub(N as u64) as u32;
        (oldest..=last.min(newest)).map(|number| &buckets[number as usize % N])
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::stats::testing::{Rng, restored};

    /// Rows of random times, most in order, some late, some after a long silence.
    fn times(rng: &mut Rng, steps: usize) -> Vec<u32> {
        let mut now = 1_000_000;
        let times = (0..steps).map(|_| {
            now += rng.below(20) as u32;
            match rng.below(50) {
                0 => now += 5000,
                1..10 => return now - rng.below(1200) as u32,
                _ => {}
            }
            now
        });
        times.collect()
    }

    /// The rows kept: those that were not before the window when they came.
    fn kept(times: &[u32], n: u32, width: u32) -> Vec<bool> {
        let mut newest = 0;
        let keep = times.iter().map(|time| {
            newest = newest.max(time / width);
            newest - time / width < n
        });
        keep.collect()
    }

    #[test]
    fn totals_are_those_of_all_rows_in_the_window() {
        for seed in 0..10 {
            let times = times(&mut Rng::new(seed), 1000);
            let kept = kept(&times, 5, 60);
            let mut window = WindowCount::<5>::default();
            for (i, &now) in times.iter().enumerate() {
                window.add(now, 2, 60);
                let newest = times[..=i].iter().max().unwrap() / 60;
                let last = now / 60;
                let inside = |at: &usize| {
                    let bucket = times[*at] / 60;
                    kept[*at] && bucket <= last && bucket + 5 > last.max(newest)
                };
                assert_eq!(window.total(now), (0..=i).filter(inside).count() as u64 * 2);
                if i % 100 == 0 {
                    window = restored(&window);
                }
            }
        }
    }

    #[test]
    fn distinct_values_are_those_of_all_rows_in_the_window() {
        for seed in 0..10 {
            let mut rng = Rng::new(seed);
            let times = times(&mut rng, 600);
            let kept = kept(&times, 3, 300);
            let values: Vec<u64> = times.iter().map(|_| rng.below(60)).collect();
            let mut window = WindowDistinct::<3>::default();
            for (i, &now) in times.iter().enumerate() {
                let newest = times[..=i].iter().max().unwrap() / 300;
                let held = |end: usize| -> HashSet<u64> {
                    let is_live = |at: &usize| kept[*at] && times[*at] / 300 + 3 > newest;
                    (0..end).filter(is_live).map(|at| values[at]).collect()
                };
                let is_new = kept[i] && !held(i).contains(&values[i]);
                assert_eq!(window.insert(now, values[i], 300), is_new, "step {i}");
                assert_eq!(window.count(newest * 300), held(i + 1).len() as u64);
                if i % 100 == 0 {
                    window = restored(&window);
                }
            }
        }
    }

    #[test]
    fn window_is_empty_once_its_time_is_over() {
        let mut window = WindowCount::<3>::default();
        assert_eq!(window.total(0), 0);
        window.add(0, 1, 10);
        assert_eq!((window.total(9), window.total(29), window.total(30)), (1, 1, 0));
        window.add(u32::MAX, 1, 10);
        assert_eq!(window.total(u32::MAX), 1);
    }

    #[test]
    fn another_width_starts_anew() {
        let mut window = WindowCount::<3>::default();
        window.add(1000, 5, 10);
        window.add(1000, 1, 60);
        assert_eq!(window.total(1000), 1);
    }

    #[test]
    fn a_flood_of_values_is_estimated() {
        let mut window = WindowDistinct::<3>::default();
        (0..3000).for_each(|it| _ = window.insert(it as u32, it, 1000));
        let count = window.count(2999);
        assert!((2700..3300).contains(&count), "{count}");
    }
}
