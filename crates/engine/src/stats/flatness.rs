//! How alike a set of connections is in size: password guessing is flat, sessions are not.
//!
//! Source: Jonker 2014 (<https://essay.utwente.nl/65855/>), flow-based SSH compromise detection.

use smallvec::SmallVec;

/// Sizes that are held without allocation.
const INLINE: usize = 64;
/// Packets by which flat connections may differ however short they are: retransmissions.
const SLACK_PACKETS: u64 = 2;

/// The size of one connection, in the direction from client to server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
}

/// How flat a set of connections is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flatness {
    /// Share, in thousandths, of connections near both medians. Zero if there is none.
    pub per_mille: u32,
    /// Median number of packets, the lower one of two.
    pub median_packets: u64,
    /// Median number of bytes, the lower one of two.
    pub median_bytes: u64,
}

/// Measures the share of connections whose packets and bytes both lie within a quarter of the median, or
/// within two packets (of median size) of it.
pub fn flatness(sizes: impl IntoIterator<Item = Size>) -> Flatness {
    let sizes: SmallVec<[Size; INLINE]> = sizes.into_iter().collect();
    let Some(median_packets) = median(sizes.iter().map(|it| it.packets)) else {
        return Flatness::default();
    };
    let median_bytes = median(sizes.iter().map(|it| it.bytes)).unwrap_or(0);
    let slack_packets = (median_packets / 4).max(SLACK_PACKETS);
    let two_packets = (median_bytes / median_packets.max(1)).saturating_mul(SLACK_PACKETS);
    let slack_bytes = (median_bytes / 4).max(two_packets);
    let near = sizes.iter().filter(|it| {
        it.packets.abs_diff(median_packets) <= slack_packets
            && it.bytes.abs_diff(median_bytes) <= slack_bytes
    });
    let per_mille = (near.count() * 1000 / sizes.len()) as u32;
    Flatness { per_mille, median_packets, median_bytes }
}

fn median(values: impl Iterator<Item = u64>) -> Option<u64> {
    let mut values: SmallVec<[u64; INLINE]> = values.collect();
    let middle = values.len().checked_sub(1)? / 2;
    Some(*values.select_nth_unstable(middle).1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::Rng;

    fn check(sizes: &[(u64, u64)], expected: (u32, u64, u64)) {
        let flat = flatness(sizes.iter().map(|&(packets, bytes)| Size { packets, bytes }));
        assert_eq!((flat.per_mille, flat.median_packets, flat.median_bytes), expected);
    }

    #[test]
    fn equal_connections_are_flat() {
        check(&[(20, 2000); 30], (1000, 20, 2000));
        check(&[], (0, 0, 0));
        check(&[(0, 0)], (1000, 0, 0));
    }

    #[test]
    fn a_session_among_guesses_is_not_near() {
        check(&[(20, 2000), (21, 2100), (19, 1900), (900, 90_000)], (750, 20, 2000));
    }

    #[test]
    fn bounds_are_a_quarter_or_two_packets() {
        let (long, short) = ([(40, 4000); 4], [(4, 400); 4]);
        check(&[&long[..], &[(50, 5000), (51, 5000), (40, 5001)]].concat(), (714, 40, 4000));
        check(&[&short[..], &[(6, 600), (7, 600), (6, 601)]].concat(), (714, 4, 400));
    }

    #[test]
    fn order_does_not_matter() {
        let mut rng = Rng::new(5);
        for _ in 0..200 {
            let mut sizes: Vec<_> = (0..=rng.below(80))
                .map(|_| Size { packets: rng.below(60), bytes: rng.below(6000) })
                .collect();
            let first = flatness(sizes.iter().copied());
            sizes.sort_unstable_by_key(|it| (it.bytes, it.packets));
            assert_eq!(flatness(sizes.iter().copied()), first);
            let (packets, bytes) = (first.median_packets, first.median_bytes);
            let near = sizes.iter().filter(|it| {
                4 * it.packets.abs_diff(packets) <= packets.max(8)
                    && it.bytes.abs_diff(bytes) <= (bytes / 4).max(2 * (bytes / packets.max(1)))
            });
            assert_eq!(first.per_mille as usize, near.count() * 1000 / sizes.len());
        }
    }
}
