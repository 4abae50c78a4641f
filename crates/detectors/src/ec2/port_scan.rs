//! An instance tries many ports of one remote host.

use std::time::Duration;

use engine::findings::{Data, Draft, FindingType, ResourceRole};
use engine::model::{Scope, Severity};
use engine::stats::BoundedMap;
use engine::{Connection, Connections, Context, Detector, Ends, Event, Interest, Out, Spec};
use serde::{Deserialize, Serialize};

use crate::attempts::{Attempts, Contacts, Rules, Same, Scan, Target, Try, is_attempt, is_trusted};

/// The instance scans.
pub const PORT_SCAN: FindingType = FindingType {
    name: "Recon:EC2/Portscan",
    severity: Severity::MEDIUM,
    title: "An EC2 instance scans the ports of a remote host",
    about: "The instance tried many different ports of one remote host within a short time, and most of \
        them did not answer. This is how an intruder looks for services that can be attacked next, inside \
        the network or elsewhere.",
    detection: "For each remote address, the first connection to each of its ports counts once within \
        `window_secs`. It failed when a security group or network ACL rejected it, when it was reset at \
        once, or when nothing came back within two aggregation intervals. A scan is raised when the \
        sequential test calls the instance a scanner (80 % against 20 % success, one false alarm in \
        100,000), at least `ports` ports failed (those below 1024 weigh three) and at least \
        `fail_per_mille` of all ports tried failed. The slow form asks for `slow_ports` in 24 hours. \
        Ports that were contacted on `known_days` earlier days do not count.",
    false_positives: "Vulnerability scanners and inventory tools scan by design: put the addresses that \
        they may scan on a trusted list, or suppress the finding for the scanner's instance. A peer that \
        offers services on many high ports and went down at once looks the same for a short time; the \
        ports are then those of its own services.",
    response: "Find out who ran the scan: look for nmap, masscan, nc or a script among the instance's \
        processes and in its shell histories, and for a person or a job that is allowed to do that. If \
        there is none, the instance is compromised: isolate it, take a snapshot of its volumes, and check \
        which of the scanned ports answered and what was sent there afterwards.",
    techniques: &["T1046"],
    data: &[Data::VpcFlow],
    aggregation: "instance; the remote host shown is the latest",
    is_own: false,
};

/// Remote addresses that are followed for one interface.
const REMOTES_MAX: usize = 256;
/// Ports of remote addresses whose days are remembered for one interface.
const KNOWN_MAX: usize = 1024;
/// Days that a known port is remembered after it was last contacted.
const KNOWN_DAYS: u32 = 7;
const DAY_SECS: u32 = 86_400;
const WELL_KNOWN_END: u16 = 1024;
/// The part of a target's number that is the port; the rest is of the address.
const PORT_BITS: u64 = 0xffff;

/// Ports whose answers are left uncounted: nearly all ordinary connections go there. A remote address has at
/// most so many answering ports that the share of failures does not know of.
const COMMON_PORTS: [u16; 8] = [22, 53, 80, 123, 443, 3306, 5432, 6379];

tunables! {
    /// Scans of one remote host's ports, by instances.
    pub struct PortScan {
        /// Whether the family is on.
        pub enabled: bool = true,
        /// Ports of one remote host that must fail within `window_secs`; those below 1024 weigh three.
        /// Raising it finds fewer and later. The default is a tenth of Zeek's practice for local sources.
        pub ports: u64 = 25,
        /// Length of the window in seconds. Raising it finds slower scans. The default is Zeek's.
        pub window_secs: u32 = 900,
        /// Least share of failed ports among all ports tried, in thousandths. Raising it tolerates busier
        /// clients of unreliable hosts and misses scans of hosts with many open ports.
        pub fail_per_mille: u64 = 667,
        /// Ports of one remote host that must fail within 24 hours in the slow form. Raising it finds fewer.
        pub slow_ports: u64 = 200,
        /// Earlier days on which a port was contacted that make it an ordinary target; 12 are
        /// remembered. Raising it makes monitoring count for longer.
        pub known_days: u32 = 3,
    }
}

