//! The scenarios: one for each type of finding, and those of AWS's tester.
//!
//! To add one, add an entry to the table of its group.

mod behavior;
mod custom_rules;
mod ec2_dns;
mod ec2_floods;
mod ec2_flow;
mod ec2_names;
mod ec2_unusual;
mod iam;
mod iam_changes;
mod lambda;
mod own_rules;
mod s3;
mod tester;

use crate::stage::Stage;

/// An attack that must be found.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// The finding type that it is for, or a name of AWS's tester, such as `ec2/Portscan`.
    pub name: &'static str,
    /// The types that it raises; empty where the name is the only one.
    types: &'static [&'static str],
    /// What happens.
    pub about: &'static str,
    /// Custom detection rules that must be on.
    pub rules: &'static [&'static str],
    /// Days on which its actors are seen before the day of the attack.
    pub learning_days: u32,
    /// Writes its records and says what must be found.
    pub play: fn(&mut Stage<'_>),
}

impl Scenario {
    /// A scenario of a type; its actors are seen one day before.
    const fn of(
        finding_type: &'static str,
        about: &'static str,
        play: fn(&mut Stage<'_>),
    ) -> Scenario {
        Scenario { name: finding_type, types: &[], about, rules: &[], learning_days: 1, play }
    }

    /// A scenario with a name of its own.
    const fn named(
        name: &'static str,
        types: &'static [&'static str],
        about: &'static str,
        play: fn(&mut Stage<'_>),
    ) -> Scenario {
        Scenario { name, types, about, rules: &[], learning_days: 1, play }
    }

    /// With custom detection rules that must be on.
    const fn with_rules(self, rules: &'static [&'static str]) -> Scenario {
        Scenario { rules, ..self }
    }

    /// With more days before the attack.
    const fn after(self, learning_days: u32) -> Scenario {
        Scenario { learning_days, ..self }
    }

    /// The types that must be found.
    pub fn types(&self) -> Vec<&'static str> {
        if self.types.is_empty() { vec![self.name] } else { self.types.to_vec() }
    }
}

/// All scenarios: those of types, then those of the tester.
pub fn all() -> Vec<&'static Scenario> {
    [
        ec2_dns::SCENARIOS,
        ec2_flow::SCENARIOS,
        ec2_names::SCENARIOS,
        ec2_floods::SCENARIOS,
        ec2_unusual::SCENARIOS,
        iam::SCENARIOS,
        iam_changes::SCENARIOS,
        s3::SCENARIOS,
        lambda::SCENARIOS,
        own_rules::SCENARIOS,
        custom_rules::SCENARIOS,
        behavior::SCENARIOS,
        tester::SCENARIOS,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The scenario with exactly this name, in any case.
pub fn find(name: &str) -> Option<&'static Scenario> {
    all().into_iter().find(|it| it.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{Options, simulate};

    #[test]
    fn names_are_unique() {
        let names: Vec<&str> = all().iter().map(|it| it.name).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    }

    #[test]
    fn every_scenario_says_what_it_raises() {
        for it in all() {
            let made = simulate(&[it], Options::default());
            let expected = made.expected.iter().filter(|one| one.scenario == it.name);
            let expected: BTreeSet<&str> = expected.map(|it| it.finding_type).collect();
            assert_eq!(expected, it.types().into_iter().collect(), "{}", it.name);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_files_and_another_gives_others() {
        let scenarios = [find("Recon:EC2/Portscan").unwrap()];
        let made = |seed| simulate(&scenarios, Options { seed, ..Options::default() });
        assert_eq!(made(1), made(1));
        assert_ne!(made(1).files, made(2).files);
    }

    #[test]
    fn addresses_are_reserved_for_documentation() {
        let made = simulate(&all(), Options::default());
        let allowed = ["10.", "192.0.2.", "198.51.100.", "203.0.113.", "169.254.", "0.0.0.0"];
        for (name, text) in made.files {
            for word in text.split(|it: char| !it.is_ascii_digit() && it != '.') {
                let parts: Vec<&str> = word.split('.').collect();
                let is_address =
                    parts.len() == 4 && parts.iter().all(|it| it.parse::<u8>().is_ok());
                let is_allowed = allowed.iter().any(|it| word.starts_with(it));
                assert!(!is_address || is_allowed, "{word} in {name}");
            }
        }
    }
}
