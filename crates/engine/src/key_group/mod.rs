//! One of 256 parts of the state: its entities, their detectors' states, wake-ups and waiting signals.
//!
//! A key group is worked on by one thread at a time and shares nothing with the others while a batch runs.

mod flows;
mod rows;
mod services;

use std::collections::BTreeMap;
use std::time::Duration;

use intel::{Categories, Verdict};
use model::{EntityId, Origin, Scope, Timestamp};

use crate::connection::{Connection, InterfaceState};
use crate::context::EntityInfo;
use crate::detector::Feedback;
use crate::entities::Entities;
use crate::flow_lines::RowRef;
use crate::kind::{LocalFlow, Signals};
use crate::out::Outputs;
use crate::registry::{Call, Registry};
use crate::signal::Signal;
use crate::table::{AnyTable, Table};
use crate::work::Work;

/// Most signals that wait in one key group; what does not fit is counted.
const WAITING_MAX: usize = 65_536;

pub(crate) struct KeyGroup {
    pub(crate) entities: [Entities; Scope::ALL.len()],
    /// One for each detector.
    pub(crate) tables: Vec<Box<dyn AnyTable>>,
    /// What each detector's states belong to.
    pub(crate) scopes: Vec<Scope>,
    /// The connection stage, by number of the interface.
    pub(crate) stage: Table<InterfaceState>,
    pub(crate) waiting: BTreeMap<(Timestamp, EntityId, u64), Signal>,
    pub(crate) outputs: Outputs,
    /// States dropped because their key group was full, by detector.
    pub(crate) evictions: Vec<u64>,
    pub(crate) refused_signals: u64,
    /// Connections decided because the table of their interface was full.
    pub(crate) evicted_connections: u64,
    /// No wake-up is earlier; perhaps there is none at this time any more.
    next_wake: Timestamp,
    scratch: Scratch,
}

/// Buffers that are used again for each group.
#[derive(Default)]
struct Scratch {
    flows: Vec<LocalFlow>,
    connections: Vec<Connection>,
    /// Where the lines and the connections of each interface lie.
    parts: Vec<Part>,
    decided: Vec<Part>,
    origins: Vec<Origin>,
    indices: Vec<u32>,
    rows: Vec<RowRef>,
    verdicts: Vec<Verdict>,
    listed: Vec<(Verdict, Categories)>,
    services: services::Services,
    wanted: Vec<u32>,
    /// Of API calls, see [`crate::work::Routed::call_wants`]; empty for all else.
    wants: Vec<u64>,
    /// Where the wanted rows of each part lie.
    ends: Vec<(usize, usize)>,
    opened: Vec<u32>,
}

/// Which rows in the scratch are of one entity.
#[derive(Clone, Copy, Debug)]
struct Part {
    entity: u32,
    begin: u32,
    end: u32,
}

impl KeyGroup {
    pub(crate) fn new(registry: &Registry) -> KeyGroup {
        KeyGroup {
            entities: Default::default(),
            tables: registry.entries.iter().map(|it| it.detector.new_table()).collect(),
            scopes: registry.specs().map(|it| it.scope).collect(),
            stage: Table::default(),
            waiting: BTreeMap::new(),
            outputs: Outputs::default(),
            evictions: vec![0; registry.entries.len()],
            refused_signals: 0,
            evicted_connections: 0,
            // Not known before the tables were looked at: a snapshot may be taken over.
            next_wake: Timestamp::MIN,
            scratch: Scratch::default(),
        }
    }

    /// Runs every wake-up before `until`.
    pub(crate) fn run_wakes(&mut self, until: Timestamp, work: &Work<'_>) {
        if self.next_wake >= until {
            return;
        }
        self.run_deadlines(until, work);
        for (index, entry) in work.registry.entries.iter().enumerate() {
            while let Some((at, entity)) = self.tables[index].take_due(until) {
                let Some(info) = self.entities[entry.spec.scope as usize].info(entity) else {
                    continue;
                };
                let mut call =
                    Call { ctx: work.context(info), outputs: &mut self.outputs, due: work.due };
                entry.detector.wake(&mut *self.tables[index], entity, at, &mut call);
            }
        }
        // Asking all tables is dear, since they lie all over the memory.
        let stage = self.stage.next_wake();
        let all = self.tables.iter().map(|it| it.next_wake()).chain([stage]).flatten();
        self.next_wake = all.min().unwrap_or(Timestamp::MAX);
    }

