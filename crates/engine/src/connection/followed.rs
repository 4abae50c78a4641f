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

/// A connection that is followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Followed {
    local: Addr,
    pub(super) remote: Addr,
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
    pub(super) outcome: Outcome,
    is_outbound: bool,
    has_data: bool,
}

impl Followed {
    /// A connection whose first line this is; the line is not added yet.
    pub(super) fn begin(flow: &LocalFlow, origin: Origin) -> Followed {
        Followed {
            local: flow.local,
            remote: flow.remote,
            local_port: flow.local_port,
            remote_port: flow.remote_port,
            protocol: flow.protocol,
            first: flow.start.max(1),
            last: flow.end,
            origin,
            is_outbound: started_by_us(flow),
            ..Followed::default()
        }
    }

    /// Whether a line has the two ends of this connection.
    #[inline]
    pub(super) fn is_of(&self, flow: &LocalFlow) -> bool {
        self.remote == flow.remote
            && self.local == flow.local
            && (self.local_port, self.remote_port) == (flow.local_port, flow.remote_port)
            && self.protocol == flow.protocol
    }

    pub(super) fn is_decided(&self) -> bool {
        self.outcome != Outcome::Undecided
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
            if self.outcome == Outcome::Undecided {
                self.outcome = Outcome::Rejected;
            }
        } else if flow.protocol == TCP {
            let empty = u64::from(flow.packets) * EMPTY_SEGMENT_MAX;
            self.has_data |= flow.packets >= 3 && flow.bytes > empty;
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
            self.is_outbound = is_outbound;
        }
    }

    /// The outcome as far as the lines tell.
    pub(super) fn judge(&self) -> Outcome {
        if self.outcome != Outcome::Undecided {
            return self.outcome;
        }
        let answer_flags = if self.is_outbound { self.flags_in } else { self.flags_out };
        if answer_flags & Flow::SYN_ACK == Flow::SYN_ACK || self.has_data {
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
        decided: u32,
        is_update: bool,
        is_by_deadline: bool,
    ) -> Connection {
        Connection {
            local: self.local,
            remote: self.remote,
            local_port: self.local_port,
            remote_port: self.remote_port,
            protocol: self.protocol,
            is_outbound: self.is_outbound,
            outcome: self.outcome,
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
