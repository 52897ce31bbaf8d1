//! The store on Redis: checks what it is handed, then one script per method.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::try_join_all;
use ktrdr_domain::report::caveat;
use ktrdr_domain::{Kind, Operation, OperationId, Progress, Status, Subject};
use serde_json::Value;
use tokio::sync::broadcast;

use super::answer::Answer;
use super::call::{Call, Session};
use super::listener::Listener;
use super::{backlog, campaigns, history, query, row};
use ktrdr_fabric::broker::Queue;
use ktrdr_fabric::history::Transition;
use ktrdr_fabric::limits;
use ktrdr_fabric::store::{
    Admission, Advance, AdvanceTo, Advanced, Attempt, Backlog, Beat, BootId, Cancelled, Claim,
    ConcurrencyLimit, Dismissed, Filter, Finish, Finished, GroupCancel, GroupCancelled, NewChild,
    NewOperation, NewRoot, OperationReader, OutboxEntry, Pace, Page, Stopwatch, Store, StoreError, StoreHint,
    Submitted, SweepPlan, Swept,
};

/// Most JSON of one campaign, in bytes: it travels as one call, and the server does nothing else meanwhile.
const CAMPAIGN_BYTES_MAX: usize = 128 << 20;

/// Rows, leases, outbox, ledger and registry on one Redis server.
///
/// Calls may be made from many tasks at once; they share one connection and travel together.
pub struct RedisStore {
    pub(super) session: Session,
    listener: Listener,
    has_swept: AtomicBool,
}

impl RedisStore {
    pub(super) fn new(session: Session, listener: Listener) -> Self {
        Self { session, listener, has_swept: AtomicBool::new(false) }
    }
}

#[async_trait]
impl OperationReader for RedisStore {
    async fn get(&self, id: &OperationId) -> Result<Option<Operation>, StoreError> {
        row::operation(self.session.call(&self.session.scripts.row).arg(id.as_str()).value().await?)
    }

    async fn get_all(&self, ids: &[OperationId]) -> Result<Vec<Operation>, StoreError> {
        // They share one connection, and travel together.
        let rows = try_join_all(ids.iter().map(|id| self.get(id))).await?;
        Ok(rows.into_iter().flatten().collect())
    }

    async fn list(&self, filter: &Filter) -> Result<Page, StoreError> {
        limits::check_filter(filter)?;
        query::list(&self.session, filter).await
    }

    async fn history(&self, id: &OperationId) -> Result<Vec<Transition>, StoreError> {
        history::read(&self.session, id).await
    }

    async fn due(&self, id: &OperationId) -> Result<Option<i64>, StoreError> {
        query::due(&self.session, id).await
    }

    async fn keyed(&self, key: &str) -> Result<Option<OperationId>, StoreError> {
        query::keyed(&self.session, key).await
    }

    async fn holders(&self, key: &str) -> Result<Vec<OperationId>, StoreError> {
        query::holders(&self.session, key).await
    }

    async fn backlog(&self, age: Duration) -> Result<Backlog, StoreError> {
        backlog::backlog(&self.session, age).await
    }

    async fn outbox(&self, after: Option<u64>, limit: u32) -> Result<Vec<OutboxEntry>, StoreError> {
        query::outbox(&self.session, after, limit).await
    }

    fn hints(&self) -> broadcast::Receiver<StoreHint> {
        self.listener.hints()
    }
}

#[async_trait]
impl Store for RedisStore {
    async fn submit(&self, new: NewOperation) -> Result<Submitted, StoreError> {
        limits::check_leaf(&new)?;
        let call = self.session.call_once(&self.session.scripts.submit);
        let call = job(call, &new.id, new.kind, &new.spec);
        let call = call.arg(new.tries_max).arg(u8::from(new.priority)).optional(new.idempotency_key);
        submitted(&call.answer().await?)
    }

    async fn submit_roots(&self, roots: Vec<NewRoot>, pace: Pace) -> Result<Submitted, StoreError> {
        limits::check_roots(&roots, pace)?;
        check_size(&roots)?;
        submitted(&self.submit_lane(&roots, pace, &[]).await?)
    }

