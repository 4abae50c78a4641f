//! Verdicts on addresses: the hottest look-up of all.

use model::Addr;

use crate::ranges::{Bitmap, Boundary};
use crate::sets::Verdict;

/// Below this many starts in a bucket counting them all is faster than a binary search.
const COUNTED_STARTS: usize = 32;
/// Addresses of a group that are looked up side by side.
const GROUP: usize = 64;
/// Bits of an IPv6 address behind `2000::/3` that the bitmap tells apart: it holds one bit a /24.
const V6_MAP_BITS: u32 = 21;
/// Bits that an IPv6 address has behind `2000::/3`.
const V6_GLOBAL_BITS: u32 = 125;

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

    /// Appends one verdict for each address. The passes over a group let its cache misses overlap:
    /// first all bits of the bitmap, then all bucket bounds, then the buckets.
    pub(crate) fn get_all(&self, addrs: impl Iterator<Item = Addr>, out: &mut Vec<Verdict>) {
        let mut addrs = addrs.peekable();
        let mut touched = [(0usize, 0u32, (0u32, 0u32)); GROUP];
        while addrs.peek().is_some() {
            let mut count = 0;
            for addr in addrs.by_ref().take(GROUP) {
                let Some(v4) = addr.v4() else {
                    out.push(self.v6.get(addr.bits()));
                    continue;
                };
                if let Some(slot) = touched.get_mut(count) {
                    *slot = (out.len(), v4, (0, 0));
                }
                count += usize::from(self.v4.is_touched(v4));
                out.push(Verdict::NONE);
            }
            let touched = touched.get_mut(..count).unwrap_or_default();
            for (_, v4, bucket) in &mut *touched {
                *bucket = self.v4.bucket(*v4);
            }
            for &mut (at, v4, bucket) in touched {
                if let Some(slot) = out.get_mut(at) {
                    *slot = self.v4.get(v4, bucket);
                }
            }
        }
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

/// IPv6: a bitmap of the touched /24s of `2000::/3`, then an index by as many leading bits as there
/// are ranges. Addresses outside that block are rare and searched without an index.
#[derive(Default)]
struct V6 {
    touched: Bitmap,
    /// Leading bits behind `2000::/3` that choose the bucket.
    index_bits: u32,
    /// The number of starts below each bucket; one more at the end.
    offsets: Vec<u32>,
    starts: Vec<u128>,
    verdicts: Vec<Verdict>,
}

const V6_GLOBAL: u128 = 1 << V6_GLOBAL_BITS;
const V6_GLOBAL_LAST: u128 = (2 << V6_GLOBAL_BITS) - 1;

fn is_global(bits: u128) -> bool {
    bits >> V6_GLOBAL_BITS == 1
}

/// The leading bits behind `2000::/3`.
fn leading(bits: u128, count: u32) -> usize {
    ((bits & (V6_GLOBAL - 1)) >> (V6_GLOBAL_BITS - count)) as usize
}

impl V6 {
    fn new(boundaries: &[Boundary<u128>]) -> V6 {
        if boundaries.is_empty() {
            return V6::default();
        }
        let index_bits = (usize::BITS - boundaries.len().leading_zeros()).clamp(8, V6_MAP_BITS);
        let mut index = V6 { touched: Bitmap::new(1 << V6_MAP_BITS), index_bits, ..V6::default() };
        for (at, boundary) in boundaries.iter().enumerate() {
            index.starts.push(boundary.from);
            index.verdicts.push(boundary.verdict);
            let last = boundaries.get(at + 1).map_or(u128::MAX, |it| it.from - 1);
            let (first, last) = (boundary.from.max(V6_GLOBAL), last.min(V6_GLOBAL_LAST));
            if !boundary.verdict.is_none() && first <= last {
                index.touched.set(leading(first, V6_MAP_BITS), leading(last, V6_MAP_BITS));
            }
        }
        for bucket in 0..1u128 << index_bits {
            let first = V6_GLOBAL | bucket << (V6_GLOBAL_BITS - index_bits);
            index.offsets.push(index.starts.partition_point(|&it| it < first) as u32);
        }
        let beyond = index.starts.partition_point(|&it| it <= V6_GLOBAL_LAST);
        index.offsets.push(beyond as u32);
        index
    }

    #[inline]
    fn get(&self, bits: u128) -> Verdict {
        let (begin, end) = if is_global(bits) {
            if !self.touched.get(leading(bits, V6_MAP_BITS)) {
                return Verdict::NONE;
            }
            let bucket = leading(bits, self.index_bits);
            match self.offsets.get(bucket..bucket + 2) {
                Some(&[begin, end]) => (begin as usize, end as usize),
                _ => return Verdict::NONE,
            }
        } else {
            (0, self.starts.len())
        };
        let starts = self.starts.get(begin..end).unwrap_or_default();
        // Where no range starts at or below the address in its bucket, the last one before it holds.
        let at = (begin + starts.partition_point(|&it| it <= bits)).wrapping_sub(1);
        self.verdicts.get(at).copied().unwrap_or_default()
    }
}
