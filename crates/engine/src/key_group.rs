//! One of 256 parts of the state: its entities, their detectors' states, wake-ups and waiting signals.
//!
//! A key group is worked on by one thread at a time and shares nothing with the others while a batch runs.

use std::collections::BTreeMap;

use intel::{Categories, Verdict};
use model::{Addr, Entity, EntityId, Scope, Timestamp};

use crate::connection::{Connection, InterfaceState};
use crate::context::{Context, EntityInfo};
use crate::detector::{Feedback, Interest};
use crate::entities::Entities;
use crate::kind::{
    ApiCalls, Connections, DnsBlock, DnsQueries, FlowBlock, Flows, Kind, LocalFlow, Signals,
};
use crate::out::Outputs;
use crate::registry::{Call, Registry, Rows, SlotRef};
use crate::router::Group;
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
    scratch: Scratch,
}

/// Buffers that are used again for each group.
#[derive(Default)]
struct Scratch {
    flows: Vec<LocalFlow>,
    connections: Vec<Connection>,
    indices: Vec<u32>,
    rows: Vec<u32>,
    verdicts: Vec<Verdict>,
    listed: Vec<(Verdict, Categories)>,
    wanted: Vec<u32>,
    opened: Vec<u32>,
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
            scratch: Scratch::default(),
        }
    }

    /// Works on the key group's rows of a batch.
    pub(crate) fn run(&mut self, key_group: usize, work: &Work<'_>) {
        self.run_flows(key_group, work);
        self.run_queries(key_group, work);
        self.run_calls(key_group, work);
    }

    fn run_flows(&mut self, key_group: usize, work: &Work<'_>) {
        let groups = work.routed.flows.of_key_group(key_group);
        if groups.is_empty() {
            return;
        }
        let mut opened = std::mem::take(&mut self.scratch.opened);
        opened.clear();
        opened.extend(groups.iter().map(|it| self.open_interface(it, work)));
        for (at, group) in groups.iter().enumerate() {
            self.prefetch(work.registry, opened.get(at + PREFETCH_AHEAD).copied());
            self.run_interface(opened[at], work.routed.flows.rows(group), work);
        }
        self.scratch.opened = opened;
    }

    fn open_interface(&mut self, group: &Group, work: &Work<'_>) -> u32 {
        let flow = &work.batch.flows.rows[group.first_row as usize];
        let interface = &work.batch.flows.interfaces[flow.interface as usize];
        let time = Flows::time_of(flow);
        let number = self.entities[Scope::Interface as usize].open(group.id, || {
            let entity = Entity::new(Scope::Interface, interface.account, &interface.id);
            EntityInfo::new(group.id, entity, time)
        });
        if let Some(info) = self.entities[Scope::Interface as usize].info_mut(number) {
            info.last_seen = info.last_seen.max(time);
            info.region = interface.region;
            if info.instance != interface.instance && !interface.instance.is_empty() {
                info.instance = interface.instance.clone();
            }
            if info.vpc != interface.vpc && !interface.vpc.is_empty() {
                info.vpc = interface.vpc.clone();
            }
        }
        number
    }

    fn prefetch(&self, registry: &Registry, entity: Option<u32>) {
        let Some(entity) = entity else { return };
        self.stage.prefetch(entity);
        for slot in &registry.flows {
            self.tables[slot.index].prefetch(entity);
        }
    }

    fn run_interface(&mut self, entity: u32, rows: &[u32], work: &Work<'_>) {
        let scratch = &mut self.scratch;
        let all = &work.batch.flows.rows;
        scratch.rows.clear();
        scratch.rows.extend_from_slice(rows);
        if !rows.is_sorted_by_key(|&row| all[row as usize].start) {
            scratch.rows.sort_by_key(|&row| all[row as usize].start);
        }
        self.settle(entity, work);
        let scratch = &mut self.scratch;
        let addrs = scratch.flows.iter().map(|it| it.remote);
        look_up(
            addrs,
            work,
            self.entities[Scope::Interface as usize].info(entity),
            &mut scratch.verdicts,
            &mut scratch.listed,
        );
        scratch.indices.clear();
        scratch.indices.extend(0..scratch.flows.len() as u32);
        let flows = std::mem::take(&mut self.scratch.flows);
        let block = FlowBlock { flows: &flows, origins: &work.batch.flows.origins };
        self.run_slots(&work.registry.flows, Scope::Interface, entity, block, work);
        self.scratch.flows = flows;
        self.run_connections(entity, work);
    }

    /// Settles the side of each line, and decides connections.
    fn settle(&mut self, entity: u32, work: &Work<'_>) {
        let Scratch { flows, connections, rows, .. } = &mut self.scratch;
        flows.clear();
        connections.clear();
        let info = self.entities[Scope::Interface as usize].info(entity);
        let batch = &work.batch.flows;
        self.evicted_connections += self.stage.with(entity, |cell| {
            let evicted_before = cell.state.evicted;
            if !cell.state.side.is_settled()
                && let Some(info) = info
            {
                // What holds at any time: a batch never spans a change of these facts.
                cell.state.side.add_known(work.addresses_of(info));
            }
            for &row in rows.iter() {
                let flow = &batch.rows[row as usize];
                let reached = work.due_before(Flows::time_of(flow));
                while cell.wake <= reached {
                    let at = cell.wake;
                    cell.state.expire(at, connections);
                    cell.wake = next_wake(&cell.state, at);
                }
                let local = local_flow(flow, row, cell.state.side.is_outbound(flow));
                flows.push(local);
                cell.state.line(&local, batch.origins[row as usize], work.settings, connections);
                cell.last = cell.last.max(Flows::time_of(flow));
                // Armed after each line, not after the group: batches must not show.
                if cell.wake == Timestamp::MAX {
                    cell.wake = next_wake(&cell.state, Timestamp::MIN);
                }
            }
            cell.state.evicted - evicted_before
        });
    }

    fn run_connections(&mut self, entity: u32, work: &Work<'_>) {
        if self.scratch.connections.is_empty() || work.registry.connections.is_empty() {
            return;
        }
        let scratch = &mut self.scratch;
        scratch.listed.clear();
        if work.registry.connections.iter().any(|it| matches!(it.interest, Interest::Listed(_))) {
            let addrs = scratch.connections.iter().map(|it| it.remote);
            let info = self.entities[Scope::Interface as usize].info(entity);
            look_up(addrs, work, info, &mut scratch.verdicts, &mut scratch.listed);
        }
        scratch.indices.clear();
        scratch.indices.extend(0..scratch.connections.len() as u32);
        let connections = std::mem::take(&mut self.scratch.connections);
        self.run_slots::<Connections>(
            &work.registry.connections,
            Scope::Interface,
            entity,
            &connections,
            work,
        );
        self.scratch.connections = connections;
    }

    fn run_queries(&mut self, key_group: usize, work: &Work<'_>) {
        let block = DnsBlock { rows: &work.batch.queries, names: &work.routed.names };
        for group in work.routed.queries.of_key_group(key_group) {
            let entity = self.open_host(group, work);
            let info = self.entities[Scope::Host as usize].info(entity);
            let Scratch { indices, listed, .. } = &mut self.scratch;
            indices.clear();
            indices.extend_from_slice(work.routed.queries.rows(group));
            let rows = &work.batch.queries.rows;
            if !indices.is_sorted_by_key(|&row| rows[row as usize].time) {
                indices.sort_by_key(|&row| rows[row as usize].time);
            }
            listed.clear();
            if indices.iter().any(|&row| !block.names[row as usize].verdict.is_none()) {
                listed.extend(indices.iter().map(|&row| {
                    let verdict = block.names[row as usize].verdict;
                    (verdict, work.categories(verdict, info))
                }));
            }
            self.run_slots::<DnsQueries>(&work.registry.queries, Scope::Host, entity, block, work);
        }
    }

    fn open_host(&mut self, group: &Group, work: &Work<'_>) -> u32 {
        let query = &work.batch.queries.rows[group.first_row as usize];
        let host = &work.batch.queries.hosts[query.host as usize];
        let time = DnsQueries::time(query);
        let entities = &mut self.entities[Scope::Host as usize];
        let number = entities.open(group.id, || {
            let entity = Entity::new(Scope::Host, host.account, &crate::work::host_name(host));
            EntityInfo::new(group.id, entity, time)
        });
        if let Some(info) = entities.info_mut(number) {
            info.last_seen = info.last_seen.max(time);
            (info.region, info.address) = (host.region, host.address);
            if info.instance != host.instance && !host.instance.is_empty() {
                info.instance = host.instance.clone();
            }
            if info.vpc != host.vpc {
                info.vpc = host.vpc.clone();
            }
        }
        number
    }

    fn run_calls(&mut self, key_group: usize, work: &Work<'_>) {
        for (scope, groups) in &work.routed.calls {
            for group in groups.of_key_group(key_group) {
                let entity = self.open_caller(*scope, group, work);
                let Scratch { indices, listed, .. } = &mut self.scratch;
                indices.clear();
                indices.extend_from_slice(groups.rows(group));
                listed.clear();
                listed.extend(indices.iter().map(|&row| work.routed.call_lists[row as usize]));
                self.run_slots::<ApiCalls>(
                    &work.registry.calls,
                    *scope,
                    entity,
                    &work.batch.calls,
                    work,
                );
            }
        }
    }

    fn open_caller(&mut self, scope: Scope, group: &Group, work: &Work<'_>) -> u32 {
        let call = &work.batch.calls.rows[group.first_row as usize];
        let entities = &mut self.entities[scope as usize];
        let number = entities.open(group.id, || {
            let (account, name) = crate::work::caller_name(scope, call, &work.batch.calls);
            EntityInfo::new(group.id, Entity::new(scope, account, name), call.time)
        });
        if let Some(info) = entities.info_mut(number) {
            info.last_seen = info.last_seen.max(call.time);
            info.region = call.region;
        }
        number
    }

    /// Runs every detector of a scope over the rows in the scratch.
    fn run_slots<K: Kind>(
        &mut self,
        slots: &[SlotRef<K>],
        scope: Scope,
        entity: u32,
        block: K::Block<'_>,
        work: &Work<'_>,
    ) {
        let Some(info) = self.entities[scope as usize].info(entity) else { return };
        let Scratch { indices, listed, wanted, .. } = &mut self.scratch;
        let rows = Rows { block, indices, listed };
        for slot in slots.iter().filter(|it| it.scope == scope) {
            if listed.is_empty() && matches!(slot.interest, Interest::Listed(_)) {
                continue;
            }
            let mut call =
                Call { ctx: work.context(info), outputs: &mut self.outputs, due: work.due, wanted };
            slot.run.run(&mut *self.tables[slot.index], entity, &rows, &mut call);
        }
    }

    /// Runs every wake-up before `until`.
    pub(crate) fn run_wakes(&mut self, until: Timestamp, work: &Work<'_>) {
        while let Some((at, entity)) = self.stage.take_due(until) {
            let connections = &mut self.scratch.connections;
            connections.clear();
            self.stage.with(entity, |cell| {
                cell.state.expire(at, connections);
                cell.wake = next_wake(&cell.state, at);
            });
            self.run_connections(entity, work);
        }
        for (index, entry) in work.registry.entries.iter().enumerate() {
            while let Some((at, entity)) = self.tables[index].take_due(until) {
                let Some(info) = self.entities[entry.spec.scope as usize].info(entity) else {
                    continue;
                };
                let mut call = Call {
                    ctx: work.context(info),
                    outputs: &mut self.outputs,
                    due: work.due,
                    wanted: &mut self.scratch.wanted,
                };
                entry.detector.wake(&mut *self.tables[index], entity, at, &mut call);
            }
        }
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
            self.run_slots::<Signals>(
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
                let mut call = Call {
                    ctx: work.context(info),
                    outputs: &mut self.outputs,
                    due: work.due,
                    wanted: &mut self.scratch.wanted,
                };
                entry.detector.feedback(&mut *self.tables[index], entity, feedback, &mut call);
            }
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

    /// The earliest wake-up, perhaps an outdated one.
    pub(crate) fn next_wake(&self) -> Option<Timestamp> {
        let stage = self.stage.next_wake();
        self.tables.iter().map(|it| it.next_wake()).chain([stage]).flatten().min()
    }
}

