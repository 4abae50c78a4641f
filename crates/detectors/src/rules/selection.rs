//! Which custom detection rules are on, in settings and on the command line.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::custom;
use super::rule::Rule;

/// Stands for every rule.
const ALL: &str = "all";

/// A set of custom detection rules: a list of their names, or `all`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Selection(u64);

/// A text that names no custom detection rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnknownRule(String);

impl fmt::Display for UnknownRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = Selection::names().collect();
        write!(
            f,
            "no custom detection rule `{}`; write all or some of {}",
            self.0,
            names.join(", ")
        )
    }
}

impl std::error::Error for UnknownRule {}

impl Selection {
    /// Every rule.
    pub fn all() -> Selection {
        Selection(Selection::names().enumerate().fold(0, |bits, (at, _)| bits | 1 << at))
    }

    /// No rule.
    pub const NONE: Selection = Selection(0);

    /// The rules with these names, in any case.
    pub fn of<'n>(names: impl IntoIterator<Item = &'n str>) -> Result<Selection, UnknownRule> {
        let mut selection = Selection::NONE;
        for name in names {
            if name.eq_ignore_ascii_case(ALL) {
                selection = Selection::all();
                continue;
            }
            let at = Selection::names().position(|it| it.eq_ignore_ascii_case(name));
            selection.0 |= 1 << at.ok_or_else(|| UnknownRule(name.to_owned()))?;
        }
        Ok(selection)
    }

    /// The rules of either selection.
    #[must_use]
    pub const fn with(self, other: Selection) -> Selection {
        Selection(self.0 | other.0)
    }

    /// The names of all rules, in the order of their tables.
    pub fn names() -> impl Iterator<Item = &'static str> {
        custom::rules().map(|it| it.name)
    }

    /// Whether the rule at this place of the tables is on.
    pub(super) const fn has(self, at: usize) -> bool {
        self.0 >> at & 1 != 0
    }

    /// The names of the rules that are on.
    pub fn named(self) -> impl Iterator<Item = &'static str> {
        self.rules().map(|it| it.name)
    }

    /// The custom detection rules that are on.
    pub(super) fn rules(self) -> impl Iterator<Item = &'static Rule> {
        custom::rules().enumerate().filter(move |(at, _)| self.has(*at)).map(|(_, it)| it)
    }

    /// Whether no rule is on.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl Serialize for Selection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if *self == Selection::all() {
            return serializer.collect_seq([ALL]);
        }
        let on = Selection::names().enumerate().filter(|(at, _)| self.has(*at));
        serializer.collect_seq(on.map(|(_, name)| name))
    }
}

impl<'de> Deserialize<'de> for Selection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Selection, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        Selection::of(names.iter().map(String::as_str)).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_named_or_all() {
        let two = Selection::of(["ec2userdatamodified", "VPCFlowLogsDeleted"]).unwrap();
        let text = serde_json::to_string(&two).unwrap();
        assert_eq!(serde_json::from_str::<Selection>(&text).unwrap(), two);
        assert_eq!(two.0.count_ones(), 2);
        let all = Selection::of(["all"]).unwrap();
        assert_eq!(serde_json::to_string(&all).unwrap(), r#"["all"]"#);
        assert_eq!(all.0.count_ones() as usize, Selection::names().count());
        let error = Selection::of(["EC2UserData"]).unwrap_err().to_string();
        assert!(
            error.contains("`EC2UserData`") && error.contains("EC2UserDataModified"),
            "{error}"
        );
    }
}
