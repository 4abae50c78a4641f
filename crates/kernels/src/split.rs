//! Splitting of lines into fields: positions of separators and line ends, 64 bytes at a time.
//!
//! A pass over a window of text that fits into the first-level cache writes two lists: the positions of all
//! marks (separators and newlines) and, for each line, the index of its newline among the marks. Whoever
//! reads a line then knows the number and the place of its fields without looking at the text again.

use crate::dispatch::Simd;
use crate::lines::Lines;

/// Text that is split at a time, in bytes.
const WINDOW: usize = 16 * 1024;

/// Bytes looked at in one step.
const BLOCK: usize = 64;

/// Positions are written eight at a time, so that the last store may overshoot.
const STORE: usize = 8;

/// The work space of a pass. Not reachable from outside of the crate.
pub struct Buffers {
    /// Positions in the text, ascending.
    marks: Box<[u32]>,
    /// For each newline, its index in `marks`.
    ends: Box<[u32]>,
    mark_count: usize,
    end_count: usize,
    /// Whether all bytes of the window are below 0x80.
    is_ascii: bool,
}

/// Splits text into lines and fields.
pub struct Splitter(Buffers);

impl Default for Splitter {
    fn default() -> Splitter {
        Splitter::new()
    }
}

impl Splitter {
    /// Most bytes that one call splits.
    pub const WINDOW: usize = WINDOW;

    /// Reserves the work space, about 128 KiB.
    pub fn new() -> Splitter {
        let space = || vec![0u32; WINDOW + BLOCK + STORE].into_boxed_slice();
        Splitter(Buffers {
            marks: space(),
            ends: space(),
            mark_count: 0,
            end_count: 0,
            is_ascii: false,
        })
    }

    /// The complete lines of `text[from..]` that lie within the next window, with spaces as marks.
    /// Text beyond 4 GiB is not looked at.
    #[inline(always)]
    pub fn fields<'a, S: Simd>(&'a mut self, simd: S, text: &'a [u8], from: usize) -> Lines<'a> {
        self.split::<b' ', false, S>(simd, text, from)
    }

    /// As [`Splitter::fields`] with quotation marks and backslashes as marks, for lines of JSON.
    #[inline(always)]
    pub fn strings<'a, S: Simd>(&'a mut self, simd: S, text: &'a [u8], from: usize) -> Lines<'a> {
        self.split::<b'"', true, S>(simd, text, from)
    }

    #[inline(always)]
    fn split<'a, const SEP: u8, const ESC: bool, S: Simd>(
        &'a mut self,
        simd: S,
        text: &'a [u8],
        from: usize,
    ) -> Lines<'a> {
        let to = text.len().min(from.saturating_add(WINDOW)).min(u32::MAX as usize);
        let window = text.get(..to).filter(|_| from <= to);
        (self.0.mark_count, self.0.end_count, self.0.is_ascii) = (0, 0, false);
        if let Some(window) = window {
            simd.split::<SEP, ESC>(window, from, &mut self.0);
        }
        let marks = &self.0.marks[..self.0.mark_count];
        let ends = &self.0.ends[..self.0.end_count];
        // Both passes write ascending positions of `window`, a part of `text`, and look at all of it.
        Lines::new(text, from.min(to), marks, ends, self.0.is_ascii)
    }
}

/// The pass without SIMD.
pub(crate) fn scalar<const SEP: u8, const ESC: bool>(text: &[u8], from: usize, out: &mut Buffers) {
    let (mut marks, mut ends, mut all) = (0, 0, 0u8);
    for (i, &b) in text.iter().enumerate().skip(from).take(WINDOW) {
        let newline = b == b'\n';
        all |= b;
        if b == SEP || newline || (ESC && b == b'\\') {
            out.marks[marks] = i as u32;
            if newline {
                out.ends[ends] = marks as u32;
                ends += 1;
            }
            marks += 1;
        }
    }
    (out.mark_count, out.end_count, out.is_ascii) = (marks, ends, all < 0x80);
}

/// The pass with AVX2: two compares a set member, then one bit per byte.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
pub(crate) fn avx2<const SEP: u8, const ESC: bool>(text: &[u8], from: usize, out: &mut Buffers) {
    let text = text.get(from..).unwrap_or_default();
    let text = &text[..text.len().min(WINDOW)];
    (out.mark_count, out.end_count) = (0, 0);
    let (blocks, tail) = text.as_chunks::<BLOCK>();
    let (mut at, mut beyond) = (from as u32, 0);
    for block in blocks {
        prefetch_ahead(block);
        let found = avx2_block::<SEP, ESC>(block);
        out.add(at, found.separators | found.newlines, found.newlines);
        beyond |= found.beyond;
        at += BLOCK as u32;
    }
    if !tail.is_empty() {
        // Zero is no mark.
        let mut block = [0u8; BLOCK];
        block[..tail.len()].copy_from_slice(tail);
        let found = avx2_block::<SEP, ESC>(&block);
        out.add(at, found.separators | found.newlines, found.newlines);
        beyond |= found.beyond;
    }
    out.is_ascii = beyond == 0;
}

/// How far ahead text is asked for, in bytes. A window is read in a burst, and then worked on, which is too
/// irregular for the machine's own prefetching.
#[cfg(target_arch = "x86_64")]
const AHEAD: usize = 4096;

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn prefetch_ahead(block: &[u8; BLOCK]) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: a prefetch never faults, so the address may lie behind the text; it is not a dereference.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(block.as_ptr().wrapping_add(AHEAD).cast()) };
}

