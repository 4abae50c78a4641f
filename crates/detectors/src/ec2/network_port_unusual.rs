//! An instance talks to a server port that it has never used.

use std::time::Duration;

use engine::findings::{Data, Draft, EvidenceRef, FindingType, Reason, ResourceRole};
use engine::model::{Scope, Severity};
use engine::stats::BoundedMap;
use engine::{
    Connection, Connections, Context, Detector, Ends, Event, Interest, Out, Outcome, Profile, Spec,
};
use serde::{Deserialize, Serialize};

use crate::attempts::is_trusted;

/// An unusual server port.
pub const NETWORK_PORT_UNUSUAL: FindingType = FindingType {
    name: "Behavior:EC2/NetworkPortUnusual",
    severity: Severity::MEDIUM,
    title: "An EC2 instance talks to a server port that it has never used",
    about: "The instance connected to a port of a public host that it has not used in weeks. Most instances use the same few ports for years, so a new one is worth a \
        look: command channels, miners and tunnels often listen on odd ports. Ports 389 and 1389 (LDAP) \
        are rated High, since the Log4j vulnerability is used by calling back there.",
    detection: "Answered connections of the instance to a port below 32768 (UDP: below 10000) of a public \
        address that is none of `everyday_ports`, `min_connections` of them or `min_bytes` in both \
        directions (for LDAP one is enough). Quiet: an interface that has been seen for less than `learning_hours`; a port that the interface \
        has used before (64 ports are remembered, 32 days); with `account_baseline` a port that \
        any host of the account used in the last 14 days; an interface that took up `new_ports` other ports within the last week, \
        as gateways, crawlers and peer-to-peer programs do.",
    false_positives: "A new application, or a partner's service on a port of its own, is reported once and \
        is known from then on. Hosts that seldom work, such as those of yearly batches, are new to much.",
    response: "Find out who runs the remote host and which process connects to it. If the port is LDAP, \
        look for a Java application that logs what strangers send it, and for what it loaded. If nobody \
        knows the connection, isolate the instance.",
    techniques: &["T1571", "T1190"],
    data: &[Data::VpcFlow],
    aggregation: "instance and port; the remote address is that of the latest occurrence",
    is_own: false,
};

/// How many hosts of the account use a remote port, an hour and host counted once.
static HOSTS: Profile = Profile { name: "flow/hosts_by_remote_port", hours: 14 * 24, keys: 70_000 };
/// Ports from here on may be a client's own.
const EPHEMERAL_FIRST: u16 = 32_768;
/// UDP ports from here on are negotiated by media and peers.
const UDP_FIRST_NEGOTIATED: u16 = 10_000;
/// Where Log4j's look-ups call back.
const LDAP: [u16; 2] = [389, 1389];
const TCP: u8 = 6;
const UDP: u8 = 17;
/// Ports of an interface that are remembered, and for how long.
const PORTS_MAX: usize = 64;
const MEMORY_SECS: u32 = 32 * 86_400;
/// How long a new port is watched.
const TRIAL_SECS: u32 = 86_400;
const WEEK_SECS: u32 = 7 * 86_400;
const EVIDENCE_MAX: usize = 7;

tunables! {
    /// Server ports that instances have never used.
    pub struct NetworkPortUnusual {
        /// Whether the family is on.
        pub enabled: bool = true,
        /// Hours that an interface must have been seen before a port is unusual to it. Raising it leaves
        /// more out that runs seldom.
        pub learning_hours: u32 = 168,
        /// Answered connections to the new port. Raising it leaves single contacts out.
        pub min_connections: u32 = 3,
        /// Bytes in both directions that stand for as many connections.
        pub min_bytes: u64 = 10_000,
        /// Ports that say nothing: names, time and the web are everywhere.
        pub everyday_ports: Vec<u16> = vec![53, 80, 123, 443],
        /// Whether a port is usual that another host of the account used in the last 14 days. On, it leaves
        /// more out in fleets.
        pub account_baseline: bool = true,
        /// Other ports that the interface took up within a week from which it is one that often does.
        /// Raising it reports busier gateways.
        pub new_ports: usize = 3,
    }
}

