//! The orchestrator: reacts to the end of each child and moves its cycle, and to the end of each cycle and closes its
//! campaign. Decides nothing itself.
//!
//! Before this: a worker's finish wrote an event, and the relay published it. After this: `advance` wrote the next
//! child and its message in one step, or closed the cycle. Any number of orchestrators may run: the store lets one
//! of them through.

use std::sync::Arc;
use std::time::Duration;

use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::research::ResearchSpec;
use ktrdr_domain::{Event, FailureReason, OperationId, Phase, Status};
use ktrdr_fabric::backoff::Backoff;
use ktrdr_fabric::broker::{Broker, Delivery, Message, Queue};
use ktrdr_fabric::campaign::Campaigns;
use ktrdr_fabric::cause::Cause;
use ktrdr_fabric::ledger::Ledger;
use ktrdr_fabric::store::{Advance, AdvanceTo, Advanced, Store, StoreError};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use crate::candidate::candidate;
use crate::closer::Closer;
use crate::cycle::{ChildEnd, Cycle, Decision, Fault, step};
use crate::hypotheses::{proposed, tested};
use crate::reading::{Read, rows};
use crate::turn;

/// Events worked on at once.
const PREFETCH: u16 = 32;

/// How often to look for campaigns that ended unnoticed.
const LOOK_AFTER_EVERY: Duration = Duration::from_secs(60);

/// Moves research cycles, and closes campaigns.
#[derive(Clone)]
pub struct Orchestrator {
    store: Arc<dyn Store>,
    ledger: Arc<dyn Ledger>,
    broker: Arc<dyn Broker>,
    closer: Closer,
}

/// What a look at the rows led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moved {
    /// Nothing more to do with this event.
    Done,
    /// The rows changed under us: look again.
    LookAgain,
}

