//! What an interface sends to one address in two minutes.

use engine::LocalFlow;
use engine::findings::EvidenceRef;
use engine::model::{Addr, Timestamp};
use engine::stats::BoundedMap;
use serde::{Deserialize, Serialize};

use super::kind::{ATTEMPT_PACKETS, Kind, TCP, is_attempt, is_empty};
use super::limits::Limits;

/// Length of a window, seconds.
pub(super) const WINDOW_SECS: u32 = 120;
/// Windows after which the gate falls shut again: two of the longest aggregation intervals.
const GATE_WINDOWS: u32 = 10;
/// Windows that are counted, and those that are suspected and wait for their answers.
const WINDOWS_MAX: usize = 64;
const SUSPECTS_MAX: usize = 32;
const EVIDENCE_MAX: usize = 7;
/// Answers that are kept while the gate is shut: the records of the two directions come in any order, and what
/// passes the gate in one record may have been answered in the one before. Lines of fewer packets answer too
/// little to matter.
const EARLY_MAX: usize = 16;
const EARLY_PACKETS: u32 = 10;

/// What one interface sends.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// The window of the latest line, and the packets that were sent in it.
    slot: u32,
    sent: u64,
    /// The latest window in which the gate was passed; zero when it never was.
    open: u32,
    /// The packets stand for the time of use, so that the lightest window makes room.
    windows: BoundedMap<Window, WINDOWS_MAX>,
    suspects: Vec<Window>,
    /// Answers that came while the gate was shut.
    early: Vec<Early>,
}

/// What one address sent in one window before the gate was passed.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Early {
    /// The window's key and number.
    key: u64,
    slot: u32,
    replies: Replies,
    /// Those of lines that reach into the next window.
    reaching: Replies,
}

/// Packets that came back.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Replies {
    pub(super) packets: u64,
    /// TCP segments of them in lines with data.
    pub(super) data: u64,
}

/// What was sent to one address in one window.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Window {
    pub(super) kind: Kind,
    /// Number of the window since 1970.
    pub(super) slot: u32,
    pub(super) local: Addr,
    pub(super) remote: Addr,
    pub(super) local_port: u16,
    pub(super) remote_port: u16,
    /// Start of the first line and end of the latest, seconds since 1970.
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) packets: u64,
    pub(super) bytes: u64,
    /// Packets of attempts to connect, and those of them in lines of at most [`ATTEMPT_PACKETS`].
    pub(super) attempts: u64,
    pub(super) short_attempts: u64,
    /// Packets to ports of TCP services.
    pub(super) to_tcp_ports: u64,
    /// What came back, and how much of it in lines that reach into the next window.
    pub(super) replies: Replies,
    reaching: Replies,
    pub(super) evidence: Vec<EvidenceRef>,
}

impl State {
    /// Counts the line at the gate. Returns whether it has to be counted by address.
    #[inline]
    pub(super) fn pass(&mut self, flow: &LocalFlow, gate: u64) -> bool {
        let slot = flow.start / WINDOW_SECS;
        if slot > self.slot {
            (self.slot, self.sent) = (slot, 0);
            self.windows.retain(|_, _, it| it.slot + 2 > slot);
            self.early.retain(|it| it.slot + 2 > slot);
        }
        if flow.is_outbound {
            self.sent += share(flow, u64::from(flow.packets));
            if self.sent >= gate {
                self.open = self.open.max(slot);
            }
        }
        self.open != 0 && self.open + GATE_WINDOWS > slot
    }

    /// Keeps an answer that comes while the gate is shut. The most numerous stay.
    pub(super) fn keep_early(&mut self, kind: Kind, flow: &LocalFlow) {
        if flow.is_outbound || flow.packets < EARLY_PACKETS {
            return;
        }
        let slot = flow.start / WINDOW_SECS;
        let key = kind.key(flow.remote, slot);
        if let Some(known) = self.early.iter_mut().find(|it| it.key == key) {
            known.add(flow);
            return;
        }
        let mut new = Early { key, slot, ..Early::default() };
        new.add(flow);
        if self.early.len() < EARLY_MAX {
            self.early.push(new);
        } else if let Some(least) = self.early.iter_mut().min_by_key(|it| it.replies.packets)
            && least.replies.packets < new.replies.packets
        {
            *least = new;
        }
    }

