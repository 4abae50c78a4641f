//! An instance talks to an address that a threat list names.

use std::time::Duration;

use engine::findings::{Data, Draft, FindingType, Reason, ResourceRole};
use engine::intel::{Categories, Category, Indicator};
use engine::model::{Scope, Severity};
use engine::telemetry::Flow;
use engine::{Context, Detector, Ends, Event, Flows, Interest, LocalFlow, Out, Spec};

use super::lists::name_lists;

const AGGREGATION: &str = "instance; the remote address is that of the latest occurrence";
const FALSE_POSITIVES: &str = "Addresses change hands: cloud and hosting providers give a listed address to \
    somebody else within days. Check the age of the list's entry and what else is served at the address. \
    Security scanners and threat researchers contact listed addresses on purpose.";
const DETECTION: &str = "A VPC flow log record counts packets that the instance sent to an address on a list \
    of this category. Rejected packets count as well, marked as blocked: they show the intent. Answers to a \
    caller do not count where anybody gets them: TCP answers without data, as scans get them from open and \
    closed ports, all answers over UDP, and ICMP, where records do not tell a question from an answer.";

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP_V6: u8 = 58;
const SYN: u8 = 2;
const ACK: u8 = 16;
/// The largest TCP packet without data that hosts send: a SYN-ACK with its usual options, over IPv4.
const EMPTY_PACKET_BYTES: u64 = 60;
/// What an IPv6 header has more.
const MORE_OF_IPV6: u64 = 20;

/// Command and control.
pub const COMMAND_AND_CONTROL: FindingType = FindingType {
    name: "Backdoor:EC2/C&CActivity.B",
    severity: Severity::HIGH,
    title: "An EC2 instance talks to a command and control server",
    about: "The instance sent packets to an address that is associated with a known command and control \
        server. It may be part of a botnet and under somebody else's orders.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: "Isolate the instance and keep it running for evidence. Find the process behind the \
        connection, revoke the credentials of its role, and look for other instances that talk to the same \
        address.",
    techniques: &["T1071", "T1095"],
    data: &[Data::VpcFlow],
    aggregation: AGGREGATION,
    is_own: false,
};

/// Cryptocurrency.
pub const BITCOIN_TOOL: FindingType = FindingType {
    name: "CryptoCurrency:EC2/BitcoinTool.B",
    severity: Severity::HIGH,
    title: "An EC2 instance talks to an address of cryptocurrency activity",
    about: "The instance sent packets to an address that is associated with Bitcoin or another \
        cryptocurrency, such as a mining pool or a node. Miners are what most intruders install first.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: "If the instance is not meant to mine or to run a node, it is compromised: look for processes \
        with high CPU use, isolate it, and find out how the miner got there.",
    techniques: &["T1496"],
    data: &[Data::VpcFlow],
    aggregation: AGGREGATION,
    is_own: false,
};

/// Black holes.
pub const BLACKHOLE: FindingType = FindingType {
    name: "Trojan:EC2/BlackholeTraffic",
    severity: Severity::MEDIUM,
    title: "An EC2 instance talks to a black hole",
    about: "The instance sent packets to the address of a known black hole or sinkhole: a host to which \
        the traffic of disarmed malware is led. Whoever sends packets there may be infected.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: "Find the process that sends. The malware's channel is dead, but the infection is not: treat \
        the instance as compromised until the process is known.",
    techniques: &["T1071"],
    data: &[Data::VpcFlow],
    aggregation: AGGREGATION,
    is_own: false,
};

/// Drop points.
pub const DROP_POINT: FindingType = FindingType {
    name: "Trojan:EC2/DropPoint",
    severity: Severity::MEDIUM,
    title: "An EC2 instance talks to a drop point",
    about: "The instance sent packets to a remote host that is known to hold credentials and other stolen \
        data captured by malware.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: "Look at how much the instance sent there and since when. Treat every secret that it could \
        read as stolen, and isolate it.",
    techniques: &["T1041"],
    data: &[Data::VpcFlow],
    aggregation: AGGREGATION,
    is_own: false,
};

