//! A known scanner reaches an open port of an instance.

use std::time::Duration;

use engine::findings::{
    Action, Data, Draft, EvidenceRef, FindingType, PortDetails, PortProbeAction, PortProbeDetail,
    Reason, ResourceRole,
};
use engine::intel::{Categories, Category, Indicator};
use engine::model::{Addr, Scope, Severity};
use engine::stats::BoundedMap;
use engine::telemetry::Flow;
use engine::{Context, Detector, Event, Flows, Interest, LocalFlow, Out, Spec, port_name};
use serde::{Deserialize, Serialize};

use super::lists::name_lists;
use super::threat_list::is_ours;

const DETECTION: &str = "An address on a list of known scanners (or of malicious callers) sent a TCP \
    connection to the instance, and the instance answered that the port is open: a record of its answer \
    has the flags SYN and ACK, or, in formats without flags, is larger than a reset. That the packets \
    arrived shows that no security group or network ACL keeps the scanner out.";
const FALSE_POSITIVES: &str = "Services that are meant for the public are found by scanners as well: name \
    their ports in `public_ports`. Search engines of the Internet and universities scan without harm; a \
    trusted list takes them out. A load balancer's own health checks come from private addresses and do \
    not count.";
const AGGREGATION: &str = "instance and port, with the latest scanners";

/// A port of an instance.
pub const PORT_PROBE: FindingType = FindingType {
    name: "Recon:EC2/PortProbeUnprotectedPort",
    severity: Severity::LOW,
    title: "A known scanner reaches an open port of an EC2 instance",
    about: "A port of the instance that is no public web or mail port answers to the Internet, and a host \
        that is known for scanning has found it. Scans are common; the open port is what matters. \
        Elasticsearch ports are rated High, since whoever reaches them usually reads the data.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: "Ask whether the port has to be open to the Internet. If not, limit the security group to \
        the addresses that need it. If so, make sure that the service asks for credentials and is \
        patched, look into its log for what the scanner asked, and add the port to `public_ports`.",
    techniques: &["T1595.001", "T1046"],
    data: &[Data::VpcFlow],
    aggregation: AGGREGATION,
    is_own: false,
};

/// A port of an EMR cluster.
pub const PORT_PROBE_EMR: FindingType = FindingType {
    name: "Recon:EC2/PortProbeEMRUnprotectedPort",
    severity: Severity::HIGH,
    title: "A known scanner reaches an EMR port of an instance of an EMR cluster",
    about: "The instance belongs to an EMR cluster (it has the tag `aws:elasticmapreduce:job-flow-id`), and \
        a port of the cluster's software answers to the Internet. Such ports, YARN's 8088 above all, take \
        jobs without asking for credentials: whoever reaches them runs programs on the cluster.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: "Close the port at once: remove the rule from the cluster's security group and turn EMR's \
        block public access on. Then look for applications that nobody submitted (`yarn application \
        -list -appStates ALL`) and for miners on the nodes.",
    techniques: &["T1595.001", "T1046", "T1190"],
    data: &[Data::VpcFlow],
    aggregation: AGGREGATION,
    is_own: false,
};

const LISTED: Categories = Categories::of(&[Category::Scanner, Category::MaliciousCaller]);
/// The tag that EMR puts on instances of a cluster
/// (<https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-tags.html>).
const EMR_TAG: &str = "aws:elasticmapreduce:job-flow-id";
const TCP: u8 = 6;
/// A reset is at most this long: the headers of IP and TCP without options.
const RESET_BYTES: u64 = 40;
const MORE_OF_IPV6: u64 = 20;
/// Ports of an interface and scanners of a port that are remembered.
const PORTS_MAX: usize = 64;
const SCANNERS_MAX: usize = 16;
const EVIDENCE_MAX: usize = 7;

