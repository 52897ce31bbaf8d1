//! Designs and assessments go through the provider that a specification names, whatever stands behind the name.
//!
//! The roles run in this process, as `ktrdr up` wires them, so that they can be given a provider of the test's own.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use ktrdr_agent::models::Usage;
use ktrdr_agent::purse::{Cost, Intent, PurseError, Spent};
use ktrdr_agent::{AgentError, Assessor, Call, Design, DesignBrief, Designer, Provider, Providers};
use ktrdr_catalog::series::{self, SeriesCache};
use ktrdr_domain::budget::{self, Balance, BudgetPolicy, Scope};
use ktrdr_domain::gate::{GatePolicy, GateProfile};
use ktrdr_domain::job::{AssessmentSpec, DesignResult};
use ktrdr_domain::report::{AssessmentReport, Verdict};
use ktrdr_domain::research::{LessonScope, ResearchSpec};
use ktrdr_domain::trading::Account;
use ktrdr_domain::window::{LOOKS_MAX, WindowPolicy};
use ktrdr_domain::{
    DeviceClass, DeviceRequest, FailureReason, Kind, Operation, OperationId, Status, Strategy, Timestamp,
};
use ktrdr_embedded::{Engine, Role};
use ktrdr_fabric::budget::{Budget, BudgetReader};
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

/// Pays for each design what it says, and then designs; what was refused to it is its answer.
struct Paid {
    worst_case: Cost,
    spent: Spent,
}

#[async_trait]
impl Designer for Paid {
    async fn design(&self, _: &DesignBrief<'_>, call: Call<'_>) -> Result<Design, AgentError> {
        let (attempt, lane, worst_case) = (call.attempt, call.lane, self.worst_case);
        let intent = Intent { attempt, call: 0, lane, model: "paid-7b".into(), worst_case };
        let reserved = match call.purse.reserve(&intent).await {
            Ok(reserved) => reserved,
            Err(PurseError::Exhausted(why)) => return Err(why.into()),
            Err(PurseError::Unavailable(why)) => panic!("{why}"),
        };
        call.purse.settle(reserved, self.spent).await.unwrap();
        Ok(design())
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

    fn template_of(&self, agent: &str) -> ResearchSpec {
        ResearchSpec { agent: agent.parse().unwrap(), ..self.template.clone() }
    }

    /// Submits one cycle of this provider.
    async fn cycle(&self, agent: &str) -> OperationId {
        let template = self.template_of(agent);
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

/// An example strategy that trains for one epoch.
fn design() -> Design {
    let text = include_str!("../strategies/fx_pullback.yaml").replace("epochs: 20", "epochs: 1");
    let strategy = Strategy::from_yaml(&text).unwrap().strategy;
    let (origin, rationale) = ("from the script".into(), "none".into());
    Design {
        strategy,
        designer: "scripted-7b".into(),
        origin,
        rationale,
        champion: false,
        author: None,
        ideas: Vec::new(),
        tests: None,
    }
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

fn cost(micro_dollars: u64, tokens: u64) -> Cost {
    Cost { micro_dollars, tokens }
}

/// A fleet whose day may cost a dollar, each campaign 50 cents, and whose provider `paid` asks for 30 at worst.
async fn with_paid(spent: Spent) -> Fleet {
    let provider =
        Provider { designer: Arc::new(Paid { worst_case: cost(300_000, 900), spent }), ..Provider::local() };
    let mut policy = BudgetPolicy::default();
    policy.limits.day.money = Some("$1".parse().unwrap());
    policy.limits.campaign.money = Some("$0.50".parse().unwrap());
    policy.prices.cpu_hour = "$0.036".parse().unwrap();
    Fleet::with_budget(Providers::default().with("paid".parse().unwrap(), provider), policy).await
}

impl Fleet {
    /// What the campaign of the cycles here has paid and set aside.
    async fn account(&self) -> Balance {
        let campaign = Scope::Campaign("scripted".parse().unwrap());
        self.engine.store.balances(&[campaign]).await.unwrap()[0]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_design_is_paid_for_what_it_cost_and_every_job_for_how_long_it_ran() {
    let fleet = with_paid(Spent::Counted(Usage::default(), cost(120_000, 400))).await;
    let root = fleet.cycle("paid").await;
    let cycle = fleet.ended(&root).await;
    assert_eq!(cycle.status, Status::Completed, "{:?}", cycle.error);
    let Balance { spent, reserved, .. } = fleet.account().await;
    assert_eq!((spent.tokens, reserved), (400, budget::Cost::ZERO));
    // Each job costs a cent of a cent for every second, rounded up for itself.
    let machine = spent.money.in_micro_dollars() - 120_000;
    assert!(spent.machine_ms > 0 && (0..=4).contains(&(machine - spent.machine_ms / 100)), "{spent:?}");
    let scopes = [Scope::Cycle(root), Scope::Day(fleet.engine.store.today(0).await.unwrap())];
    for (scope, paid) in scopes.iter().zip(fleet.engine.store.balances(&scopes).await.unwrap()) {
        assert_eq!((paid.spent, paid.reserved), (spent, reserved), "the same for {scope}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cycle_that_would_pass_a_limit_ends_with_budget_exhausted_and_costs_nothing_more() {
    // Nobody knows what the calls cost: the worst case is taken.
    let fleet = with_paid(Spent::Unknown).await;
    assert_eq!(fleet.ended(&fleet.cycle("paid").await).await.status, Status::Completed);
    let before = fleet.account().await;
    let second = plan(&fleet.template.campaign, 1, &fleet.template_of("paid"), Timestamp(0), 2).unwrap();
    let id = second[0].id.clone();
    fleet.engine.store.submit_roots(second, Pace::free(1)).await.unwrap();
    let cycle = fleet.ended(&id).await;
    assert_eq!(
        (cycle.status, cycle.reason.as_ref()),
        (Status::Failed, Some(&FailureReason::BudgetExhausted))
    );
    let error = cycle.summary.error.unwrap();
    assert!(error.contains("the limit of the campaign scripted is $0.50; $0.30"), "{error}");
    assert!(error.contains("leave no room for $0.30"), "{error}");
    let after = fleet.account().await;
    let more = after.spent.less(before.spent);
    assert!(more.tokens == 0 && after.reserved == budget::Cost::ZERO, "{after:?}");
    assert_eq!(more, policy_prices(more.machine_ms), "only the design's own machine time was paid");
}

fn policy_prices(machine_ms: u64) -> budget::Cost {
    let prices = budget::MachinePrices { cpu_hour: "$0.036".parse().unwrap(), ..Default::default() };
    prices.cost(machine_ms, false)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_that_was_allowed_an_amount_of_its_own_may_spend_that() {
    let fleet = with_paid(Spent::Unknown).await;
    fleet.engine.store.allow(&"scripted".parse().unwrap(), "$0.05".parse().unwrap()).await.unwrap();
    let cycle = fleet.ended(&fleet.cycle("paid").await).await;
    assert_eq!(cycle.reason, Some(FailureReason::BudgetExhausted));
    assert!(cycle.error.as_ref().unwrap().contains("campaign scripted is $0.05"), "{:?}", cycle.error);
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
    let error = cycle.summary.error.unwrap();
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
