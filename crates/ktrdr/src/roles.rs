//! Which roles a process plays, and what each of them needs.

use std::time::Duration;

use ktrdr_domain::{DeviceClass, Kind as OperationKind, Load};
use ktrdr_fabric::broker::Queue;
use ktrdr_fabric::store::Topic;
use ktrdr_worker::KindConfig;

use crate::device::Computing;
use crate::settings::FleetSettings;

/// Slots of the light kinds: they wait for files more than they compute.
const LIGHT_SLOTS: u16 = 4;

/// Longest design, assessment, import or probe.
const LIGHT_TIME_LIMIT: Duration = Duration::from_secs(600);

/// Which roles a process plays. Every long-lived process sweeps; only coordinators relay.
#[derive(Clone)]
pub(crate) struct Roles {
    /// Publishes what the outbox holds, and keeps schedules.
    pub(crate) coordinator: bool,
    /// Moves research cycles.
    pub(crate) orchestrator: bool,
    /// Kinds of jobs taken; none for no worker.
    pub(crate) kinds: Vec<KindConfig>,
    /// What its trainings compute on.
    pub(crate) computing: Computing,
    /// Whose jobs it takes beside those of its own class.
    pub(crate) also: Option<DeviceClass>,
}

impl Roles {
    /// Every role, as the embedded engine plays them. Nobody else is there, so with a GPU it trains what asks for a CPU as
    /// well, on that; a GPU trains one network at a time.
    pub(crate) fn all(fleet: &FleetSettings, computing: Computing) -> Self {
        let has_gpu = computing.class == DeviceClass::Gpu;
        let training_slots = if has_gpu { 1 } else { fleet.training_slots };
        let fleet = FleetSettings { training_slots, ..*fleet };
        let kinds = OperationKind::with_jobs();
        Self {
            coordinator: true,
            orchestrator: true,
            kinds: kinds.map(|k| kind_config(k, &fleet)).collect(),
            computing,
            also: has_gpu.then_some(DeviceClass::Cpu),
        }
    }

    fn none() -> Self {
        let computing = Computing::on_cpu();
        Self { coordinator: false, orchestrator: false, kinds: Vec::new(), computing, also: None }
    }

    /// Relay, keep schedules, and sweep.
    pub(crate) fn coordinator() -> Self {
        Self { coordinator: true, ..Self::none() }
    }

    /// Moves research cycles.
    pub(crate) fn orchestrator() -> Self {
        Self { orchestrator: true, ..Self::none() }
    }

    /// Takes jobs of these kinds.
    pub(crate) fn worker(kinds: Vec<KindConfig>, computing: Computing) -> Self {
        Self { kinds, computing, ..Self::none() }
    }

    /// In the lists of processes and of the broker's connections; what a worker takes stands behind a slash.
    pub(crate) fn name(&self) -> String {
        match (self.coordinator, self.orchestrator, self.kinds.as_slice()) {
            (true, false, []) => "coordinator".into(),
            (false, true, []) => "orchestrator".into(),
            (false, false, [one]) => format!("worker/{}", one.kind),
            (false, false, _) => "worker/all".into(),
            _ => "up".into(),
        }
    }

    /// Queues that must be there before this process starts: those it publishes to, and those it consumes.
    pub(crate) fn needs(&self) -> Vec<Queue> {
        if self.coordinator {
            return Queue::all();
        }
        let events = self.orchestrator.then_some(Queue::OrchestratorEvents);
        let jobs = self.kinds.iter().flat_map(|k| Queue::of_worker(k.kind, self.computing.class));
        events.into_iter().chain(jobs).collect()
    }

    /// Jobs of a kind at once.
    pub(crate) fn slots(&self, kind: OperationKind) -> u16 {
        self.kinds.iter().find(|k| k.kind == kind).map_or(0, |k| k.slots)
    }

    /// The hints these roles wait for.
    pub(crate) fn hear(&self) -> Vec<Topic> {
        let relay = self.coordinator.then_some(Topic::Outbox);
        let worker = [Topic::Cancel, Topic::Control].into_iter().filter(|_| !self.kinds.is_empty());
        relay.into_iter().chain(worker).collect()
    }

    /// The same with another number of probes at a time.
    pub(crate) fn with_probe_slots(mut self, slots: u16) -> Self {
        self.kinds.iter_mut().filter(|k| k.kind == OperationKind::Probe).for_each(|k| k.slots = slots);
        self
    }
}

/// How much of a kind at once, and for how long.
pub(crate) fn kind_config(kind: OperationKind, fleet: &FleetSettings) -> KindConfig {
    let light =
        KindConfig { kind, slots: LIGHT_SLOTS, time_limit: LIGHT_TIME_LIMIT, drain_wait: fleet.drain };
    match kind.facts().load {
        Load::Training => KindConfig {
            slots: fleet.training_slots,
            time_limit: fleet.training_time_limit,
            // Training may run for hours: it is given back at once.
            drain_wait: Duration::ZERO,
            ..light
        },
        Load::Backtest => {
            KindConfig { slots: fleet.backtest_slots, time_limit: fleet.backtest_time_limit, ..light }
        }
        Load::Light => light,
    }
}