tunables! {
    /// Known scanners that reach open ports.
    pub struct PortProbe {
        /// Whether the family is on.
        pub enabled: bool = true,
        /// Ports that are meant for the public, whoever comes. GuardDuty leaves 80 and 443 out.
        pub public_ports: Vec<u16> = vec![25, 80, 443],
        /// Ports whose probes are rated High: Elasticsearch.
        pub severe_ports: Vec<u16> = vec![9200, 9300],
        /// Ports of the software of an EMR cluster: YARN, HDFS, Spark, `HBase`, Hue, Livy, notebooks.
        pub emr_ports: Vec<u16> = vec![
            2181, 4040, 8020, 8032, 8042, 8088, 8443, 8888, 8890, 8998, 9443, 9864, 9870, 10000, 16010, 18080,
            19888, 50070, 50075,
        ],
        /// Seconds in which further probes of one scanner at one port are not counted again.
        pub again_secs: u32 = 3600,
    }
}

/// Who probed which port of an interface.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    ports: BoundedMap<Probes, PORTS_MAX>,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Probes {
    /// Scanners with the second of their last counted probe, the latest last.
    scanners: Vec<(Addr, u32)>,
    evidence: Vec<EvidenceRef>,
}

impl Detector for PortProbe {
    type Reads = Flows;
    type State = State;

    const SPEC: Spec = Spec {
        name: "ec2/port_probe",
        scope: Scope::Interface,
        idle: Duration::from_hours(7 * 24),
        version: 1,
        types: &[&PORT_PROBE, &PORT_PROBE_EMR],
        interest: Interest::Listed(LISTED),
    };

    // What arrives says nothing of the port; our answer does.
    fn wants(&self, event: &Event<'_, Flows>) -> bool {
        let flow = event.row;
        self.enabled
            && flow.is_outbound
            && flow.protocol == TCP
            && !flow.is_rejected()
            && !self.public_ports.contains(&flow.local_port)
            && is_open_answer(flow)
    }

    fn observe(
        &self,
        state: &mut State,
        event: &Event<'_, Flows>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let flow = event.row;
        let (probes, _) = state.ports.entry(u64::from(flow.local_port), flow.start);
        if !probes.note(flow, self.again_secs) {
            return;
        }
        if probes.evidence.len() < EVIDENCE_MAX {
            probes.evidence.push(event.evidence());
        }
        out.raise(self.draft(probes, event, ctx));
        probes.evidence.clear();
    }
}

impl Probes {
    /// Notes a probe. Returns whether it counts.
    fn note(&mut self, flow: &LocalFlow, again_secs: u32) -> bool {
        let known = self.scanners.iter().position(|it| it.0 == flow.remote);
        if let Some(at) = known {
            let (_, last) = self.scanners[at];
            if flow.start < last.saturating_add(again_secs) {
                return false;
            }
            self.scanners.remove(at);
        } else if self.scanners.len() >= SCANNERS_MAX {
            self.scanners.remove(0);
        }
        self.scanners.push((flow.remote, flow.start));
        true
    }
}

impl PortProbe {
    fn draft(&self, probes: &Probes, event: &Event<'_, Flows>, ctx: &Context<'_>) -> Draft {
        let flow = event.row;
        let port = flow.local_port;
        let mut draft = ctx.instance_draft(&PORT_PROBE, event.time());
        let instance = draft.key.clone();
        let tags = draft.resource.instance_details.as_ref().map_or(&[][..], |it| &it.tags);
        let is_emr = tags.iter().any(|it| it.key == EMR_TAG) && self.emr_ports.contains(&port);
        let kind = if is_emr { "EMR-related port" } else { "port" };
        if is_emr {
            draft.finding_type = &PORT_PROBE_EMR;
            draft.severity = PORT_PROBE_EMR.severity;
        } else if self.severe_ports.contains(&port) {
            draft.severity = Severity::HIGH;
        }
        draft.key = format!("{instance} {port}");
        draft.role = ResourceRole::Target;
        draft.title = format!("Unprotected {kind} on EC2 instance {instance} is being probed.");
        draft.description = format!(
            "EC2 instance {instance} has an unprotected {kind} ({port}) which is being probed by a known \
             malicious host: {}.",
            flow.remote
        );
        draft.action = Action::port_probe(PortProbeAction {
            blocked: false,
            port_probe_details: details(probes, flow, ctx),
        });
        name_lists(&mut draft, ctx, (event.verdict, Indicator::Address(flow.remote)), LISTED);
        draft.evidence.clone_from(&probes.evidence);
        let is_scanner = event.listed.contains(Category::Scanner);
        let category = if is_scanner { Category::Scanner } else { Category::MaliciousCaller };
        draft.reasons = vec![
            Reason::new("remote address on a list", flow.remote, category),
            Reason::new("open port that is no public one", port, "public_ports"),
        ];
        draft
    }
}

