//! Objects that are read ahead, and who reads on in which.
//!
//! Each open object has a lane. A thread with time takes a lane that nobody works on, reads on in it for a
//! while and puts it back. The consumer says which lane it needs next; while that has nothing to give it
//! reads as well.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::merge::{BYTES_MAX, Supply, cost};
use super::task::{ObjectDone, Reading, Task};
use super::timed::Timed;
use crate::sources::Object;

/// Bytes of blocks after which a thread puts the lane of a large object back.
const TURN_BYTES: usize = 1 << 20;
/// Bytes of blocks that may wait, beside what the consumer needs to go on.
const WAITING_BYTES: usize = 64 << 20;

#[derive(Default)]
struct Lane {
    task: Option<Task>,
    /// A thread works on it.
    is_taken: bool,
    ended: Option<ObjectDone>,
    blocks: VecDeque<Timed>,
}

#[derive(Default)]
struct State {
    lanes: BTreeMap<usize, Lane>,
    /// The first object without a lane.
    next: usize,
    /// Objects that the consumer asked for: all before this number.
    asked: usize,
    /// The lane that the consumer works on.
    needed: Option<usize>,
    waiting_bytes: usize,
    open_bytes: u64,
    buffers: Vec<Vec<u8>>,
    is_stopped: bool,
}

/// Lets the consumer end when a helping thread panics: its lane never comes back.
struct StopOnPanic<'a, 'q>(&'a Queue<'q>);

impl Drop for StopOnPanic<'_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
        }
    }
}

/// A turn in one object.
struct Turn {
    number: usize,
    task: Option<Task>,
    buffer: Vec<u8>,
}

/// The objects on their way to the consumer.
pub(super) struct Queue<'q> {
    objects: &'q [Object],
    reading: &'q Reading,
    /// Objects beyond the consumer's that may be open.
    ahead: usize,
    state: Mutex<State>,
    changed: Condvar,
}

impl<'q> Queue<'q> {
    /// Reads up to `ahead` objects beyond those that the consumer asked for.
    pub(super) fn new(objects: &'q [Object], reading: &'q Reading, ahead: usize) -> Queue<'q> {
        let (state, changed) = (Mutex::default(), Condvar::new());
        Queue { objects, reading, ahead, state, changed }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does a turn, or waits for something to do.
    fn work_or_wait<'s>(&'s self, mut state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        match self.turn(&mut state) {
            None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(turn) => {
                drop(state);
                self.work(turn);
                self.lock()
            }
        }
    }

    /// Reads ahead until all is read. What every helping thread does.
    pub(super) fn help(&self) {
        let _stop = StopOnPanic(self);
        let mut state = self.lock();
        while !state.is_stopped {
            state = self.work_or_wait(state);
        }
    }

    /// Lets helping threads go.
    pub(super) fn stop(&self) {
        self.lock().is_stopped = true;
        self.changed.notify_all();
    }

    /// Finds something to read: what the consumer waits for, lanes without a block, what comes next.
    fn turn(&self, state: &mut State) -> Option<Turn> {
        if let Some(needed) = state.needed {
            while state.next <= needed {
                let number = state.next;
                self.open(state, number);
            }
            if let Some(turn) = take(state, needed) {
                return Some(turn);
            }
        }
        if state.waiting_bytes >= WAITING_BYTES {
            return None;
        }
        let free = |lane: &Lane| !lane.is_taken && lane.ended.is_none();
        let hungry = state.lanes.iter().find(|(_, it)| free(it) && it.blocks.is_empty());
        if let Some(number) = hungry.map(|(number, _)| *number) {
            return take(state, number);
        }
        let ahead = state.next - state.asked.min(state.next);
        if let Some(object) = self.objects.get(state.next)
            && ahead < self.ahead
            && state.open_bytes + cost(object.size) <= BYTES_MAX
        {
            let number = state.next;
            self.open(state, number);
            return take(state, number);
        }
        let number = state.lanes.iter().find(|(_, it)| free(it)).map(|(number, _)| *number)?;
        take(state, number)
    }

    fn open(&self, state: &mut State, number: usize) {
        state.lanes.insert(number, Lane::default());
        state.next = number + 1;
        state.open_bytes += self.objects.get(number).map_or(0, |it| cost(it.size));
    }

    /// Reads on in an object without holding the lock, and puts it back.
    fn work(&self, turn: Turn) {
        let Some(object) = self.objects.get(turn.number) else { return };
        let opened = match turn.task {
            Some(task) => Ok(task),
            None => Task::open(turn.number, object, self.reading, turn.buffer),
        };
        let (mut blocks, mut bytes) = (Vec::new(), 0);
        let (mut rest, mut ended) = (None, None);
        match opened {
            Err(error) => ended = Some((ObjectDone::failed(&error), Vec::new())),
            Ok(mut task) => loop {
                let Some(timed) = task.advance() else {
                    ended = Some(task.close());
                    break;
                };
                bytes += timed.bytes();
                blocks.push(timed);
                if bytes >= TURN_BYTES && !task.reads_on(bytes) {
                    rest = Some(task);
                    break;
                }
            },
        }
        let (done, buffer) = ended.unzip();
        let mut state = self.lock();
        state.waiting_bytes += bytes;
        if done.is_some() {
            state.open_bytes = state.open_bytes.saturating_sub(cost(object.size));
        }
        state.buffers.extend(buffer.filter(|it| it.capacity() > 0));
        if let Some(lane) = state.lanes.get_mut(&turn.number) {
            lane.blocks.extend(blocks);
            (lane.ended, lane.task, lane.is_taken) = (done, rest, false);
        }
        drop(state);
        self.changed.notify_all();
    }
}

/// Takes a lane to work on, unless it has ended or somebody does.
fn take(state: &mut State, number: usize) -> Option<Turn> {
    let lane = state.lanes.get_mut(&number)?;
    if lane.is_taken || lane.ended.is_some() {
        return None;
    }
    lane.is_taken = true;
    let task = lane.task.take();
    let buffer = if task.is_none() { state.buffers.pop() } else { None };
    Some(Turn { number, task, buffer: buffer.unwrap_or_default() })
}

impl Supply for &Queue<'_> {
    fn next(&mut self, number: usize) -> Option<Timed> {
        let mut state = self.lock();
        state.asked = state.asked.max(number + 1);
        state.needed = Some(number);
        loop {
            if let Some(lane) = state.lanes.get_mut(&number) {
                if let Some(timed) = lane.blocks.pop_front() {
                    state.waiting_bytes -= timed.bytes();
                    drop(state);
                    self.changed.notify_all();
                    return Some(timed);
                }
                if lane.ended.is_some() {
                    return None;
                }
            }
            if state.is_stopped {
                return None;
            }
            state = self.work_or_wait(state);
        }
    }

    fn end(&mut self, number: usize) -> ObjectDone {
        let lane = self.lock().lanes.remove(&number);
        self.changed.notify_all();
        lane.and_then(|it| it.ended).unwrap_or_default()
    }
}
