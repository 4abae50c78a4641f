//! Settings under which only types of GuardDuty's catalogue are raised.

use serde_json::Value;

use crate::{Settings, registry};

/// The settings with every family switched off that raises Guardpost's own types.
pub fn catalogue_only(settings: &Settings) -> Settings {
    let Ok(mut tree) = serde_json::to_value(settings) else { return settings.clone() };
    let registry = registry(settings);
    for spec in registry.specs().filter(|it| it.types.iter().any(|it| it.is_own)) {
        let pointer = format!("/{}/enabled", spec.name);
        if let Some(enabled) = tree.pointer_mut(&pointer) {
            *enabled = Value::Bool(false);
        }
    }
    serde_json::from_value(tree).unwrap_or_else(|_| settings.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_types_are_off_and_the_others_stay() {
        let before = Settings::default();
        let after = catalogue_only(&before);
        assert!(before.rules.own_rules.enabled && !after.rules.own_rules.enabled);
        assert!(!after.iam.console_login_brute_force.enabled);
        assert!(!after.iam.bulk_secret_reads.enabled);
        assert_eq!(after.ec2, before.ec2);
        assert_eq!(after.rules.custom_detection, before.rules.custom_detection);
    }

    #[test]
    fn no_family_mixes_own_types_with_the_catalogue() {
        for spec in registry(&Settings::default()).specs() {
            let own = spec.types.iter().filter(|it| it.is_own).count();
            assert!(own == 0 || own == spec.types.len(), "{}", spec.name);
        }
    }
}