    /// Makes a signal wait for the watermark at its anchor.
    pub(crate) fn wait(&mut self, anchor: EntityId, signal: Signal) {
        if self.waiting.len() >= WAITING_MAX {
            self.refused_signals += 1;
            return;
        }
        let mut order = signal.order();
        // Equal signals are as many occurrences: each keeps a place.
        while self.waiting.contains_key(&(signal.evidence.time, anchor, order)) {
            order = order.wrapping_add(1);
        }
        self.waiting.insert((signal.evidence.time, anchor, order), signal);
    }

    /// Gives the signals up to the watermark to the sequence detectors.
    pub(crate) fn run_signals(&mut self, watermark: Timestamp, work: &Work<'_>) {
        let later = self.waiting.split_off(&(watermark + MILLISECOND, EntityId(0), 0));
        let due = std::mem::replace(&mut self.waiting, later);
        let mut by_anchor: BTreeMap<EntityId, Vec<Signal>> = BTreeMap::new();
        for ((_, anchor, _), signal) in due {
            by_anchor.entry(anchor).or_default().push(signal);
        }
        for (anchor, signals) in by_anchor {
            let (Some(first), Some(last)) = (signals.first(), signals.last()) else { continue };
            let Some((_, entity)) = first.anchor_ids().find(|(id, _)| *id == anchor) else {
                continue;
            };
            let entities = &mut self.entities[Scope::Anchor as usize];
            let time = first.evidence.time;
            let number = entities.open(anchor, || EntityInfo::new(anchor, entity.clone(), time));
            if let Some(info) = entities.info_mut(number) {
                info.last_seen = info.last_seen.max(last.evidence.time);
                info.region = last.region;
            }
            self.scratch.indices.clear();
            self.scratch.indices.extend(0..signals.len() as u32);
            self.scratch.listed.clear();
            self.run_entity::<Signals>(
                &work.registry.signals,
                Scope::Anchor,
                number,
                &signals,
                work,
            );
        }
    }

    /// Hands a judgement to every state of the account that may have raised the finding.
    pub(crate) fn feedback(
        &mut self,
        account: model::AccountId,
        feedback: &Feedback<'_>,
        work: &Work<'_>,
    ) {
        for (index, entry) in work.registry.entries.iter().enumerate() {
            if !entry.spec.types.iter().any(|it| it.name == feedback.finding_type) {
                continue;
            }
            for entity in self.tables[index].entities() {
                let info = self.entities[entry.spec.scope as usize].info(entity);
                let Some(info) = info.filter(|it| it.account == account) else { continue };
                let mut call =
                    Call { ctx: work.context(info), outputs: &mut self.outputs, due: work.due };
                entry.detector.feedback(&mut *self.tables[index], entity, feedback, &mut call);
            }
            self.note_wake(self.tables[index].next_wake());
        }
    }

    /// Drops entities beyond the cap.
    pub(crate) fn hold_cap(&mut self, cap: usize, registry: &Registry) {
        for scope in Scope::ALL {
            for number in self.entities[scope as usize].excess(cap) {
                for (index, entry) in registry.entries.iter().enumerate() {
                    if entry.spec.scope == scope && self.tables[index].remove(number) {
                        self.evictions[index] += 1;
                    }
                }
                if scope == Scope::Interface {
                    self.stage.remove(number);
                }
                self.entities[scope as usize].remove(number);
            }
        }
    }

    /// Drops idle states, and entities that nothing is remembered of.
    pub(crate) fn sweep(&mut self, watermark: Timestamp, registry: &Registry) {
        for scope in Scope::ALL {
            let numbers: Vec<u32> = self.entities[scope as usize].iter().map(|it| it.0).collect();
            for number in numbers {
                let mut is_used = scope == Scope::Interface
                    && self.stage.sweep(number, watermark, INTERFACE_IDLE);
                for (index, entry) in registry.entries.iter().enumerate() {
                    if entry.spec.scope == scope {
                        is_used |= self.tables[index].sweep(number, watermark, entry.spec.idle);
                    }
                }
                if !is_used {
                    self.entities[scope as usize].remove(number);
                }
            }
        }
    }

    /// Notes the earliest wake-up of a table that was worked on.
    fn note_wake(&mut self, at: Option<Timestamp>) {
        self.next_wake = self.next_wake.min(at.unwrap_or(Timestamp::MAX));
    }

    /// The earliest wake-up, perhaps an outdated one.
    pub(crate) fn next_wake(&self) -> Option<Timestamp> {
        (self.next_wake != Timestamp::MAX).then_some(self.next_wake)
    }
}

const MILLISECOND: Duration = Duration::from_millis(1);
/// An interface that was silent for this long is learnt anew.
const INTERFACE_IDLE: Duration = Duration::from_hours(30 * 24);
