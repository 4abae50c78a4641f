//! What kind of flood a flow line may be part of.

use engine::LocalFlow;
use engine::model::Addr;
use engine::telemetry::Flow;
use serde::{Deserialize, Serialize};

use crate::ec2::threat_list::is_ours;

/// Lines of at most so many empty segments are attempts to connect without a look at the flags or at what came
/// back; lines of so many are streams.
pub(super) const ATTEMPT_PACKETS: u32 = 3;
const STREAM_PACKETS: u32 = 5_000;
/// A stream that is acknowledged, however sparsely, has lines of so many segments back.
const ACKNOWLEDGED_PACKETS: u32 = 25;
/// The largest segment without data that opens a connection: headers with options, over IPv4.
const EMPTY_SEGMENT: u64 = 60;
const MORE_OF_IPV6: u64 = 20;
const DNS: u16 = 53;
const FIN: u8 = 1;
pub(super) const TCP: u8 = 6;
const UDP: u8 = 17;

/// What kind of flood a line may be part of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) enum Kind {
    /// Attempts to connect, or streams.
    Tcp,
    /// Datagrams.
    #[default]
    Udp,
    /// DNS queries to one address.
    Queries,
    /// DNS queries to all addresses together.
    AllQueries,
    /// DNS answers of ours.
    Answers,
    /// Another protocol, by its number.
    Unusual(u8),
}

impl Kind {
    /// The kind that counts single addresses.
    pub(super) fn single(self) -> Kind {
        if self == Kind::AllQueries { Kind::Queries } else { self }
    }

    /// Whether it counts all addresses together.
    pub(super) fn is_of_all(self) -> bool {
        self == Kind::AllQueries
    }

    /// The number of the protocol.
    pub(super) fn protocol(self) -> u8 {
        match self {
            Kind::Tcp => TCP,
            Kind::Unusual(protocol) => protocol,
            _ => UDP,
        }
    }

    pub(super) fn key(self, remote: Addr, slot: u32) -> u64 {
        let kind = match self {
            Kind::Unusual(protocol) => 8 + u64::from(protocol),
            Kind::Tcp => 1,
            Kind::Udp => 2,
            Kind::Queries => 3,
            Kind::AllQueries => 4,
            Kind::Answers => 5,
        };
        let remote = if self == Kind::AllQueries { 0 } else { remote.key() };
        remote ^ (u64::from(slot) << 16 | kind).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// Which kind of flood the line may be part of, or answer; none for most lines.
#[inline]
pub(super) fn kind(flow: &LocalFlow) -> Option<Kind> {
    match flow.protocol {
        TCP if flow.is_outbound => {
            (flow.packets >= STREAM_PACKETS || is_attempt(flow)).then_some(Kind::Tcp)
        }
        TCP => (flow.packets >= ACKNOWLEDGED_PACKETS).then_some(Kind::Tcp),
        UDP if flow.remote_port == DNS => Some(Kind::Queries),
        UDP if flow.local_port == DNS => flow.is_outbound.then_some(Kind::Answers),
        UDP => Some(Kind::Udp),
        // ICMP, IP-in-IP, IPv6, GRE, ESP, AH, ICMPv6.
        1 | 4 | 41 | 47 | 50 | 51 | 58 => None,
        protocol => Some(Kind::Unusual(protocol)),
    }
}

/// Whether the line is attempts of ours to connect of which nothing came. Answers to the attempts of others, as
/// a victim sends them, are none. Many empty segments are attempts only where flags say so: without them they
/// may be the acknowledgements of a download.
pub(super) fn is_attempt(flow: &LocalFlow) -> bool {
    let has_flags = flow.marks & Flow::HAS_TCP_FLAGS != 0;
    is_empty(flow)
        && (has_flags || flow.packets <= ATTEMPT_PACKETS)
        && (!has_flags || flow.tcp_flags & (Flow::SYN | FIN) == Flow::SYN)
        && is_ours(flow) == Some(true)
}

/// Whether the line's TCP segments hold no data.
pub(super) fn is_empty(flow: &LocalFlow) -> bool {
    let empty = EMPTY_SEGMENT + if flow.remote.v4().is_some() { 0 } else { MORE_OF_IPV6 };
    flow.bytes <= empty * u64::from(flow.packets)
}
