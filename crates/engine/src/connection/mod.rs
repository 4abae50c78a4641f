//! The connection stage: which side of a flow line is ours, and whether the other side answered.
//!
//! A flow line says neither. One bounded table for each interface settles both: every line is given on at
//! once as a [`LocalFlow`](crate::LocalFlow), and a [`Connection`] is given on when its answer is decided:
//! by the reverse line, by flags, by its own size, or at a deadline of two aggregation intervals. Each later
//! line gives the connection on again with running totals.

mod followed;
mod side;
mod stage;
mod table;

use model::{Addr, Origin};
use serde::{Deserialize, Serialize};

pub use side::Side;
pub(crate) use stage::{InterfaceState, SILENT_SECS};

/// How the other side reacted.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub enum Outcome {
    /// Not known yet.
    #[default]
    Undecided,
    /// The other side answered: packets came back, a SYN-ACK was seen, or data was carried.
    Answered,
    /// Nothing came back within two aggregation intervals.
    Unanswered,
    /// A security group or network ACL rejected the packets.
    Rejected,
    /// The other side reset the connection at once.
    Refused,
}

impl Outcome {
    /// Whether the attempt failed.
    pub const fn is_failure(self) -> bool {
        matches!(self, Outcome::Unanswered | Outcome::Rejected | Outcome::Refused)
    }
}

/// A connection whose outcome is decided, seen from the interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Connection {
    /// Our side.
    pub local: Addr,
    /// The other side.
    pub remote: Addr,
    /// Port of our side.
    pub local_port: u16,
    /// Port of the other side.
    pub remote_port: u16,
    /// IANA protocol number.
    pub protocol: u8,
    /// Whether our side started it.
    pub is_outbound: bool,
    /// How the other side of the one that started it reacted.
    pub outcome: Outcome,
    /// Whether the connection was given on before: this is a later line with the totals so far.
    pub is_update: bool,
    /// Whether the deadline decided, and not a line.
    pub is_by_deadline: bool,
    /// OR of the TCP flags that we sent; zero when the format has none.
    pub flags_out: u8,
    /// OR of the TCP flags that we received; zero when the format has none.
    pub flags_in: u8,
    /// Start of the first line, seconds since 1970.
    pub first: u32,
    /// End of the latest line, seconds since 1970.
    pub last: u32,
    /// When the outcome was decided, seconds since 1970: the event time.
    pub decided: u32,
    /// Packets that we sent so far.
    pub packets_out: u32,
    /// Packets that we received so far.
    pub packets_in: u32,
    /// Bytes that we sent so far.
    pub bytes_out: u64,
    /// Bytes that we received so far.
    pub bytes_in: u64,
    /// Where the first line was taken from.
    pub origin: Origin,
}

impl Connection {
    /// The port of the side that was called.
    pub const fn service_port(&self) -> u16 {
        if self.is_outbound { self.remote_port } else { self.local_port }
    }

    /// Packets from the side that started it to the other.
    pub const fn packets_forward(&self) -> u32 {
        if self.is_outbound { self.packets_out } else { self.packets_in }
    }

    /// Bytes from the side that started it to the other.
    pub const fn bytes_forward(&self) -> u64 {
        if self.is_outbound { self.bytes_out } else { self.bytes_in }
    }

    /// Seconds from the first line's start to the latest line's end.
    pub const fn duration_secs(&self) -> u32 {
        self.last.saturating_sub(self.first)
    }
}

/// Bounds of the connection stage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ConnectionSettings {
    /// Aggregation intervals that an answer is waited for.
    pub intervals: u32,
}

impl Default for ConnectionSettings {
    fn default() -> Self {
        ConnectionSettings { intervals: 2 }
    }
}
