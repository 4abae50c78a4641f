//! Decimals without a branch for each digit.

/// Decimal of at most eight digits in `data[from..end]`; `end` is at least 8.
#[inline]
fn eight(data: &[u8], from: usize, end: usize) -> u64 {
    let digits = end - from;
    let bytes = data[..end].last_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    // The digits are the high bytes: what stands before them is shifted out and counts as zero.
    let unused = 64_u32.saturating_sub(8 * digits as u32);
    let kept = u64::MAX.checked_shl(unused).unwrap_or(0);
    let mut value = (bytes & kept).wrapping_sub(0x3030_3030_3030_3030 & kept);
    value = value.wrapping_mul(10).wrapping_add(value >> 8);
    let pairs = (value & 0x0000_00ff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
    let others = ((value >> 16) & 0x0000_00ff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
    pairs.wrapping_add(others) >> 32
}

/// Decimal in `data[from..end]`, of at most sixteen digits; `end` is at least 8.
#[inline]
pub(crate) fn number(data: &[u8], from: usize, end: usize) -> u64 {
    if end - from <= 8 {
        eight(data, from, end)
    } else {
        eight(data, from, end - 8) * 100_000_000 + eight(data, end - 8, end)
    }
}

/// Number of one to three digits in `data[from..end]`; `end` is at least 4.
#[inline]
pub(crate) fn octet(data: &[u8], from: usize, end: usize) -> u32 {
    let digits = (end - from) as u32;
    let bytes = data[..end].last_chunk::<4>().map_or(0, |bytes| u32::from_le_bytes(*bytes));
    let value = (bytes >> (8 * (4 - digits))) & (0x0f0f_0f0f >> (8 * (4 - digits)));
    // Most significant digit first: the units are moved to the third byte.
    let aligned = value << (8 * (3 - digits));
    (aligned & 255) * 100 + (aligned >> 8 & 255) * 10 + (aligned >> 16 & 255)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_length_are_read() {
        let mut expected = 0;
        for length in 1..=16 {
            expected = expected * 10 + length % 10;
            let text = format!("99999999 {expected} 9");
            assert_eq!(number(text.as_bytes(), 9, 9 + expected.to_string().len()), expected);
        }
        assert_eq!(number(b"xxxxxxx 0 ", 8, 9), 0);
        assert_eq!(number(b"xxxxxxxx", 8, 8), 0);
    }

    #[test]
    fn octets_of_every_length_are_read() {
        for value in [0, 7, 10, 99, 100, 255] {
            let text = format!("99.{value}.9");
            assert_eq!(octet(text.as_bytes(), 3, 3 + value.to_string().len()), value);
        }
    }
}
