//! A list in force, and what its entries are.

use model::{AccountId, Addr, Region};

use crate::category::Category;
use crate::names::suffixes;
use crate::parse::ParsedList;
use crate::ranges::Labels;

/// Who a list belongs to. An unknown Region stands for every Region of the account.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Owner {
    /// The account whose records the list applies to.
    pub account: AccountId,
    /// The Region whose records the list applies to.
    pub region: Region,
}

impl Owner {
    /// Whether the list applies to records of the account in the Region.
    pub fn covers(&self, account: AccountId, region: Region) -> bool {
        self.account == account && (!self.region.is_known() || self.region == region)
    }
}

/// What is looked for in a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Indicator<'a> {
    /// An address.
    Address(Addr),
    /// A name, in lower case and without the final dot.
    Name(&'a str),
    /// A SHA-256 hash of a file.
    File(&'a [u8; 32]),
}

/// A list in force: where a verdict comes from.
#[derive(Clone, Debug)]
pub struct List {
    /// The name, as a finding shows it.
    pub name: String,
    /// What the list says of its entries.
    pub category: Category,
    /// Whose records the list applies to; `None` is everyone's.
    pub owners: Option<Vec<Owner>>,
    /// How many entries are in force.
    pub entries: u64,
    /// A hash of the entries, equal for equal content.
    pub content_hash: u64,
    /// Whether the list comes with the program.
    pub builtin: bool,
    labels: Labels,
    names: Vec<(Box<str>, u32)>,
    files: Vec<([u8; 32], u32)>,
    texts: Vec<String>,
}

impl List {
    /// Takes what a finding needs to say of a parsed list.
    pub(crate) fn new(
        name: &str,
        category: Category,
        owners: Option<Vec<Owner>>,
        parsed: &ParsedList,
    ) -> List {
        let labelled = |label: u32| label != ParsedList::NO_LABEL;
        let mut names: Vec<(Box<str>, u32)> = parsed
            .names
            .iter()
            .filter(|it| labelled(it.label))
            .map(|it| (it.text.clone(), it.label))
            .collect();
        names.sort_unstable();
        names.dedup_by(|later, first| later.0 == first.0);
        let mut files: Vec<([u8; 32], u32)> =
            parsed.files.iter().copied().filter(|it| labelled(it.1)).collect();
        files.sort_unstable();
        files.dedup_by_key(|it| it.0);
        List {
            name: name.to_owned(),
            category,
            owners,
            entries: parsed.len(),
            content_hash: parsed.content_hash(),
            builtin: false,
            labels: Labels::new(parsed.addr_ranges().filter(|it| labelled(it.2))),
            names,
            files,
            texts: parsed.labels.clone(),
        }
    }

    /// Whether the list applies to records of the account in the Region.
    pub fn covers(&self, account: AccountId, region: Region) -> bool {
        self.owners.as_ref().is_none_or(|it| it.iter().any(|it| it.covers(account, region)))
    }

    /// What the list calls the threat behind an indicator, where it says (as in `Log4j Related`): the
    /// label of the narrowest range or longest name that holds it.
    pub fn threat_name(&self, indicator: Indicator<'_>) -> Option<&str> {
        let label = match indicator {
            Indicator::Address(addr) => self.labels.get(addr)?,
            Indicator::Name(name) => suffixes(name).find_map(|suffix| {
                let at = self.names.binary_search_by(|it| (*it.0).cmp(suffix)).ok()?;
                self.names.get(at).map(|it| it.1)
            })?,
            Indicator::File(hash) => {
                let at = self.files.binary_search_by(|it| it.0.cmp(hash)).ok()?;
                self.files.get(at)?.1
            }
        };
        self.texts.get(label as usize).map(String::as_str)
    }
}