impl Orchestrator {
    /// An orchestrator that has not started yet.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        campaigns: Arc<dyn Campaigns>,
        ledger: Arc<dyn Ledger>,
        broker: Arc<dyn Broker>,
    ) -> Self {
        let closer = Closer { campaigns, ledger: Arc::clone(&ledger) };
        Self { store, ledger, broker, closer }
    }

    /// Reacts to events until stopped.
    pub async fn run(self, stop: CancellationToken) {
        let events = TaskTracker::new();
        events.spawn(self.clone().look_after_campaigns(stop.clone()));
        stop.run_until_cancelled(self.consume(&stop, &events)).await;
        events.close();
        events.wait().await;
    }

    async fn consume(&self, stop: &CancellationToken, events: &TaskTracker) {
        let mut failures = 0;
        loop {
            match self.broker.consume(Queue::OrchestratorEvents, PREFETCH).await {
                Ok(mut deliveries) => {
                    while let Some(delivery) = deliveries.next().await {
                        failures = 0;
                        events.spawn(self.clone().react(delivery, stop.clone()));
                    }
                    failures += 1;
                    warn!("the consumer of events ended; building it anew");
                }
                Err(why) => {
                    failures += 1;
                    warn!(%why, "events can not be consumed; trying again");
                }
            }
            tokio::select! {
                () = sleep(Backoff::OUTSIDE.after(failures)) => {}
                // It may still be finding its feet, and is asked again soon.
                () = self.broker.returned() => failures = 0,
            }
        }
    }

    /// Works on one event until the store gave an answer; only then is it acknowledged.
    async fn react(self, delivery: Delivery, stop: CancellationToken) {
        let Delivery { message, receipt, .. } = delivery;
        let Message::Event(event) = message else {
            error!("a job came out of the event queue; dropped");
            return receipt.ack().await;
        };
        let mut failures = 0;
        loop {
            match self.react_to(&event).await {
                Ok(Moved::Done) => return receipt.ack().await,
                Ok(Moved::LookAgain) => {}
                Err(why) if why.is_transient() => {
                    failures += 1;
                    warn!(operation = %event.operation, %why, "a cycle could not be moved; trying again");
                    if stop.run_until_cancelled(sleep(Backoff::OUTSIDE.after(failures))).await.is_none() {
                        return;
                    }
                }
                // Trying again would end the same way. The sweep announces the child again, in case it was us.
                Err(why) => {
                    error!(operation = %event.operation, %why, "a cycle can not be moved");
                    return receipt.ack().await;
                }
            }
        }
    }

    async fn react_to(&self, event: &Event) -> Result<Moved, StoreError> {
        if event.kind.is_root() {
            self.closer.after(self.store.as_ref(), &event.operation).await?;
            return self.pass_the_turn(&event.operation).await;
        }
        let moved = self.move_cycle(event).await?;
        match &event.root {
            Some(cycle) if moved == Moved::Done && event.kind == Phase::Backtesting.kind() => {
                self.pass_the_turn(cycle).await
            }
            _ => Ok(moved),
        }
    }

    /// Moves the cycle that is examined after this one, should it wait for that.
    async fn pass_the_turn(&self, cycle: &OperationId) -> Result<Moved, StoreError> {
        let row = self.store.get(cycle).await?;
        let Some(spec) = row.and_then(|row| ResearchSpec::deserialize(row.spec).ok()) else {
            return Ok(Moved::Done);
        };
        match turn::next(self.store.as_ref(), &spec).await? {
            Some(event) => self.move_cycle(&event).await,
            None => Ok(Moved::Done),
        }
    }

    /// The event of the end of a campaign may be lost with its broker.
    async fn look_after_campaigns(self, stop: CancellationToken) {
        loop {
            if let Err(why) = self.closer.look_after().await {
                warn!(%why, "campaigns could not be looked after; trying again");
            }
            if stop.run_until_cancelled(sleep(LOOK_AFTER_EVERY)).await.is_none() {
                return;
            }
        }
    }

    async fn move_cycle(&self, event: &Event) -> Result<Moved, StoreError> {
        match rows(self.store.as_ref(), event).await? {
            Read::Stale => Ok(Moved::Done),
            Read::Ended(phase, cycle, end, at) => {
                for hypothesis in proposed(&cycle, &event.operation, &end, at) {
                    self.ledger.propose(&hypothesis).await?;
                }
                self.decide(phase, &cycle, &event.operation, &end).await
            }
            Read::Unreadable(phase, fault) => {
                let Some(root) = event.root.clone() else { return Ok(Moved::Done) };
                let to = failed(fault, Value::Null);
                self.advance(root, &event.operation, phase, to).await.map(|(moved, _)| moved)
            }
        }
    }

    async fn decide(
        &self,
        phase: Phase,
        cycle: &Cycle,
        child: &OperationId,
        end: &ChildEnd,
    ) -> Result<Moved, StoreError> {
        if let Some(candidate) = candidate(cycle, end) {
            self.ledger.nominate(&candidate).await?;
        }
        let decision = step(cycle, end);
        if decision.examines() && turn::must_wait(self.store.as_ref(), &cycle.spec).await? {
            return Ok(Moved::Done);
        }
        let (to, lesson) = orders(decision)?;
        let stays_open = lesson.is_none();
        // Before the cycle is closed: what died in between is remembered by the next look, once.
        self.remember(lesson.as_deref()).await?;
        match self.advance(cycle.id.clone(), child, phase, to).await {
            Ok((moved, Some(Status::Cancelled))) if stays_open => {
                // A cancel came between our look and our move.
                let (_, lesson) = orders(step(cycle, &ChildEnd::Cancelled))?;
                self.remember(lesson.as_deref()).await?;
                Ok(moved)
            }
            Ok((moved, _)) => Ok(moved),
            Err(StoreError::Invalid(why)) => self.give_up(phase, cycle, child, &why).await,
            Err(why) => Err(why),
        }
    }

    /// The store refuses what was decided: close the cycle rather than leave it hanging.
    async fn give_up(
        &self,
        phase: Phase,
        cycle: &Cycle,
        child: &OperationId,
        why: &str,
    ) -> Result<Moved, StoreError> {
        let fault = Fault::new(FailureReason::Error, format!("the store refuses the next step: {why}"));
        let (to, lesson) = orders(cycle.fail(cycle.stage.findings(), fault))?;
        self.remember(lesson.as_deref()).await?;
        self.advance(cycle.id.clone(), child, phase, to).await.map(|(moved, _)| moved)
    }

    async fn remember(&self, lesson: Option<&Lesson>) -> Result<(), StoreError> {
        let Some(lesson) = lesson else { return Ok(()) };
        if let Some((hypothesis, test)) = tested(lesson) {
            self.ledger.tested(hypothesis, &test).await?;
        }
        self.ledger.remember(lesson).await
    }

    /// Moves the cycle, and says how it closed, if it did.
    async fn advance(
        &self,
        root: OperationId,
        finished: &OperationId,
        expected_phase: Phase,
        to: AdvanceTo,
    ) -> Result<(Moved, Option<Status>), StoreError> {
        let step = Advance { root: root.clone(), finished: finished.clone(), expected_phase, to };
        Ok(match self.store.advance(step).await? {
            Advanced::Next(child) => {
                info!(operation = %root, %child, "next phase");
                (Moved::Done, None)
            }
            Advanced::Closed(status) => {
                info!(operation = %root, %status, "cycle closed");
                (Moved::Done, Some(status))
            }
            Advanced::Stale | Advanced::Early => (Moved::Done, None),
            Advanced::Mismatch(_) => (Moved::LookAgain, None),
        })
    }
}

/// A decision as the store's and the ledger's orders.
fn orders(decision: Decision) -> Result<(AdvanceTo, Option<Box<Lesson>>), StoreError> {
    let value = |summary| {
        serde_json::to_value(summary)
            .map_err(|e| StoreError::Invalid(Cause::because("a summary can not be written", e)))
    };
    Ok(match decision {
        Decision::Next { phase, child } => (AdvanceTo::Phase { phase, child: *child }, None),
        Decision::Complete { summary, lesson } => {
            (AdvanceTo::Completed { result: value(summary)? }, Some(lesson))
        }
        Decision::Fail { fault, summary, lesson } => {
            let result = value(summary)?;
            (failed(fault, result), lesson)
        }
    })
}

fn failed(fault: Fault, result: Value) -> AdvanceTo {
    let Fault { reason, error, stopped_by } = fault;
    AdvanceTo::Failed { reason, error, stopped_by, result }
}
