//! The table of contents of the intel directory: `index.json`.

use intel::Category;
use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::shape::Shape;

/// Version of the file's form. Files of another version are refused.
pub const VERSION: u32 = 1;
/// A list is stale when it is older than its refresh time by this factor.
pub const STALE_FACTOR: u64 = 3;

/// How far the entries of a list can be believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Expect wrong entries, such as addresses that were given to somebody else.
    Low,
    /// Mostly right.
    #[default]
    Medium,
    /// Seldom wrong.
    High,
}

impl Confidence {
    /// The name in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

/// A list of the directory.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// What the list says of its entries.
    pub category: Category,
    /// The license or the terms.
    pub license: String,
    /// Where it comes from: an address, or the path of a file.
    pub source: String,
    /// How it is written.
    pub shape: Shape,
    /// The file in the directory.
    pub file: String,
    /// The SHA-256 of the file, in hexadecimal digits.
    pub sha256: String,
    /// The size of the file in bytes.
    pub bytes: u64,
    /// How many entries it has.
    pub entries: u64,
    /// Lines that cannot be used.
    pub refused: u64,
    /// How far its entries can be believed.
    pub confidence: Confidence,
    /// When a list of this name was first loaded.
    #[serde(with = "time")]
    pub added: Timestamp,
    /// When the content was loaded.
    #[serde(with = "time")]
    pub fetched: Timestamp,
    /// When the source last said that this is its content; ages count from here.
    #[serde(with = "time")]
    pub checked: Timestamp,
    /// How often the source is asked, in seconds; 0 for files, which do not age.
    pub refresh_secs: u64,
    /// The `ETag` of the content.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub etag: String,
    /// The `Last-Modified` of the content.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub last_modified: String,
    /// Why the last attempt to refresh it failed; empty if it did not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub last_error: String,
}

impl Entry {
    /// Seconds since the source last said that this is its content.
    pub fn age_secs(&self, now: Timestamp) -> u64 {
        u64::try_from(now.millis().saturating_sub(self.checked.millis())).unwrap_or(0) / 1000
    }

    /// Whether it should have been refreshed long ago.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.refresh_secs > 0 && self.age_secs(now) > self.refresh_secs.saturating_mul(STALE_FACTOR)
    }

    /// Whether it is time to ask the source again.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.age_secs(now) >= self.refresh_secs
    }
}

/// The table of contents.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Index {
    /// Version of the form.
    pub version: u32,
    /// The lists by name.
    pub lists: Vec<Entry>,
}

impl Default for Index {
    fn default() -> Index {
        Index { version: VERSION, lists: Vec::new() }
    }
}

impl Index {
    /// The list of a name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.lists.iter().find(|it| it.name == name)
    }

    /// The list of a name, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Entry> {
        self.lists.iter_mut().find(|it| it.name == name)
    }

    /// Puts a list in place of the one of its name.
    pub fn put(&mut self, entry: Entry) {
        match self.lists.binary_search_by(|it| it.name.cmp(&entry.name)) {
            Ok(at) => self.lists[at] = entry,
            Err(at) => self.lists.insert(at, entry),
        }
    }
}

/// `1 entry`, `2,000 entries`.
pub fn entries(number: u64) -> String {
    let noun = if number == 1 { "entry" } else { "entries" };
    format!("{} {noun}", crate::text::thousands(number))
}

/// `5 min`, `3 h`, `12 days`.
pub fn age(secs: u64) -> String {
    match secs {
        0..3600 => format!("{} min", secs / 60),
        3600..172_800 => format!("{} h", secs / 3600),
        _ => format!("{} days", secs / 86_400),
    }
}

/// Times as text, for whoever reads the file.
mod time {
    use model::Timestamp;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    pub(super) fn serialize<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(time)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(from)?;
        Timestamp::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_767_225_600);

    fn entry(name: &str, checked: Timestamp) -> Entry {
        Entry {
            name: name.to_owned(),
            category: Category::TorExit,
            license: String::new(),
            source: String::new(),
            shape: Shape::Auto,
            file: format!("{name}.0123456789abcdef.list"),
            sha256: String::new(),
            bytes: 0,
            entries: 1,
            refused: 0,
            confidence: Confidence::High,
            added: checked,
            fetched: checked,
            checked,
            refresh_secs: 3600,
            etag: String::new(),
            last_modified: String::new(),
            last_error: String::new(),
        }
    }

    #[test]
    fn a_list_is_stale_after_three_refresh_times() {
        let ago = |secs: i64| entry("x", Timestamp::from_secs(NOW.secs() - secs));
        assert!(!ago(3599).is_due(NOW) && ago(3600).is_due(NOW));
        assert!(!ago(3 * 3600).is_stale(NOW) && ago(3 * 3600 + 1).is_stale(NOW));
        let file = Entry { refresh_secs: 0, ..ago(1 << 30) };
        assert!(!file.is_stale(NOW));
        assert_eq!(ago(-60).age_secs(NOW), 0);
    }

    #[test]
    fn an_index_is_read_as_it_was_written() {
        let mut index = Index::default();
        for name in ["b", "a", "b"] {
            index.put(entry(name, NOW));
        }
        let text = serde_json::to_string(&index).unwrap();
        assert!(text.contains("\"checked\":\"2026-01-01T00:00:00"), "{text}");
        assert_eq!(serde_json::from_str::<Index>(&text).unwrap(), index);
        assert_eq!(index.lists.iter().map(|it| it.name.as_str()).collect::<String>(), "ab");
    }
}
