//! Folders of a bucket: those of AWS's logs have days in them, and need not be listed from the beginning.

use engine::model::Timestamp;

/// What a folder is listed by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Folder {
    /// What its keys begin with.
    pub(super) prefix: String,
    /// How years, months and days are written in it; none for a folder that is listed as a whole.
    pub(super) dates: Option<Dates>,
}

/// How the folders of days are called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Dates {
    /// `2026/03/01/`
    Plain,
    /// `year=2026/month=03/day=01/`
    Named,
}

impl Folder {
    /// A folder that is listed as a whole, without those in it.
    pub(super) fn whole(prefix: &str) -> Folder {
        Folder { prefix: prefix.to_owned(), dates: None }
    }

    /// The folder that holds `year` as one of its years, where AWS writes logs by days: elsewhere numbers may
    /// stand for anything.
    pub(super) fn of_year(year: &str) -> Option<Folder> {
        let folders = year.strip_suffix('/')?;
        let (above, name) = folders.rsplit_once('/')?;
        let is_of_aws = above.split('/').any(|it| it == "AWSLogs");
        let dates = Some(dates(name)?);
        is_of_aws.then(|| Folder { prefix: format!("{above}/"), dates })
    }

    /// Whether a key that begins with the prefix belongs to the folder.
    pub(super) fn holds(&self, key: &str) -> bool {
        let rest = key.strip_prefix(&self.prefix);
        let year = rest.and_then(|it| it.split_once('/')).map(|it| it.0);
        self.dates.is_none() || year.is_some_and(|it| dates(it) == self.dates)
    }

    /// All keys of this day and later ones lie behind this one.
    pub(super) fn after(&self, day: i64) -> String {
        let text = Timestamp::from_secs(day.saturating_mul(86_400)).to_string();
        let mut parts = text.get(..10).unwrap_or_default().split('-');
        let mut part = || parts.next().unwrap_or_default();
        let (year, month, day) = (part(), part(), part());
        match self.dates {
            None => String::new(),
            Some(Dates::Plain) => format!("{}{year}/{month}/{day}", self.prefix),
            Some(Dates::Named) => format!("{}year={year}/month={month}/day={day}", self.prefix),
        }
    }
}

/// How a folder that stands for a year is called.
fn dates(name: &str) -> Option<Dates> {
    let (digits, dates) = match name.strip_prefix("year=") {
        Some(digits) => (digits, Dates::Named),
        None => (name, Dates::Plain),
    };
    (digits.len() == 4 && digits.bytes().all(|it| it.is_ascii_digit())).then_some(dates)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-01.
    const DAY: i64 = 20_513;

    #[test]
    fn listing_begins_with_a_day_where_aws_writes_by_days() {
        for (year, after, held, other) in [
            (
                "p/AWSLogs/111122223333/CloudTrail/us-east-1/2026/",
                "p/AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/01",
                "p/AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/01/x",
                "p/AWSLogs/111122223333/CloudTrail/us-east-1/more/x",
            ),
            (
                "AWSLogs/aws-account-id=1/aws-region=us-east-1/year=2026/",
                "AWSLogs/aws-account-id=1/aws-region=us-east-1/year=2026/month=03/day=01",
                "AWSLogs/aws-account-id=1/aws-region=us-east-1/year=2026/month=03/day=01/hour=00/x",
                "AWSLogs/aws-account-id=1/aws-region=us-east-1/2026/x",
            ),
        ] {
            let folder = Folder::of_year(year).unwrap();
            assert_eq!(folder.after(DAY), after);
            assert!(folder.holds(held) && held > after, "{held}");
            assert!(!folder.holds(other), "{other}");
            let before = folder.after(DAY - 1);
            assert!(before.as_str() < after && before.contains("28"), "{before}");
        }
    }

    #[test]
    fn other_folders_are_listed_as_a_whole() {
        for folder in ["exported/2026/", "AWSLogs/111122223333/", "AWSLogs/x/20260/", "2026/", ""] {
            assert_eq!(Folder::of_year(folder), None, "{folder}");
        }
        let whole = Folder::whole("exported/");
        assert_eq!(whole.after(DAY), "");
        assert!(whole.holds("exported/x"));
    }
}
