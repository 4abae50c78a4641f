//! Custom detection rules that the configuration and clients of the API have switched on.

use api::kinds;
use detectors::rules::CustomDetection;
use engine::model::{AccountId, Timestamp};
use engine::{RuleMode, RuleModes};
use serde_json::Value;
use store::Owner;

use super::InForce;

impl InForce {
    /// Which rules are on, and where: those of the configuration everywhere.
    pub(super) fn rule_modes(&self, configured: &CustomDetection) -> RuleModes {
        let mut modes = RuleModes::default();
        let mode = if configured.dry_run { RuleMode::DryRun } else { RuleMode::Live };
        for rule in configured.rules.named() {
            modes.add_everywhere(rule, mode);
        }
        for (key, body) in &self.documents {
            let accounts = match &*key.kind {
                kinds::RULE_ASSOCIATIONS => vec![key.owner.account],
                kinds::RULE_CONFIGURATIONS => self.configured(key.owner, body),
                _ => continue,
            };
            if let (Some(rule), Some(mode)) = (body["rule"].as_str(), mode_of(body)) {
                for account in accounts {
                    modes.add(account, key.owner.region, rule, mode);
                }
            }
        }
        modes
    }

    /// The accounts that a configuration of an administrator is for: its own and its members', or those of them
    /// that it names.
    fn configured(&self, administrator: Owner, body: &Value) -> Vec<AccountId> {
        let is_in = |list: &Value, account: AccountId| {
            let account = account.to_string();
            list.as_array().is_some_and(|it| it.iter().any(|it| *it == account.as_str()))
        };
        let (included, excluded) = (&body["includeAccountIds"], &body["excludeAccountIds"]);
        let is_for_all = included.as_array().is_none_or(Vec::is_empty);
        let mut accounts = self.members_of(administrator);
        accounts.push(administrator.account);
        accounts.retain(|&it| (is_for_all || is_in(included, it)) && !is_in(excluded, it));
        accounts
    }
}

/// The mode; none once a dry run is over. That changes counts only: a replay gives the same findings.
fn mode_of(body: &Value) -> Option<RuleMode> {
    match body["mode"].as_str()? {
        "LIVE" => Some(RuleMode::Live),
        "DRY_RUN" => {
            let until = Timestamp::from_millis((body["expiresAt"].as_f64()? * 1000.0) as i64);
            (until > crate::clock::now()).then_some(RuleMode::DryRun)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use engine::Disabled;
    use engine::model::Region;
    use serde_json::json;
    use store::DocumentKey;

    use super::*;

    const ADMINISTRATOR: u64 = 111_122_223_333;
    const MEMBER: u64 = 444_455_556_666;
    const STRANGER: u64 = 777_788_889_999;

    fn owner(account: u64) -> Owner {
        Owner::new(AccountId::new(account).unwrap(), Region::new("us-east-1"))
    }

    fn in_force(kind: &str, body: Value) -> InForce {
        let mut in_force = InForce::default();
        let member = json!({"standing": "Enabled", "email": "a@example.com", "updatedAt": "2026-01-01T00:00:00Z"});
        for (kind, id, body) in
            [(kinds::MEMBERS, MEMBER.to_string(), member), (kind, "a".into(), body)]
        {
            in_force.documents.insert(DocumentKey::new(owner(ADMINISTRATOR), kind, id), body);
        }
        in_force
    }

    /// Who has the rule on.
    fn on(in_force: &InForce) -> String {
        let modes = in_force.rule_modes(&CustomDetection::default());
        format!("{:?}", Disabled::default().with_rules(modes))
    }

    #[test]
    fn a_configuration_is_for_the_accounts_of_its_administrator() {
        for (included, excluded, expected) in [
            (vec![], vec![], vec![ADMINISTRATOR, MEMBER]),
            (vec![MEMBER], vec![], vec![MEMBER]),
            (vec![STRANGER], vec![], vec![]),
            (vec![], vec![MEMBER], vec![ADMINISTRATOR]),
        ] {
            let texts = |it: &[u64]| it.iter().map(u64::to_string).collect::<Vec<_>>();
            let body = json!({
                "rule": "R", "mode": "LIVE",
                "includeAccountIds": texts(&included), "excludeAccountIds": texts(&excluded),
            });
            let on = on(&in_force(kinds::RULE_CONFIGURATIONS, body));
            for account in [ADMINISTRATOR, MEMBER, STRANGER] {
                let is_on = expected.contains(&account);
                assert_eq!(on.contains(&account.to_string()), is_on, "{account}: {on}");
            }
        }
    }

    #[test]
    fn a_dry_run_that_is_over_counts_no_more() {
        let body = |until: i64| json!({"rule": "R", "mode": "DRY_RUN", "expiresAt": until});
        let now = crate::clock::now().secs();
        assert!(on(&in_force(kinds::RULE_ASSOCIATIONS, body(now + 60))).contains("DryRun"));
        assert!(!on(&in_force(kinds::RULE_ASSOCIATIONS, body(now - 60))).contains("DryRun"));
    }
}
