//! A store that is measured: every call is passed on as it is, and what came of it is counted.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use ktrdr_domain::{Operation, OperationId, Progress, Status};
use ktrdr_fabric::broker::Queue;
use ktrdr_fabric::history::Transition;
use ktrdr_fabric::store::{
    Admission, Advance, Advanced, Attempt, Backlog, Beat, BootId, Cancelled, Claim, ConcurrencyLimit,
    Dismissed, Filter, Finish, Finished, GroupCancel, GroupCancelled, NewOperation, NewRoot, OperationReader,
    OutboxEntry, Pace, Page, Store, StoreError, StoreHint, Submitted, SweepPlan, Swept,
};
use tokio::sync::broadcast;

use crate::cycles::{Cycles, failure, gated};
use crate::outside::Outside;
use crate::work::{Ending, Work};

pub(crate) struct MeasuredStore {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) work: Arc<Work>,
    pub(crate) cycles: Arc<Cycles>,
    pub(crate) outside: Arc<Outside>,
}

impl MeasuredStore {
    /// The answer to a step, once it is counted how long it took and whether it was done.
    async fn step<T: Send>(
        &self,
        call: &'static str,
        step: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let begun = Instant::now();
        let answer = step.await;
        self.outside.stepped(call, begun.elapsed(), answer.as_ref().err());
        answer
    }

    /// A row for a figure: where it can not be read, there is none.
    async fn row(&self, id: &OperationId) -> Option<Operation> {
        self.store.get(id).await.ok().flatten()
    }

    fn created(&self, ids: impl IntoIterator<Item = OperationId>) {
        ids.into_iter().for_each(|id| self.work.submitted(&id));
    }
}

#[async_trait]
impl Store for MeasuredStore {
    async fn submit(&self, new: NewOperation) -> Result<Submitted, StoreError> {
        let id = new.id.clone();
        let answer = self.step("submit", self.store.submit(new)).await?;
        if answer == Submitted::Created {
            self.created([id]);
        }
        Ok(answer)
    }

    async fn submit_roots(&self, roots: Vec<NewRoot>, pace: Pace) -> Result<Submitted, StoreError> {
        let ids: Vec<_> = roots.iter().map(|root| root.id.clone()).collect();
        let answer = self.step("submit", self.store.submit_roots(roots, pace)).await?;
        if answer == Submitted::Created {
            self.created(ids);
        }
        Ok(answer)
    }

    async fn submit_within(
        &self,
        root: NewRoot,
        limits: &[ConcurrencyLimit],
    ) -> Result<Admission, StoreError> {
        let id = root.id.clone();
        let answer = self.step("submit", self.store.submit_within(root, limits)).await?;
        if answer == Admission::Created {
            self.created([id]);
        }
        Ok(answer)
    }

    async fn claim(&self, id: &OperationId, boot: &BootId, lease: Duration) -> Result<Claim, StoreError> {
        let answer = self.step("claim", self.store.claim(id, boot, lease)).await?;
        match &answer {
            Claim::Run { operation, .. } => self.work.claimed(operation),
            Claim::Terminal(_) => self.work.found_ended(),
            Claim::Leased(_) | Claim::Missing => {}
        }
        Ok(answer)
    }

    async fn suspect(
        &self,
        id: &OperationId,
        by: &BootId,
        grace_period: Duration,
    ) -> Result<Option<Duration>, StoreError> {
        self.store.suspect(id, by, grace_period).await
    }

    async fn beat(
        &self,
        attempt: &Attempt,
        lease: Duration,
        progress: Option<&Progress>,
    ) -> Result<Beat, StoreError> {
        let answer = self.step("beat", self.store.beat(attempt, lease, progress)).await?;
        if answer == Beat::Fenced {
            self.work.fenced();
        }
        Ok(answer)
    }

