//! The flow records of an instance: how much, with whom, and on which ports.

use std::collections::{BTreeMap, BTreeSet};

use engine::stats::Distinct;
use engine::{Inventory, Side};
use model::{AccountId, Addr, Timestamp};
use telemetry::{Flow, FlowInterface};

use super::Seen;
use super::top::{Top, Weight};

/// Most interfaces of one instance whose sides are told; the largest types have fewer.
const INTERFACES_MAX: usize = 1_024;
/// Most accounts that are told apart.
const ACCOUNTS_MAX: usize = 64;
const TCP: u8 = 6;
const UDP: u8 = 17;

/// Bytes both ways.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bytes {
    /// To the instance.
    pub received: u64,
    /// From it.
    pub sent: u64,
    /// Flow records.
    pub records: u64,
    /// Of them, those of rejected packets.
    pub rejected: u64,
    /// When.
    pub seen: Seen,
}

impl Bytes {
    fn add(&mut self, flow: &Flow, is_outbound: bool, at: Timestamp) {
        let bytes = if is_outbound { &mut self.sent } else { &mut self.received };
        if !flow.is_rejected() {
            *bytes = bytes.saturating_add(flow.bytes);
        }
        self.records += 1;
        self.rejected += u64::from(flow.is_rejected());
        self.seen.add(at);
    }
}

impl Weight for Bytes {
    fn weight(&self) -> u64 {
        // Addresses without traffic count by their records, behind all others.
        self.received.saturating_add(self.sent).saturating_mul(1 << 10).saturating_add(self.records)
    }
}

/// Traffic of one remote address.
#[derive(Clone, Debug, Default)]
pub(super) struct Remote {
    /// How much.
    pub bytes: Bytes,
    /// The address.
    pub address: Addr,
}

impl Weight for Remote {
    fn weight(&self) -> u64 {
        self.bytes.weight()
    }
}

/// Traffic of one port.
#[derive(Clone, Debug, Default)]
pub(super) struct Port {
    /// How much.
    pub bytes: Bytes,
    /// With how many addresses.
    pub peers: Distinct,
}

impl Weight for Port {
    fn weight(&self) -> u64 {
        self.bytes.weight()
    }
}

/// All traffic of an instance.
#[derive(Clone, Debug, Default)]
pub(super) struct Traffic {
    /// How much.
    pub bytes: Bytes,
    /// By remote address.
    pub remotes: Top<Remote>,
    /// By port of the instance that answered, as `443/tcp`.
    pub served: Top<Port>,
    /// By port of the other side that the instance called.
    pub called: Top<Port>,
    sides: BTreeMap<(AccountId, Box<str>), Side>,
    accounts: BTreeSet<AccountId>,
}

impl Traffic {
    /// Adds a line of one of its interfaces.
    pub(super) fn add(
        &mut self,
        flow: &Flow,
        interface: &FlowInterface,
        inventory: &Inventory,
        at: Timestamp,
    ) {
        self.note_account(interface.account);
        let Some(is_outbound) = self.side(flow, interface, inventory, at) else { return };
        let (remote, local_port, remote_port) = if is_outbound {
            (flow.dst, flow.src_port, flow.dst_port)
        } else {
            (flow.src, flow.dst_port, flow.src_port)
        };
        self.bytes.add(flow, is_outbound, at);
        let it = self.remotes.at(&remote.to_string());
        it.address = remote;
        it.bytes.add(flow, is_outbound, at);
        // The side with the lower port serves.
        let (ports, port) = match local_port.cmp(&remote_port) {
            std::cmp::Ordering::Less if is_answer(flow, is_outbound) => {
                (&mut self.served, local_port)
            }
            std::cmp::Ordering::Less | std::cmp::Ordering::Equal => return,
            std::cmp::Ordering::Greater => (&mut self.called, remote_port),
        };
        let protocol = match flow.protocol {
            TCP => "tcp",
            UDP => "udp",
            _ => return,
        };
        // What came in on a port that never answered is no service.
        let it = ports.at(&format!("{port}/{protocol}"));
        it.bytes.add(flow, is_outbound, at);
        it.peers.insert(remote.key());
    }

