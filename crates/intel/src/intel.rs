//! Everything that is known, as of one version.

use model::{AccountId, Addr, Region};

use crate::addresses::Addresses;
use crate::category::{Categories, Category};
use crate::files::Files;
use crate::list::{Indicator, List};
use crate::names::Names;
use crate::places::{Place, Places};
use crate::sets::Verdict;

/// What the lists say of a name, and its parts. Ranges are byte offsets into the name looked up.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct NameVerdict {
    /// What the lists say.
    pub verdict: Verdict,
    /// The registrable domain by the public suffix list (its private section included); the whole
    /// name where it has none.
    pub registrable: (u16, u16),
    /// The longest suffix that a list names; empty where none does.
    pub matched: (u16, u16),
}

impl NameVerdict {
    /// The registrable domain of the name that was looked up.
    pub fn registrable_of<'a>(&self, name: &'a str) -> &'a str {
        slice(name, self.registrable)
    }

    /// The listed suffix of the name that was looked up.
    pub fn matched_of<'a>(&self, name: &'a str) -> &'a str {
        slice(name, self.matched)
    }
}

/// Who gives out the names below the suffix of a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SuffixKind {
    /// A registry: the ICANN section of the public suffix list.
    Registry,
    /// A firm that gives its users names below one of its own: the private section.
    Private,
    /// Nobody that the list knows.
    Unknown,
}

impl SuffixKind {
    /// The kind of a name in lower case, without a final dot.
    pub fn of(name: &str) -> SuffixKind {
        match psl::suffix(name.as_bytes()).and_then(|it| it.typ()) {
            Some(psl::Type::Icann) => SuffixKind::Registry,
            Some(psl::Type::Private) => SuffixKind::Private,
            None => SuffixKind::Unknown,
        }
    }
}

fn slice(name: &str, (begin, end): (u16, u16)) -> &str {
    name.get(usize::from(begin)..usize::from(end)).unwrap_or_default()
}

/// One interned set of lists.
pub(crate) struct Set {
    pub(crate) lists: Box<[u32]>,
    /// The categories, if every list of the set belongs to everyone.
    pub(crate) shared: Option<Categories>,
}

/// The lists and tables in force. Immutable; another version is another value.
pub struct Intel {
    pub(crate) lists: Vec<List>,
    pub(crate) sets: Vec<Set>,
    pub(crate) addresses: Addresses,
    pub(crate) names: Names,
    pub(crate) files: Files,
    pub(crate) places: Places,
    pub(crate) version: u64,
}

impl Intel {
    /// What the lists say of an address. Allocates nothing.
    #[inline]
    pub fn address(&self, addr: Addr) -> Verdict {
        self.addresses.get(addr)
    }

    /// Appends what the lists say of each address, in order. Faster than between other work, since the
    /// cache misses of a group overlap.
    pub fn addresses(&self, addrs: impl Iterator<Item = Addr>, out: &mut Vec<Verdict>) {
        self.addresses.get_all(addrs, out);
    }

    /// What the lists say of a name and of the domains above it.
    ///
    /// A plain entry of a threat or trusted list stands for that very name. An entry of every other
    /// list also stands for all names below it, and `*.x` stands for the names below `x` alone.
    /// Letter case and one final dot do not matter.
    pub fn name(&self, name: &str) -> NameVerdict {
        if name.len() > usize::from(u16::MAX) {
            return NameVerdict::default();
        }
        if name.bytes().any(|b| b.is_ascii_uppercase()) {
            // The ranges fit the name as given: lower case has the same length.
            return self.lower_name(&name.to_ascii_lowercase());
        }
        self.lower_name(name)
    }

    fn lower_name(&self, name: &str) -> NameVerdict {
        let name = name.strip_suffix('.').unwrap_or(name);
        let registrable = match psl::domain_str(name).filter(|it| !it.starts_with('.')) {
            Some(domain) => name.len() - domain.len(),
            None => 0,
        };
        let (verdict, matched) = self.names.get(name.as_bytes());
        let end = name.len() as u16;
        NameVerdict {
            verdict,
            registrable: (registrable as u16, end),
            matched: (matched as u16, end),
        }
    }

    /// What the lists say of a file.
    pub fn file(&self, sha256: &[u8; 32]) -> Verdict {
        self.files.get(sha256)
    }

    /// The categories of a verdict for records of the account in the Region: lists of other owners are
    /// left out, and where a trusted list is left nothing else counts.
    #[inline]
    pub fn categories(&self, verdict: Verdict, account: AccountId, region: Region) -> Categories {
        if verdict.is_none() {
            return Categories::NONE;
        }
        match self.sets.get(verdict.0 as usize) {
            Some(Set { shared: Some(categories), .. }) => *categories,
            _ => trusted_wins(self.lists(verdict, account, region).map(|it| it.category).collect()),
        }
    }

