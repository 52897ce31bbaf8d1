//! Why what waits does not go on: who would have to be there, and is not.

mod reason;

use std::collections::BTreeSet;

use ktrdr_domain::research::ResearchSpec;
use ktrdr_domain::{DeviceClass, Kind, Operation, OperationId, Phase};
use ktrdr_fabric::broker::Queue;
use ktrdr_fabric::registry::WorkerInfo;
use ktrdr_research::turn::must_wait;
use serde::{Deserialize, Serialize};

pub use reason::Reason;

use crate::{App, AppError, Labour};

/// Why something waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum WaitReason {
    /// No process plays the roles of this workspace.
    NoEngine,
    /// Nobody publishes what was submitted.
    NoCoordinator,
    /// Nobody moves research cycles.
    NoOrchestrator,
    /// Jobs of this kind are paused.
    Paused {
        /// The kind.
        kind: Kind,
    },
    /// No worker takes these jobs.
    NoWorker {
        /// Their kind.
        kind: Kind,
        /// What they ask to run on.
        device: Option<DeviceClass>,
    },
    /// Every slot for these jobs is taken.
    Busy {
        /// Their kind.
        kind: Kind,
        /// What they ask to run on.
        device: Option<DeviceClass>,
        /// How many slots there are.
        slots: u32,
    },
    /// Everybody is there.
    Unknown,
}

/// Ask why operations stand still, for whoever waits for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandstillRequest {
    /// Which; the first [`STANDING_STILL_MAX`] of them are looked at.
    pub operations: Vec<OperationId>,
    /// Whether they do so for long: then nobody is left without any reason.
    #[serde(default)]
    pub long: bool,
}

/// Most operations that are looked at for one answer.
pub const STANDING_STILL_MAX: usize = 100;

impl App {
    /// Why these stand still, each reason once.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn why_standing_still(&self, request: &StandstillRequest) -> Result<Vec<Reason>, AppError> {
        let mut rows = Vec::new();
        for id in request.operations.iter().take(STANDING_STILL_MAX) {
            rows.extend(self.store.get(id).await?);
        }
        let rows: Vec<&Operation> = rows.iter().collect();
        let reasons = self.why_waiting(&rows, (self.is_held)(), request.long).await?;
        Ok(reasons.into_iter().map(Reason::from).collect())
    }

    /// Why these stand still, each reason once; `is_held` tells whether a process plays the roles of this workspace where
    /// that is one at a time. After a `long` time nobody is left without any reason.
    ///
    /// # Errors
    /// When the store can not be read.
    pub(crate) async fn why_waiting(
        &self,
        stuck: &[&Operation],
        is_held: bool,
        long: bool,
    ) -> Result<Vec<WaitReason>, AppError> {
        let mut standing_still = Vec::with_capacity(stuck.len());
        for row in stuck {
            if !self.waits_for_its_turn(row).await? {
                standing_still.push(*row);
            }
        }
        let seen = self.registry.workers().await?;
        let workers = seen.into_iter().map(|seen| seen.worker).filter(|worker| !worker.is_draining);
        let scene = Scene {
            has_many_roles: self.labour == Labour::Fleet,
            is_held,
            workers: workers.collect(),
            paused: self.registry.paused().await?,
        };
        Ok(scene.reasons(&standing_still, long))
    }

    /// Whether a cycle is examined after others that go on.
    async fn waits_for_its_turn(&self, row: &Operation) -> Result<bool, AppError> {
        match ResearchSpec::deserialize(&row.spec) {
            Ok(spec) if row.phase == Some(Phase::Training) => {
                Ok(must_wait(self.store.as_ref(), &spec).await?)
            }
            _ => Ok(false),
        }
    }
}

/// Who is there.
struct Scene {
    /// Whether each role is its own process.
    has_many_roles: bool,
    is_held: bool,
    workers: Vec<WorkerInfo>,
    paused: BTreeSet<Kind>,
}

impl Scene {
    fn reasons(&self, stuck: &[&Operation], long: bool) -> Vec<WaitReason> {
        if !self.has_many_roles && !self.is_held {
            return vec![WaitReason::NoEngine];
        }
        let mut reasons = Vec::new();
        if self.has_many_roles {
            reasons.extend(self.missing_roles(stuck.iter().any(|row| row.kind.is_root())));
        }
        for row in stuck.iter().filter(|row| !row.kind.is_root()) {
            reasons.extend(self.untaken(row.kind, Queue::of_job(row.kind, &row.spec)));
        }
        // What is tried again later, or waits for something outside, says so itself.
        let says_so = |row: &&&Operation| row.error.is_some() || row.waits_for.is_some();
        let is_a_riddle = reasons.is_empty() && !stuck.iter().all(|row| says_so(&row));
        if long && is_a_riddle {
            reasons.push(WaitReason::Unknown);
        }
        let mut seen: Vec<WaitReason> = Vec::with_capacity(reasons.len());
        for reason in reasons {
            if !seen.contains(&reason) {
                seen.push(reason);
            }
        }
        seen
    }

    fn missing_roles(&self, a_cycle_waits: bool) -> impl Iterator<Item = WaitReason> {
        let plays = |role: &str| self.workers.iter().any(|w| w.role == role || w.role == "up");
        let coordinator = (!plays("coordinator")).then_some(WaitReason::NoCoordinator);
        let orchestrator = (a_cycle_waits && !plays("orchestrator")).then_some(WaitReason::NoOrchestrator);
        coordinator.into_iter().chain(orchestrator)
    }

    /// Why jobs of a queue are not taken.
    fn untaken(&self, kind: Kind, queue: Queue) -> Option<WaitReason> {
        if self.paused.contains(&kind) {
            return Some(WaitReason::Paused { kind });
        }
        let device = match queue {
            Queue::Pinned(_, device) => Some(device),
            Queue::Jobs(_) | Queue::OrchestratorEvents => None,
        };
        let takers: Vec<&WorkerInfo> =
            self.workers.iter().filter(|worker| worker.slots_for(queue) > 0).collect();
        if takers.is_empty() {
            return Some(WaitReason::NoWorker { kind, device });
        }
        let slots: u32 = takers.iter().map(|worker| worker.slots_for(queue)).sum();
        let taken = takers.iter().flat_map(|worker| &worker.running).filter(|id| id.is_of(kind)).count();
        (taken as u64 >= u64::from(slots)).then_some(WaitReason::Busy { kind, device, slots })
    }
}
