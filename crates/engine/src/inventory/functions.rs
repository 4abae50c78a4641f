//! Facts about Lambda functions, and which of them an interface serves.

use std::sync::Arc;

use findings::{SecurityGroup, Tag};
use model::{AccountId, Timestamp};
use serde::{Deserialize, Serialize};

use super::facts::{FUNCTIONS_MAX, Inventory, named_key};
use super::instances::add_tags;
use super::network::InterfaceFact;
use super::purpose::Purpose;
use super::timeline::{Fact, Text};

/// What Lambda writes before the name of the function into the description of an interface.
const DESCRIPTION_PREFIX: &str = "AWS Lambda VPC ENI-";
/// The type of interfaces that Lambda made.
const INTERFACE_TYPE: &str = "lambda";
/// Bytes of the identifier behind the function's name, with the hyphen before it.
const SUFFIX_BYTES: usize = 37;

/// How a function is set up. Texts are empty when not known.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct FunctionConfig {
    /// Its ARN, without a version.
    pub arn: Text,
    /// ARN of its execution role.
    pub role: Text,
    /// What its owner says of it.
    pub description: Text,
    /// Its version, such as `$LATEST`.
    pub version: Text,
    /// Identifier of this state of the function.
    pub revision: Text,
    /// When it was changed last.
    pub modified: Option<Timestamp>,
    /// Its VPC; empty when it has none.
    pub vpc: Text,
    /// The subnets that it is in.
    pub subnets: Vec<Text>,
    /// Its security groups; their names are not known.
    #[serde(with = "super::groups")]
    pub security_groups: Arc<[SecurityGroup]>,
}

/// What is known of a Lambda function at one time.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct FunctionFact {
    /// Its name.
    pub name: Text,
    /// The account that owns it.
    pub account: AccountId,
    /// How it is set up.
    pub config: FunctionConfig,
    /// Its tags in order of their keys.
    pub tags: Vec<Tag>,
    /// Whether it was deleted.
    pub deleted: bool,
}

/// One piece of news about a function.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) enum FunctionChange {
    Identity { name: Text, account: AccountId },
    Config(Box<FunctionConfig>),
    Tags(Arc<[Tag]>),
    Deleted,
}

impl Fact for FunctionFact {
    type Change = FunctionChange;

    fn apply(&mut self, change: &FunctionChange) {
        match change {
            FunctionChange::Identity { name, account } => {
                (self.name, self.account) = (name.clone(), *account);
            }
            FunctionChange::Config(config) => {
                (self.config, self.deleted) = ((**config).clone(), false);
            }
            FunctionChange::Tags(tags) => {
                self.tags.clear();
                add_tags(&mut self.tags, tags);
            }
            FunctionChange::Deleted => self.deleted = true,
        }
    }

    fn replaces(later: &FunctionChange, earlier: &FunctionChange) -> bool {
        std::mem::discriminant(later) == std::mem::discriminant(earlier)
    }
}

impl InterfaceFact {
    /// Whether Lambda made the interface for functions of the account.
    pub fn is_of_lambda(&self) -> bool {
        *self.interface_type == *INTERFACE_TYPE
            || self.description.starts_with("AWS Lambda VPC ENI")
    }

    /// The name of the function that the interface was made for, as its description says; functions with the
    /// same subnets and groups share it
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-enis>).
    fn function_name(&self) -> Option<&str> {
        let rest = self.description.strip_prefix(DESCRIPTION_PREFIX)?;
        let at = rest.len().checked_sub(SUFFIX_BYTES)?;
        let (name, suffix) = rest.split_at_checked(at)?;
        let is_identifier = suffix.bytes().enumerate().all(|(at, byte)| match at {
            0 | 9 | 14 | 19 | 24 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
        (is_identifier && !name.is_empty()).then_some(name)
    }
}

impl Inventory {
    /// Most functions that are compared with an interface whose description names none.
    const COMPARED_MAX: usize = FUNCTIONS_MAX;

    /// A function as of a time. One that was deleted stays known, as its fact says.
    pub fn function(&self, account: AccountId, name: &str, at: Timestamp) -> Option<&FunctionFact> {
        self.functions.get(named_key(account, name))?.at(at)
    }

    /// The name of the Lambda function behind an interface as of a time: the one that its description names,
    /// else the only one that is known to have its subnet and groups, else the interface's id. Nothing where
    /// the interface is none of Lambda's.
    pub fn function_of_interface(
        &self,
        account: AccountId,
        interface: &str,
        at: Timestamp,
    ) -> Option<&str> {
        let fact = self.interface_fact(account, interface, at)?;
        if fact.purpose() != Purpose::Function {
            return None;
        }
        let name = fact.function_name().or_else(|| self.only_function(fact, at));
        Some(name.unwrap_or(&fact.id))
    }

    fn only_function(&self, interface: &InterfaceFact, at: Timestamp) -> Option<&str> {
        let fits = |it: &&FunctionFact| {
            it.account == interface.account
                && !it.deleted
                && it.config.subnets.contains(&interface.subnet)
                && same_groups(&it.config.security_groups, &interface.security_groups)
        };
        let facts = self.functions.values().take(Inventory::COMPARED_MAX);
        let mut fitting = facts.filter_map(|it| it.at(at)).filter(fits);
        let first = fitting.next()?;
        fitting.next().is_none().then_some(&*first.name)
    }
}

fn same_groups(a: &[SecurityGroup], b: &[SecurityGroup]) -> bool {
    let within = |a: &[SecurityGroup], b: &[SecurityGroup]| {
        a.iter().all(|it| b.iter().any(|other| other.group_id == it.group_id))
    };
    within(a, b) && within(b, a)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_name_the_function() {
        for (description, expected) in [
            (
                "AWS Lambda VPC ENI-my-function-01234567-89ab-cdef-0123-456789abcdef",
                Some("my-function"),
            ),
            ("AWS Lambda VPC ENI-f-01234567-89ab-cdef-0123-456789abcdef", Some("f")),
            ("AWS Lambda VPC ENI--01234567-89ab-cdef-0123-456789abcdef", None),
            ("AWS Lambda VPC ENI-my-function", None),
            ("AWS Lambda VPC ENI: 01234567-89ab-cdef-0123-456789abcdef", None),
            ("ELB app/x/01234567-89ab-cdef-0123-456789abcdef", None),
            ("", None),
        ] {
            let fact =
                InterfaceFact { description: description.into(), ..InterfaceFact::default() };
            assert_eq!(fact.function_name(), expected, "{description}");
        }
    }
}
