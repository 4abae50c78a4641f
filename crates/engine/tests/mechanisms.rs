//! One test for each mechanism of the engine that no other test would miss.

mod probe;

use std::sync::Arc;
use std::time::Duration;

use engine::findings::Draft;
use engine::model::{Region, Timestamp};
use engine::telemetry::{ApiRows, Span};
use engine::{
    Batch, Control, Disabled, Engine, EngineOptions, Intake, IntakeOptions, Off, Serial, SourceId,
    Suppression,
};
use probe::{
    DRAFT, Line, RAISES, SIGNALS, START, TEACHES, account, at, call, calls, engine, engine_with,
    flows, queries, wakes_after,
};

const MINUTE: u32 = 60;
const HOUR: u32 = 3600;
const DAY: u32 = 86_400;

fn source(name: &str) -> SourceId {
    SourceId::new(name)
}

fn intake() -> Intake {
    Intake::new(IntakeOptions::default())
}

/// Works on what the intake has, and gives the titles of the drafts.
fn work(engine: &mut Engine, batches: &[Batch]) -> Vec<String> {
    let drafts = batches.iter().flat_map(|it| engine.process(it, &Serial).drafts);
    drafts.map(|it| it.title).collect()
}

/// The drafts of lines in the order in which they are given, all in one batch where time allows it.
fn titles(lines: &[Line]) -> Vec<String> {
    let mut intake = intake();
    intake.flows(source("flows"), flows(lines));
    intake.finish(Duration::from_hours(2));
    work(&mut engine(), &intake.take())
}

fn event_ids(batches: &[Batch]) -> Vec<String> {
    let of = |rows: &ApiRows| {
        rows.rows.iter().map(|it| it.event_id.of(&rows.text).to_owned()).collect::<Vec<_>>()
    };
    batches.iter().flat_map(|it| of(&it.calls)).collect()
}

#[test]
fn calls_of_one_time_leave_by_event_id() {
    let order = |ids: [&str; 3]| {
        let mut intake = intake();
        for id in ids {
            intake.calls(source(id), calls(&[call(0, id)]));
        }
        intake.finish(Duration::ZERO);
        event_ids(&intake.take())
    };
    assert_eq!(order(["a", "b", "c"]), order(["c", "a", "b"]));
}

#[test]
fn too_many_waiting_calls_leave_early_and_are_counted() {
    let mut intake = intake();
    for n in 0..3 {
        let mut rows = calls(&[call(n, &format!("call-{n}"))]);
        rows.text.push_str(&"x".repeat(100 << 20));
        intake.calls(source("trail"), rows);
    }
    assert!(intake.released_early() > 0);
    assert_eq!(event_ids(&intake.take()).len(), 0, "the batch is still open");
    intake.finish(Duration::ZERO);
    assert_eq!(event_ids(&intake.take()).len(), 3);
}

#[test]
fn a_change_takes_effect_before_later_rows_only() {
    let mut intake = intake();
    intake.flows(source("flows"), flows(&[Line::new(0)]));
    intake.control(Control::Inventory(Arc::default()));
    intake.flows(source("flows"), flows(&[Line::new(1)]));
    intake.finish(Duration::ZERO);
    let batches = intake.take();
    let shape: Vec<_> =
        batches.iter().map(|it| (it.controls.len(), it.flows.len())).take(2).collect();
    assert_eq!(shape, [(0, 1), (1, 1)]);
}

#[test]
fn a_call_that_teaches_of_the_network_comes_after_the_lines_before_it() {
    let shape = |name: &str| {
        let mut intake = intake();
        intake.flows(source("flows"), flows(&[Line::new(0)]));
        let mut rows = calls(&[call(1, "a")]);
        rows.rows[0].event_name = Span::push(&mut rows.text, name);
        intake.calls(source("trail"), rows);
        intake.finish(Duration::ZERO);
        let batches = intake.take();
        batches.iter().map(|it| (it.flows.len(), it.calls.rows.len())).take(2).collect::<Vec<_>>()
    };
    assert_eq!(shape("AssociateAddress"), [(1, 0), (0, 1)]);
    assert_eq!(shape("ListUsers")[0], (1, 1), "others share the batch");
}

