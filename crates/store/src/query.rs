//! Which findings are asked for, and pages of answers.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use findings::Finding;
use model::{AccountId, Region};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::criteria::SortKey;
use crate::{Criteria, Sort, StoreError};

/// What owns findings, lists and settings: one detector resource.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct Owner {
    /// The account.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
}

impl Owner {
    /// The owner of this account and Region.
    pub const fn new(account: AccountId, region: Region) -> Owner {
        Owner { account, region }
    }
}

/// Whose findings somebody may see.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scope {
    /// The accounts; none for all of them.
    pub accounts: Option<BTreeSet<AccountId>>,
    /// The Region; none for all of them.
    pub region: Option<Region>,
}

impl Scope {
    /// Everything in the store.
    pub fn all() -> Scope {
        Scope::default()
    }

    /// What one owner has.
    pub fn of(owner: Owner) -> Scope {
        Scope { accounts: Some([owner.account].into()), region: Some(owner.region) }
    }

    /// What an administrator sees: several accounts in one Region.
    pub fn accounts(accounts: impl IntoIterator<Item = AccountId>, region: Region) -> Scope {
        Scope { accounts: Some(accounts.into_iter().collect()), region: Some(region) }
    }

    /// Whether the finding is inside.
    pub fn contains(&self, finding: &Finding) -> bool {
        let has_account = self.accounts.as_ref().is_none_or(|it| it.contains(&finding.account_id));
        has_account && self.region.is_none_or(|it| it == finding.region)
    }
}

/// A question for identifiers of findings.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FindingQuery {
    /// Whose findings.
    pub scope: Scope,
    /// Which of them.
    pub criteria: Criteria,
    /// In which order.
    pub sort: Sort,
    /// How many on a page, 1 to [`FindingQuery::LIMIT_MAX`]; other numbers are brought into that range.
    pub limit: usize,
    /// [`Page::next`] of the page before.
    pub token: Option<String>,
}

/// One page of an answer.
#[derive(Clone, PartialEq, Debug)]
pub struct Page<T> {
    /// What is on the page.
    pub items: Vec<T>,
    /// The token that asks for the next page; none when this is the last.
    pub next: Option<String>,
}

impl FindingQuery {
    /// Most findings on a page.
    pub const LIMIT_MAX: usize = 1000;

    pub(crate) fn limit(&self) -> usize {
        self.limit.clamp(1, FindingQuery::LIMIT_MAX)
    }

    /// After which finding the page begins.
    pub(crate) fn position(&self) -> Result<Option<Position>, StoreError> {
        let Some(token) = &self.token else { return Ok(None) };
        let (fingerprint, key, id): (String, SortKey, String) = decode(token)?;
        if fingerprint != self.fingerprint() {
            return Err(StoreError::BadToken);
        }
        Ok(Some(Position { key, id }))
    }

    /// Makes a page from at most one more finding than fits; each with its place in the order.
    pub(crate) fn page(&self, mut found: Vec<Position>) -> Page<String> {
        let has_more = found.len() > self.limit();
        found.truncate(self.limit());
        let last = found.last().filter(|_| has_more);
        let next = last.map(|it| encode(&(self.fingerprint(), &it.key, &it.id)));
        Page { items: found.into_iter().map(|it| it.id).collect(), next }
    }

    /// Tells tokens of different questions apart.
    fn fingerprint(&self) -> String {
        let text = format!("{:?} {:?} {:?}", self.scope, self.criteria, self.sort);
        BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(text)[..8])
    }
}

/// A finding's place in an order.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Position {
    pub(crate) key: SortKey,
    pub(crate) id: String,
}

/// Longest token that is read; a sort key is at most a value of a finding.
const TOKEN_MAX: usize = 64 * 1024;

pub(crate) fn encode(value: &impl Serialize) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).unwrap_or_default())
}

pub(crate) fn decode<T: for<'de> Deserialize<'de>>(token: &str) -> Result<T, StoreError> {
    if token.len() > TOKEN_MAX {
        return Err(StoreError::BadToken);
    }
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).map_err(|_| StoreError::BadToken)?;
    serde_json::from_slice(&bytes).map_err(|_| StoreError::BadToken)
}
