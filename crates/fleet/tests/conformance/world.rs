//! A world of its own for each question, and short words for long calls.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use ktrdr_domain::{Event, FailureReason, Kind, Operation, OperationId, Phase, Priority, Status};
use ktrdr_fabric::artifacts::Artifacts;
use ktrdr_fabric::audit::Audit;
use ktrdr_fabric::broker::{Broker, Message};
use ktrdr_fabric::budget::Budget;
use ktrdr_fabric::campaign::Campaigns;
use ktrdr_fabric::ledger::Ledger;
use ktrdr_fabric::losses::BACK_OFF_MAX;
use ktrdr_fabric::registry::WorkerRegistry;
use ktrdr_fabric::requests::Requests;
use ktrdr_fabric::retention::Pruning;
use ktrdr_fabric::schedules::Schedules;
use ktrdr_fabric::store::{
    Advance, AdvanceTo, Advanced, Attempt, BootId, Claim, Finish, Finished, NewChild, NewOperation, NewRoot,
    Pace, Store, Submitted, SweepPlan, Swept,
};
use ktrdr_fabric::tokens::Tokens;
use serde_json::json;

pub(crate) const LEASE: Duration = Duration::from_secs(30);

/// A sweep that looks for everything, at once.
pub(crate) const FULL_SWEEP: SweepPlan =
    SweepPlan { grace: Duration::ZERO, limit: 100, republish_after: Some(Duration::from_secs(60)) };

/// How a subject lets time pass: a clock that jumps, or a real wait.
pub(crate) trait Passage: Send + Sync {
    fn pass(&self, time: Duration);
}

/// One engine, empty.
pub(crate) struct World {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) campaigns: Arc<dyn Campaigns>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) budget: Arc<dyn Budget>,
    pub(crate) registry: Arc<dyn WorkerRegistry>,
    pub(crate) tokens: Arc<dyn Tokens>,
    pub(crate) audit: Arc<dyn Audit>,
    pub(crate) requests: Arc<dyn Requests>,
    pub(crate) schedules: Arc<dyn Schedules>,
    pub(crate) pruning: Arc<dyn Pruning>,
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) artifacts: Arc<dyn Artifacts>,
    pub(crate) time: Arc<dyn Passage>,
    /// Dropped last: folders, servers.
    pub(crate) _belongings: Box<dyn Any + Send>,
}

pub(crate) fn boot(name: &str) -> BootId {
    BootId(name.to_owned())
}

pub(crate) fn id(name: &str) -> OperationId {
    format!("op_{name}").parse().unwrap()
}

pub(crate) fn leaf(name: &str) -> NewOperation {
    NewOperation {
        id: id(name),
        kind: Kind::Probe,
        spec: json!({"sleep_ms": 0, "of": name}),
        tries_max: 3,
        priority: Priority::Normal,
        idempotency_key: None,
    }
}

/// The first child of a root, as every root here has it.
pub(crate) fn design_of(root: &OperationId) -> NewChild {
    child_of(root, Kind::AgentDesign)
}

pub(crate) fn child_of(root: &OperationId, kind: Kind) -> NewChild {
    NewChild {
        id: root.child(kind, 1),
        kind,
        spec: json!({"of": root.as_str()}),
        tries_max: 3,
        priority: Priority::Normal,
    }
}

pub(crate) fn root(name: &str) -> NewRoot {
    let id = id(name);
    NewRoot {
        kind: Kind::AgentResearch,
        first: design_of(&id),
        id,
        campaign: "c".parse().unwrap(),
        spec: json!({"campaign": "c"}),
        phase: Phase::Designing,
    }
}

/// The step from a finished design into training.
pub(crate) fn into_training(root: &OperationId) -> Advance {
    Advance {
        root: root.clone(),
        finished: design_of(root).id,
        expected_phase: Phase::Designing,
        to: AdvanceTo::Phase { phase: Phase::Training, child: child_of(root, Kind::Training) },
    }
}

/// The step from a finished design to a completed root.
pub(crate) fn into_done(root: &OperationId) -> Advance {
    Advance { to: AdvanceTo::Completed { result: json!({"survived": true}) }, ..into_training(root) }
}

