//! A detector that does what a flow line's size asks it for, one that tells of signals, and their inputs.

use std::sync::Arc;
use std::time::Duration;

use engine::findings::{Data, Draft, FindingType};
use engine::intel::IntelBuilder;
use engine::model::{AccountId, Addr, Entity, Origin, Region, Scope, Severity, Timestamp, hash64};
use engine::telemetry::{
    ApiCall, ApiRows, DnsHost, DnsQuery, DnsRows, Flow, FlowInterface, FlowRows, Span,
};
use engine::{
    Context, Detector, Engine, EngineOptions, Event, Feedback, Flows, Interest, Out, Profile,
    Registry, Signal, Signals, Spec,
};
use serde::{Deserialize, Serialize};

/// 5 January 2026, 08:00.
pub(crate) const START: u32 = 1_767_600_000;

/// Sizes of flow lines and what they ask the probe for. Any other size asks for nothing.
pub(crate) const SIGNALS: u64 = 1001;
pub(crate) const RAISES: u64 = 1002;
pub(crate) const TEACHES: u64 = 1003;
pub(crate) const WAKES_TWICE: u64 = 1004;
const WAKES: u64 = 1_000_000;

/// The size that asks for a wake-up so many seconds later.
pub(crate) const fn wakes_after(secs: u32) -> u64 {
    WAKES + secs as u64
}

pub(crate) static DRAFT: FindingType = finding_type("Test:EC2/Draft");
static HEARD: FindingType = finding_type("Test:EC2/Heard");
static LESSONS: Profile = Profile { name: "test/lessons", hours: 48, keys: 100 };

const fn finding_type(name: &'static str) -> FindingType {
    FindingType {
        name,
        severity: Severity::LOW,
        title: "a test",
        about: "",
        detection: "",
        false_positives: "",
        response: "",
        techniques: &[],
        data: &[Data::VpcFlow],
        aggregation: "",
        is_own: false,
    }
}

/// The detector; its states have this version.
struct Probe<const VERSION: u16>;

#[derive(Default, PartialEq, Serialize, Deserialize)]
struct State {
    rows: u32,
    last: u32,
    wakes: u32,
}

impl<const VERSION: u16> Detector for Probe<VERSION> {
    type Reads = Flows;
    type State = State;
    const SPEC: Spec = Spec {
        name: "test/probe",
        scope: Scope::Interface,
        idle: Duration::from_hours(6),
        version: VERSION,
        types: &[&DRAFT],
        interest: Interest::Every,
    };

    fn wants(&self, _: &Event<'_, Flows>) -> bool {
        true
    }

    fn observe(
        &self,
        state: &mut State,
        event: &Event<'_, Flows>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        state.rows += 1;
        if event.row.start < state.last {
            out.raise(titled(ctx, event.time(), "out of order"));
        }
        state.last = event.row.start;
        match event.row.bytes {
            SIGNALS => out.signal(Signal {
                name: "big".into(),
                account: ctx.entity.account,
                region: ctx.entity.region,
                weight: event.row.packets as i32,
                evidence: event.evidence(),
                anchors: vec![Entity::new(Scope::Anchor, ctx.entity.account, "instance:i-1")],
                detail: "".into(),
            }),
            RAISES => {
                let mut draft = titled(ctx, event.time(), "raised");
                draft.evidence.push(event.evidence());
                out.raise(draft);
            }
            TEACHES => out.teach(&LESSONS, 1, 1),
            WAKES_TWICE => {
                state.wakes = 1;
                out.wake(event.time() + Duration::from_mins(1));
            }
            size if size >= WAKES => out.wake(event.time() + Duration::from_secs(size - WAKES)),
            _ => {}
        }
    }

    fn wake(&self, state: &mut State, at: Timestamp, ctx: &Context<'_>, out: &mut Out<'_>) {
        let millis = at.millis() - i64::from(START) * 1000;
        let shown =
            if millis % 1000 == 0 { (millis / 1000).to_string() } else { millis.to_string() };
        out.raise(titled(ctx, at, &format!("wake {shown} rows {}", state.rows)));
        if state.wakes > 0 {
            state.wakes -= 1;
            out.wake(at);
        }
    }

    fn feedback(&self, _: &mut State, _: &Feedback<'_>, ctx: &Context<'_>, out: &mut Out<'_>) {
        out.raise(titled(ctx, at(0), "judged"));
    }
}

fn titled(ctx: &Context<'_>, time: Timestamp, title: &str) -> Draft {
    let mut draft = ctx.instance_draft(&DRAFT, time);
    title.clone_into(&mut draft.title);
    draft
}

/// Tells of every signal.
struct Listener;

impl Detector for Listener {
    type Reads = Signals;
    type State = ();
    const SPEC: Spec = Spec {
        name: "test/listener",
        scope: Scope::Anchor,
        idle: Duration::from_hours(6),
        version: 1,
        types: &[&HEARD],
        interest: Interest::Every,
    };

    fn wants(&self, _: &Event<'_, Signals>) -> bool {
        true
    }

    fn observe(
        &self,
        (): &mut (),
        event: &Event<'_, Signals>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let row = event.row;
        let mut draft =
            Draft::new(&HEARD, row.account, row.region, &*ctx.entity.name, event.time());
        draft.title = format!("signal {} at {}", row.name, event.time());
        out.raise(draft);
    }
}