    /// The answers of a window that came before the gate was passed.
    fn take_early(&mut self, key: u64) -> Option<Early> {
        let at = self.early.iter().position(|it| it.key == key)?;
        Some(self.early.remove(at))
    }

    /// What came back in the window before, in lines that reach into this one.
    fn reaching(&self, kind: Kind, remote: Addr, slot: u32) -> Replies {
        let key = kind.key(remote, slot.saturating_sub(1));
        let mut sum = Replies::default();
        let early = self.early.iter().find(|it| it.key == key).map(|it| it.reaching);
        for it in [self.windows.get(key).map(|it| it.reaching), early].into_iter().flatten() {
            sum.packets += it.packets;
            sum.data += it.data;
        }
        sum
    }

    /// Counts a line by address. Returns when the window is to be judged, if it is suspected.
    pub(super) fn count(
        &mut self,
        kind: Kind,
        flow: &LocalFlow,
        to_tcp: bool,
        evidence: impl Fn() -> EvidenceRef,
        limits: &Limits,
    ) -> Option<u32> {
        let slot = flow.start / WINDOW_SECS;
        let sent = if flow.is_outbound { share(flow, u64::from(flow.packets)) } else { 0 };
        let mut due = None;
        for kind in [Some(kind), (kind == Kind::Queries).then_some(Kind::AllQueries)] {
            let Some(kind) = kind else { continue };
            if self.is_for_suspects(kind, flow, slot, to_tcp, &evidence) {
                continue;
            }
            let key = kind.key(flow.remote, slot);
            let known = self.windows.get(key).map(|it| it.packets);
            let early = if known.is_none() { self.take_early(key) } else { None };
            let weight = known.unwrap_or(0) + sent;
            let (window, _) = self.windows.entry(key, u32::try_from(weight).unwrap_or(u32::MAX));
            if window.first == 0 {
                (window.kind, window.slot) = (kind, slot);
                (window.first, window.remote) = (flow.start.max(1), flow.remote);
                let early = early.unwrap_or_default();
                (window.replies, window.reaching) = (early.replies, early.reaching);
            }
            window.add(flow, to_tcp, &evidence);
            if limits.is_suspect(window)
                && self.suspects.len() < SUSPECTS_MAX
                && let Some(mut window) = self.windows.remove(key)
            {
                let before = self.reaching(kind, window.remote, slot);
                window.replies.packets += before.packets;
                window.replies.data += before.data;
                due = Some(window.due());
                self.suspects.push(window);
            }
        }
        due
    }

    /// Counts the line for a suspected window: its own lines, and answers that come one window later.
    /// Returns whether the line's own window is suspected.
    fn is_for_suspects(
        &mut self,
        kind: Kind,
        flow: &LocalFlow,
        slot: u32,
        to_tcp: bool,
        evidence: &impl Fn() -> EvidenceRef,
    ) -> bool {
        let mut is_own = false;
        for it in &mut self.suspects {
            let is_same = it.kind == kind && (kind.is_of_all() || it.remote == flow.remote);
            if !is_same {
                continue;
            }
            if it.slot == slot {
                it.add(flow, to_tcp, evidence);
                is_own = true;
            } else if !flow.is_outbound
                && (it.slot + 1 == slot || (it.slot == slot + 1 && reaches_on(flow)))
            {
                it.replies.add(flow, u64::from(flow.packets));
            }
        }
        is_own
    }

    /// The suspected windows whose answers are in, in the order of their time.
    pub(super) fn due(&mut self, now: u32) -> Vec<Window> {
        let (mut due, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.suspects).into_iter().partition(|it| it.due() <= now);
        self.suspects = rest;
        due.sort_by_key(|it| (it.slot, it.kind.is_of_all(), it.first, it.remote));
        due
    }

    /// When the next suspected window is to be judged.
    pub(super) fn next_due(&self) -> Option<u32> {
        self.suspects.iter().map(Window::due).min()
    }
}

