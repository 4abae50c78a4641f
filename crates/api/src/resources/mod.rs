//! The families of resources, each with the table of its operations.
#![expect(
    clippy::needless_pass_by_value,
    reason = "a handler owns its request, whatever it needs of it"
)]

mod absent;
pub(crate) mod detectors;
mod entity_lists;
mod features;
mod filters;
mod findings;
mod invitations;
mod member_detectors;
mod members;
mod organization;
mod publishing_destinations;
mod rules;
mod samples;
mod scope;
mod tags;

pub use self::scope::{is_associated, scope_of};
use crate::handler::Route;

const FAMILIES: [&[Route]; 14] = [
    detectors::OPERATIONS,
    findings::OPERATIONS,
    filters::OPERATIONS,
    entity_lists::OPERATIONS,
    publishing_destinations::OPERATIONS,
    members::OPERATIONS,
    member_detectors::OPERATIONS,
    invitations::OPERATIONS,
    organization::OPERATIONS,
    rules::LIBRARY,
    rules::ASSOCIATIONS,
    rules::CONFIGURATIONS,
    tags::OPERATIONS,
    absent::OPERATIONS,
];

/// Every operation that is served.
pub(crate) fn routes() -> impl Iterator<Item = &'static Route> {
    FAMILIES.iter().flat_map(|it| it.iter())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::wire::operations::OPERATIONS;

    const UNSERVED: &str = include_str!("../../unserved.txt");

    #[test]
    fn every_operation_is_served_or_named_as_unserved() {
        let lines = UNSERVED.lines().filter(|it| !it.starts_with('#'));
        let unserved: Vec<&str> =
            lines.clone().filter_map(|it| it.split_whitespace().next()).collect();
        assert!(lines.clone().all(|it| it.split_whitespace().count() > 2), "a reason is needed");
        assert!(unserved.is_sorted());
        let mut named: Vec<&str> = routes().map(|it| it.name).chain(unserved).collect();
        named.sort_unstable();
        let all: Vec<&str> = OPERATIONS.iter().map(|it| it.name).collect();
        assert_eq!(named, all);
    }

    #[test]
    fn families_name_each_operation_once() {
        let names: BTreeSet<&str> = routes().map(|it| it.name).collect();
        assert_eq!(names.len(), routes().count());
    }
}
