//! What an entry of a list stands for, and small sets of that.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a list says of its entries. Its text name is kebab-case, as in `tor-exit`.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Category {
    /// The customer's own threat list: raises the finding types that end in `.Custom`.
    Threat,
    /// The customer's own trusted list: silences every other list.
    Trusted,
    /// Known to call AWS APIs or to scan with bad intent.
    MaliciousCaller,
    /// An exit node of the Tor network.
    TorExit,
    /// A relay, guard or directory authority of the Tor network.
    TorRelay,
    /// A pool of cryptocurrency miners, or a site that a miner talks to.
    MiningPool,
    /// A black hole or sinkhole that catches the traffic of known malware.
    Sinkhole,
    /// A command and control server.
    CommandAndControl,
    /// A phishing site.
    Phishing,
    /// A site that serves drive-by downloads.
    DriveBy,
    /// A place where stolen data is dropped.
    DropPoint,
    /// A name made by an algorithm.
    Dga,
    /// A domain of low reputation that is abused, such as a free subdomain.
    Abused,
    /// A domain of low reputation that is malicious.
    Malicious,
    /// A domain of low reputation that is suspicious.
    Suspicious,
    /// A domain of low reputation that deals with cryptocurrency.
    BitcoinReputation,
    /// A dynamic DNS provider.
    DynamicDns,
    /// A public resolver of DNS over HTTPS or TLS.
    EncryptedDns,
    /// Known to scan or probe without known intent.
    Scanner,
    /// A hosting provider.
    Hosting,
    /// A provider of virtual private networks or anonymizing proxies.
    Vpn,
    /// An address that AWS services use.
    AwsService,
    /// An address that instances of AWS customers use.
    AwsEc2,
    /// An ordinary, widely used name.
    Popular,
    /// An access key id that is known to be in wrong hands.
    CompromisedKey,
}

impl Category {
    /// Every category, in order of its number.
    pub const ALL: [Category; 25] = [
        Category::Threat,
        Category::Trusted,
        Category::MaliciousCaller,
        Category::TorExit,
        Category::TorRelay,
        Category::MiningPool,
        Category::Sinkhole,
        Category::CommandAndControl,
        Category::Phishing,
        Category::DriveBy,
        Category::DropPoint,
        Category::Dga,
        Category::Abused,
        Category::Malicious,
        Category::Suspicious,
        Category::BitcoinReputation,
        Category::DynamicDns,
        Category::EncryptedDns,
        Category::Scanner,
        Category::Hosting,
        Category::Vpn,
        Category::AwsService,
        Category::AwsEc2,
        Category::Popular,
        Category::CompromisedKey,
    ];

    /// The kebab-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Category::Threat => "threat",
            Category::Trusted => "trusted",
            Category::MaliciousCaller => "malicious-caller",
            Category::TorExit => "tor-exit",
            Category::TorRelay => "tor-relay",
            Category::MiningPool => "mining-pool",
            Category::Sinkhole => "sinkhole",
            Category::CommandAndControl => "command-and-control",
            Category::Phishing => "phishing",
            Category::DriveBy => "drive-by",
            Category::DropPoint => "drop-point",
            Category::Dga => "dga",
            Category::Abused => "abused",
            Category::Malicious => "malicious",
            Category::Suspicious => "suspicious",
            Category::BitcoinReputation => "bitcoin-reputation",
            Category::DynamicDns => "dynamic-dns",
            Category::EncryptedDns => "encrypted-dns",
            Category::Scanner => "scanner",
            Category::Hosting => "hosting",
            Category::Vpn => "vpn",
            Category::AwsService => "aws-service",
            Category::AwsEc2 => "aws-ec2",
            Category::Popular => "popular",
            Category::CompromisedKey => "compromised-key",
        }
    }

    const fn bit(self) -> u32 {
        1 << self as u8
    }
}

/// A text that names no category.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("unknown category `{0}`: give one of {known}", known = known())]
pub struct UnknownCategory(String);

fn known() -> String {
    Category::ALL.map(Category::as_str).join(", ")
}

impl FromStr for Category {
    type Err = UnknownCategory;
    fn from_str(text: &str) -> Result<Category, UnknownCategory> {
        let found = Category::ALL.into_iter().find(|it| it.as_str() == text);
        found.ok_or_else(|| UnknownCategory(text.to_owned()))
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Category {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Category {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Category, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A set of categories, one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Categories(u32);

impl Categories {
    /// The empty set.
    pub const NONE: Categories = Categories(0);

    /// The set of the categories given.
    pub const fn of(categories: &[Category]) -> Categories {
        let mut bits = 0;
        let mut i = 0;
        while i < categories.len() {
            bits |= categories[i].bit();
            i += 1;
        }
        Categories(bits)
    }

    /// Whether the category is in the set.
    pub const fn contains(self, category: Category) -> bool {
        self.0 & category.bit() != 0
    }

    /// Whether the sets share a category.
    pub const fn intersects(self, other: Categories) -> bool {
        self.0 & other.0 != 0
    }

    /// The categories of either set.
    #[must_use]
    pub const fn union(self, other: Categories) -> Categories {
        Categories(self.0 | other.0)
    }

    /// The categories of both sets.
    #[must_use]
    pub const fn intersection(self, other: Categories) -> Categories {
        Categories(self.0 & other.0)
    }

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The categories in order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = Category> {
        Category::ALL.into_iter().filter(move |it| self.contains(*it))
    }
}

impl FromIterator<Category> for Categories {
    fn from_iter<I: IntoIterator<Item = Category>>(categories: I) -> Categories {
        Categories(categories.into_iter().fold(0, |bits, it| bits | it.bit()))
    }
}

impl fmt::Debug for Categories {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Category::as_str)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_category_has_its_own_name_and_bit() {
        for (number, category) in Category::ALL.into_iter().enumerate() {
            assert_eq!(category as usize, number);
            assert_eq!(category.as_str().parse(), Ok(category));
        }
        assert!("Tor-Exit".parse::<Category>().is_err());
    }

    #[test]
    fn sets_hold_what_was_put_in() {
        const TOR: Categories = Categories::of(&[Category::TorExit, Category::TorRelay]);
        assert!(TOR.contains(Category::TorExit) && !TOR.contains(Category::Threat));
        assert!(TOR.intersects(Categories::of(&[Category::TorRelay, Category::Vpn])));
        assert_eq!(TOR.iter().collect::<Vec<_>>(), [Category::TorExit, Category::TorRelay]);
        assert_eq!(TOR.iter().collect::<Categories>(), TOR);
        assert!(Categories::default().is_empty());
    }
}
