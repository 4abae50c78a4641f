//! The detectors in force, without their types.

use std::marker::PhantomData;
use std::sync::Arc;

use findings::FindingType;
use hashbrown::HashMap;
use model::{Scope, Timestamp};

use crate::context::Context;
use crate::detector::{Detector, Feedback, Interest, Spec};
use crate::kind::{ApiCalls, Connections, DnsQueries, Event, Flows, Kind, Signals};
use crate::out::{Out, Outputs};
use crate::table::{AnyTable, Cell, Table};

/// The rows of one entity in one batch.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a, 's, K: Kind> {
    pub(crate) block: K::Block<'a>,
    /// Indices of the rows in time order.
    pub(crate) indices: &'s [u32],
    /// What the lists say of each row, by position in `indices`; empty when no list says anything.
    pub(crate) listed: &'s [(intel::Verdict, intel::Categories)],
    /// Who wants each row, by position, where that is known; and the bit of the detector that runs, none if
    /// it must be asked.
    pub(crate) wants: &'s [u64],
    pub(crate) bit: u64,
}

impl<'a, K: Kind> Rows<'a, '_, K> {
    #[inline]
    fn event(&self, position: usize) -> Event<'a, K> {
        let index = self.indices[position];
        let (verdict, listed) = self.listed.get(position).copied().unwrap_or_default();
        Event { row: K::row(self.block, index), block: self.block, index, verdict, listed }
    }
}

/// When wake-ups may run before a row.
#[derive(Clone, Copy)]
pub(crate) struct Due {
    pub(crate) lateness: std::time::Duration,
    /// The end of the first hour that is still open: later wake-ups need its lessons.
    pub(crate) open_hour_end: Timestamp,
}

/// A detector without its type.
pub(crate) trait AnyDetector: Send + Sync {
    fn new_table(&self) -> Box<dyn AnyTable>;
    fn wake(&self, table: &mut dyn AnyTable, entity: u32, at: Timestamp, call: &mut Call<'_>);
    fn feedback(
        &self,
        table: &mut dyn AnyTable,
        entity: u32,
        feedback: &Feedback<'_>,
        call: &mut Call<'_>,
    );
}

/// A detector that reads one kind of event.
pub(crate) trait Run<K: Kind>: AnyDetector {
    fn wants(&self, event: &Event<'_, K>) -> bool;
    /// Adds the positions of wanted rows, and asks for the entity's state if there are any.
    fn prepare(
        &self,
        table: &dyn AnyTable,
        entity: u32,
        rows: &Rows<'_, '_, K>,
        wanted: &mut Vec<u32>,
    );
    /// Asks for the memory that the wanted rows need of the entity's state.
    fn prefetch(&self, table: &dyn AnyTable, entity: u32, rows: &Rows<'_, '_, K>, wanted: &[u32]);
    /// Runs the wanted rows, of which there is one at least.
    fn run(
        &self,
        table: &mut dyn AnyTable,
        entity: u32,
        rows: &Rows<'_, '_, K>,
        wanted: &[u32],
        call: &mut Call<'_>,
    );
}

/// What a call of a detector needs beside its state and events.
pub(crate) struct Call<'a> {
    pub(crate) ctx: Context<'a>,
    pub(crate) outputs: &'a mut Outputs,
    pub(crate) due: Due,
}

/// A detector's place among those that read the same kind of event.
#[doc(hidden)]
pub struct SlotRef<K: Kind> {
    pub(crate) index: usize,
    pub(crate) scope: Scope,
    pub(crate) interest: Interest,
    /// Its number among those that ask for ports of services.
    pub(crate) service: Option<usize>,
    pub(crate) run: Arc<dyn Run<K>>,
    kind: PhantomData<fn(K)>,
}

pub(crate) struct Entry {
    pub(crate) spec: Spec,
    pub(crate) detector: Arc<dyn AnyDetector>,
}

/// The detectors in force. Their order has no influence on results.
#[derive(Default)]
pub struct Registry {
    pub(crate) entries: Vec<Entry>,
    pub(crate) flows: Vec<SlotRef<Flows>>,
    pub(crate) connections: Vec<SlotRef<Connections>>,
    pub(crate) queries: Vec<SlotRef<DnsQueries>>,
    pub(crate) calls: Vec<SlotRef<ApiCalls>>,
    pub(crate) signals: Vec<SlotRef<Signals>>,
    pub(crate) services: Services,
}

/// Which detectors ask for connections to a port.
#[derive(Default)]
pub(crate) struct Services {
    /// By port: a bit for each of them; empty when there are none.
    by_port: Vec<u8>,
    pub(crate) len: usize,
}

impl Services {
    /// The number of a detector that asks for these ports, unless there are too many: such a one is asked
    /// about every connection.
    fn add(&mut self, ports: &[u16]) -> Option<usize> {
        let number = self.len;
        let bit = 1u8.checked_shl(number as u32)?;
        self.by_port.resize(1 << 16, 0);
        for &port in ports {
            self.by_port[port as usize] |= bit;
        }
        self.len += 1;
        Some(number)
    }

