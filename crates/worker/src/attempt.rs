//! One delivery, from the broker's hand to its acknowledgement: claim → run → watch → record → ack.
//!
//! Before this: [`crate::worker`] took the delivery. After this: the terminal event, written with the row, moves what
//! waits for it. The delivery is never a lock: losing it stops nothing, a doubled one starts nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ktrdr_domain::{FailureReason, Operation, OperationId, OperationSummary};
use ktrdr_fabric::broker::Message;
use ktrdr_fabric::store::{Attempt, Claim, Finish, Finished, Store, StoreError};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::broker_watch::BrokerWatch;
use crate::config::{KindConfig, WorkerConfig};
use crate::current::Working;
use crate::handler::{Handler, Job, Outcome};
use crate::identity::Identity;
use crate::progress::ProgressCell;
use crate::running_jobs::RunningJobs;
use crate::settle::{settle, told, wanted};
use crate::stop::StopToken;
use crate::sweeper::SweepTrigger;
use crate::threads::Threads;
use crate::watch::{Watch, Watched};

/// What all attempts of one process share.
pub(crate) struct WorkerContext {
    pub(crate) store: Arc<dyn Store>,
    /// For leases that may lapse soon.
    pub(crate) trigger: SweepTrigger,
    pub(crate) identity: Identity,
    pub(crate) broker: BrokerWatch,
    pub(crate) config: WorkerConfig,
    pub(crate) threads: Threads,
    pub(crate) running_jobs: Arc<RunningJobs>,
    /// No new claims. Cancelled by the caller's drain, by an operator's, or because this process is unhealthy.
    pub(crate) quit: CancellationToken,
    /// In a drain nobody waits for jobs to end: all are given back at once.
    pub(crate) force_drain: CancellationToken,
    /// This process can run no jobs any more and must end: everything else is given back at once.
    pub(crate) unhealthy: AtomicBool,
}

/// A claim that succeeded.
struct Claimed {
    attempt: Attempt,
    operation: Box<Operation>,
    /// Just before the claim was sent: from here our lease runs, at the earliest.
    at: Instant,
}

/// What to do with a delivery that is not ours to run.
enum Declined {
    /// Someone holds it. The sweep owns recovery.
    Leased,
    /// It is over.
    Ended,
    /// Its row can not be found or read: keep the message for a while, then let the broker have it again. Never
    /// acknowledged: should the store have lost its rows, messages are what they are rebuilt from.
    Park,
    /// We are leaving.
    GiveBack,
}

/// Works on one message until its row is told how it ended. Whether the message may be acknowledged.
pub(crate) async fn work(
    context: &WorkerContext,
    kind: KindConfig,
    handler: &Arc<dyn Handler>,
    message: Message,
    is_redelivered: bool,
) -> bool {
    let Message::Job { job, .. } = message else {
        error!(kind = %kind.kind, "an event came out of a job queue; dropped");
        return true;
    };
    let stop = StopToken::default();
    let listed = context.running_jobs.list(&job.operation, &stop);
    match claim(context, &job.operation).await {
        Ok(claimed) => attempt(context, kind, handler, claimed, &stop).await,
        Err(Declined::Leased) => {
            if is_redelivered {
                suspect(context, &job.operation).await;
            }
            true
        }
        Err(Declined::Ended) => true,
        Err(Declined::Park) => {
            drop(listed);
            context.quit.run_until_cancelled(sleep(context.config.park)).await;
            false
        }
        Err(Declined::GiveBack) => false,
    }
}

async fn claim(context: &WorkerContext, id: &OperationId) -> Result<Claimed, Declined> {
    let mut failures = 0;
    loop {
        let at = Instant::now();
        match context.store.claim(id, &context.identity.boot, context.config.lease).await {
            Ok(Claim::Run { attempt, operation }) => return Ok(Claimed { attempt, operation, at }),
            Ok(Claim::Leased(_)) => return Err(Declined::Leased),
            Ok(Claim::Terminal(_)) => return Err(Declined::Ended),
            Ok(Claim::Missing) => {
                error!(operation = %id, "a message without a row; parked. Has the store lost its data?");
                return Err(Declined::Park);
            }
            Err(why) if why.is_transient() => {
                failures += 1;
                warn!(operation = %id, %why, "claim failed; trying again");
                let wait = sleep(context.config.outside.after(failures));
                context.quit.run_until_cancelled(wait).await.ok_or(Declined::GiveBack)?;
            }
            Err(why) => {
                error!(operation = %id, %why, "can not be claimed; parked");
                return Err(Declined::Park);
            }
        }
    }
}

/// The broker lost whoever holds an operation. That their process is dead is likely, and not certain: a live one keeps
/// what it holds by its next beat. Should none come, the sweep brings the operation back long before the lease would
/// have lapsed. Losing this call costs only that time.
async fn suspect(context: &WorkerContext, id: &OperationId) {
    match context.store.suspect(id, &context.identity.boot, context.config.grace_period()).await {
        Ok(Some(left)) => {
            info!(operation = %id, left_ms = left.as_millis() as u64, "its worker is lost to the broker, perhaps dead");
            context.trigger.sweep_after(left);
        }
        Ok(None) => {}
        Err(why) => warn!(operation = %id, %why, "can not suspect its worker; the lease decides"),
    }
}

