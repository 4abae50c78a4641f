//! Verdicts on addresses: the hottest look-up of all.

use model::Addr;

use crate::ranges::{Bitmap, Boundary};
use crate::sets::Verdict;

/// Below this many starts in a bucket counting them all is faster than a binary search.
const COUNTED_STARTS: usize = 32;

/// Both families.
pub(crate) struct Addresses {
    v4: V4,
    v6: V6,
}

impl Addresses {
    pub(crate) fn new(v4: &[Boundary<u32>], v6: &[Boundary<u128>]) -> Addresses {
        Addresses { v4: V4::new(v4), v6: V6::new(v6) }
    }

    #[inline]
    pub(crate) fn get(&self, addr: Addr) -> Verdict {
        match addr.v4() {
            Some(v4) if !self.v4.is_touched(v4) => Verdict::NONE,
            Some(v4) => self.v4.get(v4, self.v4.bucket(v4)),
            None => self.v6.get(addr.bits()),
        }
    }

    /// Appends one verdict for each address.
    ///
    /// The processor itself overlaps the cache misses of independent look-ups in a tight loop: passes
    /// over a group (all bits, then all buckets) were measured and took a third longer.
    pub(crate) fn get_all(&self, addrs: impl Iterator<Item = Addr>, out: &mut Vec<Verdict>) {
        out.extend(addrs.map(|it| self.get(it)));
    }
}

/// IPv4: a bitmap of touched /24s, then a bucket for each /16.
#[derive(Default)]
struct V4 {
    touched: Bitmap,
    /// Where the bucket of each /16 begins; one more at the end.
    offsets: Vec<u32>,
    /// The lower halves of the first addresses; the first of each bucket is 0.
    starts: Vec<u16>,
    verdicts: Vec<Verdict>,
}

impl V4 {
    fn new(boundaries: &[Boundary<u32>]) -> V4 {
        if boundaries.is_empty() {
            return V4::default();
        }
        let mut index = V4 { touched: Bitmap::new(1 << 24), ..V4::default() };
        for (at, boundary) in boundaries.iter().enumerate() {
            if !boundary.verdict.is_none() {
                let last = boundaries.get(at + 1).map_or(u32::MAX, |it| it.from - 1);
                index.touched.set((boundary.from >> 8) as usize, (last >> 8) as usize);
            }
        }
        let mut rest = boundaries.iter().peekable();
        let mut current = Verdict::NONE;
        for high in 0..=u32::from(u16::MAX) {
            index.offsets.push(index.starts.len() as u32);
            if rest.peek().is_none_or(|it| it.from != high << 16) {
                index.push(0, current);
            }
            while let Some(boundary) = rest.next_if(|it| it.from >> 16 == high) {
                current = boundary.verdict;
                index.push(boundary.from as u16, current);
            }
        }
        index.offsets.push(index.starts.len() as u32);
        index
    }

    fn push(&mut self, start: u16, verdict: Verdict) {
        self.starts.push(start);
        self.verdicts.push(verdict);
    }

    #[inline]
    fn is_touched(&self, v4: u32) -> bool {
        self.touched.get((v4 >> 8) as usize)
    }

    #[inline]
    fn bucket(&self, v4: u32) -> (u32, u32) {
        let high = (v4 >> 16) as usize;
        match self.offsets.get(high..high + 2) {
            Some(&[begin, end]) => (begin, end),
            _ => (0, 0),
        }
    }

    #[inline]
    fn get(&self, v4: u32, (begin, end): (u32, u32)) -> Verdict {
        let low = v4 as u16;
        let starts = self.starts.get(begin as usize..end as usize).unwrap_or_default();
        let after = if starts.len() <= COUNTED_STARTS {
            starts.iter().map(|&it| usize::from(it <= low)).sum()
        } else {
            starts.partition_point(|&it| it <= low)
        };
        let at = (begin as usize + after).wrapping_sub(1);
        self.verdicts.get(at).copied().unwrap_or_default()
    }
}

/// IPv6: a bitmap of the touched /24s, then two levels of an index: the upper 16 bits
/// choose a region, and in it as many of the next bits as it has ranges choose a bucket.
#[derive(Default)]
struct V6 {
    touched: Bitmap,
    regions: Vec<Region>,
    /// The number of starts below each bucket of each region, and one more at the end of a region.
    offsets: Vec<u32>,
    starts: Vec<u128>,
    verdicts: Vec<Verdict>,
}

