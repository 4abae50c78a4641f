//! An instance asks for a name of low reputation.
//!
//! Reputation is a score from 0 to 100: what lists say of the name, how young and rare it is in the
//! account, how popular it is in general, and what its registrable label looks like. No part decides alone
//! but a list of known malicious names.

use std::time::Duration;

use engine::findings::{Data, Draft, FindingType, Reason, ResourceRole};
use engine::intel::{Categories, Category, Indicator};
use engine::model::{Scope, Severity, hash64};
use engine::stats::BoundedMap;
use engine::{Context, Detector, DnsQueries, Event, Interest, Out, Profile, Spec};
use serde::{Deserialize, Serialize};

const AGGREGATION: &str =
    "instance and registrable domain, or customer's domain under a host of free names";
const DETECTION: &str = "A query for a name whose reputation score reaches the threshold of its class. Points: \
    the class of list that names it (malicious or cryptocurrency 70, abused 40, dynamic DNS 35, suspicious \
    35; a customer's name under a host of free names that is listed as abused only 20, since most of the \
    customers are harmless: the name itself has to look made up); asked for in this account for the first \
    time in 14 days 15; asked for by one host in one hour at most 10; the label's shape up to 25; \
    a top-level domain that is mostly abused 15. A popular name loses 60.";
const FALSE_POSITIVES: &str = "Young and oddly named domains are also what start-ups, trackers and content \
    networks use. The reasons list each part of the score: a name that scores by its shape alone is \
    probably benign; one that a list names is probably not.";

/// Names of abused providers.
pub const ABUSED: FindingType = FindingType {
    name: "Impact:EC2/AbusedDomainRequest.Reputation",
    severity: Severity::MEDIUM,
    title: "An EC2 instance asks for a name under an abused domain",
    about: "The instance asked for a name of low reputation under a domain that is often abused: a provider \
        of free subdomains or of dynamic DNS. Intruders use such names because they cost nothing and \
        cannot be traced.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: "Find out what the instance wanted there. If nobody can say, look at what it exchanged with \
        the addresses in the answer, and block the name at the resolver.",
    techniques: &["T1568", "T1583.001"],
    data: &[Data::ResolverQuery],
    aggregation: AGGREGATION,
    is_own: false,
};

/// Names of cryptocurrency.
pub const BITCOIN: FindingType = FindingType {
    name: "Impact:EC2/BitcoinDomainRequest.Reputation",
    severity: Severity::HIGH,
    title: "An EC2 instance asks for a low-reputation name of cryptocurrency",
    about: "The instance asked for a name of low reputation that is associated with Bitcoin or another \
        cryptocurrency.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: "If the instance is not meant to handle cryptocurrency, look for a miner: high CPU use, \
        processes that nobody knows. Find out how it got there.",
    techniques: &["T1496"],
    data: &[Data::ResolverQuery],
    aggregation: AGGREGATION,
    is_own: false,
};

/// Names of known threats.
pub const MALICIOUS: FindingType = FindingType {
    name: "Impact:EC2/MaliciousDomainRequest.Reputation",
    severity: Severity::HIGH,
    title: "An EC2 instance asks for a low-reputation name that is known to be malicious",
    about: "The instance asked for a name of low reputation that is associated with known malicious names \
        or addresses.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: "Treat the instance as compromised until the process that asked is known. Isolate it and look \
        for other instances that asked for the same domain.",
    techniques: &["T1071.004", "T1568"],
    data: &[Data::ResolverQuery],
    aggregation: AGGREGATION,
    is_own: false,
};

/// Names that look suspicious.
pub const SUSPICIOUS: FindingType = FindingType {
    name: "Impact:EC2/SuspiciousDomainRequest.Reputation",
    severity: Severity::LOW,
    title: "An EC2 instance asks for a suspicious name",
    about: "The instance asked for a young or rarely seen name whose reputation is low. Nothing firm links \
        it to a threat.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: "Look the domain's registration date up. A domain of a few days that only one instance asks \
        for deserves a look at that instance's connections.",
    techniques: &["T1568"],
    data: &[Data::ResolverQuery],
    aggregation: AGGREGATION,
    is_own: false,
};

const LISTED: Categories = Categories::of(&[
    Category::Malicious,
    Category::BitcoinReputation,
    Category::Abused,
    Category::DynamicDns,
    Category::Suspicious,
]);

/// How many hosts of the account ask for a domain, an hour and host counted once.
static HOSTS: Profile = Profile { name: "dns/hosts_by_candidate", hours: 14 * 24, keys: 100_000 };

/// Top-level domains with a majority of abusive registrations, as the yearly reports of Spamhaus and
/// Interisle name them.
const ABUSED_TLDS: [&str; 18] = [
    "tk", "ml", "ga", "cf", "gq", "top", "xyz", "icu", "cyou", "buzz", "rest", "cfd", "sbs",
    "click", "monster", "quest", "bond", "surf",
];

/// The longest of them.
const ABUSED_TLD_MAX: usize = 7;

