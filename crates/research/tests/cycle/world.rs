//! A workspace with relay, sweeper, a worker whose jobs are closures, and an orchestrator or two.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ktrdr_domain::closing::{Candidate, Closing};
use ktrdr_domain::hypothesis::{Considered, Decision, Hypothesis, HypothesisTest};
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::name::{CampaignName, HypothesisId, Symbol};
use ktrdr_domain::trial::{Conclusion, Look, Trial};
use ktrdr_domain::{Kind, Operation, OperationId, Phase, Span};
use ktrdr_embedded::{Durability, Engine, Role, SqliteOptions, SqliteStore};
use ktrdr_fabric::backoff::Backoff;
use ktrdr_fabric::ledger::{Begun, Closed, Ledger, LedgerReader, Part, Remarked, Stretch};
use ktrdr_fabric::store::{Filter, OperationReader, StoreError, SweepPlan};
use ktrdr_research::Orchestrator;
use ktrdr_worker::{
    Handler, Identity, Job, KindConfig, Outcome, Relay, Sweeper, SweeperConfig, Worker, WorkerConfig,
};
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::fixture::results;

const TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) ledger: Arc<Forgetful>,
    stop: CancellationToken,
    _stops: DropGuard,
    _folder: tempfile::TempDir,
}

/// A ledger that fails to remember, and to close, a number of times.
pub(crate) struct Forgetful {
    inner: Arc<SqliteStore>,
    pub(crate) to_forget: AtomicU32,
    pub(crate) closings_to_fail: AtomicU32,
}

#[async_trait]
impl LedgerReader for Forgetful {
    async fn trials(&self, campaign: Option<&CampaignName>) -> Result<Vec<Trial>, StoreError> {
        self.inner.trials(campaign).await
    }
    async fn trials_part(
        &self,
        campaign: Option<&CampaignName>,
        part: Stretch,
    ) -> Result<Part<Trial>, StoreError> {
        self.inner.trials_part(campaign, part).await
    }
    async fn closings_part(
        &self,
        campaign: Option<&CampaignName>,
        part: Stretch,
    ) -> Result<Part<Closing>, StoreError> {
        self.inner.closings_part(campaign, part).await
    }
    async fn lessons_part(
        &self,
        campaign: Option<&CampaignName>,
        part: Stretch,
    ) -> Result<Part<Lesson>, StoreError> {
        self.inner.lessons_part(campaign, part).await
    }
    async fn looks(&self, symbol: &Symbol, during: Span) -> Result<Vec<Trial>, StoreError> {
        self.inner.looks(symbol, during).await
    }
    async fn candidates(&self, campaign: &CampaignName) -> Result<Vec<Candidate>, StoreError> {
        self.inner.candidates(campaign).await
    }
    async fn closings(&self, campaign: Option<&CampaignName>) -> Result<Vec<Closing>, StoreError> {
        self.inner.closings(campaign).await
    }
    async fn lessons(&self, campaign: Option<&CampaignName>, limit: u32) -> Result<Vec<Lesson>, StoreError> {
        self.inner.lessons(campaign, limit).await
    }
    async fn hypotheses(
        &self,
        campaign: Option<&CampaignName>,
        limit: u32,
    ) -> Result<Vec<Considered>, StoreError> {
        self.inner.hypotheses(campaign, limit).await
    }
}

#[async_trait]
impl Ledger for Forgetful {
    async fn begin(&self, look: &Look) -> Result<(), StoreError> {
        self.inner.begin(look).await
    }
    async fn begin_unless_repeated(&self, look: &Look) -> Result<Begun, StoreError> {
        self.inner.begin_unless_repeated(look).await
    }
    async fn conclude(&self, operation: &OperationId, conclusion: &Conclusion) -> Result<(), StoreError> {
        self.inner.conclude(operation, conclusion).await
    }
    async fn nominate(&self, candidate: &Candidate) -> Result<(), StoreError> {
        self.inner.nominate(candidate).await
    }
    async fn close(&self, closing: &Closing) -> Result<Closed, StoreError> {
        let fail =
            self.closings_to_fail.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| n.checked_sub(1));
        if fail.is_ok() {
            return Err(StoreError::Unavailable("closed by the test".into()));
        }
        self.inner.close(closing).await
    }
    async fn remember(&self, lesson: &Lesson) -> Result<(), StoreError> {
        let forget = self.to_forget.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| n.checked_sub(1));
        if forget.is_ok() {
            return Err(StoreError::Unavailable("forgotten by the test".into()));
        }
        self.inner.remember(lesson).await
    }
    async fn propose(&self, hypothesis: &Hypothesis) -> Result<(), StoreError> {
        self.inner.propose(hypothesis).await
    }
    async fn decide(&self, hypothesis: &HypothesisId, decision: &Decision) -> Result<Remarked, StoreError> {
        self.inner.decide(hypothesis, decision).await
    }
    async fn tested(&self, hypothesis: &HypothesisId, test: &HypothesisTest) -> Result<Remarked, StoreError> {
        self.inner.tested(hypothesis, test).await
    }
}

