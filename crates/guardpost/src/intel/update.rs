//! Refreshing the intel directory from feeds and from files.

use anyhow::{Context as _, Result, bail};
use intel::{Category, ParsedList};
use model::Timestamp;

use super::directory::{Directory, LISTS_MAX, Lock, sha256};
use super::feeds::Feed;
use super::fetch::{Answer, Bounds, Client, Reach, Validators};
use super::index::{Confidence, Entry, Index, entries};
use super::shape::{Shape, read};
use crate::text::{count, visible};

/// A list that lost more than this share of its entries, in percent, is not taken over.
const SHRUNK_PERCENT: u64 = 90;

/// What became of one feed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Other content was loaded.
    Loaded {
        /// Entries of the list before; `None` if there was none.
        before: Option<u64>,
    },
    /// The source has the content of the last time.
    NotModified,
    /// It is not yet time to ask again.
    Fresh,
    /// The content could not be loaded, and why. What was there before stays in use.
    Failed(String),
}

/// What became of a feed, and its list as it is now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// The name of the feed.
    pub name: String,
    /// What became of it.
    pub outcome: Outcome,
    /// The list that is in use.
    pub entry: Option<Entry>,
}

/// How feeds are asked.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Bounds of each request.
    pub bounds: Bounds,
    /// Whether feeds are asked that are not due, and lists are taken over that shrank.
    pub is_forced: bool,
    /// The time of day.
    pub now: Timestamp,
}

/// Asks feeds one after the other. The index is written after each, so that a run that is broken off loses
/// nothing.
pub fn update(
    directory: &Directory,
    feeds: &[Feed],
    manner: Manner,
    tell: &mut dyn FnMut(&Report),
) -> Result<Vec<Report>> {
    let lock = directory.lock()?;
    let mut index = directory.index()?;
    let client = Client::new(Reach::Operator);
    let mut reports = Vec::new();
    for feed in feeds {
        let outcome = refresh(directory, &lock, &mut index, &client, feed, manner)?;
        let entry = index.get(&feed.name).cloned();
        let report = Report { name: feed.name.clone(), outcome, entry };
        tell(&report);
        reports.push(report);
    }
    Ok(reports)
}

/// Refreshes one feed. Only a directory that cannot be written is an error.
fn refresh(
    directory: &Directory,
    lock: &Lock,
    index: &mut Index,
    client: &Client,
    feed: &Feed,
    manner: Manner,
) -> Result<Outcome> {
    // A list of another address or category, or one that is damaged, is fetched as if it were new.
    let known = index.get(&feed.name).filter(|it| {
        it.source == feed.url
            && it.category == feed.category
            && it.shape == feed.shape
            && directory.list(it).is_ok()
    });
    if known.is_some_and(|it| !it.is_due(manner.now)) && !manner.is_forced {
        return Ok(Outcome::Fresh);
    }
    let validators = known.map_or_else(Validators::default, |it| Validators {
        etag: &it.etag,
        last_modified: &it.last_modified,
    });
    let outcome = match client.get(&feed.url, validators, manner.bounds) {
        Err(error) => Outcome::Failed(visible(&error.to_string())),
        Ok(Answer::NotModified) if known.is_some() => {
            if let Some(entry) = index.get_mut(&feed.name) {
                entry.checked = manner.now;
                entry.last_error.clear();
                entry.license.clone_from(&feed.terms);
                (entry.confidence, entry.refresh_secs) = (feed.confidence, feed.refresh_secs);
            }
            Outcome::NotModified
        }
        Ok(Answer::NotModified) => Outcome::Failed("nothing was sent".to_owned()),
        Ok(Answer::Content { bytes, etag, last_modified }) => {
            let known_entries = known.map(|it| it.entries).filter(|_| !manner.is_forced);
            match judge(feed, &bytes, known_entries) {
                Err(why) => Outcome::Failed(why),
                Ok(list) => {
                    let old = index.get(&feed.name);
                    let before = old.map(|it| it.entries);
                    let file = directory.write_list(lock, &feed.name, &bytes)?;
                    let added = old.map_or(manner.now, |it| it.added);
                    let entry = entry(feed, file, &bytes, &list, manner.now);
                    index.put(Entry { added, etag, last_modified, ..entry });
                    Outcome::Loaded { before }
                }
            }
        }
    };
    if let (Outcome::Failed(why), Some(entry)) = (&outcome, index.get_mut(&feed.name)) {
        entry.last_error.clone_from(why);
    }
    directory.write_index(lock, index)?;
    Ok(outcome)
}