fn build<const VERSION: u16>(options: EngineOptions) -> Engine {
    let mut registry = Registry::new();
    assert!(registry.add(Probe::<VERSION>) && registry.add(Listener));
    Engine::new(Arc::new(registry), Arc::new(IntelBuilder::new().build()), options)
}

pub(crate) fn engine() -> Engine {
    engine_with(EngineOptions::default())
}

pub(crate) fn engine_with(options: EngineOptions) -> Engine {
    build::<1>(options)
}

/// An engine whose probe has states of this version, 1 or 2.
pub(crate) fn engine_of_version(version: u16) -> Engine {
    if version == 1 { engine() } else { build::<2>(EngineOptions::default()) }
}

/// So many seconds after [`START`].
pub(crate) fn at(secs: u32) -> Timestamp {
    Timestamp::from_secs(i64::from(START + secs))
}

pub(crate) fn account(n: u64) -> AccountId {
    AccountId::new(111_122_223_300 + n).expect("twelve digits")
}

/// A flow line of an interface.
#[derive(Clone, Copy)]
pub(crate) struct Line {
    pub(crate) start: u32,
    pub(crate) bytes: u64,
    pub(crate) packets: u32,
    pub(crate) port: u16,
    pub(crate) interface: u32,
    /// A lone SYN: whether it is answered stays open.
    pub(crate) is_syn: bool,
}

impl Line {
    /// A line that asks the probe for nothing, so many seconds after [`START`].
    pub(crate) fn new(start: u32) -> Line {
        Line::bytes(start, 9000)
    }

    pub(crate) fn bytes(start: u32, bytes: u64) -> Line {
        Line { start, bytes, packets: 9, port: 443, interface: 0, is_syn: false }
    }

    fn row(&self) -> Flow {
        let (own, remote) = (Addr::from_v4(0x0a00_0001), Addr::from_v4(0xc633_6407));
        Flow {
            src: own,
            dst: remote,
            bytes: if self.is_syn { 60 } else { self.bytes },
            packets: if self.is_syn { 1 } else { self.packets },
            start: START + self.start,
            end: START + self.start,
            interface: self.interface,
            src_port: 40_000,
            dst_port: self.port,
            protocol: 6,
            tcp_flags: if self.is_syn { 2 } else { 0 },
            marks: if self.is_syn { Flow::HAS_TCP_FLAGS } else { 0 },
            traffic_path: 0,
        }
    }
}

pub(crate) fn flows(lines: &[Line]) -> FlowRows {
    let interfaces = lines.iter().map(|it| it.interface).max().map_or(0, |it| it + 1);
    FlowRows {
        rows: lines.iter().map(Line::row).collect(),
        origins: (0..lines.len() as u64)
            .map(|n| Origin { object: 0, len: 100, offset: n * 100 })
            .collect(),
        interfaces: (0..interfaces)
            .map(|n| FlowInterface {
                id: format!("eni-{n}").into(),
                account: account(0),
                region: Region::new("us-east-1"),
                instance: format!("i-{n}").into(),
                ..FlowInterface::default()
            })
            .collect(),
    }
}

/// A call of this time and eventID.
pub(crate) fn call(secs: u32, id: &str) -> (u32, String) {
    (secs, id.to_owned())
}

pub(crate) fn calls(all: &[(u32, String)]) -> ApiRows {
    let mut rows = ApiRows::default();
    for (secs, id) in all {
        let event_id = Span::push(&mut rows.text, id);
        rows.rows.push(ApiCall {
            time: at(*secs),
            event_id,
            event_id_hash: hash64(id.as_bytes()),
            account: account(0),
            ..ApiCall::default()
        });
        rows.origins.push(Origin::default());
    }
    rows
}

/// A call that issues a session with this access key.
pub(crate) fn assume_role(secs: u32, key: &str) -> ApiRows {
    let mut rows = calls(&[call(secs, "assume-role")]);
    let ApiRows { rows: all, text, .. } = &mut rows;
    all[0].event_source = Span::push(text, "sts.amazonaws.com");
    all[0].event_name = Span::push(text, "AssumeRole");
    all[0].response =
        Span::push(text, &format!("{{\"credentials\":{{\"accessKeyId\":\"{key}\"}}}}"));
    rows
}

/// Resolver queries of a host at these seconds.
pub(crate) fn queries(times: &[u32]) -> DnsRows {
    let mut rows = DnsRows {
        hosts: vec![DnsHost {
            account: account(0),
            region: Region::new("us-east-1"),
            vpc: "vpc-1".into(),
            instance: "i-1".into(),
            address: Addr::from_v4(0x0a00_0001),
        }],
        ..DnsRows::default()
    };
    for secs in times {
        let name = Span::push(&mut rows.text, "www.example.com");
        rows.rows.push(DnsQuery {
            name_hash: hash64(b"www.example.com"),
            name,
            answers: Span::default(),
            time: START + secs,
            host: 0,
            qtype: 1,
            answer_count: 0,
            rcode: 0,
            marks: 0,
        });
        rows.origins.push(Origin::default());
    }
    rows
}