    async fn submit_within(
        &self,
        root: NewRoot,
        limits: &[ConcurrencyLimit],
    ) -> Result<Admission, StoreError> {
        let lane = [root];
        limits::check_roots(&lane, Pace::free(1))?;
        limits::check_concurrency(limits)?;
        let answer = self.submit_lane(&lane, Pace::free(1), limits).await?;
        if answer.word()? == "full" {
            return Ok(Admission::Full {
                key: answer.at(1)?,
                holders: query::ids(&answer.at::<Vec<String>>(2)?)?,
            });
        }
        Ok(match submitted(&answer)? {
            Submitted::Created => Admission::Created,
            Submitted::Duplicate(id) => Admission::Duplicate(id),
        })
    }

    async fn claim(&self, id: &OperationId, boot: &BootId, lease: Duration) -> Result<Claim, StoreError> {
        let call = self.session.call_once(&self.session.scripts.claim);
        let mut answer = call.arg(id.as_str()).arg(&boot.0).arg(whole_ms(lease)).answer().await?;
        match answer.word()?.as_str() {
            "run" => {
                let operation = row::operation(answer.take(1))?.ok_or_else(|| answer.unexpected())?;
                let attempt = Attempt {
                    id: id.clone(),
                    fence: operation.fence,
                    boot: boot.clone(),
                    since: Stopwatch::start(),
                };
                Ok(Claim::Run { attempt, operation: Box::new(operation) })
            }
            "leased" => Ok(Claim::Leased(answer.at(1)?)),
            "terminal" => Ok(Claim::Terminal(answer.parsed(1)?)),
            "missing" => Ok(Claim::Missing),
            "root" => Err(StoreError::Invalid(
                format!("{id} is a research cycle: it is advanced, never claimed").into(),
            )),
            _ => Err(answer.unexpected()),
        }
    }

    async fn suspect(
        &self,
        id: &OperationId,
        by: &BootId,
        grace_period: Duration,
    ) -> Result<Option<Duration>, StoreError> {
        let call = self.session.call(&self.session.scripts.suspect).arg(id.as_str()).arg(&by.0);
        let answer = call.arg(whole_ms(grace_period)).answer().await?;
        match answer.word()?.as_str() {
            "suspected" => Ok(Some(Duration::from_millis(answer.at(1)?))),
            "nobody" => Ok(None),
            _ => Err(answer.unexpected()),
        }
    }

    async fn beat(
        &self,
        attempt: &Attempt,
        lease: Duration,
        progress: Option<&Progress>,
    ) -> Result<Beat, StoreError> {
        let progress = progress.map(limits::progress_json).transpose()?;
        let call = self.of_attempt(self.session.call(&self.session.scripts.beat), attempt);
        let answer = call.arg(whole_ms(lease)).optional(progress).answer().await?;
        match answer.word()?.as_str() {
            "alive" => Ok(Beat::Alive { cancel: answer.at(1)? }),
            "fenced" => Ok(Beat::Fenced),
            _ => Err(answer.unexpected()),
        }
    }

    async fn finish(&self, attempt: &Attempt, how: Finish) -> Result<Finished, StoreError> {
        limits::check_finish(&how)?;
        let call = self.of_attempt(self.session.call(&self.session.scripts.finish), attempt);
        let answer = outcome(call, how, attempt.since.elapsed_ms()).answer().await?;
        match answer.word()?.as_str() {
            "recorded" => Ok(Finished::Recorded(answer.parsed(1)?)),
            "refused" => {
                let status: String = answer.at(1)?;
                let status: Option<Status> = if status.is_empty() { None } else { Some(answer.parsed(1)?) };
                Ok(Finished::Refused { status, fence: answer.at(2)? })
            }
            _ => Err(answer.unexpected()),
        }
    }

    async fn cancel(&self, id: &OperationId, by: &str, reason: &str) -> Result<Cancelled, StoreError> {
        limits::check_text("name of the asker", by)?;
        limits::check_text("reason", reason)?;
        let call = self.session.call_once(&self.session.scripts.cancel);
        let answer = call.arg(id.as_str()).arg(by).arg(reason).answer().await?;
        match answer.word()?.as_str() {
            "done" => Ok(Cancelled::Done),
            "requested" => Ok(Cancelled::Requested),
            "too_late" => Ok(Cancelled::TooLate(answer.parsed(1)?)),
            "missing" => Ok(Cancelled::Missing),
            _ => Err(answer.unexpected()),
        }
    }