/// The list of a feed that was loaded at a time.
fn entry(feed: &Feed, file: String, bytes: &[u8], list: &ParsedList, now: Timestamp) -> Entry {
    Entry {
        name: feed.name.clone(),
        category: feed.category,
        license: feed.terms.clone(),
        source: feed.url.clone(),
        shape: feed.shape,
        file,
        sha256: sha256(bytes),
        bytes: bytes.len() as u64,
        entries: list.len(),
        refused: list.refused,
        confidence: feed.confidence,
        added: now,
        fetched: now,
        checked: now,
        refresh_secs: feed.refresh_secs,
        etag: String::new(),
        last_modified: String::new(),
        last_error: String::new(),
    }
}

/// Whether content may stand for a list that had so many entries; says why not.
fn judge(feed: &Feed, bytes: &[u8], before: Option<u64>) -> Result<ParsedList, String> {
    let (list, problems) = read(feed.shape, &feed.url, bytes);
    let sample = problems.first().map_or_else(String::new, |it| {
        format!("; line {}: {} (`{}`)", it.line, it.cause, visible(&it.text))
    });
    if list.is_empty() {
        return Err(format!("no usable entry{sample}"));
    }
    if list.refused > list.len() {
        let (lines, entries) = (count(list.refused, "line"), entries(list.len()));
        return Err(format!("{lines} cannot be used, against {entries}{sample}"));
    }
    if let Some(before) = before
        && list.len() * 100 < before * (100 - SHRUNK_PERCENT)
    {
        return Err(format!(
            "{} instead of {}: too few to be believed; --force takes them over",
            entries(list.len()),
            entries(before)
        ));
    }
    Ok(list)
}

/// A file that becomes a list of the directory.
pub struct Addition<'a> {
    /// The name of the list.
    pub name: &'a str,
    /// What the list says of its entries.
    pub category: Category,
    /// Where the file lies.
    pub source: String,
    /// The content of the file.
    pub bytes: &'a [u8],
}

/// Puts a file into the directory, in place of the list of its name. Gives the list and what is wrong with
/// its first bad line.
pub fn add(
    directory: &Directory,
    addition: Addition<'_>,
    now: Timestamp,
) -> Result<(Entry, Option<String>)> {
    let Addition { name, category, source, bytes } = addition;
    let (list, problems) = read(Shape::Auto, &source, bytes);
    let hosts = read(Shape::Hosts, "hosts", bytes).0;
    // A hosts file as a list has an unusable line for each of its entries.
    let (shape, list) =
        if list.refused > 0 && hosts.refused < list.refused && hosts.len() > list.len() {
            (Shape::Hosts, hosts)
        } else {
            (Shape::Auto, list)
        };
    let sample = problems.first().filter(|_| list.refused > 0).map(|it| {
        let line = if it.line > 0 { format!("line {}: ", it.line) } else { String::new() };
        format!("{line}{} (`{}`)", it.cause, visible(&it.text))
    });
    if list.is_empty() {
        bail!(
            "`{}` has no usable entry{}",
            visible(&source),
            sample.map_or_else(String::new, |it| format!("; {it}"))
        );
    }
    let lock = directory.lock()?;
    let mut index = directory.index()?;
    if index.lists.len() >= LISTS_MAX && index.get(name).is_none() {
        bail!("there are {LISTS_MAX} lists already");
    }
    let feed = Feed {
        name: name.to_owned(),
        url: source,
        shape,
        category,
        terms: "your own".to_owned(),
        confidence: Confidence::High,
        refresh_secs: 0,
        enabled: true,
    };
    let file = directory.write_list(&lock, name, bytes)?;
    let added = index.get(name).map_or(now, |it| it.added);
    let entry = Entry { added, ..entry(&feed, file, bytes, &list, now) };
    index.put(entry.clone());
    directory.write_index(&lock, &index).context("cannot add the list")?;
    Ok((entry, sample))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `Err` with what is wrong.
    fn check(text: &str, before: Option<u64>) -> Result<u64, String> {
        let feed = Feed { shape: Shape::Auto, ..crate::intel::feeds::builtin().remove(0) };
        judge(&feed, text.as_bytes(), before).map(|it| it.len())
    }

    fn addresses(number: usize) -> String {
        (0..number).map(|it| format!("192.0.2.{it}")).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn lists_that_lost_most_entries_are_not_believed() {
        assert_eq!(check(&addresses(10), Some(100)), Ok(10));
        assert!(check(&addresses(9), Some(100)).unwrap_err().contains("too few"));
        assert_eq!(check(&addresses(9), None), Ok(9));
    }

    #[test]
    fn pages_instead_of_lists_are_not_believed() {
        let page = "<html>\n<head><title>502</title></head>\nexample.com\n</html>\n";
        assert!(check(page, None).is_err());
        let text = "Error: too many requests\nplease wait\nexample.com\nbye for now\n";
        assert!(check(text, None).unwrap_err().contains("cannot be used"));
        assert!(check("# nothing today\n", None).unwrap_err().contains("no usable entry"));
        assert!(check("", Some(5)).is_err());
    }
}
