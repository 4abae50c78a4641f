//! The journal's writer: blocks of rows in, batches out.
//!
//! It puts API calls into (time, eventID) order within the lateness bound, keeps the watermark of each
//! source group, and cuts batches after a number of rows and wherever the watermark passes a full hour.
//! It is a function of the blocks it is given and of their order, nothing else.

mod reorder;
mod saved;
mod watermark;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use model::{Timestamp, hash64};
use serde::{Deserialize, Serialize};
use telemetry::{ApiRows, DnsRows, FlowRows};

use crate::batch::{Batch, Control};
use crate::flow_lines::SharedFlows;
use crate::inventory::Inventory;
use reorder::Reorder;
use watermark::Watermarks;

/// Rows that an API call counts for: with its text it is some ten times as large as a flow row.
const CALL_WEIGHT: usize = 4;
const MILLISECOND: Duration = Duration::from_millis(1);

/// Names a source group: rows whose lateness is judged together, such as the flow logs of one account and
/// Region.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct SourceId(pub u64);

impl SourceId {
    /// The source group with this name.
    pub fn new(name: &str) -> SourceId {
        SourceId(hash64(name.as_bytes()))
    }
}

/// How batches are cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IntakeOptions {
    /// Rows after which a batch is cut; an API call counts as four.
    pub batch_rows: usize,
    /// How late rows may be. Raising it makes windows close later and late rows rarer.
    pub lateness: Duration,
    /// A source group without rows for this long, in event time, stops holding the watermark back.
    pub idle: Duration,
    /// Rows after this time are impossible: they are dropped and counted, since one of them would make all
    /// others late.
    pub not_after: Timestamp,
}

impl Default for IntakeOptions {
    fn default() -> Self {
        IntakeOptions {
            batch_rows: 65_536,
            lateness: Duration::from_mins(15),
            idle: Duration::from_mins(10),
            not_after: Timestamp::MAX,
        }
    }
}

/// Batches whose memory is kept: one is filled while the other is worked on.
const SPARE_MAX: usize = 2;

/// The journal's writer.
pub struct Intake {
    options: IntakeOptions,
    watermarks: Watermarks,
    reorder: Reorder,
    open: Batch,
    done: Vec<Batch>,
    /// Rows that were dropped because their time is impossible.
    impossible: u64,
    /// Memory of batches that were worked on.
    spare_calls: Vec<ApiRows>,
    spare_queries: Vec<DnsRows>,
}

impl Intake {
    /// A writer that begins with batch 1.
    pub fn new(options: IntakeOptions) -> Intake {
        Intake {
            options,
            watermarks: Watermarks::new(options.lateness, options.idle),
            reorder: Reorder::default(),
            open: Batch::tick(1, Timestamp::MIN),
            done: Vec::new(),
            impossible: 0,
            spare_calls: Vec::new(),
            spare_queries: Vec::new(),
        }
    }

    /// API calls that were let go before their time because too many waited.
    pub fn released_early(&self) -> u64 {
        self.reorder.released_early()
    }

    /// Rows that were dropped because they lie after [`IntakeOptions::not_after`].
    pub fn impossible(&self) -> u64 {
        self.impossible
    }

    /// Takes the memory of a batch back that was worked on: calls and queries are copied into it, and fresh
    /// memory would cost more than the copy.
    pub fn recycle(&mut self, batch: Batch) {
        let Batch { mut calls, mut queries, .. } = batch;
        if !calls.rows.is_empty() && self.spare_calls.len() < SPARE_MAX {
            calls.clear();
            self.spare_calls.push(calls);
        }
        if !queries.rows.is_empty() && self.spare_queries.len() < SPARE_MAX {
            queries.clear();
            self.spare_queries.push(queries);
        }
    }

    /// Takes the batches that are complete.
    pub fn take(&mut self) -> Vec<Batch> {
        std::mem::take(&mut self.done)
    }

    /// Records a change: it takes effect before all later rows.
    pub fn control(&mut self, control: Control) {
        if !self.open.is_empty() {
            self.push();
        }
        self.open.controls.push(control);
    }

