//! Every role in one process: relay, sweeper, worker, orchestrator. The wiring and nothing else.

use std::process;
use std::sync::Arc;
use std::time::Duration;

use ktrdr_domain::Kind as OperationKind;
use ktrdr_fabric::store::{BootId, SweepPlan};
use ktrdr_jobs::Services;
use ktrdr_jobs::series::SeriesCache;
use ktrdr_research::Orchestrator;
use ktrdr_worker::{Exit, KindConfig, Relay, Sweeper, SweeperConfig, Worker, WorkerConfig};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::exit::{CliError, Kind, OrExit};
use crate::settings::FleetSettings;
use crate::workspace::{Workspace, nonce};

/// How long after its end a lease counts as lapsed.
const SWEEP_GRACE: Duration = Duration::from_millis(500);

/// Most rows one sweep handles of each sort.
const SWEEP_ROWS_MAX: u32 = 500;

/// After this long a pending row counts as forgotten by the broker.
const REPUBLISH_AFTER: Duration = Duration::from_secs(60);

/// Slots of the light kinds: they wait for files more than they compute.
const LIGHT_SLOTS: u16 = 4;

/// Longest design, assessment, import or probe.
const LIGHT_TIME_LIMIT: Duration = Duration::from_secs(600);

/// The roles of this process, running.
pub(crate) struct LocalFleet {
    drain: CancellationToken,
    stop: CancellationToken,
    worker: JoinHandle<Exit>,
    background: Vec<JoinHandle<()>>,
}

impl LocalFleet {
    /// Starts every role on a workspace that was opened to run.
    pub(crate) fn start(workspace: &Workspace) -> Result<Self, CliError> {
        Self::start_with_probe_slots(workspace, LIGHT_SLOTS)
    }

    /// The same with another number of probes at a time.
    pub(crate) fn start_with_probe_slots(workspace: &Workspace, probes: u16) -> Result<Self, CliError> {
        let (drain, stop) = (CancellationToken::new(), CancellationToken::new());
        let fleet = workspace.settings.fleet;
        let services = Services {
            artifacts: Arc::clone(&workspace.artifacts),
            ledger: Arc::clone(&workspace.ledger),
            store: Arc::clone(&workspace.store),
            windows: workspace.settings.windows,
            runtime: tokio::runtime::Handle::current(),
            series: Arc::new(SeriesCache::default()),
        };
        let (store, broker) = (&workspace.store, &workspace.broker);
        let handlers = ktrdr_jobs::handlers(&services);
        let worker = Worker::new(
            Arc::clone(store),
            Arc::clone(broker),
            handlers,
            boot_id(),
            worker_config(&fleet, probes),
        )
        .or_exit(Kind::InvalidInput)?;
        let orchestrator =
            Orchestrator::new(Arc::clone(store), Arc::clone(&workspace.ledger), Arc::clone(broker));
        let relay = Relay::new(Arc::clone(store), Arc::clone(broker));
        let sweeper = Sweeper::new(Arc::clone(store), sweeper_config(&fleet));
        Ok(Self {
            worker: tokio::spawn(worker.run(drain.clone())),
            background: vec![
                tokio::spawn(relay.run(stop.clone())),
                tokio::spawn(sweeper.run(stop.clone())),
                tokio::spawn(orchestrator.run(stop.clone())),
            ],
            drain,
            stop,
        })
    }

    /// Lets running jobs end or go back undone, then stops every role.
    pub(crate) async fn drain(self) -> Result<(), CliError> {
        self.drain.cancel();
        let exit = self.worker.await.or_exit(Kind::OperationFailed)?;
        self.stop.cancel();
        for role in self.background {
            role.await.or_exit(Kind::OperationFailed)?;
        }
        if exit == Exit::Stuck {
            // A thread that ignores its token can not be ended otherwise. Its outcome is recorded; the supervisor
            // starts this process again.
            process::exit(i32::from(ktrdr_worker::EXIT_STUCK));
        }
        Ok(())
    }
}

/// This run of this process: never configured, never reused.
fn boot_id() -> BootId {
    BootId(format!("local-{}-{:08x}{:08x}", process::id(), nonce(), nonce()))
}

fn worker_config(fleet: &FleetSettings, probes: u16) -> WorkerConfig {
    let light =
        |kind| KindConfig { kind, slots: LIGHT_SLOTS, time_limit: LIGHT_TIME_LIMIT, drain_wait: fleet.drain };
    let training = KindConfig {
        kind: OperationKind::Training,
        slots: fleet.training_slots,
        time_limit: fleet.training_time_limit,
        drain_wait: Duration::ZERO,
    };
    let backtesting = KindConfig {
        kind: OperationKind::Backtesting,
        slots: fleet.backtest_slots,
        time_limit: fleet.backtest_time_limit,
        drain_wait: fleet.drain,
    };
    let kinds = vec![
        light(OperationKind::AgentDesign),
        training,
        backtesting,
        light(OperationKind::AgentAssessment),
        light(OperationKind::DataLoad),
        KindConfig { slots: probes, ..light(OperationKind::Probe) },
    ];
    WorkerConfig { kinds, lease: fleet.lease, heartbeat: fleet.heartbeat, ..WorkerConfig::default() }
}

fn sweeper_config(fleet: &FleetSettings) -> SweeperConfig {
    let plan =
        SweepPlan { grace: SWEEP_GRACE, limit: SWEEP_ROWS_MAX, republish_after: Some(REPUBLISH_AFTER) };
    SweeperConfig { every: fleet.sweep, plan }
}