/// Runs a claimed operation and tells its row. Whether the delivery may be acknowledged.
async fn attempt(
    context: &WorkerContext,
    kind: KindConfig,
    handler: &Arc<dyn Handler>,
    claimed: Claimed,
    stop: &StopToken,
) -> bool {
    let Claimed { attempt, operation, at } = claimed;
    let retry_delay = context.config.retry.after(operation.tries);
    let progress = ProgressCell::default();
    let (OperationSummary { id, root, .. }, spec) = (operation.summary, operation.spec);
    let job = Job { id, root, fence: attempt.fence, spec, stop: stop.clone(), progress: progress.clone() };
    let running = start(context, Arc::clone(handler), job, retry_delay);
    let watch = Watch::new(context, kind, &attempt, stop, &progress, at);
    let Watched { outcome, lease_end } = watch.until_ended(running).await;
    if let Some(why) = unhealthy(outcome.as_ref()) {
        error!(operation = %attempt.id, why, asked = ?stop.reason(), "this process must end");
        context.unhealthy.store(true, Ordering::Release);
        context.quit.cancel();
    }
    let finish = settle(outcome, stop.reason(), retry_delay);
    let (outcome, why) = told(finish.as_ref());
    let recorded = match finish {
        Some(finish) => record(context, &attempt, finish, lease_end).await,
        None => {
            warn!(operation = %attempt.id, fence = attempt.fence, "fenced: not ours any more; nothing written");
            true
        }
    };
    let (operation, kind, fence) = (&attempt.id, kind.kind, attempt.fence);
    let duration_ms = at.elapsed().as_millis() as u64;
    info!(%operation, %kind, fence, outcome, why, duration_ms, recorded, "attempt ended");
    recorded
}

/// Why the process must end, if it must.
fn unhealthy(outcome: Option<&Outcome>) -> Option<&str> {
    match outcome {
        None => Some("a thread ignores its stop token"),
        Some(Outcome::Unhealthy { error }) => Some(error),
        Some(_) => None,
    }
}

/// Starts the handler on a thread of its own; what comes back says how it ended. A panic becomes a retry.
fn start(
    context: &WorkerContext,
    handler: Arc<dyn Handler>,
    job: Job,
    retry_delay: Duration,
) -> oneshot::Receiver<Outcome> {
    let (tell, running) = oneshot::channel();
    let task = move || {
        let _working = Working::on(job.id.clone());
        let run = catch_unwind(AssertUnwindSafe(|| handler.run(&job)));
        let outcome = run.unwrap_or_else(|panic| Outcome::Retry {
            error: format!("the job panicked: {}", panic_words(panic.as_ref())),
            delay: retry_delay,
        });
        // Nobody listens any more when the thread was given up as stuck.
        let _ = tell.send(outcome);
    };
    if let Err(why) = context.threads.run(Box::new(task)) {
        let (tell, refused) = oneshot::channel();
        let delay = context.config.retry.first;
        let _ = tell.send(Outcome::Retry { error: format!("no thread to run it: {why}"), delay });
        return refused;
    }
    running
}

fn panic_words(panic: &(dyn std::any::Any + Send)) -> String {
    let words = panic.downcast_ref::<&str>().map(ToString::to_string);
    words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without words".into())
}

/// Tells the row how the attempt ended, again and again until the lease lapses. After that the sweep owns it.
/// Whether the row was told, or was found to be past being told.
async fn record(context: &WorkerContext, attempt: &Attempt, mut finish: Finish, lease_end: Instant) -> bool {
    // One honest try even where the lease has lapsed already: the store may not have noticed.
    let until = lease_end.max(Instant::now() + context.config.heartbeat);
    let mut failures = 0;
    loop {
        let answer = timeout_at(until, context.store.finish(attempt, finish.clone())).await;
        let answer = answer.unwrap_or_else(|_| Err(StoreError::Unavailable("no answer in time".into())));
        match answer {
            Ok(Finished::Recorded(_)) => return true,
            // Our own fence and the status we asked for: an earlier call of ours got through.
            Ok(Finished::Refused { status, fence }) => {
                if (status, fence) != (Some(wanted(&finish)), attempt.fence) {
                    let own_fence = attempt.fence;
                    warn!(operation = %attempt.id, own_fence, fence, ?status, "finish refused: decided without us");
                }
                return true;
            }
            Err(why) if why.is_transient() => {
                failures += 1;
                let again = Instant::now() + context.config.outside.after(failures);
                if again >= until {
                    error!(operation = %attempt.id, %why, "finish not written before the lease lapsed; the sweep decides");
                    return false;
                }
                warn!(operation = %attempt.id, %why, "finish failed; trying again");
                tokio::time::sleep_until(again).await;
            }
            Err(why) if matches!(finish, Finish::Completed(_)) => {
                finish = Finish::Failed {
                    reason: FailureReason::Error,
                    error: format!("its result can not be stored: {why}"),
                    result: None,
                };
            }
            Err(why) => {
                error!(operation = %attempt.id, %why, "finish can not be written; the lease will lapse");
                return false;
            }
        }
    }
}
