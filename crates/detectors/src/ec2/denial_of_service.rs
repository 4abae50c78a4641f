//! An instance floods hosts of the Internet.
//!
//! Packets to one public address are counted in windows of two minutes, and only once the interface sends
//! much at all: most interfaces never do, and pay for one addition. A window is judged after the next one
//! has passed, when the answers are in: floods get none, while transfers, media and queries do.

mod kind;
mod limits;
mod window;

use std::time::Duration;

use engine::findings::{Data, Draft, FindingType, Reason, ResourceRole};
use engine::model::{Scope, Severity, Timestamp};
use engine::{Context, Detector, Ends, Event, Flows, Interest, Out, Spec};

use crate::attempts::is_trusted;
use kind::{Kind, kind};
use limits::Limits;
use window::{Window, seconds};

pub use window::State;

const AGGREGATION: &str = "instance; the remote address is that of the latest occurrence";
const FALSE_POSITIVES: &str = "Load tests of somebody else's hosts are floods; those of your own are left \
    out where the inventory knows the target, and where a trusted list names it. Media that is sent \
    without any report back from the receiver looks like a flood from about 1,700 packets a second on.";
const RESPONSE: &str = "Isolate the instance at once: AWS acts on abuse reports, and its address may be \
    blocked. Find the process that sends and the way it came in, often an exposed service or a stolen \
    password. Look for other instances that send to the same address.";