tunables! {
    /// Names of low reputation.
    pub struct DomainReputation {
        /// Whether the family is on.
        pub enabled: bool = true,
        /// Points from which a name on a list of malicious or cryptocurrency names is reported.
        pub listed_threshold: u32 = 60,
        /// Points from which a name under an abused domain or dynamic DNS provider is reported.
        pub abused_threshold: u32 = 50,
        /// Points from which a suspicious name is reported. Raising it asks for more signs.
        pub suspicious_threshold: u32 = 60,
    }
}

/// The domains that a host taught this hour.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    taught: BoundedMap<i64, 64>,
}

/// A class of names: its type, threshold and the points that the class itself gives.
struct Class {
    finding_type: &'static FindingType,
    setting: &'static str,
    threshold: u32,
    points: u32,
    category: &'static str,
}

impl Detector for DomainReputation {
    type Reads = DnsQueries;
    type State = State;

    const SPEC: Spec = Spec {
        name: "ec2/domain_reputation",
        scope: Scope::Host,
        idle: Duration::from_hours(2),
        version: 1,
        types: &[&ABUSED, &BITCOIN, &MALICIOUS, &SUSPICIOUS],
        interest: Interest::Every,
    };

    // Without a list, only names under abused top-level domains can reach a threshold.
    fn wants(&self, event: &Event<'_, DnsQueries>) -> bool {
        self.enabled
            && !event.listed.contains(Category::Trusted)
            && (event.listed.intersects(LISTED) || has_abused_tld(event.name()))
    }

    fn observe(
        &self,
        state: &mut State,
        event: &Event<'_, DnsQueries>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let subject = Subject::of(event, ctx);
        let key = hash64(subject.domain.as_bytes());
        let hour = event.time().hour();
        let (taught, _) = state.taught.entry(key, event.row.time);
        // A late query of an hour before teaches nothing: that hour may have been taught.
        if *taught < hour {
            *taught = hour;
            out.teach(&HOSTS, key, 1);
        }
        let class = self.class(event.listed, subject.is_customer);
        let (score, reasons) = score(&class, event, ctx, (subject.domain, key));
        if score >= class.threshold {
            let mut draft = draft(&class, event, ctx, score, reasons);
            draft.key = format!("{} {}", draft.key, subject.domain);
            out.raise(draft);
        }
    }
}

/// The domain that is judged.
struct Subject<'n> {
    domain: &'n str,
    /// Whether it is a customer's, under a listed host of free names: its neighbors are somebody else's.
    is_customer: bool,
}

impl<'n> Subject<'n> {
    /// The registrable domain; under a listed host of free names, the customer's domain below it.
    fn of(event: &Event<'n, DnsQueries>, ctx: &Context<'_>) -> Subject<'n> {
        let (name, domain) = (event.name(), event.registrable());
        let itself = Subject { domain, is_customer: false };
        if !event.listed.contains(Category::Abused) {
            return itself;
        }
        let verdict = ctx.intel.name(name);
        let host = verdict.matched_of(name);
        let Some(below) = name.strip_suffix(host).and_then(|it| it.strip_suffix('.')) else {
            return itself;
        };
        // An entry such as `*.example.com` says of the names below that strangers make them; so does one above
        // the registrable domain, by the private section of the public suffix list.
        let (account, region) = (ctx.entity.account, ctx.entity.region);
        let of_host = ctx.intel.categories(ctx.intel.name(host).verdict, account, region);
        if of_host.contains(Category::Abused) && host.len() >= domain.len() {
            return itself;
        }
        let label = below.rsplit('.').next().unwrap_or(below);
        let customer = &name[below.len() - label.len()..];
        Subject { domain: customer, is_customer: true }
    }
}

impl DomainReputation {
    fn class(&self, listed: Categories, is_customer: bool) -> Class {
        let class = |finding_type, (setting, threshold), points, category: Category| Class {
            finding_type,
            setting,
            threshold,
            points,
            category: category.as_str(),
        };
        let listed_threshold = ("listed_threshold", self.listed_threshold);
        let abused_threshold = ("abused_threshold", self.abused_threshold);
        let suspicious_threshold = ("suspicious_threshold", self.suspicious_threshold);
        if listed.contains(Category::Malicious) {
            class(&MALICIOUS, listed_threshold, 70, Category::Malicious)
        } else if listed.contains(Category::BitcoinReputation) {
            class(&BITCOIN, listed_threshold, 70, Category::BitcoinReputation)
        } else if listed.contains(Category::Abused) {
            let points = if is_customer { 20 } else { 40 };
            class(&ABUSED, abused_threshold, points, Category::Abused)
        } else if listed.contains(Category::DynamicDns) {
            class(&ABUSED, abused_threshold, 35, Category::DynamicDns)
        } else {
            let points = if listed.contains(Category::Suspicious) { 35 } else { 0 };
            class(&SUSPICIOUS, suspicious_threshold, points, Category::Suspicious)
        }
    }
}

