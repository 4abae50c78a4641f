//! Whether what was given meets a need, and what to change where it does not.

use std::time::Duration;

use findings::Data;
use intel::{Category, Intel};
use model::Timestamp;

use super::needs::{Need, Rule};
use crate::intel::index::age;
use crate::intel::load::Loaded;
use crate::tally::{Kind, Tally};

/// A list older than this at the end of the logs is stale: addresses change hands within days.
const FRESH: Duration = Duration::from_hours(30 * 24);
/// Flow records are a little longer than the aggregation interval now and then.
const INTERVAL_SLACK_SECS: u32 = 15;

/// What a run was given.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    /// What was read.
    pub tally: &'a Tally,
    /// Lists in force.
    pub intel: &'a Intel,
    /// When lists that were given were last written, by category.
    pub written: &'a [(Category, Timestamp)],
    /// Lists that `guardpost intel` keeps.
    pub stored: &'a [Loaded],
    /// Whether descriptions of resources were given.
    pub has_inventory: bool,
    /// Whether a custom detection rule is on, and raises findings.
    pub has_custom_rules: bool,
}

/// Something that is missing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Gap {
    /// Whether the type cannot be raised.
    pub is_blocking: bool,
    /// What is missing.
    pub what: String,
    /// What to change.
    pub remedy: String,
}

impl Gap {
    fn new(is_blocking: bool, what: impl Into<String>, remedy: impl Into<String>) -> Gap {
        Gap { is_blocking, what: what.into(), remedy: remedy.into() }
    }
}

/// What turns each source on.
const SOURCES: [(Data, &str); 5] = [
    (
        Data::CloudTrailManagement,
        "create a trail of all Regions with read and write management events, and give its bucket",
    ),
    (
        Data::CloudTrailS3,
        "add S3 data events to the trail: `aws cloudtrail put-event-selectors` with AWS::S3::Object",
    ),
    (
        Data::CloudTrailNetworkActivity,
        "add network activity events of VPC endpoints to the trail by advanced event selectors",
    ),
    (
        Data::VpcFlow,
        "`aws ec2 create-flow-logs --resource-type VPC --traffic-type ALL --max-aggregation-interval 60` to S3",
    ),
    (
        Data::ResolverQuery,
        "`aws route53resolver create-resolver-query-log-config` to S3, and associate every VPC",
    ),
];

/// The gap of a source that was not read.
pub(super) fn of_source(data: Data) -> Gap {
    let remedy = SOURCES.iter().find(|it| it.0 == data).map(|it| it.1);
    Gap::new(
        true,
        format!("no {}", data.as_str()),
        remedy.unwrap_or("turn this log on and give it"),
    )
}

/// The gap of a type that custom detection rules alone raise, while none is on.
pub(super) fn of_custom_rules(given: &Given<'_>) -> Option<Gap> {
    let remedy =
        "turn rules on by --custom-rules NAMES or the setting rules; docs/guide.md names them";
    (!given.has_custom_rules).then(|| Gap::new(true, "its custom detection rules are off", remedy))
}

/// The gap that a rule leaves, if its need is not met.
pub(super) fn of_rule(rule: &Rule, given: &Given<'_>) -> Option<Gap> {
    let details = &given.tally.details;
    let gap = |what: &str, remedy: &str| Some(Gap::new(rule.is_hard, what, remedy));
    let field = |name: &str| {
        let what = format!("most flow records have no {name}");
        let remedy = format!("create the flow log anew with ${{{name}}} in its --log-format");
        gap(&what, &remedy)
    };
    match rule.need {
        Need::Addresses(categories) => of_list(categories, true, rule, given),
        Need::Names(categories) => of_list(categories, false, rule, given),
        Need::TcpFlags if details.tcp_flags * 2 < details.tcp => field("tcp-flags"),
        Need::FlowDirection if details.directions * 2 < details.accepted + details.rejected => {
            field("flow-direction")
        }
        Need::InstanceId if details.instances == 0 && !given.has_inventory => gap(
            "neither flow records nor descriptions name the instances",
            "give `aws ec2 describe-instances` by --inventory, or create the flow log anew with ${instance-id}",
        ),
        Need::Accepted if details.accepted == 0 => gap(
            "no flow record of accepted packets",
            "create the flow log with --traffic-type ALL: it cannot be changed later",
        ),
        Need::Rejected if details.rejected == 0 => gap(
            "no flow record of rejected packets",
            "create the flow log with --traffic-type ALL: it cannot be changed later",
        ),
        Need::Interval(most) if details.longest_secs > most + INTERVAL_SLACK_SECS => gap(
            &format!(
                "flow records span up to {} s: their aggregation interval is more than {most} s",
                details.longest_secs
            ),
            "create the flow log with --max-aggregation-interval 60",
        ),
        Need::ResponseCode if details.rcodes * 2 < details.queries => gap(
            "most queries have no response code",
            "give Resolver query logs as Route 53 delivers them",
        ),
        Need::Reads if details.reads == 0 => gap(
            "no management event that reads",
            "set the trail's selector to ReadWriteType All: it records writing events only",
        ),
        Need::Writes if details.writes == 0 => gap(
            "no management event that changes something",
            "set the trail's selector to ReadWriteType All",
        ),
        Need::SignIns if details.sign_ins == 0 => gap(
            "no sign-in to the console",
            "record global service events, and give the trail's files of us-east-1",
        ),
        Need::DataReads if details.data_reads == 0 => gap(
            "no S3 data event that reads",
            "set the selector of S3 data events to ReadWriteType All",
        ),
        Need::DataWrites if details.data_writes == 0 => gap(
            "no S3 data event that changes something",
            "set the selector of S3 data events to ReadWriteType All",
        ),
        Need::Inventory if !given.has_inventory => gap(
            "no descriptions of resources",
            "give `aws ec2 describe-instances` and describe-nat-gateways by --inventory",
        ),
        Need::Days(days) => of_days(days, rule, given),
        _ => None,
    }
}