impl Window {
    fn add(&mut self, flow: &LocalFlow, to_tcp: bool, evidence: &impl Fn() -> EvidenceRef) {
        let packets = share(flow, u64::from(flow.packets));
        if !flow.is_outbound {
            self.replies.add(flow, packets);
            if reaches_on(flow) {
                self.reaching.add(flow, packets);
            }
            return;
        }
        self.first = self.first.min(flow.start.max(1));
        self.last = self.last.max(flow.end);
        (self.local, self.remote) = (flow.local, flow.remote);
        (self.local_port, self.remote_port) = (flow.local_port, flow.remote_port);
        self.packets += packets;
        self.bytes += share(flow, flow.bytes);
        if flow.protocol == TCP && is_attempt(flow) {
            self.attempts += packets;
            if flow.packets <= ATTEMPT_PACKETS {
                self.short_attempts += packets;
            }
        }
        if to_tcp {
            self.to_tcp_ports += packets;
        }
        if self.evidence.len() < EVIDENCE_MAX {
            self.evidence.push(evidence());
        }
    }

    /// After the next window.
    fn due(&self) -> u32 {
        self.slot.saturating_add(2).saturating_mul(WINDOW_SECS)
    }

    /// Whom the packets went to.
    pub(super) fn target(&self) -> String {
        match self.kind {
            Kind::AllQueries => format!("several addresses, the latest is {}", self.remote),
            _ => self.remote.to_string(),
        }
    }
}

impl Replies {
    fn add(&mut self, flow: &LocalFlow, packets: u64) {
        self.packets += packets;
        if flow.protocol == TCP && !is_empty(flow) {
            self.data += packets;
        }
    }
}

impl Early {
    fn add(&mut self, flow: &LocalFlow) {
        let packets = share(flow, u64::from(flow.packets));
        self.replies.add(flow, packets);
        if reaches_on(flow) {
            self.reaching.add(flow, packets);
        }
    }
}

/// Whether the line ends in a later window than it begins in.
fn reaches_on(flow: &LocalFlow) -> bool {
    flow.end / WINDOW_SECS > flow.start / WINDOW_SECS
}

/// What part of a line's packets or bytes falls into two minutes.
fn share(flow: &LocalFlow, of: u64) -> u64 {
    let secs = flow.end.saturating_sub(flow.start);
    if secs <= WINDOW_SECS {
        return of;
    }
    // Twice as long as any record is, so the product fits.
    of.saturating_mul(u64::from(WINDOW_SECS)) / u64::from(secs)
}

/// A time from seconds.
pub(super) fn seconds(at: u32) -> Timestamp {
    Timestamp::from_secs(i64::from(at))
}

#[cfg(test)]
mod tests {
    use engine::model::Origin;
    use engine::telemetry::Flow;

    use super::super::kind::kind;
    use super::*;

    const UDP: u8 = 17;

    const LIMITS: Limits = Limits {
        tcp_packets: 100_000,
        udp_packets: 200_000,
        udp_bytes: 1_000_000_000,
        dns_packets: 40_000,
        dns_answer_bytes: 200_000_000,
        unusual_packets: 20_000,
        reply_per_mille: 20,
        partner_replies: 10,
        partner_factor: 10,
    };
    const NOW: u32 = 1_760_000_400;

    fn line(protocol: u8, ports: (u16, u16), packets: u32, bytes: u64) -> LocalFlow {
        LocalFlow {
            remote: Addr::from_v4(0xc633_6407),
            local: Addr::from_v4(0x0a00_0005),
            bytes,
            packets,
            start: NOW,
            end: NOW + 5,
            row: 0,
            local_port: ports.0,
            remote_port: ports.1,
            protocol,
            tcp_flags: 0,
            marks: 0,
            is_outbound: true,
        }
    }

    fn udp(packets: u32, size: u64) -> LocalFlow {
        line(UDP, (40_000, 80), packets, u64::from(packets) * size)
    }

    fn back(flow: LocalFlow, packets: u32) -> LocalFlow {
        LocalFlow { is_outbound: false, packets, bytes: u64::from(packets) * 80, ..flow }
    }

    /// Feeds lines and gives the floods among what was suspected.
    fn floods(lines: impl IntoIterator<Item = LocalFlow>) -> Vec<Window> {
        let mut state = State::default();
        for flow in lines {
            let Some(kind) = kind(&flow) else { continue };
            if state.pass(&flow, 5000) {
                let evidence =
                    || EvidenceRef { time: seconds(flow.start), origin: Origin::default() };
                state.count(kind, &flow, flow.remote_port == 80, evidence, &LIMITS);
            } else {
                state.keep_early(kind, &flow);
            }
        }
        state.due(u32::MAX).into_iter().filter(|it| LIMITS.is_flood(it)).collect()
    }

