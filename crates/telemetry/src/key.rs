//! What the key of an object says about its content: account, Region, time, format.
//!
//! Layouts by
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-find-log-files.html> and
//! <https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html>. A key is a hint only: what
//! the records say wins, and a key without any of these parts is as good.

use model::{AccountId, Region, Timestamp};

use crate::Format;

/// What a key says. Every member may be unknown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Hint {
    /// Account that the log belongs to.
    pub account: AccountId,
    /// Region that the log belongs to.
    pub region: Region,
    /// Time of delivery from the file name (`_YYYYMMDDTHHmmZ_`), else the date of the folders.
    pub time: Option<Timestamp>,
    /// Format by the service folder or the file name.
    pub kind: Option<Format>,
}

/// Longest key that is looked at, in bytes; S3 allows 1024.
const KEY_MAX: usize = 4096;

/// Reads a key or path: plain, organization-trail and Hive-style layouts with any prefix, `/` or `\`.
pub fn hint(key: &str) -> Hint {
    let key = tail(key);
    let parts: Vec<&str> = key.split(['/', '\\']).collect();
    let Some((file, folders)) = parts.split_last() else { return Hint::default() };
    let mut hint = from_folders(folders);
    let name = from_file_name(file);
    if name.account.is_known() {
        hint.account = name.account;
    }
    if name.region.is_known() {
        hint.region = name.region;
    }
    hint.time = name.time.or(hint.time);
    hint.kind = name.kind.or(hint.kind);
    hint
}

fn tail(key: &str) -> &str {
    let mut from = key.len().saturating_sub(KEY_MAX);
    while !key.is_char_boundary(from) {
        from += 1;
    }
    &key[from..]
}

/// The format that a service folder or file name part stands for.
fn kind_of(part: &str) -> Option<Format> {
    match part {
        "CloudTrail" | "CloudTrail-NetworkActivity" => Some(Format::CloudTrail),
        "vpcflowlogs" => Some(Format::Flow),
        "vpcdnsquerylogs" => Some(Format::Dns),
        _ => None,
    }
}

fn account(part: &str) -> Option<AccountId> {
    (part.len() == 12).then(|| AccountId::from_digits(part.as_bytes()))?.filter(|it| it.is_known())
}

/// `eu-central-1`, `us-gov-west-1`: letters, dashes, and one digit at the end.
fn region(part: &str) -> Option<Region> {
    let (name, digit) = part.rsplit_once('-')?;
    let fits = part.len() <= 20
        && matches!(digit.as_bytes(), [b'0'..=b'9'])
        && name.split('-').count() >= 2
        && name.split('-').all(|it| it.len() >= 2 && it.bytes().all(|b| b.is_ascii_lowercase()));
    fits.then(|| Region::new(part))
}

fn from_folders(folders: &[&str]) -> Hint {
    let mut hint = Hint::default();
    let mut date = [None::<u32>; 4];
    let mut named = false;
    for (i, folder) in folders.iter().enumerate() {
        if let Some((name, value)) = folder.split_once('=') {
            match name {
                "aws-account-id" => hint.account = account(value).unwrap_or(hint.account),
                "aws-region" => hint.region = region(value).unwrap_or(hint.region),
                "aws-service" => hint.kind = kind_of(value).or(hint.kind),
                "year" | "month" | "day" | "hour" => {
                    let at = ["year", "month", "day", "hour"].iter().position(|it| *it == name);
                    if let Some(slot) = at.and_then(|at| date.get_mut(at)) {
                        *slot = number(value, 4);
                        named = true;
                    }
                }
                _ => {}
            }
        } else if let Some(kind) = kind_of(folder) {
            hint.kind = Some(kind);
        } else if let Some(account) = account(folder) {
            hint.account = account;
        } else if let Some(region) = region(folder) {
            hint.region = region;
        } else if !named
            && let (Some(year), Some(month), Some(day)) =
                (number_of(folder, 4), at(folders, i + 1, 2), at(folders, i + 2, 2))
        {
            date = [Some(year), Some(month), Some(day), at(folders, i + 3, 2)];
        }
    }
    if let [Some(year), Some(month), Some(day), hour] = date {
        hint.time = time(year, month, day, hour.unwrap_or(0), 0);
    }
    hint
}

fn at(folders: &[&str], index: usize, digits: usize) -> Option<u32> {
    number_of(folders.get(index)?, digits)
}

fn number_of(text: &str, digits: usize) -> Option<u32> {
    (text.len() == digits).then(|| number(text, digits))?
}

fn number(text: &str, most: usize) -> Option<u32> {
    let fits = !text.is_empty() && text.len() <= most && text.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| text.parse().ok())?
}

