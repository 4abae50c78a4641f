//! A connection as an interface sees it.

use std::net::IpAddr;

/// How a connection ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    /// Both sides talk, and one closes.
    Closed,
    /// Both sides talk; nobody closes, or the protocol has no end.
    Open,
    /// Nobody answers.
    Silent,
    /// The other side resets it at once.
    Refused,
    /// A security group or network ACL at the interface drops it.
    Rejected,
    /// It is an answer to something that was never sent, and the receiver resets it.
    Stray,
}

/// A connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Talk {
    /// Seconds since 1970.
    pub(super) at: i64,
    /// Seconds from the first packet to the last.
    pub(super) secs: i64,
    pub(super) remote: IpAddr,
    pub(super) local_port: u16,
    pub(super) remote_port: u16,
    pub(super) protocol: u8,
    /// Whether our side starts it.
    pub(super) is_ours: bool,
    /// Whether its first packets are seen.
    pub(super) is_opened: bool,
    /// Packets and bytes, headers included, of the side that starts it.
    pub(super) forward: (u64, u64),
    /// Packets and bytes of the other side.
    pub(super) back: (u64, u64),
    pub(super) end: End,
}

impl Talk {
    /// With so many packets and mean bytes of each in both directions.
    pub(super) fn sized(self, forward: (u64, u64), back: (u64, u64)) -> Talk {
        Talk {
            forward: (forward.0, forward.0 * forward.1),
            back: (back.0, back.0 * back.1),
            ..self
        }
    }

    /// That lasts so long.
    pub(super) fn lasting(self, secs: i64) -> Talk {
        Talk { secs, ..self }
    }

    /// A single segment without data that nobody answers with data.
    pub(super) fn probe(self, end: End) -> Talk {
        Talk { secs: 0, forward: (1, 44), back: (1, 40), end, ..self }
    }

    /// An attempt to connect as an operating system makes it: segments are sent again for a while.
    pub(super) fn attempt(self, end: End, again: u64) -> Talk {
        if end != End::Silent {
            return self.probe(end);
        }
        // After 1, 3, 7, 15, … seconds.
        let secs = (1_i64 << again.min(6)) - 1;
        Talk { secs, forward: (again + 1, 60 * (again + 1)), back: (0, 0), end, ..self }
    }
}
