//! The tables of custom detection rules, by service.

mod compute;
mod compute_types;
mod identity;
mod identity_types;
mod storage;
mod storage_types;
mod types;

pub(super) use compute::flow_logs;

use engine::findings::FindingType;

use super::rule::{Rule, calls, count, types};

/// The tables. Their order is that of the bits of a selection within one run.
const TABLES: &[&[Rule]] = &[compute::RULES, identity::RULES, storage::RULES];

/// The calls that they read.
pub(super) const CALLS: [&str; count(TABLES)] = calls(TABLES);

/// The types that they raise.
pub(super) const TYPES: [&FindingType; 25] = types(TABLES);

/// Every rule.
pub(super) fn rules() -> impl Iterator<Item = &'static Rule> {
    TABLES.iter().flat_map(|it| it.iter())
}