    async fn finish(&self, attempt: &Attempt, how: Finish) -> Result<Finished, StoreError> {
        let (ending, gives_up) = (Ending::of(&attempt.id, &how), matches!(how, Finish::Cancelled));
        let answer = self.step("finish", self.store.finish(attempt, how)).await?;
        self.work.finished(attempt, &ending, answer);
        if gives_up && let Some(row) = self.row(&attempt.id).await {
            self.work.cancelled(&row);
        }
        Ok(answer)
    }

    async fn cancel(&self, id: &OperationId, by: &str, reason: &str) -> Result<Cancelled, StoreError> {
        let answer = self.store.cancel(id, by, reason).await?;
        if answer == Cancelled::Done {
            self.work.ended(id, Status::Cancelled);
        }
        Ok(answer)
    }

    async fn cancel_matching(&self, group: &GroupCancel) -> Result<GroupCancelled, StoreError> {
        self.store.cancel_matching(group).await
    }

    async fn dismiss(&self, id: &OperationId, by: &str) -> Result<Dismissed, StoreError> {
        self.store.dismiss(id, by).await
    }

    async fn sweep(&self, plan: SweepPlan) -> Result<Swept, StoreError> {
        let swept = self.store.sweep(plan).await?;
        self.work.swept(swept);
        Ok(swept)
    }

    async fn publish_again(&self, queue: Queue, age: Duration, limit: u32) -> Result<u32, StoreError> {
        let count = self.store.publish_again(queue, age, limit).await?;
        self.work.published_again(count);
        Ok(count)
    }

    async fn advance(&self, step: Advance) -> Result<Advanced, StoreError> {
        let (root, finished, phase) = (step.root.clone(), step.finished.clone(), step.expected_phase);
        let (gated, fails) = (gated(&step), failure(&step));
        let answer = self.step("advance", self.store.advance(step)).await?;
        let closed = match &answer {
            Advanced::Next(child) => {
                self.work.submitted(child);
                None
            }
            Advanced::Closed(status) => Some(*status),
            Advanced::Stale | Advanced::Early | Advanced::Mismatch(_) => return Ok(answer),
        };
        self.cycles.moved(gated.as_ref(), closed);
        if let Some(job) = self.row(&finished).await {
            self.cycles.phase_ended(phase, &job);
        }
        if let Some(status) = closed {
            self.work.ended(&root, status);
            fails.iter().filter(|_| status == Status::Failed).for_each(|why| self.work.failed(&root, why));
            self.row(&root).await.iter().for_each(|cycle| self.cycles.closed(cycle));
        }
        Ok(answer)
    }

    async fn relayed(&self, sequences: &[u64]) -> Result<(), StoreError> {
        self.store.relayed(sequences).await
    }
}

#[async_trait]
impl OperationReader for MeasuredStore {
    async fn get(&self, id: &OperationId) -> Result<Option<Operation>, StoreError> {
        self.store.get(id).await
    }

    async fn get_all(&self, ids: &[OperationId]) -> Result<Vec<Operation>, StoreError> {
        self.store.get_all(ids).await
    }

    async fn due(&self, id: &OperationId) -> Result<Option<i64>, StoreError> {
        self.store.due(id).await
    }

    async fn list(&self, filter: &Filter) -> Result<Page, StoreError> {
        self.store.list(filter).await
    }

    async fn history(&self, id: &OperationId) -> Result<Vec<Transition>, StoreError> {
        self.store.history(id).await
    }

    async fn keyed(&self, key: &str) -> Result<Option<OperationId>, StoreError> {
        self.store.keyed(key).await
    }

    async fn holders(&self, key: &str) -> Result<Vec<OperationId>, StoreError> {
        self.store.holders(key).await
    }

    async fn backlog(&self, age: Duration) -> Result<Backlog, StoreError> {
        self.store.backlog(age).await
    }

    async fn outbox(&self, after: Option<u64>, limit: u32) -> Result<Vec<OutboxEntry>, StoreError> {
        self.store.outbox(after, limit).await
    }

    fn hints(&self) -> broadcast::Receiver<StoreHint> {
        self.store.hints()
    }
}