/// The remote ports that an interface uses.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    ports: BoundedMap<Port, PORTS_MAX>,
    /// Second of the latest time that a port was forgotten for another one.
    evicted: u32,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Port {
    /// Second of its first use.
    first: u32,
    /// The hour, since 1970, that was taught last.
    hour: u32,
    trial: Option<Box<Trial>>,
}

/// A new port that is watched.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Trial {
    connections: u32,
    evidence: Vec<EvidenceRef>,
}

impl Detector for NetworkPortUnusual {
    type Reads = Connections;
    type State = State;

    const SPEC: Spec = Spec {
        name: "ec2/network_port_unusual",
        scope: Scope::Interface,
        idle: Duration::from_hours(32 * 24),
        version: 1,
        types: &[&NETWORK_PORT_UNUSUAL],
        interest: Interest::Every,
    };

    fn wants(&self, event: &Event<'_, Connections>) -> bool {
        let connection = event.row;
        connection.is_outbound
            && connection.remote_port < EPHEMERAL_FIRST
            && connection.outcome == Outcome::Answered
            && (connection.protocol == TCP
                || connection.protocol == UDP && connection.remote_port < UDP_FIRST_NEGOTIATED)
            && self.enabled
            && !self.everyday_ports.contains(&connection.remote_port)
            && connection.remote.is_public()
    }

    fn prefetch(&self, state: &State, event: &Event<'_, Connections>) {
        state.ports.prefetch(u64::from(event.row.remote_port));
    }

    fn observe(
        &self,
        state: &mut State,
        event: &Event<'_, Connections>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let connection = event.row;
        let now = connection.decided;
        let key = u64::from(connection.remote_port);
        let (port, evicted) = state.ports.entry(key, now);
        let hour = now / 3600;
        if self.account_baseline && port.hour < hour {
            port.hour = hour;
            out.teach(&HOSTS, key, 1);
        }
        if evicted.is_some() {
            state.evicted = now;
        }
        if port.first != 0 && port.trial.is_none() {
            // Known: nearly all.
            return;
        }
        if port.first == 0 {
            port.first = now.max(1);
            if self.is_new(state, now, key, ctx)
                && let Some(port) = state.ports.get_mut(key)
            {
                port.trial = Some(Box::default());
            }
            let oldest = now.saturating_sub(MEMORY_SECS);
            state.ports.retain(|_, last, _| last >= oldest);
        }
        let Some(port) = state.ports.get_mut(key) else { return };
        let Some(trial) = &mut port.trial else { return };
        if now.saturating_sub(port.first) > TRIAL_SECS {
            port.trial = None;
            return;
        }
        trial.note(connection, event.evidence());
        if self.is_enough(trial, connection) && !is_trusted(ctx, connection.remote) {
            out.raise(draft(trial, event, ctx));
            port.trial = None;
        }
    }
}

impl NetworkPortUnusual {
    /// Whether a port that comes up now is unusual to the interface and the account.
    fn is_new(&self, state: &State, now: u32, key: u64, ctx: &Context<'_>) -> bool {
        let first = u32::try_from(ctx.entity.first_seen.secs()).unwrap_or(0);
        if now < first.saturating_add(self.learning_hours * 3600) {
            return false;
        }
        let since = now.saturating_sub(WEEK_SECS);
        let is_full = state.evicted != 0 && state.evicted >= since;
        let others = state.ports.iter_unordered().filter(|it| it.0 != key && it.1.first >= since);
        !is_full
            && others.count() < self.new_ports
            && ctx.profiles.count(&HOSTS, ctx.entity.account, key) == 0
    }

    fn is_enough(&self, trial: &Trial, connection: &Connection) -> bool {
        LDAP.contains(&connection.remote_port)
            || trial.connections >= self.min_connections
            || connection.bytes_in.saturating_add(connection.bytes_out) >= self.min_bytes
    }
}

