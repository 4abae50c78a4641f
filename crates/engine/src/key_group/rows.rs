//! The walk of a batch's rows through a key group, and of queries and API calls.

use model::{Entity, Scope, Timestamp};

use super::flows::TOGETHER;
use super::{KeyGroup, Part, Scratch};
use crate::context::{Context, EntityInfo};
use crate::detector::Interest;
use crate::kind::{ApiCalls, DnsBlock, DnsQueries, Kind};
use crate::registry::{Call, Rows, SlotRef};
use crate::router::Group;
use crate::work::Work;

impl KeyGroup {
    /// Works on the key group's rows of a batch.
    pub(crate) fn run(&mut self, key_group: usize, work: &Work<'_>) {
        self.run_flows(key_group, work);
        self.run_queries(key_group, work);
        self.run_calls(key_group, work);
    }

    /// Hosts are worked on some at a time, as interfaces are.
    fn run_queries(&mut self, key_group: usize, work: &Work<'_>) {
        let block = DnsBlock { rows: &work.batch.queries, names: &work.routed.names };
        let groups = work.routed.queries.of_key_group(key_group);
        let hosts = &self.entities[Scope::Host as usize];
        for group in groups {
            hosts.prefetch_number(group.id);
        }
        for group in groups {
            hosts.prefetch_info(group.id);
        }
        for groups in groups.chunks(TOGETHER) {
            let mut parts = std::mem::take(&mut self.scratch.parts);
            self.take_queries(groups, &mut parts, work);
            self.list_queries(&parts, block, work);
            self.run_slots::<DnsQueries>(&work.registry.queries, Scope::Host, &parts, block, work);
            self.scratch.parts = parts;
        }
    }

    /// Puts the rows of some hosts into the scratch, those of each in time order.
    fn take_queries(&mut self, groups: &[Group], parts: &mut Vec<Part>, work: &Work<'_>) {
        let rows = &work.batch.queries.rows;
        let text_len = work.batch.queries.text.len();
        parts.clear();
        self.scratch.indices.clear();
        for group in groups {
            let entity = self.open_host(group, work);
            let indices = &mut self.scratch.indices;
            let begin = indices.len();
            indices.extend_from_slice(work.routed.queries.rows(group));
            let own = &mut indices[begin..];
            for &row in &*own {
                // Most detectors look at the name first, and answers lie behind it.
                let name = rows[row as usize].name.offset as usize;
                kernels::prefetch(&work.batch.queries.text.as_bytes()[name.min(text_len)..]);
                kernels::prefetch(&work.routed.names[row as usize]);
            }
            if !own.is_sorted_by_key(|&row| rows[row as usize].time) {
                own.sort_by_key(|&row| rows[row as usize].time);
            }
            parts.push(Part { entity, begin: begin as u32, end: indices.len() as u32 });
        }
    }

    /// Says what the lists say of the rows in the scratch; leaves `listed` empty when they say nothing.
    fn list_queries(&mut self, parts: &[Part], block: DnsBlock<'_>, work: &Work<'_>) {
        let Scratch { indices, listed, .. } = &mut self.scratch;
        listed.clear();
        let verdict = |row: u32| block.names[row as usize].verdict;
        if indices.iter().all(|&row| verdict(row).is_none()) {
            return;
        }
        for part in parts {
            let info = self.entities[Scope::Host as usize].info(part.entity);
            let of = |&row: &u32| (verdict(row), work.categories(verdict(row), info));
            listed.extend(indices[part.begin as usize..part.end as usize].iter().map(of));
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
                self.run_entity::<ApiCalls>(
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

    /// Runs every detector of a scope over the rows in the scratch: one detector after the other, over all
    /// entities, so that what they wait for is asked for together.
    pub(super) fn run_slots<K: Kind>(
        &mut self,
        slots: &[SlotRef<K>],
        scope: Scope,
        parts: &[Part],
        block: K::Block<'_>,
        work: &Work<'_>,
    ) {
        let Scratch { indices, listed, wanted, wants, ends, services, .. } = &mut self.scratch;
        // What lists say goes by the place of a row, so rows are sorted only where they say nothing.
        let is_sorted = listed.is_empty() && slots.iter().any(|it| it.service.is_some());
        if is_sorted {
            services.sort::<K>(&work.registry.services, parts, block);
        }
        let wanted_by = wants.iter().fold(0, |sum, it| sum | it);
        for (position, slot) in slots.iter().enumerate().filter(|(_, it)| it.scope == scope) {
            if listed.is_empty() && matches!(slot.interest, Interest::Listed(_)) {
                continue;
            }
            let bit = if wants.is_empty() { 0 } else { 1 << position };
            if bit != 0 && wanted_by & bit == 0 {
                continue;
            }
            let of_service =
                slot.service.filter(|_| is_sorted).and_then(|it| services.lists.get(it));
            let (indices, parts) =
                of_service.map_or((&indices[..], parts), |(rows, parts)| (rows, parts));
            if parts.is_empty() {
                continue;
            }
            let rows_of = |part: &Part| {
                let range = part.begin as usize..part.end as usize;
                let listed = listed.get(range.clone()).unwrap_or_default();
                // Of API calls, which are worked on entity by entity.
                let wants = wants.get(range.clone()).unwrap_or_default();
                Rows { block, indices: indices.get(range).unwrap_or_default(), listed, wants, bit }
            };
            let table = &mut *self.tables[slot.index];
            wanted.clear();
            ends.clear();
            for part in parts {
                let begin = wanted.len();
                slot.run.prepare(table, part.entity, &rows_of(part), wanted);
                ends.push((begin, wanted.len()));
            }
            let busy = || parts.iter().zip(ends.iter()).filter(|(_, (begin, end))| begin != end);
            for (part, &(begin, end)) in busy() {
                slot.run.prefetch(table, part.entity, &rows_of(part), &wanted[begin..end]);
            }
            for (part, &(begin, end)) in busy() {
                let Some(info) = self.entities[scope as usize].info(part.entity) else { continue };
                let mut call =
                    Call { ctx: work.context(info), outputs: &mut self.outputs, due: work.due };
                slot.run.run(table, part.entity, &rows_of(part), &wanted[begin..end], &mut call);
            }
            if !wanted.is_empty() {
                self.next_wake = self.next_wake.min(table.next_wake().unwrap_or(Timestamp::MAX));
            }
        }
    }

    /// As `run_slots` for one entity and all rows in the scratch.
    pub(super) fn run_entity<K: Kind>(
        &mut self,
        slots: &[SlotRef<K>],
        scope: Scope,
        entity: u32,
        block: K::Block<'_>,
        work: &Work<'_>,
    ) {
        let part = Part { entity, begin: 0, end: self.scratch.indices.len() as u32 };
        self.run_slots(slots, scope, &[part], block, work);
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
