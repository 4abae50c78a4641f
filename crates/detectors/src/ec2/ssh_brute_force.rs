//! Somebody guesses SSH passwords or keys: at an instance, or from it.

use std::time::Duration;

use engine::findings::{Data, Draft, FindingType, Reason, ResourceRole};
use engine::model::{Scope, Severity, Timestamp};
use engine::{
    Connection, Connections, Context, Detector, Ends, Event, Interest, Out, Outcome, Signal, Spec,
    anchors_of,
};

use crate::attempts::is_trusted;
use crate::guesses::{Alert, Rule, Rules, Shape, State};

/// Guesses at SSH.
pub const SSH_BRUTE_FORCE: FindingType = FindingType {
    name: "UnauthorizedAccess:EC2/SSHBruteForce",
    severity: Severity::LOW,
    title: "SSH passwords are guessed at or from an EC2 instance",
    about: "Many short connections of nearly equal size were made to TCP port 22: somebody tries passwords \
        or keys one after the other. If the instance is the target, it is reachable for such attempts, which \
        any public SSH port is. If it is the actor, it guesses at somebody else's logins and is most likely \
        compromised; the severity is then High.",
    detection: "A guess is an answered connection to port 22 of 8 to 60 packets and 1 to 12 KiB from the \
        client that lasts at most a minute. A finding is raised when one pair of addresses has `tries` \
        guesses within `window_secs` and `flat_per_mille` of them are of nearly the same size, or \
        `burst_tries` within `burst_secs` with `burst_flat_per_mille`; when `distributed_sources` new \
        sources together make `distributed_tries` guesses within `wide_window_secs`; or when the instance \
        guesses twice or more at `spray_destinations` hosts within that time. After an alert, a connection \
        of the same pair within 24 hours with `success_factor` times the bytes or duration of a guess, or \
        a longer one after which the guesses stop, is a likely success.",
    false_positives: "Automation that logs in with a key makes flat connections too. Pairs that did the \
        same on `known_days` earlier days are left out, and so are pairs inside the network that are older \
        than a day, unless the instance connects to `inside_destinations` hosts or more. A new deployment \
        tool or monitoring check over SSH may be reported on its first days: put its address on a trusted \
        list. A host that serves Git over SSH to many people behind one address can look flat.",
    response: "If the instance is the target, look first whether it says that a login likely succeeded, and \
        read the instance's authentication log for accepted logins from the remote address. Limit port 22 \
        to known addresses or use Session Manager, and allow keys only. If the instance is the actor, \
        isolate it, find the process that connects, and look for the way it was broken into; check the \
        hosts that it attacked.",
    techniques: &["T1110.001", "T1110.003", "T1021.004"],
    data: &[Data::VpcFlow],
    aggregation: "instance and role; the remote address shown is the latest",
    is_own: false,
};

const PORT: u16 = 22;
const TCP: u8 = 6;
/// One attempt to log in over SSH, key exchange included.
const SHAPE: Shape = Shape { packets: 8..=60, bytes: 1000..=12_288, secs: 60 };
/// Weight of a likely success: a hundred times likelier in an attack.
const SUCCESS_WEIGHT: i32 = 2000;

tunables! {
    /// Guesses at SSH logins, at instances and by them.
    pub struct SshBruteForce {
        /// Whether the family is on.
        pub enabled: bool = true,
        /// Guesses of one pair of addresses within `window_secs`. Raising it finds fewer and later. The
        /// default is Zeek's.
        pub tries: usize = 30,
        /// Length of that window in seconds. Raising it finds slower guessing. The default is Zeek's.
        pub window_secs: u32 = 1800,
        /// Share of guesses of nearly the same size, in thousandths. Raising it leaves more mixed traffic
        /// out.
        pub flat_per_mille: u32 = 700,
        /// Guesses of one pair within `burst_secs`. Raising it finds fewer fast tools before `tries` does.
        pub burst_tries: usize = 12,
        /// Length of the burst's window in seconds. Raising it finds slower bursts.
        pub burst_secs: u32 = 120,
        /// Share of guesses of nearly the same size in a burst, in thousandths.
        pub burst_flat_per_mille: u32 = 800,
        /// Guesses of new sources together within `wide_window_secs`. Raising it finds fewer botnets.
        pub distributed_tries: u64 = 60,
        /// New sources that take part. Raising it finds fewer botnets.
        pub distributed_sources: u64 = 20,
        /// Hosts that the instance guesses at within `wide_window_secs`. Raising it finds fewer sprays.
        pub spray_destinations: u64 = 20,
        /// Length of the window over many pairs in seconds. Raising it finds slower botnets and sprays.
        pub wide_window_secs: u32 = 3600,
        /// Earlier days with half as many guesses that make a pair's traffic usual. Raising it reports
        /// automation for longer.
        pub known_days: u32 = 3,
        /// Hosts that an instance must guess at before old pairs inside the network count. Raising it leaves
        /// more automation out.
        pub inside_destinations: u64 = 5,
        /// Bytes or seconds of a session over those of a guess. Raising it calls fewer a likely success.
        pub success_factor: u64 = 5,
    }
}

