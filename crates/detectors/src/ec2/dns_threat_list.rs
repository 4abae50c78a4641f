//! An instance asks for a name that a threat list names.

use std::time::Duration;

use engine::findings::{Data, Draft, FindingType, Reason, ResourceRole};
use engine::intel::{Categories, Category, Indicator};
use engine::model::{Scope, Severity};
use engine::{Context, Detector, DnsQueries, Event, Interest, Out, Spec};

use super::lists::name_lists;

const AGGREGATION: &str = "instance and registrable domain";
const DETECTION: &str = "A query in the Route 53 Resolver query log asks for a name that is on a list of \
    this category, or for a name below it. Every answer counts, NXDOMAIN included: the attempt is the sign.";
const FALSE_POSITIVES: &str = "Security tools, mail filters and analysts look listed names up without \
    contacting them; a host with such a role asks for many unrelated listed names. Lists age: check when \
    the list was last refreshed and whether the name still belongs to the threat.";

/// Command and control.
pub const COMMAND_AND_CONTROL: FindingType = FindingType {
    name: "Backdoor:EC2/C&CActivity.B!DNS",
    severity: Severity::HIGH,
    title: "An EC2 instance asks for a command and control server's name",
    about: "The instance asked for a domain name that is associated with a known command and control \
        server. Malware asks for such names to get its orders.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: "Find the process that asks (the resolver log names the instance, not the process). Isolate \
        the instance, take a snapshot of its volumes, and look for other instances that asked for the same \
        domain. Revoke the credentials of its role.",
    techniques: &["T1071.004", "T1568"],
    data: &[Data::ResolverQuery],
    aggregation: AGGREGATION,
    is_own: false,
};

/// Cryptocurrency.
pub const BITCOIN_TOOL: FindingType = FindingType {
    name: "CryptoCurrency:EC2/BitcoinTool.B!DNS",
    severity: Severity::HIGH,
    title: "An EC2 instance asks for a name of cryptocurrency activity",
    about: "The instance asked for a domain name that is associated with Bitcoin or another cryptocurrency, \
        such as a mining pool. Miners are what most intruders install first.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: "If the instance is not meant to mine or to handle cryptocurrency, it is compromised: look for \
        processes with high CPU use, isolate it, and find out how the miner got there.",
    techniques: &["T1496"],
    data: &[Data::ResolverQuery],
    aggregation: AGGREGATION,
    is_own: false,
};

/// Black holes.
pub const BLACKHOLE: FindingType = FindingType {
    name: "Trojan:EC2/BlackholeTraffic!DNS",
    severity: Severity::MEDIUM,
    title: "An EC2 instance asks for a name that leads into a black hole",
    about: "The instance asked for a domain name that is redirected to a black hole or sinkhole: somebody \
        took the name away from malware that used it. Whoever still asks may be infected.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: "Find the process that asks. The malware's own channel is dead, but the infection is not: \
        treat the instance as compromised until the process is known.",
    techniques: &["T1071.004"],
    data: &[Data::ResolverQuery],
    aggregation: AGGREGATION,
    is_own: false,
};

/// Drive-by downloads.
pub const DRIVE_BY: FindingType = FindingType {
    name: "Trojan:EC2/DriveBySourceTraffic!DNS",
    severity: Severity::HIGH,
    title: "An EC2 instance asks for a source of drive-by downloads",
    about: "The instance asked for a domain name that is known for drive-by downloads: unintended downloads \
        of software that install a virus, spyware or a trojan.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: "Find out who browses from this instance. Check recent downloads and new processes, and scan \
        its volumes.",
    techniques: &["T1189"],
    data: &[Data::ResolverQuery],
    aggregation: AGGREGATION,
    is_own: false,
};

/// Drop points.
pub const DROP_POINT: FindingType = FindingType {
    name: "Trojan:EC2/DropPoint!DNS",
    severity: Severity::MEDIUM,
    title: "An EC2 instance asks for the name of a drop point",
    about: "The instance asked for the name of a remote host that is known to hold credentials and other \
        stolen data captured by malware.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: "Look at what the instance sent out after the query (VPC flow logs). Treat every secret that \
        it could read as stolen.",
    techniques: &["T1041"],
    data: &[Data::ResolverQuery],
    aggregation: AGGREGATION,
    is_own: false,
};

/// Phishing.
pub const PHISHING: FindingType = FindingType {
    name: "Trojan:EC2/PhishingDomainRequest!DNS",
    severity: Severity::HIGH,
    title: "An EC2 instance asks for a phishing domain",
    about: "The instance asked for a domain that takes part in phishing attacks. Either somebody followed a \
        phishing link from this instance, or the instance itself serves a phishing campaign.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: "Find out whether a person works on this instance and entered credentials; change them. If \
        nobody does, look for a mail or web process that does not belong there.",
    techniques: &["T1566.002"],
    data: &[Data::ResolverQuery],
    aggregation: AGGREGATION,
    is_own: false,
};

/// Generated names of known malware.
pub const KNOWN_DGA: FindingType = FindingType {
    name: "Trojan:EC2/DGADomainRequest.C!DNS",
    severity: Severity::HIGH,
    title: "An EC2 instance asks for a name that known malware generates",
    about: "The instance asked for a domain name that a domain generation algorithm of known malware makes. \
        Malware asks for many such names until one of them answers.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: "Find the process that asks. Several different names of this kind from one instance leave \
        little doubt: isolate it.",
    techniques: &["T1568.002"],
    data: &[Data::ResolverQuery],
    aggregation: AGGREGATION,
    is_own: false,
};

