//! How many findings there are of what.

use std::collections::BTreeMap;

use findings::Finding;
use model::{AccountId, Severity, Timestamp};

use crate::criteria::resource_id;
use crate::{Criteria, Scope};

/// What findings are counted by (`groupBy`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum GroupBy {
    /// By the account that owns the resource.
    Account,
    /// By the day of `updatedAt` in UTC, and within a day by severity.
    Date,
    /// By type.
    FindingType,
    /// By account, type and identifier of the resource.
    Resource,
    /// By severity; this is also what `COUNT_BY_SEVERITY` asks for.
    Severity,
}

/// A question for counts.
#[derive(Clone, PartialEq, Debug)]
pub struct StatisticsQuery {
    /// Whose findings.
    pub scope: Scope,
    /// Which of them.
    pub criteria: Criteria,
    /// What is counted.
    pub group_by: GroupBy,
    /// The earliest or smallest first instead of the latest or largest.
    pub ascending: bool,
    /// How many groups, 1 to [`StatisticsQuery::LIMIT_MAX`]; other numbers are brought into that range.
    pub limit: usize,
}

/// A number of findings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// What they have in common.
    pub key: GroupKey,
    /// How many there are.
    pub total: u64,
    /// The latest `updatedAt` of them (`lastGeneratedAt`).
    pub last_generated: Timestamp,
}

/// What the findings of a group have in common.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum GroupKey {
    /// The account.
    Account(AccountId),
    /// The day and the severity.
    Date {
        /// Midnight UTC.
        day: Timestamp,
        /// The severity.
        severity: Severity,
    },
    /// The type.
    FindingType(String),
    /// The resource.
    Resource {
        /// Its account.
        account: AccountId,
        /// `resource.resourceType`.
        resource_type: String,
        /// Identifier of the instance, bucket, function or access key; empty when there is none.
        resource_id: String,
    },
    /// The severity.
    Severity(Severity),
}

/// Milliseconds of a day.
pub(crate) const DAY_MILLIS: i64 = 24 * Timestamp::HOUR_MILLIS;

impl StatisticsQuery {
    /// Most groups of one answer.
    pub const LIMIT_MAX: usize = 1000;

    pub(crate) fn limit(&self) -> usize {
        self.limit.clamp(1, StatisticsQuery::LIMIT_MAX)
    }

    /// Brings groups into the order of the answer: days by date, everything else by number, groups with
    /// equal numbers by what they have in common.
    pub(crate) fn settle(&self, mut groups: Vec<Group>) -> Vec<Group> {
        groups.sort_by(|a, b| {
            let order = match self.group_by {
                GroupBy::Date => a.key.cmp(&b.key),
                _ => a.total.cmp(&b.total),
            };
            let order = if self.ascending { order } else { order.reverse() };
            order.then_with(|| a.key.cmp(&b.key))
        });
        groups.truncate(self.limit());
        groups
    }
}

/// Counts findings one by one.
pub(crate) struct Tally {
    group_by: GroupBy,
    groups: BTreeMap<GroupKey, (u64, Timestamp)>,
}

impl Tally {
    pub(crate) fn new(group_by: GroupBy) -> Tally {
        Tally { group_by, groups: BTreeMap::new() }
    }

    pub(crate) fn add(&mut self, finding: &Finding) {
        self.add_key(GroupKey::of(self.group_by, finding), finding.updated_at);
    }

    pub(crate) fn add_key(&mut self, key: GroupKey, updated: Timestamp) {
        let (total, last) = self.groups.entry(key).or_insert((0, updated));
        *total += 1;
        *last = updated.max(*last);
    }

    pub(crate) fn groups(self) -> Vec<Group> {
        let group = |(key, (total, last_generated))| Group { key, total, last_generated };
        self.groups.into_iter().map(group).collect()
    }
}

impl GroupKey {
    fn of(group_by: GroupBy, finding: &Finding) -> GroupKey {
        let severity = finding.severity;
        match group_by {
            GroupBy::Account => GroupKey::Account(finding.account_id),
            GroupBy::Date => {
                let day = Timestamp::from_millis(finding.updated_at.day() * DAY_MILLIS);
                GroupKey::Date { day, severity }
            }
            GroupBy::FindingType => GroupKey::FindingType(finding.finding_type.clone()),
            GroupBy::Resource => GroupKey::Resource {
                account: finding.account_id,
                resource_type: finding.resource.resource_type.clone(),
                resource_id: resource_id(&finding.resource).to_owned(),
            },
            GroupBy::Severity => GroupKey::Severity(severity),
        }
    }
}
