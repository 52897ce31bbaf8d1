//! Designs and assessments go through the provider that a specification names, whatever stands behind the name.
//!
//! The roles run in this process, as `ktrdr up` wires them, so that they can be given a provider of the test's own.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use ktrdr_agent::{AgentError, Assessor, Call, Design, DesignBrief, Designer, Provider, Providers};
use ktrdr_catalog::series::{self, SeriesCache};
use ktrdr_domain::budget::BudgetPolicy;
use ktrdr_domain::gate::{GatePolicy, GateProfile};
use ktrdr_domain::job::{AssessmentSpec, DesignResult};
use ktrdr_domain::report::{AssessmentReport, Verdict};
use ktrdr_domain::research::ResearchSpec;
use ktrdr_domain::trading::Account;
use ktrdr_domain::window::WindowPolicy;
use ktrdr_domain::{
    DeviceClass, DeviceRequest, FailureReason, Kind, Operation, OperationId, Status, Strategy, Timestamp,
};
use ktrdr_embedded::{Engine, Role};
use ktrdr_fabric::store::{Filter, OperationReader, Pace, Store, SweepPlan};
use ktrdr_jobs::Services;
use ktrdr_jobs::spending::Spending;
use ktrdr_neural::Cpu;
use ktrdr_research::{CycleSummary, Orchestrator, plan};
use ktrdr_worker::{Identity, KindConfig, Relay, Sweeper, SweeperConfig, Worker, WorkerConfig};
use serde::Deserialize;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::running::PATIENCE;
use crate::world::World;

/// Answers what it was told to answer, in order, and notes what it was asked.
struct Scripted {
    designs: Mutex<VecDeque<Result<Design, AgentError>>>,
    asked: Asked,
}

/// Operation and attempt of each call.
type Asked = Arc<Mutex<Vec<(OperationId, u64)>>>;

impl Scripted {
    fn new(designs: Vec<Result<Design, AgentError>>) -> (Self, Asked) {
        let asked = Arc::new(Mutex::new(Vec::new()));
        (Self { designs: Mutex::new(designs.into()), asked: Arc::clone(&asked) }, asked)
    }

    fn note(&self, call: Call<'_>) {
        self.asked.lock().unwrap().push((call.operation.clone(), call.attempt));
    }
}

#[async_trait]
impl Designer for Scripted {
    async fn design(&self, brief: &DesignBrief<'_>, call: Call<'_>) -> Result<Design, AgentError> {
        assert_eq!(brief.text, Some("calm pullbacks"));
        self.note(call);
        tokio::task::yield_now().await;
        self.designs.lock().unwrap().pop_front().expect("no more designs were scripted")
    }
}

#[async_trait]
impl Assessor for Scripted {
    async fn assess(&self, input: &AssessmentSpec, call: Call<'_>) -> Result<AssessmentReport, AgentError> {
        self.note(call);
        tokio::task::yield_now().await;
        Ok(AssessmentReport {
            strategy: input.strategy.name.clone(),
            strategy_sha256: input.training.strategy_sha256,
            verdict: Verdict::Mediocre,
            strengths: vec!["It was written by hand.".into()],
            weaknesses: Vec::new(),
            hypotheses: Vec::new(),
            suggestions: Vec::new(),
            assessor: "scripted-7b".into(),
        })
    }
}

/// Never answers; says when it was asked, and when its answer was given up.
#[derive(Default)]
struct Silent {
    asked: Arc<tokio::sync::Notify>,
    given_up: Arc<AtomicBool>,
}