/// The customer's own list.
pub const CUSTOM: FindingType = FindingType {
    name: "Impact:EC2/MaliciousDomainRequest.Custom",
    severity: Severity::MEDIUM,
    title: "An EC2 instance asks for a name on your threat list",
    about: "The instance asked for a domain name on a threat list that you uploaded. What that means is what \
        the list means: you said that nobody should ask for its names.",
    detection: "A query in the Route 53 Resolver query log asks for a name that is on a threat list of your \
        own. A plain entry stands for that very name, `*.x` for the names below `x`. Every answer counts, \
        NXDOMAIN included: the attempt is the sign.",
    false_positives: "The list is your own: an entry that should not be there is the only false positive. A \
        trusted list that names the domain suppresses the finding.",
    response: "Check why the name is on the list and who put it there, then which process asked for it and \
        what the instance exchanged with the addresses in the answer. Block the name with DNS Firewall if \
        nobody needs it.",
    techniques: &["T1071.004"],
    data: &[Data::ResolverQuery],
    aggregation: AGGREGATION,
    is_own: false,
};

/// Which category of list raises which type, most specific first.
const TYPES: [(Category, &FindingType); 8] = [
    (Category::CommandAndControl, &COMMAND_AND_CONTROL),
    (Category::MiningPool, &BITCOIN_TOOL),
    (Category::Sinkhole, &BLACKHOLE),
    (Category::DriveBy, &DRIVE_BY),
    (Category::DropPoint, &DROP_POINT),
    (Category::Phishing, &PHISHING),
    (Category::Dga, &KNOWN_DGA),
    (Category::Threat, &CUSTOM),
];

const LISTED: Categories = Categories::of(&[
    Category::CommandAndControl,
    Category::MiningPool,
    Category::Sinkhole,
    Category::DriveBy,
    Category::DropPoint,
    Category::Phishing,
    Category::Dga,
    Category::Threat,
]);

tunables! {
    /// Names on threat lists, asked for by instances.
    pub struct DnsThreatList {
        /// Whether the family is on.
        pub enabled: bool = true,
    }
}

impl Detector for DnsThreatList {
    type Reads = DnsQueries;
    type State = ();

    const SPEC: Spec = Spec {
        name: "ec2/dns_threat_list",
        scope: Scope::Host,
        idle: Duration::from_hours(1),
        version: 1,
        types: &[
            &COMMAND_AND_CONTROL,
            &BITCOIN_TOOL,
            &BLACKHOLE,
            &DRIVE_BY,
            &DROP_POINT,
            &PHISHING,
            &KNOWN_DGA,
            &CUSTOM,
        ],
        interest: Interest::Listed(LISTED),
    };

    fn wants(&self, _: &Event<'_, DnsQueries>) -> bool {
        self.enabled
    }

    fn observe(
        &self,
        (): &mut (),
        event: &Event<'_, DnsQueries>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        for (category, finding_type) in TYPES {
            if event.listed.contains(category) {
                out.raise(draft(finding_type, category, event, ctx));
            }
        }
    }
}

fn draft(
    finding_type: &'static FindingType,
    category: Category,
    event: &Event<'_, DnsQueries>,
    ctx: &Context<'_>,
) -> Draft {
    let mut draft = ctx.instance_draft(finding_type, event.time());
    let (instance, domain) = (draft.key.clone(), event.registrable());
    draft.key = format!("{instance} {domain}");
    draft.role = ResourceRole::Target;
    let (what, meaning) = texts(category);
    draft.title = format!("{what} domain name queried by EC2 instance {instance}.");
    draft.description =
        format!("EC2 instance {instance} is querying a domain name {meaning}: {}.", event.name());
    draft.action = ctx.dns_action(event);
    let named = (event.verdict, Indicator::Name(event.name()));
    name_lists(&mut draft, ctx, named, Categories::of(&[category]));
    draft.additional.insert("domain".to_owned(), event.name().into());
    draft.evidence.push(event.evidence());
    draft.reasons.push(Reason::new("name on a list", event.name(), category.as_str()));
    draft
}

/// What the name is called in the title, and what the description says of it.
fn texts(category: Category) -> (&'static str, &'static str) {
    match category {
        Category::CommandAndControl => {
            ("Command and Control server", "associated with a known Command & Control server")
        }
        Category::MiningPool => {
            ("Bitcoin-related", "that is associated with cryptocurrency-related activity")
        }
        Category::Sinkhole => ("Black hole", "that is being redirected to a black hole IP address"),
        Category::DriveBy => ("Drive By Download", "that is a known source of drive-by downloads"),
        Category::DropPoint => (
            "Drop Point",
            "of a remote host that is known to hold credentials and other stolen data captured by \
             malware",
        ),
        Category::Phishing => ("Phishing", "involved in phishing attacks"),
        Category::Threat => ("Custom threat list", "that is on a custom threat list"),
        _ => ("DGA", "that a domain generation algorithm of known malware makes"),
    }
}