#[test]
fn a_call_that_was_delivered_twice_counts_once() {
    let mut intake = intake();
    intake.calls(source("trail"), calls(&[call(0, "a"), call(5, "b")]));
    intake.calls(source("organization"), calls(&[call(0, "a")]));
    intake.finish(Duration::ZERO);
    let mut engine = engine();
    work(&mut engine, &intake.take());
    let counters = engine.counters();
    assert_eq!((counters.calls, counters.duplicates), (2, 1));
}

#[test]
fn calls_seen_and_sessions_are_forgotten_in_time() {
    let mut engine = engine();
    let mut intake = intake();
    let ids: Vec<String> = (0..1000).map(|n| format!("call-{n}")).collect();
    let many: Vec<_> = ids.iter().map(|it| call(0, it)).collect();
    intake.calls(source("trail"), calls(&many));
    intake.calls(source("trail"), probe::assume_role(1, "ASIAEXAMPLE"));
    intake.finish(Duration::ZERO);
    work(&mut engine, &intake.take());
    assert!(engine.inventory().session("ASIAEXAMPLE").is_some());
    let before = engine.snapshot().unwrap().len();
    work(&mut engine, &days_pass(4));
    assert!(engine.snapshot().unwrap().len() + 5000 < before, "eight bytes for each call");
    assert!(engine.inventory().session("ASIAEXAMPLE").is_none());
}

/// Batches without rows, whose watermark goes on.
fn days_pass(days: u32) -> Vec<Batch> {
    (1..=days).map(|day| Batch::tick(1000 + u64::from(day), at(day * DAY))).collect()
}

#[test]
fn late_rows_of_every_kind_are_counted() {
    let mut engine = engine();
    let mut intake = intake();
    intake.flows(source("flows"), flows(&[Line::new(0), Line::new(2 * HOUR)]));
    intake.queries(source("queries"), queries(&[10]));
    intake.calls(source("trail"), calls(&[call(10, "late")]));
    intake.finish(Duration::ZERO);
    work(&mut engine, &intake.take());
    assert_eq!(engine.counters().late, 2, "the query and the call");
}

#[test]
fn lines_of_an_interface_are_worked_on_in_the_order_of_time() {
    let drafts = titles(&[Line::new(50), Line::new(10), Line::new(30)]);
    assert!(!drafts.iter().any(|it| it.contains("out of order")), "{drafts:?}");
}

#[test]
fn connections_decided_for_want_of_room_are_counted() {
    let lines: Vec<Line> =
        (0..6000).map(|n| Line { port: 10_000 + n, is_syn: true, ..Line::new(0) }).collect();
    let mut intake = intake();
    intake.flows(source("flows"), flows(&lines));
    intake.finish(Duration::ZERO);
    let mut engine = engine();
    work(&mut engine, &intake.take());
    assert!(engine.counters().evicted_connections > 0);
}

#[test]
fn the_earliest_wake_up_asked_for_wins() {
    let lines = [Line::bytes(0, wakes_after(10 * MINUTE)), Line::bytes(1, wakes_after(HOUR))];
    let drafts = titles(&lines);
    assert_eq!(drafts, [format!("wake {} rows 2", 10 * MINUTE)]);
}

#[test]
fn a_wake_up_runs_before_the_row_that_has_passed_it() {
    let lines = [Line::bytes(0, wakes_after(5 * MINUTE)), Line::new(25 * MINUTE)];
    assert_eq!(titles(&lines), [format!("wake {} rows 1", 5 * MINUTE)]);
}

#[test]
fn a_wake_up_that_asks_for_its_own_moment_gets_a_later_one() {
    let drafts = titles(&[Line::bytes(0, probe::WAKES_TWICE)]);
    let mut distinct = drafts.clone();
    distinct.dedup();
    assert_eq!((drafts.len(), distinct.len()), (2, 2), "{drafts:?}");
}

#[test]
fn time_goes_on_after_the_last_record() {
    let mut intake = intake();
    intake.flows(source("flows"), flows(&[Line::bytes(0, wakes_after(20 * HOUR))]));
    intake.finish(Duration::from_hours(25));
    let drafts = work(&mut engine(), &intake.take());
    assert_eq!(drafts, [format!("wake {} rows 1", 20 * HOUR)]);
}