/// The addresses that share their upper 16 bits.
#[derive(Clone, Copy, Default)]
struct Region {
    /// Where its buckets begin in the offsets.
    at: u32,
    /// How many bits behind the upper 16 choose the bucket.
    bits: u32,
}

/// Bits of an IPv6 address that the bitmap looks at: one bit a /24.
const V6_MAP_BITS: u32 = 24;
const V6_REGION_BITS: u32 = 16;
/// The most bits that choose a bucket in a region.
const V6_MAX_BUCKET_BITS: u32 = 20;

impl V6 {
    fn new(boundaries: &[Boundary<u128>]) -> V6 {
        if boundaries.is_empty() {
            return V6::default();
        }
        let mut index = V6 { touched: Bitmap::new(1 << V6_MAP_BITS), ..V6::default() };
        for (at, boundary) in boundaries.iter().enumerate() {
            index.starts.push(boundary.from);
            index.verdicts.push(boundary.verdict);
            if !boundary.verdict.is_none() {
                let last = boundaries.get(at + 1).map_or(u128::MAX, |it| it.from - 1);
                let [first, last] = [boundary.from, last].map(|it| it >> (128 - V6_MAP_BITS));
                index.touched.set(first as usize, last as usize);
            }
        }
        for region in 0..1u128 << V6_REGION_BITS {
            index.add_region(region);
        }
        index
    }

    fn add_region(&mut self, region: u128) {
        let below = |starts: &[u128], edge: Option<u128>| {
            edge.map_or(starts.len(), |edge| starts.partition_point(|it| *it < edge))
        };
        let rest = 128 - V6_REGION_BITS;
        let begin = below(&self.starts, Some(region << rest));
        let end = below(&self.starts, (region + 1).checked_mul(1 << rest));
        let bits = (usize::BITS - (end - begin).leading_zeros()).min(V6_MAX_BUCKET_BITS);
        self.regions.push(Region { at: self.offsets.len() as u32, bits });
        let starts = self.starts.get(begin..end).unwrap_or_default();
        for bucket in 0..1u128 << bits {
            let edge = region << rest | bucket << (rest - bits);
            self.offsets.push((begin + below(starts, Some(edge))) as u32);
        }
        self.offsets.push(end as u32);
    }

    #[inline]
    fn get(&self, bits: u128) -> Verdict {
        if !self.touched.get((bits >> (128 - V6_MAP_BITS)) as usize) {
            return Verdict::NONE;
        }
        let Some(region) = self.regions.get((bits >> (128 - V6_REGION_BITS)) as usize) else {
            return Verdict::NONE;
        };
        let bucket = bits << V6_REGION_BITS >> (128 - V6_MAX_BUCKET_BITS);
        let bucket = region.at as usize + (bucket >> (V6_MAX_BUCKET_BITS - region.bits)) as usize;
        let Some(&[begin, end]) = self.offsets.get(bucket..bucket + 2) else {
            return Verdict::NONE;
        };
        let starts = self.starts.get(begin as usize..end as usize).unwrap_or_default();
        // Where no range starts at or below the address in its bucket, the last one before it holds.
        let at = (begin as usize + starts.partition_point(|it| *it <= bits)).wrapping_sub(1);
        self.verdicts.get(at).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::Range;
    use crate::ranges::{Bits, Flattener};
    use crate::sets::Sets;

    /// `SplitMix64` (<https://prng.di.unimi.it/splitmix64.c>): the same numbers in every run.
    struct Numbers(u64);

    impl Numbers {
        fn next(&mut self) -> u64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ mixed >> 31
        }
    }

    struct Case<T> {
        lists: Vec<Vec<Range<T>>>,
        probes: Vec<T>,
    }

    fn flatten<T: Bits>(lists: &[Vec<Range<T>>], sets: &mut Sets) -> Vec<Boundary<T>> {
        let mut flattener = Flattener::new();
        for (number, list) in (0..).zip(lists) {
            flattener.add(number, list);
        }
        flattener.finish(sets)
    }

    fn scan<T: Bits>(lists: &[Vec<Range<T>>], address: T) -> Vec<u32> {
        let holds =
            |list: &Vec<Range<T>>| list.iter().any(|it| it.first <= address && address <= it.last);
        (0..).zip(lists).filter(|it| holds(it.1)).map(|it| it.0).collect()
    }

