//! What a configuration file says of feeds.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use intel::Category;
use serde::{Deserialize, Serialize};

use super::directory::{LISTS_MAX, is_name};
use super::feeds::{Feed, builtin};
use super::fetch::{Bounds, check_url};
use super::index::Confidence;
use super::shape::Shape;

/// Least hours between two requests to a feed: publishers block whoever asks more often.
const REFRESH_HOURS_MIN: u64 = 1;
const REFRESH_HOURS_MAX: u64 = 24 * 365;
/// Hours between two requests where a feed of the user does not say.
const REFRESH_HOURS: u64 = 24;

/// The section `[intel]`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IntelConfig {
    /// Longest time for one feed, in seconds.
    pub timeout_secs: u64,
    /// Largest feed, in bytes.
    pub feed_bytes: u64,
    /// Changes to feeds that are known, and further feeds, by name.
    pub feeds: BTreeMap<String, FeedSetting>,
}

impl Default for IntelConfig {
    fn default() -> IntelConfig {
        IntelConfig { timeout_secs: 60, feed_bytes: 32 << 20, feeds: BTreeMap::new() }
    }
}

/// The section `[intel.feeds.<name>]`. What is left out is as in the table of feeds.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeedSetting {
    /// Whether it is fetched, and whether its list is used.
    pub enabled: Option<bool>,
    /// The address.
    pub url: Option<String>,
    /// What it says of its entries.
    pub category: Option<Category>,
    /// How it is written.
    pub format: Option<Shape>,
    /// The license or the terms.
    pub license: Option<String>,
    /// How far its entries can be believed.
    pub confidence: Option<Confidence>,
    /// How often it is asked for, in hours.
    pub refresh_hours: Option<u64>,
}

impl IntelConfig {
    /// All feeds by name: those of the table as they are set, and those of the file.
    pub fn feeds(&self) -> Result<Vec<Feed>> {
        let mut feeds = builtin();
        for (name, setting) in &self.feeds {
            let place = || format!("intel.feeds.{}", crate::text::visible(name));
            match feeds.iter_mut().find(|it| it.name == *name) {
                Some(feed) => setting.apply(feed).with_context(place)?,
                // Lists of files are only turned on and off.
                None if setting.url.is_none() && setting.enabled.is_some() => {}
                None => feeds.push(setting.own(name).with_context(place)?),
            }
        }
        if feeds.len() > LISTS_MAX {
            bail!("more than {LISTS_MAX} feeds");
        }
        feeds.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(feeds)
    }

    /// Whether the list of a name is used.
    pub fn is_used(&self, name: &str) -> bool {
        self.feeds.get(name).and_then(|it| it.enabled).unwrap_or(true)
    }

    /// Bounds of the request for one feed.
    pub fn bounds(&self) -> Bounds {
        Bounds { timeout: Duration::from_secs(self.timeout_secs), bytes: self.feed_bytes }
    }
}

impl FeedSetting {
    fn apply(&self, feed: &mut Feed) -> Result<()> {
        if let Some(url) = &self.url {
            check_url(url)?;
            feed.url.clone_from(url);
        }
        if let Some(hours) = self.refresh_hours {
            if !(REFRESH_HOURS_MIN..=REFRESH_HOURS_MAX).contains(&hours) {
                bail!("refresh_hours = {hours}: give {REFRESH_HOURS_MIN} to {REFRESH_HOURS_MAX}");
            }
            feed.refresh_secs = hours * 3600;
        }
        feed.enabled = self.enabled.unwrap_or(feed.enabled);
        feed.category = self.category.unwrap_or(feed.category);
        feed.shape = self.format.unwrap_or(feed.shape);
        feed.confidence = self.confidence.unwrap_or(feed.confidence);
        if let Some(license) = &self.license {
            feed.terms.clone_from(license);
        }
        Ok(())
    }

    fn own(&self, name: &str) -> Result<Feed> {
        if !is_name(name) {
            bail!("names have lower-case letters, digits, `-` and `_`, at most 64");
        }
        let (Some(url), Some(category)) = (&self.url, self.category) else {
            bail!("no feed of this name comes with the program: give url and category");
        };
        let mut feed = Feed {
            name: name.to_owned(),
            url: url.clone(),
            shape: Shape::Auto,
            category,
            terms: "own choice".to_owned(),
            confidence: Confidence::Medium,
            refresh_secs: REFRESH_HOURS * 3600,
            enabled: true,
        };
        self.apply(&mut feed)?;
        Ok(feed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feeds(text: &str) -> Result<Vec<Feed>, String> {
        let config: IntelConfig = toml::from_str(text).map_err(|error| error.to_string())?;
        config.feeds().map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn a_feed_of_the_table_is_changed_where_the_file_says_so() {
        let text = "[feeds.ipsum]\nenabled = false\nrefresh_hours = 48\ncategory = \"scanner\"";
        let feeds = feeds(text).unwrap();
        let ipsum = feeds.iter().find(|it| it.name == "ipsum").unwrap();
        assert_eq!((ipsum.enabled, ipsum.refresh_secs), (false, 48 * 3600));
        assert_eq!(ipsum.category, Category::Scanner);
        assert!(ipsum.url.starts_with("https://"));
    }

    #[test]
    fn an_own_feed_needs_address_and_category() {
        let text = "[feeds.mine]\nurl = \"https://example.com/x\"\ncategory = \"threat\"";
        let feeds_of = feeds(text).unwrap();
        assert_eq!(feeds_of.len(), builtin().len() + 1);
        assert!(feeds_of.iter().any(|it| it.name == "mine" && it.enabled));
        for (text, expected) in [
            ("[feeds.mine]\nurl = \"https://example.com/x\"", "give url and category"),
            (
                "[feeds.\"../x\"]\nurl = \"https://example.com/x\"\ncategory = \"threat\"",
                "lower-case",
            ),
            ("[feeds.mine]\nurl = \"http://example.com/x\"\ncategory = \"threat\"", "https"),
            ("[feeds.ipsum]\nrefresh_hours = 0", "refresh_hours = 0"),
            ("[feeds.ipsum]\ncategory = \"nonsense\"", "unknown category"),
            ("[feeds.ipsum]\nadress = \"x\"", "unknown field"),
        ] {
            let error = feeds(text).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