    /// Adds flow rows of a source group.
    pub fn flows(&mut self, source: SourceId, rows: FlowRows) {
        let block = Arc::new(SharedFlows::from(rows));
        let all = 0..block.rows().len();
        self.flow_range(source, &block, all);
    }

    /// Adds a range of a block of flow rows. Rows are not copied: the batches share the block.
    pub fn flow_range(&mut self, source: SourceId, block: &Arc<SharedFlows>, range: Range<usize>) {
        let last = self.last_possible_sec();
        let Some(rows) = block.rows().get(range.clone()) else { return };
        let mut at = range.start;
        for run in rows.chunk_by(|a, b| (a.start <= last) == (b.start <= last)) {
            if run[0].start <= last {
                self.possible_flows(source, block, at..at + run.len());
            } else {
                self.impossible += run.len() as u64;
            }
            at += run.len();
        }
    }

    fn possible_flows(
        &mut self,
        source: SourceId,
        block: &Arc<SharedFlows>,
        mut range: Range<usize>,
    ) {
        while let Some(rows) = block.rows().get(range.clone()).filter(|it| !it.is_empty()) {
            let times = rows.iter().map(|row| Timestamp::from_secs(i64::from(row.start)));
            let (taken, next, passes_hour) = self.advance(source, times);
            self.open.flows.push(block, range.start..range.start + taken);
            self.pass(next, passes_hour);
            range.start += taken;
        }
    }

    /// Adds resolver queries of a source group.
    pub fn queries(&mut self, source: SourceId, mut rows: DnsRows) {
        self.drop_impossible_queries(&mut rows);
        while !rows.rows.is_empty() {
            let times = rows.rows.iter().map(|row| Timestamp::from_secs(i64::from(row.time)));
            let (taken, next, passes_hour) = self.advance(source, times);
            let rest = (taken < rows.rows.len()).then(|| split_queries(&mut rows, taken));
            self.open.queries.append(std::mem::take(&mut rows));
            self.pass(next, passes_hour);
            rows = rest.unwrap_or_default();
        }
    }

    /// Adds API calls of a source group. They leave in (time, eventID) order once the watermark passed them.
    pub fn calls(&mut self, source: SourceId, rows: ApiRows) {
        let not_after = self.options.not_after;
        let possible = |it: &telemetry::ApiCall| it.time <= not_after;
        self.impossible += rows.rows.iter().filter(|it| !possible(it)).count() as u64;
        let times = rows.rows.iter().filter(|it| possible(it)).map(|it| it.time);
        let (earliest, latest) = (times.clone().min(), times.max());
        self.reorder.add(rows, not_after);
        // A block of unordered calls moves time by its latest; its earliest says which hour is open at first.
        let mut moves: &[Timestamp] = &[earliest, latest].map(Option::unwrap_or_default);
        while latest.is_some() && !moves.is_empty() {
            let (taken, next, passes_hour) = self.advance(source, moves.iter().copied());
            self.pass(next, passes_hour);
            moves = &moves[taken..];
        }
    }

    /// Says that time has passed, for sources that are quiet.
    pub fn tick(&mut self, now: Timestamp) {
        let next = self.watermarks.tick(now);
        self.pass(next, next.hour() > self.watermarks.watermark().hour());
        if self.open.is_empty() {
            self.push();
        }
    }

    /// Ends the open batch, if it has rows or changes.
    pub fn cut(&mut self) {
        if !self.open.is_empty() || !self.open.controls.is_empty() {
            self.push();
        }
    }

    /// The latest event time of all rows; none before the first one.
    pub fn latest(&self) -> Option<Timestamp> {
        self.watermarks.latest()
    }

    /// Lets everything go that waits, without letting time pass.
    pub fn drain(&mut self) {
        self.release(Timestamp::MAX);
        self.cut();
    }

    /// Ends the input: everything that waits leaves, and time passes until `horizon` after the last event.
    pub fn finish(&mut self, horizon: Duration) {
        self.drain();
        if let Some(latest) = self.watermarks.latest() {
            self.watermarks.set(latest + horizon);
            self.push();
        }
    }

