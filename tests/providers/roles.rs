//! Every role in this process, on a workspace of its own.

use std::sync::Arc;
use std::time::Duration;

use ktrdr_agent::Providers;
use ktrdr_catalog::series::{self, SeriesCache};
use ktrdr_domain::budget::BudgetPolicy;
use ktrdr_domain::gate::{GatePolicy, GateProfile};
use ktrdr_domain::research::{LessonScope, ResearchSpec};
use ktrdr_domain::trading::Account;
use ktrdr_domain::window::{LOOKS_MAX, WindowPolicy};
use ktrdr_domain::{DeviceClass, DeviceRequest, Operation, OperationId, Timestamp};
use ktrdr_embedded::{Engine, Role};
use ktrdr_fabric::store::{Filter, OperationReader, Pace, Store, SweepPlan};
use ktrdr_jobs::Services;
use ktrdr_jobs::spending::Spending;
use ktrdr_neural::Cpu;
use ktrdr_research::{Orchestrator, plan};
use ktrdr_worker::{Identity, KindConfig, Relay, Sweeper, SweeperConfig, Worker, WorkerConfig};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::running::PATIENCE;
use crate::world::World;

/// A workspace with generated bars, and every role on it.
pub(super) struct Fleet {
    pub(super) engine: Engine,
    pub(super) template: ResearchSpec,
    pub(super) world: World,
    _stop: DropGuard,
}

impl Fleet {
    pub(super) async fn with(providers: Providers) -> Self {
        Self::with_budget(providers, BudgetPolicy::default()).await
    }

    pub(super) async fn with_budget(providers: Providers, policy: BudgetPolicy) -> Self {
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
            looks_max: LOOKS_MAX,
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
                watch: None,
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

    pub(super) fn template_of(&self, agent: &str) -> ResearchSpec {
        ResearchSpec { agent: agent.parse().unwrap(), ..self.template.clone() }
    }

    /// Submits one cycle of this provider.
    pub(super) async fn cycle(&self, agent: &str) -> OperationId {
        let template = self.template_of(agent);
        let roots = plan(&template.campaign, 1, &template, Timestamp(0), 1).unwrap();
        let id = roots[0].id.clone();
        self.engine.store.submit_roots(roots, Pace::free(1)).await.unwrap();
        id
    }

    pub(super) async fn ended(&self, id: &OperationId) -> Operation {
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

    pub(super) async fn children(&self, root: &OperationId) -> Vec<Operation> {
        let filter = Filter { root: Some(root.clone()), limit: 100, ..Filter::default() };
        let page = self.engine.store.list(&filter).await.unwrap();
        let ids: Vec<OperationId> = page.operations.into_iter().map(|row| row.id).collect();
        self.engine.store.get_all(&ids).await.unwrap()
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
        masked: false,
        approval: None,
        agent: "scripted".parse().unwrap(),
        batch: false,
        evolution: None,
        brief: Some("calm pullbacks".into()),
        device: DeviceRequest::Any,
        generation: 4,
        campaign_seed: 7,
        seed: 7,
        tries_max: 3,
        learns_from: LessonScope::Campaign,
        given: None,
        resumes: None,
    }
}
