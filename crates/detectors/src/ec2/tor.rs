//! An instance uses the Tor network, or serves it.

use std::time::Duration;

use engine::findings::{Data, FindingType};
use engine::model::{Scope, Severity};
use engine::{Context, Detector, Event, Flows, Interest, Out, Spec};

use crate::talkers::Talker;
use crate::talkers::tor::{self, Rules, State};

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

tunables! {
    /// Tor clients and relays.
    pub struct Tor {
        /// Whether the family is on.
        pub enabled: bool = true,
        /// Bytes in one flow record from which a connection to a relay counts. A Tor handshake takes about
        /// 3 kB; raising it misses short circuits.
        pub min_bytes: u64 = 1000,
        /// Different relays that connect to one instance from which it counts as a relay itself. Lower it to
        /// find young relays.
        pub relays: u64 = 10,
        /// Seconds within which the relays have to connect.
        pub window_secs: u32 = 86_400,
        /// Ports at which visitors are expected: Tor exits visit public web servers. Relays that connect
        /// there count only if the instance connects to as many itself.
        pub visitor_ports: Vec<u16> = vec![80, 443, 8080, 8443],
    }
}

impl Detector for Tor {
    type Reads = Flows;
    type State = State;

    const SPEC: Spec = Spec {
        name: "ec2/tor",
        scope: Scope::Interface,
        idle: Duration::from_hours(48),
        version: 2,
        types: &[&TOR_CLIENT, &TOR_RELAY],
        interest: Interest::Listed(tor::LISTED),
    };

    fn wants(&self, event: &Event<'_, Flows>) -> bool {
        self.enabled && tor::wants(event.row, self.min_bytes)
    }

    fn observe(
        &self,
        state: &mut State,
        event: &Event<'_, Flows>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let rules = Rules {
            talker: Talker::Instance,
            client: &TOR_CLIENT,
            relay: &TOR_RELAY,
            min_bytes: self.min_bytes,
            relays: self.relays,
            window_secs: self.window_secs,
            visitor_ports: &self.visitor_ports,
        };
        rules.observe(state, event, ctx, out);
    }
}