#[test]
fn hours_that_were_passed_over_take_no_lessons() {
    let lines = [Line::new(0), Line::new(10 * HOUR), Line::bytes(5 * HOUR, TEACHES)];
    let mut intake = Intake::new(IntakeOptions { batch_rows: 2, ..IntakeOptions::default() });
    intake.flows(source("flows"), flows(&lines));
    let mut engine = engine();
    work(&mut engine, &intake.take());
    intake.finish(Duration::ZERO);
    work(&mut engine, &intake.take());
    assert_eq!(engine.counters().late_lessons, 1);
}

#[test]
fn idle_states_are_swept() {
    let mut engine = engine();
    let mut intake = intake();
    intake.flows(source("flows"), flows(&[Line::new(0)]));
    intake.finish(Duration::ZERO);
    work(&mut engine, &intake.take());
    let probes = |engine: &Engine| {
        let states = engine.counters().states;
        states.iter().find(|it| it.0 == "test/probe").map_or(0, |it| it.1)
    };
    assert_eq!(probes(&engine), 1);
    work(&mut engine, &days_pass(3));
    assert_eq!(probes(&engine), 0);
}

#[test]
fn an_idle_state_that_is_touched_starts_anew() {
    // The probe's idle time is six hours.
    let wake = wakes_after(5 * MINUTE);
    let drafts = |second: u32| titles(&[Line::new(0), Line::bytes(second, wake)]);
    assert_eq!(drafts(5 * HOUR), [format!("wake {} rows 2", 5 * HOUR + 5 * MINUTE)]);
    assert_eq!(drafts(7 * HOUR), [format!("wake {} rows 1", 7 * HOUR + 5 * MINUTE)]);
}

#[test]
fn equal_signals_are_as_many_occurrences() {
    let drafts = titles(&[Line::bytes(0, SIGNALS), Line::bytes(0, SIGNALS)]);
    assert_eq!(drafts.iter().filter(|it| it.starts_with("signal")).count(), 2, "{drafts:?}");
}

#[test]
fn signals_beyond_the_bound_are_counted() {
    let lines: Vec<Line> =
        (0..70_000).map(|n| Line { packets: n + 1, ..Line::bytes(n / 100, SIGNALS) }).collect();
    let mut intake = Intake::new(IntakeOptions { batch_rows: 100_000, ..IntakeOptions::default() });
    intake.flows(source("flows"), flows(&lines));
    intake.finish(Duration::ZERO);
    let mut engine = engine();
    work(&mut engine, &intake.take());
    assert!(engine.counters().refused_signals > 0);
}

struct All;

impl Suppression for All {
    fn suppresses(&self, draft: &Draft) -> bool {
        draft.finding_type.name == DRAFT.name
    }
}

#[test]
fn drafts_are_signals_unless_they_are_suppressed() {
    let heard = |suppression: Option<Arc<dyn Suppression>>| {
        let mut intake = intake();
        intake.flows(source("flows"), flows(&[Line::bytes(0, RAISES)]));
        intake.finish(Duration::from_mins(15));
        let mut engine = engine_with(EngineOptions { suppression, ..EngineOptions::default() });
        let drafts = work(&mut engine, &intake.take());
        assert!(drafts.iter().any(|it| it == "raised"), "{drafts:?}");
        drafts.iter().filter(|it| it.starts_with("signal")).count()
    };
    assert!(heard(None) > 0);
    assert_eq!(heard(Some(Arc::new(All))), 0);
}