impl Trial {
    fn note(&mut self, connection: &Connection, evidence: EvidenceRef) {
        if connection.is_update {
            return;
        }
        self.connections = self.connections.saturating_add(1);
        if self.evidence.len() < EVIDENCE_MAX {
            self.evidence.push(evidence);
        }
    }
}

fn draft(trial: &Trial, event: &Event<'_, Connections>, ctx: &Context<'_>) -> Draft {
    let connection = event.row;
    let port = connection.remote_port;
    let mut draft = ctx.instance_draft(&NETWORK_PORT_UNUSUAL, event.time());
    let instance = draft.key.clone();
    draft.key = format!("{instance} {port}");
    draft.role = ResourceRole::Actor;
    if LDAP.contains(&port) {
        draft.severity = Severity::HIGH;
        draft.additional.insert("context".to_owned(), "Possible log4j callback".into());
    }
    draft.title = format!(
        "Unusual outbound communication seen from EC2 instance {instance} on server port {port}."
    );
    draft.description = format!(
        "EC2 instance {instance} is communicating with a remote host on an unusual server port {port}."
    );
    draft.action = ctx.network_action(Ends::from(connection));
    for (key, value) in [
        ("unusual", port.to_string()),
        ("localPort", connection.local_port.to_string()),
        ("inBytes", connection.bytes_in.to_string()),
        ("outBytes", connection.bytes_out.to_string()),
    ] {
        draft.additional.insert(key.to_owned(), value.into());
    }
    draft.evidence.clone_from(&trial.evidence);
    draft.first = draft.evidence.iter().map(|it| it.time).fold(draft.first, Ord::min);
    let bytes = connection.bytes_in.saturating_add(connection.bytes_out);
    let age = draft.first.since(ctx.entity.first_seen).as_secs() / 3600;
    draft.reasons = vec![
        Reason::new("hours the interface was known without the port", age, "learning_hours"),
        Reason::new("connections", trial.connections, "min_connections"),
        Reason::new("bytes of the latest connection", bytes, "min_bytes"),
    ];
    draft
}

#[cfg(test)]
mod tests {
    use engine::model::{Addr, Origin, Timestamp};

    use super::*;

    /// A connection to a port that has carried so many bytes.
    fn to(remote_port: u16, bytes_in: u64) -> Connection {
        Connection {
            local: Addr::UNSPECIFIED,
            remote: Addr::from_v4(0xc633_6407),
            local_port: 40_000,
            remote_port,
            protocol: TCP,
            is_outbound: true,
            outcome: Outcome::Answered,
            is_update: false,
            is_by_deadline: false,
            flags_out: 0,
            flags_in: 0,
            first: 1000,
            last: 1010,
            decided: 1000,
            packets_out: 5,
            packets_in: 5,
            bytes_out: 500,
            bytes_in,
            origin: Origin::default(),
        }
    }

    /// Whether these connections to a new port are worth a finding, one after the other.
    fn enough(connections: &[Connection]) -> Vec<bool> {
        let (settings, mut trial) = (NetworkPortUnusual::default(), Trial::default());
        let evidence = EvidenceRef { time: Timestamp::from_secs(1000), origin: Origin::default() };
        let mut judge = |it: &Connection| {
            trial.note(it, evidence);
            settings.is_enough(&trial, it)
        };
        connections.iter().map(&mut judge).collect()
    }

    #[test]
    fn three_connections_or_ten_kilobytes_or_ldap_are_enough() {
        assert_eq!(enough(&[to(4444, 500); 3]), [false, false, true]);
        assert_eq!(enough(&[to(4444, 9499), to(4444, 9500)]), [false, true]);
        assert_eq!(enough(&[to(1389, 60)]), [true]);
    }

    #[test]
    fn later_lines_of_a_connection_count_by_their_bytes_alone() {
        let update = |bytes| Connection { is_update: true, ..to(4444, bytes) };
        let lines = [to(4444, 500), update(600), update(700), update(800), update(9500)];
        assert_eq!(enough(&lines), [false, false, false, false, true]);
    }
}