    #[test]
    fn two_hundred_thousand_datagrams_are_a_flood_and_fewer_are_not() {
        assert_eq!(floods([udp(200_000, 284)]).len(), 1);
        assert_eq!(floods([udp(199_999, 284)]).len(), 0);
        assert_eq!(floods([udp(120_000, 9000)]).len(), 1, "by bytes");
    }

    #[test]
    fn long_lines_count_by_their_share() {
        let long = |packets| LocalFlow { end: NOW + 600, ..udp(packets, 284) };
        assert_eq!(floods([long(900_000)]).len(), 0);
        assert_eq!(floods([long(1_000_000)]).len(), 1);
    }

    #[test]
    fn answers_make_a_partner_also_when_they_come_late() {
        let media = udp(300_000, 1200);
        assert_eq!(floods([media, back(media, 24)]).len(), 0);
        let later = |it: LocalFlow| LocalFlow { start: NOW + 130, end: NOW + 180, ..it };
        assert_eq!(floods([media, later(back(media, 24))]).len(), 0, "in the next window");
        assert_eq!(floods([media, back(media, 9)]).len(), 1);
        // Ten times as much is a flood whoever sends a few packets back.
        let much = udp(2_000_000, 300);
        assert_eq!(floods([much, back(much, 24)]).len(), 1);
        assert_eq!(floods([much, back(much, 60_000)]).len(), 0);
    }

    #[test]
    fn queries_from_many_ports_are_counted_together() {
        let query = |port: u32| line(UDP, (1024 + (port % 60_000) as u16, 53), 1, 92);
        let got = floods((0..50_000).map(query));
        assert_eq!(
            got.iter().map(|it| it.kind).collect::<Vec<_>>(),
            [Kind::Queries, Kind::AllQueries]
        );
        let answered = (0..50_000).flat_map(|it| [query(it), back(query(it), 1)]);
        assert_eq!(floods(answered).len(), 0);
    }

    #[test]
    fn queries_to_many_addresses_are_one_flood() {
        let query = |n: u32| LocalFlow {
            remote: Addr::from_v4(0xc633_6400 + n % 5000),
            ..line(UDP, (40_000, 53), 10, 920)
        };
        let got = floods((0..5000).map(query));
        assert_eq!(got.iter().map(|it| it.kind).collect::<Vec<_>>(), [Kind::AllQueries]);
    }

    #[test]
    fn half_open_connections_are_a_flood_and_finished_ones_are_not() {
        let attempt = |n: u32, flags: u8| LocalFlow {
            tcp_flags: flags,
            marks: Flow::HAS_TCP_FLAGS,
            ..line(TCP, (1024 + (n % 60_000) as u16, 443), 2, 120)
        };
        assert_eq!(floods((0..60_000).map(|n| attempt(n, 2))).len(), 1);
        assert_eq!(floods((0..60_000).map(|n| attempt(n, 3))).len(), 0);
        assert_eq!(floods((0..40_000).map(|n| attempt(n, 2))).len(), 0);
    }

    #[test]
    fn lines_of_many_empty_segments_are_attempts_unless_data_comes_back() {
        let syns = |packets: u32, flags: u8| LocalFlow {
            tcp_flags: flags,
            marks: Flow::HAS_TCP_FLAGS,
            ..line(TCP, (40_000, 443), packets, u64::from(packets) * 40)
        };
        for packets in [4, 25, 100, 4999, 5000, 20_000] {
            let many = |flags| vec![syns(packets, flags); 120_000 / packets as usize];
            assert_eq!(floods(many(2)).len(), 1, "{packets}");
            // The victim answers each by an empty segment.
            let answered = many(2).into_iter().flat_map(|it| [it, back(it, packets)]);
            let empty = answered.map(|it| LocalFlow { bytes: u64::from(it.packets) * 44, ..it });
            assert_eq!(floods(empty).len(), 1, "{packets} answered");
        }
        // Clients of downloads send as many acknowledgements; their lines without SYN, or with FIN, tell.
        let acks = |it: LocalFlow| [it, LocalFlow { bytes: 7_000_000, ..back(it, 4999) }];
        assert_eq!(floods(vec![syns(4999, 2); 30].into_iter().flat_map(acks)).len(), 0);
        for flags in [0, 1, 3] {
            assert_eq!(floods(vec![syns(4999, flags); 30]).len(), 0, "{flags}");
        }
    }