/// The customer's own list.
pub const CUSTOM: FindingType = FindingType {
    name: "UnauthorizedAccess:EC2/MaliciousIPCaller.Custom",
    severity: Severity::MEDIUM,
    title: "An EC2 instance talks to an address on your threat list",
    about: "The instance and an address on a threat list that you uploaded exchanged packets. What that \
        means is what the list means: you said that nobody should talk to its addresses.",
    detection: DETECTION,
    false_positives: "The list is your own: an entry that should not be there is the only false positive. A \
        trusted list that names the address suppresses the finding.",
    response: "Check why the address is on the list and who put it there, then what the instance exchanged \
        with it. Block the address at the network ACL if nobody needs it.",
    techniques: &["T1071"],
    data: &[Data::VpcFlow],
    aggregation: AGGREGATION,
    is_own: false,
};

/// Which category of list raises which type.
const TYPES: [(Category, &FindingType); 5] = [
    (Category::CommandAndControl, &COMMAND_AND_CONTROL),
    (Category::MiningPool, &BITCOIN_TOOL),
    (Category::Sinkhole, &BLACKHOLE),
    (Category::DropPoint, &DROP_POINT),
    (Category::Threat, &CUSTOM),
];

const LISTED: Categories = Categories::of(&[
    Category::CommandAndControl,
    Category::MiningPool,
    Category::Sinkhole,
    Category::DropPoint,
    Category::Threat,
]);

tunables! {
    /// Addresses on threat lists that instances talk to.
    pub struct ThreatList {
        /// Whether the family is on.
        pub enabled: bool = true,
    }
}

impl Detector for ThreatList {
    type Reads = Flows;
    type State = ();

    const SPEC: Spec = Spec {
        name: "ec2/threat_list",
        scope: Scope::Interface,
        idle: Duration::from_hours(1),
        version: 1,
        types: &[&COMMAND_AND_CONTROL, &BITCOIN_TOOL, &BLACKHOLE, &DROP_POINT, &CUSTOM],
        interest: Interest::Listed(LISTED),
    };

    // Packets that only arrive say nothing about us: anybody can send them. Our answer is a line of its own,
    // and what any scan gets from us says as little.
    fn wants(&self, event: &Event<'_, Flows>) -> bool {
        self.enabled && event.row.is_outbound && !is_mere_answer(event.row)
    }

    fn observe(&self, (): &mut (), event: &Event<'_, Flows>, ctx: &Context<'_>, out: &mut Out<'_>) {
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
    event: &Event<'_, Flows>,
    ctx: &Context<'_>,
) -> Draft {
    let flow = event.row;
    let mut draft = ctx.instance_draft(finding_type, event.time());
    let (instance, remote) = (draft.key.clone(), flow.remote.to_string());
    let named = (event.verdict, Indicator::Address(flow.remote));
    name_lists(&mut draft, ctx, named, Categories::of(&[category]));
    let list = draft.intel.first().map_or("", |it| it.threat_list_name.as_str()).to_owned();
    (draft.title, draft.description) = texts(category, &instance, &remote, &list);
    let is_ours = is_ours(flow);
    draft.role = if is_ours == Some(false) { ResourceRole::Target } else { ResourceRole::Actor };
    draft.action = ctx.network_action(Ends { is_outbound: is_ours, ..Ends::from(flow) });
    draft.evidence.push(event.evidence());
    draft.reasons.push(Reason::new("remote address on a list", remote, category.as_str()));
    draft
}

/// Whether we started the connection of an outbound line, as far as the line tells: a SYN says so for
/// certain, otherwise whoever has the lower port was called.
pub(crate) fn is_ours(flow: &LocalFlow) -> Option<bool> {
    if flow.protocol == TCP && flow.marks & Flow::HAS_TCP_FLAGS != 0 && flow.tcp_flags & SYN != 0 {
        return Some(flow.tcp_flags & ACK == 0);
    }
    Ends::from(flow).is_outbound
}

/// Whether the line may hold nothing but what any caller gets.
fn is_mere_answer(flow: &LocalFlow) -> bool {
    match flow.protocol {
        TCP => is_empty_answer(flow),
        UDP => is_ours(flow) == Some(false),
        ICMP | ICMP_V6 => true,
        _ => false,
    }
}

/// Whether the line holds nothing but handshakes, acknowledgements and resets that answer a caller.
fn is_empty_answer(flow: &LocalFlow) -> bool {
    let empty = match flow.remote.v4() {
        Some(_) => EMPTY_PACKET_BYTES,
        None => EMPTY_PACKET_BYTES + MORE_OF_IPV6,
    };
    flow.bytes <= empty * u64::from(flow.packets) && is_ours(flow) == Some(false)
}

fn texts(category: Category, instance: &str, remote: &str, list: &str) -> (String, String) {
    let what = match category {
        Category::CommandAndControl => "a known Command & Control server",
        Category::MiningPool => "a remote host that is associated with cryptocurrency activity",
        Category::Sinkhole => "a remote host that is a known black hole",
        Category::DropPoint => {
            return (
                format!("EC2 instance {instance} is communicating with a Drop Point."),
                format!(
                    "EC2 instance {instance} is communicating with a remote host {remote} that is known \
                     to hold credentials and other stolen data captured by malware."
                ),
            );
        }
        _ => {
            return (
                format!("EC2 instance {instance} communicating with disallowed IP address."),
                format!(
                    "EC2 instance {instance} is communicating with a disallowed IP address {remote} on \
                     the list {list}."
                ),
            );
        }
    };
    (
        format!("EC2 instance {instance} is communicating with {what}."),
        format!(
            "EC2 instance {instance} is communicating with {what}: {remote}, on the list {list}."
        ),
    )
}

#[cfg(test)]
mod tests {
    use engine::model::Addr;

