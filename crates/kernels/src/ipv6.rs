//! IPv6 addresses from text.

/// Longest address without an embedded IPv4 address.
const PLAIN_MAX: usize = 39;

/// Bytes before the text in the work buffer, so that four bytes can be read before any group's end.
const FRONT: usize = 8;

/// Values of hexadecimal digits; 0xff for every other byte.
static HEX: [u8; 256] = hex();

const fn hex() -> [u8; 256] {
    let mut table = [0xff; 256];
    let mut digit = 0;
    while digit < 16 {
        table[b"0123456789abcdef"[digit] as usize] = digit as u8;
        table[b"0123456789ABCDEF"[digit] as usize] = digit as u8;
        digit += 1;
    }
    table
}

/// Reads an address in any form of RFC 4291 section 2.2, without a zone.
pub fn parse_ipv6(bytes: &[u8]) -> Option<u128> {
    if bytes.len() > PLAIN_MAX {
        return with_ipv4(bytes);
    }
    let mut buffer = [0u8; FRONT + PLAIN_MAX + 1];
    buffer[FRONT..FRONT + bytes.len()].copy_from_slice(bytes);
    let mut text = Groups { buffer: &buffer, colons: colons(&buffer), bad: false };
    let (bits, complete) = match text.colons & text.colons >> 1 {
        0 => {
            let (bits, count) = text.read(0, bytes.len());
            (bits, count == 8)
        }
        gaps => {
            let gap = gaps.trailing_zeros() as usize;
            let (head, before) = text.read(0, gap);
            let (tail, after) = text.read(gap + 2, bytes.len());
            let head = if before == 0 { 0 } else { head << (16 * (8 - before.min(8))) };
            // A second gap shows as an empty group.
            (head | tail, before + after <= 7)
        }
    };
    if complete && !text.bad {
        return Some(bits);
    }
    if bytes.contains(&b'.') { with_ipv4(bytes) } else { None }
}

/// The rare form `::ffff:192.0.2.1`.
#[cold]
fn with_ipv4(bytes: &[u8]) -> Option<u128> {
    let text = std::str::from_utf8(bytes).ok()?;
    text.parse::<std::net::Ipv6Addr>().ok().map(u128::from)
}

/// A bit for every colon of the text.
#[inline]
fn colons(buffer: &[u8; FRONT + PLAIN_MAX + 1]) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let mut mask = 0;
    for (i, word) in buffer[FRONT..].as_chunks::<8>().0.iter().enumerate() {
        let zero = u64::from_le_bytes(*word) ^ (ONES * u64::from(b':'));
        // The top bit of each byte that is zero, exact for every byte (no carry crosses bytes).
        let low = ONES * 0x7f;
        let hits = !(((zero & low) + low) | zero | low);
        // Gathers the eight top bits in the highest byte.
        mask |= ((hits >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * i);
    }
    mask
}

struct Groups<'b> {
    buffer: &'b [u8; FRONT + PLAIN_MAX + 1],
    colons: u64,
    bad: bool,
}

impl Groups<'_> {
    /// The groups between two offsets, joined, and their number.
    #[inline]
    fn read(&mut self, mut from: usize, to: usize) -> (u128, usize) {
        let (mut bits, mut count) = (0u128, 0);
        if from >= to {
            return (0, 0);
        }
        loop {
            let end = (from + (self.colons >> from).trailing_zeros() as usize).min(to);
            bits = bits << 16 | u128::from(self.group(from, end));
            count += 1;
            if end >= to {
                // Nothing follows, or a colon does where a group should.
                return (bits, count);
            }
            from = end + 1;
            if from >= to {
                self.bad = true;
                return (bits, count);
            }
        }
    }

    /// One group of one to four digits.
    #[inline]
    fn group(&mut self, from: usize, end: usize) -> u16 {
        let len = end - from;
        self.bad |= len.wrapping_sub(1) > 3;
        let four = self.buffer.get(FRONT + end - 4..).and_then(|it| it.first_chunk::<4>());
        let digits = four.copied().unwrap_or_default().map(|b| HEX[b as usize]);
        let (mut value, mut all) = (0u16, 0u8);
        for (place, digit) in digits.into_iter().enumerate() {
            // Bytes before the group do not count.
            let digit = if place + len < 4 { 0 } else { digit };
            value = value << 4 | u16::from(digit & 15);
            all |= digit;
        }
        self.bad |= all > 15;
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn check(text: &[u8]) {
        let expected = std::str::from_utf8(text)
            .ok()
            .and_then(|it| it.parse::<std::net::Ipv6Addr>().ok())
            .map(u128::from);
        assert_eq!(parse_ipv6(text), expected, "{}", text.escape_ascii());
    }

    #[test]
    fn addresses_and_what_is_none() {
        let cases = [
            "2001:db8::1",
            "::",
            "::1",
            "1::",
            "1:2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7::",
            "::2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7:8::",
            "1::2::3",
            ":::",
            ":",
            "",
            "1:",
            ":1",
            "1:2",
            "12345::",
            "g::",
            "-",
            "2001:DB8:ffff:ffff:ffff:ffff:ffff:FFFF",
            "::ffff:192.0.2.1",
            "1:2:3:4:5:6:7:8:9",
            "fe80::1%0",
            "::ffff:192.0.2",
            "1::2:",
            ":1::2",
            "1:::2",
            "::1:",
            "1:2:3:4::5:6:7:8",
            "192.0.2.1",
        ];
        for text in cases {
            check(text.as_bytes());
        }
    }

    #[test]
    fn random_addresses_and_mutations_agree_with_std() {
        let mut random = Random::new(3);
        for _ in 0..200_000 {
            let mut bits = u128::from(random.next()) << 64 | u128::from(random.next());
            for group in 0..8 {
                if random.below(3) == 0 {
                    bits &= !(0xffff << (group * 16));
                }
            }
            let mut text = std::net::Ipv6Addr::from(bits).to_string().into_bytes();
            for _ in 0..random.below(4) {
                let at = random.below(text.len() + 1);
                match random.below(3) {
                    0 => text.insert(at, random.one_of(b"::0aF.\x00\xffg")),
                    1 if at < text.len() => text[at] = random.one_of(b"::0aF.\x00\xffg"),
                    _ => text.truncate(text.len() - usize::from(at < text.len())),
                }
            }
            check(&text);
        }
    }
}