    #[test]
    fn the_answers_of_a_victim_are_no_flood() {
        let answer = |n: u32, flags: u8, marks: u8| LocalFlow {
            tcp_flags: flags,
            marks,
            ..line(TCP, (443, 1024 + (n % 60_000) as u16), 2, 88)
        };
        assert_eq!(floods((0..60_000).map(|n| answer(n, 18, Flow::HAS_TCP_FLAGS))).len(), 0);
        assert_eq!(floods((0..60_000).map(|n| answer(n, 0, 0))).len(), 0);
    }

    #[test]
    fn an_upload_that_is_acknowledged_sparsely_is_none() {
        let upload = line(TCP, (40_000, 443), 2_000_000, 2_900_000_000);
        assert_eq!(floods([upload, back(upload, 20_000)]).len(), 0);
        assert_eq!(floods([upload]).len(), 1);
    }

    #[test]
    fn answers_that_come_before_the_gate_is_passed_count() {
        let upload = line(TCP, (443, 40_000), 255_000, 378_000_000);
        let acks = back(upload, 21_000);
        assert_eq!(floods([acks, upload]).len(), 0);
        let media = udp(300_000, 1200);
        assert_eq!(floods([back(media, 24), media]).len(), 0);
        assert_eq!(floods([back(media, 9), media]).len(), 1);
        // Also when the client's line begins a second earlier, in the window before.
        let earlier = |it: LocalFlow| LocalFlow { start: NOW - 1, ..it };
        assert_eq!(floods([earlier(acks), upload]).len(), 0);
        assert_eq!(floods([upload, earlier(acks)]).len(), 0, "and comes later");
        // What others send is no answer, nor what was over before.
        let other = LocalFlow { remote: Addr::from_v4(0xc633_6409), ..acks };
        assert_eq!(floods([other, upload]).len(), 1);
        let over = LocalFlow { start: NOW - 30, end: NOW - 20, ..acks };
        assert_eq!(floods([over, upload]).len(), 1);
    }

    #[test]
    fn the_most_numerous_of_early_answers_stay() {
        let mut state = State::default();
        let answer = |n: u32| LocalFlow {
            remote: Addr::from_v4(0xc633_6400 + n),
            ..back(udp(1, 80), 10 + n)
        };
        for n in 0..100 {
            assert!(!state.pass(&answer(n), 5000));
            state.keep_early(Kind::Udp, &answer(n));
        }
        let mut kept: Vec<u64> = state.early.iter().map(|it| it.replies.packets).collect();
        kept.sort_unstable();
        assert_eq!(kept, (94..110).collect::<Vec<u64>>());
        // Two windows on they are gone.
        state.pass(&LocalFlow { start: NOW + 2 * WINDOW_SECS, ..udp(1, 80) }, 5000);
        assert!(state.early.is_empty());
    }

    #[test]
    fn amplified_answers_and_unusual_protocols_are_floods() {
        let answers = line(UDP, (53, 40_000), 60_000, 240_000_000);
        assert_eq!(floods([answers]).len(), 1);
        assert_eq!(floods([line(UDP, (53, 40_000), 900_000, 240_000_000)]).len(), 0, "small ones");
        assert_eq!(floods([line(2, (0, 0), 25_000, 1_000_000)]).len(), 1);
        assert_eq!(floods([line(50, (0, 0), 900_000, 900_000_000)]).len(), 0, "a tunnel");
    }

    #[test]
    fn little_traffic_leaves_the_gate_shut() {
        let mut state = State::default();
        for i in 0..100 {
            assert!(!state.pass(&LocalFlow { start: NOW + i * 120, ..udp(4999, 200) }, 5000));
        }
        assert!(state.windows.is_empty());
        assert!(size_of::<State>() <= 144, "{}", size_of::<State>());
    }
}
