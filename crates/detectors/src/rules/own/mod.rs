//! The table of Guardpost's own rules: changes that open an account or hide what is done in it, whoever
//! makes them.

mod defenses;
mod identity;
mod public;
mod types;

use engine::findings::FindingType;

use super::rule::{Rule, calls, count, types};

const TABLES: &[&[Rule]] = &[defenses::RULES, identity::RULES, public::RULES];

/// The calls that they read.
pub(super) const CALLS: [&str; count(TABLES)] = calls(TABLES);

/// The types that they raise.
pub(super) const TYPES: [&FindingType; 14] = types(TABLES);

/// Every rule.
pub(super) fn rules() -> impl Iterator<Item = &'static Rule> {
    TABLES.iter().flat_map(|it| it.iter())
}
