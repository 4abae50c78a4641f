//! Writing of log lines: decimals, addresses, identifiers and times without allocation.

use crate::rng::{Rng, mix};

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const HEX: &[u8; 16] = b"0123456789abcdef";

/// A growing text; each method appends and returns the text, so that a line reads as it is written.
#[derive(Default, Debug)]
pub(crate) struct Text(Vec<u8>);

impl Text {
    /// An empty text with room for `bytes`.
    pub(crate) fn with_capacity(bytes: usize) -> Text {
        Text(Vec::with_capacity(bytes))
    }

    /// What was written.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Empties the text.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Appends a string.
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// Appends bytes.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Appends a decimal number.
    pub(crate) fn num(&mut self, mut value: u64) -> &mut Self {
        let mut digits = [0_u8; 20];
        let mut start = digits.len();
        loop {
            start -= 1;
            digits[start] = b'0' + (value % 10) as u8;
            value /= 10;
            if value == 0 {
                return self.bytes(&digits[start..]);
            }
        }
    }

    /// Appends an IPv4 address.
    pub(crate) fn ip(&mut self, address: u32) -> &mut Self {
        let [a, b, c, d] = address.to_be_bytes().map(u64::from);
        self.num(a).push(".").num(b).push(".").num(c).push(".").num(d)
    }

    /// Appends the low digits of a number in base 16.
    pub(crate) fn hex(&mut self, value: u64, digits: u32) -> &mut Self {
        for i in (0..digits).rev() {
            let digit = value.checked_shr(4 * i).unwrap_or(0) & 15;
            self.0.push(HEX[digit as usize]);
        }
        self
    }

    /// Appends a random UUID of version 4.
    pub(crate) fn uuid(&mut self, rng: &mut Rng) -> &mut Self {
        let (a, b) = (rng.next(), rng.next());
        self.hex(a >> 32, 8).push("-").hex(a >> 16, 4).push("-").hex((a & 0xfff) | 0x4000, 4);
        self.push("-").hex(((b >> 48) & 0x3fff) | 0x8000, 4).push("-").hex(b, 12)
    }

    /// Appends an identifier in base 32, as in IAM's `AKIA…` and `AROA…`.
    pub(crate) fn base32(&mut self, mut value: u64, digits: usize) -> &mut Self {
        for i in 0..digits {
            if i == 12 {
                value = mix(value);
            }
            let digit = (value >> (5 * (i % 12))) & 31;
            self.0.push(BASE32[digit as usize]);
        }
        self
    }

    /// Appends a number of two digits.
    fn pad2(&mut self, value: u32) -> &mut Self {
        self.0.extend([b'0' + (value / 10) as u8, b'0' + (value % 10) as u8]);
        self
    }

    /// Appends a time, given in seconds since 1970, as `2026-01-05T07:08:09Z`.
    pub(crate) fn time(&mut self, time: i64) -> &mut Self {
        let (year, month, day) = civil(time.div_euclid(86_400));
        let second = time.rem_euclid(86_400) as u32;
        self.num(year as u64).push("-").pad2(month).push("-").pad2(day).push("T");
        self.pad2(second / 3600)
            .push(":")
            .pad2(second / 60 % 60)
            .push(":")
            .pad2(second % 60)
            .push("Z")
    }
}

/// Year, month and day of a day number since 1970-01-01, by the algorithm `civil_from_days` of
/// <https://howardhinnant.github.io/date_algorithms.html>.
pub(crate) fn civil(days: i64) -> (i64, u32, u32) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month as u32, day as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(write: impl Fn(&mut Text), expected: &str) {
        let mut text = Text::default();
        write(&mut text);
        assert_eq!(String::from_utf8_lossy(text.as_bytes()), expected);
    }

    #[test]
    fn numbers_are_written_in_every_base() {
        check(|text| _ = text.num(0).push(" ").num(u64::MAX), "0 18446744073709551615");
        check(|text| _ = text.ip(0xc000_0201), "192.0.2.1");
        check(|text| _ = text.hex(0xabc, 5).push(" ").hex(0xabc, 17), "00abc 00000000000000abc");
        check(|text| _ = text.base32(1 | 31 << 5, 3), "B7A");
    }

    #[test]
    fn times_are_civil() {
        check(|text| _ = text.time(1_767_571_200 + 3661), "2026-01-05T01:01:01Z");
        check(|text| _ = text.time(1_709_164_800), "2024-02-29T00:00:00Z");
    }

    #[test]
    fn uuids_state_their_version() {
        check(
            |text| {
                text.uuid(&mut Rng::new(1, 1, 1));
                let uuid = String::from_utf8_lossy(text.as_bytes()).into_owned();
                assert_eq!((uuid.len(), uuid.as_bytes()[14]), (36, b'4'));
                assert!(b"89ab".contains(&uuid.as_bytes()[19]));
                text.clear();
            },
            "",
        );
    }
}