const PREFETCH_AHEAD: usize = 4;
const MILLISECOND: std::time::Duration = std::time::Duration::from_millis(1);
/// An interface that was silent for this long is learnt anew.
const INTERFACE_IDLE: std::time::Duration = std::time::Duration::from_secs(30 * 86_400);

impl Flows {
    pub(crate) fn time_of(flow: &telemetry::Flow) -> Timestamp {
        Timestamp::from_secs(i64::from(flow.start))
    }
}

fn next_wake(state: &InterfaceState, after: Timestamp) -> Timestamp {
    let next = state.next_deadline().unwrap_or(Timestamp::MAX);
    if next <= after { after + std::time::Duration::from_secs(60) } else { next }
}

fn local_flow(flow: &telemetry::Flow, row: u32, is_outbound: bool) -> LocalFlow {
    let (local, remote, local_port, remote_port) = if is_outbound {
        (flow.src, flow.dst, flow.src_port, flow.dst_port)
    } else {
        (flow.dst, flow.src, flow.dst_port, flow.src_port)
    };
    LocalFlow {
        remote,
        local,
        bytes: flow.bytes,
        packets: flow.packets,
        start: flow.start,
        end: flow.end,
        row,
        local_port,
        remote_port,
        protocol: flow.protocol,
        tcp_flags: flow.tcp_flags,
        marks: flow.marks,
        is_outbound,
    }
}

/// Looks a group's addresses up at once; leaves `listed` empty when no list names any of them.
fn look_up(
    addrs: impl Iterator<Item = Addr>,
    work: &Work<'_>,
    info: Option<&EntityInfo>,
    verdicts: &mut Vec<Verdict>,
    listed: &mut Vec<(Verdict, Categories)>,
) {
    verdicts.clear();
    listed.clear();
    work.intel.addresses(addrs, verdicts);
    if verdicts.iter().any(|it| !it.is_none()) {
        listed.extend(verdicts.iter().map(|&it| (it, work.categories(it, info))));
    }
}

impl Work<'_> {
    fn context<'c>(&'c self, entity: &'c EntityInfo) -> Context<'c> {
        Context {
            intel: self.intel,
            inventory: self.inventory,
            profiles: self.profiles,
            entity,
            watermark: self.watermark,
        }
    }
}
