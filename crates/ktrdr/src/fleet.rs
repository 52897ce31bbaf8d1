//! The roles of this process, running: relay, keeper of schedules, sweeper, worker, orchestrator. The wiring and nothing else.
//!
//! One process may play them all (`ktrdr up`), or one of them (`ktrdr serve`, `orchestrator`, `worker …`), any number
//! of times, on any machine.

use std::process;
use std::sync::Arc;
use std::time::Duration;

use ktrdr_agent::purse::CallWatch;
use ktrdr_app::engine::Part;
use ktrdr_app::schedules::keeper::Keeper;
use ktrdr_catalog::series::SeriesCache;
use ktrdr_domain::Kind as OperationKind;
use ktrdr_fabric::broker::Broker;
use ktrdr_fabric::store::{BootId, SweepPlan};
use ktrdr_jobs::Services;
use ktrdr_jobs::spending::Spending;
use ktrdr_research::Orchestrator;
use ktrdr_traces::Tracer;
use ktrdr_worker::{
    BrokerWatch, Exit, Identity, Registration, Relay, SweepTrigger, Sweeper, SweeperConfig, Worker,
    WorkerConfig,
};
use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::exit::{CliError, Kind, OrExit};
use crate::providers;
use crate::roles::Roles;
use crate::settings::FleetSettings;
use crate::workspace::Workspace;

/// How long after its end a lease counts as lapsed.
const SWEEP_GRACE: Duration = Duration::from_millis(500);

/// Most rows one sweep handles of each sort.
const SWEEP_ROWS_MAX: u32 = 500;

/// A worker stops its job by itself when this share of the lease is left: 5 s of 30.
const LEASE_MARGIN_SHARE: u32 = 6;

/// The roles of this process, running.
pub(crate) struct RunningRoles {
    drain: CancellationToken,
    force_drain: CancellationToken,
    stop: CancellationToken,
    worker: Option<JoinHandle<Exit>>,
    /// How the worker ended by itself.
    exit: Option<Result<Exit, JoinError>>,
    background: Vec<JoinHandle<()>>,
    tracer: Option<Tracer>,
}

impl RunningRoles {
    /// Starts roles on a workspace that was opened to run.
    pub(crate) async fn start(workspace: &Workspace, roles: &Roles) -> Result<Self, CliError> {
        let [drain, force_drain, stop] = std::array::from_fn(|_| CancellationToken::new());
        let fleet = workspace.settings.fleet;
        let (name, computing) = (roles.name(), &roles.computing);
        // What a worker takes stands in a column of its own there.
        let role = name.split('/').next().unwrap_or_default();
        let identity = Identity::of_this_process(env!("CARGO_PKG_VERSION"), &computing.name).in_role(role);
        let schedules_boot = identity.boot.clone();
        let tracer = tracer(workspace, roles, &identity.boot)?;
        tracer.iter().for_each(|tracer| introduce(workspace, tracer));
        let (boot, needs, device) = (identity.boot.clone(), roles.needs(), computing.class);
        let part = Part { role: name, boot, needs, plays: true, device };
        let (store, broker) = (&workspace.app.store, &workspace.broker(part).await?);
        let mut background = Vec::new();
        let sweeper = Sweeper::new(Arc::clone(store), sweeper_config(&fleet));
        let worker = match roles.kinds.as_slice() {
            [] => {
                let (every, lease) = (fleet.heartbeat, fleet.lease);
                let registry = Arc::clone(&workspace.app.registry);
                let broker = BrokerWatch::new(Arc::clone(broker));
                let registration = Registration { registry, identity, every, lease, broker };
                background.push(tokio::spawn(registration.run(drain.clone(), stop.clone())));
                None
            }
            _ => {
                let watch = tracer.as_ref().map(Tracer::calls);
                Some(worker(workspace, Arc::clone(broker), identity, roles, sweeper.trigger(), watch)?)
            }
        };
        let sweeper = if roles.coordinator { sweeper.watching_queues(Arc::clone(broker)) } else { sweeper };
        background.push(tokio::spawn(sweeper.run(stop.clone())));
        if roles.coordinator {
            let broker = Arc::clone(broker);
            let broker = match &tracer {
                Some(tracer) => tracer.broker(broker, workspace.settings.engine.messaging_system()),
                None => broker,
            };
            let relay = Relay::new(Arc::clone(store), broker);
            background.push(tokio::spawn(relay.run(stop.clone())));
            let keeper = Keeper::new(&workspace.app, schedules_boot);
            background.push(tokio::spawn(keeper.run(stop.clone())));
            background.push(tokio::spawn(workspace.app.clone().keep_pruning(stop.clone())));
        }
        if roles.orchestrator {
            let (campaigns, ledger) = (&workspace.app.campaigns, &workspace.app.ledger);
            let orchestrator = Orchestrator::new(
                Arc::clone(store),
                Arc::clone(campaigns),
                Arc::clone(ledger),
                Arc::clone(broker),
            );
            background.push(tokio::spawn(orchestrator.run(stop.clone())));
        }
        background.extend(keeper(workspace, roles, stop.clone()));
        let worker = worker.map(|w| tokio::spawn(w.run(drain.clone(), force_drain.clone())));
        Ok(Self { worker, exit: None, background, tracer, drain, force_drain, stop })
    }