/// The type of a kind of flood, with its own words.
macro_rules! flood {
    (
        $(#[$doc:meta])* $const:ident,
        $suffix:literal,
        $title:literal,
        $about:literal,
        $detection:literal,
        $techniques:expr
    ) => {
        $(#[$doc])*
        pub const $const: FindingType = FindingType {
            name: concat!("Backdoor:EC2/DenialOfService.", $suffix),
            severity: Severity::HIGH,
            title: $title,
            about: concat!(
                $about,
                " It behaves as if it took part in a denial of service attack on somebody else."
            ),
            detection: concat!(
                "In two minutes, packets to one public address: ",
                $detection,
                " A record that covers more than two minutes counts by its share. Counting begins when the \
                 interface sends `gate_packets` in two minutes."
            ),
            false_positives: FALSE_POSITIVES,
            response: RESPONSE,
            techniques: $techniques,
            data: &[Data::VpcFlow],
            aggregation: AGGREGATION,
            is_own: false,
        };
    };
}

flood!(
    /// Queries or amplified answers.
    DOS_DNS,
    "Dns",
    "An EC2 instance floods DNS servers, or others with DNS answers",
    "The instance sends very many packets to UDP port 53 of public addresses and gets next to no answers, \
     or it sends masses of DNS answers to one address.",
    "`dns_packets` to UDP port 53 (to all addresses together as well), with answers to at most \
     `reply_per_mille` of them; or `dns_answer_bytes` from UDP port 53 in packets of 400 bytes or more.",
    &["T1498.001", "T1498.002"]
);
flood!(
    /// Half-open connections, or segments that nobody acknowledges.
    DOS_TCP,
    "Tcp",
    "An EC2 instance floods a host with TCP packets",
    "The instance sends very many TCP packets to a public address that open connections and carry nothing, \
     or that nobody acknowledges.",
    "`tcp_packets` in lines of empty segments with SYN and without FIN, to which at most two in a thousand \
     segments with data come back (in formats without `tcp-flags` only lines of at most three segments \
     count); or in lines of 5,000 segments and more of which at most two in a thousand are answered.",
    &["T1498.001", "T1499.001"]
);
flood!(
    /// Datagrams.
    DOS_UDP,
    "Udp",
    "An EC2 instance floods a host with UDP packets",
    "The instance sends very many UDP packets to a public address and gets next to no answers.",
    "`udp_packets` or `udp_bytes` over UDP, other than to or from port 53, with answers to at most \
     `reply_per_mille` of them. A partner that sends `partner_replies` packets in the time, as receivers \
     of media do, is no victim below `partner_factor` times as much.",
    &["T1498.001"]
);
flood!(
    /// Datagrams to ports of TCP services.
    DOS_UDP_ON_TCP_PORTS,
    "UdpOnTcpPorts",
    "An EC2 instance floods a TCP service with UDP packets",
    "The instance sends very many UDP packets to a port of a public address where TCP services are.",
    "`udp_packets` or `udp_bytes` over UDP of which `udp_packets`, or nine in ten, go to `tcp_ports`, with \
     answers to at most `reply_per_mille` of them; DenialOfService.Udp is raised as well. A partner that \
     sends `partner_replies` packets in the time, as with QUIC, is no victim below `partner_factor` times \
     as much.",
    &["T1498.001"]
);
flood!(
    /// Other protocols.
    DOS_UNUSUAL_PROTOCOL,
    "UnusualProtocol",
    "An EC2 instance floods a host over an unusual protocol",
    "The instance sends very many packets to a public address over an IP protocol that instances rarely \
     use, such as IGMP.",
    "`unusual_packets` over one protocol other than ICMP, IP-in-IP, TCP, UDP, IPv6, GRE, ESP, AH and \
     ICMPv6, with answers to at most `reply_per_mille` of them.",
    &["T1498.001"]
);

tunables! {
    /// Floods that instances send.
    pub struct DenialOfService {
        /// Whether the family is on.
        pub enabled: bool = true,
        /// Packets that an interface must send in two minutes before they are counted by address. Raising it
        /// costs less, and a flood counts from there on only.
        pub gate_packets: u64 = 5_000,
        /// TCP packets in two minutes. Raising it finds fewer floods; the same holds for those below.
        pub tcp_packets: u64 = 100_000,
        /// UDP packets in two minutes.
        pub udp_packets: u64 = 200_000,
        /// Bytes over UDP in two minutes.
        pub udp_bytes: u64 = 1_000_000_000,
        /// DNS queries in two minutes.
        pub dns_packets: u64 = 40_000,
        /// Bytes of DNS answers to one address in two minutes.
        pub dns_answer_bytes: u64 = 200_000_000,
        /// Packets of an unusual protocol in two minutes.
        pub unusual_packets: u64 = 20_000,
        /// Most answers to the packets of a flood, in thousandths.
        pub reply_per_mille: u64 = 20,
        /// Packets from the other side within the window and the next one from which it is a partner.
        pub partner_replies: u64 = 10,
        /// How many times more than the threshold makes a flood of what is sent to a partner.
        pub partner_factor: u64 = 10,
        /// Ports of TCP services.
        pub tcp_ports: Vec<u16> = vec![
            21, 22, 23, 25, 80, 110, 143, 443, 445, 993, 995, 1433, 1521, 3306, 3389, 5432, 5900, 6379, 8080,
            8443, 27017,
        ],
    }
}

impl Detector for DenialOfService {
    type Reads = Flows;
    type State = State;

    const SPEC: Spec = Spec {
        name: "ec2/denial_of_service",
        scope: Scope::Interface,
        idle: Duration::from_hours(2),
        version: 3,
        types: &[&DOS_DNS, &DOS_TCP, &DOS_UDP, &DOS_UDP_ON_TCP_PORTS, &DOS_UNUSUAL_PROTOCOL],
        interest: Interest::Every,
    };

    fn wants(&self, event: &Event<'_, Flows>) -> bool {
        let flow = event.row;
        kind(flow).is_some() && self.enabled && !flow.is_rejected() && flow.remote.is_public()
    }

    fn observe(
        &self,
        state: &mut State,
        event: &Event<'_, Flows>,
        _: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let flow = event.row;
        let Some(kind) = kind(flow) else { return };
        if !state.pass(flow, self.gate_packets) {
            state.keep_early(kind, flow);
            return;
        }
        let to_tcp = kind == Kind::Udp && self.tcp_ports.contains(&flow.remote_port);
        if let Some(at) = state.count(kind, flow, to_tcp, || event.evidence(), &self.limits()) {
            out.wake(seconds(at));
        }
    }

    fn wake(&self, state: &mut State, at: Timestamp, ctx: &Context<'_>, out: &mut Out<'_>) {
        let now = u32::try_from(at.secs()).unwrap_or(u32::MAX);
        let mut said: Vec<(Kind, u32)> = Vec::new();
        for window in state.due(now) {
            let place = (window.kind.single(), window.slot);
            let is_said = window.kind.is_of_all() && said.contains(&place);
            if is_said || !self.limits().is_flood(&window) || is_own(&window, ctx) {
                continue;
            }
            said.push(place);
            if window.kind == Kind::Udp && self.limits().is_on_tcp_ports(&window) {
                out.raise(self.draft(&DOS_UDP_ON_TCP_PORTS, &window, ctx));
            }
            out.raise(self.draft(finding_type(window.kind), &window, ctx));
        }
        if let Some(at) = state.next_due() {
            out.wake(seconds(at));
        }
    }
}

/// Whether the other side is ours or trusted.
fn is_own(window: &Window, ctx: &Context<'_>) -> bool {
    let account = ctx.entity.account;
    let at = seconds(window.first);
    is_trusted(ctx, window.remote)
        || ctx.inventory.instance_of_address(account, "", window.remote, at).is_some()
}

fn finding_type(kind: Kind) -> &'static FindingType {
    match kind {
        Kind::Tcp => &DOS_TCP,
        Kind::Udp => &DOS_UDP,
        Kind::Queries | Kind::AllQueries | Kind::Answers => &DOS_DNS,
        Kind::Unusual(_) => &DOS_UNUSUAL_PROTOCOL,
    }
}

impl DenialOfService {
    fn limits(&self) -> Limits {
        Limits {
            tcp_packets: self.tcp_packets,
            udp_packets: self.udp_packets,
            udp_bytes: self.udp_bytes,
            dns_packets: self.dns_packets,
            dns_answer_bytes: self.dns_answer_bytes,
            unusual_packets: self.unusual_packets,
            reply_per_mille: self.reply_per_mille,
            partner_replies: self.partner_replies,
            partner_factor: self.partner_factor,
        }
    }

    fn draft(
        &self,
        finding_type: &'static FindingType,
        window: &Window,
        ctx: &Context<'_>,
    ) -> Draft {
        let mut draft = ctx.instance_draft(finding_type, seconds(window.last));
        let instance = draft.key.clone();
        let using = match window.kind {
            _ if finding_type.name == DOS_UDP_ON_TCP_PORTS.name => "UDP protocol on a TCP port",
            Kind::Tcp => "TCP protocol",
            Kind::Udp => "UDP protocol",
            Kind::Queries | Kind::AllQueries | Kind::Answers => "DNS protocol",
            Kind::Unusual(_) => "an unusual protocol",
        };
        draft.first = seconds(window.first);
        draft.role = ResourceRole::Actor;
        draft.title = format!(
            "EC2 instance {instance} is behaving in a manner that may indicate it is being used to perform \
             a Denial of Service (DoS) attack using {using}."
        );
        draft.description = format!(
            "EC2 instance {instance} is behaving in a manner that may indicate it is being used to perform \
             a Denial of Service (DoS) attack using {using}: {} packets with {} bytes were sent to {} \
             within two minutes.",
            window.packets,
            window.bytes,
            window.target()
        );
        draft.action = ctx.network_action(Ends {
            local: window.local,
            local_port: window.local_port,
            remote: window.remote,
            remote_port: window.remote_port,
            protocol: window.kind.protocol(),
            is_outbound: Some(true),
            is_blocked: false,
        });
        for (key, value) in [
            ("outBytes", window.bytes),
            ("packetsOut", window.packets),
            ("packetsIn", window.replies.packets),
        ] {
            draft.additional.insert(key.to_owned(), value.to_string().into());
        }
        if let Kind::Unusual(protocol) = window.kind {
            draft.additional.insert("unusualProtocol".to_owned(), protocol.to_string().into());
        }
        draft.evidence.clone_from(&window.evidence);
        let (setting, is_bytes) = self.limits().met(window);
        let sent = if is_bytes { window.bytes } else { window.packets };
        let what = if is_bytes { "bytes in two minutes" } else { "packets in two minutes" };
        draft.reasons = vec![
            Reason::new(what, sent, setting),
            Reason::new("packets from the other side", window.replies.packets, "reply_per_mille"),
        ];
        draft
    }
}
