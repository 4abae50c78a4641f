//! How much of which kind is a flood, and which answers show that it is none.

use super::kind::Kind;
use super::window::Window;

/// Segments with data that come back to a thousand of a stream, or of what looks like attempts to connect.
const ACKNOWLEDGED_PER_MILLE: u64 = 2;
/// Mean size from which answers are amplified ones.
const AMPLIFIED_BYTES: u64 = 400;

/// The thresholds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) tcp_packets: u64,
    pub(super) udp_packets: u64,
    pub(super) udp_bytes: u64,
    pub(super) dns_packets: u64,
    pub(super) dns_answer_bytes: u64,
    pub(super) unusual_packets: u64,
    pub(super) reply_per_mille: u64,
    pub(super) partner_replies: u64,
    pub(super) partner_factor: u64,
}

impl Limits {
    /// Whether so much was sent that the answers decide.
    pub(super) fn is_suspect(&self, it: &Window) -> bool {
        self.times(it) > 0
    }

    /// How many times the threshold was sent.
    fn times(&self, it: &Window) -> u64 {
        match it.kind {
            Kind::Tcp => it.attempts.max(it.packets - it.attempts) / self.tcp_packets.max(1),
            Kind::Udp => {
                (it.packets / self.udp_packets.max(1)).max(it.bytes / self.udp_bytes.max(1))
            }
            Kind::Queries | Kind::AllQueries => it.packets / self.dns_packets.max(1),
            Kind::Answers if it.bytes < AMPLIFIED_BYTES * it.packets => 0,
            Kind::Answers => it.bytes / self.dns_answer_bytes.max(1),
            Kind::Unusual(_) => it.packets / self.unusual_packets.max(1),
        }
    }

    /// Whether it is a flood, now that the answers are in.
    pub(super) fn is_flood(&self, it: &Window) -> bool {
        let times = self.times(it);
        let answered = |per_mille: u64| it.replies.packets * 1000 > per_mille * it.packets;
        times > 0
            && match it.kind {
                Kind::Tcp if it.attempts >= self.tcp_packets => {
                    // Whoever downloads acknowledges in empty segments too: what comes back tells.
                    let is_download = it.replies.data * 1000 > ACKNOWLEDGED_PER_MILLE * it.attempts;
                    it.short_attempts >= self.tcp_packets || !is_download
                }
                Kind::Tcp => !answered(ACKNOWLEDGED_PER_MILLE),
                Kind::Udp => {
                    let is_partner = it.replies.packets >= self.partner_replies;
                    !answered(self.reply_per_mille) && (!is_partner || times >= self.partner_factor)
                }
                Kind::Answers => true,
                _ => !answered(self.reply_per_mille),
            }
    }

    /// Whether a flood of datagrams goes to ports of TCP services.
    pub(super) fn is_on_tcp_ports(&self, it: &Window) -> bool {
        it.to_tcp_ports >= self.udp_packets || it.to_tcp_ports * 10 >= it.packets * 9
    }

    /// The setting that was met, and whether it is about bytes.
    pub(super) fn met(&self, it: &Window) -> (&'static str, bool) {
        match it.kind {
            Kind::Tcp => ("tcp_packets", false),
            Kind::Udp if it.packets >= self.udp_packets => ("udp_packets", false),
            Kind::Udp => ("udp_bytes", true),
            Kind::Queries | Kind::AllQueries => ("dns_packets", false),
            Kind::Answers => ("dns_answer_bytes", true),
            Kind::Unusual(_) => ("unusual_packets", false),
        }
    }
}
