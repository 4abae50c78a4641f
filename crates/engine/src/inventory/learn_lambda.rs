//! Facts from Lambda's calls and descriptions about functions.

use findings::{SecurityGroup, Tag};
use model::{AccountId, Timestamp};
use serde_json::Value;

use super::describe::{DescribeError, Place};
use super::facts::{Inventory, named_key};
use super::functions::{FunctionChange, FunctionConfig};
use super::instances::TAGS_MAX;
use super::json::{get, list, member_text, text, time};
use super::learn_ec2::just_before;
use super::timeline::Text;

/// Most subnets that are kept of a function: AWS's own limit
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_VpcConfig.html>).
const SUBNETS_MAX: usize = 16;
/// Most security groups that are kept of a function.
const GROUPS_MAX: usize = 16;

/// One call with its JSON read.
pub(super) struct LambdaCall<'c> {
    pub(super) name: &'c str,
    pub(super) account: AccountId,
    pub(super) time: Timestamp,
    pub(super) request: &'c Value,
    pub(super) response: &'c Value,
}

impl Inventory {
    /// Returns `None` when members that are needed are missing.
    pub(super) fn learn_lambda(&mut self, call: &LambdaCall<'_>) -> Option<()> {
        let (name, from, changes) = match call.name {
            "CreateFunction" | "UpdateFunctionConfiguration" => {
                let (name, config) = read_function(call.response)?;
                let mut changes = vec![FunctionChange::Config(Box::new(config))];
                if call.name == "CreateFunction" {
                    changes.push(FunctionChange::Tags(read_tags(get(call.request, "tags")).into()));
                }
                let from =
                    if call.name == "CreateFunction" { just_before(call.time) } else { call.time };
                (name, from, changes)
            }
            "DeleteFunction" => {
                // With a qualifier it deletes a version alone.
                if !get(call.request, "qualifier").is_null() {
                    return Some(());
                }
                let name = member_text(call.request, "functionName")?;
                (bare_name(&name).into(), call.time, vec![FunctionChange::Deleted])
            }
            _ => return None,
        };
        self.learn_function(call.account, &name, from, changes);
        Some(())
    }

    fn learn_function(
        &mut self,
        account: AccountId,
        name: &Text,
        from: Timestamp,
        mut changes: Vec<FunctionChange>,
    ) {
        changes.insert(0, FunctionChange::Identity { name: name.clone(), account });
        let is_kept = self.functions.row(named_key(account, name)).learn(from, changes);
        self.count_age(is_kept);
    }

    /// One function of `list-functions`. Returns whether it has the members that are needed.
    pub(super) fn describe_function(
        &mut self,
        value: &Value,
        place: &Place<'_>,
    ) -> Result<bool, DescribeError> {
        let Some((name, config)) = read_function(value) else { return Ok(false) };
        let owner = account_of(&config.arn)
            .or(place.account)
            .map_or_else(|| place.known_account("Functions"), Ok)?;
        let changes = vec![FunctionChange::Config(Box::new(config))];
        self.learn_function(owner, &name, Timestamp::MIN, changes);
        Ok(true)
    }

    /// `Configuration` of `get-function`, whose tags stand beside it.
    pub(super) fn describe_one_function(
        &mut self,
        value: &Value,
        whole: &Value,
        place: &Place<'_>,
    ) -> Result<bool, DescribeError> {
        let is_learnt = self.describe_function(value, place)?;
        if let Some((name, config)) = read_function(value)
            && let Some(owner) = account_of(&config.arn).or(place.account)
        {
            let tags = vec![FunctionChange::Tags(read_tags(get(whole, "tags")).into())];
            self.learn_function(owner, &name, Timestamp::MIN, tags);
        }
        Ok(is_learnt)
    }
}

/// Name and set-up of a function; nothing without a name.
fn read_function(value: &Value) -> Option<(Text, FunctionConfig)> {
    let name = member_text(value, "functionName")?;
    let member = |name: &str| member_text(value, name).unwrap_or_default();
    let network = get(value, "vpcConfig");
    let groups = list(get(network, "securityGroupIds")).filter_map(text);
    let config = FunctionConfig {
        arn: member("functionArn"),
        role: member("role"),
        description: member("description"),
        version: member("version"),
        revision: member("revisionId"),
        modified: modified(get(value, "lastModified")),
        vpc: member_text(network, "vpcId").unwrap_or_default(),
        subnets: list(get(network, "subnetIds")).filter_map(text).take(SUBNETS_MAX).collect(),
        security_groups: groups
            .map(|id| SecurityGroup { group_id: id.to_string(), group_name: None })
            .take(GROUPS_MAX)
            .collect(),
    };
    Some((name, config))
}

/// A time as Lambda writes it, with an offset that has no colon: `2025-10-01T08:00:00.000+0000`.
fn modified(value: &Value) -> Option<Timestamp> {
    match value.as_str().and_then(|it| it.strip_suffix("+0000")) {
        Some(bare) => Timestamp::parse(&format!("{bare}Z")).ok(),
        None => time(value),
    }
}

/// The name in what a call takes for a name: a name, a partial or a whole ARN.
fn bare_name(text: &str) -> &str {
    match text.split_once("function:") {
        Some((_, rest)) => rest.split(':').next().unwrap_or(rest),
        None => text.rsplit(':').next().unwrap_or(text),
    }
}

fn account_of(arn: &str) -> Option<AccountId> {
    AccountId::from_digits(arn.split(':').nth(4)?.as_bytes())
}

/// Tags as Lambda writes them: an object of keys and values.
fn read_tags(value: &Value) -> Vec<Tag> {
    let members = value.as_object().into_iter().flatten();
    let tag = |(key, value): (&String, &Value)| Tag {
        key: super::json::cut(key, 1024).to_string(),
        value: text(value).unwrap_or_default().to_string(),
    };
    members.map(tag).take(TAGS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_out_of_arns() {
        for text in [
            "fn",
            "arn:aws:lambda:us-east-1:111122223333:function:fn",
            "arn:aws:lambda:us-east-1:111122223333:function:fn:PROD",
            "111122223333:function:fn",
            "111122223333:fn",
        ] {
            assert_eq!(bare_name(text), "fn", "{text}");
        }
        let arn = "arn:aws:lambda:us-east-1:111122223333:function:fn";
        assert_eq!(account_of(arn).map(AccountId::number), Some(111_122_223_333));
        assert_eq!(account_of("x"), None);
        for text in ["2025-10-01T08:00:00.000+0000", "2025-10-01T08:00:00Z"] {
            assert_eq!(modified(&text.into()), Some(Timestamp::from_secs(1_759_305_600)), "{text}");
        }
    }
}
