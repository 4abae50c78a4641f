//! Positions of separators, 64 bytes at a time with AVX2, else by memchr.

/// Positions of the bytes of `set` in `data`, in a buffer that is used again: only its start holds the result.
pub(crate) fn of<const N: usize>(data: &[u8], set: [u8; N], buffer: &mut Vec<u32>) -> usize {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        return simd.vectorize(avx2::Blocks { simd, data, set, buffer });
    }
    plain(data, set, buffer, 0, 0)
}

/// Stores positions from `from` on, behind the `len` that are there, and returns how many there are.
fn plain<const N: usize>(
    data: &[u8],
    set: [u8; N],
    buffer: &mut Vec<u32>,
    from: usize,
    mut len: usize,
) -> usize {
    for (at, byte) in data.iter().enumerate().skip(from) {
        if set.contains(byte) {
            reserve(buffer, len, data);
            buffer[len] = at as u32;
            len += 1;
        }
    }
    len
}

/// Makes room for the positions of one block and a few more.
#[inline]
fn reserve(buffer: &mut Vec<u32>, len: usize, data: &[u8]) {
    if buffer.len() < len + 72 {
        buffer.resize((2 * len).max(data.len() / 4) + 72, 0);
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::{plain, reserve};
    use pulp::NullaryFnOnce;
    use pulp::x86::V3;
    use std::arch::x86_64::__m256i;

    /// The arguments of [`super::of`], to be run with AVX2.
    pub(super) struct Blocks<'a, const N: usize> {
        pub(super) simd: V3,
        pub(super) data: &'a [u8],
        pub(super) set: [u8; N],
        pub(super) buffer: &'a mut Vec<u32>,
    }

    impl<const N: usize> NullaryFnOnce for Blocks<'_, N> {
        type Output = usize;

        #[expect(clippy::inline_always, reason = "inlined into the function that enables AVX2")]
        #[inline(always)]
        fn call(self) -> usize {
            let Blocks { simd, data, set, buffer } = self;
            let wanted = set.map(|byte| simd.avx._mm256_set1_epi8(byte as i8));
            let (blocks, _) = data.as_chunks::<64>();
            let mut len = 0;
            for (n, block) in blocks.iter().enumerate() {
                reserve(buffer, len, data);
                let mut mask = mask(simd, block, &wanted);
                let end = len + mask.count_ones() as usize;
                // Eight at a time, without a branch for each: the overshoot is overwritten.
                while len < end {
                    let Some(slots) = buffer[len..].first_chunk_mut::<8>() else { break };
                    for slot in slots {
                        *slot = (64 * n) as u32 + mask.trailing_zeros();
                        mask &= mask.wrapping_sub(1);
                    }
                    len += 8;
                }
                len = end;
            }
            plain(data, set, buffer, blocks.len() * 64, len)
        }
    }

    /// One bit for each byte of the block that is wanted.
    #[expect(clippy::inline_always, reason = "inlined into the function that enables AVX2")]
    #[inline(always)]
    fn mask<const N: usize>(simd: V3, block: &[u8; 64], wanted: &[__m256i; N]) -> u64 {
        let halves: [__m256i; 2] = pulp::cast(*block);
        let [low, high] = halves.map(|half| {
            let mut found = simd.avx._mm256_setzero_si256();
            for byte in wanted {
                found = simd.avx2._mm256_or_si256(found, simd.avx2._mm256_cmpeq_epi8(half, *byte));
            }
            u64::from(simd.avx2._mm256_movemask_epi8(found).cast_unsigned())
        });
        low | high << 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_find_every_separator() {
        for length in [0, 1, 63, 64, 65, 200, 5000] {
            let data: Vec<u8> =
                (0..length).map(|n: u32| b" .x\nyz"[(n * n % 6) as usize]).collect();
            let set = [b' ', b'.', b'\n'];
            let (mut fast, mut slow) = (Vec::new(), Vec::new());
            let fast_len = of(&data, set, &mut fast);
            let slow_len = plain(&data, set, &mut slow, 0, 0);
            assert_eq!(fast[..fast_len], slow[..slow_len], "{length}");
        }
    }

    #[test]
    fn a_block_of_separators_only_fits() {
        let mut buffer = Vec::new();
        assert_eq!(of(&[b' '; 1000], [b' '], &mut buffer), 1000);
        assert_eq!(buffer[999], 999);
    }
}
