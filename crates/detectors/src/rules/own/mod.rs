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

/// Rules of GuardDuty's that say the same as an own one: own, custom.
pub(super) const TWINS: &[(&str, &str)] = &[
    ("AdministratorPolicyAttached", "AdminPolicyAttachedToRole"),
    ("AdministratorPolicyAttached", "AdminPolicyAttachedToUser"),
    ("DatabaseSnapshotPublic", "RDSSnapshotPubliclyShared"),
    ("FlowLogsDeleted", "VPCFlowLogsDeleted"),
    ("FunctionPublic", "LambdaFunctionPublicAccess"),
    ("FunctionUrlPublic", "LambdaFunctionUrlPublicAccess"),
    ("ImagePublic", "AMIExternalAccess"),
    ("ResolverLogsDeleted", "DNSQueryLogsDeleted"),
    ("RoleTrustsStrangers", "IAMRoleTrustPolicyModified"),
    ("SecurityGroupOpened", "EC2SecurityGroupPublicSSH"),
    ("VolumeSnapshotPublic", "EBSSnapshotExternalAccess"),
];

/// Whether the custom rule says the same as the own one.
pub(super) fn is_twin(own: &str, custom: &str) -> bool {
    TWINS.contains(&(own, custom))
}

/// Every rule.
pub(super) fn rules() -> impl Iterator<Item = &'static Rule> {
    TABLES.iter().flat_map(|it| it.iter())
}
