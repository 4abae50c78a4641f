//! One connection while it is followed: what its lines add up to, and how the other side reacted.

use model::{Addr, Origin};
use serde::{Deserialize, Serialize};
use telemetry::Flow;

use super::{Connection, Outcome};
use crate::kind::LocalFlow;

/// A TCP segment without data is at most this long (20 bytes IP, up to 60 bytes TCP with options).
const EMPTY_SEGMENT_MAX: u64 = 80;
const TCP: u8 = 6;
const FIN: u8 = 1;

/// The addresses of both sides.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Addrs {
    pub(super) local: Addr,
    pub(super) remote: Addr,
}

impl Addrs {
    pub(super) fn of(flow: &LocalFlow) -> Addrs {
        Addrs { local: flow.local, remote: flow.remote }
    }

    /// The IPv4 addresses, if both are.
    fn v4(self) -> Option<(u32, u32)> {
        Some((self.local.v4()?, self.remote.v4()?))
    }
}

/// A connection that is followed: one cache line. What is not IPv4 has its addresses elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[repr(align(64))]
pub(super) struct Followed {
    local: u32,
    remote: u32,
    bytes_out: u64,
    bytes_in: u64,
    origin: Origin,
    packets_out: u32,
    packets_in: u32,
    first: u32,
    last: u32,
    local_port: u16,
    remote_port: u16,
    protocol: u8,
    flags_out: u8,
    flags_in: u8,
    /// The outcome above `OUTCOME_SHIFT`, and marks.
    state: u8,
}

/// We started it.
const OUTBOUND: u8 = 1;
/// Data was carried.
const DATA: u8 = 2;
/// The addresses are not both IPv4.
const WIDE: u8 = 4;
const OUTCOME_SHIFT: u32 = 3;

const _: () = assert!(size_of::<Followed>() == 64, "a connection must stay one cache line");

impl Followed {
    pub(super) const EMPTY: Followed = Followed {
        local: 0,
        remote: 0,
        bytes_out: 0,
        bytes_in: 0,
        origin: Origin { object: 0, len: 0, offset: 0 },
        packets_out: 0,
        packets_in: 0,
        first: 0,
        last: 0,
        local_port: 0,
        remote_port: 0,
        protocol: 0,
        flags_out: 0,
        flags_in: 0,
        state: 0,
    };

    /// A connection whose first line this is, and its addresses; the line is not added yet.
    pub(super) fn begin(flow: &LocalFlow, origin: Origin) -> (Followed, Addrs) {
        let addrs = Addrs::of(flow);
        let v4 = addrs.v4();
        let (local, remote) = v4.unwrap_or_default();
        let mut state = if v4.is_none() { WIDE } else { 0 };
        state |= if started_by_us(flow) { OUTBOUND } else { 0 };
        let followed = Followed {
            local,
            remote,
            local_port: flow.local_port,
            remote_port: flow.remote_port,
            protocol: flow.protocol,
            first: flow.start.max(1),
            last: flow.end,
            origin,
            state,
            ..Followed::EMPTY
        };
        (followed, addrs)
    }

    /// Whether a line has the two ends of this connection. `wide` gives the addresses that are not IPv4.
    #[inline]
    pub(super) fn is_of(&self, flow: &LocalFlow, wide: impl Fn() -> Addrs) -> bool {
        let addrs = Addrs::of(flow);
        (self.local_port, self.remote_port) == (flow.local_port, flow.remote_port)
            && self.protocol == flow.protocol
            && match self.v4() {
                Some(v4) => addrs.v4() == Some(v4),
                None => addrs == wide(),
            }
    }

    fn v4(&self) -> Option<(u32, u32)> {
        (!self.is_wide()).then_some((self.local, self.remote))
    }

    pub(super) fn is_wide(&self) -> bool {
        self.state & WIDE != 0
    }

    /// The addresses, if they are IPv4.
    pub(super) fn addrs(&self) -> Option<Addrs> {
        let (local, remote) = self.v4()?;
        Some(Addrs { local: Addr::from_v4(local), remote: Addr::from_v4(remote) })
    }

    fn is_outbound(&self) -> bool {
        self.state & OUTBOUND != 0
    }

    fn has_data(&self) -> bool {
        self.state & DATA != 0
    }

    fn outcome(&self) -> Outcome {
        match self.state >> OUTCOME_SHIFT {
            1 => Outcome::Answered,
            2 => Outcome::Unanswered,
            3 => Outcome::Rejected,
            4 => Outcome::Refused,
            _ => Outcome::Undecided,
        }
    }

    pub(super) fn decide(&mut self, outcome: Outcome) {
        let number = match outcome {
            Outcome::Undecided => 0,
            Outcome::Answered => 1,
            Outcome::Unanswered => 2,
            Outcome::Rejected => 3,
            Outcome::Refused => 4u8,
        };
        self.state = self.state & (OUTBOUND | DATA | WIDE) | number << OUTCOME_SHIFT;
    }

