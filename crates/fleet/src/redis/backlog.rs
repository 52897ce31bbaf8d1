//! What waits for workers, and for which of them.

use std::time::Duration;

use super::call::Session;
use super::store::whole_ms;
use ktrdr_fabric::broker::Queue;
use ktrdr_fabric::store::{Backlog, StoreError};

/// How a row calls the queue its messages go to, such as `training` or `training.gpu`.
pub(super) fn name_of(queue: Queue) -> Option<String> {
    match queue {
        Queue::Jobs(kind) => Some(kind.to_string()),
        Queue::Pinned(kind, class) => Some(format!("{kind}.{class}")),
        Queue::OrchestratorEvents => None,
    }
}

pub(super) async fn backlog(session: &Session, age: Duration) -> Result<Backlog, StoreError> {
    let named = |queue| name_of(queue).map(|name| (queue, name));
    let queues: Vec<(Queue, String)> = Queue::all().into_iter().filter_map(named).collect();
    let mut call = session.call(&session.scripts.backlog).arg(whole_ms(age));
    for (_, name) in &queues {
        call = call.arg(name);
    }
    let answer = call.answer().await?;
    let mut waiting = Vec::new();
    for (i, (queue, _)) in (1..).zip(queues) {
        match answer.at(i)? {
            0 => {}
            count => waiting.push((queue, count)),
        }
    }
    Ok(Backlog { waiting, outbox: answer.at(0)? })
}