impl Detector for SshBruteForce {
    type Reads = Connections;
    type State = State;

    const SPEC: Spec = Spec {
        name: "ec2/ssh_brute_force",
        scope: Scope::Interface,
        // Longer than the 24 hours in which a success is looked for, and than three days of history.
        idle: Duration::from_hours(4 * 24),
        version: 1,
        types: &[&SSH_BRUTE_FORCE],
        interest: Interest::Every,
    };

    fn wants(&self, event: &Event<'_, Connections>) -> bool {
        let connection = event.row;
        connection.service_port() == PORT
            && connection.protocol == TCP
            && connection.outcome == Outcome::Answered
            && connection.packets_forward() >= *SHAPE.packets.start()
            && self.enabled
    }

    fn observe(
        &self,
        state: &mut State,
        event: &Event<'_, Connections>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let connection = event.row;
        if is_trusted(ctx, connection.remote) {
            return;
        }
        let rules = self.rules();
        for alert in state.connection(connection, event.evidence(), &SHAPE, &rules) {
            raise(&alert, connection, event.time(), ctx, out);
        }
        if let Some(at) = state.next_stop() {
            out.wake(Timestamp::from_secs(i64::from(at)));
        }
    }

    fn wake(&self, state: &mut State, at: Timestamp, ctx: &Context<'_>, out: &mut Out<'_>) {
        let now = u32::try_from(at.secs()).unwrap_or(u32::MAX);
        for (connection, alert) in state.stopped(now) {
            let time = Timestamp::from_secs(i64::from(connection.decided));
            raise(&alert, &connection, time, ctx, out);
        }
        if let Some(at) = state.next_stop() {
            out.wake(Timestamp::from_secs(i64::from(at)));
        }
    }
}

impl SshBruteForce {
    fn rules(&self) -> Rules {
        Rules {
            tries: self.tries,
            window_secs: self.window_secs,
            flat_per_mille: self.flat_per_mille,
            burst_tries: self.burst_tries,
            burst_secs: self.burst_secs,
            burst_flat_per_mille: self.burst_flat_per_mille,
            distributed_tries: self.distributed_tries,
            distributed_sources: self.distributed_sources,
            spray_destinations: self.spray_destinations,
            wide_window_secs: self.wide_window_secs,
            known_days: self.known_days,
            inside_destinations: self.inside_destinations,
            success_factor: self.success_factor,
        }
    }
}

fn raise(
    alert: &Alert,
    connection: &Connection,
    time: Timestamp,
    ctx: &Context<'_>,
    out: &mut Out<'_>,
) {
    let draft = draft(alert, connection, time, ctx);
    if alert.rule == Rule::Success
        && let Some(&evidence) = draft.evidence.first()
    {
        out.signal(Signal {
            name: "likely success of SSH brute force".into(),
            account: draft.account,
            region: draft.region,
            weight: SUCCESS_WEIGHT,
            evidence,
            anchors: anchors_of(&draft),
            detail: draft.title.as_str().into(),
        });
    }
    out.raise(draft);
}

fn draft(alert: &Alert, connection: &Connection, time: Timestamp, ctx: &Context<'_>) -> Draft {
    let mut draft = ctx.instance_draft(&SSH_BRUTE_FORCE, time);
    let (instance, remote) = (draft.key.clone(), connection.remote.to_string());
    let (from, at) = if connection.is_outbound {
        draft.role = ResourceRole::Actor;
        draft.severity = Severity::HIGH;
        (&instance, &remote)
    } else {
        draft.role = ResourceRole::Target;
        (&remote, &instance)
    };
    draft.first = Timestamp::from_secs(i64::from(alert.first)).min(time);
    draft.title = format!("{from} is performing SSH brute force attacks against {at}.");
    draft.description = format!(
        "{from} is performing SSH brute force attacks against {at}. Brute force attacks are used to \
         gain unauthorized access to your instance by guessing the SSH password."
    );
    draft.action = ctx.network_action(Ends::from(connection));
    draft.reasons = reasons(alert);
    if alert.rule == Rule::Success {
        draft.additional.insert("likelySuccess".to_owned(), true.into());
    }
    draft.evidence.clone_from(&alert.evidence);
    draft
}

fn reasons(alert: &Alert) -> Vec<Reason> {
    let flat = |setting| Reason::new("of nearly the same size, per mille", alert.flat, setting);
    match alert.rule {
        Rule::Many => vec![
            Reason::new("guesses of one source within the window", alert.tries, "tries"),
            flat("flat_per_mille"),
        ],
        Rule::Burst => vec![
            Reason::new("guesses of one source in a burst", alert.tries, "burst_tries"),
            flat("burst_flat_per_mille"),
        ],
        Rule::Distributed => vec![
            Reason::new("guesses of new sources together", alert.tries, "distributed_tries"),
            Reason::new("new sources", alert.remotes, "distributed_sources"),
        ],
        Rule::Spray => {
            vec![Reason::new("hosts guessed at", alert.remotes, "spray_destinations")]
        }
        Rule::Success => vec![Reason::new(
            "bytes of a session after guesses, in those of a guess; or guesses that stopped after it",
            alert.flat,
            "success_factor",
        )],
    }
}