struct Child<F> {
    phase: Phase,
    run: F,
}

impl<F: Fn(Phase, &Job) -> Outcome + Send + Sync> Handler for Child<F> {
    fn kind(&self) -> Kind {
        self.phase.kind()
    }
    fn run(&self, job: &Job) -> Outcome {
        (self.run)(self.phase, job)
    }
}

/// What a well-behaved child of this phase does.
pub(crate) fn behave(phase: Phase) -> Outcome {
    let index = Phase::ALL.iter().position(|p| *p == phase).unwrap();
    Outcome::Completed(results()[index].clone())
}

impl World {
    /// With one orchestrator, and `run` in place of every child.
    pub(crate) fn new(run: impl Fn(Phase, &Job) -> Outcome + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteOptions { durability: Durability::ProcessOnly, ..SqliteOptions::default() };
        let engine = Engine::open_with(folder.path(), Role::Runner, options).unwrap();
        let stop = CancellationToken::new();
        tokio::spawn(Relay::new(engine.store.clone(), engine.broker.clone()).run(stop.clone()));
        let plan = SweepPlan {
            grace: Duration::from_millis(20),
            limit: 100,
            republish_after: Some(Duration::from_millis(500)),
        };
        let sweeps = SweeperConfig { every: Duration::from_millis(50), plan };
        let sweeper = Sweeper::new(engine.store.clone(), sweeps);
        let trigger = sweeper.trigger();
        tokio::spawn(sweeper.run(stop.clone()));
        let run = Arc::new(run);
        let handlers = Phase::ALL.map(|phase| {
            let run = run.clone();
            let child: Arc<dyn Handler> = Arc::new(Child { phase, run: move |p, job: &Job| run(p, job) });
            child
        });
        let backoff = Backoff { first: Duration::from_millis(1), most: Duration::from_millis(1) };
        let kinds = Phase::ALL.map(|phase| KindConfig::new(phase.kind(), 4)).into();
        let config = WorkerConfig { kinds, retry: backoff, ..WorkerConfig::default() };
        let (store, broker, registry) = (engine.store.clone(), engine.broker.clone(), engine.store.clone());
        let identity = Identity::of_this_process("test", "cpu");
        let worker = Worker::new(store, broker, registry, handlers.into(), identity, config, trigger);
        tokio::spawn(worker.unwrap().run(stop.clone(), CancellationToken::new()));
        let ledger = Arc::new(Forgetful {
            inner: engine.store.clone(),
            to_forget: AtomicU32::new(0),
            closings_to_fail: AtomicU32::new(0),
        });
        let world = Self { engine, ledger, _stops: stop.clone().drop_guard(), stop, _folder: folder };
        world.add_orchestrator();
        world
    }

    pub(crate) fn add_orchestrator(&self) {
        let (store, broker) = (self.engine.store.clone(), self.engine.broker.clone());
        let orchestrator = Orchestrator::new(store.clone(), store, self.ledger.clone(), broker);
        tokio::spawn(orchestrator.run(self.stop.clone()));
    }

    pub(crate) async fn row(&self, id: &OperationId) -> Operation {
        self.engine.store.get(id).await.unwrap().unwrap()
    }

    /// The closings of all campaigns, once there are so many.
    pub(crate) async fn closings(&self, at_least: usize) -> Vec<Closing> {
        let mut hints = self.engine.store.hints();
        let found = async {
            loop {
                let closings = self.engine.store.closings(None).await.unwrap();
                if closings.len() >= at_least {
                    return closings;
                }
                if let Err(RecvError::Closed) = hints.recv().await {
                    panic!("the store is gone");
                }
            }
        };
        tokio::time::timeout(TIMEOUT, found).await.expect("a closing")
    }

    pub(crate) async fn until(&self, id: &OperationId, fact: impl Fn(&Operation) -> bool) -> Operation {
        let mut hints = self.engine.store.hints();
        let found = async {
            loop {
                let row = self.engine.store.get(id).await.unwrap();
                if let Some(row) = row.filter(|row| fact(row)) {
                    return row;
                }
                // Whatever the hint, it is worth another look.
                if let Err(RecvError::Closed) = hints.recv().await {
                    panic!("the store is gone");
                }
            }
        };
        match tokio::time::timeout(TIMEOUT, found).await {
            Ok(row) => row,
            Err(_) => panic!("waited in vain; the row says {:?}", self.engine.store.get(id).await),
        }
    }

    pub(crate) async fn ended(&self, id: &OperationId) -> Operation {
        self.until(id, |row| row.status.is_terminal()).await
    }

    pub(crate) async fn children(&self, root: &OperationId) -> Vec<Operation> {
        let filter = Filter { root: Some(root.clone()), limit: 100, ..Filter::default() };
        let page = self.engine.store.list(&filter).await.unwrap();
        let ids: Vec<OperationId> = page.operations.into_iter().map(|row| row.id).collect();
        self.engine.store.get_all(&ids).await.unwrap()
    }

    pub(crate) async fn lessons(&self) -> Vec<Lesson> {
        self.engine.store.lessons(None, 1000).await.unwrap()
    }
}
