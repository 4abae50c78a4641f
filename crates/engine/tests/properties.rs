//! The same journal gives the same drafts, whatever the threads, restarts and, in order, batch sizes.

mod common;

use std::time::Duration;

use common::{START, Threads, account, batches, engine, lines, registry, run, text};
use engine::model::{Addr, Origin, Region, Timestamp};
use engine::telemetry::{FlowInterface, FlowRows};
use engine::{EngineOptions, Intake, IntakeOptions, Serial, SourceId};

const DAY: u32 = 86_400;

/// Compares two runs and shows where they part.
fn assert_equal(got: &[String], expected: &[String], what: &str) {
    let at = got.iter().zip(expected).position(|(a, b)| a != b);
    let at = at.unwrap_or(got.len().min(expected.len()));
    assert!(got == expected, "{what}: got {:?}, expected {:?}", got.get(at), expected.get(at));
}

#[test]
fn every_kind_of_draft_is_raised() {
    let drafts = run(&batches(lines(1, 5000, DAY), 16_384), &Serial);
    for name in ["Test:EC2/Busy", "Test:EC2/Chain", "Test:EC2/Unanswered"] {
        assert!(drafts.iter().any(|it| it.contains(name)), "{name}");
    }
    // Lessons were read: some hour's count is not zero.
    assert!(drafts.iter().any(|it| it.contains("Busy") && !it.contains(" of 0 of ")));
}

#[test]
fn threads_do_not_change_drafts() {
    for seed in 1..4 {
        let batches = batches(lines(seed, 4000, DAY), 512);
        let serial = run(&batches, &Serial);
        assert!(!serial.is_empty());
        for threads in [2, 3, 8] {
            let got = run(&batches, &Threads(threads));
            assert_equal(&got, &serial, &format!("seed {seed}, {threads} threads"));
        }
    }
}

#[test]
fn batch_sizes_do_not_change_drafts_of_ordered_input() {
    for seed in 1..4 {
        let expected = run(&batches(lines(seed, 3000, DAY), 16_384), &Serial);
        for batch_rows in [1, 7, 100, 1000] {
            let got = run(&batches(lines(seed, 3000, DAY), batch_rows), &Serial);
            assert_equal(&got, &expected, &format!("seed {seed}, {batch_rows} rows a batch"));
        }
    }
}

#[test]
fn a_restart_at_any_mark_does_not_change_drafts() {
    let batches = batches(lines(5, 2000, DAY), 100);
    let expected = run(&batches, &Serial);
    for restart in 0..batches.len() {
        let mut engine_now = engine(EngineOptions::default());
        let mut drafts = Vec::new();
        for (number, batch) in batches.iter().enumerate() {
            drafts.extend(engine_now.process(batch, &Serial).drafts.iter().map(text));
            if number == restart {
                let snapshot = engine_now.snapshot().unwrap();
                engine_now = engine(EngineOptions::default());
                assert_eq!(engine_now.restore(&snapshot).unwrap(), batch.number);
                assert_eq!(engine_now.snapshot().unwrap(), snapshot);
            }
        }
        drafts.sort();
        assert_equal(&drafts, &expected, &format!("restart after batch {restart}"));
    }
}

#[test]
fn damaged_snapshots_are_refused() {
    let mut engine_now = engine(EngineOptions::default());
    for batch in &batches(lines(5, 300, DAY), 100) {
        engine_now.process(batch, &Serial);
    }
    let snapshot = engine_now.snapshot().unwrap();
    let mut other = engine(EngineOptions::default());
    assert!(other.restore(b"something else").is_err());
    for cut in [8, 9, 100, snapshot.len() / 2, snapshot.len() - 1] {
        assert!(other.restore(&snapshot[..cut]).is_err(), "cut at {cut}");
    }
    assert!(other.restore(&snapshot).is_ok());
}

#[test]
fn a_late_row_is_counted_and_reopens_no_window() {
    let mut rows = lines(7, 500, 7200);
    let mut late = lines(7, 1, 1);
    late.rows[0].start = START + 60;
    rows.append(late);
    let mut engine_now = engine(EngineOptions::default());
    for batch in &batches(rows, 64) {
        engine_now.process(batch, &Serial);
    }
    assert_eq!(engine_now.counters().late, 1);
    assert_eq!(engine_now.counters().flows, 501);
}

#[test]
fn a_silent_source_does_not_freeze_the_others() {
    let mut intake = Intake::new(IntakeOptions::default());
    intake.flows(SourceId::new("silent"), lines(1, 10, 60));
    intake.flows(SourceId::new("busy"), lines(2, 3000, 8 * 3600));
    let mut engine_now = engine(EngineOptions::default());
    let mut drafts = 0;
    for batch in &intake.take() {
        drafts += engine_now.process(batch, &Serial).drafts.len();
    }
    assert!(engine_now.watermark() >= Timestamp::from_secs(i64::from(START) + 7 * 3600));
    assert!(drafts > 0, "windows close without the silent source");
}

/// A flood of interfaces in one account, among which another account keeps its own.
fn flood(interfaces: u32) -> FlowRows {
    let pattern = lines(3, 1, 1);
    let mut rows = FlowRows::default();
    for n in 0..interfaces {
        rows.interfaces.push(FlowInterface {
            id: format!("eni-flood-{n}").into(),
            account: account(9),
            region: Region::new("us-east-1"),
            ..FlowInterface::default()
        });
        let mut row = pattern.rows[0];
        row.interface = n;
        row.start = START + 7200 + n / 1000;
        row.end = row.start;
        row.src = Addr::from_v4(0x0a00_0001);
        rows.rows.push(row);
        rows.origins.push(Origin::default());
    }
    rows
}

#[test]
fn a_flood_of_entities_in_one_account_leaves_the_others_alone() {
    const CAP: usize = 64;
    let options = EngineOptions { entities_per_key_group: CAP, ..EngineOptions::default() };
    let mut intake = Intake::new(IntakeOptions::default());
    intake.flows(SourceId::new("flows"), lines(3, 2000, 7200));
    intake.flows(SourceId::new("flows"), flood(1_000_000));
    intake.finish(Duration::ZERO);
    let mut engine_now = engine(options);
    let batches = intake.take();
    for batch in &batches {
        engine_now.process(batch, &Serial);
    }
    let counters = engine_now.counters();
    // Three scopes at most are in use: interfaces and anchors.
    assert!(counters.entities <= (CAP * 256 * 2) as u64, "{}", counters.entities);
    assert!(counters.evictions.iter().any(|(_, n)| *n > 0), "evictions are counted");
    let known = engine_now.known_interfaces(account(0)) + engine_now.known_interfaces(account(1));
    assert!(known >= 12, "the interfaces of the other accounts are all still known, not {known}");
}

#[test]
fn the_registry_names_what_it_holds() {
    let names: Vec<_> = registry().specs().map(|it| it.name).collect();
    assert_eq!(names, ["test/busy", "test/chain", "test/failed"]);
}
