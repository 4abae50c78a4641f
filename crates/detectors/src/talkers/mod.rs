//! Who talks to listed addresses, an instance or a Lambda function: what their families share.

#[macro_use]
pub(crate) mod listed;
#[macro_use]
pub(crate) mod tor;

use engine::findings::{Draft, FindingType};
use engine::model::Timestamp;
use engine::telemetry::Flow;
use engine::{Context, Ends, LocalFlow, Purpose};

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP_V6: u8 = 58;
const SYN: u8 = 2;
const ACK: u8 = 16;
/// The largest TCP packet without data that hosts send: a SYN-ACK with its usual options, over IPv4.
const EMPTY_PACKET_BYTES: u64 = 60;
/// What an IPv6 header has more.
const MORE_OF_IPV6: u64 = 20;

/// What the interface of a flow line belongs to, as a family sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Talker {
    /// An instance, or whatever is not known to be for something else.
    Instance,
    /// A Lambda function.
    Function,
}

impl Talker {
    /// Whether the interface whose state it is belongs to such a talker.
    pub(crate) fn owns(self, ctx: &Context<'_>, time: Timestamp) -> bool {
        let purpose = ctx.purpose(time);
        match self {
            Talker::Instance => purpose.may_be_instance(),
            Talker::Function => purpose == Purpose::Function,
        }
    }

    /// A draft about the talker and what texts call it; nothing where the interface is another's.
    pub(crate) fn draft(
        self,
        finding_type: &'static FindingType,
        ctx: &Context<'_>,
        time: Timestamp,
    ) -> Option<(Draft, String)> {
        let (draft, kind) = match self {
            Talker::Instance if self.owns(ctx, time) => {
                (ctx.instance_draft(finding_type, time), "EC2 instance")
            }
            Talker::Instance => return None,
            Talker::Function => (ctx.function_draft(finding_type, time)?, "Lambda function"),
        };
        let subject = format!("{kind} {}", draft.key);
        Some((draft, subject))
    }
}

/// Whether we started the connection of an outbound line, as far as the line tells: a SYN says so for
/// certain, otherwise whoever has the lower port was called.
pub(crate) fn is_ours(flow: &LocalFlow) -> Option<bool> {
    if flow.protocol == TCP && flow.marks & Flow::HAS_TCP_FLAGS != 0 && flow.tcp_flags & SYN != 0 {
        return Some(flow.tcp_flags & ACK == 0);
    }
    Ends::from(flow).is_outbound
}

/// Whether the line may hold nothing but what any caller gets.
pub(crate) fn is_mere_answer(flow: &LocalFlow) -> bool {
    match flow.protocol {
        TCP => is_empty_answer(flow),
        UDP => is_ours(flow) == Some(false),
        ICMP | ICMP_V6 => true,
        _ => false,
    }
}

/// Whether the line holds nothing but handshakes, acknowledgements and resets that answer a caller.
fn is_empty_answer(flow: &LocalFlow) -> bool {
    let empty = match flow.remote.v4() {
        Some(_) => EMPTY_PACKET_BYTES,
        None => EMPTY_PACKET_BYTES + MORE_OF_IPV6,
    };
    flow.bytes <= empty * u64::from(flow.packets) && is_ours(flow) == Some(false)
}

#[cfg(test)]
mod tests {
    use engine::model::Addr;

    use super::*;

    /// `local port, remote port, packets, bytes, flags`; no flags as in version 2 where they are 0.
    fn flow(of: (u16, u16, u32, u64, u8)) -> LocalFlow {
        let (local_port, remote_port, packets, bytes, tcp_flags) = of;
        LocalFlow {
            remote: Addr::from_v4(0xc633_6407),
            local: Addr::UNSPECIFIED,
            bytes,
            packets,
            start: 0,
            end: 0,
            row: 0,
            local_port,
            remote_port,
            protocol: TCP,
            tcp_flags,
            marks: if tcp_flags == 0 { 0 } else { Flow::HAS_TCP_FLAGS },
            is_outbound: true,
        }
    }

    #[test]
    fn what_a_scan_gets_is_an_empty_answer() {
        for it in [(22, 40_000, 1, 40, 4), (443, 40_000, 2, 120, 18), (80, 40_000, 1, 40, 0)] {
            assert!(is_empty_answer(&flow(it)), "{it:?}");
        }
        // Data, our own attempts, and an attempt of ours at a higher port.
        for it in [(443, 40_000, 5, 900, 18), (40_000, 443, 1, 60, 0), (40_000, 50_000, 1, 60, 2)] {
            assert!(!is_empty_answer(&flow(it)), "{it:?}");
        }
    }

    #[test]
    fn what_anybody_gets_over_udp_and_icmp_is_a_mere_answer() {
        let over = |protocol, local_port, remote_port| LocalFlow {
            protocol,
            ..flow((local_port, remote_port, 3, 900, 0))
        };
        assert!(is_mere_answer(&over(UDP, 53, 40_000)) && is_mere_answer(&over(ICMP, 0, 0)));
        assert!(!is_mere_answer(&over(UDP, 40_000, 53)) && !is_mere_answer(&over(47, 0, 0)));
        assert!(!is_mere_answer(&over(TCP, 443, 40_000)), "data");
    }

    #[test]
    fn a_syn_says_more_than_the_ports() {
        assert_eq!(is_ours(&flow((40_000, 50_000, 1, 60, 2))), Some(true));
        assert_eq!(is_ours(&flow((50_000, 40_000, 9, 900, 19))), Some(false));
        assert_eq!(is_ours(&flow((50_000, 40_000, 9, 900, 0))), Some(true));
    }
}
