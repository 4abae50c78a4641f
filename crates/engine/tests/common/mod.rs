//! Two detectors for tests: one that teaches and reads profiles, one that correlates signals; and inputs.

use std::sync::Arc;
use std::time::Duration;

use engine::findings::{Data, Draft, FindingType};
use engine::intel::IntelBuilder;
use engine::model::{AccountId, Addr, Entity, Origin, Region, Scope, Severity, Timestamp};
use engine::telemetry::{Flow, FlowInterface, FlowRows};
use engine::{
    Batch, Connections, Context, Detector, Engine, EngineOptions, Event, Executor, Flows, Intake,
    IntakeOptions, Interest, Out, Profile, Registry, Signal, Signals, SourceId, Spec,
};
use serde::{Deserialize, Serialize};

pub(crate) const fn finding_type(name: &'static str) -> FindingType {
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

pub(crate) static BUSY: FindingType = finding_type("Test:EC2/Busy");
pub(crate) static CHAIN: FindingType = finding_type("Test:EC2/Chain");
pub(crate) static SILENT: FindingType = finding_type("Test:EC2/Unanswered");

static FLOWS_BY_PORT: Profile = Profile { name: "test/flows_by_port", hours: 48, keys: 1000 };

/// Teaches the account how many flows each port has, and compares at the close of the hour.
pub(crate) struct Busy;

#[derive(Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct BusyState {
    hour: i64,
    flows: u64,
    bytes: u64,
}

impl Detector for Busy {
    type Reads = Flows;
    type State = BusyState;
    const SPEC: Spec = Spec {
        name: "test/busy",
        scope: Scope::Interface,
        idle: Duration::from_hours(6),
        version: 1,
        types: &[&BUSY],
        interest: Interest::Every,
    };

    fn wants(&self, event: &Event<'_, Flows>) -> bool {
        event.row.is_outbound
    }

    fn observe(
        &self,
        state: &mut BusyState,
        event: &Event<'_, Flows>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let hour = event.time().hour();
        if hour > state.hour {
            *state = BusyState { hour, ..BusyState::default() };
            out.wake(Timestamp::from_hour(hour + 1));
        }
        if hour == state.hour {
            state.flows += 1;
            state.bytes += event.row.bytes;
        }
        out.teach(&FLOWS_BY_PORT, u64::from(event.row.remote_port), 1);
        if event.row.bytes.is_multiple_of(7) {
            out.signal(signal("big", event, ctx));
        }
    }

    fn wake(&self, state: &mut BusyState, at: Timestamp, ctx: &Context<'_>, out: &mut Out<'_>) {
        let account = ctx.entity.account;
        let hour = at.hour() - 1;
        let usual = ctx.profiles.count_in_hour(&FLOWS_BY_PORT, account, 443, hour);
        let total = ctx.profiles.count(&FLOWS_BY_PORT, account, 443);
        if state.flows >= 3 {
            let mut draft = ctx.instance_draft(&BUSY, at);
            draft.title = format!("{} of {usual} of {total}, {}", state.flows, state.bytes);
            out.raise(draft);
        }
        *state = BusyState::default();
    }
}

fn signal(name: &str, event: &Event<'_, Flows>, ctx: &Context<'_>) -> Signal {
    Signal {
        name: name.into(),
        account: ctx.entity.account,
        region: ctx.entity.region,
        weight: 500,
        evidence: event.evidence(),
        anchors: vec![
            Entity::new(
                Scope::Anchor,
                ctx.entity.account,
                &format!("address:{}", event.row.remote),
            ),
            Entity::new(
                Scope::Anchor,
                ctx.entity.account,
                &format!("instance:{}", ctx.entity.name),
            ),
        ],
        detail: "".into(),
    }
}

/// Reads signals: three of them at one anchor within an hour.
pub(crate) struct Chain;

impl Detector for Chain {
    type Reads = Signals;
    type State = Vec<i64>;
    const SPEC: Spec = Spec {
        name: "test/chain",
        scope: Scope::Anchor,
        idle: Duration::from_hours(24),
        version: 1,
        types: &[&CHAIN],
        interest: Interest::Every,
    };

    fn wants(&self, _: &Event<'_, Signals>) -> bool {
        true
    }

    fn observe(
        &self,
        state: &mut Vec<i64>,
        event: &Event<'_, Signals>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let time = event.time();
        state.retain(|it| time.millis() - it <= Timestamp::HOUR_MILLIS);
        state.push(time.millis());
        if state.len() == 3 {
            let mut draft =
                Draft::new(&CHAIN, event.row.account, event.row.region, &*ctx.entity.name, time);
            draft.title = format!("{} {:?}", event.row.name, state);
            out.raise(draft);
            state.clear();
        }
    }
}

