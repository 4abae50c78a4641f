//! Flow rows of a batch: ranges of blocks that are shared and never copied.

use std::ops::Range;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use model::{Entity, EntityId, Origin, Scope};
use telemetry::{Flow, FlowInterface, FlowRows};

/// A block of flow rows that batches take ranges of.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SharedFlows {
    rows: FlowRows,
    /// By local id of the interface.
    ids: Vec<EntityId>,
}

impl From<FlowRows> for SharedFlows {
    fn from(rows: FlowRows) -> SharedFlows {
        let id = |it: &FlowInterface| Entity::id_of(Scope::Interface, it.account, it.id.as_bytes());
        let ids = rows.interfaces.iter().map(id).collect();
        SharedFlows { rows, ids }
    }
}

impl SharedFlows {
    /// The rows.
    pub fn rows(&self) -> &[Flow] {
        &self.rows.rows
    }

    /// The block itself.
    pub fn into_rows(self) -> FlowRows {
        self.rows
    }

    /// The block, to be put into another order.
    pub fn rows_mut(&mut self) -> (&mut [Flow], &mut [Origin]) {
        (&mut self.rows.rows, &mut self.rows.origins)
    }
}

/// A row by its block and its place there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct RowRef {
    block: u32,
    row: u32,
}

/// The flow rows of a batch in journal order.
#[derive(Clone, Debug, Default)]
pub struct FlowLines {
    blocks: Vec<Arc<SharedFlows>>,
    /// A block's number and the rows that were taken.
    pieces: Vec<(u32, Range<u32>)>,
    len: usize,
}

impl FlowLines {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The rows in journal order.
    pub fn iter(&self) -> impl Iterator<Item = &Flow> {
        self.slices().flat_map(|(rows, _)| rows)
    }

    /// The rows in journal order, each with its interface.
    pub fn with_interfaces(&self) -> impl Iterator<Item = (&Flow, &FlowInterface)> {
        self.pieces.iter().flat_map(|(block, range)| {
            let rows = &self.blocks[*block as usize].rows;
            let own = &rows.rows[range.start as usize..range.end as usize];
            own.iter().map(|it| (it, &rows.interfaces[it.interface as usize]))
        })
    }

    /// Adds a range of a block.
    pub(crate) fn push(&mut self, block: &Arc<SharedFlows>, rows: Range<usize>) {
        if rows.is_empty() {
            return;
        }
        let (from, until) = (rows.start as u32, rows.end as u32);
        self.len += rows.len();
        let known = self.blocks.iter().rposition(|it| Arc::ptr_eq(it, block));
        let number = known.unwrap_or_else(|| {
            self.blocks.push(Arc::clone(block));
            self.blocks.len() - 1
        }) as u32;
        match self.pieces.last_mut() {
            Some((last, range)) if *last == number && range.end == from => range.end = until,
            _ => self.pieces.push((number, from..until)),
        }
    }

    fn slices(&self) -> impl Iterator<Item = (&[Flow], &[Origin])> {
        self.pieces.iter().map(|(block, range)| {
            let rows = &self.blocks[*block as usize].rows;
            let range = range.start as usize..range.end as usize;
            (&rows.rows[range.clone()], &rows.origins[range])
        })
    }

    #[inline]
    pub(crate) fn row(&self, at: RowRef) -> &Flow {
        &self.blocks[at.block as usize].rows.rows[at.row as usize]
    }

    #[inline]
    pub(crate) fn origin(&self, at: RowRef) -> Origin {
        self.blocks[at.block as usize].rows.origins[at.row as usize]
    }

    pub(crate) fn interface(&self, at: RowRef) -> &FlowInterface {
        let rows = &self.blocks[at.block as usize].rows;
        &rows.interfaces[self.row(at).interface as usize]
    }

    /// Asks for the cache lines of a row.
    #[inline]
    pub(crate) fn prefetch(&self, at: RowRef) {
        let rows = &self.blocks[at.block as usize].rows;
        kernels::prefetch(&rows.rows[at.row as usize]);
        kernels::prefetch(&rows.origins[at.row as usize]);
    }

    /// Calls `visit` for each row in journal order, with a number for its interface that is the same for all
    /// rows of one entity. Gives the entity of each number.
    pub(crate) fn number(&self, mut visit: impl FnMut(RowRef, &Flow, u32)) -> Vec<EntityId> {
        const UNKNOWN: u32 = u32::MAX;
        let mut numbers: HashMap<EntityId, u32, FixedState> = HashMap::default();
        let mut entities = Vec::new();
        let locals = self.blocks.iter().map(|it| vec![UNKNOWN; it.ids.len()]);
        let mut of_local: Vec<Vec<u32>> = locals.collect();
        for (block, range) in &self.pieces {
            let shared = &self.blocks[*block as usize];
            let of_local = &mut of_local[*block as usize];
            for row in range.clone() {
                let flow = &shared.rows.rows[row as usize];
                let local = flow.interface as usize;
                let mut number = of_local[local];
                if number == UNKNOWN {
                    let id = shared.ids[local];
                    number = *numbers.entry(id).or_insert_with(|| {
                        entities.push(id);
                        entities.len() as u32 - 1
                    });
                    of_local[local] = number;
                }
                visit(RowRef { block: *block, row }, flow, number);
            }
        }
        entities
    }
}
