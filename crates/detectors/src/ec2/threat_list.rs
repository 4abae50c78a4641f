//! An instance talks to an address that a threat list names.

use engine::findings::{Data, FindingType};
use engine::model::Severity;

use crate::talkers::Talker;
pub(crate) use crate::talkers::is_ours;

const AGGREGATION: &str = "instance; the remote address is that of the latest occurrence";
const FALSE_POSITIVES: &str = "Addresses change hands: cloud and hosting providers give a listed address to \
    somebody else within days. Check the age of the list's entry and what else is served at the address. \
    Security scanners and threat researchers contact listed addresses on purpose.";
const DETECTION: &str = "A VPC flow log record counts packets that the instance sent to an address on a list \
    of this category. Rejected packets count as well, marked as blocked: they show the intent. Answers to a \
    caller do not count where anybody gets them: TCP answers without data, as scans get them from open and \
    closed ports, all answers over UDP, and ICMP, where records do not tell a question from an answer.";

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

listed_family! {
    /// Addresses on threat lists that instances talk to.
    pub struct ThreatList: "ec2/threat_list", Talker::Instance
}