/// The score with each of its parts as a reason.
fn score(
    class: &Class,
    event: &Event<'_, DnsQueries>,
    ctx: &Context<'_>,
    (domain, key): (&str, u64),
) -> (u32, Vec<Reason>) {
    let (mut score, mut reasons) = (0, Vec::new());
    let mut add = |what: &str, value: String, points: u32| {
        if points > 0 {
            score += points;
            reasons.push(Reason::new(what, value, format!("+{points}")));
        }
    };
    add("on a list", class.category.to_owned(), class.points);
    let hosts = ctx.profiles.count(&HOSTS, ctx.entity.account, key);
    if hosts == 0 {
        add("first asked for in the account within", format!("{} hours", HOSTS.hours), 15);
    }
    if hosts <= 1 {
        add("hours in which a host of the account asked for it before", hosts.to_string(), 10);
    }
    let label = domain.split('.').next().unwrap_or("");
    add("shape of the label", label.to_owned(), shape(label));
    if has_abused_tld(event.name()) {
        add("top-level domain", event.name().rsplit('.').next().unwrap_or("").to_owned(), 15);
    }
    if event.listed.contains(Category::Popular) {
        score = score.saturating_sub(60);
        reasons.push(Reason::new("popular name", event.registrable(), "-60"));
    }
    (score.min(100), reasons)
}

/// Points for a label that looks made up: long, digits among letters, many hyphens, encoded.
fn shape(label: &str) -> u32 {
    let count = |wanted: fn(&u8) -> bool| label.bytes().filter(wanted).count();
    let (digits, hyphens) = (count(u8::is_ascii_digit), count(|it| *it == b'-'));
    let vowels = count(|it| b"aeiouy".contains(it));
    let letters = count(u8::is_ascii_alphabetic);
    let mut points = 0;
    points += if label.len() >= 18 { 8 } else { 0 };
    points += if digits >= 3 && letters > 0 { 8 } else { 0 };
    points += if hyphens >= 2 { 4 } else { 0 };
    points += if label.starts_with("xn--") { 8 } else { 0 };
    points += if letters >= 8 && vowels * 5 < letters { 9 } else { 0 };
    points.min(25)
}

fn has_abused_tld(name: &str) -> bool {
    let name = name.as_bytes();
    let end = &name[name.len().saturating_sub(ABUSED_TLD_MAX + 1)..];
    let tld = match end.iter().rposition(|it| *it == b'.') {
        Some(dot) => &end[dot + 1..],
        None if end.len() <= ABUSED_TLD_MAX => end,
        None => return false,
    };
    tld != b"com" && tld != b"net" && ABUSED_TLDS.iter().any(|it| it.as_bytes() == tld)
}

fn draft(
    class: &Class,
    event: &Event<'_, DnsQueries>,
    ctx: &Context<'_>,
    score: u32,
    reasons: Vec<Reason>,
) -> Draft {
    let mut draft = ctx.instance_draft(class.finding_type, event.time());
    let (instance, name) = (draft.key.clone(), event.name());
    draft.role = ResourceRole::Target;
    let kind = match class.finding_type.name {
        name if name == ABUSED.name => {
            "a low reputation domain name that is associated with known abused domains"
        }
        name if name == BITCOIN.name => {
            "a low reputation domain name that is associated with cryptocurrency-related activity"
        }
        name if name == MALICIOUS.name => {
            "a low reputation domain that is associated with known malicious domains"
        }
        _ => "a low reputation domain name that is suspicious in nature",
    };
    draft.title = format!("EC2 instance {instance} is querying {kind}.");
    draft.description =
        format!("EC2 instance {instance} is querying {kind}: {name}, score {score} of 100.");
    draft.action = ctx.dns_action(event);
    draft.intel = ctx.threats(event.verdict, Indicator::Name(name));
    draft.additional.insert("domain".to_owned(), name.into());
    draft.evidence.push(event.evidence());
    draft.reasons.push(Reason::new(
        "reputation score",
        score,
        format!("{} = {}", class.setting, class.threshold),
    ));
    draft.reasons.extend(reasons);
    draft
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_labels_get_points_and_words_do_not() {
        for word in ["example", "wikipedia", "my-shop", "route53", "cloudflare"] {
            assert_eq!(shape(word), 0, "{word}");
        }
        for odd in ["xk29dj38sl2", "qwrtpsdfghjkl", "secure-login-update-account", "xn--80ak6aa92e"]
        {
            assert!(shape(odd) >= 8, "{odd}");
        }
    }

    #[test]
    fn only_abused_top_level_domains_are_candidates() {
        assert!(has_abused_tld("a.b.xyz") && has_abused_tld("free.tk"));
        assert!(
            ABUSED_TLDS.iter().all(|it| has_abused_tld(it) && has_abused_tld(&format!("a.{it}")))
        );
        assert!(
            !has_abused_tld("") && !has_abused_tld("a.xmonster") && !has_abused_tld("xmonster")
        );
        assert!(!has_abused_tld("example.com") && !has_abused_tld("xyz.example.org"));
    }
}
