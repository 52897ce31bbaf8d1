//! Why what waits does not go on.

use std::collections::BTreeSet;

use ktrdr_domain::{DeviceClass, Kind, Operation};
use ktrdr_fabric::broker::Queue;
use ktrdr_fabric::registry::WorkerInfo;
use serde::Serialize;

use crate::cli::fleet::WorkerKind;
use crate::exit::CliError;
use crate::settings::EngineName;
use crate::workspace::Workspace;

/// One reason, in words for people and programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Reason {
    /// `no_engine`, `paused`, `no_worker`, `no_coordinator`, `no_orchestrator`, `busy` or `unknown`.
    pub(super) why: &'static str,
    /// The same as a sentence.
    pub(super) message: String,
    /// The command that changes it.
    pub(super) run: String,
}

impl Reason {
    fn new(why: &'static str, message: impl Into<String>, run: impl Into<String>) -> Self {
        Self { why, message: message.into(), run: run.into() }
    }
}

/// Who is there.
pub(super) struct Scene {
    engine: EngineName,
    /// Whether a process runs this workspace's roles.
    is_held: bool,
    workers: Vec<WorkerInfo>,
    paused: BTreeSet<Kind>,
}

impl Scene {
    pub(super) async fn of(workspace: &Workspace) -> Result<Self, CliError> {
        let seen = workspace.registry.workers().await?;
        Ok(Self {
            engine: workspace.settings.engine,
            is_held: ktrdr_embedded::holder(&workspace.folder).is_some(),
            workers: seen.into_iter().map(|seen| seen.worker).filter(|worker| !worker.is_draining).collect(),
            paused: workspace.registry.paused().await?,
        })
    }

    /// Why these stand still, each reason once. After a `long` time nobody is left without any.
    pub(super) fn reasons(&self, stuck: &[&Operation], long: bool) -> Vec<Reason> {
        if self.engine == EngineName::Embedded && !self.is_held {
            let message = "no engine runs on this workspace";
            return vec![Reason::new("no_engine", message, "ktrdr up")];
        }
        let mut reasons = Vec::new();
        if self.engine == EngineName::Fleet {
            reasons.extend(self.missing_roles(stuck.iter().any(|row| row.kind.is_root())));
        }
        for row in stuck.iter().filter(|row| !row.kind.is_root()) {
            reasons.extend(self.untaken(row.kind, Queue::of_job(row.kind, &row.spec)));
        }
        // What is tried again later says so itself.
        let is_a_riddle = reasons.is_empty() && stuck.iter().any(|row| row.error.is_none());
        if long && is_a_riddle {
            reasons.push(Reason::new("unknown", "it waits though everybody is there", "ktrdr doctor"));
        }
        let mut seen: Vec<Reason> = Vec::with_capacity(reasons.len());
        for reason in reasons {
            if !seen.contains(&reason) {
                seen.push(reason);
            }
        }
        seen
    }

    fn missing_roles(&self, a_cycle_waits: bool) -> impl Iterator<Item = Reason> {
        let plays = |role: &str| self.workers.iter().any(|w| w.role == role || w.role == "up");
        let coordinator = (!plays("coordinator")).then(|| {
            Reason::new("no_coordinator", "no coordinator publishes what was submitted", "ktrdr serve")
        });
        let orchestrator = (a_cycle_waits && !plays("orchestrator")).then(|| {
            Reason::new("no_orchestrator", "no orchestrator moves research cycles", "ktrdr orchestrator")
        });
        coordinator.into_iter().chain(orchestrator)
    }

    /// Why jobs of a queue are not taken.
    fn untaken(&self, kind: Kind, queue: Queue) -> Option<Reason> {
        if self.paused.contains(&kind) {
            let message = format!("{kind} jobs are paused");
            return Some(Reason::new("paused", message, format!("ktrdr queues resume {kind}")));
        }
        let takers: Vec<&WorkerInfo> =
            self.workers.iter().filter(|worker| worker.slots_for(queue) > 0).collect();
        if takers.is_empty() {
            let (on, run) = start_a_worker(kind, queue);
            return Some(Reason::new("no_worker", format!("no worker takes {kind} jobs{on}"), run));
        }
        let slots: u32 = takers.iter().map(|worker| worker.slots_for(queue)).sum();
        let taken = takers.iter().flat_map(|worker| &worker.running).filter(|id| id.is_of(kind)).count();
        (taken as u64 >= u64::from(slots)).then(|| {
            let message = format!("all {slots} slots for {kind} jobs are taken; it waits its turn");
            Reason::new("busy", message, start_a_worker(kind, queue).1)
        })
    }
}

/// What a worker for a queue would have to compute on, and how one is started.
fn start_a_worker(kind: Kind, queue: Queue) -> (&'static str, String) {
    let name = WorkerKind::of(kind).unwrap_or(WorkerKind::All).name();
    let (on, device) = match queue {
        Queue::Pinned(_, DeviceClass::Gpu) => (" on a GPU", " --device cuda:0"),
        Queue::Pinned(_, DeviceClass::Cpu) => (" on a CPU", " --device cpu"),
        Queue::Jobs(_) | Queue::OrchestratorEvents => ("", ""),
    };
    (on, format!("ktrdr worker {name}{device}"))
}
