//! What all lists and tables say of one address, name or hash.

use std::net::IpAddr;

use anyhow::{Result, bail};
use intel::{Category, Indicator, Intel, List, Verdict};
use model::{AccountId, Addr, Region, Timestamp};
use serde::Serialize;

use super::directory::{Directory, hex};
use super::index::{Confidence, Entry, Index};

/// Longest value that is looked up.
const VALUE_MAX: usize = 512;
/// Characters of a line of a list that are shown.
const LINE_MAX: usize = 200;

/// What is looked up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// An address.
    Address(Addr),
    /// A name in lower case, without the final dot.
    Name(String),
    /// A SHA-256.
    File([u8; 32]),
}

impl Value {
    /// Tells an address, a hash and a name apart; of a URL the host counts.
    pub fn parse(text: &str) -> Result<Value> {
        let text = text.trim();
        let shown = || crate::text::visible(&text.chars().take(80).collect::<String>());
        if text.is_empty() || text.len() > VALUE_MAX {
            bail!("`{}`: give an address, a name or a SHA-256", shown());
        }
        let host = match text.split_once("://") {
            Some((_, rest)) => {
                let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
                let host = authority.rsplit('@').next().unwrap_or_default();
                match host.strip_prefix('[').and_then(|it| it.split_once(']')) {
                    Some((address, _)) => address,
                    None => host.split(':').next().unwrap_or_default(),
                }
            }
            None => text,
        };
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(Value::Address(Addr::from(address)));
        }
        if let Some(hash) = hash(host) {
            return Ok(Value::File(hash));
        }
        let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let is_name = !name.is_empty()
            && name.split('.').all(|label| {
                !label.is_empty()
                    && label.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it))
            });
        if !is_name {
            bail!("`{}` is neither an address nor a name nor a SHA-256", shown());
        }
        Ok(Value::Name(name))
    }

    fn text(&self) -> String {
        match self {
            Value::Address(address) => address.to_string(),
            Value::Name(name) => name.clone(),
            Value::File(hash) => hex(hash),
        }
    }
}

fn hash(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.bytes().all(|it| it.is_ascii_hexdigit()) {
        return None;
    }
    let mut hash = [0; 32];
    for (at, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(hash)
}

/// One list that has the value.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hit {
    /// The list.
    pub list: String,
    /// What it says of its entries.
    pub category: Category,
    /// How far that can be believed; not known of built-in lists.
    pub confidence: Option<Confidence>,
    /// What the list calls the threat.
    pub threat: Option<String>,
    /// When a list of this name was first loaded, and when its content was loaded. The lists say nothing of
    /// single entries.
    pub added: Option<String>,
    /// When the content was loaded.
    pub fetched: Option<String>,
    /// The line of the list, where it has the value as such.
    pub line: Option<String>,
}

/// Where an address is.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Located {
    /// Two letters by ISO 3166-1.
    pub country_code: String,
    /// The name of the country.
    pub country: String,
    /// The city.
    pub city: Option<String>,
    /// The autonomous system; 0 if it is not known.
    pub asn: u32,
    /// Who runs it.
    pub organization: String,
}

/// All that is known of a value.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// What was looked up.
    pub value: String,
    /// What lists name: the value, or the domain above it.
    pub matched: Option<String>,
    /// The registrable domain of a name.
    pub registrable: Option<String>,
    /// The categories that detectors see.
    pub categories: Vec<Category>,
    /// The lists that have it.
    pub hits: Vec<Hit>,
    /// Where an address is.
    pub place: Option<Located>,
}

