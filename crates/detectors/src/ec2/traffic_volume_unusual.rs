//! An instance sends far more to a remote host than it ever did.

use std::time::Duration;

use engine::findings::{Data, Draft, FindingType, Reason, ResourceRole};
use engine::intel::Category;
use engine::model::{Scope, Severity, Timestamp};
use engine::{Context, Detector, Ends, Event, Feedback, Flows, Interest, Out, Profile, Spec};
use serde::{Deserialize, Serialize};

mod history;
mod hour;

use history::{History, Limit};
use hour::{Hour, Peer};

/// An unusual volume.
pub const TRAFFIC_VOLUME_UNUSUAL: FindingType = FindingType {
    name: "Behavior:EC2/TrafficVolumeUnusual",
    severity: Severity::MEDIUM,
    title: "An EC2 instance sends an unusual amount of data to a remote host",
    about: "Within an hour the instance sent much more to one public host than it has sent to it, or to all hosts \
        together, in weeks. Data that are stolen leave this way, and so does what a misused instance serves to \
        others.",
    detection: "Flow records of `min_record_bytes` or more between the instance and public addresses are added up by \
        hour and remote address. A finding is raised at the end of an hour in which one address was sent \
        `min_bytes` or more, `sent_per_received` times what came from it, and `times` its usual maximum: to an \
        address that was sent less than a tenth of `min_bytes` in every hour before, `times` what the interface sent \
        to all addresses together in 999 of 1000 of its hours; to others, `times` their largest hour, and more than \
        that total. Quiet: an interface that has been seen for less than `learning_hours`; addresses of AWS services \
        unless `aws_services` is on; trusted addresses and those of the account's own instances; with \
        `account_baseline` an address that another host of the account sent as much in the last 14 days; an hour in \
        which `wave_hosts` hosts of the account send unusually much, as fleets do that are backed up. An hour that \
        raised a finding is learnt `hold_hours` later.",
    false_positives: "The first backup, migration or release to a new place is reported once and is known a day \
        later. So is the first large download from a server that is seldom visited.",
    response: "Find out who runs the remote host and which process sends to it. If nobody expects the transfer, \
        isolate the instance and keep its disk, look in the flow logs for what it read from databases and buckets \
        in the hours before, and take what those hold as copied. Revoke the credentials of its role.",
    techniques: &["T1048", "T1041", "T1567"],
    data: &[Data::VpcFlow],
    aggregation: "instance and remote address",
    is_own: false,
};

/// Hosts of the account that sent much to an address, once a day.
static SENDERS: Profile = Profile { name: "flow/senders_of_much", hours: 14 * 24, keys: 4096 };
/// Hosts of the account that send unusually much in an hour.
static SURGES: Profile = Profile { name: "flow/surging_hosts", hours: 48, keys: 8 };

tunables! {
    /// Instances that send far more to a remote host than they ever did.
    pub struct TrafficVolumeUnusual {
        /// Whether the family is on.
        pub enabled: bool = true,
        /// Hours that an interface must have been seen before a volume is unusual to it. Raising it leaves more out
        /// that runs seldom.
        pub learning_hours: u32 = 168,
        /// Bytes to one address in an hour below which nothing is unusual. Raising it leaves smaller thefts out.
        pub min_bytes: u64 = 100_000_000,
        /// How many times the usual maximum is unusual. Raising it reports only what stands out more.
        pub times: u64 = 10 => 2..=1000,
        /// Bytes sent for each that is received. Raising it leaves out what is no plain upload.
        pub sent_per_received: u64 = 5,
        /// Bytes of a flow record from which on it is added up. Raising it costs less, and many small connections
        /// count for less.
        pub min_record_bytes: u64 = 4_096,
        /// Hosts of the account that send unusually much in the same hour from which on that is a wave, such as a
        /// backup of all, and no finding.
        pub wave_hosts: u64 = 10 => 2..=1_000_000,
        /// Whether an address is usual that another host of the account sent much in the last 14 days. On, it leaves
        /// more out in fleets.
        pub account_baseline: bool = true,
        /// Whether addresses of AWS services are judged. On, it finds copies to buckets of strangers, and every
        /// first large copy to a bucket of one's own.
        pub aws_services: bool = false,
        /// Hours for which an hour that raised a finding is not learnt, so that it can be judged first.
        pub hold_hours: u32 = 24,
    }
}