    /// The bits of the detectors that ask for a port.
    #[inline]
    pub(crate) fn of(&self, port: u16) -> u8 {
        self.by_port.get(port as usize).copied().unwrap_or(0)
    }
}

impl Registry {
    /// An empty registry.
    pub fn new() -> Registry {
        Registry::default()
    }

    /// Adds a detector. A second one of the same name is refused, and of one kind of event the 65th: the answer is
    /// then false.
    pub fn add<D: Detector>(&mut self, detector: D) -> bool {
        let is_known = self.entries.iter().any(|it| it.spec.name == D::SPEC.name);
        // Who wants a call is one bit for each.
        if is_known || D::Reads::slots(self).len() >= u64::BITS as usize {
            return false;
        }
        let index = self.entries.len();
        let adapter = Arc::new(Adapter(detector));
        self.entries.push(Entry { spec: D::SPEC, detector: adapter.clone() });
        let (scope, interest) = (D::SPEC.scope, D::SPEC.interest);
        let service = match interest {
            Interest::Service(ports) => self.services.add(ports),
            _ => None,
        };
        D::Reads::slots(self).push(SlotRef {
            index,
            scope,
            interest,
            service,
            run: adapter,
            kind: PhantomData,
        });
        true
    }

    /// The specification of every detector, in the order in which they were added.
    pub fn specs(&self) -> impl Iterator<Item = &Spec> {
        self.entries.iter().map(|it| &it.spec)
    }

    /// Every type that some detector can raise, sorted by name.
    pub fn finding_types(&self) -> Vec<&'static FindingType> {
        let mut types: Vec<_> = self.specs().flat_map(|it| it.types.iter().copied()).collect();
        types.sort_unstable_by_key(|it| it.name);
        types.dedup_by_key(|it| it.name);
        types
    }

    /// The names of API calls whose JSON members detectors read.
    pub fn calls_of_interest(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self
            .specs()
            .filter_map(|it| match it.interest {
                Interest::Calls(names) => Some(names),
                _ => None,
            })
            .flatten()
            .copied()
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// For each name of an API call: the positions in `calls` of the detectors that ask for it.
    pub(crate) fn calls_by_name(&self) -> HashMap<u64, Vec<u16>, foldhash::fast::FixedState> {
        let mut by_name: HashMap<u64, Vec<u16>, _> = HashMap::default();
        for (position, slot) in self.calls.iter().enumerate() {
            if let Interest::Calls(names) = slot.interest {
                for name in names {
                    by_name
                        .entry(model::hash64(name.as_bytes()))
                        .or_default()
                        .push(position as u16);
                }
            }
        }
        by_name
    }
}

struct Adapter<D>(D);

impl<D: Detector> Adapter<D> {
    fn table(table: &mut dyn AnyTable) -> &mut Table<D::State> {
        table.as_any_mut().downcast_mut().expect("each detector gets the table that it made")
    }

    fn is_candidate(interest: Interest, event: &Event<'_, D::Reads>) -> bool {
        match interest {
            Interest::Listed(categories) => event.listed.intersects(categories),
            Interest::Every | Interest::Service(_) | Interest::Calls(_) => true,
        }
    }

    /// Runs the wake-ups that are due before or at `limit`.
    fn run_wakes(&self, cell: &mut Cell<D::State>, limit: Timestamp, call: &mut Call<'_>) {
        while cell.wake <= limit {
            self.run_wake(cell, call);
        }
    }

