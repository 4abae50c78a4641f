//! The walk of a batch's rows through a key group: flow lines, queries, API calls.

use std::time::Duration;

use intel::{Categories, Verdict};
use model::{Addr, Entity, Scope, Timestamp};

use super::{KeyGroup, Scratch};
use crate::connection::InterfaceState;
use crate::context::{Context, EntityInfo};
use crate::detector::Interest;
use crate::flow_lines::RowRef;
use crate::kind::{ApiCalls, Connections, DnsBlock, DnsQueries, FlowBlock, Flows, Kind, LocalFlow};
use crate::registry::{Call, Registry, Rows, SlotRef};
use crate::router::Group;
use crate::table::AnyTable;
use crate::work::Work;

/// Groups whose states are fetched ahead of the one that is worked on, and those whose tables of connections
/// are, which the states tell.
const PREFETCH_STATES: usize = 8;
const PREFETCH_TABLES: usize = 4;
/// The same for rows: a batch is larger than the cache next to the core.
const PREFETCH_ROWS: usize = 2;

impl KeyGroup {
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
            for &row in
                groups.get(at + PREFETCH_ROWS).map_or(&[][..], |it| work.routed.flows.rows(it))
            {
                work.batch.flows.prefetch(row);
            }
            self.prefetch(work.registry, opened.get(at + PREFETCH_STATES).copied());
            let next = opened.get(at + PREFETCH_TABLES).and_then(|it| self.stage.get(*it));
            if let Some(state) = next {
                state.prefetch_first();
            }
            self.run_interface(opened[at], work.routed.flows.rows(group), work);
        }
        self.scratch.opened = opened;
    }

    fn open_interface(&mut self, group: &Group<RowRef>, work: &Work<'_>) -> u32 {
        let flow = work.batch.flows.row(group.first_row);
        let interface = work.batch.flows.interface(group.first_row);
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
        for slot in &registry.connections {
            self.tables[slot.index].prefetch(entity);
        }
    }

    fn run_interface(&mut self, entity: u32, rows: &[RowRef], work: &Work<'_>) {
        let lines = &work.batch.flows;
        let start = |row: RowRef| lines.row(row).start;
        if rows.is_sorted_by_key(|&row| start(row)) {
            self.settle(entity, rows, work);
        } else {
            let mut sorted = std::mem::take(&mut self.scratch.rows);
            sorted.clear();
            sorted.extend_from_slice(rows);
            sorted.sort_by_key(|&row| start(row));
            self.settle(entity, &sorted, work);
            self.scratch.rows = sorted;
        }
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
        let origins = std::mem::take(&mut self.scratch.origins);
        let block = FlowBlock { flows: &flows, origins: &origins };
        self.run_slots(&work.registry.flows, Scope::Interface, entity, block, work);
        (self.scratch.flows, self.scratch.origins) = (flows, origins);
        self.run_connections(entity, work);
    }

    /// Settles the side of each line, and decides connections.
    fn settle(&mut self, entity: u32, rows: &[RowRef], work: &Work<'_>) {
        let Scratch { flows, origins, connections, .. } = &mut self.scratch;
        flows.clear();
        origins.clear();
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
            for (number, &row) in rows.iter().enumerate() {
                let flow = batch.row(row);
                let local = local_flow(flow, number as u32, cell.state.side.is_outbound(flow));
                cell.state.prefetch(&local);
                flows.push(local);
                origins.push(batch.origin(row));
            }
            for (local, &origin) in flows.iter().zip(origins.iter()) {
                let time = Flows::time(local);
                let reached = work.due_before(time);
                while cell.wake <= reached {
                    let at = cell.wake;
                    cell.state.expire(at, connections);
                    cell.wake = next_wake(&cell.state, at);
                }
                cell.state.line(local, origin, work.settings, connections);
                cell.last = cell.last.max(time);
                // Armed after each line, not after the group: batches must not show.
                if cell.wake == Timestamp::MAX {
                    cell.wake = next_wake(&cell.state, Timestamp::MIN);
                }
            }
            cell.state.evicted - evicted_before
        });
    }

    pub(super) fn run_connections(&mut self, entity: u32, work: &Work<'_>) {
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
                let Scratch { indices, listed, wants, .. } = &mut self.scratch;
                indices.clear();
                indices.extend_from_slice(groups.rows(group));
                listed.clear();
                listed.extend(indices.iter().map(|&row| work.routed.call_lists[row as usize]));
                wants.clear();
                wants.extend(indices.iter().map(|&row| work.routed.call_wants[row as usize]));
                self.run_slots::<ApiCalls>(
                    &work.registry.calls,
                    *scope,
                    entity,
                    &work.batch.calls,
                    work,
                );
            }
        }
        self.scratch.wants.clear();
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
    pub(super) fn run_slots<K: Kind>(
        &mut self,
        slots: &[SlotRef<K>],
        scope: Scope,
        entity: u32,
        block: K::Block<'_>,
        work: &Work<'_>,
    ) {
        let Some(info) = self.entities[scope as usize].info(entity) else { return };
        let Scratch { indices, listed, wanted, wants, .. } = &mut self.scratch;
        let mut rows = Rows { block, indices, listed, wants, bit: 0 };
        let wanted_by = wants.iter().fold(0, |sum, it| sum | it);
        for (position, slot) in slots.iter().enumerate().filter(|(_, it)| it.scope == scope) {
            if listed.is_empty() && matches!(slot.interest, Interest::Listed(_)) {
                continue;
            }
            // Detectors that ask by name see the calls of others too, and are asked about them here.
            let is_known = !wants.is_empty() && !matches!(slot.interest, Interest::Calls(_));
            rows.bit = if is_known { 1u64.checked_shl(position as u32).unwrap_or(0) } else { 0 };
            if rows.bit != 0 && wanted_by & rows.bit == 0 {
                continue;
            }
            let mut call =
                Call { ctx: work.context(info), outputs: &mut self.outputs, due: work.due, wanted };
            slot.run.run(&mut *self.tables[slot.index], entity, &rows, &mut call);
        }
    }
}

impl Flows {
    pub(crate) fn time_of(flow: &telemetry::Flow) -> Timestamp {
        Timestamp::from_secs(i64::from(flow.start))
    }
}

pub(super) fn next_wake(state: &InterfaceState, after: Timestamp) -> Timestamp {
    let next = state.next_deadline().unwrap_or(Timestamp::MAX);
    if next <= after { after + Duration::from_mins(1) } else { next }
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
    pub(super) fn context<'c>(&'c self, entity: &'c EntityInfo) -> Context<'c> {
        Context {
            intel: self.intel,
            inventory: self.inventory,
            profiles: self.profiles,
            entity,
            watermark: self.watermark,
        }
    }
}
