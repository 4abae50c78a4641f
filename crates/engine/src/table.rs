//! The states of one detector in one key group.
//!
//! A table is a sparse set: four bytes for each entity of the scope, a cell only for entities that have a
//! state. The pending wake-up is kept with the state.

use std::any::Any;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use model::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::snapshot::SnapshotError;

/// A table without its type of state.
pub(crate) trait AnyTable: Any + Send {
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
    /// Drops the state of an entity; whether there was one.
    fn remove(&mut self, entity: u32) -> bool;
    /// Drops a state that has been idle; whether a state is left.
    fn sweep(&mut self, entity: u32, watermark: Timestamp, idle: Duration) -> bool;
    /// Takes the earliest wake-up before `until`.
    fn take_due(&mut self, until: Timestamp) -> Option<(Timestamp, u32)>;
    /// The earliest wake-up, perhaps an outdated one.
    fn next_wake(&self) -> Option<Timestamp>;
    fn entities(&self) -> Vec<u32>;
    fn len(&self) -> usize;
    fn prefetch(&self, entity: u32);
    /// Writes the state of an entity; nothing when there is none.
    fn save(&self, entity: u32) -> Result<Option<Vec<u8>>, SnapshotError>;
    fn load(&mut self, entity: u32, bytes: &[u8]) -> Result<(), SnapshotError>;
}

/// A state with its wake-up.
pub(crate) struct Cell<S> {
    pub(crate) state: S,
    /// The pending wake-up, [`Timestamp::MAX`] when there is none.
    pub(crate) wake: Timestamp,
    /// Event time of the latest event.
    pub(crate) last: Timestamp,
}

impl<S: Default> Default for Cell<S> {
    fn default() -> Self {
        Cell { state: S::default(), wake: Timestamp::MAX, last: Timestamp::MIN }
    }
}

pub(crate) struct Table<S> {
    /// By entity: number of the cell plus one, zero when there is none.
    index: Vec<u32>,
    cells: Vec<Cell<S>>,
    /// By cell: the entity that it belongs to.
    owners: Vec<u32>,
    free: Vec<u32>,
    /// Wake-ups, some of them outdated: an entry counts only if its cell still asks for it.
    wakes: BinaryHeap<Reverse<(Timestamp, u32)>>,
}

impl<S> Default for Table<S> {
    fn default() -> Self {
        Table {
            index: Vec::new(),
            cells: Vec::new(),
            owners: Vec::new(),
            free: Vec::new(),
            wakes: BinaryHeap::new(),
        }
    }
}

impl<S: Default + PartialEq> Table<S> {
    fn cell_of(&self, entity: u32) -> Option<usize> {
        let cell = *self.index.get(entity as usize)?;
        (cell != 0).then(|| cell as usize - 1)
    }

    /// The state of an entity.
    pub(crate) fn get(&self, entity: u32) -> Option<&S> {
        Some(&self.cells.get(self.cell_of(entity)?)?.state)
    }

    /// Gives the state of an entity to `work`, which may set a wake-up; drops it if it is empty after.
    pub(crate) fn with<R>(&mut self, entity: u32, work: impl FnOnce(&mut Cell<S>) -> R) -> R {
        let number = self.cell_of(entity).unwrap_or_else(|| self.add(entity));
        let cell = &mut self.cells[number];
        let before = cell.wake;
        let result = work(cell);
        if cell.wake == Timestamp::MAX && cell.state == S::default() {
            self.drop_cell(entity, number);
        } else if cell.wake != before && cell.wake != Timestamp::MAX {
            self.wakes.push(Reverse((cell.wake, entity)));
        }
        result
    }

    fn add(&mut self, entity: u32) -> usize {
        if self.index.len() <= entity as usize {
            self.index.resize((entity as usize + 1).next_power_of_two().max(16), 0);
        }
        let number = if let Some(number) = self.free.pop() {
            number as usize
        } else {
            self.cells.push(Cell::default());
            self.owners.push(0);
            self.cells.len() - 1
        };
        self.owners[number] = entity;
        self.index[entity as usize] = number as u32 + 1;
        number
    }

