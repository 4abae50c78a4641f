//! An instance turns to a public resolver that it does not usually use.

use std::time::Duration;

use engine::findings::{Data, Draft, FindingType, Reason, ResourceRole};
use engine::intel::{Categories, Category};
use engine::model::{Addr, Scope, Severity, Timestamp};
use engine::stats::{BoundedMap, FirstSeen};
use engine::{Context, Detector, Ends, Event, Flows, Interest, LocalFlow, Out, Profile, Spec};
use serde::{Deserialize, Serialize};

const AGGREGATION: &str = "instance; the remote address is that of the latest occurrence";
const FALSE_POSITIVES: &str = "A change of configuration, a new container image or a tool that checks names \
    against several resolvers is unusual once. After that the resolver is known. Addresses of the same \
    operator count as one, so that a change between 8.8.8.8 and 8.8.4.4 is none. A resolver on a trusted \
    list is never reported.";
const RESPONSE: &str = "Find the process that asks: its queries are in no Route 53 Resolver log, which is \
    why malware takes this way. Look at what the instance connected to right after. If nobody knows the \
    change, treat the instance as compromised. To prevent it, allow port 53 and 853 to the VPC's resolver \
    only.";

/// Plain DNS.
pub const UNUSUAL_DNS_RESOLVER: FindingType = FindingType {
    name: "DefenseEvasion:EC2/UnusualDNSResolver",
    severity: Severity::MEDIUM,
    title: "An EC2 instance asks a public resolver that it does not usually ask",
    about: "The instance sent DNS queries straight to a public resolver on the Internet instead of the VPC's \
        own, and it had not done so before. What it asks there is logged nowhere.",
    detection: "A record of packets to port 53 of an address on a list of public resolvers. Quiet: a \
        resolver (an operator's addresses count as one) that the instance used within the last 32 days; \
        an interface that has been seen for less than `learning_hours`; with `account_baseline` a \
        resolver that hosts of the account used in at least `known_host_hours` hours of the last 14 days.",
    false_positives: FALSE_POSITIVES,
    response: RESPONSE,
    techniques: &["T1071.004", "T1562"],
    data: &[Data::VpcFlow],
    aggregation: AGGREGATION,
    is_own: false,
};

/// DNS over HTTPS.
pub const UNUSUAL_DOH: FindingType = FindingType {
    name: "DefenseEvasion:EC2/UnusualDoHActivity",
    severity: Severity::MEDIUM,
    title: "An EC2 instance asks a public resolver over HTTPS, which it does not usually do",
    about: "The instance talked HTTPS to a public resolver of DNS over HTTPS (DoH), and it had not done so \
        before. Queries inside HTTPS are encrypted and logged nowhere.",
    detection: "A record of at least 500 bytes (a TLS greeting) to port 443 of an address on a list of \
        resolvers of encrypted DNS. Quiet: a resolver (an operator's addresses count as one) that the \
        instance used so within the last 32 days; an interface that has been seen for less than \
        `learning_hours`; with `account_baseline` a resolver that hosts of the account used so in at \
        least `known_host_hours` hours of the last 14 days.",
    false_positives: FALSE_POSITIVES,
    response: RESPONSE,
    techniques: &["T1071.004", "T1572"],
    data: &[Data::VpcFlow],
    aggregation: AGGREGATION,
    is_own: false,
};

/// DNS over TLS.
pub const UNUSUAL_DOT: FindingType = FindingType {
    name: "DefenseEvasion:EC2/UnusualDoTActivity",
    severity: Severity::MEDIUM,
    title: "An EC2 instance asks a public resolver over TLS, which it does not usually do",
    about: "The instance talked to a public resolver of DNS over TLS (DoT), and it had not done so before. \
        Queries inside TLS are encrypted and logged nowhere.",
    detection: "A record of at least 500 bytes (a TLS greeting) to port 853 of an address on a list of \
        resolvers of encrypted DNS. Quiet: a resolver (an operator's addresses count as one) that the \
        instance used so within the last 32 days; an interface that has been seen for less than \
        `learning_hours`; with `account_baseline` a resolver that hosts of the account used so in at \
        least `known_host_hours` hours of the last 14 days.",
    false_positives: FALSE_POSITIVES,
    response: RESPONSE,
    techniques: &["T1071.004", "T1572"],
    data: &[Data::VpcFlow],
    aggregation: AGGREGATION,
    is_own: false,
};

const LISTED: Categories = Categories::of(&[Category::EncryptedDns]);
/// How many hosts of the account use a resolver, an hour and host counted once.
static HOSTS: Profile = Profile { name: "flow/hosts_by_resolver", hours: 14 * 24, keys: 10_000 };
/// Bytes of a record from which something was said over TLS: a greeting takes about so much.
const GREETING_BYTES: u64 = 500;
const RESOLVERS_MAX: usize = 64;
const DAY_SECS: u32 = 86_400;
const TCP: u8 = 6;
const UDP: u8 = 17;

tunables! {
    /// Public resolvers that instances do not usually use.
    pub struct UnusualDnsResolver {
        /// Whether the family is on.
        pub enabled: bool = true,
        /// Hours that an interface must have been seen before a resolver is unusual to it. Raising it leaves
        /// more out that runs weekly.
        pub learning_hours: u32 = 24,
        /// Whether a resolver is usual that hosts of the account use. On, it leaves more out in fleets.
        pub account_baseline: bool = true,
        /// With `account_baseline`: hours, over all hosts of the account in the last 14 days, in which a
        /// resolver must have been used to be usual there. Raising it reports more hosts of a fleet.
        pub known_host_hours: u64 = 3,
    }
}

/// The resolvers that an interface uses.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// The hour, since 1970, in which an address was last used.
    hours: BoundedMap<u32, RESOLVERS_MAX>,
    operators: FirstSeen<RESOLVERS_MAX>,
}

