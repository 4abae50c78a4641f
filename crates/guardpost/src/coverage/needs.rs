//! What each type of finding needs beside its source of records.
//!
//! A rule names types by a pattern. Every type has a rule, or a test names it among those that need their
//! source only, so that whoever adds one has to decide.

use intel::Category;

use crate::filter::is_match;

/// Something that records, lists or history must give.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    /// Addresses on a list of one of these categories.
    Addresses(&'static [Category]),
    /// Names on a list of one of these categories.
    Names(&'static [Category]),
    /// The field `tcp-flags` of flow logs.
    TcpFlags,
    /// The field `flow-direction` of flow logs.
    FlowDirection,
    /// The field `instance-id` of flow logs, or descriptions.
    InstanceId,
    /// Flow records of accepted packets.
    Accepted,
    /// Flow records of rejected packets.
    Rejected,
    /// An aggregation interval of at most this many seconds.
    Interval(u32),
    /// The response code of queries.
    ResponseCode,
    /// Management events that read.
    Reads,
    /// Management events that change something.
    Writes,
    /// Sign-ins to the console.
    SignIns,
    /// S3 data events that read.
    DataReads,
    /// S3 data events that change something.
    DataWrites,
    /// Descriptions of resources.
    Inventory,
    /// Days of history before what is to be found.
    Days(u32),
}

/// A need of some types.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Types, by a pattern with `*` in lower case.
    pub types: &'static str,
    /// What they need.
    pub need: Need,
    /// Whether the type cannot be raised without it; otherwise it is raised less surely.
    pub is_hard: bool,
}

const fn must(types: &'static str, need: Need) -> Rule {
    Rule { types, need, is_hard: true }
}

const fn should(types: &'static str, need: Need) -> Rule {
    Rule { types, need, is_hard: false }
}

/// The rules.
pub const RULES: &[Rule] = &[
    // Lists.
    must("*c&cactivity.b", Need::Addresses(&[Category::CommandAndControl])),
    must("*bitcointool.b", Need::Addresses(&[Category::MiningPool])),
    must("*blackholetraffic", Need::Addresses(&[Category::Sinkhole])),
    must("*droppoint", Need::Addresses(&[Category::DropPoint])),
    must("*maliciousipcaller.custom", Need::Addresses(&[Category::Threat])),
    must("*:iamuser/maliciousipcaller", Need::Addresses(&[Category::MaliciousCaller])),
    must("*:s3/maliciousipcaller", Need::Addresses(&[Category::MaliciousCaller])),
    must("*toripcaller", Need::Addresses(&[Category::TorExit])),
    must("*torclient", Need::Addresses(&[Category::TorRelay])),
    must("*torrelay", Need::Addresses(&[Category::TorRelay])),
    must("recon:ec2/portprobe*", Need::Addresses(&[Category::Scanner, Category::MaliciousCaller])),
    must("defenseevasion:ec2/unusuald*", Need::Addresses(&[Category::EncryptedDns])),
    must("*c&cactivity.b!dns", Need::Names(&[Category::CommandAndControl])),
    must("*bitcointool.b!dns", Need::Names(&[Category::MiningPool])),
    must("*blackholetraffic!dns", Need::Names(&[Category::Sinkhole])),
    // Names of some families are known without a list.
    should("*dgadomainrequest.c!dns", Need::Names(&[Category::Dga])),
    must("*drivebysourcetraffic!dns", Need::Names(&[Category::DriveBy])),
    must("*droppoint!dns", Need::Names(&[Category::DropPoint])),
    must("*phishingdomainrequest!dns", Need::Names(&[Category::Phishing])),
    must("*maliciousdomainrequest.custom", Need::Names(&[Category::Threat])),
    must("*bitcoindomainrequest.reputation", Need::Names(&[Category::BitcoinReputation])),
    must("*maliciousdomainrequest.reputation", Need::Names(&[Category::Malicious])),
    must("*abuseddomainrequest.reputation", Need::Names(&[Category::Abused])),
    // A made-up name under an abused top-level domain is suspicious without a list.
    should("*suspiciousdomainrequest.reputation", Need::Names(&[Category::Suspicious])),
    // A user in quarantine is known without a list.
    should("*/compromisedcredentials", Need::Names(&[Category::CompromisedKey])),
    // Fields of flow logs.
    must("impact:ec2/portsweep", Need::Accepted),
    must("*:ec2/*bruteforce", Need::Accepted),
    must("unauthorizedaccess:ec2/tor*", Need::Accepted),
    should("recon:ec2/portscan", Need::Rejected),
    should("recon:ec2/portscan", Need::TcpFlags),
    should("impact:ec2/portsweep", Need::TcpFlags),
    should("*:ec2/*bruteforce", Need::TcpFlags),
    should("*:ec2/tor*", Need::TcpFlags),
    should("*:ec2/*bruteforce", Need::Interval(60)),
    should("backdoor:ec2/denialofservice*", Need::Interval(60)),
    should("recon:ec2/port*", Need::InstanceId),
    should("impact:ec2/portsweep", Need::InstanceId),
    should("*:ec2/*bruteforce", Need::InstanceId),
    should("recon:ec2/portprobe*", Need::TcpFlags),
    must("recon:ec2/portprobeemr*", Need::Inventory),
    must("backdoor:ec2/denialofservice*", Need::Accepted),
    must("backdoor:ec2/spambot", Need::Accepted),
    must("behavior:ec2/networkportunusual", Need::Accepted),
    must("behavior:ec2/trafficvolumeunusual", Need::Accepted),
    // Sides of CloudTrail.
    must("recon:iamuser/*", Need::Reads),
    must("discovery:iamuser/*", Need::Reads),
    must("stealth:*", Need::Writes),
    must("policy:s3/*", Need::Writes),
    must("policy:*/publicaccessgranted", Need::Writes),
    must("policy:ec2/administrativeportopened", Need::Writes),
    must("defenseevasion:iamuser/*", Need::Writes),
    must("defenseimpairment:*", Need::Writes),
    must("persistence:*", Need::Writes),
    must("privilegeescalation:iam*", Need::Writes),
    must("impact:kms/*", Need::Writes),
    must("credentialaccess:ec2/unsecuredcredentials", Need::Reads),
    must("credentialaccess:rds/modifyauthenticationprocess", Need::Writes),
    must("execution:sagemaker/commandandscriptinginterpreter", Need::Writes),
    must("exfiltration:*/transferdatatocloudaccount", Need::Writes),
    must("impact:s3/datadestruction", Need::Writes),
    must("impact:ses/resourcehijacking", Need::Writes),
    must("initialaccess:rds/exploitpublicfacingapplication", Need::Writes),
    must("lateralmovement:ec2/remoteservices", Need::Writes),
    must("resourcedevelopment:ses/compromiseaccounts", Need::Writes),
    must("unauthorizedaccess:iamuser/consoleloginsuccess.b", Need::SignIns),
    must("credentialaccess:iamuser/consoleloginbruteforce", Need::SignIns),
    must("credentialaccess:iamuser/bulksecretreads", Need::Reads),
    must("initialaccess:iam/validaccounts", Need::SignIns),
    must("discovery:s3/*", Need::DataReads),
    must("exfiltration:s3/anomalousbehavior", Need::DataReads),
    must("exfiltration:s3/*ipcaller", Need::DataReads),
    must("impact:s3/maliciousipcaller", Need::DataWrites),
    should("*credentialexfiltration*", Need::Inventory),
    // Names that do not exist are what is judged.
    must("trojan:ec2/dgadomainrequest.b", Need::ResponseCode),
    // The first day of a host is judged more slowly.
    should("trojan:ec2/dnsdataexfiltration", Need::Days(1)),
    // What an interface never did can be told after some time only.
    must("behavior:ec2/networkportunusual", Need::Days(7)),
    must("behavior:ec2/trafficvolumeunusual", Need::Days(7)),
    must("unauthorizedaccess:iamuser/consoleloginsuccess.b", Need::Days(3)),
    // A scan of a short archive learns from half of it, at least a week.
    must("*:iamuser/anomalousbehavior", Need::Days(7)),
    must("*:s3/anomalousbehavior*", Need::Days(7)),
    must("impact:iamuser/anomalousmodelinvocation", Need::Days(7)),
    must("impact:iamuser/costharvesting", Need::Days(7)),
    must("defenseevasion:ec2/unusuald*", Need::Days(1)),
    should("backdoor:ec2/spambot", Need::Days(1)),
    // History: the known days of a target, the networks of a role, the days of a name.
    should("recon:ec2/portscan", Need::Days(3)),
    should("impact:ec2/portsweep", Need::Days(3)),
    should("*:ec2/*bruteforce", Need::Days(3)),
    should("*consoleloginsuccess.b", Need::Days(3)),
    should("*domainrequest.reputation", Need::Days(14)),
];

