//! An instance tries one port of many public addresses.

use std::time::Duration;

use engine::findings::{Data, Draft, FindingType, ResourceRole};
use engine::model::{Scope, Severity};
use engine::stats::BoundedMap;
use engine::{Connection, Connections, Context, Detector, Ends, Event, Interest, Out, Spec};
use serde::{Deserialize, Serialize};

use crate::attempts::{
    Attempts, Contacts, Rules, SAMPLE, Same, Scan, Target, Try, is_attempt, is_trusted,
};

/// The instance sweeps.
pub const PORT_SWEEP: FindingType = FindingType {
    name: "Impact:EC2/PortSweep",
    severity: Severity::HIGH,
    title: "An EC2 instance probes a port on a large number of public addresses",
    about: "The instance tried the same port of many publicly routable addresses within a short time, and \
        most of them did not answer. Worms, botnets and miners that spread look for their next victims in \
        this way.",
    detection: "For each remote port, the first connection to each public address counts once within \
        `window_secs`; it failed when it was rejected, reset at once, or left without an answer for two \
        aggregation intervals. A sweep is raised when the sequential test calls the instance a scanner \
        (80 % against 20 % success, one false alarm in 100,000) and at least `destinations` addresses \
        failed, or when `many_destinations` failed, and at least `fail_per_mille` of all addresses tried \
        failed. The slow form asks for `slow_destinations` in 24 hours. Answers are counted for one \
        address in four, plus one standard deviation. Addresses that were contacted on `known_days` \
        earlier days do not count.",
    false_positives: "Crawlers, peer-to-peer clients and measurements that try old lists of addresses fail \
        often at one port. If the instance has such a task, put its address ranges on a trusted list or \
        suppress the finding for it. If all connections of the instance fail at once, its way out is \
        broken: look for answered connections in the same minutes.",
    response: "Find the process that connects (the port says what it looks for: 22 and 23 logins, 445 file \
        shares, 6379 Redis, 2375 Docker). If nobody started it on purpose, the instance is compromised: \
        isolate it, take a snapshot of its volumes, and check the addresses that answered. Other people's \
        networks are concerned: expect abuse reports.",
    techniques: &["T1046", "T1595.001"],
    data: &[Data::VpcFlow],
    aggregation: "instance; the remote host shown is the latest",
    is_own: false,
};

/// Remote ports that are followed for one interface.
const PORTS_MAX: usize = 256;
/// Addresses at ports whose days are remembered for one interface.
const KNOWN_MAX: usize = 1024;
/// Days that a known address is remembered after it was last contacted.
const KNOWN_DAYS: u32 = 7;
const DAY_SECS: u32 = 86_400;
/// The part of a target's number that is of the address; the rest is the port.
const ADDRESS_BITS: u32 = 48;

tunables! {
    /// Sweeps of one port over many public addresses, by instances.
    pub struct PortSweep {
        /// Whether the family is on.
        pub enabled: bool = true,
        /// Public addresses that must fail at one port within `window_secs` when the sequential test calls
        /// the instance a scanner. Raising it finds fewer and later. The default is Zeek's for remote sources.
        pub destinations: u64 = 25,
        /// Public addresses that must fail at one port within `window_secs` without the sequential test.
        /// Raising it leaves more to the test.
        pub many_destinations: u64 = 100,
        /// Length of the window in seconds. Raising it finds slower sweeps. The default is Zeek's.
        pub window_secs: u32 = 900,
        /// Least share of failed addresses among all tried, in thousandths. Raising it tolerates busier
        /// clients of unreliable hosts.
        pub fail_per_mille: u64 = 667,
        /// Public addresses that must fail at one port within 24 hours in the slow form. Raising it finds
        /// fewer.
        pub slow_destinations: u64 = 200,
        /// Earlier days on which an address was contacted that make it an ordinary target; 12 are
        /// remembered. Raising it makes monitoring count for longer.
        pub known_days: u32 = 3,
    }
}

/// What is remembered of one interface.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    ports: BoundedMap<Attempts, PORTS_MAX>,
    /// Addresses of the sample that answered at a port, and all that failed.
    answered: Contacts<KNOWN_MAX>,
    failed: Contacts<KNOWN_MAX>,
    /// Day of the latest event, days since 1970.
    day: u32,
}

impl Detector for PortSweep {
    type Reads = Connections;
    type State = State;

