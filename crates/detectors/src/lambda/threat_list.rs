//! A Lambda function talks to an address that a threat list names.

use engine::findings::{Data, FindingType};
use engine::model::Severity;

use crate::talkers::Talker;

const AGGREGATION: &str = "function; the remote address is that of the latest occurrence";
const FALSE_POSITIVES: &str = "Addresses change hands: cloud and hosting providers give a listed address to \
    somebody else within days. Check the age of the list's entry and what else is served at the address. \
    Functions with the same subnets and security groups share interfaces: the finding names the function that \
    the interface was made for.";
const DETECTION: &str = "A VPC flow log record of a Lambda interface counts packets that it sent to an address \
    on a list of this category. Rejected packets count as well, marked as blocked: they show the intent. \
    Functions without a VPC leave no flow records, and an interface is known as Lambda's by its description or \
    type, from CreateNetworkInterface or a description of interfaces.";
const RESPONSE: &str = "Find out which function it was, where several share the interface: look at their code, \
    layers, environment and recent deployments, and at who changed them. If the talk is not part of the \
    function's work, set its reserved concurrency to 0, revoke the sessions of its role, and treat what the \
    role could read as stolen.";

/// Command and control.
pub const COMMAND_AND_CONTROL: FindingType = FindingType {
    name: "Backdoor:Lambda/C&CActivity.B",
    severity: Severity::HIGH,
    title: "A Lambda function talks to a command and control server",
    about: "The function sent packets to an address that is associated with a known command and control \
        server. Its code, a layer or a library that it loads may be under somebody else's orders.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE,
    techniques: &["T1071", "T1648"],
    data: &[Data::VpcFlow],
    aggregation: AGGREGATION,
    is_own: false,
};

/// Cryptocurrency.
pub const BITCOIN_TOOL: FindingType = FindingType {
    name: "CryptoCurrency:Lambda/BitcoinTool.B",
    severity: Severity::HIGH,
    title: "A Lambda function talks to an address of cryptocurrency activity",
    about: "The function sent packets to an address that is associated with Bitcoin or another \
        cryptocurrency, such as a mining pool or a node. Miners in functions cost money with every \
        invocation.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: "Functions that deal with a blockchain on purpose belong on a trusted list. Otherwise look for \
        invocations that run up to their time-out, and at the code, layers and recent deployments of the \
        function. Set its reserved concurrency to 0 and revoke the sessions of its role.",
    techniques: &["T1496", "T1648"],
    data: &[Data::VpcFlow],
    aggregation: AGGREGATION,
    is_own: false,
};

/// Black holes.
pub const BLACKHOLE: FindingType = FindingType {
    name: "Trojan:Lambda/BlackholeTraffic",
    severity: Severity::MEDIUM,
    title: "A Lambda function talks to a black hole",
    about: "The function sent packets to the address of a known black hole or sinkhole: a host to which the \
        traffic of disarmed malware is led. The code that sends packets there may be malware.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE,
    techniques: &["T1071", "T1648"],
    data: &[Data::VpcFlow],
    aggregation: AGGREGATION,
    is_own: false,
};

/// Drop points.
pub const DROP_POINT: FindingType = FindingType {
    name: "Trojan:Lambda/DropPoint",
    severity: Severity::MEDIUM,
    title: "A Lambda function talks to a drop point",
    about: "The function sent packets to a remote host that is known to hold credentials and other stolen \
        data captured by malware. Functions hold the credentials of their role in their environment.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE,
    techniques: &["T1041", "T1648"],
    data: &[Data::VpcFlow],
    aggregation: AGGREGATION,
    is_own: false,
};

/// The customer's own list.
pub const CUSTOM: FindingType = FindingType {
    name: "UnauthorizedAccess:Lambda/MaliciousIPCaller.Custom",
    severity: Severity::MEDIUM,
    title: "A Lambda function talks to an address on your threat list",
    about: "The function and an address on a threat list that you uploaded exchanged packets. What that means \
        is what the list means: you said that nobody should talk to its addresses.",
    detection: DETECTION,
    false_positives: "The list is your own: an entry that should not be there is the only false positive. A \
        trusted list that names the address suppresses the finding.",
    response: "Check why the address is on the list and who put it there, then why the function needs it. \
        Block the address at the network ACL of the function's subnets if nobody needs it.",
    techniques: &["T1071"],
    data: &[Data::VpcFlow],
    aggregation: AGGREGATION,
    is_own: false,
};

listed_family! {
    /// Addresses on threat lists that Lambda functions talk to.
    pub struct ThreatList: "lambda/threat_list", Talker::Function
}
