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

    /// Appends what the lists say of each address, in order. Faster than one by one, since the cache
    /// misses of a group overlap.
    pub fn addresses(&self, addrs: impl Iterator<Item = Addr>, out: &mut Vec<Verdict>) {
        self.addresses.get_all(addrs, out);
    }

    /// What the lists say of a name and of the domains above it.
    ///
    /// A plain entry of a customer's threat list stands for that very name. An entry of every other
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
        let registrable = match psl::domain_str(name) {
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
            .filter(move |list| list.owner.is_none_or(|it| it.covers(account, region)))
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
