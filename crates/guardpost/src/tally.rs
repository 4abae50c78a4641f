//! What was read, by kind of record.

use std::collections::{BTreeMap, BTreeSet};

use findings::Data;
use model::{AccountId, Timestamp};
use telemetry::{ApiCall, Block};

use crate::coverage::Details;

/// Accounts that are told apart for one kind; beyond that the number is a lower bound.
const ACCOUNTS_MAX: usize = 100_000;

/// A kind of record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// CloudTrail management events.
    Management,
    /// CloudTrail data events of S3.
    S3Data,
    /// CloudTrail data events of other services.
    OtherData,
    /// CloudTrail network activity events.
    NetworkActivity,
    /// CloudTrail Insights events.
    Insight,
    /// VPC flow log records.
    Flow,
    /// Resolver queries.
    Query,
}

impl Kind {
    /// The name that people know it by.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Management => Data::CloudTrailManagement.as_str(),
            Kind::S3Data => Data::CloudTrailS3.as_str(),
            Kind::OtherData => "CloudTrail data events of other services",
            Kind::NetworkActivity => Data::CloudTrailNetworkActivity.as_str(),
            Kind::Insight => "CloudTrail Insights events",
            Kind::Flow => Data::VpcFlow.as_str(),
            Kind::Query => Data::ResolverQuery.as_str(),
        }
    }

    /// The source that types of finding ask for.
    pub const fn data(self) -> Option<Data> {
        match self {
            Kind::Management => Some(Data::CloudTrailManagement),
            Kind::S3Data => Some(Data::CloudTrailS3),
            Kind::NetworkActivity => Some(Data::CloudTrailNetworkActivity),
            Kind::Flow => Some(Data::VpcFlow),
            Kind::Query => Some(Data::ResolverQuery),
            Kind::OtherData | Kind::Insight => None,
        }
    }

    fn of_call(call: &ApiCall, source: &str) -> Kind {
        if call.is(ApiCall::NETWORK_ACTIVITY) {
            Kind::NetworkActivity
        } else if call.is(ApiCall::INSIGHT) {
            Kind::Insight
        } else if !call.is(ApiCall::DATA) {
            Kind::Management
        } else if source == "s3.amazonaws.com" {
            Kind::S3Data
        } else {
            Kind::OtherData
        }
    }
}

/// Counts of one kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KindTally {
    /// Objects that held such records.
    pub files: u64,
    /// Records that were taken.
    pub records: u64,
    /// Event time of the earliest.
    pub first: Timestamp,
    /// Event time of the latest.
    pub last: Timestamp,
    /// Accounts that they belong to.
    pub accounts: BTreeSet<AccountId>,
}

impl Default for KindTally {
    fn default() -> KindTally {
        let (first, last) = (Timestamp::MAX, Timestamp::MIN);
        KindTally { files: 1, records: 0, first, last, accounts: BTreeSet::new() }
    }
}

impl KindTally {
    fn add(&mut self, time: Timestamp) {
        self.records += 1;
        self.first = self.first.min(time);
        self.last = self.last.max(time);
    }

    fn account(&mut self, account: AccountId) {
        if account.is_known() && self.accounts.len() < ACCOUNTS_MAX {
            self.accounts.insert(account);
        }
    }
}

/// Counts by kind.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    kinds: BTreeMap<Kind, KindTally>,
    /// What the records carry.
    pub details: Details,
}

impl Tally {
    /// Counts the rows of a block.
    pub fn add(&mut self, block: &Block) {
        self.details.add(block);
        let secs = |it: u32| Timestamp::from_secs(i64::from(it));
        match block {
            Block::Flows(flows) => {
                let tally = self.kinds.entry(Kind::Flow).or_default();
                flows.rows.iter().for_each(|it| tally.add(secs(it.start)));
                flows.interfaces.iter().for_each(|it| tally.account(it.account));
            }
            Block::Queries(queries) => {
                let tally = self.kinds.entry(Kind::Query).or_default();
                queries.rows.iter().for_each(|it| tally.add(secs(it.time)));
                queries.hosts.iter().for_each(|it| tally.account(it.account));
            }
            Block::ApiCalls(calls) => {
                for call in &calls.rows {
                    let kind = Kind::of_call(call, call.event_source.of(&calls.text));
                    let tally = self.kinds.entry(kind).or_default();
                    tally.add(call.time);
                    tally.account(call.account);
                }
            }
        }
    }

    /// Adds what another object held.
    pub fn merge(&mut self, other: &Tally) {
        self.details.merge(&other.details);
        for (kind, more) in &other.kinds {
            match self.kinds.get_mut(kind) {
                None => _ = self.kinds.insert(*kind, more.clone()),
                Some(tally) => {
                    tally.files += more.files;
                    tally.records += more.records;
                    tally.first = tally.first.min(more.first);
                    tally.last = tally.last.max(more.last);
                    more.accounts.iter().for_each(|it| tally.account(*it));
                }
            }
        }
    }

    /// The kinds that were read, in their order.
    pub fn kinds(&self) -> impl Iterator<Item = (Kind, &KindTally)> {
        self.kinds.iter().map(|(kind, tally)| (*kind, tally))
    }

    /// Records of all kinds.
    pub fn records(&self) -> u64 {
        self.kinds.values().map(|it| it.records).sum()
    }

    /// Event times of the earliest and the latest record.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let first = self.kinds.values().map(|it| it.first).min()?;
        Some((first, self.kinds.values().map(|it| it.last).max()?))
    }

    /// Whether records of a source were read.
    pub fn has(&self, data: Data) -> bool {
        self.kinds.keys().any(|it| it.data() == Some(data))
    }

    /// The names of the kinds, such as `VPC flow logs`.
    pub fn names(&self) -> String {
        self.kinds.keys().map(|it| it.as_str()).collect::<Vec<_>>().join(", ")
    }
}