/// Looks a value up.
pub fn look_up(value: &Value, intel: &Intel, stored: Option<(&Directory, &Index)>) -> Answer {
    let (verdict, matched, registrable) = match value {
        Value::Address(address) => (intel.address(*address), None, None),
        Value::File(hash) => (intel.file(hash), None, None),
        Value::Name(name) => {
            let it = intel.name(name);
            let matched = Some(it.matched_of(name)).filter(|it| !it.is_empty());
            (it.verdict, matched.map(str::to_owned), Some(it.registrable_of(name).to_owned()))
        }
    };
    let place = match value {
        Value::Address(address) => intel.place(*address),
        _ => None,
    };
    let sought = matched.clone().unwrap_or_else(|| value.text());
    Answer {
        value: value.text(),
        matched,
        registrable,
        categories: intel.categories(verdict, AccountId::UNKNOWN, Region::UNKNOWN).iter().collect(),
        hits: hits(value, &sought, verdict, intel, stored),
        place: place.map(|it| Located {
            country_code: it.country_code.to_owned(),
            country: it.country_name.to_owned(),
            city: it.city.map(str::to_owned),
            asn: it.asn,
            organization: it.organization.to_owned(),
        }),
    }
}

fn hits(
    value: &Value,
    sought: &str,
    verdict: Verdict,
    intel: &Intel,
    stored: Option<(&Directory, &Index)>,
) -> Vec<Hit> {
    let indicator = match value {
        Value::Address(address) => Indicator::Address(*address),
        Value::Name(name) => Indicator::Name(name),
        Value::File(hash) => Indicator::File(hash),
    };
    let hit = |list: &List| {
        let entry = stored.filter(|_| !list.builtin).and_then(|it| it.1.get(&list.name));
        let time = |time: fn(&Entry) -> Timestamp| entry.map(|it| time(it).to_string());
        Hit {
            list: list.name.clone(),
            category: list.category,
            confidence: entry.map(|it| it.confidence),
            threat: intel.threat_name(list, indicator).map(crate::text::visible),
            added: time(|it| it.added),
            fetched: time(|it| it.fetched),
            line: stored
                .zip(entry)
                .and_then(|((directory, _), entry)| line_of(&directory.list(entry).ok()?, sought)),
        }
    };
    intel.lists(verdict, AccountId::UNKNOWN, Region::UNKNOWN).map(hit).collect()
}

/// The first line that has the value as a word.
fn line_of(list: &[u8], sought: &str) -> Option<String> {
    let is_word = |it: u8| it.is_ascii_alphanumeric() || b".:-_".contains(&it);
    let has = |line: &&[u8]| {
        let mut words = line.split(|it| !is_word(*it));
        words.any(|it| it.eq_ignore_ascii_case(sought.as_bytes()))
    };
    let comment = |line: &&[u8]| line.starts_with(b"#") || line.starts_with(b";");
    let line = list.split(|it| *it == b'\n').filter(|it| !comment(it)).find(has)?;
    let text = String::from_utf8_lossy(line.trim_ascii());
    Some(crate::text::visible(&text.chars().take(LINE_MAX).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_hashes_and_names_are_told_apart() {
        let name = |text: &str| Value::Name(text.to_owned());
        for (text, expected) in [
            ("192.0.2.1", Value::Address(Addr::parse("192.0.2.1").unwrap())),
            (" 2001:db8::1 ", Value::Address(Addr::parse("2001:db8::1").unwrap())),
            ("http://[2001:db8::1]:80/x", Value::Address(Addr::parse("2001:db8::1").unwrap())),
            (&"0A".repeat(32), Value::File([10; 32])),
            ("WWW.Example.COM.", name("www.example.com")),
            ("https://user@example.com:8443/a?b", name("example.com")),
        ] {
            assert_eq!(Value::parse(text).unwrap(), expected, "{text}");
        }
        for text in ["", "a b", "a..b", "\u{1b}[2J", "192.0.2.0/24", &"a".repeat(VALUE_MAX + 1)] {
            assert!(Value::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_line_of_a_list_has_the_value_as_a_word() {
        let list = b"# 192.0.2.1\n\"2026-01-01\",\"192.0.2.10\",\"443\"\n\"2026-01-02\",\"192.0.2.1\",\"80\"\n";
        assert_eq!(line_of(list, "192.0.2.1").unwrap(), "\"2026-01-02\",\"192.0.2.1\",\"80\"");
        assert_eq!(line_of(list, "192.0.2.2"), None);
    }
}
