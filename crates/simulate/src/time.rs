//! Times as logs and object keys write them; all are seconds since 1970, UTC.

use model::Timestamp;

/// Seconds of a day, an hour and a minute.
pub const DAY: i64 = 86_400;
/// Seconds of an hour.
pub const HOUR: i64 = 3_600;
/// Seconds of a minute.
pub const MINUTE: i64 = 60;

/// `2026-03-02T10:00:00Z`.
pub fn time(at: i64) -> String {
    format!("{}Z", seconds(at))
}

/// The folders of an object's key: `2026/03/02`.
pub(crate) fn date(at: i64) -> String {
    seconds(at).split('T').next().unwrap_or_default().replace('-', "/")
}

/// The time in an object's name: `20260302T1000Z`.
pub(crate) fn stamp(at: i64) -> String {
    let text: String = seconds(at).chars().filter(|it| !matches!(it, '-' | ':')).collect();
    format!("{}Z", text.get(..text.len().saturating_sub(2)).unwrap_or_default())
}

/// `2026-03-02T10:00:00`.
fn seconds(at: i64) -> String {
    let text = Timestamp::from_secs(at).to_string();
    text.split('.').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_aws_writes_them() {
        let at = 1_772_409_600 + 10 * HOUR + 5 * MINUTE + 9;
        assert_eq!(time(at), "2026-03-02T10:05:09Z");
        assert_eq!(date(at), "2026/03/02");
        assert_eq!(stamp(at), "20260302T1005Z");
    }
}