    fn run_wake(&self, cell: &mut Cell<D::State>, call: &mut Call<'_>) {
        let at = std::mem::replace(&mut cell.wake, Timestamp::MAX);
        let ctx = call.ctx;
        let mut out = out_at(at, call);
        self.0.wake(&mut cell.state, at, &ctx, &mut out);
        if let Some(wake) = out.wake {
            // A wake-up never asks for its own moment again: time must pass.
            cell.wake = wake.max(Timestamp::from_millis(at.millis().saturating_add(1)));
        }
    }

    fn observe(&self, cell: &mut Cell<D::State>, event: &Event<'_, D::Reads>, call: &mut Call<'_>) {
        let time = event.time();
        if cell.last != Timestamp::MIN && time.since(cell.last) > D::SPEC.idle {
            *cell = Cell::default();
        }
        cell.last = cell.last.max(time);
        let ctx = call.ctx;
        let mut out = out_at(time, call);
        self.0.observe(&mut cell.state, event, &ctx, &mut out);
        if let Some(wake) = out.wake {
            cell.wake = cell.wake.min(wake);
        }
    }
}

fn out_at<'a>(time: Timestamp, call: &'a mut Call<'_>) -> Out<'a> {
    Out { outputs: call.outputs, wake: None, time, ctx: call.ctx }
}

impl<D: Detector> AnyDetector for Adapter<D> {
    fn new_table(&self) -> Box<dyn AnyTable> {
        Box::new(Table::<D::State>::default())
    }

    fn wake(&self, table: &mut dyn AnyTable, entity: u32, at: Timestamp, call: &mut Call<'_>) {
        Self::table(table).with(entity, |cell| {
            if cell.wake == at {
                self.run_wake(cell, call);
            }
        });
    }

    fn feedback(
        &self,
        table: &mut dyn AnyTable,
        entity: u32,
        feedback: &Feedback<'_>,
        call: &mut Call<'_>,
    ) {
        Self::table(table).with(entity, |cell| {
            let ctx = call.ctx;
            let mut out = out_at(cell.last, call);
            self.0.feedback(&mut cell.state, feedback, &ctx, &mut out);
            if let Some(wake) = out.wake {
                cell.wake = cell.wake.min(wake);
            }
        });
    }
}

impl<D: Detector> Run<D::Reads> for Adapter<D> {
    fn wants(&self, event: &Event<'_, D::Reads>) -> bool {
        Self::is_candidate(D::SPEC.interest, event) && self.0.wants(event)
    }

    fn prepare(
        &self,
        table: &dyn AnyTable,
        entity: u32,
        rows: &Rows<'_, '_, D::Reads>,
        wanted: &mut Vec<u32>,
    ) {
        let before = wanted.len();
        for position in 0..rows.indices.len() {
            let is_wanted = match rows.bit {
                0 => self.wants(&rows.event(position)),
                bit => rows.wants.get(position).is_some_and(|it| it & bit != 0),
            };
            if is_wanted {
                wanted.push(position as u32);
            }
        }
        if wanted.len() > before {
            table.prefetch(entity);
        }
    }

    fn prefetch(
        &self,
        table: &dyn AnyTable,
        entity: u32,
        rows: &Rows<'_, '_, D::Reads>,
        wanted: &[u32],
    ) {
        let table: Option<&Table<D::State>> = table.as_any().downcast_ref();
        let Some(state) = table.and_then(|it| it.get(entity)) else { return };
        for &position in wanted {
            self.0.prefetch(state, &rows.event(position as usize));
        }
    }

    fn run(
        &self,
        table: &mut dyn AnyTable,
        entity: u32,
        rows: &Rows<'_, '_, D::Reads>,
        wanted: &[u32],
        call: &mut Call<'_>,
    ) {
        if size_of::<D::State>() == 0 {
            // Nothing to remember: no cell, no wake-up.
            let mut cell = Cell::default();
            for &position in wanted {
                self.observe(&mut cell, &rows.event(position as usize), call);
            }
            return;
        }
        Self::table(table).with(entity, |cell| {
            for &position in wanted {
                let event = rows.event(position as usize);
                let reached = D::Reads::reached(event.row, call.due.lateness);
                let before_close = call.due.open_hour_end.millis().saturating_sub(1);
                self.run_wakes(cell, reached.min(Timestamp::from_millis(before_close)), call);
                self.observe(cell, &event, call);
            }
        });
    }
}
