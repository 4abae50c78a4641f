//! Decimal numbers from text, eight digits at a time.

const ZEROS: u64 = 0x3030_3030_3030_3030;

/// Reads an unsigned decimal: digits only, at least one, at most `u64::MAX`.
#[inline]
pub fn decimal(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() {
        return None;
    }
    let mut number = 0u64;
    for &b in bytes {
        let digit = b.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    Some(number)
}

/// The number in the last `len` (1 to 8) of eight bytes; sets a bit of `bad` when one is not a digit.
///
/// Pairs, then fours, then all eight digits are joined by multiplications within one word.
#[inline(always)]
pub(crate) fn last_digits(bytes: [u8; 8], len: usize, bad: &mut u64) -> u64 {
    let shift = (64 - 8 * len as u32) & 63;
    let keep = !0u64 << shift;
    let word = (u64::from_le_bytes(bytes) & keep) | (ZEROS & !keep);
    // The high half of each byte is 3, also after adding 6, for '0' to '9' alone. A carry between bytes
    // needs a high half that the first term has caught.
    let high = 0xf0f0_f0f0_f0f0_f0f0;
    let sixth = 0x0606_0606_0606_0606;
    *bad |= ((word & high) | ((word.wrapping_add(sixth) & high) >> 4)) ^ 0x3333_3333_3333_3333;
    let digits = word & 0x0f0f_0f0f_0f0f_0f0f;
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let mask = 0x0000_00ff_0000_00ff;
    let upper = (pairs & mask).wrapping_mul(0x000f_4240_0000_0064);
    let lower = ((pairs >> 16) & mask).wrapping_mul(0x0000_2710_0000_0001);
    upper.wrapping_add(lower) >> 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn numbers_and_what_is_none() {
        assert_eq!(decimal(b"0"), Some(0));
        assert_eq!(decimal(b"18446744073709551615"), Some(u64::MAX));
        for text in
            ["", "-", "+1", "18446744073709551616", "1 ", "0x1", "١", "99999999999999999999999"]
        {
            assert_eq!(decimal(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn eight_bytes_agree_with_the_loop() {
        let mut random = Random::new(1);
        for round in 0..200_000 {
            let mut bytes = [0u8; 8];
            for b in &mut bytes {
                *b = if round % 3 == 0 { random.byte() } else { b'0' + random.byte() % 10 };
            }
            for len in 1..=8 {
                let mut bad = 0;
                let got = last_digits(bytes, len, &mut bad);
                assert_eq!(
                    (bad == 0).then_some(got),
                    decimal(&bytes[8 - len..]),
                    "{bytes:?} {len}"
                );
            }
        }
    }
}