/// The scanners of a port, the latest first.
fn details(probes: &Probes, flow: &LocalFlow, ctx: &Context<'_>) -> Vec<PortProbeDetail> {
    let port = flow.local_port;
    let detail = |scanner: Addr| PortProbeDetail {
        local_port_details: PortDetails { port, port_name: port_name(port).to_owned() },
        local_ip_details: Some(flow.local.into()),
        remote_ip_details: ctx.remote_ip(scanner),
    };
    probes.scanners.iter().rev().map(|it| detail(it.0)).collect()
}

/// Whether the line is our answer to a caller that the port is open.
fn is_open_answer(flow: &LocalFlow) -> bool {
    if flow.marks & Flow::HAS_TCP_FLAGS != 0 {
        return flow.tcp_flags & Flow::SYN_ACK == Flow::SYN_ACK;
    }
    let reset = match flow.remote.v4() {
        Some(_) => RESET_BYTES,
        None => RESET_BYTES + MORE_OF_IPV6,
    };
    flow.bytes > reset * u64::from(flow.packets) && is_ours(flow) == Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(packets: u32, bytes: u64, flags: Option<u8>) -> LocalFlow {
        LocalFlow {
            remote: Addr::from_v4(0xc633_6407),
            local: Addr::UNSPECIFIED,
            bytes,
            packets,
            start: 1000,
            end: 1000,
            row: 0,
            local_port: 6379,
            remote_port: 40_000,
            protocol: TCP,
            tcp_flags: flags.unwrap_or(0),
            marks: if flags.is_some() { Flow::HAS_TCP_FLAGS } else { 0 },
            is_outbound: true,
        }
    }

    #[test]
    fn only_open_ports_answer() {
        assert!(is_open_answer(&answer(1, 44, Some(18))));
        assert!(is_open_answer(&answer(9, 900, Some(19))));
        assert!(!is_open_answer(&answer(1, 40, Some(4))), "a reset");
        assert!(!is_open_answer(&answer(9, 9000, Some(1))), "later lines of anything");
        assert!(is_open_answer(&answer(1, 44, None)));
        assert!(!is_open_answer(&answer(3, 120, None)), "resets");
        let ours = LocalFlow { local_port: 40_000, remote_port: 6379, ..answer(9, 900, None) };
        assert!(!is_open_answer(&ours));
    }

    #[test]
    fn a_scanner_counts_once_in_an_hour_and_scanners_are_bounded() {
        let mut probes = Probes::default();
        let at = |remote: u32, start| LocalFlow {
            remote: Addr::from_v4(0xc633_6400 + remote),
            start,
            ..answer(1, 44, Some(18))
        };
        assert!(probes.note(&at(1, 1000), 3600));
        assert!(!probes.note(&at(1, 4599), 3600));
        assert!(probes.note(&at(1, 4600), 3600));
        for remote in 2..40 {
            assert!(probes.note(&at(remote, 5000), 3600));
        }
        assert_eq!(probes.scanners.len(), SCANNERS_MAX);
    }
}
