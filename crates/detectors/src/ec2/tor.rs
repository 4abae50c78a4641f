//! An instance uses the Tor network, or serves it.

use std::time::Duration;

use engine::findings::{Data, Draft, EvidenceRef, FindingType, Reason, ResourceRole};
use engine::intel::{Categories, Category, Indicator};
use engine::model::{Scope, Severity, Timestamp};
use engine::stats::Distinct;
use engine::{Context, Detector, Ends, Event, Flows, Interest, Out, Spec};
use serde::{Deserialize, Serialize};

use super::lists::name_lists;
use super::threat_list::is_ours;

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

const LISTED: Categories = Categories::of(&[Category::TorRelay]);
const TCP: u8 = 6;
/// Evidence kept in the state; the event that completes the count is the eighth.
const KEPT: usize = 7;

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

/// Relays that connected to the instance, and those that it connected to.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    window_start: u32,
    relays: Distinct,
    /// Those that connected to a port of visitors.
    visitors: Distinct,
    called: Distinct,
    evidence: Vec<EvidenceRef>,
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
        interest: Interest::Listed(LISTED),
    };

    fn wants(&self, event: &Event<'_, Flows>) -> bool {
        let flow = event.row;
        self.enabled
            && flow.is_outbound
            && flow.protocol == TCP
            && flow.bytes >= self.min_bytes
            && !flow.is_rejected()
    }

    fn observe(
        &self,
        state: &mut State,
        event: &Event<'_, Flows>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let flow = event.row;
        if flow.start.saturating_sub(state.window_start) > self.window_secs {
            *state = State { window_start: flow.start, ..State::default() };
        }
        let is_client = is_ours(flow) == Some(true);
        let set = if is_client {
            &mut state.called
        } else if self.visitor_ports.contains(&flow.local_port) {
            &mut state.visitors
        } else {
            &mut state.relays
        };
        set.insert(flow.remote.key());
        let relays = state.relays_seen(self.relays);
        if let Some(relays) = relays {
            out.raise(self.relay(state, relays, event, ctx));
        } else if is_client {
            out.raise(client(event, ctx, self));
        }
        if !is_client && state.evidence.len() < KEPT {
            state.evidence.push(event.evidence());
        }
    }
}

impl State {
    /// The relays that connected, if they make the instance one.
    fn relays_seen(&self, least: u64) -> Option<u64> {
        let [relays, visitors, called] =
            [&self.relays, &self.visitors, &self.called].map(Distinct::estimate);
        let is_relay = relays >= least || relays + visitors >= least && called >= least;
        is_relay.then_some(relays + visitors)
    }
}

impl Tor {
    fn relay(
        &self,
        state: &State,
        relays: u64,
        event: &Event<'_, Flows>,
        ctx: &Context<'_>,
    ) -> Draft {
        let mut draft = draft(&TOR_RELAY, event, ctx);
        let instance = draft.key.clone();
        draft.title =
            format!("EC2 instance {instance} is communicating with Tor network as a Tor relay.");
        draft.description = format!(
            "EC2 instance {instance} is making connections to the Tor network as a Tor relay: {relays} \
             relays connected to it."
        );
        draft.role = ResourceRole::Target;
        draft.first = state.evidence.iter().map(|it| it.time).fold(draft.first, Timestamp::min);
        draft.evidence.extend(&state.evidence);
        draft.reasons.push(Reason::new(
            "different relays",
            relays,
            format!("relays = {}", self.relays),
        ));
        draft
    }
}

fn client(event: &Event<'_, Flows>, ctx: &Context<'_>, settings: &Tor) -> Draft {
    let mut draft = draft(&TOR_CLIENT, event, ctx);
    let instance = draft.key.clone();
    draft.title = format!("EC2 instance {instance} is communicating with Tor Entry node.");
    draft.description = format!(
        "EC2 instance {instance} is communicating with IP address {} on the Tor network as a client.",
        event.row.remote
    );
    draft.role = ResourceRole::Actor;
    let threshold = format!("min_bytes = {}", settings.min_bytes);
    draft.reasons.push(Reason::new("bytes to a Tor relay", event.row.bytes, threshold));
    draft
}

fn draft(finding_type: &'static FindingType, event: &Event<'_, Flows>, ctx: &Context<'_>) -> Draft {
    let mut draft = ctx.instance_draft(finding_type, event.time());
    name_lists(&mut draft, ctx, (event.verdict, Indicator::Address(event.row.remote)), LISTED);
    let is_outbound = is_ours(event.row);
    draft.action = ctx.network_action(Ends { is_outbound, ..Ends::from(event.row) });
    draft.evidence.push(event.evidence());
    draft
}