/// The rules of a type.
pub fn rules(finding_type: &str) -> impl Iterator<Item = &'static Rule> {
    let name = finding_type.to_lowercase();
    RULES.iter().filter(move |it| is_match(it.types, &name))
}

#[cfg(test)]
mod tests {
    use engine::Interest;

    use super::*;
    use crate::catalog;

    /// Types that need nothing but their source.
    const SOURCE_ONLY: &[&str] = &[
        "pentest:*",
        "policy:iamuser/rootcredentialusage",
        "policy:iamuser/shorttermrootcredentialusage",
        "unauthorizedaccess:ec2/metadatadnsrebind",
    ];

    #[test]
    fn every_rule_names_a_type_of_the_catalogue() {
        for rule in RULES {
            let is_named =
                catalog::names().iter().any(|it| is_match(rule.types, &it.to_lowercase()));
            assert!(is_named, "{}", rule.types);
        }
    }

    #[test]
    fn every_type_that_is_raised_has_rules_or_needs_its_source_only() {
        for it in catalog::served() {
            let name = it.finding_type.name.to_lowercase();
            let is_simple = SOURCE_ONLY.iter().any(|pattern| is_match(pattern, &name));
            let has_rules = rules(&name).next().is_some();
            assert!(has_rules != is_simple, "{name}: {has_rules}");
        }
    }

    #[test]
    fn types_of_families_that_read_listed_events_alone_need_a_list() {
        let is_list = |it: &Rule| matches!(it.need, Need::Addresses(_) | Need::Names(_));
        for spec in detectors::registry(&detectors::Settings::default()).specs() {
            if matches!(spec.interest, Interest::Listed(_)) {
                for it in spec.types {
                    assert!(rules(it.name).any(is_list), "no list is needed for {}", it.name);
                }
            }
        }
    }
}
