//! An instance uses the Tor network, or serves it.

use engine::findings::{Data, FindingType};
use engine::model::Severity;

use crate::talkers::Talker;

/// A client.
pub const TOR_CLIENT: FindingType = FindingType {
    name: "UnauthorizedAccess:EC2/TorClient",
    severity: Severity::HIGH,
    title: "An EC2 instance connects to the Tor network",
    about: "The instance connected to a Tor guard or directory authority, as a Tor client does. Tor hides \
        where traffic goes: intruders use it to reach their servers and to carry data out.",
    detection: "A TCP connection that the instance started carried data (`min_bytes`) to an address on a \
        list of Tor relays.",
    false_positives: "Relays share addresses with other services, and their addresses change hands. Privacy \
        research, journalism and some messengers use Tor on purpose.",
    response: "Ask the owner whether Tor is meant to run there. If not, find the process (often `tor` under \
        another name), isolate the instance, and treat what it could read as stolen.",
    techniques: &["T1090.003"],
    data: &[Data::VpcFlow],
    aggregation: "instance; the remote address is that of the latest occurrence",
    is_own: false,
};

/// A relay.
pub const TOR_RELAY: FindingType = FindingType {
    name: "UnauthorizedAccess:EC2/TorRelay",
    severity: Severity::HIGH,
    title: "An EC2 instance serves as a Tor relay",
    about: "Many Tor relays connected to the instance, and it exchanged data with them, as a relay does. A \
        relay carries the traffic of strangers under your name.",
    detection: "Within `window_secs` the instance answered connections of at least `relays` different \
        addresses on a list of Tor relays, at ports other than `visitor_ports`; or it answered so many at \
        these and itself connected to as many relays, which clients with their few guards never do.",
    false_positives: "A public web server gets visits from Tor exits, which are relays as well: it is told \
        apart by its ports, and by not connecting to relays itself.",
    response: "Ask the owner whether a relay is meant to run there. If not, the instance is compromised: \
        isolate it. A relay that is meant to run should be on a trusted list.",
    techniques: &["T1090.003"],
    data: &[Data::VpcFlow],
    aggregation: "instance; the remote address is that of the latest occurrence",
    is_own: false,
};

tor_family! {
    /// Tor clients and relays.
    pub struct Tor: "ec2/tor", Talker::Instance
}