struct GivenUp(Arc<AtomicBool>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[async_trait]
impl Designer for Silent {
    async fn design(&self, _: &DesignBrief<'_>, _: Call<'_>) -> Result<Design, AgentError> {
        let _given_up = GivenUp(Arc::clone(&self.given_up));
        self.asked.notify_one();
        std::future::pending().await
    }
}

/// A workspace with generated bars, and every role on it.
struct Fleet {
    engine: Engine,
    template: ResearchSpec,
    world: World,
    _stop: DropGuard,
}

impl Fleet {
    async fn with(providers: Providers) -> Self {
        Self::with_budget(providers, BudgetPolicy::default()).await
    }

    async fn with_budget(providers: Providers, policy: BudgetPolicy) -> Self {
        let world = World::new();
        world.generate("EURUSD", "planted-edge", 6_000, 3);
        let engine = Engine::open(world.folder(), Role::Runner).unwrap();
        let stop = CancellationToken::new();
        tokio::spawn(Relay::new(engine.store.clone(), engine.broker.clone()).run(stop.clone()));
        let plan = SweepPlan { grace: Duration::from_millis(20), limit: 100, republish_after: None };
        let every = Duration::from_millis(20);
        let sweeper = Sweeper::new(engine.store.clone(), SweeperConfig { every, plan });
        let trigger = sweeper.trigger();
        tokio::spawn(sweeper.run(stop.clone()));
        let orchestrator = Orchestrator::new(
            engine.store.clone(),
            engine.store.clone(),
            engine.store.clone(),
            engine.broker.clone(),
        );
        tokio::spawn(orchestrator.run(stop.clone()));
        let services = Services {
            artifacts: engine.artifacts.clone(),
            ledger: engine.store.clone(),
            windows: WindowPolicy::default(),
            runtime: tokio::runtime::Handle::current(),
            chaos_probes: false,
            series: Arc::new(SeriesCache::default()),
            backend: Arc::new(Cpu::new()),
            providers,
            spending: Spending {
                budget: engine.store.clone(),
                operations: engine.store.clone(),
                policy,
                device: DeviceClass::Cpu,
            },
        };
        let handlers = ktrdr_jobs::handlers(&services, engine.store.clone());
        let kinds = handlers.iter().map(|handler| KindConfig::new(handler.kind(), 1)).collect();
        let config = WorkerConfig { kinds, ..WorkerConfig::default() };
        let (store, broker, registry) = (engine.store.clone(), engine.broker.clone(), engine.store.clone());
        let identity = Identity::of_this_process("test", "cpu");
        let worker = Worker::new(store, broker, registry, handlers, identity, config, trigger).unwrap();
        tokio::spawn(worker.run(stop.clone(), CancellationToken::new()));
        let template = template(&engine).await;
        Self { engine, template, world, _stop: stop.drop_guard() }
    }

    /// Submits one cycle of this provider.
    async fn cycle(&self, agent: &str) -> OperationId {
        let template = ResearchSpec { agent: agent.parse().unwrap(), ..self.template.clone() };
        let roots = plan(&template.campaign, 1, &template, Timestamp(0), 1).unwrap();
        let id = roots[0].id.clone();
        self.engine.store.submit_roots(roots, Pace::free(1)).await.unwrap();
        id
    }

    async fn ended(&self, id: &OperationId) -> Operation {
        let mut hints = self.engine.store.hints();
        let ended = async {
            loop {
                let row = self.engine.store.get(id).await.unwrap().unwrap();
                if row.status.is_terminal() {
                    return row;
                }
                hints.recv().await.unwrap();
            }
        };
        tokio::time::timeout(PATIENCE, ended).await.unwrap()
    }

    async fn children(&self, root: &OperationId) -> Vec<Operation> {
        let filter = Filter { root: Some(root.clone()), limit: 100, ..Filter::default() };
        self.engine.store.list(&filter).await.unwrap().operations
    }
}

/// A cycle on the generated bars whose gates let everything pass.
async fn template(engine: &Engine) -> ResearchSpec {
    let (symbol, timeframe) = ("EURUSD".parse().unwrap(), "1h".parse().unwrap());
    let (data, _) = series::read_now(&*engine.artifacts, &symbol, timeframe).await.unwrap();
    ResearchSpec {
        campaign: "scripted".parse().unwrap(),
        index: 0,
        windows: WindowPolicy::default().split(data.span).unwrap(),
        data: vec![data],
        symbol,
        timeframe,
        account: Account::default(),
        gates: GatePolicy {
            profile: GateProfile::Parity,
            accuracy_min: 0.0,
            loss_max: f64::MAX,
            loss_decrease_min: f64::MIN,
            win_rate_min: 0.0,
            drawdown_max: 1.0,
            sharpe_min: f64::MIN,
            ..GatePolicy::default()
        },
        agent: "scripted".parse().unwrap(),
        brief: Some("calm pullbacks".into()),
        device: DeviceRequest::Any,
        generation: 4,
        campaign_seed: 7,
        seed: 7,
        tries_max: 3,
        budget: None,
        given: None,
        resumes: None,
    }
}

/// An example strategy that trains for one epoch.
fn design() -> Design {
    let text = include_str!("../strategies/fx_pullback.yaml").replace("epochs: 20", "epochs: 1");
    let strategy = Strategy::from_yaml(&text).unwrap().strategy;
    let (origin, rationale) = ("from the script".into(), "none".into());
    Design { strategy, designer: "scripted-7b".into(), origin, rationale }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scripted_provider_designs_and_assesses_a_whole_cycle() {
    let busy = AgentError::Unavailable { provider: "scripted-7b".into(), source: "overloaded".into() };
    let (scripted, asked) = Scripted::new(vec![Err(busy), Ok(design())]);
    let fleet =
        Fleet::with(Providers::default().with("scripted".parse().unwrap(), Provider::of(scripted))).await;
    let root = fleet.cycle("scripted").await;
    let cycle = fleet.ended(&root).await;
    assert_eq!(cycle.status, Status::Completed, "{:?}", cycle.error);
    assert_eq!(CycleSummary::deserialize(cycle.result.unwrap()).unwrap().verdict, Some(Verdict::Mediocre));

    let children = fleet.children(&root).await;
    let child = |kind| children.iter().find(|c| c.kind == kind).unwrap();
    let designed = DesignResult::deserialize(child(Kind::AgentDesign).result.as_ref().unwrap()).unwrap();
    assert_eq!((designed.designer.as_str(), designed.origin.as_str()), ("scripted-7b", "from the script"));
    let assessment = std::fs::read(fleet.world.path("strategies/fx_pullback/assessment.json")).unwrap();
    let assessment: AssessmentReport = serde_json::from_slice(&assessment).unwrap();
    assert_eq!(assessment.assessor, "scripted-7b");

    let attempts = [(Kind::AgentDesign, 1), (Kind::AgentDesign, 2), (Kind::AgentAssessment, 1)];
    let attempts = attempts.map(|(kind, attempt)| (child(kind).id.clone(), attempt));
    assert_eq!(*asked.lock().unwrap(), attempts, "who had no time is asked again, as another attempt");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_wants_any_more_is_given_up() {
    let silent = Silent::default();
    let (asked, given_up) = (Arc::clone(&silent.asked), Arc::clone(&silent.given_up));
    let provider = Provider { designer: Arc::new(silent), ..Provider::local() };
    let fleet = Fleet::with(Providers::default().with("silent".parse().unwrap(), provider)).await;
    let root = fleet.cycle("silent").await;
    asked.notified().await;
    fleet.engine.store.cancel(&root, "test", "enough").await.unwrap();
    assert_eq!(fleet.ended(&root).await.status, Status::Cancelled);
    assert!(given_up.load(Ordering::Acquire));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_without_the_provider_refuses_the_design_and_names_those_it_has() {
    let fleet = Fleet::with(Providers::default()).await;
    let cycle = fleet.ended(&fleet.cycle("nobody").await).await;
    assert_eq!((cycle.status, cycle.reason.as_ref()), (Status::Failed, Some(&FailureReason::Refused)));
    let error = cycle.error.unwrap();
    assert!(error.contains("no provider of designs is called nobody; there is local"), "{error}");
}

#[test]
fn a_campaign_of_an_unknown_provider_is_refused_before_anything_is_submitted() {
    let run = ["research", "run", "--local", "--symbol", "EURUSD", "--timeframe", "1h"];
    let words = ["called nobody", "there is local", "--agent or research.agent"];
    let world = World::new();
    world.generate("EURUSD", "random-walk", 2_000, 1);
    world.refused_with(3, &[&run[..], &["--agent", "nobody"]].concat(), &words);
    let world = world.with_setting("KTRDR_RESEARCH__AGENT", "nobody");
    world.refused_with(3, &run, &words);
    assert!(world.operations().is_empty());
}
