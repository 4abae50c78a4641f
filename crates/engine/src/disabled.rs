//! What is switched off: types of findings that are not raised for an account and Region.

use std::collections::{BTreeMap, BTreeSet};

use findings::Draft;
use model::{AccountId, Region};

/// How much is switched off for an account and Region.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Off {
    /// Every type.
    All,
    /// The types with these names.
    Types(BTreeSet<&'static str>),
}

/// What is switched off. States and what is usual are kept up to date all the same, so that what is switched on
/// again knows what went before.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Disabled(BTreeMap<(AccountId, Region), Off>);

impl Disabled {
    /// Switches off; what was said before of the account and Region is off as well.
    pub fn add(&mut self, account: AccountId, region: Region, off: Off) {
        let known = self.0.entry((account, region)).or_insert(Off::Types(BTreeSet::new()));
        match (known, off) {
            (Off::Types(known), Off::Types(more)) => known.extend(more),
            (known, Off::All) => *known = Off::All,
            (Off::All, _) => {}
        }
    }

    /// Whether the type of the draft is off where it was raised.
    pub fn covers(&self, draft: &Draft) -> bool {
        match self.0.get(&(draft.account, draft.region)) {
            Some(Off::All) => true,
            Some(Off::Types(names)) => names.contains(draft.finding_type.name),
            None => false,
        }
    }
}