/// A bit for each byte of a block.
#[cfg(target_arch = "x86_64")]
struct Found {
    separators: u64,
    newlines: u64,
    /// Not zero if a byte is not ASCII.
    beyond: u32,
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
#[expect(clippy::cast_ptr_alignment, reason = "the unaligned loads take pointers to vectors")]
fn avx2_block<const SEP: u8, const ESC: bool>(block: &[u8; BLOCK]) -> Found {
    use std::arch::x86_64::{
        __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256,
        _mm256_set1_epi8,
    };
    let from = block.as_ptr().cast::<__m256i>();
    // SAFETY: the reference covers the two times 32 bytes that are read; no alignment is asked for.
    let (low, high) = unsafe { (_mm256_loadu_si256(from), _mm256_loadu_si256(from.add(1))) };
    let mask = |byte: u8| {
        let wanted = _mm256_set1_epi8(byte as i8);
        let low = _mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted)) as u32;
        let high = _mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted)) as u32;
        u64::from(low) | u64::from(high) << 32
    };
    Found {
        separators: if ESC { mask(SEP) | mask(b'\\') } else { mask(SEP) },
        newlines: mask(b'\n'),
        beyond: _mm256_movemask_epi8(_mm256_or_si256(low, high)) as u32,
    }
}

#[cfg(target_arch = "x86_64")]
impl Buffers {
    /// Adds the marks of one block.
    ///
    /// Stores without asking how many there are: eight positions, or two line ends, at a time; a branch per
    /// mark would be mispredicted about once a line.
    #[inline]
    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
    fn add(&mut self, at: u32, all: u64, newlines: u64) {
        let count = all.count_ones() as usize;
        let (mut left, mut done) = (all, 0);
        while done < count {
            let place = self.mark_count + done;
            let Some(slots) =
                self.marks.get_mut(place..).and_then(|it| it.first_chunk_mut::<STORE>())
            else {
                return;
            };
            for slot in slots {
                // SAFETY: the reference may be written to. Volatile because the compiler would otherwise
                // gather eight values in a vector first, which costs more than eight stores.
                unsafe { std::ptr::from_mut(slot).write_volatile(at + left.trailing_zeros()) };
                left &= left.wrapping_sub(1);
            }
            done += STORE;
        }
        let mut left = newlines;
        loop {
            let Some(slots) =
                self.ends.get_mut(self.end_count..).and_then(|it| it.first_chunk_mut::<2>())
            else {
                return;
            };
            let more = left & left.wrapping_sub(1);
            slots[0] = self.mark_count as u32 + before(all, left);
            slots[1] = self.mark_count as u32 + before(all, more);
            self.end_count += left.count_ones().min(2) as usize;
            left = more & more.wrapping_sub(1);
            if left == 0 {
                break;
            }
        }
        self.mark_count += count;
    }
}

/// Number of marks before the lowest newline.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
fn before(all: u64, newlines: u64) -> u32 {
    std::arch::x86_64::_bzhi_u64(all, newlines.trailing_zeros()).count_ones()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::Scalar;
    use crate::random::Random;

    type Lists = Vec<Vec<u32>>;

    fn lists(mut lines: Lines<'_>) -> Lists {
        let mut all = Lists::new();
        while let Some(line) = lines.next_line() {
            all.push(line.marks().to_vec());
        }
        all
    }

    fn expected(text: &[u8], from: usize, marks: &[u8]) -> Lists {
        let mut all = vec![vec![]];
        for (i, b) in text.iter().enumerate().skip(from).take(WINDOW) {
            if marks.contains(b) || *b == b'\n' {
                all.last_mut().unwrap().push(i as u32);
            }
            if *b == b'\n' {
                all.push(vec![]);
            }
        }
        all.pop();
        all
    }

    fn check<S: Simd>(simd: S, text: &[u8], from: usize) {
        let mut splitter = Splitter::new();
        assert_eq!(lists(splitter.fields(simd, text, from)), expected(text, from, b" "));
        assert_eq!(lists(splitter.strings(simd, text, from)), expected(text, from, b"\"\\"));
    }

    fn check_all(text: &[u8], from: usize) {
        check(Scalar, text, from);
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = crate::dispatch::Avx2::detect() {
            check(avx2, text, from);
        }
    }

    #[test]
    fn hostile_text_is_split_alike() {
        for text in [&b""[..], b"\n", b" ", b"no newline", b"\n\n\n", b"a b\n\xff\x00 \n"] {
            check_all(text, 0);
            check_all(text, text.len());
            check_all(text, text.len() + 9);
        }
        for byte in [b' ', b'\n', b'"', b'\\', b'x', 0, 0xff] {
            check_all(&vec![byte; 2 * WINDOW + 77], 0);
            check_all(&vec![byte; WINDOW + 1], 3);
        }
    }

    #[test]
    fn random_text_is_split_alike() {
        let mut random = Random::new(4);
        for round in 0..300 {
            let len = random.below(if round % 10 == 0 { 3 * WINDOW } else { 700 });
            let any = round % 4 == 0;
            let text: Vec<u8> =
                (0..len)
                    .map(|_| {
                        if any { random.byte() } else { random.one_of(b"a1 2b\" c\\d\n345.6 78-9") }
                    })
                    .collect();
            check_all(&text, random.below(len + 1));
        }
    }
}
