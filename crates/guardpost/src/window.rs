//! What of the rows that were read counts: those of a time, those of an account.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use model::{AccountId, Origin, Timestamp};
use telemetry::Block;

const HINT: &str = "write a date such as 2026-01-31 or a time such as 2026-01-31T14:00:00Z";

/// From `since` on and before `until`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// First moment that counts.
    pub since: Timestamp,
    /// First moment that no longer counts.
    pub until: Timestamp,
}

impl Default for Window {
    fn default() -> Window {
        Window { since: Timestamp::MIN, until: Timestamp::MAX }
    }
}

/// Nothing that AWS logs is older: S3, the first of its services, was opened on 2006-03-14.
const EARLIEST: Timestamp = Timestamp::from_secs(1_142_294_400);

/// How far after now records may lie, since clocks differ.
const FUTURE: Duration = Duration::from_hours(24);

impl Window {
    /// When records can have been made, as seen `now`.
    pub fn possible(now: Timestamp) -> Window {
        Window { since: EARLIEST, until: now + FUTURE }
    }

    /// Reads `--since` and `--until`. A date as end includes its day.
    pub fn parse(since: Option<&str>, until: Option<&str>) -> Result<Window> {
        let mut window = Window::default();
        if let Some(text) = since {
            let (time, _) = parse(text).with_context(|| format!("--since `{text}`: {HINT}"))?;
            window.since = time;
        }
        if let Some(text) = until {
            let (time, is_day) =
                parse(text).with_context(|| format!("--until `{text}`: {HINT}"))?;
            window.until = if is_day { time + Duration::from_hours(24) } else { time };
        }
        if window.since >= window.until {
            bail!("--since lies at or after --until: nothing could be read; exchange the two");
        }
        Ok(window)
    }

    /// Whether every time counts.
    pub fn is_everything(&self) -> bool {
        *self == Window::default()
    }

    /// Whether a time counts.
    pub fn contains(&self, time: Timestamp) -> bool {
        self.since <= time && time < self.until
    }

    /// Drops the rows outside and gives their number.
    pub fn keep(&self, block: &mut Block) -> u64 {
        if self.is_everything() {
            return 0;
        }
        let secs = |it: u32| self.contains(Timestamp::from_secs(i64::from(it)));
        match block {
            Block::Flows(it) => retain(&mut it.rows, &mut it.origins, |row| secs(row.start)),
            Block::Queries(it) => retain(&mut it.rows, &mut it.origins, |row| secs(row.time)),
            Block::ApiCalls(it) => {
                retain(&mut it.rows, &mut it.origins, |row| self.contains(row.time))
            }
        }
    }
}

/// Drops the rows of other accounts and gives their number.
pub fn keep_account(block: &mut Block, account: AccountId) -> u64 {
    match block {
        Block::Flows(it) => {
            let of = |at: u32| it.interfaces.get(at as usize).map(|it| it.account);
            retain(&mut it.rows, &mut it.origins, |row| of(row.interface) == Some(account))
        }
        Block::Queries(it) => {
            let of = |at: u32| it.hosts.get(at as usize).map(|it| it.account);
            retain(&mut it.rows, &mut it.origins, |row| of(row.host) == Some(account))
        }
        Block::ApiCalls(it) => retain(&mut it.rows, &mut it.origins, |row| row.account == account),
    }
}

fn retain<R>(rows: &mut Vec<R>, origins: &mut Vec<Origin>, keep: impl Fn(&R) -> bool) -> u64 {
    if rows.iter().all(&keep) {
        return 0;
    }
    let before = rows.len();
    let kept: Vec<bool> = rows.iter().map(keep).collect();
    let mut flags = kept.iter();
    rows.retain(|_| flags.next().copied().unwrap_or(true));
    let mut flags = kept.iter();
    origins.retain(|_| flags.next().copied().unwrap_or(true));
    (before - rows.len()) as u64
}

/// The time, and whether the text names a day only.
fn parse(text: &str) -> Result<(Timestamp, bool)> {
    if text.len() == 10 {
        return Ok((Timestamp::parse(&format!("{text}T00:00:00Z"))?, true));
    }
    Ok((Timestamp::parse(text)?, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_at_the_end_is_included() {
        let window = Window::parse(Some("2026-01-01"), Some("2026-01-31")).unwrap();
        assert!(window.contains(Timestamp::parse("2026-01-31T23:59:59Z").unwrap()));
        assert!(!window.contains(Timestamp::parse("2026-02-01T00:00:00Z").unwrap()));
        assert!(!window.contains(Timestamp::parse("2025-12-31T23:59:59Z").unwrap()));
    }

    #[test]
    fn bad_dates_are_refused_with_what_to_write() {
        for text in ["yesterday", "2026-02-30", "2026-13-01", "01.02.2026", "2026-01-01T25:00:00Z"]
        {
            let error = Window::parse(Some(text), None).unwrap_err();
            assert!(format!("{error:#}").contains("2026-01-31"), "{text}: {error:#}");
        }
        assert!(Window::parse(Some("2026-02-01"), Some("2026-01-01")).is_err());
        assert!(Window::parse(Some("2026-02-01"), Some("2026-02-01")).is_ok());
    }
}
