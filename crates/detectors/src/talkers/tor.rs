//! Clients and relays of the Tor network.

use engine::findings::{Draft, EvidenceRef, FindingType, Reason, ResourceRole};
use engine::intel::{Categories, Category, Indicator};
use engine::model::Timestamp;
use engine::stats::Distinct;
use engine::{Context, Ends, Event, Flows, LocalFlow, Out};
use serde::{Deserialize, Serialize};

use super::{TCP, Talker, is_ours};
use crate::ec2::lists::name_lists;

/// The categories of lists that are looked at.
pub(crate) const LISTED: Categories = Categories::of(&[Category::TorRelay]);
/// Evidence kept in the state; the event that completes the count is the eighth.
const KEPT: usize = 7;

/// Declares a family of Tor traffic: the settings and the detector. After its name stand that of the file and
/// who talks; constants `TOR_CLIENT` and `TOR_RELAY` are the types.
macro_rules! tor_family {
    ($(#[doc = $doc:literal])* pub struct $name:ident: $family:literal, $talker:expr) => {
        tunables! {
            $(#[doc = $doc])*
            pub struct $name {
                /// Whether the family is on.
                pub enabled: bool = true,
                /// Bytes in one flow record from which a connection to a relay counts. A Tor handshake takes about
                /// 3 kB; raising it misses short circuits.
                pub min_bytes: u64 = 1000,
                /// Different relays that connect to one interface from which it counts as a relay's itself. Lower
                /// it to find young relays.
                pub relays: u64 = 10,
                /// Seconds within which the relays have to connect.
                pub window_secs: u32 = 86_400,
                /// Ports at which visitors are expected: Tor exits visit public web servers. Relays that connect
                /// there count only if the interface connects to as many itself.
                pub visitor_ports: Vec<u16> = vec![80, 443, 8080, 8443],
            }
        }

        impl engine::Detector for $name {
            type Reads = engine::Flows;
            type State = $crate::talkers::tor::State;

            const SPEC: engine::Spec = engine::Spec {
                name: $family,
                scope: engine::model::Scope::Interface,
                idle: std::time::Duration::from_hours(48),
                version: $crate::talkers::tor::STATE_VERSION,
                types: &[&TOR_CLIENT, &TOR_RELAY],
                interest: engine::Interest::Listed($crate::talkers::tor::LISTED),
            };

            fn wants(&self, event: &engine::Event<'_, engine::Flows>) -> bool {
                self.enabled && $crate::talkers::tor::wants(event.row, self.min_bytes)
            }

            fn observe(
                &self,
                state: &mut $crate::talkers::tor::State,
                event: &engine::Event<'_, engine::Flows>,
                ctx: &engine::Context<'_>,
                out: &mut engine::Out<'_>,
            ) {
                let rules = $crate::talkers::tor::Rules {
                    talker: $talker,
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
    };
}

/// Version of [`State`].
pub(crate) const STATE_VERSION: u16 = 2;

/// What a family of Tor traffic is set to, and the types that it raises.
pub(crate) struct Rules<'r> {
    pub(crate) talker: Talker,
    pub(crate) client: &'static FindingType,
    pub(crate) relay: &'static FindingType,
    /// Bytes in one flow record from which a connection to a relay counts.
    pub(crate) min_bytes: u64,
    /// Different relays from which the talker counts as a relay itself.
    pub(crate) relays: u64,
    pub(crate) window_secs: u32,
    pub(crate) visitor_ports: &'r [u16],
}

/// Relays that connected to the talker, and those that it connected to.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    window_start: u32,
    relays: Distinct,
    /// Those that connected to a port of visitors.
    visitors: Distinct,
    called: Distinct,
    evidence: Vec<EvidenceRef>,
}

/// Whether a line may be talk with a relay.
pub(crate) fn wants(flow: &LocalFlow, min_bytes: u64) -> bool {
    flow.is_outbound && flow.protocol == TCP && flow.bytes >= min_bytes && !flow.is_rejected()
}

impl Rules<'_> {
    pub(crate) fn observe(
        &self,
        state: &mut State,
        event: &Event<'_, Flows>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let flow = event.row;
        if !self.talker.owns(ctx, event.time()) {
            return;
        }
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
        let draft = match state.relays_seen(self.relays) {
            Some(relays) => self.relay(state, relays, event, ctx),
            None if is_client => self.client(event, ctx),
            None => None,
        };
        if let Some(draft) = draft {
            out.raise(draft);
        }
        if !is_client && state.evidence.len() < KEPT {
            state.evidence.push(event.evidence());
        }
    }

    fn relay(
        &self,
        state: &State,
        relays: u64,
        event: &Event<'_, Flows>,
        ctx: &Context<'_>,
    ) -> Option<Draft> {
        let (mut draft, subject) = self.draft(self.relay, event, ctx)?;
        draft.title = format!("{subject} is communicating with Tor network as a Tor relay.");
        draft.description = format!(
            "{subject} is making connections to the Tor network as a Tor relay: {relays} relays connected to \
             it."
        );
        draft.role = ResourceRole::Target;
        draft.first = state.evidence.iter().map(|it| it.time).fold(draft.first, Timestamp::min);
        draft.evidence.extend(&state.evidence);
        draft.reasons.push(Reason::new(
            "different relays",
            relays,
            format!("relays = {}", self.relays),
        ));
        Some(draft)
    }

    fn client(&self, event: &Event<'_, Flows>, ctx: &Context<'_>) -> Option<Draft> {
        let (mut draft, subject) = self.draft(self.client, event, ctx)?;
        draft.title = format!("{subject} is communicating with Tor Entry node.");
        draft.description = format!(
            "{subject} is communicating with IP address {} on the Tor network as a client.",
            event.row.remote
        );
        draft.role = ResourceRole::Actor;
        let threshold = format!("min_bytes = {}", self.min_bytes);
        draft.reasons.push(Reason::new("bytes to a Tor relay", event.row.bytes, threshold));
        Some(draft)
    }

    fn draft(
        &self,
        finding_type: &'static FindingType,
        event: &Event<'_, Flows>,
        ctx: &Context<'_>,
    ) -> Option<(Draft, String)> {
        let (mut draft, subject) = self.talker.draft(finding_type, ctx, event.time())?;
        name_lists(&mut draft, ctx, (event.verdict, Indicator::Address(event.row.remote)), LISTED);
        let is_outbound = is_ours(event.row);
        draft.action = ctx.network_action(Ends { is_outbound, ..Ends::from(event.row) });
        draft.evidence.push(event.evidence());
        Some((draft, subject))
    }
}

impl State {
    /// The relays that connected, if they make the talker one.
    fn relays_seen(&self, least: u64) -> Option<u64> {
        let [relays, visitors, called] =
            [&self.relays, &self.visitors, &self.called].map(Distinct::estimate);
        let is_relay = relays >= least || relays + visitors >= least && called >= least;
        is_relay.then_some(relays + visitors)
    }
}