/// A list must be there, be more than what comes with the program, and be fresh.
fn of_list(
    categories: &[Category],
    is_addresses: bool,
    rule: &Rule,
    given: &Given<'_>,
) -> Option<Gap> {
    let category = *categories.first()?;
    let name = category.as_str();
    let noun = if is_addresses { "addresses" } else { "names" };
    let remedy = match category {
        Category::Threat => "give your own list by --threat-list FILE".to_owned(),
        _ => format!("give a feed by --threat-list {name}=FILE"),
    };
    let lists = || given.intel.all_lists().iter().filter(|it| categories.contains(&it.category));
    if !lists().any(|it| !it.builtin) {
        // Built-in lists hold names, but for these.
        let has_builtin = match category {
            Category::TorRelay | Category::AwsEc2 | Category::AwsService => is_addresses,
            Category::EncryptedDns => true,
            _ => !is_addresses,
        };
        return Some(if has_builtin && lists().next().is_some() {
            Gap::new(false, format!("only the small built-in list of {name} {noun}"), remedy)
        } else {
            Gap::new(rule.is_hard, format!("no list of {name} {noun}"), remedy)
        });
    }
    let kept: Vec<&Loaded> =
        given.stored.iter().filter(|it| categories.contains(&it.category)).collect();
    if let Some(gap) = of_kept(&kept, &format!("{name} {noun}")) {
        return Some(gap);
    }
    let end = given.tally.span()?.1;
    let written = given.written.iter().filter(|it| categories.contains(&it.0));
    let written = written.map(|it| it.1).max()?;
    (written + FRESH < end).then(|| {
        let days = (end.secs() - written.secs()) / 86_400;
        let what = format!("the list of {name} {noun} is {days} days older than the logs");
        Gap::new(false, what, remedy)
    })
}

/// Lists that are kept must have been refreshed in time, as their feeds say.
fn of_kept(kept: &[&Loaded], what: &str) -> Option<Gap> {
    if kept.is_empty() || kept.iter().any(|it| !it.is_stale) {
        return None;
    }
    let ages: Vec<String> = kept
        .iter()
        .map(|it| {
            let (age, refresh) = (age(it.age_secs), age(it.refresh_secs));
            format!("{} is {age} old, to be refreshed every {refresh}", it.name)
        })
        .collect();
    let what = format!("the lists of {what} are stale: {}", ages.join("; "));
    Some(Gap::new(false, what, "run `guardpost intel update`, best by a timer"))
}

/// History counts from the first record of any kind that the type could read.
fn of_days(days: u32, rule: &Rule, given: &Given<'_>) -> Option<Gap> {
    let span = given.tally.kinds().filter(|it| it.0 != Kind::Insight);
    let longest = span.map(|(_, it)| it.last.secs() - it.first.secs()).max()?;
    let needed = i64::from(days) * 86_400;
    (longest < needed).then(|| {
        let have = longest / 86_400;
        Gap::new(
            rule.is_hard,
            format!("{have} days of history of {days} that are learnt from"),
            format!("give logs from {days} days before what interests you on"),
        )
    })
}