    fn drop_cell(&mut self, entity: u32, number: usize) {
        self.cells[number] = Cell::default();
        self.index[entity as usize] = 0;
        self.free.push(number as u32);
    }
}

impl<S> AnyTable for Table<S>
where
    S: Default + PartialEq + Serialize + DeserializeOwned + Send + 'static,
{
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn remove(&mut self, entity: u32) -> bool {
        let Some(number) = self.cell_of(entity) else { return false };
        self.drop_cell(entity, number);
        true
    }

    fn sweep(&mut self, entity: u32, watermark: Timestamp, idle: Duration) -> bool {
        let Some(number) = self.cell_of(entity) else { return false };
        let cell = &self.cells[number];
        let is_idle = cell.wake == Timestamp::MAX && watermark.since(cell.last) > idle;
        if is_idle {
            self.drop_cell(entity, number);
        }
        !is_idle
    }

    fn take_due(&mut self, until: Timestamp) -> Option<(Timestamp, u32)> {
        while let Some(&Reverse((at, entity))) = self.wakes.peek() {
            if at >= until {
                return None;
            }
            self.wakes.pop();
            if self.cell_of(entity).is_some_and(|number| self.cells[number].wake == at) {
                return Some((at, entity));
            }
        }
        None
    }

    fn next_wake(&self) -> Option<Timestamp> {
        self.wakes.peek().map(|Reverse((at, _))| *at)
    }

    fn entities(&self) -> Vec<u32> {
        (0..self.index.len() as u32).filter(|&entity| self.index[entity as usize] != 0).collect()
    }

    fn len(&self) -> usize {
        self.cells.len() - self.free.len()
    }

    fn prefetch(&self, entity: u32) {
        if let Some(number) = self.cell_of(entity) {
            let cell = &self.cells[number];
            kernels::prefetch(&cell.state);
            kernels::prefetch(&cell.wake);
        }
    }

    fn save(&self, entity: u32) -> Result<Option<Vec<u8>>, SnapshotError> {
        let Some(number) = self.cell_of(entity) else { return Ok(None) };
        let cell = &self.cells[number];
        let bytes = postcard::to_stdvec(&(cell.wake, cell.last, &cell.state));
        bytes.map(Some).map_err(SnapshotError::Write)
    }

    fn load(&mut self, entity: u32, bytes: &[u8]) -> Result<(), SnapshotError> {
        let (wake, last, state) = postcard::from_bytes(bytes).map_err(SnapshotError::Read)?;
        self.with(entity, |cell| *cell = Cell { state, wake, last });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    #[test]
    fn a_state_equal_to_its_default_is_dropped() {
        let mut table = Table::<u32>::default();
        table.with(7, |cell| cell.state = 1);
        assert_eq!(table.len(), 1);
        table.with(7, |cell| cell.state = 0);
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn a_pending_wake_up_keeps_the_state() {
        let mut table = Table::<u32>::default();
        table.with(3, |cell| cell.wake = at(10));
        assert_eq!(table.len(), 1);
        assert_eq!(table.take_due(at(10)), None);
        assert_eq!(table.take_due(at(11)), Some((at(10), 3)));
    }

    #[test]
    fn only_the_latest_request_counts() {
        let mut table = Table::<u32>::default();
        table.with(1, |cell| cell.wake = at(10));
        table.with(1, |cell| cell.wake = at(5));
        assert_eq!(table.take_due(at(100)), Some((at(5), 1)));
        assert_eq!(table.take_due(at(100)), None, "the request for 10 is outdated");
    }

    #[test]
    fn a_state_survives_saving_and_loading() {
        let mut table = Table::<Vec<u8>>::default();
        table.with(2, |cell| *cell = Cell { state: vec![1, 2], wake: at(9), last: at(8) });
        let bytes = table.save(2).unwrap().unwrap();
        let mut other = Table::<Vec<u8>>::default();
        other.load(0, &bytes).unwrap();
        assert_eq!(other.save(0).unwrap().unwrap(), bytes);
        assert_eq!(other.take_due(Timestamp::MAX), Some((at(9), 0)));
    }
}
