//! Submits and cancels as clients do: a call that gets no answer is made again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use ktrdr_domain::{OperationId, Status};
use ktrdr_fabric::store::{Cancelled, Store, StoreError, Submitted};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::arena::Arena;
use super::jobs::{Expectation, PlannedJob};
use super::plan::Plan;

/// Calls at a time.
const CALLS_MAX: usize = 64;
/// Before a call is made again.
const AGAIN_AFTER: Duration = Duration::from_millis(200);

/// What the store answered.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// To the cancels: the last answer counts.
    pub(crate) cancels: BTreeMap<OperationId, Cancelled>,
    /// Submits that were answered with somebody else's operation.
    pub(crate) strange: Vec<String>,
    /// Calls that had to be made again.
    pub(crate) repeated: u64,
    /// How long the burst at the start took.
    pub(crate) burst: Duration,
}

/// What became of one job.
struct Handed {
    id: OperationId,
    submitted: Submitted,
    cancelled: Option<Cancelled>,
    repeated: u64,
    accepted: Instant,
}

/// Hands in every job at its time, until the store has answered each.
pub(crate) async fn hand_in(arena: &Arc<Arena>, plan: &Arc<Plan>, start: Instant) -> Answers {
    let calls = Arc::new(Semaphore::new(CALLS_MAX));
    let mut each = JoinSet::new();
    for job in plan.jobs.clone() {
        each.spawn(one(Arc::clone(arena), job, start, Arc::clone(&calls)));
    }
    let burst = plan.jobs.iter().filter(|job| job.at.is_zero()).map(|job| job.id.clone());
    let burst: BTreeSet<_> = burst.collect();
    let mut answers = Answers::default();
    while let Some(handed) = each.join_next().await {
        let Handed { id, submitted, cancelled, repeated, accepted } = handed.unwrap();
        answers.repeated += repeated;
        if burst.contains(&id) {
            answers.burst = answers.burst.max(accepted - start);
        }
        if let Submitted::Duplicate(other) = submitted
            && other != id
        {
            answers.strange.push(format!("{id} was answered with {other}"));
        }
        answers.cancels.extend(cancelled.map(|answer| (id, answer)));
    }
    answers
}

async fn one(arena: Arc<Arena>, job: PlannedJob, start: Instant, calls: Arc<Semaphore>) -> Handed {
    sleep_until(start + job.at).await;
    let mut repeated = 0;
    let submitted = {
        let _call = calls.acquire().await.unwrap();
        insist(&mut repeated, || arena.client.submit(job.operation())).await
    };
    let accepted = Instant::now();
    let mut cancelled = None;
    if let Some(after) = job.cancel_after {
        sleep(after).await;
        if job.expected == Expectation::Deaf {
            until_it_runs(&arena, &job.id).await;
        }
        let ask = || arena.client.cancel(&job.id, "chaos", "as planned");
        cancelled = Some(insist(&mut repeated, ask).await);
    }
    Handed { id: job.id, submitted, cancelled, repeated, accepted }
}

/// A cancel that comes before is over at once: nobody has to listen.
async fn until_it_runs(arena: &Arena, id: &OperationId) {
    while arena.row(id).await.is_none_or(|row| row.status == Status::Pending) {
        sleep(AGAIN_AFTER).await;
    }
}

/// Makes a call until it is answered.
async fn insist<T, F>(repeated: &mut u64, call: impl Fn() -> F) -> T
where
    F: Future<Output = Result<T, StoreError>>,
{
    loop {
        match call().await {
            Ok(answer) => return answer,
            Err(StoreError::Unavailable(_)) => *repeated += 1,
            Err(why) => panic!("the store refuses: {why}"),
        }
        sleep(AGAIN_AFTER).await;
    }
}
