//! IPv4 addresses from text.

/// Reads a dotted address of four octets without leading zeros, in host byte order.
#[inline]
pub fn parse_ipv4(bytes: &[u8]) -> Option<u32> {
    if bytes.len() > 15 {
        return None;
    }
    let (mut address, mut octet, mut digits, mut dots) = (0u32, 0u32, 0u32, 0);
    for &b in bytes {
        let digit = u32::from(b.wrapping_sub(b'0'));
        if digit <= 9 {
            if digits > 0 && octet == 0 {
                return None;
            }
            octet = octet * 10 + digit;
            digits += 1;
            if octet > 255 {
                return None;
            }
        } else if b == b'.' && digits > 0 {
            address = address << 8 | octet;
            (octet, digits) = (0, 0);
            dots += 1;
        } else {
            return None;
        }
    }
    (dots == 3 && digits > 0).then_some(address << 8 | octet)
}

/// For each combination of four octet lengths (two bits each): which byte goes to which decimal place.
#[cfg(target_arch = "x86_64")]
static PLACES: [[u8; 16]; 256] = places();

#[cfg(target_arch = "x86_64")]
const fn places() -> [[u8; 16]; 256] {
    // 0x80 makes the shuffle write a zero.
    let mut table = [[0x80u8; 16]; 256];
    let mut code = 0;
    while code < 256 {
        let lengths = [code >> 6, code >> 4 & 3, code >> 2 & 3, code & 3];
        let (mut from, mut octet) = (0, 0);
        while octet < 4 {
            let mut i = 0;
            while i < lengths[octet] {
                table[code][octet * 4 + 3 - lengths[octet] + i] = (from + i) as u8;
                i += 1;
            }
            from += lengths[octet] + 1;
            octet += 1;
        }
        code += 1;
    }
    table
}