/// A way to ask.
struct Way {
    finding_type: &'static FindingType,
    port: u16,
    what: &'static str,
}

const DNS: Way = Way {
    finding_type: &UNUSUAL_DNS_RESOLVER,
    port: 53,
    what: "communicating with an unusual public DNS resolver",
};
const DOH: Way = Way {
    finding_type: &UNUSUAL_DOH,
    port: 443,
    what: "performing unusual DNS over HTTPS (DoH) communication",
};
const DOT: Way = Way {
    finding_type: &UNUSUAL_DOT,
    port: 853,
    what: "performing unusual DNS over TLS (DoT) communication",
};

impl Way {
    /// How the line asks a resolver, if it does.
    fn of(flow: &LocalFlow) -> Option<&'static Way> {
        let way = match flow.remote_port {
            53 => &DNS,
            443 => &DOH,
            853 => &DOT,
            _ => return None,
        };
        let is_said = way.port == DNS.port || flow.bytes >= GREETING_BYTES;
        let has_ports = flow.protocol == TCP || flow.protocol == UDP;
        (is_said && has_ports && flow.is_outbound && !flow.is_rejected()).then_some(way)
    }

    /// One number for the way and what is asked.
    fn key(&self, of: u64) -> u64 {
        of ^ u64::from(self.port).rotate_left(48)
    }
}

impl Detector for UnusualDnsResolver {
    type Reads = Flows;
    type State = State;

    const SPEC: Spec = Spec {
        name: "ec2/unusual_dns_resolver",
        scope: Scope::Interface,
        idle: Duration::from_hours(32 * 24),
        version: 1,
        types: &[&UNUSUAL_DNS_RESOLVER, &UNUSUAL_DOH, &UNUSUAL_DOT],
        interest: Interest::Listed(LISTED),
    };

    fn wants(&self, event: &Event<'_, Flows>) -> bool {
        Way::of(event.row).is_some() && self.enabled
    }

    fn observe(
        &self,
        state: &mut State,
        event: &Event<'_, Flows>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let flow = event.row;
        let Some(way) = Way::of(flow) else { return };
        let hour = flow.start / 3600;
        let (last, _) = state.hours.entry(way.key(flow.remote.key()), flow.start);
        // A late record of an hour before teaches nothing: that hour may have been taught.
        if *last >= hour {
            return;
        }
        *last = hour;
        let key = way.key(operator(ctx, flow.remote));
        let known = ctx.profiles.count(&HOSTS, ctx.entity.account, key);
        if self.account_baseline {
            out.teach(&HOSTS, key, 1);
        }
        let seen = state.operators.see(key, flow.start / DAY_SECS);
        let learned =
            ctx.entity.first_seen + Duration::from_secs(u64::from(self.learning_hours) * 3600);
        let is_unusual = seen.is_new && !seen.has_evicted && event.time() >= learned;
        if is_unusual && known < self.known_host_hours {
            out.raise(draft(way, known, event, ctx));
        }
    }
}

fn draft(way: &Way, known: u64, event: &Event<'_, Flows>, ctx: &Context<'_>) -> Draft {
    let flow = event.row;
    let mut draft = ctx.instance_draft(way.finding_type, event.time());
    let instance = draft.key.clone();
    draft.role = ResourceRole::Actor;
    draft.title = format!("EC2 instance {instance} is {}.", way.what);
    draft.description = format!(
        "EC2 instance {instance} is {}: {} on port {}. The instance had not used this resolver before.",
        way.what, flow.remote, way.port
    );
    draft.action = ctx.network_action(Ends { is_outbound: Some(true), ..Ends::from(flow) });
    draft.additional.insert("unusual".to_owned(), flow.remote.to_string().into());
    draft.evidence.push(event.evidence());
    draft.reasons = vec![
        Reason::new("days on which the instance used the resolver", 0, "32 days"),
        Reason::new(
            "hours the interface was known",
            age_hours(ctx, event.time()),
            "learning_hours",
        ),
        Reason::new("hours in which hosts of the account used it", known, "known_host_hours"),
    ];
    draft
}

/// One number for whoever runs the resolver: its autonomous system, else its address.
fn operator(ctx: &Context<'_>, resolver: Addr) -> u64 {
    match ctx.intel.place(resolver) {
        Some(place) if place.asn != 0 => u64::from(place.asn),
        _ => resolver.key(),
    }
}

fn age_hours(ctx: &Context<'_>, at: Timestamp) -> u64 {
    at.since(ctx.entity.first_seen).as_secs() / 3600
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_sizes_tell_the_ways() {
        let flow = LocalFlow {
            remote: Addr::from_v4(0x0808_0808),
            local: Addr::UNSPECIFIED,
            bytes: 600,
            packets: 6,
            start: 0,
            end: 0,
            row: 0,
            local_port: 40_000,
            remote_port: 443,
            protocol: TCP,
            tcp_flags: 0,
            marks: 0,
            is_outbound: true,
        };
        let port = |it: &LocalFlow| Way::of(it).map(|it| it.port);
        assert_eq!(port(&flow), Some(443));
        assert_eq!(port(&LocalFlow { remote_port: 853, ..flow }), Some(853));
        assert_eq!(
            port(&LocalFlow { remote_port: 53, protocol: UDP, bytes: 60, ..flow }),
            Some(53)
        );
        assert_eq!(port(&LocalFlow { bytes: 120, ..flow }), None, "an attempt");
        assert_eq!(port(&LocalFlow { remote_port: 80, ..flow }), None);
        assert_eq!(port(&LocalFlow { is_outbound: false, ..flow }), None);
        assert_eq!(port(&LocalFlow { protocol: 1, ..flow }), None);
    }
}