/// The step from a finished design to a failed root.
pub(crate) fn into_failure(root: &OperationId) -> Advance {
    let to = AdvanceTo::Failed {
        reason: FailureReason::Gate,
        error: "Training gate failed".into(),
        stopped_by: "no_skill".into(),
        result: json!({"accuracy": 0.4}),
    };
    Advance { to, ..into_training(root) }
}

impl World {
    pub(crate) fn pass(&self, time: Duration) {
        self.time.pass(time);
    }

    /// Submits a leaf; its message is still in the outbox.
    pub(crate) async fn submit(&self, name: &str) -> OperationId {
        assert_eq!(self.store.submit(leaf(name)).await.unwrap(), Submitted::Created);
        id(name)
    }

    /// Starts one root; its id.
    pub(crate) async fn start_root(&self, name: &str) -> OperationId {
        self.submit_roots(&[name], 1).await;
        id(name)
    }

    pub(crate) async fn submit_roots(&self, names: &[&str], in_flight: u32) -> Submitted {
        self.store
            .submit_roots(names.iter().map(|name| root(name)).collect(), Pace::free(in_flight))
            .await
            .unwrap()
    }

    /// Claims what must be free.
    pub(crate) async fn claim(&self, id: &OperationId, by: &str) -> Attempt {
        match self.store.claim(id, &boot(by), LEASE).await.unwrap() {
            Claim::Run { attempt, .. } => attempt,
            other => panic!("{id} can not be claimed: {other:?}"),
        }
    }

    /// Submits and claims.
    pub(crate) async fn running(&self, name: &str) -> Attempt {
        let id = self.submit(name).await;
        self.claim(&id, "worker-1").await
    }

    /// Claims, and loses the worker; what comes of it is waited for.
    pub(crate) async fn lose(&self, id: &OperationId, worker: &str) {
        self.claim(id, worker).await;
        self.pass(LEASE);
        self.sweep().await;
        self.pass(BACK_OFF_MAX);
        self.sweep().await;
    }

    pub(crate) async fn finish(&self, attempt: &Attempt, how: Finish) -> Finished {
        self.store.finish(attempt, how).await.unwrap()
    }

    /// Claims and completes.
    pub(crate) async fn complete(&self, id: &OperationId) {
        let attempt = self.claim(id, "worker-1").await;
        let done = self.finish(&attempt, Finish::Completed(json!({"fence": attempt.fence}))).await;
        assert_eq!(done, Finished::Recorded(Status::Completed));
    }

    /// Claims and fails.
    pub(crate) async fn fail(&self, id: &OperationId) {
        let attempt = self.claim(id, "worker-1").await;
        let how = Finish::Failed { reason: FailureReason::Error, error: "it broke".into(), result: None };
        assert_eq!(self.finish(&attempt, how).await, Finished::Recorded(Status::Failed));
    }

    pub(crate) async fn advance(&self, step: Advance) -> Advanced {
        self.store.advance(step).await.unwrap()
    }

    pub(crate) async fn sweep(&self) -> Swept {
        self.store.sweep(FULL_SWEEP).await.unwrap()
    }

    pub(crate) async fn row(&self, id: &OperationId) -> Operation {
        self.store.get(id).await.unwrap().unwrap_or_else(|| panic!("{id} has no row"))
    }

    pub(crate) async fn status(&self, id: &OperationId) -> Status {
        self.row(id).await.status
    }

    /// Takes everything out of the outbox, as a relay does.
    pub(crate) async fn relay(&self) -> Vec<Message> {
        let entries = self.store.outbox(None, 1000).await.unwrap();
        let sequences: Vec<u64> = entries.iter().map(|entry| entry.sequence).collect();
        self.store.relayed(&sequences).await.unwrap();
        entries.into_iter().map(|entry| entry.message).collect()
    }

    /// Takes everything out of the outbox: the operations whose job messages were there.
    pub(crate) async fn jobs(&self) -> Vec<OperationId> {
        let jobs = self.relay().await.into_iter().filter_map(|message| match message {
            Message::Job { job, .. } => Some(job.operation),
            Message::Event(_) => None,
        });
        jobs.collect()
    }

    /// Takes everything out of the outbox: the events that were there.
    pub(crate) async fn events(&self) -> Vec<Event> {
        let events = self.relay().await.into_iter().filter_map(|message| match message {
            Message::Event(event) => Some(event),
            Message::Job { .. } => None,
        });
        events.collect()
    }
}