    /// Takes rows until the batch is full or the watermark would pass a full hour.
    fn advance(
        &mut self,
        source: SourceId,
        times: impl Iterator<Item = Timestamp>,
    ) -> (usize, Timestamp, bool) {
        let room = self.room();
        self.watermarks.advance(source, times.take(room))
    }

    /// Lets API calls go that the new watermark passes, then moves it; cuts at full hours and when full.
    fn pass(&mut self, next: Timestamp, passes_hour: bool) {
        while passes_hour && let Some(hour) = self.hour_to_close(next) {
            self.release(hour - MILLISECOND);
            self.watermarks.set(hour);
            self.push();
        }
        self.release(next);
        self.watermarks.set(next);
        if self.room() == 0 {
            self.push();
        }
    }

    /// The full hour at which the next batch ends: what comes after it must see the hours before it closed.
    /// Hours in which no call waits are passed at once.
    fn hour_to_close(&self, next: Timestamp) -> Option<Timestamp> {
        let (last, watermark) = (Timestamp::from_hour(next.hour()), self.watermarks.watermark());
        if watermark >= last {
            return None;
        }
        let Some(waiting) = self.reorder.earliest() else { return Some(last) };
        Some(Timestamp::from_hour(waiting.max(watermark).hour() + 1).min(last))
    }

    fn release(&mut self, until: Timestamp) {
        let over = self.reorder.over_bound();
        for call in self.reorder.take(until, over) {
            // Facts hold from the batch on in which they are learnt: flow lines before them must not see them.
            let name = call.row().event_name.of(&call.block.text);
            let has_lines = !self.open.flows.is_empty() || !self.open.queries.rows.is_empty();
            if self.room() == 0 || (has_lines && Inventory::teaches_network(name)) {
                self.push();
            }
            self.open.calls.push_from(&call.block, call.index);
        }
    }

    fn room(&self) -> usize {
        let extra = (CALL_WEIGHT - 1) * self.open.calls.rows.len();
        self.options.batch_rows.max(1).saturating_sub(self.open.len() + extra)
    }

    fn push(&mut self) {
        self.open.watermark = self.watermarks.watermark();
        let mut next = Batch::tick(self.open.number + 1, self.open.watermark);
        next.calls = self.spare_calls.pop().unwrap_or_default();
        next.queries = self.spare_queries.pop().unwrap_or_default();
        self.done.push(std::mem::replace(&mut self.open, next));
    }

    fn drop_impossible_queries(&mut self, rows: &mut DnsRows) {
        let last = self.last_possible_sec();
        if rows.rows.iter().all(|it| it.time <= last) {
            return;
        }
        let keep: Vec<bool> = rows.rows.iter().map(|it| it.time <= last).collect();
        self.impossible += keep.iter().filter(|it| !**it).count() as u64;
        retain(&mut rows.rows, &keep);
        retain(&mut rows.origins, &keep);
    }

    fn last_possible_sec(&self) -> u32 {
        self.options.not_after.secs().clamp(0, i64::from(u32::MAX)) as u32
    }
}

fn retain<T>(items: &mut Vec<T>, keep: &[bool]) {
    let mut keep = keep.iter();
    items.retain(|_| keep.next().copied().unwrap_or(false));
}

