//! Objects that are read ahead, and who reads on in which.
//!
//! The lanes are the next objects in plan order. A thread with time takes the first lane that nobody works
//! on, reads on in it for a while and puts it back; the consumer takes blocks from the first lane alone. So
//! blocks come out in plan order, whoever read them.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use engine::SourceId;
use telemetry::Block;

use super::task::{ObjectDone, Reading, Task, block_bytes};
use crate::sources::Object;

/// Bytes of blocks after which a thread puts its lane back.
const TURN_BYTES: usize = 2 << 20;
/// Bytes of blocks that may wait, beside what the first lane needs to go on.
const WAITING_BYTES: usize = 96 << 20;
/// Bytes that opened objects may take, as stored and for their windows.
const OPEN_BYTES: u64 = 192 << 20;
/// What an open object takes at most beside its stored bytes.
const WINDOW_BYTES: u64 = 16 << 20;

/// What comes next.
pub(super) enum Piece {
    /// Rows of the current object.
    Block(SourceId, Block),
    /// The object with this number has ended.
    End(usize, ObjectDone),
}

#[derive(Default)]
struct Lane {
    /// Nobody works on it and it was opened.
    task: Option<Task>,
    is_taken: bool,
    ended: Option<ObjectDone>,
    blocks: VecDeque<(SourceId, Block)>,
}

struct State {
    /// Number of the first lane's object.
    first: usize,
    lanes: VecDeque<Lane>,
    waiting_bytes: usize,
    open_bytes: u64,
    buffers: Vec<Vec<u8>>,
    is_stopped: bool,
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
    ahead: usize,
    state: Mutex<State>,
    changed: Condvar,
}

impl<'q> Queue<'q> {
    /// At most `ahead` objects are open at a time.
    pub(super) fn new(objects: &'q [Object], reading: &'q Reading, ahead: usize) -> Queue<'q> {
        let state = State {
            first: 0,
            lanes: VecDeque::new(),
            waiting_bytes: 0,
            open_bytes: 0,
            buffers: Vec::new(),
            is_stopped: false,
        };
        Queue { objects, reading, ahead, state: Mutex::new(state), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads ahead until everything is read. What every helping thread does.
    pub(super) fn help(&self) {
        let mut state = self.lock();
        while !state.is_stopped && !(state.lanes.is_empty() && state.first >= self.objects.len()) {
            match self.turn(&mut state) {
                None => state = self.wait(state),
                Some(turn) => {
                    drop(state);
                    self.work(turn);
                    state = self.lock();
                }
            }
        }
    }

    /// The next piece; the caller reads itself rather than wait. `None` when all is read.
    pub(super) fn next(&self) -> Option<Piece> {
        let mut state = self.lock();
        loop {
            let number = state.first;
            if let Some(lane) = state.lanes.front_mut() {
                if let Some((source, block)) = lane.blocks.pop_front() {
                    state.waiting_bytes -= block_bytes(&block);
                    self.changed.notify_all();
                    return Some(Piece::Block(source, block));
                }
                if let Some(done) = lane.ended.take() {
                    state.lanes.pop_front();
                    state.first += 1;
                    self.changed.notify_all();
                    return Some(Piece::End(number, done));
                }
            } else if number >= self.objects.len() {
                return None;
            }
            match self.turn(&mut state) {
                None => state = self.wait(state),
                Some(turn) => {
                    drop(state);
                    self.work(turn);
                    state = self.lock();
                }
            }
        }
    }

    /// Lets helping threads go.
    pub(super) fn stop(&self) {
        self.lock().is_stopped = true;
        self.changed.notify_all();
    }

    fn turn(&self, state: &mut State) -> Option<Turn> {
        let has_room = state.waiting_bytes < WAITING_BYTES;
        for (at, lane) in state.lanes.iter_mut().enumerate() {
            // The first lane may always go on when it has nothing: everybody waits for it.
            let may_go_on = has_room || (at == 0 && lane.blocks.is_empty());
            if !lane.is_taken && lane.ended.is_none() && may_go_on {
                lane.is_taken = true;
                let (number, task) = (state.first + at, lane.task.take());
                return Some(Turn { number, task, buffer: Vec::new() });
            }
        }
        let number = state.first + state.lanes.len();
        let object = self.objects.get(number)?;
        let bytes = object.size + WINDOW_BYTES;
        let fits = has_room && state.open_bytes + bytes <= OPEN_BYTES;
        if !state.lanes.is_empty() && (!fits || state.lanes.len() >= self.ahead) {
            return None;
        }
        state.open_bytes += bytes;
        state.lanes.push_back(Lane { is_taken: true, ..Lane::default() });
        Some(Turn { number, task: None, buffer: state.buffers.pop().unwrap_or_default() })
    }

    /// Reads on in an object without holding the lock, and puts it back.
    fn work(&self, turn: Turn) {
        let Some(object) = self.objects.get(turn.number) else { return };
        let mut blocks = Vec::new();
        let (mut bytes, mut ended) = (0, None);
        let opened = match turn.task {
            Some(task) => Ok(task),
            None => Task::open(turn.number, object, self.reading, turn.buffer),
        };
        let mut rest = None;
        match opened {
            Err(error) => {
                let error = Some(error.to_string());
                ended = Some((ObjectDone { error, ..ObjectDone::default() }, Vec::new()));
            }
            Ok(mut task) => loop {
                let Some((source, block)) = task.advance() else {
                    ended = Some(task.close());
                    break;
                };
                bytes += block_bytes(&block);
                blocks.push((source, block));
                if bytes >= TURN_BYTES {
                    rest = Some(task);
                    break;
                }
            },
        }
        let mut state = self.lock();
        state.waiting_bytes += bytes;
        let at = turn.number - state.first;
        let (done, buffer) = ended.unzip();
        if done.is_some() {
            state.open_bytes = state.open_bytes.saturating_sub(object.size + WINDOW_BYTES);
        }
        state.buffers.extend(buffer.filter(|it| it.capacity() > 0));
        if let Some(lane) = state.lanes.get_mut(at) {
            lane.blocks.extend(blocks);
            lane.ended = done;
            lane.task = rest;
            lane.is_taken = false;
        }
        drop(state);
        self.changed.notify_all();
    }
}
