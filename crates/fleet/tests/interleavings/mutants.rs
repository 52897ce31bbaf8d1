//! Engines with one guard removed. Nothing in the engine knows of them: they stand before a real store and make the
//! guarded fact true in the row (as its holder, or by hand) before they let the call through.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ktrdr_domain::{Operation, OperationId, OperationSummary, Phase, Progress, Status};
use ktrdr_fabric::broker::Queue;
use ktrdr_fabric::store::{
    Advance, Advanced, Attempt, Beat, BootId, Claim, Filter, Finish, Finished, GroupCancel, GroupCancelled,
    NewRoot, Pace, Store, StoreError, Submitted, SweepPlan, Swept,
};

use crate::layer::Layer;

/// Which guard is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// Finish and beat do not compare fence and boot id.
    NoFence,
    /// Finish does not ask whether the row is still running.
    NoStatus,
    /// Advance does not compare phase and awaited child.
    NoWaiting,
    /// Advance does not read how the child really ended.
    TrustTheEvent,
    /// Nothing is published again.
    NoRepublish,
    /// The sweep leaves lapsed leases alone.
    NoLeaseSweep,
    /// Whoever lost its worker again does not wait.
    NoBackOff,
    /// Every lost worker costs a try.
    Unforgiving,
    /// A claim does not raise the fence.
    SameFence,
    /// The end of a root starts no other, and the sweep does not notice.
    NoNextInLane,
    /// Roots do not wait for earlier generations.
    NoGenerations,
    /// Lanes go on while their campaign is being cancelled.
    LanesGoOn,
}

/// Hands that reach around an engine, into its rows.
pub(crate) trait Tamper: Send + Sync {
    /// Makes a row run again when it has the caller's fence.
    fn revive(&self, attempt: &Attempt);
    /// Writes what a running root waits for.
    fn set_waiting(&self, root: &OperationId, phase: Option<&str>, waiting: Option<&OperationId>);
    /// Writes a status, and nothing that belongs to it.
    fn set_status(&self, id: &OperationId, status: &str);
    /// Adds to the fence of a row.
    fn add_to_fence(&self, id: &OperationId, more: i64);
    /// Adds to the tries of a row.
    fn add_to_tries(&self, id: &OperationId, more: i64);
    /// Makes due what waits for its time.
    fn end_waits(&self);
    /// Makes the store forget that campaigns are being cancelled.
    fn let_lanes_go(&self);
    /// Makes the waiting roots of all lanes invisible.
    fn hide_lanes(&self);
    /// After [`Self::hide_lanes`].
    fn show_lanes(&self);
}

/// A store without one of its guards.
pub(crate) struct Broken {
    store: Arc<dyn Store>,
    mutant: Mutant,
    tamper: Box<dyn Tamper>,
}

impl Broken {
    pub(crate) fn new(store: Arc<dyn Store>, mutant: Mutant, tamper: Box<dyn Tamper>) -> Self {
        Self { store, mutant, tamper }
    }

    /// The attempt that holds the row, whoever asks.
    async fn as_its_holder(&self, attempt: &Attempt) -> Attempt {
        let row = self.store.get(&attempt.id).await.unwrap();
        match row.map(|row| row.summary) {
            Some(OperationSummary { status: Status::Running, fence, worker: Some(worker), .. }) => {
                Attempt { fence, boot: BootId(worker), ..attempt.clone() }
            }
            _ => attempt.clone(),
        }
    }

    /// Calls advance with the root's row as the caller believes it to be; puts it back when nothing came of it.
    async fn advance_as_expected(&self, step: Advance) -> Result<Advanced, StoreError> {
        let Some(root) = self.store.get(&step.root).await?.filter(|root| root.status == Status::Running)
        else {
            return self.store.advance(step).await;
        };
        self.tamper.set_waiting(&root.id, Some(step.expected_phase.as_str()), Some(&step.finished));
        let advanced = self.store.advance(step).await;
        if !matches!(advanced, Ok(Advanced::Next(_) | Advanced::Closed(_))) {
            self.tamper.set_waiting(&root.id, root.phase.map(Phase::as_str), root.waiting.as_ref());
        }
        advanced
    }

    /// Calls advance with a child that seems to have completed, as the caller's decision claims.
    async fn advance_on_trust(&self, step: Advance) -> Result<Advanced, StoreError> {
        let child = self.store.get(&step.finished).await?;
        let Some(child) = child.filter(|child| child.status.is_terminal()) else {
            return self.store.advance(step).await;
        };
        self.tamper.set_status(&child.id, "completed");
        let advanced = self.store.advance(step).await;
        self.tamper.set_status(&child.id, child.status.as_str());
        advanced
    }

