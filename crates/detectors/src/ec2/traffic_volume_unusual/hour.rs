//! What an interface sent and received in an hour, by remote address.

use engine::findings::EvidenceRef;
use engine::model::{Addr, Timestamp};
use engine::{Ends, LocalFlow};
use serde::{Deserialize, Serialize};

/// Addresses that are added up at once. The one that was sent least makes room, so that whoever is sent very
/// much stays, however many visitors there are.
const PEERS_MAX: usize = 24;
const EVIDENCE_MAX: usize = 7;

/// An hour of an interface.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Hour {
    /// Hours since 1970.
    pub(super) number: u32,
    /// Bytes sent to all addresses.
    pub(super) sent: u64,
    /// In the order of their addresses.
    pub(super) peers: Vec<Peer>,
    /// Whether it was told to the account that this hour is unusual.
    pub(super) is_told: bool,
}

/// What went to and came from an address.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Peer {
    pub(super) remote: Addr,
    pub(super) local: Addr,
    pub(super) local_port: u16,
    pub(super) remote_port: u16,
    pub(super) protocol: u8,
    /// Who started it, as far as one record tells.
    pub(super) is_outbound: Option<bool>,
    /// Bytes and packets.
    pub(super) sent: u64,
    pub(super) received: u64,
    pub(super) packets_out: u64,
    pub(super) packets_in: u64,
    /// Seconds since 1970.
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) evidence: Vec<EvidenceRef>,
}

impl Hour {
    pub(super) fn new(number: u32) -> Hour {
        Hour { number, ..Hour::default() }
    }

    /// When it is over.
    pub(super) fn end(&self) -> Timestamp {
        Timestamp::from_hour(i64::from(self.number) + 1)
    }

    /// Adds a record. Gives the bytes that its address was sent so far; `evidence` is asked for once they are
    /// `much`.
    pub(super) fn add(
        &mut self,
        flow: &LocalFlow,
        much: u64,
        evidence: impl FnOnce() -> EvidenceRef,
    ) -> u64 {
        let at = self.place(flow);
        let Some(peer) = self.peers.get_mut(at) else { return 0 };
        peer.first = peer.first.min(flow.start);
        peer.last = peer.last.max(flow.end);
        let packets = u64::from(flow.packets);
        if !flow.is_outbound {
            peer.received = peer.received.saturating_add(flow.bytes);
            peer.packets_in += packets;
            return peer.sent;
        }
        self.sent = self.sent.saturating_add(flow.bytes);
        peer.sent = peer.sent.saturating_add(flow.bytes);
        peer.packets_out += packets;
        if peer.sent >= much && peer.evidence.len() < EVIDENCE_MAX {
            peer.evidence.push(evidence());
        }
        peer.sent
    }

    /// The place of a record's address.
    fn place(&mut self, flow: &LocalFlow) -> usize {
        let at = match self.peers.binary_search_by_key(&flow.remote, |it| it.remote) {
            Ok(at) => return at,
            Err(at) => at,
        };
        let mut room = at;
        if self.peers.len() >= PEERS_MAX {
            let least = self.peers.iter().enumerate().min_by_key(|(_, it)| (it.sent, it.remote));
            let Some((gone, _)) = least else { return at };
            self.peers.remove(gone);
            room -= usize::from(gone < at);
        }
        self.peers.insert(room, Peer::of(flow));
        room
    }
}

impl Peer {
    fn of(flow: &LocalFlow) -> Peer {
        Peer {
            remote: flow.remote,
            local: flow.local,
            local_port: flow.local_port,
            remote_port: flow.remote_port,
            protocol: flow.protocol,
            is_outbound: Ends::from(flow).is_outbound,
            sent: 0,
            received: 0,
            packets_out: 0,
            packets_in: 0,
            first: flow.start,
            last: flow.end,
            evidence: Vec::new(),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use engine::model::Origin;

    use super::*;

    /// A record to or from an address by number.
    pub(in super::super) fn flow(remote: u32, bytes: u64, is_outbound: bool) -> LocalFlow {
        LocalFlow {
            remote: Addr::from_v4(0xc633_6400 + remote),
            local: Addr::from_v4(0x0a00_0105),
            bytes,
            packets: 10,
            start: 3_700,
            end: 3_760,
            row: 0,
            local_port: 40_000,
            remote_port: 443,
            protocol: 6,
            tcp_flags: 0,
            marks: 0,
            is_outbound,
        }
    }

    fn evidence() -> EvidenceRef {
        EvidenceRef { time: Timestamp::from_secs(3_700), origin: Origin::default() }
    }

    #[test]
    fn both_directions_are_added_up_by_address() {
        let mut hour = Hour::new(1);
        for (remote, bytes, is_outbound) in
            [(1, 500, true), (2, 70, true), (1, 20, false), (1, 600, true)]
        {
            hour.add(&flow(remote, bytes, is_outbound), 1000, evidence);
        }
        let [first, second] = hour.peers.as_slice() else { panic!("{hour:?}") };
        assert_eq!((first.sent, first.received, first.evidence.len()), (1100, 20, 1));
        assert_eq!((second.sent, second.evidence.len(), hour.sent), (70, 0, 1170));
    }

    #[test]
    fn who_is_sent_most_stays_among_many() {
        let mut hour = Hour::new(1);
        for round in 0..20 {
            hour.add(&flow(200, 1_000, true), 1, evidence);
            for visitor in 0..40 {
                hour.add(&flow(visitor, 900 + round, true), 1, evidence);
            }
        }
        assert_eq!(hour.peers.len(), PEERS_MAX);
        let most = hour.peers.iter().max_by_key(|it| it.sent).unwrap();
        assert_eq!((most.sent, most.remote), (20_000, flow(200, 0, true).remote));
    }
}
