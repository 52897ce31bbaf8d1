//! What waits for workers, and for which of them.

use std::time::Duration;

use ktrdr_domain::Kind;

use super::answer::Answer;
use super::call::Session;
use super::query::words;
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
    let call = session.call(&session.scripts.backlog).arg(whole_ms(age));
    let call = call.arg(words(queues.iter().map(|(_, name)| name))).arg(words(Kind::with_jobs()));
    let answer = call.answer().await?;
    let mut places = 1..;
    Ok(Backlog {
        waiting: counts(&answer, &mut places, queues.into_iter().map(|(queue, _)| queue))?,
        delayed: counts(&answer, &mut places, Kind::with_jobs())?,
        outbox: answer.at(0)?,
    })
}

/// The numbers at the next places of an answer with what each of them counts, where there is any.
fn counts<T>(
    answer: &Answer,
    places: &mut impl Iterator<Item = usize>,
    of: impl Iterator<Item = T>,
) -> Result<Vec<(T, u64)>, StoreError> {
    let mut counts = Vec::new();
    for (counted, place) in of.zip(places) {
        match answer.at(place)? {
            0 => {}
            count => counts.push((counted, count)),
        }
    }
    Ok(counts)
}