#[test]
fn what_is_switched_off_is_neither_raised_nor_heard_from_that_batch_on() {
    let drafts = |off: Option<Off>, of: u64| {
        let mut intake = intake();
        intake.flows(source("flows"), flows(&[Line::bytes(0, RAISES)]));
        if let Some(off) = off {
            let mut disabled = Disabled::default();
            disabled.add(account(of), Region::new("us-east-1"), off);
            intake.control(Control::Disabled(Arc::new(disabled)));
        }
        intake.flows(source("flows"), flows(&[Line::bytes(60, RAISES)]));
        intake.finish(Duration::from_mins(15));
        work(&mut engine(), &intake.take())
    };
    let all = drafts(None, 0);
    let count =
        |drafts: &[String], what: &str| drafts.iter().filter(|it| it.starts_with(what)).count();
    assert_eq!((count(&all, "raised"), count(&all, "signal") > 1), (2, true), "{all:?}");
    for off in [Off::All, Off::Types([DRAFT.name].into())] {
        let few = drafts(Some(off), 0);
        assert_eq!(count(&few, "raised"), 1, "{few:?}");
        assert!(count(&few, "signal") < count(&all, "signal"), "{few:?}");
    }
    assert_eq!(drafts(Some(Off::All), 1), all, "another account");
    assert_eq!(drafts(Some(Off::Types(["Other:EC2/Type"].into())), 0), all, "another type");
}

#[test]
fn feedback_reaches_the_states_of_its_account_alone() {
    let judged = |of: u64| {
        let mut intake = intake();
        intake.flows(source("flows"), flows(&[Line::new(0)]));
        intake.control(Control::Feedback {
            account: account(of),
            region: Region::new("us-east-1"),
            finding_type: DRAFT.name.to_owned(),
            key: "i-1".to_owned(),
            useful: false,
        });
        intake.finish(Duration::ZERO);
        work(&mut engine(), &intake.take())
    };
    assert_eq!(judged(0), ["judged"]);
    assert_eq!(judged(1), [""; 0]);
}

/// An engine in which everything that a snapshot has to keep is there: states, wake-ups, connections, waiting
/// signals, open lessons, closed hours, facts, calls.
fn full_engine() -> Engine {
    let mut engine = engine();
    let mut intake = intake();
    intake.calls(source("trail"), probe::assume_role(0, "ASIAEXAMPLE"));
    let lines = [
        Line::bytes(0, TEACHES),
        Line::bytes(3 * HOUR, TEACHES),
        Line::bytes(3 * HOUR + 1, SIGNALS),
        Line { is_syn: true, ..Line::new(3 * HOUR + 2) },
    ];
    intake.flows(source("flows"), flows(&lines));
    // Only what is complete: the rest stays open.
    intake.control(Control::Inventory(Arc::default()));
    let mut batches = intake.take();
    for batch in &mut batches {
        batch.controls.clear();
    }
    work(&mut engine, &batches);
    engine
}

#[test]
fn a_snapshot_keeps_everything() {
    let engine_before = full_engine();
    let snapshot = engine_before.snapshot().unwrap();
    let mut engine_after = engine();
    engine_after.restore(&snapshot).unwrap();
    assert!(engine_after.snapshot().unwrap() == snapshot);
    assert!(engine_after.inventory().session("ASIAEXAMPLE").is_some());
    let mut again = intake();
    again.calls(source("trail"), probe::assume_role(0, "ASIAEXAMPLE"));
    again.finish(Duration::from_hours(30));
    work(&mut engine_after, &again.take());
    assert_eq!(engine_after.counters().duplicates, 1, "the call was seen before");
}

#[test]
fn states_of_another_version_are_left_out() {
    let snapshot = full_engine().snapshot().unwrap();
    let states = |version: u16| {
        let mut engine = probe::engine_of_version(version);
        engine.restore(&snapshot).unwrap();
        let states = engine.counters().states;
        states.iter().find(|it| it.0 == "test/probe").map_or(0, |it| it.1)
    };
    assert_eq!((states(1), states(2)), (1, 0));
}

#[test]
fn drafts_come_in_an_order_that_does_not_depend_on_key_groups() {
    let lines: Vec<Line> =
        (0..40).map(|n| Line { interface: n, ..Line::bytes((n * 7) % 40, RAISES) }).collect();
    let mut intake = intake();
    intake.flows(source("flows"), flows(&lines));
    intake.finish(Duration::ZERO);
    let mut engine = engine();
    let batches = intake.take();
    let drafts: Vec<Timestamp> = engine
        .process(&batches[0], &Serial)
        .drafts
        .iter()
        .filter(|it| it.title == "raised")
        .map(|it| it.last)
        .collect();
    assert_eq!(drafts.len(), 40);
    assert!(drafts.is_sorted());
    assert_eq!(drafts[0], Timestamp::from_secs(i64::from(START)));
}