    /// Nested, overlapping, adjacent and equal ranges, most of them near each other, and probes at
    /// and beside every edge.
    fn case(numbers: &mut Numbers, max: u128, place: impl Fn(u64, u128) -> u128) -> Case<u128> {
        let mut case = Case { lists: Vec::new(), probes: vec![0, max] };
        for _ in 0..numbers.next() % 4 {
            let mut list = Vec::new();
            for _ in 0..numbers.next() % 40 {
                let first = place(numbers.next(), u128::from(numbers.next()));
                let width = u128::from(numbers.next() >> (numbers.next() % 64));
                let last = first.saturating_add(width).min(max);
                list.push(Range { first, last, label: 0 });
                case.probes.extend([first, last, first.saturating_sub(1), (last + 1).min(max)]);
                case.probes.push(place(numbers.next(), u128::from(numbers.next())));
            }
            list.sort_unstable();
            case.lists.push(list);
        }
        case
    }

    #[test]
    fn v4_look_up_equals_a_linear_scan() {
        let mut numbers = Numbers(4);
        for round in 0..60 {
            let case = case(&mut numbers, u128::from(u32::MAX), |choice, it| match choice % 3 {
                0 => it & 0xffff_ffff,
                1 => 0xc000_0000 | it & 0x3_ffff,
                _ => it & 0xff,
            });
            let narrow = |it: &Vec<Range<u128>>| {
                let range = |it: &Range<u128>| Range {
                    first: it.first as u32,
                    last: it.last as u32,
                    label: 0,
                };
                it.iter().map(range).collect::<Vec<_>>()
            };
            let lists: Vec<Vec<Range<u32>>> = case.lists.iter().map(narrow).collect();
            let mut sets = Sets::new();
            let index = Addresses::new(&flatten(&lists, &mut sets), &[]);
            let addrs = || case.probes.iter().map(|it| Addr::from_v4(*it as u32));
            let mut together = vec![Verdict(9)];
            index.get_all(addrs(), &mut together);
            assert_eq!(together.len(), case.probes.len() + 1);
            for ((&probe, addr), verdict) in case.probes.iter().zip(addrs()).zip(&together[1..]) {
                let expected = scan(&lists, probe as u32);
                assert_eq!(sets.lists(index.get(addr)), expected, "round {round}: {addr}");
                assert_eq!(*verdict, index.get(addr), "round {round}: {addr}");
            }
        }
    }

    #[test]
    fn v6_look_up_equals_a_linear_scan() {
        let mut numbers = Numbers(6);
        for round in 0..60 {
            let case = case(&mut numbers, u128::MAX, |choice, it| match choice % 5 {
                0 => it << 64 | u128::from(choice),
                1 => 0x2001_0db8 << 96 | it & 0xffff,
                2 => 0x2001_0db8 << 96 | it << 20,
                3 => 0x3fff_ffff << 96 | it,
                _ => it & 0xff,
            });
            let mut sets = Sets::new();
            let index = Addresses::new(&[], &flatten(&case.lists, &mut sets));
            // What looks like a mapped IPv4 address is looked up as such.
            for &probe in case.probes.iter().filter(|it| Addr::from_bits(**it).v4().is_none()) {
                let addr = Addr::from_bits(probe);
                let expected = scan(&case.lists, probe);
                assert_eq!(sets.lists(index.get(addr)), expected, "round {round}: {addr}");
            }
        }
    }

    #[test]
    fn both_families_keep_their_order_in_a_group() {
        let mut sets = Sets::new();
        let v4 = flatten(&[vec![Range { first: 5, last: 5, label: 0 }]], &mut sets);
        let six = 0x2001_0db8_u128 << 96;
        let v6 = flatten(&[Vec::new(), vec![Range { first: six, last: six, label: 0 }]], &mut sets);
        let index = Addresses::new(&v4, &v6);
        let addrs = [Addr::from_v4(5), Addr::from_v4(6), Addr::from_bits(six)];
        let mut out = Vec::new();
        index.get_all(addrs.into_iter().cycle().take(200), &mut out);
        let expected = addrs.map(|it| index.get(it));
        assert!(!expected[0].is_none() && expected[1].is_none() && !expected[2].is_none());
        assert!(out.iter().zip(expected.iter().cycle()).all(|(a, b)| a == b));
        assert_eq!(out.len(), 200);
    }
}