    /// Waits until the process ends by itself: an operator drained it, or its worker is unhealthy.
    pub(crate) async fn ended(&mut self) {
        match &mut self.worker {
            Some(worker) => self.exit = Some(worker.await),
            None => self.drain.cancelled().await,
        }
        self.worker = None;
    }

    /// Cancelled, a drain waits for no job: all go back undone, at once.
    pub(crate) fn force_drain(&self) -> CancellationToken {
        self.force_drain.clone()
    }

    /// Lets running jobs end or go back undone, then stops every role.
    pub(crate) async fn drain(self) -> Result<(), CliError> {
        self.drain.cancel();
        let exit = match (self.worker, self.exit) {
            (Some(worker), _) => worker.await.or_exit(Kind::OperationFailed)?,
            (None, Some(exit)) => exit.or_exit(Kind::OperationFailed)?,
            (None, None) => Exit::Drained,
        };
        self.stop.cancel();
        for role in self.background {
            role.await.or_exit(Kind::OperationFailed)?;
        }
        if let Some(tracer) = self.tracer {
            tracer.end().await;
        }
        if exit == Exit::Unhealthy {
            // A thread that ignores its token, or a device that CUDA has given up, can not be got rid of otherwise.
            // The outcome is recorded; the supervisor starts this process again.
            process::exit(i32::from(ktrdr_worker::EXIT_UNHEALTHY));
        }
        Ok(())
    }
}

/// Whoever takes designs ends the batches that nobody waits for, if it can ask about them.
fn keeper(workspace: &Workspace, roles: &Roles, stop: CancellationToken) -> Option<JoinHandle<()>> {
    let takes_designs = roles.slots(OperationKind::AgentDesign) > 0;
    let keeper = takes_designs.then(|| providers::keeper(workspace)).flatten()?;
    Some(tokio::spawn(async move {
        stop.run_until_cancelled(keeper.run()).await;
    }))
}

/// Tells of traces, where somebody collects them and these roles know of any.
fn tracer(workspace: &Workspace, roles: &Roles, boot: &BootId) -> Result<Option<Tracer>, CliError> {
    let asks_models = [OperationKind::AgentDesign, OperationKind::AgentAssessment]
        .iter()
        .any(|kind| roles.slots(*kind) > 0);
    if !roles.coordinator && !asks_models {
        return Ok(None);
    }
    let collector = match workspace.settings.collector() {
        Ok(Some(collector)) => collector,
        Ok(None) => return Ok(None),
        Err(why) => {
            tracing::warn!("no traces are told: {why}");
            return Ok(None);
        }
    };
    let rows = Arc::clone(&workspace.app.store) as _;
    Tracer::start(collector, boot, env!("CARGO_PKG_VERSION"), rows).map(Some).or_exit(Kind::InvalidInput)
}

/// Lets the API tell where operations came from, and scrapers see what was not told.
fn introduce(workspace: &Workspace, tracer: &Tracer) {
    let _ = workspace.links.set(tracer.links());
    workspace.telemetry.iter().for_each(|telemetry| telemetry.watch_traces(tracer.lost()));
}

/// A worker for these kinds.
fn worker(
    workspace: &Workspace,
    broker: Arc<dyn Broker>,
    identity: Identity,
    roles: &Roles,
    trigger: SweepTrigger,
    watch: Option<Arc<dyn CallWatch>>,
) -> Result<Worker, CliError> {
    let fleet = &workspace.settings.fleet;
    let services = Services {
        artifacts: Arc::clone(&workspace.app.artifacts),
        ledger: Arc::clone(&workspace.app.ledger) as _,
        windows: workspace.settings.windows,
        looks_max: workspace.settings.research.looks_max,
        runtime: tokio::runtime::Handle::current(),
        chaos_probes: fleet.chaos_probes,
        series: Arc::new(SeriesCache::default()),
        backend: Arc::clone(&roles.computing.backend),
        providers: workspace.app.providers.clone(),
        spending: Spending {
            budget: Arc::clone(&workspace.app.budget),
            operations: Arc::clone(&workspace.app.store) as _,
            policy: workspace.settings.budget.policy(),
            device: roles.computing.class,
            watch,
        },
    };
    let config = WorkerConfig {
        kinds: roles.kinds.clone(),
        device: roles.computing.class,
        also: roles.also,
        lease: fleet.lease,
        heartbeat: fleet.heartbeat,
        lease_margin: fleet.lease / LEASE_MARGIN_SHARE,
        ..WorkerConfig::default()
    };
    let (store, registry) = (Arc::clone(&workspace.app.store), Arc::clone(&workspace.app.registry));
    let handlers = ktrdr_jobs::handlers(&services, Arc::clone(&workspace.app.ledger));
    Worker::new(store, broker, registry, handlers, identity, config, trigger).or_exit(Kind::InvalidInput)
}

fn sweeper_config(fleet: &FleetSettings) -> SweeperConfig {
    let plan =
        SweepPlan { grace: SWEEP_GRACE, limit: SWEEP_ROWS_MAX, republish_after: Some(fleet.republish_after) };
    SweeperConfig { every: fleet.sweep, plan }
}
