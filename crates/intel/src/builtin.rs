//! The lists that come with the program. Origin and license of each are in `assets/README.md`.

use crate::category::Category;
use crate::format::ListFormat;
use crate::parse::{ParsedList, parse_list_as};

/// Name, category and text of each list.
const LISTS: [(&str, Category, &str); 9] = [
    (
        "Built-in mining pools",
        Category::MiningPool,
        include_str!("../assets/lists/mining-pools.txt"),
    ),
    ("Built-in dynamic DNS", Category::DynamicDns, include_str!("../assets/lists/dynamic-dns.txt")),
    (
        "Built-in encrypted DNS",
        Category::EncryptedDns,
        include_str!("../assets/lists/encrypted-dns.txt"),
    ),
    (
        "Built-in Tor authorities",
        Category::TorRelay,
        include_str!("../assets/lists/tor-authorities.txt"),
    ),
    ("Built-in sinkholes", Category::Sinkhole, include_str!("../assets/lists/sinkholes.txt")),
    ("Built-in abused domains", Category::Abused, include_str!("../assets/lists/abused.txt")),
    ("Built-in popular domains", Category::Popular, include_str!("../assets/lists/popular.txt")),
    ("Built-in AWS instance ranges", Category::AwsEc2, include_str!("../assets/lists/aws-ec2.txt")),
    (
        "Built-in AWS service ranges",
        Category::AwsService,
        include_str!("../assets/lists/aws-service.txt"),
    ),
];

/// The domains that AWS keeps for tests of GuardDuty
/// (<https://docs.aws.amazon.com/guardduty/latest/ug/sample_findings.html>). The longest one decides.
const TEST_DOMAINS: [(Category, &str); 11] = [
    (Category::CommandAndControl, "guarddutyc2activityb.com\nc2.guarddutyc2activityb.com"),
    (Category::Abused, "abused-rep.guarddutyc2activityb.com"),
    (Category::MiningPool, "crypto.guarddutyc2activityb.com"),
    (Category::BitcoinReputation, "crypto-rep.guarddutyc2activityb.com"),
    (Category::Malicious, "malicious-rep.guarddutyc2activityb.com"),
    (Category::Suspicious, "suspicious-rep.guarddutyc2activityb.com"),
    (Category::Sinkhole, "guarddutyblackholeactivity.com"),
    (Category::Dga, "guarddutydgaactivity.com"),
    (Category::DriveBy, "guarddutydrivebyactivity.com"),
    (Category::DropPoint, "guarddutydroppointactivity.com"),
    (Category::Phishing, "guarddutyphishingactivity.com"),
];

/// Name, category and entries of every built-in list.
pub(crate) fn lists() -> Vec<(&'static str, Category, ParsedList)> {
    let tests =
        TEST_DOMAINS.iter().map(|&(category, text)| ("GuardDuty test domains", category, text));
    let parsed = |(name, category, text): (&'static str, Category, &str)| {
        (name, category, parse_list_as(ListFormat::Txt, text.as_bytes()).0)
    };
    LISTS.into_iter().chain(tests).map(parsed).collect()
}

#[cfg(test)]
mod tests {
    use model::{AccountId, Addr, Region};

    use super::*;
    use crate::{Categories, IntelBuilder};

    #[test]
    fn every_line_of_the_lists_is_an_entry() {
        for (name, _, text) in LISTS {
            let (list, problems) = parse_list_as(ListFormat::Txt, text.as_bytes());
            assert!(problems.is_empty(), "{name}: {problems:?}");
            let lines = text.lines().filter(|it| !it.is_empty() && !it.starts_with('#')).count();
            assert_eq!(list.len(), lines as u64, "{name}: an entry stands twice");
            assert!(lines > 0, "{name}");
        }
    }

    #[test]
    fn test_domains_have_the_category_of_their_finding_type() {
        let intel = IntelBuilder::new().with_builtin().build();
        let categories = |name: &str| {
            intel.categories(intel.name(name).verdict, AccountId::UNKNOWN, Region::UNKNOWN)
        };
        for (name, category) in [
            ("c2.guarddutyc2activityb.com", Category::CommandAndControl),
            ("guarddutyc2activityb.com", Category::CommandAndControl),
            ("other.guarddutyc2activityb.com", Category::CommandAndControl),
            ("crypto.guarddutyc2activityb.com", Category::MiningPool),
            ("crypto-rep.guarddutyc2activityb.com", Category::BitcoinReputation),
            ("x.malicious-rep.guarddutyc2activityb.com", Category::Malicious),
            ("guarddutydgaactivity.com", Category::Dga),
            ("GuardDutyPhishingActivity.com.", Category::Phishing),
            ("stratum.supportxmr.com", Category::MiningPool),
            ("host.duckdns.org", Category::DynamicDns),
            ("dns.google", Category::EncryptedDns),
            ("www.google.com", Category::Popular),
        ] {
            assert_eq!(categories(name), Categories::of(&[category]), "{name}");
        }
        assert!(categories("duckdns.org").is_empty());
        assert!(categories("notgoogle.com").is_empty());
    }

    #[test]
    fn well_known_addresses_are_known() {
        let intel = IntelBuilder::new().with_builtin().build();
        for (text, category) in [
            ("8.8.8.8", Category::EncryptedDns),
            ("2620:fe::fe", Category::EncryptedDns),
            ("131.188.40.189", Category::TorRelay),
        ] {
            let verdict = intel.address(Addr::parse(text).unwrap());
            let categories = intel.categories(verdict, AccountId::UNKNOWN, Region::UNKNOWN);
            assert!(categories.contains(category), "{text}");
        }
        assert!(intel.address(Addr::parse("198.51.100.7").unwrap()).is_none());
    }
}
