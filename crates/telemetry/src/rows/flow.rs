//! Rows of VPC flow logs.

use model::{AccountId, Addr, Origin, Region};

/// One flow log record with status OK: 64 bytes.
///
/// Times are seconds since 1970 (field `start`, `end`); bytes and packets are those of the aggregation
/// interval. Fields by <https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Flow {
    /// Source address (`srcaddr`).
    pub src: Addr,
    /// Destination address (`dstaddr`).
    pub dst: Addr,
    /// Bytes in the interval.
    pub bytes: u64,
    /// Packets in the interval, saturating.
    pub packets: u32,
    /// Start of the interval, seconds since 1970. This is the event time.
    pub start: u32,
    /// End of the interval, seconds since 1970.
    pub end: u32,
    /// Local id: index into [`FlowRows::interfaces`].
    pub interface: u32,
    /// Source port.
    pub src_port: u16,
    /// Destination port.
    pub dst_port: u16,
    /// IANA protocol number.
    pub protocol: u8,
    /// OR of the TCP flags seen (version 3); valid only with [`Flow::HAS_TCP_FLAGS`].
    pub tcp_flags: u8,
    /// Bits [`Flow::REJECT`], [`Flow::HAS_TCP_FLAGS`], [`Flow::INGRESS`], [`Flow::EGRESS`],
    /// [`Flow::FROM_OTHER`], [`Flow::TO_OTHER`].
    pub marks: u8,
    /// `traffic-path` (version 5), 0 when absent.
    pub traffic_path: u8,
}

impl Flow {
    /// The record's action is REJECT.
    pub const REJECT: u8 = 1;
    /// The format has `tcp-flags` and the field was not `-`.
    pub const HAS_TCP_FLAGS: u8 = 2;
    /// `flow-direction` is ingress.
    pub const INGRESS: u8 = 4;
    /// `flow-direction` is egress.
    pub const EGRESS: u8 = 8;
    /// The packets come from a public address (`pkt-srcaddr`) where `srcaddr` is a private one.
    pub const FROM_OTHER: u8 = 16;
    /// The packets go to a public address (`pkt-dstaddr`) where `dstaddr` is a private one.
    pub const TO_OTHER: u8 = 32;
    /// TCP SYN bit.
    pub const SYN: u8 = 2;
    /// TCP SYN and ACK as flow logs report them.
    pub const SYN_ACK: u8 = 18;
    /// TCP RST bit.
    pub const RST: u8 = 4;

    /// Whether the packets were rejected.
    #[inline]
    pub const fn is_rejected(&self) -> bool {
        self.marks & Flow::REJECT != 0
    }
}

/// What is constant for an interface within a block.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FlowInterface {
    /// `interface-id`, such as `eni-1235b8ca123456789`.
    pub id: Box<str>,
    /// `account-id`, else the account of the object's key.
    pub account: AccountId,
    /// `region` (version 4), else the Region of the object's key.
    pub region: Region,
    /// `instance-id` (version 3), empty when absent.
    pub instance: Box<str>,
    /// `vpc-id` (version 3), empty when absent.
    pub vpc: Box<str>,
    /// `subnet-id` (version 3), empty when absent.
    pub subnet: Box<str>,
}

/// A block of flow rows in the order of the file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FlowRows {
    /// The rows.
    pub rows: Vec<Flow>,
    /// Where each row was taken from: same length as `rows`.
    pub origins: Vec<Origin>,
    /// The interfaces, by local id. One interface may stand at several ids after blocks were joined.
    pub interfaces: Vec<FlowInterface>,
}

impl FlowRows {
    /// Appends another block.
    pub fn append(&mut self, other: FlowRows) {
        if self.rows.is_empty() && self.rows.capacity() < other.rows.len() * 2 {
            *self = other;
            return;
        }
        let base = self.interfaces.len() as u32;
        self.interfaces.extend(other.interfaces);
        self.origins.extend(other.origins);
        self.rows.extend(
            other.rows.into_iter().map(|row| Flow { interface: row.interface + base, ..row }),
        );
    }
}

const _: () = assert!(size_of::<Flow>() == 64, "a flow row must stay one cache line");
