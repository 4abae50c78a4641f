//! Ordinary names and words: from lists of names and from Debian's package metadata.

use std::collections::{BTreeMap, BTreeSet};

use super::rng::Rng;

/// Second-level labels that stand before a country.
const SECOND: [&str; 14] =
    ["ac", "co", "com", "edu", "gob", "gov", "gv", "ltd", "me", "ne", "net", "or", "org", "web"];
/// Domains below which users get names of their own.
const SHARED: [&str; 22] = [
    "blogspot.com",
    "ddns.net",
    "duckdns.org",
    "dyndns.org",
    "dynserv.com",
    "github.io",
    "gitlab.io",
    "hopto.org",
    "mooo.com",
    "myftp.org",
    "no-ip.biz",
    "no-ip.org",
    "pages.dev",
    "readthedocs.io",
    "sourceforge.net",
    "sytes.net",
    "tumblr.com",
    "typepad.com",
    "uni.cc",
    "vercel.app",
    "wordpress.com",
    "yi.org",
];
const LABEL_MIN: usize = 4;

/// The label that somebody registered, if the name is an ordinary one.
pub(crate) fn label(name: &str) -> Option<String> {
    let name = name.trim().trim_end_matches('.').to_ascii_lowercase();
    let labels: Vec<&str> = name.split('.').collect();
    let last = labels.len().checked_sub(1).filter(|it| *it > 0)?;
    let is_shared =
        last >= 2 && SHARED.contains(&format!("{}.{}", labels[last - 1], labels[last]).as_str());
    let is_second = last >= 2 && labels[last].len() == 2 && SECOND.contains(&labels[last - 1]);
    let label = labels[last - if is_shared || is_second { 2 } else { 1 }];
    let is_plain = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-';
    let is_good = label.bytes().all(is_plain) && !label.starts_with("xn--") && label.len() <= 63;
    (is_good && !label.is_empty()).then(|| label.to_owned())
}

/// The labels of a list, one name a line.
pub(crate) fn labels(text: &str) -> Vec<String> {
    let found: BTreeSet<String> =
        text.lines().filter_map(label).filter(|it| it.len() >= LABEL_MIN).collect();
    found.into_iter().collect()
}

/// Labels of the hosts of home pages and maintainers in a Debian `Packages` file.
pub(crate) fn package_labels(text: &str) -> Vec<String> {
    let mut found = BTreeSet::new();
    for line in text.lines() {
        let host = if let Some(page) = line.strip_prefix("Homepage: ") {
            page.split("//").nth(1).and_then(|it| it.split(['/', ':', '?', '#']).next())
        } else if line.starts_with("Maintainer: ") {
            line.rsplit('@').next().and_then(|it| it.split('>').next())
        } else {
            None
        };
        found.extend(host.and_then(label).filter(|it| it.len() >= LABEL_MIN));
    }
    found.into_iter().collect()
}

/// Words of the short descriptions in a Debian `Packages` file, the most frequent first.
pub(crate) fn package_words(text: &str) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for line in text.lines().filter_map(|it| it.strip_prefix("Description: ")) {
        for word in line.split(' ').filter(|it| it.bytes().all(|it| it.is_ascii_lowercase())) {
            *counts.entry(word).or_default() += 1;
        }
    }
    let mut words: Vec<(usize, &str)> = counts
        .into_iter()
        .filter(|(word, count)| (3..=11).contains(&word.len()) && *count >= 8)
        .map(|(word, count)| (count, word))
        .collect();
    words.sort_by(|a, b| b.cmp(a));
    words.truncate(4000);
    words.into_iter().map(|it| it.1.to_owned()).collect()
}

/// Names of several words, as many small firms and projects have: what the lists are short of.
pub(crate) fn compounds(words: &[String], count: usize, rng: &mut Rng) -> Vec<String> {
    let ends = [
        "", "", "", "", "online", "shop", "group", "lab", "hub", "24", "app", "web", "tech", "blog",
    ];
    let mut found = BTreeSet::new();
    while found.len() < count && !words.is_empty() {
        let [a, b] = [0, 1].map(|_| &words[rng.below(words.len())]);
        let hyphen = if rng.below(4) == 0 { "-" } else { "" };
        let name = match rng.below(3) {
            0 => format!("{a}{}", rng.pick(&ends)),
            1 => format!("{a}{hyphen}{b}"),
            _ => format!("{a}{hyphen}{b}{}", rng.pick(&ends)),
        };
        if (LABEL_MIN..=30).contains(&name.len()) {
            found.insert(name);
        }
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registered_label_is_found() {
        for (name, expected) in [
            ("www.example.co.uk.", Some("example")),
            ("Example.COM", Some("example")),
            ("abc.ddns.net", Some("abc")),
            ("a.b.example.org", Some("example")),
            ("xn--bcher-kva.example", None),
            ("localhost", None),
        ] {
            assert_eq!(label(name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn packages_give_hosts_and_words() {
        let text = "Package: a\nMaintainer: A <a@lists.example.org>\nHomepage: https://www.gnumeric.example:8/x\n";
        assert_eq!(package_labels(text), ["example", "gnumeric"]);
    }
}
