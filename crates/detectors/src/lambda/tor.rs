//! A Lambda function uses the Tor network, or serves it.

use engine::findings::{Data, FindingType};
use engine::model::Severity;

use crate::talkers::Talker;

const AGGREGATION: &str = "function; the remote address is that of the latest occurrence";

/// A client.
pub const TOR_CLIENT: FindingType = FindingType {
    name: "UnauthorizedAccess:Lambda/TorClient",
    severity: Severity::HIGH,
    title: "A Lambda function connects to the Tor network",
    about: "The function connected to a Tor guard or directory authority, as a Tor client does. Functions have \
        no reason to hide whom they talk to: somebody may run their own code in it and carry data out.",
    detection: "A TCP connection that the function started carried data (`min_bytes`) to an address on a list \
        of Tor relays. Only functions with an interface in a VPC are seen, where its flow logs and the \
        interface's description are known.",
    false_positives: "Relays share addresses with other services, and their addresses change hands. Functions \
        with the same subnets and security groups share interfaces: the finding names the function that the \
        interface was made for.",
    response: "Find out which function of the interface's subnets and groups it was: look at its code, layers, \
        environment and recent deployments, and at who changed them. Set its reserved concurrency to 0, and \
        revoke the sessions of its role.",
    techniques: &["T1090.003"],
    data: &[Data::VpcFlow],
    aggregation: AGGREGATION,
    is_own: false,
};

/// A relay.
pub const TOR_RELAY: FindingType = FindingType {
    name: "UnauthorizedAccess:Lambda/TorRelay",
    severity: Severity::HIGH,
    title: "A Lambda function serves as a Tor relay",
    about: "Many Tor relays connected to the interface of a function, and it exchanged data with them, as a \
        relay does. A relay carries the traffic of strangers under your name.",
    detection: "Within `window_secs` the function's interface answered connections of at least `relays` \
        different addresses on a list of Tor relays, at ports other than `visitor_ports`; or it answered so \
        many at these and itself connected to as many relays, which clients with their few guards never do.",
    false_positives: "Functions do not accept connections from outside: there is no ordinary cause. An address \
        on a stale list is the most likely one.",
    response: "Set the function's reserved concurrency to 0 and look at its code, layers and recent \
        deployments. Functions with the same subnets and groups share the interface: look at all of them. \
        Revoke the sessions of its role.",
    techniques: &["T1090.003"],
    data: &[Data::VpcFlow],
    aggregation: AGGREGATION,
    is_own: false,
};

tor_family! {
    /// Lambda functions as Tor clients and relays.
    pub struct Tor: "lambda/tor", Talker::Function
}
