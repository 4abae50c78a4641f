//! Reading on the calling thread, without a queue.

use std::collections::BTreeMap;

use super::merge::Supply;
use super::task::{ObjectDone, Reading, Task};
use super::timed::Timed;
use crate::sources::Object;

/// Reads objects as they are asked for.
pub(super) struct Serial<'s> {
    objects: &'s [Object],
    reading: &'s Reading,
    open: BTreeMap<usize, Task>,
    ended: BTreeMap<usize, ObjectDone>,
    buffers: Vec<Vec<u8>>,
}

impl<'s> Serial<'s> {
    pub(super) fn new(objects: &'s [Object], reading: &'s Reading) -> Serial<'s> {
        let (open, ended) = (BTreeMap::new(), BTreeMap::new());
        Serial { objects, reading, open, ended, buffers: Vec::new() }
    }

    fn open(&mut self, number: usize) -> Option<Task> {
        if let Some(task) = self.open.remove(&number) {
            return Some(task);
        }
        let object = self.objects.get(number).filter(|_| !self.ended.contains_key(&number))?;
        let buffer = self.buffers.pop().unwrap_or_default();
        match Task::open(number, object, self.reading, buffer) {
            Ok(task) => Some(task),
            Err(error) => {
                self.ended.insert(number, ObjectDone::failed(&error));
                None
            }
        }
    }
}

impl Supply for Serial<'_> {
    fn next(&mut self, number: usize) -> Option<Timed> {
        let mut task = self.open(number)?;
        if let Some(timed) = task.advance() {
            self.open.insert(number, task);
            return Some(timed);
        }
        let (done, buffer) = task.close();
        self.ended.insert(number, done);
        self.buffers.push(buffer);
        None
    }

    fn end(&mut self, number: usize) -> ObjectDone {
        self.ended.remove(&number).unwrap_or_default()
    }
}