    /// Whether the instance sent the line; nothing for interfaces beyond the bound.
    fn side(
        &mut self,
        flow: &Flow,
        interface: &FlowInterface,
        inventory: &Inventory,
        at: Timestamp,
    ) -> Option<bool> {
        let key = (interface.account, interface.id.clone());
        if !self.sides.contains_key(&key) {
            if self.sides.len() >= INTERFACES_MAX {
                return None;
            }
            let mut side = Side::default();
            if let Some(known) = inventory.interface(interface.account, &interface.id, at) {
                side.add_known(known.fact.private.iter().map(|it| it.address));
                side.add_known(known.fact.ipv6.iter().copied());
            }
            self.sides.insert(key.clone(), side);
        }
        self.sides.get_mut(&key).map(|it| it.is_outbound(flow))
    }

    /// Notes whose records they are.
    pub(super) fn note_account(&mut self, account: AccountId) {
        if account.is_known() && self.accounts.len() < ACCOUNTS_MAX {
            self.accounts.insert(account);
        }
    }

    /// The accounts that its records are of.
    pub(super) fn accounts(&self) -> impl Iterator<Item = AccountId> {
        self.accounts.iter().copied()
    }

    /// The interfaces that its records name.
    pub(super) fn interfaces(&self) -> impl Iterator<Item = &str> {
        self.sides.keys().map(|it| &*it.1)
    }

    /// When there was traffic.
    pub(super) fn seen(&self) -> Seen {
        self.bytes.seen
    }
}

/// Whether a line of a port of ours shows that something answers there: we sent, and more than a refusal.
fn is_answer(flow: &Flow, is_outbound: bool) -> bool {
    let has_flags = flow.marks & Flow::HAS_TCP_FLAGS != 0 && flow.protocol == TCP;
    let is_refusal =
        flow.tcp_flags & Flow::RST != 0 && flow.tcp_flags & Flow::SYN_ACK != Flow::SYN_ACK;
    is_outbound && !flow.is_rejected() && !(has_flags && is_refusal)
}

#[cfg(test)]
mod tests {
    use model::Region;

    use super::*;

    fn flow(src: (&str, u16), dst: (&str, u16), bytes: u64, marks: u8, flags: u8) -> Flow {
        Flow {
            src: Addr::parse(src.0).unwrap(),
            dst: Addr::parse(dst.0).unwrap(),
            bytes,
            packets: 1,
            start: 1_700_000_000,
            end: 1_700_000_060,
            interface: 0,
            src_port: src.1,
            dst_port: dst.1,
            protocol: TCP,
            tcp_flags: flags,
            marks,
            traffic_path: 0,
        }
    }

    #[test]
    fn sides_ports_and_bytes_are_told() {
        let interface = FlowInterface {
            id: "eni-1".into(),
            account: AccountId::new(111_122_223_333).unwrap(),
            region: Region::new("eu-west-1"),
            ..FlowInterface::default()
        };
        let own = "10.0.0.5";
        let mut traffic = Traffic::default();
        let lines = [
            flow(("192.0.2.1", 50_000), (own, 443), 100, 0, 0),
            flow((own, 443), ("192.0.2.1", 50_000), 4_000, 0, 0),
            flow((own, 50_001), ("198.51.100.9", 25), 70, 0, 0),
            // Refused, and rejected: no service.
            flow((own, 23), ("192.0.2.1", 50_002), 40, Flow::HAS_TCP_FLAGS, Flow::RST),
            flow(("192.0.2.7", 50_003), (own, 22), 60, Flow::REJECT, 0),
        ];
        for it in &lines {
            traffic.add(it, &interface, &Inventory::default(), Timestamp::from_secs(1_700_000_000));
        }
        let bytes = traffic.bytes;
        assert_eq!((bytes.received, bytes.sent, bytes.records, bytes.rejected), (100, 4_110, 5, 1));
        assert_eq!(traffic.served.names().collect::<Vec<_>>(), ["443/tcp"]);
        assert_eq!(traffic.called.names().collect::<Vec<_>>(), ["25/tcp"]);
        assert_eq!(traffic.remotes.heaviest()[0].0, "192.0.2.1");
        assert_eq!(traffic.remotes.total(), (3, true));
    }
}