    /// The lists of a verdict that apply to records of the account in the Region, in the order in
    /// which they were added.
    pub fn lists(
        &self,
        verdict: Verdict,
        account: AccountId,
        region: Region,
    ) -> impl Iterator<Item = &List> {
        let numbers = self.sets.get(verdict.0 as usize).map_or(&[][..], |it| &it.lists);
        numbers
            .iter()
            .filter_map(|&number| self.lists.get(number as usize))
            .filter(move |list| list.covers(account, region))
    }

    /// What a list calls the threat behind an indicator, where it says.
    pub fn threat_name<'a>(&self, list: &'a List, indicator: Indicator<'_>) -> Option<&'a str> {
        list.threat_name(indicator)
    }

    /// Every list in force, in the order in which they were added.
    pub fn all_lists(&self) -> &[List] {
        &self.lists
    }

    /// Where an address is and who announces it. For findings, not for every record.
    pub fn place(&self, addr: Addr) -> Option<Place<'_>> {
        self.places.get(addr)
    }

    /// The tables of places in force.
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// A hash of the lists and tables in force: equal content, equal version.
    pub fn version(&self) -> u64 {
        self.version
    }
}

/// Leaves only [`Category::Trusted`] where it is in the set.
pub(crate) fn trusted_wins(categories: Categories) -> Categories {
    const TRUSTED: Categories = Categories::of(&[Category::Trusted]);
    if categories.intersects(TRUSTED) { TRUSTED } else { categories }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{IntelBuilder, Owner, parse_list};

    const ACCOUNT: u64 = 111_122_223_333;

    fn account() -> AccountId {
        AccountId::new(ACCOUNT).unwrap()
    }

    fn build(lists: &[(&str, Category, Option<Owner>, &str)]) -> Intel {
        let mut builder = IntelBuilder::new();
        for (name, category, owner, text) in lists {
            let (entries, problems) = parse_list("list.txt", text.as_bytes());
            assert!(problems.is_empty(), "{problems:?}");
            builder.add_list(name, *category, owner.map(|it| vec![it]), entries);
        }
        builder.build()
    }

    fn categories(intel: &Intel, verdict: Verdict) -> Vec<&'static str> {
        let found = intel.categories(verdict, account(), Region::new("eu-west-1"));
        found.iter().map(Category::as_str).collect()
    }

    fn addr(text: &str) -> Addr {
        Addr::parse(text).unwrap()
    }

    #[test]
    fn lists_of_other_owners_do_not_count() {
        let owner = |number, region| {
            Some(Owner { account: AccountId::new(number).unwrap(), region: Region::new(region) })
        };
        let intel = build(&[
            ("everyone", Category::TorExit, None, "192.0.2.1"),
            ("mine", Category::Threat, owner(ACCOUNT, "eu-west-1"), "192.0.2.0/24"),
            ("all Regions", Category::Scanner, owner(ACCOUNT, ""), "192.0.2.0/24"),
            ("other Region", Category::Phishing, owner(ACCOUNT, "us-east-1"), "192.0.2.0/24"),
            ("other account", Category::Trusted, owner(1, "eu-west-1"), "192.0.2.0/24"),
        ]);
        let verdict = intel.address(addr("192.0.2.1"));
        assert_eq!(categories(&intel, verdict), ["threat", "tor-exit", "scanner"]);
        let names: Vec<&str> = intel
            .lists(verdict, account(), Region::new("eu-west-1"))
            .map(|it| it.name.as_str())
            .collect();
        assert_eq!(names, ["everyone", "mine", "all Regions"]);
        assert_eq!(categories(&intel, intel.address(addr("192.0.2.2"))), ["threat", "scanner"]);
        assert!(intel.address(addr("192.0.3.0")).is_none());
    }

    #[test]
    fn trusted_wins_over_everything() {
        let intel = build(&[
            ("threats", Category::Threat, None, "192.0.2.0/24\nbad.example.com"),
            ("trusted", Category::Trusted, None, "192.0.2.7\n*.example.com"),
        ]);
        assert_eq!(categories(&intel, intel.address(addr("192.0.2.7"))), ["trusted"]);
        assert_eq!(categories(&intel, intel.address(addr("192.0.2.8"))), ["threat"]);
        assert_eq!(categories(&intel, intel.name("bad.example.com").verdict), ["trusted"]);
    }

    #[test]
    fn names_match_themselves_or_below_by_the_kind_of_list() {
        let intel = build(&[
            ("threats", Category::Threat, None, "exact.example.com\n*.wild.example.com"),
            ("feed", Category::Malicious, None, "feed.example.com\ndeep.feed.example.com"),
        ]);
        for (name, expected, matched) in [
            ("exact.example.com", "threat", "exact.example.com"),
            ("a.exact.example.com", "", ""),
            ("wild.example.com", "", ""),
            ("a.b.wild.example.com", "threat", "wild.example.com"),
            ("feed.example.com", "malicious", "feed.example.com"),
            ("a.feed.example.com", "malicious", "feed.example.com"),
            ("A.Deep.Feed.example.com.", "malicious", "Deep.Feed.example.com"),
            ("notfeed.example.com", "", ""),
            ("example.com", "", ""),
            ("", "", ""),
            (".", "", ""),
            ("..feed.example.com", "malicious", "feed.example.com"),
        ] {
            let verdict = intel.name(name);
            assert_eq!(categories(&intel, verdict.verdict).concat(), expected, "{name}");
            assert_eq!(verdict.matched_of(name), matched, "{name}");
        }
    }

    #[test]
    fn lists_add_up_over_parent_domains() {
        let intel = build(&[
            ("one", Category::Malicious, None, "example.com"),
            ("two", Category::Phishing, None, "a.b.example.com\n*.c.example.com"),
            ("three", Category::Threat, None, "x.c.example.com"),
        ]);
        let of = |name: &str| categories(&intel, intel.name(name).verdict);
        assert_eq!(of("a.b.example.com"), ["phishing", "malicious"]);
        assert_eq!(of("b.example.com"), ["malicious"]);
        assert_eq!(of("x.c.example.com"), ["threat", "phishing", "malicious"]);
        assert_eq!(of("y.x.c.example.com"), ["phishing", "malicious"]);
        assert_eq!(of("c.example.com"), ["malicious"]);
    }

    #[test]
    fn registrable_domains_follow_the_public_suffix_list() {
        let intel = build(&[]);
        for (name, registrable) in [
            ("www.example.co.uk", "example.co.uk"),
            ("co.uk", "co.uk"),
            ("com", "com"),
            ("someone.github.io", "someone.github.io"),
            ("www.someone.github.io", "someone.github.io"),
            ("github.io", "github.io"),
            ("a.b.example.com.", "example.com"),
            ("WWW.Example.COM", "Example.COM"),
            ("www.xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn"),
            ("a.www.ck", "www.ck"),
            ("a.b.c.ck", "b.c.ck"),
            ("s3.amazonaws.com", "s3.amazonaws.com"),
            ("host.corp.internal", "corp.internal"),
            ("host", "host"),
            ("a..com", "a..com"),
            ("", ""),
        ] {
            assert_eq!(intel.name(name).registrable_of(name), registrable, "{name}");
        }
    }

    #[test]
    fn suffixes_are_of_registries_firms_or_nobody() {
        for (name, kind) in [
            ("example.co.uk", SuffixKind::Registry),
            ("www.example.com", SuffixKind::Registry),
            ("someone.github.io", SuffixKind::Private),
            ("host.corp.internal", SuffixKind::Unknown),
            ("", SuffixKind::Unknown),
        ] {
            assert_eq!(SuffixKind::of(name), kind, "{name}");
        }
    }

    #[test]
    fn files_are_found_by_their_hash() {
        let intel = build(&[("hashes", Category::Malicious, None, &"0a".repeat(32))]);
        assert_eq!(categories(&intel, intel.file(&[10; 32])), ["malicious"]);
        assert!(intel.file(&[11; 32]).is_none());
    }

    #[test]
    fn the_narrowest_entry_gives_the_threat_name() {
        let csv = "indicator,threat_name\n192.0.2.0/24,Wide\n192.0.2.128/25,Narrow\n\
                   192.0.2.130,\n2001:db8::/32,Six\nexample.com,Name\n";
        let (entries, problems) = parse_list("x.csv", csv.as_bytes());
        assert!(problems.is_empty(), "{problems:?}");
        let mut builder = IntelBuilder::new();
        builder.add_list("feed", Category::Malicious, None, entries);
        let intel = builder.build();
        let list = &intel.all_lists()[0];
        let of = |text: &str| intel.threat_name(list, Indicator::Address(addr(text)));
        assert_eq!(of("192.0.2.1"), Some("Wide"));
        assert_eq!(of("192.0.2.129"), Some("Narrow"));
        assert_eq!(of("192.0.2.130"), Some("Narrow"));
        assert_eq!(of("192.0.3.0"), None);
        assert_eq!(of("2001:db8::9"), Some("Six"));
        assert_eq!(intel.threat_name(list, Indicator::Name("a.example.com")), Some("Name"));
        assert_eq!(intel.threat_name(list, Indicator::Name("example.org")), None);
    }

    #[test]
    fn equal_content_has_equal_versions() {
        let one = build(&[("a", Category::Threat, None, "192.0.2.1\n192.0.2.2")]);
        let other_order = build(&[("a", Category::Threat, None, "192.0.2.2\n# x\n192.0.2.1\n")]);
        let other_entry = build(&[("a", Category::Threat, None, "192.0.2.1\n192.0.2.3")]);
        let other_name = build(&[("b", Category::Threat, None, "192.0.2.1\n192.0.2.2")]);
        assert_eq!(one.version(), other_order.version());
        assert_ne!(one.version(), other_entry.version());
        assert_ne!(one.version(), other_name.version());
        assert_ne!(one.version(), IntelBuilder::new().with_builtin().build().version());
    }

    #[test]
    fn all_values_can_be_shared_between_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Intel>();
    }
}