    async fn cancel_matching(&self, group: &GroupCancel) -> Result<GroupCancelled, StoreError> {
        limits::check_group(group)?;
        campaigns::cancel_matching(&self.session, group).await
    }

    async fn dismiss(&self, id: &OperationId, by: &str) -> Result<Dismissed, StoreError> {
        limits::check_text("name of the asker", by)?;
        let call = self.session.call(&self.session.scripts.dismiss).arg(id.as_str()).arg(by);
        let answer = call.answer().await?;
        match answer.word()?.as_str() {
            "done" => Ok(Dismissed::Done),
            "before" => Ok(Dismissed::Before),
            "not_dead" => Ok(Dismissed::NotDead(answer.parsed(1)?)),
            "missing" => Ok(Dismissed::Missing),
            _ => Err(answer.unexpected()),
        }
    }

    async fn sweep(&self, plan: SweepPlan) -> Result<Swept, StoreError> {
        let call = self.session.call(&self.session.scripts.sweep).arg(whole_ms(plan.grace)).arg(plan.limit);
        let call = call.arg(!self.has_swept.swap(true, Ordering::Relaxed));
        let answer = call.optional(plan.republish_after.map(whole_ms)).answer().await?;
        Ok(Swept { rescued: answer.at(0)?, due: answer.at(1)?, republished: answer.at(2)? })
    }

    async fn publish_again(&self, queue: Queue, age: Duration, limit: u32) -> Result<u32, StoreError> {
        let Some(queue) = backlog::name_of(queue) else { return Ok(0) };
        let call = self.session.call(&self.session.scripts.publish_again);
        call.arg(queue).arg(whole_ms(age)).arg(limit).answer().await?.at(0)
    }

    async fn advance(&self, step: Advance) -> Result<Advanced, StoreError> {
        limits::check_advance(&step.to)?;
        let call = self.session.call(&self.session.scripts.advance).arg(step.root.as_str());
        let call = call.arg(step.finished.as_str()).arg(step.expected_phase.as_str());
        let answer = destination(call, step.to).answer().await?;
        match answer.word()?.as_str() {
            "next" => Ok(Advanced::Next(answer.parsed(1)?)),
            "closed" => Ok(Advanced::Closed(answer.parsed(1)?)),
            "stale" => Ok(Advanced::Stale),
            "early" => Ok(Advanced::Early),
            "mismatch" => Ok(Advanced::Mismatch(answer.parsed(1)?)),
            "taken" => Err(taken(&answer.at::<String>(1)?, step.root.as_str())),
            "childless" => {
                let what = format!("{} waits for {}, which has no row", step.root, step.finished);
                Err(StoreError::Corrupt(what.into()))
            }
            _ => Err(answer.unexpected()),
        }
    }

    async fn relayed(&self, sequences: &[u64]) -> Result<(), StoreError> {
        if sequences.is_empty() {
            return Ok(());
        }
        let mut command = redis::cmd("XDEL");
        command.arg(self.session.prefix.key("outbox"));
        for sequence in sequences {
            command.arg(query::position(*sequence));
        }
        self.session.connection.send(&command).await.map(|_| ())
    }
}

impl RedisStore {
    async fn submit_lane(
        &self,
        roots: &[NewRoot],
        pace: Pace,
        limits: &[ConcurrencyLimit],
    ) -> Result<Answer, StoreError> {
        let script = &self.session.scripts.submit_roots;
        let mut call = self.session.call_once(script).arg(pace.in_flight).arg(pace.generation);
        call = call.arg(limits.len());
        for limit in limits {
            call = call.arg(&limit.key).arg(limit.most);
        }
        for root in roots {
            call = call
                .arg(root.id.as_str())
                .arg(root.kind.as_str())
                .arg(root.campaign.as_str())
                .arg(root.spec.to_string())
                .arg(row::subject_lines(&Subject::of(&root.spec)))
                .arg(root.phase.as_str());
            call = child(call, &root.first);
        }
        call.answer().await
    }