/// Raises a draft for every failed connection.
pub(crate) struct Failed;

impl Detector for Failed {
    type Reads = Connections;
    type State = ();
    const SPEC: Spec = Spec {
        name: "test/failed",
        scope: Scope::Interface,
        idle: Duration::from_hours(1),
        version: 1,
        types: &[&SILENT],
        interest: Interest::Every,
    };

    fn wants(&self, event: &Event<'_, Connections>) -> bool {
        event.row.outcome.is_failure()
    }

    fn observe(
        &self,
        (): &mut (),
        event: &Event<'_, Connections>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let mut draft = ctx.instance_draft(&SILENT, event.time());
        let row = event.row;
        draft.title =
            format!("{:?} {} {} {}", row.outcome, row.remote, row.remote_port, row.decided);
        draft.evidence.push(event.evidence());
        out.raise(draft);
    }
}

pub(crate) fn registry() -> Arc<Registry> {
    let mut registry = Registry::new();
    assert!(registry.add(Busy) && registry.add(Chain) && registry.add(Failed));
    assert!(!registry.add(Busy), "a name is given once");
    Arc::new(registry)
}

/// Threads for tests.
pub(crate) struct Threads(pub(crate) usize);

impl Executor for Threads {
    fn for_each(&self, pieces: usize, work: &(dyn Fn(usize) + Sync)) {
        let next = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..self.0 {
                scope.spawn(|| {
                    loop {
                        let piece = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        if piece >= pieces {
                            break;
                        }
                        work(piece);
                    }
                });
            }
        });
    }

    fn width(&self) -> usize {
        self.0
    }
}

pub(crate) const START: u32 = 1_767_600_000;

pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % bound
    }
}

pub(crate) fn account(n: u64) -> AccountId {
    AccountId::new(111_122_223_300 + n).expect("twelve digits")
}

/// Flow lines of some interfaces in two accounts, in time order.
pub(crate) fn lines(seed: u64, rows: usize, secs: u32) -> FlowRows {
    let mut random = Random(seed);
    let interfaces: Vec<FlowInterface> = (0..12)
        .map(|n| FlowInterface {
            id: format!("eni-{n}").into(),
            account: account(n % 2),
            region: Region::new("us-east-1"),
            ..FlowInterface::default()
        })
        .collect();
    let mut starts: Vec<u32> =
        (0..rows).map(|_| START + random.below(u64::from(secs)) as u32).collect();
    starts.sort_unstable();
    let mut flows = FlowRows { interfaces, ..FlowRows::default() };
    for (offset, start) in starts.into_iter().enumerate() {
        let interface = random.below(12) as u32;
        let own = Addr::from_v4(0x0a00_0000 + interface);
        let remote = Addr::from_v4(0xc633_6400 + random.below(6) as u32);
        let is_outbound = random.below(3) != 0;
        let (src, dst) = if is_outbound { (own, remote) } else { (remote, own) };
        let (near, far) = (40_000 + random.below(8) as u16, 443);
        let (src_port, dst_port) = if is_outbound { (near, far) } else { (far, near) };
        flows.rows.push(Flow {
            src,
            dst,
            bytes: 40 + random.below(4000),
            packets: 1 + random.below(6) as u32,
            start,
            end: start + random.below(60) as u32,
            interface,
            src_port,
            dst_port,
            protocol: if random.below(8) == 0 { 17 } else { 6 },
            tcp_flags: 0,
            marks: u8::from(random.below(20) == 0) * Flow::REJECT,
            traffic_path: 0,
        });
        flows.origins.push(Origin { object: 0, len: 100, offset: offset as u64 * 100 });
    }
    flows
}

/// The batches of these lines.
pub(crate) fn batches(rows: FlowRows, batch_rows: usize) -> Vec<Batch> {
    let mut intake = Intake::new(IntakeOptions { batch_rows, ..IntakeOptions::default() });
    intake.flows(SourceId::new("flows"), rows);
    intake.finish(Duration::from_hours(25));
    intake.take()
}

pub(crate) fn engine(options: EngineOptions) -> Engine {
    Engine::new(registry(), Arc::new(IntelBuilder::new().build()), options)
}

/// Every draft of a run, in a form that can be compared.
pub(crate) fn run(batches: &[Batch], executor: &dyn Executor) -> Vec<String> {
    let mut engine = engine(EngineOptions::default());
    let mut drafts = Vec::new();
    for batch in batches {
        drafts.extend(engine.process(batch, executor).drafts.iter().map(text));
    }
    drafts.sort();
    drafts
}

pub(crate) fn text(draft: &Draft) -> String {
    format!(
        "{:?} {} {} {} {} {:?}",
        draft.last, draft.finding_type.name, draft.account, draft.key, draft.title, draft.evidence
    )
}
