//! Event time in milliseconds, and its ISO 8601 form as AWS writes it.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment in event time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Timestamp(i64);

/// The text is not an ISO 8601 UTC time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseTimeError;

impl fmt::Display for ParseTimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a time of the form 2026-01-31T23:59:59Z")
    }
}

impl std::error::Error for ParseTimeError {}

impl Timestamp {
    /// Earlier than every event.
    pub const MIN: Timestamp = Timestamp(i64::MIN);
    /// Later than every event.
    pub const MAX: Timestamp = Timestamp(i64::MAX);
    /// One hour in milliseconds.
    pub const HOUR_MILLIS: i64 = 3_600_000;

    /// Takes milliseconds since 1970.
    pub const fn from_millis(millis: i64) -> Self {
        Timestamp(millis)
    }

    /// Takes seconds since 1970.
    pub const fn from_secs(secs: i64) -> Self {
        Timestamp(secs.saturating_mul(1000))
    }

    /// Milliseconds since 1970.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down.
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The number of the hour since 1970.
    pub const fn hour(self) -> i64 {
        self.0.div_euclid(Self::HOUR_MILLIS)
    }

    /// The start of the hour with this number.
    pub const fn from_hour(hour: i64) -> Self {
        Timestamp(hour.saturating_mul(Self::HOUR_MILLIS))
    }

    /// The number of the day since 1970.
    pub const fn day(self) -> i64 {
        self.0.div_euclid(24 * Self::HOUR_MILLIS)
    }

    /// Time from `earlier` to `self`, zero if `earlier` is later.
    pub const fn since(self, earlier: Timestamp) -> Duration {
        let millis = self.0.saturating_sub(earlier.0);
        Duration::from_millis(if millis < 0 { 0 } else { millis as u64 })
    }

    /// Reads `2026-01-31T23:59:59Z`, with optional fraction and either `Z` or a `+hh:mm` offset.
    pub fn parse(text: &str) -> Result<Self, ParseTimeError> {
        parse_iso(text.as_bytes()).ok_or(ParseTimeError)
    }
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0i64, |sum, &b| b.is_ascii_digit().then(|| sum * 10 + (b - b'0') as i64))
}

fn parse_iso(b: &[u8]) -> Option<Timestamp> {
    if b.len() < 19
        || b.len() > 40
        || b[4] != b'-'
        || b[7] != b'-'
        || b[13] != b':'
        || b[16] != b':'
    {
        return None;
    }
    if !matches!(b[10], b'T' | b't' | b' ') {
        return None;
    }
    let (year, month, day) = (digits(&b[0..4])?, digits(&b[5..7])?, digits(&b[8..10])?);
    let (hour, minute, second) = (digits(&b[11..13])?, digits(&b[14..16])?, digits(&b[17..19])?);
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut rest = &b[19..];
    let mut millis = 0;
    if let [b'.', tail @ ..] = rest {
        let n = tail.iter().take_while(|b| b.is_ascii_digit()).count();
        if n == 0 {
            return None;
        }
        let shown = n.min(3);
        millis = digits(&tail[..shown])? * [100, 10, 1][shown - 1];
        rest = &tail[n..];
    }
    let offset_minutes = match rest {
        [] | [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), hh @ .., b':', m1, m2] if hh.len() == 2 => {
            let minutes = digits(hh)? * 60 + digits(&[*m1, *m2])?;
            if *sign == b'-' { -minutes } else { minutes }
        }
        _ => return None,
    };
    let days = days_from_civil(year, month, day);
    let secs = days * 86_400 + hour * 3600 + (minute - offset_minutes) * 60 + second;
    Some(Timestamp(secs * 1000 + millis))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970 of a proleptic Gregorian date
/// (H. Hinnant, <https://howardhinnant.github.io/date_algorithms.html>).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z - era * 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

impl fmt::Display for Timestamp {
    /// ISO 8601 with milliseconds, the form of GuardDuty findings: `2018-08-26T14:17:23.000Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.0.div_euclid(86_400_000);
        let of_day = self.0.rem_euclid(86_400_000);
        let (year, month, day) = civil_from_days(days);
        let (hour, minute) = (of_day / 3_600_000, of_day / 60_000 % 60);
        let (second, millis) = (of_day / 1000 % 60, of_day % 1000);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Timestamp::MIN => f.write_str("MIN"),
            Timestamp::MAX => f.write_str("MAX"),
            _ => fmt::Display::fmt(self, f),
        }
    }
}

impl Add<Duration> for Timestamp {
    type Output = Timestamp;
    fn add(self, duration: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(duration.as_millis() as i64))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Timestamp;
    fn sub(self, duration: Duration) -> Timestamp {
        Timestamp(self.0.saturating_sub(duration.as_millis() as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints_iso_times() {
        let time = Timestamp::parse("2018-08-26T14:17:23Z").unwrap();
        assert_eq!(time.secs(), 1_535_293_043);
        assert_eq!(time.to_string(), "2018-08-26T14:17:23.000Z");
        assert_eq!(Timestamp::parse("2018-08-26T14:17:23.5Z").unwrap().millis() % 1000, 500);
        assert_eq!(
            Timestamp::parse("2018-08-26T16:17:23.123456+02:00").unwrap().secs(),
            time.secs()
        );
    }

    #[test]
    fn every_day_survives_the_round_trip() {
        for day in (-800_000..800_000).step_by(37) {
            let (year, month, of_month) = civil_from_days(day);
            assert_eq!(days_from_civil(year, month, of_month), day);
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in
            ["", "2018-13-01T00:00:00Z", "2018-02-30T00:00:00Z", "2018-02-03T24:00:00Z", "x"]
        {
            assert_eq!(Timestamp::parse(text), Err(ParseTimeError), "{text}");
        }
    }
}