/// What is remembered of one interface.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    remotes: BoundedMap<Attempts, REMOTES_MAX>,
    /// Ports of addresses that answered and that failed.
    answered: Contacts<KNOWN_MAX>,
    failed: Contacts<KNOWN_MAX>,
    /// Day of the latest event, days since 1970.
    day: u32,
}

impl Detector for PortScan {
    type Reads = Connections;
    type State = State;

    const SPEC: Spec = Spec {
        name: "ec2/port_scan",
        scope: Scope::Interface,
        idle: Duration::from_hours(KNOWN_DAYS as u64 * 24),
        version: 2,
        types: &[&PORT_SCAN],
        interest: Interest::Every,
    };

    fn wants(&self, event: &Event<'_, Connections>) -> bool {
        let connection = event.row;
        (connection.outcome.is_failure() || !COMMON_PORTS.contains(&connection.remote_port))
            && is_attempt(connection)
            && self.enabled
    }

    fn prefetch(&self, state: &State, event: &Event<'_, Connections>) {
        let target = target(event.row);
        state.answered.prefetch(target);
        if event.row.outcome.is_failure() {
            state.failed.prefetch(target);
            state.remotes.prefetch(numbers(event.row).0);
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
        let (remote, port) = numbers(connection);
        let (target, rules) = (target(connection), self.rules());
        if !is_failure {
            let is_new = state.answered.note(target, now, self.window_secs).is_new;
            if let Some(attempts) = state.remotes.get_mut(remote).filter(|_| is_new) {
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
            target: port,
            at: now,
            noted: now,
            first: connection.first,
            is_low: connection.remote_port < WELL_KNOWN_END,
            is_sample: false,
            origin: connection.origin,
        };
        let answers = |secs| state.answered.count(target, Same::Address, now, secs);
        let (attempts, _) = state.remotes.entry(remote, now);
        if let Some(scan) = attempts.fail(attempt, &rules, answers) {
            out.raise(draft(&scan, connection, event, ctx));
        }
    }
}

impl PortScan {
    fn rules(&self) -> Rules {
        Rules {
            window_secs: self.window_secs,
            failed: self.ports,
            many: u64::MAX,
            slow: self.slow_ports,
            fail_per_mille: self.fail_per_mille,
            is_sampled: false,
        }
    }
}

impl State {
    /// Forgets, once a day, what is over.
    fn turn(&mut self, now: u32) {
        let day = now / DAY_SECS;
        if day > self.day {
            self.day = day;
            self.remotes.retain(|_, last, _| last.saturating_add(DAY_SECS) > now);
            self.answered.forget(now, KNOWN_DAYS);
            self.failed.forget(now, KNOWN_DAYS);
        }
    }
}

fn target(connection: &Connection) -> Target {
    Target::new(connection.remote, connection.remote_port)
}

/// The numbers of the remote address and of its port.
fn numbers(connection: &Connection) -> (u64, u64) {
    let remote = connection.remote.key() & !PORT_BITS;
    (remote, remote | u64::from(connection.remote_port))
}

fn draft(
    scan: &Scan,
    connection: &Connection,
    event: &Event<'_, Connections>,
    ctx: &Context<'_>,
) -> Draft {
    let mut draft = ctx.instance_draft(&PORT_SCAN, event.time());
    let (instance, remote) = (draft.key.clone(), connection.remote);
    draft.role = ResourceRole::Actor;
    draft.first = scan.first.min(event.time());
    draft.title = format!("Outbound portscan from EC2 instance {instance}.");
    draft.description = format!(
        "EC2 instance {instance} is performing outbound port scans against remote host {remote}."
    );
    draft.action = ctx.network_action(Ends::from(connection));
    let (what, threshold) = if scan.is_slow {
        ("distinct failed ports within 24 hours", "slow_ports")
    } else {
        ("distinct failed ports within the window, those below 1024 thrice", "ports")
    };
    draft.reasons = scan.reasons(what, threshold);
    draft.evidence.clone_from(&scan.evidence);
    draft
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_of_the_three_families_are_small_when_empty() {
        let all = size_of::<State>()
            + size_of::<crate::ec2::port_sweep::State>()
            + size_of::<crate::guesses::State>();
        assert!(all <= 400, "{all}");
    }
}