    /// Claims with the fence of the attempt before, should this one begin.
    async fn claim_at_the_same_fence(
        &self,
        id: &OperationId,
        boot: &BootId,
        lease: Duration,
    ) -> Result<Claim, StoreError> {
        let may_run = |row: &Operation| {
            row.fence > 0 && row.cancel.is_none() && row.tries < row.tries_max && !row.status.is_terminal()
        };
        if !self.store.get(id).await?.is_some_and(|row| may_run(&row)) {
            return self.store.claim(id, boot, lease).await;
        }
        self.tamper.add_to_fence(id, -1);
        let claim = self.store.claim(id, boot, lease).await;
        if !matches!(claim, Ok(Claim::Run { .. })) {
            self.tamper.add_to_fence(id, 1);
        }
        claim
    }

    /// Sweeps, and takes back the tries that were given back.
    async fn sweep_unforgivingly(&self, plan: SweepPlan) -> Result<Swept, StoreError> {
        let running = Filter { statuses: vec![Status::Running], limit: 100, ..Filter::default() };
        let before = self.store.list(&running).await?.operations;
        let swept = self.store.sweep(plan).await;
        for row in before {
            let now = self.store.get(&row.id).await?;
            if now.is_some_and(|now| now.rescues > row.rescues && now.tries < row.tries) {
                self.tamper.add_to_tries(&row.id, 1);
            }
        }
        swept
    }

    /// Hides the waiting roots from whatever happens in the call.
    async fn without_lanes<T>(&self, call: impl Future<Output = T>) -> T {
        self.tamper.hide_lanes();
        let answer = call.await;
        self.tamper.show_lanes();
        answer
    }
}

#[async_trait]
impl Layer for Broken {
    fn beneath(&self) -> &dyn Store {
        &*self.store
    }

    async fn submit_roots(&self, roots: Vec<NewRoot>, pace: Pace) -> Result<Submitted, StoreError> {
        let pace = if self.mutant == Mutant::NoGenerations { Pace::free(pace.in_flight) } else { pace };
        self.store.submit_roots(roots, pace).await
    }

    async fn claim(&self, id: &OperationId, boot: &BootId, lease: Duration) -> Result<Claim, StoreError> {
        match self.mutant {
            Mutant::SameFence => self.claim_at_the_same_fence(id, boot, lease).await,
            _ => self.store.claim(id, boot, lease).await,
        }
    }

    async fn beat(
        &self,
        attempt: &Attempt,
        lease: Duration,
        progress: Option<&Progress>,
    ) -> Result<Beat, StoreError> {
        if self.mutant == Mutant::NoFence {
            return self.store.beat(&self.as_its_holder(attempt).await, lease, progress).await;
        }
        self.store.beat(attempt, lease, progress).await
    }

    async fn finish(&self, attempt: &Attempt, how: Finish) -> Result<Finished, StoreError> {
        match self.mutant {
            Mutant::NoFence => self.store.finish(&self.as_its_holder(attempt).await, how).await,
            Mutant::NoStatus => {
                self.tamper.revive(attempt);
                self.store.finish(attempt, how).await
            }
            _ => self.store.finish(attempt, how).await,
        }
    }

    async fn cancel_matching(&self, group: &GroupCancel) -> Result<GroupCancelled, StoreError> {
        let done = self.store.cancel_matching(group).await;
        if self.mutant == Mutant::LanesGoOn {
            self.tamper.let_lanes_go();
        }
        done
    }

    async fn sweep(&self, plan: SweepPlan) -> Result<Swept, StoreError> {
        match self.mutant {
            Mutant::NoRepublish => self.store.sweep(SweepPlan { republish_after: None, ..plan }).await,
            Mutant::NoLeaseSweep => {
                let forever = Duration::from_secs(1_000_000_000);
                self.store.sweep(SweepPlan { grace: forever, ..plan }).await
            }
            Mutant::NoBackOff => {
                let swept = self.store.sweep(plan).await;
                self.tamper.end_waits();
                swept
            }
            Mutant::Unforgiving => self.sweep_unforgivingly(plan).await,
            _ => self.store.sweep(plan).await,
        }
    }

    async fn publish_again(&self, queue: Queue, age: Duration, limit: u32) -> Result<u32, StoreError> {
        match self.mutant {
            Mutant::NoRepublish => Ok(0),
            _ => self.store.publish_again(queue, age, limit).await,
        }
    }

    async fn advance(&self, step: Advance) -> Result<Advanced, StoreError> {
        match self.mutant {
            Mutant::NoWaiting => self.advance_as_expected(step).await,
            Mutant::TrustTheEvent => self.advance_on_trust(step).await,
            Mutant::NoNextInLane => self.without_lanes(self.store.advance(step)).await,
            _ => self.store.advance(step).await,
        }
    }
}