    use super::*;

    /// `local port, remote port, packets, bytes, flags`; no flags as in version 2 where they are 0.
    fn flow(of: (u16, u16, u32, u64, u8)) -> LocalFlow {
        let (local_port, remote_port, packets, bytes, tcp_flags) = of;
        LocalFlow {
            remote: Addr::from_v4(0xc633_6407),
            local: Addr::UNSPECIFIED,
            bytes,
            packets,
            start: 0,
            end: 0,
            row: 0,
            local_port,
            remote_port,
            protocol: TCP,
            tcp_flags,
            marks: if tcp_flags == 0 { 0 } else { Flow::HAS_TCP_FLAGS },
            is_outbound: true,
        }
    }

    #[test]
    fn what_a_scan_gets_is_an_empty_answer() {
        for it in [(22, 40_000, 1, 40, 4), (443, 40_000, 2, 120, 18), (80, 40_000, 1, 40, 0)] {
            assert!(is_empty_answer(&flow(it)), "{it:?}");
        }
        // Data, our own attempts, and an attempt of ours at a higher port.
        for it in [(443, 40_000, 5, 900, 18), (40_000, 443, 1, 60, 0), (40_000, 50_000, 1, 60, 2)] {
            assert!(!is_empty_answer(&flow(it)), "{it:?}");
        }
    }

    #[test]
    fn what_anybody_gets_over_udp_and_icmp_is_a_mere_answer() {
        let over = |protocol, local_port, remote_port| LocalFlow {
            protocol,
            ..flow((local_port, remote_port, 3, 900, 0))
        };
        assert!(is_mere_answer(&over(UDP, 53, 40_000)) && is_mere_answer(&over(ICMP, 0, 0)));
        assert!(!is_mere_answer(&over(UDP, 40_000, 53)) && !is_mere_answer(&over(47, 0, 0)));
        assert!(!is_mere_answer(&over(TCP, 443, 40_000)), "data");
    }

    #[test]
    fn a_syn_says_more_than_the_ports() {
        assert_eq!(is_ours(&flow((40_000, 50_000, 1, 60, 2))), Some(true));
        assert_eq!(is_ours(&flow((50_000, 40_000, 9, 900, 19))), Some(false));
        assert_eq!(is_ours(&flow((50_000, 40_000, 9, 900, 0))), Some(true));
    }
}