fn split_queries(rows: &mut DnsRows, at: usize) -> DnsRows {
    DnsRows {
        rows: rows.rows.split_off(at),
        origins: rows.origins.split_off(at),
        hosts: rows.hosts.clone(),
        text: rows.text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use model::Addr;
    use telemetry::{ApiCall, Flow, Span};

    use super::*;

    const MINUTE: u32 = 60;
    const START: u32 = 1_000_002_000; // twenty minutes past a full hour

    fn flows(starts: &[u32]) -> FlowRows {
        let row = |&start: &u32| Flow {
            src: Addr::from_v4(1),
            dst: Addr::from_v4(2),
            bytes: 1,
            packets: 1,
            start: START + start,
            end: START + start,
            interface: 0,
            src_port: 1,
            dst_port: 2,
            protocol: 6,
            tcp_flags: 0,
            marks: 0,
            traffic_path: 0,
        };
        FlowRows {
            rows: starts.iter().map(row).collect(),
            origins: vec![model::Origin::default(); starts.len()],
            interfaces: vec![telemetry::FlowInterface::default()],
        }
    }

    fn calls(times: &[u32]) -> ApiRows {
        let mut rows = ApiRows::default();
        for &time in times {
            let event_id = Span::push(&mut rows.text, &format!("{time}"));
            let time = Timestamp::from_secs(i64::from(START + time));
            rows.rows.push(ApiCall { time, event_id, ..ApiCall::default() });
            rows.origins.push(model::Origin::default());
        }
        rows
    }

    fn source(name: &str) -> SourceId {
        SourceId::new(name)
    }

    fn call_times(batches: &[Batch]) -> Vec<i64> {
        let rows = batches.iter().flat_map(|it| &it.calls.rows);
        rows.map(|it| it.time.secs() - i64::from(START)).collect()
    }

    #[test]
    fn calls_leave_in_time_order_once_the_watermark_passed_them() {
        let mut intake = Intake::new(IntakeOptions::default());
        intake.calls(source("trail"), calls(&[50, 10, 30]));
        intake.calls(source("trail"), calls(&[20 * MINUTE, 20]));
        intake.finish(Duration::ZERO);
        assert_eq!(call_times(&intake.take()), [10, 20, 30, 50, 1200]);
    }

    #[test]
    fn a_batch_is_cut_where_the_watermark_passes_a_full_hour() {
        let mut intake = Intake::new(IntakeOptions::default());
        // 40 minutes to the full hour plus 15 of lateness: the row at 57 minutes passes it, and must see it
        // closed.
        intake.flows(source("flow"), flows(&[0, 30 * MINUTE, 57 * MINUTE, 58 * MINUTE]));
        let done = intake.take();
        assert_eq!(done.len(), 1);
        assert_eq!(done[0].flows.len(), 2);
        assert_eq!(done[0].watermark.secs() % 3600, 0);
        intake.finish(Duration::ZERO);
        let rest: Vec<_> = intake.take().iter().map(|it| it.flows.len()).collect();
        assert_eq!(rest, [2, 0]);
    }

    #[test]
    fn calls_that_wait_leave_hour_by_hour() {
        let mut intake = Intake::new(IntakeOptions::default());
        intake.calls(source("trail"), calls(&[0, 39 * MINUTE, 41 * MINUTE, 99 * MINUTE]));
        intake.calls(source("trail"), calls(&[102 * MINUTE, 300 * MINUTE, 1 << 24]));
        let done = intake.take();
        let times: Vec<_> = done.iter().map(|it| call_times(std::slice::from_ref(it))).collect();
        let minute = i64::from(MINUTE);
        assert_eq!(times[0], [0, 39 * minute]);
        assert_eq!(times[1], [41 * minute, 99 * minute]);
        assert_eq!(times[2..], [vec![102 * minute], vec![300 * minute], vec![]]);
        assert!(done.iter().all(|it| it.watermark.secs() % 3600 == 0));
    }

    #[test]
    fn batches_have_at_most_the_rows_asked_for() {
        let mut intake = Intake::new(IntakeOptions { batch_rows: 3, ..IntakeOptions::default() });
        intake.flows(source("flow"), flows(&[0, 1, 2, 3, 4, 5, 6]));
        intake.finish(Duration::ZERO);
        let lens: Vec<_> = intake.take().iter().map(|it| it.flows.len()).collect();
        assert_eq!(lens, [3, 3, 1, 0]);
    }

    #[test]
    fn an_impossible_time_is_dropped_and_counted() {
        let not_after = Timestamp::from_secs(i64::from(START) + 100);
        let mut intake = Intake::new(IntakeOptions { not_after, ..IntakeOptions::default() });
        intake.flows(source("flow"), flows(&[0, 4_000, 1]));
        intake.calls(source("trail"), calls(&[5, 9_000]));
        intake.finish(Duration::ZERO);
        let done = intake.take();
        assert_eq!(intake.impossible(), 2);
        assert_eq!(done.iter().map(|it| it.flows.len()).sum::<usize>(), 2);
        assert_eq!(call_times(&done), [5]);
    }
}
