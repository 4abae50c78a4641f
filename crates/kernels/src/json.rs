//! Where the marks of JSON text lie: 64 bytes to bit sets.

use wide::u8x16;

/// Bytes looked at in one step.
pub(crate) const BLOCK: usize = 64;

/// What lies where in 64 bytes: bit n stands for byte n.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct JsonMarks {
    /// Quotation marks, escaped ones too.
    pub quotes: u64,
    /// `{`, `}`, `[`, `]`, `:` and `,`, also those inside of strings.
    pub marks: u64,
    /// Backslashes and control characters. Of those, 0x0c and 0x1a may be among `marks` too.
    pub odd: u64,
    /// Bytes of letters beyond ASCII.
    pub beyond: u64,
}

/// Without AVX2: with what every machine of the architecture has.
#[inline(always)]
pub(crate) fn portable(block: &[u8; BLOCK]) -> JsonMarks {
    let mut found = JsonMarks::default();
    let (rows, _) = block.as_chunks::<16>();
    for (i, row) in rows.iter().enumerate() {
        let bytes = u8x16::new(*row);
        let is = |byte: u8| bytes.simd_eq(u8x16::splat(byte));
        // `[` and `{`, `]` and `}` differ in one bit alone.
        let folded = bytes | u8x16::splat(0x20);
        let brackets = folded.simd_eq(u8x16::splat(b'{')) | folded.simd_eq(u8x16::splat(b'}'));
        let control = bytes.min(u8x16::splat(0x1f)).simd_eq(bytes);
        let bits = |set: u8x16| u64::from(set.to_bitmask()) << (16 * i);
        found.quotes |= bits(is(b'"'));
        found.marks |= bits(brackets | is(b':') | is(b','));
        found.odd |= bits(is(b'\\') | control);
        found.beyond |= bits(bytes);
    }
    found
}

/// Bit n is the parity of bits 0 to n.
#[inline(always)]
pub(crate) const fn parities(mut bits: u64) -> u64 {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^ bits << 32
}

/// With AVX2. The four low bits of the six marks, brackets folded, are four different numbers: one look-up
/// by them gives the byte that it must be.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt,pclmulqdq")]
#[expect(clippy::cast_ptr_alignment, reason = "the unaligned loads take pointers to vectors")]
pub(crate) fn avx2(block: &[u8; BLOCK]) -> JsonMarks {
    use std::arch::x86_64::{
        __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8,
        _mm256_or_si256, _mm256_set1_epi8, _mm256_setr_epi8, _mm256_shuffle_epi8,
    };
    let from = block.as_ptr().cast::<__m256i>();
    // SAFETY: the reference covers the two times 32 bytes that are read; no alignment is asked for.
    let halves = unsafe { [_mm256_loadu_si256(from), _mm256_loadu_si256(from.add(1))] };
    let bits = |sets: [__m256i; 2]| {
        let [low, high] = sets.map(|set| u64::from(_mm256_movemask_epi8(set) as u32));
        opaque(low | high << 32)
    };
    let by_low_bits = _mm256_setr_epi8(
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3a, 0x7b, 0x2c, 0x7d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0x3a, 0x7b, 0x2c, 0x7d, 0, 0,
    );
    let folded = |half| _mm256_or_si256(half, _mm256_set1_epi8(0x20));
    let is = |half, byte: u8| _mm256_cmpeq_epi8(half, _mm256_set1_epi8(byte as i8));
    let control = |half| _mm256_cmpeq_epi8(_mm256_min_epu8(half, _mm256_set1_epi8(0x1f)), half);
    JsonMarks {
        quotes: bits(halves.map(|half| is(half, b'"'))),
        marks: bits(
            halves.map(|half| {
                _mm256_cmpeq_epi8(_mm256_shuffle_epi8(by_low_bits, half), folded(half))
            }),
        ),
        odd: bits(halves.map(|half| _mm256_or_si256(is(half, b'\\'), control(half)))),
        beyond: bits(halves),
    }
}

/// The same number, of which the compiler knows nothing: it would otherwise go on with one lane for each
/// bit, at a tenth of the speed.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn opaque(mut bits: u64) -> u64 {
    // SAFETY: there is no instruction; the operand stays as it is.
    unsafe {
        std::arch::asm!("/* {0} */", inout(reg) bits, options(pure, nomem, nostack, preserves_flags));
    }
    bits
}

/// As [`parities`], by a multiplication without carries.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt,pclmulqdq")]
pub(crate) fn avx2_parities(bits: u64) -> u64 {
    use std::arch::x86_64::{
        _mm_clmulepi64_si128, _mm_cvtsi64_si128, _mm_cvtsi128_si64, _mm_set1_epi8,
    };
    let product = _mm_clmulepi64_si128::<0>(_mm_cvtsi64_si128(bits as i64), _mm_set1_epi8(-1));
    _mm_cvtsi128_si64(product) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use crate::{Kernel, Simd, dispatch, dispatch_scalar};

    struct Both([u8; BLOCK]);

    impl Kernel for Both {
        type Output = (JsonMarks, u64);

        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> (JsonMarks, u64) {
            let found = simd.json_marks(&self.0);
            (found, simd.parities(found.quotes))
        }
    }

    /// Byte by byte. Control characters may be marks or not.
    fn check(block: [u8; BLOCK]) {
        let bits = |is: fn(u8) -> bool| {
            block.iter().enumerate().fold(0, |sum, (i, b)| sum | u64::from(is(*b)) << i)
        };
        let quotes = bits(|b| b == b'"');
        let parity =
            (0..64).fold(0, |sum, n| sum | u64::from((quotes << (63 - n)).count_ones() % 2) << n);
        for (found, parities) in [dispatch(Both(block)), dispatch_scalar(Both(block))] {
            assert_eq!(found.quotes, quotes);
            assert_eq!(found.odd, bits(|b| b == b'\\' || b < 0x20));
            assert_eq!(found.beyond, bits(|b| b >= 0x80));
            let sure = found.marks & !found.odd;
            assert_eq!(sure, bits(|b| matches!(b, b'{' | b'}' | b'[' | b']' | b':' | b',')));
            assert_eq!(parities, parity);
        }
    }

    #[test]
    fn marks_are_those_of_single_bytes() {
        for first in 0..=255u8 {
            check(std::array::from_fn(|i| first.wrapping_add((i * 37) as u8)));
        }
        let mut random = Random::new(7);
        for _ in 0..20_000 {
            check(std::array::from_fn(|_| random.one_of(b"\"\"{}[]:,\\ a1\n\x0c\x1a\xc3\xfa")));
        }
    }
}