/// What is remembered of one interface.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    history: History,
    /// The open hour, and the one before it until it is judged.
    hours: Vec<Hour>,
}

impl Detector for TrafficVolumeUnusual {
    type Reads = Flows;
    type State = State;

    const SPEC: Spec = Spec {
        name: "ec2/traffic_volume_unusual",
        scope: Scope::Interface,
        idle: Duration::from_hours(32 * 24),
        version: 1,
        types: &[&TRAFFIC_VOLUME_UNUSUAL],
        interest: Interest::Every,
    };

    fn wants(&self, event: &Event<'_, Flows>) -> bool {
        let flow = event.row;
        flow.bytes >= self.min_record_bytes
            && self.enabled
            && !flow.is_rejected()
            && flow.remote.is_public()
    }

    fn observe(
        &self,
        state: &mut State,
        event: &Event<'_, Flows>,
        _: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let flow = event.row;
        let Some(hour) = state.hour(flow.start / 3600, out) else { return };
        let sent = hour.add(flow, self.known_bytes(), || event.evidence());
        if hour.is_told || sent < self.min_bytes {
            return;
        }
        if sent >= state.history.limit(flow.remote, self.times, self.min_bytes).bytes {
            out.teach(&SURGES, 0, 1);
            if let Some(hour) = state.hour(flow.start / 3600, out) {
                hour.is_told = true;
            }
        }
    }

    fn wake(&self, state: &mut State, at: Timestamp, ctx: &Context<'_>, out: &mut Out<'_>) {
        while let Some(end) = state.hours.first().map(Hour::end) {
            if end > at {
                out.wake(end);
                return;
            }
            let hour = state.hours.remove(0);
            self.close(&mut state.history, &hour, ctx, out);
        }
    }

    fn feedback(
        &self,
        state: &mut State,
        feedback: &Feedback<'_>,
        ctx: &Context<'_>,
        _: &mut Out<'_>,
    ) {
        if !feedback.key.starts_with(&ctx.instance_id(ctx.watermark)) {
            return;
        }
        if feedback.useful {
            state.history.drop_held();
        } else {
            state.history.release(u32::MAX);
        }
    }
}

impl State {
    /// The hour of that number, opened if it is new; none if it was judged.
    fn hour(&mut self, number: u32, out: &mut Out<'_>) -> Option<&mut Hour> {
        /// Rows are at most a quarter of an hour late, so two hours are open at most.
        const OPEN_MAX: usize = 2;
        let at = match self.hours.binary_search_by_key(&number, |it| it.number) {
            Ok(at) => at,
            Err(_) if number <= self.history.closed || self.hours.len() >= OPEN_MAX => {
                return None;
            }
            Err(at) => {
                let hour = Hour::new(number);
                out.wake(hour.end());
                self.hours.insert(at, hour);
                at
            }
        };
        self.hours.get_mut(at)
    }
}

impl TrafficVolumeUnusual {
    /// Bytes to an address in an hour from which on it is remembered: less would not raise the floor.
    const fn known_bytes(&self) -> u64 {
        self.min_bytes / if self.times == 0 { 1 } else { self.times }
    }

    /// An hour is over: it is judged, and learnt unless something is raised.
    fn close(&self, history: &mut History, hour: &Hour, ctx: &Context<'_>, out: &mut Out<'_>) {
        history.begin(hour.number);
        let mut is_raised = false;
        if self.is_learnt(hour, ctx) && !self.is_wave(hour, ctx) {
            for peer in &hour.peers {
                let limit = history.limit(peer.remote, self.times, self.min_bytes);
                if self.is_unusual(peer, limit.bytes) && !self.is_left_out(peer, limit, hour, ctx) {
                    out.raise(draft(peer, limit, hour, ctx));
                    is_raised = true;
                }
            }
        }
        if is_raised {
            history.hold(hour, self.known_bytes(), self.hold_hours);
            return;
        }
        for remote in history.learn(hour, self.known_bytes()) {
            out.teach(&SENDERS, remote, 1);
        }
    }