fn time(year: u32, month: u32, day: u32, hour: u32, minute: u32) -> Option<Timestamp> {
    if !(1970..=9999).contains(&year) {
        return None;
    }
    Timestamp::parse(&format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z")).ok()
}

/// Parts of the file name, which AWS joins by `_`, in any order.
fn from_file_name(file: &str) -> Hint {
    let mut hint = Hint::default();
    let stem = file.split('.').next().unwrap_or(file);
    for part in stem.split('_') {
        if let Some(time) = stamp(part) {
            hint.time = hint.time.or(Some(time));
        } else if let Some(account) = account(part) {
            hint.account = account;
        } else if let Some(region) = region(part) {
            hint.region = region;
        } else {
            hint.kind = hint.kind.or(kind_of(part));
        }
    }
    hint
}

/// `YYYYMMDDTHHmmZ`, or with seconds.
fn stamp(part: &str) -> Option<Timestamp> {
    let (date, clock) = part.strip_suffix('Z')?.split_once('T')?;
    if date.len() != 8 || !matches!(clock.len(), 4 | 6) {
        return None;
    }
    let field =
        |text: &str, from: usize, to: usize| text.get(from..to).and_then(|it| number(it, 4));
    time(
        field(date, 0, 4)?,
        field(date, 4, 6)?,
        field(date, 6, 8)?,
        field(clock, 0, 2)?,
        field(clock, 2, 4)?,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(key: &str, account: u64, region: &str, time: Option<&str>, kind: Option<Format>) {
        let hint = hint(key);
        assert_eq!(hint.account.number(), account, "{key}");
        assert_eq!(hint.region.as_str(), region, "{key}");
        assert_eq!(hint.time, time.map(|it| Timestamp::parse(it).unwrap()), "{key}");
        assert_eq!(hint.kind, kind, "{key}");
    }

    const ACCOUNT: u64 = 111_122_223_333;

    #[test]
    fn trails_of_accounts_and_organizations() {
        let file = "111122223333_CloudTrail_eu-central-1_20260131T2355Z_AbCdEfGhIjKlMnOp.json.gz";
        let time = Some("2026-01-31T23:55:00Z");
        for prefix in ["", "my/prefix_1/", "o-a1b2c3d4e5/", "p/AWSLogs/o-a1b2c3d4e5/"] {
            let key =
                format!("{prefix}AWSLogs/111122223333/CloudTrail/eu-central-1/2026/01/31/{file}");
            check(&key, ACCOUNT, "eu-central-1", time, Some(Format::CloudTrail));
            let windows = key.replace('/', "\\");
            check(&windows, ACCOUNT, "eu-central-1", time, Some(Format::CloudTrail));
        }
        check(file, ACCOUNT, "eu-central-1", time, Some(Format::CloudTrail));
    }

    #[test]
    fn flow_logs_plain_and_hive() {
        let file =
            "111122223333_vpcflowlogs_us-gov-west-1_fl-1234abcd_20180620T1620Z_fe123456.log.gz";
        let time = Some("2018-06-20T16:20:00Z");
        check(
            &format!("AWSLogs/111122223333/vpcflowlogs/us-gov-west-1/2018/06/20/{file}"),
            ACCOUNT,
            "us-gov-west-1",
            time,
            Some(Format::Flow),
        );
        check(
            "b/AWSLogs/aws-account-id=111122223333/aws-service=vpcflowlogs/aws-region=us-gov-west-1/\
             year=2018/month=06/day=20/hour=16/part-0.log.gz",
            ACCOUNT,
            "us-gov-west-1",
            Some("2018-06-20T16:00:00Z"),
            Some(Format::Flow),
        );
    }

    #[test]
    fn query_logs_and_dates_of_folders() {
        check(
            "AWSLogs/111122223333/vpcdnsquerylogs/vpc-0a1b/2026/02/03/\
             vpc-0a1b_vpcdnsquerylogs_111122223333_20260203T0405Z_0a.log.gz",
            ACCOUNT,
            "",
            Some("2026-02-03T04:05:00Z"),
            Some(Format::Dns),
        );
        check("logs/2026/02/03/04/x.gz", 0, "", Some("2026-02-03T04:00:00Z"), None);
        check("logs/2026/02/03/x.gz", 0, "", Some("2026-02-03T00:00:00Z"), None);
    }

    #[test]
    fn other_names_say_nothing() {
        for key in ["", "/", "x", "a/b.json", "20261331T9999Z", "_____", "year=/month=/day=", "ü/é"]
        {
            check(key, 0, "", None, None);
        }
    }
}