/// As [`parse_ipv4`] of the first `len` bytes, all octets at once.
///
/// The positions of the dots choose a shuffle that puts every digit at its decimal place; two
/// multiply-adds sum them up. The bytes after `len` may be anything.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
#[expect(clippy::cast_ptr_alignment, reason = "the unaligned loads take pointers to vectors")]
#[expect(clippy::needless_bitwise_bool, reason = "a lazy operator would be a branch")]
pub(crate) fn avx2(bytes: &[u8; 16], len: usize, bad: &mut u64) -> u32 {
    use std::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_cmpgt_epi32, _mm_cvtsi128_si32, _mm_loadu_si128,
        _mm_madd_epi16, _mm_maddubs_epi16, _mm_min_epu8, _mm_movemask_epi8, _mm_packs_epi32,
        _mm_packus_epi16, _mm_set1_epi8, _mm_set1_epi16, _mm_set1_epi32, _mm_setr_epi8,
        _mm_setzero_si128, _mm_shuffle_epi8, _mm_sub_epi8,
    };
    // SAFETY: the reference covers the 16 bytes that are read; no alignment is asked for.
    let text = unsafe { _mm_loadu_si128(bytes.as_ptr().cast::<__m128i>()) };
    let mask = |hits: __m128i| _mm_movemask_epi8(hits) as u32;
    let keep = (1u32 << (len & 31)).wrapping_sub(1);
    let dots = mask(_mm_cmpeq_epi8(text, _mm_set1_epi8(b'.' as i8))) & keep;
    let values = _mm_sub_epi8(text, _mm_set1_epi8(b'0' as i8));
    let digits = mask(_mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values)) & keep;
    let zeros = mask(_mm_cmpeq_epi8(values, _mm_setzero_si128()));

    let first = dots.trailing_zeros();
    let rest = dots & dots.wrapping_sub(1);
    let second = rest.trailing_zeros();
    let rest = rest & rest.wrapping_sub(1);
    let third = rest.trailing_zeros();
    let more = rest & rest.wrapping_sub(1);
    let lengths = [
        first,
        second.wrapping_sub(first + 1),
        third.wrapping_sub(second + 1),
        (len as u32).wrapping_sub(third + 1),
    ];
    let mut odd = (len > 15) | ((dots | digits) != keep) | (more != 0);
    for length in lengths {
        odd |= length.wrapping_sub(1) > 2;
    }
    // A zero at the start of an octet that goes on.
    odd |= zeros & (1 | dots << 1) & (digits >> 1) != 0;

    let code =
        (lengths[0] & 3) << 6 | (lengths[1] & 3) << 4 | (lengths[2] & 3) << 2 | (lengths[3] & 3);
    let places = &PLACES[code as usize & 255];
    // SAFETY: the reference covers the 16 bytes that are read; no alignment is asked for.
    let places = unsafe { _mm_loadu_si128(places.as_ptr().cast::<__m128i>()) };
    let weights = _mm_setr_epi8(100, 10, 1, 0, 100, 10, 1, 0, 100, 10, 1, 0, 100, 10, 1, 0);
    let pairs = _mm_maddubs_epi16(_mm_shuffle_epi8(values, places), weights);
    let octets = _mm_madd_epi16(pairs, _mm_set1_epi16(1));
    odd |= _mm_movemask_epi8(_mm_cmpgt_epi32(octets, _mm_set1_epi32(255))) != 0;
    *bad |= u64::from(odd);
    let packed = _mm_packus_epi16(_mm_packs_epi32(octets, octets), octets);
    (_mm_cvtsi128_si32(packed) as u32).swap_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::{Ops, Scalar};
    use crate::random::Random;

    fn std_parse(bytes: &[u8]) -> Option<u32> {
        std::str::from_utf8(bytes).ok()?.parse::<std::net::Ipv4Addr>().ok().map(u32::from)
    }

    /// All three readers agree on the first `len` of 16 bytes.
    fn check(bytes: &[u8; 16], len: usize) {
        let expected = std_parse(&bytes[..len]);
        assert_eq!(parse_ipv4(&bytes[..len]), expected, "{bytes:?} {len}");
        let mut bad = 0;
        let got = Scalar.ipv4(bytes, len, &mut bad);
        assert_eq!((bad == 0).then_some(got), expected);
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = crate::dispatch::Avx2::detect() {
            let mut bad = 0;
            let got = avx2.ipv4(bytes, len, &mut bad);
            assert_eq!((bad == 0).then_some(got), expected, "{bytes:?} {len}");
        }
    }

    fn check_text(text: &str, rest: u8) {
        let mut bytes = [rest; 16];
        let len = text.len().min(16);
        bytes[..len].copy_from_slice(&text.as_bytes()[..len]);
        check(&bytes, len);
    }

    #[test]
    fn addresses_and_what_is_none() {
        let cases = [
            "192.0.2.1",
            "0.0.0.0",
            "255.255.255.255",
            "10.0.0.1",
            "",
            "-",
            "1.2.3",
            "1.2.3.4.5",
            "01.2.3.4",
            "1.2.3.04",
            "256.1.1.1",
            "1..2.3",
            ".1.2.3",
            "1.2.3.",
            "1.2.3.4 ",
            "999.999.999.999",
            "1.2.3.4444",
            "a.b.c.d",
            "1.2.3.00",
            "00.0.0.0",
        ];
        for text in cases {
            for rest in [0, b' ', b'.', b'0', b'9', 0xff] {
                check_text(text, rest);
            }
        }
    }

    #[test]
    fn random_addresses_and_mutations_agree() {
        let mut random = Random::new(2);
        for _ in 0..200_000 {
            let ip = std::net::Ipv4Addr::from(random.next() as u32 >> (random.below(4) * 8));
            let mut text = ip.to_string().into_bytes();
            for _ in 0..random.below(3) {
                let at = random.below(text.len());
                text[at] = random.one_of(b"0123456789..-: \xff\x00");
            }
            let mut bytes: [u8; 16] =
                std::array::from_fn(|_| random.one_of(b"0123456789. \n\x00\xff"));
            bytes[..text.len()].copy_from_slice(&text);
            for len in [text.len(), random.below(17)] {
                check(&bytes, len);
            }
        }
    }
}
