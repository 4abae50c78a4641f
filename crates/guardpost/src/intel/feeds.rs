//! The public feeds that `guardpost intel update` knows, with their terms.
//!
//! On are feeds that need no key and whose terms allow commercial use; the others are for whoever has read
//! the terms. Addresses and terms were looked up in copies of the publishers' pages and not fetched when this
//! table was made; they may have changed. The confidence is our judgement of how often an entry is wrong, not
//! the publisher's.

use intel::Category;

use super::index::Confidence;
use super::shape::Shape;

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// A public feed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Feed {
    /// The name, which is also that of its list.
    pub name: String,
    /// The address.
    pub url: String,
    /// How it is written.
    pub shape: Shape,
    /// What it says of its entries.
    pub category: Category,
    /// The license or the terms.
    pub terms: String,
    /// How far its entries can be believed.
    pub confidence: Confidence,
    /// How often it is asked for, in seconds.
    pub refresh_secs: u64,
    /// Whether it is fetched.
    pub enabled: bool,
}

type Row = (&'static str, &'static str, Shape, Category, &'static str, Confidence, u64, bool);

/// Every feed that comes with the program, by name.
pub fn builtin() -> Vec<Feed> {
    TABLE
        .iter()
        .map(|&(name, url, shape, category, terms, confidence, refresh_secs, enabled)| Feed {
            name: name.to_owned(),
            url: url.to_owned(),
            shape,
            category,
            terms: terms.to_owned(),
            confidence,
            refresh_secs,
            enabled,
        })
        .collect()
}

const ABUSE_CH: &str = "abuse.ch terms of use (https://abuse.ch/terms-of-use/): read them before \
                        commercial use";
const NOT_STATED: &str = "no license stated";

const TABLE: &[Row] = &[
    (
        "binary-defense",
        "https://www.binarydefense.com/banlist.txt",
        Shape::Auto,
        Category::Scanner,
        "not for commercial use",
        Confidence::Low,
        6 * HOUR,
        false,
    ),
    (
        "blocklist-de",
        "https://lists.blocklist.de/lists/all.txt",
        Shape::Auto,
        Category::Scanner,
        NOT_STATED,
        Confidence::Low,
        6 * HOUR,
        false,
    ),
    (
        "c2-intel-ips",
        "https://raw.githubusercontent.com/drb-ra/C2IntelFeeds/master/feeds/IPC2s-30day.csv",
        Shape::Auto,
        Category::CommandAndControl,
        "CC BY-NC-SA 4.0: not for commercial use",
        Confidence::High,
        12 * HOUR,
        false,
    ),
    (
        "dibdot-doh",
        "https://raw.githubusercontent.com/dibdot/DoH-IP-blocklists/master/doh-domains.txt",
        Shape::Auto,
        Category::EncryptedDns,
        "GPL-3.0",
        Confidence::High,
        7 * DAY,
        true,
    ),
    (
        "dibdot-doh-ipv4",
        "https://raw.githubusercontent.com/dibdot/DoH-IP-blocklists/master/doh-ipv4.txt",
        Shape::Auto,
        Category::EncryptedDns,
        "GPL-3.0",
        Confidence::Medium,
        7 * DAY,
        true,
    ),
    (
        "dshield",
        "https://feeds.dshield.org/block.txt",
        Shape::Dshield,
        Category::Scanner,
        "CC BY-NC-SA 4.0: not for commercial use",
        Confidence::Medium,
        12 * HOUR,
        false,
    ),
    (
        "emerging-threats-compromised",
        "https://rules.emergingthreats.net/blockrules/compromised-ips.txt",
        Shape::Auto,
        Category::MaliciousCaller,
        "Emerging Threats open rule set; BSD for rules, none stated for this list",
        Confidence::Medium,
        12 * HOUR,
        false,
    ),
    (
        "feodo-tracker",
        "https://feodotracker.abuse.ch/downloads/ipblocklist.csv",
        Shape::Auto,
        Category::CommandAndControl,
        "abuse.ch Feodo Tracker: commercial and other use without charge",
        Confidence::High,
        2 * HOUR,
        true,
    ),
    (
        "greensnow",
        "https://blocklist.greensnow.co/greensnow.txt",
        Shape::Auto,
        Category::Scanner,
        NOT_STATED,
        Confidence::Low,
        6 * HOUR,
        false,
    ),
    (
        "hagezi-dyndns",
        "https://raw.githubusercontent.com/hagezi/dns-blocklists/main/wildcard/dyndns-onlydomains.txt",
        Shape::Auto,
        Category::DynamicDns,
        "GPL-3.0",
        Confidence::Medium,
        7 * DAY,
        true,
    ),
    (
        "ipsum",
        "https://raw.githubusercontent.com/stamparm/ipsum/master/levels/3.txt",
        Shape::Auto,
        Category::MaliciousCaller,
        "Unlicense",
        Confidence::Medium,
        DAY,
        true,
    ),
    (
        "malware-bazaar",
        "https://bazaar.abuse.ch/export/txt/sha256/recent/",
        Shape::Auto,
        Category::Malicious,
        ABUSE_CH,
        Confidence::High,
        2 * HOUR,
        false,
    ),
    (
        "nocoin",
        "https://raw.githubusercontent.com/hoshsadiq/adblock-nocoin-list/master/hosts.txt",
        Shape::Hosts,
        Category::MiningPool,
        "MIT",
        Confidence::Medium,
        7 * DAY,
        true,
    ),
    (
        "phishing-database",
        "https://raw.githubusercontent.com/Phishing-Database/Phishing.Database/master/phishing-domains-ACTIVE.txt",
        Shape::Auto,
        Category::Phishing,
        "MIT",
        Confidence::Low,
        DAY,
        true,
    ),
    (
        "spamhaus-drop",
        "https://www.spamhaus.org/drop/drop.txt",
        Shape::Auto,
        Category::MaliciousCaller,
        "free of charge, Spamhaus DROP terms (https://www.spamhaus.org/blocklists/drop-fair-use-policy/)",
        Confidence::High,
        DAY,
        true,
    ),
    (
        "spamhaus-drop-v6",
        "https://www.spamhaus.org/drop/dropv6.txt",
        Shape::Auto,
        Category::MaliciousCaller,
        "free of charge, Spamhaus DROP terms (https://www.spamhaus.org/blocklists/drop-fair-use-policy/)",
        Confidence::High,
        DAY,
        true,
    ),
    (
        "threatfox-domains",
        "https://threatfox.abuse.ch/downloads/hostfile/",
        Shape::Hosts,
        Category::CommandAndControl,
        ABUSE_CH,
        Confidence::Medium,
        2 * HOUR,
        false,
    ),
    (
        "tor-exits",
        "https://check.torproject.org/torbulkexitlist",
        Shape::Auto,
        Category::TorExit,
        "public data of the Tor Project, use not restricted",
        Confidence::High,
        2 * HOUR,
        true,
    ),
    (
        "tor-relays",
        "https://raw.githubusercontent.com/alireza-rezaee/tor-nodes/main/latest.all.csv",
        Shape::Auto,
        Category::TorRelay,
        "MIT",
        Confidence::High,
        6 * HOUR,
        true,
    ),
    (
        "urlhaus-domains",
        "https://urlhaus.abuse.ch/downloads/hostfile/",
        Shape::Hosts,
        Category::DriveBy,
        ABUSE_CH,
        Confidence::Medium,
        2 * HOUR,
        false,
    ),
    (
        "x4b-datacenters",
        "https://raw.githubusercontent.com/X4BNet/lists_vpn/main/output/datacenter/ipv4.txt",
        Shape::Auto,
        Category::Hosting,
        NOT_STATED,
        Confidence::Medium,
        7 * DAY,
        false,
    ),
    (
        "x4b-vpn",
        "https://raw.githubusercontent.com/X4BNet/lists_vpn/main/output/vpn/ipv4.txt",
        Shape::Auto,
        Category::Vpn,
        NOT_STATED,
        Confidence::Medium,
        7 * DAY,
        false,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intel::directory::is_name;
    use crate::intel::fetch::check_url;

    #[test]
    fn the_table_is_in_order_and_every_address_is_allowed() {
        let feeds = builtin();
        assert!(feeds.is_sorted_by(|a, b| a.name < b.name));
        for feed in &feeds {
            assert!(is_name(&feed.name), "{}", feed.name);
            assert!(check_url(&feed.url).is_ok() && feed.url.starts_with("https:"), "{}", feed.url);
            assert!(!feed.terms.is_empty() && feed.refresh_secs >= HOUR, "{}", feed.name);
        }
    }

    #[test]
    fn feeds_that_are_not_free_for_all_are_off() {
        for feed in builtin().iter().filter(|it| it.enabled) {
            let terms = &feed.terms;
            assert!(!terms.contains("not for") && terms != NOT_STATED && terms != ABUSE_CH);
        }
    }
}
