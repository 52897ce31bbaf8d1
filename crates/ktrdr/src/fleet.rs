//! The roles of this process: relay, sweeper, worker, orchestrator. The wiring and nothing else.
//!
//! One process may play them all (`ktrdr up`), or one of them (`ktrdr serve`, `orchestrator`, `worker …`), any number
//! of times, on any machine.

use std::process;
use std::sync::Arc;
use std::time::Duration;

use ktrdr_domain::Kind as OperationKind;
use ktrdr_fabric::broker::{Broker, Queue};
use ktrdr_fabric::fleet::redis::Channel;
use ktrdr_fabric::store::SweepPlan;
use ktrdr_jobs::Services;
use ktrdr_jobs::series::SeriesCache;
use ktrdr_research::Orchestrator;
use ktrdr_worker::{
    Attendance, Bell, Exit, Identity, KindConfig, Relay, Sweeper, SweeperConfig, Worker, WorkerConfig,
};
use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::connect::Part;
use crate::device::Computing;
use crate::exit::{CliError, Kind, OrExit};
use crate::settings::FleetSettings;
use crate::workspace::Workspace;

/// How long after its end a lease counts as lapsed.
const SWEEP_GRACE: Duration = Duration::from_millis(500);

/// Most rows one sweep handles of each sort.
const SWEEP_ROWS_MAX: u32 = 500;

/// A worker stops its job by itself when this share of the lease is left: 5 s of 30.
const LEASE_MARGIN_SHARE: u32 = 6;

/// Slots of the light kinds: they wait for files more than they compute.
const LIGHT_SLOTS: u16 = 4;

/// Longest design, assessment, import or probe.
const LIGHT_TIME_LIMIT: Duration = Duration::from_secs(600);

/// Which roles a process plays. Every long-lived process sweeps; only coordinators relay.
#[derive(Clone)]
pub(crate) struct Roles {
    /// Publishes what the outbox holds.
    pub(crate) coordinator: bool,
    /// Moves research cycles.
    pub(crate) orchestrator: bool,
    /// Kinds of jobs taken; none for no worker.
    pub(crate) kinds: Vec<KindConfig>,
    /// What its trainings compute on.
    pub(crate) computing: Computing,
}

impl Roles {
    /// Every role, as the embedded engine plays them.
    pub(crate) fn all(fleet: &FleetSettings) -> Self {
        let kinds = OperationKind::ALL.into_iter().filter(|k| !k.is_root());
        Self {
            coordinator: true,
            orchestrator: true,
            kinds: kinds.map(|k| kind_config(k, fleet)).collect(),
            ..Self::none()
        }
    }

    fn none() -> Self {
        let computing = Computing::on_cpu();
        Self { coordinator: false, orchestrator: false, kinds: Vec::new(), computing }
    }

    /// Relay and sweep.
    pub(crate) fn coordinator() -> Self {
        Self { coordinator: true, ..Self::none() }
    }

    /// Moves research cycles.
    pub(crate) fn orchestrator() -> Self {
        Self { orchestrator: true, ..Self::none() }
    }

    /// Takes jobs of one kind.
    pub(crate) fn worker(kind: KindConfig, computing: Computing) -> Self {
        Self { kinds: vec![kind], computing, ..Self::none() }
    }

    /// What this process does, in the list of processes.
    fn role(&self) -> &'static str {
        match (self.coordinator, self.orchestrator, self.kinds.is_empty()) {
            (true, false, true) => "coordinator",
            (false, true, true) => "orchestrator",
            (false, false, false) => "worker",
            _ => "all roles",
        }
    }

    /// The role in the broker's list of connections.
    fn name(&self) -> String {
        match (self.coordinator, self.orchestrator, self.kinds.as_slice()) {
            (true, false, []) => "coordinator".into(),
            (false, true, []) => "orchestrator".into(),
            (false, false, [one]) => format!("worker/{}", one.kind),
            _ => "up".into(),
        }
    }

    /// Queues that must be there before this process starts: those it publishes to, and those it consumes.
    fn needs(&self) -> Vec<Queue> {
        if self.coordinator {
            return Queue::all();
        }
        let events = self.orchestrator.then_some(Queue::OrchestratorEvents);
        let jobs = self.kinds.iter().flat_map(|k| Queue::of_worker(k.kind, self.computing.class));
        events.into_iter().chain(jobs).collect()
    }

    /// The hints these roles wait for.
    pub(crate) fn hear(&self) -> Vec<Channel> {
        let relay = self.coordinator.then_some(Channel::Outbox);
        let worker = [Channel::Cancel, Channel::Orders].into_iter().filter(|_| !self.kinds.is_empty());
        relay.into_iter().chain(worker).collect()
    }

    /// The same with another number of probes at a time.
    pub(crate) fn with_probe_slots(mut self, slots: u16) -> Self {
        self.kinds.iter_mut().filter(|k| k.kind == OperationKind::Probe).for_each(|k| k.slots = slots);
        self
    }
}

/// The roles of this process, running.
pub(crate) struct RunningRoles {
    drain: CancellationToken,
    hurry: CancellationToken,
    stop: CancellationToken,
    worker: Option<JoinHandle<Exit>>,
    /// How the worker ended by itself.
    exit: Option<Result<Exit, JoinError>>,
    background: Vec<JoinHandle<()>>,
}