    /// The arguments every write of a worker begins with.
    fn of_attempt<'s>(&self, call: Call<'s>, attempt: &Attempt) -> Call<'s> {
        call.arg(attempt.id.as_str()).arg(attempt.fence).arg(&attempt.boot.0)
    }
}

fn check_size(roots: &[NewRoot]) -> Result<(), StoreError> {
    let of_one = |root: &NewRoot| root.spec.to_string().len() + root.first.spec.to_string().len();
    let bytes: usize = roots.iter().map(of_one).sum();
    if bytes <= CAMPAIGN_BYTES_MAX {
        return Ok(());
    }
    let why =
        format!("the campaign has {bytes} bytes of JSON; at most {CAMPAIGN_BYTES_MAX} are stored: divide it");
    Err(StoreError::Invalid(why.into()))
}

fn job<'s>(call: Call<'s>, id: &OperationId, kind: Kind, spec: &Value) -> Call<'s> {
    let queue = backlog::name_of(Queue::of_job(kind, spec));
    let about = row::subject_lines(&Subject::of(spec));
    call.arg(id.as_str()).arg(kind.as_str()).arg(queue).arg(spec.to_string()).arg(about)
}

fn child<'s>(call: Call<'s>, child: &NewChild) -> Call<'s> {
    job(call, &child.id, child.kind, &child.spec).arg(child.tries_max).arg(u8::from(child.priority))
}

fn outcome(call: Call<'_>, how: Finish, took_ms: u64) -> Call<'_> {
    let outcome = match &how {
        Finish::Completed(_) => "completed",
        Finish::Failed { .. } => "failed",
        Finish::Cancelled => "cancelled",
        Finish::Retry { .. } => "retry",
        Finish::Defer { .. } => "defer",
        Finish::Release => "release",
    };
    let call = call.arg(outcome).named("took_ms", Some(took_ms));
    match how {
        Finish::Completed(result) => {
            call.named("result", Some(result.to_string())).named("caveat", caveat(&result))
        }
        Finish::Failed { reason, error, result } => {
            let call = call.named("reason", Some(reason.as_str()));
            let call = call.named("caveat", result.as_ref().and_then(caveat));
            call.named("error", Some(limits::cut(error))).named("result", result.map(|r| r.to_string()))
        }
        Finish::Cancelled | Finish::Release => call,
        Finish::Retry { error, delay } => {
            let call = call.named("error", Some(limits::cut(error)));
            call.named("delay_ms", Some(whole_ms(delay)))
        }
        Finish::Defer { why, delay } => {
            call.named("why", Some(limits::cut(why))).named("delay_ms", Some(whole_ms(delay)))
        }
    }
}

fn destination(call: Call<'_>, to: AdvanceTo) -> Call<'_> {
    match to {
        AdvanceTo::Phase { phase, child: next } => child(call.arg("phase").arg(phase.as_str()), &next),
        AdvanceTo::Completed { result } => call.arg("completed").arg(result.to_string()),
        AdvanceTo::Failed { reason, error, stopped_by, result } => {
            let call =
                call.arg("failed").arg(reason.as_str()).arg(limits::cut(error)).arg(result.to_string());
            call.arg(stopped_by)
        }
    }
}

fn submitted(answer: &Answer) -> Result<Submitted, StoreError> {
    match answer.word()?.as_str() {
        "created" => Ok(Submitted::Created),
        "duplicate" => Ok(Submitted::Duplicate(answer.parsed(1)?)),
        "taken" => Err(taken(&answer.at::<String>(1)?, &answer.at::<String>(2)?)),
        _ => Err(answer.unexpected()),
    }
}

fn taken(child: &str, root: &str) -> StoreError {
    StoreError::Invalid(format!("{child} exists already and can not be a new child of {root}").into())
}

/// Whole milliseconds, no more than a Lua number counts exactly.
pub(super) fn whole_ms(duration: Duration) -> u64 {
    const EXACT_MAX: u64 = 1 << 52;
    u64::try_from(duration.as_millis()).map_or(EXACT_MAX, |ms| ms.min(EXACT_MAX))
}
