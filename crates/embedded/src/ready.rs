//! The ready messages of one queue.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ktrdr_domain::{OperationId, Priority};
use tokio::sync::Notify;

use ktrdr_fabric::broker::Message;

/// A queue with three lines, high priority first.
pub(super) struct Ready {
    room: usize,
    lines: Mutex<Lines>,
    /// One permit per message that nobody was waiting for.
    arrived: Notify,
}

/// A message, and whether it was handed out before.
pub(super) struct Waiting {
    pub(super) message: Message,
    pub(super) is_redelivered: bool,
}

#[derive(Default)]
struct Lines {
    /// By [`line_of`].
    lines: [VecDeque<Waiting>; 3],
    /// Operations with a ready job message: a second hint would say nothing that the first does not.
    hinted: HashSet<OperationId>,
    length: usize,
}

impl Ready {
    pub(super) fn new(room: usize) -> Self {
        Self { room, lines: Mutex::default(), arrived: Notify::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.lines().length
    }

    /// Appends a message; whether there was room.
    pub(super) fn push(&self, message: Message) -> bool {
        let mut lines = self.lines();
        if lines.is_hinted(&message) {
            return true;
        }
        if lines.length >= self.room {
            return false;
        }
        lines.add(Waiting { message, is_redelivered: false }, VecDeque::push_back);
        drop(lines);
        self.arrived.notify_one();
        true
    }

    /// Puts back what was delivered and not acknowledged, in front and even when full.
    pub(super) fn put_back(&self, message: Message) {
        let mut lines = self.lines();
        if !lines.is_hinted(&message) {
            lines.add(Waiting { message, is_redelivered: true }, VecDeque::push_front);
            drop(lines);
            self.arrived.notify_one();
        }
    }

    /// Takes the next message, waiting for one. Safe to abandon: an abandoned wait takes nothing.
    pub(super) async fn pop(&self) -> Waiting {
        loop {
            if let Some(waiting) = self.lines().take() {
                return waiting;
            }
            self.arrived.notified().await;
        }
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    fn is_hinted(&self, message: &Message) -> bool {
        matches!(message, Message::Job { job, .. } if self.hinted.contains(&job.operation))
    }

    fn add(&mut self, waiting: Waiting, put: fn(&mut VecDeque<Waiting>, Waiting)) {
        if let Message::Job { job, .. } = &waiting.message {
            self.hinted.insert(job.operation.clone());
        }
        self.length += 1;
        put(&mut self.lines[line_of(&waiting.message)], waiting);
    }

    fn take(&mut self) -> Option<Waiting> {
        let waiting = self.lines.iter_mut().find_map(VecDeque::pop_front)?;
        if let Message::Job { job, .. } = &waiting.message {
            self.hinted.remove(&job.operation);
        }
        self.length -= 1;
        Some(waiting)
    }
}

/// High, normal, low; events all go one way.
fn line_of(message: &Message) -> usize {
    match message {
        Message::Job { priority: Priority::High, .. } => 0,
        Message::Job { priority: Priority::Normal, .. } | Message::Event(_) => 1,
        Message::Job { priority: Priority::Low, .. } => 2,
    }
}