impl RunningRoles {
    /// Starts roles on a workspace that was opened to run.
    pub(crate) async fn start(workspace: &Workspace, roles: &Roles) -> Result<Self, CliError> {
        let [drain, hurry, stop] = std::array::from_fn(|_| CancellationToken::new());
        let fleet = workspace.settings.fleet;
        let Computing { class, name: computes_on, .. } = &roles.computing;
        let identity =
            Identity::of_this_process(env!("CARGO_PKG_VERSION"), computes_on).in_role(roles.role());
        let (role, needs, device) = (roles.name(), roles.needs(), *class);
        let part = Part { role, boot: identity.boot.clone(), needs, device };
        let (store, broker) = (&workspace.store, &workspace.broker(part).await?);
        let mut background = Vec::new();
        let sweeper = Sweeper::new(Arc::clone(store), sweeper_config(&fleet));
        let worker = match roles.kinds.as_slice() {
            [] => {
                let (every, lease) = (fleet.heartbeat, fleet.lease);
                let presence = Arc::clone(&workspace.presence);
                let attendance = Attendance { presence, identity, every, lease };
                background.push(tokio::spawn(attendance.run(drain.clone(), stop.clone())));
                None
            }
            _ => Some(worker(workspace, Arc::clone(broker), identity, roles, sweeper.bell())?),
        };
        let sweeper = if roles.coordinator { sweeper.watching_queues(Arc::clone(broker)) } else { sweeper };
        background.push(tokio::spawn(sweeper.run(stop.clone())));
        if roles.coordinator {
            let relay = Relay::new(Arc::clone(store), Arc::clone(broker));
            background.push(tokio::spawn(relay.run(stop.clone())));
        }
        if roles.orchestrator {
            let orchestrator =
                Orchestrator::new(Arc::clone(store), Arc::clone(&workspace.ledger), Arc::clone(broker));
            background.push(tokio::spawn(orchestrator.run(stop.clone())));
        }
        let worker = worker.map(|w| tokio::spawn(w.run(drain.clone(), hurry.clone())));
        Ok(Self { worker, exit: None, background, drain, hurry, stop })
    }

    /// Waits until the process ends by itself: an operator drained it, or its worker is unfit.
    pub(crate) async fn ended(&mut self) {
        match &mut self.worker {
            Some(worker) => self.exit = Some(worker.await),
            None => self.drain.cancelled().await,
        }
        self.worker = None;
    }

    /// Cancelled, a drain waits for no job: all go back undone, at once.
    pub(crate) fn hurry(&self) -> CancellationToken {
        self.hurry.clone()
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
        if exit == Exit::Unfit {
            // A thread that ignores its token, or a device that CUDA has given up, can not be got rid of otherwise.
            // The outcome is recorded; the supervisor starts this process again.
            process::exit(i32::from(ktrdr_worker::EXIT_UNFIT));
        }
        Ok(())
    }
}

/// A worker for these kinds.
fn worker(
    workspace: &Workspace,
    broker: Arc<dyn Broker>,
    identity: Identity,
    roles: &Roles,
    bell: Bell,
) -> Result<Worker, CliError> {
    let fleet = &workspace.settings.fleet;
    let services = Services {
        artifacts: Arc::clone(&workspace.artifacts),
        ledger: Arc::clone(&workspace.ledger),
        store: Arc::clone(&workspace.store),
        windows: workspace.settings.windows,
        runtime: tokio::runtime::Handle::current(),
        harmful_probes: fleet.harmful_probes,
        series: Arc::new(SeriesCache::default()),
        backend: Arc::clone(&roles.computing.backend),
    };
    let config = WorkerConfig {
        kinds: roles.kinds.clone(),
        device: roles.computing.class,
        lease: fleet.lease,
        heartbeat: fleet.heartbeat,
        lease_margin: fleet.lease / LEASE_MARGIN_SHARE,
        ..WorkerConfig::default()
    };
    let (store, presence) = (Arc::clone(&workspace.store), Arc::clone(&workspace.presence));
    let handlers = ktrdr_jobs::handlers(&services);
    Worker::new(store, broker, presence, handlers, identity, config, bell).or_exit(Kind::InvalidInput)
}

/// How much of a kind at once, and for how long.
pub(crate) fn kind_config(kind: OperationKind, fleet: &FleetSettings) -> KindConfig {
    let light =
        KindConfig { kind, slots: LIGHT_SLOTS, time_limit: LIGHT_TIME_LIMIT, drain_wait: fleet.drain };
    match kind {
        OperationKind::Training => KindConfig {
            slots: fleet.training_slots,
            time_limit: fleet.training_time_limit,
            // Training may run for hours: it is given back at once.
            drain_wait: Duration::ZERO,
            ..light
        },
        OperationKind::Backtesting => {
            KindConfig { slots: fleet.backtest_slots, time_limit: fleet.backtest_time_limit, ..light }
        }
        OperationKind::AgentResearch
        | OperationKind::AgentDesign
        | OperationKind::AgentAssessment
        | OperationKind::DataLoad
        | OperationKind::Probe => light,
    }
}

fn sweeper_config(fleet: &FleetSettings) -> SweeperConfig {
    let plan =
        SweepPlan { grace: SWEEP_GRACE, limit: SWEEP_ROWS_MAX, republish_after: Some(fleet.republish_after) };
    SweeperConfig { every: fleet.sweep, plan }
}
