//! Reading on the calling thread, without a queue.

use std::collections::{BTreeMap, VecDeque};

use super::merge::Supply;
use super::task::{ObjectDone, Reading, Task};
use super::timed::Timed;
use crate::sources::Object;

/// Reads objects as they are asked for.
pub(super) struct Serial<'s> {
    objects: &'s [Object],
    reading: &'s Reading,
    open: BTreeMap<usize, Task>,
    /// Blocks of small objects, which are read at once.
    ready: BTreeMap<usize, VecDeque<Timed>>,
    ended: BTreeMap<usize, ObjectDone>,
    buffers: Vec<Vec<u8>>,
}

impl<'s> Serial<'s> {
    pub(super) fn new(objects: &'s [Object], reading: &'s Reading) -> Serial<'s> {
        let (open, ready, ended) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Serial { objects, reading, open, ready, ended, buffers: Vec::new() }
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
        if let Some(timed) = self.ready.get_mut(&number).and_then(VecDeque::pop_front) {
            return Some(timed);
        }
        let mut task = self.open(number)?;
        let (mut blocks, mut bytes) = (VecDeque::new(), 0);
        while let Some(timed) = task.advance() {
            bytes += timed.bytes();
            blocks.push_back(timed);
            if !task.reads_on(bytes) {
                self.open.insert(number, task);
                let first = blocks.pop_front();
                self.ready.insert(number, blocks);
                return first;
            }
        }
        let (done, buffer) = task.close();
        self.ended.insert(number, done);
        self.buffers.push(buffer);
        let first = blocks.pop_front();
        self.ready.insert(number, blocks);
        first
    }

    fn end(&mut self, number: usize) -> ObjectDone {
        self.ready.remove(&number);
        self.ended.remove(&number).unwrap_or_default()
    }
}
