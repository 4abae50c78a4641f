//! The walk of flow lines through a key group: sides, connections, detectors.
//!
//! Interfaces are worked on some at a time, step by step: each step asks for the memory that the next one
//! needs of all of them, since most of the time would be spent waiting for it.

use std::time::Duration;

use intel::Verdict;
use model::{Addr, Entity, Scope, Timestamp};

use super::{KeyGroup, Part, Scratch};
use crate::connection::InterfaceState;
use crate::context::EntityInfo;
use crate::detector::Interest;
use crate::flow_lines::RowRef;
use crate::kind::{Connections, FlowBlock, Flows, Kind, LocalFlow};
use crate::router::Group;
use crate::table::AnyTable;
use crate::work::Work;

/// Interfaces that are worked on together, unless they have more lines than this.
pub(super) const TOGETHER: usize = 16;
const LINES_TOGETHER: usize = 256;
/// Groups whose rows are fetched ahead: a batch is larger than the cache next to the core.
const PREFETCH_ROWS: usize = 4;

impl KeyGroup {
    pub(super) fn run_flows(&mut self, key_group: usize, work: &Work<'_>) {
        let groups = work.routed.flows.of_key_group(key_group);
        if groups.is_empty() {
            return;
        }
        let mut opened = std::mem::take(&mut self.scratch.opened);
        opened.clear();
        let interfaces = &self.entities[Scope::Interface as usize];
        for group in groups {
            interfaces.prefetch_number(group.id);
        }
        for group in groups {
            interfaces.prefetch_info(group.id);
        }
        opened.extend(groups.iter().map(|it| self.open_interface(it, work)));
        for &entity in &opened {
            self.stage.prefetch(entity);
        }
        let mut rest = (groups, &opened[..]);
        while !rest.0.is_empty() {
            let mut lines = 0;
            let is_more = |it: &Group<RowRef>| {
                lines += work.routed.flows.rows(it).len();
                lines > LINES_TOGETHER
            };
            let len = rest.0.iter().position(is_more).map_or(rest.0.len(), |it| it + 1);
            let (groups, more) = rest.0.split_at(len.min(TOGETHER));
            let (entities, others) = rest.1.split_at(groups.len());
            self.run_interfaces(groups, entities, work);
            rest = (more, others);
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

    fn run_interfaces(&mut self, groups: &[Group<RowRef>], entities: &[u32], work: &Work<'_>) {
        self.localize(groups, entities, work);
        self.settle(work);
        self.note_wake(self.stage.next_wake());
        let scratch = &mut self.scratch;
        scratch.indices.clear();
        scratch.indices.extend(0..scratch.flows.len() as u32);
        let flows = std::mem::take(&mut scratch.flows);
        let origins = std::mem::take(&mut scratch.origins);
        let parts = std::mem::take(&mut scratch.parts);
        self.look_up(&parts, flows.iter().map(|it| it.remote), work);
        let block = FlowBlock { flows: &flows, origins: &origins };
        self.run_slots(&work.registry.flows, Scope::Interface, &parts, block, work);
        let scratch = &mut self.scratch;
        (scratch.flows, scratch.origins, scratch.parts) = (flows, origins, parts);
        self.run_connections(work);
    }

    /// Settles the side of each line.
    fn localize(&mut self, groups: &[Group<RowRef>], entities: &[u32], work: &Work<'_>) {
        let Scratch { flows, origins, parts, rows, .. } = &mut self.scratch;
        flows.clear();
        origins.clear();
        parts.clear();
        let batch = &work.batch.flows;
        let start = |row: RowRef| batch.row(row).start;
        for (at, (group, &entity)) in groups.iter().zip(entities).enumerate() {
            let ahead = groups.get(at + PREFETCH_ROWS);
            for &row in ahead.map_or(&[][..], |it| work.routed.flows.rows(it)) {
                batch.prefetch(row);
            }
            let mut lines = work.routed.flows.rows(group);
            if !lines.is_sorted_by_key(|&row| start(row)) {
                rows.clear();
                rows.extend_from_slice(lines);
                rows.sort_by_key(|&row| start(row));
                lines = rows;
            }
            let info = self.entities[Scope::Interface as usize].info(entity);
            let begin = flows.len() as u32;
            let mut forwards = Timestamp::MAX;
            self.stage.with(entity, |cell| {
                let state = &mut cell.state;
                if !state.side.is_settled()
                    && let Some(info) = info
                {
                    // What holds at any time: a batch never spans a change of these facts.
                    state.side.add_known(work.addresses_of(info));
                }
                for &row in lines {
                    let flow = batch.row(row);
                    let is_outbound = state.side.is_outbound(flow);
                    if is_forwarded(flow, is_outbound) {
                        forwards = forwards.min(Flows::time_of(flow));
                    }
                    let local = local_flow(flow, flows.len() as u32, is_outbound);
                    state.prefetch(&local);
                    flows.push(local);
                    origins.push(batch.origin(row));
                }
            });
            parts.push(Part { entity, begin, end: flows.len() as u32 });
            if forwards != Timestamp::MAX
                && let Some(info) = self.entities[Scope::Interface as usize].info_mut(entity)
            {
                info.forwards = info.forwards.min(forwards);
            }
        }
    }

    /// Decides connections.
    fn settle(&mut self, work: &Work<'_>) {
        let Scratch { flows, origins, parts, connections, decided, .. } = &mut self.scratch;
        connections.clear();
        decided.clear();
        let lines = |part: &Part| part.begin as usize..part.end as usize;
        for part in parts.iter() {
            if let Some(state) = self.stage.get(part.entity) {
                for local in &flows[lines(part)] {
                    state.prefetch_place(local);
                }
            }
        }
        for part in parts.iter() {
            let begin = connections.len() as u32;
            self.evicted_connections += self.stage.with(part.entity, |cell| {
                let evicted_before = cell.state.evicted;
                for local in &flows[lines(part)] {
                    let time = Flows::time(local);
                    let reached = work.due_before(time);
                    while cell.wake <= reached {
                        let at = cell.wake;
                        cell.state.expire(at, connections);
                        cell.wake = next_wake(&cell.state, at);
                    }
                    if cell.state.is_due(reached) {
                        cell.state.expire(reached, connections);
                    }
                    let origin = origins[local.row as usize];
                    cell.state.line(local, origin, work.settings, connections);
                    cell.last = cell.last.max(time);
                    // Armed after each line, not after the group: batches must not show.
                    if cell.wake == Timestamp::MAX {
                        cell.wake = next_wake(&cell.state, Timestamp::MIN);
                    }
                }
                cell.state.evicted - evicted_before
            });
            if connections.len() as u32 > begin {
                let end = connections.len() as u32;
                decided.push(Part { entity: part.entity, begin, end });
            }
        }
    }

    /// Runs the wake-ups of the connection stage before `until`.
    pub(super) fn run_deadlines(&mut self, until: Timestamp, work: &Work<'_>) {
        loop {
            let Scratch { connections, decided, .. } = &mut self.scratch;
            connections.clear();
            decided.clear();
            while decided.len() < TOGETHER
                && let Some((at, entity)) = self.stage.take_due(until)
            {
                let begin = connections.len() as u32;
                self.stage.with(entity, |cell| {
                    cell.state.expire(at, connections);
                    cell.wake = next_wake(&cell.state, at);
                });
                decided.push(Part { entity, begin, end: connections.len() as u32 });
            }
            if decided.is_empty() {
                return;
            }
            self.run_connections(work);
        }
    }

    fn run_connections(&mut self, work: &Work<'_>) {
        let scratch = &mut self.scratch;
        if scratch.connections.is_empty() || work.registry.connections.is_empty() {
            return;
        }
        scratch.indices.clear();
        scratch.indices.extend(0..scratch.connections.len() as u32);
        scratch.listed.clear();
        let connections = std::mem::take(&mut scratch.connections);
        let parts = std::mem::take(&mut scratch.decided);
        if work.registry.connections.iter().any(|it| matches!(it.interest, Interest::Listed(_))) {
            self.look_up(&parts, connections.iter().map(|it| it.remote), work);
        }
        self.run_slots::<Connections>(
            &work.registry.connections,
            Scope::Interface,
            &parts,
            &connections,
            work,
        );
        (self.scratch.connections, self.scratch.decided) = (connections, parts);
    }

    /// Looks addresses up at once; leaves `listed` empty when no list names any of them.
    fn look_up(&mut self, parts: &[Part], addrs: impl Iterator<Item = Addr>, work: &Work<'_>) {
        let Scratch { verdicts, listed, .. } = &mut self.scratch;
        verdicts.clear();
        listed.clear();
        work.intel.addresses(addrs, verdicts);
        if verdicts.iter().all(|it| it.is_none()) {
            return;
        }
        for part in parts {
            let info = self.entities[Scope::Interface as usize].info(part.entity);
            let of = |it: &Verdict| (*it, work.categories(*it, info));
            listed.extend(verdicts[part.begin as usize..part.end as usize].iter().map(of));
        }
    }
}

impl Flows {
    pub(crate) fn time_of(flow: &telemetry::Flow) -> Timestamp {
        Timestamp::from_secs(i64::from(flow.start))
    }
}

fn next_wake(state: &InterfaceState, after: Timestamp) -> Timestamp {
    let next = state.next_deadline().unwrap_or(Timestamp::MAX);
    if next <= after { after + Duration::from_mins(1) } else { next }
}

/// Whether the packets are not those of our own address: a NAT gateway's come in for somebody else and go
/// out from somebody else (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-records-examples.html>).
#[inline]
fn is_forwarded(flow: &telemetry::Flow, is_outbound: bool) -> bool {
    let mark = if is_outbound { telemetry::Flow::FROM_OTHER } else { telemetry::Flow::TO_OTHER };
    flow.marks & mark != 0
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