    const SPEC: Spec = Spec {
        name: "ec2/port_sweep",
        scope: Scope::Interface,
        idle: Duration::from_hours(KNOWN_DAYS as u64 * 24),
        version: 2,
        types: &[&PORT_SWEEP],
        interest: Interest::Every,
    };

    fn wants(&self, event: &Event<'_, Connections>) -> bool {
        let connection = event.row;
        (connection.outcome.is_failure() || is_sample(connection))
            && is_attempt(connection)
            && connection.remote.is_public()
            && self.enabled
    }

    fn prefetch(&self, state: &State, event: &Event<'_, Connections>) {
        let target = target(event.row);
        state.answered.prefetch(target);
        if event.row.outcome.is_failure() {
            state.failed.prefetch(target);
            state.ports.prefetch(numbers(event.row).0);
        }
    }

    fn observe(
        &self,
        state: &mut State,
        event: &Event<'_, Connections>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let connection = event.row;
        let is_failure = connection.outcome.is_failure();
        if is_failure && is_trusted(ctx, connection.remote) {
            return;
        }
        let now = connection.decided;
        state.turn(now);
        let (port, address) = numbers(connection);
        let (target, rules) = (target(connection), self.rules());
        if !is_failure {
            let is_new = state.answered.note(target, now, self.window_secs).is_new;
            if let Some(attempts) = state.ports.get_mut(port).filter(|_| is_new) {
                attempts.succeed(&rules);
            }
            return;
        }
        let before = state.failed.note(target, now, self.window_secs);
        let days = before.days.max(state.answered.days_before(target, now));
        if days >= self.known_days {
            return;
        }
        let attempt = Try {
            target: address,
            at: now,
            noted: now,
            first: connection.first,
            is_low: false,
            is_sample: is_sample(connection),
            origin: connection.origin,
        };
        let answers = |secs| state.answered.count(target, Same::Port, now, secs);
        let (attempts, _) = state.ports.entry(port, now);
        if let Some(scan) = attempts.fail(attempt, &rules, answers) {
            out.raise(draft(&scan, connection, event, ctx));
        }
    }
}

impl PortSweep {
    fn rules(&self) -> Rules {
        Rules {
            window_secs: self.window_secs,
            failed: self.destinations,
            many: self.many_destinations,
            slow: self.slow_destinations,
            fail_per_mille: self.fail_per_mille,
            is_sampled: true,
        }
    }
}

impl State {
    /// Forgets, once a day, what is over.
    fn turn(&mut self, now: u32) {
        let day = now / DAY_SECS;
        if day > self.day {
            self.day = day;
            self.ports.retain(|_, last, _| last.saturating_add(DAY_SECS) > now);
            self.answered.forget(now, KNOWN_DAYS);
            self.failed.forget(now, KNOWN_DAYS);
        }
    }
}

fn target(connection: &Connection) -> Target {
    Target::new(connection.remote, connection.remote_port)
}

/// The numbers of the remote port and of the address at it.
fn numbers(connection: &Connection) -> (u64, u64) {
    let port = u64::from(connection.remote_port);
    (port, port << ADDRESS_BITS | connection.remote.key() >> (64 - ADDRESS_BITS))
}

/// Whether the remote address is one of those that are followed when they answer.
fn is_sample(connection: &Connection) -> bool {
    (connection.remote.key() >> 32).is_multiple_of(SAMPLE)
}

fn draft(
    scan: &Scan,
    connection: &Connection,
    event: &Event<'_, Connections>,
    ctx: &Context<'_>,
) -> Draft {
    let mut draft = ctx.instance_draft(&PORT_SWEEP, event.time());
    let (instance, port) = (draft.key.clone(), connection.remote_port);
    draft.role = ResourceRole::Actor;
    draft.first = scan.first.min(event.time());
    draft.title = format!(
        "EC2 instance {instance} is probing port {port} on a large number of publicly routable IP addresses."
    );
    draft.description = format!(
        "EC2 instance {instance} is probing port {port} on a large number of publicly routable IP \
         addresses. This type of activity is typically used to find vulnerable hosts to exploit."
    );
    draft.action = ctx.network_action(Ends::from(connection));
    let (what, threshold) = if scan.is_slow {
        ("distinct failed addresses within 24 hours", "slow_destinations")
    } else {
        ("distinct failed addresses within the window", "destinations")
    };
    draft.reasons = scan.reasons(what, threshold);
    draft.evidence.clone_from(&scan.evidence);
    draft
}