    fn is_learnt(&self, hour: &Hour, ctx: &Context<'_>) -> bool {
        hour.end() >= ctx.entity.first_seen + Duration::from_hours(self.learning_hours.into())
    }

    fn is_wave(&self, hour: &Hour, ctx: &Context<'_>) -> bool {
        let (account, number) = (ctx.entity.account, i64::from(hour.number));
        ctx.profiles.count_in_hour(&SURGES, account, 0, number) >= self.wave_hosts
    }

    fn is_unusual(&self, peer: &Peer, limit: u64) -> bool {
        peer.sent >= limit && peer.sent >= peer.received.saturating_mul(self.sent_per_received)
    }

    /// Whether a volume to the address says nothing.
    fn is_left_out(&self, peer: &Peer, limit: Limit, hour: &Hour, ctx: &Context<'_>) -> bool {
        let (account, at) = (ctx.entity.account, hour.end());
        let verdict = ctx.intel.address(peer.remote);
        let listed = ctx.intel.categories(verdict, account, ctx.entity.region);
        let before = 0..i64::from(hour.number);
        let key = peer.remote.key();
        listed.contains(Category::Trusted)
            || !self.aws_services && listed.contains(Category::AwsService)
            || ctx.inventory.instance_of_address(account, "", peer.remote, at).is_some()
            // What is known to the interface was taught by itself.
            || self.account_baseline
                && !limit.is_known
                && ctx.profiles.count_in_hours(&SENDERS, account, key, before) > 0
    }
}

fn draft(peer: &Peer, limit: Limit, hour: &Hour, ctx: &Context<'_>) -> Draft {
    let mut draft = ctx.instance_draft(&TRAFFIC_VOLUME_UNUSUAL, seconds(peer.last));
    let instance = draft.key.clone();
    draft.key = format!("{instance} {}", peer.remote);
    draft.role = ResourceRole::Actor;
    draft.first = seconds(peer.first);
    draft.title = format!(
        "EC2 instance {instance} is generating unusually large amounts of network traffic to remote host {}.",
        peer.remote
    );
    draft.description = format!(
        "EC2 instance {instance} sent {} bytes to {} within an hour, while {} are usual at most. It has no prior \
         history of sending this much traffic to this remote host.",
        peer.sent, peer.remote, limit.usual
    );
    draft.action = ctx.network_action(Ends {
        local: peer.local,
        local_port: peer.local_port,
        remote: peer.remote,
        remote_port: peer.remote_port,
        protocol: peer.protocol,
        is_outbound: peer.is_outbound,
        is_blocked: false,
    });
    let age = hour.end().since(ctx.entity.first_seen).as_secs() / 3600;
    for (key, value) in [
        ("localPort", u64::from(peer.local_port)),
        ("inBytes", peer.received),
        ("outBytes", peer.sent),
        ("packetsIn", peer.packets_in),
        ("packetsOut", peer.packets_out),
        ("baselineBytes", limit.usual),
        ("profileAgeDays", age / 24),
    ] {
        draft.additional.insert(key.to_owned(), value.to_string().into());
    }
    draft.evidence.clone_from(&peer.evidence);
    let ratio = peer.sent / peer.received.max(1);
    draft.reasons = vec![
        Reason::new("bytes sent to the address in the hour", peer.sent, "min_bytes"),
        Reason::new(limit.of, limit.usual, format!("{} with times", limit.bytes)),
        Reason::new("bytes sent for each received", ratio, "sent_per_received"),
        Reason::new("hours the interface was known", age, "learning_hours"),
    ];
    draft
}

fn seconds(at: u32) -> Timestamp {
    Timestamp::from_secs(at.into())
}