    pub(super) fn is_decided(&self) -> bool {
        self.outcome() != Outcome::Undecided
    }

    /// Whether the line begins another connection with the same ends: a SYN after both sides were done.
    pub(super) fn is_ended_before(&self, flow: &LocalFlow) -> bool {
        let has_flags = flow.marks & Flow::HAS_TCP_FLAGS != 0;
        has_flags
            && flow.tcp_flags & Flow::SYN_ACK == Flow::SYN
            && flow.start >= self.last
            && (self.flags_out | self.flags_in) & (FIN | Flow::RST) != 0
    }

    /// Adds a line.
    pub(super) fn add(&mut self, flow: &LocalFlow) {
        self.last = self.last.max(flow.end);
        let has_flags = flow.marks & Flow::HAS_TCP_FLAGS != 0;
        let flags = if has_flags { flow.tcp_flags } else { 0 };
        if flow.is_rejected() {
            // Whoever rejects ends the matter; rejected packets carried nothing.
            if !self.is_decided() {
                self.decide(Outcome::Rejected);
            }
        } else if flow.protocol == TCP {
            let empty = u64::from(flow.packets) * EMPTY_SEGMENT_MAX;
            self.state |= if flow.packets >= 3 && flow.bytes > empty { DATA } else { 0 };
        }
        if flow.is_outbound {
            self.bytes_out = self.bytes_out.saturating_add(flow.bytes);
            self.packets_out = self.packets_out.saturating_add(flow.packets);
            self.flags_out |= flags;
        } else {
            self.bytes_in = self.bytes_in.saturating_add(flow.bytes);
            self.packets_in = self.packets_in.saturating_add(flow.packets);
            self.flags_in |= flags;
        }
        // The flags of the SYN tell who started it, whichever line came first.
        if let Some(is_outbound) = started_by_flags(flow.is_outbound, flags) {
            self.state = self.state & !OUTBOUND | if is_outbound { OUTBOUND } else { 0 };
        }
    }

    /// The outcome as far as the lines tell.
    pub(super) fn judge(&self) -> Outcome {
        if self.is_decided() {
            return self.outcome();
        }
        let answer_flags = if self.is_outbound() { self.flags_in } else { self.flags_out };
        if answer_flags & Flow::SYN_ACK == Flow::SYN_ACK || self.has_data() {
            return Outcome::Answered;
        }
        if self.packets_in == 0 || self.packets_out == 0 {
            return Outcome::Undecided;
        }
        let is_reset = answer_flags & Flow::RST != 0;
        // Without flags a reset still shows: one empty segment each way.
        let is_single = self.protocol == TCP
            && self.packets_in <= 1
            && self.packets_out <= 1
            && self.bytes_in <= EMPTY_SEGMENT_MAX
            && self.bytes_out <= EMPTY_SEGMENT_MAX;
        if is_single || (is_reset && self.packets_in.min(self.packets_out) <= 1) {
            Outcome::Refused
        } else {
            Outcome::Answered
        }
    }

    pub(super) fn connection(
        &self,
        addrs: Addrs,
        decided: u32,
        is_update: bool,
        is_by_deadline: bool,
    ) -> Connection {
        Connection {
            local: addrs.local,
            remote: addrs.remote,
            local_port: self.local_port,
            remote_port: self.remote_port,
            protocol: self.protocol,
            is_outbound: self.is_outbound(),
            outcome: self.outcome(),
            is_update,
            is_by_deadline,
            flags_out: self.flags_out,
            flags_in: self.flags_in,
            first: self.first,
            last: self.last,
            decided,
            packets_out: self.packets_out,
            packets_in: self.packets_in,
            bytes_out: self.bytes_out,
            bytes_in: self.bytes_in,
            origin: self.origin,
        }
    }
}

/// Who started it, as far as one line tells: the flags, else the ports (the service has the lower one).
fn started_by_us(flow: &LocalFlow) -> bool {
    let has_flags = flow.marks & Flow::HAS_TCP_FLAGS != 0;
    if has_flags && let Some(is_outbound) = started_by_flags(flow.is_outbound, flow.tcp_flags) {
        return is_outbound;
    }
    match flow.local_port.cmp(&flow.remote_port) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => flow.is_outbound,
    }
}

/// Who started it, if the flags of one line tell.
///
/// A SYN without ACK is the client's, SYN-ACK alone is the server's. A line holds the OR of an interval, so
/// SYN-ACK with FIN or RST may as well be a client's SYN and its later FIN-ACK or RST-ACK.
fn started_by_flags(is_outbound: bool, flags: u8) -> Option<bool> {
    match flags & (Flow::SYN_ACK | FIN | Flow::RST) {
        Flow::SYN_ACK => Some(!is_outbound),
        flags if flags & Flow::SYN_ACK == Flow::SYN => Some(is_outbound),
        _ => None,
    }
}
