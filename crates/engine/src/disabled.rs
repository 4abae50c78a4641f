//! What is switched off for an account and Region: types of findings, and custom detection rules that nobody
//! switched on.

use std::collections::{BTreeMap, BTreeSet};

use findings::Draft;
use model::{AccountId, Region};

/// How much is switched off for an account and Region.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Off {
    /// Every type.
    All,
    /// The types with these names.
    Types(BTreeSet<&'static str>),
}

/// What is switched off. States and what is usual are kept up to date all the same, so that what is switched on
/// again knows what went before.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Disabled {
    types: BTreeMap<(AccountId, Region), Off>,
    /// None where detectors raise only those rules that are on.
    rules: Option<RuleModes>,
}

/// What becomes of the matches of a custom detection rule; the later wins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RuleMode {
    /// They are counted.
    DryRun,
    /// They are findings.
    Live,
}

/// Which custom detection rules are on, and where.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RuleModes {
    everywhere: BTreeMap<String, RuleMode>,
    of: BTreeMap<(AccountId, Region), BTreeMap<String, RuleMode>>,
}

impl RuleModes {
    /// Switches a rule on everywhere.
    pub fn add_everywhere(&mut self, rule: &str, mode: RuleMode) {
        put(&mut self.everywhere, rule, mode);
    }

    /// Switches a rule on for an account and Region.
    pub fn add(&mut self, account: AccountId, region: Region, rule: &str, mode: RuleMode) {
        put(self.of.entry((account, region)).or_default(), rule, mode);
    }

    fn mode(&self, draft: &Draft, rule: &str) -> Option<RuleMode> {
        let own = self.of.get(&(draft.account, draft.region)).and_then(|it| it.get(rule));
        own.into_iter().chain(self.everywhere.get(rule)).max().copied()
    }
}

fn put(rules: &mut BTreeMap<String, RuleMode>, rule: &str, mode: RuleMode) {
    let known = rules.entry(rule.to_owned()).or_insert(mode);
    *known = mode.max(*known);
}

impl Disabled {
    /// Switches off; what was said before of the account and Region is off as well.
    pub fn add(&mut self, account: AccountId, region: Region, off: Off) {
        let known = self.types.entry((account, region)).or_insert(Off::Types(BTreeSet::new()));
        match (known, off) {
            (Off::Types(known), Off::Types(more)) => known.extend(more),
            (known, Off::All) => *known = Off::All,
            (Off::All, _) => {}
        }
    }

    /// Leaves on, of the custom detection rules, only these.
    #[must_use]
    pub fn with_rules(self, rules: RuleModes) -> Disabled {
        Disabled { rules: Some(rules), ..self }
    }

    /// Whether the draft stays. That of a rule in dry run becomes one that is only counted.
    pub(crate) fn passes(&self, draft: &mut Draft) -> bool {
        let is_on = match self.types.get(&(draft.account, draft.region)) {
            Some(Off::All) => false,
            Some(Off::Types(names)) => !names.contains(draft.finding_type.name),
            None => true,
        };
        is_on && self.passes_rules(draft)
    }

    fn passes_rules(&self, draft: &mut Draft) -> bool {
        let Some(modes) = &self.rules else { return true };
        let rule = draft.additional.get(Draft::CUSTOM_RULE).and_then(|it| it.as_str());
        let Some(rule) = rule else { return true };
        match modes.mode(draft, rule) {
            None => return false,
            Some(RuleMode::Live) => {}
            Some(RuleMode::DryRun) => {
                let (account, region) = (draft.account, draft.region);
                *draft = Draft::counted(draft.finding_type, account, region, rule, draft.last);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use findings::FindingType;
    use model::{Severity, Timestamp};

    use super::*;

    static KIND: FindingType = FindingType {
        name: "Persistence:EC2/Test",
        severity: Severity::LOW,
        title: "",
        about: "",
        detection: "",
        false_positives: "",
        response: "",
        techniques: &[],
        data: &[],
        aggregation: "",
        is_own: false,
    };

    #[test]
    fn rules_are_off_until_somebody_switches_them_on() {
        let account = |n: u64| AccountId::new(n).unwrap();
        let region = Region::new("us-east-1");
        let draft = |n: u64, rule: Option<&str>| {
            let mut draft = Draft::new(&KIND, account(n), region, "i-1", Timestamp::from_secs(9));
            if let Some(rule) = rule {
                draft.additional.insert(Draft::CUSTOM_RULE.to_owned(), rule.into());
            }
            draft
        };
        let mut modes = RuleModes::default();
        modes.add(account(1), region, "A", RuleMode::Live);
        modes.add(account(1), region, "A", RuleMode::DryRun);
        modes.add(account(1), region, "B", RuleMode::DryRun);
        modes.add_everywhere("C", RuleMode::DryRun);
        modes.add(account(2), region, "C", RuleMode::Live);
        let disabled = Disabled::default().with_rules(modes);
        let outcome = |n: u64, rule: Option<&str>| {
            let mut draft = draft(n, rule);
            disabled.passes(&mut draft).then(|| draft.key.clone())
        };
        let live = Some("i-1".to_owned());
        assert_eq!(outcome(1, None), live);
        assert_eq!(outcome(1, Some("A")), live);
        assert_eq!(outcome(1, Some("B")), Some("dry-run B".to_owned()));
        assert_eq!(outcome(1, Some("C")), Some("dry-run C".to_owned()));
        assert_eq!(outcome(2, Some("C")), live);
        assert_eq!(outcome(2, Some("A")), None);
        assert!(Disabled::default().passes(&mut draft(2, Some("A"))), "without a word all pass");
        let mut off = disabled;
        off.add(account(1), region, Off::All);
        assert!(!off.passes(&mut draft(1, Some("A"))));
    }
}
