//! The kinds of documents in the store, each a family of resources.

/// Detector resources, one for each owner.
pub const DETECTORS: &str = "detectors";
/// Saved filters and suppression rules, by name.
pub const FILTERS: &str = "filters";
/// Trusted IP lists.
pub const IP_SETS: &str = "ip_sets";
/// Threat IP lists.
pub const THREAT_INTEL_SETS: &str = "threat_intel_sets";
/// Trusted entity lists.
pub const TRUSTED_ENTITY_SETS: &str = "trusted_entity_sets";
/// Threat entity lists.
pub const THREAT_ENTITY_SETS: &str = "threat_entity_sets";
/// Where findings are exported to.
pub const PUBLISHING_DESTINATIONS: &str = "publishing_destinations";
/// Members of an administrator account, by account.
pub const MEMBERS: &str = "members";
/// Invitations that an account received, by administrator account.
pub const INVITATIONS: &str = "invitations";
/// The administrator account of a member; there is one at most.
pub const ADMINISTRATORS: &str = "administrators";
/// Administrators that the management account named, by account.
pub const ORGANIZATION_ADMINS: &str = "organization_admins";
/// What an administrator set for its organization; there is one at most.
pub const ORGANIZATIONS: &str = "organizations";

/// Custom detection rules that an account switched on, by identifier of the association.
pub const RULE_ASSOCIATIONS: &str = "rule_associations";
/// Custom detection rules that an administrator switched on for its members, by rule and mode.
pub const RULE_CONFIGURATIONS: &str = "rule_configurations";

/// The kinds of lists.
pub const LISTS: [&str; 4] = [IP_SETS, THREAT_INTEL_SETS, TRUSTED_ENTITY_SETS, THREAT_ENTITY_SETS];

/// Every kind that goes with its owner's detector.
pub(crate) const OF_DETECTOR: [&str; 6] = [
    FILTERS,
    IP_SETS,
    THREAT_INTEL_SETS,
    TRUSTED_ENTITY_SETS,
    THREAT_ENTITY_SETS,
    PUBLISHING_DESTINATIONS,
];
