//! Floods that instances send.

use crate::flow::{Connection, Outcome, TCP, UDP};
use crate::scenarios::Scenario;
use crate::stage::Stage;

/// IANA number of IGMP.
const IGMP: u8 = 2;
const UDP_TYPE: &str = "Backdoor:EC2/DenialOfService.Udp";
const ON_TCP_PORTS: &str = "Backdoor:EC2/DenialOfService.UdpOnTcpPorts";

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::of(
        "Backdoor:EC2/DenialOfService.Dns",
        "An instance sends three hundred thousand queries to a public resolver.",
        |stage| {
            flood(stage, (UDP, 53), 92, 300_000);
        },
    ),
    Scenario::of(
        "Backdoor:EC2/DenialOfService.Tcp",
        "An instance sends four hundred thousand SYNs that nobody answers.",
        |stage| {
            flood(stage, (TCP, 443), 44, 400_000);
        },
    ),
    Scenario::of(UDP_TYPE, "An instance sends four hundred thousand datagrams.", |stage| {
        flood(stage, (UDP, 27_015), 284, 400_000);
    }),
    Scenario::named(
        ON_TCP_PORTS,
        &[UDP_TYPE, ON_TCP_PORTS],
        "An instance sends four hundred thousand datagrams to port 80.",
        |stage| {
            flood(stage, (UDP, 80), 284, 400_000);
        },
    ),
    Scenario::of(
        "Backdoor:EC2/DenialOfService.UnusualProtocol",
        "An instance sends a hundred thousand packets of IGMP.",
        |stage| {
            flood(stage, (IGMP, 0), 60, 100_000);
        },
    ),
];

/// Packets to a stranger within a hundred seconds, from fifty ports where there are ports.
pub(super) fn flood(
    stage: &mut Stage<'_>,
    (protocol, port): (u8, u16),
    packet_bytes: u64,
    packets: u64,
) {
    let (host, stranger) = (stage.host(), stage.stranger());
    let packets = packets / 50;
    for number in 0..50 {
        let it = stage.connection(stage.at(2 * number), (&host.ip, &stranger), port);
        let client_port = if port == 0 { 0 } else { it.client_port };
        stage.connect(&Connection {
            secs: 10,
            client_port,
            protocol,
            sent: (packets, packets * packet_bytes),
            outcome: Outcome::Silent,
            ..it
        });
    }
    stage.expect_instance(&host);
}
