//! Connections as lines of VPC flow logs, at every interface of ours that sees them.

use crate::logs::{Logs, Source};
use crate::random::Random;
use crate::world::{Host, Network};

/// The columns, as a flow log of version 5 with a format of one's own has them.
pub(crate) const FLOW_HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes \
start end action log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id \
flow-direction traffic-path\n";

/// IANA number of TCP.
pub const TCP: u8 = 6;
/// IANA number of UDP.
pub const UDP: u8 = 17;

/// How a connection went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Both sides talk.
    Answered,
    /// The server says that nobody listens.
    Refused,
    /// Nobody answers.
    Silent,
    /// The server's security group drops it.
    Rejected,
}

/// A connection as both ends see it.
#[derive(Clone, Copy, Debug)]
pub struct Connection<'a> {
    /// Start of the record, seconds since 1970.
    pub at: i64,
    /// Length of the record.
    pub secs: i64,
    /// Who connects.
    pub client: &'a str,
    /// Port of the client.
    pub client_port: u16,
    /// Who is called.
    pub server: &'a str,
    /// Port of the server.
    pub port: u16,
    /// IANA number.
    pub protocol: u8,
    /// Packets and bytes of the client.
    pub sent: (u64, u64),
    /// Packets and bytes of the server.
    pub received: (u64, u64),
    /// How it went.
    pub outcome: Outcome,
}

impl<'a> Connection<'a> {
    /// An ordinary answered connection over TCP: a few seconds, a few kilobytes.
    pub fn answered(
        at: i64,
        (client, server): (&'a str, &'a str),
        port: u16,
        random: &mut Random,
    ) -> Connection<'a> {
        let packets = random.between(8, 40);
        Connection {
            at,
            secs: random.secs(0, 20),
            client,
            client_port: random.port(),
            server,
            port,
            protocol: TCP,
            sent: (packets, packets * random.between(60, 300)),
            received: (packets, packets * random.between(300, 1400)),
            outcome: Outcome::Answered,
        }
    }

    /// A single packet that is not answered with data.
    #[must_use]
    pub fn probe(self, outcome: Outcome) -> Connection<'a> {
        Connection { secs: 0, sent: (1, 44), received: (1, 40), outcome, ..self }
    }
}

impl Logs {
    /// Adds the records of a connection at every interface of ours that sees it.
    pub fn connect(&mut self, connection: &Connection<'_>) {
        let it = connection;
        let ends = (it.client, it.server);
        let (client, server) = (self.host(it.client).cloned(), self.host(it.server).cloned());
        if let Some(host) = client {
            self.interface(it, &Side::of(&host, false), ends, ends);
            if let Some(nat) = host.nat.as_ref().filter(|_| !it.server.starts_with("10.")) {
                let side = Side::gateway(&host, &nat.interface);
                self.interface(it, &side, (it.client, &nat.private), ends);
                let outer = (&*nat.private, it.server);
                self.interface(it, &Side { is_server: false, ..side }, outer, outer);
            }
        }
        if let Some(host) = server {
            self.interface(it, &Side::of(&host, true), ends, ends);
        }
    }

    fn interface(
        &mut self,
        it: &Connection<'_>,
        side: &Side,
        ends: (&str, &str),
        packet: (&str, &str),
    ) {
        let is_rejected = it.outcome == Outcome::Rejected;
        let action = if is_rejected && side.is_server { "REJECT" } else { "ACCEPT" };
        let flags = match it.outcome {
            _ if it.protocol != TCP => (0, 0),
            Outcome::Answered => (3, 19),
            _ => (2, 4),
        };
        let (from, to) = ((ends.0, it.client_port), (ends.1, it.port));
        let line = side.line(it, from, to, it.sent, action, flags.0, packet, side.is_server);
        let vpc = &side.network.vpc;
        self.push(Source::Flow, (&side.account, &side.region, vpc), it.at, line);
        if matches!(it.outcome, Outcome::Answered | Outcome::Refused) {
            let packet = (packet.1, packet.0);
            let line =
                side.line(it, to, from, it.received, action, flags.1, packet, !side.is_server);
            self.push(Source::Flow, (&side.account, &side.region, vpc), it.at, line);
        }
    }
}

/// An interface that sees a connection.
struct Side {
    account: String,
    region: String,
    interface: String,
    instance: String,
    network: Network,
    is_server: bool,
}

impl Side {
    fn of(host: &Host, is_server: bool) -> Side {
        Side {
            account: host.account.to_string(),
            region: host.region.to_string(),
            interface: host.interface(),
            instance: host.instance_field(),
            network: host.network(),
            is_server,
        }
    }

    /// The NAT gateway that a host's traffic leaves by, on the side of the host.
    fn gateway(host: &Host, interface: &str) -> Side {
        let (interface, instance) = (interface.to_owned(), "-".to_owned());
        Side { interface, instance, ..Side::of(host, true) }
    }

    #[expect(clippy::too_many_arguments, reason = "one for each group of columns")]
    fn line(
        &self,
        it: &Connection<'_>,
        from: (&str, u16),
        to: (&str, u16),
        (packets, bytes): (u64, u64),
        action: &str,
        flags: u8,
        packet: (&str, &str),
        is_ingress: bool,
    ) -> String {
        let (direction, path) = match () {
            () if is_ingress => ("ingress", "-"),
            () if to.0.starts_with("10.") => ("egress", "1"),
            () => ("egress", "8"),
        };
        let network = &self.network;
        format!(
            "5 {} {} {} {} {} {} {} {packets} {bytes} {} {} {action} OK {} {} {} {flags} IPv4 {} {} {} {} \
             {direction} {path}\n",
            self.account,
            self.interface,
            from.0,
            to.0,
            from.1,
            to.1,
            it.protocol,
            it.at,
            it.at + it.secs,
            network.vpc,
            network.subnet,
            self.instance,
            packet.0,
            packet.1,
            self.region,
            network.zone_id,
        )
    }
}
