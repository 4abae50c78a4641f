//! Routing: which entity each row is about, and what the lists say of it.

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};
use intel::{Categories, Verdict};
use model::{Entity, EntityId, Scope, Timestamp, hash64};

use super::Engine;
use crate::batch::Batch;
use crate::detector::Interest;
use crate::executor::Executor;
use crate::flow_lines::RowRef;
use crate::inventory::Inventory;
use crate::kind::Event;
use crate::names::NameInfo;
use crate::registry::Registry;
use crate::router::Groups;
use crate::work::{Routed, caller_id, host_name};

/// Names that one piece of work looks up.
const NAMES_PER_PIECE: usize = 2048;

/// Which API calls somebody asks for by name.
pub(crate) struct CallIndex {
    /// By hash of the event name: positions of detectors in the registry's list.
    by_name: HashMap<u64, Vec<u16>, FixedState>,
    /// Positions of the detectors that are asked about every call, and of those asked about listed ones.
    every: Vec<u16>,
    listed: Vec<u16>,
    facts: HashSet<u64, FixedState>,
}

impl CallIndex {
    pub(crate) fn new(registry: &Registry) -> CallIndex {
        let positions = |is: fn(Interest) -> bool| {
            let slots = registry.calls.iter().enumerate();
            slots.filter(|(_, it)| is(it.interest)).map(|(at, _)| at as u16).collect()
        };
        CallIndex {
            by_name: registry.calls_by_name(),
            every: positions(|it| matches!(it, Interest::Every)),
            listed: positions(|it| matches!(it, Interest::Listed(_))),
            facts: Inventory::CALLS.iter().map(|it| hash64(it.as_bytes())).collect(),
        }
    }
}

impl Engine {
    pub(super) fn route(&mut self, batch: &Batch, executor: &dyn Executor) -> Routed {
        let mut routed = Routed::default();
        self.count(batch);
        if !batch.flows.is_empty() {
            routed.flows = self.route_flows(batch);
        }
        if !batch.queries.rows.is_empty() {
            routed.queries = route_queries(batch);
            routed.names = self.look_up_names(batch, executor);
        }
        if !batch.calls.rows.is_empty() {
            self.route_calls(batch, &mut routed);
        }
        routed
    }

    fn count(&mut self, batch: &Batch) {
        self.counters.flows += batch.flows.len() as u64;
        self.counters.queries += batch.queries.rows.len() as u64;
        let watermark = self.watermark;
        let secs = watermark.secs();
        let late_queries = batch.queries.rows.iter().filter(|it| i64::from(it.time) < secs).count();
        let late_calls = batch.calls.rows.iter().filter(|it| it.time < watermark).count();
        if watermark != Timestamp::MIN {
            self.counters.late += (late_queries + late_calls) as u64;
        }
    }

    fn route_flows(&mut self, batch: &Batch) -> Groups<RowRef> {
        let secs = self.watermark.secs();
        let (mut late, mut rows) = (0u64, Vec::with_capacity(batch.flows.len()));
        let entities = batch.flows.number(|row, flow, number| {
            late += u64::from(i64::from(flow.start) < secs);
            rows.push((row, number));
        });
        if self.watermark != Timestamp::MIN {
            self.counters.late += late;
        }
        Groups::build(&entities, rows.len(), rows.iter().copied())
    }

    fn look_up_names(&self, batch: &Batch, executor: &dyn Executor) -> Vec<NameInfo> {
        let rows = &batch.queries.rows;
        let mut names = vec![NameInfo::default(); rows.len()];
        let pieces: Vec<_> = rows
            .chunks(NAMES_PER_PIECE)
            .zip(names.chunks_mut(NAMES_PER_PIECE))
            .map(|piece| std::sync::Mutex::new(Some(piece)))
            .collect();
        executor.for_each(pieces.len(), &|number| {
            let taken = pieces[number].lock().ok().and_then(|mut it| it.take());
            let Some((rows, infos)) = taken else { return };
            // Whichever cache is free: a cache never changes a result.
            let free = self.names.iter().find_map(|it| it.try_lock().ok());
            let first = &self.names[0];
            let mut cache = free
                .unwrap_or_else(|| first.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
            cache.look_up(&self.intel, &batch.queries, rows, infos);
        });
        drop(pieces);
        names
    }

    /// Leaves out repeated deliveries, then keeps the calls that some detector may want.
    fn route_calls(&mut self, batch: &Batch, routed: &mut Routed) {
        let rows = &batch.calls.rows;
        routed.call_lists = vec![(Verdict::NONE, Categories::default()); rows.len()];
        routed.call_wants = vec![0; rows.len()];
        let mut wanted: [Vec<(u32, EntityId)>; Scope::ALL.len()] = Default::default();
        let registry = self.registry.clone();
        let mut admitted = Vec::with_capacity(rows.len());
        for (index, call) in rows.iter().enumerate() {
            if !self.seen.admit(call.event_id_hash, call.time, self.watermark) {
                self.counters.duplicates += 1;
                continue;
            }
            self.counters.calls += 1;
            admitted.push(index as u32);
            let lists = self.lists_of_call(call);
            routed.call_lists[index] = lists;
            let event = Event {
                row: call,
                block: &batch.calls,
                index: index as u32,
                verdict: lists.0,
                listed: lists.1,
            };
            let name = hash64(event.event_name().as_bytes());
            let by_name = self.calls.by_name.get(&name);
            let mut scopes = 0u32;
            let listed =
                if lists.1 == Categories::default() { &[][..] } else { &self.calls.listed };
            let by_name = by_name.into_iter().flatten();
            for &position in self.calls.every.iter().chain(listed).chain(by_name) {
                let slot = &registry.calls[position as usize];
                if slot.run.wants(&event) {
                    scopes |= 1 << slot.scope as u32;
                    routed.call_wants[index] |= 1 << position;
                }
            }
            for scope in Scope::ALL.into_iter().filter(|it| scopes & (1 << *it as u32) != 0) {
                if let Some(id) = caller_id(scope, call, &batch.calls) {
                    wanted[scope as usize].push((index as u32, id));
                }
            }
        }
        routed.admitted = admitted;
        for scope in Scope::ALL {
            let rows = &wanted[scope as usize];
            if !rows.is_empty() {
                routed.calls.push((scope, Groups::by_entity(rows)));
            }
        }
    }

    fn lists_of_call(&self, call: &telemetry::ApiCall) -> (Verdict, Categories) {
        if !call.source.is_known() {
            return (Verdict::NONE, Categories::default());
        }
        let verdict = self.intel.address(call.source);
        if verdict.is_none() {
            return (verdict, Categories::default());
        }
        (verdict, self.intel.categories(verdict, call.account, call.region))
    }

    /// Learns what successful calls say of resources and sessions.
    pub(super) fn learn_facts(&mut self, batch: &Batch, routed: &Routed) {
        for &index in &routed.admitted {
            let call = &batch.calls.rows[index as usize];
            let name = call.event_name.of(&batch.calls.text);
            if call.is_success() && self.calls.facts.contains(&hash64(name.as_bytes())) {
                self.inventory.learn(call, &batch.calls);
            }
        }
    }
}

fn route_queries(batch: &Batch) -> Groups {
    let ids: Vec<EntityId> = batch
        .queries
        .hosts
        .iter()
        .map(|it| Entity::id_of(Scope::Host, it.account, host_name(it).as_bytes()))
        .collect();
    let rows = &batch.queries.rows;
    Groups::by_local(&ids, rows.len(), |row| rows[row].host)
}
